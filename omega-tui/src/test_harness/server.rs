//! What the server does: events as they come, and whole turns of a conversation.

use super::{TestHarness, another_tool};
use crate::messages::{Link, Update};
use omega_core::{
    api::{
        Accepted, AlternativeChoice, Approval, Author, Conversation, ConversationDetail, CredentialRequest,
        ExecutionState, Feedback, Message, MessageStatus, MissingVar, Part, Participant, Plan, PlanStep, Rating,
        RequiredAction, Role, Run, RunStatus, Timestamp, ToolRunStatus, Usage,
    },
    edition::Edition,
    event::{Envelope, Event, VERSION},
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, CredentialRequestId, MessageId, PlanId, PlanSetId, RunId, ToolId, ToolRunId},
};
use serde_json::Value;

impl TestHarness {
    pub fn detail(&self) -> ConversationDetail {
        ConversationDetail {
            conversation: Conversation {
                id: self.conversation,
                title: None,
                model: String::from("offline/planner"),
                safe_mode: None,
                guest_credentials: <_>::default(),
                execution_state: ExecutionState::Idle,
                url: String::from("/omega/c/1"),
                visibility: <_>::default(),
                forked_from: None,
                created_at: Timestamp(0),
                updated_at: Timestamp(0),
            },
            is_owner: self.is_owner,
            participants: vec![Participant {
                user_id: self.user,
                role: String::from("owner"),
                display_name: String::from("Ada"),
                gravatar_hash: String::new(),
                blocked: false,
            }],
            messages: Vec::new(),
            tool_runs: Vec::new(),
            runs: Vec::new(),
            message_count: 0,
            tool_run_count: 0,
            usage: Usage::default(),
            last_seq: 0,
        }
    }

    pub fn open(&mut self) -> &mut Self {
        let conversation = Box::new(self.detail());
        self.news(Update::Opened(self.conversation));
        self.news(Update::Link(Link::Live));
        self.frame(Event::Snapshot { conversation })
    }

    pub fn frame(&mut self, event: Event) -> &mut Self {
        let envelope = self.envelope(None, event);
        self.news(Update::Event(Box::new(envelope)))
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.seq += 1;
        self.now += 100;
        let envelope = self.envelope(Some(self.seq), event);
        self.news(Update::Event(Box::new(envelope)))
    }

    fn envelope(&self, seq: Option<u64>, event: Event) -> Envelope {
        let (conversation_id, run_id, at) = (self.conversation, self.run, Timestamp(self.now));
        Envelope { v: VERSION, seq, conversation_id, run_id, at, event }
    }

    /// A message of the user arrives and waits for its turn.
    pub fn queued(&mut self, text: &str) -> RunId {
        let (message_id, run_id) = (MessageId::new(), RunId::new());
        let before = self.run.replace(run_id);
        let replaces = self.replaces.take();
        let message = Message {
            id: message_id,
            seq: self.seq + 1,
            run_id: Some(run_id),
            step: None,
            role: Role::User,
            status: MessageStatus::Complete,
            content: text.to_owned(),
            parts: vec![Part::Text { text: text.to_owned() }],
            author: Some(Author {
                user_id: self.user,
                display_name: String::from("Ada"),
                gravatar_hash: String::new(),
            }),
            finish_reason: None,
            replaces,
            created_at: Timestamp(self.now),
        };
        self.event(Event::MessageCreated { message });
        let run = Run {
            id: run_id,
            conversation_id: self.conversation,
            message_id,
            status: RunStatus::Queued,
            model: String::from("offline/planner"),
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
            created_at: Timestamp(self.now),
            started_at: None,
            finished_at: None,
        };
        self.event(Event::RunQueued { run, position: 0 });
        if let Some(draft) = self.app.here.pending.first().map(|p| p.draft) {
            let accepted = Accepted { run_id, message_id, seq: self.seq };
            self.news(Update::Accepted(draft, accepted));
        }
        if before.is_some() {
            self.run = before;
        }
        run_id
    }

    /// A run begins for a new message.
    pub fn asked(&mut self, text: &str) -> &mut Self {
        self.run = None;
        self.queued(text);
        self.event(Event::RunStarted {
            attempt: 1,
            model: String::from("offline/planner"),
            prompt_version: String::new(),
        });
        self.step()
    }

    pub fn step(&mut self) -> &mut Self {
        if self.answering.is_some() && !self.parts.is_empty() {
            self.completed();
        }
        let message_id = MessageId::new();
        self.answering = Some(message_id);
        self.parts.clear();
        self.event(Event::StepStarted { step_index: 1, message_id })
    }

    /// More text of the answer.
    pub fn says(&mut self, text: &str) -> &mut Self {
        let message_id = self.answering.unwrap();
        let offset = match self.parts.last_mut() {
            Some(Part::Text { text: so_far }) => {
                let offset = so_far.len();
                so_far.push_str(text);
                offset
            }
            _ => {
                self.parts.push(Part::Text { text: text.to_owned() });
                0
            }
        };
        let part = u32::try_from(self.parts.len() - 1).unwrap();
        self.frame(Event::MessageDelta { message_id, part, offset: offset as u64, content: text.to_owned() })
    }

    pub fn thinks(&mut self, text: &str) -> &mut Self {
        let message_id = self.answering.unwrap();
        let part = u32::try_from(self.parts.len()).unwrap();
        self.parts.push(Part::Reasoning { text: text.to_owned() });
        self.frame(Event::ReasoningDelta { message_id, part, offset: 0, content: text.to_owned() })
    }

    pub fn calls(&mut self, tool_id: &str, input: Value) -> ToolRunId {
        let tool_run_id = ToolRunId::new();
        let tool_call_id = tool_run_id.to_string();
        let tool_name = tool_id.replace("::", "_");
        self.parts.push(Part::ToolCall {
            tool_call_id: tool_call_id.clone(),
            tool_name: tool_name.clone(),
            arguments: input.to_string(),
        });
        self.event(Event::ToolProposed {
            tool_run_id,
            message_id: self.answering.unwrap(),
            tool_call_id: tool_call_id.clone(),
            tool_id: tool_id.to_owned(),
            tool_name: tool_name.clone(),
            version: String::from("1.2.3"),
            input: input.clone(),
        });
        self.event(Event::ToolStarted {
            tool_run_id,
            tool_call_id,
            tool_name,
            version: String::from("1.2.3"),
            input,
            credentials_used: Vec::new(),
        });
        tool_run_id
    }

    pub fn gives(&mut self, tool_run_id: ToolRunId, output: Value) -> &mut Self {
        let summary = output.to_string();
        self.ends(tool_run_id, ToolRunStatus::Succeeded, Some(output), summary, None)
    }

    pub fn fails(&mut self, tool_run_id: ToolRunId, code: ToolErrorCode, message: &str) -> &mut Self {
        let error = ToolError::new(code, message);
        self.ends(tool_run_id, ToolRunStatus::Failed, None, String::new(), Some(error))
    }

    /// A call gives more than an event holds.
    pub fn gives_away(&mut self, tool_run_id: ToolRunId, output_bytes: u64) -> &mut Self {
        self.event(Event::ToolCompleted {
            tool_run_id,
            tool_call_id: String::new(),
            tool_name: String::new(),
            version: String::from("1.2.3"),
            status: ToolRunStatus::Succeeded,
            output: None,
            output_summary: String::from("many lines"),
            output_bytes,
            truncated: false,
            duration_ms: 5,
            is_error: false,
            error: None,
        })
    }

    fn ends(
        &mut self,
        tool_run_id: ToolRunId,
        status: ToolRunStatus,
        output: Option<Value>,
        output_summary: String,
        error: Option<ToolError>,
    ) -> &mut Self {
        self.event(Event::ToolCompleted {
            tool_run_id,
            tool_call_id: tool_run_id.to_string(),
            tool_name: String::new(),
            version: String::from("1.2.3"),
            status,
            output_bytes: output.as_ref().map_or(0, |o| o.to_string().len() as u64),
            output,
            output_summary,
            truncated: false,
            duration_ms: 340,
            is_error: error.is_some(),
            error,
        })
    }

    fn completed(&mut self) -> &mut Self {
        let message_id = self.answering.unwrap();
        let seq = self.seq;
        let message = Message {
            id: message_id,
            seq,
            run_id: self.run,
            step: Some(1),
            role: Role::Assistant,
            status: MessageStatus::Complete,
            content: Message::text_of(&self.parts),
            parts: self.parts.clone(),
            author: None,
            finish_reason: self.finish_reason,
            replaces: None,
            created_at: Timestamp(self.now),
        };
        self.event(Event::MessageCompleted { message })
    }

    /// Does something as the server does it for another run.
    pub fn as_run(&mut self, run: RunId, doing: impl FnOnce(&mut Self)) {
        let before = self.run.replace(run);
        doing(self);
        self.run = before;
    }

    /// The run that works waits for an approval.
    pub fn pauses(&mut self, input: Value) {
        let approval = self.approval(ApprovalId::new(), input);
        let action = RequiredAction::Approval { approvals: vec![approval], expires_at: Timestamp(0) };
        self.event(Event::RunRequiresAction { action });
    }

    /// Several calls of tools wait for approval.
    pub fn awaits_approvals(&mut self, tools: &[&str]) -> Vec<ApprovalId> {
        let ids: Vec<ApprovalId> = tools.iter().map(|_| ApprovalId::new()).collect();
        let approval = |(tool, id): (&&str, &ApprovalId)| {
            let input = serde_json::json!({"of": tool});
            Approval { tool_id: tool.parse().unwrap(), ..self.approval(*id, input) }
        };
        let approvals = tools.iter().zip(&ids).map(approval).collect();
        self.awaits(RequiredAction::Approval { approvals, expires_at: Timestamp(0) });
        ids
    }

    /// The first call that waits for approval was answered: the next one is asked about.
    pub fn asks_about_the_next(&mut self) -> &mut Self {
        let action = self.app.active_run().and_then(|run| run.requires_action.clone());
        let Some(RequiredAction::Approval { mut approvals, expires_at }) = action else { panic!("{action:?}") };
        approvals.remove(0);
        self.event(Event::RunRequiresAction { action: RequiredAction::Approval { approvals, expires_at } })
    }

    /// A call waits for approval.
    pub fn awaits_approval(&mut self, input: Value) -> ApprovalId {
        let id = ApprovalId::new();
        let approval = self.approval(id, input);
        self.awaits(RequiredAction::Approval { approvals: vec![approval], expires_at: Timestamp(0) });
        id
    }

    fn approval(&self, id: ApprovalId, input: Value) -> Approval {
        Approval {
            id,
            tool_run_id: ToolRunId::new(),
            tool_id: self.package.as_ref().map_or("mathjs::evaluate".parse().unwrap(), |it| ToolId::new(&it.name, "*")),
            tool_name: String::from("mathjs_evaluate"),
            version: String::from("15.2.0"),
            reason: self.reason,
            input,
            credentials: Vec::new(),
            because: None,
            owner_only: false,
            integrity: None,
            own: false,
            package: self.package.clone(),
            args_digest: String::from("digest"),
        }
    }

    /// A tool lacks two variables; one of them was refused.
    pub fn awaits_credentials(&mut self) -> &mut Self {
        let missing_vars = vec![
            MissingVar { name: "EXA_API_KEY".into(), description: "Key of exa.ai".into(), rejected: false },
            MissingVar { name: "OTHER_KEY".into(), description: String::new(), rejected: true },
        ];
        let request = CredentialRequest {
            id: CredentialRequestId::new(),
            tool_run_id: Some(ToolRunId::new()),
            tool_id: "@exalabs/ai-sdk::webSearch".parse().unwrap(),
            required_keys: missing_vars.clone(),
            missing_keys: missing_vars.clone(),
            edition: Edition::default(),
        };
        let (requests, hint, expires_at) = (vec![request], String::new(), Timestamp(0));
        let alternatives = self.offers.clone();
        self.awaits(RequiredAction::Credentials { missing_vars, requests, hint, alternatives, expires_at })
    }

    /// A tool failed, and others could do it.
    pub fn awaits_another_tool(&mut self) -> AlternativeChoice {
        let choice = another_tool();
        self.awaits(RequiredAction::Alternatives { choices: vec![choice.clone()], expires_at: Timestamp(0) });
        choice
    }

    /// Two plans wait to be chosen from.
    pub fn awaits_plan(&mut self) -> [PlanId; 2] {
        let ids = [PlanId::new(), PlanId::new()];
        let plan = |id, confidence, reasoning: &str, tools: &[&str]| Plan {
            id,
            confidence,
            reasoning: reasoning.to_owned(),
            steps: (1..)
                .zip(tools)
                .map(|(step_number, tool)| PlanStep {
                    step_number,
                    tool_name: (*tool).to_owned(),
                    purpose: format!("the part of {tool}"),
                    ..PlanStep::default()
                })
                .collect(),
            missing_vars: Vec::new(),
            pins: Vec::new(),
        };
        let plans = vec![
            plan(ids[0], 0.9, "It is arithmetic, and mathjs is exact", &["mathjs::evaluate"]),
            plan(ids[1], 0.4, "Something else may fit better", &["registrySearchTool", "mathjs::det"]),
        ];
        self.awaits(RequiredAction::Plan { plan_set_id: PlanSetId::new(), plans, expires_at: Timestamp(0) });
        ids
    }

    /// One of the plans is chosen, and the run goes on with it.
    pub fn follows(&mut self, plan_id: PlanId) -> &mut Self {
        let run = self.app.here.view.active_run().unwrap().clone();
        let Some(RequiredAction::Plan { plans, plan_set_id, .. }) = run.requires_action.clone() else { panic!() };
        let plan = plans.into_iter().find(|plan| plan.id == plan_id);
        self.event(Event::PlanSelected { plan_set_id, plan_id: Some(plan_id), plan, by: self.user });
        let run = Run { status: RunStatus::Queued, requires_action: None, ..run };
        self.event(Event::RunQueued { run, position: 0 });
        self.event(Event::RunResumed { attempt: 2 })
    }

    fn awaits(&mut self, action: RequiredAction) -> &mut Self {
        self.open();
        self.asked("Do something with a tool");
        self.event(Event::RunRequiresAction { action });
        if self.is_patient { self.looks() } else { self }
    }

    /// The person says what they think of the run's answer.
    pub fn judged(&mut self, rating: Rating, felt_real: Option<bool>, comment: Option<&str>) -> &mut Self {
        let author = Author { user_id: self.user, display_name: String::from("Ada"), gravatar_hash: String::new() };
        let (run_id, comment, at) = (self.run.unwrap(), comment.map(str::to_owned), Timestamp(self.now));
        self.event(Event::FeedbackGiven { feedback: Feedback { run_id, author, rating, felt_real, comment, at } })
    }

    pub fn answered(&mut self) -> &mut Self {
        self.completed();
        self.parts.clear();
        let usage = Usage { input_tokens: 1200, output_tokens: 34, ..Usage::default() };
        self.event(Event::RunCompleted {
            answer: String::new(),
            usage,
            tool_calls: 2,
            steps: 1,
            finish_reason: self.finish_reason,
        })
    }
}
