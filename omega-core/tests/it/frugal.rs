//! What the model reads costs little and stays the same: a conversation of two messages with six searches each, on all
//! four wire formats.

use crate::schemas;
use omega_core::{
    agent::{Agent, Exchange, Next, RunConfig, Step, names::LOADED_OF_A_SEARCH},
    api::{Plan, PlanStep, Timestamp, ToolRun, ToolRunStatus},
    id::{MessageId, PlanId, RunId, ToolRunId},
    model::{ModelRequest, ToolCall, wire::Format},
    registry::meta::{self, FoundTool, SearchOutput},
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
    (0..3 * SEARCHES * HITS)
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
        attempts: 1,
        started_at: None,
        duration_ms: Some(1),
        error: None,
        notice: None,
        created_at: Timestamp(0),
    }
}

/// The requests of the conversation, in their order.
fn requests() -> Vec<ModelRequest> {
    requests_of(&["Convert my report", "And now the other one"], None)
}

/// A plan as long as a run may have one.
fn plan() -> Plan {
    let step = |step_number| PlanStep {
        step_number,
        tool_name: meta::SEARCH.into(),
        purpose: format!("the part {step_number} of it"),
        expected_output: "a document".into(),
        ..PlanStep::default()
    };
    Plan {
        id: PlanId::new(),
        steps: (1..=6).map(step).collect(),
        confidence: 0.8,
        reasoning: String::new(),
        missing_vars: Vec::new(),
        pins: Vec::new(),
    }
}

/// The run of the first message follows the plan.
fn requests_of(messages: &[&str], mut plan: Option<Plan>) -> Vec<ModelRequest> {
    let rows = rows();
    let mut rows = rows.chunks(HITS);
    let (mut before, mut requests) = (Vec::new(), Vec::new());
    for user in messages {
        let mut now = Exchange { user: (*user).into(), plan: plan.take(), ..Exchange::default() };
        for n in 0..=SEARCHES {
            let config = RunConfig::new("openai/gpt-4.1-mini", vec![]);
            let mut agent = Agent::restore(config, before.clone(), now.clone(), "Be brief.", &[]);
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
            let mut output = SearchOutput { query, match_count: HITS, tools: rows.next().unwrap().to_vec() };
            let step = Step {
                calls: vec![call.clone()],
                tool_runs: vec![ToolRun { status: ToolRunStatus::Started, ..run(&call, &output) }],
                ..Step::default()
            };
            agent.push_step(step.clone());
            agent.name_found(&mut output.tools);
            let settled = ToolRun { id: step.tool_runs[0].id, ..run(&call, &output) };
            agent.settle(settled.clone());
            now.steps.push(Step { tool_runs: vec![settled], ..step });
        }
        before.push(now);
    }
    requests
}

/// With models that take no deferred tools, and with those that do.
const FORMATS: [(Format, &str, &str); 6] = [
    (Format::OpenAiChat, "openai", "gpt-4.1-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5-mini"),
    (Format::OpenAiResponses, "openai-responses", "gpt-5.4"),
    (Format::Anthropic, "anthropic", "claude-opus-4-1"),
    (Format::Anthropic, "anthropic", "claude-sonnet-4-5"),
    (Format::Gemini, "google", "gemini-3-pro"),
];
const DEFERRED: [&str; 2] = ["gpt-5.4", "claude-sonnet-4-5"];

/// The bodies of the conversation's requests, in their order.
fn bodies(format: Format, provider: &str, model: &str) -> Vec<Value> {
    encoded(requests(), format, provider, model)
}

fn encoded(requests: Vec<ModelRequest>, format: Format, provider: &str, model: &str) -> Vec<Value> {
    let with = |request: ModelRequest| format.encode(provider, &ModelRequest { model: model.into(), ..request });
    requests.into_iter().map(with).collect()
}

/// What was needed for the same conversation when every schema was sent twice and every tool stayed loaded: bytes in all.
const BEFORE: [usize; 6] = [3_341_927, 3_340_291, 3_340_291, 3_307_829, 3_307_829, 3_133_229];

#[test]
fn two_messages_with_six_searches_each_cost_a_quarter_of_what_they_did() {
    for ((format, provider, model), before) in FORMATS.into_iter().zip(BEFORE) {
        let bodies: Vec<usize> = bodies(format, provider, model).iter().map(|body| body.to_string().len()).collect();
        let all: usize = bodies.iter().sum();
        println!("{provider} {model}: {} requests, {all} bytes in all, {:?} in the last", bodies.len(), bodies.last());
        assert_eq!(bodies.len(), 2 * (SEARCHES + 1));
        // The rest is that each input says that it may be a reference to data.
        assert!(all * 4 <= before, "{provider}: {all} bytes, {before} before");
    }
}

/// The parts of a body that a provider reads in this order, without the mark that moves with the end. What is deferred is
/// no part of the list that it reads; it is read where the history refers to it.
fn parts(format: Format, body: &Value) -> [Vec<Value>; 3] {
    let (system, turns, tools) = match format {
        Format::OpenAiChat => ("/none", "/messages", "/tools"),
        Format::OpenAiResponses => ("/instructions", "/input", "/tools"),
        Format::Anthropic => ("/system", "/messages", "/tools"),
        Format::Gemini => ("/systemInstruction", "/contents", "/tools/0/functionDeclarations"),
    };
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut turns, mut tools) = (list(turns), list(tools));
    for block in turns.iter_mut().filter_map(|turn| turn.get_mut("content")?.as_array_mut()).flatten() {
        block.as_object_mut().map(|block| block.shift_remove("cache_control"));
    }
    let all = tools.clone();
    let contents = turns.iter_mut().filter_map(|turn| turn.get_mut("content")?.as_array_mut()).flatten();
    for block in contents.filter_map(|block| block.get_mut("content")?.as_array_mut()).flatten() {
        if block["type"] == "tool_reference" {
            *block = all.iter().find(|tool| tool["name"] == block["tool_name"]).cloned().unwrap();
        }
    }
    tools.retain(|tool| tool["defer_loading"] != true);
    [tools, body.pointer(system).cloned().into_iter().collect(), turns]
}

#[test]
fn consecutive_requests_share_their_whole_earlier_beginning() {
    for (format, provider, model) in FORMATS {
        for plan in [None, Some(plan())] {
            let requests = requests_of(&["Convert my report", "And now the other one"], plan.clone());
            let bodies = encoded(requests, format, provider, model);
            let told = bodies[0].to_string().matches("the person selected this plan").count();
            assert_eq!(told, usize::from(plan.is_some()), "{provider} {model}");
            let bodies: Vec<_> = bodies.iter().map(|body| parts(format, body)).collect();
            for (before, after) in bodies.iter().zip(&bodies[1..]) {
                for (before, after) in before.iter().zip(after) {
                    assert_eq!(after.get(..before.len()), Some(before.as_slice()), "{provider} {model}");
                }
                // The list comes before everything else: only where it stays the same comes all of the rest from a cache.
                assert_eq!(before[0] == after[0], before[0].len() == after[0].len());
                assert!(!DEFERRED.contains(&model) || before[0] == after[0], "{provider} {model}");
            }
        }
    }
}

/// Bytes that a cache holds of a request by the one before it: as far as both begin alike, in the order in which it is read.
fn cached(before: &[Vec<Value>; 3], after: &[Vec<Value>; 3]) -> usize {
    let (before, after): (Vec<_>, Vec<_>) = (before.iter().flatten().collect(), after.iter().flatten().collect());
    // A list of tools that grew ends the beginning at its old end.
    let same = before.iter().zip(&after).take_while(|(before, after)| before == after);
    same.map(|(part, _)| part.to_string().len()).sum()
}

#[test]
fn with_deferred_tools_nothing_but_what_is_new_is_read_anew() {
    for (format, provider, model) in FORMATS {
        let bodies: Vec<_> = bodies(format, provider, model).iter().map(|body| parts(format, body)).collect();
        let size = |parts: &[Vec<Value>; 3]| parts.iter().flatten().map(|part| part.to_string().len()).sum::<usize>();
        let read: usize = bodies.iter().map(size).sum();
        let cached: usize = bodies.windows(2).map(|pair| cached(&pair[0], &pair[1])).sum();
        println!("{provider} {model}: {read} bytes read, {cached} of them from the cache");
        if DEFERRED.contains(&model) {
            assert_eq!(read - cached, size(bodies.last().unwrap()), "{provider} {model}: each byte once");
        } else {
            assert!(cached < read * 3 / 5, "{provider} {model}: or the list is not needed any more");
        }
    }
}

#[test]
fn every_schema_is_sent_once() {
    for (format, provider, model) in FORMATS {
        let body = bodies(format, provider, model).pop().unwrap();
        assert_eq!(judge::refusals(format, &body), [""; 0], "{provider} {model}");
        let tools = judge::tools(format, &body);
        // Without the one that proposes packages.
        assert_eq!(tools.len(), meta::ALL.len() - 1 + 2 * SEARCHES * LOADED_OF_A_SEARCH, "{provider} {model}");
        let turns = ["messages", "input", "contents"].into_iter().filter_map(|key| body[key].as_array()).flatten();
        let turns = turns.filter(|turn| turn["type"] != "tool_search_output");
        let turns = turns.map(ToString::to_string).collect::<String>();
        assert!(!turns.contains("inputSchema") && !turns.contains("properties"), "{provider} {model}");
    }
}

#[test]
fn tools_that_make_room_leave_the_history_too_and_what_comes_before_them_stays() {
    for (format, provider, model) in FORMATS {
        let with = |request: ModelRequest| format.encode(provider, &ModelRequest { model: model.into(), ..request });
        let bodies: Vec<_> =
            requests_of(&["One report", "A second one", "A third one"], None).into_iter().map(with).collect();
        for body in &bodies {
            assert_eq!(judge::refusals(format, body), [""; 0], "{provider} {model}");
        }
        // At the beginning of the third message.
        let (before, after) = (&bodies[2 * SEARCHES + 1], &bodies[2 * (SEARCHES + 1)]);
        assert!(judge::tools(format, after).len() < judge::tools(format, before).len(), "{provider} {model}");
        let (before, after) = (parts(format, before), parts(format, after));
        let is_same = before[0] == after[0];
        assert_eq!(is_same, DEFERRED.contains(&model), "{provider} {model}: the list");
        // The first message, with the step that searched first.
        assert!(!is_same || before[2][..2] == after[2][..2], "{provider} {model}");
    }
}
