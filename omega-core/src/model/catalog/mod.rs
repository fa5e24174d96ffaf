//! Which providers there are, what they are called, and what each needs.
//!
//! A model is named `provider/model`; the model's own name may hold slashes (`openrouter/openai/gpt-4.1-mini`). What a
//! provider needs is looked up in a [`ProviderEnv`] that is passed in: a stored provider key and a variable of the server
//! look the same from here. An error always says what to do next.

use super::wire::Format;

pub mod address;
mod env;
mod name;
#[cfg(test)]
mod tests;

#[cfg(feature = "http")]
pub(in crate::model) use env::endpoint;
pub use env::{Endpoint, ProviderEnv, Resolved, resolve};
pub use name::ModelName;

/// The provider name of the models that Omega brings along.
pub const OMEGA: &str = "omega";
/// The deterministic planner that needs no model.
pub const OFFLINE: &str = "omega/offline";
/// What answers where there is an OpenAI key and nobody chose.
pub const DEFAULT: &str = "openai/gpt-4.1-mini";

/// The provider name of Azure OpenAI, whose models are deployments.
pub const AZURE: &str = "azure";
/// The provider name of Ollama.
pub const OLLAMA: &str = "ollama";

#[derive(Debug, Clone, Copy)]
pub struct ProviderInfo {
    /// The prefix of its models' names.
    pub name: &'static str,
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
pub const PROVIDERS: [ProviderInfo; 12] = [
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
    ProviderInfo {
        name: AZURE,
        format: Format::OpenAiChat,
        base_url: None,
        url_var: "AZURE_OPENAI_ENDPOINT",
        key_var: Some("AZURE_OPENAI_API_KEY"),
        keyless: false,
        models: &[],
    },
    local(OLLAMA, "http://127.0.0.1:11434/v1", "OLLAMA_BASE_URL"),
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

pub fn provider(name: &str) -> Option<&'static ProviderInfo> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// Variables besides keys and base URLs, and what other programs call the same: the first name of each counts for the others,
/// and comes before them.
///
/// Google's own order is in <https://ai.google.dev/gemini-api/docs/api-key>, `GOOGLE_GENERATIVE_AI_API_KEY` is the AI SDK's;
/// `OPENAI_API_BASE` is what OpenAI's library had before 1.0; Azure's are in
/// <https://github.com/openai/openai-python#microsoft-azure-openai>, `AZURE_API_KEY` and its kin in LiteLLM's documentation.
pub const ALIASES: [(&str, &[&str]); 9] = [
    ("OPENAI_BASE_URL", &["OPENAI_API_BASE"]),
    ("GOOGLE_API_KEY", &["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]),
    ("GOOGLE_BASE_URL", &["GOOGLE_GEMINI_BASE_URL"]),
    ("ANTHROPIC_AUTH_TOKEN", &[]),
    ("AZURE_OPENAI_ENDPOINT", &["AZURE_OPENAI_BASE_URL", "AZURE_API_BASE"]),
    ("AZURE_OPENAI_API_KEY", &["AZURE_API_KEY"]),
    ("AZURE_OPENAI_API_VERSION", &["OPENAI_API_VERSION", "AZURE_API_VERSION"]),
    ("AZURE_OPENAI_DEPLOYMENT", &["AZURE_OPENAI_DEPLOYMENT_NAME"]),
    ("OLLAMA_HOST", &[]),
];

/// Every variable that a provider is reached with, whatever it is called.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let own = PROVIDERS.iter().flat_map(|provider| provider.key_var.into_iter().chain([provider.url_var]));
    own.chain(ALIASES.iter().flat_map(|(first, others)| std::iter::once(*first).chain(others.iter().copied())))
}

/// The first name of a variable, and how far behind it the given one comes.
fn canonical(name: &str) -> Option<(&'static str, usize)> {
    let aliased = ALIASES.iter().find_map(|(first, others)| {
        let rank = std::iter::once(first).chain(others.iter()).position(|known| *known == name)?;
        Some((*first, rank))
    });
    aliased.or_else(|| variables().find(|known| *known == name).map(|first| (first, 0)))
}

/// Whether a variable is a provider's key: those are never handed to a tool.
pub fn is_provider_key(variable: &str) -> bool {
    let Some((first, _)) = canonical(variable) else { return false };
    first == "ANTHROPIC_AUTH_TOKEN" || PROVIDERS.iter().any(|provider| provider.key_var == Some(first))
}
