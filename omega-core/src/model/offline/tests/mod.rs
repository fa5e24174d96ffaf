//! The planner driven as the run engine drives a model, over the real starter catalogue.

mod any_input;
mod bench;
mod talks;

use super::{Reply, next};
use crate::{
    agent::meta_tools,
    id::ToolId,
    model::{ModelRequest, Purpose, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn},
    registry::{
        meta::{self, FoundTool, SearchOutput},
        words,
    },
};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// A tool of the catalogue with the words it is searched by.
struct Listed {
    tool: FoundTool,
    words: Vec<String>,
}

/// The starter catalogue, as the registry reads it.
fn catalogue() -> &'static [Listed] {
    static CATALOGUE: OnceLock<Vec<Listed>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../omega-server/engine/src/registry/starter.json");
        let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        rows.iter().map(listed).collect()
    })
}

fn listed(row: &Value) -> Listed {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let env = row["env"].as_array().into_iter().flatten();
    let env: Vec<String> = env
        .filter(|variable| variable["required"] != json!(false) && variable["default"].is_null())
        .map(|variable| variable["name"].as_str().unwrap().to_owned())
        .collect();
    let tool = FoundTool {
        tool_id: ToolId::new(&text("package"), &text("export")),
        call_as: None,
        name: text("name"),
        package: text("package"),
        version: text("version"),
        description: text("description"),
        category: text("category"),
        input_schema: row.get("inputSchema").cloned(),
        required_env_vars: env.clone(),
        missing_env_vars: env,
        health_status: "HEALTHY".into(),
    };
    let keywords: Vec<&str> = row["keywords"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let about = format!("{} {} {} {}", tool.name, tool.tool_id, tool.description, keywords.join(" "));
    Listed { tool, words: words::content(&about) }
}

/// A search by shared words, rare ones counting more; an id finds its tool.
fn search(query: &str, limit: usize) -> SearchOutput {
    let terms = words::content(query);
    let rarity = |term: &String| {
        let holders = catalogue().iter().filter(|listed| listed.words.contains(term)).count();
        if holders == 0 { 0.0 } else { 1.0 / (1.0 + holders as f64).ln() }
    };
    let mut hits: Vec<(f64, &Listed)> = catalogue()
        .iter()
        .map(|listed| {
            let score: f64 = terms.iter().filter(|term| listed.words.contains(term)).map(rarity).sum();
            (if listed.tool.tool_id.as_str() == query { 100.0 } else { score }, listed)
        })
        .filter(|(score, _)| *score > 0.0)
        .collect();
    hits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let tools: Vec<FoundTool> = hits.iter().take(limit).map(|(_, listed)| listed.tool.clone()).collect();
    SearchOutput { query: query.to_owned(), match_count: tools.len(), tools }
}

/// What a tool run answers in a test: the output, or an error.
type Run<'a> = dyn Fn(&str, &Value) -> Result<Value, Value> + 'a;

/// A conversation with the planner.
struct Talk {
    turns: Vec<Turn>,
    /// Tools that were called for the last message, with their inputs.
    calls: Vec<(String, Value)>,
    searches: Vec<String>,
    tools: Vec<ToolSpec>,
}

impl Talk {
    fn new() -> Self {
        Self { turns: Vec::new(), calls: Vec::new(), searches: Vec::new(), tools: meta_tools::specs(true) }
    }

    fn request(&self) -> ModelRequest {
        ModelRequest {
            model: "offline".into(),
            system: "You are Omega.".into(),
            turns: self.turns.clone(),
            tools: self.tools.clone(),
            tool_choice: ToolChoice::Auto,
            max_output_tokens: None,
            answer_schema: None,
            purpose: Purpose::Answer,
        }
    }

    /// Says something and lets the planner work until it answers.
    fn say(&mut self, text: &str, run: &Run<'_>) -> String {
        self.heard(text, run).0
    }

    /// The same, with the notice beside the answer.
    fn heard(&mut self, text: &str, run: &Run<'_>) -> (String, Option<&'static str>) {
        self.turns.push(Turn::User { text: text.to_owned() });
        self.calls.clear();
        self.searches.clear();
        for step in 0..16 {
            match next(&self.request()) {
                Reply::Say { text, notice } => {
                    self.turns.push(Turn::Assistant { text: text.clone(), calls: vec![], provider_state: vec![] });
                    return (text, notice.map(|(code, _)| code));
                }
                Reply::Call { name, arguments } => self.call(step, &name, &arguments, run),
            }
        }
        panic!("the planner never answered: {text}");
    }

    fn call(&mut self, step: usize, name: &str, arguments: &Value, run: &Run<'_>) {
        let id = format!("call_{}_{step}", self.turns.len());
        let outcome = if name == meta::SEARCH {
            let query = arguments["query"].as_str().unwrap();
            self.searches.push(query.to_owned());
            let limit = usize::try_from(arguments["limit"].as_u64().unwrap_or(5)).unwrap();
            Ok(serde_json::to_value(search(query, limit)).unwrap())
        } else {
            assert_eq!(name, meta::EXECUTE, "no tool has a name of its own here");
            let tool = arguments["toolId"].as_str().unwrap();
            self.calls.push((tool.to_owned(), arguments["params"].clone()));
            run(tool, &arguments["params"])
        };
        let is_error = outcome.is_err();
        let content = match outcome {
            Ok(value) => value.to_string(),
            Err(error) => json!({ "error": error }).to_string(),
        };
        let call =
            ToolCall { id: id.clone(), name: name.to_owned(), arguments: arguments.to_string(), provider_state: None };
        self.turns.push(Turn::Assistant { text: String::new(), calls: vec![call], provider_state: vec![] });
        self.turns.push(Turn::Tools {
            results: vec![ToolResult { call_id: id, name: name.to_owned(), content, is_error, loads: Vec::new() }],
        });
    }
}
