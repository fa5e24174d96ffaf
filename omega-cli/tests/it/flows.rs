//! The flows of the product as shell scripts, each also with the server killed in the middle of it.

use crate::home::{Done, Home};
use omega_core::testing::{Fault, Reply, Script, StandIn};
use serde_json::{Value, json};
use std::process::Command;

/// Ends the server without a word. What runs the flow twice sets `KILL`.
const KILL: &str = r#"kill_server() { if [ -n "$KILL" ]; then kill -9 "$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$OMEGA_HOME/run/server.json")"; fi; }"#;

/// Runs a script of a flow in a fresh home: once as it is, once with the server killed where it says `kill_server`.
async fn flow(script: impl Fn() -> Script, commands: &'static str) {
    for kill in ["", "1"] {
        let provider = StandIn::start(script()).await;
        let home = Home::new().provider(provider.url()).env("KILL", kill);
        tokio::task::spawn_blocking(move || {
            let plain = home.command(&[]);
            let mut bash = Command::new("bash");
            let omega = env!("CARGO_BIN_EXE_omega");
            let head = format!("set -u\nomega() {{ {omega} \"$@\"; }}\n{KILL}\n");
            bash.args(["-c", &format!("{head}{commands}")]).current_dir(home.path());
            bash.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let done = Done::from(bash.stdin(std::process::Stdio::null()).output().unwrap());
            assert_eq!(done.code, 0, "kill: {kill:?}\n{}\n{}", done.stdout, done.stderr);
        })
        .await
        .unwrap();
    }
}

fn calls(tool: &str, params: &Value, then: &str) -> Script {
    let call = json!({ "toolId": tool, "params": params });
    Script::new().turn(Reply::call("registryExecuteTool", call).and_text("I look.")).turn(Reply::text(then))
}

fn sum() -> Script {
    calls("mathjs::evaluate", &json!({ "expression": "1+1" }), "Two.")
}

fn web() -> Script {
    calls("@exalabs/ai-sdk::webSearch", &json!({ "query": "rust" }), "Found it.")
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_a_a_question_gets_its_answer_and_stays() {
    let held = || {
        let answer = Reply::text("Two, and more words to hold.").fault(Fault::Hold { after: 2 }, 1);
        let call = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "1+1" } });
        Script::new().turn(Reply::call("registryExecuteTool", call).and_text("I look.")).turn(answer)
    };
    // The provider never ends its first answer: only a server that was killed asks again, and then it is whole.
    flow(
        held,
        r#"
        if [ -z "$KILL" ]; then exit 0; fi
        omega ask -q "what is 1+1?" > answer.txt & asked=$!
        until omega show --json 2>/dev/null | grep -q '"content": "Two, '; do sleep 0.1; done
        kill_server
        wait $asked || exit 1
        [ "$(cat answer.txt)" = "Two, and more words to hold." ] || exit 2
        "#,
    )
    .await;
    flow(
        sum,
        r#"
        [ "$(omega ask -q 'what is 1+1?')" = "Two." ] || exit 1
        kill_server
        [ "$(omega wait)" = "Two." ] || exit 2
        omega show | grep -q 'mathjs::evaluate' || exit 3
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_b_a_missing_variable_is_given_later_and_the_same_step_goes_on() {
    flow(
        web,
        r#"
        omega ask -q "search the web" > answer.txt 2> errors.txt; [ $? = 4 ] || exit 1
        [ ! -s answer.txt ] || exit 2
        grep -q 'EXA_API_KEY' errors.txt || exit 3
        kill_server
        omega show 2>&1 | grep -q 'omega provide' || exit 4
        export EXA_API_KEY=exa-not-a-real-one
        [ "$(omega provide -q --env EXA_API_KEY)" = "Found it." ] || exit 5
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_c_a_plan_is_read_selected_and_followed() {
    let plans = || {
        let step = |tool: &str, purpose: &str| json!([{ "stepNumber": 1, "toolName": tool, "purpose": purpose, "expectedOutput": "a number" }]);
        let plans = json!({ "plans": [
            { "steps": step("mathjs::evaluate", "count"), "confidence": 0.9, "reasoning": "It is arithmetic" },
            { "steps": step("registrySearchTool", "look"), "confidence": 0.4, "reasoning": "Something else may fit" },
        ] });
        Script::new().turn(Reply::text("Two.")).turn(Reply::text(&plans.to_string()))
    };
    flow(
        plans,
        r#"
        omega ask --plan "what is 1+1?" > answer.txt 2> plans.txt; [ $? = 5 ] || exit 1
        grep -q 'Plan 1' plans.txt && grep -q 'count' plans.txt && grep -q 'a number' plans.txt || { cat plans.txt; exit 2; }
        kill_server
        [ "$(omega plan select 1 -q)" = "Two." ] || exit 3
        [ "$(omega ask --plan=1 -q 'what is 1+1?')" = "Two." ] || exit 4
        "#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_d_another_tool_is_offered_and_chosen() {
    flow(
        web,
        r#"
        omega ask "search the web" 2> offers.txt; [ $? = 4 ] || exit 1
        offered=$(omega alternatives --json | grep -o '"toolId": "[^"]*"' | sed -n 2p | cut -d'"' -f4)
        [ -n "$offered" ] || exit 2
        grep -qF "$offered" offers.txt && grep -q 'omega alternatives' offers.txt || exit 3
        kill_server
        omega alternatives -q --use "$offered" > answer.txt; code=$?
        # The tool that is offered may lack a variable or the network too: then it says so, and is no success.
        [ $code = 0 ] && [ "$(cat answer.txt)" = "Found it." ] || [ $code = 4 ] || exit 4
        omega show --json | grep -qF "$offered" || exit 5
        "#,
    )
    .await;
}
