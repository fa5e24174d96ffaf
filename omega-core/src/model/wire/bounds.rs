//! How much of an answer is taken, whatever a provider sends.
//!
//! The promise: text, reasoning and provider state of one answer together are no longer than [`budget::MODEL_TEXT`], and each
//! call's arguments no longer than [`budget::ARGUMENTS`]. Text that goes on is cut, and the answer ends there as one that
//! reached a limit of length. A call whose arguments go on is handed on with their beginning, which is no JSON, so that it is
//! not run and the model reads why.

use super::made_up_call_id;
use crate::{
    api::FinishReason,
    budget,
    model::{ModelEvent, ToolCall},
};
use serde_json::Value;
use std::collections::HashMap;

/// What is kept of arguments that are too long: enough to see what they were.
const BEGINNING: usize = 1_000;
/// Ids and names that are longer are none of a tool that was offered.
const NAME: usize = 256;

/// What has come of one answer.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    text: usize,
    calls: HashMap<usize, Call>,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    beginning: String,
    bytes: usize,
}

/// What becomes of an event.
#[derive(Debug, PartialEq)]
pub(super) enum BoundedEvent {
    Event(ModelEvent),
    Nothing,
    /// These, and the answer is over.
    Last(Vec<ModelEvent>),
}

impl Bounds {
    /// Takes the next event of the answer.
    pub fn take(&mut self, event: ModelEvent) -> BoundedEvent {
        match event {
            ModelEvent::Text(text) => self.text(text, ModelEvent::Text),
            ModelEvent::Reasoning(text) => self.text(text, ModelEvent::Reasoning),
            ModelEvent::State(state) => {
                self.text += budget::Size::of(&state.item).bytes;
                if self.text <= budget::MODEL_TEXT.most {
                    BoundedEvent::Event(ModelEvent::State(state))
                } else {
                    BoundedEvent::Nothing
                }
            }
            ModelEvent::CallStarted { index, id, name } => {
                let (id, name) = (short_id(id), short_name(name));
                self.calls.insert(index, Call { id: id.clone(), name: name.clone(), ..Call::default() });
                BoundedEvent::Event(ModelEvent::CallStarted { index, id, name })
            }
            ModelEvent::CallDelta { index, arguments } => self.arguments(index, arguments),
            ModelEvent::CallCompleted { index, call } => BoundedEvent::Event(self.completed(index, call)),
            other @ (ModelEvent::Named(_)
            | ModelEvent::Usage(_)
            | ModelEvent::Notice { .. }
            | ModelEvent::Finished { .. }) => BoundedEvent::Event(other),
        }
    }

    fn text(&mut self, mut text: String, event: fn(String) -> ModelEvent) -> BoundedEvent {
        let room = budget::MODEL_TEXT.most.saturating_sub(self.text);
        self.text += text.len();
        if text.len() <= room {
            return BoundedEvent::Event(event(text));
        }
        text.truncate(text.floor_char_boundary(room));
        BoundedEvent::Last(vec![event(text), ModelEvent::Finished { reason: Some(FinishReason::Length) }])
    }

    fn arguments(&mut self, index: usize, arguments: String) -> BoundedEvent {
        let call = self.calls.entry(index).or_default();
        call.bytes += arguments.len();
        let room = BEGINNING.saturating_sub(call.beginning.len());
        call.beginning.push_str(&arguments[..arguments.floor_char_boundary(room)]);
        if call.bytes <= budget::ARGUMENTS.most {
            return BoundedEvent::Event(ModelEvent::CallDelta { index, arguments });
        }
        let call = ToolCall {
            id: std::mem::take(&mut call.id),
            name: std::mem::take(&mut call.name),
            arguments: cut(&call.beginning, call.bytes),
            provider_state: None,
        };
        let finished = ModelEvent::Finished { reason: Some(FinishReason::ToolCalls) };
        BoundedEvent::Last(vec![ModelEvent::CallCompleted { index, call }, finished])
    }

    fn completed(&mut self, index: usize, mut call: ToolCall) -> ModelEvent {
        if let Some(begun) = self.calls.get(&index).filter(|begun| !begun.id.is_empty()) {
            call.id.clone_from(&begun.id);
        }
        call.id = short_id(call.id);
        call.name = short_name(call.name);
        if call.arguments.len() > budget::ARGUMENTS.most {
            let beginning = &call.arguments[..call.arguments.floor_char_boundary(BEGINNING)];
            call.arguments = cut(beginning, call.arguments.len());
        }
        if call.provider_state.as_ref().is_some_and(is_large) {
            call.provider_state = None;
        }
        ModelEvent::CallCompleted { index, call }
    }
}

fn is_large(state: &Value) -> bool {
    budget::Size::of(state).bytes > budget::ARGUMENTS.most
}

fn short_id(id: String) -> String {
    if id.len() <= NAME { id } else { made_up_call_id() }
}

fn short_name(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(NAME));
    name
}

fn cut(beginning: &str, bytes: usize) -> String {
    format!("{beginning}{}{bytes} bytes or more]", ToolCall::CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(events: impl IntoIterator<Item = ModelEvent>) -> Vec<ModelEvent> {
        let mut bounds = Bounds::default();
        let mut out = Vec::new();
        for event in events {
            match bounds.take(event) {
                BoundedEvent::Event(event) => out.push(event),
                BoundedEvent::Nothing => {}
                BoundedEvent::Last(events) => {
                    out.extend(events);
                    return out;
                }
            }
        }
        out
    }

    #[test]
    fn text_without_end_is_cut_between_characters_and_the_answer_ends_there() {
        let piece = "é".repeat(1_000_001);
        let out = all((0..50).map(|_| ModelEvent::Text(piece.clone())));
        let text: usize = out.iter().map(|event| if let ModelEvent::Text(text) = event { text.len() } else { 0 }).sum();
        assert!((budget::MODEL_TEXT.most - 1..=budget::MODEL_TEXT.most).contains(&text), "{text}");
        assert_eq!(out.last(), Some(&ModelEvent::Finished { reason: Some(FinishReason::Length) }));
    }

    #[test]
    fn a_call_whose_arguments_go_on_is_handed_on_as_one_that_says_so() {
        let pieces = (0..5_000).map(|_| ModelEvent::CallDelta { index: 0, arguments: "[1,".repeat(100) });
        let begun = ModelEvent::CallStarted { index: 0, id: "c1".into(), name: "tool".into() };
        let whole = ModelEvent::CallCompleted {
            index: 0,
            call: ToolCall {
                id: "c".repeat(1_000),
                name: "n".repeat(1_000),
                arguments: format!("\"{}\"", "x".repeat(2 << 20)),
                provider_state: None,
            },
        };
        for events in [all([begun].into_iter().chain(pieces)), all([whole])] {
            let call = events.iter().find_map(|event| match event {
                ModelEvent::CallCompleted { call, .. } => Some(call.clone()),
                _ => None,
            });
            let call = call.expect("the call is there");
            assert!(call.arguments.len() < 2_000 && call.id.len() <= NAME && call.name.len() <= NAME);
            let refused = call.parsed().unwrap_err();
            assert!(refused.contains("too large") && refused.contains("1048576"), "{refused}");
        }
    }
}
