//! Whatever the steps, ends, names and arguments of a conversation were, every provider takes the next request, and what it
//! was sent before stands unchanged at its beginning.

use omega_core::{
    model::{
        ModelRequest, ProviderState, Purpose, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn,
        gate::refusal::{self, LeftOut, Named},
        wire::{Addressee, Format},
    },
    testing::judge,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const TO: [(Format, &str, &str); 10] = [
    (Format::OpenAiChat, "openai", "gpt-4.1-mini"),
    (Format::OpenAiChat, "mistral", "mistral-small-latest"),
    (Format::OpenAiChat, "compat", "deepseek-v4"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-4.1-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5.4"),
    (Format::Anthropic, "anthropic", "claude-sonnet-4-5"),
    (Format::Anthropic, "anthropic", "claude-opus-4-1"),
    (Format::Anthropic, "anthropic", "claude-haiku-4-5-20251001"),
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
    // As Responses puts a tool that was loaded into a namespace of its name.
    (id(), name(), arguments, prop::sample::select(vec!["", "", "google", "openai-responses"])).prop_map(
        |(id, name, arguments, of)| ToolCall {
            provider_state: (!of.is_empty()).then(|| json!({"provider": of, "namespace": name})),
            id,
            name,
            arguments: arguments.to_owned(),
        },
    )
}

fn result() -> impl Strategy<Value = ToolResult> {
    let content = prop::sample::select(vec!["{\"from\":\"omega\"}", "text", "[1]", "", "{"]);
    let loads =
        prop::collection::vec(prop::sample::select(vec!["pkg__run", "7zip__x", "gone", "found__a", "found__b"]), 0..3);
    (id(), name(), content, any::<bool>(), loads).prop_map(|(call_id, name, content, is_error, loads)| ToolResult {
        call_id,
        name,
        content: content.to_owned(),
        is_error,
        loads: loads.into_iter().map(str::to_owned).collect(),
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
        tools: ["registrySearchTool", "pkg__run", "7zip__x", "found__a", "found__b"].into_iter().map(tool).collect(),
        tool_choice: choice,
        max_output_tokens: None,
        answer_schema: None,
        purpose: Purpose::Answer,
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
        more in prop::collection::vec((words(), prop::collection::vec((call(), result()), 1..3)), 1..3),
    ) {
        for (format, provider, model) in TO {
            // From a message on: what comes before it may still be changed by what follows.
            let mut turns = [turns.clone(), vec![Turn::User { text: "go".into() }]].concat();
            let mut before = sent(format, &format.encode(provider, &request(model, turns.clone(), ToolChoice::Auto)));
            for (text, steps) in &more {
                let calls: Vec<ToolCall> = steps.iter().map(|(call, _)| call.clone()).collect();
                // What a search finds was not called before.
                let found = |loads: &[String]| loads.iter().filter(|name| name.starts_with("found")).cloned().collect();
                let results = steps.iter().map(|(call, result)| ToolResult {
                    call_id: call.id.clone(),
                    loads: found(&result.loads),
                    ..result.clone()
                });
                turns.push(Turn::Assistant { text: text.clone(), calls, provider_state: Vec::new() });
                turns.push(Turn::Tools { results: results.collect() });
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

/// A conversation in which a search found two tools, one of which was called, with what was said by whom.
fn found(model: &str, loaded: &[&str]) -> ModelRequest {
    let call = |id: &str, name: &str, of: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: "{}".into(),
        provider_state: (!of.is_empty()).then(|| json!({"provider": of, "namespace": name})),
    };
    let result = |id: &str, name: &str, loads: &[&str]| ToolResult {
        call_id: id.into(),
        name: name.into(),
        content: format!("{{\"from\":\"{name}\",\"untrusted\":true,\"output\":\"said by {id}\"}}"),
        is_error: false,
        loads: loads.iter().map(|name| (*name).to_owned()).collect(),
    };
    let step = |calls: Vec<ToolCall>, results| {
        let turn = Turn::Assistant { text: String::new(), calls, provider_state: Vec::new() };
        [turn, Turn::Tools { results }]
    };
    let mut request = request(model, vec![Turn::User { text: "go".into() }], ToolChoice::Auto);
    request.tools.retain(|tool| !tool.name.starts_with("found") || loaded.contains(&tool.name.as_str()));
    let search = "registrySearchTool";
    request.turns.extend(step(
        vec![call("s1", search, ""), call("p1", "pkg__run", "")],
        vec![result("s1", search, loaded), result("p1", "pkg__run", &[])],
    ));
    request.turns.extend(step(vec![call("f1", "found__a", "openai-responses")], vec![result("f1", "found__a", &[])]));
    request
}

#[test]
fn what_was_found_is_shown_behind_the_search_by_providers_that_take_it_there_and_in_the_list_by_others() {
    for (format, provider, model) in TO {
        let with = |loaded: &[&str]| format.encode(provider, &found(model, loaded));
        let (all, one, none) = (with(&["found__a", "found__b"]), with(&["found__a"]), with(&[]));
        for body in [&all, &one, &none] {
            assert_eq!(judge::refusals(format, body), [""; 0], "{provider} {model}: {body}");
            for said in ["said by s1", "said by p1", "said by f1"] {
                assert_eq!(body.to_string().matches(said).count(), 1, "{provider} {model}");
            }
        }
        assert_eq!(judge::tools(format, &all).len(), 5, "{provider} {model}: each tool once");
        let front = |body: &Value| {
            let tools = body["tools"].as_array().cloned().unwrap_or_default();
            tools.into_iter().filter(|tool| tool["defer_loading"] != true).collect::<Vec<_>>()
        };
        let takes = ["gpt-5.4", "claude-sonnet-4-5", "claude-haiku-4-5-20251001"].contains(&model);
        assert_eq!(front(&all) == front(&none), takes, "{provider} {model}: what is found leaves the list as it was");
        // A tool that is not loaded any more leaves its place, and nothing before it.
        if takes {
            let place = |body: &Value| {
                let turns = sent(format, body);
                turns.iter().position(|turn| turn.to_string().contains("load_") || turn.to_string().contains("_result"))
            };
            let (all, one) = (sent(format, &all)[..place(&all).unwrap()].to_vec(), sent(format, &one));
            assert_eq!(one[..all.len()], all, "{provider} {model}");
        }
    }
}

#[test]
fn a_provider_that_refuses_deferred_tools_is_asked_once_more_with_the_list() {
    for (format, provider, model) in TO {
        let to = Addressee { provider, base_url: "" };
        let request = found(model, &["found__a", "found__b"]);
        let (mut left_out, own) = (LeftOut::default(), format.prepare(to, &request, &LeftOut::default()));
        for refusal in [
            "messages.2.content.0.tool_result.content.0: Input tag 'tool_reference' found using 'type' does not match any of the expected tags: 'text'",
            "tools.3.custom.defer_loading: Extra inputs are not permitted",
            "Tool reference 'found__a' not found in available tools",
            "defer_loading requires the anthropic-beta header advanced-tool-use-2025-11-20",
            "Tool search is not supported with this model",
            "Invalid value: 'tool_search_call'. Supported values are: 'message', 'function_call'",
            "Missing namespace for function_call 'found__a'. It does not exist in the default namespace.",
            "Unknown parameter: 'input[7].tools[0].defer_loading'.",
        ] {
            let body = json!({"error": {"message": refusal}}).to_string();
            let named = refusal::named(&body, &own.body, &["registrySearchTool", "found__a"]);
            let takes = ["gpt-5.4", "claude-sonnet-4-5", "claude-haiku-4-5-20251001"].contains(&model);
            assert_eq!(named == Some(Named::Deferral), takes, "{provider} {model}: {refusal}");
        }
        if own.gate.takes_deferred() {
            assert!(left_out.add(&Named::Deferral) && !left_out.add(&Named::Deferral));
            assert!(Named::Deferral.notice(provider).contains("deferred tools"));
        }
        let list = format.prepare(to, &request, &left_out);
        assert_eq!(judge::refusals(format, &list.body), [""; 0], "{provider} {model}");
        let marks = ["defer_loading", "tool_reference", "tool_search", "namespace"];
        assert!(!marks.iter().any(|mark| list.body.to_string().contains(mark)), "{provider} {model}: {}", list.body);
        // Whoever speaks like it at another address gets the list from the beginning.
        let elsewhere = Addressee { provider, base_url: "http://127.0.0.1:1/v1" };
        let body = format.prepare(elsewhere, &request, &LeftOut::default()).body.to_string();
        assert!(!marks.iter().any(|mark| body.contains(mark)), "{provider} {model}: {body}");
    }
}

#[test]
fn a_schema_that_is_refused_in_its_place_in_the_history_leaves_out_that_tool() {
    let (format, provider) = (Format::OpenAiResponses, "openai-responses");
    let body = format.encode(provider, &found("gpt-5.4", &["found__a", "found__b"]));
    let at = body["input"].as_array().unwrap().iter().position(|item| item["type"] == "tool_search_output").unwrap();
    let refusal = format!("Invalid 'input[{at}].tools[1].parameters': array schema missing items.");
    let tools = ["registrySearchTool", "pkg__run"];
    assert_eq!(refusal::named(&refusal, &body, &tools), Some(Named::Tool("found__b".into())));
}

#[test]
fn the_judge_refuses_what_the_providers_of_deferred_tools_refuse() {
    let faults = |format: Format, model: &str, change: &dyn Fn(&mut Value)| {
        let provider = if format == Format::Anthropic { "anthropic" } else { "openai-responses" };
        let mut body = format.encode(provider, &found(model, &["found__a", "found__b"]));
        change(&mut body);
        judge::refusals(format, &body).join("; ")
    };
    let deferred = |body: &mut Value, change: &dyn Fn(&mut Value)| {
        body["tools"].as_array_mut().unwrap().iter_mut().filter(|tool| tool["defer_loading"] == true).for_each(change);
    };
    let result = |body: &mut Value, change: &dyn Fn(&mut Value)| {
        let blocks = body["messages"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .flat_map(|turn| turn["content"].as_array_mut().unwrap());
        let refers = |block: &&mut Value| block["content"][0]["type"] == "tool_reference";
        change(blocks.into_iter().find(refers).unwrap());
    };
    type Change<'c> = &'c dyn Fn(&mut Value);
    let anthropic: [(Change<'_>, &str); 7] = [
        (&|body| deferred(body, &|tool| tool["name"] = json!("other")), "Tool reference 'found__a' not found"),
        (&|body| deferred(body, &|tool| tool["cache_control"] = json!({"type": "ephemeral"})), "and cache_control"),
        (&|body| deferred(body, &|tool| tool["defer_loading"] = json!(false)), "has no defer_loading"),
        (
            &|body| {
                body["tools"].as_array_mut().unwrap().iter_mut().for_each(|tool| tool["defer_loading"] = json!(true))
            },
            "All tools cannot be deferred",
        ),
        (&|body| result(body, &|block| block["is_error"] = json!(true)), "must be type text"),
        (
            &|body| {
                result(body, &|block| {
                    block["content"].as_array_mut().unwrap().push(json!({"type": "text", "text": "x"}))
                })
            },
            "can't stand beside",
        ),
        (&|body| body["model"] = json!("claude-opus-4-1"), "Input tag 'tool_reference'"),
    ];
    for (change, want) in anthropic {
        let faults = faults(Format::Anthropic, "claude-sonnet-4-5", change);
        assert!(faults.contains(want), "{want}: {faults}");
    }
    let item = |body: &mut Value, kind: &str, change: &dyn Fn(&mut Value)| {
        change(body["input"].as_array_mut().unwrap().iter_mut().rfind(|item| item["type"] == kind).unwrap());
    };
    let responses: [(Change<'_>, &str); 6] = [
        (&|body| item(body, "function_call", &|call| call["namespace"] = Value::Null), "Missing namespace"),
        (&|body| item(body, "tool_search_output", &|output| output["call_id"] = json!("x")), "No tool output found"),
        (&|body| item(body, "tool_search_call", &|call| call["arguments"] = json!("{}")), "no search of the client"),
        (
            &|body| item(body, "tool_search_output", &|output| output["tools"][0]["name"] = json!("pkg__run")),
            "in tools",
        ),
        (
            &|body| item(body, "tool_search_output", &|output| output["tools"][0]["parameters"] = json!({"oneOf": []})),
            "Invalid schema for function 'found__a'",
        ),
        (&|body| body["model"] = json!("gpt-5-mini"), "not supported with gpt-5-mini"),
    ];
    for (change, want) in responses {
        let faults = faults(Format::OpenAiResponses, "gpt-5.4", change);
        assert!(faults.contains(want), "{want}: {faults}");
    }
}
