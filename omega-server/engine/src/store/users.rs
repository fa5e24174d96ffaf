//! The users of a server: made, changed and blocked. E-mail addresses go in and never come out; what others get is the
//! hash that Gravatar knows them by.

use super::{
    Result, Store, StoreError,
    api_keys::{ADMIN, sha256},
    exec, read_all, read_opt,
    rows::id,
    sql, tx_opt,
};
use crate::domain::{
    audit_fact::{AuditAction, Fact},
    caller::{Caller, Via},
};
use crate::domain::{boxed, row::row};
use omega_core::{
    api::{ApiKey, CreatedKey, CreatedUser, Timestamp, User},
    id::{KeyId, UserId},
};

row! {
    struct UserRow {
        id: String,
        display_name: String,
        gravatar_hash: String,
        role: String,
        created_at: i64,
        disabled_at: Option<i64>,
    }
}

impl UserRow {
    fn into_api(self) -> Result<User> {
        Ok(User {
            id: id(&self.id)?,
            display_name: self.display_name,
            gravatar_hash: self.gravatar_hash,
            is_admin: self.role == ADMIN,
            created_at: Timestamp(self.created_at),
            disabled_at: self.disabled_at.map(Timestamp),
        })
    }

    fn into_caller(self, via: Via) -> Result<Option<Caller>> {
        if self.disabled_at.is_some() {
            return Ok(None);
        }
        Ok(Some(Caller {
            user: id(&self.id)?,
            display_name: self.display_name,
            gravatar_hash: self.gravatar_hash,
            is_admin: self.role == ADMIN,
            via,
        }))
    }
}

/// What Gravatar knows an address by: SHA-256 of it, trimmed and in lower case; empty without an address.
pub fn gravatar_hash(email: Option<&str>) -> String {
    let Some(email) = email else { return String::new() };
    sha256(&normal(email)).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Store {
    /// All users, the oldest first.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows: Vec<UserRow> = read_all!(&self.db, UserRow, LIST_USERS)?;
        rows.into_iter().map(UserRow::into_api).collect()
    }

    /// A user as a caller; none when there is no such user any more.
    pub(super) async fn enabled(&self, user: UserId, via: Via) -> Result<Option<Caller>> {
        let row: Option<UserRow> = read_opt!(&self.db, UserRow, GET_USER, user.to_string())?;
        row.map_or(Ok(None), |row| row.into_caller(via))
    }

    /// A caller as they are now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when they were blocked meanwhile.
    pub async fn caller_again(&self, caller: &Caller) -> Result<Caller> {
        self.enabled(caller.user, caller.via).await?.ok_or(StoreError::NotFound)
    }

    /// Makes a user with a first key.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] when another user has the address.
    pub async fn create_user(&self, name: &str, email: Option<&str>, key: String) -> Result<CreatedUser> {
        let (user, now) = (UserId::new(), self.now());
        let hash = gravatar_hash(email);
        let email = email.map(normal);
        let record = ApiKey {
            id: KeyId::new(),
            name: "first key".into(),
            prefix: key.chars().take(16).collect(),
            created_at: now,
            last_used_at: None,
        };
        let mut tx = self.begin().await?;
        if let Some(email) = &email {
            let taken: Option<(String,)> = tx_opt!(&mut tx, (String,), USER_OF_EMAIL, email, user.to_string())?;
            if taken.is_some() {
                return Err(taken_address());
            }
        }
        exec!(&mut tx, sql::INSERT_USER, user.to_string(), email, name, &hash, "user", now.0).map_err(same_address)?;
        exec!(
            &mut tx,
            sql::INSERT_KEY,
            record.id.to_string(),
            user.to_string(),
            &record.name,
            &record.prefix,
            sha256(&key),
            now.0,
        )?;
        let facts = [
            Fact::new(AuditAction::UserMade, "user").on(user).with("role", "user"),
            Fact::new(AuditAction::KeyMade, "key").on(record.id).with("for", user.to_string()),
        ];
        self.commit_with(tx, &facts).await?;
        let user = User {
            id: user,
            display_name: name.to_owned(),
            gravatar_hash: hash,
            is_admin: false,
            created_at: now,
            disabled_at: None,
        };
        Ok(CreatedUser { user, key: CreatedKey { key, record } })
    }

    /// Shuts a user out: keys, sessions and codes end in the same moment. What they own stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such user, or they are out already.
    pub async fn disable_user(&self, user: UserId) -> Result<()> {
        let (user, now) = (user.to_string(), self.now().0);
        let mut tx = self.begin().await?;
        if exec!(&mut tx, DISABLE_USER, &user, now)? != 1 {
            return Err(StoreError::NotFound);
        }
        exec!(&mut tx, REVOKE_KEYS_OF, &user, now)?;
        exec!(&mut tx, sql::DELETE_SESSIONS_OF, &user)?;
        exec!(&mut tx, DELETE_SIGN_IN_CODES_OF, &user)?;
        self.commit_with(tx, &[Fact::new(AuditAction::UserDeleted, "user").on(&user)]).await
    }

    /// Changes how others see a user. An empty address forgets it.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] when another user has the address.
    pub async fn update_profile(&self, user: UserId, name: Option<&str>, email: Option<&str>) -> Result<()> {
        let user = user.to_string();
        let mut tx = self.begin().await?;
        if let Some(name) = name {
            exec!(&mut tx, SET_DISPLAY_NAME, &user, name)?;
        }
        if let Some(email) = email {
            let email = Some(normal(email)).filter(|email| !email.is_empty());
            if let Some(email) = &email {
                let taken: Option<(String,)> = tx_opt!(&mut tx, (String,), USER_OF_EMAIL, email, &user)?;
                if taken.is_some() {
                    return Err(taken_address());
                }
            }
            let hash = gravatar_hash(email.as_deref());
            exec!(&mut tx, SET_EMAIL, &user, email, &hash).map_err(same_address)?;
        }
        let fact = Fact::new(AuditAction::UserChanged, "user").on(&user);
        self.commit_with(tx, &[fact.with("name", name.is_some()).with("email", email.is_some())]).await
    }

    /// The user that a platform vouches for, made at the first time; none when they are blocked here.
    pub async fn vouched_user(&self, external: &str, name: &str, email: Option<&str>) -> Result<Option<Caller>> {
        let hash = gravatar_hash(email);
        let known = self.user_of_external(external).await?;
        if known.as_ref().is_some_and(|row| row.display_name == name && row.gravatar_hash == hash) {
            return known.map_or(Ok(None), |row| row.into_caller(Via::Vouched));
        }
        let mut tx = self.begin().await?;
        exec!(&mut tx, VOUCHED_USER, UserId::new().to_string(), name, &hash, self.now().0, external)?;
        let action = if known.is_some() { AuditAction::UserChanged } else { AuditAction::UserMade };
        self.commit_with(tx, &[Fact::new(action, "user").with("vouched", true)]).await?;
        self.user_of_external(external).await?.map_or(Ok(None), |row| row.into_caller(Via::Vouched))
    }

    #[boxed]
    async fn user_of_external(&self, external: &str) -> Result<Option<UserRow>> {
        read_opt!(&self.db, UserRow, USER_OF_EXTERNAL, external)
    }

    /// Whether some user has this picture.
    pub async fn knows_gravatar(&self, hash: &str) -> Result<bool> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), KNOWN_GRAVATAR, hash)?;
        Ok(row.is_some())
    }
}

fn taken_address() -> StoreError {
    StoreError::Unfit("email", "another user of this server has this address; give another one, or none".into())
}

/// Two requests gave the same address at the same time.
fn same_address(error: StoreError) -> StoreError {
    match error {
        StoreError::Sql(sqlx::Error::Database(cause)) if cause.is_unique_violation() => taken_address(),
        other => other,
    }
}

super::sql::statements! {
    DELETE_SIGN_IN_CODES_OF = "DELETE FROM sign_in_codes WHERE user_id = $1";
    LIST_USERS = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users ORDER BY created_at, id";
    GET_USER = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users WHERE id = $1";
    USER_OF_EMAIL = "SELECT id FROM users WHERE email = $1 AND id <> $2";
    SET_DISPLAY_NAME = "UPDATE users SET display_name = $2 WHERE id = $1";
    SET_EMAIL = "UPDATE users SET email = $2, gravatar_hash = $3 WHERE id = $1";
    DISABLE_USER = "UPDATE users SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    REVOKE_KEYS_OF = "UPDATE api_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
    KNOWN_GRAVATAR = "SELECT id FROM users WHERE gravatar_hash = $1 LIMIT 1";
    // A platform vouches for somebody: made at the first time, with the name that it gives from then on.
    VOUCHED_USER = "INSERT INTO users (id, display_name, gravatar_hash, role, created_at, external_id) \
        VALUES ($1, $2, $3, 'user', $4, $5) ON CONFLICT (external_id) DO UPDATE SET \
        display_name = excluded.display_name, gravatar_hash = excluded.gravatar_hash \
        WHERE users.display_name <> excluded.display_name OR users.gravatar_hash <> excluded.gravatar_hash";
    USER_OF_EXTERNAL = "SELECT id, display_name, gravatar_hash, role, created_at, disabled_at FROM users WHERE external_id = $1";
}
