//! What a guest is not shown: the names of the owner's stored credentials, and which of a tool's keys are there
//! (`security.md` T1). Names of keys that are missing are shown, because somebody has to ask for them.
//!
//! A placeholder `«redacted:NAME»` keeps its length, so that the byte offsets of text that streams stay right.

use omega_core::{
    api::{
        Alternative, AlternativeChoice, ConversationDetail, Feedback, Finished, Message, OutputPage, RequiredAction,
        Run, RunAnswer, Save, ToolRun,
    },
    event::{Envelope, Event},
    executor::ToolError,
    registry::meta,
    texts::{Edit, Texts},
};
use serde_json::Value;

const OPENS: &str = "«redacted:";
const CLOSES: char = '»';

/// A value that can be made fit for a guest.
pub trait GuestView {
    /// Takes out what a guest is not shown.
    fn for_guest(&mut self);
}

/// The beginning of a streaming text that is sure to hold no half placeholder.
pub fn readable(text: &str) -> &str {
    let open = text.rfind('«').filter(|at| {
        let rest = &text[*at..];
        !rest.contains(CLOSES) && (rest.starts_with(OPENS) || OPENS.starts_with(rest))
    });
    &text[..open.unwrap_or(text.len())]
}

impl GuestView for String {
    fn for_guest(&mut self) {
        if !self.contains(OPENS) {
            return;
        }
        let mut masked = Self::with_capacity(self.len());
        let mut rest = self.as_str();
        while let Some((before, after)) = rest.split_once(OPENS) {
            masked.push_str(before);
            masked.push_str(OPENS);
            rest = after;
            // A name has no blanks; anything else is somebody's prose.
            if let Some(end) = after.find(CLOSES).filter(|end| !after[..*end].contains(char::is_whitespace)) {
                masked.extend(std::iter::repeat_n('*', end));
                rest = &after[end..];
            }
        }
        masked.push_str(rest);
        *self = masked;
    }
}

impl GuestView for Value {
    fn for_guest(&mut self) {
        match self {
            Self::String(text) => text.for_guest(),
            Self::Array(items) => items.iter_mut().for_each(GuestView::for_guest),
            Self::Object(map) => {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(mut key, mut value)| {
                        key.for_guest();
                        value.for_guest();
                        (key, value)
                    })
                    .collect();
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

impl<T: GuestView> GuestView for Option<T> {
    fn for_guest(&mut self) {
        self.iter_mut().for_each(GuestView::for_guest);
    }
}

impl<T: GuestView> GuestView for Vec<T> {
    fn for_guest(&mut self) {
        self.iter_mut().for_each(GuestView::for_guest);
    }
}

impl<T: GuestView> GuestView for Box<T> {
    fn for_guest(&mut self) {
        (**self).for_guest();
    }
}

/// Masks the names in every text.
struct Mask;

impl Edit for Mask {
    fn text(&mut self, text: &mut String) {
        text.for_guest();
    }

    fn words(&mut self, words: &mut String) {
        words.for_guest();
    }

    fn value(&mut self, value: &mut Value) {
        value.for_guest();
    }
}

/// Masks the names in every text of something, and takes out what else says which keys there are.
fn masked<T: Texts>(of: &mut T, hide: impl FnOnce(&mut T)) {
    of.edit(&mut Mask);
    hide(of);
}

impl GuestView for Message {
    fn for_guest(&mut self) {
        self.edit(&mut Mask);
    }
}

impl GuestView for Feedback {
    fn for_guest(&mut self) {
        self.edit(&mut Mask);
    }
}

impl GuestView for RequiredAction {
    fn for_guest(&mut self) {
        masked(self, hide_in_action);
    }
}

impl GuestView for Run {
    fn for_guest(&mut self) {
        masked(self, hide_in_run);
    }
}

impl GuestView for ToolRun {
    fn for_guest(&mut self) {
        masked(self, hide_in_tool_run);
    }
}

impl GuestView for OutputPage {
    fn for_guest(&mut self) {
        self.content.for_guest();
    }
}

impl GuestView for Finished {
    fn for_guest(&mut self) {
        masked(self, |finished| {
            hide_in_run(&mut finished.run);
            finished.tool_runs.iter_mut().for_each(hide_in_tool_run);
        });
    }
}

impl GuestView for ConversationDetail {
    fn for_guest(&mut self) {
        masked(self, hide_in_detail);
    }
}

impl GuestView for Envelope {
    fn for_guest(&mut self) {
        self.event.for_guest();
    }
}

impl GuestView for Event {
    fn for_guest(&mut self) {
        masked(self, hide_in_event);
    }
}

/// What is told besides texts. Every event has its line here.
fn hide_in_event(event: &mut Event) {
    match event {
        Event::RunQueued { run, .. } => hide_in_run(run),
        Event::RunRequiresAction { action } => hide_in_action(action),
        Event::AlternativesProposed { choice } => hide_in_choice(choice),
        // Where it is kept is the owner's business.
        Event::CredentialsProvided { save, .. } => *save = Save::Once,
        Event::ToolStarted { credentials_used, .. } => credentials_used.clear(),
        Event::ToolCompleted { tool_name, output, error, .. } => {
            if tool_name == meta::SEARCH {
                without_holdings(output);
            }
            error.iter_mut().for_each(hide_in_error);
        }
        Event::ToolUnknown { error, .. } => error.iter_mut().for_each(hide_in_error),
        Event::Snapshot { conversation } | Event::Resync { conversation } => hide_in_detail(conversation),
        // These tell nothing of keys but in their texts.
        Event::ConversationUpdated { .. }
        | Event::ParticipantJoined { .. }
        | Event::ParticipantUpdated { .. }
        | Event::MessageCreated { .. }
        | Event::MessageDelta { .. }
        | Event::ReasoningDelta { .. }
        | Event::MessageCompleted { .. }
        | Event::MessageReset { .. }
        | Event::RunStarted { .. }
        | Event::RunResumed { .. }
        | Event::RunRecovered { .. }
        | Event::Status { .. }
        | Event::StepStarted { .. }
        | Event::StepCompleted { .. }
        | Event::PlanProposed { .. }
        | Event::PlanSelected { .. }
        | Event::AlternativesSelected { .. }
        | Event::ApprovalDecided { .. }
        | Event::ToolsLoaded { .. }
        | Event::ToolProposed { .. }
        | Event::ToolDelta { .. }
        | Event::RunCancelRequested {}
        | Event::RunCompleted { .. }
        | Event::RunFailed { .. }
        | Event::RunCancelled { .. }
        | Event::FeedbackGiven { .. }
        | Event::FeedbackRemoved { .. }
        | Event::Notice { .. }
        | Event::Draining {}
        | Event::Unknown => {}
    }
}

fn hide_in_detail(detail: &mut ConversationDetail) {
    detail.runs.iter_mut().for_each(hide_in_run);
    detail.tool_runs.iter_mut().for_each(hide_in_tool_run);
}

fn hide_in_run(run: &mut Run) {
    run.requires_action.iter_mut().for_each(hide_in_action);
    for answer in &mut run.answers {
        // As with the event.
        if let RunAnswer::Credentials { save, .. } = answer {
            *save = Save::Once;
        }
    }
}

fn hide_in_action(action: &mut RequiredAction) {
    match action {
        RequiredAction::Credentials { missing_vars, requests, alternatives, hint: _, expires_at: _ } => {
            alternatives.iter_mut().for_each(hide_in_choice);
            missing_vars.iter_mut().for_each(|var| var.rejected = false);
            for request in requests {
                request.missing_keys.iter_mut().for_each(|var| var.rejected = false);
                request.required_keys.clone_from(&request.missing_keys);
            }
        }
        RequiredAction::Approval { approvals, expires_at: _ } => {
            for approval in approvals.iter_mut().filter(|approval| !approval.credentials.is_empty()) {
                approval.credentials.clear();
                // It may name them.
                approval.because = None;
            }
        }
        RequiredAction::Alternatives { choices, expires_at: _ } => choices.iter_mut().for_each(hide_in_choice),
        RequiredAction::Plan { plan_set_id: _, plans: _, expires_at: _ } => {}
    }
}

fn hide_in_choice(choice: &mut AlternativeChoice) {
    for Alternative { you_have, .. } in &mut choice.alternatives {
        you_have.clear();
    }
}

fn hide_in_tool_run(tool_run: &mut ToolRun) {
    if tool_run.tool_id == meta::SEARCH {
        without_holdings(&mut tool_run.output);
    }
    tool_run.error.iter_mut().for_each(hide_in_error);
}

fn hide_in_error(error: &mut ToolError) {
    let offered = error.details.as_mut().and_then(|details| details.get_mut("alternatives"));
    tools_without_holdings(offered.and_then(Value::as_array_mut));
}

/// Which keys of a found tool are missing says which are there.
fn without_holdings(output: &mut Option<Value>) {
    tools_without_holdings(output.as_mut().and_then(|output| output.get_mut("tools")).and_then(Value::as_array_mut));
}

fn tools_without_holdings(tools: Option<&mut Vec<Value>>) {
    for tool in tools.into_iter().flatten().filter_map(Value::as_object_mut) {
        tool.remove("missingEnvVars");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_guest_reads_that_something_is_hidden_and_not_what() {
        let mut value =
            json!({ "a": ["see «redacted:STRIPE_KEY»!", { "«redacted:K»": 1 }], "b": "«redacted: prose» «" });
        value.for_guest();
        let expected =
            json!({ "a": ["see «redacted:**********»!", { "«redacted:*»": 1 }], "b": "«redacted: prose» «" });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_guest_reads_no_name_in_any_text_of_any_event() {
        for mut event in omega_core::testing::events_saying("a «redacted:STRIPE_KEY» b") {
            let owners = serde_json::to_string(&event).unwrap();
            event.for_guest();
            let guests = serde_json::to_string(&event).unwrap();
            assert!(!guests.contains("STRIPE") && !guests.contains("HELD_KEY"), "{guests}");
            assert!(!guests.contains("\"rejected\":true"), "a variable that was rejected is there: {guests}");
            let masked = guests.matches("«redacted:**********»").count();
            assert!(masked > 0 || !owners.contains("STRIPE"), "the text stays: {guests}");
        }
    }

    #[test]
    fn text_that_streams_waits_for_the_end_of_a_placeholder_and_for_nothing_else() {
        for (text, shown) in [
            ("plain", "plain"),
            ("a «redac", "a "),
            ("a «redacted:KE", "a "),
            ("a «redacted:KEY» b", "a «redacted:KEY» b"),
            ("er sagte «ja", "er sagte «ja"),
            ("a «", "a "),
        ] {
            assert_eq!(readable(text), shown, "{text}");
        }
    }
}
