//! TPMJS's success envelope.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// `{"success": true, "data": ..., "meta": {...}, "pagination"?: {...}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Success<T> {
    /// Always true.
    pub success: bool,
    /// The resource.
    pub data: T,
    /// About the answer itself.
    pub meta: Meta,
    /// Only for pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
}

/// About an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Version of the envelope.
    pub version: String,
    /// When it was answered.
    pub timestamp: Timestamp,
    /// The request's id; also in the header `X-Request-Id` and in the server's log.
    pub request_id: String,
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Rows asked for.
    pub limit: u32,
    /// Whether there are more rows in the direction of the page.
    pub has_more: bool,
    /// What to pass as `before` (or `after`) for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
