//! Real packages of npm whose calls need no network, against results that were seen before.

use super::*;
use std::path::PathBuf;

fn recorded_calls() -> Option<String> {
    let shared = std::env::var_os("OMEGA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    fs::read_to_string(shared.join("data/tools/offline-calls.jsonl")).ok()
}

fn execution(recorded: &Value) -> Execution {
    let text = |field: &str| recorded[field].as_str().unwrap().to_owned();
    let (calling, input) = match recorded["params"].as_array() {
        None => (Calling::Tool, recorded["params"].clone()),
        Some(args) => {
            let params: Vec<_> = (0..args.len()).map(|n| format!("p{n}")).collect();
            let input = params.iter().cloned().zip(args.iter().cloned()).collect();
            (Calling::Function { params }, Value::Object(input))
        }
    };
    Execution {
        tool: ToolId::new(&text("package"), &text("export")),
        version: text("version"),
        calling,
        approved: true,
        timeout: Duration::from_secs(60),
        ..call("x::y", input)
    }
}

#[tokio::test]
async fn recorded_calls_of_real_packages_give_their_results() {
    let Some(calls) = recorded_calls() else {
        eprintln!("skipped: there are no recorded calls beside this repository");
        return;
    };
    let executor = LocalExecutor::new(LocalConfig::new(Path::new(env!("CARGO_TARGET_TMPDIR"))));
    let mut right = 0;
    let mut wrong = Vec::new();
    let calls: Vec<Value> = calls.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for recorded in &calls {
        let executed = executor.execute(execution(recorded)).await;
        match executed.result {
            Err(error)
                if error.code == ToolErrorCode::RuntimeUnavailable || error.message.contains("can't be reached") =>
            {
                return skipped(&error.message);
            }
            // It was recorded when the last row was all that came.
            Ok(output) if recorded["package"] == "csv-parse" => {
                assert_eq!(output.as_array().and_then(|rows| rows.last()), Some(&recorded["expected"]));
                right += 1;
            }
            Ok(output) if output == recorded["expected"] => right += 1,
            other => wrong.push(format!("{}::{}: {other:?}", recorded["package"], recorded["export"])),
        }
    }
    eprintln!("{right} of {}", calls.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right >= 20);
}

#[tokio::test]
async fn schemas_of_both_generations_of_zod_are_described() {
    let executor = LocalExecutor::new(LocalConfig::new(Path::new(env!("CARGO_TARGET_TMPDIR"))));
    for (package, version, tool, property) in [
        ("@agentic/calculator", "7.6.9", "calculator", "expr"),
        ("@exalabs/ai-sdk", "2.1.0", "webSearch", "query"),
        ("@perplexity-ai/ai-sdk", "0.1.3", "perplexitySearch", "query"),
    ] {
        let described = match executor.describe(package, version, "").await {
            Ok(described) => described,
            Err(error)
                if error.code == ToolErrorCode::RuntimeUnavailable || error.message.contains("can't be reached") =>
            {
                return skipped(&error.message);
            }
            Err(error) => panic!("{error}"),
        };
        let found = described.tools.iter().find(|found| found.name == tool).unwrap();
        let schema = found.input_schema.as_ref().unwrap();
        assert!(schema["properties"][property].is_object(), "{package}: {schema}");
        assert!(schema["required"].as_array().unwrap().contains(&json!(property)), "{package}: {schema}");
    }
}

/// Firecrawl's and Parallel's services as their tools call them; they answer to one key.
async fn services() -> (String, String) {
    use axum::{Json, Router, http::HeaderMap, http::StatusCode, routing::post};
    const KEY: &str = "the-right-key";
    let scrape = |headers: HeaderMap, Json(body): Json<Value>| async move {
        let ok = headers.get("authorization").is_some_and(|key| key.to_str().unwrap() == format!("Bearer {KEY}"));
        let answer = json!({ "success": true, "data": { "markdown": format!("# {}", body["url"]), "metadata": {} } });
        if ok {
            (StatusCode::OK, Json(answer))
        } else {
            (StatusCode::UNAUTHORIZED, Json(json!({ "success": false, "error": "Unauthorized" })))
        }
    };
    let search = |headers: HeaderMap| async move {
        let ok = headers.get("x-api-key").is_some_and(|key| key.to_str().unwrap() == KEY);
        let answer =
            json!({ "search_id": "s", "results": [{ "url": "https://example.com", "title": "T", "excerpts": ["E"] }] });
        if ok {
            (StatusCode::OK, Json(answer))
        } else {
            (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "message": "Unauthorized" } })))
        }
    };
    let app = Router::new().route("/v2/scrape", post(scrape)).route("/v1beta/search", post(search));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (host, KEY.to_owned())
}

#[tokio::test]
async fn keyed_tools_ask_for_their_key_and_then_reach_their_service() {
    let (host, key) = services().await;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let executor = LocalExecutor::new(LocalConfig { allow_private_net: vec![host.clone()], ..LocalConfig::new(cache) });
    let url = format!("http://{host}");
    let scrape = json!({ "url": "https://example.com" });
    let search = json!({ "objective": "x", "search_queries": ["y"], "mode": "agentic" });
    for (tool, version, input, name, base, part) in [
        ("firecrawl-aisdk::scrape", "0.12.0", scrape, "FIRECRAWL_API_KEY", "FIRECRAWL_API_URL", "markdown"),
        (
            "@parallel-web/ai-sdk-tools::searchTool",
            "0.2.1",
            search,
            "PARALLEL_API_KEY",
            "PARALLEL_BASE_URL",
            "example.com",
        ),
    ] {
        let with = |pairs: &[(&str, &str)]| Execution {
            env: env(pairs),
            version: version.to_owned(),
            ..call(tool, input.clone())
        };
        let unkeyed = executor.execute(with(&[(base, &url)])).await.result.unwrap_err();
        if unkeyed.code == ToolErrorCode::RuntimeUnavailable || unkeyed.message.contains("can't be reached") {
            return skipped(&unkeyed.message);
        }
        assert_eq!(unkeyed.code, ToolErrorCode::MissingEnvVars, "{unkeyed}");
        assert_eq!(unkeyed.details.unwrap()["missing"], json!([name]));
        let keyed = executor.execute(with(&[(base, &url), (name, &key)])).await;
        let output = keyed.result.unwrap_or_else(|error| panic!("{tool}: {error}")).to_string();
        assert!(output.contains(part), "{output}");
        let refused = executor.execute(with(&[(base, &url), (name, "a-wrong-key")])).await;
        assert_eq!(code(&refused), ToolErrorCode::InvalidCredentials, "{refused:?}");
    }
}
