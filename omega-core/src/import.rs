//! Reading the lossless document back ([`crate::export`]), from whoever wrote it.
//!
//! The promise: what comes out is a conversation that could have happened here, or nothing. Its events are the truth: they
//! are renumbered to nobody, folded as any client folds them, and messages, runs and tool runs are what the fold says. All
//! ids are new. A document gives no rights: its people are names to show, its approvals, plans and credentials are history,
//! and a run that it left open has ended.

use crate::{
    api::{Author, Conversation, ExecutionState, Message, Role, Timestamp, ToolRun, ToolRunStatus},
    budget::{self, FEEDBACK, Shape},
    event::{Envelope, Event, VERSION},
    executor::{ToolError, ToolErrorCode},
    export::FORMAT,
    id::{ConversationId, ToolRunId, UserId},
    sanitize::one_line,
    view::{Applied, View},
};
use reader::Document;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

mod consistency;
mod reader;

/// Levels that a document has around a tool's output.
const AROUND: usize = 16;
/// Values that a document of any length may have.
const ANY_VALUES: usize = 1_000_000;
/// Calls, steps or questions that one event may have.
const MOST_PARTS: usize = 1_000;
/// Calls that one run may have.
const MOST_CALLS: u32 = 10_000;
/// Words about one answer.
const MOST_FEEDBACK: u32 = 1_000;
const TITLE: usize = 200;
const NAME: usize = 64;

/// Members that hold an id of ours, wherever they stand.
const IDS: [&str; 12] = [
    "id",
    "conversationId",
    "runId",
    "messageId",
    "replaces",
    "toolRunId",
    "planId",
    "planSetId",
    "approvalId",
    "requestId",
    "userId",
    "by",
];
/// Members whose values are foreign: an id in there is somebody else's.
const FOREIGN: [&str; 7] = ["input", "output", "chunk", "details", "arguments", "content", "text"];

/// A document that is none, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ImportError {
    /// The member of the document.
    pub place: String,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

fn wrong<T>(place: impl Into<String>, reason: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError { place: place.into(), reason: reason.into() })
}

/// A conversation, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// What it looks like at its end; outputs are whole where the document has them.
    pub view: View,
    /// Everything that happened, numbered from 1.
    pub events: Vec<Envelope>,
    /// The event that asked for each call.
    pub proposed: BTreeMap<ToolRunId, u64>,
    pub created_at: Timestamp,
}

/// Reads a document as a new conversation. `clean` takes out of each value what must not come in.
///
/// It is read where it lies: beside what comes out, no more of it is in memory than one event at a time.
///
/// # Errors
/// [`ImportError`], with the place in the document.
pub fn read(document: &[u8], id: ConversationId, clean: &dyn Fn(&mut Value)) -> Result<Import, ImportError> {
    with_ids(document, id, Ids::default(), clean)
}

/// The same for a document that the server made itself: whoever gets the copy stays who they are in it.
///
/// # Errors
/// As [`read`].
pub fn read_copy(
    document: &[u8],
    id: ConversationId,
    owner: UserId,
    clean: &dyn Fn(&mut Value),
) -> Result<Import, ImportError> {
    let owner = owner.to_string();
    with_ids(document, id, Ids { new: HashMap::from([(owner.clone(), owner)]) }, clean)
}

fn with_ids(
    document: &[u8],
    id: ConversationId,
    mut ids: Ids,
    clean: &dyn Fn(&mut Value),
) -> Result<Import, ImportError> {
    affordable(document)?;
    let mut document = Document::of(document)?;
    document.clean(clean);
    match document.format.as_ref().and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(other) => {
            let other = one_line(other, 60);
            return wrong("format", format!("`{other}` can't be read here; export it again as `{FORMAT}`"));
        }
        None => return wrong("format", format!("it is missing; this reads documents of the format `{FORMAT}`")),
    }
    if let Some(old) = document.id.as_ref().and_then(Value::as_str) {
        ids.new.insert(old.to_owned(), id.to_string());
    }
    let mut events = events(&document, &mut ids, id, clean)?;
    let created_at = member(document.created_at.as_ref(), "createdAt")?
        .unwrap_or_else(|| events.first().map_or(Timestamp(0), |e| e.at));
    let mut view = View::begun(Some(conversation(&document, id, created_at)?), 0);
    for (index, envelope) in events.iter().enumerate() {
        if view.apply(envelope) == Applied::Gap {
            return wrong(format!("events.{index}"), "it does not follow from the events before it");
        }
    }
    for ending in endings(&view, id) {
        view.apply(&ending);
        events.push(ending);
    }
    // What the fold put in on the way is the document's to say at the end.
    let proposed = proposals(&events);
    whole_outputs(&document, &ids, &mut view, clean)?;
    known_messages(&document, &ids, &view)?;
    consistency::check(&view, &events, &proposed)?;
    if let Some(now) = &mut view.conversation {
        let end = conversation(&document, id, created_at)?;
        (now.title, now.model, now.safe_mode) = (end.title, end.model, end.safe_mode);
    }
    Ok(Import { view, events, proposed, created_at })
}

impl Document<'_> {
    fn clean(&mut self, clean: &dyn Fn(&mut Value)) {
        let members = [&mut self.format, &mut self.id, &mut self.title, &mut self.model, &mut self.created_at];
        members.into_iter().flatten().for_each(clean);
    }
}

/// Whether a document's shape lets it be read at a bounded price.
fn affordable(document: &[u8]) -> Result<(), ImportError> {
    let shape = Shape::of(document);
    let deepest = budget::DEPTH.most + AROUND;
    if shape.depth > deepest {
        return wrong("document", format!("it is nested deeper than {deepest} levels"));
    }
    let most = (budget::IMPORT_VALUES.most * document.len().div_ceil(1 << 20)).max(ANY_VALUES);
    if shape.values > most {
        return wrong("document", format!("it has {} values; of its length at most {most} can be read", shape.values));
    }
    Ok(())
}

fn member<T: serde::de::DeserializeOwned>(value: Option<&Value>, name: &str) -> Result<Option<T>, ImportError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|error| ImportError { place: name.to_owned(), reason: error.to_string() }),
    }
}

fn conversation(document: &Document<'_>, id: ConversationId, at: Timestamp) -> Result<Conversation, ImportError> {
    let title: Option<String> = member(document.title.as_ref(), "title")?;
    if title.as_ref().is_some_and(|title| title.chars().count() > TITLE) {
        return wrong("title", format!("it has more than {TITLE} characters"));
    }
    let model: String = member(document.model.as_ref(), "model")?.unwrap_or_default();
    if model.is_empty() || model.len() > TITLE {
        return wrong("model", "it is missing or too long; it looks like `provider/model`");
    }
    let text = serde_json::json!({
        "id": id, "title": title, "model": model, "safeMode": member::<bool>(document.safe_mode.as_ref(), "safeMode")?,
        "executionState": ExecutionState::Idle, "url": "", "createdAt": at, "updatedAt": at,
    });
    serde_json::from_value(text).map_err(|error| ImportError { place: "document".into(), reason: error.to_string() })
}

/// New ids for old ones, the same for the same.
#[derive(Default)]
struct Ids {
    new: HashMap<String, String>,
}

impl Ids {
    fn renew(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    if FOREIGN.contains(&name.as_str()) {
                        continue;
                    }
                    match member {
                        Value::String(old) if IDS.contains(&name.as_str()) && uuid::Uuid::try_parse(old).is_ok() => {
                            let new = self.new.entry(old.clone()).or_insert_with(|| uuid::Uuid::now_v7().to_string());
                            old.clone_from(new);
                        }
                        other => self.renew(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.renew(item)),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }
}

fn events(
    document: &Document<'_>,
    ids: &mut Ids,
    id: ConversationId,
    clean: &dyn Fn(&mut Value),
) -> Result<Vec<Envelope>, ImportError> {
    let Some(given) = reader::items(document.events, "events")? else {
        return wrong("events", "the list is missing; export the conversation as JSON, not as Markdown");
    };
    let (mut events, mut calls) = (Vec::with_capacity(given.len()), HashMap::<_, u32>::new());
    let mut said = HashMap::<_, u32>::new();
    for (index, text) in given.into_iter().enumerate() {
        let place = || format!("events.{index}");
        let mut value: Value = reader::item(text, "events", index)?;
        clean(&mut value);
        ids.renew(&mut value);
        let mut envelope: Envelope =
            serde_json::from_value(value).map_err(|error| ImportError { place: place(), reason: error.to_string() })?;
        if envelope.v != VERSION || envelope.seq != Some(index as u64 + 1) {
            return wrong(place(), format!("its number must be {} and its version {VERSION}", index + 1));
        }
        if envelope.conversation_id != id {
            return wrong(place(), "it is of another conversation than the document");
        }
        if matches!(&envelope.event, Event::MessageCreated { message } if Some(message.seq) != envelope.seq) {
            return wrong(place(), "its message has another number than the event that made it");
        }
        few_parts(&envelope.event, &place())?;
        if matches!(envelope.event, Event::ToolProposed { .. }) {
            let calls = calls.entry(envelope.run_id).or_default();
            *calls += 1;
            if *calls > MOST_CALLS {
                return wrong(place(), format!("its run has more than {MOST_CALLS} calls"));
            }
        }
        if let Event::FeedbackGiven { feedback } = &envelope.event {
            if envelope.run_id != Some(feedback.run_id) {
                return wrong(place(), "it is of another run than what it says");
            }
            let said = said.entry(feedback.run_id).or_default();
            *said += 1;
            if *said > MOST_FEEDBACK {
                return wrong(place(), format!("its answer has more than {MOST_FEEDBACK} words of feedback"));
            }
            FEEDBACK
                .check(feedback.comment.as_ref().map_or(0, String::len))
                .or_else(|over| wrong(place(), over.to_string()))?;
        }
        envelope.event = of_a_stranger(envelope.event, &place())?;
        events.push(envelope);
    }
    Ok(events)
}

/// Lists within an event are gone through again with each event about one of their parts.
fn few_parts(event: &Event, place: &str) -> Result<(), ImportError> {
    let parts = match event {
        Event::RunRequiresAction { action } => action.tool_runs().len(),
        Event::PlanProposed { plans, .. } => plans.iter().map(|plan| plan.steps.len()).sum(),
        Event::PlanSelected { plan, .. } => plan.as_ref().map_or(0, |plan| plan.steps.len()),
        Event::RunQueued { run, .. } => run.plan.as_ref().map_or(0, |plan| plan.steps.len()),
        _ => 0,
    };
    if parts <= MOST_PARTS {
        Ok(())
    } else {
        wrong(place, format!("it has {parts} parts; at most {MOST_PARTS} are read"))
    }
}

/// An event as somebody else's: people are names.
fn of_a_stranger(event: Event, place: &str) -> Result<Event, ImportError> {
    let is_live = matches!(
        event,
        Event::MessageDelta { .. }
            | Event::ReasoningDelta { .. }
            | Event::ToolDelta { .. }
            | Event::Snapshot { .. }
            | Event::Resync { .. }
            | Event::Draining {}
            | Event::Unknown
    );
    if is_live {
        return wrong(place, format!("`{}` is no event that is kept; a newer version may know it", event.kind()));
    }
    match event {
        // Who takes part here is decided here.
        Event::ParticipantJoined { display_name, .. } => {
            let message = format!("{} took part", one_line(&display_name, NAME));
            Ok(Event::Notice { code: "IMPORTED_PARTICIPANT".into(), message })
        }
        Event::MessageCreated { message } if message.role == Role::User => {
            Ok(Event::MessageCreated { message: message_of_a_stranger(message) })
        }
        Event::MessageCompleted { message } if message.role == Role::Assistant => {
            Ok(Event::MessageCompleted { message: message_of_a_stranger(message) })
        }
        // What is said of an answer has an event of its own.
        Event::RunQueued { mut run, position } => {
            run.feedback.clear();
            Ok(Event::RunQueued { run, position })
        }
        Event::FeedbackGiven { mut feedback } => {
            as_a_name(&mut feedback.author);
            Ok(Event::FeedbackGiven { feedback })
        }
        Event::MessageCreated { .. } | Event::MessageCompleted { .. } => {
            wrong(place, "users' messages are created, the assistant's completed; this one is neither")
        }
        // Who may open it, and by which link, is said here.
        Event::ConversationUpdated { title, model, safe_mode, usage, .. } => {
            let (guest_credentials, visibility, url) = (None, None, None);
            Ok(Event::ConversationUpdated { title, model, safe_mode, guest_credentials, visibility, url, usage })
        }
        other => Ok(other),
    }
}

fn message_of_a_stranger(mut message: Message) -> Message {
    message.content = Message::text_of(&message.parts);
    message.author.iter_mut().for_each(as_a_name);
    message
}

fn as_a_name(author: &mut Author) {
    author.display_name = one_line(&author.display_name, NAME);
    author.gravatar_hash = String::new();
}

/// What is missing to the end of runs that were open: nobody here could go on with them.
fn endings(view: &View, id: ConversationId) -> Vec<Envelope> {
    let at = view.runs.iter().map(|run| run.created_at).max().unwrap_or(Timestamp(0));
    let mut endings = Vec::new();
    let mut calls: HashMap<_, Vec<&ToolRun>> = HashMap::new();
    for tool in view.tool_runs.iter().filter(|tool| !tool.status.is_terminal()) {
        calls.entry(tool.run_id).or_default().push(tool);
    }
    for run in view.runs.iter().filter(|run| !run.status.is_terminal()) {
        let open = calls.remove(&run.id).unwrap_or_default().into_iter();
        let calls = open.map(|tool| Event::ToolCompleted {
            tool_run_id: tool.id,
            tool_call_id: tool.tool_call_id.clone(),
            tool_name: tool.tool_name.clone(),
            version: tool.version.clone(),
            status: ToolRunStatus::Cancelled,
            output: None,
            output_summary: "it had not ended when the conversation was exported".into(),
            output_bytes: 0,
            truncated: false,
            duration_ms: 0,
            is_error: true,
            error: Some(ToolError::new(
                ToolErrorCode::Cancelled,
                "it had not ended when the conversation was exported",
            )),
        });
        let end = Event::RunCancelled { reason: "it had not ended when the conversation was exported".into() };
        for event in calls.chain([end]) {
            let seq = Some(view.last_seq + endings.len() as u64 + 1);
            endings.push(Envelope { v: VERSION, seq, conversation_id: id, run_id: Some(run.id), at, event });
        }
    }
    endings
}

fn proposals(events: &[Envelope]) -> BTreeMap<ToolRunId, u64> {
    let of = |envelope: &Envelope| match &envelope.event {
        Event::ToolProposed { tool_run_id, .. } => Some((*tool_run_id, envelope.seq?)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Outputs that are too large for events stand in the document's own list.
fn whole_outputs(
    document: &Document<'_>,
    ids: &Ids,
    view: &mut View,
    clean: &dyn Fn(&mut Value),
) -> Result<(), ImportError> {
    let places: HashMap<String, usize> =
        view.tool_runs.iter().enumerate().map(|(place, tool)| (tool.id.to_string(), place)).collect();
    for (index, text) in reader::items(document.tool_runs, "toolRuns")?.unwrap_or_default().into_iter().enumerate() {
        let given: reader::ToolRun = reader::item(text, "toolRuns", index)?;
        let new = given.id.and_then(|old| ids.new.get(&old));
        let Some(tool) = new.and_then(|new| view.tool_runs.get_mut(*places.get(new)?)) else {
            return wrong(format!("toolRuns.{index}"), "the events know no such tool run");
        };
        if tool.output.is_none() && tool.output_bytes > 0 {
            tool.output = given.output.filter(|output| !output.is_null());
            tool.output.iter_mut().for_each(clean);
        }
    }
    Ok(())
}

fn known_messages(document: &Document<'_>, ids: &Ids, view: &View) -> Result<(), ImportError> {
    let known: BTreeSet<String> = view.messages.iter().map(|message| message.id.to_string()).collect();
    for (index, text) in reader::items(document.messages, "messages")?.unwrap_or_default().into_iter().enumerate() {
        let given: reader::Message = reader::item(text, "messages", index)?;
        let new = given.id.and_then(|old| ids.new.get(&old));
        if !new.is_some_and(|new| known.contains(new)) {
            return wrong(format!("messages.{index}"), "the events know no such message");
        }
    }
    Ok(())
}
