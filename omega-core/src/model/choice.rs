//! Which model answers when nobody chose one: a pure policy.
//!
//! In this order: the configured model, if what it needs is there; the first provider whose key is there, the user's own keys
//! before the server's; an engine on this machine that answered; the offline planner. Who set a key has chosen; an engine that
//! happens to run has not.

use super::catalog::{self, ModelName, OFFLINE, OMEGA, PROVIDERS, ProviderEnv};
use crate::api;
use std::{collections::BTreeMap, time::Duration};

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
    pub model: ModelName,
    /// A sentence for people.
    pub reason: String,
}

/// The choice, if it does not depend on the engines of this machine: so nobody has to wait for them.
pub fn without_local(env: &ProviderEnv, configured: Option<&str>) -> Option<Choice> {
    if let Some(name) = configured
        && usable(env, name).is_ok()
    {
        return Some(choice(name, format!("{name} is configured")));
    }
    let with_key = |own: bool| {
        PROVIDERS.iter().filter(move |provider| env.own_key(provider).is_some() == own).find_map(|provider| {
            let key = env.key(provider).and(provider.key_var).map(|key| env.named(key))?;
            let name = format!("{}/{}", provider.name, env.first_model(provider)?);
            usable(env, &name).ok().map(|()| choice(&name, note(env, configured, &format!("{key} is set"))))
        })
    };
    // One that can't be read just now is refused with what to do; nothing else answers in its place.
    let unread = || {
        PROVIDERS.iter().find_map(|provider| {
            Some(choice(&format!("{}/{}", provider.name, env.first_model(provider)?), env.unread(provider)?.to_owned()))
        })
    };
    with_key(true).or_else(unread).or_else(|| with_key(false))
}

/// The choice, knowing which engines of this machine answered.
pub fn choose(env: &ProviderEnv, configured: Option<&str>, engines: &[LocalEngine]) -> Choice {
    if let Some(choice) = without_local(env, configured) {
        return choice;
    }
    if let Some((engine, model)) = engines.iter().find_map(|engine| Some((engine, engine.models.first()?))) {
        let reason = format!("{} answers on this machine", engine.provider);
        return choice(&format!("{}/{model}", engine.provider), note(env, configured, &reason));
    }
    let reason = "no provider has a key and no local engine answers; \
                  the offline planner finds and runs tools without a language model";
    choice(OFFLINE, note(env, configured, reason))
}

/// What a provider said that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub models: Vec<String>,
    /// How long ago it said so.
    pub age: Duration,
}

/// `GET /models`: what the caller can use, and why not the rest. `listed` has what providers listed, by their names.
pub fn models(
    env: &ProviderEnv,
    configured: Option<&str>,
    engines: &[LocalEngine],
    listed: &BTreeMap<&'static str, Listed>,
) -> api::Models {
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
        let list = listed.get(provider.name).filter(|_| reason.is_none());
        let named = env.first_model(provider).into_iter().chain(provider.models.iter().copied()).map(str::to_owned);
        let own = engine.map(|engine| &engine.models).into_iter().chain(list.map(|list| &list.models)).flatten();
        let mut models: Vec<String> = Vec::new();
        for model in named.chain(own.cloned()) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        api::Provider {
            name: provider.name.to_owned(),
            available: reason.is_none(),
            paid_by: env.payer(provider),
            reason,
            models,
            listed_seconds_ago: list.map(|list| list.age.as_secs()),
        }
    });
    let offline = api::Provider {
        name: OMEGA.to_owned(),
        available: true,
        paid_by: None,
        reason: None,
        models: vec![String::from("offline")],
        listed_seconds_ago: None,
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
    use crate::model::catalog::DEFAULT;

    fn engine(models: &[&str]) -> LocalEngine {
        LocalEngine { provider: "ollama", models: models.iter().map(|model| (*model).to_owned()).collect() }
    }

    #[test]
    fn the_order_of_decisions() {
        let (openai, groq, gemini) = (("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k"), ("GEMINI_API_KEY", "k"));
        let (azure, at) = (("AZURE_OPENAI_API_KEY", "k"), ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com"));
        let deployment = ("AZURE_OPENAI_DEPLOYMENT", "my-gpt");
        let running = [engine(&["llama3.2:3b", "qwen3"])];
        for (vars, configured, engines, want, why) in [
            (vec![openai, groq], Some("groq/x"), &running[..], "groq/x", "groq/x is configured"),
            (vec![], Some("omega/offline"), &running, "omega/offline", "configured"),
            (vec![], Some("ollama/x"), &[], "ollama/x", "configured"),
            (vec![openai, groq], None, &running, "openai/gpt-4.1-mini", "OPENAI_API_KEY is set"),
            (vec![openai], Some("anthropic/x"), &running, "openai/gpt-4.1-mini", "set ANTHROPIC_API_KEY"),
            (vec![openai], Some("nonsense"), &[], "openai/gpt-4.1-mini", "lacks its provider"),
            (vec![groq], None, &running, "groq/openai/gpt-oss-120b", "GROQ_API_KEY is set"),
            (vec![gemini, groq], None, &running, "google/gemini-2.5-flash", "GEMINI_API_KEY is set"),
            (vec![azure, at, deployment], None, &running, "azure/my-gpt", "AZURE_OPENAI_API_KEY is set"),
            (vec![azure, at], None, &running, "ollama/llama3.2:3b", "ollama answers on this machine"),
            (vec![], None, &running, "ollama/llama3.2:3b", "ollama answers on this machine"),
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
    fn a_user_s_own_key_comes_before_the_server_s() {
        let server: ProviderEnv = [("OPENAI_API_KEY", "k")].into_iter().collect();
        let user = server.with_keys([("GEMINI_API_KEY".to_owned(), "k".to_owned().into())]);
        let choice = choose(&user, None, &[engine(&["llama3.2:3b"])]);
        assert_eq!(
            (choice.model.to_string().as_str(), choice.reason.as_str()),
            ("google/gemini-2.5-flash", "GEMINI_API_KEY is set")
        );
        assert_eq!(choose(&server, None, &[]).model.to_string(), DEFAULT);
        // So does one that can't be read: it is refused when it is asked for.
        let locked = server.without_unread([("GROQ_API_KEY".to_owned(), "is locked".to_owned())]);
        let choice = choose(&locked, None, &[engine(&["llama3.2:3b"])]);
        assert_eq!(
            (choice.model.to_string().as_str(), choice.reason.as_str()),
            ("groq/openai/gpt-oss-120b", "your own GROQ_API_KEY is locked")
        );
    }

    #[test]
    fn the_list_says_what_is_there_and_what_the_rest_lacks() {
        let env: ProviderEnv = [("MISTRAL_API_KEY", "k")].into_iter().collect();
        let list = || Listed { models: vec!["new".into(), "mistral-small-latest".into()], age: Duration::from_secs(9) };
        let listed = [("mistral", list()), ("openai", list())].into();
        let models = models(&env, None, &[engine(&["llama3.2:3b"])], &listed);
        assert_eq!(models.default, "mistral/mistral-medium-latest");
        let find = |name: &str| models.providers.iter().find(|provider| provider.name == name).unwrap();
        assert!(find("mistral").available && find("omega").available);
        assert_eq!((find("mistral").models.len(), find("mistral").listed_seconds_ago), (4, Some(9)));
        assert!(!find("openai").models.contains(&"new".into()), "what can't be used is not listed");
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
