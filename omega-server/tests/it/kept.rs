//! What the store keeps beside the conversations, and its limits, on both engines: keys of requests, credentials, the queue.

use crate::{
    harness::{MASTER_KEY, MODELS, callers::access},
    store::{author, engines, sending},
};
use omega_core::api::OnActive;
use omega_engine::{
    domain::sealed::{CredentialPlace, Scope},
    process::clock::Clock,
    store::{IdempotencyKey, KeptAnswer, Replay, Send, Store, StoreError, access::open_runs},
    vault::{MasterKeySource, Vault},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

fn key(name: &str, fingerprint: u8) -> IdempotencyKey {
    IdempotencyKey { principal: "p".into(), key: name.into(), route: "r".into(), fingerprint: vec![fingerprint] }
}

/// A key is held while its request is answered; then it is kept, given back, or taken over from a holder that died.
async fn keys(store: Store) {
    let clock = Clock::default();
    let store = store.with_clock(clock.clone());
    let hold = async |name, fingerprint| store.hold_key(&key(name, fingerprint)).await.unwrap();
    let answer = KeptAnswer { status: Some(201), headers: Some("{}".into()), body: "done".into() };
    assert_eq!(hold("a", 1).await, Replay::New);
    assert_eq!((hold("a", 1).await, hold("a", 2).await), (Replay::InProgress, Replay::Mismatch));
    store.keep_answer(&key("a", 1), &answer).await.unwrap();
    assert_eq!((hold("a", 1).await, hold("a", 2).await), (Replay::Same(answer.clone()), Replay::Mismatch));
    store.free_key(&key("a", 1)).await.unwrap();
    assert_eq!(hold("a", 1).await, Replay::Same(answer), "an answer is not given back");

    assert_eq!(hold("b", 1).await, Replay::New);
    store.free_key(&key("b", 1)).await.unwrap();
    assert_eq!((hold("b", 2).await, hold("b", 2).await), (Replay::New, Replay::InProgress));
    clock.advance(Duration::from_secs(5 * 60));
    assert_eq!(hold("b", 2).await, Replay::InProgress, "a tool may take that long");
    clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(hold("b", 1).await, Replay::Mismatch, "another request does not take it over");
    assert_eq!((hold("b", 2).await, hold("b", 2).await), (Replay::New, Replay::InProgress));

    let at_once = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.hold_key(&key("c", 1)).await.unwrap() })
    });
    let held = futures_util::future::try_join_all(at_once).await.unwrap();
    assert_eq!(held.iter().filter(|replay| **replay == Replay::New).count(), 1, "{held:?}");
    assert_eq!(held.iter().filter(|replay| **replay == Replay::InProgress).count(), 7, "{held:?}");
    clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(hold("a", 2).await, Replay::New, "kept for a day");
}

/// A credential is replaced in its place, opens there alone, and goes once.
async fn credentials(store: &Store) {
    let owner = author(store).await.user_id;
    let vault = Vault::unlock(store, MasterKeySource::Given(SecretString::from(MASTER_KEY))).await.unwrap();
    let place = |scope, of: &str| CredentialPlace { user: owner, scope, of: of.into(), name: "KEY".into() };
    let (everywhere, of_tool) = (place(Scope::Global, ""), place(Scope::Tool, "a::b"));
    for (place, value) in [(&everywhere, "one"), (&of_tool, "two"), (&everywhere, "three")] {
        let sealed = vault.seal(place, &SecretString::from(value)).await.unwrap();
        store.put_credential(place, &sealed, None, &<_>::default()).await.unwrap();
    }
    assert_eq!(store.credentials_of(owner).await.unwrap().len(), 2);
    let kept = store.credential(owner, Scope::Global, "", "KEY").await.unwrap().unwrap();
    assert_eq!(vault.open(&kept.place, &kept.sealed).await.unwrap().expose_secret(), "three");
    assert!(vault.open(&of_tool, &kept.sealed).await.is_err(), "sealed for another place");
    let revoked = store.revoke_grant(owner, "KEY", &"a::b".parse().unwrap()).await;
    assert!(matches!(revoked, Err(StoreError::NotFound)));
    store.delete_credential(owner, Scope::Global, "", "KEY").await.unwrap();
    let again = store.delete_credential(owner, Scope::Global, "", "KEY").await;
    assert!(matches!(again, Err(StoreError::NotFound)));
    assert!(store.credential(owner, Scope::Tool, "a::b", "KEY").await.unwrap().is_some());
}

/// Sixteen messages wait in a conversation, and a refusal changes nothing.
async fn queue(store: &Store) {
    let author = author(store).await;
    let conversation = store.create_conversation(&author, None, MODELS[0], None, <_>::default()).await.unwrap().id;
    let access = access(store, &author, conversation).await;
    for n in 0..16 {
        store.send(sending(&access, &format!("{n}"))).await.unwrap();
    }
    let before = store.last_seq(&access).await.unwrap();
    let more = || sending(&access, "more");
    assert!(matches!(store.send(more()).await, Err(StoreError::QueueFull(16))));
    let reject = Send { on_active: Some(OnActive::Reject), ..more() };
    assert!(matches!(store.send(reject).await, Err(StoreError::RunActive(_))));
    assert_eq!(store.last_seq(&access).await.unwrap(), before);
    let open = open_runs(store, &access).await.unwrap();
    assert_eq!(open.len(), 16);
    store.request_cancel(&open[0], "enough").await.unwrap();
    store.send(more()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_credentials_and_the_queue_are_the_same_on_both_engines() {
    let (_folder, urls, _cluster) = engines().await;
    for url in &urls {
        let store = Store::open(url).await.unwrap();
        keys(store.clone()).await;
        credentials(&store).await;
        queue(&store).await;
        eprintln!("{} passed", store.database().as_str());
    }
}
