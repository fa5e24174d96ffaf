//! Keys, pastes and the mouse.

use super::{App, Effect, Focus, Overlay, Step, question_focus::typed, slash};
use crate::{
    composer::Composer,
    keymap::{Action, lookup},
    messages::Command,
    transcript::{Opened, UnsentMessage},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

/// Lines that one notch of the wheel moves.
const NOTCH: isize = 3;

impl App {
    pub(super) fn on_terminal(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.on_key(key),
            Event::Paste(text) => {
                if self.is_typed_ahead() {
                    self.pasted_ahead(&text);
                    return Vec::new();
                }
                if self.type_into_list(&text) {
                    return Vec::new();
                }
                if self.overlays.is_empty() && !self.type_answer(&text) {
                    self.focus = Focus::Composer;
                    self.offers_focus = false;
                    self.composer.insert(&text);
                }
                Vec::new()
            }
            Event::Mouse(mouse) => self.on_mouse(mouse),
            Event::Key(_) | Event::Resize(..) | Event::FocusGained | Event::FocusLost => Vec::new(),
        }
    }

    fn on_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.toast = None;
        if self.is_typed_ahead() {
            return self.typed_ahead(key);
        }
        self.on_counted_key(key)
    }

    pub(super) fn on_counted_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let action = lookup(self.contexts(), key);
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
        let is_written = match self.focus {
            _ if !self.overlays.is_empty() => self.list_overlay.as_ref().is_some_and(|list| list.line.is_some()),
            Focus::Composer => !self.composer.is_empty(),
            Focus::Question => self.question.as_ref().is_some_and(|question| question.step == Step::Input),
            Focus::Transcript => false,
        };
        key.code == KeyCode::Char('?') && is_written
    }

    fn type_char(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(typed) = typed(key).map(String::from) else { return Vec::new() };
        if self.type_into_list(&typed) || !self.overlays.is_empty() {
            return Vec::new();
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
        if !self.overlays.is_empty() {
            return self.act_on_overlay(action);
        }
        if let Some(effects) = self.act_on_question(action) {
            return effects;
        }
        match action {
            Action::Send => return self.send(),
            Action::Stop => return self.stop(),
            Action::Interrupt if self.active_run().is_some() => return self.stop_run(),
            Action::Interrupt | Action::Quit => return self.quit(),
            Action::FreeMouse => {
                self.mouse = !self.mouse;
                self.say(if self.mouse {
                    "the wheel scrolls here"
                } else {
                    "the mouse is the terminal's: select text"
                });
                return vec![Effect::Mouse(self.mouse)];
            }
            Action::Redraw => return vec![Effect::Clear],
            Action::TakeBack => return self.take_back(),
            Action::Help => self.overlays.push(Overlay::Help { scroll: 0 }),
            Action::Open | Action::OpenLatest => return self.open(),
            Action::PageUp | Action::LineUp | Action::ToTop if self.transcript.is_at_beginning() => {
                return self.load_older();
            }
            _ => self.edit_or_move(action),
        }
        Vec::new()
    }

    fn edit_or_move(&mut self, action: Action) {
        let page = self.transcript.page();
        if edit(&mut self.composer, action) {
            return;
        }
        match action {
            Action::Complete => self.complete(),
            Action::Answer => self.focus_question(),
            Action::Select => self.focus_transcript(),
            Action::SelectNext if !self.transcript.select_next() => self.focus_composer(),
            Action::SelectPrevious => self.transcript.select_previous(),
            Action::ToComposer => self.focus_composer(),
            Action::OpenAll => self.transcript.open_all(),
            Action::PageUp => self.transcript.scroll(-page),
            Action::PageDown => self.transcript.scroll(page),
            Action::LineUp => self.transcript.scroll(-1),
            Action::LineDown => self.transcript.scroll(1),
            Action::ToTop => self.transcript.show_top(),
            Action::ToEnd => self.transcript.follow(),
            _ => {}
        }
    }

    fn act_on_overlay(&mut self, action: Action) -> Vec<Effect> {
        if self.overlays.last() == Some(&Overlay::List) {
            if action == Action::Close {
                self.overlays.pop();
                self.close_list();
                return Vec::new();
            }
            return self.act_on_list(action);
        }
        let page = self.transcript.page().unsigned_abs();
        if let Some(Overlay::Help { scroll }) = self.overlays.last_mut() {
            // The drawing bounds it to what there is.
            match action {
                Action::LineUp => *scroll = scroll.saturating_sub(1),
                Action::LineDown => *scroll += 1,
                Action::PageUp => *scroll = scroll.saturating_sub(page),
                Action::PageDown => *scroll += page,
                _ => {}
            }
        }
        match action {
            Action::Close => {
                self.overlays.pop();
                Vec::new()
            }
            Action::Confirm => vec![Effect::Quit],
            _ => Vec::new(),
        }
    }

    fn send(&mut self) -> Vec<Effect> {
        if self.composer.text().trim().is_empty() {
            return Vec::new();
        }
        if let Some(command) = slash::parse(self.composer.text()) {
            return self.command(command);
        }
        let text = self.composer.take();
        self.drafts += 1;
        self.pending.push(UnsentMessage { draft: self.drafts, text: text.clone(), message: None });
        self.transcript.follow();
        self.stale = true;
        vec![Effect::Command(Command::Send { draft: self.drafts, text, model: self.chosen_model.clone() })]
    }

    /// Esc: the last waiting message comes back into an empty composer; then the run is stopped.
    fn stop(&mut self) -> Vec<Effect> {
        let waiting = self.waiting_runs().next_back().map(|run| (run.id, run.message_id));
        if let (Some((run, message)), true) = (waiting, self.composer.is_empty()) {
            if let Some(message) = self.view.messages.iter().find(|m| m.id == message) {
                let text = message.content.clone();
                self.composer.set(&text);
            }
            return vec![Effect::Command(Command::Cancel(run))];
        }
        self.stop_run()
    }

    pub(super) fn stop_run(&mut self) -> Vec<Effect> {
        let Some(run) = self.active_run().map(|run| run.id) else { return Vec::new() };
        self.stopping = Some(run);
        vec![Effect::Command(Command::Cancel(run))]
    }

    pub(super) fn quit(&mut self) -> Vec<Effect> {
        if self.composer.text().trim().is_empty() && self.pending.is_empty() {
            return vec![Effect::Quit];
        }
        self.overlays.push(Overlay::ConfirmQuit);
        Vec::new()
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.transcript.open_selected_or_last(&self.view) {
            Opened::Sample(text) => {
                self.composer.set(text);
                self.focus_composer();
                Vec::new()
            }
            Opened::NeedsOutput(tool_run) => vec![Effect::Command(Command::LoadOutput(tool_run))],
            Opened::Done => Vec::new(),
        }
    }

    fn complete(&mut self) {
        match slash::complete(self.composer.text()) {
            Some(completed) => self.composer.set(&completed),
            None => self.focus_transcript(),
        }
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
        let by = match mouse.kind {
            MouseEventKind::ScrollUp => -NOTCH,
            MouseEventKind::ScrollDown => NOTCH,
            MouseEventKind::Down(MouseButton::Left) if self.overlays.is_empty() => {
                if !self.transcript.select_at(mouse.column, mouse.row) {
                    return Vec::new();
                }
                self.focus = Focus::Transcript;
                return self.open();
            }
            _ => return Vec::new(),
        };
        match self.overlays.last_mut() {
            Some(Overlay::Help { scroll }) => *scroll = scroll.saturating_add_signed(by),
            Some(Overlay::List) => {
                let action = if by < 0 { Action::SelectPrevious } else { Action::SelectNext };
                return self.act_on_list(action);
            }
            Some(Overlay::ConfirmQuit) => {}
            None if by < 0 && self.transcript.is_at_beginning() => return self.load_older(),
            None => self.transcript.scroll(by),
        }
        Vec::new()
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
        _ => return false,
    }
    true
}
