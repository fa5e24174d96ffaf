//! Which providers there are, what they are called, and what each needs.
//!
//! A model is named `provider/model`; the model's own name may hold slashes (`openrouter/openai/gpt-4.1-mini`). What a
//! provider needs is looked up in a [`ProviderEnv`] that is passed in: a stored provider key and a variable of the server
//! look the same from here. An error always says what to do next.

use super::wire::Format;

mod env;
mod name;
#[cfg(test)]
mod tests;

pub use env::{Endpoint, ProviderEnv, Resolved, resolve};
pub use name::ModelName;

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
