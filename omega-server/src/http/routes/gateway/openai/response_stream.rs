//! A response as a stream: each message is an item of its output, with its events around it.

use super::{
    super::{
        follow::{Ending, Piece, no_answer},
        waiting,
    },
    in_stream,
    object::{Head, Outcome, content, message, message_id},
    stream::Wording,
};
use crate::http::reply::ApiError;
use omega_core::id::MessageId;
use serde_json::{Value, json};

/// A response in the words of its API.
pub struct Streamed {
    pub head: Head,
    /// Counts the events.
    sequence: u64,
    /// Counts the items.
    items: usize,
    /// The message that is being written: its item's id, and its text so far.
    open: Option<(MessageId, String)>,
    /// The items that are whole.
    output: Vec<Value>,
}

impl Streamed {
    pub fn of(head: Head) -> Self {
        Self { head, sequence: 0, items: 0, open: None, output: Vec::new() }
    }

    /// Whether nothing is sent but an answer that is JSON.
    fn has_schema(&self) -> bool {
        self.head.schema.is_some()
    }

    fn event(&mut self, kind: &str, mut data: Value) -> String {
        data["type"] = json!(kind);
        data["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        format!("event: {kind}\ndata: {data}\n\n")
    }

    fn begins(&mut self, item: &str, is_answer: bool) -> Vec<String> {
        let index = self.items;
        let added = json!({ "output_index": index, "item": message(item, "in_progress", &[]) });
        let part =
            json!({ "item_id": item, "output_index": index, "content_index": 0, "part": content("", is_answer) });
        vec![self.event("response.output_item.added", added), self.event("response.content_part.added", part)]
    }

    fn delta(&mut self, item: &str, text: &str, is_answer: bool) -> String {
        let mut data = json!({ "item_id": item, "output_index": self.items, "content_index": 0, "delta": text });
        if is_answer {
            data["logprobs"] = json!([]);
            return self.event("response.output_text.delta", data);
        }
        self.event("response.refusal.delta", data)
    }

    /// An item comes to its end; one that is void is not among what the response has at its end.
    fn ends(&mut self, item: &str, text: &str, is_answer: bool, is_void: bool) -> Vec<String> {
        let index = self.items;
        let (kind, member) = if is_answer { ("output_text", "text") } else { ("refusal", "refusal") };
        let mut done = json!({ "item_id": item, "output_index": index, "content_index": 0, member: text });
        if is_answer {
            done["logprobs"] = json!([]);
        }
        let part = content(text, is_answer);
        let of_part = json!({ "item_id": item, "output_index": index, "content_index": 0, "part": part });
        let whole = message(item, if is_void { "incomplete" } else { "completed" }, &[part]);
        let of_item = json!({ "output_index": index, "item": whole });
        self.items += 1;
        if !is_void {
            self.output.push(whole);
        }
        vec![
            self.event(&format!("response.{kind}.done"), done),
            self.event("response.content_part.done", of_part),
            self.event("response.output_item.done", of_item),
        ]
    }

    /// A message that comes in one piece.
    fn at_once(&mut self, item: &str, text: &str, is_answer: bool) -> Vec<String> {
        let mut frames = self.begins(item, is_answer);
        frames.push(self.delta(item, text, is_answer));
        frames.extend(self.ends(item, text, is_answer, false));
        frames
    }

    fn close(&mut self, is_void: bool) -> Vec<String> {
        match self.open.take() {
            Some((id, text)) => self.ends(&message_id(id), &text, true, is_void),
            None => Vec::new(),
        }
    }

    fn last(&mut self, kind: &str, outcome: &Outcome) -> String {
        let response = self.head.with(outcome);
        self.event(kind, json!({ "response": response }))
    }
}

impl Wording for Streamed {
    fn opening(&mut self) -> Vec<String> {
        let (queued, working) = (Outcome::of("queued"), Outcome::of("in_progress"));
        let created = if self.head.is_background { &queued } else { &working };
        vec![self.last("response.created", created), self.last("response.in_progress", &working)]
    }

    fn piece(&mut self, piece: Piece) -> Vec<String> {
        match piece {
            Piece::Text(id, text) if !self.has_schema() => {
                let mut frames = Vec::new();
                if self.open.is_none() {
                    frames.extend(self.begins(&message_id(id), true));
                    self.open = Some((id, String::new()));
                }
                if let Some((_, so_far)) = &mut self.open {
                    so_far.push_str(&text);
                }
                frames.push(self.delta(&message_id(id), &text, true));
                frames
            }
            Piece::Void => self.close(true),
            Piece::Whole => self.close(false),
            Piece::Ended(Ending::Answered { answer, usage, finish }) => {
                let mut frames = self.close(false);
                if self.output.is_empty() {
                    let item = format!("msg_{}", self.head.run);
                    frames.extend(self.at_once(&item, &answer, true));
                }
                let outcome = Outcome::answered(self.output.clone(), usage, finish);
                let kind = if outcome.reason.is_some() { "response.incomplete" } else { "response.completed" };
                frames.push(self.last(kind, &outcome));
                frames
            }
            Piece::Ended(Ending::Waits { action, usage }) => {
                let mut frames = self.close(false);
                let (words, item) =
                    (waiting::words(&action, &self.head.extension.link), format!("msg_{}_waits", self.head.run));
                let is_answer = !self.has_schema();
                frames.extend(self.at_once(&item, &words, is_answer));
                let outcome = Outcome::waiting(self.output.clone(), usage, action);
                frames.push(self.last("response.incomplete", &outcome));
                frames
            }
            Piece::Ended(Ending::Failed(error)) => {
                let mut frames = self.close(true);
                let outcome = Outcome { output: self.output.clone(), ..Outcome::failed(error.error) };
                frames.push(self.last("response.failed", &outcome));
                frames
            }
            Piece::Ended(Ending::Cancelled(reason)) => {
                let mut frames = self.close(true);
                let outcome = Outcome {
                    output: self.output.clone(),
                    ..Outcome::failed(format!("the run was stopped: {reason}"))
                };
                frames.push(self.last("response.failed", &outcome));
                frames
            }
            Piece::Ended(Ending::Elsewhere) => {
                let link = self.head.extension.link.clone();
                self.failure(no_answer(&Ending::Elsewhere, &link))
            }
            Piece::Text(..) | Piece::Doing(_) | Piece::Silence => Vec::new(),
        }
    }

    fn failure(&mut self, error: ApiError) -> Vec<String> {
        let shape = in_stream(error);
        let said = &shape["error"];
        let data = json!({ "code": said["code"], "message": said["message"], "param": said["param"] });
        vec![self.event("error", data)]
    }
}
