//! Parts become a message, by the rules of the SDK's own reader.

use super::part::{Call, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A message as the AI SDK has it (`UIMessage`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UiMessage {
    /// A run's id for an answer, a message's for what a person wrote.
    pub id: String,
    /// `user` or `assistant`.
    pub role: String,
    /// What is known of it: `omega.runId`, `omega.seq` and, of an answer, `omega.status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Its parts, each with its `type`: `text`, `reasoning`, `dynamic-tool`, `step-start`, `data-omega-...`.
    pub parts: Vec<Map<String, Value>>,
}

/// A message that is being read.
#[derive(Debug, Default)]
pub struct Draft {
    id: String,
    metadata: Map<String, Value>,
    parts: Vec<Map<String, Value>>,
    /// Places of the texts that are not whole yet, by their ids.
    open: HashMap<String, usize>,
}

impl Draft {
    /// Reads on.
    pub fn read(&mut self, part: Part) {
        match part {
            Part::Start { message_id, message_metadata } => {
                self.id = message_id;
                merge(&mut self.metadata, message_metadata);
            }
            Part::StartStep => self.push(json!({ "type": "step-start" })),
            Part::ResetStep => {
                self.parts.truncate(self.step());
                self.open.clear();
            }
            Part::TextStart { id } => self.begin(id, json!({ "type": "text", "text": "", "state": "streaming" })),
            Part::ReasoningStart { id } => {
                self.begin(id, json!({ "type": "reasoning", "text": "", "state": "streaming" }));
            }
            Part::TextDelta { id, delta } | Part::ReasoningDelta { id, delta } => {
                if let Some(Value::String(text)) = self.text(&id).and_then(|part| part.get_mut("text")) {
                    text.push_str(&delta);
                }
            }
            Part::TextEnd { id } | Part::ReasoningEnd { id } => {
                if let Some(part) = self.text(&id) {
                    part.insert("state".into(), json!("done"));
                }
                self.open.remove(&id);
            }
            Part::ToolInputStart { call } => self.call(call, json!({ "state": "input-streaming" })),
            Part::ToolInputAvailable { call, input } => {
                self.call(call, json!({ "state": "input-available", "input": input }));
            }
            Part::ToolApprovalRequest { approval_id, tool_call_id, reason, approval_descriptor } => {
                let mut approval = json!({ "id": approval_id, "descriptor": approval_descriptor });
                if let Some(reason) = reason {
                    approval["requestReason"] = json!(reason);
                }
                self.change(&tool_call_id, json!({ "state": "approval-requested", "approval": approval }));
            }
            Part::ToolApprovalResponse { approval_id, approved, reason } => {
                let asked =
                    self.parts.iter_mut().find(|part| part.get("approval").is_some_and(|it| it["id"] == approval_id));
                let Some(asked) = asked else { return };
                asked.insert("state".into(), json!("approval-responded"));
                asked["approval"]["approved"] = json!(approved);
                if let Some(reason) = reason {
                    asked["approval"]["reason"] = json!(reason);
                }
            }
            Part::ToolOutputAvailable { tool_call_id, output, preliminary } => {
                let mut change = json!({ "state": "output-available", "output": output });
                if preliminary {
                    change["preliminary"] = json!(true);
                }
                self.outcome(&tool_call_id, change);
            }
            Part::ToolOutputError { tool_call_id, error_text } => {
                self.outcome(&tool_call_id, json!({ "state": "output-error", "errorText": error_text }));
            }
            Part::ToolOutputDenied { tool_call_id } => {
                self.change(&tool_call_id, json!({ "state": "output-denied" }));
            }
            Part::Notice { id, data } => self.data("data-omega-notice", id, data),
            Part::Credentials { id, data } => self.data("data-omega-credentials", id, data),
            Part::Plans { id, data } => self.data("data-omega-plans", id, data),
            Part::Alternatives { id, data } => self.data("data-omega-alternatives", id, data),
            Part::Reset { data } => self.push(json!({ "type": "data-omega-reset", "data": data })),
            Part::MessageMetadata { message_metadata } => merge(&mut self.metadata, message_metadata),
            Part::Status { .. } | Part::FinishStep | Part::Finish { .. } | Part::Error { .. } | Part::Abort { .. } => {}
        }
    }

    /// Whether nothing was said of it.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// The message so far.
    pub fn message(self) -> UiMessage {
        UiMessage { id: self.id, role: "assistant".into(), metadata: Some(self.metadata.into()), parts: self.parts }
    }

    fn push(&mut self, part: Value) {
        if let Value::Object(part) = part {
            self.parts.push(part);
        }
    }

    /// Where the parts of the current step begin.
    fn step(&self) -> usize {
        self.parts.iter().rposition(|part| part["type"] == "step-start").map_or(0, |at| at + 1)
    }

    fn begin(&mut self, id: String, part: Value) {
        self.open.insert(id, self.parts.len());
        self.push(part);
    }

    fn text(&mut self, id: &str) -> Option<&mut Map<String, Value>> {
        self.parts.get_mut(*self.open.get(id)?)
    }

    /// A call's input: of the current step, or a new one.
    fn call(&mut self, call: Call, state: Value) {
        let step = self.step();
        let known =
            self.parts[step..].iter_mut().find(|part| part.get("toolCallId") == Some(&json!(call.tool_call_id)));
        let Ok(Value::Object(mut part)) = serde_json::to_value(call) else { return };
        part.remove("dynamic");
        part.insert("type".into(), json!("dynamic-tool"));
        merge(&mut part, state);
        match known {
            Some(known) => {
                ["output", "errorText", "preliminary"].iter().for_each(|name| drop(known.remove(*name)));
                known.extend(part);
            }
            None => self.parts.push(part),
        }
    }

    fn outcome(&mut self, id: &str, change: Value) {
        if let Some(part) = self.tool(id) {
            ["output", "errorText", "preliminary"].iter().for_each(|name| drop(part.remove(*name)));
        }
        self.change(id, change);
    }

    fn change(&mut self, id: &str, change: Value) {
        if let (Some(part), Value::Object(change)) = (self.tool(id), change) {
            part.extend(change);
        }
    }

    fn tool(&mut self, id: &str) -> Option<&mut Map<String, Value>> {
        self.parts.iter_mut().rev().find(|part| part.get("toolCallId").is_some_and(|it| it == id))
    }

    fn data(&mut self, kind: &str, id: String, data: Value) {
        match self.parts.iter_mut().find(|part| part["type"] == kind && part.get("id") == Some(&json!(id))) {
            Some(known) => drop(known.insert("data".into(), data)),
            None => self.push(json!({ "type": kind, "id": id, "data": data })),
        }
    }
}

/// Objects are merged, everything else replaced.
fn merge(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { return };
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(known)), value @ Value::Object(_)) => merge(known, value),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}
