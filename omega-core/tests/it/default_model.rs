//! What answers when nobody chose, with engines that really listen.

use futures_util::StreamExt;
use omega_core::{
    model::{
        Answer, ModelRequest, Purpose, ToolChoice, Turn,
        catalog::ProviderEnv,
        choice::LocalEngine,
        http::{Timeouts, Transport},
        probe::{choose_default, local_engines},
    },
    testing::{Script, StandIn},
};
use serde_json::{Value, json};

/// Nothing listens on port 1 of this machine.
const NOBODY: &str = "http://127.0.0.1:1";

fn env(vars: &[(&str, &str)]) -> ProviderEnv {
    let silent = ["OLLAMA_BASE_URL", "LMSTUDIO_BASE_URL", "LLAMACPP_BASE_URL"].map(|name| (name, NOBODY));
    silent.iter().chain(vars).copied().collect()
}

fn transport() -> Transport {
    Transport::new(Timeouts::default())
}

async fn engine(path: &str, document: Value) -> StandIn {
    StandIn::start(Script::new().document(path, document)).await
}

#[tokio::test]
async fn engines_are_known_by_what_only_they_say() {
    let ollama = engine(
        "/api/tags",
        json!({ "models": [
            { "name": "nomic-embed-text:latest", "digest": "1" },
            { "name": "llama3.2:3b", "digest": "2" },
        ] }),
    )
    .await;
    let list =
        |owner: &str| json!({ "object": "list", "data": [{ "id": "qwen3-8b", "object": "model", "owned_by": owner }] });
    let lmstudio = engine("/v1/models", list("organization_owner")).await;
    let llamacpp = engine("/v1/models", list("llamacpp")).await;
    let vars = |ollama: &str, lmstudio: &str, llamacpp: &str| {
        env(&[("OLLAMA_BASE_URL", ollama), ("LMSTUDIO_BASE_URL", lmstudio), ("LLAMACPP_BASE_URL", llamacpp)])
    };
    let found = local_engines(&transport(), &vars(ollama.url(), lmstudio.url(), llamacpp.url())).await;
    let engine = |provider, model: &str| LocalEngine { provider, models: vec![model.to_owned()] };
    assert_eq!(
        found,
        [engine("ollama", "llama3.2:3b"), engine("lmstudio", "qwen3-8b"), engine("llamacpp", "qwen3-8b")]
    );
    // Each on another's port: nobody is taken for somebody else.
    let crossed = vars(lmstudio.url(), llamacpp.url(), ollama.url());
    assert_eq!(local_engines(&transport(), &crossed).await, []);
    assert_eq!(local_engines(&transport(), &env(&[])).await, []);
}

#[tokio::test]
async fn the_default_is_found_without_asking_anybody_when_a_provider_has_a_key() {
    let ollama = engine("/api/tags", json!({ "models": [{ "name": "llama3.2:3b", "digest": "2" }] })).await;
    let with = |vars: &[(&str, &str)]| {
        let mut all = vec![("OLLAMA_BASE_URL", ollama.url())];
        all.extend(vars);
        env(&all)
    };
    let choose = async |env: ProviderEnv| choose_default(&transport(), &env, None).await.model.to_string();
    assert_eq!(choose(with(&[("OPENAI_API_KEY", "k")])).await, "openai/gpt-4.1-mini");
    assert_eq!(choose(with(&[("GROQ_API_KEY", "k")])).await, "groq/openai/gpt-oss-120b");
    assert_eq!(choose(with(&[])).await, "ollama/llama3.2:3b");
    assert_eq!(choose(env(&[("ANTHROPIC_API_KEY", "k")])).await, "anthropic/claude-sonnet-4-5");
    assert_eq!(choose(env(&[])).await, "omega/offline");
}

#[tokio::test]
async fn the_offline_planner_answers_behind_the_same_port() {
    let choice = choose_default(&transport(), &env(&[]), None).await;
    let model = transport().model(&choice.model, &env(&[])).unwrap();
    let request = ModelRequest {
        model: choice.model.model,
        system: String::new(),
        turns: vec![Turn::User { text: "hello".into() }],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        answer_schema: None,
        purpose: Purpose::Answer,
    };
    let mut answer = Answer::default();
    let mut stream = model.stream(request).await.unwrap();
    while let Some(event) = stream.next().await {
        answer.apply(&event.unwrap());
    }
    assert!(answer.finished && !answer.text.is_empty());
}
