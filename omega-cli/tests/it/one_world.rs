//! A home has one database and one server, whoever starts it.

use crate::home::{Home, signal};
use omega_core::testing::{Fault, Reply, Script, StandIn};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    sync::Arc,
};

/// `omega serve` in a home, and the line that it says.
struct Served {
    child: Child,
    line: Value,
}

impl Served {
    fn start(home: &Home, more: &[&str]) -> Self {
        let arguments = [&["serve", "--port", "0", "--json"], more].concat();
        let mut child = home.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { line: serde_json::from_str(&line).unwrap(), child }
    }

    fn end(mut self) {
        signal("TERM", self.child.id().into());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(home: &Home) -> u64 {
    home.server().unwrap()["pid"].as_u64().unwrap()
}

#[test]
fn serve_takes_the_place_of_the_server_in_the_background_and_the_other_commands_find_it() {
    let home = Home::new();
    let before = home.omega(&["whoami", "--json"]).expect(0).json();
    assert_eq!(home.omega(&["ask", "-q", "2+2"]).expect(0).stdout, "4");
    let background = pid(&home);
    let served = Served::start(&home, &[]);
    assert_ne!(pid(&home), background);
    assert_eq!(pid(&home), u64::from(served.child.id()));
    assert_eq!((home.omega(&["whoami", "--json"]).expect(0).json(), served.line.get("apiKey")), (before, None));
    assert!(home.omega(&["show"]).expect(0).stdout.contains("2+2"), "the conversation is there");
    assert_eq!(home.omega(&["ask", "-q", "--continue", "3+3"]).expect(0).stdout, "6");

    let second = home.omega(&["serve", "--port", "0"]).expect(2);
    let url = served.line["url"].as_str().unwrap();
    assert!(second.stderr.contains(url) && second.stderr.contains("--database"), "{}", second.stderr);
    let elsewhere = format!("sqlite:{}", home.path().join("other.db").display());
    let other = Served::start(&home, &["--database", &elsewhere]);
    assert!(other.line["apiKey"].is_string(), "another database is another world");
    assert_eq!(pid(&home), u64::from(served.child.id()));

    served.end();
    assert!(home.server().is_none());
    assert!(home.omega(&["show"]).expect(0).stdout.contains("3+3"), "the next command starts one in the background");
}

#[test]
fn one_in_the_foreground_is_used_with_other_keys_too_and_is_never_ended() {
    let home = Home::new();
    let served = Served::start(&home, &[]);
    let home = home.env("OPENAI_API_KEY", "sk-new");
    let done = home.omega(&["whoami"]).expect(0);
    assert!(done.stderr.contains("restart it"), "{}", done.stderr);
    assert_eq!(pid(&home), u64::from(served.child.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_in_the_server_that_takes_over_and_its_follower_sees_no_seam() {
    let call = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "1+1" } });
    let looks = Reply::call("registryExecuteTool", call).and_text("I look it up.").fault(Fault::Hold { after: 2 }, 1);
    let provider = StandIn::start(Script::new().turn(looks).turn(Reply::text("Two."))).await;
    let home = Arc::new(Home::new().provider(provider.url()));
    let mut asked = home.command(&["ask", "-q", "what is 1+1?"]).spawn().unwrap();
    provider.wait_for_requests(1).await;
    let background = pid(&home);
    let serving = Arc::clone(&home);
    let served = tokio::task::spawn_blocking(move || Served::start(&serving, &[]));
    provider.release();
    let served = served.await.unwrap();
    let mut answer = String::new();
    asked.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(asked.wait().unwrap().success());
    assert_eq!(answer, "Two.");
    assert_ne!(pid(&home), background);
    served.end();
}

#[test]
fn a_lost_key_is_replaced_on_the_machine_itself() {
    let home = Home::new();
    let before = home.omega(&["whoami", "--json"]).expect(0).json();
    let keys = home.path().join("config/credentials.json");
    std::fs::remove_file(&keys).unwrap();
    let done = home.omega(&["whoami", "--json"]).expect(0);
    assert!(done.stderr.contains("is kept in"), "{}", done.stderr);
    assert_eq!(done.json(), before, "the same person with another key");

    let served = Served::start(&home, &["--new-key"]);
    let key = served.line["apiKey"].as_str().unwrap();
    let elsewhere = Home::new().env("OMEGA_SERVER", served.line["url"].as_str().unwrap()).env("OMEGA_API_KEY", key);
    assert_eq!(elsewhere.omega(&["whoami", "--json"]).expect(0).json()["displayName"], before["displayName"]);
    std::fs::remove_file(&keys).unwrap();
    let done = home.omega(&["whoami"]).expect(6);
    assert!(done.stderr.contains("start it again"), "{}", done.stderr);
    served.end();
    home.omega(&["whoami"]).expect(0);
}

#[test]
fn every_start_prints_a_link_that_signs_in_once() {
    let home = Home::new();
    for _ in 0..2 {
        let served = Served::start(&home, &[]);
        let link = served.line["signInUrl"].as_str().unwrap().to_owned();
        let (page, code) = link.split_once("#sign-in=").unwrap();
        assert_eq!(page, format!("{}/omega", served.line["url"].as_str().unwrap()));
        assert!(code.len() > 40);
        served.end();
    }
    let log = std::fs::read_to_string(home.path().join("data/server.log")).unwrap_or_default();
    assert!(!log.contains("sign-in="));
}
