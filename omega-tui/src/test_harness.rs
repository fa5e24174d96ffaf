//! A screen for tests: input in, cells out, and a server that says what the test wants.

use crate::{
    app::{App, Effect, Input},
    messages::{Command, Update},
    screen,
    theme::{Depth, Mode, Theme},
};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use omega_core::{
    api::{AlternativeChoice, ApprovalReason, FinishReason, PackageFacts, Part, Timestamp, Whoami},
    id::{ConversationId, MessageId, RunId, UserId},
    type_ahead::{QUIET_MILLIS, WRITING_MILLIS},
};
use ratatui::{Terminal, backend::TestBackend, style::Color};

mod samples;
mod server;

pub use samples::{another_tool, full, grant, models, rule, stored, tool_row, used_before};

/// Who is here, and who may be: the same in each run, since people's colours come from their ids.
const ADA: &str = "01990000-0000-7000-8000-00000000000a";
const GRACE: &str = "01990000-0000-7000-8000-00000000000b";

pub struct TestHarness {
    pub app: App,
    pub effects: Vec<Effect>,
    pub terminal: Terminal<TestBackend>,
    pub conversation: ConversationId,
    pub now: i64,
    pub is_owner: bool,
    /// Whether the person looks at a question before the next key.
    pub is_patient: bool,
    pub reason: ApprovalReason,
    /// A package that is asked about.
    pub package: Option<PackageFacts>,
    pub offers: Vec<AlternativeChoice>,
    user: UserId,
    seq: u64,
    run: Option<RunId>,
    answering: Option<MessageId>,
    parts: Vec<Part>,
    /// What the next message is a newer version of.
    pub replaces: Option<MessageId>,
    /// How the next answer ends.
    pub finish_reason: Option<FinishReason>,
}

impl TestHarness {
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
            // The same each time: pictures of the screen show it.
            conversation: "5b0f3c1e-0000-4000-8000-000000000001".parse().unwrap(),
            now: 1_000,
            is_owner: true,
            is_patient: true,
            reason: ApprovalReason::SafeMode,
            package: None,
            offers: Vec::new(),
            user: ADA.parse().unwrap(),
            seq: 0,
            run: None,
            answering: None,
            parts: Vec::new(),
            replaces: None,
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
            if self.is_patient && self.app.holds_a_letter() {
                // Who answers presses one key and waits.
                self.waits(500);
            }
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
            // What this machine keeps, or asks about, by itself.
            Effect::Command(
                Command::Remember(..)
                | Command::KeepDraft(..)
                | Command::KeepMessage(_)
                | Command::LookAtTool(_)
                | Command::LookAgain(_)
                | Command::ListPast,
            ) => None,
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

    /// The person here is the owner, whose messages they are.
    pub fn is_the_owner(&mut self) -> &mut Self {
        let (display_name, gravatar_hash, via) = (String::from("Ada"), String::new(), String::from("session"));
        let user_id = self.user;
        self.news(Update::Me(Box::new(Whoami { user_id, display_name, gravatar_hash, via, is_admin: false })))
    }

    /// The person here is a guest, whose message it is or not.
    pub fn as_guest(&mut self, is_asker: bool) -> &mut Self {
        self.is_owner = false;
        let user_id = if is_asker { self.user } else { GRACE.parse().unwrap() };
        let (display_name, gravatar_hash, via) = (String::from("Grace"), String::new(), String::from("session"));
        self.news(Update::Me(Box::new(Whoami { user_id, display_name, gravatar_hash, via, is_admin: false })))
    }
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
        "f3" => KeyCode::F(3),
        "delete" => KeyCode::Delete,
        "right" => KeyCode::Right,
        "s-tab" => KeyCode::BackTab,
        other if other.chars().count() == 1 => KeyCode::Char(other.chars().next().unwrap()),
        other => panic!("no key is called {other}"),
    };
    KeyEvent::new(code, modifiers)
}
