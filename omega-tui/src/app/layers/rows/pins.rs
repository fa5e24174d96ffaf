//! Pinned tools.

use super::{Act, Row, Typing};
use crate::messages::Wish;
use omega_core::id::ToolId;

/// A row for each tool, and one to pin another.
pub fn rows(pins: &[ToolId]) -> Vec<Row> {
    let pinned = pins.iter().map(|tool| Row {
        name: tool.to_string(),
        about: String::from("always in the tool set and in plans, and preferred"),
        remove: Some((format!("unpin {tool}?"), Wish::Unpin(tool.clone()))),
        ..Row::default()
    });
    let another = Row {
        name: String::from("+ pin a tool"),
        about: String::from("package::export, as `omega tools search` shows it"),
        change: Some(Act::Type(Typing::Pin)),
        ..Row::default()
    };
    pinned.chain([another]).collect()
}
