//! `/metrics`, as Prometheus reads it: for administrators by their key, and for whoever reaches the listener of its own that an
//! operator may set (`--metrics`). It is not in the API's description: it is the operator's, and no client's.

use crate::http::{auth::Observer, reply::ApiResult, state::App};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use omega_engine::observe::metrics;
use std::collections::BTreeMap;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// For administrators.
pub async fn get(State(app): State<App>, _observer: Observer) -> ApiResult<Response> {
    text(&app).await
}

/// For whoever reaches the listener of its own.
pub async fn open(State(app): State<App>) -> ApiResult<Response> {
    text(&app).await
}

async fn text(app: &App) -> ApiResult<Response> {
    let mut breakers: BTreeMap<String, u64> = BTreeMap::new();
    for (key, _) in app.store.open_breakers().await? {
        let kind = key.split_once(':').map_or(key.as_str(), |(kind, _)| kind);
        *breakers.entry(kind.to_owned()).or_default() += 1;
    }
    let moment = metrics::Moment {
        runs: app.store.runs_by_state().await?,
        streams: app.engine.readers() as u64,
        breakers: breakers.into_iter().collect(),
    };
    Ok(([(header::CONTENT_TYPE, FORMAT)], metrics::text(&moment)).into_response())
}
