//! Health, the status banner and the models.

use crate::http::{
    auth::{self, Admin},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{ErrorCode, Models, Status, StatusAnswer, StatusWord, Timestamp},
    executor::Executor,
};
use omega_engine::{domain::caller::Caller, executor::breaker::shown_to};
use serde_json::json;

/// The process answers.
pub async fn livez(State(app): State<App>) -> Json<serde_json::Value> {
    let version = env!("CARGO_PKG_VERSION");
    Json(
        json!({ "status": "ok", "name": "omega", "version": version, "pid": std::process::id(), "startedAt": app.started_at }),
    )
}

/// The server can do its work: 503 with what fails otherwise.
pub async fn readyz(State(app): State<App>) -> Response {
    let stopping = app.engine.is_stopping();
    let probe = tokio::time::timeout(std::time::Duration::from_secs(1), app.store.probe()).await;
    // Why not is for the log: anybody may ask.
    let database = match probe {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(event = "ready.database", %error);
            "failing"
        }
        Err(_) => "no answer within a second",
    };
    let ready = database == "ok" && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        json!({ "status": if ready { "ok" } else { "unavailable" }, "database": database, "draining": stopping });
    (status, Json(body)).into_response()
}

/// The banner: `ok`, `degraded` or `down`. Whoever shows a key or a session is told of registry and executor, of the servers, and of
/// breakers that are open, for everybody or for them alone.
#[utoipa::path(get, operation_id = "getStatus",
    path = "/api/omega/status", tag = "operations", responses((status = 200, body = StatusAnswer)),
    security(()))]
pub async fn status(State(app): State<App>, parts: Parts) -> ApiResult<Reply<StatusAnswer>> {
    let caller = auth::unnoticed(&parts, &app).await.ok();
    let (registry, executor) = (app.registry.status(), app.executor.health().await);
    let rank = |word: &str| match word {
        "ok" => 0,
        "degraded" => 1,
        _ => 2,
    };
    let worst = rank(&registry.status).max(rank(&executor.status));
    let status = String::from(["ok", "degraded", "down"][worst]);
    let Some(caller) = caller else { return Ok(Reply::ok(StatusAnswer::Word(StatusWord { status }))) };
    Ok(Reply::ok(StatusAnswer::Whole(Box::new(Status {
        status,
        version: env!("CARGO_PKG_VERSION").into(),
        registry,
        executor,
        breakers: shown_to(&caller.user.to_string(), &app.store.open_breakers().await?),
        database: app.store.database().as_str().into(),
        nodes: app.engine.nodes().await?,
        active_runs: app.store.active_runs().await?,
        uptime_seconds: Timestamp::now().millis_since(app.started_at) / 1000,
    }))))
}

/// Providers and models that the caller can use, who pays them, what they cost, and why not the others.
#[utoipa::path(get, operation_id = "listModels",
    path = "/api/omega/models", tag = "operations", responses((status = 200, body = Models)))]
pub async fn models(State(app): State<App>, caller: Caller) -> ApiResult<Reply<Models>> {
    let own = app.engine.provider_keys(caller.user).await?;
    Ok(Reply::ok(app.models.list(&own).await))
}

/// Ends a user's own server, when it has nothing to do.
pub async fn stop(State(app): State<App>, _admin: Admin) -> ApiResult<StatusCode> {
    if !app.may_stop {
        return Err(ApiError::new(ErrorCode::Forbidden, "this server is not stopped by its clients"));
    }
    if app.store.active_runs().await? > 0 {
        return Err(ApiError::new(ErrorCode::RunActive, "the server works; stop its runs first"));
    }
    app.request_stop();
    Ok(StatusCode::ACCEPTED)
}
