//! The follower against a server of scripted connections that speaks real HTTP over a real socket.

use super::{Client, ClientError, FollowPolicy, Follower, Update};
use crate::{
    api::Timestamp,
    event::{Envelope, Event, VERSION},
    id::{ConversationId, MessageId, RunId},
    view::View,
};
use futures_util::StreamExt;
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Mutex,
};

const FAST: FollowPolicy = FollowPolicy {
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(5),
    give_up_after: Duration::from_millis(200),
    deltas: true,
};

/// Answers connection after connection with the next text and hangs up; later connections are refused.
struct Scripted {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn new(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.unwrap());
                }
                seen.lock().await.push(String::from_utf8(head).unwrap());
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, requests }
    }

    fn client(&self) -> Client {
        Client::new(&self.url, SecretString::from("tpmjs_sk_test")).unwrap()
    }

    async fn request_lines(&self) -> Vec<String> {
        self.requests.lock().await.iter().map(|r| r.lines().next().unwrap().to_owned()).collect()
    }
}

fn stream(frames: &[Envelope]) -> String {
    let mut body =
        String::from("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 2000\n\n: heartbeat\n\n");
    for frame in frames {
        if let Some(seq) = frame.seq {
            body += &format!("id: {seq}\n");
        }
        body += &format!("event: {}\ndata: {}\n\n", frame.event.kind(), serde_json::to_string(frame).unwrap());
    }
    body
}

fn refusal(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn frame(conversation: ConversationId, seq: Option<u64>, event: Event) -> Envelope {
    Envelope { v: VERSION, seq, conversation_id: conversation, run_id: None, at: Timestamp(0), event }
}

fn notice(conversation: ConversationId, seq: u64) -> Envelope {
    frame(conversation, Some(seq), Event::Notice { code: "x".into(), message: format!("notice {seq}") })
}

async fn numbers(follower: &mut Follower, until: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while follower.view().last_seq < until {
        if let Update::Event(envelope) = follower.next().await.unwrap() {
            seen.extend(envelope.seq);
        }
    }
    seen
}

#[tokio::test]
async fn a_cut_stream_is_taken_up_at_its_cursor_and_nothing_comes_twice() {
    let id = ConversationId::new();
    let server = Scripted::new(vec![
        stream(&[notice(id, 1), notice(id, 2)]),
        refusal("503 Service Unavailable", "overloaded"),
        stream(&[notice(id, 2), notice(id, 3)]),
    ])
    .await;
    let mut follower = Follower::resume(server.client(), id, View::default(), FAST);
    assert_eq!(numbers(&mut follower, 3).await, [1, 2, 3]);
    let path = format!("GET /api/omega/conversations/{id}/events");
    let expected = ["after=0", "after=2", "after=2"].map(|cursor| format!("{path}?{cursor} HTTP/1.1"));
    assert_eq!(server.request_lines().await, expected);
}

#[tokio::test]
async fn a_draining_server_is_left_before_it_hangs_up() {
    let id = ConversationId::new();
    let server = Scripted::new(vec![
        stream(&[notice(id, 1), frame(id, None, Event::Draining {}), notice(id, 2)]),
        stream(&[notice(id, 2)]),
    ])
    .await;
    let mut follower = Follower::resume(server.client(), id, View::default(), FAST);
    numbers(&mut follower, 2).await;
    assert_eq!(server.request_lines().await.len(), 2);
    assert!(server.request_lines().await.iter().all(|line| line.starts_with("GET ")));
}

#[tokio::test]
async fn a_missing_event_is_asked_for_again() {
    let id = ConversationId::new();
    let server =
        Scripted::new(vec![stream(&[notice(id, 1), notice(id, 3)]), stream(&[notice(id, 2), notice(id, 3)])]).await;
    let mut follower = Follower::resume(server.client(), id, View::default(), FAST);
    assert_eq!(numbers(&mut follower, 3).await, [1, 2, 3]);
    assert!(server.request_lines().await[1].contains("after=1"));
}

#[tokio::test]
async fn a_lost_delta_is_sent_again_and_the_text_is_whole() {
    let (id, run, message_id) = (ConversationId::new(), RunId::new(), MessageId::new());
    let delta = |offset, content: &str| {
        let event = Event::MessageDelta { message_id, part: 0, offset, content: content.into() };
        Envelope { run_id: Some(run), ..frame(id, None, event) }
    };
    let step = Envelope { run_id: Some(run), ..frame(id, Some(1), Event::StepStarted { step_index: 1, message_id }) };
    let server = Scripted::new(vec![
        stream(&[step, delta(0, "one "), delta(8, "three")]),
        stream(&[delta(0, "one two "), delta(8, "three")]),
    ])
    .await;
    let mut follower = Follower::resume(server.client(), id, View::default(), FAST);
    while follower.view().answer(run) != "one two three" {
        follower.next().await.unwrap();
    }
    assert_eq!(server.request_lines().await.len(), 2);
}

#[tokio::test]
async fn a_refusal_ends_the_stream_at_once() {
    let body = r#"{"success":false,"error":"No such conversation","details":{"code":"NOT_FOUND"}}"#;
    let server = Scripted::new(vec![refusal("404 Not Found", body)]).await;
    let mut frames = std::pin::pin!(server.client().follow(ConversationId::new(), None));
    let error = frames.next().await.unwrap().unwrap_err();
    assert_eq!(error, ClientError::NotFound("No such conversation".into()));
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn a_server_that_stays_away_is_an_error_and_not_silence() {
    let server = Scripted::new(vec![]).await;
    let mut follower = Follower::new(server.client(), ConversationId::new(), FAST);
    let error = loop {
        match follower.next().await {
            Ok(Update::Reconnecting { cause, .. }) => assert!(matches!(cause, ClientError::Unreachable { .. })),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ClientError::StreamLost { .. }), "{error}");
}

#[test]
fn waits_double_up_to_the_longest_and_the_server_may_ask_for_one() {
    let policy = FollowPolicy::default();
    let waits: Vec<u128> = [1, 2, 3, 5, 6, 40, u32::MAX].map(|n| policy.wait(n, None).as_millis()).to_vec();
    assert_eq!(waits, [200, 400, 800, 3200, 5000, 5000, 5000]);
    assert_eq!(policy.wait(1, Some(Duration::from_secs(3))), Duration::from_secs(3));
    assert_eq!(policy.wait(1, Some(Duration::from_secs(3600))), Duration::from_secs(5));
}

#[test]
fn an_address_that_is_no_url_is_refused_before_anything_is_sent() {
    for bad in ["", "localhost:3000", "ftp://x", "http://"] {
        assert!(Client::new(bad, None).is_err(), "{bad}");
    }
    assert_eq!(Client::new("http://127.0.0.1:1/", None).unwrap().base_url(), "http://127.0.0.1:1");
}

#[test]
fn a_key_never_shows_in_debug_output() {
    let client = Client::new("http://127.0.0.1:1", SecretString::from("tpmjs_sk_secret")).unwrap();
    assert!(!format!("{client:?}").contains("tpmjs_sk_secret"));
}
