//! What the page promises to a browser.

use super::*;
use axum::{
    body::{self, Body},
    http::Request,
};
use tower::ServiceExt as _;

async fn get_with(path: &str, if_none_match: Option<&str>) -> Response {
    let mut request = Request::builder().uri(path);
    if let Some(tag) = if_none_match {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_answer_forbids_inline_code_frames_and_other_origins() {
    for path in ["/", "/omega", "/omega/c/8f14e45f-ceea-467f-a8d7-000000000000", "/omega/assets/no-such-file.js"] {
        let response = get_with(path, None).await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(response.headers()[header::X_FRAME_OPTIONS], "DENY", "{path}");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(response.headers()["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(response.headers()["x-robots-tag"], "noindex", "{path}");
    }
}

#[tokio::test]
async fn a_shared_address_gives_the_same_shell_as_the_front_door() {
    let front = get_with("/omega", None).await;
    assert_eq!(front.status(), StatusCode::OK);
    assert_eq!(front.headers()[header::CACHE_CONTROL], "no-cache");
    let shared = get_with("/omega/c/8f14e45f-ceea-467f-a8d7-000000000000", None).await;
    assert_eq!(text(front).await, text(shared).await);
}

#[tokio::test]
async fn a_shell_that_another_site_led_to_says_so() {
    let from = async |site: Option<&str>, tag: Option<&HeaderValue>| {
        let mut request = Request::builder().uri("/omega");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let sites = [("none", false), ("same-origin", false), ("cross-site", true), ("same-site", true)];
    for (site, is_marked) in [(None, false)].into_iter().chain(sites.map(|(site, is_marked)| (Some(site), is_marked))) {
        let response = from(site, None).await;
        assert_eq!(response.headers()[header::VARY], "sec-fetch-site");
        assert_eq!(text(response).await.contains("data-from=\"elsewhere\""), is_marked, "{site:?}");
    }
    // What the browser kept from one is not taken for the other.
    let tag = from(None, None).await.headers()[header::ETAG].clone();
    assert_eq!(from(Some("cross-site"), Some(&tag)).await.status(), StatusCode::OK);
    assert_eq!(from(Some("none"), Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn the_root_leads_to_the_page() {
    let response = get_with("/", None).await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()[header::LOCATION], "/omega");
}

#[tokio::test]
async fn an_unchanged_shell_is_not_sent_again() {
    let tag = get_with("/omega", None).await.headers()[header::ETAG].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
        let response = get_with("/omega", Some(&known)).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(text(response).await.is_empty());
    }
    assert_eq!(get_with("/omega", Some("\"other\"")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_the_shell_names_is_there_and_cached_for_ever() {
    let shell = text(get_with("/omega", None).await).await;
    let names: Vec<&str> = shell.split('"').filter_map(|word| word.strip_prefix("/omega/assets/")).collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let response = get_with(&format!("/omega/assets/{name}"), None).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"), "{name}");
        assert_ne!(response.headers()[header::CONTENT_TYPE], "application/octet-stream", "{name}");
    }
}

#[test]
fn the_shell_holds_no_inline_code() {
    let shell = std::str::from_utf8(&SHELL.content).unwrap();
    assert!(!shell.contains("<style") && !shell.contains("style=") && !shell.contains("javascript:"));
    let mut scripts = shell.split("<script").skip(1);
    assert!(scripts.all(|tag| {
        tag.split_once('>').is_some_and(|(head, rest)| head.contains(" src=") && rest.starts_with("</script>"))
    }));
}
