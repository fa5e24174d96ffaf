//! Secrets at rest: what a thief of the disk gets, what a wrong key does, and that nothing fails while keys change.

use crate::harness::{
    MASTER_KEY, Omega, config, executor::Tools, folder, message, postgres::Postgres, providers, users::another_user,
    within,
};
use omega_core::{
    api::{PutCredential, SendMessage},
    id::{RunId, UserId},
    testing::{Fault, Reply, Script, StandIn},
};
use omega_engine::{
    domain::sealed::{CredentialPlace, Scope, Sealed},
    store::Store,
    vault::{MasterKeyError, MasterKeySource, Vault, VaultError},
};
use omega_server::{ServeConfig, Server, StartError};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const OTHER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

fn given(text: &str) -> MasterKeySource {
    MasterKeySource::Given(SecretString::from(text))
}

fn place(user: UserId, scope: Scope, of: &str, name: &str) -> CredentialPlace {
    CredentialPlace { user, scope, of: of.into(), name: name.into() }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// A store on an empty SQLite database, and two users.
async fn two_users(folder: &Path) -> (Store, String, UserId, UserId) {
    let url = format!("sqlite:{}", folder.join("omega.db").display());
    let store = Store::open(&url).await.unwrap();
    let first = store.first_user("first").await.unwrap();
    let second = UserId::new();
    let mut connection = connect(&url).await;
    sqlx::query(
        "INSERT INTO users (id, display_name, gravatar_hash, role, created_at) VALUES ($1, 'second', '', 'user', 1)",
    )
    .bind(second.to_string())
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    (store, url, first, second)
}

async fn connect(url: &str) -> SqliteConnection {
    SqliteConnectOptions::new().filename(url.strip_prefix("sqlite:").unwrap()).connect().await.unwrap()
}

async fn open_fails(vault: &Vault, place: &CredentialPlace, sealed: &Sealed) -> bool {
    matches!(vault.open(place, sealed).await, Err(VaultError::Unreadable))
}

#[tokio::test]
async fn a_value_opens_in_its_own_place_only_and_only_as_it_was_sealed() {
    let folder = folder();
    let (store, _, user, other) = two_users(folder.path()).await;
    let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
    let home = place(user, Scope::Tool, "pkg::tool", "API_KEY");
    let sealed = vault.seal(&home, &secret("sk-live-0123456789")).await.unwrap();
    assert_eq!(vault.open(&home, &sealed).await.unwrap().expose_secret(), "sk-live-0123456789");

    // The other user has a data key too: it is not for the lack of one that nothing opens.
    let others = vault.seal(&place(other, Scope::Global, "", "API_KEY"), &secret("theirs")).await.unwrap();
    let moved = [
        place(other, Scope::Tool, "pkg::tool", "API_KEY"),
        place(user, Scope::Run, "pkg::tool", "API_KEY"),
        place(user, Scope::Global, "pkg::tool", "API_KEY"),
        place(user, Scope::Global, "", "API_KEY"),
        place(user, Scope::Tool, "pkg::other", "API_KEY"),
        place(user, Scope::Tool, "pkg::tool", "API_KEY2"),
        place(user, Scope::Tool, "pkg::toolA", "PI_KEY"),
    ];
    for place in &moved {
        assert!(open_fails(&vault, place, &sealed).await, "{place:?}");
    }
    let mut opened = 0;
    for at in 0..sealed.nonce.len() + sealed.ciphertext.len() {
        let mut changed = sealed.clone();
        match at.checked_sub(sealed.nonce.len()) {
            None => changed.nonce[at] ^= 0x40,
            Some(at) => changed.ciphertext[at] ^= 0x40,
        }
        opened += usize::from(!open_fails(&vault, &home, &changed).await);
    }
    assert_eq!(opened, 0, "of {} changed bytes", sealed.nonce.len() + sealed.ciphertext.len());
    let under_theirs = Sealed { dek_id: others.dek_id.clone(), ..sealed.clone() };
    assert!(open_fails(&vault, &home, &under_theirs).await);
    let under_none = Sealed { dek_id: "none".into(), ..sealed.clone() };
    assert!(open_fails(&vault, &home, &under_none).await);
    assert!(!format!("{sealed:?}").contains(&format!("{:?}", sealed.ciphertext)), "what is printed has no bytes");
}

#[tokio::test]
async fn a_data_key_that_was_changed_or_given_to_another_user_opens_nothing() {
    let folder = folder();
    let (store, url, user, other) = two_users(folder.path()).await;
    let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
    let home = place(user, Scope::Global, "", "API_KEY");
    let sealed = vault.seal(&home, &secret("sk-live-0123456789")).await.unwrap();
    let mut connection = connect(&url).await;
    let (nonce, wrapped): (Vec<u8>, Vec<u8>) = sqlx::query_as("SELECT nonce, wrapped_key FROM data_keys WHERE id = $1")
        .bind(&sealed.dek_id)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((nonce.len(), wrapped.len()), (12, 48));
    let change = async |connection: &mut SqliteConnection, nonce: &[u8], wrapped: &[u8], user: UserId| {
        sqlx::query("UPDATE data_keys SET nonce = $2, wrapped_key = $3, user_id = $4 WHERE id = $1")
            .bind(&sealed.dek_id)
            .bind(nonce)
            .bind(wrapped)
            .bind(user.to_string())
            .execute(connection)
            .await
            .unwrap();
    };
    for at in 0..nonce.len() + wrapped.len() {
        let (mut nonce, mut wrapped) = (nonce.clone(), wrapped.clone());
        match at.checked_sub(nonce.len()) {
            None => nonce[at] ^= 1,
            Some(at) => wrapped[at] ^= 1,
        }
        change(&mut connection, &nonce, &wrapped, user).await;
        // A vault that has the key in memory would not look.
        let fresh = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
        assert!(open_fails(&fresh, &home, &sealed).await, "byte {at}");
    }
    change(&mut connection, &nonce, &wrapped, other).await;
    let fresh = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
    assert!(open_fails(&fresh, &home, &sealed).await, "another user's row");
    assert!(open_fails(&fresh, &place(other, Scope::Global, "", "API_KEY"), &sealed).await);
    change(&mut connection, &nonce, &wrapped, user).await;
    let fresh = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
    assert_eq!(fresh.open(&home, &sealed).await.unwrap().expose_secret(), "sk-live-0123456789");
}

#[tokio::test]
async fn a_data_key_is_replaced_long_before_nonces_could_meet() {
    let folder = folder();
    let (store, url, user, _) = two_users(folder.path()).await;
    let home = place(user, Scope::Global, "", "API_KEY");
    let first = {
        let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
        vault.seal(&home, &secret("one")).await.unwrap()
    };
    let mut connection = connect(&url).await;
    sqlx::query("UPDATE data_keys SET enc_count = 2147483647").execute(&mut connection).await.unwrap();
    let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
    let mut sealing = Vec::new();
    for _ in 0..3_000 {
        sealing.push(vault.seal(&home, &secret("two")).await.unwrap());
    }
    let keys: BTreeSet<&str> = sealing.iter().map(|sealed| sealed.dek_id.as_str()).collect();
    assert!(keys.len() == 1 && !keys.contains(first.dek_id.as_str()), "one new key took over: {keys:?}");
    let rows: Vec<(i64, bool)> =
        sqlx::query_as("SELECT enc_count, retired_at IS NOT NULL FROM data_keys ORDER BY created_at, id")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(rows.iter().map(|(_, retired)| *retired).collect::<Vec<_>>(), [true, false]);
    assert!(rows[0].0 < 1 << 31 && rows[1].0 >= 3_000, "every seal is counted, before it happens: {rows:?}");
    assert_eq!(vault.open(&home, &first).await.unwrap().expose_secret(), "one", "the old one still opens");
}

async fn refusal(config: ServeConfig) -> MasterKeyError {
    match Server::start(config).await {
        Err(StartError::Vault(VaultError::Master(error))) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

#[tokio::test]
async fn a_server_does_not_start_with_another_master_key_than_its_databases() {
    let (folder, provider, tools) = (folder(), StandIn::start(Script::new()).await, Tools::start().await);
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let own = folder.path().join("config/master.key");
    let config =
        |key| ServeConfig { master_key: key, ..config(&database, folder.path(), &tools, providers(&provider)) };
    Server::start(config(given(MASTER_KEY))).await.unwrap().stop().await;
    Server::start(config(given(MASTER_KEY))).await.unwrap().stop().await;

    let error = refusal(config(given(OTHER_KEY))).await;
    let text = error.to_string();
    assert!(matches!(error, MasterKeyError::Wrong { .. }) && text.contains("OMEGA_MASTER_KEY"), "{text}");
    assert!(!text.contains(OTHER_KEY) && !text.contains(MASTER_KEY), "{text}");

    // No way from the key that was chosen to one that is made.
    let error = refusal(config(MasterKeySource::Own(own.clone()))).await;
    assert!(
        matches!(error, MasterKeyError::Missing { .. }) && error.to_string().contains("--master-key-file"),
        "{error}"
    );
    assert!(!own.exists(), "no key is made for a database that has one");
    let error = refusal(config(MasterKeySource::File(own.clone()))).await;
    assert!(matches!(error, MasterKeyError::Missing { .. }), "{error}");
    assert!(matches!(refusal(config(given("hunter2"))).await, MasterKeyError::Malformed { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_file_is_made_once_and_refused_when_others_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, provider, tools) = (folder(), StandIn::start(Script::new()).await, Tools::start().await);
    let database = format!("sqlite:{}", folder.path().join("data/omega.db").display());
    let own = folder.path().join("config/master.key");
    let config = || ServeConfig {
        master_key: MasterKeySource::Own(own.clone()),
        ..config(&database, folder.path(), &tools, providers(&provider))
    };
    Server::start(config()).await.unwrap().stop().await;
    let made = std::fs::read_to_string(&own).unwrap();
    assert_eq!(std::fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600);
    Server::start(config()).await.unwrap().stop().await;
    assert_eq!(std::fs::read_to_string(&own).unwrap(), made);

    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = refusal(config()).await;
    assert!(matches!(error, MasterKeyError::Loose { .. }) && error.to_string().contains("chmod 600"), "{error}");
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::remove_file(&own).unwrap();
    let error = refusal(config()).await;
    assert!(matches!(error, MasterKeyError::Missing { .. }), "a lost key is never replaced: {error}");
}

/// Seals, opens and keeps credentials while the master key and the data keys change under it.
#[tokio::test]
async fn rotation_under_load_fails_nothing() {
    let folder = folder();
    let mut urls = vec![format!("sqlite:{}", folder.path().join("omega.db").display())];
    let cluster = Postgres::start();
    urls.extend(cluster.as_ref().map(|cluster| cluster.url.clone()));
    for (index, url) in urls.iter().enumerate() {
        let store = Store::open(url).await.unwrap();
        let user = store.first_user("owner").await.unwrap();
        let key = folder.path().join(format!("key{index}"));
        let vault = Vault::unlock(&store, MasterKeySource::Own(key.clone())).await.unwrap();
        // A second node on the same database, with its own memory of the keys.
        let nodes = [vault.clone(), Vault::unlock(&store, MasterKeySource::Own(key.clone())).await.unwrap()];
        for n in 0..150 {
            let place = place(user, Scope::Global, "", &format!("OLD_{n}"));
            let sealed = vault.seal(&place, &secret(&format!("old value {n}"))).await.unwrap();
            store.put_credential(&place, &sealed, None, &<_>::default()).await.unwrap();
        }
        let (stop, did) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let workers: Vec<_> = (0..6)
            .map(|worker| {
                let (node, store) = (nodes[worker % 2].clone(), store.clone());
                let (stop, did) = (Arc::clone(&stop), Arc::clone(&did));
                tokio::spawn(async move {
                    let place = place(user, Scope::Tool, "pkg::tool", &format!("BUSY_{worker}"));
                    for n in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let value = format!("value {n}");
                        let sealed = node.seal(&place, &secret(&value)).await.unwrap();
                        store.put_credential(&place, &sealed, None, &<_>::default()).await.unwrap();
                        let kept = store.credential(user, place.scope, &place.of, &place.name).await.unwrap().unwrap();
                        assert_eq!(node.open(&place, &kept.sealed).await.unwrap().expose_secret(), value);
                        let old = format!("OLD_{}", n % 150);
                        let kept = store.credential(user, Scope::Global, "", &old).await.unwrap().unwrap();
                        let opened = node.open(&kept.place, &kept.sealed).await.unwrap();
                        assert_eq!(opened.expose_secret(), format!("old value {}", n % 150));
                        did.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let before: BTreeSet<String> = deks(&store, user).await;
        let mut keys = BTreeSet::new();
        for round in 0..4 {
            let rotated = within("a rotation", vault.rotate(round % 2 == 1)).await.unwrap();
            assert_eq!((rotated.unreadable, rotated.data_keys > 0), (0, true), "{rotated:?}");
            assert!(round % 2 == 0 || rotated.values >= 150, "{rotated:?}");
            keys.insert(rotated.key_id);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(keys.len(), 4);
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            within("a worker", worker).await.unwrap();
        }
        assert!(did.load(Ordering::Relaxed) >= 24, "it was under load: {did:?}");
        // Nothing is left under the data keys of before, and a start with the current key alone opens everything.
        vault.rotate(true).await.unwrap();
        assert!(before.is_disjoint(&deks(&store, user).await));
        let text = std::fs::read_to_string(&key).unwrap();
        let current = text.lines().find(|line| !line.starts_with('#')).unwrap();
        let fresh = Vault::unlock(&store, given(current)).await.unwrap();
        for kept in store.credentials_of(user).await.unwrap() {
            fresh.open(&kept.place, &kept.sealed).await.unwrap();
        }
    }
}

async fn deks(store: &Store, user: UserId) -> BTreeSet<String> {
    store.credentials_of(user).await.unwrap().into_iter().map(|kept| kept.sealed.dek_id).collect()
}

#[tokio::test]
async fn an_operators_key_changes_when_the_operator_puts_a_new_one_first() {
    let folder = folder();
    let (store, _, user, _) = two_users(folder.path()).await;
    let file = folder.path().join("key");
    let write = |text: &str| {
        std::fs::write(&file, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    write(MASTER_KEY);
    let vault = Vault::unlock(&store, MasterKeySource::File(file.clone())).await.unwrap();
    let home = place(user, Scope::Global, "", "API_KEY");
    let sealed = vault.seal(&home, &secret("sk-live-0123456789")).await.unwrap();
    let error = vault.rotate(false).await.unwrap_err();
    assert!(matches!(error, VaultError::Master(MasterKeyError::NothingNew { .. })), "{error}");
    write(&format!("{OTHER_KEY}\n{MASTER_KEY}\n"));
    assert_eq!(vault.rotate(false).await.unwrap().data_keys, 1);
    assert!(Vault::unlock(&store, given(MASTER_KEY)).await.is_err(), "the old key is worth nothing now");
    let fresh = Vault::unlock(&store, given(OTHER_KEY)).await.unwrap();
    assert_eq!(fresh.open(&home, &sealed).await.unwrap().expose_secret(), "sk-live-0123456789");
}

#[tokio::test]
async fn many_at_once_make_one_data_key() {
    let folder = folder();
    let mut urls = vec![format!("sqlite:{}", folder.path().join("omega.db").display())];
    let cluster = Postgres::start();
    urls.extend(cluster.as_ref().map(|cluster| cluster.url.clone()));
    for url in &urls {
        let store = Store::open(url).await.unwrap();
        let user = store.first_user("owner").await.unwrap();
        let sealing: Vec<_> = (0..12)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    // Each its own node: they meet in the database only.
                    let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
                    let place = CredentialPlace::of_run(user, RunId::new(), &format!("N{n}"));
                    let sealed = vault.seal(&place, &secret("value")).await.unwrap();
                    (place, sealed)
                })
            })
            .collect();
        let vault = Vault::unlock(&store, given(MASTER_KEY)).await.unwrap();
        let mut keys = BTreeSet::new();
        for task in sealing {
            let (place, sealed) = task.await.unwrap();
            assert_eq!(vault.open(&place, &sealed).await.unwrap().expose_secret(), "value");
            keys.insert(sealed.dek_id);
        }
        assert_eq!(keys.len(), 1, "{keys:?}");
    }
}

#[tokio::test]
async fn a_runs_variables_are_sealed_with_its_message_and_gone_at_its_end() {
    let held = Reply::text("One two three four.").fault(Fault::Hold { after: 2 }, 1);
    let omega = Omega::start(Script::new().turn(held)).await;
    let conversation = omega.conversation("openai/test").await;
    let store_env = async || {
        let mut connection = connect(&omega.database).await;
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT key_name, ciphertext FROM run_env ORDER BY key_name")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        rows
    };
    let env = [("ACME_API_KEY", "sk-canary-0123456789"), ("OTHER", "value-of-other")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let body = SendMessage { env, ..message("hello") };
    let accepted = omega.client.send_message(conversation, &body, "one").await.unwrap();
    let rows = store_env().await;
    assert_eq!(rows.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["ACME_API_KEY", "OTHER"]);
    assert_eq!(rows[0].1.len(), "sk-canary-0123456789".len() + 16);
    omega.client.cancel_run(accepted.run_id).await.unwrap();
    within("the end", async {
        while !store_env().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_guests_variables_are_refused_and_a_guest_sees_nothing_of_the_owners() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let guest = another_user(&omega).await.client;
    let put = PutCredential { value: "owners-value-0123".into(), tool_id: None, scope: None, kept_in: None };
    omega.client.put_credential("OWNERS_KEY", &put).await.unwrap();
    let conversation = omega.conversation("openai/test").await;
    let env = [("ACME_API_KEY".to_owned(), "guests-key".to_owned())].into();
    let refused = guest.send_message(conversation, &SendMessage { env, ..message("hello") }, "one").await.unwrap_err();
    assert!(refused.to_string().contains("only the owner"), "{refused}");
    let stored = omega.committed(conversation).await;
    assert!(
        matches!(stored[0].event, omega_core::event::Event::ParticipantJoined { .. }) && stored.len() == 1,
        "nothing of it was stored"
    );
    guest.send_message(conversation, &message("hello"), "two").await.unwrap();
    assert!(guest.credentials().await.unwrap().is_empty() && guest.grants().await.unwrap().is_empty());
    assert!(guest.delete_credential("OWNERS_KEY", None, None).await.is_err());
    assert!(guest.rotate_vault(false).await.is_err(), "only an administrator");
    assert_eq!(omega.client.credentials().await.unwrap().len(), 1);
}

#[tokio::test]
async fn stored_credentials_are_listed_by_name_and_last_characters_replaced_and_deleted() {
    let omega = Omega::start(Script::new()).await;
    let client = &omega.client;
    let tool: omega_core::id::ToolId = "acme-tools::acmeKeyed".parse().unwrap();
    let put = async |name: &str, value: &str, tool: Option<&omega_core::id::ToolId>| {
        client
            .put_credential(
                name,
                &PutCredential { value: value.into(), tool_id: tool.cloned(), scope: None, kept_in: None },
            )
            .await
    };
    put("GITHUB_TOKEN", "ghp_0123456789abcd", None).await.unwrap();
    put("GITHUB_TOKEN", "ghp_of_one_tool_wxyz", Some(&tool)).await.unwrap();
    put("PIN", "elevenchars", None).await.unwrap();
    let shown = |list: &[omega_core::api::StoredCredential]| -> Vec<(String, Option<String>, bool)> {
        list.iter().map(|c| (c.name.clone(), c.last4.clone(), c.tool_id.is_some())).collect()
    };
    let list = client.credentials().await.unwrap();
    let (github, pin) =
        (|last4: &str, tool| ("GITHUB_TOKEN".to_owned(), Some(last4.to_owned()), tool), "PIN".to_owned());
    assert_eq!(shown(&list), [github("abcd", false), github("wxyz", true), (pin.clone(), None, false)]);
    let replaced = put("GITHUB_TOKEN", "ghp_another_value_9876", None).await.unwrap();
    assert_eq!(replaced.last4.as_deref(), Some("9876"));
    assert_eq!((replaced.created_at, replaced.last_used_at), (list[0].created_at, None));
    client.delete_credential("GITHUB_TOKEN", Some(&tool), None).await.unwrap();
    assert!(client.delete_credential("GITHUB_TOKEN", Some(&tool), None).await.is_err(), "it is gone");
    assert_eq!(shown(&client.credentials().await.unwrap()), [github("9876", false), (pin, None, false)]);
    for (name, value) in [("LD_PRELOAD", "a-value"), ("OMEGA_MASTER_KEY", "a-value"), ("a-b", "a-value"), ("EMPTY", "")]
    {
        assert!(put(name, value, None).await.is_err(), "{name}");
    }
    // An administrator changes the key of the server; this one is the operator's, and there is no new one.
    let refused = client.rotate_vault(false).await.unwrap_err();
    assert!(refused.to_string().contains("put a new key"), "{refused}");
    let rotated = client.rotate_vault(true).await.unwrap();
    assert_eq!((rotated.values, rotated.unreadable), (2, 0));
}
