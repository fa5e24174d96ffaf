//! The events by which people answer, as what stays with their run.

use super::{Envelope, Event};
use crate::api::RunAnswer;

impl Envelope {
    /// What a person answered by it.
    #[must_use]
    pub fn answer(&self) -> Option<RunAnswer> {
        let at = self.at;
        Some(match &self.event {
            Event::PlanSelected { plan_id, by, plan_set_id: _, plan: _ } => {
                RunAnswer::Plan { at, by: *by, plan_id: *plan_id }
            }
            Event::ApprovalDecided { tool_run_id, decision, remember, reason, input, by, approval_id: _ } => {
                RunAnswer::Approval {
                    at,
                    by: *by,
                    tool_run_id: *tool_run_id,
                    decision: *decision,
                    remember: *remember,
                    reason: reason.clone(),
                    edited: input.is_some(),
                }
            }
            Event::CredentialsProvided { names, save, declined, by } => {
                RunAnswer::Credentials { at, by: *by, names: names.clone(), save: *save, declined: *declined }
            }
            Event::AlternativesSelected { tool_run_id, tool_id, by } => {
                RunAnswer::Alternative { at, by: *by, tool_run_id: *tool_run_id, tool_id: tool_id.clone() }
            }
            _ => return None,
        })
    }
}
