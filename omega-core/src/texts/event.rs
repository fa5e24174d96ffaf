//! The texts of each kind of event.

use super::{Edit, Texts, words};
use crate::event::{Envelope, Event};

impl Texts for Event {
    fn edit(&mut self, editor: &mut dyn Edit) {
        match self {
            Self::ConversationUpdated {
                title,
                model: _,
                safe_mode: _,
                guest_credentials: _,
                visibility: _,
                url: _,
                usage: _,
            } => words(title, editor),
            Self::ParticipantJoined { user_id: _, role: _, display_name, gravatar_hash: _ } => {
                editor.words(display_name)
            }
            Self::ParticipantUpdated { user_id: _, blocked: _ } => {}
            Self::MessageCreated { message } | Self::MessageCompleted { message } => message.edit(editor),
            Self::MessageDelta { message_id: _, part: _, offset: _, content }
            | Self::ReasoningDelta { message_id: _, part: _, offset: _, content } => editor.text(content),
            Self::MessageReset { message_id: _, step: _ } => {}
            Self::RunQueued { run, position: _ } => run.edit(editor),
            Self::RunStarted { attempt: _, model: _, prompt_version: _ }
            | Self::RunResumed { attempt: _ }
            | Self::RunRecovered { attempt: _ } => {}
            Self::Status { phase: _, message, again_at: _ } => editor.words(message),
            Self::StepStarted { step_index: _, message_id: _ }
            | Self::StepCompleted { step_index: _, usage: _, run_usage: _, finish_reason: _ } => {}
            Self::PlanProposed { plan_set_id: _, plans } => plans.edit(editor),
            Self::PlanSelected { plan_set_id: _, plan_id: _, plan, by: _ } => plan.edit(editor),
            Self::AlternativesProposed { choice } => choice.edit(editor),
            Self::AlternativesSelected { tool_run_id: _, tool_id: _, by: _ } => {}
            Self::RunRequiresAction { action } => action.edit(editor),
            Self::CredentialsProvided { names: _, save: _, declined: _, by: _ } => {}
            Self::ApprovalDecided {
                approval_id: _,
                tool_run_id: _,
                decision: _,
                remember: _,
                reason,
                input,
                by: _,
            } => {
                words(reason, editor);
                input.edit(editor);
            }
            Self::ToolsLoaded { new_tools: _, total_dynamic_tools: _ } => {}
            Self::ToolProposed {
                tool_run_id: _,
                message_id: _,
                tool_call_id,
                tool_id: _,
                tool_name: _,
                version: _,
                input,
            } => {
                editor.words(tool_call_id);
                input.edit(editor);
            }
            Self::ToolStarted {
                tool_run_id: _,
                tool_call_id,
                tool_name: _,
                version: _,
                input,
                credentials_used: _,
            } => {
                editor.words(tool_call_id);
                input.edit(editor);
            }
            Self::ToolDelta { tool_run_id: _, offset: _, chunk } => chunk.edit(editor),
            Self::ToolCompleted {
                tool_run_id: _,
                tool_call_id,
                tool_name: _,
                version: _,
                status: _,
                output,
                output_summary,
                output_bytes: _,
                truncated: _,
                duration_ms: _,
                is_error: _,
                error,
            } => {
                editor.words(tool_call_id);
                output.edit(editor);
                editor.words(output_summary);
                error.edit(editor);
            }
            Self::ToolUnknown { tool_run_id: _, tool_call_id, error } => {
                editor.words(tool_call_id);
                error.edit(editor);
            }
            Self::RunCancelRequested {} => {}
            Self::RunCompleted { answer, usage: _, tool_calls: _, steps: _, finish_reason: _ } => editor.text(answer),
            Self::RunFailed { error } => error.edit(editor),
            Self::RunCancelled { reason } => editor.words(reason),
            Self::FeedbackGiven { feedback } => feedback.edit(editor),
            Self::FeedbackRemoved { by: _ } => {}
            Self::Notice { code: _, message } => editor.words(message),
            Self::Snapshot { conversation } | Self::Resync { conversation } => conversation.edit(editor),
            Self::Draining {} | Self::Unknown => {}
        }
    }
}

impl Texts for Envelope {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { v: _, seq: _, conversation_id: _, run_id: _, at: _, event } = self;
        event.edit(editor);
    }
}
