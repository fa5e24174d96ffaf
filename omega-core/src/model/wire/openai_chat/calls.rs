//! The tool calls of a Chat Completions stream, put together from their pieces.
//!
//! By the book a piece has an `index`, and the first of each call has id and name. In the wild the index is missing
//! (Mistral), is 0 for every call, the id is empty or repeated, and the arguments come as an object instead of text.

use crate::model::{
    ModelEvent, ToolCall,
    wire::{made_up_call_id, number_at, text_at},
};
use serde_json::Value;

#[derive(Default)]
struct Call {
    index: Option<u64>,
    id: String,
    /// The id that the provider gave, which may be another call's.
    given: String,
    name: String,
    arguments: String,
    started: bool,
}

/// The calls so far.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

impl Calls {
    /// Takes one element of `delta.tool_calls`.
    pub(super) fn delta(&mut self, piece: &Value, out: &mut Vec<ModelEvent>) {
        let (id, name) = (text_at(piece, "/id"), text_at(piece, "/function/name"));
        let place = self.place(number_at(piece, "/index"), id, name);
        let call = &mut self.0[place];
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        let arguments = match piece.pointer("/function/arguments") {
            Some(Value::String(text)) => text.clone(),
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => String::new(),
        };
        call.arguments.push_str(&arguments);
        if call.started {
            if !arguments.is_empty() {
                out.push(ModelEvent::CallDelta { index: place, arguments });
            }
        } else if !call.name.is_empty() {
            call.start(place, out);
        }
    }

    /// The answer is whole: so are the calls.
    pub(super) fn complete(&mut self, out: &mut Vec<ModelEvent>) {
        for (index, mut call) in std::mem::take(&mut self.0).into_iter().enumerate() {
            if !call.started {
                call.start(index, out);
            }
            out.push(ModelEvent::CallCompleted {
                index,
                call: ToolCall { id: call.id, name: call.name, arguments: call.arguments, provider_state: None },
            });
        }
    }

    /// Which call a piece belongs to; makes a new one where it begins one.
    fn place(&mut self, index: Option<u64>, id: &str, name: &str) -> usize {
        let known = match index {
            Some(_) => self.0.iter().rposition(|call| call.index == index),
            None if id.is_empty() => self.0.len().checked_sub(1).filter(|_| name.is_empty()),
            None => self.0.iter().rposition(|call| call.given == id),
        };
        // A name under another id is another call, whatever the index says; and so is another name, whatever the id says.
        let known = known.filter(|&at| {
            let call = &self.0[at];
            name.is_empty() || call.name.is_empty() || ((id.is_empty() || call.given == id) && call.name == name)
        });
        known.unwrap_or_else(|| {
            let (is_taken, given) = (self.0.iter().any(|call| call.id == id), id.to_owned());
            let id = if id.is_empty() || is_taken { made_up_call_id() } else { given.clone() };
            self.0.push(Call { index, id, given, ..Call::default() });
            self.0.len() - 1
        })
    }
}

impl Call {
    fn start(&mut self, index: usize, out: &mut Vec<ModelEvent>) {
        self.started = true;
        out.push(ModelEvent::CallStarted { index, id: self.id.clone(), name: self.name.clone() });
        if !self.arguments.is_empty() {
            out.push(ModelEvent::CallDelta { index, arguments: self.arguments.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn calls(pieces: &[Value]) -> Vec<(String, String, String)> {
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        pieces.iter().for_each(|piece| calls.delta(piece, &mut out));
        calls.complete(&mut out);
        let streamed: String = out
            .iter()
            .filter_map(|event| match event {
                ModelEvent::CallDelta { arguments, .. } => Some(arguments.as_str()),
                _ => None,
            })
            .collect();
        let whole: Vec<_> = out
            .into_iter()
            .filter_map(|event| match event {
                ModelEvent::CallCompleted { call, .. } => Some((call.id, call.name, call.arguments)),
                _ => None,
            })
            .collect();
        assert_eq!(streamed.len(), whole.iter().map(|call| call.2.len()).sum::<usize>(), "the deltas make the whole");
        whole
    }

    fn want(list: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        list.iter().map(|(a, b, c)| ((*a).into(), (*b).into(), (*c).into())).collect()
    }

    #[test]
    fn pieces_find_their_call_in_every_dialect() {
        let by_the_book = [
            json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}),
            json!({"index": 1, "id": "b", "function": {"name": "g", "arguments": "{"}}),
            json!({"index": 0, "function": {"arguments": "{\"x\":1}"}}),
            json!({"index": 1, "function": {"arguments": "}"}}),
        ];
        assert_eq!(calls(&by_the_book), want(&[("a", "f", "{\"x\":1}"), ("b", "g", "{}")]));

        let no_index = [
            json!({"id": "a", "function": {"name": "f", "arguments": "{}"}}),
            json!({"id": "b", "function": {"name": "f", "arguments": {"y": 2}}}),
            json!({"function": {"arguments": " "}}),
        ];
        assert_eq!(calls(&no_index), want(&[("a", "f", "{}"), ("b", "f", "{\"y\":2} ")]));

        let always_zero = [
            json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}),
            json!({"index": 0, "id": "b", "function": {"name": "g", "arguments": "{"}}),
            json!({"index": 0, "id": "", "function": {"name": "", "arguments": "}"}}),
        ];
        assert_eq!(calls(&always_zero), want(&[("a", "f", "{}"), ("b", "g", "{}")]));

        let repeated = [
            json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
            json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}),
        ];
        assert_eq!(calls(&repeated), want(&[("a", "f", "{}")]));
    }

    #[test]
    fn two_names_are_two_calls_whatever_else_they_share() {
        for (index, id) in [(Some(0), Some("a")), (Some(0), None), (None, Some("a")), (None, None)] {
            let piece = |name: &str, arguments: &str| {
                let mut piece = json!({"function": {"name": name, "arguments": arguments}});
                if let Some(index) = index {
                    piece["index"] = json!(index);
                }
                if let Some(id) = id {
                    piece["id"] = json!(id);
                }
                piece
            };
            let calls = calls(&[piece("f", "{\"x\":"), piece("", "1}"), piece("g", "{"), piece("", "}")]);
            let told: Vec<_> = calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
            assert_eq!(told, [("f", "{\"x\":1}"), ("g", "{}")], "{index:?} {id:?}");
            assert_ne!(calls[0].0, calls[1].0);
        }
    }

    #[test]
    fn a_call_without_an_id_gets_one_of_its_own() {
        let piece = json!({"function": {"name": "f", "arguments": "{}"}});
        let calls = calls(&[piece.clone(), piece]);
        assert_eq!(calls.len(), 2);
        assert_ne!(calls[0].0, calls[1].0);
    }
}
