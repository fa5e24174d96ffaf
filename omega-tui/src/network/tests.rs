//! The task against a server that answers what each test scripts, over real HTTP.

use super::{Connecting, FindAgain, Keeping, Machine, Notebook, RememberIn, serve};
use crate::messages::{self, Command, Link, Saving, ScreenEnd, Shown, Topic, Update, UsedBefore};
use omega_core::{
    api::{CreateConversation, Timestamp},
    client::Client,
    event::{Envelope, Event, VERSION},
    id::{ConversationId, MessageId, RunId},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What was asked: method and path, the idempotency key, the body.
#[derive(Clone)]
struct SeenRequest {
    line: String,
    key: String,
    body: String,
}

type Script = Arc<dyn Fn(&SeenRequest) -> (u16, String) + Send + Sync>;

/// Answers requests by a script and keeps them; an event stream stays open after what the script gave.
struct Server {
    client: Client,
    asked: Arc<Mutex<Vec<SeenRequest>>>,
}

impl Server {
    async fn start(script: impl Fn(&SeenRequest) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, kept): (Script, _) = (Arc::new(script), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&script), Arc::clone(&kept)));
            }
        });
        Self { client, asked }
    }

    fn posts(&self, path: &str) -> Vec<SeenRequest> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|a| a.line.starts_with("POST ") && a.line.contains(path)).cloned().collect()
    }
}

async fn talk(stream: TcpStream, script: Script, kept: Arc<Mutex<Vec<SeenRequest>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut asked = SeenRequest { line: String::new(), key: String::new(), body: String::new() };
        if stream.read_line(&mut asked.line).await.unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            if stream.read_line(&mut header).await.unwrap_or(0) == 0 || header.trim().is_empty() {
                break;
            }
            match header.trim().split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())) {
                Some((name, value)) if name == "content-length" => length = value.parse().unwrap(),
                Some((name, value)) if name == "idempotency-key" => asked.key = value,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        asked.body = String::from_utf8(body).unwrap();
        let (status, answer) = script(&asked);
        let streams = asked.line.contains("/events") && status == 200;
        kept.lock().unwrap().push(asked);
        let head = if streams {
            String::from("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        } else {
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len())
        };
        if stream.write_all(format!("{head}{answer}").as_bytes()).await.is_err() {
            return;
        }
        if streams {
            // Open until the client leaves.
            let _ = stream.read_u8().await;
            return;
        }
    }
}

fn answer(data: Value) -> (u16, String) {
    let meta = json!({"version": "1", "timestamp": "2026-01-01T00:00:00Z", "requestId": "r"});
    (200, json!({"success": true, "data": data, "meta": meta}).to_string())
}

fn refused(status: u16, code: &str, error: &str) -> (u16, String) {
    (status, json!({"success": false, "error": error, "details": {"code": code}}).to_string())
}

fn conversation(id: ConversationId) -> Value {
    json!({
        "id": id, "title": null, "model": "offline/planner", "executionState": "idle", "url": "",
        "createdAt": Timestamp(0), "updatedAt": Timestamp(0),
    })
}

fn accepted() -> Value {
    json!({"runId": RunId::new(), "messageId": MessageId::new(), "seq": 1})
}

fn frame(id: ConversationId, event: Event) -> String {
    let envelope = Envelope { v: VERSION, seq: None, conversation_id: id, run_id: None, at: Timestamp(0), event };
    format!("event: x\ndata: {}\n\n", serde_json::to_string(&envelope).unwrap())
}

fn open(server: &Server, conversation: Option<ConversationId>) -> ScreenEnd {
    let (screen, network) = messages::pair();
    tokio::spawn(serve(server.client.clone().into(), Machine::default(), conversation, network));
    screen
}

/// The next update that the test wants to know about.
async fn next(screen: &mut ScreenEnd, wanted: impl Fn(&Update) -> bool) -> Update {
    loop {
        let update = screen.updates.recv().await.expect("the task is alive");
        if wanted(&update) {
            return update;
        }
    }
}

fn say(draft: u64, text: &str) -> Command {
    Command::Send { draft, text: text.into(), model: Some("groq/x".into()), pins: Vec::new(), safe_mode: None }
}

#[tokio::test]
async fn the_first_message_makes_the_conversation_and_follows_it() {
    let id = ConversationId::new();
    let server = Server::start(move |asked| match asked.line.split(' ').nth(1).unwrap() {
        path if path.ends_with("/messages") => answer(accepted()),
        path if path.contains("/events") => (
            200,
            frame(id, Event::Status { phase: "searching".into(), message: "Finding tools".into(), again_at: None }),
        ),
        _ => answer(conversation(id)),
    })
    .await;
    let mut screen = open(&server, None);
    screen.commands.send(say(1, "one")).unwrap();
    screen.commands.send(say(2, "two")).unwrap();
    assert_eq!(next(&mut screen, |u| matches!(u, Update::Opened(_))).await, Update::Opened(id));
    next(&mut screen, |u| matches!(u, Update::Accepted(2, _))).await;
    next(&mut screen, |u| matches!(u, Update::Event(e) if matches!(e.event, Event::Status { .. }))).await;
    let made: CreateConversation = serde_json::from_str(&server.posts("/conversations ")[0].body).unwrap();
    assert_eq!(made.model.as_deref(), Some("groq/x"));
    let texts: Vec<String> = server.posts("/messages").iter().map(|a| a.body.clone()).collect();
    assert!(texts.len() == 2 && texts[0].contains("\"one\"") && texts[1].contains("\"two\""), "{texts:?}");
}

#[tokio::test]
async fn a_message_is_tried_again_under_the_same_key() {
    let id = ConversationId::new();
    let tries = Mutex::new(0);
    let server = Server::start(move |asked| {
        if !asked.line.contains("/messages") {
            return answer(conversation(id));
        }
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries < 3 { refused(503, "OVERLOADED", "busy") } else { answer(accepted()) }
    })
    .await;
    let mut screen = open(&server, None);
    screen.commands.send(say(7, "hello")).unwrap();
    next(&mut screen, |u| matches!(u, Update::Accepted(7, _))).await;
    let sent = server.posts("/messages");
    assert_eq!(sent.len(), 3);
    assert!(!sent[0].key.is_empty() && sent.iter().all(|a| a.key == sent[0].key && a.body == sent[0].body));
}

#[tokio::test]
async fn a_refused_message_comes_back_with_the_servers_words() {
    let server = Server::start(|_| refused(422, "INVALID_INPUT", "there is no model groq/x; try groq/y")).await;
    let mut screen = open(&server, Some(ConversationId::new()));
    screen.commands.send(say(3, "hello")).unwrap();
    let update = next(&mut screen, |u| matches!(u, Update::SendFailed { .. })).await;
    assert_eq!(update, Update::SendFailed { draft: 3, error: "there is no model groq/x; try groq/y".into() });
}

#[tokio::test]
async fn a_conversation_that_is_not_there_is_refused_with_the_reason() {
    let server = Server::start(|_| refused(404, "NOT_FOUND", "there is no such conversation")).await;
    let mut screen = open(&server, Some(ConversationId::new()));
    let update = next(&mut screen, |u| matches!(u, Update::Link(Link::Refused { .. }))).await;
    assert_eq!(update, Update::Link(Link::Refused { cause: "there is no such conversation".into() }));
}

#[tokio::test]
async fn after_new_the_next_message_starts_another_conversation() {
    let made = Mutex::new(Vec::new());
    let server = Server::start(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap();
        if path.contains("/events") {
            return (200, String::new());
        }
        if path.ends_with("/messages") {
            return answer(accepted());
        }
        let id = ConversationId::new();
        made.lock().unwrap().push(id);
        answer(conversation(id))
    })
    .await;
    let mut screen = open(&server, None);
    for command in [say(1, "one"), Command::NewConversation, say(2, "two")] {
        screen.commands.send(command).unwrap();
    }
    let first = next(&mut screen, |u| matches!(u, Update::Opened(_))).await;
    let second = next(&mut screen, |u| matches!(u, Update::Opened(_))).await;
    assert_ne!(first, second);
    assert_eq!(server.posts("/conversations ").len(), 2);
}

#[tokio::test]
async fn a_conversation_is_written_down_before_its_first_message_goes_out() {
    let id = ConversationId::new();
    let server = Server::start(move |asked| match asked.line.split(' ').nth(1).unwrap() {
        path if path.ends_with("/messages") => answer(accepted()),
        path if path.contains("/events") => (200, frame(id, Event::Draining {})),
        _ => answer(conversation(id)),
    })
    .await;
    let written: Arc<Mutex<Vec<(ConversationId, String, bool)>>> = Arc::default();
    let (kept, asked) = (Arc::clone(&written), Arc::clone(&server.asked));
    let remember = RememberIn::new(move |id, title| {
        let was_sent = asked.lock().unwrap().iter().any(|asked| asked.line.contains("/messages"));
        kept.lock().unwrap().push((id, title.to_owned(), was_sent));
        Err(std::io::Error::other("the disk is full"))
    });
    let (mut screen, network) = messages::pair();
    let machine = Machine { remember: Some(remember), ..Machine::default() };
    tokio::spawn(serve(server.client.clone().into(), machine, None, network));
    screen.commands.send(say(1, "hello")).unwrap();
    // That it can't be written is said, and stops nothing.
    let words = next(&mut screen, |update| matches!(update, Update::Failed(_))).await;
    assert!(format!("{words:?}").contains("the disk is full"));
    next(&mut screen, |update| matches!(update, Update::Accepted(1, _))).await;
    assert_eq!(*written.lock().unwrap(), [(id, String::from("hello"), false)]);
    screen.commands.send(Command::Remember(id, "A title".into())).unwrap();
    screen.commands.send(Command::Remember(id, "Another".into())).unwrap();
    screen.commands.send(say(2, "again")).unwrap();
    next(&mut screen, |update| matches!(update, Update::Accepted(2, _))).await;
    within_a_while(|| written.lock().unwrap().len() == 3).await;
    let titles: Vec<String> = written.lock().unwrap().iter().map(|(_, title, _)| title.clone()).collect();
    assert_eq!(titles, ["hello", "A title", "Another"]);
}

async fn within_a_while(is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it did not happen");
}

#[tokio::test]
async fn a_server_that_comes_back_elsewhere_is_found() {
    let id = ConversationId::new();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lost = Client::new(&format!("http://{}", gone.local_addr().unwrap()), None).unwrap();
    drop(gone);
    let server = Server::start(move |asked| {
        if asked.line.contains("/events") {
            return (200, frame(id, Event::Draining {}));
        }
        answer(accepted())
    })
    .await;
    let found = server.client.clone();
    let find = FindAgain::new(move || {
        let found = found.clone();
        Box::pin(async move { Some(found) })
    });
    let (mut screen, network) = messages::pair();
    let machine = Machine { find_again: Some(find), ..Machine::default() };
    tokio::spawn(serve(lost.into(), machine, Some(id), network));
    screen.commands.send(say(1, "hello")).unwrap();
    let (mut live, mut sent) = (false, false);
    while !(live && sent) {
        match screen.updates.recv().await.expect("the task is alive") {
            Update::Link(Link::Live) => live = true,
            Update::Accepted(1, _) => sent = true,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_large_output_is_saved_whole_from_its_pages() {
    let id = omega_core::id::ToolRunId::new();
    let server = Server::start(move |asked| {
        let first = asked.line.contains("offset=0");
        answer(json!({
            "toolRunId": id, "offset": if first { 0 } else { 3 }, "content": if first { "[1," } else { "2]" },
            "totalBytes": 5, "nextOffset": if first { Some(3) } else { None },
        }))
    })
    .await;
    let mut screen = open(&server, None);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("output.json").display().to_string();
    screen.commands.send(Command::Save(Saving::Output(id), file.clone())).unwrap();
    assert_eq!(told(&mut screen).await, Update::Told(format!("written to {file} (12 bytes)")));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[\n  1,\n  2\n]");
    // What is there already is not written over.
    screen.commands.send(Command::Save(Saving::Text("other".into()), file.clone())).unwrap();
    assert!(matches!(told(&mut screen).await, Update::Failed(error) if error.contains("is there already")));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[\n  1,\n  2\n]");
}

/// The next news about a file.
async fn told(screen: &mut ScreenEnd) -> Update {
    loop {
        let update = screen.updates.recv().await.expect("the task is alive");
        if matches!(update, Update::Told(_) | Update::Failed(_)) {
            return update;
        }
    }
}

/// A notebook in memory.
#[derive(Default)]
struct InMemory {
    drafts: Mutex<HashMap<Option<ConversationId>, String>>,
    messages: Mutex<Vec<String>>,
    listed: Mutex<Vec<ConversationId>>,
}

impl Keeping for Arc<InMemory> {
    fn take_up_draft(&self, of: Option<ConversationId>) -> std::io::Result<String> {
        Ok(self.drafts.lock().unwrap().get(&of).cloned().unwrap_or_default())
    }

    fn keep_draft(&self, of: Option<ConversationId>, text: &str) -> std::io::Result<()> {
        self.drafts.lock().unwrap().insert(of, text.to_owned());
        Ok(())
    }

    fn past(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }

    fn keep_message(&self, text: &str) -> std::io::Result<()> {
        self.messages.lock().unwrap().push(text.to_owned());
        Ok(())
    }

    fn recent(&self) -> Vec<(ConversationId, String, Timestamp)> {
        self.listed.lock().unwrap().iter().map(|id| (*id, String::new(), Timestamp(0))).collect()
    }

    fn forget(&self, id: ConversationId) -> std::io::Result<()> {
        self.listed.lock().unwrap().retain(|listed| *listed != id);
        Ok(())
    }
}

#[tokio::test]
async fn what_is_written_is_kept_and_comes_back_with_its_conversation() {
    let server = Server::start(|_| refused(404, "NOT_FOUND", "nothing here")).await;
    let kept = Arc::new(InMemory::default());
    let id = ConversationId::new();
    kept.keep_draft(Some(id), "of another time").unwrap();
    kept.keep_message("sent before").unwrap();
    let (mut screen, network) = messages::pair();
    let machine = Machine { notebook: Some(Notebook::new(Arc::clone(&kept))), ..Machine::default() };
    tokio::spawn(serve(server.client.clone().into(), machine, Some(id), network));
    let mut news = Vec::new();
    while news.len() < 2 {
        let update = screen.updates.recv().await.expect("the task is alive");
        if matches!(update, Update::Draft(..) | Update::Past(_)) {
            news.push(update);
        }
    }
    assert_eq!(news, [Update::Draft(Some(id), "of another time".into()), Update::Past(vec!["sent before".into()])]);
    // Of many that follow one another the last is kept, and the one that is asked for is the newest.
    for n in 0..50 {
        screen.commands.send(Command::KeepDraft(None, format!("draft {n}"))).unwrap();
    }
    screen.commands.send(Command::NewConversation).unwrap();
    loop {
        if let Update::Draft(of, draft) = screen.updates.recv().await.expect("the task is alive") {
            assert_eq!((of, draft.as_str()), (None, "draft 49"));
            break;
        }
    }
    while kept.take_up_draft(None).unwrap() != "draft 49" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_conversation_that_is_forgotten_is_not_brought_back_by_what_was_still_to_be_written_down() {
    let server = Server::start(|_| refused(404, "NOT_FOUND", "nothing here")).await;
    let kept = Arc::new(InMemory::default());
    let listed = Arc::clone(&kept);
    let remember = RememberIn::new(move |id, _| {
        std::thread::sleep(Duration::from_millis(20));
        listed.listed.lock().unwrap().push(id);
        Ok(())
    });
    let (mut screen, network) = messages::pair();
    let notebook = Some(Notebook::new(Arc::clone(&kept)));
    let machine = Machine { notebook, remember: Some(remember), ..Machine::default() };
    tokio::spawn(serve(server.client.clone().into(), machine, None, network));
    let (gone, stays) = (ConversationId::new(), ConversationId::new());
    for id in [stays, gone] {
        screen.commands.send(Command::Remember(id, String::new())).unwrap();
    }
    screen.commands.send(Command::Forget(gone)).unwrap();
    let list = next(&mut screen, |it| matches!(it, Update::Recent(_))).await;
    assert_eq!(list, Update::Recent(vec![UsedBefore { id: stays, title: String::new(), updated_at: Timestamp(0) }]));
    assert_eq!(*kept.listed.lock().unwrap(), [stays]);
}

#[tokio::test]
async fn what_is_set_elsewhere_is_seen_once_it_is_looked_at_again() {
    let pins = Arc::new(Mutex::new(json!([])));
    let set = Arc::clone(&pins);
    let server = Server::start(move |asked| match asked.line.split(' ').nth(1).unwrap() {
        "/api/omega/settings" => answer(json!({ "safeMode": false, "pins": *set.lock().unwrap() })),
        path if path.ends_with("/approvals") => answer(json!([])),
        _ => refused(404, "NOT_FOUND", "nothing here"),
    })
    .await;
    let mut screen = open(&server, None);
    let pins_of = |update: &Update| match update {
        Update::Seen(Topic::Settings, Shown::Settings(settings, _)) => Some(settings.pins.len()),
        _ => None,
    };
    assert_eq!(pins_of(&next(&mut screen, |it| pins_of(it).is_some()).await), Some(0));
    *pins.lock().unwrap() = json!(["mathjs::evaluate"]);
    screen.commands.send(Command::LookAgain(None)).unwrap();
    assert_eq!(pins_of(&next(&mut screen, |it| pins_of(it).is_some()).await), Some(1));
    // As long as it is on the screen, by itself.
    screen.commands.send(Command::LookAgain(Some(Topic::Pins))).unwrap();
    next(&mut screen, |it| matches!(it, Update::Seen(Topic::Pins, Shown::Pins(pins)) if pins.len() == 1)).await;
    *pins.lock().unwrap() = json!([]);
    next(&mut screen, |it| matches!(it, Update::Seen(Topic::Pins, Shown::Pins(pins)) if pins.is_empty())).await;
}

#[tokio::test]
async fn what_needs_no_server_is_done_before_it_is_there_and_the_rest_waits_for_it() {
    let id = ConversationId::new();
    let server = Server::start(move |asked| match asked.line.split(' ').nth(1).unwrap() {
        path if path.ends_with("/messages") => answer(accepted()),
        path if path.contains("/events") => (200, String::new()),
        _ => answer(conversation(id)),
    })
    .await;
    let (opens, opened) = tokio::sync::oneshot::channel::<Client>();
    let kept = Arc::new(InMemory::default());
    kept.keep_draft(None, "of another time").unwrap();
    let (mut screen, network) = messages::pair();
    let machine = Machine { notebook: Some(Notebook::new(Arc::clone(&kept))), ..Machine::default() };
    let connecting = Connecting::new(async { Ok(opened.await?) });
    tokio::spawn(serve(connecting, machine, None, network));
    screen.commands.send(say(1, "hello")).unwrap();
    screen.commands.send(Command::Health).unwrap();
    let draft = next(&mut screen, |it| matches!(it, Update::Draft(..))).await;
    assert_eq!(draft, Update::Draft(None, "of another time".into()));
    screen.commands.send(Command::KeepDraft(None, "written meanwhile".into())).unwrap();
    within_a_while(|| kept.take_up_draft(None).unwrap() == "written meanwhile").await;
    assert!(server.asked.lock().unwrap().is_empty());
    opens.send(server.client.clone()).unwrap();
    let (mut url, mut is_sent) = (None, false);
    while url.is_none() || !is_sent {
        match screen.updates.recv().await.expect("the task is alive") {
            Update::Server(at) => url = Some(at),
            Update::Accepted(1, _) => is_sent = true,
            _ => {}
        }
    }
    assert_eq!(url.as_deref(), Some(server.client.base_url()));
}

#[tokio::test]
async fn that_there_is_no_server_ends_it_with_the_reason() {
    let (screen, network) = messages::pair();
    let connecting = Connecting::new(async { Err("the disk is full".into()) });
    let ended = serve(connecting, Machine::default(), None, network).await;
    assert_eq!(ended.unwrap_err().to_string(), "the disk is full");
    drop(screen);
    let (screen, network) = messages::pair();
    drop(screen);
    let never = Connecting::new(std::future::pending());
    assert!(serve(never, Machine::default(), None, network).await.is_ok(), "without a screen nobody waits");
}
