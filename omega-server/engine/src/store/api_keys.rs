//! API keys, settings, and the first user.

use super::{
    Result, Store, StoreError, exec, read_all, read_opt,
    rows::{CallerRow, id, json},
    sql, tx_opt,
};
use crate::domain::{
    audit_fact::{AuditAction, Fact},
    caller::{Caller, Via},
};
use crate::domain::{boxed, row::row};
use omega_core::{
    api::{ApiKey, CreatedKey, Settings, Timestamp},
    id::{KeyId, UserId},
};
use sha2::{Digest, Sha256};

/// "Last used" is written at most this often, so that reading does not become writing.
pub(super) const TOUCH_MILLIS: i64 = 60 * 1000;

/// The role of those who administer the server.
pub(super) const ADMIN: &str = "admin";

row! {
    struct KeyRow {
        id: String,
        name: String,
        prefix: String,
        created_at: i64,
        last_used_at: Option<i64>,
    }
}

impl KeyRow {
    fn into_api(self) -> Result<ApiKey> {
        Ok(ApiKey {
            id: id(&self.id)?,
            name: self.name,
            prefix: self.prefix,
            created_at: Timestamp(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp),
        })
    }
}

row! {
    struct KeyCallerRow {
        key_id: String,
        last_used_at: Option<i64>,
    }
    flatten {
        user: CallerRow,
    }
}

pub(super) fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

impl Store {
    /// The first user, made when there is none: the one whose server this is.
    pub async fn first_user(&self, display_name: &str) -> Result<UserId> {
        if let Some(user) = self.known_first_user().await? {
            return Ok(user);
        }
        let user = UserId::new();
        let mut tx = self.begin().await?;
        // Of several nodes that meet an empty database at once, one makes the user; the others wait here for it.
        if exec!(&mut tx, sql::CLAIM_META, "first_user", user.to_string())? == 0 {
            return self.known_first_user().await?.ok_or(StoreError::NotFound);
        }
        let email: Option<String> = None;
        exec!(&mut tx, sql::INSERT_USER, user.to_string(), email, display_name, "", ADMIN, self.now().0)?;
        tx.commit().await?;
        Ok(user)
    }

    async fn known_first_user(&self) -> Result<Option<UserId>> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), FIRST_USER)?;
        row.map(|(user,)| id(&user)).transpose()
    }

    /// Makes a key. Only its hash is kept.
    pub async fn create_key(&self, user: UserId, name: &str, key: String) -> Result<CreatedKey> {
        let record = ApiKey {
            id: KeyId::new(),
            name: name.to_owned(),
            prefix: key.chars().take(16).collect(),
            created_at: self.now(),
            last_used_at: None,
        };
        let mut tx = self.begin().await?;
        exec!(
            &mut tx,
            sql::INSERT_KEY,
            record.id.to_string(),
            user.to_string(),
            name,
            &record.prefix,
            sha256(&key),
            record.created_at.0,
        )?;
        let fact = Fact::new(AuditAction::KeyMade, "key").on(record.id).with("of", user.to_string());
        self.commit_with(tx, &[fact]).await?;
        Ok(CreatedKey { key, record })
    }

    pub async fn keys(&self, user: UserId) -> Result<Vec<ApiKey>> {
        let rows: Vec<KeyRow> = read_all!(&self.db, KeyRow, LIST_KEYS, user.to_string())?;
        rows.into_iter().map(KeyRow::into_api).collect()
    }

    pub async fn revoke_key(&self, user: UserId, key: KeyId) -> Result<()> {
        let mut tx = self.begin().await?;
        if exec!(&mut tx, REVOKE_KEY, key.to_string(), user.to_string(), self.now().0)? != 1 {
            return Err(StoreError::NotFound);
        }
        self.commit_with(tx, &[Fact::new(AuditAction::KeyRevoked, "key").on(key)]).await
    }

    /// Whether a key was made here, whatever became of it.
    pub async fn is_own_key(&self, key: &str) -> Result<bool> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), KNOWN_KEY, sha256(key))?;
        Ok(row.is_some())
    }

    /// Whose key this is. The lookup is by hash, so an unknown key takes the same path as a known one.
    pub async fn caller_of_key(&self, key: &str) -> Result<Option<Caller>> {
        let row: Option<KeyCallerRow> = read_opt!(&self.db, KeyCallerRow, KEY_CALLER, sha256(key))?;
        let Some(row) = row else { return Ok(None) };
        let now = self.now().0;
        if row.last_used_at.is_none_or(|last| now - last > TOUCH_MILLIS) {
            let mut tx = self.begin().await?;
            exec!(&mut tx, TOUCH_KEY, &row.key_id, now)?;
            tx.commit().await?;
        }
        row.user.into_caller(Via::Key(id(&row.key_id)?)).map(Some)
    }

    /// A user's settings and their version, 0 when there are none yet.
    #[boxed]
    pub async fn settings(&self, user: UserId) -> Result<(Settings, i64)> {
        let row: Option<(String, i64)> = read_opt!(&self.db, (String, i64), GET_SETTINGS, user.to_string())?;
        match row {
            None => Ok((Settings::default(), 0)),
            Some((value, version)) => Ok((serde_json::from_str(&value)?, version)),
        }
    }

    /// Replaces a user's settings, if their version is still `version`.
    pub async fn put_settings(&self, user: UserId, settings: &Settings, version: i64) -> Result<i64> {
        let mut tx = self.begin().await?;
        let now = self.now().0;
        let known: Option<(String, i64)> = tx_opt!(&mut tx, (String, i64), GET_SETTINGS, user.to_string())?;
        if known.as_ref().map_or(0, |(_, known)| *known) != version {
            return Err(StoreError::Stale);
        }
        let was = match known {
            Some((value, _)) => serde_json::from_str(&value)?,
            None => serde_json::to_value(Settings::default())?,
        };
        if exec!(&mut tx, PUT_SETTINGS, user.to_string(), json(settings)?, version + 1, now)? != 1 {
            return Err(StoreError::Stale);
        }
        let fact = Fact::new(AuditAction::SettingsChanged, "settings")
            .on(user)
            .changed(&was, &serde_json::to_value(settings)?);
        self.commit_with(tx, &[fact]).await?;
        Ok(version + 1)
    }
}

super::sql::statements! {
    FIRST_USER = "SELECT id FROM users ORDER BY created_at, id LIMIT 1";
    LIST_KEYS = "SELECT id, name, prefix, created_at, last_used_at FROM api_keys \
        WHERE user_id = $1 AND revoked_at IS NULL ORDER BY created_at, id";
    REVOKE_KEY = "UPDATE api_keys SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL";
    TOUCH_KEY = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1";
    KEY_CALLER = "SELECT u.id, u.display_name, u.gravatar_hash, u.role, k.id AS key_id, k.last_used_at \
        FROM api_keys k JOIN users u ON u.id = k.user_id \
        WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL";
    KNOWN_KEY = "SELECT id FROM api_keys WHERE key_hash = $1";
    GET_SETTINGS = "SELECT value, version FROM settings WHERE user_id = $1";
    PUT_SETTINGS = "INSERT INTO settings (user_id, value, version, updated_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, version = excluded.version, updated_at = excluded.updated_at \
        WHERE settings.version = excluded.version - 1";
}
