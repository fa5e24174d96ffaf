//! Keys and addresses of providers, and what a model's name comes to with them.

use super::{
    AZURE, ModelName, OLLAMA, OMEGA, ProviderInfo,
    address::{Address, of_ollama_host},
    canonical, is_provider_key,
    name::unknown_provider,
    provider,
};
use crate::{
    api::Payer,
    model::{ModelError, wire::Format},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

const ANTHROPIC_KEY: &str = "ANTHROPIC_API_KEY";
/// A token in place of the key.
const ANTHROPIC_TOKEN: &str = "ANTHROPIC_AUTH_TOKEN";

/// Keys and base URLs, by the names of their variables.
///
/// A variable that other programs call by another name (`GEMINI_API_KEY`) counts under its first name, which comes before the
/// others where both are set (see [`super::ALIASES`]). What a base URL may look like is said in [`super::address`].
#[derive(Clone, Default)]
pub struct ProviderEnv {
    vars: BTreeMap<String, SecretString>,
    /// The names that were used in place of the first ones.
    named: BTreeMap<String, String>,
    /// Keys that are the user's own, and not the server's.
    own: BTreeSet<String>,
    /// Why a user's own keys can't be read. Nobody else pays in their place.
    unread: BTreeMap<String, String>,
}

impl fmt::Debug for ProviderEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for ProviderEnv {
    /// Keeps what providers need; everything else, and what is empty, is dropped.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        let (mut env, mut ranks) = (Self::default(), BTreeMap::new());
        for (name, value) in vars {
            let (name, value) = (name.into(), value.into());
            let Some((first, rank)) = canonical(&name).filter(|_| !value.trim().is_empty()) else { continue };
            if ranks.get(first).is_some_and(|known| *known < rank) {
                continue;
            }
            ranks.insert(first, rank);
            env.vars.insert(first.to_owned(), SecretString::from(value.trim()));
            env.named.insert(first.to_owned(), name);
        }
        env
    }
}

impl ProviderEnv {
    /// The process's own environment. For `main`; tests pass values.
    pub fn from_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// This environment with a user's own provider keys in front. Only keys count: a base URL of a user would let them
    /// send the server anywhere.
    pub fn with_keys(&self, keys: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        let mut env = self.clone();
        for (name, key) in keys {
            let Some((first, _)) = canonical(&name) else { continue };
            if is_provider_key(first) && !key.expose_secret().trim().is_empty() {
                env.vars.insert(first.to_owned(), key);
                env.named.insert(first.to_owned(), name);
                env.own.insert(first.to_owned());
            }
        }
        // A user's own token pays before the server's key.
        if env.own.contains(ANTHROPIC_TOKEN) && !env.own.contains(ANTHROPIC_KEY) {
            env.vars.remove(ANTHROPIC_KEY);
        }
        env
    }

    /// This environment without a user's own keys that are stored and can't be read, and why: what they would pay for is not
    /// asked for at somebody else's cost.
    #[must_use]
    pub fn without_unread(mut self, keys: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, why) in keys {
            let Some((first, _)) = canonical(&name) else { continue };
            // A token pays where the key of the same provider would.
            let provider = if first == ANTHROPIC_TOKEN { ANTHROPIC_KEY } else { first };
            if !self.own.contains(provider) {
                self.vars.remove(provider);
                self.unread.insert(provider.to_owned(), format!("your own {name} {why}"));
            }
        }
        self
    }

    /// Why a user's own key of a provider can't be read.
    pub fn unread(&self, provider: &ProviderInfo) -> Option<&str> {
        self.unread.get(provider.key_var?).map(String::as_str)
    }

    /// The keys that there are, by the names of their variables.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.vars.iter().filter(|(name, _)| is_provider_key(name)).map(|(name, key)| (name.as_str(), key))
    }

    pub fn key(&self, provider: &ProviderInfo) -> Option<SecretString> {
        self.vars.get(provider.key_var?).cloned()
    }

    /// The user's own key that a provider is paid with, by the name under which they have it.
    pub fn own_key(&self, provider: &ProviderInfo) -> Option<&str> {
        self.paid_with(provider).filter(|name| self.own.contains(*name)).map(|name| self.named(name))
    }

    /// Who pays a provider; nobody does where it has no key.
    pub fn payer(&self, provider: &ProviderInfo) -> Option<Payer> {
        let variable = self.paid_with(provider)?;
        Some(if self.own.contains(variable) { Payer::Owner } else { Payer::Server })
    }

    /// The variable whose value goes to a provider as its key.
    fn paid_with(&self, provider: &ProviderInfo) -> Option<&'static str> {
        if self.unread(provider).is_some() {
            return None;
        }
        let token = (provider.format == Format::Anthropic).then_some(ANTHROPIC_TOKEN);
        provider.key_var.into_iter().chain(token).find(|name| self.vars.contains_key(*name))
    }

    /// The variable that a value came from, by the first of its names.
    pub fn named<'n>(&'n self, first: &'n str) -> &'n str {
        self.named.get(first).map_or(first, String::as_str)
    }

    /// The model that a provider has for who chose none.
    pub fn first_model(&self, provider: &ProviderInfo) -> Option<&str> {
        let deployment = (provider.name == AZURE).then(|| self.value("AZURE_OPENAI_DEPLOYMENT")).flatten();
        deployment.or_else(|| provider.models.first().copied())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(ExposeSecret::expose_secret)
    }

    /// Where a provider's model is.
    ///
    /// # Errors
    /// [`ModelError::Config`] when nobody said where, or what was said is no URL.
    pub fn address(&self, provider: &ProviderInfo, model: &str) -> Result<Address, ModelError> {
        let given = self.value(provider.url_var);
        let ollama = (provider.name == OLLAMA && given.is_none()).then(|| self.value("OLLAMA_HOST")).flatten();
        let (variable, url) = match (ollama.map(of_ollama_host), given.or(provider.base_url)) {
            (Some(url), _) => ("OLLAMA_HOST", url),
            (None, Some(url)) => (self.named(provider.url_var), url.to_owned()),
            (None, None) => {
                return Err(ModelError::Config(format!(
                    "{0} has no address: set {1} to the base URL of the server, for example {1}={2}",
                    provider.name,
                    provider.url_var,
                    if provider.name == AZURE { "https://NAME.openai.azure.com" } else { "http://127.0.0.1:8000/v1" }
                )));
            }
        };
        let address = match provider.name {
            AZURE => Address::azure(&url, model, self.azure_version()),
            OLLAMA => Address::parse(url.strip_suffix("/api").unwrap_or(&url), provider.format),
            _ => Address::parse(&url, provider.format),
        };
        address.map_err(|error| ModelError::Config(format!("{variable} {error}")))
    }

    /// The dated version of Azure's API that is asked for. `preview` and its kin are those of the API that needs none.
    fn azure_version(&self) -> Option<&str> {
        self.value("AZURE_OPENAI_API_VERSION").filter(|version| version.starts_with("20"))
    }
}

/// Where a model is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub provider: String,
    pub format: Format,
    pub address: Address,
    pub key: Option<SecretString>,
    /// Whether the key is a token for `Authorization`, whatever the format does with keys.
    pub is_token: bool,
}

impl Endpoint {
    /// Whether it is an engine that runs models itself and may have to load them first.
    pub fn is_local_engine(&self) -> bool {
        provider(&self.provider).is_some_and(|info| info.key_var.is_none())
    }

    /// The headers of a call, apart from the content's type.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret) else { return self.format.headers(None) };
        let bearer = || ("authorization", format!("Bearer {key}"));
        let speaks_openai = matches!(self.format, Format::OpenAiChat | Format::OpenAiResponses);
        let mut headers = self.format.headers(None);
        // A token of Entra ID stands where tokens do.
        let is_token = self.is_token || (speaks_openai && self.is_azure() && key.starts_with("eyJ"));
        match self.format {
            _ if is_token => headers.push(bearer()),
            _ if speaks_openai && self.is_azure() => headers.push(("api-key", key.to_owned())),
            // A gateway may want the key in either place.
            _ if speaks_openai && self.address.looks_like_azure() => {
                headers.extend([bearer(), ("api-key", key.to_owned())]);
            }
            format => headers = format.headers(Some(key)),
        }
        headers
    }

    fn is_azure(&self) -> bool {
        self.provider == AZURE || self.address.is_azure()
    }
}

/// What stands behind a name.
#[derive(Debug, Clone)]
pub enum Resolved {
    Offline,
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
    if let Some(why) = env.unread(info) {
        return Err(ModelError::MissingKey(format!("{name} is yours to pay, and {why}")));
    }
    endpoint(info, &name.model, env)?.map(Resolved::Remote).ok_or_else(|| {
        ModelError::MissingKey(format!(
            "{name} needs a key: set {0} where the server runs, or store your own with `omega keys set {0}`",
            info.key_var.unwrap_or_default()
        ))
    })
}

/// Where a provider's model is reached; nothing when its key is missing.
pub(in crate::model) fn endpoint(
    info: &ProviderInfo,
    model: &str,
    env: &ProviderEnv,
) -> Result<Option<Endpoint>, ModelError> {
    let address = env.address(info, model)?;
    let token = (info.format == Format::Anthropic).then(|| env.vars.get(ANTHROPIC_TOKEN).cloned()).flatten();
    let key = env.key(info);
    let is_token = key.is_none() && token.is_some();
    let key = key.or(token);
    if key.is_none() && !info.keyless {
        return Ok(None);
    }
    Ok(Some(Endpoint { provider: info.name.to_owned(), format: info.format, address, key, is_token }))
}
