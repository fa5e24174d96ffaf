//! The bodies that go to providers: what each of them would refuse is not in them.

use omega_core::model::{
    ModelRequest, ProviderState, Purpose, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn, wire::Format,
};
use serde_json::{Value, json};

/// Every format, with providers that have rules of their own.
const PROVIDERS: [(Format, &str, &str); 8] = [
    (Format::OpenAiChat, "openai", "gpt-4.1-mini"),
    (Format::OpenAiChat, "mistral", "mistral-small-latest"),
    (Format::OpenAiChat, "groq", "openai/gpt-oss-120b"),
    (Format::OpenAiChat, "ollama", "llama3.2:3b"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-4.1-mini"),
    (Format::Anthropic, "anthropic", "claude-sonnet-4-5"),
    (Format::Gemini, "google", "gemini-2.5-flash"),
];

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.into(), name: "search".into(), arguments: arguments.into(), provider_state: None }
}

fn result(id: &str, content: &str, is_error: bool) -> ToolResult {
    ToolResult { call_id: id.into(), name: "search".into(), content: content.into(), is_error, loads: Vec::new() }
}

/// A history with everything that goes wrong in histories.
fn request(model: &str) -> ModelRequest {
    let assistant = |text: &str, calls| Turn::Assistant { text: text.into(), calls, provider_state: Vec::new() };
    ModelRequest {
        model: model.into(),
        system: "Be brief.".into(),
        turns: vec![
            Turn::User { text: "find ünïcode".into() },
            assistant("Looking.", vec![call("functions.search:0", ""), call("b", r#"{"q": "#), call("", r#"{"q":1}"#)]),
            Turn::Tools {
                results: vec![result("b", "bad arguments", true), result("functions.search:0", r#"{"n":1}"#, false)],
            },
            assistant("  ", vec![call("functions.search:0", r#"{"q":2}"#)]),
            Turn::Tools { results: vec![result("functions.search:0", "[1,2]", false)] },
            assistant("", Vec::new()),
            Turn::User { text: " ".into() },
        ],
        tools: vec![ToolSpec {
            name: "search".into(),
            description: "Finds".into(),
            input_schema: json!({"$schema": "x", "oneOf": [], "properties": {"list": {"type": "array"}}}),
        }],
        tool_choice: ToolChoice::None,
        max_output_tokens: Some(99),
        answer_schema: None,
        purpose: Purpose::Answer,
    }
}

/// Calls (id, arguments) and results (id) of a body, in order.
fn pairs(format: Format, body: &Value) -> (Vec<(String, Value)>, Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parsed = |value: &Value| serde_json::from_str::<Value>(value.as_str().unwrap()).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    match format {
        Format::OpenAiChat => {
            for message in list(&body["messages"]) {
                for call in list(&message["tool_calls"]) {
                    calls.push((text(&call["id"]), parsed(&call["function"]["arguments"])));
                }
                results.extend(message.get("tool_call_id").map(text));
            }
        }
        Format::OpenAiResponses => {
            for item in list(&body["input"]) {
                match item["type"].as_str() {
                    Some("function_call") => calls.push((text(&item["call_id"]), parsed(&item["arguments"]))),
                    Some("function_call_output") => results.push(text(&item["call_id"])),
                    _ => {}
                }
            }
        }
        Format::Anthropic => {
            for block in list(&body["messages"]).iter().flat_map(|message| list(&message["content"])) {
                match block["type"].as_str() {
                    Some("tool_use") => calls.push((text(&block["id"]), block["input"].clone())),
                    Some("tool_result") => results.push(text(&block["tool_use_id"])),
                    _ => assert!(!block["text"].as_str().unwrap().trim().is_empty(), "{block}"),
                }
            }
        }
        Format::Gemini => {
            for part in list(&body["contents"]).iter().flat_map(|content| list(&content["parts"])) {
                if let Some(call) = part.get("functionCall") {
                    calls.push((text(&call["id"]), call["args"].clone()));
                }
                if let Some(result) = part.get("functionResponse") {
                    assert!(result["response"].is_object(), "{result}");
                    results.push(text(&result["id"]));
                }
            }
        }
    }
    (calls, results)
}

#[test]
fn a_broken_history_is_sent_as_a_whole_one() {
    for (format, provider, model) in PROVIDERS {
        let body = format.encode(provider, &request(model));
        let (calls, results) = pairs(format, &body);
        let ids: Vec<_> = calls.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!(ids, results, "{provider}: one result for each call, in their order");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{provider}: no id twice");
        assert!(
            ids.iter().all(|id| match provider {
                "mistral" => id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()),
                _ => id.len() <= 40 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
            }),
            "{provider}: {ids:?}"
        );
        let arguments: Vec<_> = calls.into_iter().map(|(_, arguments)| arguments).collect();
        assert_eq!(arguments, [json!({}), json!({"_raw": "{\"q\": "}), json!({"q": 1}), json!({"q": 2})]);
        assert_eq!(body, format.encode(provider, &request(model)), "the same every time, so that it can be cached");
    }
}

#[test]
fn limits_and_tools_stand_where_each_provider_wants_them() {
    for (format, provider, model) in PROVIDERS {
        let body = format.encode(provider, &request(model));
        let schema = json!({"type": "object", "properties": {"list": {"type": "array", "items": {}}}});
        let at = |pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
        let (limit, tool, choice) = match (format, provider) {
            (_, "openai") => (at("/max_completion_tokens"), at("/tools/0/function/parameters"), at("/tool_choice")),
            // Ollama knows no `tool_choice`: it does not get to see the tools.
            (_, "ollama") => {
                (at("/max_tokens"), schema.clone(), if at("/tools").is_null() { json!("none") } else { json!(0) })
            }
            (Format::OpenAiChat, _) => (at("/max_tokens"), at("/tools/0/function/parameters"), at("/tool_choice")),
            (Format::OpenAiResponses, _) => (at("/max_output_tokens"), at("/tools/0/parameters"), at("/tool_choice")),
            (Format::Anthropic, _) => (at("/max_tokens"), at("/tools/0/input_schema"), at("/tool_choice/type")),
            (Format::Gemini, _) => (
                at("/generationConfig/maxOutputTokens"),
                at("/tools/0/functionDeclarations/0/parametersJsonSchema"),
                json!(at("/toolConfig/functionCallingConfig/mode").as_str().unwrap().to_lowercase()),
            ),
        };
        assert_eq!((limit, tool, choice), (json!(99), schema, json!("none")), "{provider}");
    }
}

#[test]
fn fields_that_some_models_refuse_go_only_to_those_that_know_them() {
    let body = |index: usize| {
        let (format, provider, model) = PROVIDERS[index];
        format.encode(provider, &request(model))
    };
    assert!(body(0)["stream_options"]["include_usage"].as_bool().unwrap());
    assert!(body(1).get("stream_options").is_none(), "Mistral");
    assert_eq!(body(4)["include"], json!(["reasoning.encrypted_content"]));
    assert!(body(5).get("include").is_none(), "gpt-4.1 does not reason");
    let mut request = request("claude-3-haiku-20240307");
    request.max_output_tokens = None;
    assert_eq!(Format::Anthropic.encode("anthropic", &request)["max_tokens"], 4096);
}

#[test]
fn a_stopped_run_does_not_make_mistral_refuse_the_next_message() {
    let (format, provider, model) = PROVIDERS[1];
    let body = format.encode(provider, &request(model));
    let roles: Vec<_> = body["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str()).collect();
    assert_eq!(&roles[roles.len() - 3..], [Some("tool"), Some("assistant"), Some("user")]);
}

#[test]
fn calls_that_gemini_did_not_sign_do_not_make_it_refuse_the_run() {
    let signatures = |model: &str| {
        let mut request = request(model);
        request.turns.truncate(5);
        let body = Format::Gemini.encode("google", &request);
        let parts =
            body["contents"].as_array().unwrap().iter().flat_map(|content| content["parts"].as_array().unwrap());
        parts
            .filter(|part| part.get("functionCall").is_some())
            .map(|part| part["thoughtSignature"].is_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(signatures("gemini-3-pro-preview"), [true, false, false, true], "the first call of each answer");
    assert_eq!(signatures("gemini-2.5-flash"), [false; 4]);
}

#[test]
fn models_keep_their_habits_wherever_they_are_served() {
    let body = Format::OpenAiChat.encode("compat", &request("deepseek-v4"));
    for message in body["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "assistant") {
        assert_eq!(message["reasoning_content"], "");
    }
    let body = Format::OpenAiChat.encode("openrouter", &request("mistralai/devstral-small"));
    assert_eq!(pairs(Format::OpenAiChat, &body).1[0].len(), 9);
    assert!(body.get("stream_options").is_some());
}

#[test]
fn reasoning_of_one_model_is_not_sent_to_one_that_cannot_take_it() {
    let item = json!({"type": "reasoning", "encrypted_content": "x"});
    let state = ProviderState {
        provider: "openai-responses".into(),
        item: json!({"textBefore": 0, "callsBefore": 0, "item": item}),
    };
    let with = |model: &str| ModelRequest {
        turns: vec![
            Turn::User { text: "hi".into() },
            Turn::Assistant { text: "ho".into(), calls: Vec::new(), provider_state: vec![state.clone()] },
        ],
        ..request(model)
    };
    let input = |model: &str| Format::OpenAiResponses.encode("openai-responses", &with(model))["input"].clone();
    assert_eq!(input("gpt-5-mini")[1], item);
    assert_eq!(
        input("gpt-4.1-mini"),
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "ho"},
            {"role": "user", "content": "(go on)"},
        ])
    );
}

#[test]
fn the_path_holds_any_model_name() {
    for (format, model, path) in [
        (Format::OpenAiChat, "a/b", "/chat/completions"),
        (Format::OpenAiResponses, "a/b", "/responses"),
        (Format::Anthropic, "a/b", "/messages"),
        (Format::Gemini, "models/gemini-2.5-flash", "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
        (Format::Gemini, "../x?y#é", "/models/..%2Fx%3Fy%23%C3%A9:streamGenerateContent?alt=sse"),
    ] {
        assert_eq!(format.path(model), path);
    }
}
