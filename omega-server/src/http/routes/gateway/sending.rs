//! A message of a foreign client on its way to a run: into a conversation that there is, or into a new one that begins with
//! what was said before.

use super::super::conversations;
use crate::http::{
    reply::{ApiError, ApiResult},
    state::App,
};
use omega_core::{
    api::{
        Accepted, AlternativesMode, Author, CreateConversation, FinishReason, Message, MessageStatus, Part, Role, Run,
        RunStatus, SendMessage, Timestamp, Usage,
    },
    event::{Envelope, Event, VERSION},
    export::FORMAT,
    id::{ConversationId, MessageId, RunId},
    import,
    sanitize::one_line,
};
use omega_engine::{
    domain::{
        audit_fact::{AuditAction, Fact},
        boxed,
        caller::Caller,
    },
    engine::{accept::AcceptedMessage, capacity::Seat},
    process::offload,
    store::{
        IdempotencyKey, Replay, Section, StoreError,
        access::{self, Access, Within},
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Characters of a conversation's title that is made of its first words: no model is asked for one.
const TITLE: usize = 60;

/// What was said before: a message and its answer, if it had one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Earlier {
    pub user: String,
    pub assistant: Option<String>,
}

/// Where a message goes.
pub enum Place {
    /// Into this conversation.
    Known(Access),
    /// Into a new one, which begins with this.
    New(Vec<Earlier>),
}

/// A message, and how it is to be answered.
pub struct Sending {
    pub place: Place,
    pub message: String,
    /// What the client's system messages say.
    pub instructions: Option<String>,
    /// `provider/model`; otherwise the conversation's.
    pub model: Option<String>,
    pub answer_schema: Option<Value>,
    pub key: Option<IdempotencyKey>,
}

/// A run that was begun.
pub struct Begun {
    pub run: Within<RunId>,
    pub accepted: Accepted,
    pub seat: Seat,
    /// As it was when it began.
    pub state: Run,
    /// The page of the conversation, as a path.
    pub page: String,
    /// Whether it was begun before, by the same request.
    pub is_replay: bool,
}

/// Sends a message. Whoever sends it is a program: nobody is there to be asked about dangerous calls, or which tool to take.
#[boxed]
pub async fn begin(app: &App, caller: &Caller, sending: Sending) -> ApiResult<Begun> {
    let (accepted, seat, is_replay) = match taken_before(app, sending.key.as_ref()).await? {
        Some(accepted) => (accepted, app.engine.seat()?, true),
        None => {
            let access = match sending.place {
                Place::Known(access) => access,
                Place::New(earlier) => {
                    create(app, caller, &earlier, &sending.message, sending.model.as_deref()).await?
                }
            };
            let message = SendMessage {
                message: sending.message,
                model: sending.model,
                alternatives: Some(AlternativesMode::Auto),
                autonomous: true,
                answer_schema: sending.answer_schema,
                ..SendMessage::default()
            };
            let (instructions, env) = (sending.instructions.as_deref(), BTreeMap::new());
            let taken = app.engine.accept_with(&access, message, instructions, &env, sending.key).await?;
            let AcceptedMessage { accepted, seat, is_replay } = taken;
            (accepted, seat, is_replay)
        }
    };
    // By the run: the same request at the same time may have begun it in another conversation.
    let run = access::within(&app.store, caller, accepted.run_id).await?;
    let (state, page) = (app.store.run(&run).await?, page(app, run.access()).await?);
    Ok(Begun { run, accepted, seat, state, page, is_replay })
}

/// The page of a conversation, as a path.
pub async fn page(app: &App, access: &Access) -> ApiResult<String> {
    Ok(app.store.detail(access, Section::Newest, 1, 0).await?.conversation.url)
}

async fn taken_before(app: &App, key: Option<&IdempotencyKey>) -> ApiResult<Option<Accepted>> {
    let Some(key) = key else { return Ok(None) };
    match app.store.replay(key).await? {
        Replay::New => Ok(None),
        Replay::Mismatch => Err(StoreError::KeyReused.into()),
        Replay::InProgress => Err(StoreError::InProgress.into()),
        Replay::Same(receipt) => serde_json::from_str(&receipt.body).map(Some).map_err(ApiError::internal),
    }
}

#[boxed]
async fn create(
    app: &App,
    caller: &Caller,
    earlier: &[Earlier],
    message: &str,
    model: Option<&str>,
) -> ApiResult<Access> {
    let first = earlier.first().map_or(message, |exchange| exchange.user.as_str());
    let title = Some(one_line(first, TITLE)).filter(|title| !title.trim().is_empty());
    let wanted = CreateConversation { title, model: model.map(str::to_owned), ..<_>::default() };
    let id = if earlier.is_empty() {
        conversations::make(app, caller, wanted).await?.id
    } else {
        let model = conversations::model_of(app, caller, wanted.model).await?;
        import_earlier(app, caller, earlier, wanted.title, model).await?
    };
    Ok(access::open(&app.store, caller, id).await?.0)
}

/// What was said before comes in as a document does: cleaned, as a conversation that could have happened here.
async fn import_earlier(
    app: &App,
    caller: &Caller,
    earlier: &[Earlier],
    title: Option<String>,
    model: String,
) -> ApiResult<ConversationId> {
    let id = ConversationId::new();
    let events = History::of(id, &caller.author(), &model).told(earlier);
    let at = app.store.now();
    let document =
        json!({ "format": FORMAT, "id": id, "title": title, "model": model, "createdAt": at, "events": events });
    let document = document.to_string().into_bytes();
    let redactor = app.engine.redactor(caller.user, None).await?;
    let length = document.len();
    let read = offload::run(length, move || import::read(&document, id, &|value| redactor.redact_value(value))).await;
    let read = read.map_err(|wrong| ApiError::invalid("messages", &format!("{}: {}", wrong.place, wrong.reason)))?;
    // Its record comes first, as of everything that counts.
    app.store.audit(&[Fact::new(AuditAction::ConversationImported, "conversation").of(id, None)]).await?;
    app.store.import(id, &caller.author(), &read, None).await?;
    Ok(id)
}

/// The events of exchanges that happened elsewhere.
struct History<'h> {
    conversation: ConversationId,
    author: &'h Author,
    model: &'h str,
    at: Timestamp,
    events: Vec<Envelope>,
}

impl<'h> History<'h> {
    fn of(conversation: ConversationId, author: &'h Author, model: &'h str) -> Self {
        Self { conversation, author, model, at: Timestamp::now(), events: Vec::new() }
    }

    fn told(mut self, earlier: &[Earlier]) -> Vec<Envelope> {
        earlier.iter().for_each(|exchange| self.tell(exchange));
        self.events
    }

    fn tell(&mut self, exchange: &Earlier) {
        let run = RunId::new();
        let asked = self.message(run, Role::User, &exchange.user);
        let question = asked.id;
        self.push(run, Event::MessageCreated { message: asked });
        self.push(run, Event::RunQueued { run: self.run(run, question), position: 0 });
        let prompt_version = String::from("elsewhere");
        self.push(run, Event::RunStarted { attempt: 1, model: self.model.to_owned(), prompt_version });
        if let Some(answer) = &exchange.assistant {
            let mut message = self.message(run, Role::Assistant, answer);
            (message.step, message.author) = (Some(1), None);
            message.finish_reason = Some(FinishReason::Stop);
            self.push(run, Event::StepStarted { step_index: 1, message_id: message.id });
            message.seq = self.events.len() as u64;
            self.push(run, Event::MessageCompleted { message });
            let (usage, finish_reason) = (Usage::default(), Some(FinishReason::Stop));
            self.push(run, Event::StepCompleted { step_index: 1, usage, run_usage: None, finish_reason });
        }
        self.push(
            run,
            Event::RunCompleted {
                answer: exchange.assistant.clone().unwrap_or_default(),
                usage: Usage::default(),
                tool_calls: 0,
                steps: u32::from(exchange.assistant.is_some()),
                finish_reason: exchange.assistant.as_ref().map(|_| FinishReason::Stop),
            },
        );
    }

    fn push(&mut self, run: RunId, event: Event) {
        let seq = Some(self.events.len() as u64 + 1);
        let (conversation_id, at) = (self.conversation, self.at);
        self.events.push(Envelope { v: VERSION, seq, conversation_id, run_id: Some(run), at, event });
    }

    fn message(&self, run: RunId, role: Role, text: &str) -> Message {
        Message {
            id: MessageId::new(),
            seq: self.events.len() as u64 + 1,
            run_id: Some(run),
            step: None,
            role,
            status: MessageStatus::Complete,
            content: text.to_owned(),
            parts: vec![Part::Text { text: text.to_owned() }],
            author: Some(self.author.clone()),
            finish_reason: None,
            replaces: None,
            created_at: self.at,
        }
    }

    fn run(&self, id: RunId, message_id: MessageId) -> Run {
        Run {
            id,
            conversation_id: self.conversation,
            message_id,
            status: RunStatus::Queued,
            model: self.model.to_owned(),
            paid_by: None,
            prompt_version: String::new(),
            steps: 0,
            tool_calls: 0,
            usage: Usage::default(),
            requires_action: None,
            plan: None,
            answers: Vec::new(),
            error: None,
            finish_reason: None,
            feedback: Vec::new(),
            created_at: self.at,
            started_at: None,
            finished_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::id::UserId;

    #[test]
    fn what_was_said_elsewhere_reads_as_a_conversation_that_happened_here() {
        let author = Author { user_id: UserId::new(), display_name: "A".into(), gravatar_hash: String::new() };
        let earlier = [
            Earlier { user: "one".into(), assistant: Some("1".into()) },
            Earlier { user: "two".into(), assistant: None },
            Earlier { user: "three".into(), assistant: Some("3".into()) },
        ];
        let id = ConversationId::new();
        let events = History::of(id, &author, "omega/offline").told(&earlier);
        let document = json!({ "format": FORMAT, "id": id, "model": "omega/offline", "events": events }).to_string();
        let read = import::read(document.as_bytes(), id, &|_| {}).unwrap();
        let said: Vec<(Role, &str)> = read.view.messages.iter().map(|m| (m.role, m.content.as_str())).collect();
        let wanted = [
            (Role::User, "one"),
            (Role::Assistant, "1"),
            (Role::User, "two"),
            (Role::User, "three"),
            (Role::Assistant, "3"),
        ];
        assert_eq!(said, wanted);
        assert!(read.view.runs.iter().all(|run| run.status == RunStatus::Completed), "{:?}", read.view.runs);
    }
}
