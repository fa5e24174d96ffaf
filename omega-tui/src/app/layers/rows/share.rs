//! The link that opens the conversation, who may use it, and what guests may do. Guests see the link alone.

use super::{Act, Row};
use crate::messages::Wish;
use omega_core::{
    api::{GuestCredentials, Visibility},
    view::View,
};

/// The rows; `base` is the server's address, for a link that is only a path of it.
pub fn rows(view: &View, is_owner: bool, base: &str) -> Vec<Row> {
    let Some(conversation) = &view.conversation else { return Vec::new() };
    let url = match conversation.url.starts_with('/') {
        true => format!("{base}{}", conversation.url),
        false => conversation.url.clone(),
    };
    let link = Row {
        name: String::from("link"),
        value: url,
        about: String::from("whoever is signed in and has it can read and write here; y copies it"),
        ..Row::default()
    };
    if !is_owner {
        return vec![link];
    }
    let rotate = (String::from("replace the link? whoever came by the one before is out"), Wish::Rotate);
    let (next, who) = match conversation.visibility {
        Visibility::Link => (Visibility::Private, "link: whoever has it"),
        Visibility::Private => (Visibility::Link, "private: only you"),
    };
    let (policy, what) = match conversation.guest_credentials {
        GuestCredentials::Approve => (GuestCredentials::Allow, "approve: each call waits for your approval"),
        GuestCredentials::Allow => (GuestCredentials::Deny, "allow: calls use them"),
        GuestCredentials::Deny => (GuestCredentials::Approve, "deny: no call gets any"),
    };
    let safe = conversation.safe_mode;
    let row = |name: &str, value: &str, about: &str, wish| Row {
        name: name.to_owned(),
        value: value.to_owned(),
        about: about.to_owned(),
        change: Some(Act::Do(wish)),
        remove: None,
    };
    let safe_words = match safe {
        Some(true) => "on",
        Some(false) => "off",
        None => "as your settings say",
    };
    vec![
        Row { about: format!("{}; d replaces it", link.about), remove: Some(rotate), ..link },
        row("who may open it", who, "enter changes it; private shuts guests out at once", Wish::Visibility(next)),
        row("your credentials", what, "what guests' messages may do with them", Wish::GuestCredentials(policy)),
        row("safe mode", safe_words, "each tool call here waits for approval", Wish::SafeMode(safe != Some(true))),
    ]
}
