//! Others who know people: a platform that vouches for keys, and where pictures come from. Both stand in on loopback.

use crate::harness::{
    Omega, folder,
    people::Person,
    refusals::{code, refused},
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use omega_core::{client::Client, testing::Script};
use omega_engine::store::gravatar_hash;
use omega_server::Identity;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// A platform as TPMJS's is: a profile for some keys, usage for others; and pictures.
#[derive(Default)]
struct Platform {
    asked: AtomicUsize,
    pictures: AtomicUsize,
    is_down: AtomicBool,
}

fn key(letter: &str) -> String {
    format!("tpmjs_sk_{}", letter.repeat(43))
}

async fn profile(State(platform): State<Arc<Platform>>, headers: HeaderMap) -> Response {
    platform.asked.fetch_add(1, Ordering::SeqCst);
    if platform.is_down.load(Ordering::SeqCst) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given == format!("Bearer {}", key("p")) {
        let data = json!({
            "id": "user_1", "name": "Pat\u{202e} Platform", "username": "pat", "email": "pat@example.test",
            "image": null, "createdAt": "2026-01-01T00:00:00.000Z",
        });
        return axum::Json(json!({ "success": true, "data": data })).into_response();
    }
    (StatusCode::UNAUTHORIZED, axum::Json(json!({ "success": false, "error": "Authentication required" })))
        .into_response()
}

async fn usage(headers: HeaderMap) -> StatusCode {
    match headers.get("authorization").and_then(|value| value.to_str().ok()) {
        Some(given) if given == format!("Bearer {}", key("u")) => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    }
}

async fn picture(State(platform): State<Arc<Platform>>, Path(hash): Path<String>) -> Response {
    platform.pictures.fetch_add(1, Ordering::SeqCst);
    let is = |address: &str| hash == gravatar_hash(Some(address));
    let (kind, content) = match () {
        () if is("pat@example.test") => ("image/png", vec![0x89, b'P', b'N', b'G']),
        () if is("script@example.test") => ("image/svg+xml", b"<svg onload=alert(1)>".to_vec()),
        () if is("page@example.test") => ("text/html", b"<script>".to_vec()),
        () if is("large@example.test") => ("image/png", vec![0; 300 * 1024]),
        () => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

async fn platform() -> (Arc<Platform>, String) {
    let platform = Arc::new(Platform::default());
    let routes = Router::new()
        .route("/api/user/profile", get(profile))
        .route("/api/user/usage", get(usage))
        .route("/avatar/{hash}", get(picture))
        .with_state(Arc::clone(&platform));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (platform, url)
}

async fn omega_with(identity: Identity) -> Omega {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    Omega::start_as(database, folder, Script::new(), |mut config| {
        config.identity = identity;
        config
    })
    .await
}

#[tokio::test]
async fn a_key_that_the_platform_vouches_for_is_its_owners_here_too() {
    let (platform, url) = platform().await;
    let omega = omega_with(Identity { key_verifier: Some(format!("{url}/api")), avatars: None }).await;
    let client = |key: String| Client::new(&omega.url, SecretString::from(key)).unwrap();
    let asked = || platform.asked.load(Ordering::SeqCst);

    let pat = client(key("p"));
    let who = pat.whoami().await.unwrap();
    assert_eq!((who.display_name.as_str(), who.via.as_str(), who.is_admin), ("Pat Platform", "api_key", false));
    assert_eq!(who.gravatar_hash, gravatar_hash(Some("pat@example.test")));
    let own = pat.create_conversation(&<_>::default()).await.unwrap().id;
    assert!(pat.conversation(own).await.unwrap().is_owner);
    assert_eq!((pat.whoami().await.unwrap().user_id, asked()), (who.user_id, 1), "asked once, the same user");
    // A key that may not read its profile is still somebody's.
    let other = client(key("u")).whoami().await.unwrap();
    assert!(other.user_id != who.user_id && other.gravatar_hash.is_empty());
    // What it does not know is nobody's, and it is not asked again right away.
    for _ in 0..3 {
        let request = omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth(key("n"));
        assert_eq!(refused(request).await, code(401, "UNAUTHENTICATED"));
    }
    assert_eq!(asked(), 3);
    // Our own keys are not its business, whatever became of them.
    let made = omega.client.create_api_key("ours").await.unwrap();
    omega.client.revoke_api_key(made.record.id).await.unwrap();
    assert!(client(made.key).whoami().await.is_err());
    assert_eq!(asked(), 3);
    // Who is blocked here stays blocked, whatever the platform says.
    omega.client.disable_user(who.user_id).await.unwrap();
    assert!(pat.whoami().await.is_err());
    // When it is down nobody new comes in, and everybody else goes on.
    platform.is_down.store(true, Ordering::SeqCst);
    let request = omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth(key("z"));
    assert_eq!(refused(request).await, code(503, "UPSTREAM_UNAVAILABLE"));
    assert!(client(key("u")).whoami().await.is_ok() && omega.client.whoami().await.is_ok());
    platform.is_down.store(false, Ordering::SeqCst);
    let request = omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth(key("z"));
    assert_eq!(refused(request).await, code(401, "UNAUTHENTICATED"), "that it was down is not remembered");
}

#[tokio::test]
async fn without_a_platform_nobody_is_asked() {
    let (platform, _) = platform().await;
    let omega = omega_with(Identity::default()).await;
    let request = omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth(key("p"));
    assert_eq!(refused(request).await, code(401, "UNAUTHENTICATED"));
    assert_eq!(platform.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn pictures_come_through_the_server_of_its_own_users_alone_and_are_pictures() {
    let (platform, url) = platform().await;
    let omega = omega_with(Identity { key_verifier: None, avatars: Some(format!("{url}/avatar")) }).await;
    let asked = || platform.pictures.load(Ordering::SeqCst);
    let pat = Person::new(&omega, "Pat", Some("pat@example.test")).await;
    for name in ["script", "page", "large", "none"] {
        Person::new(&omega, name, Some(&format!("{name}@example.test"))).await;
    }
    let get = |hash: String| omega.request(Method::GET, &format!("/api/omega/avatars/{hash}"));
    for _ in 0..2 {
        let response = get(pat.user.gravatar_hash.clone()).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert_eq!(response.bytes().await.unwrap().len(), 4);
    }
    assert_eq!(asked(), 1, "kept");
    for name in ["script", "page", "large", "none"] {
        let hash = gravatar_hash(Some(&format!("{name}@example.test")));
        assert_eq!(refused(get(hash)).await, code(404, "NOT_FOUND"), "{name}");
    }
    assert_eq!(asked(), 5);
    let stranger = gravatar_hash(Some("stranger@example.test"));
    for other in [stranger, "..%2F..%2Fetc".into(), "0".repeat(63), "A".repeat(64)] {
        assert_eq!(refused(get(other)).await, code(404, "NOT_FOUND"));
    }
    assert_eq!(asked(), 5, "only its own users' pictures are asked for");
    let path = format!("{}/api/omega/avatars/{}", omega.url, pat.user.gravatar_hash);
    assert_eq!(refused(omega.http.get(path)).await.0, 401);
}
