//! The page in a real Chromium while an answer streams and something breaks: it is loaded again, its connections are cut, its
//! server is killed, another server on the same host signs somebody out.

use crate::{
    browser::{at_browser, in_browser},
    harness::{
        MODELS, Omega,
        executor::{self, Tools},
        folder,
        process::{Process, command, command_at},
        titled, within,
    },
};
use futures_util::StreamExt as _;
use omega_core::{
    api::CreateConversation,
    testing::{Reply, Script, StandIn},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};

/// Words that are all different, so that none is missed or doubled unnoticed.
fn counted(to: u32) -> String {
    (1..=to).fold("We count".to_owned(), |mut text, number| {
        write!(text, " and {number}").unwrap();
        text
    })
}

fn slowly(text: &str, delay: u64) -> Script {
    Script::new().turn(Reply::text(text).delay(Duration::from_millis(delay)))
}

fn assert_whole(shown: &Value, answer: &str, seen: &Value) {
    assert_eq!(shown["wrong"], json!([]), "{seen:#}");
    assert_eq!(shown["text"], answer, "{seen:#}");
    assert_eq!(shown["turns"], 2, "a question and an answer: {seen:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_in_the_middle_of_a_word_and_a_cut_are_not_seen_in_the_answer() {
    let answer = counted(400);
    let omega = Omega::start(slowly(&answer, 20)).await;
    let conversation = omega.conversation(MODELS[0]).await.to_string();
    let variables = [
        ("OMEGA_KEY", omega.key.as_str()),
        ("OMEGA_CONVERSATION", &conversation),
        ("OMEGA_ANSWER", &answer),
        ("OMEGA_WHAT", "cut"),
    ];
    let Some(seen) = in_browser(&omega, "unbroken.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let reloads = seen["reloads"].as_array().unwrap();
    assert_eq!(reloads.len(), 3, "{seen:#}");
    for reload in reloads {
        assert_eq!(reload["wrong"], json!([]), "{seen:#}");
        assert!(reload["first"].as_u64() >= reload["before"].as_u64(), "what was read is there at once: {seen:#}");
    }
    for tab in seen["tabs"].as_array().unwrap() {
        assert_whole(tab, &answer, &seen);
        assert_eq!(tab["taken"], 0, "nothing that was shown is taken back: {seen:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_the_middle_of_an_answer_begins_it_again_and_says_so() {
    let answer = counted(300);
    let (folder, tools) = (folder(), Tools::start().await);
    let provider = StandIn::start(titled(slowly(&answer, 20))).await;
    let process = Process::start(command(folder.path(), &provider, &tools), None).await;
    process.client.import_tools(executor::rows()).await.unwrap();
    let body = CreateConversation { title: Some("a test".into()), model: Some(MODELS[0].into()), ..<_>::default() };
    let conversation = process.client.create_conversation(&body).await.unwrap().id;
    let (url, key, id) = (process.url.clone(), process.key.clone().unwrap(), conversation.to_string());
    let client = process.client.clone();
    let variables =
        [("OMEGA_KEY", key.as_str()), ("OMEGA_CONVERSATION", &id), ("OMEGA_ANSWER", &answer), ("OMEGA_WHAT", "killed")];
    let kill = async {
        let mut deltas = 0;
        let mut frames = Box::pin(client.follow(conversation, Some(0)));
        while deltas < 40 {
            let frame = frames.next().await.unwrap().unwrap();
            deltas += usize::from(frame.event.kind() == "message.delta");
        }
        process.kill().await;
        let at = url.trim_start_matches("http://");
        let database = format!("sqlite:{}", folder.path().join("omega.db").display());
        Process::start(command_at(at, &database, folder.path(), &provider, &tools), Some(key.clone())).await
    };
    tokio::pin!(kill);
    let browser = at_browser(&url, "unbroken.mjs", &variables);
    tokio::pin!(browser);
    // Without a browser nobody sends a message, and nothing is to be killed.
    let (_server, seen) = tokio::select! {
        seen = &mut browser => {
            let Some(seen) = seen else { return };
            panic!("it was over before the server was killed: {seen:#}");
        }
        server = &mut kill => (server, within("the answer", browser).await.unwrap()),
    };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    for shown in ["shown", "later"] {
        assert_whole(&seen[shown], &answer, &seen);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_host_sign_nobody_out_at_each_other() {
    let (one, other) = (Omega::start(Script::new()).await, Omega::start(Script::new()).await);
    let variables = [
        ("OMEGA_KEY", one.key.as_str()),
        ("OMEGA_OTHER", &other.url),
        ("OMEGA_OTHER_KEY", &other.key),
        ("OMEGA_WHAT", "servers"),
    ];
    let Some(seen) = in_browser(&one, "unbroken.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["both"], json!([true, true, true]), "{seen:#}");
    assert_eq!(seen["one"], json!([true, false]), "{seen:#}");
}
