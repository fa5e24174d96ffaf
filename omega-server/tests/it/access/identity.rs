//! Users, and how a browser proves who it is for (T9, T14, T20).

use crate::harness::{
    Omega, config,
    executor::Tools,
    folder,
    people::{Person, sign_in},
    providers,
    refusals::{answer, code, refused},
};
use omega_core::{
    api::{CreateUser, UpdateProfile},
    client::{Client, ClientError},
    testing::{Script, StandIn},
};
use omega_engine::process::clock::Clock;
use omega_server::Server;
use reqwest::{Method, RequestBuilder, header};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;

const PATH: &str = "/api/omega/session";

fn get(omega: &Omega, cookie: &str) -> RequestBuilder {
    omega.http.get(format!("{}{PATH}", omega.url)).header(header::COOKIE, cookie)
}

#[tokio::test]
async fn administrators_make_users_and_shut_them_out_at_once() {
    let omega = Omega::start(Script::new()).await;
    let ada = Person::new(&omega, "  Ada\u{202e}\u{200b} Lovelace\n", Some(" Ada@Example.TEST ")).await;
    assert_eq!(ada.user.display_name, "Ada Lovelace");
    // SHA-256 of `ada@example.test`.
    assert_eq!(ada.user.gravatar_hash, omega_engine::store::gravatar_hash(Some("ada@example.test")));
    assert_eq!(ada.user.gravatar_hash.len(), 64);
    assert!(!ada.client.whoami().await.unwrap().is_admin && omega.client.whoami().await.unwrap().is_admin);
    assert_eq!(omega.client.users().await.unwrap().len(), 2);
    for request in [
        ada.request(Method::GET, "/api/omega/users"),
        ada.request(Method::POST, "/api/omega/users").json(&json!({ "name": "x" })),
        ada.request(Method::DELETE, &format!("/api/omega/users/{}", ada.user.id)),
    ] {
        assert_eq!(refused(request).await, code(403, "FORBIDDEN"));
    }
    for (body, field) in [
        (json!({ "name": "\u{202e}\u{200b}" }), "name"),
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "name": "x", "email": "nonsense" }), "email"),
        (json!({ "name": "x", "email": "ADA@example.test" }), "email"),
        (json!({ "name": "x", "role": "admin" }), "role"),
    ] {
        let (status, answer) = answer(omega.request(Method::POST, "/api/omega/users").json(&body)).await;
        assert_eq!(status, 422, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(field), "{answer}");
    }
    assert_eq!(omega.client.users().await.unwrap().len(), 2, "what is refused makes nobody");

    // Keys, sessions and codes end in the same moment; the administrator can't lock themselves out.
    let cookie = sign_in(&omega, &ada.key).await;
    let code_of_ada = ada.client.sign_in_link().await.unwrap().code;
    omega.client.disable_user(ada.user.id).await.unwrap();
    assert!(matches!(ada.client.whoami().await, Err(ClientError::Unauthenticated(_))));
    assert_eq!(refused(get(&omega, &cookie)).await.0, 401);
    let by_code = omega.http.post(format!("{}{PATH}", omega.url)).json(&json!({ "code": code_of_ada }));
    assert_eq!(refused(by_code).await.0, 401);
    assert!(matches!(omega.client.disable_user(ada.user.id).await, Err(ClientError::NotFound(_))));
    let own = omega.client.whoami().await.unwrap().user_id;
    assert!(omega.client.disable_user(own).await.is_err());
    assert!(omega.client.users().await.unwrap()[1].disabled_at.is_some());

    // One's own profile.
    let bea = Person::new(&omega, "Bea", None).await;
    let profile =
        |name: &str, email: &str| UpdateProfile { display_name: Some(name.into()), email: Some(email.into()) };
    let changed = bea.client.update_profile(&profile("Beatrice", "bea@example.test")).await.unwrap();
    assert_eq!((changed.display_name.as_str(), changed.gravatar_hash.len()), ("Beatrice", 64));
    assert!(bea.client.update_profile(&profile("Bea", "ada@example.test")).await.is_err(), "Ada's address");
    let forgotten = bea.client.update_profile(&profile("Bea", "")).await.unwrap();
    assert_eq!((forgotten.display_name.as_str(), forgotten.gravatar_hash.as_str()), ("Bea", ""));
}

#[tokio::test]
async fn a_sign_in_link_signs_in_once_within_five_minutes() {
    let (folder, clock) = (folder(), Clock::default());
    let (provider, tools) = (StandIn::start(Script::new()).await, Tools::start().await);
    let mut wanted = config(
        &format!("sqlite:{}", folder.path().join("omega.db").display()),
        folder.path(),
        &tools,
        providers(&provider),
    );
    wanted.clock = clock.clone();
    let server = Server::start(wanted).await.unwrap();
    let key = server.new_key.clone().unwrap();
    let client = Client::new(&server.url, SecretString::from(key)).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let enter = |code: &str| http.post(format!("{}{PATH}", server.url)).json(&json!({ "code": code }));
    let link = client.sign_in_link().await.unwrap();
    // The code stands where no server sees it.
    assert_eq!(link.url, format!("/omega#sign-in={}", link.code));
    let first = enter(&link.code).send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert!(first.headers().contains_key(header::SET_COOKIE));
    assert_eq!(refused(enter(&link.code)).await, code(401, "UNAUTHENTICATED"), "once");
    let late = client.sign_in_link().await.unwrap();
    clock.advance(Duration::from_secs(5 * 60 + 1));
    assert_eq!(refused(enter(&late.code)).await, code(401, "UNAUTHENTICATED"), "in time");
    assert_eq!(refused(enter("guessed")).await, code(401, "UNAUTHENTICATED"));
    for body in [json!({}), json!({ "code": "x", "apiKey": "y" })] {
        assert_eq!(refused(http.post(format!("{}{PATH}", server.url)).json(&body)).await, code(422, "INVALID_INPUT"));
    }
    assert_eq!(refused(http.post(format!("{}{PATH}/link", server.url))).await.0, 401, "nobody makes one");
}

#[tokio::test]
async fn a_session_that_was_there_before_signing_in_is_dead_afterwards() {
    let omega = Omega::start(Script::new()).await;
    let before = sign_in(&omega, &omega.key).await;
    let body = json!({ "apiKey": omega.key });
    let again = omega.http.post(format!("{}{PATH}", omega.url)).header(header::COOKIE, &before).json(&body);
    let again = again.send().await.unwrap();
    let after = again.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(before, after);
    assert_eq!((refused(get(&omega, &before)).await.0, answer(get(&omega, &after)).await.0), (401, 200));
    // One that somebody planted is not taken over.
    let planted = &format!("{}=planted-by-somebody", after.split_once('=').unwrap().0);
    let request = omega.http.post(format!("{}{PATH}", omega.url)).header(header::COOKIE, planted).json(&body);
    let cookie = request.send().await.unwrap().headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(!cookie.contains("planted"));
    assert_eq!(refused(get(&omega, planted)).await.0, 401);
    // Everywhere at once.
    let other = sign_in(&omega, &omega.key).await;
    let out = omega.http.delete(format!("{}{PATH}?all=true", omega.url)).header(header::COOKIE, &after);
    assert_eq!(out.send().await.unwrap().status(), 204);
    for cookie in [&after, &other] {
        assert_eq!(refused(get(&omega, cookie)).await.0, 401);
    }
}

/// A one-time link that anybody may have sent (T9).
#[tokio::test]
async fn nobody_becomes_another_user_without_wishing_it() {
    let omega = Omega::start(Script::new()).await;
    let ada = Person::new(&omega, "Ada", None).await;
    let mallory = Person::new(&omega, "Mallory", None).await;
    let cookie = sign_in(&omega, &ada.key).await;
    let enter = |body: serde_json::Value| {
        omega.http.post(format!("{}{PATH}", omega.url)).header(header::COOKIE, &cookie).json(&body)
    };
    let who = async || answer(get(&omega, &cookie)).await.1["data"]["displayName"].clone();
    let sent = mallory.client.sign_in_link().await.unwrap().code;
    for by in [json!({ "code": sent }), json!({ "code": sent, "replace": false }), json!({ "apiKey": mallory.key })] {
        let response = enter(by.clone()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers().get(header::SET_COOKIE)), (409, None), "{by}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["details"]["code"], "OTHER_SESSION");
        assert_eq!((&body["details"]["present"], &body["details"]["wanted"]), (&json!("Ada"), &json!("Mallory")));
        assert_eq!(who().await, "Ada", "{by}");
    }
    // A link that is spent, or none at all, takes nobody's session away.
    let spent = ada.client.sign_in_link().await.unwrap().code;
    let by_itself = omega.http.post(format!("{}{PATH}", omega.url)).json(&json!({ "code": spent }));
    assert_eq!(by_itself.send().await.unwrap().status(), 200);
    for wrong in [spent.as_str(), "guessed"] {
        for body in [json!({ "code": wrong }), json!({ "code": wrong, "replace": true })] {
            assert_eq!(refused(enter(body)).await, code(401, "UNAUTHENTICATED"), "{wrong}");
        }
        assert_eq!(who().await, "Ada");
    }
    // One's own link goes through, and another's on the wish: asking did not use it up.
    let own = ada.client.sign_in_link().await.unwrap().code;
    let again = enter(json!({ "code": own })).send().await.unwrap();
    let cookie = again.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let wished = omega.http.post(format!("{}{PATH}", omega.url)).header(header::COOKIE, &cookie);
    let wished = wished.json(&json!({ "code": sent, "replace": true })).send().await.unwrap();
    let after = wished.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(answer(get(&omega, &after)).await.1["data"]["displayName"], "Mallory");
    assert_eq!(refused(get(&omega, &cookie)).await.0, 401, "the session before is dead");
}

/// Cookies are for all ports of a host.
#[tokio::test]
async fn two_servers_on_one_host_do_not_sign_each_other_out() {
    let (one, two) = (Omega::start(Script::new()).await, Omega::start(Script::new()).await);
    let jar = format!("{}; {}", sign_in(&one, &one.key).await, sign_in(&two, &two.key).await);
    for omega in [&one, &two] {
        assert_eq!(answer(get(omega, &jar)).await.0, 200);
    }
    let out = one.http.delete(format!("{}{PATH}", one.url)).header(header::COOKIE, &jar).send().await.unwrap();
    let cleared = out.headers()[header::SET_COOKIE].to_str().unwrap().split_once('=').unwrap().0.to_owned();
    assert!(jar.starts_with(&format!("{cleared}=")) && !jar.contains(&format!("; {cleared}=")), "{cleared} in {jar}");
    assert_eq!((refused(get(&one, &jar)).await.0, answer(get(&two, &jar)).await.0), (401, 200));
}

/// What browsers send when another site makes them, by kind of request (T9).
#[tokio::test]
async fn another_site_neither_writes_nor_reads_with_a_visitors_session() {
    let omega = Omega::start(Script::new()).await;
    let cookie = sign_in(&omega, &omega.key).await;
    let conversation = omega.conversation("openai/test").await;
    let messages = format!("/api/omega/conversations/{conversation}/messages");
    let with = |method: Method, path: &str| {
        omega.http.request(method, format!("{}{path}", omega.url)).header(header::COOKIE, &cookie)
    };
    let (json_body, form) = ("application/json", "application/x-www-form-urlencoded");
    type Case<'a> = (&'a str, &'a str, &'a str, (u16, &'a str));
    let own = omega.url.as_str();
    let cases: [Case; 7] = [
        ("http://evil.test", "cross-site", json_body, (403, "CSRF")),
        ("http://evil.test", "cross-site", form, (403, "CSRF")),
        ("null", "cross-site", "text/plain", (403, "CSRF")),
        ("http://sub.127.0.0.1", "same-site", json_body, (403, "CSRF")),
        (own, "same-site", json_body, (403, "CSRF")),
        (own, "same-origin", form, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (own, "same-origin", "text/plain", (415, "UNSUPPORTED_MEDIA_TYPE")),
    ];
    for (origin, site, kind, (status, name)) in cases {
        let request = with(Method::POST, &messages).header("origin", origin).header("sec-fetch-site", site);
        let request = request.header("content-type", kind).body(r#"{"message":"forged"}"#);
        assert_eq!(refused(request).await, code(status, name), "{origin} {site} {kind}");
    }
    for path in [messages.replace("/messages", "/events"), messages.replace("/messages", "/cancel")] {
        let method = if path.ends_with("events") { Method::GET } else { Method::POST };
        let foreign = with(method, &path).header("origin", "http://evil.test");
        assert_eq!(refused(foreign).await, code(403, "CSRF"), "{path}");
    }
    assert!(omega.committed(conversation).await.is_empty());
    let fine = with(Method::POST, &messages).header("origin", own).header("sec-fetch-site", "same-origin");
    let fine = fine.header("prefer", "respond-async").json(&json!({ "message": "mine" }));
    assert_eq!(fine.send().await.unwrap().status(), 202);
    // No site is let in by CORS, and nobody frames us.
    let preflight =
        omega.http.request(Method::OPTIONS, format!("{}{messages}", omega.url)).header("origin", "http://evil.test");
    assert!(!preflight.send().await.unwrap().headers().contains_key("access-control-allow-origin"));
    let plain = with(Method::GET, PATH).send().await.unwrap();
    assert_eq!(plain.headers()["cross-origin-opener-policy"], "same-origin");
    assert!(!plain.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_key_in_an_address_is_refused_and_an_unknown_one_goes_the_same_way() {
    let omega = Omega::start(Script::new()).await;
    for query in [format!("api_key={}", omega.key), format!("x={}", omega.key), "access_token=abc".into()] {
        let (status, body) = answer(omega.request(Method::GET, &format!("{PATH}?{query}"))).await;
        assert_eq!((status, body["details"]["code"].as_str()), (400, Some("BAD_REQUEST")), "{query}");
        assert!(body["error"].as_str().unwrap().contains("revoke"), "{body}");
        assert!(!body.to_string().contains(&omega.key), "it is not repeated");
    }
    // Whether a key was ever known is not to be told from the answer.
    let made = omega.client.create_api_key("soon gone").await.unwrap();
    omega.client.revoke_api_key(made.record.id).await.unwrap();
    let text = async |key: &str| {
        let response = omega.http.get(format!("{}{PATH}", omega.url)).bearer_auth(key).send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        (response.status().as_u16(), response.text().await.unwrap().replace(&id, "ID"))
    };
    assert_eq!(text(&made.key).await, text(&format!("tpmjs_sk_{}", "x".repeat(43))).await);
    // What is shown once is kept nowhere, also not as the answer to a repeated request.
    let again =
        || omega.request(Method::POST, "/api/omega/keys").header("idempotency-key", "k").json(&json!({ "name": "k" }));
    let (_, first) = answer(again()).await;
    let (_, second) = answer(again()).await;
    assert_ne!(first["data"]["key"], second["data"]["key"]);
    let body = CreateUser { name: "x".into(), email: None };
    assert!(omega.client.create_user(&body).await.unwrap().key.key.starts_with("tpmjs_sk_"));
}
