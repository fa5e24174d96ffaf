//! What is stored of texts' vectors.

use crate::registry::RowsError;
use async_trait::async_trait;

/// Where vectors are stored, by the keys of their texts: the same text has the same one, whichever tool says it.
#[async_trait]
pub trait VectorRows: Send + Sync {
    /// Those that are there of some keys, in no order.
    async fn vectors(&self, keys: &[String]) -> Result<Vec<(String, Vec<u8>)>, RowsError>;

    /// Keys of those that are there, in order, after one; at most `limit`.
    async fn vector_keys(&self, after: &str, limit: u32) -> Result<Vec<String>, RowsError>;

    /// Gives some up.
    async fn drop_vectors(&self, keys: &[String]) -> Result<(), RowsError>;

    /// Keeps vectors; those that are there stay as they are.
    async fn keep_vectors(&self, vectors: &[(String, Vec<u8>)]) -> Result<(), RowsError>;
}
