//! Own keys of model providers beside a keyring, on a user's own server. The keyring is a stand-in that locks and vanishes at
//! will; `omega-cli/tests/it/keyring.rs` has the same with a real one.

use crate::{
    harness::{config, executor::Tools, folder, message, providers, titled, users::another_on, within},
    store::engines,
};
use omega_core::{
    api::{CreateConversation, CredentialScope, KeptIn, PutCredential, RunStatus, StoredCredential},
    client::{Client, ClientError},
    testing::{Fault, Reply, Script, StandIn},
};
use omega_engine::vault::{Keyring, KeyringError, OwnersKeyring};
use omega_server::{Local, ServeConfig, Server};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};
use tempfile::TempDir;

const NAME: &str = "OPENAI_API_KEY";
const MODEL: &str = "openai/gpt-4.1-mini";
const ONE: &str = "sk-own-canary-0000000001";
const TWO: &str = "sk-own-canary-0000000002";

/// A keyring that does what the test wants of it.
#[derive(Clone, Default)]
struct Ring(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    kept: BTreeMap<String, String>,
    ails: Option<KeyringError>,
    /// Nothing is stored until it is over.
    holds: bool,
    asked_to_store: usize,
    asked_to_remove: usize,
}

impl Ring {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        changed
    }

    fn ails(&self, ails: Option<KeyringError>) {
        self.change(|state| state.ails = ails);
    }

    fn values(&self) -> Vec<String> {
        self.change(|state| state.kept.values().cloned().collect())
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut State) -> T) -> Result<T, KeyringError> {
        self.change(|state| state.ails.clone().map_or_else(|| Ok(ask(state)), Err))
    }
}

impl Keyring for Ring {
    fn load(&self, account: &str) -> Result<Option<SecretString>, KeyringError> {
        self.ask(|state| state.kept.get(account).map(|value| SecretString::from(value.as_str())))
    }

    fn store(&self, account: &str, secret: &SecretString) -> Result<(), KeyringError> {
        self.change(|state| state.asked_to_store += 1);
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |state| state.holds).unwrap());
        self.ask(|state| drop(state.kept.insert(account.into(), secret.expose_secret().into())))
    }

    fn remove(&self, account: &str) -> Result<(), KeyringError> {
        self.change(|state| state.asked_to_remove += 1);
        self.ask(|state| drop(state.kept.remove(account)))
    }
}

fn locked() -> Option<KeyringError> {
    Some(KeyringError::Refused("it is locked".into()))
}

fn none() -> Option<KeyringError> {
    Some(KeyringError::Absent("this system has no keyring".into()))
}

/// A user's own server and their keyring.
struct Own {
    ring: Ring,
    provider: StandIn,
    config: ServeConfig,
    server: Server,
    client: Client,
    folder: TempDir,
}

impl Own {
    async fn start(script: Script) -> Self {
        let folder = folder();
        let database = format!("sqlite:{}", folder.path().join("omega.db").display());
        Self::start_on(&database, folder, script, None).await
    }

    async fn start_on(database: &str, folder: TempDir, script: Script, choice: Option<KeptIn>) -> Self {
        let (ring, provider, tools) = (Ring::default(), StandIn::start(titled(script)).await, Tools::start().await);
        let key = SecretString::from(omega_server::http::auth::new_key().unwrap());
        let keyring = OwnersKeyring { keyring: Arc::new(ring.clone()), choice };
        let local = Local { key: Some(key.clone()), keyring: Some(keyring), idle: None };
        let config =
            ServeConfig { local: Some(local), ..config(database, folder.path(), &tools, providers(&provider)) };
        let server = Server::start(config.clone()).await.unwrap();
        let client = Client::new(&server.url, key).unwrap();
        Self { ring, provider, config, server, client, folder }
    }

    /// What another process finds, that remembers nothing.
    async fn again(self) -> Self {
        let Self { ring, provider, config, server, folder, .. } = self;
        server.stop().await;
        let server = Server::start(config.clone()).await.unwrap();
        let key = config.local.as_ref().unwrap().key.clone().unwrap();
        let client = Client::new(&server.url, key).unwrap();
        Self { ring, provider, config, server, client, folder }
    }

    async fn put(&self, value: &str, kept_in: Option<KeptIn>) -> Result<StoredCredential, ClientError> {
        let body = PutCredential { value: value.into(), tool_id: None, scope: None, kept_in };
        self.client.put_credential(NAME, &body).await
    }

    async fn listed(&self) -> Vec<(Option<String>, KeptIn)> {
        let listed = self.client.credentials().await.unwrap();
        listed.into_iter().map(|stored| (stored.last4, stored.kept_in)).collect()
    }

    /// How a run ends, or why it is not begun.
    async fn ask(&self) -> Result<String, String> {
        let new = CreateConversation { model: Some(MODEL.into()), title: Some("t".into()), ..<_>::default() };
        let conversation = self.client.create_conversation(&new).await.map_err(|error| error.to_string())?.id;
        let sent = self.client.send_message(conversation, &message("hello"), "k").await;
        let run = sent.map_err(|error| error.to_string())?.run_id;
        within("the end of the run", async {
            loop {
                let run = self.client.run(run).await.unwrap();
                match run.status {
                    RunStatus::Completed => return Ok(String::from("completed")),
                    RunStatus::Failed => return Err(run.error.unwrap().error),
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        })
        .await
    }

    fn paid_with(&self) -> Vec<String> {
        self.provider.requests().iter().map(|seen| seen.key.clone()).collect()
    }

    /// Whether any file of the server has a text.
    fn has(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files
            .filter(|path| path.is_file())
            .any(|path| std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()))
    }
}

#[track_caller]
fn says(answer: Result<impl Sized, ClientError>, words: &[&str]) {
    let said = answer.map(drop).unwrap_err().to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
}

#[tokio::test]
async fn the_keyring_has_an_own_key_the_database_has_not_and_it_pays_after_a_restart_too() {
    let own = Own::start(Script::new().turn(Reply::text("Hi.")).turn(Reply::text("Hi."))).await;
    let stored = own.put(ONE, None).await.unwrap();
    assert_eq!((stored.scope, stored.kept_in, stored.because), (CredentialScope::Model, KeptIn::Keyring, None));
    own.put(TWO, None).await.unwrap();
    assert_eq!(own.ring.values(), [TWO], "what was replaced is gone");
    own.ask().await.unwrap();
    let own = own.again().await;
    own.client.rotate_vault(true).await.unwrap();
    own.ask().await.unwrap();
    let paid = own.paid_with();
    assert!(!paid.is_empty() && paid.iter().all(|key| key == TWO), "{paid:?}");
    assert!(!own.has(ONE) && !own.has(TWO));

    // From one place to the other and away.
    assert_eq!(own.put(ONE, Some(KeptIn::Vault)).await.unwrap().kept_in, KeptIn::Vault);
    assert_eq!((own.ring.values(), own.listed().await), (vec![], vec![(Some("0001".into()), KeptIn::Vault)]));
    own.put(TWO, None).await.unwrap();
    assert_eq!(own.client.delete_credential(NAME, None, None).await.unwrap(), None);
    assert_eq!((own.ring.values(), own.listed().await), (vec![], vec![]));
}

#[tokio::test]
async fn while_the_keyring_is_locked_nobody_else_pays_and_nothing_is_stored_elsewhere() {
    let own = Own::start(Script::new()).await;
    own.put(ONE, None).await.unwrap();
    let own = own.again().await;
    own.ring.ails(locked());
    let why = own.ask().await.unwrap_err();
    assert!(["it is locked", "Unlock it", "--in vault"].iter().all(|word| why.contains(word)), "{why}");
    let models = own.client.models().await.unwrap();
    let openai = models.providers.iter().find(|known| known.name == "openai").unwrap();
    assert_eq!((openai.available, openai.paid_by), (false, None));
    for why in [openai.reason.as_ref().unwrap(), &models.default_reason] {
        assert!(why.contains("your own OPENAI_API_KEY") && why.contains("Unlock it"), "{why}");
    }
    says(own.put(TWO, None).await, &["it is locked", "Unlock it", "--in vault"]);
    assert_eq!(own.listed().await, [(Some("0001".into()), KeptIn::Keyring)], "the one before is as it was");
    assert_eq!(own.paid_with(), Vec::<String>::new(), "the server's own key paid for nothing");

    // Deleted, it pays for nothing; its value goes with the next start at the latest.
    let remains = own.client.delete_credential(NAME, None, None).await.unwrap().unwrap();
    assert!(remains.contains("pays for nothing any more") && remains.contains("it is locked"), "{remains}");
    assert_eq!((own.listed().await, own.ring.values()), (vec![], vec![ONE.to_owned()]));
    own.ring.ails(None);
    let own = own.again().await;
    within("what is left over to be gone", async {
        while !own.ring.values().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_somebody_took_out_of_the_keyring_is_asked_for_again() {
    let own = Own::start(Script::new()).await;
    own.put(ONE, None).await.unwrap();
    let own = own.again().await;
    own.ring.change(|state| state.kept.clear());
    let why = own.ask().await.unwrap_err();
    assert!(why.contains("any more") && why.contains("omega keys set OPENAI_API_KEY"), "{why}");
    assert_eq!(own.paid_with(), Vec::<String>::new());
    own.put(TWO, None).await.unwrap();
    assert_eq!(own.ring.values(), [TWO]);
}

#[tokio::test]
async fn a_key_that_was_read_once_is_known_and_left_out_though_the_keyring_locks_meanwhile() {
    let refusal = Reply::text("").fault(Fault::Status { status: 400, retry_after: None }, 99);
    let own = Own::start(Script::new().careless("no").turn(refusal)).await;
    own.put(ONE, None).await.unwrap();
    let own = own.again().await;
    let first = own.ask().await.unwrap_err();
    own.ring.ails(locked());
    let second = own.ask().await.unwrap_err();
    assert!(own.paid_with().iter().all(|key| key == ONE));
    for why in [first, second] {
        assert!(why.contains("redacted:OPENAI_API_KEY") && !why.contains(ONE), "{why}");
    }
}

#[tokio::test]
async fn where_there_is_no_keyring_a_key_is_sealed_and_that_is_said_unless_the_keyring_was_chosen() {
    let own = Own::start(Script::new().turn(Reply::text("Hi."))).await;
    own.ring.ails(none());
    let stored = own.put(ONE, None).await.unwrap();
    assert_eq!((stored.kept_in, stored.because.as_deref()), (KeptIn::Vault, Some("this system has no keyring")));
    own.ask().await.unwrap();
    assert_eq!(own.paid_with(), [ONE]);
    says(own.put(TWO, Some(KeptIn::Keyring)).await, &["no keyring", "--in vault"]);
    assert_eq!(own.listed().await, [(Some("0001".into()), KeptIn::Vault)]);
    assert_eq!(own.client.delete_credential(NAME, None, None).await.unwrap(), None);
    assert_eq!(own.ring.change(|state| state.asked_to_remove), 0, "nothing was left over where nothing can be");

    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let chosen = Own::start_on(&database, folder, Script::new(), Some(KeptIn::Keyring)).await;
    chosen.ring.ails(none());
    says(chosen.put(ONE, None).await, &["no keyring", "--in vault"]);
    assert_eq!(chosen.listed().await, []);
    chosen.put(ONE, Some(KeptIn::Vault)).await.unwrap();
}

#[tokio::test]
async fn only_the_owners_keys_of_models_in_a_database_of_their_own_are_in_the_keyring() {
    let (_folder, urls, _postgres) = engines().await;
    for url in urls {
        let own = Own::start_on(&url, folder(), Script::new(), None).await;
        let alone = url.starts_with("sqlite:");
        let place = if alone { KeptIn::Keyring } else { KeptIn::Vault };
        assert_eq!(own.put(ONE, None).await.unwrap().kept_in, place, "{url}");
        assert_eq!(own.ring.values().len(), usize::from(alone));

        let tools = |kept_in| PutCredential { value: TWO.into(), tool_id: None, scope: None, kept_in };
        let stored = own.client.put_credential("GITHUB_TOKEN", &tools(None)).await.unwrap();
        assert_eq!((stored.kept_in, stored.because), (KeptIn::Vault, None));
        let refused = own.client.put_credential("GITHUB_TOKEN", &tools(Some(KeptIn::Keyring))).await;
        says(refused, &["model providers", "--in keyring"]);

        let guest = another_on(&url, &own.server.url).await.client;
        let stored = guest.put_credential(NAME, &tools(None)).await.unwrap();
        assert_eq!((stored.kept_in, stored.because), (KeptIn::Vault, None));
        says(guest.put_credential(NAME, &tools(Some(KeptIn::Keyring))).await, &["own local server", "--in keyring"]);
        assert_eq!(own.ring.values().len(), usize::from(alone));
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_no_value_in_the_keyring_that_nothing_names() {
    let own = Own::start(Script::new()).await;
    own.ring.change(|state| state.holds = true);
    tokio::select! {
        answer = own.put(ONE, None) => panic!("it was held: {answer:?}"),
        () = within("the keyring to be asked", async {
            while own.ring.change(|state| state.asked_to_store) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }) => {}
    }
    // The next one takes out of the keyring what is left over there; it waits for the one that is under way.
    let (stored, ()) = tokio::join!(own.put(TWO, Some(KeptIn::Vault)), async {
        // The server has done much else before: what does not wait would have been done.
        for _ in 0..20 {
            assert_eq!(own.listed().await, []);
        }
        assert_eq!(own.ring.change(|state| state.asked_to_remove), 0);
        own.ring.change(|state| state.holds = false);
    });
    stored.unwrap();
    assert_eq!((own.ring.values(), own.listed().await), (vec![], vec![(Some("0002".into()), KeptIn::Vault)]));
}
