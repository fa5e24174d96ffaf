//! What the codecs make of a turn: arguments as each format wants them, and the state of a provider in its first place.

use crate::model::{ProviderState, ToolCall};
use serde_json::{Value, json};

/// The arguments as a JSON object, for providers that take nothing else.
pub(super) fn arguments_object(call: &ToolCall) -> Value {
    match call.parsed() {
        Ok(map) => Value::Object(map),
        Err(_) => json!({ "_raw": call.arguments }),
    }
}

/// The arguments as JSON text: as they came where they parse.
pub(super) fn arguments_text(call: &ToolCall) -> String {
    match call.parsed() {
        Ok(map) if map.is_empty() => String::from("{}"),
        Ok(_) if is_one_object(&call.arguments) => call.arguments.clone(),
        Ok(_) | Err(_) => arguments_object(call).to_string(),
    }
}

fn is_one_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A piece of an assistant's turn, in the order in which the model made it.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Call(&'a ToolCall),
    State(&'a Value),
}

/// An item of provider state, with its place among text and calls.
pub(super) fn placed(provider: &str, text_before: usize, calls_before: usize, item: Value) -> ProviderState {
    ProviderState {
        provider: provider.to_owned(),
        item: json!({ "textBefore": text_before, "callsBefore": calls_before, "item": item }),
    }
}

/// Text, calls and this provider's placed state in their first order. Text that is only white space is left out.
pub(super) fn pieces<'a>(
    provider: &str,
    text: &'a str,
    calls: &'a [ToolCall],
    state: &'a [ProviderState],
) -> Vec<Piece<'a>> {
    let place = |item: &Value, key: &str| {
        item.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    };
    let mut out = Vec::new();
    let (mut text, mut at, mut calls) = (text, 0, calls.iter().enumerate().peekable());
    let mut push_text = |out: &mut Vec<Piece<'a>>, upto: Option<usize>| {
        let (now, later) = upto.and_then(|end| text.split_at_checked(end.saturating_sub(at))).unwrap_or((text, ""));
        (text, at) = (later, at + now.len());
        if !now.trim().is_empty() {
            out.push(Piece::Text(now));
        }
    };
    for item in state.iter().filter(|state| state.provider == provider).map(|state| &state.item) {
        let Some(inner) = item.get("item") else { continue };
        push_text(&mut out, Some(place(item, "textBefore")));
        while let Some((_, call)) = calls.next_if(|(index, _)| *index < place(item, "callsBefore")) {
            out.push(Piece::Call(call));
        }
        out.push(Piece::State(inner));
    }
    push_text(&mut out, None);
    out.extend(calls.map(|(_, call)| Piece::Call(call)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "t".into(), arguments: "{}".into(), provider_state: None }
    }

    #[test]
    fn state_goes_back_to_its_place_and_only_to_its_provider() {
        let calls = [call("a"), call("b")];
        let state = [
            placed("anthropic", 0, 0, json!(1)),
            placed("google", 0, 0, json!("foreign")),
            placed("anthropic", 4, 1, json!(2)),
        ];
        assert_eq!(
            pieces("anthropic", "née done", &calls, &state),
            [
                Piece::State(&json!(1)),
                Piece::Text("née"),
                Piece::Call(&calls[0]),
                Piece::State(&json!(2)),
                Piece::Text(" done"),
                Piece::Call(&calls[1]),
            ]
        );
        // A place that is no place (a cut text) must not break the request.
        let wrong = [placed("anthropic", 2, 9, json!(3))];
        assert_eq!(
            pieces("anthropic", "née", &calls[..1], &wrong),
            [Piece::Text("née"), Piece::Call(&calls[0]), Piece::State(&json!(3))]
        );
    }

    #[test]
    fn arguments_that_do_not_parse_go_back_as_an_object_with_the_raw_text() {
        let with = |arguments: &str| ToolCall { arguments: arguments.into(), ..call("a") };
        for (arguments, text) in [
            ("", "{}"),
            (r#"{"a": 1.0}"#, r#"{"a": 1.0}"#),
            (r#"{"a": "#, r#"{"_raw":"{\"a\": "}"#),
            ("[1]", r#"{"_raw":"[1]"}"#),
            (r#"{}{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(arguments_text(&with(arguments)), text);
            assert!(arguments_object(&with(arguments)).is_object());
        }
    }
}
