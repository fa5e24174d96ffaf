//! Who takes part in the conversation, and who is blocked.

use super::{Act, Row};
use crate::messages::Wish;
use omega_core::{
    api::{Participant, Role, Whoami},
    view::View,
};

/// A row for each participant, as they joined. The owner shuts guests out and lets them in again. `is_whole`: all messages are
/// in the view; otherwise what is counted is of the newest.
pub fn rows(view: &View, me: Option<&Whoami>, is_owner: bool, is_whole: bool) -> Vec<Row> {
    view.participants.iter().map(|person| row(view, person, me, is_owner, is_whole)).collect()
}

fn row(view: &View, person: &Participant, me: Option<&Whoami>, is_owner: bool, is_whole: bool) -> Row {
    let is_me = me.is_some_and(|me| me.user_id == person.user_id);
    let wrote = view.messages.iter().filter(|message| {
        message.role == Role::User && message.author.as_ref().is_some_and(|it| it.user_id == person.user_id)
    });
    let of = if is_whole { String::from("here") } else { format!("of the newest {}", view.messages.len()) };
    let wrote = match wrote.count() {
        1 => format!("wrote 1 message {of}"),
        count => format!("wrote {count} messages {of}"),
    };
    let marks = [is_me.then_some(" · you"), person.blocked.then_some(" · blocked")];
    let is_guest = person.role != "owner";
    let remove = (is_owner && is_guest && !person.blocked).then(|| {
        (format!("shut {} out, whatever link they have?", person.display_name), Wish::Block(person.user_id, true))
    });
    let change = (is_owner && person.blocked).then(|| Act::Do(Wish::Block(person.user_id, false)));
    let about = if change.is_some() { format!("{wrote}; enter lets them in again") } else { wrote };
    let marks: String = marks.into_iter().flatten().collect();
    Row { name: person.display_name.clone(), value: format!("{}{marks}", person.role), about, change, remove }
}
