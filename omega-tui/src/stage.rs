//! A screen for tests: input in, cells out, and a server that says what the test wants.

use crate::{
    app::{App, Effect, Input},
    port::{Command, Link, Update},
    screen,
    theme::{Depth, Mode, Theme},
};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use omega_core::{
    api::{
        Accepted, AlternativeChoice, Approval, ApprovalReason, Author, Conversation, ConversationDetail,
        CredentialRequest, CredentialScope, ExecutionState, FinishReason, Message, MessageStatus, MissingVar, Part,
        Participant, Plan, PlanStep, RequiredAction, Role, Run, RunStatus, StoredApproval, StoredCredential,
        StoredGrant, Timestamp, ToolRunStatus, Usage, Whoami,
    },
    edition::Edition,
    event::{Envelope, Event, VERSION},
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, ConversationId, CredentialRequestId, MessageId, PlanId, PlanSetId, RunId, ToolRunId, UserId},
    type_ahead::{QUIET_MILLIS, WRITING_MILLIS},
};
use ratatui::{Terminal, backend::TestBackend, style::Color};
use serde_json::{Value, json};

pub struct Stage {
    pub app: App,
    pub effects: Vec<Effect>,
    pub terminal: Terminal<TestBackend>,
    pub conversation: ConversationId,
    pub now: i64,
    pub is_owner: bool,
    /// Whether the person looks at a question before the next key.
    pub is_patient: bool,
    pub reason: ApprovalReason,
    pub offers: Vec<AlternativeChoice>,
    user: UserId,
    seq: u64,
    run: Option<RunId>,
    answering: Option<MessageId>,
    parts: Vec<Part>,
    /// How the next answer ends.
    pub finish_reason: Option<FinishReason>,
}

impl Stage {
    pub fn new(width: u16, height: u16) -> Self {
        Self::themed(width, height, Mode::Dark, Depth::True)
    }

    pub fn themed(width: u16, height: u16, mode: Mode, depth: Depth) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let app = App::new(Theme::new(mode, depth), None, None);
        let mut stage = Self {
            app,
            effects: Vec::new(),
            terminal,
            conversation: ConversationId::new(),
            now: 1_000,
            is_owner: true,
            is_patient: true,
            reason: ApprovalReason::SafeMode,
            offers: Vec::new(),
            user: UserId::new(),
            seq: 0,
            run: None,
            answering: None,
            parts: Vec::new(),
            finish_reason: None,
        };
        stage.draw();
        stage
    }

    pub fn draw(&mut self) {
        let app = &mut self.app;
        self.terminal.draw(|frame| screen::draw(app, frame)).unwrap();
        app.seen(Timestamp(self.now));
    }

    pub fn input(&mut self, input: Input) -> &mut Self {
        let effects = self.app.update(input, Timestamp(self.now));
        self.effects.extend(effects);
        self.draw();
        self
    }

    /// Time passes in which nobody presses a key.
    pub fn waits(&mut self, millis: i64) -> &mut Self {
        let end = self.now + millis;
        while self.now < end {
            self.now = end.min(self.now + 100);
            self.input(Input::Tick);
        }
        self
    }

    /// Long enough that a question takes the keyboard and hears.
    pub fn looks(&mut self) -> &mut Self {
        self.waits(WRITING_MILLIS).waits(QUIET_MILLIS)
    }

    /// Types text; keys stand in `<>`: `hello<enter><ctrl+o>`. At `<look>` the person stops and looks.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).filter(|(name, _)| name.len() > 1);
            let event = match named {
                Some(("look", after)) => {
                    rest = after;
                    self.looks();
                    continue;
                }
                Some((name, after)) => {
                    rest = after;
                    key(name)
                }
                None => {
                    rest = &rest[c.len_utf8()..];
                    KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
                }
            };
            self.input(Input::Terminal(TerminalEvent::Key(event)));
        }
        self
    }

    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.input(Input::Terminal(TerminalEvent::Paste(text.to_owned())))
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        self.input(Input::Terminal(TerminalEvent::Mouse(mouse)))
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.terminal.backend_mut().resize(width, height);
        self.input(Input::Terminal(TerminalEvent::Resize(width, height)))
    }

    pub fn news(&mut self, update: Update) -> &mut Self {
        self.input(Input::Network(update))
    }

    /// What keys asked of the network.
    pub fn commands(&self) -> Vec<Command> {
        let commands = self.effects.iter().filter_map(|effect| match effect {
            Effect::Command(Command::Remember(..)) => None,
            Effect::Command(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    /// The cells as text, without the spaces at the end of lines.
    pub fn text(&self) -> String {
        let buffer = self.terminal.backend().buffer();
        let mut lines = Vec::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut covered = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                line.push_str(symbol);
                covered = crate::wrap::width(symbol).saturating_sub(1);
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// The colours that are on the screen, each as foreground on ground.
    pub fn colors(&self) -> Vec<(Color, Color)> {
        let mut colors = Vec::new();
        for cell in &self.terminal.backend().buffer().content {
            if cell.symbol() != " " && !colors.contains(&(cell.fg, cell.bg)) {
                colors.push((cell.fg, cell.bg));
            }
        }
        colors
    }

    pub fn row_of(&self, text: &str) -> Option<usize> {
        self.text().lines().position(|line| line.contains(text))
    }

    /// The person here is a guest, whose message it is or not.
    pub fn as_guest(&mut self, is_asker: bool) -> &mut Self {
        self.is_owner = false;
        let user_id = if is_asker { self.user } else { UserId::new() };
        let (display_name, gravatar_hash, via) = (String::from("Grace"), String::new(), String::from("session"));
        self.news(Update::Me(Box::new(Whoami { user_id, display_name, gravatar_hash, via, is_admin: false })))
    }

    // What the server does.

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
            error: None,
            finish_reason: None,
            created_at: Timestamp(self.now),
            started_at: None,
            finished_at: None,
        };
        self.event(Event::RunQueued { run, position: 0 });
        if let Some(draft) = self.app.pending.first().map(|p| p.draft) {
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
            created_at: Timestamp(self.now),
        };
        self.event(Event::MessageCompleted { message })
    }

    /// A call waits for a yes.
    pub fn awaits_approval(&mut self, input: Value) -> ApprovalId {
        let id = ApprovalId::new();
        let approval = Approval {
            id,
            tool_run_id: ToolRunId::new(),
            tool_id: "mathjs::evaluate".parse().unwrap(),
            tool_name: String::from("mathjs_evaluate"),
            version: String::from("15.2.0"),
            reason: self.reason,
            input,
            credentials: Vec::new(),
            because: None,
            owner_only: false,
            integrity: None,
            own: false,
            args_digest: String::from("digest"),
        };
        self.awaits(RequiredAction::Approval { approvals: vec![approval], expires_at: Timestamp(0) });
        id
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
        let run = self.app.view.active_run().unwrap().clone();
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

pub fn stored(name: &str, last4: Option<&str>) -> StoredCredential {
    StoredCredential {
        name: name.to_owned(),
        scope: CredentialScope::Global,
        tool_id: None,
        version: None,
        kept_in: <_>::default(),
        because: None,
        last4: last4.map(str::to_owned),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        last_used_at: None,
    }
}

/// Tools that could do what one could not.
pub fn another_tool() -> AlternativeChoice {
    serde_json::from_value(json!({
        "toolRunId": "0198f0c1-0000-7000-8000-000000000003", "toolId": "@exalabs/ai-sdk::webSearch", "toolName": "webSearch",
        "reason": "missing_credentials", "detail": "It needs EXA_API_KEY, which nobody gave",
        "alternatives": [
            {"toolId": "free-search::find", "toolName": "find", "version": "1.0.0", "why": "Searches the web without a key",
             "requiredEnv": [], "youHave": []},
            {"toolId": "@parallel-web/ai-sdk-tools::search", "toolName": "search", "version": "2.1.0",
             "why": "Searches and reads pages", "requiredEnv": ["PARALLEL_API_KEY", "OTHER_KEY"], "youHave": ["OTHER_KEY"]},
        ],
    }))
    .unwrap()
}

pub fn rule() -> StoredApproval {
    serde_json::from_value(json!({
        "id": "0198f0c1-0000-7000-8000-000000000001", "toolId": "mathjs::evaluate", "reason": "safe_mode", "maxMajor": 15,
        "by": "0198f0c1-0000-7000-8000-000000000002", "createdAt": "2026-11-22T18:00:00Z",
    }))
    .unwrap()
}

/// A tool that may use one.
pub fn grant() -> StoredGrant {
    StoredGrant {
        name: String::from("EXA_API_KEY"),
        tool_id: "@exalabs/ai-sdk::webSearch".parse().unwrap(),
        publisher: String::from("exalabs"),
        max_major: Some(1),
        version: None,
        source: String::from("request"),
        granted_at: Timestamp(0),
    }
}

/// A conversation that shows everything that there is to show.
pub fn full(stage: &mut Stage) {
    stage.open();
    stage.event(Event::ConversationUpdated {
        title: Some(String::from("A determinant and a table")),
        model: None,
        safe_mode: None,
        guest_credentials: None,
        visibility: None,
        url: None,
    });
    stage.asked("What is the determinant of [[2, -1, 0], [1, 3, 4], [0, 5, -2]]?");
    stage.thinks("A determinant needs exact arithmetic, so a tool should do it.");
    let search = stage.calls("registrySearchTool", json!({"query": "matrix determinant", "limit": 5}));
    stage.gives(search, json!({"matchCount": 3}));
    stage.step();
    let bad = stage.calls("mathjs::determinant", json!({"x": 1}));
    stage.fails(bad, ToolErrorCode::ToolNotFound, "mathjs has no export `determinant`. Nearest: det, derivative");
    let det = stage.calls("mathjs::det", json!({"x": [[2, -1, 0], [1, 3, 4], [0, 5, -2]]}));
    stage.gives(det, json!(-54));
    stage.step();
    stage.says("The determinant is **-54**.\n\n| step | value |\n|:--|--:|\n| 2·(3·-2 - 4·5) | -52 |\n| ");
    stage.says("-(-1)·(1·-2 - 4·0) | -2 |\n\nChecked with `mathjs`:\n\n```js\ndet([[2, -1, 0], [1, 3, 4], [0, 5, -2]])\n```\n\n");
    stage.says("- exact\n- see [the docs](https://mathjs.org/docs)\n");
    stage.answered();
}

fn key(name: &str) -> KeyEvent {
    let (mut modifiers, mut name) = (KeyModifiers::NONE, name);
    for (prefix, modifier) in
        [("ctrl+", KeyModifiers::CONTROL), ("alt+", KeyModifiers::ALT), ("shift+", KeyModifiers::SHIFT)]
    {
        if let Some(rest) = name.strip_prefix(prefix) {
            (name, modifiers) = (rest, modifiers | modifier);
        }
    }
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "end" => KeyCode::End,
        "home" => KeyCode::Home,
        "backspace" => KeyCode::Backspace,
        "f1" => KeyCode::F(1),
        "f2" => KeyCode::F(2),
        other if other.chars().count() == 1 => KeyCode::Char(other.chars().next().unwrap()),
        other => panic!("no key is called {other}"),
    };
    KeyEvent::new(code, modifiers)
}
