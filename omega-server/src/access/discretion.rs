//! What a guest is not shown: the names of the owner's stored credentials, and which of a tool's keys are there
//! (`security.md` T1). Names of keys that are missing are shown, because somebody has to ask for them.
//!
//! A placeholder `«redacted:NAME»` keeps its length, so that the byte offsets of text that streams stay right.

use omega_core::{
    agent::meta,
    api::{ConversationDetail, Finished, Message, OutputPage, Part, RequiredAction, Run, Save, ToolRun},
    event::{Envelope, Event},
    executor::ToolError,
};
use serde_json::Value;

const OPENS: &str = "«redacted:";
const CLOSES: char = '»';

/// A value that can be made fit for a guest.
pub trait Discreet {
    /// Takes out what a guest is not shown.
    fn for_guest(&mut self);
}

/// The beginning of a streaming text that is sure to hold no half placeholder.
#[must_use]
pub fn readable(text: &str) -> &str {
    let open = text.rfind('«').filter(|at| {
        let rest = &text[*at..];
        !rest.contains(CLOSES) && (rest.starts_with(OPENS) || OPENS.starts_with(rest))
    });
    &text[..open.unwrap_or(text.len())]
}

impl Discreet for String {
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

impl Discreet for Value {
    fn for_guest(&mut self) {
        match self {
            Self::String(text) => text.for_guest(),
            Self::Array(items) => items.iter_mut().for_each(Discreet::for_guest),
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
            _ => {}
        }
    }
}

impl<T: Discreet> Discreet for Option<T> {
    fn for_guest(&mut self) {
        self.iter_mut().for_each(Discreet::for_guest);
    }
}

impl<T: Discreet> Discreet for Vec<T> {
    fn for_guest(&mut self) {
        self.iter_mut().for_each(Discreet::for_guest);
    }
}

impl<T: Discreet> Discreet for Box<T> {
    fn for_guest(&mut self) {
        (**self).for_guest();
    }
}

impl Discreet for ToolError {
    fn for_guest(&mut self) {
        self.message.for_guest();
        self.details.for_guest();
        let offered = self.details.as_mut().and_then(|details| details.get_mut("alternatives"));
        tools_without_holdings(offered.and_then(Value::as_array_mut));
    }
}

impl Discreet for Part {
    fn for_guest(&mut self) {
        match self {
            Self::Text { text } | Self::Reasoning { text } => text.for_guest(),
            _ => {}
        }
    }
}

impl Discreet for Message {
    fn for_guest(&mut self) {
        self.content.for_guest();
        self.parts.for_guest();
    }
}

impl Discreet for RequiredAction {
    fn for_guest(&mut self) {
        self.hide_holdings();
        match self {
            Self::Credentials { missing_vars, requests, .. } => {
                missing_vars.iter_mut().for_each(|var| var.rejected = false);
                for request in requests {
                    request.missing_keys.iter_mut().for_each(|var| var.rejected = false);
                    request.required_keys.clone_from(&request.missing_keys);
                }
            }
            Self::Approval { approvals, .. } => {
                for approval in approvals {
                    if !approval.credentials.is_empty() {
                        approval.credentials.clear();
                        // It may name them.
                        approval.because = None;
                    }
                    approval.input.for_guest();
                }
            }
            Self::Plan { .. } | Self::Alternatives { .. } => {}
        }
    }
}

impl Discreet for Run {
    fn for_guest(&mut self) {
        self.requires_action.for_guest();
        if let Some(error) = &mut self.error {
            error.error.for_guest();
        }
    }
}

impl Discreet for ToolRun {
    fn for_guest(&mut self) {
        self.input.for_guest();
        self.output.for_guest();
        if self.tool_id == meta::SEARCH {
            without_holdings(&mut self.output);
        }
        self.output_summary.for_guest();
        self.error.for_guest();
    }
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

impl Discreet for OutputPage {
    fn for_guest(&mut self) {
        self.content.for_guest();
    }
}

impl Discreet for Finished {
    fn for_guest(&mut self) {
        self.run.for_guest();
        self.answer.for_guest();
        self.tool_runs.for_guest();
    }
}

impl Discreet for ConversationDetail {
    fn for_guest(&mut self) {
        self.conversation.title.for_guest();
        self.messages.for_guest();
        self.tool_runs.for_guest();
        self.runs.for_guest();
    }
}

impl Discreet for Envelope {
    fn for_guest(&mut self) {
        self.event.for_guest();
    }
}

impl Discreet for Event {
    fn for_guest(&mut self) {
        self.hide_holdings();
        match self {
            Self::ConversationUpdated { title, .. } => title.for_guest(),
            Self::MessageCreated { message } | Self::MessageCompleted { message } => message.for_guest(),
            Self::MessageDelta { content, .. } | Self::ReasoningDelta { content, .. } => content.for_guest(),
            Self::RunQueued { run, .. } => run.for_guest(),
            Self::RunRequiresAction { action } => action.for_guest(),
            // Where it is kept is the owner's business.
            Self::CredentialsProvided { save, .. } => *save = Save::Once,
            Self::ApprovalDecided { input, reason, .. } => {
                input.for_guest();
                reason.for_guest();
            }
            Self::ToolProposed { input, .. } => input.for_guest(),
            Self::ToolStarted { input, credentials_used, .. } => {
                input.for_guest();
                credentials_used.clear();
            }
            Self::ToolDelta { chunk, .. } => chunk.for_guest(),
            Self::ToolCompleted { tool_name, output, output_summary, error, .. } => {
                output.for_guest();
                if tool_name == meta::SEARCH {
                    without_holdings(output);
                }
                output_summary.for_guest();
                error.for_guest();
            }
            Self::ToolUnknown { error, .. } => error.for_guest(),
            Self::RunCompleted { answer, .. } => answer.for_guest(),
            Self::RunFailed { error } => error.error.for_guest(),
            Self::Notice { message, .. } | Self::Status { message, .. } => message.for_guest(),
            Self::Snapshot { conversation } | Self::Resync { conversation } => conversation.for_guest(),
            _ => {}
        }
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
