//! Vectors of what tools say of themselves, by the hash of the text.

use super::{Result, Store, exec, read_all, rows::json, sql};
use crate::registry::{RowsError, VectorRows};
use async_trait::async_trait;

impl Store {
    async fn put_vectors(&self, vectors: &[(String, Vec<u8>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        for (key, vector) in vectors {
            exec!(&mut tx, PUT_VECTOR, key, vector.as_slice())?;
        }
        tx.commit().await
    }
}

#[async_trait]
impl VectorRows for Store {
    async fn vectors(&self, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, RowsError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        Ok(read_all!(&self.db, (String, Vec<u8>), sql::VECTORS_OF, json(keys)?)?)
    }

    async fn vector_keys(&self, after: &str, limit: u32) -> Result<Vec<String>, RowsError> {
        let keys = read_all!(&self.db, (String,), VECTOR_KEYS, after, i64::from(limit))?;
        Ok(keys.into_iter().map(|(key,)| key).collect())
    }

    async fn drop_vectors(&self, keys: &[String]) -> Result<(), RowsError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::DROP_VECTORS, json(keys)?)?;
        Ok(tx.commit().await?)
    }

    async fn keep_vectors(&self, vectors: &[(String, Vec<u8>)]) -> Result<(), RowsError> {
        if vectors.is_empty() {
            return Ok(());
        }
        Ok(self.put_vectors(vectors).await?)
    }
}

super::sql::statements! {
    VECTOR_KEYS = "SELECT text_hash FROM text_vectors WHERE text_hash > $1 ORDER BY text_hash LIMIT $2";
    PUT_VECTOR = "INSERT INTO text_vectors (text_hash, vector) VALUES ($1, $2) ON CONFLICT (text_hash) DO NOTHING";
}
