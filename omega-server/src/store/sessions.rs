//! Browsers' sessions, and the one-time codes that begin one. Of both only hashes are kept.

use super::{
    Result, Store,
    api_keys::{ADMIN, TOUCH_MILLIS, sha256},
    exec, read_opt,
    rows::id,
    sql, tx_opt,
};
use crate::domain::{
    caller::{Caller, TokenHash, Via},
    fact::{Action, Fact},
};
use omega_core::{api::Timestamp, id::UserId};

/// A session ends a week after its last use, and 30 days after sign-in in any case.
const SESSION_IDLE_MILLIS: i64 = 7 * 24 * 3600 * 1000;
const SESSION_MILLIS: i64 = 30 * 24 * 3600 * 1000;
/// How long a one-time code holds.
const CODE_MILLIS: i64 = 5 * 60 * 1000;

impl Store {
    /// Begins a session under `token`, of which only the hash is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_session(&self, user: UserId, token: &str) -> Result<()> {
        let now = self.now().0;
        let mut tx = self.begin().await?;
        exec!(
            &mut tx,
            sql::INSERT_SESSION,
            sha256(token),
            user.to_string(),
            now,
            now + SESSION_IDLE_MILLIS,
            now + SESSION_MILLIS,
        )?;
        self.commit_with(tx, &[Fact::new(Action::SessionBegun, "session").by(user)]).await
    }

    /// Whose session this is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn caller_of_session(&self, token: &str) -> Result<Option<Caller>> {
        type Row = (String, String, String, String, i64);
        let now = self.now().0;
        let row: Option<Row> = read_opt!(&self.db, Row, sql::SESSION_CALLER, sha256(token), now)?;
        let Some((user, display_name, gravatar_hash, role, last_seen_at)) = row else {
            // What has expired once stays so, even if the clock is put back.
            if read_opt!(&self.db, (String,), sql::KNOWN_SESSION, sha256(token))?.is_some() {
                self.end_session(token).await?;
            }
            return Ok(None);
        };
        if now - last_seen_at > TOUCH_MILLIS {
            let mut tx = self.begin().await?;
            exec!(&mut tx, sql::TOUCH_SESSION, sha256(token), now, now + SESSION_IDLE_MILLIS)?;
            tx.commit().await?;
        }
        let (is_admin, via) = (role == ADMIN, Via::Session(TokenHash::of(token)));
        Ok(Some(Caller { user: id(&user)?, display_name, gravatar_hash, is_admin, via }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, token: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let ended: Option<(String,)> = tx_opt!(&mut tx, (String,), sql::DELETE_SESSION, sha256(token))?;
        let facts = ended.map(|(user,)| Ok(Fact::new(Action::SessionEnded, "session").by(id(&user)?)));
        let facts: Vec<Fact> = facts.into_iter().collect::<Result<_>>()?;
        self.commit_with(tx, &facts).await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions(&self, user: UserId) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::DELETE_SESSIONS_OF, user.to_string())?;
        self.commit_with(tx, &[Fact::new(Action::SessionEnded, "session").by(user).with("all", true)]).await
    }

    /// Keeps the hash of a code that signs in as a user once, and says until when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_code(&self, user: UserId, code: &str) -> Result<Timestamp> {
        let now = self.now().0;
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::EXPIRE_SIGN_IN_CODES, now)?;
        exec!(&mut tx, sql::INSERT_SIGN_IN_CODE, sha256(code), user.to_string(), now, now + CODE_MILLIS)?;
        self.commit_with(tx, &[Fact::new(Action::SessionLinkMade, "session").by(user)]).await?;
        Ok(Timestamp(now + CODE_MILLIS))
    }

    /// Whom a code signs in. It still holds afterwards.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn caller_of_code(&self, code: &str) -> Result<Option<Caller>> {
        let row: Option<(String,)> =
            read_opt!(&self.db, (String,), sql::USER_OF_SIGN_IN_CODE, sha256(code), self.now().0)?;
        match row {
            Some((user,)) => self.enabled(id(&user)?, Via::Code).await,
            None => Ok(None),
        }
    }

    /// Uses a code up; whether it held until now. Of two who try at once, it holds for one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_code(&self, code: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let row: Option<(String, i64)> = tx_opt!(&mut tx, (String, i64), sql::TAKE_SIGN_IN_CODE, sha256(code))?;
        tx.commit().await?;
        Ok(row.is_some_and(|(_, expires_at)| expires_at > self.now().0))
    }
}
