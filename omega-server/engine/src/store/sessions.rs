//! Browsers' sessions, and the one-time codes that begin one. Of both only hashes are kept.

use super::{
    Result, Store,
    api_keys::{TOUCH_MILLIS, sha256},
    exec, read_opt,
    rows::{CallerRow, id},
    sql, tx_opt,
};
use crate::domain::row::row;
use crate::domain::{
    audit_fact::{AuditAction, Fact},
    caller::{Caller, TokenHash, Via},
};
use omega_core::{api::Timestamp, id::UserId};

/// A session ends a week after its last use, and 30 days after sign-in in any case.
const SESSION_IDLE_MILLIS: i64 = 7 * 24 * 3600 * 1000;
const SESSION_MILLIS: i64 = 30 * 24 * 3600 * 1000;
/// How long a one-time code holds.
const CODE_MILLIS: i64 = 5 * 60 * 1000;

row! {
    struct SessionRow {
        last_seen_at: i64,
    }
    flatten {
        user: CallerRow,
    }
}

impl Store {
    /// Begins a session under `token`, of which only the hash is kept.
    pub async fn create_session(&self, user: UserId, token: &str) -> Result<()> {
        let now = self.now().0;
        let mut tx = self.begin().await?;
        exec!(
            &mut tx,
            INSERT_SESSION,
            sha256(token),
            user.to_string(),
            now,
            now + SESSION_IDLE_MILLIS,
            now + SESSION_MILLIS,
        )?;
        self.commit_with(tx, &[Fact::new(AuditAction::SessionBegun, "session").by(user)]).await
    }

    pub async fn caller_of_session(&self, token: &str) -> Result<Option<Caller>> {
        let now = self.now().0;
        let row: Option<SessionRow> = read_opt!(&self.db, SessionRow, SESSION_CALLER, sha256(token), now)?;
        let Some(row) = row else {
            // What has expired once stays so, even if the clock is put back.
            if read_opt!(&self.db, (String,), KNOWN_SESSION, sha256(token))?.is_some() {
                self.end_session(token).await?;
            }
            return Ok(None);
        };
        if now - row.last_seen_at > TOUCH_MILLIS {
            let mut tx = self.begin().await?;
            exec!(&mut tx, TOUCH_SESSION, sha256(token), now, now + SESSION_IDLE_MILLIS)?;
            tx.commit().await?;
        }
        row.user.into_caller(Via::Session(TokenHash::of(token))).map(Some)
    }

    pub async fn end_session(&self, token: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let ended: Option<(String,)> = tx_opt!(&mut tx, (String,), DELETE_SESSION, sha256(token))?;
        let facts = ended.map(|(user,)| Ok(Fact::new(AuditAction::SessionEnded, "session").by(id(&user)?)));
        let facts: Vec<Fact> = facts.into_iter().collect::<Result<_>>()?;
        self.commit_with(tx, &facts).await
    }

    pub async fn end_sessions(&self, user: UserId) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::DELETE_SESSIONS_OF, user.to_string())?;
        self.commit_with(tx, &[Fact::new(AuditAction::SessionEnded, "session").by(user).with("all", true)]).await
    }

    /// Keeps the hash of a code that signs in as a user once, and says until when.
    pub async fn create_code(&self, user: UserId, code: &str) -> Result<Timestamp> {
        let now = self.now().0;
        let mut tx = self.begin().await?;
        exec!(&mut tx, EXPIRE_SIGN_IN_CODES, now)?;
        exec!(&mut tx, INSERT_SIGN_IN_CODE, sha256(code), user.to_string(), now, now + CODE_MILLIS)?;
        self.commit_with(tx, &[Fact::new(AuditAction::SessionLinkMade, "session").by(user)]).await?;
        Ok(Timestamp(now + CODE_MILLIS))
    }

    /// Whom a code signs in. It still holds afterwards.
    pub async fn caller_of_code(&self, code: &str) -> Result<Option<Caller>> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), USER_OF_SIGN_IN_CODE, sha256(code), self.now().0)?;
        match row {
            Some((user,)) => self.enabled(id(&user)?, Via::Code).await,
            None => Ok(None),
        }
    }

    /// Uses a code up; whether it held until now. Of two who try at once, it holds for one.
    pub async fn take_code(&self, code: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let row: Option<(String, i64)> = tx_opt!(&mut tx, (String, i64), TAKE_SIGN_IN_CODE, sha256(code))?;
        tx.commit().await?;
        Ok(row.is_some_and(|(_, expires_at)| expires_at > self.now().0))
    }
}

super::sql::statements! {
    INSERT_SESSION = "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at) \
        VALUES ($1, $2, $3, $3, $4, $5)";
    SESSION_CALLER = "SELECT u.id, u.display_name, u.gravatar_hash, u.role, s.last_seen_at FROM sessions s \
        JOIN users u ON u.id = s.user_id \
        WHERE s.token_hash = $1 AND s.idle_expires_at > $2 AND s.abs_expires_at > $2 AND u.disabled_at IS NULL";
    KNOWN_SESSION = "SELECT user_id FROM sessions WHERE token_hash = $1";
    TOUCH_SESSION = "UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3 WHERE token_hash = $1";
    DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id";
    INSERT_SIGN_IN_CODE = "INSERT INTO sign_in_codes (code_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    USER_OF_SIGN_IN_CODE = "SELECT user_id FROM sign_in_codes WHERE code_hash = $1 AND expires_at > $2";
    TAKE_SIGN_IN_CODE = "DELETE FROM sign_in_codes WHERE code_hash = $1 RETURNING user_id, expires_at";
    EXPIRE_SIGN_IN_CODES = "DELETE FROM sign_in_codes WHERE expires_at < $1";
}
