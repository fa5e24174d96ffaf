//! What an agent finds and calls, on real requests among real tools: its search has the right tool among the first five as often as
//! the registry's own search, and in the next step it is called with its real schema.
//!
//! The requests and tools are not part of this repository (`OMEGA_SHARED`, or `../shared` beside it, and the program `zstd`);
//! without them the test is skipped.

use crate::harness::{MODELS, Omega, within};
use omega_core::{
    agent::names::{LOADED_OF_A_SEARCH, ToolSet},
    api::{RunStatus, ToolRunStatus},
    executor::ToolErrorCode,
    id::RunId,
    registry::meta::{EXECUTE, FoundTool, SEARCH},
    testing::{Reply, Script, Seen},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    process::Command,
    time::Duration,
};

/// Requests that are tried.
const REQUESTS: usize = 60;
/// Tools that a search shows a model.
const SHOWN: usize = 5;

struct Request {
    text: String,
    tool: String,
}

fn shared() -> Option<(String, Vec<Value>)> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("OMEGA_SHARED").map_or_else(beside, PathBuf::from).join("data/search");
    let queries = std::fs::read_to_string(folder.join("queries-dev.jsonl")).ok()?;
    let rows = Command::new("zstd").arg("-dcq").arg(folder.join("tools.jsonl.zst")).output().ok()?;
    let queries = queries.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.status.success().then(|| (String::from_utf8(rows.stdout).unwrap(), queries))
}

/// An input that fits a schema; nothing where that takes more than a glance.
fn input(schema: &Value) -> Option<Value> {
    if let Some(first) = schema["enum"].get(0) {
        return Some(first.clone());
    }
    Some(match schema["type"].as_str()? {
        "string" if schema.get("pattern").is_none() && schema.get("format").is_none() => json!("abcdef"),
        "integer" | "number" if schema.get("minimum").is_none() && schema.get("maximum").is_none() => json!(1),
        "boolean" => json!(true),
        "array" if schema.get("minItems").is_none() => json!([]),
        "object" => {
            let mut fields = Map::new();
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str()?;
                fields.insert(name.to_owned(), input(schema["properties"].get(name)?)?);
            }
            Value::Object(fields)
        }
        _ => return None,
    })
}

/// Requests that one tool serves, whose input is known, evenly from all of them.
fn requests(queries: &[Value], schemas: &HashMap<String, Value>) -> Vec<Request> {
    let one = |query: &Value| {
        let [tool] = query["relevant"].as_array()?.as_slice() else { return None };
        let (tool, text) = (tool.as_str()?.to_owned(), query["query"].as_str()?.to_owned());
        (text.len() < 300 && input(schemas.get(&tool)?).is_some()).then_some(Request { text, tool })
    };
    let mut all: Vec<Request> = queries.iter().filter_map(one).collect();
    let step = all.len() / REQUESTS;
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        (at - 1) % step == 0
    });
    all.truncate(REQUESTS);
    all
}

/// The name under which a tool that was found is called.
fn called(tool: &str, rank: usize) -> Option<String> {
    let (package, name) = tool.rsplit_once("::")?;
    let mut found: [FoundTool; 1] = serde_json::from_value(json!([{ "toolId": tool, "name": name, "package": package,
        "version": "latest", "description": "", "category": "other", "requiredEnvVars": [], "missingEnvVars": [],
        "healthStatus": "UNKNOWN" }]))
    .unwrap();
    ToolSet::default().name_found(&mut found, 1);
    found[0].call_as.clone().filter(|_| rank < LOADED_OF_A_SEARCH)
}

/// Waits for the end of a run, or for its question to a person, after which it is cancelled; whether there was one.
async fn rests(omega: &Omega, run: RunId) -> bool {
    let seen = async {
        loop {
            let status = omega.client.run(run).await.unwrap().status;
            if status == RunStatus::Paused || status.is_terminal() {
                return status == RunStatus::Paused;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let is_asked = within("the run", seen).await;
    if is_asked {
        omega.client.cancel_run(run).await.unwrap();
    }
    is_asked
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_the_right_tool_as_often_as_the_search_and_calls_it_with_its_schema_in_the_next_step() {
    let Some((rows, queries)) = shared() else {
        eprintln!("skipped: there are no recorded requests beside this repository");
        return;
    };
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        Some((row["toolId"].as_str()?.to_owned(), row.get("inputSchema")?.clone()))
    };
    let schemas: HashMap<String, Value> = rows.lines().filter_map(row).collect();
    let requests = requests(&queries, &schemas);
    assert_eq!(requests.len(), REQUESTS);
    // What is called is said by whoever reads the answer to the search.
    let script = requests.iter().fold(Script::new(), |script, request| {
        let (text, tool) = (request.text.clone(), request.tool.clone());
        let params = input(&schemas[&tool]).unwrap();
        let search = Reply::call(SEARCH, json!({ "query": text, "limit": SHOWN }));
        let (name, is_asked, done) = (called(&tool, 0).unwrap(), text.clone(), || Reply::text("Done."));
        let by_name = Reply::call(&name, params.clone());
        let by_id = Reply::call(EXECUTE, json!({ "toolId": tool, "params": params }));
        let at = move |seen: &Seen| seen.users.last().is_some_and(|said| said.contains(&is_asked));
        let is_loaded = at.clone();
        script
            .when(move |seen| is_loaded(seen) && seen.tools.contains(&name), [search.clone(), by_name, done()])
            .when(at, [search, by_id, done()])
    });
    let omega = Omega::start(script).await;
    omega.client.import_tools(rows.into_bytes()).await.unwrap();

    let (mut bare, mut agents, mut by_name, mut asked_about) = (0, 0, 0, 0);
    for request in &requests {
        let found = omega.client.search_tools(&request.text, None, SHOWN).await.unwrap();
        let is_found = found.results.tools.iter().any(|row| row.tool_id == request.tool);
        bare += usize::from(is_found);
        let conversation = omega.conversation(MODELS[0]).await;
        let run = omega.send(conversation, &request.text).await.run_id;
        let is_asked = rests(&omega, run).await;
        let calls = omega.client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
        let search = calls.iter().find(|call| call.tool_id == SEARCH).unwrap();
        let tools = search.output.as_ref().unwrap()["tools"].as_array().unwrap();
        let rank = tools.iter().position(|tool| tool["toolId"] == request.tool.as_str());
        let ids = |tool: &Value| tool["toolId"].as_str().unwrap().to_owned();
        assert_eq!(rank.is_some(), is_found, "{}: {:?}", request.text, tools.iter().map(ids).collect::<Vec<_>>());
        let Some(rank) = rank else { continue };
        agents += 1;
        let call = calls
            .iter()
            .find(|call| call.tool_id == request.tool)
            .unwrap_or_else(|| panic!("{}: {calls:?}", request.text));
        assert_eq!(Some(&call.input), input(&schemas[&request.tool]).as_ref(), "{}", request.text);
        let code = call.error.as_ref().map(|error| error.code);
        assert!(call.status != ToolRunStatus::Proposed && code != Some(ToolErrorCode::InvalidInput), "{call:?}");
        // Some are asked about first. The stand-in of the executor knows none of the others: it was asked, and said so.
        assert!(
            is_asked || omega.tools.calls().iter().any(|asked| request.tool.ends_with(&format!("::{}", asked.name))),
            "{call:?}"
        );
        asked_about += usize::from(is_asked);
        let Some(name) = called(&request.tool, rank) else { continue };
        by_name += 1;
        let requests = omega.provider.requests();
        let next = requests.iter().rev().find(|seen| seen.turns_since_user == 1).unwrap();
        assert_eq!(next.problems, Vec::<String>::new());
        let declared =
            next.body["tools"].as_array().unwrap().iter().find(|tool| tool["function"]["name"] == name.as_str());
        let shown = &declared.unwrap_or_else(|| panic!("{name} is declared"))["function"]["parameters"];
        let real = &schemas[&request.tool];
        let names =
            |schema: &Value| schema.as_object().map(|of| of.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        assert_eq!(names(&shown["properties"]), names(&real["properties"]), "{name}");
        let required = |schema: &Value| {
            let names = schema["required"].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(required(shown), required(real), "{name}");
    }
    eprintln!(
        "{bare} of {REQUESTS} found by the search, {agents} by the agent; {by_name} called by name, {asked_about} asked about first"
    );
    assert_eq!(agents, bare);
    assert!(agents > REQUESTS / 3, "{agents}");
}
