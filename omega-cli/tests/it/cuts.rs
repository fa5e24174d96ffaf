//! What a script can rely on when something breaks: stdout is the stored answer and the exit code is 0, or the code is not 0.
//!
//! `OMEGA_EVERY_BYTE=1` cuts the server's stream at every byte too; without it some are enough.

use crate::home::{Done, Home};
use omega_core::testing::{Raw, RawAnswer, Reply, Script, StandIn};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

const ANSWER: &str = "The \"answer\" is 5.";

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "delta": delta, "finish_reason": finish }] }))
}

/// The answers of a run with two calls.
fn bodies() -> [String; 3] {
    let call = |id: &str, text: &str| {
        let function = json!({ "name": "registrySearchTool", "arguments": "{\"query\":\"sum\"}" });
        let calls = json!({ "content": text, "tool_calls": [{ "index": 0, "id": id, "function": function }] });
        chunk(&calls, Some("tool_calls")) + "data: [DONE]\n\n"
    };
    let (one, two) = ANSWER.split_at(9);
    let answer = [chunk(&json!({ "content": one }), None), chunk(&json!({ "content": two }), Some("stop"))].concat();
    [call("a", "I look."), call("b", ""), answer + "data: [DONE]\n\n"]
}

/// Which of the bodies a cut is in, and where.
fn place(mut at: usize, bodies: &[String]) -> Option<(usize, usize)> {
    for (step, body) in bodies.iter().enumerate() {
        if at < body.len() {
            return Some((step, at));
        }
        at -= body.len();
    }
    None
}

/// Asks in some processes at once, one for each of the numbers. Most of the time they wait: what was cut is asked again after a moment.
fn each(home: &Home, numbers: &[usize], ask: impl Fn(&Home, usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    ask(home, *number);
                }
            });
        }
    });
}

fn stored(home: &Home, document: &Value) -> String {
    let shown = home.omega(&["show", "--json", document["conversationId"].as_str().unwrap()]).expect(0).json();
    let messages = shown["messages"].as_array().unwrap();
    let texts = messages.iter().filter(|it| it["role"] == "assistant" && it["status"] == "complete");
    texts.filter_map(|it| it["content"].as_str()).rfind(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_cut_at_any_byte_never_leads_to_another_answer() {
    let done = Arc::new(Mutex::new(HashSet::new()));
    let provider = Raw::start(move |request| {
        if request.method != "POST" {
            return RawAnswer::json(404, &json!({}));
        }
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let messages = body["messages"].as_array().unwrap();
        let user = messages.iter().rev().find(|it| it["role"] == "user").and_then(|it| it["content"].as_str()).unwrap();
        let Some(at) = user.strip_prefix("cut ").and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok())
        else {
            return RawAnswer::stream([chunk(&json!({ "content": "A title" }), Some("stop"))]);
        };
        let step = messages.iter().filter(|it| it["role"] == "tool").count().min(2);
        let bodies = bodies();
        match place(at, &bodies) {
            Some((cut, byte)) if cut == step && done.lock().unwrap().insert(at) => {
                RawAnswer { breaks: at % 2 == 0, ..RawAnswer::stream([&bodies[step].as_bytes()[..byte]]) }
            }
            _ => RawAnswer::stream([bodies[step].as_bytes()]),
        }
    })
    .await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || {
        let all: Vec<usize> = (0..bodies().concat().len()).collect();
        let wrong = Mutex::new(Vec::new());
        let whole = AtomicUsize::new(0);
        each(&home, &all, |home, at| {
            let answer = home.omega(&["ask", "-q", "--no-stdin", &format!("cut {at}")]);
            match answer.code {
                0 if answer.stdout == ANSWER => drop(whole.fetch_add(1, Ordering::Relaxed)),
                0 => wrong.lock().unwrap().push((at, answer.stdout)),
                _ => {}
            }
        });
        let wrong = wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{wrong:?}");
        let whole = whole.into_inner();
        assert!(whole * 10 > all.len() * 9, "a cut is got over: {whole} of {}", all.len());
    })
    .await
    .unwrap();
}

/// A proxy that cuts the first stream of events that a process reads after so many bytes.
fn proxy(to: String, after: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let cut = Arc::new(Mutex::new(Some(after)));
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(&to)) else { return };
            let cut = Arc::clone(&cut);
            std::thread::spawn(move || pass(client, server, &cut));
        }
    });
    address
}

fn pass(mut client: TcpStream, mut server: TcpStream, cut: &Mutex<Option<usize>>) {
    let mut head = vec![0; 16 * 1024];
    let Ok(count) = client.read(&mut head) else { return };
    let is_stream = String::from_utf8_lossy(&head[..count]).contains("/events");
    let limit = if is_stream { cut.lock().unwrap().take() } else { None };
    drop(server.write_all(&head[..count]));
    let (mut client_in, mut server_out) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        drop(std::io::copy(&mut client_in, &mut server_out));
        drop(server_out.shutdown(Shutdown::Both));
    });
    match limit {
        Some(limit) => drop(std::io::copy(&mut (&mut server).take(limit as u64), &mut client)),
        None => drop(std::io::copy(&mut server, &mut client)),
    }
    drop((client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_stream_is_cut_at_any_byte_never_leads_to_another_answer() {
    let script = Script::new()
        .turn(Reply::call("registrySearchTool", json!({ "query": "sum" })).and_text("I look."))
        .turn(Reply::call("registrySearchTool", json!({ "query": "more" })))
        .turn(Reply::text(ANSWER));
    let provider = StandIn::start(script).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || {
        let mut server = home.command(&["serve", "--port", "0", "--json"]).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let ask = |after: usize| {
            let url = format!("http://{}", proxy(address.clone(), after));
            let mut command = home.command(&["ask", "-q", "--no-stdin", "--json", "--server", &url, "hi"]);
            command.env("OMEGA_API_KEY", line["apiKey"].as_str().unwrap()).env("OMEGA_TIMEOUT", "60s");
            Done::from(command.output().unwrap())
        };
        let step = if std::env::var_os("OMEGA_EVERY_BYTE").is_some() { 1 } else { 61 };
        let cuts: Vec<usize> = (0..6_000).step_by(step).collect();
        let whole = AtomicUsize::new(0);
        each(&home, &cuts, |_, after| {
            let done = ask(after);
            if done.code == 0 {
                assert_eq!(done.json()["answer"], ANSWER, "{after}");
                whole.fetch_add(1, Ordering::Relaxed);
            }
        });
        drop(server.kill());
        drop(server.wait());
        assert!(whole.into_inner() * 10 > cuts.len() * 9, "a cut is got over");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_gets_is_what_is_stored() {
    let provider = StandIn::start(Script::new().turn(Reply::text(ANSWER))).await;
    let home = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || {
        let document = home.omega(&["ask", "--json", "hi"]).expect(0).json();
        assert_eq!((document["answer"].as_str().unwrap(), stored(&home, &document).as_str()), (ANSWER, ANSWER));
    })
    .await
    .unwrap();
}
