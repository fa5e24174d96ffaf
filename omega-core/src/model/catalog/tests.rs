use super::*;
use crate::model::ModelError;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

fn env(vars: &[(&str, &str)]) -> ProviderEnv {
    vars.iter().copied().collect()
}

fn name(text: &str) -> ModelName {
    text.parse().unwrap()
}

fn complaint<T: fmt::Debug>(result: Result<T, ModelError>) -> String {
    match result {
        Err(ModelError::Config(message) | ModelError::MissingKey(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_s_own_name_may_hold_slashes() {
    let name = name("openrouter/openai/gpt-4.1-mini");
    assert_eq!((name.provider.as_str(), name.model.as_str()), ("openrouter", "openai/gpt-4.1-mini"));
    assert_eq!(name.to_string(), "openrouter/openai/gpt-4.1-mini");
}

#[test]
fn a_wrong_name_is_answered_with_what_to_write_instead() {
    for (text, want) in [
        ("gpt-4.1-mini", "openai/gpt-4.1-mini"),
        ("opnai/gpt-4.1-mini", "Did you mean openai?"),
        ("Anthropics/x", "Did you mean anthropic?"),
        ("zzzzzzzzzz/x", "There are: openai, openai-responses"),
        ("openai/", "Write openai/MODEL"),
        ("openai", "Write openai/MODEL"),
        ("omega/online", "did you mean omega/offline?"),
        ("", "lacks its provider"),
    ] {
        let message = complaint(text.parse::<ModelName>());
        assert!(message.contains(want), "{text}: {message}");
    }
}

#[test]
fn a_missing_key_is_named_and_nothing_else_is_asked_for() {
    for (model, variable) in [
        ("openai/gpt-4.1-mini", "OPENAI_API_KEY"),
        ("openai-responses/gpt-5", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("google/gemini-2.5-flash", "GOOGLE_API_KEY"),
        ("groq/x", "GROQ_API_KEY"),
        ("mistral/x", "MISTRAL_API_KEY"),
        ("openrouter/a/b", "OPENROUTER_API_KEY"),
        ("compat/x", "COMPAT_BASE_URL"),
    ] {
        let message = complaint(resolve(&name(model), &env(&[])));
        assert!(message.contains(variable), "{message}");
        let address = "http://127.0.0.1:1/v1";
        assert!(resolve(&name(model), &env(&[(variable, address)])).is_ok(), "{model}");
    }
    for keyless in ["ollama/llama3", "lmstudio/x", "llamacpp/x", "omega/offline"] {
        assert!(resolve(&name(keyless), &env(&[])).is_ok(), "{keyless}");
    }
}

fn endpoint_of(model: &str, vars: &[(&str, &str)]) -> Endpoint {
    match resolve(&name(model), &env(vars)) {
        Ok(Resolved::Remote(endpoint)) => endpoint,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_address_names_its_variable_and_repeats_no_secret() {
    let message = complaint(resolve(&name("compat/x"), &env(&[("COMPAT_BASE_URL", "localhost:8000/?key=hush")])));
    assert!(message.starts_with("COMPAT_BASE_URL is no base URL") && !message.contains("hush"), "{message}");
    let message =
        complaint(resolve(&name("openai/x"), &env(&[("OPENAI_API_KEY", "k"), ("OPENAI_API_BASE", "nowhere")])));
    assert!(message.starts_with("OPENAI_API_BASE is no base URL"), "{message}");
}

#[test]
fn the_customary_names_of_variables_count_and_the_first_one_first() {
    let key = |model: &str, vars: &[(&str, &str)]| endpoint_of(model, vars).key.unwrap().expose_secret().to_owned();
    for names in [&["GOOGLE_API_KEY", "GEMINI_API_KEY"][..], &["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]] {
        let (first, second) = ((names[0], "first"), (names[1], "second"));
        assert_eq!(key("google/x", &[first, second]), "first");
        assert_eq!(key("google/x", &[second, first]), "first");
        assert_eq!(key("google/x", &[second]), "second");
        assert_eq!(key("google/x", &[second, (names[0], " ")]), "second");
    }
    let at = |model: &str, vars: &[(&str, &str)]| endpoint_of(model, vars).address.to_string();
    assert_eq!(at("openai/x", &[("OPENAI_API_KEY", "k"), ("OPENAI_API_BASE", "http://h/v1")]), "http://h/v1");
    assert_eq!(at("ollama/x", &[("OLLAMA_HOST", "0.0.0.0:9")]), "http://127.0.0.1:9/v1");
    assert_eq!(at("ollama/x", &[("OLLAMA_HOST", "box"), ("OLLAMA_BASE_URL", "http://h:1/api")]), "http://h:1/v1");
    assert!(is_provider_key("GEMINI_API_KEY") && is_provider_key("AZURE_API_KEY") && !is_provider_key("OLLAMA_HOST"));
    assert!(!is_provider_key("ACME_API_KEY") && !is_provider_key("OPENAI_BASE_URL"));
}

#[test]
fn the_key_goes_where_the_provider_looks_for_it() {
    let headers = |model: &str, vars: &[(&str, &str)]| -> Vec<String> {
        let named = |(name, value): (&str, String)| (name != "anthropic-version").then(|| format!("{name}: {value}"));
        endpoint_of(model, vars).headers().into_iter().filter_map(named).collect()
    };
    let azure = ("OPENAI_BASE_URL", "https://x.openai.azure.com/openai/deployments/y?api-version=2024-06-01");
    let gateway = ("OPENAI_BASE_URL", "https://g/openai/deployments/y?api-version=2024-06-01");
    let resource = ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com");
    for (model, vars, want) in [
        ("openai/x", &[("OPENAI_API_KEY", "k")][..], &["authorization: Bearer k"][..]),
        ("openai/x", &[("OPENAI_API_KEY", "k"), azure], &["api-key: k"]),
        ("openai-responses/x", &[("OPENAI_API_KEY", "k"), azure], &["api-key: k"]),
        ("openai/x", &[("OPENAI_API_KEY", "eyJ.a.b"), azure], &["authorization: Bearer eyJ.a.b"]),
        ("openai/x", &[("OPENAI_API_KEY", "k"), gateway], &["authorization: Bearer k", "api-key: k"]),
        ("azure/x", &[("AZURE_OPENAI_API_KEY", "k"), resource], &["api-key: k"]),
        ("anthropic/x", &[("ANTHROPIC_API_KEY", "k")], &["x-api-key: k"]),
        ("anthropic/x", &[("ANTHROPIC_AUTH_TOKEN", "t")], &["authorization: Bearer t"]),
        ("anthropic/x", &[("ANTHROPIC_AUTH_TOKEN", "t"), ("ANTHROPIC_API_KEY", "k")], &["x-api-key: k"]),
        ("google/x", &[("GEMINI_API_KEY", "k")], &["x-goog-api-key: k"]),
    ] {
        assert_eq!(headers(model, vars), want, "{model} {vars:?}");
    }
}

#[test]
fn a_user_s_key_comes_first_and_a_user_s_address_never_counts() {
    let server = env(&[("OPENAI_API_KEY", "server"), ("OPENAI_BASE_URL", "http://127.0.0.1:1")]);
    let mine = server.with_keys([
        ("OPENAI_API_KEY".into(), SecretString::from("mine")),
        ("OPENAI_BASE_URL".into(), SecretString::from("http://169.254.169.254")),
        ("GROQ_API_KEY".into(), SecretString::from(" ")),
    ]);
    let Ok(Resolved::Remote(endpoint)) = resolve(&name("openai/x"), &mine) else { panic!() };
    assert_eq!(endpoint.address.to_string(), "http://127.0.0.1:1/v1");
    assert_eq!(endpoint.key.unwrap().expose_secret(), "mine");
    assert!(resolve(&name("groq/x"), &mine).is_err());
}

#[test]
fn keys_do_not_show_when_an_environment_is_printed() {
    let env = env(&[("OPENAI_API_KEY", "sk-secret"), ("PATH", "/bin"), ("GROQ_API_KEY", "  ")]);
    assert_eq!(format!("{env:?}"), r#"{"OPENAI_API_KEY"}"#);
    let resolved = resolve(&name("openai/x"), &env);
    assert!(!format!("{resolved:?}").contains("sk-secret"));
}
