//! The flows of the product in the terminal UI, on a real pseudo-terminal against the real server: each with the server
//! killed in the middle of it, and the terminal too.

use crate::{
    home::Home,
    window::{Window, kill_server},
};
use omega_core::testing::{Fault, Reply, Script, StandIn};
use serde_json::{Value, json};

const KEY: &str = "exa-5ecret-value";

async fn with(script: Script, test: impl FnOnce(&Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(&home)).await.unwrap();
}

fn calls(tool: &str, params: &Value, then: Reply) -> Script {
    let call = json!({ "toolId": tool, "params": params });
    Script::new().turn(Reply::call("registryExecuteTool", call).and_text("I look.")).turn(then)
}

fn web() -> Script {
    calls("@exalabs/ai-sdk::webSearch", &json!({ "query": "rust" }), Reply::text("Found it."))
}

/// A new window, in which this was asked.
fn asks(home: &Home, message: &str) -> Window {
    let mut window = Window::open(home, &[]);
    window.sees("ask for something");
    window.types(message).types("\r");
    window
}

/// The window is killed, and its conversation opened in another one.
fn again(home: &Home, window: Window) -> Window {
    window.kill();
    Window::open(home, &["chat", "--continue"])
}

fn shown(home: &Home) -> Value {
    home.omega(&["show", "--json"]).expect(0).json()
}

/// How often each message of the person is in the conversation.
fn said(home: &Home) -> Vec<String> {
    let shown = shown(home);
    let messages = shown["messages"].as_array().unwrap().iter().filter(|it| it["role"] == "user");
    messages.map(|it| it["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_a_an_answer_goes_on_whoever_is_killed_and_is_there_once() {
    let answer = Reply::text("Two, and more words to hold.").fault(Fault::Hold { after: 2 }, 1);
    with(calls("mathjs::evaluate", &json!({ "expression": "1+1" }), answer), |home| {
        let window = asks(home, "what is 1+1?");
        window.sees("Two, and");
        assert!(window.screen().contains("mathjs evaluate 1+1"), "{}", window.screen());
        let window = again(home, window);
        window.sees("Two, and");
        // The provider never ends its first answer: only a server that was killed asks again.
        kill_server(home);
        let screen = window.sees("Two, and more words to hold.");
        assert_eq!(screen.matches("Two, and").count(), 1, "{screen}");
        window.misses("working");
        let window = again(home, window);
        let screen = window.sees("Two, and more words to hold.");
        assert_eq!((screen.matches("what is 1+1?").count(), said(home).len()), (1, 1), "{screen}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_b_a_value_is_asked_for_whoever_is_killed_and_the_same_step_goes_on() {
    with(web(), |home| {
        let window = asks(home, "search the web");
        window.sees("a tool needs a value");
        let mut window = again(home, window);
        window.sees("EXA_API_KEY");
        kill_server(home);
        window.sees("● live");
        // It hears once nobody typed for a moment.
        window.sees("value: ");
        window.types(KEY);
        window.sees(&"•".repeat(KEY.len()));
        window.types("\r");
        window.sees("this tool");
        window.types("o");
        window.sees("Found it.");
        assert!(!window.raw().contains(KEY), "it is on no screen");
        let shown = shown(home);
        assert!(!shown.to_string().contains(KEY));
        assert_eq!(shown["toolRuns"].as_array().unwrap().len(), 1, "the same call: {shown}");
    })
    .await;
}

/// A planner with two plans, and an agent that does as the plan says.
fn planner() -> Script {
    let step = |tool: &str, purpose: &str| json!([{ "toolName": tool, "purpose": purpose, "expectedOutput": "it" }]);
    let plans = json!({ "plans": [
        { "steps": step("mathjs::evaluate", "count"), "confidence": 0.9, "reasoning": "It is arithmetic" },
        { "steps": step("registrySearchTool", "look for it"), "confidence": 0.4, "reasoning": "It may be anywhere" },
    ] });
    let call = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "1+1" } });
    let plans = Reply::text(&plans.to_string());
    Script::new()
        // A request for plans has the search for tools behind the message already: it is the second turn.
        .when(|seen| seen.system.starts_with("You plan, you do not execute"), [Reply::text("never"), plans])
        .turn(Reply::call("registryExecuteTool", call))
        .turn(Reply::text("Two, as planned."))
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_c_a_plan_is_chosen_whoever_is_killed_and_that_one_is_followed() {
    with(planner(), |home| {
        let window = asks(home, "make a plan first: what is 1+1?");
        window.sees("which plan?");
        let window = again(home, window);
        window.sees("It is arithmetic");
        kill_server(home);
        window.sees("● live");
        let mut window = again(home, window);
        window.sees("run it");
        window.presses("\r", "Two, as planned.");
        let shown = shown(home);
        let plan = &shown["runs"][0]["plan"];
        assert_eq!(plan["steps"][0]["toolName"], "mathjs::evaluate", "{shown}");
        assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan}");
        assert_eq!((said(home).len(), shown["toolRuns"].as_array().unwrap().len()), (1, 1), "{shown}");
        again(home, window).sees("Two, as planned.");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_d_other_tools_are_offered_whoever_is_killed_and_the_chosen_one_is_called() {
    with(web(), |home| {
        let window = asks(home, "search the web");
        window.sees("a tool needs a value");
        let mut window = again(home, window);
        window.sees("value: ");
        window.types("\r");
        window.sees("t another tool");
        window.types("t");
        window.sees("which tool instead?");
        kill_server(home);
        window.sees("● live");
        window.sees("use it");
        let offered = home.omega(&["alternatives", "--json"]).expect(0).json();
        let offered = offered[0]["alternatives"][0]["toolId"].as_str().unwrap().to_owned();
        window.types("\r");
        window.misses("which tool instead?");
        // The tool that is offered may lack a variable or the network too.
        window.until("it is not called", |_| shown(home)["toolRuns"].to_string().contains(&offered));
        again(home, window).sees("search the web");
    })
    .await;
}
