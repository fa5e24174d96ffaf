//! Statistics: of everybody's work for administrators, of the caller's own conversations for others.

use crate::http::{
    extract::Params,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::api::{Stats, Timestamp};
use omega_engine::{domain::caller::Caller, store::StatsQuery};
use serde::Deserialize;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Which time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// From this time on; a week before `until` when missing.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Before this time; now when missing.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// How often, how well and at what cost the server worked: conversations a week and how many used a tool, the time to the first
/// call of one, runs and how many answered, calls and how many worked, tokens and their price, and what people said of answers.
/// Of the whole server for administrators, of their own conversations for others.
#[utoipa::path(get, operation_id = "getStats",
    path = "/api/omega/stats", tag = "operations", params(Window), responses((status = 200, body = Stats)))]
pub async fn get(State(app): State<App>, caller: Caller, Params(window): Params<Window>) -> ApiResult<Reply<Stats>> {
    // What is asked for now includes what just happened.
    let until = window.until.unwrap_or(Timestamp(app.store.now().0 + 1));
    let since = window.since.unwrap_or(Timestamp(until.0.saturating_sub(WEEK_MS)));
    if since >= until {
        return Err(ApiError::invalid("since", "it must be before `until`, which is now when it is missing"));
    }
    let of = if caller.is_admin { None } else { Some(caller.user) };
    Ok(Reply::ok(app.store.stats(&StatsQuery { of, since, until }).await?))
}
