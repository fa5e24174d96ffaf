//! The user's settings, by the table that the command line has too, and standing approvals.

use super::{Act, Row, Typing};
use crate::messages::Wish;
use omega_core::{
    api::{Settings, StoredApproval},
    setting::{FIELDS, Field},
};

/// A row for each setting, and one for each standing approval. Pins have an overlay of their own.
pub fn rows(settings: &Settings, approvals: &[StoredApproval]) -> Vec<Row> {
    let fields = FIELDS.iter().filter(|field| field.name != "pins").map(|field| row(field, settings));
    fields.chain(approvals.iter().map(approval)).collect()
}

fn row(field: &'static Field, settings: &Settings) -> Row {
    let (name, now, value) = (field.name, field.value(settings), field.show(settings));
    let is_set = now != field.value(&Settings::default());
    let change = match field.next(&value) {
        Some(next) => Act::Do(Wish::Set { name, value: Some(next.to_owned()) }),
        None => Act::Type(Typing::Setting { name, now }),
    };
    let remove = is_set.then(|| (format!("set {name} back to {}?", field.default), Wish::Set { name, value: None }));
    Row { name: name.to_owned(), value, about: field.about.to_owned(), change: Some(change), remove }
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
