//! What is stored of a mirror.

use crate::{domain::audit_fact::Fact, registry::RowsError};
use async_trait::async_trait;
use omega_core::id::ToolId;

/// What becomes of the list of rows that a reading has seen.
#[derive(Debug, Clone, Copy)]
pub enum SeenRows<'a> {
    AsBefore,
    /// One more piece of it, or that piece anew.
    More {
        number: i64,
        hashes: &'a str,
    },
    Forgotten,
}

/// Where mirrors are stored, by the address that is mirrored.
#[async_trait]
pub trait MirrorRows: Send + Sync {
    /// How far a mirror has got; `None` before it is first read.
    async fn mirror(&self, url: &str) -> Result<Option<String>, RowsError>;

    /// Takes the right to read for a while; how far it has got (an empty text at first), or `None` while another node has it.
    async fn claim_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<Option<String>, RowsError>;

    /// Keeps the right for a while longer; false when it is another node's. None is left with 0.
    async fn renew_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<bool, RowsError>;

    /// Keeps how far it has got and what was seen, both or neither; false when the right is another node's.
    async fn save_mirror(&self, url: &str, holder: &str, state: &str, seen: SeenRows<'_>) -> Result<bool, RowsError>;

    /// The pieces of the list of rows that were seen, in order.
    async fn mirror_seen(&self, url: &str) -> Result<Vec<String>, RowsError>;

    /// Ids of everybody's rows that a mirror brought, in their order, those after `after`, at most `limit`.
    async fn mirrored(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<ToolId>, RowsError>;

    /// Takes rows that a mirror brought out, with the facts that tell of it.
    async fn drop_mirrored(&self, ids: &[ToolId], facts: &[Fact]) -> Result<(), RowsError>;
}
