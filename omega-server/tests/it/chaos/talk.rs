//! People who talk to a server that keeps dying: they repeat what was not acknowledged, follow the stream, and write down
//! every event and every acknowledgement that they get.

use super::{reader::Reader, world::World};
use crate::harness::{execute, executor::id, message};
use omega_core::{
    api::{Accepted, CreateConversation, ProvideCredentials},
    client::{Client, ClientError},
    event::{Envelope, Event},
    id::{ConversationId, RunId},
    registry::meta::{EXECUTE, SEARCH},
    testing::{Fault, Reply, Script, Seen},
};
use secrecy::SecretString;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const ANSWER: &str = "One two three four five six seven eight nine ten eleven twelve, all wörds of a slow answer.";

/// What is asked for. The text of the message chooses the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A search, two calls, an answer.
    Work,
    /// The same twice, the second message sent at once after the first.
    Twice,
    /// The same, with a model call that breaks off and is repeated, and a conversation that gets its title.
    Flaky,
    /// A call that never ends, which somebody cancels.
    Hang,
    /// A call that lacks a key, which somebody gives.
    Ask,
    /// A call that outlasts a heartbeat.
    Long,
}

impl Kind {
    /// What a test of short times wants.
    pub const ALL: [Self; 5] = [Self::Work, Self::Twice, Self::Flaky, Self::Hang, Self::Ask];
}

/// The texts of the model's messages to a user's message, in order.
pub fn texts(user: &str) -> &'static [&'static str] {
    match user {
        "hang" | "long" | "ask" => &["I wait.", ANSWER],
        _ => &["I look.", "", ANSWER],
    }
}

/// The script of all kinds.
pub fn script() -> Script {
    let slow = Duration::from_millis(3);
    let search = || Reply::call(SEARCH, json!({ "query": "acme weather" })).and_text(texts("work")[0]).delay(slow);
    let calls = Reply::call(EXECUTE, execute(&id("acmeSlow"), json!({ "n": 1, "ms": 60 })))
        .and_call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let hang = Reply::call(EXECUTE, execute(&id("acmeHang"), json!({}))).and_text(texts("hang")[0]);
    let ask = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({}))).and_text(texts("ask")[0]);
    let long =
        Reply::call(EXECUTE, execute(&id("acmeSlow"), json!({ "n": 1, "ms": 6_000 }))).and_text(texts("long")[0]);
    let answer = Reply::text(ANSWER).delay(slow);
    let said = |text: &'static str| {
        move |seen: &Seen| !seen.tools.is_empty() && seen.users.last().is_some_and(|user| user == text)
    };
    // Every second beginning of a flaky answer breaks off, counted for each conversation: a run never meets as many in a
    // row as end it.
    let tries = Mutex::new(HashMap::<String, u32>::new());
    let is_odd = move |user: &String| {
        let mut tries = tries.lock().unwrap();
        let tries = tries.entry(user.clone()).or_default();
        *tries += 1;
        *tries % 2 == 1
    };
    let breaks = search().fault(Fault::Cut { after: 4 }, u32::MAX);
    Script::new()
        .when(said("hang"), [hang, answer.clone()])
        .when(said("long"), [long, answer.clone()])
        .when(said("ask"), [ask, answer.clone()])
        .when(
            move |seen| {
                seen.turns_since_user == 0
                    && !seen.tools.is_empty()
                    && seen.users.last().is_some_and(|user| user.starts_with("flaky") && is_odd(user))
            },
            [breaks],
        )
        .when(|seen| !seen.tools.is_empty(), [search(), calls, answer])
}

/// What somebody saw and was told.
#[derive(Debug, Default)]
pub struct Witness {
    pub conversation: Option<ConversationId>,
    /// Every frame, in the order of its coming.
    pub frames: Vec<Envelope>,
    /// Every message that was acknowledged.
    pub acks: Vec<(String, Accepted)>,
    /// Everything was sent.
    pub sent: bool,
    /// Runs whose cancellation was acknowledged.
    pub cancelled: Vec<RunId>,
}

impl Witness {
    /// Numbers of committed events, as they came.
    pub fn seqs(&self) -> Vec<u64> {
        self.frames.iter().filter_map(|envelope| envelope.seq).collect()
    }

    /// Everything was sent, and the end of each run was seen.
    fn is_done(&self) -> bool {
        let ended = |run| self.frames.iter().any(|e| e.run_id == Some(run) && e.event.is_terminal());
        self.sent && self.acks.iter().all(|(_, accepted)| ended(accepted.run_id))
    }
}

/// Somebody who talks, until dropped.
pub struct Talk {
    pub kind: Kind,
    /// How often the server was killed while this went on.
    pub kills: u32,
    witness: Arc<Mutex<Witness>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Talk {
    pub fn begin(world: &World, kind: Kind) -> Self {
        Self::begin_at(&world.client, world.key(), kind)
    }

    /// The same at one of several servers.
    pub fn begin_at(client: &Client, key: SecretString, kind: Kind) -> Self {
        let witness = Arc::<Mutex<Witness>>::default();
        let (client, known) = (client.clone(), Arc::clone(&witness));
        let mut reader = Reader::new(client.base_url(), key);
        let task = tokio::spawn(async move {
            // Conversations get a title beside their runs when they have none.
            let title = (kind != Kind::Flaky).then(|| String::from("a test"));
            let body = CreateConversation { title, model: Some("openai/test".into()), ..CreateConversation::default() };
            let conversation = insist(|| client.create_conversation(&body)).await.id;
            known.lock().unwrap().conversation = Some(conversation);
            tokio::join!(follow(&mut reader, conversation, &known), speak(&client, conversation, kind, &known));
        });
        Self { kind, kills: 0, witness, task }
    }

    /// Everything was sent and answered.
    pub fn is_done(&self) -> bool {
        let witness = self.witness.lock().unwrap();
        witness.is_done()
    }

    /// Waits for it.
    pub async fn done(&self) {
        while !self.is_done() {
            assert!(!self.task.is_finished(), "a talk ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What was seen so far.
    pub fn witness(&self) -> std::sync::MutexGuard<'_, Witness> {
        self.witness.lock().unwrap()
    }

    /// Whether a frame has come that fulfils a condition.
    pub fn has_seen(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.witness().frames.iter().any(|envelope| what(&envelope.event))
    }
}

/// Repeats a request for as long as the server is away.
pub async fn insist<T, F: Future<Output = Result<T, ClientError>>>(request: impl Fn() -> F) -> T {
    loop {
        match request().await {
            Ok(answer) => return answer,
            Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_millis(30)).await,
            // A connection that breaks inside an answer leaves half a document.
            Err(ClientError::Protocol { .. }) => tokio::time::sleep(Duration::from_millis(30)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn follow(reader: &mut Reader, conversation: ConversationId, witness: &Mutex<Witness>) {
    loop {
        let envelope = reader.next(conversation).await;
        witness.lock().unwrap().frames.push(envelope);
    }
}

async fn speak(client: &Client, conversation: ConversationId, kind: Kind, witness: &Mutex<Witness>) {
    let flaky = format!("flaky {conversation}");
    let messages: &[&str] = match kind {
        Kind::Work => &["work"],
        Kind::Twice => &["work", "work again"],
        Kind::Flaky => &[&flaky],
        Kind::Hang => &["hang"],
        Kind::Ask => &["ask"],
        Kind::Long => &["long"],
    };
    for text in messages {
        let key = uuid::Uuid::new_v4().to_string();
        let body = message(text);
        let accepted = insist(|| client.send_message(conversation, &body, &key)).await;
        witness.lock().unwrap().acks.push(((*text).to_owned(), accepted));
    }
    if kind == Kind::Hang {
        let run = witness.lock().unwrap().acks[0].1.run_id;
        let started = |envelope: &Envelope| matches!(envelope.event, Event::ToolStarted { .. });
        let ready = || {
            let witness = witness.lock().unwrap();
            witness.frames.iter().any(|envelope| started(envelope) || envelope.event.is_terminal())
        };
        while !ready() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        insist(|| client.cancel_run(run)).await;
        witness.lock().unwrap().cancelled.push(run);
    }
    if kind == Kind::Ask {
        let asked = |envelope: &Envelope| matches!(envelope.event, Event::RunRequiresAction { .. });
        while !witness.lock().unwrap().frames.iter().any(asked) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        give(client, conversation).await;
    }
    witness.lock().unwrap().sent = true;
}

/// Gives the key, until it is there. An answer that was lost on its way back is told by the next one: nobody waits any more.
async fn give(client: &Client, conversation: ConversationId) {
    let env = [("ACME_API_KEY".to_owned(), "key-of-a-test".to_owned())].into();
    let body = ProvideCredentials { env, ..ProvideCredentials::default() };
    loop {
        match client.provide_credentials(conversation, &body).await {
            Ok(_) => return,
            Err(error) if error.is_temporary() => {}
            Err(ClientError::Protocol { .. }) => {}
            Err(error) if error.to_string().contains("no run of this conversation waits") => return,
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
