//! A server with everything around it: a database of its own, a scripted provider and a scripted executor, all behind
//! real sockets. Nothing in here decides a test; it starts, asks and collects.

pub mod callers;
pub mod executor;
pub mod frames;
pub mod kernel;
pub mod log;
pub mod people;
pub mod postgres;
pub mod process;
pub mod refusals;
pub mod users;

use executor::Tools;
use frames::Frames;
use log::Log;
use omega_core::{
    api::{Accepted, CreateConversation, SendMessage},
    client::Client,
    event::Envelope,
    id::{ConversationId, RunId},
    model::catalog::ProviderEnv,
    testing::{Reply, Script, StandIn},
};
use omega_engine::engine::node_config::NodeConfig;
use omega_engine::vault::MasterKeySource;
use omega_server::{
    Limits, ServeConfig, Server,
    http::limits::{Class, Policies, Policy},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{future::Future, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

/// The master key of every server of a test: the database stays readable over restarts.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// One model for each wire format.
pub const MODELS: [&str; 4] = ["openai/test", "openai-responses/test", "anthropic/test", "google/test"];

/// Waits for something that must happen; a busy machine gets plenty of time, a hang becomes a failure.
pub async fn within<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), happens).await.unwrap_or_else(|_| panic!("{what}: not within 60 s"))
}

/// A server and its surroundings. Ends with the test's runtime.
pub struct Omega {
    pub url: String,
    pub key: String,
    pub client: Client,
    pub http: reqwest::Client,
    pub provider: StandIn,
    pub tools: Tools,
    pub server: Server,
    pub database: String,
    pub folder: TempDir,
}

/// What came of a message.
pub struct Told {
    pub conversation: ConversationId,
    /// The run's committed events.
    pub log: Log,
}

impl Omega {
    /// A server on an empty SQLite database.
    pub async fn start(script: Script) -> Self {
        let folder = folder();
        let database = format!("sqlite:{}", folder.path().join("omega.db").display());
        Self::start_on(database, folder, script).await
    }

    /// A server on a database.
    pub async fn start_on(database: String, folder: TempDir, script: Script) -> Self {
        Self::start_as(database, folder, script, |config| config).await
    }

    /// A server whose configuration is another one.
    pub async fn start_as(
        database: String,
        folder: TempDir,
        script: Script,
        change: impl FnOnce(ServeConfig) -> ServeConfig,
    ) -> Self {
        let provider = StandIn::start(titled(script)).await;
        let tools = Tools::start().await;
        let config = change(config(&database, folder.path(), &tools, providers(&provider)));
        let server = Server::start(config).await.unwrap();
        let key = server.new_key.clone().expect("an empty database gets a first key");
        let client = Client::new(&server.url, SecretString::from(key.clone())).unwrap();
        client.import_tools(executor::rows()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url: server.url.clone(), key, client, http, provider, tools, server, database, folder }
    }

    /// A new conversation. It has a title, so that none is made beside the runs.
    pub async fn conversation(&self, model: &str) -> ConversationId {
        let body = CreateConversation { title: Some("a test".into()), model: Some(model.into()), ..<_>::default() };
        self.client.create_conversation(&body).await.unwrap().id
    }

    /// Sends a message.
    pub async fn send(&self, conversation: ConversationId, text: &str) -> Accepted {
        let key = uuid::Uuid::new_v4().to_string();
        self.client.send_message(conversation, &message(text), &key).await.unwrap()
    }

    /// Sends a message into a new conversation and waits for the end of its run.
    pub async fn ask(&self, model: &str, text: &str) -> Told {
        let conversation = self.conversation(model).await;
        self.ask_in(conversation, text).await
    }

    /// Sends a message and waits for the end of its run.
    pub async fn ask_in(&self, conversation: ConversationId, text: &str) -> Told {
        let accepted = self.send(conversation, text).await;
        self.told(conversation, accepted.run_id).await
    }

    /// Waits for the end of a run.
    pub async fn told(&self, conversation: ConversationId, run: RunId) -> Told {
        let mut frames = self.events(conversation, "?after=0").await;
        let of_run = |envelope: &Envelope| envelope.run_id == Some(run) && envelope.event.is_terminal();
        let events = within("the end of the run", frames.until(of_run)).await;
        let events = events.into_iter().filter(|e| e.seq.is_some() && e.run_id == Some(run)).collect();
        Told { conversation, log: Log(events) }
    }

    /// A reader of a conversation's events.
    pub async fn events(&self, conversation: ConversationId, query: &str) -> Frames {
        let path = format!("/api/omega/conversations/{conversation}/events{query}");
        Frames::of(self.request(reqwest::Method::GET, &path).send().await.unwrap())
    }

    /// A plain request with the key.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    /// What is committed of a conversation, read from the database itself (SQLite).
    pub async fn committed(&self, conversation: ConversationId) -> Vec<Envelope> {
        log::committed(&self.database, conversation).await
    }
}

/// A folder for one test: in memory where that is possible, because no test here cuts the power.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Says why a test does nothing; in CI that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {why}");
    eprintln!("skipped: {why}");
}

/// The configuration of a server of a test.
pub fn config(database: &str, folder: &Path, tools: &Tools, providers: ProviderEnv) -> ServeConfig {
    ServeConfig {
        database_url: database.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        metrics: None,
        cache_dir: folder.join("cache"),
        cache_limit: 1 << 30,
        deno: None,
        executors: vec![tools.url.clone()],
        executor_key: None,
        allow_private_net: Vec::new(),
        mirror: None,
        providers,
        model: None,
        prices: <_>::default(),
        master_key: MasterKeySource::Given(SecretString::from(MASTER_KEY)),
        owner_name: "owner".into(),
        identity: <_>::default(),
        local: None,
        new_key: false,
        node: NodeConfig::default(),
        limits: unlimited(),
        public_url: None,
        telemetry: None,
        cors_origins: Vec::new(),
        clock: <_>::default(),
        progress: Arc::new(|_| {}),
    }
}

/// No test guesses by accident; those that mean to have limits of their own.
pub fn unlimited() -> Limits {
    let plenty = Policy { quota: 1_000_000, window: Duration::from_secs(60) };
    let policies = Policies::default().with(Class::SignIn, plenty).with(Class::Guesses, plenty);
    Limits { policies, ..Limits::default() }
}

/// All four formats at one stand-in, and a provider at an address where nobody listens (groq).
pub fn variables(provider: &StandIn) -> Vec<(&'static str, String)> {
    let mut variables = vec![("GROQ_API_KEY", "test".into()), ("GROQ_BASE_URL", "http://127.0.0.1:1/v1".into())];
    for (key, url) in [
        ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
        ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        ("GOOGLE_API_KEY", "GOOGLE_BASE_URL"),
    ] {
        variables.extend([(key, String::from("test")), (url, provider.url().to_owned())]);
    }
    variables
}

pub fn providers(provider: &StandIn) -> ProviderEnv {
    variables(provider).into_iter().collect()
}

/// Requests for a title come without tools, beside the conversation.
pub fn titled(script: Script) -> Script {
    script.when(|seen| seen.tools.is_empty(), [Reply::text("A title")])
}

pub fn message(text: &str) -> SendMessage {
    SendMessage { message: text.into(), ..SendMessage::default() }
}

/// A call of a registry tool by its id.
pub fn execute(tool: &str, params: Value) -> Value {
    json!({ "toolId": tool, "params": params })
}
