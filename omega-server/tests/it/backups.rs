//! Backups of a database that a server works on, and what comes back out of them.

use crate::harness::{MASTER_KEY, MODELS, Omega, config, folder, message, providers, within};
use omega_core::{
    api::{CreateConversation, RunStatus},
    client::Client,
    testing::{Fault, Reply, Script},
};
use omega_engine::{
    store::backup::{self, BackupError},
    vault::MasterKeySource,
};
use omega_server::{
    Server,
    serve::restore::{RestoreError, restore},
};
use secrecy::SecretString;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::watch;

fn key() -> MasterKeySource {
    MasterKeySource::Given(SecretString::from(MASTER_KEY))
}

fn file_of(omega: &Omega) -> PathBuf {
    backup::path_of(&omega.database).unwrap()
}

fn with_log(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", database.display()))
}

fn titled(title: &str) -> CreateConversation {
    CreateConversation { title: Some(title.into()), model: Some(MODELS[0].into()), ..<_>::default() }
}

/// A server on a database that was restored, which has the keys of the one that was copied.
async fn started_on(omega: &Omega, database: &Path) -> (Server, Client) {
    let url = format!("sqlite:{}", database.display());
    let server =
        Server::start(config(&url, omega.folder.path(), &omega.tools, providers(&omega.provider))).await.unwrap();
    let client = Client::new(&server.url, SecretString::from(omega.key.clone())).unwrap();
    (server, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_during_writes_has_all_that_was_acknowledged_before_it_and_comes_back_whole() {
    let omega = Omega::start(Script::new()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (acknowledge, mut acknowledged) = watch::channel(Vec::new());
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (client, stop, acknowledge) = (omega.client.clone(), Arc::clone(&stop), acknowledge.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let made = client.create_conversation(&titled(&format!("{writer}-{number}"))).await.unwrap();
                    acknowledge.send_modify(|ids| ids.push(made.id));
                }
            })
        })
        .collect();
    let place = folder();
    for round in 0..4 {
        let wanted = acknowledged.borrow().len() + 10;
        let before = within("more writes", acknowledged.wait_for(|ids| ids.len() >= wanted)).await.unwrap().clone();
        let copy = place.path().join(format!("{round}.db"));
        let contents = backup::copy(&file_of(&omega), &copy, false).await.unwrap();
        assert_eq!(contents, backup::check(&copy).await.unwrap());
        let restored = place.path().join(format!("restored-{round}.db"));
        let done = restore(&copy, &restored, key(), false).await.unwrap();
        assert_eq!((done.before, done.contents.conversations), (None, contents.conversations));
        let (server, client) = started_on(&omega, &restored).await;
        for id in &before {
            client.conversation(*id).await.unwrap_or_else(|error| panic!("{round}: {error}"));
        }
        assert!(client.verify_audit(&[]).await.unwrap().ok);
        server.stop().await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    // The server never noticed.
    let last = *acknowledged.borrow().last().unwrap();
    omega.client.conversation(last).await.unwrap();
    let left: Vec<_> =
        fs::read_dir(place.path()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.contains("part") && !name.contains("restoring")), "{left:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_users_alone_and_replaces_nothing_unasked() {
    use std::os::unix::fs::PermissionsExt;
    let omega = Omega::start(Script::new()).await;
    let copy = omega.folder.path().join("copy.db");
    backup::copy(&file_of(&omega), &copy, false).await.unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&copy).unwrap();
    assert!(matches!(backup::copy(&file_of(&omega), &copy, false).await, Err(BackupError::Exists(_))));
    assert_eq!(fs::read(&copy).unwrap(), before);
    omega.client.create_conversation(&titled("another")).await.unwrap();
    let contents = backup::copy(&file_of(&omega), &copy, true).await.unwrap();
    assert_eq!(contents.conversations, 1);
    // Neither the database itself nor one of another server is written over, whatever is said.
    let itself = backup::copy(&file_of(&omega), &file_of(&omega), true).await;
    assert!(matches!(itself, Err(BackupError::Same(_))), "{itself:?}");
    let other = Omega::start(Script::new()).await;
    let others = backup::copy(&file_of(&omega), &file_of(&other), true).await.unwrap_err().to_string();
    assert!(others.contains("in use by another Omega server"), "{others}");
    // What a backup that was killed left is in nobody's way.
    fs::write(omega.folder.path().join("again.db.part"), "half a database").unwrap();
    backup::copy(&file_of(&omega), &omega.folder.path().join("again.db"), false).await.unwrap();
    assert!(!omega.folder.path().join("again.db.part").exists());
}

#[tokio::test]
async fn a_run_that_a_backup_caught_at_work_does_nothing_when_it_is_restored() {
    let held = Reply::text("one two three").fault(Fault::Hold { after: 1 }, 1);
    let omega = Omega::start(Script::new().turn(held).turn(Reply::text("after"))).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let running = omega.send(conversation, "first").await.run_id;
    let queued = omega.send(conversation, "second").await.run_id;
    within("the model is asked", omega.provider.wait_until(|seen| !seen.is_empty())).await;
    let copy = omega.folder.path().join("copy.db");
    backup::copy(&file_of(&omega), &copy, false).await.unwrap();
    let place = omega.folder.path().join("restored.db");
    let restored = restore(&copy, &place, key(), false).await.unwrap();
    assert_eq!(restored.cancelled, 2);
    let asked = omega.provider.requests().len();
    let (server, client) = started_on(&omega, &place).await;
    for run in [running, queued] {
        let ended = async {
            while client.run(run).await.unwrap().status != RunStatus::Cancelled {
                tokio::task::yield_now().await;
            }
        };
        within("the run is cancelled", ended).await;
    }
    assert_eq!(omega.provider.requests().len(), asked, "nobody asked a model for them");
    // The conversation goes on.
    let key = uuid::Uuid::new_v4().to_string();
    let sent = client.send_message(conversation, &message("third"), &key).await.unwrap();
    let ended = async {
        while client.run(sent.run_id).await.unwrap().status != RunStatus::Completed {
            tokio::task::yield_now().await;
        }
    };
    within("the next run", ended).await;
    server.stop().await;
}

#[tokio::test]
async fn what_can_not_be_restored_leaves_the_database_as_it_was() {
    let omega = Omega::start(Script::new()).await;
    omega.client.create_conversation(&titled("kept")).await.unwrap();
    let (live, place) = (file_of(&omega), folder());
    let at = |name: &str| place.path().join(name);
    backup::copy(&live, &at("good.db"), false).await.unwrap();
    // While a server has it, nothing takes its place, whatever is said.
    let taken = restore(&at("good.db"), &live, key(), true).await.unwrap_err().to_string();
    assert!(taken.contains("in use by another Omega server"), "{taken}");
    backup::copy(&live, &at("there.db"), false).await.unwrap();
    let there = fs::read(at("there.db")).unwrap();

    let good = fs::read(at("good.db")).unwrap();
    fs::write(at("cut.db"), &good[..good.len() / 2]).unwrap();
    let mut changed = good.clone();
    changed[4096 * 3..4096 * 9].fill(0xa5);
    fs::write(at("changed.db"), changed).unwrap();
    fs::write(at("text.db"), "this is no database at all, but a text of some length\n".repeat(100)).unwrap();
    fs::write(at("empty.db"), "").unwrap();
    let other = MasterKeySource::Given(SecretString::from("AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
    for (name, key, says) in [
        ("cut.db", key(), "damaged"),
        ("changed.db", key(), "damaged"),
        ("text.db", key(), "no database of Omega"),
        ("empty.db", key(), "no database"),
        ("nothing.db", key(), "no database at"),
        ("good.db", other, "is not this database's"),
    ] {
        let error = restore(&at(name), &at("there.db"), key, true).await.unwrap_err().to_string();
        assert!(error.contains(says), "{name}: {error}");
        assert_eq!(fs::read(at("there.db")).unwrap(), there, "{name}");
    }
    // A log that lies about, of a database that is gone or of a restore that was killed, is read into none.
    for stray in ["there.db.restoring-wal", "new.db-wal"] {
        fs::copy(with_log(&live), at(stray)).unwrap();
    }
    restore(&at("good.db"), &at("new.db"), key(), false).await.unwrap();
    assert_eq!(backup::check(&at("new.db")).await.unwrap().conversations, 1);
    let refused = restore(&at("good.db"), &at("there.db"), key(), false).await;
    assert!(matches!(refused, Err(RestoreError::Backup(BackupError::Exists(_)))));
    let done = restore(&at("good.db"), &at("there.db"), key(), true).await.unwrap();
    assert_eq!(fs::read(done.before.unwrap()).unwrap(), there, "what was there is aside");
    let (server, client) = started_on(&omega, &at("there.db")).await;
    assert_eq!(client.audit(&[]).await.unwrap().rows[0].action, "database.restored");
    server.stop().await;
    assert!(matches!(backup::path_of("postgres://h/omega"), Err(BackupError::NotSqlite)));
}
