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
        let described = match executor.describe(package, version).await {
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
