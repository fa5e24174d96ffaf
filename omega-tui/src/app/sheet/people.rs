//! Who takes part in the conversation.

use super::Row;
use omega_core::{
    api::{Role, Whoami},
    view::View,
};

/// A row for each participant, as they joined.
pub fn rows(view: &View, me: Option<&Whoami>) -> Vec<Row> {
    let people = view.participants.iter().map(|person| {
        let is_me = me.is_some_and(|me| me.user_id == person.user_id);
        let wrote = view.messages.iter().filter(|message| {
            message.role == Role::User && message.author.as_ref().is_some_and(|it| it.user_id == person.user_id)
        });
        let wrote = match wrote.count() {
            1 => String::from("1 message here"),
            count => format!("{count} messages here"),
        };
        Row {
            name: person.display_name.clone(),
            value: format!("{}{}", person.role, if is_me { " · you" } else { "" }),
            about: wrote,
            ..Row::default()
        }
    });
    people.collect()
}
