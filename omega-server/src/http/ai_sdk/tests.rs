use super::{Dialect, Draft, Fold, Part, Stored, UiMessage};
use omega_core::{
    event::{Envelope, Event},
    id::{ConversationId, MessageId, RunId, ToolRunId},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

const TEXT: &str = "Ein Wörterbuch 🚀 sagt: fünf.";
const THOUGHT: &str = "hm, wäre es fünf?";

/// A run of the log, by the wire's own names.
struct Story {
    run: RunId,
    conversation: ConversationId,
    events: Vec<Envelope>,
}

impl Story {
    fn new() -> Self {
        Self { run: RunId::new(), conversation: ConversationId::new(), events: Vec::new() }
    }

    fn put(&mut self, seq: bool, kind: &str, fields: Value) -> &mut Self {
        let last = self.events.iter().rev().find_map(|envelope| envelope.seq).unwrap_or_default();
        let mut json = json!({
            "v": 1, "conversationId": self.conversation, "runId": self.run, "at": "2026-01-01T00:00:00Z", "type": kind,
        });
        if seq {
            json["seq"] = json!(last + 1);
        }
        json.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let envelope: Envelope = serde_json::from_value(json).unwrap();
        assert_ne!(envelope.event, Event::Unknown, "{kind}");
        self.events.push(envelope);
        self
    }

    fn event(&mut self, kind: &str, fields: Value) -> &mut Self {
        self.put(true, kind, fields)
    }

    fn message(&mut self, id: MessageId, kind: &str, role: &str, parts: Value) -> &mut Self {
        let content: String = parts
            .as_array()
            .unwrap()
            .iter()
            .filter(|part| part["type"] == "text")
            .map(|part| part["text"].as_str().unwrap())
            .collect();
        let message = json!({
            "id": id, "seq": 1, "runId": self.run, "role": role, "status": "complete", "content": content, "parts": parts,
            "createdAt": "2026-01-01T00:00:00Z",
        });
        self.event(kind, json!({ "message": message }))
    }

    fn call(&mut self, message: MessageId, id: ToolRunId, tool: &str) -> &mut Self {
        self.event(
            "run.step.tool.proposed",
            json!({ "toolRunId": id, "messageId": message, "toolCallId": "call_1", "toolId": format!("acme::{tool}"),
                "toolName": tool, "version": "1.0.0", "input": { "city": "Oslo" } }),
        )
    }

    fn outcome(&mut self, id: ToolRunId, status: &str, more: Value) -> &mut Self {
        let mut fields = json!({ "toolRunId": id, "toolCallId": "call_1", "toolName": "t", "version": "1.0.0", "status": status,
            "outputSummary": "so", "outputBytes": 2, "truncated": false, "durationMs": 3, "isError": status != "succeeded" });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.event("run.step.tool.completed", fields)
    }

    /// The step that asks for two calls, one of which waits for a person; the answer; the step that says what came of it. Each
    /// text comes in `frames`, which begin and end anywhere.
    fn whole(frames: &[(usize, usize)], ends: &str) -> Self {
        let mut story = Self::new();
        let (first, second) = (MessageId::new(), MessageId::new());
        let (one, two) = (ToolRunId::new(), ToolRunId::new());
        let approval = uuid::Uuid::new_v4();
        story
            .message(MessageId::new(), "message.created", "user", json!([{ "type": "text", "text": "go" }]))
            .event("run.started", json!({ "attempt": 1, "model": "m", "promptVersion": "1" }))
            .event("run.step.started", json!({ "stepIndex": 1, "messageId": first }))
            .event("notice", json!({ "code": "RETRY", "message": "again" }));
        story.put(false, "message.delta", json!({ "messageId": first, "part": 0, "offset": 0, "content": "Ein Wo" }));
        story.event("message.reset", json!({ "messageId": first, "step": 1 }));
        story.texts(first, frames);
        story.call(first, one, "weather").call(first, two, "pay").event(
            "run.step.tool.started",
            json!({ "toolRunId": one, "toolCallId": "call_1", "toolName": "weather",
                "version": "1.0.0", "input": { "city": "Oslo" }, "credentialsUsed": [] }),
        );
        story.put(false, "run.step.tool.delta", json!({ "toolRunId": one, "offset": 1, "chunk": "half" }));
        story.outcome(one, "succeeded", json!({ "output": { "degrees": 21 } }));
        story.event(
            "run.requires_action",
            json!({ "kind": "approval", "expiresAt": "2026-02-01T00:00:00Z", "approvals": [{
                "id": approval, "toolRunId": two, "toolId": "acme::pay", "toolName": "pay", "version": "1.0.0",
                "reason": "safe_mode", "input": { "city": "Oslo" }, "argsDigest": "d" }] }),
        );
        let decision = if ends == "denied" { "deny" } else { "approve" };
        story.event(
            "approval.decided",
            json!({ "approvalId": approval, "toolRunId": two, "decision": decision, "remember": "once",
                "input": { "city": "Rome" }, "by": omega_core::id::UserId::new() }),
        );
        story.event("run.resumed", json!({ "attempt": 2 }));
        match ends {
            "denied" => story.outcome(two, "denied", json!({})),
            "unknown" => story.event("run.step.tool.unknown", json!({ "toolRunId": two, "toolCallId": "call_1" })),
            "cancelled" => return story.ended("run.cancelled", json!({ "reason": "by a person" })),
            _ => story.outcome(two, "failed", json!({ "error": { "code": "TOOL_ERROR", "message": "no money" } })),
        };
        story.event("run.step.completed", json!({ "stepIndex": 1, "usage": {}, "finishReason": "tool_calls" }));
        story.event("run.step.started", json!({ "stepIndex": 2, "messageId": second }));
        story.texts(second, frames);
        story.event("run.step.completed", json!({ "stepIndex": 2, "usage": {}, "finishReason": "stop" }));
        match ends {
            "run failed" => story.ended("run.failed", json!({ "code": "X", "error": "no more", "retryable": false })),
            _ => story.ended(
                "run.completed",
                json!({ "answer": TEXT, "usage": {}, "toolCalls": 2, "steps": 2, "finishReason": "stop" }),
            ),
        }
    }

    fn texts(&mut self, message: MessageId, frames: &[(usize, usize)]) {
        for (part, text, kind) in [(0, THOUGHT, "reasoning.delta"), (1, TEXT, "message.delta")] {
            let at = |n: usize| {
                text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(n % (text.chars().count() + 1)).unwrap()
            };
            for (a, b) in frames {
                let (from, to) = (at(*a).min(at(*b)), at(*a).max(at(*b)));
                self.put(
                    false,
                    kind,
                    json!({ "messageId": message, "part": part, "offset": from, "content": &text[from..to] }),
                );
            }
        }
        let parts = json!([{ "type": "reasoning", "text": THOUGHT }, { "type": "text", "text": TEXT }]);
        self.message(message, "message.completed", "assistant", parts);
    }

    fn ended(&mut self, kind: &str, fields: Value) -> Self {
        self.event(kind, fields);
        Self { run: self.run, conversation: self.conversation, events: std::mem::take(&mut self.events) }
    }

    fn parts(&self) -> Vec<Part> {
        let mut fold = Fold::new(self.run);
        let mut parts: Vec<Part> = self.events.iter().flat_map(|envelope| fold.apply(envelope)).collect();
        parts.extend(fold.close());
        parts
    }

    fn committed(&self) -> impl Iterator<Item = &Envelope> {
        self.events.iter().filter(|envelope| envelope.seq.is_some())
    }
}

fn read(parts: impl IntoIterator<Item = Part>) -> UiMessage {
    let mut draft = Draft::default();
    parts.into_iter().for_each(|part| draft.read(part));
    draft.message()
}

/// The message as it is stored.
fn stored(story: &Story) -> UiMessage {
    let mut stored = Stored::default();
    story.committed().for_each(|envelope| stored.apply(envelope));
    assert!(stored.is_settled());
    let messages = stored.messages();
    assert_eq!(messages.iter().map(|message| message.role.as_str()).collect::<Vec<_>>(), ["user", "assistant"]);
    messages.into_iter().next_back().unwrap()
}

const ENDS: [&str; 6] = ["completed", "denied", "unknown", "cancelled", "failed", "run failed"];

proptest! {
    #[test]
    fn whatever_frames_text_comes_in_the_message_is_the_stored_one(frames in vec((0_usize..40, 0_usize..40), 0..8), end in 0..ENDS.len()) {
        let story = Story::whole(&frames, ENDS[end]);
        prop_assert_eq!(read(story.parts()), stored(&story));
    }
}

#[test]
fn a_client_that_goes_on_from_any_committed_event_ends_with_the_same_message() {
    for end in ENDS {
        let story = Story::whole(&[(0, 7), (7, 40)], end);
        let whole = stored(&story);
        let mut is_writing = false;
        for cut in 1..=story.events.len() {
            match &story.events[cut - 1].event {
                Event::StepStarted { .. } => is_writing = true,
                Event::MessageCompleted { .. } => is_writing = false,
                _ => {}
            }
            if is_writing || story.events[cut - 1].seq.is_none() {
                continue;
            }
            let mut before = Fold::new(story.run);
            let mut parts: Vec<Part> = story.events[..cut].iter().flat_map(|envelope| before.apply(envelope)).collect();
            parts.extend(before.close());
            let mut after = Fold::new(story.run);
            story.events[..cut]
                .iter()
                .filter(|envelope| envelope.seq.is_some())
                .for_each(|envelope| drop(after.apply(envelope)));
            after.anew();
            // The reader meets the last question again, and must not ask anew.
            let again =
                story.events[..cut].iter().rfind(|envelope| matches!(envelope.event, Event::RunRequiresAction { .. }));
            parts.extend(again.into_iter().chain(&story.events[cut..]).flat_map(|envelope| after.apply(envelope)));
            parts.extend(after.close());
            assert_eq!(read(parts), whole, "{end}: after {:?}", story.events[cut - 1].event);
        }
    }
}

#[test]
fn every_part_that_begins_ends_and_every_tool_has_an_outcome() {
    for end in ENDS {
        let story = Story::whole(&[(0, 3), (3, 9)], end);
        let (mut open, mut asked) = (Vec::new(), Vec::new());
        for part in story.parts() {
            match part {
                Part::TextStart { id } | Part::ReasoningStart { id } => open.push(id),
                Part::TextDelta { id, .. } | Part::ReasoningDelta { id, .. } => assert_eq!(open, [id]),
                Part::TextEnd { id } | Part::ReasoningEnd { id } => open.retain(|known| *known != id),
                Part::ToolInputStart { call } => asked.push(call.tool_call_id),
                Part::ToolOutputAvailable { tool_call_id, preliminary: false, .. }
                | Part::ToolOutputError { tool_call_id, .. }
                | Part::ToolOutputDenied { tool_call_id } => asked.retain(|known| *known != tool_call_id),
                _ => {}
            }
        }
        assert!(open.is_empty() && asked.is_empty(), "{end}: {open:?} {asked:?}");
    }
}

#[test]
fn what_a_run_comes_to_stands_at_the_end_of_its_stream() {
    let last = |end: &str| {
        let parts = Story::whole(&[], end).parts();
        serde_json::to_value(parts.last().unwrap()).unwrap()
    };
    assert_eq!(last("completed"), json!({ "type": "finish", "finishReason": "stop" }));
    assert_eq!(last("run failed"), json!({ "type": "error", "errorText": "no more" }));
    assert_eq!(last("cancelled"), json!({ "type": "abort", "reason": "by a person" }));
}

#[test]
fn the_message_has_what_a_person_is_shown() {
    let message = serde_json::to_value(stored(&Story::whole(&[], "completed"))).unwrap();
    let kinds: Vec<&str> =
        message["parts"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    let step = ["step-start", "reasoning", "text"];
    assert_eq!(kinds, [&step[..], &["dynamic-tool", "dynamic-tool"], &step].concat());
    let pay = &message["parts"][4];
    assert_eq!(
        (&pay["state"], &pay["errorText"], &pay["input"]),
        (&json!("output-error"), &json!("no money"), &json!({ "city": "Rome" }))
    );
    assert_eq!(pay["approval"]["approved"], true);
    assert_eq!(
        (&message["parts"][3]["state"], &message["parts"][3]["output"]),
        (&json!("output-available"), &json!({ "degrees": 21 }))
    );
    assert_eq!(message["metadata"]["omega"]["status"], "completed");
}

#[test]
fn who_knows_fewer_parts_is_sent_no_others() {
    for part in Story::whole(&[], "completed").parts() {
        let (is_reset, is_response) = (part == Part::ResetStep, matches!(part, Part::ToolApprovalResponse { .. }));
        let common = part.clone().spoken(Dialect::Common);
        assert_eq!(common.is_none(), is_response);
        assert_eq!(matches!(common, Some(Part::Reset { .. })), is_reset);
        assert_eq!(part.clone().spoken(Dialect::Seven), Some(part));
    }
}
