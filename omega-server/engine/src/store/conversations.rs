//! Conversations: made, changed, and read by pages.

use super::{
    Committed, LogTx, Result, Store, StoreError, Tx,
    access::{Access, Owned, Within},
    answers::answers_between,
    conversation_access::page_of,
    exec, feedback,
    plans::followed_by,
    read_all, read_one, read_opt,
    rows::{ConversationRow, MessageRow, ParticipantRow, RunRow, ToolRunRow, id, json, number, signed, word},
    sql, tx_all, tx_opt,
};
use crate::{domain::boxed, process::failpoint::Transaction};
use omega_core::{
    api::{
        Author, Conversation, ConversationDetail, ExecutionState, GuestCredentials, Message, Run, RunStatus, Timestamp,
        ToolRun, UpdateConversation, Usage,
    },
    event::{Envelope, Event},
    id::{ConversationId, RunId, ToolRunId, UserId},
};

/// Outputs larger than this are left out of lists and events.
pub const INLINE_OUTPUT_BYTES: usize = 64 * 1024;

/// Which messages of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The newest.
    Newest,
    /// The newest before an event.
    Before(u64),
    /// The oldest after an event.
    After(u64),
    /// The oldest of a time or later.
    Since(Timestamp),
}

impl Store {
    /// Makes a conversation and its owner's participation, and gives it as its owner sees it.
    pub async fn create_conversation(
        &self,
        owner: &Author,
        title: Option<&str>,
        model: &str,
        safe_mode: Option<bool>,
        guest_credentials: GuestCredentials,
    ) -> Result<Conversation> {
        let conversation = ConversationId::new();
        let now = self.now().0;
        let mut tx = self.begin().await?;
        let source = if title.is_some() { "user" } else { "none" };
        exec!(
            &mut tx,
            INSERT_CONVERSATION,
            conversation.to_string(),
            owner.user_id.to_string(),
            title,
            source,
            model,
            safe_mode,
            guest_credentials.as_str(),
            now,
        )?;
        exec!(
            &mut tx,
            sql::INSERT_PARTICIPANT,
            conversation.to_string(),
            owner.user_id.to_string(),
            "owner",
            &owner.display_name,
            &owner.gravatar_hash,
            now,
        )?;
        let row: Option<ConversationRow> =
            tx_opt!(&mut tx, ConversationRow, GET_CONVERSATION, conversation.to_string())?;
        let made = row.ok_or(StoreError::NotFound)?.into_api(conversation, ExecutionState::Idle)?;
        tx.commit().await?;
        Ok(made)
    }

    async fn row(&self, conversation: ConversationId) -> Result<ConversationRow> {
        let row: Option<ConversationRow> =
            read_opt!(&self.db, ConversationRow, GET_CONVERSATION, conversation.to_string())?;
        row.ok_or(StoreError::NotFound)
    }

    /// Who owns a conversation, and its model. For the engine: callers have an [`Access`].
    pub async fn owner_and_model(&self, conversation: ConversationId) -> Result<(UserId, String)> {
        let row = self.row(conversation).await?;
        Ok((id(&row.owner_id)?, row.model))
    }

    /// What guests' messages may do with the credentials of a conversation's owner, and who that is.
    pub async fn guest_credentials(&self, conversation: ConversationId) -> Result<(UserId, GuestCredentials)> {
        let row = self.row(conversation).await?;
        Ok((id(&row.owner_id)?, word(&row.guest_credentials)?))
    }

    /// Safe Mode, if it is set for a conversation.
    pub async fn safe_mode(&self, conversation: ConversationId) -> Result<Option<bool>> {
        Ok(self.row(conversation).await?.safe_mode)
    }

    /// What was set for a conversation: its model, and Safe Mode, if it is set there.
    pub async fn chosen(&self, access: &Access) -> Result<(String, Option<bool>)> {
        let row = self.row(access.conversation()).await?;
        Ok((row.model, row.safe_mode))
    }

    /// A part of a conversation: at most `limit` messages, with their tool runs and runs.
    #[boxed]
    pub async fn detail(
        &self,
        access: &Access,
        section: Section,
        limit: u32,
        inline: usize,
    ) -> Result<ConversationDetail> {
        let conversation = access.conversation();
        // All of one moment: an event that is in here and comes after the cursor again would be counted twice.
        let mut tx = self.begin_read().await?;
        let id_text = conversation.to_string();
        let row: Option<ConversationRow> = tx_opt!(&mut tx, ConversationRow, GET_CONVERSATION, &id_text)?;
        let row = row.ok_or(StoreError::NotFound)?;
        let (messages, end) = messages_of(&mut tx, &id_text, section, limit, row.next_seq).await?;
        let first = messages.first().map_or(i64::MAX, |message| signed(message.seq));
        let most = signed(inline as u64);
        let tool_runs: Vec<ToolRunRow> = match end {
            None => tx_all!(&mut tx, ToolRunRow, sql::TOOL_RUNS_FROM, &id_text, first, i64::from(u32::MAX), most)?,
            Some(end) => tx_all!(&mut tx, ToolRunRow, TOOL_RUNS_BETWEEN, &id_text, first, end, most)?,
        };
        let tool_runs = tool_runs.into_iter().map(|row| row.into_api(inline)).collect::<Result<Vec<ToolRun>>>()?;
        let end = end.unwrap_or(i64::MAX);
        let runs: Vec<RunRow> = tx_all!(&mut tx, RunRow, sql::RUNS_BETWEEN, &id_text, first, end)?;
        let mut plans = followed_by(&mut tx, &id_text, first, &runs, &tool_runs).await?;
        let mut answers = answers_between(&mut tx, &id_text, first, end).await?;
        let mut said = feedback::by_run(&mut tx, &id_text, first).await?;
        let whole = |row: RunRow| {
            let plan = plans.remove(&row.id);
            let run = row.into_api()?;
            let answers = answers.remove(&run.id).unwrap_or_default();
            Ok(Run { plan, answers, feedback: said.remove(&run.id).unwrap_or_default(), ..run })
        };
        let runs = runs.into_iter().map(whole).collect::<Result<Vec<Run>>>()?;
        let participants: Vec<ParticipantRow> = tx_all!(&mut tx, ParticipantRow, LIST_PARTICIPANTS, &id_text)?;
        let message_count: Option<(i64,)> = tx_opt!(&mut tx, (i64,), COUNT_MESSAGES, &id_text)?;
        let tool_run_count: Option<(i64,)> = tx_opt!(&mut tx, (i64,), COUNT_TOOL_RUNS, &id_text)?;
        tx.commit().await?;
        let count = |counted: Option<(i64,)>| counted.map_or(0, |(n,)| number(n));
        let usage: Usage = serde_json::from_str(&row.usage)?;
        let state = runs.iter().fold(ExecutionState::Idle, |state, run| match run.status {
            RunStatus::Paused => ExecutionState::Paused,
            RunStatus::Running | RunStatus::Queued if state == ExecutionState::Idle => ExecutionState::Running,
            _ => state,
        });
        Ok(access.show(ConversationDetail {
            is_owner: access.is_owner(),
            last_seq: number(row.next_seq - 1),
            conversation: row.into_api(conversation, state)?,
            participants: participants.into_iter().map(ParticipantRow::into_api).collect::<Result<_>>()?,
            message_count: count(message_count),
            tool_run_count: count(tool_run_count),
            messages,
            tool_runs,
            runs,
            usage,
        }))
    }

    async fn count(&self, sql: &'static str, conversation: ConversationId) -> Result<u64> {
        let (n,): (i64,) = read_one!(&self.db, (i64,), sql, conversation.to_string())?;
        Ok(number(n))
    }

    /// All runs of a conversation, in the order in which they were queued.
    pub async fn runs_of(&self, access: &Access) -> Result<Vec<Run>> {
        let conversation = access.conversation().to_string();
        let mut tx = self.begin_read().await?;
        let rows: Vec<RunRow> = tx_all!(&mut tx, RunRow, sql::RUNS_BETWEEN, &conversation, 0_i64, i64::MAX)?;
        let mut said = feedback::by_run(&mut tx, &conversation, 0).await?;
        tx.commit().await?;
        let whole = |row: RunRow| {
            let run = row.into_api()?;
            Ok(Run { feedback: said.remove(&run.id).unwrap_or_default(), ..run })
        };
        Ok(access.show(rows.into_iter().map(whole).collect::<Result<_>>()?))
    }

    /// Tool runs that were proposed by the event `seq` or later, oldest first, each with that event's number.
    pub async fn tool_runs_from(
        &self,
        access: &Access,
        seq: u64,
        limit: u32,
        inline: usize,
    ) -> Result<Vec<(u64, ToolRun)>> {
        let rows: Vec<ToolRunRow> = read_all!(
            &self.db,
            ToolRunRow,
            sql::TOOL_RUNS_FROM,
            access.conversation().to_string(),
            signed(seq),
            i64::from(limit),
            signed(inline as u64)
        )?;
        rows.into_iter().map(|row| Ok((number(row.seq), access.show(row.into_api(inline)?)))).collect()
    }

    /// One tool run, whole.
    pub async fn tool_run(&self, tool_run: &Within<ToolRunId>) -> Result<ToolRun> {
        let row: ToolRunRow = read_one!(&self.db, ToolRunRow, GET_TOOL_RUN, tool_run.id().to_string())?;
        Ok(tool_run.access().show(row.into_api(usize::MAX)?))
    }

    /// Committed events after `after`, at most `limit`. For the feed, which asks its reader's [`Access`].
    pub async fn events_after(&self, conversation: ConversationId, after: u64, limit: u32) -> Result<Vec<Envelope>> {
        let rows: Vec<(String,)> =
            read_all!(&self.db, (String,), EVENTS_AFTER, conversation.to_string(), signed(after), i64::from(limit))?;
        rows.iter().map(|(payload,)| Ok(serde_json::from_str(payload)?)).collect()
    }

    /// Committed events after `after`, at most `limit`, as the caller may see them.
    pub async fn events_of(&self, access: &Access, after: u64, limit: u32) -> Result<Vec<Envelope>> {
        Ok(access.show(self.events_after(access.conversation(), after, limit).await?))
    }

    /// The number of the newest event.
    pub async fn last_seq(&self, access: &Access) -> Result<u64> {
        let row: Option<(i64,)> = read_opt!(&self.db, (i64,), LAST_SEQ, access.conversation().to_string())?;
        row.map(|(seq,)| number(seq)).ok_or(StoreError::NotFound)
    }

    /// Changes what the owner said, and tells it.
    pub async fn update_conversation(&self, access: &Owned, change: &UpdateConversation) -> Result<Committed> {
        let mut log = self.log(access.conversation()).await?;
        log.named(Transaction::Update).await?;
        let conversation = access.conversation().to_string();
        if let Some(title) = &change.title {
            let title = log.clean_words(title);
            exec!(&mut log.tx, SET_TITLE, &conversation, title, "user")?;
        }
        if let Some(model) = &change.model {
            exec!(&mut log.tx, SET_MODEL, &conversation, model)?;
        }
        if let Some(on) = change.safe_mode {
            exec!(&mut log.tx, SET_SAFE_MODE, &conversation, on)?;
        }
        if let Some(policy) = change.guest_credentials {
            exec!(&mut log.tx, SET_GUEST_CREDENTIALS, &conversation, policy.as_str())?;
        }
        if let Some(visibility) = change.visibility {
            exec!(&mut log.tx, SET_VISIBILITY, &conversation, visibility.as_str())?;
        }
        let event = Event::ConversationUpdated {
            title: change.title.clone(),
            model: change.model.clone(),
            safe_mode: change.safe_mode,
            guest_credentials: change.guest_credentials,
            visibility: change.visibility,
            url: None,
            usage: None,
        };
        log.event(None, event).await?;
        log.commit().await
    }

    /// Gives the conversation the title that was made for it, unless somebody gave it one meanwhile, and counts what the
    /// making took.
    pub(crate) async fn set_title(&self, conversation: ConversationId, title: &str, usage: Usage) -> Result<Committed> {
        let mut log = self.log(conversation).await?;
        log.named(Transaction::Update).await?;
        let title = log.clean_words(title);
        let given = exec!(&mut log.tx, SET_MADE_TITLE, conversation.to_string(), &title)? == 1;
        log.count_usage(None, given.then_some(title), usage).await?;
        log.commit().await
    }

    /// Counts tokens that a conversation took outside of its runs, for nothing that could be kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub(crate) async fn count_tokens(&self, access: &Access, usage: Usage) -> Result<Committed> {
        let mut log = self.log(access.conversation()).await?;
        log.count_usage(None, None, usage).await?;
        log.commit().await
    }

    /// Whether the conversation still has no title and at least one answer.
    pub async fn wants_title(&self, conversation: ConversationId) -> Result<bool> {
        let row = self.row(conversation).await?;
        Ok(row.title_source == "none" && self.count(HAS_ANSWER, conversation).await? > 0)
    }
}

impl LogTx {
    /// Adds tokens that were taken outside of the steps of runs to what a run took, or the conversation alone, and tells
    /// it, with the title that came of it.
    pub(super) async fn count_usage(&mut self, run: Option<RunId>, title: Option<String>, usage: Usage) -> Result<()> {
        let usage = usage.taken();
        if let Some(usage) = usage {
            self.note_usage(run, &usage).await?;
        }
        if let (Some(run), Some(usage)) = (run, usage) {
            let id = run.to_string();
            let known: Option<(String,)> = tx_opt!(&mut self.tx, (String,), sql::RUN_USAGE, &id)?;
            let mut total: Usage = known.map(|(text,)| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
            total += usage;
            exec!(&mut self.tx, sql::SET_RUN_USAGE, &id, json(&total)?)?;
        }
        if usage.is_none() && title.is_none() {
            return Ok(());
        }
        let event = Event::ConversationUpdated {
            title,
            model: None,
            safe_mode: None,
            guest_credentials: None,
            visibility: None,
            url: None,
            usage,
        };
        self.event(run, event).await?;
        Ok(())
    }
}

impl ConversationRow {
    fn into_api(self, id: ConversationId, execution_state: ExecutionState) -> Result<Conversation> {
        Ok(Conversation {
            id,
            title: self.title,
            model: self.model,
            safe_mode: self.safe_mode,
            guest_credentials: word(&self.guest_credentials)?,
            execution_state,
            url: page_of(&self.link_id),
            visibility: word(&self.visibility)?,
            forked_from: self.forked_from,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

/// The messages of a section, oldest first, and the event before which what belongs to them ends, where it does.
async fn messages_of(
    tx: &mut Tx,
    conversation: &str,
    section: Section,
    limit: u32,
    next_seq: i64,
) -> Result<(Vec<Message>, Option<i64>)> {
    let (mut rows, end): (Vec<MessageRow>, Option<i64>) = match section {
        Section::Newest | Section::Before(_) => {
            let end = if let Section::Before(seq) = section { Some(signed(seq)) } else { None };
            let until = end.unwrap_or(i64::MAX);
            let mut rows: Vec<MessageRow> =
                tx_all!(&mut *tx, MessageRow, sql::MESSAGES_BEFORE, conversation, until, i64::from(limit))?;
            rows.reverse();
            (rows, end)
        }
        Section::After(_) | Section::Since(_) => {
            let after = match section {
                Section::Since(time) => last_before(&mut *tx, conversation, time, next_seq).await?,
                Section::After(seq) => signed(seq),
                Section::Newest | Section::Before(_) => 0,
            };
            // The one behind says where the page ends.
            let rows: Vec<MessageRow> =
                tx_all!(&mut *tx, MessageRow, sql::MESSAGES_AFTER, conversation, after, i64::from(limit) + 1)?;
            let end = rows.get(limit as usize).map(|behind| behind.seq);
            (rows, end)
        }
    };
    rows.truncate(limit as usize);
    Ok((rows.into_iter().map(MessageRow::into_api).collect::<Result<_>>()?, end))
}

/// An event before which all messages are older than a time, and behind which none is. By halves: messages come in the order
/// of their times, of which there is no index.
async fn last_before(tx: &mut Tx, conversation: &str, time: Timestamp, next_seq: i64) -> Result<i64> {
    let (mut low, mut high) = (0, next_seq);
    while low < high {
        let middle = low + (high - low) / 2;
        let behind: Option<(i64, i64)> = tx_opt!(&mut *tx, (i64, i64), MESSAGE_BEHIND, conversation, middle)?;
        match behind {
            Some((seq, at)) if at < time.0 => low = seq,
            _ => high = middle,
        }
    }
    Ok(low)
}

super::sql::statements! {
    INSERT_CONVERSATION = "INSERT INTO conversations (id, owner_id, title, title_source, model, safe_mode, guest_credentials, next_seq, \
        created_at, updated_at, link_id) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $1)";
    GET_CONVERSATION = "SELECT owner_id, title, title_source, model, safe_mode, guest_credentials, visibility, link_id, next_seq, \
        created_at, updated_at, usage, forked_from \
        FROM conversations WHERE id = $1";
    SET_MADE_TITLE = "UPDATE conversations SET title = $2, title_source = 'auto' WHERE id = $1 AND title_source = 'none'";
    SET_TITLE = "UPDATE conversations SET title = $2, title_source = $3 WHERE id = $1";
    SET_SAFE_MODE = "UPDATE conversations SET safe_mode = $2 WHERE id = $1";
    SET_GUEST_CREDENTIALS = "UPDATE conversations SET guest_credentials = $2 WHERE id = $1";
    SET_MODEL = "UPDATE conversations SET model = $2 WHERE id = $1";
    LIST_PARTICIPANTS = "SELECT p.user_id, p.role, p.display_name, p.gravatar_hash, p.blocked_at FROM participants p \
        JOIN conversations c ON c.id = p.conversation_id WHERE p.conversation_id = $1 \
        AND (p.role = 'owner' OR p.epoch = c.link_epoch OR p.blocked_at IS NOT NULL) ORDER BY p.first_seen_at, p.user_id";
    SET_VISIBILITY = "UPDATE conversations SET visibility = $2 WHERE id = $1";
    EVENTS_AFTER = "SELECT payload FROM events WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    LAST_SEQ = "SELECT next_seq - 1 AS seq FROM conversations WHERE id = $1";
    MESSAGE_BEHIND = "SELECT seq, created_at FROM messages WHERE conversation_id = $1 AND status <> 'discarded' AND seq > $2 \
         ORDER BY seq LIMIT 1";
    /// Both counted in an index alone: a conversation may have a hundred thousand.
    COUNT_MESSAGES = "SELECT (SELECT COUNT(*) FROM messages WHERE conversation_id = $1) \
        - (SELECT COUNT(*) FROM messages WHERE conversation_id = $1 AND status = 'discarded') AS n";
    HAS_ANSWER = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM runs WHERE conversation_id = $1 AND status = 'completed' LIMIT 1) AS found";
    GET_TOOL_RUN = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, output, \
        output_summary, output_bytes, truncated, attempt, started_at, error, duration_ms, notice, created_at FROM tool_runs WHERE id = $1";
    /// Of the messages of a page, and all of the runs that begin there.
    TOOL_RUNS_BETWEEN = "SELECT id, run_id, message_id, call_id, seq, tool_id, tool_name, version, status, input, \
        CASE WHEN output_bytes <= $4 THEN output END AS output, output_summary, output_bytes, truncated, attempt, started_at, error, duration_ms, notice, created_at FROM tool_runs \
        WHERE conversation_id = $1 AND seq >= $2 \
        AND (run_id IN (SELECT id FROM runs WHERE conversation_id = $1 AND queued_seq >= $2 AND queued_seq < $3) \
        OR message_id IN (SELECT id FROM messages WHERE conversation_id = $1 AND seq >= $2 AND seq < $3)) ORDER BY seq";
    COUNT_TOOL_RUNS = "SELECT COUNT(*) AS n FROM tool_runs WHERE conversation_id = $1";
}
