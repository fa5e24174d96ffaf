//! What a person may answer of what a run waits for, so that no client offers an answer that the server refuses.
//!
//! The server decides; this only says the same beforehand: variables are the owner's to give, an approval that touches
//! the owner's credentials is the owner's, a standing approval is the owner's, and of the others only who sent the message
//! may decide about its calls and choose its plans and tools.

use crate::api::{Approval, RequiredAction};

/// What a person is to a run that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ViewerRole {
    #[default]
    Owner,
    /// A guest, whose message began the run.
    Asker,
    Guest,
}

impl ViewerRole {
    /// From whose the conversation is, and whose the message.
    pub fn of(is_owner: bool, is_asker: bool) -> Self {
        match (is_owner, is_asker) {
            (true, _) => Self::Owner,
            (false, true) => Self::Asker,
            (false, false) => Self::Guest,
        }
    }

    /// Whether this person owns the conversation.
    #[must_use]
    pub fn is_owner(self) -> bool {
        self == Self::Owner
    }

    /// Whether they may approve or deny a call.
    #[must_use]
    pub fn may_decide(self, approval: &Approval) -> bool {
        match self {
            Self::Owner => true,
            Self::Asker => !approval.owner_only && !approval.reason.is_owners(),
            Self::Guest => false,
        }
    }

    /// Whether their approval may last longer than one call.
    #[must_use]
    pub fn may_remember(self, approval: &Approval) -> bool {
        self.is_owner() && approval.reason.may_last()
    }

    #[must_use]
    pub fn may_answer(self, action: &RequiredAction) -> bool {
        match action {
            RequiredAction::Credentials { .. } => self.is_owner(),
            RequiredAction::Approval { approvals, .. } => approvals.iter().any(|it| self.may_decide(it)),
            RequiredAction::Plan { .. } | RequiredAction::Alternatives { .. } => self != Self::Guest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::ApprovalReason,
        id::{ApprovalId, PlanSetId, ToolRunId},
    };
    use serde_json::json;

    fn asked(reason: ApprovalReason, owner_only: bool) -> Approval {
        serde_json::from_value(json!({
            "id": ApprovalId::new(), "toolRunId": ToolRunId::new(), "toolId": "a::b", "toolName": "b", "version": "1.0.0",
            "reason": reason.as_str(), "input": {}, "argsDigest": "d", "ownerOnly": owner_only,
        }))
        .unwrap()
    }

    #[test]
    fn a_guest_is_offered_nothing_that_is_the_owners() {
        use ApprovalReason::{
            AddPackage, Destructive, ExfilGuard, FirstUse, GuestCredentials, SafeMode, UnknownOutcome,
        };
        let (owner, asker, guest) =
            (ViewerRole::of(true, true), ViewerRole::of(false, true), ViewerRole::of(false, false));
        let cases = [
            (owner, SafeMode, true, true),
            (owner, Destructive, true, true),
            (owner, GuestCredentials, true, true),
            (owner, FirstUse, true, false),
            (owner, UnknownOutcome, true, false),
            (owner, AddPackage, true, false),
            (asker, AddPackage, false, false),
            (asker, SafeMode, true, false),
            (asker, Destructive, true, false),
            (asker, UnknownOutcome, true, false),
            (asker, FirstUse, false, false),
            (asker, ExfilGuard, false, false),
            (asker, GuestCredentials, false, false),
            (guest, SafeMode, false, false),
            (guest, FirstUse, false, false),
        ];
        for (role, reason, decides, lasting) in cases {
            let approval = asked(reason, false);
            assert_eq!(role.may_decide(&approval), decides, "{role:?} {reason:?}");
            assert_eq!(role.may_remember(&approval), lasting, "{role:?} {reason:?}");
        }
        assert!(!asker.may_decide(&asked(Destructive, true)), "the server says that it is the owner's");
        let plan =
            json!({ "kind": "plan", "planSetId": PlanSetId::new(), "plans": [], "expiresAt": "2026-12-22T00:00:00Z" });
        let plan: RequiredAction = serde_json::from_value(plan).unwrap();
        assert_eq!([owner, asker, guest].map(|role| role.may_answer(&plan)), [true, true, false]);
    }
}
