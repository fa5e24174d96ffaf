//! Conversations are found again: the server lists none, so what is not on the list of recent ones is lost.

use crate::{
    home::{Home, signal},
    terminal::talk_as,
};
use omega_core::testing::{Fault, Reply, Script, StandIn};
use serde_json::{Value, json};
use std::{process::Child, sync::mpsc, thread, time::Duration};

const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

async fn with(script: Script, test: impl FnOnce(Home) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(home)).await.unwrap();
}

fn recent(home: &Home) -> Vec<Value> {
    home.omega(&["recent", "--json"]).expect(0).json().as_array().unwrap().clone()
}

/// How the conversations on the list begin, which says which ones they are; their titles change.
fn openings(home: &Home) -> Vec<String> {
    let opening = |entry: &Value| {
        let shown = home.omega(&["show", entry["id"].as_str().unwrap(), "--json"]).expect(0).json();
        shown["messages"][0]["content"].as_str().unwrap().to_owned()
    };
    recent(home).iter().map(opening).collect()
}

fn titles(home: &Home) -> Vec<String> {
    recent(home).iter().map(|entry| entry["title"].as_str().unwrap().to_owned()).collect()
}

/// Waits until so many are on the list.
fn listed(home: &Home, count: usize) {
    for _ in 0..1200 {
        if recent(home).len() == count {
            return;
        }
        thread::sleep(Duration::from_millis(25));
    }
    panic!("they are not listed: {:?}", recent(home));
}

/// Puts an entry on top of the list, as a version did that believed any id.
fn poison(home: &Home, server: &str) {
    let mut list = recent(home);
    let entry = json!({ "id": NOWHERE, "title": "poison", "server": server, "updatedAt": "2026-11-28T18:00:00Z" });
    list.insert(0, entry);
    home.file("data/recent.json", &Value::from(list).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_terminal_has_lost_no_conversation() {
    with(Script::new().turn(Reply::text("One.")).turn(Reply::text("Two.")), |home| {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let keys: [(&str, &[u8]); 3] =
                [("ask for something", b"the first\r"), ("One.", b"/new\r"), ("try one", b"the second\r")];
            let home = &home;
            scope.spawn(move || talk_as(home, &[], &keys, |pid| tell.send(pid).unwrap()));
            let pid = told.recv().unwrap();
            // While it is open, and not only when it ends.
            listed(home, 2);
            signal("KILL", pid.into());
        });
        assert_eq!(openings(&home), ["the second", "the first"]);
        home.omega(&["ask", "-q", "-c", "go on"]).expect(0);
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"][0]["content"], "the second");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_killed_is_on_the_list() {
    with(Script::new().turn(Reply::text("one two three four").fault(Fault::Hold { after: 3 }, 9)), |home| {
        let mut killed = home.command(&["ask", "will be killed"]).spawn().unwrap();
        // It is there before its message is.
        listed(&home, 1);
        while home.omega(&["show", "--json"]).expect(0).json()["messages"] == json!([]) {
            thread::sleep(Duration::from_millis(25));
        }
        signal("KILL", killed.id().into());
        killed.wait().unwrap();
        assert_eq!(openings(&home), ["will be killed"]);
        let cancelled = home.omega(&["cancel"]).expect(0);
        assert!(cancelled.stderr.starts_with("Cancelled what conversation "), "{}", cancelled.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_each_is_on_the_list() {
    with(Script::new().turn(Reply::text("Yes.")), |home| {
        let texts: Vec<String> = (0..6).map(|at| format!("number {at}")).collect();
        let children: Vec<Child> =
            texts.iter().map(|text| home.command(&["ask", "-q", text]).spawn().unwrap()).collect();
        children.into_iter().for_each(|child| drop(child.wait_with_output().unwrap()));
        let mut openings = openings(&home);
        openings.sort();
        assert_eq!(openings, texts);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_leads_nowhere_is_not_taken_up_and_is_passed_over() {
    with(Script::new().turn(Reply::text("One.")).turn(Reply::text("Two.")), |home| {
        home.omega(&["ask", "--conversation", NOWHERE, "hi"]).expect(2);
        home.omega(&["plan", "--conversation", NOWHERE, "hi"]).expect(2);
        let (screen, code) =
            talk_as(&home, &["chat", "--conversation", NOWHERE], &[("under this id; check it", b"\x04")], |_| ());
        assert!(code == 0 && !screen.contains("come back with"), "{screen}");
        assert_eq!(recent(&home), Vec::<Value>::new());

        // Where nothing is there it may be another server: the list is kept.
        poison(&home, "local");
        let done = home.omega(&["ask", "-c", "hi"]).expect(2);
        assert!(done.stderr.contains("none of the conversations that were used last"), "{}", done.stderr);
        assert_eq!(titles(&home), ["poison"]);

        home.omega(&["ask", "-q", "the real one"]).expect(0);
        poison(&home, "local");
        let done = home.omega(&["ask", "-c", "go on"]).expect(0);
        assert!(
            done.stderr.contains(&format!("conversation {NOWHERE} (poison) is not on this server")),
            "{}",
            done.stderr
        );
        assert_eq!(openings(&home), ["the real one"]);
        let shown = home.omega(&["show", "--json"]).expect(0).json();
        assert_eq!(shown["messages"].as_array().unwrap().len(), 4, "{shown}");
    })
    .await;
}

#[test]
fn a_server_that_is_away_takes_nothing_off_the_list() {
    let home = Home::new().env("OMEGA_SERVER", "http://127.0.0.1:9").env("OMEGA_API_KEY", "tpmjs_sk_none");
    poison(&home, "http://127.0.0.1:9");
    poison(&home, "local");
    for command in [["ask", "-c", "hi"].as_slice(), &["show"], &["export"]] {
        home.omega(command).expect(6);
        assert_eq!(titles(&home), ["poison", "poison"], "{command:?}");
    }
}
