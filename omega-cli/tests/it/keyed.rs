//! A real package of npm that needs a key, by the command: `--env` hands it over, and `omega provide` gives what was missing.

use crate::home::{Done, Home};
use omega_core::testing::{Reply, SERVICE_KEY, Script, Service, StandIn};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Child,
};

const TOOL: &str = "firecrawl-aisdk::scrape";

/// A server of its own whose tools reach the stand-in's service; it ends with the value.
struct Served {
    child: Child,
    url: String,
    key: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(home: &Home, host: &str, known: Option<&str>) -> Self {
        // Deno and packages stay for the next run of the tests.
        let _ = std::os::unix::fs::symlink(env!("CARGO_TARGET_TMPDIR"), home.path().join("cache"));
        let mut child = home.command(&["serve", "--port", "0", "--json", "--allow-private-net", host]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let key = ready["apiKey"].as_str().or(known).unwrap().to_owned();
        Self { child, url: ready["url"].as_str().unwrap().to_owned(), key }
    }

    fn omega(&self, home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> Done {
        let mut command = home.command(arguments);
        command.env("OMEGA_SERVER", &self.url).env("OMEGA_API_KEY", &self.key).envs(variables.iter().copied());
        command.output().unwrap().into()
    }
}

fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {why}");
    #[allow(clippy::print_stderr, reason = "it says on the terminal what it skipped")]
    {
        eprintln!("skipped: {why}");
    }
}

/// Fetches Deno and the package by a call that asks nobody's service; false where they can't be had.
fn fetched(served: &Served, home: &Home) -> bool {
    let nobody = [("FIRECRAWL_API_KEY", "of-nobody"), ("FIRECRAWL_API_URL", "http://127.0.0.1:1")];
    let input = json!({ "url": "https://example.com" }).to_string();
    let tried = served.omega(
        home,
        &nobody,
        &[
            "tools",
            "run",
            TOOL,
            "--input",
            &input,
            "--json",
            "--env",
            "FIRECRAWL_API_KEY",
            "--env",
            "FIRECRAWL_API_URL",
        ],
    );
    assert_ne!(tried.code, 0, "there is nobody at that address: {}", tried.stdout);
    let unavailable = ["RUNTIME_UNAVAILABLE", "INSTALL_FAILED", "PACKAGE_NOT_FOUND"];
    let said = format!("{}{}", tried.stdout, tried.stderr);
    let there = !unavailable.iter().any(|code| said.contains(code));
    if !there {
        skip(&said);
    }
    there
}

async fn world() -> (StandIn, Service, Home) {
    let call = json!({ "toolId": TOOL, "params": { "url": "https://example.com" } });
    let script = Script::new().turn(Reply::call("registryExecuteTool", call)).turn(Reply::text("There it is."));
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    (provider, Service::start().await, home)
}

/// The one call and its outcome; no key anywhere in what the command printed.
fn went_well(document: &Value, done: &Done) {
    assert_eq!((&document["status"], &document["answer"]), (&json!("completed"), &json!("There it is.")));
    let runs = document["toolRuns"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["status"], &runs[0]["toolId"]), (1, &json!("succeeded"), &json!(TOOL)));
    assert!(runs[0]["output"].to_string().contains("markdown"), "{}", runs[0]);
    assert!(!done.stdout.contains(SERVICE_KEY) && !done.stderr.contains(SERVICE_KEY));
}

/// Model calls of the run; the one for a title comes without tools.
fn asked_of_the_model(provider: &StandIn) -> usize {
    let requests = provider.requests();
    for request in &requests {
        assert!(!request.body.to_string().contains(SERVICE_KEY), "a key reached the model");
    }
    requests.iter().filter(|request| !request.tools.is_empty()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_package_gets_its_key_by_the_flag() {
    let (provider, service, home) = world().await;
    let (host, url) = (service.host().to_owned(), service.url());
    let there = tokio::task::spawn_blocking(move || {
        let served = Served::start(&home, &host, None);
        if !fetched(&served, &home) {
            return false;
        }
        let given = [("FIRECRAWL_API_KEY", SERVICE_KEY), ("FIRECRAWL_API_URL", &*url)];
        let flags = ["ask", "--json", "--env", "FIRECRAWL_API_KEY", "--env", "FIRECRAWL_API_URL", "read it"];
        let done = served.omega(&home, &given, &flags).expect(0);
        went_well(&done.json(), &done);
        true
    })
    .await
    .unwrap();
    if there {
        assert_eq!((asked_of_the_model(&provider), service.count(200), service.asked().len()), (2, 1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_package_waits_for_its_key_over_a_kill_and_gets_it_by_a_command() {
    let (provider, service, home) = world().await;
    let (host, url) = (service.host().to_owned(), service.url());
    let there = tokio::task::spawn_blocking(move || {
        let served = Served::start(&home, &host, None);
        if !fetched(&served, &home) {
            return false;
        }
        let given = [("FIRECRAWL_API_KEY", SERVICE_KEY), ("FIRECRAWL_API_URL", &*url)];
        // The address alone comes with the request; the key is missing, and waited for.
        let flags = ["ask", "--json", "--env", "FIRECRAWL_API_URL", "read it"];
        let paused = served.omega(&home, &given, &flags).expect(4);
        let document = paused.json();
        assert_eq!(document["requiresAction"]["missingVars"][0]["name"], "FIRECRAWL_API_KEY");
        let conversation = document["conversationId"].as_str().unwrap().to_owned();

        let key = served.key.clone();
        drop(served);
        let served = Served::start(&home, &host, Some(&key));
        served.omega(&home, &given, &["provide", &conversation, "--env", "FIRECRAWL_API_KEY"]).expect(0);
        for _ in 0..600 {
            let shown = served.omega(&home, &[], &["show", &conversation, "--json"]).expect(0);
            let document = shown.json();
            if document["runs"][0]["status"] == "completed" {
                let run = json!({ "status": "completed", "toolRuns": document["toolRuns"],
                    "answer": document["messages"].as_array().unwrap().last().unwrap()["content"] });
                went_well(&run, &shown);
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the run did not end");
    })
    .await
    .unwrap();
    if there {
        assert_eq!((asked_of_the_model(&provider), service.count(200), service.asked().len()), (2, 1, 1));
    }
}
