use super::*;

fn sent() -> Value {
    json!({
        "model": "m", "stream_options": {"include_usage": true}, "max_tokens": 32_000, "store": false, "temperature": 0,
        "messages": [{"role": "assistant", "content": null, "reasoning_content": ""}],
        "tools": [{"type": "function", "strict": false, "function": {"name": "a__b"}}],
    })
}

#[test]
fn refusals_of_every_provider_name_what_they_mean() {
    let tools = ["registrySearchTool", "registryExecuteTool", "a__b", "a__b_c"];
    let tool = |name: &str| Some(Named::Tool(name.into()));
    for (refusal, want) in [
        ("Unrecognized request argument supplied: stream_options", Some(Named::Field("stream_options"))),
        (
            r#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
            Some(Named::Field("stream_options")),
        ),
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            Some(Named::Field("max_tokens")),
        ),
        ("max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens", Some(Named::Limit(8192))),
        ("'temperature' does not support 0 with this model.", Some(Named::Field("temperature"))),
        ("the temperature of the store is low", None),
        ("Unknown parameter: 'store'.", Some(Named::Field("store"))),
        ("property 'reasoning_content' is unsupported", Some(Named::Field("reasoning_content"))),
        (
            "Invalid schema for function 'a__b_c': In context=('properties', 'x'), array schema missing items.",
            tool("a__b_c"),
        ),
        ("tools.2.custom.input_schema: JSON schema is invalid.", tool("a__b")),
        (r#"{"error":{"message":"bad","param":"tools[3].function.parameters"}}"#, tool("a__b_c")),
        (
            "GenerateContentRequest.tools[0].function_declarations[2].parameters.properties[x].items: missing field.",
            tool("a__b"),
        ),
        ("[{'loc': ('body', 'tools', 3, 'function', 'parameters')}]", tool("a__b_c")),
        ("tools.99.custom: no", None),
        ("Incorrect API key provided", None),
        ("bad", None),
    ] {
        assert_eq!(named(refusal, &sent(), &tools), want, "{refusal}");
    }
}

#[test]
fn a_prompt_that_has_no_place_goes_before_the_first_message() {
    let chat = json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]});
    let gemini = json!({"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    let mut out = LeftOut::default();
    for refusal in ["System role not supported", "Developer instruction is not enabled for models/gemma-3-27b-it"] {
        for sent in [&chat, &gemini] {
            assert_eq!(named(refusal, sent, &[]), Some(Named::SystemRole), "{refusal}");
        }
    }
    assert!(out.add(&Named::SystemRole) && !out.add(&Named::SystemRole));
    let stripped = |body: &Value| {
        let mut body = body.clone();
        out.strip(&mut body);
        body
    };
    assert_eq!(stripped(&chat), json!({"messages": [{"role": "user", "content": "Be brief.\n\nhi"}]}));
    let text = json!({"contents": [{"role": "user", "parts": [{"text": "Be brief.\n\nhi"}]}]});
    assert_eq!(stripped(&gemini), text);
    assert_eq!(named("System role not supported", &stripped(&chat), &[]), None, "once");
    assert_eq!(named("the system role of the tool is not clear", &chat, &[]), None);
}

#[test]
fn what_is_left_out_is_gone_and_the_rest_stays() {
    let mut out = LeftOut::default();
    for named in [
        Named::Field("stream_options"),
        Named::Field("max_tokens"),
        Named::Field("strict"),
        Named::Field("reasoning_content"),
    ] {
        assert!(out.add(&named));
        assert!(!out.add(&named), "only what is new is worth another try");
    }
    assert!(out.add(&Named::Limit(8192)) && !out.add(&Named::Limit(9000)));
    let mut body = sent();
    out.strip(&mut body);
    assert_eq!(
        body,
        json!({
            "model": "m", "store": false, "temperature": 0, "max_completion_tokens": 8192,
            "messages": [{"role": "assistant", "content": null}],
            "tools": [{"type": "function", "function": {"name": "a__b"}}],
        })
    );
    let mut cached = json!({"system": [{"text": "a", "cache_control": {}}], "messages": [{"content": [{"cache_control": {}}]}], "tools": [{"name": "x", "cache_control": {}}]});
    let mut out = LeftOut::default();
    assert_eq!(
        named("tools.0.cache_control: Extra inputs are not permitted", &cached, &["x"]),
        Some(Named::Field("cache_control"))
    );
    out.add(&Named::Field("cache_control"));
    out.strip(&mut cached);
    assert_eq!(cached, json!({"system": [{"text": "a"}], "messages": [{"content": [{}]}], "tools": [{"name": "x"}]}));
}
