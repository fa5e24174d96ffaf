//! `/mcp`: clients of the Model Context Protocol ask, search and run tools under the rules of the native routes.

use crate::harness::{MODELS, Omega, execute, executor::id, folder, people::Person, unlimited, within};
use omega_core::{
    api::Settings,
    id::ConversationId,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_server::{
    Limits, ServeConfig,
    http::limits::{Class, Policy},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

const ACCEPT: &str = "application/json, text/event-stream";

fn post(omega: &Omega, body: &Value) -> RequestBuilder {
    omega.request(Method::POST, "/mcp").header("accept", ACCEPT).json(body)
}

/// All messages of an answer, in their order, and its status.
async fn messages(request: RequestBuilder) -> (u16, Vec<Value>) {
    let response = within("the answer", request.send()).await.unwrap();
    let status = response.status().as_u16();
    let is_stream = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let text = within("its end", response.text()).await.unwrap();
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| panic!("{status}: {text}"));
    match is_stream {
        true => (status, text.lines().filter_map(|line| line.strip_prefix("data: ")).map(read).collect()),
        false if text.is_empty() => (status, Vec::new()),
        false => (status, vec![read(&text)]),
    }
}

fn rpc(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

/// The result of a request that succeeds.
async fn result(omega: &Omega, method: &str, params: Value) -> Value {
    let (status, mut all) = messages(post(omega, &rpc(method, params))).await;
    let last = all.pop().unwrap();
    assert_eq!((status, &last["id"], &last["error"]), (200, &json!(7), &Value::Null), "{last}");
    last["result"].clone()
}

async fn call(omega: &Omega, tool: &str, arguments: Value) -> Value {
    result(omega, "tools/call", json!({ "name": tool, "arguments": arguments })).await
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

fn initialize(version: &str) -> Value {
    rpc(
        "initialize",
        json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "a test", "version": "1" } }),
    )
}

#[tokio::test]
async fn any_version_of_the_protocol_is_met_and_each_message_stands_for_itself() {
    let omega = Omega::start(Script::new()).await;
    for (wanted, agreed) in
        [("2025-03-26", Some("2025-03-26")), ("2025-06-18", Some("2025-06-18")), ("1999-01-01", None)]
    {
        let (status, all) = messages(post(&omega, &initialize(wanted))).await;
        let result = &all[0]["result"];
        let version = result["protocolVersion"].as_str().unwrap();
        assert_eq!(status, 200);
        assert!(agreed.map_or(version.starts_with("202"), |agreed| version == agreed), "{wanted}: {version}");
        assert_eq!(
            (&result["serverInfo"]["name"], &result["capabilities"]),
            (&json!("omega"), &json!({ "tools": {}, "resources": {} }))
        );
        assert!(result["instructions"].as_str().unwrap().contains("`ask`"));
    }
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(messages(post(&omega, &initialized)).await, (202, vec![]));
    // Without any handshake, too: another node may answer it.
    let listed = result(&omega, "tools/list", json!({})).await;
    let tools = listed["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ask", "search", "execute"]);
    for tool in tools {
        assert_eq!(
            (&tool["inputSchema"]["type"], &tool["inputSchema"]["additionalProperties"]),
            (&json!("object"), &json!(false))
        );
        let hints = &tool["annotations"];
        let reads = tool["name"] == "search";
        assert_eq!((&hints["readOnlyHint"], &hints["destructiveHint"]), (&json!(reads), &json!(!reads)), "{tool}");
    }
    assert_eq!(result(&omega, "resources/list", json!({})).await["resources"], json!([]));
    let templates = result(&omega, "resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "omega://conversations/{id}");
    assert_eq!(result(&omega, "ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn the_agent_is_asked_with_progress_and_its_conversation_goes_on_and_is_read() {
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let script = Script::new().when(
        |seen| seen.users.last().is_some_and(|last| last.contains("Oslo")),
        [weather, Reply::text("21 degrees.")],
    );
    let omega = Omega::start(script).await;
    let params = json!({ "name": "ask", "arguments": { "message": "Oslo?", "model": MODELS[0] }, "_meta": { "progressToken": "p1" } });
    let (_, all) = messages(post(&omega, &rpc("tools/call", params))).await;
    let (last, before) = all.split_last().unwrap();
    let (result, told) = (&last["result"], &last["result"]["structuredContent"]);
    assert_eq!(
        (text(result), &result["isError"], &told["status"]),
        ("21 degrees.", &json!(false), &json!("completed"))
    );
    assert!(!before.is_empty(), "{all:?}");
    for (step, message) in before.iter().enumerate() {
        assert_eq!(
            (&message["method"], &message["params"]["progressToken"]),
            (&json!("notifications/progress"), &json!("p1"))
        );
        assert!(
            message["params"]["progress"].as_f64().unwrap() > step as f64 && message["params"]["message"].is_string()
        );
    }
    assert!(
        before.iter().any(|message| message["params"]["message"].as_str().unwrap().contains("acmeWeather")),
        "{before:?}"
    );

    let again = json!({ "message": "And now?", "conversation": told["conversation"] });
    let (_, all) = messages(post(&omega, &rpc("tools/call", json!({ "name": "ask", "arguments": again })))).await;
    assert_eq!(all.len(), 1, "nobody asked for progress: {all:?}");
    assert_eq!(all[0]["result"]["structuredContent"]["conversation"], told["conversation"]);
    let read = self::result(&omega, "resources/read", json!({ "uri": told["resource"] })).await;
    let document = &read["contents"][0];
    assert_eq!((&document["mimeType"], &document["uri"]), (&json!("text/markdown"), &told["resource"]));
    let markdown = document["text"].as_str().unwrap();
    assert!(
        markdown.contains("21 degrees.") && markdown.contains("And now?") && markdown.contains("acmeWeather"),
        "{markdown}"
    );
    let exports = omega.client.audit(&[("action", "conversation.exported".into())]).await.unwrap().rows;
    assert_eq!(exports.len(), 1, "no copy leaves without its record");
}

#[tokio::test]
async fn what_waits_for_a_person_is_said_with_the_link() {
    let keyed = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
    let omega = Omega::start(Script::new().turn(keyed)).await;
    let waits = call(&omega, "ask", json!({ "message": "my account", "model": MODELS[0] })).await;
    let told = &waits["structuredContent"];
    assert!(text(&waits).contains("ACME_API_KEY") && text(&waits).contains(told["url"].as_str().unwrap()), "{waits}");
    assert_eq!(
        (&told["status"], &told["requiresAction"]["kind"], &waits["isError"]),
        (&json!("paused"), &json!("credentials"), &json!(false))
    );
}

#[tokio::test]
async fn tools_are_found_and_run_as_on_the_native_routes() {
    let omega = Omega::start(Script::new()).await;
    let found = call(&omega, "search", json!({ "query": "temperature of a city", "limit": 3 })).await;
    let tool = &found["structuredContent"]["tools"][0];
    assert_eq!(
        (&tool["toolId"], &tool["inputSchema"]["required"]),
        (&json!(id("acmeWeather")), &json!(["city"])),
        "{tool}"
    );
    assert!(text(&found).contains("acmeWeather"));
    let run = json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" }, "idempotencyKey": "once" });
    let first = call(&omega, "execute", run.clone()).await;
    assert_eq!(first["isError"], json!(false), "{first}");
    assert!(
        first["structuredContent"]["result"].is_object() || first["structuredContent"]["result"].is_string(),
        "{first}"
    );
    assert_eq!(call(&omega, "execute", run).await, first, "the same key, the same result");
    assert_eq!(omega.tools.calls().len(), 1);
    let started = omega.client.audit(&[("action", "tool.started".into())]).await.unwrap().rows;
    assert_eq!(started.len(), 1, "it is recorded, and by whom: {started:?}");
    assert!(started[0].actor.is_some(), "{started:?}");

    let unfit = call(&omega, "execute", json!({ "toolId": id("acmeWeather"), "params": { "town": 5 } })).await;
    assert!(unfit["isError"] == json!(true) && text(&unfit).contains("city is missing"), "{unfit}");
    let keyed = call(&omega, "execute", json!({ "toolId": id("acmeKeyed") })).await;
    assert!(text(&keyed).contains("ACME_API_KEY") && text(&keyed).contains("`ask`"), "{keyed}");
    let unknown = call(&omega, "execute", json!({ "toolId": "acme-tools::nothing" })).await;
    assert_eq!(unknown["structuredContent"]["error"]["code"], "TOOL_NOT_FOUND", "{unknown}");
    assert_eq!(omega.tools.calls().len(), 1, "nothing of it ran");

    let mut known = omega.client.settings().await.unwrap();
    known.settings = Settings { safe_mode: true, ..known.settings };
    omega.client.put_settings(&known).await.unwrap();
    let refused = call(&omega, "execute", json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } })).await;
    assert!(text(&refused).contains("Safe Mode is on") && refused["isError"] == json!(true), "{refused}");
    assert_eq!(omega.tools.calls().len(), 1);
}

#[tokio::test]
async fn odd_calls_are_refused_with_what_is_right() {
    let omega = Omega::start(Script::new()).await;
    let stranger = Person::new(&omega, "a stranger", None).await;
    let private = omega.conversation(MODELS[0]).await;
    let body = omega_core::api::UpdateConversation {
        visibility: Some(omega_core::api::Visibility::Private),
        ..<_>::default()
    };
    omega.client.update_conversation(private, &body).await.unwrap();
    let unknown = ConversationId::new();
    let table = [
        ("ask", json!({}), "message"),
        ("ask", json!({ "message": " " }), "must not be empty"),
        ("ask", json!({ "message": "hi", "env": { "A": "b" } }), "env"),
        ("ask", json!({ "message": 7 }), "string"),
        ("ask", json!({ "message": "a\u{0}" }), "U+0000"),
        ("ask", json!({ "message": "hi", "model": "gpt-99" }), "provider/model"),
        ("ask", json!({ "message": "hi", "conversation": "x" }), "nothing was found"),
        ("ask", json!({ "message": "hi", "conversation": unknown }), "nothing was found"),
        ("ask", json!({ "message": "x".repeat(1_000_001) }), "longer than"),
        ("search", json!({ "query": "" }), "must not be empty"),
        ("search", json!({ "query": "a", "limit": 50 }), "between 1 and 20"),
        ("execute", json!({ "toolId": "nothing" }), "toolId"),
        ("execute", json!({ "toolId": id("acmeWeather"), "params": [] }), "expected a map"),
        ("execute", json!({ "toolId": id("acmeWeather"), "env": {} }), "env"),
        ("execute", json!({ "toolId": id("acmeWeather"), "idempotencyKey": "" }), "idempotencyKey"),
    ];
    for (tool, arguments, says) in table {
        let short = arguments.to_string().chars().take(80).collect::<String>();
        let refused = call(&omega, tool, arguments).await;
        assert!(refused["isError"] == json!(true) && text(&refused).contains(says), "{short}: {refused}");
    }
    let params = json!({ "name": "ask", "arguments": { "message": "hi", "conversation": private } });
    let request = stranger.request(Method::POST, "/mcp").header("accept", ACCEPT).json(&rpc("tools/call", params));
    assert!(text(&messages(request).await.1[0]["result"]).contains("nothing was found"));
    for (method, params) in [
        ("tools/call", json!({ "name": "rm", "arguments": {} })),
        ("resources/read", json!({ "uri": format!("omega://conversations/{unknown}") })),
        ("resources/read", json!({ "uri": "file:///etc/passwd" })),
        ("prompts/get", json!({ "name": "x" })),
        ("nothing/here", json!({})),
        ("tools/call", json!({ "arguments": {} })),
    ] {
        let (_, all) = messages(post(&omega, &rpc(method, params))).await;
        assert!(all[0]["error"]["code"].is_i64() && all[0]["error"]["message"].is_string(), "{method}: {all:?}");
    }
    assert!(omega.provider.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_message_of_a_client_with_a_key_is_refused_in_json_rpc() {
    let omega = Omega::start(Script::new()).await;
    let list = rpc("tools/list", json!({}));
    let url = format!("{}/mcp", omega.url);
    let plain = || omega.http.post(&url).header("accept", ACCEPT);
    let raw = |body: String| post(&omega, &json!({})).body(body);
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let large = format!("{{\"jsonrpc\":\"2.0\",\"x\":\"{}\"}}", "x".repeat(9 << 20));
    let table = [
        (plain().json(&list), 401, -32600, "Missing authorization"),
        (plain().bearer_auth("tpmjs_sk_wrong").json(&list), 401, -32600, "Invalid API key"),
        (post(&omega, &list).header("origin", "http://evil.test"), 403, -32600, "another site"),
        (post(&omega, &list).header("origin", "null"), 403, -32600, "another site"),
        (post(&omega, &list).header("mcp-session-id", "1"), 404, -32600, "no sessions"),
        (post(&omega, &list).header("idempotency-key", "1"), 400, -32600, "idempotencyKey"),
        (post(&omega, &list).header("mcp-protocol-version", "1999-01-01"), 400, -32600, "1999-01-01"),
        (omega.request(Method::GET, "/mcp").header("accept", ACCEPT), 405, -32600, "POST"),
        (omega.request(Method::DELETE, "/mcp"), 405, -32600, "POST"),
        (raw("{".into()), 400, -32700, "no JSON"),
        (raw(deep), 400, -32700, "nested deeper"),
        (raw(json!([list]).to_string()), 400, -32600, "batches"),
        (raw("7".into()), 400, -32600, "JSON-RPC 2.0"),
        (raw(json!({ "id": 1, "method": "tools/list" }).to_string()), 400, -32600, "JSON-RPC 2.0"),
        (raw(json!({ "jsonrpc": "2.0", "id": 1, "method": 5 }).to_string()), 400, -32600, "method"),
        (raw(large), 413, -32600, "8 MiB"),
        (omega.request(Method::POST, "/mcp").header("accept", "text/html").json(&list), 406, -32600, "ccept"),
    ];
    for (request, status, code, says) in table {
        let (got, all) = messages(request).await;
        let error = &all[0]["error"];
        assert_eq!((got, &error["code"]), (status, &json!(code)), "{says}: {all:?}");
        assert!(error["message"].as_str().unwrap().contains(says), "{says}: {error}");
    }
    let own = post(&omega, &list).header("origin", &omega.url);
    assert_eq!(messages(own).await.0, 200, "this server's own page is a client");
}

#[tokio::test]
async fn calls_count_as_what_they_are() {
    let few = |quota| Policy { quota, window: Duration::from_secs(60) };
    let policies =
        unlimited().policies.with(Class::Runs, few(1)).with(Class::Execute, few(1)).with(Class::Guesses, few(1));
    let limits = Limits { policies, ..unlimited() };
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let omega = Omega::start_as(database, folder, Script::new(), |config| ServeConfig { limits, ..config }).await;
    let cases = [
        ("execute", json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } }), "execute"),
        ("ask", json!({ "message": "hi", "model": MODELS[0] }), "runs"),
    ];
    for (tool, arguments, class) in cases {
        assert_eq!(call(&omega, tool, arguments.clone()).await["isError"], json!(false), "{tool}");
        let refused = call(&omega, tool, arguments).await;
        assert_eq!(
            (&refused["structuredContent"]["code"], &refused["structuredContent"]["policy"]),
            (&json!("RATE_LIMITED"), &json!(class))
        );
    }
    let read = async || {
        let uri = format!("omega://conversations/{}", ConversationId::new());
        messages(post(&omega, &rpc("resources/read", json!({ "uri": uri })))).await.1.remove(0)["error"]["message"]
            .clone()
    };
    assert!(read().await.as_str().unwrap().contains("no conversation"));
    assert!(read().await.as_str().unwrap().contains("too many requests"), "a guess is a guess by any door");
}
