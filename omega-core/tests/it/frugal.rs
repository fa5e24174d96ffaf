//! What the model reads costs little and stays the same: a conversation of two messages with six searches each, on all
//! four wire formats.

use crate::schemas;
use omega_core::{
    agent::{
        Agent, Exchange, Next, RunConfig, Step,
        meta::{self, FoundTool, SearchOutput},
        names::LOADED_OF_A_SEARCH,
    },
    api::{Timestamp, ToolRun, ToolRunStatus},
    id::{MessageId, RunId, ToolRunId},
    model::{ModelRequest, ToolCall, wire::Format},
    testing::judge,
};
use serde_json::{Value, json};

const SEARCHES: usize = 6;
const HITS: usize = 20;

/// Tools as a registry has them, of usual size.
fn rows() -> Vec<FoundTool> {
    let real = schemas::of_the_registry();
    let made = |n: usize| {
        let field = |name: &str| json!({"type": "string", "description": format!("The {name} that this tool works with, as its service knows it.")});
        let properties: Value = ["source", "target", "format", "filter", "options", "locale"]
            .iter()
            .map(|name| ((*name).to_owned(), field(name)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        (format!("@made/package-{n}::convert{n}"), "Converts one kind of document to another kind, keeps what can be kept of its layout, and says what was lost on the way to it.".to_owned(), json!({"type": "object", "properties": properties, "required": ["source"]}))
    };
    (0..2 * SEARCHES * HITS)
        .map(|n| {
            let (id, description, schema) = real.get(n % real.len().max(1)).filter(|_| n < real.len()).cloned().unwrap_or_else(|| made(n));
            serde_json::from_value(json!({
                "toolId": id, "name": id.rsplit("::").next(), "package": id.split("::").next(), "version": "1.2.3", "description": description,
                "category": "other", "inputSchema": schema, "requiredEnvVars": [], "missingEnvVars": [], "healthStatus": "UNKNOWN",
            }))
            .unwrap()
        })
        .collect()
}

fn run(call: &ToolCall, output: &SearchOutput) -> ToolRun {
    ToolRun {
        id: ToolRunId::new(),
        run_id: RunId::new(),
        message_id: MessageId::new(),
        tool_call_id: call.id.clone(),
        tool_id: meta::SEARCH.into(),
        tool_name: meta::SEARCH.into(),
        version: String::new(),
        status: ToolRunStatus::Succeeded,
        input: json!({"query": output.query, "limit": HITS}),
        output: serde_json::to_value(output).ok(),
        output_summary: String::new(),
        output_bytes: 0,
        truncated: false,
        duration_ms: Some(1),
        error: None,
        created_at: Timestamp(0),
    }
}

/// The requests of the conversation, in their order.
fn requests() -> Vec<ModelRequest> {
    let rows = rows();
    let mut rows = rows.chunks(HITS);
    let (mut before, mut requests) = (Vec::new(), Vec::new());
    for user in ["Convert my report", "And now the other one"] {
        let mut now = Exchange { user: user.into(), ..Exchange::default() };
        for n in 0..=SEARCHES {
            let config = RunConfig::new("openai/gpt-4.1-mini", vec![]);
            let mut agent = Agent::restore(config, before.clone(), now.clone(), "Be brief.", &[], None);
            let Next::Ask(request) = agent.next() else { panic!("asks") };
            requests.push(*request);
            if n == SEARCHES {
                now.steps.push(Step { text: "Done.".into(), ..Step::default() });
                break;
            }
            let query = format!("convert {user} {n}");
            let call = ToolCall {
                id: format!("call_{user}{n}").replace(' ', ""),
                name: meta::SEARCH.into(),
                arguments: json!({"query": query, "limit": HITS}).to_string(),
                provider_state: None,
            };
            let output = SearchOutput { query, match_count: HITS, tools: rows.next().unwrap().to_vec() };
            let step = Step {
                calls: vec![call.clone()],
                tool_runs: vec![ToolRun { status: ToolRunStatus::Started, ..run(&call, &output) }],
                ..Step::default()
            };
            agent.push_step(step.clone());
            let settled = ToolRun { id: step.tool_runs[0].id, ..run(&call, &agent.name_found(output)) };
            agent.settle(settled.clone());
            now.steps.push(Step { tool_runs: vec![settled], ..step });
        }
        before.push(now);
    }
    requests
}

const FORMATS: [(Format, &str); 4] = [
    (Format::OpenAiChat, "openai"),
    (Format::OpenAiResponses, "openai-responses"),
    (Format::Anthropic, "anthropic"),
    (Format::Gemini, "google"),
];

/// What was needed for the same conversation when every schema was sent twice and every tool stayed loaded: bytes in all.
const BEFORE: [usize; 4] = [3_341_927, 3_340_291, 3_307_829, 3_133_229];

#[test]
fn two_messages_with_six_searches_each_cost_a_fifth_of_what_they_did() {
    for ((format, provider), before) in FORMATS.into_iter().zip(BEFORE) {
        let bodies: Vec<usize> =
            requests().iter().map(|request| format.encode(provider, request).to_string().len()).collect();
        let all: usize = bodies.iter().sum();
        println!("{provider}: {} requests, {all} bytes in all, {:?} in the last", bodies.len(), bodies.last());
        assert_eq!(bodies.len(), 2 * (SEARCHES + 1));
        assert!(all * 5 <= before, "{provider}: {all} bytes, {before} before");
    }
}

/// The parts of a body that a provider reads in this order, without the mark that moves with the end.
fn parts(format: Format, body: &Value) -> [Vec<Value>; 3] {
    let (system, turns, tools) = match format {
        Format::OpenAiChat => ("/none", "/messages", "/tools"),
        Format::OpenAiResponses => ("/instructions", "/input", "/tools"),
        Format::Anthropic => ("/system", "/messages", "/tools"),
        Format::Gemini => ("/systemInstruction", "/contents", "/tools/0/functionDeclarations"),
    };
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut turns = list(turns);
    for block in turns.iter_mut().filter_map(|turn| turn.get_mut("content")?.as_array_mut()).flatten() {
        block.as_object_mut().map(|block| block.shift_remove("cache_control"));
    }
    [list(tools), body.pointer(system).cloned().into_iter().collect(), turns]
}

#[test]
fn consecutive_requests_share_their_whole_earlier_beginning() {
    for (format, provider) in FORMATS {
        let bodies: Vec<_> =
            requests().iter().map(|request| parts(format, &format.encode(provider, request))).collect();
        for (before, after) in bodies.iter().zip(&bodies[1..]) {
            for (before, after) in before.iter().zip(after) {
                assert_eq!(after.get(..before.len()), Some(before.as_slice()), "{provider}");
            }
        }
    }
}

#[test]
fn every_schema_is_sent_once() {
    for (format, provider) in FORMATS {
        let body = format.encode(provider, requests().last().unwrap());
        let tools = judge::tools(format, &body);
        assert_eq!(tools.len(), 2 + 2 * SEARCHES * LOADED_OF_A_SEARCH, "{provider}");
        let turns = parts(format, &body)[2].iter().map(ToString::to_string).collect::<String>();
        assert!(!turns.contains("inputSchema") && !turns.contains("properties"), "{provider}");
    }
}
