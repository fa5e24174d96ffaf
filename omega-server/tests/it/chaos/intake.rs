//! Servers that are killed while they take tools in: in the middle of an import, of the start that makes the index anew, and of
//! the making of vectors where there is a model (`OMEGA_TEST_MODEL`, a folder). A tool is there whole or not at all, is found
//! when it is there, and the same import given again ends complete.

use super::dice::{Dice, setting};
use crate::harness::{
    executor::Tools,
    folder,
    process::{Process, command},
};
use omega_core::{
    api::registry::ToolRow,
    client::Client,
    registry::Tool,
    testing::{Script, StandIn},
};
use secrecy::SecretString;
use serde_json::json;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::BTreeMap, path::Path};

const TOOLS: usize = 6_000;
/// The longest from the beginning of an import, or of a start, to a kill.
const LONGEST: u64 = 600;

fn row(n: usize) -> Tool {
    let row = json!({ "toolId": format!("far{}::t{n}", n / 5), "name": format!("t{n}"), "description": format!("Weighs load{n}x of wheat") });
    omega_engine::registry::rows::tool(&row).unwrap().into_parts().0
}

fn lines() -> Vec<u8> {
    (0..TOOLS).flat_map(|n| [serde_json::to_vec(&row(n)).unwrap(), vec![b'\n']].concat()).collect()
}

/// What is listed of the import, by number. Each row is the one that was sent.
async fn listed(client: &Client) -> BTreeMap<usize, ToolRow> {
    let (mut all, mut from) = (BTreeMap::new(), 0);
    loop {
        let page = client.list_tools(from, 1_000).await.unwrap();
        if page.rows.is_empty() {
            return all;
        }
        from += page.rows.len();
        for tool in page.rows {
            if let Some(n) = tool.description.strip_prefix("Weighs load").and_then(|rest| rest.split('x').next()) {
                let n: usize = n.parse().unwrap();
                assert_eq!(tool.tool_id, row(n).tool_id.as_str());
                assert!(all.insert(n, tool).is_none(), "{n} twice");
            }
        }
    }
}

async fn is_whole(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let (whole,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(whole, "ok");
}

fn give_model(folder: &Path) {
    let Some(from) = std::env::var_os("OMEGA_TEST_MODEL") else { return };
    let to = omega_engine::registry::model_files::folder(&folder.join("cache"));
    std::fs::create_dir_all(&to).unwrap();
    for file in std::fs::read_dir(from).unwrap().filter_map(Result::ok).filter(|file| file.path().is_file()) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_takes_tools_in_or_makes_its_index_has_each_of_them_whole_or_not_at_all() {
    let mut dice = Dice::new("intake");
    let (provider, tools, folder) = (StandIn::start(Script::new()).await, Tools::start().await, folder());
    give_model(folder.path());
    let mut key = None;
    let (mut before, mut cut) = (0, 0);
    for _ in 0..setting("OMEGA_CHAOS_IMPORTS", 6) {
        let server = Process::start(command(folder.path(), &provider, &tools), key.clone()).await;
        key = server.key.clone().or(key);
        let importing = tokio::spawn({
            let client = Client::new(&server.url, SecretString::from(key.clone().unwrap())).unwrap();
            async move { client.import_tools(lines()).await }
        });
        // Hits whose vectors are wanted.
        let _ = server.client.search_tools("weighs wheat", None, 20).await.unwrap();
        tokio::time::sleep(dice.millis(LONGEST)).await;
        server.kill().await;
        let acknowledged = importing.await.unwrap().is_ok();

        let mut starting = command(folder.path(), &provider, &tools).spawn().unwrap();
        tokio::time::sleep(dice.millis(LONGEST / 2)).await;
        starting.kill().await.unwrap();
        is_whole(&folder.path().join("omega.db")).await;

        let server = Process::start(command(folder.path(), &provider, &tools), key.clone()).await;
        let there = listed(&server.client).await;
        assert!(there.len() >= before, "{} of {before} are left", there.len());
        assert!(!acknowledged || there.len() == TOOLS, "{} of an import that was acknowledged", there.len());
        cut += usize::from(there.len() < TOOLS);
        before = there.len();
        for n in [there.keys().next(), there.keys().nth(there.len() / 2), there.keys().last()].into_iter().flatten() {
            let found = server.client.search_tools(&format!("load{n}x"), None, 3).await.unwrap().results.tools;
            assert_eq!(found.first().map(|hit| hit.tool_id.as_str()), Some(row(*n).tool_id.as_str()), "{n}");
        }
        server.kill().await;
    }
    assert!(cut > 0, "no import was cut short");
    let server = Process::start(command(folder.path(), &provider, &tools), key).await;
    server.client.import_tools(lines()).await.unwrap();
    assert_eq!(listed(&server.client).await.len(), TOOLS);
    assert_eq!(server.client.status().await.unwrap().status, "ok");
    server.kill().await;
}
