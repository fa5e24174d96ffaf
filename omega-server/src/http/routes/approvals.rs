//! Standing approvals: listed, and revoked.

use super::id;
use crate::http::{
    extract::Segment,
    reply::{ApiResult, Reply},
    state::App,
};
use axum::{extract::State, http::StatusCode};
use omega_core::{api::StoredApproval, id::ApprovalRuleId};
use omega_engine::domain::caller::Caller;

/// The caller's standing approvals, oldest first.
#[utoipa::path(get, operation_id = "listApprovals",
    path = "/api/omega/settings/approvals", tag = "settings",
    responses((status = 200, body = [StoredApproval])))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Reply<Vec<StoredApproval>>> {
    Ok(Reply::ok(app.store.stored_approvals(caller.user).await?))
}

/// Revokes a standing approval: the tool's next call asks again.
#[utoipa::path(delete, operation_id = "revokeApproval",
    path = "/api/omega/settings/approvals/{id}", tag = "settings",
    params(("id" = ApprovalRuleId, Path)), responses((status = 204)))]
pub async fn revoke(State(app): State<App>, caller: Caller, Segment(rule): Segment) -> ApiResult<StatusCode> {
    app.store.revoke_approval(caller.user, id(&rule)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
