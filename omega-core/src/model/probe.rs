//! Finding language model engines on this machine.
//!
//! Each is asked in the way that only such an engine answers; whatever else listens on the port is not taken for one. All
//! are asked at once and have [`PATIENCE`], so a machine without any costs a blink.

use super::{
    catalog::{self, ProviderEnv},
    choice::{self, Choice, LocalEngine},
    http::Transport,
};
use serde_json::Value;
use std::time::Duration;

/// How long an engine may take to answer.
pub const PATIENCE: Duration = Duration::from_millis(150);

/// The engines that answer, in the order in which they are preferred.
pub async fn local_engines(transport: &Transport, env: &ProviderEnv) -> Vec<LocalEngine> {
    let (ollama, lmstudio, llamacpp) = futures_util::join!(
        models(transport, env, "ollama", "/api/tags", ollama_models),
        models(transport, env, "lmstudio", "/v1/models", lmstudio_models),
        models(transport, env, "llamacpp", "/v1/models", llamacpp_models),
    );
    [ollama, lmstudio, llamacpp].into_iter().flatten().collect()
}

/// What answers when nobody chose (see [`choice`]). Engines are asked only when it depends on them.
pub async fn choose_default(transport: &Transport, env: &ProviderEnv, configured: Option<&str>) -> Choice {
    match choice::without_local(env, configured) {
        Some(choice) => choice,
        None => choice::choose(env, configured, &local_engines(transport, env).await),
    }
}

async fn models(
    transport: &Transport,
    env: &ProviderEnv,
    provider: &'static str,
    path: &str,
    read: fn(&Value) -> Option<Vec<String>>,
) -> Option<LocalEngine> {
    let url = env.address(catalog::provider(provider)?, "").ok()?.beside_version(path);
    let answer = tokio::time::timeout(PATIENCE, transport.get_json(&url)).await.ok()??;
    read(&answer).filter(|models| !models.is_empty()).map(|models| LocalEngine { provider, models })
}

/// Ollama: `{"models": [{"name"}]}`.
fn ollama_models(answer: &Value) -> Option<Vec<String>> {
    names(answer.get("models")?, "name", |_| true)
}

/// LM Studio: OpenAI's list of models.
fn lmstudio_models(answer: &Value) -> Option<Vec<String>> {
    names(answer.get("data")?, "id", |model| text(model, "object") == "model" && text(model, "owned_by") != "llamacpp")
}

/// llama.cpp: the same, owned by `llamacpp`. Its port is everybody's, so nothing else will do.
fn llamacpp_models(answer: &Value) -> Option<Vec<String>> {
    names(answer.get("data")?, "id", |model| text(model, "owned_by") == "llamacpp")
}

pub(super) fn text<'a>(model: &'a Value, key: &str) -> &'a str {
    model.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The chat models of a list, or nothing when one entry is not what this engine would say.
fn names(list: &Value, key: &str, is_its_own: fn(&Value) -> bool) -> Option<Vec<String>> {
    let list = list.as_array()?;
    if !list.iter().all(is_its_own) {
        return None;
    }
    list.iter()
        .map(|model| model.get(key)?.as_str().map(str::to_owned))
        .filter(|name| !name.as_ref().is_some_and(|name| name.contains("embed")))
        .collect()
}
