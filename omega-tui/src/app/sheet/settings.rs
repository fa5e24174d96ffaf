//! The user's settings, by the table that the command line has too.

use super::{Act, Row, Typing};
use crate::port::Wish;
use omega_core::{
    api::Settings,
    setting::{FIELDS, Field},
};

/// A row for each setting.
pub fn rows(settings: &Settings) -> Vec<Row> {
    FIELDS.iter().filter(|field| field.name != "pins").map(|field| row(field, settings)).collect()
}

fn row(field: &'static Field, settings: &Settings) -> Row {
    let value = field.show(settings);
    let change = match field.next(&value) {
        Some(next) => Act::Do(Wish::Set { name: field.name, value: next.to_owned() }),
        None => Act::Type(Typing::Setting(field.name)),
    };
    let remove = (value != field.default).then(|| {
        let question = format!("set {} back to {}?", field.name, field.default);
        (question, Wish::Set { name: field.name, value: String::from("default") })
    });
    Row { name: field.name.to_owned(), value, about: field.about.to_owned(), change: Some(change), remove }
}
