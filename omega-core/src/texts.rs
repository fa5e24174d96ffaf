//! Every text that somebody else wrote, in whatever is stored and shown: one walk for all who change such texts.
//!
//! The promise: a kind of event, a part of a message or a field that is added later is in the walk, or is said not to be a
//! text, or this file does not compile: every match is exhaustive and takes every field by its name. Not texts are ids, times, numbers, words
//! that a program knows, names and versions of tools (they are looked up), and names of variables (somebody has to set them).

use crate::{
    agent::Proposal,
    api::{
        Alternative, AlternativeChoice, Author, Conversation, ConversationDetail, CredentialRequest, Feedback,
        Finished, Message, MissingVar, Part, Participant, Plan, PlanStep, PlanVar, RequiredAction, Run, RunAnswer,
        RunError, RunPlan, StepProgress, ToolRun,
    },
    executor::ToolError,
    model::{ModelError, ToolCall},
};
use serde_json::Value;

mod approval;
mod event;

pub trait Edit {
    /// A text as it is: a message, an answer, an argument.
    fn text(&mut self, text: &mut String);
    /// Words about something, for a line on a screen: an error, a reason, a title, an id that a model made.
    fn words(&mut self, words: &mut String);
    /// A JSON value, keys included.
    fn value(&mut self, value: &mut Value);
}

pub trait Texts {
    /// Shows each of them to an editor.
    fn edit(&mut self, editor: &mut dyn Edit);
}

impl<T: Texts> Texts for Option<T> {
    fn edit(&mut self, editor: &mut dyn Edit) {
        self.iter_mut().for_each(|item| item.edit(editor));
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn edit(&mut self, editor: &mut dyn Edit) {
        self.iter_mut().for_each(|item| item.edit(editor));
    }
}

impl<A: Texts, B: Texts> Texts for (A, B) {
    fn edit(&mut self, editor: &mut dyn Edit) {
        self.0.edit(editor);
        self.1.edit(editor);
    }
}

impl Texts for String {
    fn edit(&mut self, editor: &mut dyn Edit) {
        editor.text(self);
    }
}

impl Texts for Value {
    fn edit(&mut self, editor: &mut dyn Edit) {
        editor.value(self);
    }
}

fn words(words: &mut Option<String>, editor: &mut dyn Edit) {
    words.iter_mut().for_each(|words| editor.words(words));
}

impl Texts for Message {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            id: _,
            seq: _,
            run_id: _,
            step: _,
            role: _,
            status: _,
            content,
            parts,
            author,
            finish_reason: _,
            replaces: _,
            created_at: _,
        } = self;
        editor.text(content);
        parts.edit(editor);
        author.edit(editor);
    }
}

impl Texts for Part {
    fn edit(&mut self, editor: &mut dyn Edit) {
        match self {
            Self::Text { text } | Self::Reasoning { text } => editor.text(text),
            Self::ToolCall { tool_call_id, tool_name: _, arguments } => {
                editor.words(tool_call_id);
                edit_json(arguments, editor);
            }
        }
    }
}

pub fn edit_json(text: &mut String, editor: &mut dyn Edit) {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            let before = value.clone();
            editor.value(&mut value);
            if value != before {
                *text = value.to_string();
            }
        }
        Err(_) => editor.text(text),
    }
}

impl Texts for ToolCall {
    fn edit(&mut self, editor: &mut dyn Edit) {
        // What a provider wants back is its own, and often signed.
        let Self { id, name: _, arguments, provider_state: _ } = self;
        editor.words(id);
        edit_json(arguments, editor);
    }
}

impl Texts for Proposal {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { call, tool_id: _, tool_name: _, version: _, input } = self;
        call.edit(editor);
        input.edit(editor);
    }
}

impl Texts for ModelError {
    fn edit(&mut self, editor: &mut dyn Edit) {
        match self {
            Self::Http { provider: _, status: _, message, code, retry_after: _ } => {
                editor.words(message);
                words(code, editor);
            }
            Self::Stream { provider: _, message, retryable: _ }
            | Self::Protocol { provider: _, message }
            | Self::Connect { provider: _, message }
            | Self::Config(message)
            | Self::MissingKey(message) => editor.words(message),
            Self::Truncated { provider: _ } | Self::Timeout { provider: _, what: _ } => {}
        }
    }
}

impl Texts for Author {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { user_id: _, display_name, gravatar_hash: _ } = self;
        editor.words(display_name);
    }
}

impl Texts for Participant {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { user_id: _, role: _, display_name, gravatar_hash: _, blocked: _ } = self;
        editor.words(display_name);
    }
}

impl Texts for Run {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            id: _,
            conversation_id: _,
            message_id: _,
            status: _,
            model: _,
            paid_by: _,
            prompt_version: _,
            steps: _,
            tool_calls: _,
            usage: _,
            requires_action,
            plan,
            answers,
            error,
            finish_reason: _,
            feedback,
            created_at: _,
            started_at: _,
            finished_at: _,
        } = self;
        requires_action.edit(editor);
        plan.edit(editor);
        answers.edit(editor);
        error.edit(editor);
        feedback.edit(editor);
    }
}

impl Texts for Feedback {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { run_id: _, author, rating: _, felt_real: _, comment, at: _ } = self;
        author.edit(editor);
        comment.edit(editor);
    }
}

impl Texts for RunAnswer {
    fn edit(&mut self, editor: &mut dyn Edit) {
        match self {
            Self::Approval { at: _, by: _, tool_run_id: _, decision: _, remember: _, reason, edited: _ } => {
                words(reason, editor);
            }
            Self::Plan { at: _, by: _, plan_id: _ }
            | Self::Credentials { at: _, by: _, names: _, save: _, declined: _ }
            | Self::Alternative { at: _, by: _, tool_run_id: _, tool_id: _ } => {}
        }
    }
}

impl Texts for RunError {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { code: _, error, retryable: _ } = self;
        editor.words(error);
    }
}

impl Texts for ToolRun {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            id: _,
            run_id: _,
            message_id: _,
            tool_call_id,
            tool_id: _,
            tool_name: _,
            version: _,
            status: _,
            input,
            output,
            output_summary,
            output_bytes: _,
            truncated: _,
            attempts: _,
            started_at: _,
            duration_ms: _,
            error,
            notice,
            created_at: _,
        } = self;
        editor.words(tool_call_id);
        input.edit(editor);
        output.edit(editor);
        editor.words(output_summary);
        error.edit(editor);
        notice.iter_mut().for_each(|notice| editor.words(notice));
    }
}

impl Texts for ToolError {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { code: _, message, details } = self;
        editor.words(message);
        details.edit(editor);
    }
}

impl Texts for RequiredAction {
    fn edit(&mut self, editor: &mut dyn Edit) {
        match self {
            Self::Credentials { missing_vars, requests, hint, alternatives, expires_at: _ } => {
                missing_vars.edit(editor);
                requests.edit(editor);
                editor.words(hint);
                alternatives.edit(editor);
            }
            Self::Approval { approvals, expires_at: _ } => approvals.edit(editor),
            Self::Plan { plan_set_id: _, plans, expires_at: _ } => plans.edit(editor),
            Self::Alternatives { choices, expires_at: _ } => choices.edit(editor),
        }
    }
}

impl Texts for MissingVar {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { name: _, description, rejected: _ } = self;
        editor.words(description);
    }
}

impl Texts for CredentialRequest {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { id: _, tool_run_id: _, tool_id: _, edition: _, required_keys, missing_keys } = self;
        required_keys.edit(editor);
        missing_keys.edit(editor);
    }
}

impl Texts for AlternativeChoice {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { tool_run_id: _, tool_id: _, tool_name: _, reason: _, detail, alternatives } = self;
        editor.words(detail);
        alternatives.edit(editor);
    }
}

impl Texts for Alternative {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { tool_id: _, tool_name: _, version: _, why, required_env: _, you_have: _ } = self;
        editor.words(why);
    }
}

impl Texts for Plan {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { id: _, steps, confidence: _, reasoning, missing_vars, pins: _ } = self;
        steps.edit(editor);
        editor.words(reasoning);
        missing_vars.edit(editor);
    }
}

impl Texts for PlanStep {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { step_number: _, tool_name: _, purpose, expected_output, tool_id: _, version: _, missing_env: _ } =
            self;
        editor.words(purpose);
        editor.words(expected_output);
    }
}

impl Texts for PlanVar {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { name: _, description, tool_ids: _ } = self;
        editor.words(description);
    }
}

impl Texts for RunPlan {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { plan_id: _, steps } = self;
        steps.edit(editor);
    }
}

impl Texts for StepProgress {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { step, status: _, calls: _, replaced_by: _ } = self;
        step.edit(editor);
    }
}

impl Texts for Finished {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { run, answer, tool_runs } = self;
        run.edit(editor);
        editor.text(answer);
        tool_runs.edit(editor);
    }
}

impl Texts for Conversation {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            id: _,
            title,
            model: _,
            safe_mode: _,
            guest_credentials: _,
            execution_state: _,
            url: _,
            visibility: _,
            forked_from,
            created_at: _,
            updated_at: _,
        } = self;
        words(title, editor);
        words(forked_from, editor);
    }
}

impl Texts for ConversationDetail {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self {
            conversation,
            is_owner: _,
            participants,
            messages,
            tool_runs,
            runs,
            message_count: _,
            tool_run_count: _,
            usage: _,
            last_seq: _,
        } = self;
        conversation.edit(editor);
        participants.edit(editor);
        messages.edit(editor);
        tool_runs.edit(editor);
        runs.edit(editor);
    }
}

#[cfg(test)]
mod tests {
    use crate::{redact::Redactor, testing::events_saying};
    use secrecy::SecretString;
    use std::collections::BTreeSet;

    #[test]
    fn no_event_of_any_kind_keeps_a_secret_in_any_of_its_texts() {
        let secret = SecretString::from("canary-9f8E7d6c5b4A");
        let redactor = Redactor::new([("KEY", &secret)]);
        let mut kinds = BTreeSet::new();
        for said in ["it is canary-9f8E7d6c5b4A.", "c\0a\0n\0ary-9f8\u{1b}[0mE7d6c5b4A", "canary-9f8E%37d6c5b4A"] {
            for mut event in events_saying(said) {
                redactor.clean(&mut event);
                let json = serde_json::to_string(&event).unwrap();
                let found = ["canary", "5b4A", "ary-9f8"].iter().find(|part| json.contains(**part));
                assert_eq!(found, None, "{json}");
                kinds.insert(event.kind());
            }
        }
        assert_eq!(kinds.len(), 38, "every kind but the one that is not known");
    }

    #[test]
    fn what_has_no_secret_stays_as_it_is() {
        for event in events_saying("some text\nwith two lines and 4 < 5 & 100%") {
            let mut same = event.clone();
            Redactor::default().clean(&mut same);
            assert_eq!(same, event);
        }
    }
}
