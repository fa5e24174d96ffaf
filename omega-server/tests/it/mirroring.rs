//! The mirror of another registry, on a whole server: it goes on after a kill, says how it is, and is read when an administrator
//! wants it.

use crate::{
    chaos::dice::{Dice, setting},
    harness::{
        self, Omega,
        executor::Tools,
        process::{Process, command},
        refusals::{answer, refused},
        users::another_user,
    },
};
use axum::{Router, extract::Query, http::StatusCode, response::IntoResponse, routing::get};
use omega_core::{
    api::{MirrorState, MirrorStatus},
    client::Client,
    testing::{Script, StandIn},
};
use omega_engine::registry::Address;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long a row takes at most, of a registry at its worst, which is read some times and pauses at every third page.
const A_ROW: Duration = Duration::from_millis(10);

/// A registry of so many tools, and where the pages that it was asked for began.
async fn other(tools: usize) -> (String, Arc<Mutex<Vec<usize>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let noted = Arc::clone(&asked);
    let page = get(move |Query(query): Query<HashMap<String, usize>>| async move {
        noted.lock().unwrap().push(query["offset"]);
        let rows: Vec<Value> = (query["offset"]..tools.min(query["offset"] + query["limit"]))
            .map(|n| json!({ "name": format!("t{n}"), "description": "Counts", "package": { "npmPackageName": "@far/many", "npmVersion": "1.0.0" } }))
            .collect();
        axum::Json(
            json!({ "success": true, "data": rows, "pagination": { "hasMore": query["offset"] + rows.len() < tools } }),
        )
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/api/tools", page)).await });
    (url, asked)
}

async fn until(client: &Client, what: impl Fn(&MirrorStatus) -> bool) -> MirrorStatus {
    until_of(0, client, what).await
}

/// The same of a registry of so many rows.
async fn until_of(rows: usize, client: &Client, what: impl Fn(&MirrorStatus) -> bool) -> MirrorStatus {
    let seen = async {
        loop {
            let mirror = client.status().await.unwrap().registry.mirror.expect("it mirrors one");
            if what(&mirror) {
                return mirror;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let most = Duration::from_secs(60) + A_ROW * u32::try_from(rows).unwrap();
    tokio::time::timeout(most, seen).await.unwrap_or_else(|_| panic!("the mirror: not within {most:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_mirrors_goes_on_when_it_starts_again() {
    let (provider, tools, folder) = (StandIn::start(Script::new()).await, Tools::start().await, harness::folder());
    let (url, asked) = other(6_000).await;
    let start = || {
        let mut command = command(folder.path(), &provider, &tools);
        command.env("TPMJS_API_URL", &url);
        command
    };
    let server = Process::start(start(), None).await;
    let own = server.client.status().await.unwrap().registry.tools;
    until(&server.client, |mirror| mirror.read.is_some_and(|read| read >= 2_000)).await;
    let key = server.key.clone();
    server.kill().await;
    asked.lock().unwrap().clear();
    let server = Process::start(start(), key).await;
    let mirror = until(&server.client, |mirror| mirror.completed_at.is_some()).await;
    assert!(asked.lock().unwrap()[0] >= 1_900, "it went on: {:?}", asked.lock().unwrap());
    assert_eq!((mirror.tools, mirror.rows_left_out()), (6_000, 0));
    let status = server.client.status().await.unwrap();
    assert_eq!((status.registry.tools, status.status.as_str()), (own + 6_000, "ok"));
    server.client.tool(&"@far/many::t5999".parse().unwrap()).await.unwrap();
    server.kill().await;
}

/// A registry of so many tools that gives every other page as it likes: busy, failing, cut, something else, or late; its rows move
/// between two pages, have the field names of two years, and every hundredth one is no tool.
async fn worst(tools: usize) -> String {
    let row = |n: usize| {
        let package = json!({ "npmPackageName": format!("@far/p{}", n / 3), "npmVersion": "1.0.0" });
        match n % 200 {
            100 => json!({ "id": format!("clx{n}"), "description": "names nothing" }),
            odd if odd % 2 == 1 => {
                json!({ "exportName": format!("t{n}"), "description": "Counts", "package": package })
            }
            _ => json!({ "name": format!("t{n}"), "description": "Counts", "package": package }),
        }
    };
    let listed = Arc::new(Mutex::new((0_usize, (0..tools).map(row).collect::<Vec<Value>>())));
    let page = get(move |Query(query): Query<HashMap<String, usize>>| async move {
        let (turn, whole) = {
            let mut listed = listed.lock().unwrap();
            listed.0 += 1;
            let turn = listed.0;
            let (from, to) = (turn * 7_919 % tools, turn * 104_729 % tools);
            let moved = listed.1.remove(from);
            listed.1.insert(to, moved);
            let rows: Vec<Value> = listed.1.iter().skip(query["offset"]).take(query["limit"]).cloned().collect();
            let more = query["offset"] + rows.len() < tools;
            (turn, json!({ "success": true, "data": rows, "pagination": { "hasMore": more } }))
        };
        match turn % 10 {
            1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "busy").into_response(),
            3 => (StatusCode::INTERNAL_SERVER_ERROR, "no").into_response(),
            5 => (StatusCode::OK, r#"{"success":true,"data":[{"id":"#).into_response(),
            7 => (StatusCode::OK, "<html>soon</html>").into_response(),
            9 => {
                tokio::time::sleep(Duration::from_millis(400)).await;
                axum::Json(whole).into_response()
            }
            _ => axum::Json(whole).into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/api/tools", page)).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_again_and_again_has_all_that_a_registry_at_its_worst_lists_each_once() {
    // 4,000 in CI.
    let all = setting("OMEGA_CHAOS_ROWS", 4_000);
    let mut dice = Dice::new("mirror");
    let (provider, tools, folder) = (StandIn::start(Script::new()).await, Tools::start().await, harness::folder());
    let url = worst(all).await;
    let start = || {
        let mut command = command(folder.path(), &provider, &tools);
        command.env("TPMJS_API_URL", &url);
        command
    };
    let mut key = None;
    for part in 1..=3 {
        let server = Process::start(start(), key.clone()).await;
        key = server.key.clone().or(key);
        let some = u64::try_from(all * part / 4).unwrap();
        let is_far =
            |mirror: &MirrorStatus| mirror.read.is_some_and(|read| read >= some) || mirror.completed_at.is_some();
        until_of(all, &server.client, is_far).await;
        tokio::time::sleep(dice.millis(300)).await;
        server.kill().await;
    }
    let server = Process::start(start(), key).await;
    let mirror = until_of(all, &server.client, |mirror| mirror.completed_at.is_some()).await;
    let bad = u64::try_from(all / 200).unwrap();
    let all = u64::try_from(all).unwrap() - bad;
    assert_eq!((mirror.tools, mirror.rows_left_out()), (all, bad), "{mirror:?}");
    assert_eq!(mirror.left_out[0].reason, "they name no tool");
    let (mut seen, mut from) = (std::collections::HashSet::new(), 0);
    loop {
        let page = server.client.list_tools(from, 1_000).await.unwrap();
        let far = page.rows.iter().filter(|row| row.tool_id.starts_with("@far/"));
        far.for_each(|row| assert!(seen.insert(row.tool_id.clone()), "{} twice", row.tool_id));
        from += page.rows.len();
        if page.rows.is_empty() || !page.pagination.is_some_and(|page| page.has_more) {
            break;
        }
    }
    assert_eq!(u64::try_from(seen.len()).unwrap(), all);
    server.kill().await;
}

#[tokio::test]
async fn the_mirror_is_read_when_an_administrator_wants_it_and_is_off_where_it_was_turned_off() {
    let path = "/api/omega/registry/sync";
    let omega = Omega::start(Script::new()).await;
    assert_eq!(refused(omega.request(Method::POST, path)).await.0, 404);
    assert_eq!(omega.client.status().await.unwrap().registry.mirror, None);

    let (url, _) = other(12).await;
    let folder = harness::folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let address = Address::read(Some(&url)).unwrap();
    let omega = Omega::start_as(database, folder, Script::new(), |mut config| {
        config.mirror = address;
        config
    })
    .await;
    let (status, body) = answer(omega.request(Method::POST, path)).await;
    assert_eq!((status, &body["data"]["mirror"]["url"]), (202, &json!(url)), "{body}");
    let mirror = until(&omega.client, |mirror| mirror.state == MirrorState::Current).await;
    assert_eq!((mirror.tools, mirror.changed), (12, 12));
    let somebody = another_user(&omega).await;
    assert!(somebody.client.sync_registry().await.unwrap_err().to_string().contains("administrator"));
    // Whoever looks at the banner sees how old it is.
    assert!(somebody.client.status().await.unwrap().registry.mirror.unwrap().age_seconds.is_some());
}
