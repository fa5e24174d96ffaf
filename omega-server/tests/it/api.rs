//! The API's edges: who may call, what is refused and how, and what is answered twice the same.

use crate::harness::{MODELS, Omega, execute, executor::id, message, within};
use omega_core::{
    agent::meta::EXECUTE,
    api::{AddPackage, CreateConversation, PlanRequest, UpdateConversation},
    client::{Client, ClientError, ExportFormat},
    testing::{Fault, Reply, Script},
};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The answer's status and body; a refusal must be the one error body and say what it is.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body: Value = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| panic!("{status}, no JSON: {}", String::from_utf8_lossy(&bytes)));
    if !status.is_success() {
        assert_eq!((&body["success"], &body["status"]), (&json!(false), &json!(status.as_u16())), "{body}");
        assert!(body["details"]["code"].is_string() && !body["error"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(body["requestId"].as_str(), headers["x-request-id"].to_str().ok());
        assert_eq!(body["type"], format!("/api/omega/docs#{}", body["details"]["code"].as_str().unwrap()));
    }
    (status.as_u16(), body)
}

/// Status and code of a refusal.
async fn refused(request: RequestBuilder) -> (u16, String) {
    let (status, body) = answer(request).await;
    (status, body["details"]["code"].as_str().unwrap_or_default().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn only_a_known_key_or_a_session_of_this_site_gets_in() {
    let omega = Omega::start(Script::new()).await;
    let url = format!("{}/api/omega/session", omega.url);
    let unauthenticated = code(401, "UNAUTHENTICATED");
    let get = || omega.http.get(&url);
    assert_eq!(refused(get()).await, unauthenticated);
    let response = get().send().await.unwrap();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    for wrong in ["Basic abc", "Bearer", "Bearer sk-123", &format!("Bearer tpmjs_sk_{}", "x".repeat(43))] {
        assert_eq!(refused(get().header("authorization", wrong)).await, unauthenticated, "{wrong}");
    }

    // A key that was revoked is worth nothing at once; the other one goes on.
    let made = omega.client.create_api_key("for a test").await.unwrap();
    let names =
        async || -> Vec<String> { omega.client.api_keys().await.unwrap().into_iter().map(|key| key.name).collect() };
    assert_eq!(names().await, ["first key", "for a test"]);
    let second = Client::new(&omega.url, SecretString::from(made.key.clone())).unwrap();
    assert_eq!(second.whoami().await.unwrap().via, "api_key");
    omega.client.revoke_api_key(made.record.id).await.unwrap();
    assert!(matches!(second.whoami().await, Err(ClientError::Unauthenticated(_))));
    assert!(matches!(omega.client.revoke_api_key(made.record.id).await, Err(ClientError::NotFound(_))));
    assert_eq!(names().await, ["first key"]);

    // A browser signs in with a key, and its cookie writes only from this site.
    let body = json!({ "apiKey": omega.key });
    let signed_in = omega.http.post(&url).json(&body).send().await.unwrap();
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let (_, who) = answer(get().header("cookie", cookie)).await;
    assert_eq!(who["data"]["via"], "session");
    let post = |origin: &str| {
        let request = omega.http.post(format!("{}/api/omega/conversations", omega.url)).header("cookie", cookie);
        request.header("origin", origin).json(&json!({}))
    };
    assert_eq!(refused(post("http://evil.test")).await, code(403, "CSRF"));
    assert_eq!(refused(post(&omega.url).header("sec-fetch-site", "cross-site")).await, code(403, "CSRF"));
    assert_eq!(answer(post(&omega.url)).await.0, 201);
    let foreign = omega.http.post(&url).header("origin", "http://evil.test").json(&body);
    assert_eq!(refused(foreign).await, code(403, "CSRF"), "nobody signs a browser in from another site");
    let signed_out = omega.http.delete(&url).header("cookie", cookie).send().await.unwrap();
    assert_eq!(signed_out.status(), 204);
    assert_eq!(refused(get().header("cookie", cookie)).await, unauthenticated);
}

#[tokio::test]
async fn every_route_with_an_id_answers_404_for_one_that_is_unknown_or_none() {
    let omega = Omega::start(Script::new()).await;
    let routes = [
        (Method::GET, "conversations/{id}"),
        (Method::PATCH, "conversations/{id}"),
        (Method::POST, "conversations/{id}/messages"),
        (Method::GET, "conversations/{id}/messages"),
        (Method::GET, "conversations/{id}/events"),
        (Method::GET, "conversations/{id}/tool-runs"),
        (Method::POST, "conversations/{id}/plan"),
        (Method::GET, "conversations/{id}/export"),
        (Method::POST, "conversations/{id}/cancel"),
        (Method::GET, "runs/{id}"),
        (Method::POST, "runs/{id}/cancel"),
        (Method::GET, "tool-runs/{id}"),
        (Method::GET, "tool-runs/{id}/output"),
        (Method::POST, "tool-runs/{id}/cancel"),
        (Method::DELETE, "keys/{id}"),
    ];
    for (method, route) in routes {
        for id in ["7b3e0c7e-6f5c-4b7e-9d0e-2f5f3c1a9b11", "7", "not-an-id", "%00", "%FF"] {
            let request = omega.request(method.clone(), &format!("/api/omega/{}", route.replace("{id}", id)));
            let request = match method {
                Method::POST | Method::PATCH => request.json(&json!({ "message": "hi" })),
                _ => request,
            };
            // A conversation is changed by another body; an empty one asks for nothing, but of a conversation that exists.
            let request = if method == Method::PATCH {
                omega.request(method.clone(), &format!("/api/omega/conversations/{id}")).json(&json!({}))
            } else {
                request
            };
            assert_eq!(refused(request).await, code(404, "NOT_FOUND"), "{method} {route} {id}");
        }
    }
    assert_eq!(refused(omega.request(Method::GET, "/api/omega/nothing")).await, code(404, "NOT_FOUND"));
    assert_eq!(refused(omega.request(Method::GET, "/api/elsewhere")).await, code(404, "NOT_FOUND"));
}

#[tokio::test]
async fn a_wrong_request_is_told_which_part_of_it_is_wrong() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let messages = format!("/api/omega/conversations/{conversation}/messages");
    let post = |body: &Value| omega.request(Method::POST, &messages).json(body);
    let raw = |kind: &str, body: &str| {
        omega.request(Method::POST, &messages).header("content-type", kind).body(body.to_owned())
    };

    let wrong_method = omega.request(Method::PUT, &messages).send().await.unwrap();
    assert!(wrong_method.headers()[header::ALLOW].to_str().unwrap().contains("POST"));
    assert_eq!(refused(omega.request(Method::PUT, &messages)).await, code(405, "METHOD_NOT_ALLOWED"));
    assert_eq!(refused(raw("text/plain", "{\"message\":\"hi\"}")).await, code(415, "UNSUPPORTED_MEDIA_TYPE"));
    assert_eq!(refused(raw("application/json", "{\"message\":")).await, code(400, "BAD_REQUEST"));
    let large = json!({ "message": "x".repeat(2 << 20) });
    assert_eq!(refused(post(&large)).await, code(413, "PAYLOAD_TOO_LARGE"));

    let fields = [
        (json!({ "message": "  " }), "message"),
        (json!({ "message": 5 }), "message"),
        (json!({}), "message"),
        (json!({ "message": "hi", "onActive": "explode" }), "onActive"),
        (json!({ "message": "hi", "surprise": 1 }), "surprise"),
        (json!({ "message": "hi", "env": { "NODE_OPTIONS": "--inspect" } }), "env"),
        (json!({ "message": "hi", "env": { "A B": "x" } }), "env"),
        (json!({ "message": "hi", "pins": ["no separator"] }), "pins"),
    ];
    for (body, field) in fields {
        let (status, answer) = answer(post(&body)).await;
        assert_eq!((status, &answer["details"]["code"]), (422, &json!("INVALID_INPUT")), "{body}");
        let named = answer["details"]["fields"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{body}: {answer}");
    }
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("limit=abc", "limit"), ("before=-1", "before")]
    {
        let (status, answer) = answer(omega.request(Method::GET, &format!("{messages}?{query}"))).await;
        assert_eq!((status, &answer["details"]["fields"][0]["field"]), (422, &json!(field)), "{query}: {answer}");
    }
    assert!(omega.committed(conversation).await.is_empty(), "nothing of it was stored");
}

#[tokio::test]
async fn the_same_request_is_done_once_however_often_and_at_once_it_comes() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let send = |text: &str, key: &str| {
        let path = format!("/api/omega/conversations/{conversation}/messages");
        let request = omega.request(Method::POST, &path).header("idempotency-key", key);
        request.header("prefer", "respond-async").json(&message(text))
    };
    let answers = futures_util::future::join_all((0..8).map(|_| answer(send("hi", "key 1")))).await;
    assert!(
        answers.iter().all(|(status, body)| (*status, &body["data"]) == (202, &answers[0].1["data"])),
        "{answers:?}"
    );
    let replayed = send("hi", "key 1").send().await.unwrap();
    assert_eq!(replayed.headers()["idempotency-replayed"], "true");
    assert_eq!(refused(send("something else", "key 1")).await, code(422, "IDEMPOTENCY_MISMATCH"));
    assert_eq!(refused(send("hi", &"k".repeat(256))).await, code(400, "BAD_REQUEST"));
    assert_eq!(answer(send("hi", "key 2")).await.0, 202);
    let created = omega.committed(conversation).await.iter().filter(|e| e.event.kind() == "message.created").count();
    assert_eq!(created, 2);

    // A client's own id of the message does the same without the header.
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let own = || {
        let request = omega.request(Method::POST, &path).header("prefer", "respond-async");
        answer(request.json(&json!({ "message": "once", "clientMessageId": "mine" })))
    };
    assert_eq!(own().await.1["data"], own().await.1["data"]);

    // A streaming request that comes again gets the whole stream of the same run.
    let stream = async || {
        let request = omega.request(Method::POST, &path).header("accept", "text/event-stream");
        let request = request.header("idempotency-key", "stream").json(&message("stream it"));
        let mut frames = crate::harness::frames::Frames::of(request.send().await.unwrap());
        let all = within("the end", frames.until(|_| false)).await;
        all.into_iter().filter(|envelope| envelope.seq.is_some()).collect::<Vec<_>>()
    };
    let first = stream().await;
    assert_eq!(
        (first.first().unwrap().event.kind(), first.last().unwrap().event.kind()),
        ("message.created", "run.completed")
    );
    assert_eq!(stream().await, first);
}

#[tokio::test]
async fn a_message_can_be_waited_for_for_as_long_as_the_caller_likes() {
    let held = Reply::text("One two three four.").fault(Fault::Hold { after: 3 }, 1);
    let omega = Omega::start(Script::new().turn(held)).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let post = |prefer: &'static str| omega.request(Method::POST, &path).header("prefer", prefer).json(&message("hi"));
    let response = post("wait=1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(answer(omega.request(Method::GET, &location)).await.1["data"]["status"], "running");
    omega.provider.release();
    let (status, body) = within("the answer", answer(post("wait=60"))).await;
    assert_eq!((status, &body["data"]["answer"]), (200, &json!("One two three four.")));
    assert_eq!(body["data"]["run"]["status"], "completed");
    assert_eq!(answer(omega.request(Method::GET, &location)).await.1["data"]["status"], "completed");
}

#[tokio::test]
async fn settings_are_changed_only_by_whoever_read_them_last() {
    let omega = Omega::start(Script::new()).await;
    let put = |version: Option<&str>, body: Value| {
        let request = omega.request(Method::PUT, "/api/omega/settings").json(&body);
        version.map_or(request.try_clone().unwrap(), |version| request.header("if-match", version))
    };
    let model = json!({ "model": "anthropic/test", "pins": [id("acmeWeather")] });
    assert_eq!(refused(put(None, model.clone())).await, code(428, "PRECONDITION_REQUIRED"));
    assert_eq!(refused(put(Some("\"7\""), model.clone())).await, code(412, "PRECONDITION_FAILED"));
    assert_eq!(refused(put(Some("\"0\""), json!({ "model": "nobody/x" }))).await, code(422, "INVALID_INPUT"));
    let known = omega.client.settings().await.unwrap();
    let stored = put(Some(&known.version), model.clone()).send().await.unwrap();
    assert_eq!(
        (stored.status(), &stored.headers()["etag"]),
        (StatusCode::OK, &header::HeaderValue::from_static("\"1\""))
    );
    assert_eq!(refused(put(Some(&known.version), model)).await, code(412, "PRECONDITION_FAILED"));
    // They hold for the next conversation: the model, and the pinned tool by its name.
    let created = omega.client.create_conversation(&<_>::default()).await.unwrap();
    assert_eq!(created.model, "anthropic/test");
    omega.ask_in(created.id, "hi").await;
    assert!(omega.provider.requests()[0].tools.contains(&"acme-tools__acmeWeather".into()));
}

#[tokio::test]
async fn a_conversation_is_read_changed_paged_and_exported() {
    let call = Reply::call(EXECUTE, execute(&id("acmeLarge"), json!({ "bytes": 200_000 })));
    let omega = Omega::start(Script::new().when(|seen| seen.users[0] == "large", [call, Reply::text("Large.")])).await;
    let told = omega.ask(MODELS[0], "large").await;
    let conversation = told.conversation;
    let change = UpdateConversation { title: Some("Renamed".into()), model: Some(MODELS[2].into()) };
    let changed = omega.client.update_conversation(conversation, &change).await.unwrap();
    assert_eq!((changed.title.as_deref(), changed.model.as_str()), (Some("Renamed"), MODELS[2]));

    // A large output is not in lists and events; it is read by pieces that never cut a character.
    let row = omega.client.tool_runs(conversation, <_>::default()).await.unwrap().rows.remove(0);
    assert_eq!((row.output.is_none(), row.output_bytes), (true, 200_002));
    assert_eq!(told.log.calls()[0].output, None);
    let (mut text, mut offset) = (String::new(), Some(0));
    while let Some(at) = offset {
        let piece = omega.client.tool_output(row.id, at, 65_537).await.unwrap();
        text.push_str(&piece.content);
        offset = piece.next_offset;
    }
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!("é".repeat(100_000)));
    assert_eq!(omega.client.tool_run(row.id).await.unwrap().output, Some(json!("é".repeat(100_000))));

    let json = omega.client.export(conversation, ExportFormat::Json).await.unwrap();
    assert!(json.contains(&"é".repeat(100_000)), "an export is whole");
    serde_json::from_str::<Value>(&json).unwrap();
    let markdown = omega.client.export(conversation, ExportFormat::Markdown).await.unwrap();
    assert!(markdown.contains("Renamed") && markdown.contains("large") && markdown.contains("acmeLarge"));
    let path = format!("/api/omega/conversations/{conversation}");
    assert_eq!(
        refused(omega.request(Method::GET, &format!("{path}/export?format=pdf"))).await,
        code(422, "INVALID_INPUT")
    );

    // Unchanged since it was read: 304.
    let read = omega.request(Method::GET, &path).send().await.unwrap();
    let etag = read.headers()["etag"].clone();
    let again = omega.request(Method::GET, &path).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for n in 0..3 {
        omega.ask_in(conversation, &format!("more {n}")).await;
    }
    let mut all = Vec::new();
    let mut query = omega_core::client::PageQuery { limit: Some(2), ..<_>::default() };
    loop {
        let page = omega.client.messages(conversation, query).await.unwrap();
        all.splice(0..0, page.rows.iter().map(|message| message.content.clone()));
        match page.pagination.unwrap().next_cursor {
            Some(cursor) => query.before = Some(cursor.parse().unwrap()),
            None => break,
        }
    }
    let whole = omega.client.conversation(conversation).await.unwrap();
    assert_eq!(all, whole.messages.into_iter().map(|message| message.content).collect::<Vec<_>>());
    assert_eq!(all.len(), 12);
}

#[tokio::test]
async fn a_tool_is_found_looked_at_and_run_outside_of_any_conversation() {
    let omega = Omega::start(Script::new()).await;
    let found = omega.client.search_tools("acme weather", None, 3).await.unwrap();
    assert_eq!(found.results.tools[0].tool_id, id("acmeWeather"));
    let row = omega.client.tool(&id("acmeWeather").parse().unwrap()).await.unwrap();
    assert_eq!((row.package.npm_version.as_str(), row.package.category.as_str()), ("1.2.3", "other"));
    let run = |body: Value| answer_of_tool(omega.request(Method::POST, "/api/registry/execute").json(&body));
    let (status, body) = run(json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } })).await;
    assert_eq!((status, &body["success"], &body["result"]["celsius"]), (200, &json!(true), &json!(21)), "{body}");

    let (status, body) = run(json!({ "toolId": id("acmeWeather"), "params": { "city": 5 } })).await;
    assert_eq!(
        (status, &body["code"], &body["details"]["issues"][0]["path"]),
        (422, &json!("INVALID_INPUT"), &json!("/city"))
    );
    let (status, body) = run(json!({ "toolId": "acme-tools::acmeWether" })).await;
    assert_eq!(
        (status, &body["code"], &body["details"]["available"][0]),
        (404, &json!("TOOL_NOT_FOUND"), &json!(id("acmeWeather")))
    );
    let (status, body) = run(json!({ "toolId": id("acmeKeyed") })).await;
    assert_eq!((status, &body["code"]), (400, &json!("MISSING_ENV_VARS")));
    let missing = json!([{ "name": "ACME_API_KEY", "description": "the key of Acme" }]);
    assert_eq!(body["details"]["missingVars"], missing, "{body}");
    assert!(body["details"]["hint"].is_string());
    let (status, body) = run(json!({ "toolId": id("acmeKeyed"), "env": { "ACME_API_KEY": "k" } })).await;
    assert_eq!((status, &body["result"]["account"]), (200, &json!(7)), "{body}");
    let (status, body) = run(json!({ "toolId": id("acmeBroken") })).await;
    assert_eq!((status, &body["code"]), (422, &json!("TOOL_ERROR")));
    assert!(body["error"].as_str().unwrap().contains("the service of Acme is down"));

    let nobody = AddPackage {
        package: "no-such-package".into(),
        version: None,
        function: None,
        params: vec![],
        description: None,
    };
    let error = omega.client.add_package(&nobody).await.unwrap_err().to_string();
    assert!(error.contains("no-such-package"), "{error}");
    let imported = omega.client.import_tools(b"{\"toolId\":\"a::b\"}\nnonsense\n{}\n".to_vec()).await.unwrap();
    assert_eq!((imported.imported, imported.refused.len()), (1, 2));
    assert!(imported.refused[0].starts_with("line 2"), "{:?}", imported.refused);
}

/// A tool's answer has a body of its own.
async fn answer_of_tool(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_plan_is_made_without_running_anything() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation("omega/offline").await;
    let request =
        |count| PlanRequest { message: "What is the determinant of [[1,2],[3,4]]?".into(), count, model: None };
    let path = format!("/api/omega/conversations/{conversation}/plan");
    let body = serde_json::to_value(request(Some(9))).unwrap();
    assert_eq!(refused(omega.request(Method::POST, &path).json(&body)).await, code(422, "INVALID_INPUT"));
    // The plan stands in the body itself, without an envelope.
    let (status, plan) = answer(omega.request(Method::POST, &path).json(&request(Some(2)))).await;
    assert_eq!(status, 200);
    assert!(!plan["plan"].as_array().unwrap().is_empty() && plan["plan"][0]["stepNumber"] == 1, "{plan}");
    assert!(plan["confidence"].as_f64().is_some_and(|confidence| (0.0..=1.0).contains(&confidence)));
    assert_eq!(plan["plans"][0]["steps"], plan["plan"]);
    assert!(omega.tools.calls().is_empty() && omega.committed(conversation).await.is_empty());
}

#[tokio::test]
async fn the_server_says_what_it_is_and_what_it_can_use() {
    let omega = Omega::start(Script::new()).await;
    let status = omega.client.status().await.unwrap();
    assert_eq!((status.status.as_str(), status.database.as_str(), status.active_runs), ("ok", "sqlite", 0));
    assert!(status.registry.tools > 40 && status.registry.packages > 20, "{:?}", status.registry);
    let models = serde_json::to_value(omega.client.models().await.unwrap()).unwrap().to_string();
    for words in ["openai", "anthropic", "MISTRAL_API_KEY", "offline"] {
        assert!(models.contains(words), "{words}: {models}");
    }
    for path in ["/livez", "/readyz"] {
        let response = omega.http.get(format!("{}{path}", omega.url)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["omega-api"], "1");
        assert_eq!(response.json::<Value>().await.unwrap()["status"], "ok");
    }
    // Only a user's own server is ended by a client.
    let (status, _) = refused(omega.request(Method::POST, "/api/omega/stop")).await;
    assert_eq!(status, 403);
    let missing = CreateConversation { title: Some(" ".into()), model: None };
    assert!(omega.client.create_conversation(&missing).await.is_err());
}

#[tokio::test]
async fn the_description_is_openapi_3_1_and_knows_every_route_and_error_code() {
    let omega = Omega::start(Script::new()).await;
    let response = omega.http.get(format!("{}/api/omega/openapi.json", omega.url)).send().await.unwrap();
    let document: Value = response.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says what it does");
            routes.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    routes.sort();
    let parameters = &document["paths"]["/api/omega/conversations/{id}/messages"]["get"]["parameters"];
    let places: Vec<(&str, &str)> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap()))
        .collect();
    assert_eq!(places, [("id", "path"), ("limit", "query"), ("before", "query"), ("after", "query")]);
    insta::assert_snapshot!(routes.join("\n"));
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert!(codes.contains(&json!("IDEMPOTENCY_MISMATCH")) && codes.contains(&json!("RUN_ACTIVE")));
    // What is described is there: without a key every one of them but sign-in and the banner says 401, none 404 or 405.
    for route in &routes {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", "7").replace("{tool_id}", "a::b");
        let request = omega.http.request(method.parse().unwrap(), format!("{}{path}", omega.url));
        let status = request.send().await.unwrap().status().as_u16();
        let open = ["/api/omega/session", "/api/omega/status"].contains(&path.as_str()) && method != "GET"
            || path == "/api/omega/status";
        assert!(if open { status != 404 && status != 405 } else { status == 401 }, "{route}: {status}");
    }
    let docs = omega.http.get(format!("{}/api/omega/docs", omega.url)).send().await.unwrap().text().await.unwrap();
    assert!(docs.contains("openapi.json"));
}
