//! Data keys as the database has them: wrapped under a master key; and what is sealed under those that are retired.

use super::{Result, Store, StoreError, exec, read_all, read_opt, rows::id, secrets::place, sql, tx_opt};
use crate::domain::{
    fact::Fact,
    sealed::{Place, Sealed},
};
use omega_core::{api::Timestamp, id::UserId};

/// A data key as the database has it.
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

/// Id, user, master key, nonce, wrapped key.
type KeyRow = (String, String, String, Vec<u8>, Vec<u8>);

fn data_key((key, user, kek_id, nonce, wrapped): KeyRow) -> Result<DataKeyRow> {
    Ok(DataKeyRow { id: key, user: id(&user)?, kek_id, nonce, wrapped })
}

/// A row of a table of sealed values, by its own key.
pub(crate) type SealedRow = ((String, String), Place, Sealed);

#[derive(sqlx::FromRow)]
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
        let rows: Vec<(String,)> = read_all!(&self.db, (String,), sql::WRAPPING_KEYS)?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }

    pub(crate) async fn data_key(&self, key: &str) -> Result<Option<DataKeyRow>> {
        read_opt!(&self.db, KeyRow, sql::DATA_KEY, key)?.map(data_key).transpose()
    }

    /// Counts `block` more seals under the user's current data key, and gives it; `None` when there is none or it has been
    /// used more than `most` times.
    pub(crate) async fn reserve_data_key(&self, user: UserId, block: i64, most: i64) -> Result<Option<DataKeyRow>> {
        let mut tx = self.begin().await?;
        let row = tx_opt!(&mut tx, KeyRow, sql::RESERVE_DATA_KEY, user.to_string(), block, most)?;
        tx.commit().await?;
        row.map(data_key).transpose()
    }

    /// Makes a data key the user's current one, unless there is one that has been used at most `most` times.
    pub(crate) async fn replace_data_key(&self, key: &DataKeyRow, most: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let (user, now) = (key.user.to_string(), Timestamp::now().0);
        exec!(&mut tx, sql::RETIRE_USED_DATA_KEY, &user, now, most)?;
        exec!(&mut tx, sql::INSERT_DATA_KEY, &key.id, &user, &key.kek_id, &key.nonce, &key.wrapped, now)?;
        tx.commit().await
    }

    /// Data keys that are not wrapped under `current`, by id, after `after`.
    pub(crate) async fn data_keys_under_others(&self, current: &str, after: &str) -> Result<Vec<DataKeyRow>> {
        let rows: Vec<KeyRow> = read_all!(&self.db, KeyRow, sql::DATA_KEYS_UNDER_OTHERS, current, after)?;
        rows.into_iter().map(data_key).collect()
    }

    /// Puts another wrapping around a data key; false when somebody else did meanwhile.
    pub(crate) async fn rewrap_data_key(&self, was_under: &str, new: &DataKeyRow) -> Result<bool> {
        let mut tx = self.begin().await?;
        let changed = exec!(&mut tx, sql::REWRAP_DATA_KEY, &new.id, was_under, &new.kek_id, &new.nonce, &new.wrapped)?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// No value is sealed under the present data keys any more.
    pub(crate) async fn retire_data_keys(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::RETIRE_DATA_KEYS, Timestamp::now().0)?;
        tx.commit().await
    }

    /// Data keys that were retired before this time and that no value needs are gone for good.
    pub(crate) async fn delete_unused_data_keys(&self, retired_before: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::DELETE_UNUSED_DATA_KEYS, retired_before)?;
        tx.commit().await
    }

    /// Values under retired data keys, by key, after `after`.
    pub(crate) async fn sealed_under_retired(&self, table: KeptIn, after: &(String, String)) -> Result<Vec<SealedRow>> {
        let sql = match table {
            KeptIn::Credentials => sql::CREDENTIALS_UNDER_RETIRED,
            KeptIn::RunEnv => sql::RUN_ENV_UNDER_RETIRED,
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
    pub(crate) async fn reseal(
        &self,
        table: KeptIn,
        (key, name): (&str, &str),
        was: &Sealed,
        new: &Sealed,
    ) -> Result<bool> {
        let sql = match table {
            KeptIn::Credentials => sql::RESEAL_CREDENTIAL,
            KeptIn::RunEnv => sql::RESEAL_RUN_ENV,
        };
        let mut tx = self.begin().await?;
        let changed = exec!(&mut tx, sql, key, name, &was.nonce, &new.dek_id, &new.nonce, &new.ciphertext)?;
        tx.commit().await?;
        Ok(changed == 1)
    }
}
