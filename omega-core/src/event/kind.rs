//! The tag of each kind of event, and what follows from it.

use super::Event;

impl Event {
    /// The tag, which is also the SSE event's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConversationUpdated { .. } => "conversation.updated",
            Self::ParticipantJoined { .. } => "participant.joined",
            Self::ParticipantUpdated { .. } => "participant.updated",
            Self::MessageCreated { .. } => "message.created",
            Self::MessageDelta { .. } => "message.delta",
            Self::ReasoningDelta { .. } => "reasoning.delta",
            Self::MessageCompleted { .. } => "message.completed",
            Self::MessageReset { .. } => "message.reset",
            Self::RunQueued { .. } => "run.queued",
            Self::RunStarted { .. } => "run.started",
            Self::RunResumed { .. } => "run.resumed",
            Self::RunRecovered { .. } => "run.recovered",
            Self::Status { .. } => "status",
            Self::StepStarted { .. } => "run.step.started",
            Self::StepCompleted { .. } => "run.step.completed",
            Self::PlanProposed { .. } => "plan.proposed",
            Self::PlanSelected { .. } => "plan.selected",
            Self::AlternativesProposed { .. } => "alternatives.proposed",
            Self::AlternativesSelected { .. } => "alternatives.selected",
            Self::RunRequiresAction { .. } => "run.requires_action",
            Self::CredentialsProvided { .. } => "credentials.provided",
            Self::ApprovalDecided { .. } => "approval.decided",
            Self::ToolsLoaded { .. } => "tools.loaded",
            Self::ToolProposed { .. } => "run.step.tool.proposed",
            Self::ToolStarted { .. } => "run.step.tool.started",
            Self::ToolDelta { .. } => "run.step.tool.delta",
            Self::ToolCompleted { .. } => "run.step.tool.completed",
            Self::ToolUnknown { .. } => "run.step.tool.unknown",
            Self::RunCancelRequested {} => "run.cancel_requested",
            Self::RunCompleted { .. } => "run.completed",
            Self::RunFailed { .. } => "run.failed",
            Self::RunCancelled { .. } => "run.cancelled",
            Self::FeedbackGiven { .. } => "feedback.given",
            Self::FeedbackRemoved { .. } => "feedback.removed",
            Self::Notice { .. } => "notice",
            Self::Snapshot { .. } => "snapshot",
            Self::Resync { .. } => "resync",
            Self::Draining {} => "draining",
            Self::Unknown => "unknown",
        }
    }

    /// Whether this is one of the three events that end a run.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::RunCompleted { .. } | Self::RunFailed { .. } | Self::RunCancelled { .. })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        api::Timestamp,
        event::{Envelope, Event, VERSION},
        id::ConversationId,
    };

    #[test]
    fn the_kind_is_the_tag_on_the_wire() {
        let event = Event::Status { phase: "searching".into(), message: "Finding tools".into(), again_at: None };
        let envelope = Envelope {
            v: VERSION,
            seq: Some(3),
            conversation_id: ConversationId::new(),
            run_id: None,
            at: Timestamp(0),
            event: event.clone(),
        };
        let json = serde_json::to_value(&envelope).unwrap();
        assert_eq!(json["type"], event.kind());
        assert_eq!(json["seq"], 3);
        assert_eq!(serde_json::from_value::<Envelope>(json).unwrap(), envelope);
    }

    #[test]
    fn an_event_of_a_later_version_is_read_as_unknown() {
        let json = serde_json::json!({
            "v": 1, "seq": 9, "conversationId": ConversationId::new(), "at": "2026-01-01T00:00:00Z",
            "type": "run.teleported", "to": "mars",
        });
        assert_eq!(serde_json::from_value::<Envelope>(json).unwrap().event, Event::Unknown);
    }
}
