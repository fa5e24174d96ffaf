//! What a paused run asks, and the answer that is being given to it.
//!
//! It follows the view: a question that somebody else answered goes away, and with several calls the next one is asked.
//! What is typed here is kept as a secret: it is in no history, and it is gone with the question.

use crate::{
    composer::Composer,
    keymap::{Action, Context},
    messages::{PauseAnswer, Secrets},
};
use omega_core::{
    api::{AlternativeChoice, Approval, Decision, MissingVar, Remember, RequiredAction, Save, SelectAlternative},
    id::{ApprovalId, PlanId},
    viewer_role::ViewerRole,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

mod answering;

/// A line that is typed at its end.
#[derive(Debug, Default)]
pub struct Field(Option<SecretString>);

impl Field {
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

/// An approval that reaches further than the call that is looked at. It is said twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// This tool in this conversation, from now on.
    Here,
    /// This tool in all conversations, from now on.
    Always,
    /// All calls of this tool that wait now, once each.
    Alike,
    /// All calls that wait now, once each.
    All,
}

impl Grant {
    pub(super) fn of(action: Action) -> Option<Self> {
        match action {
            Action::AllowHere => Some(Self::Here),
            Action::AllowAlways => Some(Self::Always),
            Action::AllowAlike => Some(Self::Alike),
            Action::AllowAll => Some(Self::All),
            _ => None,
        }
    }

    pub(super) fn action(self) -> Action {
        match self {
            Self::Here => Action::AllowHere,
            Self::Always => Action::AllowAlways,
            Self::Alike => Action::AllowAlike,
            Self::All => Action::AllowAll,
        }
    }

    fn remember(self) -> Remember {
        match self {
            Self::Here => Remember::Conversation,
            Self::Always => Remember::Always,
            Self::Alike | Self::All => Remember::Once,
        }
    }
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A decision about the first call.
    Decide,
    /// Is an approval of more than this call meant?
    Sure(Grant),
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
    pub role: ViewerRole,
    /// The input that is being written in place of the model's.
    pub input: Composer,
    /// Why it can't be taken yet.
    pub problem: Option<String>,
}

impl Question {
    fn new(action: RequiredAction, role: ViewerRole) -> Self {
        let (mut step, fields) = match &action {
            RequiredAction::Credentials { missing_vars, .. } => (Step::Value(0), missing_vars.len()),
            RequiredAction::Approval { .. } => (Step::Decide, 1),
            RequiredAction::Plan { .. } => (Step::Plan, 1),
            RequiredAction::Alternatives { .. } => (Step::Other, 1),
        };
        let fields = std::iter::repeat_with(Field::default).take(fields.max(1)).collect();
        if !Self::is_for(&action, role) {
            step = Step::Wait;
        }
        let (input, problem) = (Composer::default(), None);
        Self { action, step, fields, selected: 0, scroll: 0, sent: false, role, input, problem }
    }

    /// Calls are asked about one after the other: the first one decides.
    fn is_for(action: &RequiredAction, role: ViewerRole) -> bool {
        match action {
            RequiredAction::Approval { approvals, .. } => {
                approvals.first().is_some_and(|approval| role.may_decide(approval))
            }
            other => role.may_answer(other),
        }
    }

    /// The line that is typed now.
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
    pub fn approval(&self) -> Option<&Approval> {
        match &self.action {
            RequiredAction::Approval { approvals, .. } => approvals.first(),
            _ => None,
        }
    }

    /// The variables that are asked for.
    pub fn missing(&self) -> &[MissingVar] {
        match &self.action {
            RequiredAction::Credentials { missing_vars, .. } => missing_vars,
            _ => &[],
        }
    }

    /// The call whose input may be another one: of a package, what was shown is said of it alone.
    pub fn editable(&self) -> Option<&Approval> {
        self.approval().filter(|approval| approval.package.is_none())
    }

    /// Where its keys are looked up.
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

    fn decide(&self, decision: Decision, remember: Remember) -> Option<PauseAnswer> {
        let approval = self.approval()?;
        let lasts = remember == Remember::Once || self.role.may_remember(approval);
        let reason = if decision == Decision::Deny { self.fields.first()?.trimmed() } else { None };
        lasts.then(|| PauseAnswer::Decide {
            approval: approval.id,
            tool: approval.tool_id.clone(),
            digest: approval.args_digest.clone(),
            decision,
            remember,
            reason: reason.map(str::to_owned),
            input: None,
            also: Vec::new(),
        })
    }

    /// An approval that reaches further, with the calls that wait and are released by it. Nothing where it would reach no
    /// further, or may not.
    fn grant(&self, grant: Grant) -> Option<PauseAnswer> {
        let mut answer = self.decide(Decision::Approve, grant.remember())?;
        let others: Vec<(ApprovalId, String)> =
            self.released(grant).iter().map(|it| (it.id, it.args_digest.clone())).collect();
        if grant.remember() == Remember::Once && others.is_empty() {
            return None;
        }
        if let PauseAnswer::Decide { also, .. } = &mut answer {
            *also = others;
        }
        Some(answer)
    }

    /// The other calls that wait and would go on with this one.
    pub fn released(&self, grant: Grant) -> Vec<&Approval> {
        let (RequiredAction::Approval { approvals, .. }, Some(first)) = (&self.action, self.approval()) else {
            return Vec::new();
        };
        let is_alike = |it: &&Approval| match grant {
            Grant::Here | Grant::Always => it.tool_id == first.tool_id && it.reason == first.reason,
            Grant::Alike => it.tool_id == first.tool_id,
            Grant::All => true,
        };
        // Each package is looked at.
        let is_call = |it: &&Approval| it.package.is_none() && self.role.may_decide(it);
        approvals.iter().skip(1).filter(is_alike).filter(is_call).collect()
    }

    /// An approval of another input, when it is one.
    fn edited(&mut self) -> Option<PauseAnswer> {
        match serde_json::from_str::<Value>(self.input.text()) {
            Ok(value) if value.is_object() => {
                let mut answer = self.decide(Decision::Approve, Remember::Once)?;
                if let PauseAnswer::Decide { input, .. } = &mut answer {
                    *input = Some(value);
                }
                return Some(answer);
            }
            Ok(_) => self.problem = Some(String::from("an input is a JSON object, {...}")),
            Err(error) => self.problem = Some(format!("that is no JSON: {error}")),
        }
        None
    }

    fn provide(&self, save: Save) -> Option<PauseAnswer> {
        let values = self.missing().iter().zip(&self.fields);
        let values = values.map(|(var, field)| Some((var.name.clone(), SecretString::from(field.trimmed()?))));
        Some(PauseAnswer::Provide { env: Secrets(values.collect::<Option<_>>()?), save })
    }

    fn plan(&self, at: usize) -> Option<PlanId> {
        match &self.action {
            RequiredAction::Plan { plans, .. } => Some(plans.get(at)?.id),
            _ => None,
        }
    }

    /// The call that failed, and the tools that could do it instead.
    pub fn alternatives(&self) -> Option<&AlternativeChoice> {
        self.action.alternatives().first()
    }

    /// One of them, or none.
    fn alternative(&self, at: Option<usize>) -> Option<PauseAnswer> {
        let choice = self.alternatives()?;
        let tool_id = at.map(|at| choice.alternatives.get(at).map(|it| it.tool_id.clone()));
        let none = tool_id.is_none();
        let body = SelectAlternative { tool_run_id: Some(choice.tool_run_id), tool_id: tool_id.flatten(), none };
        (body.none || body.tool_id.is_some()).then_some(PauseAnswer::Alternative(body))
    }

    fn plan_count(&self) -> usize {
        match &self.action {
            RequiredAction::Plan { plans, .. } => plans.len(),
            _ => self.alternatives().map_or(0, |it| it.alternatives.len()),
        }
    }
}
