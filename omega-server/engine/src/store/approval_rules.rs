//! Standing approvals: for one tool and one reason, in one conversation or in all of a user's, for the edition of the tool that
//! was looked at and those that follow it within its major version.

use super::{
    LogTx, Result, Store, StoreError, exec, read_all,
    rows::{EditionRow, id, word},
};
use crate::domain::audit_fact::{AuditAction, Fact};
use crate::domain::row::row;
use omega_core::{
    api::{ApprovalReason, PlanStep, Remember, StoredApproval, Timestamp},
    edition::Edition,
    id::{ApprovalRuleId, ConversationId, UserId},
};

/// A standing approval, as it holds for the runs of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    tool: String,
    reason: ApprovalReason,
    edition: Edition,
}

impl ApprovalRule {
    /// What Safe Mode asks about, for the tool of a plan's step; nothing for a step without one.
    pub(super) fn of_step(step: &PlanStep) -> Option<Self> {
        let (tool, version) = (step.tool_id.as_ref()?.to_string(), step.version.clone()?);
        // A plan says nothing of rows that are the user's own: those are still asked about.
        let edition = Edition { version, integrity: None, own: false };
        Some(Self { tool, reason: ApprovalReason::SafeMode, edition })
    }

    /// Whether it answers this question.
    pub fn allows(&self, tool: &str, edition: &Edition, reason: ApprovalReason) -> bool {
        self.tool == tool && self.reason == reason && self.edition.covers(edition).is_ok()
    }
}

row! {
    struct RuleRow {
        id: String,
        conversation_id: String,
        tool_id: String,
        reason: String,
        created_at: i64,
    }
    flatten {
        edition: EditionRow,
    }
}

impl Store {
    /// The standing approvals of a conversation's owner that hold in it.
    pub(super) async fn rules(&self, owner: UserId, conversation: ConversationId) -> Result<Vec<ApprovalRule>> {
        let (owner, conversation) = (owner.to_string(), conversation.to_string());
        let rows: Vec<RuleRow> = read_all!(&self.db, RuleRow, APPROVAL_RULES, owner, conversation)?;
        let rule = |row: RuleRow| {
            Ok(ApprovalRule { tool: row.tool_id, reason: word(&row.reason)?, edition: row.edition.into() })
        };
        rows.into_iter().map(rule).collect()
    }

    /// All standing approvals of a user, oldest first.
    pub async fn stored_approvals(&self, user: UserId) -> Result<Vec<StoredApproval>> {
        let rows: Vec<RuleRow> = read_all!(&self.db, RuleRow, APPROVAL_RULES_OF, user.to_string())?;
        let stored = |row: RuleRow| {
            let edition = Edition::from(row.edition);
            Ok(StoredApproval {
                id: id(&row.id)?,
                tool_id: id(&row.tool_id)?,
                reason: word(&row.reason)?,
                conversation_id: (!row.conversation_id.is_empty()).then(|| id(&row.conversation_id)).transpose()?,
                max_major: edition.major(),
                version: Some(edition.version).filter(|version| !version.is_empty()),
                by: user,
                created_at: Timestamp(row.created_at),
            })
        };
        rows.into_iter().map(stored).collect()
    }

    /// Revokes a standing approval; the tool's next call asks again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for another user's.
    pub async fn revoke_approval(&self, user: UserId, rule: ApprovalRuleId) -> Result<()> {
        let mut tx = self.begin().await?;
        if exec!(&mut tx, DELETE_APPROVAL_RULE, user.to_string(), rule.to_string())? == 0 {
            return Err(StoreError::NotFound);
        }
        let fact = Fact::new(AuditAction::ApprovalRevoked, "approval").on(rule.to_string());
        self.commit_with(tx, &[fact]).await
    }
}

impl LogTx {
    /// Keeps an approval beyond its call.
    pub(super) async fn put_rule(
        &mut self,
        owner: UserId,
        remember: Remember,
        (tool, edition): (&str, &Edition),
        reason: ApprovalReason,
    ) -> Result<()> {
        let place = match remember {
            // It holds for its run alone, by what was decided there.
            Remember::Once | Remember::Plan => return Ok(()),
            Remember::Conversation => self.conversation().to_string(),
            Remember::Always => String::new(),
        };
        let (rule, now) = (ApprovalRuleId::new().to_string(), self.now().0);
        exec!(
            &mut self.tx,
            PUT_APPROVAL_RULE,
            rule,
            owner.to_string(),
            place,
            tool,
            reason.as_str(),
            &edition.version,
            edition.integrity.as_deref(),
            edition.own,
            now
        )?;
        Ok(())
    }
}

super::sql::statements! {
    PUT_APPROVAL_RULE = "INSERT INTO approval_rules (id, user_id, conversation_id, tool_id, reason, version, integrity, own, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_id, conversation_id, tool_id, reason) \
        DO UPDATE SET version = excluded.version, integrity = excluded.integrity, own = excluded.own, \
        created_at = excluded.created_at";
    APPROVAL_RULES = "SELECT id, conversation_id, tool_id, reason, version, integrity, own, created_at FROM approval_rules \
        WHERE user_id = $1 AND conversation_id IN ('', $2)";
    APPROVAL_RULES_OF = "SELECT id, conversation_id, tool_id, reason, version, integrity, own, created_at FROM approval_rules \
        WHERE user_id = $1 ORDER BY created_at, id";
    DELETE_APPROVAL_RULE = "DELETE FROM approval_rules WHERE user_id = $1 AND id = $2";
}
