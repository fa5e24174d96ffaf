//! The keys that answer a question, and what is typed for it.

use super::{Field, Grant, Question, Step};
use crate::{
    app::{App, Effect, Focus, input::edit},
    keymap::{Action, Context, knows},
    messages::{Command, PauseAnswer},
};
use omega_core::{
    api::{Decision, Remember, RequiredAction, RunStatus, Save, SelectPlan},
    viewer_role::ViewerRole,
};

impl App {
    /// Asks what the run waits for now, and nothing when it does not wait. Keys go to a new question only when nothing is
    /// being written: a letter of a message is no approval.
    pub(in crate::app) fn follow_question(&mut self) {
        let run = self.here.view.active_run().filter(|run| run.status == RunStatus::Paused);
        let action = run.and_then(|run| run.requires_action.as_ref());
        let is_open = |action: &&RequiredAction| !matches!(action, RequiredAction::Approval { approvals, .. } if approvals.is_empty());
        let asker = run.and_then(|run| self.here.view.messages.iter().find(|message| message.id == run.message_id));
        let asker = asker.and_then(|message| message.author.as_ref()).map(|author| author.user_id);
        let is_asker = self.known.me.as_ref().is_some_and(|me| Some(me.user_id) == asker);
        let role = ViewerRole::of(self.here.is_owner, is_asker);
        let is_same = |question: &Question, action| question.is_about(action) && question.role == role;
        match action.filter(is_open) {
            Some(action) if self.question.as_ref().is_some_and(|question| is_same(question, action)) => {}
            Some(action) => {
                self.question = Some(Question::new(action.clone(), role));
                self.offer();
                self.asked_anew = true;
            }
            None => {
                self.question = None;
                if self.focus == Focus::Question {
                    self.focus = Focus::Composer;
                }
            }
        }
    }

    /// Puts typed or pasted text into the line of the question; false when it has none.
    pub(in crate::app) fn type_answer(&mut self, text: &str) -> bool {
        let is_focused = self.focus == Focus::Question;
        let question = self.question.as_mut().filter(|question| !question.sent);
        if let Some(question) = question.filter(|question| is_focused && question.step == Step::Input) {
            question.problem = None;
            question.input.insert(text);
            return true;
        }
        let field = self.question.as_mut().filter(|question| !question.sent).and_then(Question::field_mut);
        match field {
            Some(field) if self.focus == Focus::Question => {
                field.push(text);
                true
            }
            _ => false,
        }
    }

    /// Does what a key of a question does; false when it means nothing there.
    pub(in crate::app) fn act_on_question(&mut self, action: Action) -> Option<Vec<Effect>> {
        let question = self.question.as_mut().filter(|_| self.focus == Focus::Question)?;
        if question.sent && action != Action::ToComposer {
            return None;
        }
        let before = question.step;
        let answer = match action {
            Action::AllowOnce => question.decide(Decision::Approve, Remember::Once),
            Action::AllowHere | Action::AllowAlways | Action::AllowAlike | Action::AllowAll => {
                // What reaches further is said twice; where it can't, not even once.
                let grant = Grant::of(action).filter(|grant| question.grant(*grant).is_some());
                grant.into_iter().for_each(|grant| question.go(Step::Sure(grant)));
                None
            }
            Action::Confirm => match question.step {
                Step::Sure(grant) => question.grant(grant),
                _ => None,
            },
            Action::KeepOnce => question.provide(Save::Once),
            Action::KeepForTool => question.provide(Save::Tool),
            Action::KeepForAll => question.provide(Save::Global),
            Action::GoWithout => Some(PauseAnswer::Decline),
            Action::Choose if question.step == Step::Other => question.alternative(Some(question.selected)),
            // Without the variables and without another tool: the same as going on without them.
            Action::NoneOfThem if question.is_for_values() => Some(PauseAnswer::Decline),
            Action::NoneOfThem => question.alternative(None),
            Action::Choose => {
                question.plan(question.selected).map(|plan| PauseAnswer::Plan(plan, SelectPlan::default()))
            }
            Action::Submit => question.submit(),
            Action::Edit if question.step == Step::Input => {
                return Some(vec![Effect::Edit { text: question.input.text().to_owned(), ending: "json" }]);
            }
            Action::Back if question.is_at_its_beginning() => {
                self.focus_composer();
                return Some(Vec::new());
            }
            Action::ToComposer => {
                self.focus_composer();
                return Some(Vec::new());
            }
            _ => {
                question.step_or_edit(action);
                None
            }
        };
        let Some(answer) = answer else {
            let is_known = question.knows(action);
            if question.step != before && question.is_of_single_keys() {
                self.type_ahead.asked();
            }
            return is_known.then(Vec::new);
        };
        question.sent = true;
        Some(vec![Effect::Command(Command::Answer(answer))])
    }

    /// An answer did not get through: it can be given again. Without words somebody else was first.
    pub(in crate::app) fn answer_failed(&mut self, error: Option<String>) {
        match error {
            Some(error) => {
                if let Some(question) = &mut self.question {
                    question.sent = false;
                }
                self.warn(error);
            }
            None => self.say("somebody else answered first"),
        }
    }
}

impl Question {
    /// Enter in a line: the next value, or the answer.
    fn submit(&mut self) -> Option<PauseAnswer> {
        match self.step {
            Step::Value(at) if self.fields.get(at)?.trimmed().is_none() => self.go(Step::Without),
            Step::Value(at) if at + 1 < self.missing().len() => self.go(Step::Value(at + 1)),
            Step::Value(_) => self.go(Step::Keep),
            Step::Reason => return self.decide(Decision::Deny, Remember::Once),
            Step::Input => return self.edited(),
            Step::Another => {
                let note = self.fields.first()?.trimmed().map(str::to_owned);
                return Some(PauseAnswer::Plan(self.plan(0)?, SelectPlan { another: true, note }));
            }
            _ => {}
        }
        None
    }

    fn is_for_values(&self) -> bool {
        matches!(self.action, RequiredAction::Credentials { .. })
    }

    /// Whether a step back leaves it.
    fn is_at_its_beginning(&self) -> bool {
        self.step == Step::Value(0) || (self.step == Step::Other && !self.is_for_values())
    }

    fn step_or_edit(&mut self, action: Action) {
        if self.step == Step::Input && self.edit_input(action) {
            return;
        }
        match action {
            Action::EditInput => {
                if let Some(approval) = self.editable() {
                    let text = serde_json::to_string_pretty(&approval.input).unwrap_or_default();
                    self.input.set(&text);
                    self.problem = None;
                    self.go(Step::Input);
                }
            }
            Action::Deny => self.go(Step::Reason),
            Action::Others if self.alternatives().is_some() => {
                self.selected = 0;
                self.go(Step::Other);
            }
            Action::Another => self.go(Step::Another),
            Action::Back => self.back(),
            Action::LineUp => self.scroll = self.scroll.saturating_sub(1),
            Action::LineDown => self.scroll += 1,
            Action::SelectPrevious => self.selected = self.selected.saturating_sub(1),
            Action::SelectNext => self.selected = (self.selected + 1).min(self.plan_count().saturating_sub(1)),
            Action::DeleteBack => self.field_mut().map_or((), Field::delete_back),
            Action::DeleteToStart => self.field_mut().map_or((), Field::clear),
            _ => {}
        }
    }

    /// Keys of an editor, in the input that is being written; false when they mean nothing there.
    fn edit_input(&mut self, action: Action) -> bool {
        let is_edit = edit(&mut self.input, action);
        if is_edit {
            self.problem = None;
        }
        is_edit
    }

    fn back(&mut self) {
        match self.step {
            Step::Value(at) => self.go(Step::Value(at.saturating_sub(1))),
            Step::Keep => self.go(Step::Value(self.missing().len().saturating_sub(1))),
            Step::Without => {
                let empty = self.fields.iter().position(|field| field.trimmed().is_none());
                self.go(Step::Value(empty.unwrap_or(0)));
            }
            Step::Reason | Step::Input | Step::Sure(_) => self.go(Step::Decide),
            Step::Another => self.go(Step::Plan),
            Step::Other => self.go(Step::Without),
            Step::Decide | Step::Plan | Step::Wait => {}
        }
    }

    fn go(&mut self, step: Step) {
        self.step = step;
        self.scroll = 0;
    }

    /// Whether the question's own keys have this action, so that nothing else is done.
    pub(in crate::app) fn knows(&self, action: Action) -> bool {
        let own = self.contexts().iter().filter(|context| **context != Context::Global);
        let own: Vec<Context> = own.copied().collect();
        knows(&own, action)
    }
}
