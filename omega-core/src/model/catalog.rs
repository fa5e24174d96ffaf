//! Which providers there are, what they are called, and what each needs.
//!
//! A model is named `provider/model`; the model's own name may hold slashes (`openrouter/openai/gpt-4.1-mini`). What a
//! provider needs is looked up in a [`ProviderEnv`] that is passed in: a stored provider key and a variable of the server
//! look the same from here. An error always says what to do next.

use super::{ModelError, wire::Format};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The provider name of the models that Omega brings along.
pub const OMEGA: &str = "omega";
/// The deterministic planner that needs no model.
pub const OFFLINE: &str = "omega/offline";
/// What answers where there is an OpenAI key and nobody chose.
pub const DEFAULT: &str = "openai/gpt-4.1-mini";

/// A provider.
#[derive(Debug, Clone, Copy)]
pub struct ProviderInfo {
    /// The prefix of its models' names.
    pub name: &'static str,
    /// How it speaks.
    pub format: Format,
    /// Where it is; `None` where only the user can know.
    pub base_url: Option<&'static str>,
    /// The variable that moves it elsewhere.
    pub url_var: &'static str,
    /// The variable with its key.
    pub key_var: Option<&'static str>,
    /// Whether it answers without a key.
    pub keyless: bool,
    /// Models worth naming; the first is what is taken when nobody chose one.
    pub models: &'static [&'static str],
}

const fn hosted(
    name: &'static str,
    format: Format,
    base_url: &'static str,
    (key_var, url_var): (&'static str, &'static str),
    models: &'static [&'static str],
) -> ProviderInfo {
    ProviderInfo { name, format, base_url: Some(base_url), url_var, key_var: Some(key_var), keyless: false, models }
}

const fn local(name: &'static str, base_url: &'static str, url_var: &'static str) -> ProviderInfo {
    ProviderInfo {
        name,
        format: Format::OpenAiChat,
        base_url: Some(base_url),
        url_var,
        key_var: None,
        keyless: true,
        models: &[],
    }
}

const OPENAI_VARS: (&str, &str) = ("OPENAI_API_KEY", "OPENAI_BASE_URL");

/// All providers that are reached over HTTP, in the order in which they are preferred.
pub const PROVIDERS: [ProviderInfo; 11] = [
    hosted(
        "openai",
        Format::OpenAiChat,
        "https://api.openai.com/v1",
        OPENAI_VARS,
        &["gpt-4.1-mini", "gpt-4.1", "gpt-5-mini", "gpt-5"],
    ),
    hosted(
        "openai-responses",
        Format::OpenAiResponses,
        "https://api.openai.com/v1",
        OPENAI_VARS,
        &["gpt-5-mini", "gpt-5", "gpt-4.1-mini"],
    ),
    hosted(
        "anthropic",
        Format::Anthropic,
        "https://api.anthropic.com/v1",
        ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        &["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"],
    ),
    hosted(
        "google",
        Format::Gemini,
        "https://generativelanguage.googleapis.com/v1beta",
        ("GOOGLE_API_KEY", "GOOGLE_BASE_URL"),
        &["gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview"],
    ),
    hosted(
        "groq",
        Format::OpenAiChat,
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY", "GROQ_BASE_URL"),
        &["openai/gpt-oss-120b", "llama-3.3-70b-versatile"],
    ),
    hosted(
        "mistral",
        Format::OpenAiChat,
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY", "MISTRAL_BASE_URL"),
        &["mistral-medium-latest", "mistral-small-latest", "magistral-medium-latest"],
    ),
    hosted(
        "openrouter",
        Format::OpenAiChat,
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"),
        &["openai/gpt-4.1-mini", "anthropic/claude-sonnet-4.5", "google/gemini-2.5-flash"],
    ),
    local("ollama", "http://127.0.0.1:11434/v1", "OLLAMA_BASE_URL"),
    local("lmstudio", "http://127.0.0.1:1234/v1", "LMSTUDIO_BASE_URL"),
    local("llamacpp", "http://127.0.0.1:8080/v1", "LLAMACPP_BASE_URL"),
    ProviderInfo {
        name: "compat",
        format: Format::OpenAiChat,
        base_url: None,
        url_var: "COMPAT_BASE_URL",
        key_var: Some("COMPAT_API_KEY"),
        keyless: true,
        models: &[],
    },
];

/// The provider of that name.
#[must_use]
pub fn provider(name: &str) -> Option<&'static ProviderInfo> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// Whether a variable is a provider's key: those are never handed to a tool.
#[must_use]
pub fn is_provider_key(variable: &str) -> bool {
    PROVIDERS.iter().any(|provider| provider.key_var == Some(variable))
}

/// `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelName {
    /// The prefix (`openai`).
    pub provider: String,
    /// The provider's own name of the model.
    pub model: String,
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl FromStr for ModelName {
    type Err = ModelError;

    /// # Errors
    /// [`ModelError::Config`] when the provider is unknown or the model is missing, with what was probably meant.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let text = text.trim();
        let known = |name: &str| name == OMEGA || provider(name).is_some();
        match text.split_once('/') {
            Some((OMEGA, model)) if model != "offline" => {
                Err(ModelError::Config(format!("there is no model {OMEGA}/{model}; did you mean {OFFLINE}?")))
            }
            Some((provider, model)) if known(provider) && !model.is_empty() => {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            Some((name, _)) if known(name) => {
                Err(ModelError::Config(format!("{name} which model? Write {name}/MODEL; `omega models` lists some")))
            }
            Some((name, _)) => Err(ModelError::Config(unknown_provider(name))),
            None if known(text) => {
                Err(ModelError::Config(format!("{text} which model? Write {text}/MODEL; `omega models` lists some")))
            }
            None => Err(ModelError::Config(format!(
                "`{text}` lacks its provider: write provider/model, for example {DEFAULT}; `omega models` lists what there is"
            ))),
        }
    }
}

fn unknown_provider(name: &str) -> String {
    let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).chain([OMEGA]).collect();
    let nearest = names
        .iter()
        .map(|known| (edits(&name.to_lowercase(), known), *known))
        .min()
        .filter(|(edits, known)| *edits <= known.len() / 2)
        .map(|(_, known)| format!(" Did you mean {known}?"))
        .unwrap_or_default();
    format!(
        "there is no provider `{name}`.{nearest} There are: {}. Other OpenAI-compatible servers are compat/MODEL, with COMPAT_BASE_URL",
        names.join(", ")
    )
}

/// How many letters must change to make one word of the other (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Keys and base URLs, by the names of their variables.
///
/// A base URL may be given with or without its version (`/v1`) and trailing slash, and even with the endpoint
/// (`/chat/completions`); a version is added where its path has none.
#[derive(Clone, Default)]
pub struct ProviderEnv {
    vars: BTreeMap<String, SecretString>,
}

impl fmt::Debug for ProviderEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for ProviderEnv {
    /// Keeps what providers need; everything else, and what is empty, is dropped.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        let mut env = Self::default();
        for (name, value) in vars {
            let (name, value) = (name.into(), value.into());
            let known = |provider: &ProviderInfo| provider.url_var == name || provider.key_var == Some(name.as_str());
            if PROVIDERS.iter().any(known) && !value.trim().is_empty() {
                env.vars.insert(name, SecretString::from(value.trim()));
            }
        }
        env
    }
}

impl ProviderEnv {
    /// The process's own environment. For `main`; tests pass values.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// This environment with a user's own provider keys in front. Only keys count: a base URL of a user would let them
    /// send the server anywhere.
    #[must_use]
    pub fn with_keys(&self, keys: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        let mut env = self.clone();
        env.vars.extend(
            keys.into_iter().filter(|(name, key)| is_provider_key(name) && !key.expose_secret().trim().is_empty()),
        );
        env
    }

    /// The key of a provider, if there is one.
    #[must_use]
    pub fn key(&self, provider: &ProviderInfo) -> Option<SecretString> {
        self.vars.get(provider.key_var?).cloned()
    }

    /// Where a provider is, with its version.
    ///
    /// # Errors
    /// [`ModelError::Config`] when nobody said where, or what was said is no URL.
    pub fn base_url(&self, provider: &ProviderInfo) -> Result<String, ModelError> {
        let given = self.vars.get(provider.url_var).map(ExposeSecret::expose_secret);
        let Some(url) = given.or(provider.base_url) else {
            return Err(ModelError::Config(format!(
                "{0} has no address: set {1} to the base URL of the server, for example {1}=http://127.0.0.1:8000/v1",
                provider.name, provider.url_var
            )));
        };
        versioned(url, provider.format).ok_or_else(|| {
            ModelError::Config(format!(
                "{}={url} is no base URL: it must begin with http:// or https://, for example http://127.0.0.1:8000/v1",
                provider.url_var
            ))
        })
    }
}

/// The base URL with a version in its path and without a trailing slash.
fn versioned(url: &str, format: Format) -> Option<String> {
    let mut url = url.trim().trim_end_matches('/');
    for endpoint in ["/chat/completions", "/responses", "/messages", "/models"] {
        url = url.strip_suffix(endpoint).unwrap_or(url).trim_end_matches('/');
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let mut segments = rest.split('/');
    if segments.next()?.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    let is_version = |segment: &str| {
        segment.strip_prefix('v').and_then(|version| version.bytes().next()).is_some_and(|first| first.is_ascii_digit())
    };
    if segments.any(is_version) {
        return Some(url.to_owned());
    }
    let version = if format == Format::Gemini { "v1beta" } else { "v1" };
    Some(format!("{url}/{version}"))
}

/// Where a model is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The provider's name.
    pub provider: String,
    /// How it speaks.
    pub format: Format,
    /// Its base URL, with the version.
    pub base_url: String,
    /// Its key.
    pub key: Option<SecretString>,
}

/// What stands behind a name.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// The offline planner.
    Offline,
    /// A provider.
    Remote(Endpoint),
}

/// Finds what a name needs.
///
/// # Errors
/// [`ModelError::Config`] when a key or an address is missing; it names the variable.
pub fn resolve(name: &ModelName, env: &ProviderEnv) -> Result<Resolved, ModelError> {
    if name.provider == OMEGA {
        return Ok(Resolved::Offline);
    }
    let Some(info) = provider(&name.provider) else {
        return Err(ModelError::Config(unknown_provider(&name.provider)));
    };
    let base_url = env.base_url(info)?;
    let key = env.key(info);
    if let (None, Some(variable), false) = (&key, info.key_var, info.keyless) {
        return Err(ModelError::Config(format!(
            "{name} needs a key: set {variable}, or store it with `omega keys set {variable}`; \
             `omega models` shows what works without"
        )));
    }
    Ok(Resolved::Remote(Endpoint { provider: info.name.to_owned(), format: info.format, base_url, key }))
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
