//! Who gets in, and that what is not there looks the same as what may not be seen.

mod discretion;
mod identity;
mod idor;
mod logs;
mod matrix;
mod outside;
mod sharing;

use crate::harness::{
    Omega,
    refusals::{answer, code, refused},
};
use omega_core::{
    client::{Client, ClientError},
    testing::Script,
};
use reqwest::{Method, header};
use secrecy::SecretString;
use serde_json::json;

#[tokio::test]
async fn only_a_known_key_or_a_session_of_this_site_gets_in() {
    let omega = Omega::start(Script::new()).await;
    let url = format!("{}/api/omega/session", omega.url);
    let unauthenticated = code(401, "UNAUTHENTICATED");
    let get = || omega.http.get(&url);
    assert_eq!(refused(get()).await, unauthenticated);
    let response = get().send().await.unwrap();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    for wrong in ["Basic abc", "Bearer", "Bearer sk-123", &format!("Bearer tpmjs_sk_{}", "x".repeat(43))] {
        assert_eq!(refused(get().header("authorization", wrong)).await, unauthenticated, "{wrong}");
    }

    // The catalogue is open, as TPMJS's is: its clients and other registries send no key.
    for open in ["tools?limit=1", "tools/search?q=csv&limit=1"] {
        assert_eq!(answer(omega.http.get(format!("{}/api/{open}", omega.url))).await.0, 200, "{open}");
    }

    // A key that was revoked is worth nothing at once; the other one goes on.
    let made = omega.client.create_api_key("for a test").await.unwrap();
    let names =
        async || -> Vec<String> { omega.client.api_keys().await.unwrap().into_iter().map(|key| key.name).collect() };
    assert_eq!(names().await, ["first key", "for a test"]);
    let second = Client::new(&omega.url, SecretString::from(made.key.clone())).unwrap();
    assert_eq!(second.whoami().await.unwrap().via, "api_key");
    omega.client.revoke_api_key(made.record.id).await.unwrap();
    assert!(matches!(second.whoami().await, Err(ClientError::Unauthenticated(_))));
    assert!(matches!(omega.client.revoke_api_key(made.record.id).await, Err(ClientError::NotFound(_))));
    assert_eq!(names().await, ["first key"]);

    // A browser signs in with a key, and its cookie writes only from this site.
    let body = json!({ "apiKey": omega.key });
    let signed_in = omega.http.post(&url).json(&body).send().await.unwrap();
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let (_, who) = answer(get().header("cookie", cookie)).await;
    assert_eq!(who["data"]["via"], "session");
    let post = |origin: &str| {
        let request = omega.http.post(format!("{}/api/omega/conversations", omega.url)).header("cookie", cookie);
        request.header("origin", origin).json(&json!({}))
    };
    assert_eq!(refused(post("http://evil.test")).await, code(403, "CSRF"));
    assert_eq!(refused(post(&omega.url).header("sec-fetch-site", "cross-site")).await, code(403, "CSRF"));
    assert_eq!(answer(post(&omega.url)).await.0, 201);
    let foreign = omega.http.post(&url).header("origin", "http://evil.test").json(&body);
    assert_eq!(refused(foreign).await, code(403, "CSRF"), "nobody signs a browser in from another site");
    let signed_out = omega.http.delete(&url).header("cookie", cookie).send().await.unwrap();
    assert_eq!(signed_out.status(), 204);
    assert_eq!(refused(get().header("cookie", cookie)).await, unauthenticated);
}

#[tokio::test]
async fn every_route_with_an_id_answers_404_for_one_that_is_unknown_or_none() {
    let omega = Omega::start(Script::new()).await;
    let routes = [
        (Method::GET, "conversations/{id}"),
        (Method::PATCH, "conversations/{id}"),
        (Method::POST, "conversations/{id}/messages"),
        (Method::GET, "conversations/{id}/messages"),
        (Method::GET, "conversations/{id}/events"),
        (Method::GET, "conversations/{id}/tool-runs"),
        (Method::POST, "conversations/{id}/plan"),
        (Method::GET, "conversations/{id}/export"),
        (Method::POST, "conversations/{id}/cancel"),
        (Method::GET, "runs/{id}"),
        (Method::POST, "runs/{id}/cancel"),
        (Method::GET, "tool-runs/{id}"),
        (Method::GET, "tool-runs/{id}/output"),
        (Method::POST, "tool-runs/{id}/cancel"),
        (Method::DELETE, "keys/{id}"),
    ];
    for (method, route) in routes {
        for id in ["7b3e0c7e-6f5c-4b7e-9d0e-2f5f3c1a9b11", "7", "not-an-id", "%00", "%FF"] {
            let request = omega.request(method.clone(), &format!("/api/omega/{}", route.replace("{id}", id)));
            let request = match method {
                Method::POST | Method::PATCH => request.json(&json!({ "message": "hi" })),
                _ => request,
            };
            // A conversation is changed by another body; an empty one asks for nothing, but of a conversation that exists.
            let request = if method == Method::PATCH {
                omega.request(method.clone(), &format!("/api/omega/conversations/{id}")).json(&json!({}))
            } else {
                request
            };
            assert_eq!(refused(request).await, code(404, "NOT_FOUND"), "{method} {route} {id}");
        }
    }
    assert_eq!(refused(omega.request(Method::GET, "/api/omega/nothing")).await, code(404, "NOT_FOUND"));
    assert_eq!(refused(omega.request(Method::GET, "/api/elsewhere")).await, code(404, "NOT_FOUND"));
}
