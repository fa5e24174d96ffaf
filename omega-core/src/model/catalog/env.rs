//! Keys and addresses of providers, and what a model's name comes to with them.

use super::{ModelName, OMEGA, PROVIDERS, ProviderInfo, is_provider_key, name::unknown_provider, provider};
use crate::model::{ModelError, wire::Format};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt};

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

    /// The keys that there are, by the names of their variables.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.vars.iter().filter(|(name, _)| is_provider_key(name)).map(|(name, key)| (name.as_str(), key))
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
pub(super) fn versioned(url: &str, format: Format) -> Option<String> {
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

impl Endpoint {
    /// Whether it is an engine that runs models itself and may have to load them first.
    #[must_use]
    pub fn is_local_engine(&self) -> bool {
        provider(&self.provider).is_some_and(|info| info.key_var.is_none())
    }
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
/// [`ModelError::MissingKey`] or [`ModelError::Config`] when a key or an address is missing; it names the variable.
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
        return Err(ModelError::MissingKey(format!(
            "{name} needs a key: set {variable}; `omega models` shows what works without"
        )));
    }
    Ok(Resolved::Remote(Endpoint { provider: info.name.to_owned(), format: info.format, base_url, key }))
}
