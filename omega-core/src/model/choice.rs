//! Which model answers when nobody chose one: a pure policy.
//!
//! In this order: the configured model, if what it needs is there; OpenAI, if its key is there; an engine on this machine
//! that answered; another provider whose key is there; the offline planner.

use super::catalog::{self, DEFAULT, ModelName, OFFLINE, OMEGA, PROVIDERS, ProviderEnv};
use crate::api;

/// An engine on this machine that answered, and the models that it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalEngine {
    /// Its provider name (`ollama`).
    pub provider: &'static str,
    /// Its chat models, in its own order; never empty.
    pub models: Vec<String>,
}

/// The model that answers, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The model.
    pub model: ModelName,
    /// A sentence for people.
    pub reason: String,
}

/// The choice, if it does not depend on the engines of this machine: so nobody has to wait for them.
#[must_use]
pub fn without_local(env: &ProviderEnv, configured: Option<&str>) -> Option<Choice> {
    if let Some(name) = configured
        && usable(env, name).is_ok()
    {
        return Some(choice(name, format!("{name} is configured")));
    }
    usable(env, DEFAULT).ok().map(|()| choice(DEFAULT, note(env, configured, "OPENAI_API_KEY is set")))
}

/// The choice, knowing which engines of this machine answered.
#[must_use]
pub fn choose(env: &ProviderEnv, configured: Option<&str>, engines: &[LocalEngine]) -> Choice {
    if let Some(choice) = without_local(env, configured) {
        return choice;
    }
    if let Some((engine, model)) = engines.iter().find_map(|engine| Some((engine, engine.models.first()?))) {
        let reason = format!("{} answers on this machine", engine.provider);
        return choice(&format!("{}/{model}", engine.provider), note(env, configured, &reason));
    }
    let with_key = PROVIDERS.iter().find_map(|provider| {
        let (key, model) = (env.key(provider).and(provider.key_var)?, provider.models.first()?);
        let name = format!("{}/{model}", provider.name);
        usable(env, &name).ok().map(|()| choice(&name, note(env, configured, &format!("{key} is set"))))
    });
    with_key.unwrap_or_else(|| {
        let reason = "no provider has a key and no local engine answers; \
                      the offline planner finds and runs tools without a language model";
        choice(OFFLINE, note(env, configured, reason))
    })
}

/// `GET /models`: what the caller can use, and why not the rest.
#[must_use]
pub fn models(env: &ProviderEnv, configured: Option<&str>, engines: &[LocalEngine]) -> api::Models {
    let choice = choose(env, configured, engines);
    let remote = PROVIDERS.iter().map(|provider| {
        let engine = engines.iter().find(|engine| engine.provider == provider.name);
        let example = format!("{}/{}", provider.name, provider.models.first().unwrap_or(&"MODEL"));
        let silent = provider.keyless && provider.base_url.is_some() && engine.is_none();
        let reason = match usable(env, &example) {
            Err(message) => Some(message),
            Ok(()) if silent => {
                Some(format!("no engine answers there: start it, or set {} to where it listens", provider.url_var))
            }
            Ok(()) => None,
        };
        let own = engine.into_iter().flat_map(|engine| engine.models.iter().cloned());
        api::Provider {
            name: provider.name.to_owned(),
            available: reason.is_none(),
            paid_by: None,
            reason,
            models: provider.models.iter().map(|model| (*model).to_owned()).chain(own).collect(),
        }
    });
    let offline = api::Provider {
        name: OMEGA.to_owned(),
        available: true,
        paid_by: None,
        reason: None,
        models: vec![String::from("offline")],
    };
    api::Models {
        default: choice.model.to_string(),
        default_reason: choice.reason,
        providers: remote.chain([offline]).collect(),
        prices: <_>::default(),
    }
}

/// Whether what a model needs is there; the error says what is missing.
fn usable(env: &ProviderEnv, name: &str) -> Result<(), String> {
    let name: ModelName = name.parse().map_err(|error: super::ModelError| error.to_string())?;
    catalog::resolve(&name, env).map(drop).map_err(|error| error.to_string())
}

/// The reason, together with why the configured model is not the one.
fn note(env: &ProviderEnv, configured: Option<&str>, reason: &str) -> String {
    match configured.and_then(|name| usable(env, name).err()) {
        Some(problem) => format!("{reason} (configured, but not usable: {problem})"),
        None => reason.to_owned(),
    }
}

fn choice(name: &str, reason: String) -> Choice {
    let (provider, model) = name.split_once('/').unwrap_or((OMEGA, "offline"));
    Choice { model: ModelName { provider: provider.to_owned(), model: model.to_owned() }, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(models: &[&str]) -> LocalEngine {
        LocalEngine { provider: "ollama", models: models.iter().map(|model| (*model).to_owned()).collect() }
    }

    #[test]
    fn the_order_of_decisions() {
        let (openai, groq) = (("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k"));
        let running = [engine(&["llama3.2:3b", "qwen3"])];
        for (vars, configured, engines, want, why) in [
            (vec![openai, groq], Some("groq/x"), &running[..], "groq/x", "groq/x is configured"),
            (vec![], Some("omega/offline"), &running, "omega/offline", "configured"),
            (vec![], Some("ollama/x"), &[], "ollama/x", "configured"),
            (vec![openai, groq], None, &running, "openai/gpt-4.1-mini", "OPENAI_API_KEY is set"),
            (vec![openai], Some("anthropic/x"), &running, "openai/gpt-4.1-mini", "set ANTHROPIC_API_KEY"),
            (vec![openai], Some("nonsense"), &[], "openai/gpt-4.1-mini", "lacks its provider"),
            (vec![groq], None, &running, "ollama/llama3.2:3b", "ollama answers on this machine"),
            (vec![groq], None, &[engine(&[])], "groq/openai/gpt-oss-120b", "GROQ_API_KEY is set"),
            (vec![], None, &[], "omega/offline", "without a language model"),
            (vec![], Some("openai/gpt-5"), &[], "omega/offline", "set OPENAI_API_KEY"),
        ] {
            let env: ProviderEnv = vars.into_iter().collect();
            let choice = choose(&env, configured, engines);
            assert_eq!(choice.model.to_string(), want);
            assert!(choice.reason.contains(why), "{}", choice.reason);
        }
    }

    #[test]
    fn the_list_says_what_is_there_and_what_the_rest_lacks() {
        let env: ProviderEnv = [("MISTRAL_API_KEY", "k")].into_iter().collect();
        let models = models(&env, None, &[engine(&["llama3.2:3b"])]);
        assert_eq!(models.default, "ollama/llama3.2:3b");
        let find = |name: &str| models.providers.iter().find(|provider| provider.name == name).unwrap();
        assert!(find("mistral").available && find("omega").available);
        assert_eq!(find("ollama").models, ["llama3.2:3b"]);
        for (name, missing) in
            [("openai", "OPENAI_API_KEY"), ("compat", "COMPAT_BASE_URL"), ("lmstudio", "LMSTUDIO_BASE_URL")]
        {
            let provider = find(name);
            assert!(!provider.available);
            assert!(provider.reason.as_deref().unwrap().contains(missing), "{provider:?}");
        }
    }
}
