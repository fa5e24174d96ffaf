//! One file a resource: extract, check, one call, answer.

pub mod answers;
pub mod api_keys;
pub mod approvals;
pub mod audit;
pub mod avatars;
pub mod conversations;
pub mod events;
pub mod export;
pub mod feedback;
pub mod fork;
pub mod gateway;
pub mod import;
pub mod messages;
pub mod metrics;
pub mod operations;
pub mod plans;
pub mod prompts;
pub mod registry;
pub mod runs;
pub mod session;
pub mod settings;
pub mod sharing;
pub mod stats;
pub mod tool_runs;
pub mod ui_messages;
mod ui_stream;
pub mod users;
pub mod vault;
mod why_not;

use crate::http::reply::{ApiError, ApiResult};
use omega_core::{
    api::{ErrorCode, Pagination},
    id::ToolId,
};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, str::FromStr};

/// Which rows of a list.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 200.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only rows before this sequence number, newest first kept.
    #[serde(default)]
    pub before: Option<u64>,
    /// Only rows after this sequence number.
    #[serde(default)]
    pub after: Option<u64>,
}

impl PageQuery {
    /// The limit, checked.
    pub fn limit(&self) -> ApiResult<u32> {
        for (name, seq) in [("before", self.before), ("after", self.after)] {
            if seq.is_some_and(|seq| i64::try_from(seq).is_err()) {
                return Err(ApiError::invalid(name, "is beyond every sequence number"));
            }
        }
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(limit),
            other => Err(ApiError::invalid("limit", &format!("{other} is not between 1 and 200"))),
        }
    }
}

/// How a page ends whose rows have these sequence numbers.
pub(crate) fn pagination(query: &PageQuery, limit: u32, seqs: &[u64]) -> Pagination {
    let full = seqs.len() >= limit as usize;
    let edge = if query.after.is_some() { seqs.last() } else { seqs.first() };
    Pagination { limit, has_more: full, next_cursor: edge.filter(|_| full).map(ToString::to_string) }
}

/// Reads an id from the path. One that is none looks like one that does not exist.
pub(crate) fn id<T: FromStr>(text: &str) -> ApiResult<T> {
    text.parse().map_err(|_| ApiError::not_found())
}

/// Ids of tools that a caller names.
pub(crate) fn tool_ids(field: &str, ids: &[ToolId]) -> ApiResult<()> {
    match ids.iter().find_map(|id| id.as_str().parse::<ToolId>().err()) {
        Some(error) => Err(ApiError::invalid(field, &error.to_string())),
        None => Ok(()),
    }
}

/// A text between 1 and `max` bytes.
pub(crate) fn text(field: &str, value: &str, max: usize) -> ApiResult<()> {
    if value.trim().is_empty() {
        return Err(ApiError::invalid(field, "must not be empty"));
    }
    if value.len() > max {
        return Err(ApiError::new(ErrorCode::PayloadTooLarge, format!("{field} is longer than {max} bytes")));
    }
    Ok(())
}

/// Variables of a request: names as a shell allows them, and none that would change how the sandbox itself runs.
pub(crate) fn variables(given: &BTreeMap<String, String>) -> ApiResult<BTreeMap<String, SecretString>> {
    given
        .iter()
        .map(|(name, value)| {
            omega_engine::domain::variables::check(name)
                .map_err(|bad| ApiError::invalid("env", &format!("`{name}` {bad}")))?;
            if value.is_empty() || value.len() > 32 * 1024 {
                return Err(ApiError::invalid("env", &format!("the value of {name} must have 1 to 32,768 bytes")));
            }
            Ok((name.clone(), SecretString::from(value.as_str())))
        })
        .collect()
}
