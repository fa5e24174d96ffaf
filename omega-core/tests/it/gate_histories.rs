//! Whatever the steps, ends, names and arguments of a conversation were, every provider takes the next request, and what it
//! was sent before stands unchanged at its beginning.

use omega_core::{
    model::{ModelRequest, ProviderState, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn, wire::Format},
    testing::judge,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const TO: [(Format, &str, &str); 7] = [
    (Format::OpenAiChat, "openai", "gpt-4.1-mini"),
    (Format::OpenAiChat, "mistral", "mistral-small-latest"),
    (Format::OpenAiChat, "compat", "deepseek-v4"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-4.1-mini"),
    (Format::Anthropic, "anthropic", "claude-sonnet-4-5"),
    (Format::Gemini, "google", "gemini-3-pro"),
];

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" \n".to_owned()),
        Just("née".to_owned()),
        "[a-z]{1,8}",
        Just("\u{0}\u{2028}".to_owned())
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "pkg__run",
        "7zip__x",
        "functions.x",
        "@a/b::c",
        "",
        "x<|channel|>y",
        "名前",
        "a b",
        "-",
        "registrySearchTool",
    ])
    .prop_map(str::to_owned)
    .boxed()
    .prop_union(Just("n".repeat(90)).boxed())
}

fn id() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["call_0", "call_0", "", "functions.x:0", "a", "toolu_01ABC", "né"])
        .prop_map(str::to_owned)
        .boxed()
        .prop_union(Just("i".repeat(90)).boxed())
}

fn call() -> impl Strategy<Value = ToolCall> {
    let arguments = prop::sample::select(vec![
        "",
        "{}",
        "{\"$filter\":1,\"n\":12345678901234567890123}",
        "{\"a\": ",
        "[1]",
        "null",
        "\"x\"",
        "{\"p_x\":{}}",
    ]);
    (id(), name(), arguments).prop_map(|(id, name, arguments)| ToolCall {
        id,
        name,
        arguments: arguments.to_owned(),
        provider_state: None,
    })
}

fn result() -> impl Strategy<Value = ToolResult> {
    let content = prop::sample::select(vec!["{\"from\":\"omega\"}", "text", "[1]", "", "{"]);
    (id(), name(), content, any::<bool>()).prop_map(|(call_id, name, content, is_error)| ToolResult {
        call_id,
        name,
        content: content.to_owned(),
        is_error,
    })
}

fn state() -> impl Strategy<Value = ProviderState> {
    let provider = prop::sample::select(vec!["anthropic", "google", "openai-responses", "compat", "openai"]);
    (provider, 0..9_u64, 0..4_u64).prop_map(|(provider, text, calls)| {
        let item = match provider {
            "anthropic" => json!({"type": "thinking", "thinking": "hm", "signature": "s"}),
            "openai-responses" => json!({"type": "reasoning", "encrypted_content": "x", "summary": []}),
            _ => {
                return ProviderState {
                    provider: provider.into(),
                    item: json!({"reasoning_content": "hm", "role": "system", "content": ""}),
                };
            }
        };
        ProviderState {
            provider: provider.into(),
            item: json!({"textBefore": text, "callsBefore": calls, "item": item}),
        }
    })
}

/// Any turn after any other: what failed, was cancelled, paused, cut or imported leaves such histories.
fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => words().prop_map(|text| Turn::User { text }),
        4 => (words(), prop::collection::vec(call(), 0..4), prop::collection::vec(state(), 0..2))
            .prop_map(|(text, calls, provider_state)| Turn::Assistant { text, calls, provider_state }),
        3 => prop::collection::vec(result(), 0..4).prop_map(|results| Turn::Tools { results }),
    ]
}

fn request(model: &str, turns: Vec<Turn>, choice: ToolChoice) -> ModelRequest {
    let schema = json!({"type": "object", "properties": {"$filter": {"type": "string"}}});
    let tool = |name: &str| ToolSpec { name: name.into(), description: "d".into(), input_schema: schema.clone() };
    ModelRequest {
        model: model.into(),
        system: "s".into(),
        turns,
        tools: vec![tool("registrySearchTool"), tool("pkg__run"), tool("7zip__x")],
        tool_choice: choice,
        max_output_tokens: None,
    }
}

/// The turns of a request, without what moves with its end.
fn sent(format: Format, body: &Value) -> Vec<Value> {
    let key = match format {
        Format::OpenAiChat | Format::Anthropic => "messages",
        Format::OpenAiResponses => "input",
        Format::Gemini => "contents",
    };
    let mut turns = body[key].as_array().cloned().unwrap_or_default();
    for block in turns.iter_mut().filter_map(|turn| turn.get_mut("content")?.as_array_mut()).flatten() {
        block.as_object_mut().map(|block| block.shift_remove("cache_control"));
    }
    turns
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_history_is_sent_as_one_that_every_provider_takes(turns in prop::collection::vec(turn(), 0..9), close in any::<bool>()) {
        let choice = if close { ToolChoice::None } else { ToolChoice::Auto };
        for (format, provider, model) in TO {
            let body = format.encode(provider, &request(model, turns.clone(), choice));
            let faults = judge::refusals(format, &body);
            prop_assert!(faults.is_empty(), "{provider}: {faults:?}\n{body}");
        }
    }

    #[test]
    fn what_was_sent_stays_the_beginning_of_every_later_request(
        turns in prop::collection::vec(turn(), 0..6),
        more in prop::collection::vec((words(), prop::collection::vec(call(), 1..3)), 1..3),
    ) {
        for (format, provider, model) in TO {
            // From a message on: what comes before it may still be changed by what follows.
            let mut turns = [turns.clone(), vec![Turn::User { text: "go".into() }]].concat();
            let mut before = sent(format, &format.encode(provider, &request(model, turns.clone(), ToolChoice::Auto)));
            for (text, calls) in &more {
                turns.push(Turn::Assistant { text: text.clone(), calls: calls.clone(), provider_state: Vec::new() });
                turns.push(Turn::Tools { results: Vec::new() });
                let now = sent(format, &format.encode(provider, &request(model, turns.clone(), ToolChoice::Auto)));
                prop_assert_eq!(&now[..before.len()], &before[..], "{}", provider);
                before = now;
            }
            // The run fails here; a plain message comes.
            turns.push(Turn::User { text: "again".into() });
            let now = sent(format, &format.encode(provider, &request(model, turns.clone(), ToolChoice::Auto)));
            prop_assert_eq!(&now[..before.len()], &before[..], "{}", provider);
        }
    }
}
