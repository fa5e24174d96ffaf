//! The agent as a table: what is recorded, and what has to happen then.

use super::*;
use crate::{
    api::Timestamp,
    id::{MessageId, RunId},
    model::Turn,
};

fn config(max_tool_calls: u32) -> RunConfig {
    RunConfig { max_tool_calls, ..RunConfig::new("openai/gpt-4.1-mini", vec![]) }
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), provider_state: None }
}

fn agent(config: RunConfig, steps: Vec<Step>) -> Agent {
    let now = Exchange { user: "determinant of [[2,1],[1,3]]".into(), steps, ..Exchange::default() };
    Agent::restore(config, vec![], now, "", &[])
}

/// A step whose calls are recorded as the agent proposes them, all in one state.
fn step(agent: &Agent, calls: &[ToolCall], status: ToolRunStatus) -> Step {
    let tool_runs = agent
        .written(calls)
        .into_iter()
        .map(|written| written.proposal(None))
        .map(|proposal| ToolRun {
            id: ToolRunId::new(),
            run_id: RunId::new(),
            message_id: MessageId::new(),
            tool_call_id: proposal.call.id,
            tool_id: proposal.tool_id,
            tool_name: proposal.tool_name,
            version: proposal.version,
            status,
            input: proposal.input,
            output: (status == ToolRunStatus::Succeeded).then(|| json!({})),
            output_summary: String::new(),
            output_bytes: 2,
            truncated: false,
            attempts: 1,
            started_at: None,
            duration_ms: Some(1),
            error: None,
            notice: None,
            created_at: Timestamp(0),
        })
        .collect();
    Step { calls: calls.to_vec(), tool_runs, ..Step::default() }
}

fn text(text: &str) -> Step {
    Step { text: text.into(), ..Step::default() }
}

fn actions(next: Next) -> Vec<Action> {
    match next {
        Next::Call(calls) => calls.into_iter().map(|(_, action)| action).collect(),
        other => panic!("expected calls, got {other:?}"),
    }
}

fn request(next: Next) -> ModelRequest {
    match next {
        Next::Ask(request) => *request,
        other => panic!("expected a model call, got {other:?}"),
    }
}

#[test]
fn a_new_run_asks_the_model_with_the_meta_tools() {
    let request = request(agent(config(200), vec![]).next());
    assert_eq!(request.model, "gpt-4.1-mini");
    let names: Vec<_> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, [meta::SEARCH, meta::EXECUTE, meta::READ]);
    assert_eq!(request.turns, [Turn::User { text: "determinant of [[2,1],[1,3]]".into() }]);
}

#[test]
fn a_model_that_may_propose_packages_is_told_so_and_has_what_they_bring() {
    let may = RunConfig { may_add: true, ..config(200) };
    let first = request(agent(may.clone(), vec![]).next());
    assert_eq!(first.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), meta::ALL);

    let mut step = step(
        &agent(may.clone(), vec![]),
        &[call("a", meta::ADD, r#"{"package":"acme@1.2.3"}"#)],
        ToolRunStatus::Proposed,
    );
    let Next::Call(open) = agent(may.clone(), vec![step.clone()]).next() else { panic!() };
    let Action::Add(input) = &open[0].1 else { panic!("{open:?}") };
    assert_eq!(input.name_and_version(), ("acme", Some("1.2.3")));
    for (package, expected) in [("@a/b", ("@a/b", None)), ("@a/b@1.0.0", ("@a/b", Some("1.0.0"))), (" x ", ("x", None))]
    {
        let input = meta::AddInput { package: package.into(), function: None, why: None };
        assert_eq!(input.name_and_version(), expected);
    }
    step.tool_runs[0].status = ToolRunStatus::Succeeded;
    step.tool_runs[0].output = Some(json!({ "package": "acme", "version": "1.2.3", "tools": [{
        "toolId": "acme::go", "callAs": "acme__go", "name": "go", "package": "acme", "version": "1.2.3", "description": "Goes.",
        "category": "other", "requiredEnvVars": [], "missingEnvVars": [], "healthStatus": "HEALTHY" }] }));
    let next = request(agent(may, vec![step]).next());
    assert_eq!(next.tools.last().unwrap().name, "acme__go");
}

#[test]
fn an_answer_without_calls_completes_the_run() {
    let next = agent(config(200), vec![text("5")]).next();
    assert_eq!(next, Next::Complete { answer: "5".into(), notice: None });
}

#[test]
fn each_kind_of_call_is_read_from_its_record() {
    let empty = agent(config(200), vec![]);
    let calls = [
        call("a", meta::SEARCH, r#"{"query":"matrix"}"#),
        call("b", meta::EXECUTE, r#"{"toolId":"mathjs::evaluate","params":{"expr":"1+1"}}"#),
        call("c", meta::SEARCH, r#"{"query": "weath"#),
        call("d", meta::SEARCH, "{}"),
        call("e", meta::EXECUTE, r#"{"toolId":"nonsense","params":{}}"#),
        call("f", "no_such_tool", "{}"),
    ];
    let step = step(&empty, &calls, ToolRunStatus::Proposed);
    let actions = actions(agent(config(200), vec![step]).next());
    assert_eq!(actions.len(), 6);
    assert!(matches!(&actions[0], Action::Search(input) if input.query == "matrix" && input.limit == 5));
    assert!(
        matches!(&actions[1], Action::Run { tool_id, input } if tool_id.as_str() == "mathjs::evaluate" && *input == json!({"expr": "1+1"}))
    );
    for (action, code) in actions[2..].iter().zip([
        ToolErrorCode::InvalidInput,
        ToolErrorCode::InvalidInput,
        ToolErrorCode::InvalidInput,
        ToolErrorCode::ToolNotFound,
    ]) {
        assert!(matches!(action, Action::Refuse(error) if error.code == code), "{action:?}");
    }
}

#[test]
fn only_what_is_still_open_is_called_again_after_a_restart() {
    let empty = agent(config(200), vec![]);
    let mut step = step(
        &empty,
        &[call("a", meta::SEARCH, r#"{"query":"x"}"#), call("b", meta::SEARCH, r#"{"query":"y"}"#)],
        ToolRunStatus::Succeeded,
    );
    step.tool_runs[1].status = ToolRunStatus::Proposed;
    let actions = actions(agent(config(200), vec![step]).next());
    assert!(matches!(&actions[..], [Action::Search(input)] if input.query == "y"));
}

#[test]
fn every_call_has_exactly_one_result_before_the_model_is_asked_again() {
    let empty = agent(config(200), vec![]);
    let mut step = step(
        &empty,
        &[call("a", meta::SEARCH, r#"{"query":"x"}"#), call("b", "gone", "{}"), call("c", "x", "not json")],
        ToolRunStatus::Succeeded,
    );
    step.tool_runs[1].status = ToolRunStatus::Unknown;
    step.tool_runs[2].status = ToolRunStatus::Cancelled;
    let request = request(agent(config(200), vec![step]).next());
    let Some(Turn::Tools { results }) = request.turns.last() else { panic!("no results") };
    let ids: Vec<_> = results.iter().map(|result| (result.call_id.as_str(), result.is_error)).collect();
    assert_eq!(ids, [("a", false), ("b", true), ("c", true)]);
    assert!(results[1].content.contains("outcome unknown"));
}

#[test]
fn found_tools_are_callable_by_name_on_the_next_step_and_after_a_restart() {
    let empty = agent(config(200), vec![]);
    let mut step = step(&empty, &[call("a", meta::SEARCH, r#"{"query":"x"}"#)], ToolRunStatus::Succeeded);
    step.tool_runs[0].output = Some(json!({
        "query": "x", "matchCount": 1,
        "tools": [{
            "toolId": "mathjs::evaluate", "callAs": "mathjs__evaluate", "name": "evaluate", "package": "mathjs", "version": "15.2.0", "description": "d",
            "category": "math", "inputSchema": {"type": "object", "properties": {"expr": {"type": "string"}}},
            "requiredEnvVars": [], "missingEnvVars": [], "healthStatus": "HEALTHY",
        }],
    }));
    let restored = agent(config(200), vec![step]);
    let spec = request(restored.next()).tools.pop().unwrap();
    assert_eq!(spec.name, "mathjs__evaluate");
    assert_eq!(spec.input_schema["properties"]["expr"]["type"], json!(["string", "object"]), "or a reference");
    let written = restored.written(&[call("b", "mathjs__evaluate", r#"{"expr":"1"}"#)]);
    let proposal = written.into_iter().next().unwrap().proposal(None);
    assert_eq!((proposal.tool_id.as_str(), proposal.version.as_str()), ("mathjs::evaluate", "15.2.0"));
}

#[test]
fn a_spent_budget_refuses_the_rest_and_closes_once_without_tools() {
    let empty = agent(config(2), vec![]);
    let search = |id: &str| call(id, meta::SEARCH, r#"{"query":"x"}"#);
    let mut first = step(&empty, &[search("a"), search("b"), search("c")], ToolRunStatus::Proposed);
    let now = agent(config(2), vec![first.clone()]);
    let planned = actions(now.next());
    assert!(matches!(&planned[0], Action::Search(_)) && matches!(&planned[1], Action::Search(_)));
    assert!(matches!(&planned[2], Action::Refuse(error) if error.code == ToolErrorCode::BudgetExceeded));

    for run in &mut first.tool_runs {
        run.status = ToolRunStatus::Failed;
    }
    let closing = request(agent(config(2), vec![first.clone()]).next());
    assert_eq!(closing.tool_choice, ToolChoice::None);
    assert_eq!(closing.system, request(empty.next()).system);
    let Some(Turn::Tools { results }) = closing.turns.last() else { panic!("{closing:?}") };
    let told: Vec<bool> = results.iter().map(|result| result.content.starts_with("{\"note\":\"The budget")).collect();
    assert_eq!(told, [false, false, true]);

    // Whatever the closing step says, it is the last one, even when a provider lets calls through.
    let mut last = step(&empty, &[search("d")], ToolRunStatus::Proposed);
    last.text = "what I have".into();
    let stubborn = agent(config(2), vec![first.clone(), last.clone()]);
    assert!(
        matches!(&actions(stubborn.next())[..], [Action::Refuse(error)] if error.code == ToolErrorCode::BudgetExceeded)
    );
    last.tool_runs[0].status = ToolRunStatus::Failed;
    let done = agent(config(2), vec![first, last]).next();
    assert_eq!(done, Next::Complete { answer: "what I have".into(), notice: Some(BUDGET_NOTICE) });
}
