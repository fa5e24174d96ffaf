//! Where the ids in paths lead, and who takes part there. What comes of it is decided in [`super::access`].

use super::{
    Committed, LogTx, Result, Store, StoreError,
    access::{Owned, PartOf},
    exec, read_opt,
    rows::{id, word},
    tx_opt,
};
use crate::domain::caller::{Caller, Via};
use crate::domain::{boxed, row::row};
use omega_core::{
    api::{Author, Participant, Visibility},
    event::Event,
    id::{ConversationId, UserId},
};

/// A conversation as a caller meets it.
#[derive(Debug, Clone)]
pub struct ConversationEntry {
    pub conversation: ConversationId,
    pub owner: UserId,
    /// Who may open it besides the owner.
    pub visibility: Visibility,
    /// What opens it for guests.
    pub link: ConversationId,
    /// How often the link was replaced.
    pub epoch: i64,
    /// The caller's participation, if there is one.
    pub member: Option<Member>,
}

#[derive(Debug, Clone)]
pub struct Member {
    /// The name that the others see.
    pub display_name: String,
    /// The picture that the others see.
    pub gravatar_hash: String,
    /// The link's epoch in which they came.
    pub epoch: i64,
    /// Whether the owner blocked them.
    pub is_blocked: bool,
}

impl ConversationEntry {
    /// Whether the caller joined by the link that holds now.
    pub fn is_member(&self) -> bool {
        self.member.as_ref().is_some_and(|member| member.epoch == self.epoch)
    }
}

/// Somebody who comes in, or has another name or picture now.
#[derive(Debug, Clone)]
pub struct Joining {
    pub conversation: ConversationId,
    /// The link's epoch that they were let in by.
    pub epoch: i64,
    pub is_owner: bool,
    pub author: Author,
}

row! {
    struct EntryRow {
        id: String,
        owner_id: String,
        visibility: String,
        link_id: String,
        link_epoch: i64,
        display_name: Option<String>,
        gravatar_hash: Option<String>,
        epoch: Option<i64>,
        blocked_at: Option<i64>,
        actor: String,
    }
}

impl EntryRow {
    fn read(self) -> Result<(ConversationEntry, UserId)> {
        let member = match (self.display_name, self.gravatar_hash, self.epoch) {
            (Some(display_name), Some(gravatar_hash), Some(epoch)) => {
                Some(Member { display_name, gravatar_hash, epoch, is_blocked: self.blocked_at.is_some() })
            }
            _ => None,
        };
        let place = ConversationEntry {
            conversation: id(&self.id)?,
            owner: id(&self.owner_id)?,
            visibility: word(&self.visibility)?,
            link: id(&self.link_id)?,
            epoch: self.link_epoch,
            member,
        };
        Ok((place, id(&self.actor)?))
    }
}

impl Store {
    #[boxed]
    async fn found(
        &self,
        sql: &'static str,
        wanted: &str,
        caller: UserId,
    ) -> Result<Option<(ConversationEntry, UserId)>> {
        let row: Option<EntryRow> = read_opt!(&self.db, EntryRow, sql, wanted, caller.to_string())?;
        row.map(EntryRow::read).transpose()
    }

    /// The conversation under a link or an id, as a caller meets it.
    pub(crate) async fn place(&self, wanted: ConversationId, caller: UserId) -> Result<Option<ConversationEntry>> {
        let found = self.found(PLACE_OF_CONVERSATION, &wanted.to_string(), caller).await?;
        Ok(found.map(|(place, _)| place))
    }

    /// The conversation whose link this was once.
    #[boxed]
    pub(crate) async fn retired_place(
        &self,
        wanted: ConversationId,
        caller: UserId,
    ) -> Result<Option<ConversationEntry>> {
        let found = self.found(PLACE_OF_RETIRED_LINK, &wanted.to_string(), caller).await?;
        Ok(found.map(|(place, _)| place))
    }

    /// The conversation of a run, tool run or approval, and who sent the message behind it.
    pub(crate) async fn place_of_part(
        &self,
        part: PartOf,
        wanted: &str,
        caller: UserId,
    ) -> Result<Option<(ConversationEntry, UserId)>> {
        let sql = match part {
            PartOf::Run => PLACE_OF_RUN,
            PartOf::ToolRun => PLACE_OF_TOOL_RUN,
            PartOf::Approval => PLACE_OF_APPROVAL,
        };
        self.found(sql, wanted, caller).await
    }

    /// Notes that somebody takes part, and tells it. None when that is known.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the link was replaced meanwhile, or nobody may come in any more.
    #[boxed]
    pub(crate) async fn join(&self, joining: Joining) -> Result<Option<Committed>> {
        let mut log = self.log(joining.conversation).await?;
        let conversation = joining.conversation.to_string();
        let (epoch, visibility) = log.link().await?;
        if !joining.is_owner && (epoch != joining.epoch || visibility == Visibility::Private) {
            return Err(StoreError::Gone);
        }
        let role = if joining.is_owner { "owner" } else { "guest" };
        let now = log.now().0;
        let Author { user_id, display_name, gravatar_hash } = joining.author;
        let changed = exec!(
            &mut log.tx,
            JOIN,
            &conversation,
            user_id.to_string(),
            role,
            &display_name,
            &gravatar_hash,
            now,
            epoch,
        )?;
        if changed == 0 {
            return Ok(None);
        }
        log.event(None, Event::ParticipantJoined { user_id, role: role.into(), display_name, gravatar_hash }).await?;
        Ok(Some(log.commit().await?))
    }

    /// Replaces the link. The guests who joined by the one before are out.
    pub async fn rotate_link(&self, access: &Owned) -> Result<Committed> {
        let mut log = self.log(access.conversation()).await?;
        let conversation = access.conversation().to_string();
        let link = ConversationId::new();
        let now = log.now().0;
        exec!(&mut log.tx, RETIRE_LINK, &conversation, now)?;
        exec!(&mut log.tx, SET_LINK, &conversation, link.to_string())?;
        let event = Event::ConversationUpdated {
            title: None,
            model: None,
            safe_mode: None,
            guest_credentials: None,
            visibility: None,
            url: Some(page_of(&link.to_string())),
            usage: None,
        };
        log.event(None, event).await?;
        log.commit().await
    }

    /// Shuts a guest out, or lets them in again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for somebody who never took part, [`StoreError::Unfit`] for the owner.
    pub async fn block(&self, access: &Owned, user: UserId, blocked: bool) -> Result<(Participant, Committed)> {
        if user == access.owner() {
            return Err(StoreError::Unfit("userId", "the owner can't be blocked from their own conversation".into()));
        }
        let mut log = self.log(access.conversation()).await?;
        let conversation = access.conversation().to_string();
        let since = blocked.then_some(log.now().0);
        let (epoch, _) = log.link().await?;
        if exec!(&mut log.tx, BLOCK, &conversation, user.to_string(), since, epoch)? != 1 {
            return Err(StoreError::NotFound);
        }
        type Row = super::rows::ParticipantRow;
        let row: Option<Row> = tx_opt!(&mut log.tx, Row, PARTICIPANT, &conversation, user.to_string())?;
        let participant = row.ok_or(StoreError::NotFound)?.into_api()?;
        log.event(None, Event::ParticipantUpdated { user_id: user, blocked }).await?;
        Ok((participant, log.commit().await?))
    }

    /// Whether a caller's session, key or user still lets them in.
    pub(crate) async fn is_let_in(&self, caller: &Caller) -> Result<bool> {
        type Row = (String,);
        let row: Option<Row> = match caller.via {
            Via::Session(token) => read_opt!(&self.db, Row, LIVE_SESSION, token.bytes(), self.now().0)?,
            Via::Key(key) => read_opt!(&self.db, Row, LIVE_KEY, key.to_string())?,
            Via::Code | Via::Vouched => read_opt!(&self.db, Row, ENABLED_USER, caller.user.to_string())?,
        };
        Ok(row.is_some())
    }
}

impl LogTx {
    /// The link's epoch, and who may open the conversation.
    async fn link(&mut self) -> Result<(i64, Visibility)> {
        let conversation = self.conversation().to_string();
        let row: Option<(i64, String)> = tx_opt!(&mut self.tx, (i64, String), LINK_OF, conversation)?;
        let (epoch, visibility) = row.ok_or(StoreError::NotFound)?;
        Ok((epoch, word(&visibility)?))
    }
}

/// The page of a conversation, by its link.
pub(super) fn page_of(link: &str) -> String {
    format!("/omega/c/{link}")
}

super::sql::statements! {
    PLACE_OF_CONVERSATION = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, c.owner_id AS actor \
        FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 \
        WHERE c.id = $1 OR c.link_id = $1";
    PLACE_OF_RETIRED_LINK = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, c.owner_id AS actor \
        FROM retired_links l JOIN conversations c ON c.id = l.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE l.link_id = $1";
    PLACE_OF_RUN = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM runs r JOIN conversations c ON c.id = r.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE r.id = $1";
    PLACE_OF_TOOL_RUN = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM tool_runs t JOIN runs r ON r.id = t.run_id JOIN conversations c ON c.id = t.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE t.id = $1";
    PLACE_OF_APPROVAL = "SELECT c.id, c.owner_id, c.visibility, c.link_id, c.link_epoch, p.display_name, p.gravatar_hash, p.epoch, \
        p.blocked_at, r.actor_user_id AS actor \
        FROM approvals a JOIN runs r ON r.id = a.run_id JOIN conversations c ON c.id = a.conversation_id \
        LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = $2 WHERE a.id = $1";
    // Whoever comes by a new link comes anew.
    JOIN = "INSERT INTO participants (conversation_id, user_id, role, display_name, gravatar_hash, first_seen_at, epoch) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation_id, user_id) DO UPDATE SET \
        display_name = excluded.display_name, gravatar_hash = excluded.gravatar_hash, epoch = excluded.epoch, \
        first_seen_at = CASE WHEN participants.epoch < excluded.epoch AND participants.role <> 'owner' \
        THEN excluded.first_seen_at ELSE participants.first_seen_at END \
        WHERE participants.blocked_at IS NULL AND (participants.epoch < excluded.epoch \
        OR participants.display_name <> excluded.display_name OR participants.gravatar_hash <> excluded.gravatar_hash)";
    LINK_OF = "SELECT link_epoch, visibility FROM conversations WHERE id = $1";
    RETIRE_LINK = "INSERT INTO retired_links (link_id, conversation_id, retired_at) SELECT link_id, id, CAST($2 AS BIGINT) \
        FROM conversations WHERE id = $1";
    SET_LINK = "UPDATE conversations SET link_id = $2, link_epoch = link_epoch + 1 WHERE id = $1";
    // Who is let in again belongs to the link that holds now.
    BLOCK = "UPDATE participants SET blocked_at = $3, epoch = $4 WHERE conversation_id = $1 AND user_id = $2 AND role <> 'owner'";
    PARTICIPANT = "SELECT user_id, role, display_name, gravatar_hash, blocked_at FROM participants \
        WHERE conversation_id = $1 AND user_id = $2";
    LIVE_SESSION = "SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id \
        WHERE s.token_hash = $1 AND s.idle_expires_at > $2 AND s.abs_expires_at > $2 AND u.disabled_at IS NULL";
    LIVE_KEY = "SELECT u.id FROM api_keys k JOIN users u ON u.id = k.user_id \
        WHERE k.id = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL";
    ENABLED_USER = "SELECT id FROM users WHERE id = $1 AND disabled_at IS NULL";
}
