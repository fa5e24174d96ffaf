//! The models that providers say they have, for people who choose one; never asked for on the way to an answer.
//!
//! A list is kept for [`FRESH`] and shown with its age. Who asks waits [`PATIENCE`] at most; what comes later is there the next
//! time. A provider that gives none is not asked again for [`QUIET`], and the last good list stays. Lists are bounded in bytes,
//! number and length, and what is no chat model by its name is left out.

use super::{
    catalog::{self, Endpoint, PROVIDERS, ProviderEnv, ProviderInfo},
    choice::Listed,
    http::Transport,
    probe::text,
    wire::Format,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a list is good for.
pub const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long a provider that gave none is left alone.
pub const QUIET: Duration = Duration::from_secs(60);
/// How long somebody waits for lists that are not there yet.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long a provider may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Lists that are kept; each key and address has its own.
const MOST_LISTS: usize = 256;
/// Models of one list: OpenRouter has some 500.
const MOST_MODELS: usize = 1_000;
const LONGEST_NAME: usize = 200;

/// The lists that are known.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    kept: Arc<Mutex<HashMap<ListKey, CachedList>>>,
}

/// Provider, address and a digest of the key: users with keys of their own see what their keys open.
type ListKey = (&'static str, String, [u8; 32]);

#[derive(Debug, Clone)]
struct CachedList {
    models: Vec<String>,
    /// When they were listed; nothing when they never were.
    listed: Option<Instant>,
    /// When the provider was asked last.
    asked: Instant,
}

impl Lists {
    /// What the providers of an environment list, by their names. Engines on this machine are left to [`super::probe`].
    pub async fn of(&self, transport: &Transport, env: &ProviderEnv) -> BTreeMap<&'static str, Listed> {
        let remote = PROVIDERS.iter().filter(|provider| provider.key_var.is_some());
        let endpoints: Vec<(&'static ProviderInfo, Endpoint)> = remote
            .filter_map(|provider| Some((provider, catalog::endpoint(provider, "", env).ok().flatten()?)))
            .collect();
        let now = Instant::now();
        let due = endpoints.iter().filter(|(provider, endpoint)| self.is_due(&key(provider, endpoint), now));
        let asked: Vec<_> = due
            .map(|(provider, endpoint)| {
                let (lists, transport) = (self.clone(), transport.clone());
                let (provider, endpoint) = (*provider, endpoint.clone());
                // Beside whoever waits: what comes too late for them is kept.
                tokio::spawn(async move { lists.ask(&transport, provider, &endpoint).await })
            })
            .collect();
        // Who waited long enough gets what there is.
        let _ = tokio::time::timeout(PATIENCE, futures_util::future::join_all(asked)).await;
        let kept = self.locked();
        let listed = endpoints.iter().filter_map(|(provider, endpoint)| {
            let kept = kept.get(&key(provider, endpoint))?;
            Some((provider.name, Listed { models: kept.models.clone(), age: kept.listed?.elapsed() }))
        });
        listed.collect()
    }

    /// Whether a provider is to be asked; from then on it counts as asked.
    fn is_due(&self, key: &ListKey, now: Instant) -> bool {
        let mut kept = self.locked();
        match kept.get_mut(key) {
            Some(known) => {
                let is_fresh = known.listed.is_some_and(|at| now.duration_since(at) < FRESH);
                let is_due = !is_fresh && now.duration_since(known.asked) >= QUIET;
                if is_due {
                    known.asked = now;
                }
                is_due
            }
            None => {
                if kept.len() >= MOST_LISTS
                    && let Some(oldest) = kept.iter().min_by_key(|(_, kept)| kept.asked).map(|(key, _)| key.clone())
                {
                    kept.remove(&oldest);
                }
                kept.insert(key.clone(), CachedList { models: Vec::new(), listed: None, asked: now });
                true
            }
        }
    }

    async fn ask(&self, transport: &Transport, provider: &'static ProviderInfo, endpoint: &Endpoint) {
        let Some(url) = endpoint.address.models() else { return };
        let headers = endpoint.headers();
        let answer = tokio::time::timeout(TIMEOUT, transport.get_json_with(&url, &headers)).await.ok().flatten();
        let Some(mut models) = answer.as_ref().and_then(|answer| read(endpoint.format, answer)) else { return };
        // A provider that repeats the key has a list like any other, without it.
        if let Some(key) = &endpoint.key {
            models.retain(|model| !model.contains(key.expose_secret()));
        }
        if let Some(kept) = self.locked().get_mut(&key(provider, endpoint)) {
            (kept.models, kept.listed) = (models, Some(Instant::now()));
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<ListKey, CachedList>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(provider: &ProviderInfo, endpoint: &Endpoint) -> ListKey {
    let secret = endpoint.key.as_ref().map(|key| key.expose_secret().to_owned()).unwrap_or_default();
    (provider.name, endpoint.address.to_string(), Sha256::digest(secret).into())
}

/// The chat models of a list: `{"data": [{"id"}]}`, Google's `{"models": [{"name", "supportedGenerationMethods"}]}`, or the bare
/// list that some gateways give. Nothing when it is no list of models.
fn read(format: Format, answer: &Value) -> Option<Vec<String>> {
    let list = answer.get("data").or_else(|| answer.get("models")).unwrap_or(answer).as_array()?;
    let named = list.iter().filter(|model| format != Format::Gemini || generates(model)).filter_map(|model| {
        let name = [text(model, "id"), text(model, "name"), model.as_str().unwrap_or_default()]
            .into_iter()
            .find(|name| !name.is_empty())?;
        Some(name.strip_prefix("models/").unwrap_or(name))
    });
    let models: Vec<String> =
        named.filter(|name| is_name(name) && talks(name)).map(str::to_owned).take(MOST_MODELS).collect();
    (!models.is_empty()).then_some(models)
}

fn generates(model: &Value) -> bool {
    match model.get("supportedGenerationMethods").and_then(Value::as_array) {
        Some(methods) => methods.iter().any(|method| method == "generateContent"),
        None => true,
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && !name.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// Whether a model is asked with text and answers with text, as far as its name tells.
fn talks(name: &str) -> bool {
    const OTHERS: [&str; 18] = [
        "embed",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "image",
        "imagen",
        "veo",
        "rerank",
        "transcribe",
        "realtime",
        "sora",
        "davinci",
        "babbage",
        "ocr",
        "audio",
        "guard",
        "aqa",
    ];
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    !words.any(|word| OTHERS.contains(&word)) && !["embed", "dall-e"].iter().any(|other| name.contains(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_every_form_give_their_chat_models() {
        for (format, answer, want) in [
            (
                Format::OpenAiChat,
                json!({"object": "list", "data": [{"id": "gpt-9"}, {"id": "text-embedding-3"}, {"id": "gpt-image-1"}, {"id": "a b"}]}),
                Some(vec!["gpt-9"]),
            ),
            (
                Format::Anthropic,
                json!({"data": [{"type": "model", "id": "claude-x"}], "has_more": false}),
                Some(vec!["claude-x"]),
            ),
            (
                Format::Gemini,
                json!({"models": [
                    {"name": "models/gemini-x", "supportedGenerationMethods": ["generateContent"]},
                    {"name": "models/other", "supportedGenerationMethods": ["countTokens"]},
                ]}),
                Some(vec!["gemini-x"]),
            ),
            (Format::OpenAiChat, json!(["one", {"id": "two"}, 3, null]), Some(vec!["one", "two"])),
            (Format::OpenAiChat, json!({"data": []}), None),
            (Format::OpenAiChat, json!({"error": "no"}), None),
            (Format::OpenAiChat, json!({"data": [{"id": "x".repeat(300)}]}), None),
        ] {
            let want = want.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(read(format, &answer), want, "{answer}");
        }
        let many = json!({"data": (0..5_000).map(|n| json!({"id": format!("m{n}")})).collect::<Vec<_>>()});
        assert_eq!(read(Format::OpenAiChat, &many).unwrap().len(), MOST_MODELS);
    }
}
