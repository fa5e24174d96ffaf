//! The audit log's rows: added as the last thing of a transaction, read by pages, and verified.

use super::{
    Database, Result, Store, StoreError, Tx, exec, read_all, read_opt,
    rows::{id, json},
    sql, tx_opt,
};
use crate::domain::{
    audit_fact::Fact,
    hash_chain::{Head, Link, Walk, Wrong, explain, hex},
    nul,
    request::alias,
};
use crate::domain::{boxed, row::row};
use omega_core::{
    api::{AuditBreak, AuditBreakKind, AuditChain, AuditEntry, AuditReport, Timestamp},
    id::{ConversationId, UserId},
};

/// Rows that are verified at a time.
const STRIDE: i64 = 1_000;

#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Of this user alone.
    pub of: Option<UserId>,
    /// An action (`key.made`), or a group of them (`key`).
    pub action: String,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Only facts before the one with this id.
    pub before: String,
    /// At most so many.
    pub limit: u32,
}

/// A head that was noted earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    pub chain: String,
    pub n: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

row! {
    struct HeadRow {
        chain: String,
        n: i64,
        hash: Vec<u8>,
    }
}

impl From<HeadRow> for Head {
    fn from(row: HeadRow) -> Self {
        Self { chain: row.chain, n: row.n, hash: row.hash }
    }
}

impl Tx {
    /// Records facts. The last thing before a commit: the shard is locked from here on, and whoever holds it waits for
    /// nothing else, so shards never take part in a deadlock.
    ///
    /// # Errors
    /// When they can't be recorded; then nothing of the transaction may happen.
    #[boxed]
    pub(super) async fn record(&mut self, facts: &[Fact], now: Timestamp) -> Result<()> {
        if facts.is_empty() {
            return Ok(());
        }
        let mut at = self.shard().await?;
        let was = at.n;
        for fact in facts {
            let mut link = link(fact, &at, now)?;
            link.hash = link.digest();
            at = Head { chain: at.chain, n: link.n, hash: link.hash.clone() };
            exec!(
                self,
                APPEND_AUDIT,
                link.chain,
                link.n,
                link.id,
                link.at,
                link.actor_user_id,
                link.actor_kind,
                link.api_key_id,
                link.ip,
                link.request_id,
                link.action,
                link.object_type,
                link.object_id,
                link.conversation_id,
                link.run_id,
                link.outcome,
                link.detail,
                link.prev_hash,
                link.hash,
            )?;
        }
        match exec!(self, MOVE_AUDIT_HEAD, &at.chain, at.n, &at.hash, was)? {
            1 => Ok(()),
            _ => Err(StoreError::Corrupt("the audit log's head moved under its lock".into())),
        }
    }

    /// The first shard that is free, or else any of them when it gets free.
    async fn shard(&mut self) -> Result<Head> {
        let free: Option<HeadRow> = tx_opt!(self, HeadRow, sql::FREE_AUDIT_LANE)?;
        if let Some(free) = free {
            return Ok(free.into());
        }
        let any = format!("{:02}", getrandom::u32().unwrap_or(0) % u32::try_from(SHARDS).unwrap_or(1));
        let freed: Option<HeadRow> = tx_opt!(self, HeadRow, LOCK_AUDIT_LANE, any)?;
        freed.map(Head::from).ok_or_else(|| {
            StoreError::Corrupt("the audit log has no shards; `omega audit verify` says what is missing".into())
        })
    }
}

/// Shards on PostgreSQL, as its migration makes them; SQLite has the first one only.
const SHARDS: usize = 16;

fn link(fact: &Fact, after: &Head, now: Timestamp) -> Result<Link> {
    Ok(Link {
        chain: after.chain.clone(),
        n: after.n + 1,
        id: uuid::Uuid::now_v7().to_string(),
        at: now.0,
        actor_user_id: fact.actor.map(|user| user.to_string()),
        actor_kind: fact.actor_kind.to_owned(),
        api_key_id: fact.key.map(|key| key.to_string()),
        ip: fact.ip.clone(),
        request_id: fact.request.clone(),
        action: fact.action.as_str().to_owned(),
        object_type: fact.object.0.to_owned(),
        // What is hashed is what is stored.
        object_id: fact.object.1.as_deref().map(|id| nul::text(id).into_owned()),
        conversation_id: fact.conversation.map(|conversation| conversation.to_string()),
        run_id: fact.run.map(|run| run.to_string()),
        outcome: fact.outcome.as_str().to_owned(),
        detail: json(&fact.detail)?,
        prev_hash: after.hash.clone(),
        hash: Vec::new(),
    })
}

fn entry(link: Link, reader: UserId) -> Result<AuditEntry> {
    let actor: Option<UserId> = link.actor_user_id.as_deref().map(id).transpose()?;
    let conversation: Option<ConversationId> = link.conversation_id.as_deref().map(id).transpose()?;
    Ok(AuditEntry {
        chain: link.chain,
        n: u64::try_from(link.n).unwrap_or(0),
        id: link.id,
        at: Timestamp(link.at),
        actor,
        actor_kind: link.actor_kind,
        api_key_id: link.api_key_id.as_deref().map(id).transpose()?,
        ip: link.ip,
        request_id: link.request_id,
        action: link.action,
        object_type: link.object_type,
        object_id: link.object_id,
        conversation_id: conversation.filter(|_| actor == Some(reader)),
        conversation: conversation.map(alias),
        run_id: link.run_id.as_deref().map(id).transpose()?,
        outcome: link.outcome,
        detail: serde_json::from_str(&link.detail)?,
        hash: hex(&link.hash),
    })
}

impl Store {
    /// Commits a transaction together with what the audit log has to say of it.
    #[boxed]
    pub(crate) async fn commit_with(&self, mut tx: Tx, facts: &[Fact]) -> Result<()> {
        tx.record(facts, self.now()).await?;
        tx.commit().await
    }

    /// Records facts that change nothing else.
    ///
    /// # Errors
    /// When they can't be recorded: then what they tell of must not happen.
    pub async fn audit(&self, facts: &[Fact]) -> Result<()> {
        let tx = self.begin().await?;
        self.commit_with(tx, facts).await
    }

    /// Facts, newest first, as `reader` may see them.
    pub async fn audit_page(&self, reader: UserId, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        let of = query.of.map(|user| user.to_string()).unwrap_or_default();
        let statement = if query.of.is_some() { LIST_AUDIT_OF } else { LIST_AUDIT };
        let rows: Vec<Link> = read_all!(
            &self.db,
            Link,
            statement,
            of,
            &query.action,
            i64::try_from(query.action.chars().count() + 1).unwrap_or(i64::MAX),
            query.since.map_or(i64::MIN, |since| since.0),
            query.until.map_or(i64::MAX, |until| until.0),
            &query.before,
            i64::from(query.limit),
        )?;
        rows.into_iter().map(|row| entry(row, reader)).collect()
    }

    /// Where the chains end.
    pub async fn audit_heads(&self) -> Result<Vec<Head>> {
        let rows: Vec<HeadRow> = read_all!(&self.db, HeadRow, AUDIT_HEADS)?;
        Ok(rows.into_iter().map(Head::from).collect())
    }

    /// Walks along every chain and says what is wrong first on each. Facts that are added meanwhile are left for the next
    /// time.
    pub async fn verify_audit(&self, noted: &[Noted]) -> Result<AuditReport> {
        let shards = match self.database() {
            Database::Sqlite => 1,
            Database::Postgres => SHARDS,
        };
        let mut chains: Vec<String> = (0..shards).map(|shard| format!("{shard:02}")).collect();
        let known: Vec<(String,)> = read_all!(&self.db, (String,), AUDIT_CHAINS)?;
        chains.extend(known.into_iter().map(|(chain,)| chain));
        chains.extend(noted.iter().map(|noted| noted.chain.clone()));
        chains.sort();
        chains.dedup();
        let mut report = AuditReport { ok: true, checked: 0, chains: Vec::new() };
        for chain in chains {
            let (walk, wrong) = self.walk(&chain, noted).await?;
            report.checked += u64::try_from(walk.last().n).unwrap_or(0);
            report.ok &= wrong.is_none();
            if walk.last().n == 0 && wrong.is_none() {
                continue;
            }
            report.chains.push(AuditChain {
                n: u64::try_from(walk.last().n).unwrap_or(0),
                hash: hex(&walk.last().hash),
                broken: wrong.map(|(n, id, kind)| AuditBreak {
                    n: u64::try_from(n).unwrap_or(0),
                    id,
                    kind,
                    message: format!("chain {chain}: {}", explain(kind, n)),
                }),
                chain,
            });
        }
        Ok(report)
    }

    async fn walk(&self, chain: &str, noted: &[Noted]) -> Result<(Walk, Option<Wrong>)> {
        let mut walk = Walk::new(chain);
        // Before the rows: what is committed after this is not missed, and what was before must be there.
        let until = self.head_of(chain).await?;
        let stop = until.as_ref().map_or(i64::MAX, |head| head.n);
        loop {
            let rows: Vec<Link> = read_all!(&self.db, Link, AUDIT_LINKS, chain, walk.last().n, STRIDE)?;
            let is_last = rows.len() < usize::try_from(STRIDE).unwrap_or(usize::MAX);
            for row in rows.iter().take_while(|row| row.n <= stop) {
                let elsewhere = row.prev_hash != walk.last().hash && self.has_link(chain, &row.prev_hash).await?;
                if let Err(wrong) = walk.step(row, elsewhere) {
                    return Ok((walk, Some(wrong)));
                }
                if let Some(noted) = noted.iter().find(|noted| noted.chain == chain && noted.n == row.n)
                    && !noted.hash.eq_ignore_ascii_case(&hex(&row.hash))
                {
                    return Ok((walk, Some((row.n, Some(row.id.clone()), AuditBreakKind::NotAsNoted))));
                }
            }
            if is_last || walk.last().n >= stop {
                break;
            }
        }
        if let Err(wrong) = walk.finish(until.as_ref()) {
            return Ok((walk, Some(wrong)));
        }
        let beyond = noted.iter().find(|noted| noted.chain == chain && (noted.n > walk.last().n || noted.n < 1));
        if let Some(noted) = beyond {
            return Ok((walk, Some((noted.n, None, AuditBreakKind::Truncated))));
        }
        // The rows' end first: a head that moves meanwhile moves with its rows.
        let last: Option<(i64,)> = read_opt!(&self.db, (i64,), LAST_AUDIT_LINK, chain)?;
        let (last, now) = (last.map_or(0, |(n,)| n), self.head_of(chain).await?.map_or(0, |head| head.n));
        let added = (last > now).then_some((now + 1, None, AuditBreakKind::Added));
        Ok((walk, added))
    }

    async fn head_of(&self, chain: &str) -> Result<Option<Head>> {
        let row: Option<HeadRow> = read_opt!(&self.db, HeadRow, AUDIT_HEAD, chain)?;
        Ok(row.map(Head::from))
    }

    async fn has_link(&self, chain: &str, hash: &[u8]) -> Result<bool> {
        let row: Option<(i64,)> = read_opt!(&self.db, (i64,), AUDIT_LINK_WITH, chain, hash)?;
        Ok(row.is_some())
    }
}

super::sql::statements! {
    LOCK_AUDIT_LANE = "UPDATE audit_heads SET n = n WHERE chain = $1 RETURNING chain, n, hash";
    APPEND_AUDIT = "INSERT INTO audit_log (chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, \
        object_type, object_id, conversation_id, run_id, outcome, detail, prev_hash, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    MOVE_AUDIT_HEAD = "UPDATE audit_heads SET n = $2, hash = $3 WHERE chain = $1 AND n = $4";
    AUDIT_HEADS = "SELECT chain, n, hash FROM audit_heads ORDER BY chain";
    AUDIT_HEAD = "SELECT chain, n, hash FROM audit_heads WHERE chain = $1";
    AUDIT_CHAINS = "SELECT DISTINCT chain FROM (SELECT chain FROM audit_heads UNION SELECT chain FROM audit_log) AS known";
    AUDIT_LINKS = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE chain = $1 AND n > $2 ORDER BY n LIMIT $3";
    AUDIT_LINK_WITH = "SELECT n FROM audit_log WHERE chain = $1 AND hash = $2";
    LAST_AUDIT_LINK = "SELECT n FROM audit_log WHERE chain = $1 ORDER BY n DESC LIMIT 1";
    // Both take the same binds; $1 is empty in the first one.
    LIST_AUDIT = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE $1 = '' \
        AND ($2 = '' OR action = $2 OR SUBSTR(action, 1, CAST($3 AS INTEGER)) = $2 || '.') AND at >= $4 AND at < $5 \
        AND ($6 = '' OR id < $6) ORDER BY id DESC LIMIT $7";
    LIST_AUDIT_OF = "SELECT chain, n, id, at, actor_user_id, actor_kind, api_key_id, ip, request_id, action, object_type, object_id, \
        conversation_id, run_id, outcome, detail, prev_hash, hash FROM audit_log WHERE actor_user_id = $1 \
        AND ($2 = '' OR action = $2 OR SUBSTR(action, 1, CAST($3 AS INTEGER)) = $2 || '.') AND at >= $4 AND at < $5 \
        AND ($6 = '' OR id < $6) ORDER BY id DESC LIMIT $7";
}
