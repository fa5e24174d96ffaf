//! Servers that can't start say why, and what to do about it.

use crate::harness::{config, executor::Tools, folder};
use omega_core::model::catalog::ProviderEnv;
use omega_server::{ServeConfig, Server, StartError, store::StoreError};
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
