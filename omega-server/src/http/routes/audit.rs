//! The audit log: everybody reads their own facts, administrators read and verify all of them.

use crate::http::{
    extract::Params,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::api::{AuditEntry, AuditReport, ErrorCode, Pagination, Timestamp};
use omega_engine::{
    domain::{audit_fact::ACTIONS, caller::Caller},
    store::{AuditQuery, Noted},
};
use serde::Deserialize;

/// Which facts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// An action (`key.made`), or a group of them (`key`).
    #[serde(default)]
    action: Option<String>,
    /// Not before this time.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Before this time.
    #[serde(default)]
    until: Option<Timestamp>,
    /// 1 to 200.
    #[serde(default)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    #[serde(default)]
    before: Option<String>,
}

/// What a verification is compared with.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Against {
    /// Heads that were noted earlier (`audit.head` in the server's log), as `CHAIN:N:HASH`, several with commas.
    #[serde(default)]
    heads: Option<String>,
}

/// What happened on this server, newest first: everything for administrators, their own actions for others.
#[utoipa::path(get, operation_id = "listAudit",
    path = "/api/omega/audit", tag = "operations", params(Which),
    responses((status = 200, body = [AuditEntry])))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
) -> ApiResult<Reply<Vec<AuditEntry>>> {
    let limit = match which.limit.unwrap_or(50) {
        limit @ 1..=200 => limit,
        other => return Err(ApiError::invalid("limit", &format!("{other} is not between 1 and 200"))),
    };
    let action = which.action.unwrap_or_default();
    let is_known = |known: &&str| **known == action || known.split('.').next() == Some(&action);
    if !action.is_empty() && !ACTIONS.iter().any(is_known) {
        return Err(ApiError::invalid("action", &format!("there is none like it; known are {}", ACTIONS.join(", "))));
    }
    let before = which.before.unwrap_or_default();
    if !before.is_empty() && before.parse::<uuid::Uuid>().is_err() {
        return Err(ApiError::new(ErrorCode::BadCursor, "before: this is no cursor; take `nextCursor` of a page"));
    }
    let of = if caller.is_admin { None } else { Some(caller.user) };
    let query = AuditQuery { of, action, since: which.since, until: which.until, before, limit };
    let page = app.store.audit_page(caller.user, &query).await?;
    let full = page.len() >= limit as usize;
    let next_cursor = page.last().filter(|_| full).map(|entry| entry.id.clone());
    Ok(Reply::page(page, Pagination { limit, has_more: full, next_cursor }))
}

/// Verifies the audit log's hash chains, and names the first wrong row of each.
#[utoipa::path(get, operation_id = "verifyAudit",
    path = "/api/omega/audit/verify", tag = "operations", params(Against),
    responses((status = 200, body = AuditReport)))]
pub async fn verify(
    State(app): State<App>,
    caller: Caller,
    Params(against): Params<Against>,
) -> ApiResult<Reply<AuditReport>> {
    if !caller.is_admin {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only an administrator of this server may verify its audit log",
        ));
    }
    let heads = against.heads.as_deref().unwrap_or_default();
    let noted = heads.split(',').filter(|text| !text.is_empty()).map(noted).collect::<ApiResult<Vec<_>>>()?;
    Ok(Reply::ok(app.store.verify_audit(&noted).await?))
}

fn noted(text: &str) -> ApiResult<Noted> {
    let mut fields = text.splitn(3, ':');
    let mut read = || {
        let (chain, n, hash) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?);
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_chain = !chain.is_empty() && chain.len() <= 16 && chain.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_hash && is_chain && n > 0).then(|| Noted { chain: chain.to_owned(), n, hash: hash.to_owned() })
    };
    let wrong = "a head is CHAIN:N:HASH, as in the server's log (`audit.head`)";
    read().ok_or_else(|| ApiError::invalid("heads", wrong))
}
