//! `omega ask` against the real server, with a stand-in for the model provider.

use crate::home::{Done, Home, signal};
use omega_core::{
    api::FinishReason,
    testing::{Fault, Reply, Script, StandIn},
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

/// Commands are other processes: they run on threads of their own, so that the stand-in goes on answering.
async fn with<T: Send + 'static>(script: Script, test: impl FnOnce(Home) -> T + Send + 'static) -> (T, StandIn) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    let result = tokio::task::spawn_blocking(move || test(home)).await.unwrap();
    (result, provider)
}

fn search_then(text: &str) -> Script {
    Script::new()
        .turn(Reply::call("registrySearchTool", json!({ "query": "evaluate math" })).and_text("Let me look."))
        .turn(Reply::text(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn stdout_is_the_stored_answer_byte_for_byte() {
    with(search_then("The answer is **4**.\n\nFour.\n"), |home| {
        let done = home.omega(&["ask", "what is 2+2?"]).expect(0);
        assert_eq!(done.stdout, "The answer is **4**.\n\nFour.\n");
        let (said, searched) = (done.stderr.find("Let me look."), done.stderr.find("✓ search \"evaluate math\""));
        assert!(said.is_some() && said < searched, "what comes before calls is progress: {}", done.stderr);
        assert!(done.stderr.contains("is kept in"), "it says once where the key is: {}", done.stderr);
        let stored = home.omega(&["ask", "--json", "again"]).expect(0).json();
        assert_eq!(stored["answer"].as_str().unwrap(), done.stdout);
        assert!(!home.omega(&["ask", "-q", "again"]).expect(0).stderr.contains("is kept in"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_what_scripts_need() {
    with(search_then("Done."), |home| {
        let done = home.omega_with(&["ask", "--json", "sum this"], "1\n2\n").expect(0);
        let document = done.json();
        assert_eq!(document["status"], "completed");
        assert_eq!(document["model"], "openai/stand-in");
        assert_eq!(document["toolRuns"][0]["toolId"], "registrySearchTool");
        assert_eq!(document["toolRuns"][0]["input"]["query"], "evaluate math");
        assert!(document["toolRuns"][0]["output"]["tools"].is_array());
        assert!(document["toolRuns"][0]["durationMs"].is_u64());
        assert_eq!(document["usage"]["inputTokens"], 20);
        let id = document["conversationId"].as_str().unwrap();
        let shown = home.omega(&["show", id, "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "sum this\n\n<stdin>\n1\n2\n</stdin>");
        assert!(home.omega(&["recent"]).expect(0).stdout.starts_with(id));
        assert!(home.omega(&["export"]).expect(0).stdout.contains("Done."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_of_the_stream_is_terminal() {
    let lines =
        |done: &Done| -> Vec<Value> { done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    with(search_then("Done."), move |home| {
        let events = lines(&home.omega(&["ask", "--stream-json", "hi"]).expect(0));
        assert_eq!(events[0]["type"], "message.created");
        assert_eq!(events.last().unwrap()["type"], "run.completed");
        assert_eq!(events.last().unwrap()["answer"], "Done.");
        let numbers: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    })
    .await;
    let refused = Script::new().require_key("another");
    with(refused, move |home| {
        let events = lines(&home.omega(&["ask", "--stream-json", "hi"]).expect(1));
        assert_eq!(events.last().unwrap()["type"], "run.failed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sum_that_show_tells_has_what_the_title_took() {
    let script = Script::new().when(|seen| seen.tools.is_empty(), [Reply::text("A title")]);
    with(script.turn(Reply::text("Yes.").usage(1_000, 100)), |home| {
        let asked = home.omega(&["ask", "--json", "one"]).expect(0).json();
        assert_eq!((&asked["usage"]["inputTokens"], &asked["usage"]["outputTokens"]), (&1_000.into(), &100.into()));
        let detail = loop {
            let detail = home.omega(&["show", "--json"]).expect(0).json();
            if detail["title"].is_string() {
                break detail;
            }
        };
        assert_eq!((&detail["usage"]["inputTokens"], &detail["usage"]["outputTokens"]), (&1_010.into(), &105.into()));
        for shown in [home.omega(&["show"]), home.omega(&["export"])] {
            assert!(shown.stdout.contains("1010 input and 105 output tokens"), "{}", shown.stdout);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_on_in_the_same_conversation() {
    with(Script::new().turn(Reply::text("Yes.")), |home| {
        let first = home.omega(&["ask", "--json", "one"]).expect(0).json();
        let second = home.omega(&["ask", "--json", "-c", "two"]).expect(0).json();
        assert_eq!(first["conversationId"], second["conversationId"]);
        let address = format!("http://127.0.0.1:1/omega/c/{}", first["conversationId"].as_str().unwrap());
        let third = home.omega(&["ask", "--json", "--conversation", &address, "three"]).expect(0).json();
        assert_eq!(first["conversationId"], third["conversationId"]);
        let detail = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(detail["messageCount"], 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_match_the_schema_has_its_own_exit_code() {
    with(Script::new().turn(Reply::text("{\"sum\": 3}")), |home| {
        let good = home.file("good.json", r#"{"type":"object","required":["sum"]}"#);
        let bad = home.file("bad.json", r#"{"type":"object","required":["total"]}"#);
        let done = home.omega(&["ask", "sum", "--json", "--schema", good.to_str().unwrap()]).expect(0);
        assert_eq!(done.json()["value"]["sum"], 3);
        let done = home.omega(&["ask", "sum", "--schema", bad.to_str().unwrap()]).expect(8);
        assert_eq!(done.stdout, "", "what does not match is no result");
        assert!(done.stderr.contains("\"total\" is a required property"), "{}", done.stderr);
        assert_eq!(home.omega(&["show", "--json"]).expect(0).json()["messageCount"], 4, "it was asked once more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_gives_the_checked_json_alone_after_tools_and_after_one_repair() {
    let schema = r#"{"type":"object","required":["sum"],"properties":{"sum":{"type":"integer"}}}"#;
    let fenced = "Here it is:\n```json\n{\"sum\": 123456789012345678901}\n```";
    let script = search_then("It is three.")
        .when(|seen| seen.users.last().is_some_and(|it| it.contains("can't be used")), [Reply::text(fenced)]);
    let (_, provider) = with(script, move |home| {
        let file = home.file("schema.json", schema);
        let done = home.omega(&["ask", "sum", "--schema", file.to_str().unwrap()]).expect(0);
        assert_eq!(done.stdout, "{\"sum\": 123456789012345678901}");
        assert!(done.stderr.contains("asking once more"), "{}", done.stderr);
    })
    .await;
    assert_eq!(provider.requests().len(), 4, "a search, an answer, its title, and the repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_a_file_whole_or_not_at_all() {
    with(search_then("The answer."), |home| {
        let (answer, document) = (home.path().join("answer.md"), home.path().join("answer.json"));
        let done = home.omega(&["ask", "hi", "-o", answer.to_str().unwrap()]).expect(0);
        assert_eq!((done.stdout.as_str(), std::fs::read_to_string(&answer).unwrap().as_str()), ("", "The answer."));
        home.omega(&["ask", "hi", "--json", "-o", document.to_str().unwrap()]).expect(0);
        let document: Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
        assert_eq!(document["answer"], "The answer.");
        home.omega(&["ask", "hi", "--timeout", "0s", "-o", answer.to_str().unwrap()]).expect(7);
        assert_eq!(std::fs::read_to_string(&answer).unwrap(), "The answer.", "a failure leaves it alone");
        let done = home.omega(&["ask", "hi", "-o", "/nowhere/answer"]).expect(2);
        assert!(done.stderr.contains("is not there"), "{}", done.stderr);
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stdout_does_not_take_is_found_where_the_next_step_says() {
    with(search_then("The answer is 4."), |home| {
        for flags in [&["ask", "what is 2+2?"][..], &["ask", "--json", "what is 2+2?"]] {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let done: Done = home.command(flags).stdout(full).output().unwrap().into();
            let done = done.expect(1);
            assert!(done.stderr.contains("stdout can't be written to: No space left"), "{}", done.stderr);
            let next = done.stderr.split("next: the answer is kept: `omega ").nth(1).unwrap();
            let next: Vec<&str> = next.split('`').next().unwrap().split(' ').collect();
            assert!(home.omega(&next).expect(0).stdout.contains("The answer is 4."), "{next:?}");
        }
    })
    .await;
}

#[test]
fn what_is_not_there_or_can_not_be_opened_has_a_next_step() {
    let home = Home::new();
    let nobody = "5b0f3c1e-0000-4000-8000-000000000001";
    for words in [&["show", nobody][..], &["export", nobody], &["ask", "--conversation", nobody, "hi"]] {
        let done = home.omega(words).expect(2);
        assert!(done.stderr.contains("next: `omega recent` lists"), "{words:?}: {}", done.stderr);
    }
    let closed = Home::new().env("OMEGA_DATABASE_URL", "sqlite:/proc/nowhere/omega.db");
    let done = closed.omega(&["ask", "hi"]).expect(6);
    assert!(done.stderr.contains("/proc/nowhere") && done.stderr.contains("next: `omega doctor`"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_is_waited_for_and_a_dash_takes_the_question_from_it() {
    let (_, provider) = with(Script::new().turn(Reply::text("Yes.")), |home| {
        let omega = env!("CARGO_BIN_EXE_omega");
        let mut script = std::process::Command::new("bash");
        script.args(["-c", &format!("(sleep 1.5; echo 'the page') | {omega} ask 'What is the headline?'")]);
        let plain = home.command(&[]);
        script.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let done = Done::from(script.output().unwrap()).expect(0);
        assert!(done.stderr.contains("Waiting for the end of stdin"), "{}", done.stderr);
        home.omega_with(&["ask", "-"], "what is 2+2?\n").expect(0);
        home.omega_with(&["ask", "-", "--no-stdin"], "x").expect(2);
        home.omega_with(&["ask", "hi", "--no-stdin"], "unread").expect(0);
        let done = home.omega_with(&["ask", "hi"], "a\0b").expect(2);
        assert!(done.stderr.contains("stdin is not text"), "{}", done.stderr);
    })
    .await;
    let asked = |n: usize| provider.requests().iter().filter_map(|seen| seen.users.last().cloned()).nth(n).unwrap();
    let all: Vec<String> = (0..provider.requests().len()).map(asked).collect();
    let has = |text: &str| all.iter().any(|user| user.starts_with(text));
    assert!(has("What is the headline?\n\n<stdin>\nthe page\n</stdin>") && has("what is 2+2?") && has("hi"), "{all:?}");
    assert!(!all.iter().any(|user| user.contains("unread")), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_reaches_neither_terminal_nor_pipe_unless_raw_is_asked_for() {
    with(Script::new().turn(Reply::text("a\u{1b}]52;c;eA==\u{7}b\u{202e}c")), |home| {
        assert_eq!(home.omega(&["ask", "hi"]).expect(0).stdout, "ab\\u{202e}c");
        assert_eq!(home.omega(&["ask", "hi", "--raw"]).expect(0).stdout, "a\u{1b}]52;c;eA==\u{7}b\u{202e}c");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_an_end_is_a_timeout_and_is_cancelled() {
    with(Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 9)), |home| {
        let done = home.omega(&["ask", "hi", "--timeout", "2s"]).expect(7);
        assert!(done.stderr.contains("no answer in time"), "{}", done.stderr);
        let detail = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(detail["runs"][0]["status"], "cancelled");
    })
    .await;
}

/// Comes back when the first text of an answer has come to the server.
fn text_came(home: &Home) {
    loop {
        let shown = home.command(&["show", "--json"]).output().unwrap();
        let detail: Value = serde_json::from_slice(&shown.stdout).unwrap_or_default();
        let newest = detail["messages"].as_array().and_then(|messages| messages.last()).cloned().unwrap_or_default();
        let text = newest["content"].as_str().unwrap_or_default();
        if newest["status"] == "streaming" && text.starts_with("one") {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_on_the_server_and_keeps_what_came() {
    let script = Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 9));
    with(script, |home| {
        for (name, code) in [("INT", 130), ("TERM", 143)] {
            let child = home.command(&["ask", "hi"]).spawn().unwrap();
            text_came(&home);
            signal(name, child.id().into());
            let done = Done::from(child.wait_with_output().unwrap()).expect(code);
            let detail = home.omega(&["show", "--json"]).expect(0).json();
            assert_eq!(detail["runs"][0]["status"], "cancelled");
            assert_eq!(done.stdout, detail["messages"][1]["content"].as_str().unwrap());
            assert!(done.stdout.starts_with("one"), "{}", done.stdout);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_loses_nothing() {
    let script = Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 1));
    with(script, |home| {
        let child = home.command(&["ask", "hi"]).spawn().unwrap();
        text_came(&home);
        signal("KILL", home.server().unwrap()["pid"].as_u64().unwrap());
        let done = Done::from(child.wait_with_output().unwrap()).expect(0);
        assert_eq!(done.stdout, "one two three four", "{}", done.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_an_attempt_that_failed_never_reaches_a_pipe() {
    let text = "The total is 42 after all.";
    let once = || Reply::text(text).fault(Fault::Cut { after: 4 }, 1);
    with(Script::new().turn(once()), move |home| {
        let done = home.omega(&["ask", "hi"]).expect(0);
        assert_eq!(done.stdout, text, "{}", done.stderr);
        assert_eq!(home.omega(&["show", "--json"]).expect(0).json()["messages"][1]["content"], text);
    })
    .await;
    with(Script::new().turn(Reply::text(text).fault(Fault::Cut { after: 4 }, 99)), |home| {
        let done = home.omega(&["ask", "hi"]).expect(1);
        assert_eq!(done.stdout, "", "{}", done.stderr);
        assert!(done.stderr.contains("PROVIDER_STREAM_CUT"), "{}", done.stderr);
    })
    .await;
}

#[test]
fn what_the_offline_planner_did_not_do_is_no_success_for_whoever_asks_or_waits() {
    let home = Home::new();
    let asked = home.omega(&["ask", "write me a poem about the sea"]).expect(9);
    assert!(asked.stderr.contains("Nothing was computed"), "{}", asked.stderr);
    assert!(!asked.stderr.contains("declined"), "it is said once: {}", asked.stderr);
    let waited = home.omega(&["wait"]).expect(9);
    assert_eq!(waited.stdout, asked.stdout);
    assert!(waited.stderr.contains("Nothing was computed"), "{}", waited.stderr);
    assert_eq!(home.omega(&["wait", "--json"]).expect(9).json()["finishReason"], "refusal");
    home.omega(&["ask", "hello"]).expect(0);
    home.omega(&["wait"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_cut_is_printed_and_has_its_own_exit_code() {
    for (reason, word, why) in [
        (FinishReason::ContentFilter, "content_filter", "the provider's content filter cut the answer"),
        (FinishReason::Length, "length", "the answer was cut at a limit of length"),
    ] {
        with(Script::new().turn(Reply::text("The first half of").finish(reason)), move |home| {
            let done = home.omega(&["ask", "hi"]).expect(9);
            assert_eq!(done.stdout, "The first half of");
            assert!(done.stderr.contains(why), "{}", done.stderr);
            let document = home.omega(&["ask", "--json", "hi"]).expect(9).json();
            assert_eq!((&document["finishReason"], &document["status"]), (&json!(word), &json!("completed")));
            let events = home.omega(&["ask", "--stream-json", "hi"]).expect(9).stdout;
            let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
            assert_eq!((&last["type"], &last["finishReason"]), (&json!("run.completed"), &json!(word)));
            for shown in [home.omega(&["show"]), home.omega(&["export"])] {
                assert!(shown.stdout.contains(&format!("> Not whole: {why}.")), "{}", shown.stdout);
            }
            // What was exported comes back with it.
            let exported = home.omega(&["export", "--format", "json"]).expect(0).stdout;
            let file = home.file("talk.json", &exported);
            home.omega(&["import", file.to_str().unwrap()]).expect(0);
            let detail = home.omega(&["show", "--json"]).expect(0).json();
            assert_eq!(detail["messages"][1]["finishReason"], word);
            assert_eq!(detail["runs"][0]["finishReason"], word);
        })
        .await;
    }
    with(Script::new().turn(Reply::text("All of it.")), |home| {
        assert_eq!(home.omega(&["ask", "--json", "hi"]).expect(0).json()["finishReason"], "stop");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_stays_open_holds_nothing_back_when_it_is_not_read() {
    with(Script::new().turn(Reply::text("Yes.")), |home| {
        let mut child = home.command(&["ask", "hi", "--no-stdin"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let _open = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "Yes.");
        Done::from(child.wait_with_output().unwrap()).expect(0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_the_command_and_not_the_run() {
    let many = "line\n".repeat(5000);
    with(Script::new().turn(Reply::text(&many)), |home| {
        let mut child = home.command(&["ask", "hi"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let done = Done::from(child.wait_with_output().unwrap()).expect(0);
        assert!(!done.stderr.contains("panicked") && !done.stderr.contains("error"), "{}", done.stderr);
        let events = home.omega(&["ask", "-c", "--json", "and now?"]).expect(0).json();
        assert_eq!(events["status"], "completed", "the run before it went on and ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_works_is_not_replaced_under_its_runs() {
    with(Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 9)), |home| {
        let mut child = home.command(&["ask", "hi"]).spawn().unwrap();
        text_came(&home);
        let server = home.server().unwrap();
        let mut other = home.command(&["whoami"]);
        let done = Done::from(other.env("OPENAI_API_KEY", "another").output().unwrap()).expect(0);
        assert!(done.stderr.contains("it is replaced when it has nothing to do"), "{}", done.stderr);
        assert_eq!(home.server().unwrap(), server);
        signal("INT", child.id().into());
        assert_eq!(child.wait().unwrap().code(), Some(130));
    })
    .await;
}
