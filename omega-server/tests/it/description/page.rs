//! `/api/omega/docs`, the description for people.

use super::{DOCUMENT, operations};
use crate::harness::Omega;
use omega_core::testing::Script;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_page_has_every_operation_schema_and_error_code_and_runs_nothing() {
    let omega = Omega::start(Script::new()).await;
    let get = async |path: &str| omega.http.get(format!("{}{path}", omega.url)).send().await.unwrap();
    let response = get("/api/omega/docs").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("style-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    for inline in ["<script", "<style", " style=", "http://", "https://", " on"] {
        let tags = page.split('<').skip(1).filter_map(|part| part.split('>').next()).map(|tag| format!("<{tag}"));
        assert_eq!(tags.filter(|tag| tag.contains(inline)).count(), 0, "{inline}");
    }
    let anchors = |mark: &str| -> BTreeSet<String> {
        page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let mut known = anchors(" id=\"");
    known.extend(["codes", "schemas"].map(str::to_owned));
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let codes = schemas["ErrorCode"]["enum"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    let wanted = operations().map(|(id, _)| id).chain(codes).chain(schemas.keys().map(|name| format!("schema-{name}")));
    assert_eq!(wanted.filter(|wanted| !known.contains(wanted)).collect::<Vec<_>>(), [""; 0]);
    let linked = anchors("href=\"#");
    assert_eq!(linked.difference(&known).collect::<Vec<_>>(), [""; 0], "every link leads somewhere");
    let style = get("/api/omega/docs.css").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    let style = style.text().await.unwrap();
    assert!(style.contains("light-dark("));
    // The page's own faces, where they really lie.
    let faces: Vec<&str> = style.split("url(\"../..").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(faces.len(), 2, "{faces:?}");
    for face in faces {
        assert_eq!(get(face).await.headers()["content-type"], "font/woff2", "{face}");
    }
}
