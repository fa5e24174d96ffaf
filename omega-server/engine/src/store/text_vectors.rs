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

    async fn keep_vectors(&self, vectors: &[(String, Vec<u8>)]) -> Result<(), RowsError> {
        if vectors.is_empty() {
            return Ok(());
        }
        Ok(self.put_vectors(vectors).await?)
    }
}

super::sql::statements! {
    PUT_VECTOR = "INSERT INTO text_vectors (text_hash, vector) VALUES ($1, $2) ON CONFLICT (text_hash) DO NOTHING";
}
