use super::{env::versioned, *};
use crate::model::{
    ModelError,
    wire::Format::{Gemini, OpenAiChat},
};
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

#[test]
fn a_base_url_is_taken_with_or_without_version_slash_and_endpoint() {
    for (given, format, want) in [
        ("http://127.0.0.1:9911", OpenAiChat, Some("http://127.0.0.1:9911/v1")),
        ("http://127.0.0.1:9911/", OpenAiChat, Some("http://127.0.0.1:9911/v1")),
        (" http://127.0.0.1:9911/v1/ ", OpenAiChat, Some("http://127.0.0.1:9911/v1")),
        ("http://127.0.0.1:9911/v1/chat/completions", OpenAiChat, Some("http://127.0.0.1:9911/v1")),
        ("https://api.z.ai/api/paas/v4", OpenAiChat, Some("https://api.z.ai/api/paas/v4")),
        ("https://gateway.example/v1/acme/openai", OpenAiChat, Some("https://gateway.example/v1/acme/openai")),
        ("https://gateway.example/openai", OpenAiChat, Some("https://gateway.example/openai/v1")),
        ("https://gateway.example/vendor", OpenAiChat, Some("https://gateway.example/vendor/v1")),
        ("http://127.0.0.1:9911", Gemini, Some("http://127.0.0.1:9911/v1beta")),
        ("http://127.0.0.1:9911/v1", Gemini, Some("http://127.0.0.1:9911/v1")),
        ("127.0.0.1:9911", OpenAiChat, None),
        ("file:///etc/passwd", OpenAiChat, None),
        ("http://", OpenAiChat, None),
        ("http://a b/v1", OpenAiChat, None),
    ] {
        assert_eq!(versioned(given, format).as_deref(), want, "{given}");
    }
    let message = complaint(resolve(&name("compat/x"), &env(&[("COMPAT_BASE_URL", "localhost:8000")])));
    assert!(message.contains("COMPAT_BASE_URL=localhost:8000"), "{message}");
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
    assert_eq!(endpoint.base_url, "http://127.0.0.1:1/v1");
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
