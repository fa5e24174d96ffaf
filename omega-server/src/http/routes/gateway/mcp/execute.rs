//! `execute`: one call of a tool, outside of any conversation.

use super::{Visit, ask, outcome};
use crate::http::{
    limits::Class,
    reply::{ApiError, ApiResult},
};
use omega_core::{api::ErrorCode, executor::ToolErrorCode, id::ToolId};
use omega_engine::store::{KeptAnswer, Replay, StoreError};
use rmcp::model::{CallToolResult, JsonObject};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longer results are not kept: asked again with the key, the call is said to be done.
const KEPT_BYTES: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Execute {
    tool_id: String,
    #[serde(default)]
    params: Option<JsonObject>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub async fn call(visit: &Visit, given: JsonObject) -> ApiResult<CallToolResult> {
    let execute: Execute = outcome::arguments(given.clone())?;
    let id: ToolId = execute.tool_id.parse().map_err(|error| ApiError::invalid("toolId", &format!("{error}")))?;
    let (app, user) = (&visit.app, visit.caller.user);
    app.gate.charge(user, Class::Execute)?;
    // A model asks here, and a call outside of a conversation waits for nobody.
    if app.store.settings(user).await?.0.safe_mode {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "Safe Mode is on: each call waits for a person's approval, which only a conversation has. Use `ask` instead, and approve \
             the call at the link that it gives",
        ));
    }
    let key = ask::key(visit, super::tools::EXECUTE, execute.idempotency_key.as_deref(), &given)?;
    if let Some(key) = &key {
        match app.store.hold_key(key).await? {
            Replay::New => {}
            Replay::Mismatch => return Err(StoreError::KeyReused.into()),
            Replay::InProgress => return Err(StoreError::InProgress.into()),
            Replay::Same(kept) => return again(&kept),
        }
    }
    let input = Value::Object(execute.params.unwrap_or_default());
    let called = match (app.engine.execute_once(user, id.clone(), input, BTreeMap::new()).await, &key) {
        (Ok(called), _) => called,
        (Err(error), None) => return Err(error.into()),
        (Err(error), Some(key)) => {
            app.store.free_key(key).await?;
            return Err(error.into());
        }
    };
    let mut data = json!({ "toolId": id, "version": called.version, "executionTimeMs": called.duration_ms });
    let (text, is_error) = match called.result {
        Ok(output) => {
            let text = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
            data["result"] = output;
            (text, false)
        }
        Err(error) => {
            data["error"] = json!(error);
            let next = match error.code {
                ToolErrorCode::MissingEnvVars => {
                    "; credentials are never given here: use `ask`, and the person is asked for them outside of the chat"
                }
                _ => "",
            };
            (format!("{}: {}{next}", error.code.as_str(), error.message), true)
        }
    };
    let result = outcome::told(text, data, is_error);
    if let Some(key) = &key {
        let body = serde_json::to_string(&result).map_err(ApiError::internal)?;
        let body = if body.len() > KEPT_BYTES { String::new() } else { body };
        app.store.keep_answer(key, &KeptAnswer { status: Some(200), headers: None, body }).await?;
    }
    Ok(result)
}

fn again(kept: &KeptAnswer) -> ApiResult<CallToolResult> {
    if kept.body.is_empty() {
        let words = "this call was made, and its result was too large to be kept and given again; nothing was done a second time";
        return Err(ApiError::new(ErrorCode::Gone, words));
    }
    serde_json::from_str(&kept.body).map_err(ApiError::internal)
}
