//! The history as every provider accepts it.
//!
//! The promise: after [`valid`], each call has exactly one result, right after the turn that made it; no two calls share
//! an id; ids have a shape that the provider takes; no turn is empty. Histories break in many ways (a crash between call
//! and result, a change of provider in mid-conversation, servers that number their calls from 0 in every answer), and one
//! break makes the provider refuse the whole conversation, for ever.

use crate::model::{ProviderState, ToolCall, ToolResult, Turn};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Which ids a provider takes for calls.
#[derive(Debug, Clone, Copy)]
pub(super) enum IdRule {
    /// At most this many characters of `[A-Za-z0-9_-]` (OpenAI 40, Anthropic and others 64).
    Word(usize),
    /// Exactly nine letters and digits (Mistral, for ids that it did not make).
    Nine,
}

impl IdRule {
    fn accepts(self, id: &str) -> bool {
        match self {
            Self::Word(max) => {
                !id.is_empty()
                    && id.len() <= max
                    && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            }
            Self::Nine => id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    }

    /// A new id in place of one that is not accepted: the same one every time, so that prompts stay cacheable.
    fn replace(self, id: &str, occurrence: usize) -> String {
        let hash = Sha256::digest(format!("{occurrence}:{id}"));
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Word(_) => format!("call_{}", &hex[..24]),
            Self::Nine => hex[..9].to_owned(),
        }
    }
}

/// The turns, made valid (see the module).
pub(super) fn valid(turns: &[Turn], rule: IdRule) -> Vec<Turn> {
    let mut seen = HashSet::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut out = Vec::with_capacity(turns.len());
    let mut turns = turns.iter().peekable();
    while let Some(turn) = turns.next() {
        match turn {
            Turn::User { .. } => out.push(turn.clone()),
            // Results without the calls that they answer.
            Turn::Tools { .. } => {}
            Turn::Assistant { text, calls, provider_state } => {
                let answers = match turns.peek() {
                    Some(Turn::Tools { results }) => results.as_slice(),
                    _ => &[],
                };
                if calls.is_empty() {
                    if !text.trim().is_empty() {
                        out.push(turn.clone());
                    }
                    continue;
                }
                let mut taken = vec![false; answers.len()];
                let mut new_calls = Vec::with_capacity(calls.len());
                let mut results = Vec::with_capacity(calls.len());
                for call in calls {
                    let id = fresh_id(&call.id, rule, &mut seen, &mut counts);
                    results.push(result_for(call, &id, answers, &mut taken));
                    new_calls.push(ToolCall { id, ..call.clone() });
                }
                out.push(Turn::Assistant {
                    text: text.clone(),
                    calls: new_calls,
                    provider_state: provider_state.clone(),
                });
                out.push(Turn::Tools { results });
            }
        }
    }
    out
}

fn fresh_id(id: &str, rule: IdRule, seen: &mut HashSet<String>, counts: &mut HashMap<String, usize>) -> String {
    let occurrence = counts.entry(id.to_owned()).or_default();
    let mut new = id.to_owned();
    while !rule.accepts(&new) || seen.contains(&new) {
        new = rule.replace(id, *occurrence);
        *occurrence += 1;
    }
    seen.insert(new.clone());
    new
}

fn result_for(call: &ToolCall, id: &str, answers: &[ToolResult], taken: &mut [bool]) -> ToolResult {
    match (0..answers.len()).find(|&i| !taken[i] && answers[i].call_id == call.id) {
        Some(i) => {
            taken[i] = true;
            ToolResult { call_id: id.to_owned(), name: call.name.clone(), ..answers[i].clone() }
        }
        None => ToolResult {
            call_id: id.to_owned(),
            name: call.name.clone(),
            content: String::from(r#"{"error":"No result was recorded: the call may or may not have taken effect."}"#),
            is_error: true,
        },
    }
}

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
        Ok(_) => call.arguments.clone(),
        Err(_) => arguments_object(call).to_string(),
    }
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

    fn assistant(ids: &[&str]) -> Turn {
        Turn::Assistant {
            text: String::new(),
            calls: ids.iter().map(|id| call(id)).collect(),
            provider_state: Vec::new(),
        }
    }

    fn tools(results: &[(&str, &str)]) -> Turn {
        let result = |(id, content): &(&str, &str)| ToolResult {
            call_id: (*id).into(),
            name: "t".into(),
            content: (*content).into(),
            is_error: false,
        };
        Turn::Tools { results: results.iter().map(result).collect() }
    }

    /// Ids of a turn's calls, and id and content of its results.
    type Pair = (Vec<String>, Vec<(String, String)>);

    fn pairs(turns: &[Turn]) -> Vec<Pair> {
        turns
            .windows(2)
            .filter_map(|pair| match pair {
                [Turn::Assistant { calls, .. }, Turn::Tools { results }] => Some((
                    calls.iter().map(|c| c.id.clone()).collect(),
                    results.iter().map(|r| (r.call_id.clone(), r.content.clone())).collect(),
                )),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_call_without_a_result_gets_one_and_a_result_without_a_call_goes() {
        let user = Turn::User { text: "hi".into() };
        let turns = [
            tools(&[("stray", "x")]),
            assistant(&["a", "b"]),
            tools(&[("b", "2"), ("b", "again"), ("c", "3")]),
            user.clone(),
            assistant(&["d"]),
            user,
        ];
        let valid = valid(&turns, IdRule::Word(40));
        let pairs = pairs(&valid);
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].0, ["a", "b"]);
        assert_eq!(pairs[0].1.len(), 2);
        assert!(pairs[0].1[0].1.contains("No result was recorded"));
        assert_eq!(pairs[0].1[1], ("b".into(), "2".into()));
        assert_eq!(pairs[1].1[0].0, "d");
    }

    #[test]
    fn repeated_empty_and_foreign_ids_become_unique_ones_that_the_provider_takes() {
        let turns = [
            assistant(&["call_0", "", "functions.x:0"]),
            tools(&[("call_0", "1"), ("", "2"), ("functions.x:0", "3")]),
            assistant(&["call_0", "call_0"]),
            tools(&[("call_0", "4"), ("call_0", "5")]),
        ];
        for rule in [IdRule::Word(40), IdRule::Nine] {
            let first = valid(&turns, rule);
            assert_eq!(first, valid(&turns, rule), "stable");
            let pairs = pairs(&first);
            let ids: Vec<_> = pairs.iter().flat_map(|(ids, _)| ids.clone()).collect();
            assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 5, "{ids:?}");
            assert!(ids.iter().all(|id| rule.accepts(id)), "{ids:?}");
            let contents: Vec<_> = pairs.iter().flat_map(|(_, r)| r.iter().map(|(_, c)| c.clone())).collect();
            assert_eq!(contents, ["1", "2", "3", "4", "5"]);
        }
    }

    #[test]
    fn an_answer_without_text_and_calls_is_left_out() {
        assert_eq!(valid(&[assistant(&[]), Turn::User { text: "x".into() }], IdRule::Word(40)).len(), 1);
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
        ] {
            assert_eq!(arguments_text(&with(arguments)), text);
            assert!(arguments_object(&with(arguments)).is_object());
        }
    }
}
