//! Nothing that strangers wrote, that a model made up or that an end of a run left behind ends a conversation: the provider
//! refuses what the strictest of real ones do, and every plain message is answered.

use crate::harness::{MODELS, Omega, executor::id};
use omega_core::{
    registry::meta::{EXECUTE, SEARCH},
    testing::{Fault, Reply, Script, Seen, judge},
};
use serde_json::{Value, json};

/// Tools whose schemas providers refuse, of the kinds that public reports tell of.
fn rotten() -> Vec<u8> {
    let of = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let schemas = [
        of(json!({"type": ["object", "array"]})),
        of(json!({"type": "array", "items": [{"type": "number"}, {"type": "number"}]})),
        of(json!({"type": "array", "prefixItems": [{"type": "number"}]})),
        of(json!({"type": "any"})),
        of(json!({"type": "string", "enum": []})),
        of(json!(null)),
        of(json!({"$ref": "https://example.com/elsewhere.json"})),
        json!({"type": "object", "properties": {"$filter": {"type": "string"}, "filter[name]": {}, "k".repeat(80): {}}}),
        json!({"type": "object", "oneOf": [{"properties": {"op": {"const": "add"}}}, {"properties": {"op": {"const": "neg"}}}]}),
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}}),
    ];
    let rows = schemas.iter().enumerate().map(|(n, schema)| {
        json!({"toolId": format!("@rotten/pkg{n}::run"), "name": "run", "package": format!("@rotten/pkg{n}"),
               "description": format!("Rotten walrus number {n}"), "inputSchema": schema})
        .to_string()
    });
    rows.collect::<Vec<_>>().join("\n").into_bytes()
}

fn of_user(words: &'static str) -> impl Fn(&Seen) -> bool + Send + Sync + 'static {
    move |seen| seen.users.last().is_some_and(|user| user == words)
}

#[tokio::test]
async fn no_schema_name_or_end_of_a_run_keeps_the_next_message_from_its_answer() {
    const INVENTED: [&str; 6] = ["functions.x", "@a/b::c", "x<|channel|>y", "a b", "no_such", "\u{540d}\u{524d}"];
    let invented = INVENTED.iter().fold(Reply::text("I call"), |reply, name| reply.and_call(name, json!({})));
    let script = Script::new()
        .when(
            of_user("find"),
            [
                Reply::call(SEARCH, json!({"query": "rotten walrus", "limit": 20})),
                Reply::call(SEARCH, json!({"query": "walrus rotten number", "limit": 20})),
                Reply::text("found"),
            ],
        )
        .when(of_user("invent"), [invented, Reply::text("invented")])
        .when(of_user("fail"), [Reply::text("").fault(Fault::Status { status: 400, retry_after: None }, 1_000)])
        .when(
            of_user("fail in the middle"),
            [
                Reply::call(SEARCH, json!({"query": "walrus"})),
                Reply::text("").fault(Fault::Status { status: 401, retry_after: None }, 1_000),
            ],
        )
        .when(of_user("empty"), [Reply::text(" ")])
        .when(of_user("hello?"), [Reply::text("still here")]);
    let omega = Omega::start(script).await;
    omega.client.import_tools(rotten()).await.unwrap();
    for model in MODELS {
        let conversation = omega.conversation(model).await;
        for words in ["find", "invent", "fail", "fail in the middle", "empty", "fail"] {
            omega.ask_in(conversation, words).await;
            let told = omega.ask_in(conversation, "hello?").await;
            assert_eq!(told.log.answer(), "still here", "{model}, after {words:?}");
        }
        let last = omega.provider.requests().pop().unwrap();
        let tools = judge::tools(last.format, &last.body);
        assert!(tools.iter().filter(|(name, _)| name.starts_with("rotten")).count() >= 3, "{model}: {:?}", last.tools);
    }
    for seen in omega.provider.requests() {
        assert_eq!(seen.problems, Vec::<String>::new(), "{}", seen.body);
    }
}

#[tokio::test]
async fn what_a_provider_refuses_by_name_is_left_out_once_and_for_the_rest_of_the_run() {
    // A field that each format sends, in the words of its servers; and a tool, by its place and by its name.
    let field = |seen: &Seen| {
        let body = seen.body.to_string();
        let (field, words) = match seen.model.as_str() {
            "chat" => ("stream_options", "Unrecognized request argument supplied: stream_options"),
            "responses" => ("\"store\"", "Unknown parameter: 'store'."),
            "claude" => ("cache_control", "messages.0.content.0.cache_control: Extra inputs are not permitted"),
            _ => return None,
        };
        body.contains(field).then(|| words.to_owned())
    };
    let tool = |seen: &Seen| {
        let at = seen.tools.iter().position(|name| name.contains("acmeWeather"))?;
        Some(match seen.model.as_str() {
            "chat" => format!("Invalid schema for function '{}': no reason", seen.tools[at]),
            "responses" => format!("{{\"param\": \"tools[{at}].parameters\", \"message\": \"bad\"}}"),
            "claude" => format!("tools.{at}.custom.input_schema: JSON schema is invalid"),
            _ => format!("GenerateContentRequest.tools[0].function_declarations[{at}].parameters: bad"),
        })
    };
    let script = Script::new()
        .refuse(field)
        .refuse(tool)
        .turn(Reply::call(SEARCH, json!({"query": "acme weather of a city", "limit": 3})))
        .turn(Reply::call(SEARCH, json!({"query": "something else", "limit": 1})))
        .turn(Reply::text("done"));
    let omega = Omega::start(script).await;
    for (model, things) in
        [("openai/chat", 2), ("openai-responses/responses", 2), ("anthropic/claude", 2), ("google/gemini", 1)]
    {
        let before = omega.provider.requests().len();
        let told = omega.ask(model, "go").await;
        assert_eq!(told.log.answer(), "done", "{model}");
        assert_eq!(told.log.notices(), vec!["LEFT_OUT"; things], "{model}");
        let requests = omega.provider.requests();
        assert_eq!(requests.len() - before, 3 + things, "{model}: each is refused once");
        assert!(!requests.last().unwrap().tools.iter().any(|name| name.contains("acmeWeather")));
    }
}

#[tokio::test]
async fn a_conversation_that_is_longer_than_a_model_reads_goes_on() {
    const WINDOW: usize = 60_000;
    // Bytes for tokens, in the words of each provider.
    let too_long = |seen: &Seen| {
        let sent = seen.body.to_string().len();
        (sent > WINDOW).then(|| match seen.model.as_str() {
            "chat" => format!(
                "This model's maximum context length is {WINDOW} tokens. However, your messages resulted in {sent} tokens."
            ),
            "responses" => "Your input exceeds the context window of this model.".to_owned(),
            "claude" => format!("prompt is too long: {sent} tokens > {WINDOW} maximum"),
            _ => format!("The input token count ({sent}) exceeds the maximum number of tokens allowed ({WINDOW})."),
        })
    };
    let large = || Reply::call(EXECUTE, json!({"toolId": id("acmeLarge"), "params": {"bytes": 20_000}}));
    let script = Script::new()
        .refuse(too_long)
        .when(
            |seen| seen.users.last().is_some_and(|user| user.starts_with("read")),
            [large(), large(), large(), large(), Reply::text("I read them")],
        )
        .when(|_| true, [Reply::text("still here")]);
    let omega = Omega::start(script).await;
    for model in ["openai/chat", "openai-responses/responses", "anthropic/claude", "google/gemini"] {
        let conversation = omega.conversation(model).await;
        let told = omega.ask_in(conversation, "read four").await;
        assert_eq!(told.log.answer(), "I read them", "{model}: {:?}", told.log.notices());
        assert!(told.log.notices().contains(&"LEFT_OUT"), "{model}");
        let kept = omega.provider.requests().pop().unwrap();
        let body = kept.body.to_string();
        assert!(
            body.contains("read four") && body.contains("readOutput has it by the handle call_1"),
            "{model}: {body}"
        );
        for at in 0..4 {
            let words = format!("{at} {}", "word ".repeat(4_000));
            assert_eq!(omega.ask_in(conversation, &words).await.log.answer(), "still here", "{model}");
        }
        let last = omega.provider.requests().pop().unwrap();
        assert!(last.body.to_string().contains("before this one, with their answers, are left out"), "{model}");
        let detail = omega.client.conversation(conversation).await.unwrap();
        assert_eq!(detail.message_count, 14, "{model}: people have all of it");
    }
    for seen in omega.provider.requests() {
        assert_eq!(seen.problems, Vec::<String>::new(), "{}", seen.model);
    }
}
