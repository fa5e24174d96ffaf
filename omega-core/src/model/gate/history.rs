//! The history as every provider accepts it.
//!
//! The promise: after [`valid`], each call has exactly one result, right after the turn that made it; no two calls share
//! an id; ids and names have a shape that the provider takes; no turn is empty; users and answers take turns, a user first and
//! no answer last. Histories break in many ways (a crash between call and result, a run that failed or was cancelled, a name
//! that a model made up, a change of provider in mid-conversation, servers that number their calls from 0 in every answer, an
//! import), and one break makes the provider refuse the whole conversation, for ever.

use crate::model::{ToolCall, ToolResult, Turn};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Which ids a provider takes for calls.
#[derive(Debug, Clone, Copy)]
pub enum IdRule {
    /// At most this many characters of `[A-Za-z0-9_-]` (OpenAI 40, Anthropic and others 64).
    Word(usize),
    /// Exactly nine letters and digits (Mistral, for ids that it did not make).
    Nine,
}

impl IdRule {
    /// Whether a call may have that id.
    #[must_use]
    pub fn accepts(self, id: &str) -> bool {
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
        let hex = hex::encode(Sha256::digest(format!("{occurrence}:{id}")));
        match self {
            Self::Word(_) => format!("call_{}", &hex[..24]),
            Self::Nine => hex[..9].to_owned(),
        }
    }
}

/// The turns, made valid (see the module). `sent` gives a call the name and the arguments that the provider gets.
pub fn valid(turns: &[Turn], ids: IdRule, sent: impl Fn(&ToolCall) -> ToolCall) -> Vec<Turn> {
    alternating(paired(turns, ids, sent))
}

/// Each call with its one result, and no turn that is empty.
fn paired(turns: &[Turn], ids: IdRule, sent: impl Fn(&ToolCall) -> ToolCall) -> Vec<Turn> {
    let mut seen = HashSet::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut out = Vec::with_capacity(turns.len());
    let mut turns = turns.iter().peekable();
    while let Some(turn) = turns.next() {
        match turn {
            Turn::User { text } if text.trim().is_empty() => out.push(user(EMPTY)),
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
                    let id = fresh_id(&call.id, ids, &mut seen, &mut counts);
                    let new = ToolCall { id, ..sent(call) };
                    results.push(result_for(call, &new, answers, &mut taken));
                    new_calls.push(new);
                }
                let (text, provider_state) = (text.clone(), provider_state.clone());
                out.push(Turn::Assistant { text, calls: new_calls, provider_state });
                out.push(Turn::Tools { results });
            }
        }
    }
    out
}

/// Users and answers in turn, a user's turn first, and no answer last. What is put between says what happened, and stands
/// in the same place in every later request: two messages made into one would change what was sent before.
fn alternating(turns: Vec<Turn>) -> Vec<Turn> {
    let mut out: Vec<Turn> = Vec::with_capacity(turns.len() + 2);
    for turn in turns {
        let between = match (out.last(), &turn) {
            (None, Turn::User { .. }) | (Some(Turn::Assistant { .. }), Turn::User { .. } | Turn::Tools { .. }) => None,
            (Some(Turn::User { .. } | Turn::Tools { .. }), Turn::Assistant { .. } | Turn::Tools { .. }) => None,
            (None, Turn::Assistant { .. } | Turn::Tools { .. }) => Some(user(BEGUN)),
            (Some(Turn::User { .. }), Turn::User { .. }) => Some(assistant(UNANSWERED)),
            (Some(Turn::Tools { .. }), Turn::User { .. }) => Some(assistant(STOPPED)),
            (Some(Turn::Assistant { .. }), Turn::Assistant { .. }) => Some(user(GO_ON)),
        };
        out.extend(between);
        out.push(turn);
    }
    match out.last() {
        None => out.push(user(EMPTY)),
        Some(Turn::Assistant { .. }) => out.push(user(GO_ON)),
        Some(Turn::User { .. } | Turn::Tools { .. }) => {}
    }
    out
}

/// In the place of a message, or a result, without words.
const EMPTY: &str = "(empty)";
/// Before an answer to nothing: a conversation that was imported from its middle.
const BEGUN: &str = "(the beginning of the conversation is not here)";
/// Between two messages: the run of the first one ended before its answer.
const UNANSWERED: &str = "(no answer: the work on this message ended before)";
/// Between results and a message: the run ended before it said anything about them.
const STOPPED: &str = "(stopped before an answer)";
/// Between two answers, and behind one that has to go on.
const GO_ON: &str = "(go on)";

fn user(text: &str) -> Turn {
    Turn::User { text: text.to_owned() }
}

fn assistant(text: &str) -> Turn {
    Turn::Assistant { text: text.to_owned(), calls: Vec::new(), provider_state: Vec::new() }
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

fn result_for(call: &ToolCall, sent: &ToolCall, answers: &[ToolResult], taken: &mut [bool]) -> ToolResult {
    let answer = (0..answers.len()).find(|&i| !taken[i] && answers[i].call_id == call.id);
    let (content, is_error, loads) = match answer {
        Some(i) => {
            taken[i] = true;
            let content = Some(&answers[i].content).filter(|content| !content.trim().is_empty());
            (content.map_or_else(|| EMPTY.to_owned(), Clone::clone), answers[i].is_error, answers[i].loads.clone())
        }
        None => {
            let lost = r#"{"error":"No result was recorded: the call may or may not have taken effect."}"#;
            (lost.to_owned(), true, Vec::new())
        }
    };
    ToolResult { call_id: sent.id.clone(), name: sent.name.clone(), content, is_error, loads }
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
            loads: Vec::new(),
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
        let valid = valid(&turns, IdRule::Word(40), Clone::clone);
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
            let first = valid(&turns, rule, Clone::clone);
            assert_eq!(first, valid(&turns, rule, Clone::clone), "stable");
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
        assert_eq!(valid(&[assistant(&[]), Turn::User { text: "x".into() }], IdRule::Word(40), Clone::clone).len(), 1);
    }

    #[test]
    fn users_and_answers_take_turns_whatever_ended_before() {
        let said = |text: &str| Turn::Assistant { text: text.into(), calls: Vec::new(), provider_state: Vec::new() };
        let roles = |turns: &[Turn]| -> String {
            let valid = valid(turns, IdRule::Word(40), Clone::clone);
            let role = |turn: &Turn| match turn {
                Turn::User { .. } => 'u',
                Turn::Assistant { .. } => 'a',
                Turn::Tools { .. } => 't',
            };
            valid.iter().map(role).collect()
        };
        for (turns, want) in [
            (vec![], "u"),
            (vec![user("a")], "u"),
            (vec![user("a"), user("b"), user("c")], "uauau"),
            (vec![user("a"), assistant(&["x"]), user("b")], "uatau"),
            (vec![said("a")], "uau"),
            (vec![user("a"), said("b"), said("c")], "uauau"),
            (vec![tools(&[("x", "y")]), user("a")], "u"),
            (vec![user(""), said(" "), user(" ")], "uau"),
        ] {
            assert_eq!(roles(&turns), want, "{turns:?}");
        }
    }
}
