//! What a paused run asks, and the answer that is being given to it.
//!
//! It follows the view: a question that somebody else answered goes away, and with several calls the next one is asked.
//! What is typed here is kept as a secret: it is in no history, and it is gone with the question.

use super::{App, Effect, Focus, input::edit};
use crate::{
    composer::Composer,
    keys::{Action, Context},
    port::{Answer, Command, Secrets},
};
use omega_core::{
    api::{
        AlternativeChoice, Approval, Decision, MissingVar, Remember, RequiredAction, RunStatus, Save,
        SelectAlternative, SelectPlan,
    },
    id::PlanId,
    standing::Standing,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// A line that is typed at its end.
#[derive(Debug, Default)]
pub struct Field(Option<SecretString>);

impl Field {
    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.as_ref().map_or("", |text| text.expose_secret())
    }

    pub(super) fn push(&mut self, typed: &str) {
        let typed: String = typed.chars().filter(|c| !c.is_control()).collect();
        self.0 = Some(SecretString::from(format!("{}{typed}", self.text())));
    }

    pub(super) fn delete_back(&mut self) {
        let mut chars = self.text().chars();
        chars.next_back();
        self.0 = Some(SecretString::from(chars.as_str().to_owned()));
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    pub(super) fn trimmed(&self) -> Option<&str> {
        Some(self.text().trim()).filter(|text| !text.is_empty())
    }
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Yes or no to the first call.
    Decide,
    /// Is a yes meant that lasts?
    Sure(Remember),
    Reason,
    /// The value of a variable.
    Value(usize),
    /// Where the values are kept.
    Keep,
    /// Go on without them?
    Without,
    Plan,
    /// What should be different.
    Another,
    /// Another input for the call.
    Input,
    /// Which other tool.
    Other,
    /// Somebody else is asked.
    Wait,
}

/// A question and the answer so far.
#[derive(Debug)]
pub struct Question {
    pub action: RequiredAction,
    pub step: Step,
    /// One for each variable, or the one for a reason or a note.
    pub fields: Vec<Field>,
    /// The plan that is looked at.
    pub selected: usize,
    /// Lines above the first one that is shown; the drawing bounds it.
    pub scroll: usize,
    /// The answer is on its way.
    pub sent: bool,
    /// What the person here is to it.
    pub standing: Standing,
    /// The input that is being written in place of the model's.
    pub input: Composer,
    /// Why it can't be taken yet.
    pub problem: Option<String>,
}

impl Question {
    fn new(action: RequiredAction, standing: Standing) -> Self {
        let (mut step, fields) = match &action {
            RequiredAction::Credentials { missing_vars, .. } => (Step::Value(0), missing_vars.len()),
            RequiredAction::Approval { .. } => (Step::Decide, 1),
            RequiredAction::Plan { .. } => (Step::Plan, 1),
            RequiredAction::Alternatives { .. } => (Step::Other, 1),
        };
        let fields = std::iter::repeat_with(Field::default).take(fields.max(1)).collect();
        if !Self::is_for(&action, standing) {
            step = Step::Wait;
        }
        let (input, problem) = (Composer::default(), None);
        Self { action, step, fields, selected: 0, scroll: 0, sent: false, standing, input, problem }
    }

    /// Calls are asked about one after the other: the first one decides.
    fn is_for(action: &RequiredAction, standing: Standing) -> bool {
        match action {
            RequiredAction::Approval { approvals, .. } => {
                approvals.first().is_some_and(|approval| standing.may_decide(approval))
            }
            other => standing.may_answer(other),
        }
    }

    /// The line that is typed now.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.field_at()?)
    }

    fn field_at(&self) -> Option<usize> {
        match self.step {
            Step::Value(at) => Some(at),
            Step::Reason | Step::Another => Some(0),
            _ => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        let at = self.field_at()?;
        self.fields.get_mut(at)
    }

    /// The call that is asked about.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match &self.action {
            RequiredAction::Approval { approvals, .. } => approvals.first(),
            _ => None,
        }
    }

    /// The variables that are asked for.
    #[must_use]
    pub fn missing(&self) -> &[MissingVar] {
        match &self.action {
            RequiredAction::Credentials { missing_vars, .. } => missing_vars,
            _ => &[],
        }
    }

    /// Where its keys are looked up.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        match self.step {
            Step::Decide => &[Context::Approval, Context::Global],
            Step::Sure(_) => &[Context::Sure, Context::Global],
            Step::Value(_) | Step::Reason | Step::Another => &[Context::Line, Context::Global],
            Step::Keep => &[Context::Keep, Context::Global],
            Step::Without => &[Context::Without, Context::Global],
            Step::Plan => &[Context::Plans, Context::Global],
            Step::Input => &[Context::Line, Context::Composer, Context::Global],
            Step::Other => &[Context::Alternatives, Context::Global],
            Step::Wait => &[Context::Watching, Context::Global],
        }
    }

    /// Whether single keys answer it. Then a key that was meant for the step before answers nothing.
    fn is_of_single_keys(&self) -> bool {
        match self.step {
            Step::Decide | Step::Sure(_) | Step::Keep | Step::Without | Step::Plan | Step::Other => true,
            Step::Reason | Step::Value(_) | Step::Another | Step::Input | Step::Wait => false,
        }
    }

    /// Whether it still asks for the same first thing.
    fn is_about(&self, action: &RequiredAction) -> bool {
        match (&self.action, action) {
            (RequiredAction::Credentials { requests: a, .. }, RequiredAction::Credentials { requests: b, .. }) => {
                a == b
            }
            (RequiredAction::Approval { approvals: a, .. }, RequiredAction::Approval { approvals: b, .. }) => {
                a.first().map(|it| it.id) == b.first().map(|it| it.id)
            }
            (RequiredAction::Plan { plan_set_id: a, .. }, RequiredAction::Plan { plan_set_id: b, .. }) => a == b,
            (RequiredAction::Alternatives { choices: a, .. }, RequiredAction::Alternatives { choices: b, .. }) => {
                a.first().map(|it| it.tool_run_id) == b.first().map(|it| it.tool_run_id)
            }
            _ => false,
        }
    }

    fn decide(&self, decision: Decision, remember: Remember) -> Option<Answer> {
        let approval = self.approval()?;
        let lasts = remember == Remember::Once || self.standing.may_remember(approval);
        let reason = if decision == Decision::Deny { self.fields.first()?.trimmed() } else { None };
        lasts.then(|| Answer::Decide {
            approval: approval.id,
            tool: approval.tool_id.clone(),
            digest: approval.args_digest.clone(),
            decision,
            remember,
            reason: reason.map(str::to_owned),
            input: None,
        })
    }

    /// A yes to another input, when it is one.
    fn edited(&mut self) -> Option<Answer> {
        match serde_json::from_str::<Value>(self.input.text()) {
            Ok(value) if value.is_object() => {
                let mut answer = self.decide(Decision::Approve, Remember::Once)?;
                if let Answer::Decide { input, .. } = &mut answer {
                    *input = Some(value);
                }
                return Some(answer);
            }
            Ok(_) => self.problem = Some(String::from("an input is a JSON object, {...}")),
            Err(error) => self.problem = Some(format!("that is no JSON: {error}")),
        }
        None
    }

    fn provide(&self, save: Save) -> Option<Answer> {
        let values = self.missing().iter().zip(&self.fields);
        let values = values.map(|(var, field)| Some((var.name.clone(), SecretString::from(field.trimmed()?))));
        Some(Answer::Provide { env: Secrets(values.collect::<Option<_>>()?), save })
    }

    fn plan(&self, at: usize) -> Option<PlanId> {
        match &self.action {
            RequiredAction::Plan { plans, .. } => Some(plans.get(at)?.id),
            _ => None,
        }
    }

    /// The call that failed, and the tools that could do it instead.
    #[must_use]
    pub fn alternatives(&self) -> Option<&AlternativeChoice> {
        self.action.alternatives().first()
    }

    /// One of them, or none.
    fn alternative(&self, at: Option<usize>) -> Option<Answer> {
        let choice = self.alternatives()?;
        let tool_id = at.map(|at| choice.alternatives.get(at).map(|it| it.tool_id.clone()));
        let none = tool_id.is_none();
        let body = SelectAlternative { tool_run_id: Some(choice.tool_run_id), tool_id: tool_id.flatten(), none };
        (body.none || body.tool_id.is_some()).then_some(Answer::Alternative(body))
    }

    fn plan_count(&self) -> usize {
        match &self.action {
            RequiredAction::Plan { plans, .. } => plans.len(),
            _ => self.alternatives().map_or(0, |it| it.alternatives.len()),
        }
    }
}

impl App {
    /// Asks what the run waits for now, and nothing when it does not wait. Keys go to a new question only when nothing is
    /// being written: a letter of a message is no yes.
    pub(super) fn follow_question(&mut self) {
        let run = self.view.active_run().filter(|run| run.status == RunStatus::Paused);
        let action = run.and_then(|run| run.requires_action.as_ref());
        let is_open = |action: &&RequiredAction| !matches!(action, RequiredAction::Approval { approvals, .. } if approvals.is_empty());
        let asker = run.and_then(|run| self.view.messages.iter().find(|message| message.id == run.message_id));
        let asker = asker.and_then(|message| message.author.as_ref()).map(|author| author.user_id);
        let is_asker = self.me.as_ref().is_some_and(|me| Some(me.user_id) == asker);
        let standing = Standing::of(self.is_owner, is_asker);
        let is_same = |question: &Question, action| question.is_about(action) && question.standing == standing;
        match action.filter(is_open) {
            Some(action) if self.question.as_ref().is_some_and(|question| is_same(question, action)) => {}
            Some(action) => {
                self.question = Some(Question::new(action.clone(), standing));
                self.offer();
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
    pub(super) fn type_answer(&mut self, text: &str) -> bool {
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
    pub(super) fn act_on_question(&mut self, action: Action) -> Option<Vec<Effect>> {
        let question = self.question.as_mut().filter(|_| self.focus == Focus::Question)?;
        if question.sent && action != Action::ToComposer {
            return None;
        }
        let before = question.step;
        let answer = match action {
            Action::AllowOnce => question.decide(Decision::Approve, Remember::Once),
            Action::AllowHere | Action::AllowAlways => {
                let remember = if action == Action::AllowHere { Remember::Conversation } else { Remember::Always };
                // What lasts is said twice; where it can't last, not even once.
                if question.decide(Decision::Approve, remember).is_some() {
                    question.go(Step::Sure(remember));
                }
                None
            }
            Action::Confirm => match question.step {
                Step::Sure(remember) => question.decide(Decision::Approve, remember),
                _ => None,
            },
            Action::KeepOnce => question.provide(Save::Once),
            Action::KeepForTool => question.provide(Save::Tool),
            Action::KeepForAll => question.provide(Save::Global),
            Action::GoWithout => Some(Answer::Decline),
            Action::Choose if question.step == Step::Other => question.alternative(Some(question.selected)),
            // Without the variables and without another tool: the same as going on without them.
            Action::NoneOfThem if question.is_for_values() => Some(Answer::Decline),
            Action::NoneOfThem => question.alternative(None),
            Action::Choose => question.plan(question.selected).map(|plan| Answer::Plan(plan, SelectPlan::default())),
            Action::Submit => question.submit(),
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
    pub(super) fn answer_failed(&mut self, error: Option<String>) {
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
    fn submit(&mut self) -> Option<Answer> {
        match self.step {
            Step::Value(at) if self.fields.get(at)?.trimmed().is_none() => self.go(Step::Without),
            Step::Value(at) if at + 1 < self.missing().len() => self.go(Step::Value(at + 1)),
            Step::Value(_) => self.go(Step::Keep),
            Step::Reason => return self.decide(Decision::Deny, Remember::Once),
            Step::Input => return self.edited(),
            Step::Another => {
                let note = self.fields.first()?.trimmed().map(str::to_owned);
                return Some(Answer::Plan(self.plan(0)?, SelectPlan { another: true, note }));
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
                if let Some(approval) = self.approval() {
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
    pub(super) fn knows(&self, action: Action) -> bool {
        let own = self.contexts().iter().filter(|context| **context != Context::Global);
        let own: Vec<&Context> = own.collect();
        crate::keys::BINDINGS.iter().any(|it| it.action == action && own.contains(&&it.context))
    }
}
