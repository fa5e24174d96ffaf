//! `GET /v1/models`: the models that the caller can use, and `omega`, which is the server's own choice.

use super::asked::{DEFAULT_MODEL, known_model};
use crate::http::{extract::Segment, reply::ApiResult, state::App};
use axum::{Json, extract::State};
use omega_engine::domain::caller::Caller;
use serde_json::{Value, json};

pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Json<Value>> {
    let own = app.engine.provider_keys(caller.user).await?;
    let known = app.models.list(&own).await;
    let usable = known.providers.iter().filter(|provider| provider.available);
    let models = usable.flat_map(|provider| provider.models.iter().map(move |model| (&provider.name, model)));
    let named = models.map(|(provider, model)| model_of(&app, &format!("{provider}/{model}"), provider));
    let all: Vec<Value> = std::iter::once(model_of(&app, DEFAULT_MODEL, "omega")).chain(named).collect();
    Ok(Json(json!({ "object": "list", "data": all })))
}

pub async fn retrieve(State(app): State<App>, caller: Caller, Segment(id): Segment) -> ApiResult<Json<Value>> {
    if id != DEFAULT_MODEL {
        known_model(&app, &caller, &id).await?;
    }
    let owner = id.split('/').next().unwrap_or(DEFAULT_MODEL);
    Ok(Json(model_of(&app, &id, owner)))
}

/// Nobody knows when a model was made: it is since the server began.
fn model_of(app: &App, id: &str, owner: &str) -> Value {
    json!({ "id": id, "object": "model", "created": app.started_at.0 / 1000, "owned_by": owner })
}
