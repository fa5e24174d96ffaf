//! The frame in which messages and results stand in a model's history: written by the agent, and read again by the offline
//! planner.
//!
//! A result is one JSON object: `from` says which tool and version it comes from, `untrusted` that the rest is text from
//! outside, and the rest is `output` or `error`. Strangers' text stands inside of JSON strings, whatever it holds: it can't end
//! its place, because a quote in it is escaped (`security.md` T4). A cut output is a string too. What Omega itself says of a
//! result stands before `from`. The plan that was selected for a message, and when it was sent, stand behind the message.

use crate::api::Timestamp;
use serde_json::{Value, json};

/// The model gets at most this much of an output; the rest stays stored.
pub const MODEL_BYTES: usize = 32 * 1024;
pub(crate) const OWN: &str = "omega";

/// Omega's own word (what a person chose after a failure, a note) stands before and outside of the stranger's text.
pub(crate) fn with_own(marked: String, name: &str, own: &Value) -> String {
    match marked.strip_prefix('{') {
        Some(rest) => format!("{{\"{name}\":{own},{rest}"),
        None => marked,
    }
}

/// In an order that a map does not keep: first whose text it is, then the text.
pub(crate) fn marked(from: &str, key: &str, value: &Value) -> String {
    let untrusted = if from == OWN { "" } else { "\"untrusted\":true," };
    let text = value.to_string();
    let (shown, note) = match cut(&text) {
        None => (text, String::new()),
        Some(part) => {
            let note = format!(",\"cut\":\"{} of {} bytes are shown\"", part.len(), text.len());
            (Value::from(part).to_string(), note)
        }
    };
    format!("{{\"from\":{},{untrusted}\"{key}\":{shown}{note}}}", Value::from(from))
}

/// The beginning of a text that is too long.
fn cut(text: &str) -> Option<&str> {
    let mut end = MODEL_BYTES;
    while text.len() > MODEL_BYTES && !text.is_char_boundary(end) {
        end -= 1;
    }
    (text.len() > MODEL_BYTES).then(|| &text[..end])
}

/// What a result holds, without what [`marked`] says of it: the output, or `{"error": ...}`. Another text stays as it is.
pub fn opened(content: &str) -> Value {
    match serde_json::from_str(content) {
        Ok(Value::Object(mut fields)) if fields.contains_key("from") => match fields.remove("output") {
            Some(output) => output,
            None => match fields.remove("choice") {
                Some(choice) => json!({ "error": fields.remove("error"), "choice": choice }),
                None => json!({ "error": fields.remove("error") }),
            },
        },
        Ok(value) => value,
        Err(_) => Value::from(content),
    }
}

const STAMP: &str = "\n\n[omega: sent on ";
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// When a message was sent, as it stands behind it.
pub(crate) fn stamp(at: Timestamp, zone: &str) -> String {
    let day = usize::try_from(at.0.div_euclid(86_400_000).rem_euclid(7)).unwrap_or_default();
    let (date, time) = (at.to_string(), at.to_string());
    let (date, time) = (date.get(..10).unwrap_or_default(), time.get(11..16).unwrap_or_default());
    let zone = if zone.is_empty() { String::new() } else { format!("; the time zone here is {zone}") };
    format!("{STAMP}{} {date} at {time} UTC{zone}]", DAYS[day])
}

const PLAN: &str = "\n\n[omega: the person selected this plan. ";

/// The plan that a message's run follows, as it stands behind the message; a section has no empty line.
pub(crate) fn planned(section: &str) -> String {
    format!("{PLAN}{section}]")
}

/// A message without what [`planned`] and [`stamp`] say behind it.
pub fn as_written(text: &str) -> &str {
    without(without(text, STAMP, "\n"), PLAN, "\n\n")
}

/// The text before a note that ends it, and in which `never` does not stand.
fn without<'t>(text: &'t str, note: &str, never: &str) -> &'t str {
    match text.rfind(note) {
        Some(at) if text.ends_with(']') && !text[at + note.len()..].contains(never) => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_behind_its_end_when_it_was_sent() {
        let stamped = |zone: &str| format!("hi{}", stamp(Timestamp(1_795_910_400_000), zone));
        assert_eq!(stamped(""), "hi\n\n[omega: sent on Sunday 2026-11-29 at 00:00 UTC]");
        assert_eq!(
            stamped("Europe/Rome"),
            "hi\n\n[omega: sent on Sunday 2026-11-29 at 00:00 UTC; the time zone here is Europe/Rome]"
        );
        let plan = planned("Follow it.\n1. a::b: [this]\n2. c::d: that");
        let both = format!("hi{plan}{}", stamp(Timestamp(0), ""));
        for text in [stamped(""), stamped("Europe/Rome"), "hi".to_owned(), format!("hi{plan}"), both] {
            assert_eq!(as_written(&text), "hi");
        }
        for own in ["x\n\n[omega: sent on\nno]", "x\n\n[omega: the person selected this plan. y\n\nz]", "x]"] {
            assert_eq!(as_written(own), own);
        }
    }
}
