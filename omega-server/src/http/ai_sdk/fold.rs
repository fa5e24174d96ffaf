//! Events of a run become parts of a UI message stream.
//!
//! The promises: what is emitted from any committed event on, after the events before it were folded in silence, goes on where a
//! client stands that read up to there; text is emitted once, by its offset, whatever frames it comes in; every part that begins
//! ends.

use super::part::{Call, Part};
use omega_core::{
    api::{Decision, FinishReason, Message, Part as Written, RequiredAction, ToolRunStatus},
    event::{Envelope, Event},
    id::{ApprovalId, MessageId, PlanSetId, RunId, ToolRunId},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a run's stream has said so far.
#[derive(Debug)]
pub struct Fold {
    run: RunId,
    /// The last event that was folded in.
    last: u64,
    started: bool,
    step: Option<MessageId>,
    texts: BTreeMap<u32, Text>,
    calls: HashMap<ToolRunId, (Call, Value)>,
    /// Those that have no outcome.
    open: BTreeSet<ToolRunId>,
    asked: HashSet<ApprovalId>,
    credentials: Option<(String, Value)>,
    plans: HashMap<PlanSetId, Value>,
    alternatives: HashMap<ToolRunId, Value>,
    rest: Option<Rest>,
}

/// A text that the client has some of.
#[derive(Debug)]
struct Text {
    id: String,
    is_reasoning: bool,
    sent: String,
    is_open: bool,
}

/// Why nothing follows.
#[derive(Debug, Clone, PartialEq)]
enum Rest {
    Paused(&'static str),
    Completed(Option<FinishReason>, Value),
    Failed(Value, String),
    Cancelled(String),
}

impl Fold {
    pub fn new(run: RunId) -> Self {
        Self {
            run,
            last: 0,
            started: false,
            step: None,
            texts: BTreeMap::new(),
            calls: HashMap::new(),
            open: BTreeSet::new(),
            asked: HashSet::new(),
            credentials: None,
            plans: HashMap::new(),
            alternatives: HashMap::new(),
            rest: None,
        }
    }

    /// Makes the next part the first of another stream, which goes on with the same message.
    pub fn anew(&mut self) {
        self.started = false;
    }

    /// Whether the run has ended, or waits for a person.
    pub fn rests(&self) -> bool {
        self.rest.is_some()
    }

    /// Whether the run has ended.
    pub fn has_ended(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !matches!(rest, Rest::Paused(_)))
    }

    /// What an event of the run adds.
    pub fn apply(&mut self, envelope: &Envelope) -> Vec<Part> {
        if envelope.run_id.is_some_and(|run| run != self.run) || envelope.seq.is_some_and(|seq| seq <= self.last) {
            return Vec::new();
        }
        self.last = envelope.seq.unwrap_or(self.last);
        let mut out = self.opening();
        self.event(&envelope.event, envelope.seq, &mut out);
        out
    }

    /// What a stream ends with: all that is open, and why nothing follows. Nothing is left to say of a run that goes on.
    pub fn close(&mut self) -> Vec<Part> {
        let mut out = self.opening();
        self.end_texts(None, &mut out);
        if self.step.is_some() {
            out.push(Part::FinishStep);
        }
        let seq = self.last;
        let known = |more: Value| {
            let mut omega = json!({ "seq": seq, "waitsFor": null });
            if let (Value::Object(all), Value::Object(more)) = (&mut omega, more) {
                all.extend(more);
            }
            Part::MessageMetadata { message_metadata: json!({ "omega": omega }) }
        };
        match &self.rest {
            Some(Rest::Paused(kind)) => out.extend([
                known(json!({ "status": "paused", "waitsFor": kind })),
                Part::Finish { finish_reason: "tool-calls" },
            ]),
            Some(Rest::Completed(reason, usage)) => out.extend([
                known(json!({ "status": "completed", "usage": usage })),
                Part::Finish { finish_reason: finish(*reason) },
            ]),
            Some(Rest::Failed(error, words)) => out.extend([
                known(json!({ "status": "failed", "error": error })),
                Part::Error { error_text: words.clone() },
            ]),
            Some(Rest::Cancelled(reason)) => {
                out.extend([known(json!({ "status": "cancelled" })), Part::Abort { reason: reason.clone() }]);
            }
            None => out.push(known(json!({ "status": "running" }))),
        }
        out
    }

    fn opening(&mut self) -> Vec<Part> {
        if std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        let message_metadata = json!({ "omega": { "runId": self.run, "status": "running", "waitsFor": null } });
        vec![Part::Start { message_id: self.run.to_string(), message_metadata }]
    }

    fn event(&mut self, event: &Event, seq: Option<u64>, out: &mut Vec<Part>) {
        match event {
            Event::RunQueued { position, .. } => {
                self.rest = None;
                if *position > 0 {
                    out.push(Part::status("queued", &format!("{position} before this one")));
                }
            }
            Event::RunStarted { .. } | Event::RunResumed { .. } | Event::RunRecovered { .. } => self.rest = None,
            Event::Status { phase, message, .. } => out.push(Part::status(phase, message)),
            Event::Notice { code, message } => out.push(Part::Notice {
                id: format!("notice-{}", seq.unwrap_or_default()),
                data: json!({ "code": code, "message": message }),
            }),
            Event::StepStarted { message_id, .. } => self.begin_step(*message_id, out),
            Event::MessageReset { message_id, .. } if self.step == Some(*message_id) => self.reset(out),
            Event::MessageDelta { message_id, part, offset, content } => {
                self.delta((*message_id, *part), *offset, content, false, out);
            }
            Event::ReasoningDelta { message_id, part, offset, content } => {
                self.delta((*message_id, *part), *offset, content, true, out);
            }
            Event::MessageCompleted { message } => self.whole(message, out),
            Event::StepCompleted { .. } => {
                self.end_texts(None, out);
                self.texts.clear();
                if self.step.take().is_some() {
                    out.push(Part::FinishStep);
                }
            }
            Event::RunRequiresAction { action } => self.pause(action, out),
            Event::CredentialsProvided { names, declined, .. } => {
                if let Some((id, mut data)) = self.credentials.take() {
                    (data["open"], data["provided"], data["declined"]) = (json!(false), json!(names), json!(declined));
                    out.push(Part::Credentials { id, data });
                }
            }
            Event::PlanProposed { plan_set_id, plans } => self.plans(*plan_set_id, json!({ "plans": plans }), out),
            Event::PlanSelected { plan_set_id, plan_id, .. } => {
                self.plans(*plan_set_id, json!({ "open": false, "selectedPlanId": plan_id }), out);
            }
            Event::AlternativesProposed { choice } => {
                self.alternatives(choice.tool_run_id, json!({ "open": false, "choice": choice }), out);
            }
            Event::AlternativesSelected { tool_run_id, tool_id, .. } => {
                self.alternatives(*tool_run_id, json!({ "open": false, "selectedToolId": tool_id }), out);
            }
            Event::RunCompleted { usage, finish_reason, .. } => {
                self.rest = Some(Rest::Completed(*finish_reason, json!(usage)));
            }
            Event::RunFailed { error } => {
                self.end_calls(out);
                self.rest = Some(Rest::Failed(json!(error), error.error.clone()));
            }
            Event::RunCancelled { reason } => {
                self.end_calls(out);
                self.rest = Some(Rest::Cancelled(reason.clone()));
            }
            _ => self.of_call(event, out),
        }
    }

    fn of_call(&mut self, event: &Event, out: &mut Vec<Part>) {
        match event {
            Event::ToolProposed { tool_run_id, tool_id, tool_name, version, input, .. } => {
                let call = Call {
                    tool_call_id: tool_run_id.to_string(),
                    tool_name: tool_name.clone(),
                    title: tool_id.clone(),
                    tool_metadata: json!({ "toolId": tool_id, "version": version }),
                    dynamic: true,
                    provider_executed: true,
                };
                self.calls.insert(*tool_run_id, (call.clone(), input.clone()));
                self.open.insert(*tool_run_id);
                out.push(Part::ToolInputStart { call: call.clone() });
                out.push(Part::ToolInputAvailable { call, input: input.clone() });
            }
            Event::ToolStarted { tool_run_id, input, .. } => self.input(*tool_run_id, Some(input), false, out),
            Event::ApprovalDecided { approval_id, tool_run_id, decision, reason, input, .. } => {
                if self.asked.contains(approval_id) {
                    out.push(Part::ToolApprovalResponse {
                        approval_id: approval_id.to_string(),
                        approved: *decision == Decision::Approve,
                        reason: reason.clone(),
                    });
                }
                // It is answered here: what the client keeps as answered it would send again.
                self.input(*tool_run_id, input.as_ref(), true, out);
            }
            Event::ToolDelta { tool_run_id, chunk, .. } if self.calls.contains_key(tool_run_id) => {
                out.push(Part::ToolOutputAvailable {
                    tool_call_id: tool_run_id.to_string(),
                    output: chunk.clone(),
                    preliminary: true,
                });
            }
            Event::ToolCompleted {
                tool_run_id,
                status,
                output,
                output_summary,
                output_bytes,
                truncated,
                error,
                ..
            } if self.calls.contains_key(tool_run_id) => {
                self.open.remove(tool_run_id);
                let tool_call_id = tool_run_id.to_string();
                out.push(match status {
                    ToolRunStatus::Succeeded => {
                        let output = output.clone().unwrap_or_else(|| {
                            json!({
                                "outputSummary": output_summary, "outputBytes": output_bytes, "truncated": truncated,
                                "url": format!("/api/omega/tool-runs/{tool_run_id}/output"),
                            })
                        });
                        Part::ToolOutputAvailable { tool_call_id, output, preliminary: false }
                    }
                    ToolRunStatus::Denied => Part::ToolOutputDenied { tool_call_id },
                    _ => {
                        let words = error.as_ref().map_or(output_summary, |error| &error.message);
                        Part::ToolOutputError { tool_call_id, error_text: words.clone() }
                    }
                });
            }
            Event::ToolUnknown { tool_run_id, error, .. } if self.calls.contains_key(tool_run_id) => {
                self.open.remove(tool_run_id);
                let words = error.as_ref().map_or("whether the call took effect is not known", |error| &error.message);
                out.push(Part::ToolOutputError { tool_call_id: tool_run_id.to_string(), error_text: words.to_owned() });
            }
            _ => {}
        }
    }

    fn begin_step(&mut self, message: MessageId, out: &mut Vec<Part>) {
        if self.step.replace(message).is_none() {
            self.texts.clear();
            out.push(Part::StartStep);
        } else {
            // The one before came to nothing.
            self.reset(out);
        }
    }

    fn reset(&mut self, out: &mut Vec<Part>) {
        self.end_texts(None, out);
        self.texts.clear();
        out.push(Part::ResetStep);
    }

    fn delta(
        &mut self,
        (message, part): (MessageId, u32),
        offset: u64,
        content: &str,
        is_reasoning: bool,
        out: &mut Vec<Part>,
    ) {
        if self.step != Some(message) {
            return;
        }
        let had = self.texts.get(&part).map_or(0, |text| text.sent.len());
        // What overlaps is known; what a gap leaves out comes with the whole message.
        let new = usize::try_from(offset).ok().and_then(|offset| had.checked_sub(offset));
        if let Some(new) = new.and_then(|known| content.get(known..)).filter(|new| !new.is_empty()) {
            self.say(message, part, new, is_reasoning, out);
        }
    }

    fn say(&mut self, message: MessageId, part: u32, new: &str, is_reasoning: bool, out: &mut Vec<Part>) {
        self.end_texts(Some(part), out);
        let id = format!("{message}-{part}");
        let text = self.texts.entry(part).or_insert_with(|| {
            out.push(match is_reasoning {
                true => Part::ReasoningStart { id: id.clone() },
                false => Part::TextStart { id: id.clone() },
            });
            Text { id, is_reasoning, sent: String::new(), is_open: true }
        });
        text.sent.push_str(new);
        let (id, delta) = (text.id.clone(), new.to_owned());
        out.push(if text.is_reasoning { Part::ReasoningDelta { id, delta } } else { Part::TextDelta { id, delta } });
    }

    /// The message is whole, and as it is: what was shown otherwise is taken back.
    fn whole(&mut self, message: &Message, out: &mut Vec<Part>) {
        if self.step != Some(message.id) {
            return;
        }
        let texts = (0..).zip(&message.parts).filter_map(|(index, part)| match part {
            Written::Text { text } => Some((index, text.as_str(), false)),
            Written::Reasoning { text } => Some((index, text.as_str(), true)),
            Written::ToolCall { .. } => None,
        });
        let texts: Vec<(u32, &str, bool)> = texts.filter(|(_, text, _)| !text.is_empty()).collect();
        let agrees = |(part, sent): (&u32, &Text)| {
            let whole = texts.iter().find(|(index, ..)| index == part);
            whole.is_some_and(|(_, whole, kind)| {
                *kind == sent.is_reasoning
                    && whole.starts_with(&sent.sent)
                    && (sent.is_open || whole.len() == sent.sent.len())
            })
        };
        let in_order = texts.iter().take(self.texts.len()).all(|(index, ..)| self.texts.contains_key(index));
        if !in_order || !self.texts.iter().all(agrees) {
            self.reset(out);
        }
        for (part, whole, is_reasoning) in texts {
            let had = self.texts.get(&part).map_or(0, |text| text.sent.len());
            if had < whole.len() {
                self.say(message.id, part, &whole[had..], is_reasoning, out);
            }
        }
        self.end_texts(None, out);
    }

    /// Ends the texts that are open, but one.
    fn end_texts(&mut self, but: Option<u32>, out: &mut Vec<Part>) {
        for (_, text) in self.texts.iter_mut().filter(|(part, text)| text.is_open && Some(**part) != but) {
            text.is_open = false;
            let id = text.id.clone();
            out.push(if text.is_reasoning { Part::ReasoningEnd { id } } else { Part::TextEnd { id } });
        }
    }

    /// A call's input, where it is another one now or must be told again.
    fn input(&mut self, id: ToolRunId, now: Option<&Value>, again: bool, out: &mut Vec<Part>) {
        let Some((call, input)) = self.calls.get_mut(&id) else { return };
        let is_other = now.is_some_and(|now| now != input);
        if let Some(now) = now.filter(|_| is_other) {
            input.clone_from(now);
        }
        if is_other || again {
            out.push(Part::ToolInputAvailable { call: call.clone(), input: input.clone() });
        }
    }

    /// The run ended first.
    fn end_calls(&mut self, out: &mut Vec<Part>) {
        out.extend(std::mem::take(&mut self.open).into_iter().map(|id| Part::ToolOutputError {
            tool_call_id: id.to_string(),
            error_text: "the run ended before this call did".into(),
        }));
    }

    fn pause(&mut self, action: &RequiredAction, out: &mut Vec<Part>) {
        self.rest = Some(Rest::Paused(action.kind()));
        match action {
            RequiredAction::Approval { approvals, .. } => {
                for approval in approvals {
                    if self.calls.contains_key(&approval.tool_run_id) && self.asked.insert(approval.id) {
                        out.push(Part::request(approval));
                    }
                }
            }
            RequiredAction::Credentials { requests, .. } => {
                let id = requests.first().map(|request| request.id.to_string()).unwrap_or_default();
                let mut data = json!(action);
                data["open"] = json!(true);
                self.credentials = Some((id.clone(), data.clone()));
                out.push(Part::Credentials { id, data });
            }
            RequiredAction::Plan { plan_set_id, plans, expires_at } => {
                self.plans(*plan_set_id, json!({ "open": true, "plans": plans, "expiresAt": expires_at }), out);
            }
            RequiredAction::Alternatives { choices, .. } => {
                for choice in choices {
                    self.alternatives(choice.tool_run_id, json!({ "open": true, "choice": choice }), out);
                }
            }
        }
    }

    fn plans(&mut self, id: PlanSetId, change: Value, out: &mut Vec<Part>) {
        let data = self.plans.entry(id).or_insert_with(|| json!({ "planSetId": id, "open": false }));
        put(data, change);
        out.push(Part::Plans { id: id.to_string(), data: data.clone() });
    }

    fn alternatives(&mut self, id: ToolRunId, change: Value, out: &mut Vec<Part>) {
        let data = self.alternatives.entry(id).or_insert_with(|| json!({}));
        put(data, change);
        out.push(Part::Alternatives { id: id.to_string(), data: data.clone() });
    }
}

fn put(into: &mut Value, change: Value) {
    if let (Value::Object(into), Value::Object(change)) = (into, change) {
        into.extend(change);
    }
}

/// The SDK's word for why a model stopped.
fn finish(reason: Option<FinishReason>) -> &'static str {
    match reason {
        Some(FinishReason::Stop) | None => "stop",
        Some(FinishReason::Length) => "length",
        Some(FinishReason::ToolCalls) => "tool-calls",
        Some(FinishReason::ContentFilter | FinishReason::Refusal) => "content-filter",
        Some(FinishReason::Error) => "error",
        Some(FinishReason::Other) => "other",
    }
}
