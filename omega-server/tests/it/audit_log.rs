//! The audit log: everything that counts is in it, nothing secret is, whoever touches it is found out, and where it can't be
//! written nothing that it should tell of happens (T17, X5).

use crate::{
    harness::{
        Omega,
        callers::owned,
        execute,
        executor::{Tools, id},
        folder, message,
        postgres::Postgres,
        process::{Process, command},
        refusals::{code, refused},
        users::{another_user, run},
        within,
    },
    store::engines,
};
use omega_core::{
    api::{
        AuditBreakKind, AuditEntry, Author, CreateConversation, PutCredential, RunStatus, SendMessage,
        UpdateConversation,
    },
    registry::meta::EXECUTE,
    testing::{Reply, Script, StandIn},
};
use omega_engine::{
    domain::audit_fact::{AuditAction, Fact},
    store::{Noted, Store},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Instant};
use tempfile::TempDir;

const SECRET: &str = "audit-canary-9f8e7d6c5b4a";

/// Lets the table be changed at all, as somebody with all rights on the database can.
async fn unlock(database: &str) {
    let triggers: &[&str] = match database.starts_with("sqlite:") {
        true => &["DROP TRIGGER audit_log_is_not_changed", "DROP TRIGGER audit_log_is_not_deleted"],
        false => &["DROP TRIGGER audit_log_is_not_changed ON audit_log"],
    };
    for drop in triggers {
        run(database, drop).await;
    }
}

/// The break of the only chain that is broken.
async fn broken(store: &Store) -> Option<(u64, AuditBreakKind)> {
    let report = store.verify_audit(&[]).await.unwrap();
    let breaks: Vec<_> = report.chains.iter().filter_map(|chain| chain.broken.as_ref()).collect();
    assert_eq!((report.ok, breaks.len()), (breaks.is_empty(), breaks.len().min(1)), "{report:?}");
    breaks.first().map(|broken| (broken.n, broken.kind))
}

#[tokio::test]
async fn whoever_changes_removes_moves_or_cuts_off_rows_is_found_out_by_the_first_of_them() {
    use AuditBreakKind::{Added, Changed, Headless, Removed, Reordered, Truncated};
    let (_folder, urls, _cluster) = engines().await;
    for url in &urls {
        let store = Store::open(url).await.unwrap();
        for n in 0..12 {
            store.audit(&[Fact::new(AuditAction::KeyMade, "key").on(n).with("name", "a key")]).await.unwrap();
        }
        assert_eq!(broken(&store).await, None);
        let heads = store.verify_audit(&[]).await.unwrap().chains;
        assert_eq!(heads.iter().map(|chain| (chain.chain.as_str(), chain.n)).collect::<Vec<_>>(), [("00", 12)]);

        // Not by accident, at least.
        assert!(
            within("a refusal", store_refuses(url, "UPDATE audit_log SET outcome = 'x' WHERE n = 3")).await
                && within("a refusal", store_refuses(url, "DELETE FROM audit_log WHERE n = 3")).await,
            "{url}: the table takes changes"
        );
        unlock(url).await;
        let sqlite = url.starts_with("sqlite:");
        let save =
            "CREATE TABLE saved AS SELECT * FROM audit_log; CREATE TABLE saved_heads AS SELECT * FROM audit_heads";
        run(url, save).await;
        let flip = match sqlite {
            true => "UPDATE audit_log SET hash = CAST(SUBSTR(hash, 2) || SUBSTR(hash, 1, 1) AS BLOB) WHERE n = 12",
            false => "UPDATE audit_log SET hash = SET_BYTE(hash, 0, (GET_BYTE(hash, 0) + 1) % 256) WHERE n = 12",
        };
        let table = [
            ("UPDATE audit_log SET detail = '{\"name\":\"b key\"}' WHERE n = 5", 5, Changed),
            ("UPDATE audit_log SET actor_user_id = 'somebody' WHERE n = 1", 1, Changed),
            ("UPDATE audit_log SET at = at + 1 WHERE n = 12", 12, Changed),
            (flip, 12, Changed),
            ("DELETE FROM audit_log WHERE n = 7", 7, Removed),
            ("DELETE FROM audit_log WHERE n = 1", 1, Removed),
            ("DELETE FROM audit_log WHERE n > 9", 10, Truncated),
            ("DELETE FROM audit_log", 1, Truncated),
            ("UPDATE audit_log SET n = -n WHERE n IN (4, 5); UPDATE audit_log SET n = 9 + n WHERE n < 0", 4, Reordered),
            (
                "UPDATE audit_heads SET n = 10, hash = (SELECT hash FROM audit_log WHERE n = 10) WHERE chain = '00'",
                11,
                Added,
            ),
            ("DELETE FROM audit_heads WHERE chain = '00'", 12, Headless),
        ];
        for (change, n, kind) in table {
            run(url, change).await;
            assert_eq!(broken(&store).await, Some((n, kind)), "{url}: {change}");
            let restore = "DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM saved; DELETE FROM audit_heads; \
                           INSERT INTO audit_heads SELECT * FROM saved_heads";
            run(url, restore).await;
            assert_eq!(broken(&store).await, None, "{url}: restored after {change}");
        }

        // The last row and the head made anew are whole in themselves; the head that was noted before tells.
        let noted = Noted { chain: "00".into(), n: 12, hash: heads[0].hash.clone() };
        assert!(store.verify_audit(std::slice::from_ref(&noted)).await.unwrap().ok);
        let cut = "DELETE FROM audit_log WHERE n = 12; UPDATE audit_heads SET n = 11, hash = \
                   (SELECT hash FROM audit_log WHERE n = 11) WHERE chain = '00'";
        run(url, cut).await;
        assert_eq!(broken(&store).await, None, "nothing in the database tells of it");
        let report = store.verify_audit(std::slice::from_ref(&noted)).await.unwrap();
        assert_eq!(report.chains[0].broken.as_ref().map(|b| (b.n, b.kind)), Some((12, Truncated)), "{url}");
        store.audit(&[Fact::new(AuditAction::KeyMade, "key").on("another")]).await.unwrap();
        let report = store.verify_audit(&[noted]).await.unwrap();
        assert_eq!(report.chains[0].broken.as_ref().map(|b| (b.n, b.kind)), Some((12, AuditBreakKind::NotAsNoted)));
    }
}

/// Whether the database refuses a statement.
async fn store_refuses(url: &str, sql: &str) -> bool {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    tokio::spawn(async move { run(&url, &sql).await }).await.is_err()
}

#[tokio::test]
async fn eight_writers_at_once_keep_every_chain_whole_and_wait_for_nobody_for_ever() {
    const FACTS: usize = 60;
    let (_folder, urls, _cluster) = engines().await;
    for url in &urls {
        let store = Store::open(url).await.unwrap();
        let owner = store.first_user("owner").await.unwrap();
        let author = Author { user_id: owner, display_name: "owner".into(), gravatar_hash: String::new() };
        let shared =
            store.create_conversation(&author, Some("shared"), "omega/offline", None, <_>::default()).await.unwrap().id;
        let shared = owned(&store, &author, shared).await;
        let began = Instant::now();
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (store, shared) = (store.clone(), shared.clone());
                tokio::spawn(async move {
                    for n in 0..FACTS {
                        // In turn: alone, and behind a conversation's counter that all of them want.
                        if n % 2 == 0 {
                            let facts = [(); 3].map(|()| Fact::new(AuditAction::KeyMade, "key").on(writer));
                            store.audit(&facts).await.unwrap();
                        } else {
                            let safe_mode = Some(n % 4 == 1);
                            let change = UpdateConversation { safe_mode, ..<_>::default() };
                            store.update_conversation(&shared, &change).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            within("a writer", writer).await.unwrap();
        }
        let (took, rows) = (began.elapsed(), 8 * FACTS / 2 * 4);
        let report = store.verify_audit(&[]).await.unwrap();
        eprintln!(
            "{}: {} commits with {rows} rows in {took:?}, on {} chains",
            store.database().as_str(),
            8 * FACTS,
            report.chains.len()
        );
        assert!(report.ok, "{report:?}");
        assert_eq!(report.checked, rows as u64);
    }
}

/// What breaks the audit log, and what repairs it.
fn breakages(sqlite: bool) -> Vec<(&'static str, &'static str)> {
    let raise = match sqlite {
        true => (
            "CREATE TRIGGER broken BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        ),
        false => (
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION broken()",
            "DROP TRIGGER broken ON audit_log; DROP FUNCTION broken",
        ),
    };
    vec![
        ("ALTER TABLE audit_log RENAME TO gone", "ALTER TABLE gone RENAME TO audit_log"),
        raise,
        (
            "CREATE TABLE heads AS SELECT * FROM audit_heads; DELETE FROM audit_heads",
            "INSERT INTO audit_heads SELECT * FROM heads; DROP TABLE heads",
        ),
    ]
}

async fn on(url: &str, folder: TempDir, script: Script) -> Omega {
    Omega::start_on(url.to_owned(), folder, script).await
}

#[tokio::test]
async fn where_the_audit_log_can_not_be_written_no_tool_starts_and_no_credential_goes_out() {
    let cluster = Postgres::start();
    let home = folder();
    let sqlite = format!("sqlite:{}", home.path().join("omega.db").display());
    let urls = [Some(sqlite), cluster.as_ref().map(|cluster| cluster.url.clone())];
    for url in urls.into_iter().flatten() {
        let keyed = || Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
        let script = Script::new().when(|seen| seen.results.is_empty(), [keyed(), keyed(), keyed(), keyed()]);
        let omega = on(&url, folder(), script.when(|_| true, [Reply::text("In."), Reply::text("In.")])).await;
        let client = &omega.client;
        let tool = id("acmeKeyed").parse().unwrap();
        let put = PutCredential { value: SECRET.into(), tool_id: Some(tool), scope: None, kept_in: None };
        client.put_credential("ACME_API_KEY", &put).await.unwrap();
        for (breaks, repairs) in breakages(url.starts_with("sqlite:")) {
            run(&url, breaks).await;
            let conversation = omega.conversation("openai/test").await;
            let sent = omega.send(conversation, "log in").await;
            let proposed = async {
                loop {
                    let runs = client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
                    if !runs.is_empty() {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            };
            within("the call", proposed).await;
            // What needs no run does not happen either: nothing is made, changed or told that could not be recorded.
            let execute = json!({ "toolId": id("acmeKeyed"), "env": { "ACME_API_KEY": SECRET } });
            let execute = omega.request(Method::POST, "/api/registry/execute").json(&execute);
            assert_eq!(refused(execute).await.0, 500, "{breaks}");
            assert!(client.create_api_key("unheard of").await.is_err(), "{breaks}");
            let other = PutCredential { value: "another-value-0123".into(), tool_id: None, scope: None, kept_in: None };
            assert!(client.put_credential("OTHER", &other).await.is_err(), "{breaks}");
            assert!(client.export(conversation, omega_core::client::ExportFormat::Json).await.is_err(), "{breaks}");
            within("the end", async {
                while !client.run(sent.run_id).await.unwrap().status.is_terminal() {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            })
            .await;
            assert_eq!(client.run(sent.run_id).await.unwrap().status, RunStatus::Failed, "{breaks}");
            assert!(omega.tools.calls().is_empty(), "{breaks}: {:?}", omega.tools.calls());
            run(&url, repairs).await;
        }
        assert_eq!(client.api_keys().await.unwrap().len(), 1);
        assert_eq!(client.credentials().await.unwrap().len(), 1);
        // And with the log, it does.
        omega.ask("openai/test", "log in").await;
        assert_eq!(omega.tools.count("acmeKeyed"), 1);
        assert!(client.verify_audit(&[]).await.unwrap().ok);
    }
}

#[tokio::test]
async fn what_is_done_is_recorded_with_who_did_it_and_without_any_value() {
    let call = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
    let omega = Omega::start(Script::new().turn(call).turn(Reply::text("Done."))).await;
    let client = &omega.client;
    let me = client.whoami().await.unwrap().user_id;
    let put = |value: &str, tool: bool| PutCredential {
        value: value.into(),
        tool_id: tool.then(|| id("acmeKeyed").parse().unwrap()),
        scope: None,
        kept_in: None,
    };
    client.put_credential("ACME_API_KEY", &put("first-value-012345", true)).await.unwrap();
    client.put_credential("ACME_API_KEY", &put(SECRET, true)).await.unwrap();
    client.put_credential("GONE", &put("value-of-gone-012", false)).await.unwrap();
    client.delete_credential("GONE", None, None).await.unwrap();
    let told = omega.ask("openai/test", "log in").await;
    let safe = UpdateConversation { safe_mode: Some(true), ..<_>::default() };
    client.update_conversation(told.conversation, &safe).await.unwrap();
    client.export(told.conversation, omega_core::client::ExportFormat::Json).await.unwrap();
    let made = client.create_api_key("for a test").await.unwrap();
    client.revoke_api_key(made.record.id).await.unwrap();
    client.rotate_vault(true).await.unwrap();
    let settings = client.settings().await.unwrap();
    let settings = omega_core::client::VersionedSettings {
        settings: omega_core::api::Settings { safe_mode: true, ..settings.settings },
        ..settings
    };
    client.put_settings(&settings).await.unwrap();

    let all = entries(&omega).await;
    let actions: Vec<&str> = all.iter().rev().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "key.made",
            // The harness's rows.
            "registry.changed",
            "credential.stored",
            "credential.replaced",
            "credential.stored",
            "credential.deleted",
            "tool.started",
            "credential.used",
            "tool.ended",
            "conversation.changed",
            "conversation.exported",
            "key.made",
            "key.revoked",
            "vault.rotated",
            "settings.changed",
        ]
    );
    let one = |action: &str| all.iter().find(|entry| entry.action == action).unwrap();
    for entry in all.iter().filter(|entry| entry.action != "key.made") {
        assert_eq!(entry.actor, Some(me), "{entry:?}");
    }
    let used = one("credential.used");
    assert_eq!((used.actor_kind.as_str(), used.object_id.as_deref()), ("run", Some("ACME_API_KEY")));
    assert_eq!((used.conversation_id, used.run_id.is_some()), (Some(told.conversation), true));
    assert_eq!(used.detail["toolId"], id("acmeKeyed"));
    assert_eq!(one("tool.started").object_id, one("tool.ended").object_id);
    assert_eq!(one("tool.ended").detail["status"], "succeeded");
    assert_eq!(one("settings.changed").detail, *json!({ "safeMode": true }).as_object().unwrap());
    assert_eq!(one("conversation.changed").detail, *json!({ "safeMode": true }).as_object().unwrap());
    let revoked = one("key.revoked");
    assert_eq!((revoked.actor_kind.as_str(), revoked.ip.as_deref()), ("api_key", Some("127.0.0.1")));
    assert!(revoked.request_id.is_some() && revoked.api_key_id.is_some());
    let text = serde_json::to_string(&all).unwrap();
    for value in [SECRET, "first-value", "value-of-gone", &omega.key, &made.key] {
        assert!(!text.contains(value), "{value}");
    }

    // By pages, by groups, by time.
    let group = client.audit(&[("action", "credential".into())]).await.unwrap().rows;
    assert_eq!(group.iter().map(|entry| entry.action.as_str()).collect::<BTreeSet<_>>().len(), 4);
    let mut paged = Vec::new();
    loop {
        let mut query = vec![("limit", "4".to_owned())];
        query.extend(paged.last().map(|last: &AuditEntry| ("before", last.id.clone())));
        let page = client.audit(&query).await.unwrap();
        paged.extend(page.rows);
        if !page.pagination.unwrap().has_more {
            break;
        }
    }
    assert_eq!(paged, all);
    let since = client.audit(&[("since", revoked.at.to_string())]).await.unwrap().rows;
    assert!(!since.is_empty() && since.iter().all(|entry| entry.at >= revoked.at));
    let get = |query: &str| omega.request(Method::GET, &format!("/api/omega/audit{query}"));
    assert_eq!(refused(get("?action=nothing")).await, code(422, "INVALID_INPUT"));
    assert_eq!(refused(get("?limit=0")).await, code(422, "INVALID_INPUT"));
    assert_eq!(refused(get("?before=x")).await, code(400, "BAD_CURSOR"));
    assert_eq!(refused(get("/verify?heads=00:1")).await, code(422, "INVALID_INPUT"));
}

async fn entries(omega: &Omega) -> Vec<AuditEntry> {
    omega.client.audit(&[("limit", "200".into())]).await.unwrap().rows
}

#[tokio::test]
async fn a_user_reads_their_own_facts_and_an_administrator_all_of_them_without_the_urls() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let guest = another_user(&omega).await;
    let conversation = omega.conversation("openai/test").await;
    let body = SendMessage { client_message_id: None, ..message("hello") };
    guest.client.send_message(conversation, &body, "one").await.unwrap();
    guest.client.create_api_key("mine").await.unwrap();
    guest.client.export(conversation, omega_core::client::ExportFormat::Json).await.unwrap();
    let own = guest.client.audit(&[]).await.unwrap().rows;
    assert_eq!(
        own.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(),
        ["conversation.exported", "key.made"]
    );
    assert!(own.iter().all(|entry| entry.actor == Some(guest.user)));
    assert_eq!(own[0].conversation_id, Some(conversation));
    let seen = entries(&omega).await.into_iter().find(|entry| entry.action == "conversation.exported").unwrap();
    assert_eq!((seen.conversation_id, seen.conversation.is_some()), (None, true));
    assert!(!serde_json::to_string(&seen).unwrap().contains(&conversation.to_string()));
    let verify = omega.http.get(format!("{}/api/omega/audit/verify", omega.url)).bearer_auth(&guest.key);
    assert_eq!(refused(verify).await, code(403, "FORBIDDEN"));
}

#[tokio::test]
async fn the_log_says_where_the_chains_end_and_who_asked_for_what_but_no_conversations_url() {
    let folder = folder();
    let (provider, tools) = (StandIn::start(Script::new()).await, Tools::start().await);
    let log = folder.path().join("server.log");
    let mut starting = command(folder.path(), &provider, &tools);
    starting.env("OMEGA_LOG", "info").stderr(std::fs::File::create(&log).unwrap());
    let server = Process::start(starting, None).await;
    let client = &server.client;
    let body = CreateConversation { title: Some("a test".into()), ..<_>::default() };
    let conversation = client.create_conversation(&body).await.unwrap().id;
    client.conversation(conversation).await.unwrap();
    let me = client.whoami().await.unwrap().user_id;
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&log).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    };
    let head = within("a head in the log", async {
        loop {
            if let Some(line) = lines().into_iter().find(|line| line["event"] == "audit.head") {
                break line;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    let text = |name: &str| head[name].as_str().unwrap().to_owned();
    let noted = format!("{}:{}:{}", text("chain"), head["n"], text("hash"));
    assert!(client.verify_audit(std::slice::from_ref(&noted)).await.unwrap().ok, "{noted}");
    let other = noted.replace(&text("hash"), &"0".repeat(64));
    assert!(!client.verify_audit(&[other]).await.unwrap().ok);

    let requests: Vec<Value> = lines().into_iter().filter(|line| line["event"] == "http.request").collect();
    let read = requests.iter().find(|line| line["route"] == "/api/omega/conversations/{id}").unwrap();
    assert_eq!(
        (&read["method"], &read["status"], &read["actor"]),
        (&json!("GET"), &json!(200), &json!(me.to_string()))
    );
    assert!(read["request_id"].is_string() && read["duration_ms"].is_u64());
    assert_eq!(read["conversation"].as_str().map(str::len), Some(16));
    assert!(!std::fs::read_to_string(&log).unwrap().contains(&conversation.to_string()));
    server.kill().await;
}

#[tokio::test]
async fn a_direct_call_that_nobody_waits_for_any_more_is_recorded_to_its_end() {
    let omega = Omega::start(Script::new()).await;
    let body = json!({ "toolId": id("acmeSlow"), "params": { "ms": 1_000 } });
    let asking = tokio::spawn(omega.request(Method::POST, "/api/registry/execute").json(&body).send());
    within("the call", async {
        while omega.tools.count("acmeSlow") == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    asking.abort();
    let of = |all: &[AuditEntry], action: &str| all.iter().find(|entry| entry.action == action).cloned();
    assert!(of(&entries(&omega).await, "tool.ended").is_none(), "it still runs");
    let ended = async {
        loop {
            if let Some(ended) = of(&entries(&omega).await, "tool.ended") {
                break ended;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let ended = within("its end", ended).await;
    let started = of(&entries(&omega).await, "tool.started").unwrap();
    assert_eq!((ended.object_id, ended.detail["status"].as_str()), (started.object_id, Some("succeeded")));
    assert_eq!((ended.actor, ended.actor_kind), (started.actor, started.actor_kind));
}
