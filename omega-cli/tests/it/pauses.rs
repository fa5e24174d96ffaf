//! A run that waits for a person: exit codes and commands for scripts, questions for a person at a terminal.

use crate::{home::Home, terminal::talk};
use omega_core::testing::{Reply, Script, StandIn};
use serde_json::{Value, json};

const KEY: &str = "exa-5ecret-value";

async fn with<T: Send + 'static>(script: Script, test: impl FnOnce(Home) -> T + Send + 'static) -> (T, StandIn) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    let result = tokio::task::spawn_blocking(move || test(home)).await.unwrap();
    (result, provider)
}

fn calls(tool: &str, params: Value, then: &str) -> Script {
    let call = json!({ "toolId": tool, "params": params });
    Script::new().turn(Reply::call("registryExecuteTool", call)).turn(Reply::text(then))
}

fn searches_the_web() -> Script {
    calls("@exalabs/ai-sdk::webSearch", json!({ "query": "rust" }), "Without it, then.")
}

fn evaluates() -> Script {
    calls("mathjs::evaluate", json!({ "expression": "1+1" }), "As you wish.")
}

fn plans() -> Script {
    let step =
        |tool: &str| json!([{ "stepNumber": 1, "toolName": tool, "purpose": "count", "expectedOutput": "a number" }]);
    let plans = json!({ "plans": [
        { "steps": step("mathjs::evaluate"), "confidence": 0.9, "reasoning": "It is arithmetic" },
        { "steps": step("registrySearchTool"), "confidence": 0.4, "reasoning": "Something else may fit" },
    ] });
    // A request for plans has the search for tools behind the message already: it is the second turn.
    Script::new().turn(Reply::text("Two.")).turn(Reply::text(&plans.to_string()))
}

/// The conversation when nothing in it works any more.
fn settled(home: &Home) -> Value {
    for _ in 0..600 {
        let detail = home.omega(&["show", "--json"]).expect(0).json();
        if ["completed", "failed", "cancelled"].contains(&detail["runs"][0]["status"].as_str().unwrap()) {
            return detail;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the run did not end");
}

fn answer(detail: &Value) -> &str {
    detail["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_learns_which_variable_is_missing_and_what_gives_it() {
    with(searches_the_web(), |home| {
        let done = home.omega(&["ask", "--json", "hi"]).expect(4);
        let document = done.json();
        assert_eq!(
            (&document["status"], &document["requiresAction"]["kind"]),
            (&json!("paused"), &json!("credentials"))
        );
        assert_eq!(document["requiresAction"]["missingVars"][0]["name"], "EXA_API_KEY");
        let command = format!("omega provide {} --env EXA_API_KEY", document["conversationId"].as_str().unwrap());
        assert!(done.stderr.contains(&command), "{}", done.stderr);

        let other = home.omega(&["approve"]).expect(2);
        assert!(other.stderr.contains("omega provide answers it"), "{}", other.stderr);
        let clear = home.omega(&["provide", "--env", &format!("EXA_API_KEY={KEY}")]).expect(2);
        assert!(!clear.stderr.contains(KEY));
        home.omega(&["provide", "--env", "EXA_API_KEY"]).expect(4);
        home.omega(&["provide"]).expect(4);

        let done = home.omega(&["provide", "--decline"]).expect(4);
        assert_eq!(
            done.stdout, "Without it, then.",
            "the run is followed; a call that lacked its variable is no success"
        );
        let late = home.omega(&["provide", "--decline"]).expect(2);
        assert!(late.stderr.contains("waits for an answer"), "{}", late.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_comes_from_the_environment_or_stdin_and_is_printed_nowhere() {
    with(searches_the_web().turn(Reply::text("Again.")), |home| {
        home.omega(&["ask", "hi"]).expect(4);
        let done = home.omega_with(&["provide", "-v", "--env", "EXA_API_KEY", "--save", "tool"], KEY).expect(0);
        assert!(!done.stderr.contains(KEY) && !done.stdout.contains(KEY), "{}", done.stderr);
        let shown = home.omega(&["show", "--json"]).expect(0).stdout;
        assert!(!shown.contains(KEY), "{shown}");
        let nothing = home.omega(&["cancel"]).expect(0);
        assert!(nothing.stderr.starts_with("Nothing was going on in conversation "), "{}", nothing.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_learns_that_a_call_waits_for_a_yes_and_what_says_it() {
    with(evaluates(), |home| {
        let done = home.omega(&["ask", "--safe", "--stream-json", "hi"]).expect(5);
        let last: Value = serde_json::from_str(done.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&last["type"], &last["kind"]), (&json!("run.requires_action"), &json!("approval")));
        assert!(done.stderr.contains("omega approve ") && done.stderr.contains(" --for once"), "{}", done.stderr);
        let denied = home.omega(&["approve", "--deny", "--reason", "not today"]).expect(0);
        assert_eq!(denied.stdout, "As you wish.");
        assert!(denied.stderr.contains("\"expression\": \"1+1\""), "it says what it decides about: {}", denied.stderr);
        let detail = settled(&home);
        assert_eq!(answer(&detail), "As you wish.");
        assert_eq!(detail["toolRuns"][0]["status"], "denied");
        assert!(detail["toolRuns"][0]["error"]["message"].as_str().unwrap().contains("not today"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_answers_beforehand_what_a_run_will_ask() {
    with(evaluates(), |home| {
        home.omega(&["ask", "--safe", "--approve", "lodash", "hi"]).expect(5);
        for flags in [&["--approve", "mathjs"][..], &["--approve", "mathjs::evaluate"], &["--yes"]] {
            let mut arguments = vec!["ask", "--safe", "hi"];
            arguments.extend(flags);
            let done = home.omega(&arguments).expect(0);
            assert_eq!(done.stdout, "As you wish.");
            assert!(done.stderr.contains("approved by the command line"), "{}", done.stderr);
        }
        assert_eq!(home.omega(&["approvals", "list"]).expect(0).stdout, "", "nothing of it lasts");
    })
    .await;
    with(searches_the_web(), |home| {
        home.omega(&["ask", "--on-missing", "fail", "hi"]).expect(4);
        assert_eq!(home.omega(&["show", "--json"]).expect(0).json()["runs"][0]["status"], "cancelled");
        home.omega(&["ask", "--on-missing", "wait", "hi"]).expect(4);
        let shown = home.omega(&["show"]).expect(0);
        assert!(shown.stderr.contains("EXA_API_KEY") && shown.stderr.contains("omega provide"), "{}", shown.stderr);
        let done = home.omega(&["wait", "--on-missing", "alternatives"]);
        assert!(!done.stdout.is_empty(), "{}", done.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_left_is_waited_for_days_later() {
    with(evaluates(), |home| {
        home.omega(&["wait"]).expect(2);
        home.omega(&["ask", "--safe", "hi"]).expect(5);
        home.omega(&["wait"]).expect(5);
        let done = home.omega(&["approve", "--for", "once", "--detach"]).expect(0);
        assert_eq!(done.stdout, "");
        for _ in 0..2 {
            assert_eq!(home.omega(&["wait"]).expect(0).stdout, "As you wish.");
        }
        let document = home.omega(&["wait", "--json"]).expect(0).json();
        assert_eq!(
            (&document["status"], &document["toolRuns"][0]["status"]),
            (&json!("completed"), &json!("succeeded"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_chooses_among_proposed_plans() {
    with(plans(), |home| {
        let done = home.omega(&["ask", "--plan", "what is 1+1?"]).expect(5);
        assert!(done.stderr.contains("omega plan select 1 --conversation "), "{}", done.stderr);
        assert!(
            done.stderr.contains("mathjs::evaluate: count") && done.stderr.contains("→ a number"),
            "{}",
            done.stderr
        );
        let wrong = home.omega(&["plan", "select", "7"]).expect(2);
        assert!(wrong.stderr.contains("mathjs::evaluate: count"), "{}", wrong.stderr);
        assert_eq!(home.omega(&["plan", "select", "1"]).expect(0).stdout, "Two.");
        assert_eq!(home.omega(&["ask", "--plan=1", "what is 1+1?"]).expect(0).stdout, "Two.");
        assert!(home.omega(&["ask", "--plan=7", "what is 1+1?"]).expect(2).stderr.contains("there is no plan 7"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_for_a_hidden_value_and_may_go_on_without() {
    with(searches_the_web(), |home| {
        let keys: [(&str, &[u8]); 2] = [("EXA_API_KEY (hidden", b"\r"), ("Which tool instead?", b"n\r")];
        let (screen, code) = talk(&home, &["ask", "hi"], &keys);
        assert!(screen.contains("@exalabs/ai-sdk::webSearch needs:"), "{screen}");
        assert!(screen.contains("Without it, then."), "{screen}");
        assert_ne!(code, 0, "a call that lacked its variable is no success");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_call_says_no_with_a_reason_and_the_run_goes_on() {
    with(evaluates(), |home| {
        let keys: [(&str, &[u8]); 2] = [("[n]o: ", b"n\r"), ("Why not?", b"not now\r")];
        let (screen, code) = talk(&home, &["ask", "--safe", "hi"], &keys);
        assert_eq!(code, 0, "{screen}");
        for part in ["mathjs::evaluate", "Safe Mode is on", "\"expression\": \"1+1\"", "As you wish."] {
            assert!(screen.contains(part), "{part}: {screen}");
        }
        assert!(settled(&home)["toolRuns"][0]["error"]["message"].as_str().unwrap().contains("not now"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chooses_a_plan_by_its_number() {
    with(plans(), |home| {
        let task = "Find three flights to Oslo, compare them with the train, then count what is left over.";
        let (screen, code) = talk(&home, &["ask", "--plan", task], &[("Which plan?", b"1\r")]);
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Plan 2 · confidence 40 %") && screen.contains("Two."), "{screen}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_a_question_cancels_the_run_and_leaving_it_keeps_it() {
    with(searches_the_web(), |home| {
        let (screen, code) = talk(&home, &["ask", "hi"], &[("EXA_API_KEY (hidden", b"\x03")]);
        assert_eq!(code, 130, "{screen}");
        assert_eq!(settled(&home)["runs"][0]["status"], "cancelled");
    })
    .await;
    with(evaluates(), |home| {
        let (screen, code) = talk(&home, &["ask", "--safe", "hi"], &[("[n]o: ", b"\x04")]);
        assert_eq!(code, 5, "{screen}");
        assert!(screen.contains("--for once"), "{screen}");
        assert_eq!(home.omega(&["show", "--json"]).expect(0).json()["runs"][0]["status"], "paused");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_lasts_is_listed_and_revoked() {
    let script = evaluates();
    with(script, |home| {
        home.omega(&["ask", "--safe", "hi"]).expect(5);
        home.omega(&["approve", "--for", "always"]).expect(0);
        settled(&home);
        let rules = home.omega(&["approvals", "list", "--json"]).expect(0).json();
        assert_eq!((&rules[0]["toolId"], &rules[0]["reason"]), (&json!("mathjs::evaluate"), &json!("safe_mode")));
        let listed = home.omega(&["approvals", "list"]).expect(0).stdout;
        assert!(listed.contains("mathjs::evaluate up to version 15  everywhere  (Safe Mode is on)"), "{listed}");
        home.omega(&["approvals", "revoke", "nonsense"]).expect(2);
        home.omega(&["approvals", "revoke", rules[0]["id"].as_str().unwrap()]).expect(0);
        assert_eq!(home.omega(&["approvals", "list"]).expect(0).stdout, "");
        home.omega(&["approvals", "revoke", rules[0]["id"].as_str().unwrap()]).expect(2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_runs_with_the_input_that_a_person_set() {
    with(evaluates(), |home| {
        home.omega(&["ask", "--safe", "hi"]).expect(5);
        home.omega(&["approve", "--input", "[1]"]).expect(2);
        home.omega(&["approve", "--input", "{"]).expect(2);
        home.omega(&["approve", "--input", r#"{"expression": "2+3"}"#]).expect(0);
        let detail = settled(&home);
        assert_eq!(detail["toolRuns"][0]["input"]["expression"], "2+3");
        assert_eq!(detail["toolRuns"][0]["output"], 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_before_the_question_and_a_sentence_are_no_answer() {
    with(evaluates(), |home| {
        let keys: [(&str, &[u8]); 5] = [
            // Behind the question and before its prompt.
            ("Safe Mode is on", b"a\ry\ryes\ralw"),
            ("Allow it?", b"also do it\ryes please\ra\r"),
            ("Never ask about this tool again in all your conversations?", b"n\r"),
            ("Allow it?", b"n\r"),
            ("Why not?", b"\r"),
        ];
        let (screen, code) = talk(&home, &["ask", "--safe", "hi"], &keys);
        assert_eq!(code, 0, "{screen}");
        assert_eq!(settled(&home)["toolRuns"][0]["status"], "denied", "{screen}");
        assert_eq!(home.omega(&["approvals", "list"]).expect(0).stdout, "", "{screen}");
    })
    .await;
}
