//! What is stored of a conversation, as messages of the AI SDK.

use super::{Draft, Fold, UiMessage};
use omega_core::{
    api::{Message, Part as Written, Role},
    event::{Envelope, Event},
    id::RunId,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A conversation that is being read from its events.
#[derive(Debug, Default)]
pub struct Stored {
    /// Each with the run that answers it.
    said: Vec<(UiMessage, Option<RunId>)>,
    runs: HashMap<RunId, (Fold, Draft)>,
}

impl Stored {
    pub fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::MessageCreated { message } if message.role == Role::User => {
                self.said.push((of_person(message), envelope.run_id));
                if let Some(run) = envelope.run_id {
                    self.runs.insert(run, (Fold::new(run), Draft::default()));
                }
            }
            // It came with a document, and answers nothing that is known.
            Event::MessageCreated { message } | Event::MessageCompleted { message } if message.run_id.is_none() => {
                self.said.push((of_nobody(message), None));
            }
            _ => {
                let Some((fold, draft)) = envelope.run_id.and_then(|run| self.runs.get_mut(&run)) else { return };
                fold.apply(envelope).into_iter().for_each(|part| draft.read(part));
            }
        }
    }

    /// Whether what is read further can't change these messages.
    pub fn is_settled(&self) -> bool {
        self.runs.values().all(|(fold, _)| fold.has_ended())
    }

    /// Each message, and after it the answer, as far as there is one.
    pub fn messages(mut self) -> Vec<UiMessage> {
        let mut all = Vec::with_capacity(2 * self.said.len());
        for (message, run) in self.said {
            all.push(message);
            let Some((mut fold, mut draft)) = run.and_then(|run| self.runs.remove(&run)) else { continue };
            fold.close().into_iter().for_each(|part| draft.read(part));
            let answer = draft.message();
            if fold.rests() || !answer.parts.is_empty() {
                all.push(answer);
            }
        }
        all
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn of_person(message: &Message) -> UiMessage {
    let mut omega = json!({ "seq": message.seq });
    if let Some(run) = message.run_id {
        omega["runId"] = json!(run);
    }
    if let Some(author) = &message.author {
        omega["author"] = json!(author);
    }
    if let Some(before) = message.replaces {
        omega["replaces"] = json!(before);
    }
    UiMessage {
        id: message.id.to_string(),
        role: "user".into(),
        metadata: Some(json!({ "omega": omega })),
        parts: vec![object(json!({ "type": "text", "text": message.content }))],
    }
}

fn of_nobody(message: &Message) -> UiMessage {
    let parts = message.parts.iter().filter_map(|part| match part {
        Written::Text { text } => Some(json!({ "type": "text", "text": text, "state": "done" })),
        Written::Reasoning { text } => Some(json!({ "type": "reasoning", "text": text, "state": "done" })),
        Written::ToolCall { .. } => None,
    });
    UiMessage {
        id: message.id.to_string(),
        role: "assistant".into(),
        metadata: Some(json!({ "omega": { "seq": message.seq, "status": "completed" } })),
        parts: parts.map(object).collect(),
    }
}
