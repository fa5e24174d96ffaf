//! Data keys as the database has them: wrapped under a master key; and what is sealed under those that are retired.

use super::{Result, Store, StoreError, credentials::place, exec, read_all, read_opt, rows::id, sql, tx_opt};
use crate::domain::{
    audit_fact::Fact,
    sealed::{CredentialPlace, Sealed},
};
use crate::domain::{boxed, row::row};
use omega_core::{api::Timestamp, id::UserId};

#[derive(Clone)]
pub(crate) struct DataKeyRow {
    pub id: String,
    pub user: UserId,
    pub kek_id: String,
    pub nonce: Vec<u8>,
    pub wrapped: Vec<u8>,
}

/// A table that has sealed values.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeptIn {
    Credentials,
    RunEnv,
}

row! {
    struct WrappedRow {
        id: String,
        user_id: String,
        kek_id: String,
        nonce: Vec<u8>,
        wrapped_key: Vec<u8>,
    }
}

impl WrappedRow {
    fn read(self) -> Result<DataKeyRow> {
        let Self { id: key, user_id, kek_id, nonce, wrapped_key } = self;
        Ok(DataKeyRow { id: key, user: id(&user_id)?, kek_id, nonce, wrapped: wrapped_key })
    }
}

/// A row of a table of sealed values, by its own key.
pub(crate) type SealedRow = ((String, String), CredentialPlace, Sealed);

row! {
    struct RetiredRow {
        row_key: String,
        row_name: String,
        user_id: String,
        scope: String,
        place_of: String,
        key_name: String,
        dek_id: String,
        nonce: Vec<u8>,
        ciphertext: Vec<u8>,
    }
}

impl Store {
    /// Sets a value of the whole database unless there is one, and gives the one that holds.
    pub(crate) async fn claim_meta(&self, key: &str, value: &str) -> Result<String> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::CLAIM_META, key, value)?;
        let row: Option<(String,)> = tx_opt!(&mut tx, (String,), sql::GET_META, key)?;
        tx.commit().await?;
        row.map(|(value,)| value).ok_or(StoreError::NotFound)
    }

    pub(crate) async fn put_meta(&self, key: &str, value: &str, fact: Fact) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::PUT_META, key, value)?;
        self.commit_with(tx, &[fact]).await
    }

    /// The names of the master keys that data keys are wrapped under.
    pub(crate) async fn wrapping_keys(&self) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = read_all!(&self.db, (String,), WRAPPING_KEYS)?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }

    pub(crate) async fn data_key(&self, key: &str) -> Result<Option<DataKeyRow>> {
        read_opt!(&self.db, WrappedRow, DATA_KEY, key)?.map(WrappedRow::read).transpose()
    }

    /// Counts `block` more seals under the user's current data key, and gives it; `None` when there is none or it has been
    /// used more than `most` times.
    pub(crate) async fn reserve_data_key(&self, user: UserId, block: i64, most: i64) -> Result<Option<DataKeyRow>> {
        let mut tx = self.begin().await?;
        let row = tx_opt!(&mut tx, WrappedRow, RESERVE_DATA_KEY, user.to_string(), block, most)?;
        tx.commit().await?;
        row.map(WrappedRow::read).transpose()
    }

    /// Makes a data key the user's current one, unless there is one that has been used at most `most` times.
    pub(crate) async fn replace_data_key(&self, key: &DataKeyRow, most: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let (user, now) = (key.user.to_string(), Timestamp::now().0);
        exec!(&mut tx, RETIRE_USED_DATA_KEY, &user, now, most)?;
        exec!(&mut tx, INSERT_DATA_KEY, &key.id, &user, &key.kek_id, &key.nonce, &key.wrapped, now)?;
        tx.commit().await
    }

    /// Data keys that are not wrapped under `current`, by id, after `after`.
    pub(crate) async fn data_keys_under_others(&self, current: &str, after: &str) -> Result<Vec<DataKeyRow>> {
        let rows: Vec<WrappedRow> = read_all!(&self.db, WrappedRow, DATA_KEYS_UNDER_OTHERS, current, after)?;
        rows.into_iter().map(WrappedRow::read).collect()
    }

    /// Puts another wrapping around a data key; false when somebody else did meanwhile.
    pub(crate) async fn rewrap_data_key(&self, was_under: &str, new: &DataKeyRow) -> Result<bool> {
        let mut tx = self.begin().await?;
        let changed = exec!(&mut tx, REWRAP_DATA_KEY, &new.id, was_under, &new.kek_id, &new.nonce, &new.wrapped)?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// No value is sealed under the present data keys any more.
    pub(crate) async fn retire_data_keys(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, RETIRE_DATA_KEYS, Timestamp::now().0)?;
        tx.commit().await
    }

    /// Data keys that were retired before this time and that no value needs are gone for good.
    pub(crate) async fn delete_unused_data_keys(&self, retired_before: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, DELETE_UNUSED_DATA_KEYS, retired_before)?;
        tx.commit().await
    }

    /// Values under retired data keys, by key, after `after`.
    pub(crate) async fn sealed_under_retired(&self, table: KeptIn, after: &(String, String)) -> Result<Vec<SealedRow>> {
        let sql = match table {
            KeptIn::Credentials => CREDENTIALS_UNDER_RETIRED,
            KeptIn::RunEnv => RUN_ENV_UNDER_RETIRED,
        };
        let rows: Vec<RetiredRow> = read_all!(&self.db, RetiredRow, sql, &after.0, &after.1)?;
        rows.into_iter()
            .map(|row| {
                let place = place(&row.user_id, &row.scope, row.place_of, row.key_name)?;
                let sealed = Sealed { dek_id: row.dek_id, nonce: row.nonce, ciphertext: row.ciphertext };
                Ok(((row.row_key, row.row_name), place, sealed))
            })
            .collect()
    }

    /// Replaces a seal by another one of the same value; false when the value was replaced or deleted meanwhile.
    #[boxed]
    pub(crate) async fn reseal(
        &self,
        table: KeptIn,
        (key, name): (&str, &str),
        was: &Sealed,
        new: &Sealed,
    ) -> Result<bool> {
        let sql = match table {
            KeptIn::Credentials => RESEAL_CREDENTIAL,
            KeptIn::RunEnv => RESEAL_RUN_ENV,
        };
        let mut tx = self.begin().await?;
        let changed = exec!(&mut tx, sql, key, name, &was.nonce, &new.dek_id, &new.nonce, &new.ciphertext)?;
        tx.commit().await?;
        Ok(changed == 1)
    }
}

super::sql::statements! {
    DATA_KEY = "SELECT id, user_id, kek_id, nonce, wrapped_key FROM data_keys WHERE id = $1";
    RESERVE_DATA_KEY = "UPDATE data_keys SET enc_count = enc_count + $2 WHERE user_id = $1 AND retired_at IS NULL \
        AND enc_count <= $3 RETURNING id, user_id, kek_id, nonce, wrapped_key";
    RETIRE_USED_DATA_KEY = "UPDATE data_keys SET retired_at = $2 WHERE user_id = $1 AND retired_at IS NULL AND enc_count > $3";
    // The partial unique index keeps one current key a user, whoever comes first.
    INSERT_DATA_KEY = "INSERT INTO data_keys (id, user_id, kek_id, alg, nonce, wrapped_key, enc_count, created_at) \
        VALUES ($1, $2, $3, 'A256GCM', $4, $5, 0, $6) ON CONFLICT DO NOTHING";
    WRAPPING_KEYS = "SELECT DISTINCT kek_id FROM data_keys";
    DATA_KEYS_UNDER_OTHERS = "SELECT id, user_id, kek_id, nonce, wrapped_key FROM data_keys WHERE kek_id <> $1 AND id > $2 \
        ORDER BY id LIMIT 100";
    REWRAP_DATA_KEY = "UPDATE data_keys SET kek_id = $3, nonce = $4, wrapped_key = $5 WHERE id = $1 AND kek_id = $2";
    RETIRE_DATA_KEYS = "UPDATE data_keys SET retired_at = $1 WHERE retired_at IS NULL";
    DELETE_UNUSED_DATA_KEYS = "DELETE FROM data_keys WHERE retired_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.dek_id = data_keys.id) \
        AND NOT EXISTS (SELECT 1 FROM run_env e WHERE e.dek_id = data_keys.id)";
    CREDENTIALS_UNDER_RETIRED = "SELECT c.id AS row_key, '' AS row_name, c.user_id, c.scope, c.tool_id AS place_of, c.key_name, \
        c.dek_id, c.nonce, c.ciphertext FROM credentials c JOIN data_keys d ON d.id = c.dek_id \
        WHERE d.retired_at IS NOT NULL AND (c.id > $1 OR (c.id = $1 AND '' > $2)) ORDER BY c.id LIMIT 100";
    RUN_ENV_UNDER_RETIRED = "SELECT e.run_id AS row_key, e.key_name AS row_name, e.user_id, 'run' AS scope, e.run_id AS place_of, \
        e.key_name, e.dek_id, e.nonce, e.ciphertext FROM run_env e JOIN data_keys d ON d.id = e.dek_id \
        WHERE d.retired_at IS NOT NULL AND (e.run_id > $1 OR (e.run_id = $1 AND e.key_name > $2)) \
        ORDER BY e.run_id, e.key_name LIMIT 100";
    // $2 has a place so that both tables take the same binds.
    RESEAL_CREDENTIAL = "UPDATE credentials SET dek_id = $4, nonce = $5, ciphertext = $6 WHERE id = $1 AND $2 = '' AND nonce = $3";
    RESEAL_RUN_ENV = "UPDATE run_env SET dek_id = $4, nonce = $5, ciphertext = $6 WHERE run_id = $1 AND key_name = $2 AND nonce = $3";
}
