//! What the server offers besides conversations: its registry, plans, its state, and the description of it all.

use crate::harness::{
    Omega,
    executor::id,
    refusals::{answer, code, refused},
};
use omega_core::{
    api::{AddPackage, CreateConversation, PlanRequest},
    testing::Script,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

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

    let (status, body) = run(json!({ "toolId": id("acmeWeather"), "params": { "city": [5] } })).await;
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

    let nobody = AddPackage { package: "no-such-package".into(), ..AddPackage::default() };
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
    let kinds: Vec<_> = omega.committed(conversation).await.iter().map(|envelope| envelope.event.kind()).collect();
    assert!(omega.tools.calls().is_empty());
    assert_eq!(kinds, ["plan.proposed"], "it is kept, and no run began");
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
    let missing = CreateConversation { title: Some(" ".into()), ..<_>::default() };
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
            let open = operation["security"] == json!([{}]);
            routes.push((format!("{} {path}", method.to_uppercase()), open));
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
    let wanted = ["limit", "before", "after", "format"].map(|name| (name, "query"));
    assert_eq!(places, [&[("id", "path")], wanted.as_slice()].concat());
    let list: Vec<String> =
        routes.iter().map(|(route, open)| format!("{route}{}", if *open { " (open)" } else { "" })).collect();
    insta::assert_snapshot!(list.join("\n"));
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert!(codes.contains(&json!("IDEMPOTENCY_MISMATCH")) && codes.contains(&json!("RUN_ACTIVE")));
    // What is described is there: without a key, what is not described as open says 401, and nothing 404 or 405.
    for (route, open) in &routes {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", "7").replace("{tool_id}", "a::b");
        let request = omega.http.request(method.parse().unwrap(), format!("{}{path}", omega.url));
        let status = request.send().await.unwrap().status().as_u16();
        assert!(if *open { ![401, 404, 405].contains(&status) } else { status == 401 }, "{route}: {status}");
    }
    let docs = omega.http.get(format!("{}/api/omega/docs", omega.url)).send().await.unwrap().text().await.unwrap();
    assert!(docs.contains("openapi.json"));
}

#[tokio::test]
async fn the_description_is_made_once_and_not_sent_again_to_who_has_it() {
    let omega = Omega::start(Script::new()).await;
    for path in ["/api/omega/openapi.json", "/api/omega/docs"] {
        let first = omega.request(Method::GET, path).send().await.unwrap();
        let tag = first.headers()["etag"].clone();
        assert_eq!(
            (first.status(), &first.headers()["cache-control"]),
            (reqwest::StatusCode::OK, &"no-cache".parse().unwrap())
        );
        let again = omega.request(Method::GET, path).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag));
        assert!(again.bytes().await.unwrap().is_empty());
    }
}
