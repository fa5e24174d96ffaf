//! Yeses that last: for one tool and one reason, in one conversation or in all of a user's, up to the tool's major version
//! that was looked at.

use super::{LogTx, Result, Store, StoreError, exec, read_all, rows::id, rows::number, rows::signed, rows::word, sql};
use crate::{
    audit::{Action, Fact},
    vault::resolve::major,
};
use omega_core::{
    api::{ApprovalReason, Remember, StoredApproval, Timestamp},
    id::{ApprovalRuleId, ConversationId, UserId},
};

/// A yes that lasts, as it holds for the runs of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    tool: String,
    reason: ApprovalReason,
    max_major: Option<u64>,
}

impl Rule {
    /// Whether it answers this question. A version that is not known is covered by a yes for all versions only.
    #[must_use]
    pub fn allows(&self, tool: &str, version: &str, reason: ApprovalReason) -> bool {
        self.tool == tool
            && self.reason == reason
            && self.max_major.is_none_or(|most| major(version).is_some_and(|own| own <= most))
    }
}

impl Store {
    /// The yeses of a conversation's owner that hold in it.
    pub(super) async fn rules(&self, owner: UserId, conversation: ConversationId) -> Result<Vec<Rule>> {
        type Row = (String, String, Option<i64>);
        let (owner, conversation) = (owner.to_string(), conversation.to_string());
        let rows: Vec<Row> = read_all!(&self.db, Row, sql::APPROVAL_RULES, owner, conversation)?;
        rows.into_iter()
            .map(|(tool, reason, most)| Ok(Rule { tool, reason: word(&reason)?, max_major: most.map(number) }))
            .collect()
    }

    /// All yeses of a user that last, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stored_approvals(&self, user: UserId) -> Result<Vec<StoredApproval>> {
        type Row = (String, String, String, String, Option<i64>, i64);
        let rows: Vec<Row> = read_all!(&self.db, Row, sql::APPROVAL_RULES_OF, user.to_string())?;
        rows.into_iter()
            .map(|(rule, conversation, tool, reason, most, at)| {
                Ok(StoredApproval {
                    id: id(&rule)?,
                    tool_id: id(&tool)?,
                    reason: word(&reason)?,
                    conversation_id: (!conversation.is_empty()).then(|| id(&conversation)).transpose()?,
                    max_major: most.map(number),
                    by: user,
                    created_at: Timestamp(at),
                })
            })
            .collect()
    }

    /// Takes a yes back; the tool's next call asks again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for another user's.
    pub async fn revoke_approval(&self, user: UserId, rule: ApprovalRuleId) -> Result<()> {
        let mut tx = self.begin().await?;
        if exec!(&mut tx, sql::DELETE_APPROVAL_RULE, user.to_string(), rule.to_string())? == 0 {
            return Err(StoreError::NotFound);
        }
        let fact = Fact::new(Action::ApprovalRevoked, "approval").on(rule.to_string());
        self.commit_with(tx, &[fact]).await
    }
}

impl LogTx {
    /// Keeps a yes beyond its call.
    pub(super) async fn put_rule(
        &mut self,
        owner: UserId,
        remember: Remember,
        (tool, version): (&str, &str),
        reason: ApprovalReason,
    ) -> Result<()> {
        let place = match remember {
            Remember::Once => return Ok(()),
            Remember::Conversation => self.conversation().to_string(),
            Remember::Always => String::new(),
        };
        let (rule, now) = (ApprovalRuleId::new().to_string(), self.now().0);
        let most = major(version).map(signed);
        exec!(&mut self.tx, sql::PUT_APPROVAL_RULE, rule, owner.to_string(), place, tool, reason.as_str(), most, now)?;
        Ok(())
    }
}
