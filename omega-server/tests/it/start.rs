//! Servers that can't start say why, and what to do about it.

use crate::harness::{config, executor::Tools, folder};
use omega_core::model::catalog::ProviderEnv;
use omega_engine::store::StoreError;
use omega_server::{ServeConfig, Server, StartError};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::path::Path;

async fn refusal(config: ServeConfig) -> StartError {
    match Server::start(config).await {
        Ok(server) => panic!("it started at {}", server.url),
        Err(error) => error,
    }
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

#[tokio::test]
async fn a_port_or_a_database_in_use_is_named_with_the_way_out() {
    let (folder, tools) = (folder(), Tools::start().await);
    let first = config(&sqlite(&folder.path().join("one.db")), folder.path(), &tools, ProviderEnv::default());
    let running = Server::start(first.clone()).await.unwrap();

    let listen = running.url.trim_start_matches("http://").parse().unwrap();
    let second = ServeConfig { listen, database_url: sqlite(&folder.path().join("two.db")), ..first.clone() };
    let error = refusal(second).await;
    let text = error.to_string();
    assert!(matches!(error, StartError::Listen { .. }), "{error:?}");
    assert!(text.contains(&listen.to_string()) && text.contains("--port"), "{text}");

    let error = refusal(first.clone()).await;
    let text = error.to_string();
    assert!(matches!(error, StartError::Store(StoreError::Locked { .. })), "{error:?}");
    assert!(text.contains("one.db") && text.contains("OMEGA_DATABASE_URL"), "{text}");

    // Once the first one has ended, the same database opens again, and the key of the first start still counts.
    assert!(running.new_key.is_some());
    running.stop().await;
    let again = Server::start(first).await.unwrap();
    assert_eq!(again.new_key, None);
}

#[tokio::test]
async fn a_database_that_can_not_be_used_is_left_as_it_is_and_explained() {
    let (folder, tools) = (folder(), Tools::start().await);
    let with = |url: String| config(&url, folder.path(), &tools, ProviderEnv::default());

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is a letter to my aunt, not a database. ".repeat(100)).unwrap();
    let text = refusal(with(sqlite(&garbage))).await.to_string();
    assert!(text.contains("garbage.db") && text.contains("Move") && text.contains("backup"), "{text}");
    assert!(std::fs::read_to_string(&garbage).unwrap().starts_with("this is a letter"));

    let directory = folder.path().join("directory.db");
    std::fs::create_dir(&directory).unwrap();
    let text = refusal(with(sqlite(&directory))).await.to_string();
    assert!(text.contains("directory.db"), "{text}");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let text = refusal(with(sqlite(&file.join("omega.db")))).await.to_string();
    assert!(text.contains("can't open the database"), "{text}");

    let text = refusal(with("mysql://db/omega".into())).await.to_string();
    assert!(text.contains("sqlite:") && text.contains("postgres://"), "{text}");
    let text = refusal(with("postgres://omega:secret@127.0.0.1:1/omega".into())).await.to_string();
    assert!(text.contains("is PostgreSQL running") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused_with_the_version() {
    let (folder, tools) = (folder(), Tools::start().await);
    let path = folder.path().join("omega.db");
    let config = config(&sqlite(&path), folder.path(), &tools, ProviderEnv::default());
    Server::start(config.clone()).await.unwrap().stop().await;
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of tomorrow', 1, x'00', 1)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let error = refusal(config).await;
    assert!(matches!(error, StartError::Store(StoreError::Newer { version: 9999 })), "{error:?}");
    assert!(error.to_string().contains("update Omega"), "{error}");
}

#[tokio::test]
async fn an_executor_address_that_is_none_is_refused() {
    let (folder, tools) = (folder(), Tools::start().await);
    let config = config(&sqlite(&folder.path().join("omega.db")), folder.path(), &tools, ProviderEnv::default());
    let error = refusal(ServeConfig { executors: vec!["executor.local".into()], ..config }).await;
    assert!(error.to_string().contains("executor.local"), "{error}");
}

#[cfg(unix)]
mod files {
    use super::*;
    use crate::harness::{
        Omega,
        process::{Process, command_on},
        refusals::answer,
        titled,
    };
    use omega_core::testing::{Reply, Script, StandIn};
    use reqwest::Method;
    use serde_json::json;
    use std::{
        fs,
        os::unix::fs::{MetadataExt, symlink},
        path::PathBuf,
    };

    /// Everything below a folder that others may do anything with.
    fn open_to_others(folder: &Path) -> Vec<(PathBuf, u32)> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let meta = entry.metadata().unwrap();
                if meta.is_dir() {
                    folders.push(entry.path());
                }
                if meta.mode() & 0o077 != 0 {
                    found.push((entry.path(), meta.mode() & 0o7777));
                }
            }
        }
        found
    }

    #[tokio::test]
    async fn everything_that_a_server_makes_is_its_users_alone_whatever_the_umask() {
        let (folder, tools) = (folder(), Tools::start().await);
        let provider = StandIn::start(titled(Script::new().turn(Reply::text("Hi.")))).await;
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        let database = sqlite(&home.join("data/deep/omega.db"));
        let served = command_on(&database, &home, &provider, &tools);
        let mut open = tokio::process::Command::new("sh");
        open.args(["-c", "umask 000; exec \"$0\" \"$@\""])
            .arg(served.as_std().get_program())
            .args(served.as_std().get_args());
        for (name, value) in served.as_std().get_envs() {
            match value {
                Some(value) => open.env(name, value),
                None => open.env_remove(name),
            };
        }
        let piped = std::process::Stdio::piped();
        open.stdin(std::process::Stdio::null()).stdout(piped).stderr(std::process::Stdio::null()).kill_on_drop(true);
        let server = Process::start(open, None).await;
        server.client.create_conversation(&<_>::default()).await.unwrap();
        let beside: Vec<String> = ["", "-wal", "-shm", ".lock"].map(|name| format!("omega.db{name}")).into();
        for name in beside {
            assert!(home.join("data/deep").join(&name).exists(), "{name}");
        }
        assert_eq!(open_to_others(&home), []);
        server.kill().await;
    }

    #[tokio::test]
    async fn a_database_is_one_servers_whatever_leads_to_it_and_others_do_not_read_it() {
        let (folder, tools) = (folder(), Tools::start().await);
        let at = |path: &Path| config(&sqlite(path), folder.path(), &tools, ProviderEnv::default());
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::create_dir(&other).unwrap();
        let path = one.join("omega.db");
        let running = Server::start(at(&path)).await.unwrap();
        symlink(&path, other.join("soft.db")).unwrap();
        symlink(&one, folder.path().join("folder")).unwrap();
        for way in [other.join("soft.db"), folder.path().join("folder/omega.db"), other.join("../one/omega.db")] {
            let error = refusal(at(&way)).await;
            assert!(matches!(error, StartError::Store(StoreError::Locked { .. })), "{}: {error}", way.display());
        }
        fs::hard_link(&path, other.join("hard.db")).unwrap();
        let text = refusal(at(&other.join("hard.db"))).await.to_string();
        assert!(text.contains("hard link") && text.contains("backup"), "{text}");
        fs::remove_file(other.join("hard.db")).unwrap();
        running.stop().await;

        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let text = refusal(at(&path)).await.to_string();
        assert!(text.contains("chmod 600") && text.contains("omega.db"), "{text}");
    }

    #[tokio::test]
    async fn a_server_whose_database_was_taken_away_is_not_ready_and_acknowledges_nothing() {
        let omega = Omega::start(Script::new()).await;
        let conversation = omega.conversation("omega/offline").await;
        let path = PathBuf::from(omega.database.strip_prefix("sqlite:").unwrap());
        let elsewhere = path.with_extension("elsewhere");
        let ready = async || omega.http.get(format!("{}/readyz", omega.url)).send().await.unwrap().status().as_u16();
        let send = async || {
            let to = format!("/api/omega/conversations/{conversation}/messages");
            let request = omega.request(Method::POST, &to).header("prefer", "respond-async");
            answer(request.json(&json!({ "message": "hello" }))).await
        };
        assert_eq!((ready().await, send().await.0), (200, 202));
        let away = async |how: &str| {
            assert_eq!(ready().await, 503, "{how}");
            let (status, told) = send().await;
            assert_eq!(status, 503, "{how}: {told}");
            assert!(told["error"].as_str().unwrap().contains("moved, removed or replaced"), "{how}: {told}");
        };
        fs::rename(&path, &elsewhere).unwrap();
        away("moved").await;
        fs::copy(&elsewhere, &path).unwrap();
        away("replaced").await;
        fs::rename(&elsewhere, &path).unwrap();
        assert_eq!((ready().await, send().await.0), (200, 202), "it is back");
        let wal = path.with_extension("db-wal");
        fs::rename(&wal, &elsewhere).unwrap();
        away("without its log").await;
        fs::rename(&elsewhere, &wal).unwrap();
        assert_eq!(ready().await, 200);
        fs::remove_file(&path).unwrap();
        away("removed").await;
        assert_eq!(omega.http.get(format!("{}/livez", omega.url)).send().await.unwrap().status(), 200);
    }
}
