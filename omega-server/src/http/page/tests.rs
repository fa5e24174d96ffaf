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
    let deeper =
        text(front).await.replace("omega/assets", "../../omega/assets").replace("api/omega", "../../api/omega");
    assert_eq!(deeper, text(shared).await);
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
async fn every_address_below_the_page_is_a_page_and_says_whether_it_is_one() {
    for (path, is_one) in [
        ("/omega", true),
        ("/omega/", true),
        ("/omega/settings", true),
        ("/omega/settings/", true),
        ("/omega/c/8f14e45f", true),
        ("/omega/c/8f14e45f/", true),
        ("/omega/c/a%2Fb", true),
        ("/omega/c/", false),
        ("/omega/c/a/b", false),
        ("/omega//settings", false),
        ("/omega/nope", false),
        ("/omega/assets", false),
        ("/omega/assets/a/b", false),
    ] {
        let response = get_with(path, None).await;
        let tag = response.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
        assert_eq!(tag.is_some(), is_one, "{path}");
        assert_eq!(response.status(), if is_one { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
        assert!(text(response).await.contains("<div id=\"app\">"), "{path}");
        // Loaded again it is there again, whatever a browser says that it has.
        let again = get_with(path, Some("*")).await;
        assert_eq!(again.status(), if is_one { StatusCode::NOT_MODIFIED } else { StatusCode::NOT_FOUND }, "{path}");
        assert_eq!(text(again).await.is_empty(), is_one, "{path}");
    }
}

#[tokio::test]
async fn where_there_is_nothing_a_page_says_so_to_who_reads_pages() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    for (method, accepts, is_page) in [
        (Method::GET, BROWSER, true),
        (Method::HEAD, BROWSER, true),
        (Method::GET, "application/json, Text/HTML ; q=0.5", true),
        (Method::GET, "text/html;q=0, */*", false),
        (Method::GET, "application/json, text/html; charset=x; Q=0.000", false),
        (Method::GET, "*/*", false),
        (Method::GET, "text/*", false),
        (Method::GET, "application/json", false),
        (Method::GET, "image/avif,image/webp,*/*;q=0.8", false),
        (Method::POST, BROWSER, false),
    ] {
        let mut request = HeaderMap::new();
        request.insert(header::ACCEPT, accepts.parse().unwrap());
        let response = nothing_at(&method, Uri::from_static("/nope"), request).await;
        assert_eq!(response.is_some(), is_page, "{method} {accepts}");
        let Some(response) = response else { continue };
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {accepts}");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(response.headers().get_all(header::VARY).iter().any(|it| it == "accept"));
        assert!(text(response).await.contains("<div id=\"app\">"));
    }
}

#[tokio::test]
async fn the_shell_finds_its_assets_below_any_path() {
    const PATHS: [&str; 12] = [
        "/omega",
        "/omega/",
        "/omega/settings",
        "/omega/settings/",
        "/omega/c/x",
        "/omega/c/x/",
        "/omega//a//b",
        "/nope",
        "/nope/",
        "/a/b/c",
        "//a",
        "/omegas/c/x",
    ];
    for path in PATHS {
        for before in ["", "/tools", "/a/b"] {
            let shell = text(shell(path.parse().unwrap(), HeaderMap::new()).await).await;
            let base = reqwest::Url::parse(&format!("http://a.test{before}{path}")).unwrap();
            let app = shell.split('"').find(|word| word.contains("assets/app-")).unwrap();
            let found = base.join(app).unwrap();
            assert!(found.path().starts_with(&format!("{before}/omega/assets/app-")), "{before}{path}: {found}");
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_packed_comes_packed_and_no_form_is_taken_for_another() {
    let script = assets::names().find(|name| name.starts_with("app-")).unwrap();
    let path = format!("/omega/assets/{script}");
    let get = async |accepts: &str, known: &str| {
        let request = Request::builder().uri(&path).header(header::ACCEPT_ENCODING, accepts);
        let request = request.header(header::IF_NONE_MATCH, known).body(Body::empty()).unwrap();
        router::<()>().oneshot(request).await.unwrap()
    };
    let mut tags: Vec<String> = Vec::new();
    for (accepts, coding) in [("identity", None), ("gzip", Some("gzip")), ("gzip, deflate, br, zstd", Some("br"))] {
        let response = get(accepts, "\"other\"").await;
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert_eq!(response.headers().get(header::CONTENT_ENCODING).map(|it| it.to_str().unwrap()), coding);
        let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
        let sent = body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
        assert_eq!(sent.starts_with(&[0x1f, 0x8b]), coding == Some("gzip"), "{accepts}");
        for known in &tags {
            assert_eq!(get(accepts, known).await.status(), StatusCode::OK, "{accepts} is not {known}");
        }
        let unchanged = get(accepts, &tag).await;
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
        assert!(!unchanged.headers().contains_key(header::CONTENT_ENCODING));
        tags.push(tag);
    }
}

#[test]
fn the_scripts_of_the_first_look_are_small_on_the_wire() {
    let shell_names = SHELL.split('"').filter_map(|word| word.strip_prefix("{assets}/"));
    let sent = |name: &str| assets::find(name).map_or(0, |asset| asset.coded.gzip.unwrap_or(asset.coded.plain).len());
    let scripts: usize = shell_names.filter(|name| name.ends_with(".js")).map(sent).sum();
    assert!((1..=120_000).contains(&scripts), "{scripts} bytes");
    // Whoever takes brotli gets less.
    for name in assets::names().filter(|name| name.ends_with(".js") || name.ends_with(".css")) {
        let Coded { plain, gzip, brotli, .. } = assets::find(name).unwrap().coded;
        let gzip = gzip.map_or(plain.len(), <[u8]>::len);
        assert!(brotli.map_or(plain.len(), <[u8]>::len) <= gzip || plain.len() < 1024, "{name}");
    }
}

#[tokio::test]
async fn the_root_leads_to_the_page() {
    let response = get_with("/", None).await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()[header::LOCATION], "omega");
    let below = Request::builder().uri("/").header("x-forwarded-prefix", "/tools").body(Body::empty()).unwrap();
    assert_eq!(router::<()>().oneshot(below).await.unwrap().headers()[header::LOCATION], "/tools/omega");
    let icon = get_with("/favicon.ico", None).await.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(get_with(&format!("/{icon}"), None).await.headers()[header::CONTENT_TYPE], "image/svg+xml");
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
    let names: Vec<&str> = shell.split('"').filter_map(|word| word.strip_prefix("omega/assets/")).collect();
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
    let shell = SHELL;
    assert!(!shell.contains("<style") && !shell.contains("style=") && !shell.contains("javascript:"));
    let mut scripts = shell.split("<script").skip(1);
    assert!(scripts.all(|tag| {
        tag.split_once('>').is_some_and(|(head, rest)| head.contains(" src=") && rest.starts_with("</script>"))
    }));
}
