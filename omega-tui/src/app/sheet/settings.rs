//! The user's settings, by the table that the command line has too, and the yeses that last.

use super::{Act, Row, Typing};
use crate::port::Wish;
use omega_core::{
    api::{Settings, StoredApproval},
    setting::{FIELDS, Field},
};

/// A row for each setting, and one for each yes that lasts. Pins have an overlay of their own.
pub fn rows(settings: &Settings, approvals: &[StoredApproval]) -> Vec<Row> {
    let fields = FIELDS.iter().filter(|field| field.name != "pins").map(|field| row(field, settings));
    fields.chain(approvals.iter().map(approval)).collect()
}

fn row(field: &'static Field, settings: &Settings) -> Row {
    let value = field.show(settings);
    let is_long = value.contains('\n');
    let change = match field.next(&value) {
        Some(next) => Some(Act::Do(Wish::Set { name: field.name, value: next.to_owned() })),
        // One line can't hold it: what is not shown would be lost.
        None if is_long => None,
        None => Some(Act::Type(Typing::Setting(field.name))),
    };
    let remove = (value != field.default).then(|| {
        let question = format!("set {} back to {}?", field.name, field.default);
        (question, Wish::Set { name: field.name, value: String::from("default") })
    });
    let about = match is_long {
        true => format!("{}; of several lines: change it with omega settings set {} --file", field.about, field.name),
        false => field.about.to_owned(),
    };
    Row { name: field.name.to_owned(), value, about, change, remove }
}

fn approval(rule: &StoredApproval) -> Row {
    let place = if rule.conversation_id.is_some() { "in one conversation" } else { "everywhere" };
    let versions = rule.max_major.map_or_else(String::new, |major| format!(" up to version {major}"));
    Row {
        name: String::from("always allowed"),
        value: format!("{}{versions} · {place}", rule.tool_id),
        about: format!("not asked about because of {}; since {}", rule.reason.as_str(), rule.created_at),
        change: None,
        remove: Some((format!("ask about {} again?", rule.tool_id), Wish::RevokeApproval(rule.id))),
    }
}
