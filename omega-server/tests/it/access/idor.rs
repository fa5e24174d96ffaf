//! Two users, and every id of the one in every path as the other: nothing is read, nothing is changed (T15).

use crate::harness::{
    Omega, execute,
    executor::id,
    people::{Person, routes},
};
use omega_core::{
    api::{PutCredential, UpdateConversation, Visibility},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use serde_json::json;

/// Stands in everything that the first user has.
const CANARY: &str = "canary-of-the-first-user";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_id_of_one_user_opens_anything_for_another() {
    let call = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": CANARY })));
    let script = Script::new().turn(call).turn(Reply::text(CANARY));
    let omega = Omega::start(script).await;
    let other = Person::new(&omega, "the other one", None).await;
    let told = omega.ask("openai/test", CANARY).await;
    let change = UpdateConversation { visibility: Some(Visibility::Private), ..<_>::default() };
    omega.client.update_conversation(told.conversation, &change).await.unwrap();
    let put = PutCredential { value: CANARY.into(), tool_id: None, scope: None, kept_in: None };
    omega.client.put_credential("CANARY_KEY", &put).await.unwrap();
    let key = omega.client.create_api_key(CANARY).await.unwrap();
    let detail = omega.client.conversation(told.conversation).await.unwrap();
    let before = omega.committed(told.conversation).await;
    let ids = [
        told.conversation.to_string(),
        detail.runs[0].id.to_string(),
        detail.tool_runs[0].id.to_string(),
        detail.messages[0].id.to_string(),
        key.record.id.to_string(),
        omega.client.whoami().await.unwrap().user_id.to_string(),
        "CANARY_KEY".into(),
    ];
    let mut tries = 0;
    for (method, route) in routes(&omega).await {
        if !route.contains('{') {
            continue;
        }
        for id in &ids {
            let path: String = route
                .split('/')
                .map(|segment| if segment.starts_with('{') { id.as_str() } else { segment })
                .collect::<Vec<_>>()
                .join("/");
            let bodies = ["", "{}", r#"{"message":"x"}"#, r#"{"decision":"approve"}"#, r#"{"decline":true}"#];
            for body in bodies.into_iter().filter(|body| body.is_empty() || method != "GET") {
                let request = other.request(method.clone(), &path).header("prefer", "respond-async");
                let request = match body {
                    "" => request,
                    body => request.header("content-type", "application/json").body(body),
                };
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                assert!((400..500).contains(&status), "{method} {path} {body}: {status}");
                let text = response.text().await.unwrap();
                assert!(!text.contains(CANARY), "{method} {path} {body}: {text}");
                tries += 1;
            }
        }
    }
    assert!(tries > 300, "{tries}");
    assert_eq!(omega.committed(told.conversation).await, before, "nothing happened there");
    // Ids in bodies and lists: what is the other one's own is empty.
    for path in ["settings/credentials", "settings/grants", "settings/approvals"] {
        let text = other.request(reqwest::Method::GET, &format!("/api/omega/{path}")).send().await.unwrap();
        assert!(!text.text().await.unwrap().contains("CANARY"), "{path}");
    }
    let own = other.client.create_conversation(&<_>::default()).await.unwrap();
    let body = json!({ "message": "x", "planId": detail.runs[0].id });
    let path = format!("/api/omega/conversations/{}/messages", own.id);
    assert_eq!(other.request(reqwest::Method::POST, &path).json(&body).send().await.unwrap().status(), 422);
    assert!(omega.client.credentials().await.unwrap().len() == 1 && omega.client.api_keys().await.unwrap().len() == 2);
}

/// Handlers that touch a conversation do so with an access; what takes a bare id is the engine's.
#[test]
fn no_route_reaches_around_the_authoriser() {
    let http = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let engines_own = [
        "owner_and_model(",
        "events_after(",
        "run_unchecked(",
        "paused_run(",
        ".history(",
        ".history_within(",
        ".actor(",
    ];
    let (mut files, mut folders) = (0, vec![http.join("routes"), http.join("ai_sdk")]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (inner, own): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(inner);
        for path in own {
            let text = std::fs::read_to_string(&path).unwrap();
            files += 1;
            for name in engines_own {
                assert!(!text.contains(name), "{}: {name} is for the engine; use an Access", path.display());
            }
        }
    }
    assert!(files > 30);
}
