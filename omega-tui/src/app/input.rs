//! Keys, pastes and the mouse.

use super::{
    App, Effect, Focus, Step,
    layers::{Copying, Find, Help, Leave, Palette, Past, RecentConversations, Viewer},
    question_focus::typed,
    slash, suggest,
};
use crate::{
    composer::Composer,
    keymap::{Action, Context},
    messages::{Command, Wish},
    transcript::{Opened, PieceKey, UnsentMessage},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use omega_core::{
    api::{Rating, RunStatus},
    id::RunId,
};

/// Lines that one notch of the wheel moves.
const NOTCH: isize = 3;

impl App {
    pub(super) fn on_terminal(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => return self.on_key(key),
            Event::Paste(text) => return self.on_paste(&text),
            Event::Mouse(mouse) => return self.on_mouse(mouse),
            Event::FocusGained => self.is_looked_at = true,
            Event::FocusLost => self.is_looked_at = false,
            Event::Key(_) | Event::Resize(..) => {}
        }
        Vec::new()
    }

    fn on_paste(&mut self, text: &str) -> Vec<Effect> {
        self.write_held();
        if self.is_typed_ahead() {
            self.pasted_ahead(text);
            return Vec::new();
        }
        if !self.layers.is_empty() {
            return self.on_top(|layer, app| layer.type_in(text, app)).unwrap_or_default();
        }
        if !self.type_answer(text) {
            self.focus = Focus::Composer;
            self.offers_focus = false;
            self.composer.paste(text);
        }
        Vec::new()
    }

    fn on_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.toast = None;
        self.transcript.unmark();
        if self.is_typed_ahead() {
            return self.typed_ahead(key);
        }
        self.on_heard_key(key)
    }

    pub(super) fn on_counted_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let action = self.keys.lookup(self.contexts(), key);
        if action == Some(Action::Help) && self.is_typed_help(key) {
            return self.type_char(key);
        }
        match action {
            Some(action) => self.act(action),
            None => self.type_char(key),
        }
    }

    /// `?` asks for help only where it can't be part of a message.
    fn is_typed_help(&self, key: KeyEvent) -> bool {
        let is_written = match (self.layers.top(), self.focus) {
            (Some(layer), _) => layer.is_written(),
            (None, Focus::Composer) => !self.composer.is_empty(),
            (None, Focus::Question) => self.question.as_ref().is_some_and(|it| it.step == Step::Input),
            (None, Focus::Transcript) => false,
        };
        key.code == KeyCode::Char('?') && is_written
    }

    fn type_char(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(typed) = typed(key).map(String::from) else {
            // What concerns the terminal and not the conversation works everywhere.
            return match self.keys.lookup(&[Context::Global], key) {
                Some(action @ (Action::Suspend | Action::Redraw | Action::FreeMouse)) => self.act_here(action),
                _ => Vec::new(),
            };
        };
        if !self.layers.is_empty() {
            return self.on_top(|layer, app| layer.type_in(&typed, app)).unwrap_or_default();
        }
        if self.type_answer(&typed) || self.focus == Focus::Question {
            return Vec::new();
        }
        self.focus_composer();
        self.offers_focus = false;
        self.composer.insert(&typed);
        Vec::new()
    }

    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        if !self.layers.is_empty() {
            return self.on_top(|layer, app| layer.handle(action, app)).unwrap_or_default();
        }
        if let Some(effects) = self.act_on_question(action) {
            return effects;
        }
        if let Some(effects) = self.act_on_suggestions(action) {
            return effects;
        }
        self.act_here(action)
    }

    /// Does what an action does in the conversation itself.
    pub(super) fn act_here(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Send => return self.send(),
            Action::Stop => return self.stop(),
            Action::Interrupt => return self.interrupt(),
            Action::Quit => return self.quit(),
            Action::FreeMouse => return self.free_mouse(),
            Action::Redraw => return vec![Effect::Clear],
            Action::Suspend => return vec![Effect::Suspend],
            Action::TakeBack => return self.take_back(),
            Action::Good => return self.judge(Rating::Good),
            Action::Bad => return self.judge(Rating::Bad),
            Action::SafeMode => return self.switch_safe_mode(),
            Action::TryNow => return self.try_now(),
            Action::Edit => return vec![Effect::Edit { text: self.composer.whole(), ending: "md" }],
            Action::Help => self.layers.push(Help::default()),
            Action::Palette => return Palette::open(self),
            Action::Past => return Past::open(self),
            Action::Recent => return RecentConversations::open(self),
            Action::Copy => return self.copy_selected(),
            Action::CopyWhat => Copying::open(self),
            Action::View => return Viewer::open_selected(self),
            Action::Search => Find::open(self, ""),
            Action::CancelCall => return self.cancel_selected(),
            Action::Resend => return self.write_anew(),
            Action::Fork => return self.fork(),
            Action::SidePanel => self.has_panel = !self.has_panel,
            Action::Open | Action::OpenLatest => return self.open(),
            Action::ToTop => return self.show_beginning(),
            Action::PageUp => return self.scroll(-self.transcript.page()),
            Action::PageDown => return self.scroll(self.transcript.page()),
            Action::LineUp => return self.scroll(-1),
            Action::LineDown => return self.scroll(1),
            _ => self.edit_or_move(action),
        }
        Vec::new()
    }

    fn edit_or_move(&mut self, action: Action) {
        if self.focus == Focus::Composer && edit(&mut self.composer, action) {
            return;
        }
        match action {
            Action::Complete if self.composer.unfold() => {}
            Action::Complete => self.focus_transcript(),
            Action::Answer => self.focus_question(),
            Action::SelectNext if !self.transcript.select_next() => self.focus_composer(),
            Action::SelectPrevious => self.transcript.select_previous(),
            Action::PreviousMessage => {
                self.transcript.select_message(false);
                self.focus = Focus::Transcript;
            }
            Action::NextMessage if !self.transcript.select_message(true) => self.focus_composer(),
            Action::NextMessage => self.focus = Focus::Transcript,
            Action::ToComposer => self.focus_composer(),
            Action::OpenAll => self.transcript.open_all(),
            Action::ToEnd => self.show_end(),
            _ => {}
        }
    }

    fn show_end(&mut self) {
        self.transcript.follow();
    }

    fn free_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        self.say(match self.mouse {
            true => "the wheel scrolls here, and dragging selects text",
            false => "the mouse is the terminal's",
        });
        vec![Effect::Mouse(self.mouse)]
    }

    /// Sends what is written; a command is done.
    fn send(&mut self) -> Vec<Effect> {
        if self.composer.text().trim().is_empty() {
            return Vec::new();
        }
        if let Some(command) = slash::parse(self.composer.text()) {
            let typed = self.composer.take();
            return self.command(command, &typed);
        }
        let text = self.composer.take();
        let pins = suggest::tools_named(&text);
        self.drafts += 1;
        self.here.pending.push(UnsentMessage { draft: self.drafts, text: text.clone(), message: None });
        self.show_end();
        self.stale = true;
        let (draft, model, safe_mode) = (self.drafts, self.here.chosen_model.clone(), self.here.chosen_safe_mode);
        let keep = Effect::Command(Command::KeepMessage(text.clone()));
        vec![Effect::Command(Command::Send { draft, text, model, pins, safe_mode }), keep]
    }

    /// Esc: the last waiting message comes back into an empty composer; then the run is stopped.
    fn stop(&mut self) -> Vec<Effect> {
        let waiting = self.waiting_runs().next_back().map(|run| (run.id, run.message_id));
        if let (Some((run, message)), true) = (waiting, self.composer.is_empty()) {
            if let Some(message) = self.here.view.messages.iter().find(|m| m.id == message) {
                let text = message.content.clone();
                self.composer.replace(&text);
            }
            return vec![Effect::Command(Command::Cancel(run))];
        }
        self.stop_run()
    }

    /// Ctrl+C: what is written goes first, then the run, then the program. What was written is found again.
    fn interrupt(&mut self) -> Vec<Effect> {
        if !self.composer.is_empty() {
            let text = self.composer.clear();
            let key = |action| self.keys.key(Context::Composer, action);
            self.say(format!("cleared: {} brings it back, and so does {}", key(Action::Undo), key(Action::Past)));
            return vec![Effect::Command(Command::KeepMessage(text))];
        }
        if self.active_run().is_some() && self.here.stopping.is_none() {
            return self.stop_run();
        }
        self.quit()
    }

    pub(super) fn stop_run(&mut self) -> Vec<Effect> {
        let Some(run) = self.active_run().map(|run| run.id) else { return Vec::new() };
        self.here.stopping = Some(run);
        vec![Effect::Command(Command::Cancel(run))]
    }

    /// Leaves; a text that is not sent is kept as a draft, and what is on its way is asked about.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        if self.here.pending.is_empty() && (self.keeps_drafts || self.composer.text().trim().is_empty()) {
            return vec![Effect::Quit];
        }
        self.layers.push(Leave);
        Vec::new()
    }

    /// Tries what waits to be tried again, without waiting: a connection that is lost, or else a model that did not answer.
    fn try_now(&mut self) -> Vec<Effect> {
        if self.is_lost() {
            self.here.again_at = None;
            return vec![Effect::Command(Command::TryNow)];
        }
        match self.active_run().map(|run| run.id).filter(|_| self.asked_again_at().is_some()) {
            Some(run) => {
                self.say("the model is asked now");
                vec![Effect::Command(Command::AskNow(run))]
            }
            None => {
                self.say("nothing waits to be tried again");
                Vec::new()
            }
        }
    }

    /// The run that what is selected belongs to.
    pub(super) fn selected_run(&self) -> Option<RunId> {
        let view = &self.here.view;
        match self.transcript.selected()? {
            PieceKey::User(id) | PieceKey::Text(id, _) | PieceKey::Reasoning(id, _) => {
                view.messages.iter().find(|message| message.id == id)?.run_id
            }
            PieceKey::Tool(id) => Some(view.tool_runs.iter().find(|call| call.id == id)?.run_id),
            _ => None,
        }
    }

    pub(super) fn switch_safe_mode(&mut self) -> Vec<Effect> {
        let on = self.safe_mode() != Some(true);
        if !self.here.is_owner {
            self.warn("the owner alone turns Safe Mode on or off");
            return Vec::new();
        }
        self.say(match on {
            true => "Safe Mode is on here: each call waits for approval",
            false => "Safe Mode is off here: calls run by themselves",
        });
        if self.here.id.is_none() {
            self.here.chosen_safe_mode = Some(on);
            return Vec::new();
        }
        vec![Effect::Command(Command::Do(None, Wish::SafeMode(on)))]
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.transcript.open_selected_or_last(&self.here.view) {
            Opened::Sample(text) => {
                self.composer.put_aside_for(text);
                self.focus_composer();
                Vec::new()
            }
            Opened::NeedsOutput(tool_run) => vec![Effect::Command(Command::LoadOutput(tool_run, 0))],
            Opened::Message => Viewer::open_selected(self),
            Opened::Done => Vec::new(),
        }
    }

    /// Copies what is selected, as it was written.
    fn copy_selected(&mut self) -> Vec<Effect> {
        let Some(key) = self.transcript.selected() else { return Vec::new() };
        match self.transcript.source(key, &self.here.view, &self.here.pending) {
            Some((text, what)) => vec![Effect::Copy { text, what }],
            None => {
                let reads = self.keys.key(Context::Global, Action::View);
                let copies = self.keys.key(Context::Viewer, Action::CopyWhat);
                self.warn(format!("that is not loaded yet; {reads} reads it, and {copies} copies it there"));
                Vec::new()
            }
        }
    }

    /// Stops the selected call; a selected message that waits is taken off the queue.
    fn cancel_selected(&mut self) -> Vec<Effect> {
        match self.transcript.selected() {
            Some(PieceKey::Tool(id)) => self.cancel_call(id),
            Some(PieceKey::User(message)) => {
                let run = self.here.view.runs.iter().find(|run| run.message_id == message);
                match run.filter(|run| run.status == RunStatus::Queued).map(|run| run.id) {
                    Some(run) => vec![Effect::Command(Command::Cancel(run))],
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn cancel_call(&mut self, id: omega_core::id::ToolRunId) -> Vec<Effect> {
        let works = self.here.view.tool_runs.iter().any(|call| call.id == id && !call.status.is_terminal());
        if !works {
            self.say("that call has ended");
            return Vec::new();
        }
        self.say("stopping the call; its run goes on");
        vec![Effect::Command(Command::CancelCall(id))]
    }

    /// Puts the selected message into the composer; one that waits is taken off the queue.
    fn write_anew(&mut self) -> Vec<Effect> {
        let Some(PieceKey::User(id)) = self.transcript.selected() else { return Vec::new() };
        let Some(message) = self.here.view.messages.iter().find(|message| message.id == id) else { return Vec::new() };
        let text = message.content.clone();
        let waits = self.here.view.runs.iter().find(|run| run.message_id == id && run.status == RunStatus::Queued);
        let run = waits.map(|run| run.id);
        self.composer.give_back(&text);
        self.focus_composer();
        run.map(|run| Effect::Command(Command::Cancel(run))).into_iter().collect()
    }

    fn focus_transcript(&mut self) {
        if self.transcript.select_last() {
            self.focus = Focus::Transcript;
        }
    }

    pub(super) fn focus_composer(&mut self) {
        self.focus = Focus::Composer;
        self.transcript.deselect();
    }

    fn on_mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        let (column, row) = (mouse.column, mouse.row);
        let by = match mouse.kind {
            MouseEventKind::ScrollUp => -NOTCH,
            MouseEventKind::ScrollDown => NOTCH,
            MouseEventKind::Down(MouseButton::Left) if self.layers.is_empty() => {
                self.transcript.press(column, row, self.now);
                return Vec::new();
            }
            MouseEventKind::Drag(MouseButton::Left) if self.layers.is_empty() => {
                self.transcript.drag(column, row);
                return Vec::new();
            }
            MouseEventKind::Up(MouseButton::Left) if self.layers.is_empty() => return self.release(column, row),
            _ => return Vec::new(),
        };
        if !self.layers.is_empty() {
            let action = if by < 0 { Action::SelectPrevious } else { Action::SelectNext };
            return self.on_top(|layer, app| layer.handle(action, app)).unwrap_or_default();
        }
        self.scroll(by)
    }

    /// The end of a click, which opens, or of a selection, which is copied.
    fn release(&mut self, column: u16, row: u16) -> Vec<Effect> {
        if let Some(text) = self.transcript.marked(&self.here.view, &self.here.pending) {
            return vec![Effect::Copy { text, what: String::from("the selection") }];
        }
        self.transcript.unmark();
        if !self.transcript.select_at(column, row) {
            return Vec::new();
        }
        self.focus = Focus::Transcript;
        match self.transcript.selected() {
            Some(PieceKey::User(_) | PieceKey::Text(..)) => Vec::new(),
            _ => self.open(),
        }
    }
}

/// Does what a key of an editor does; false when it means nothing there.
pub(super) fn edit(text: &mut Composer, action: Action) -> bool {
    match action {
        Action::NewLine => text.insert("\n"),
        Action::DeleteBack => text.delete_back(),
        Action::DeleteForward => text.delete_forward(),
        Action::DeleteWord => text.delete_word(),
        Action::DeleteToStart => text.delete_to_start(),
        Action::DeleteToEnd => text.delete_to_end(),
        Action::Left => text.left(),
        Action::Right => text.right(),
        Action::WordLeft => text.word_left(),
        Action::WordRight => text.word_right(),
        Action::LineStart => text.line_start(),
        Action::LineEnd => text.line_end(),
        Action::Up => text.up(),
        Action::Down => text.down(),
        Action::Yank => text.yank(),
        Action::Undo => drop(text.undo()),
        Action::Redo => drop(text.redo()),
        _ => return false,
    }
    true
}
