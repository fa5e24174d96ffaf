//! When a question has the keyboard, and when keys count as its answer.
//!
//! The rule is [`TypeAhead`]'s. What it refuses is not lost: what was typed for the message goes into the message. And a
//! standing approval can be taken back for a while, whatever gave it.
//!
//! A question that came by itself is not answered by the first letter of a word, however long it stood there: such a letter
//! waits a moment, and when another one follows both are the message's.

use super::{App, Effect, Focus, Step};
use crate::{
    keymap::{Action, Context},
    messages::{Command, Lasting},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use omega_core::api::Timestamp;

/// So long a standing approval can be taken back by a key.
const TAKE_BACK_MILLIS: i64 = 10_000;
/// Who writes a word presses its next letter sooner.
const WORD_MILLIS: i64 = 300;

/// An approval that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBack {
    pub lasting: Lasting,
    until: Timestamp,
}

/// The character that a key types, if it types one.
pub(super) fn typed(key: KeyEvent) -> Option<char> {
    let command = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
    match key.code {
        KeyCode::Char(c) if !command => Some(c),
        _ => None,
    }
}

impl App {
    /// The screen is drawn: whoever looks sees what is asked.
    pub fn seen(&mut self, now: Timestamp) {
        if self.is_asking() {
            self.type_ahead.seen(now);
        }
    }

    /// Whether a key would answer the question now.
    pub fn hears(&self) -> bool {
        self.type_ahead.hears(self.now)
    }

    /// Milliseconds until something here changes by itself.
    pub fn wakes_in(&self, now: Timestamp) -> Option<u64> {
        let hears = if self.is_asking() { self.type_ahead.hears_in(now).filter(|left| *left > 0) } else { None };
        let takes = self.may_be_taken().then(|| self.type_ahead.may_take_in(now));
        let ends = self.take_back.as_ref().map(|it| u64::try_from(it.until.0 - now.0).unwrap_or(0));
        let again = self.again_at().filter(|at| *at > now);
        // A countdown changes with each whole second that is left.
        let counts = again.map(|at| (at.millis_since(now) - 1) % 1_000 + 1);
        let held = self.held.map(|(_, due)| due.millis_since(now));
        [hears, takes, ends, counts, held].into_iter().flatten().min()
    }

    /// When what waits is tried again: a connection that is lost, or else a model that did not answer.
    fn again_at(&self) -> Option<Timestamp> {
        if self.is_lost() { self.here.again_at } else { self.asked_again_at() }
    }

    /// Whether keys go to a question.
    fn is_asking(&self) -> bool {
        self.question.is_some() && self.focus == Focus::Question && self.layers.is_empty()
    }

    /// Whether a question may take the keyboard once nobody writes.
    fn may_be_taken(&self) -> bool {
        let is_free = self.focus == Focus::Composer && self.composer.is_empty() && self.layers.is_empty();
        self.offers_focus && is_free && self.question.is_some()
    }

    /// Another question is asked; it takes the keyboard by itself only when nothing is being written, or from the question
    /// before.
    pub(super) fn offer(&mut self) {
        self.type_ahead.asked();
        self.offers_focus = self.focus == Focus::Composer && self.composer.is_empty();
        self.took_focus = self.focus == Focus::Question;
    }

    pub(super) fn attend(&mut self) {
        if self.may_be_taken() && self.type_ahead.may_take_in(self.now) == 0 {
            (self.focus, self.took_focus, self.offers_focus) = (Focus::Question, true, false);
        }
        if !self.is_asking() {
            // Under an overlay, or while something else has the keyboard, it is out of sight.
            self.type_ahead.asked();
        }
        if self.take_back.as_ref().is_some_and(|it| it.until <= self.now) {
            self.take_back = None;
        }
    }

    /// Gives the question the keyboard, as the person wished.
    pub(super) fn focus_question(&mut self) {
        if self.question.is_some() {
            self.transcript.deselect();
            self.type_ahead.asked();
            (self.focus, self.took_focus, self.offers_focus) = (Focus::Question, false, false);
        }
    }

    /// Notes a key; whether it can't be an answer to the question that has the keyboard.
    pub(super) fn is_typed_ahead(&mut self) -> bool {
        let counts = self.type_ahead.key(self.now);
        self.is_asking() && !counts
    }

    /// What a key does that came too early: nothing to the question. A letter goes where it was meant to go.
    pub(super) fn typed_ahead(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.write_held();
        let letter = typed(key);
        if letter.is_some() && self.took_focus {
            // The key that answered the question before, held or pressed again, begins no word.
            if letter == self.answered_with {
                return Vec::new();
            }
            let before = self.letter_before();
            self.write_instead(&before);
            return self.on_counted_key(key);
        }
        if letter.is_some_and(|letter| self.type_answer(&letter.to_string())) {
            return Vec::new();
        }
        match self.keys.lookup(self.contexts(), key) {
            Some(action) if self.is_for_everywhere(action) => self.act(action),
            _ => Vec::new(),
        }
    }

    /// The same of a paste, which nobody types again. Into a line that somebody went to it goes there: what is pasted may be
    /// a secret, and messages are kept.
    pub(super) fn pasted_ahead(&mut self, text: &str) {
        if !self.took_focus && self.type_answer(text) {
            return;
        }
        let before = self.letter_before();
        self.write_instead(&before);
        self.composer.paste(text);
    }

    /// What a key does that counts: it answers, unless it begins or goes on a word.
    pub(super) fn on_heard_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let mut effects = Vec::new();
        if typed(key).is_some() {
            self.write_held();
        } else if let Some((held, _)) = self.held.take() {
            effects = self.answer_with(held);
        }
        if self.is_typed_behind(key) {
            self.write_instead("");
        }
        if self.may_begin_a_word(key) {
            self.held = Some((key, Timestamp(self.now.0 + WORD_MILLIS)));
            return effects;
        }
        effects.extend(self.answer_with(key));
        effects
    }

    fn may_begin_a_word(&self, key: KeyEvent) -> bool {
        let chooses = self.question.as_ref().is_some_and(|question| !question.sent && question.field().is_none());
        let answers = || self.keys.lookup(self.contexts(), key).is_some();
        self.took_focus && self.is_asking() && chooses && typed(key).is_some() && answers()
    }

    fn answer_with(&mut self, key: KeyEvent) -> Vec<Effect> {
        let is_sent = |app: &Self| app.question.as_ref().is_some_and(|question| question.sent);
        let was_sent = is_sent(self);
        let effects = self.on_counted_key(key);
        if is_sent(self) && !was_sent {
            self.answered_with = typed(key);
        }
        effects
    }

    /// A letter that was held begins no word when nothing followed it.
    pub(super) fn let_go(&mut self) -> Vec<Effect> {
        match self.held {
            Some((key, due)) if due <= self.now => {
                if self.is_asking() && self.hears() {
                    self.held = None;
                    return self.answer_with(key);
                }
                // What it would have answered is gone.
                self.write_held();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    #[cfg(test)]
    pub fn holds_a_letter(&self) -> bool {
        self.held.is_some()
    }

    /// It began a word of the message.
    pub(super) fn write_held(&mut self) {
        if let Some(letter) = self.held.take().and_then(|(key, _)| typed(key)) {
            self.write_instead(&letter.to_string());
        }
    }

    /// A letter after an answer that is on its way is no answer any more.
    pub(super) fn is_typed_behind(&mut self, key: KeyEvent) -> bool {
        let is_sent = self.focus == Focus::Question && self.question.as_ref().is_some_and(|question| question.sent);
        is_sent && self.layers.is_empty() && typed(key).is_some_and(|letter| Some(letter) != self.answered_with)
    }

    /// What follows is for the message, and so was what came before it.
    pub(super) fn write_instead(&mut self, before: &str) {
        self.focus_composer();
        self.offers_focus = false;
        self.composer.insert(before);
    }

    /// The letter that asked for a standing approval, when more letters followed at once: it began a word.
    fn letter_before(&mut self) -> String {
        let Some(question) = self.question.as_mut() else { return String::new() };
        let Step::Sure(grant) = question.step else { return String::new() };
        let action = grant.action();
        question.step = Step::Decide;
        let typed = self.keys.key(Context::Approval, action);
        // A key that types nothing began no word.
        if self.took_focus && typed.chars().count() == 1 { typed } else { String::new() }
    }

    fn is_for_everywhere(&self, action: Action) -> bool {
        action == Action::ToComposer || self.question.as_ref().is_some_and(|question| !question.knows(action))
    }

    /// A standing approval was stored.
    pub(super) fn lasts(&mut self, lasting: Lasting) {
        self.take_back = Some(TakeBack { lasting, until: Timestamp(self.now.0 + TAKE_BACK_MILLIS) });
    }

    /// Takes back the approval that was just given.
    pub(super) fn take_back(&mut self) -> Vec<Effect> {
        match self.take_back.take() {
            Some(it) => vec![Effect::Command(Command::TakeBack(it.lasting.rules))],
            None => {
                self.say("there is no approval to take back; /settings lists what is always allowed");
                Vec::new()
            }
        }
    }
}
