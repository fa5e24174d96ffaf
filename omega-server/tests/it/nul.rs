//! U+0000, which PostgreSQL stores in no text: refused from people by every route in the same words, replaced in what models,
//! tools and packages say, and on neither engine a fault.

use crate::harness::{MODELS, Omega, execute, executor::id, folder, postgres::Postgres, refusals::answer};
use omega_core::{
    api::RunStatus,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The same server on each engine.
async fn both(script: impl Fn() -> Script) -> (Vec<Omega>, Option<Postgres>) {
    let mut servers = vec![Omega::start(script()).await];
    let cluster = Postgres::start();
    if let Some(cluster) = &cluster {
        let folder: TempDir = folder();
        servers.push(Omega::start_on(cluster.url.clone(), folder, script()).await);
    }
    (servers, cluster)
}

/// Every operation of the description: method, path, and what it says of itself.
async fn operations(omega: &Omega) -> Vec<(Method, String, Value)> {
    let description: Value =
        omega.request(Method::GET, "/api/omega/openapi.json").send().await.unwrap().json().await.unwrap();
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && operation.is_object()
            {
                found.push((method, path.clone(), operation.clone()));
            }
        }
    }
    found
}

/// The variable segments of a path, each replaced.
fn filled(path: &str, with: impl Fn(&str) -> String) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some(name) => with(name),
        None => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_it_from_people_and_names_the_place() {
    let (servers, _cluster) = both(Script::new).await;
    for omega in &servers {
        let conversation = omega.conversation(MODELS[0]).await.to_string();
        let (mut bodies, mut queries, mut paths) = (0, 0, 0);
        for (method, path, operation) in operations(omega).await {
            let of_conversation = path.contains("/conversations/");
            let real = filled(&path, |name| match name {
                "id" if of_conversation => conversation.clone(),
                _ => uuid::Uuid::new_v4().to_string(),
            });
            // What has an id of its own that nobody has is not there, whatever is sent to it.
            let is_there = of_conversation || !path.contains("/{id}");
            let is_json = operation["requestBody"]["content"]["application/json"].is_object();
            if is_json && !path.ends_with("/import") {
                for body in [json!({ "message": "a\0b" }), json!({ "x\0": 1 }), json!({ "deep": [{ "text": "\0" }] })] {
                    bodies += 1;
                    let (status, told) = answer(omega.request(method.clone(), &real).json(&body)).await;
                    let named = told["details"]["fields"][0]["field"].as_str().unwrap_or_default();
                    let expected = ["message", "x\u{fffd}", "deep.0.text"];
                    match is_there {
                        true => assert!(status == 422 && expected.contains(&named), "{method} {path}: {status} {told}"),
                        false => assert!(matches!(status, 404 | 422), "{method} {path}: {status} {told}"),
                    }
                }
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                if parameter["in"] == "query" {
                    queries += 1;
                    let (status, told) = answer(omega.request(method.clone(), &format!("{real}?{name}=a%00b"))).await;
                    assert_eq!(
                        (status, &told["details"]["fields"][0]["field"]),
                        (422, &json!(name)),
                        "{method} {path}"
                    );
                } else if parameter["in"] == "path" {
                    paths += 1;
                    let hostile =
                        filled(&path, |known| if known == name { "a%00b".into() } else { conversation.clone() });
                    let (status, told) = answer(omega.request(method.clone(), &hostile)).await;
                    assert_eq!(status, 404, "{method} {hostile}: {told}");
                }
            }
        }
        assert!(bodies > 40 && queries > 10 && paths > 20, "{bodies} {queries} {paths}");
        // Six characters that look like it are text like any other.
        let titled = json!({ "title": "a \\u0000 b" });
        let (status, told) = answer(omega.request(Method::POST, "/api/omega/conversations").json(&titled)).await;
        assert_eq!((status, &told["data"]["title"]), (201, &titled["title"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_models_and_tools_say_is_stored_without_it_and_the_run_goes_on() {
    let arguments = json!({ "toolId": "acme-tools::acmePage", "params": { "text": "in\0put" } });
    let turns = || {
        let call = Reply::call(EXECUTE, arguments.clone())
            .and_call(EXECUTE, execute(&id("acmeBroken"), json!({ "\0": "\0" })));
        [call.and_text("bef\0re"), Reply::text("af\0ter")]
    };
    let row = json!({
        "toolId": "acme-tools::acmePage", "name": "acmePage", "package": "acme-tools", "version": "1.2.3", "category": "o\0ther",
        "description": "a page\0 of Acme", "inputSchema": { "type": "object", "properties": { "text": { "description": "\0" } } },
    });
    let (servers, _cluster) = both(|| Script::new().when(|seen| seen.users == ["go"], turns())).await;
    for omega in &servers {
        omega.client.import_tools(row.to_string().into_bytes()).await.unwrap();
        let tool = omega.client.tool(&"acme-tools::acmePage".parse().unwrap()).await.unwrap();
        assert_eq!(tool.package.category, "o\u{fffd}ther");
        for model in MODELS {
            let told = omega.ask(model, "go").await;
            assert!(told.log.answer().ends_with("af\u{fffd}ter"), "{model}: {}", told.log.answer());
            let detail = omega.client.conversation(told.conversation).await.unwrap();
            let run = detail.runs.last().unwrap();
            assert_eq!((run.status, run.error.clone()), (RunStatus::Completed, None), "{model}");
            let page = detail.tool_runs.iter().find(|run| run.tool_id == "acme-tools::acmePage").unwrap();
            assert_eq!(
                (&page.input, page.output.as_ref()),
                (&json!({ "text": "in\u{fffd}put" }), Some(&json!("in\u{fffd}put")))
            );
            let shown = serde_json::to_string(&detail).unwrap() + &serde_json::to_string(&told.log.0).unwrap();
            assert!(!shown.contains("\\u0000") && shown.contains("bef\u{fffd}re"), "{model}: {shown}");
        }
        // A document that has it is read, and has it no more.
        let conversation = omega.ask(MODELS[0], "go").await.conversation;
        let path = format!("/api/omega/conversations/{conversation}/export");
        let document = omega.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        let hostile = document.replace("\u{fffd}", "\\u0000").into_bytes();
        let import = omega.request(Method::POST, "/api/omega/conversations/import");
        let (status, told) = answer(import.header("content-type", "application/json").body(hostile)).await;
        assert_eq!(status, 201, "{told}");
        let copy = told["data"]["id"].as_str().unwrap().parse().unwrap();
        let copy = serde_json::to_string(&omega.client.conversation(copy).await.unwrap()).unwrap();
        assert!(!copy.contains("\\u0000") && copy.contains("af\u{fffd}ter"), "{copy}");
    }
}
