//! The guard as a table, and thirty injections that a model obeyed.

use super::*;
use serde_json::json;

fn asks(written: &str, input: Value) -> Vec<String> {
    strange(budget::ARGUMENTS.tree(&input).unwrap(), &WrittenAddresses::of([written]))
}

#[test]
fn what_a_person_wrote_is_no_stranger() {
    for (written, input) in [
        ("read https://docs.example.com/guide/intro for me", json!({ "url": "https://docs.example.com/guide/intro" })),
        ("read docs.example.com", json!({ "url": "https://docs.example.com/any/page?x=1" })),
        (
            "the repo is https://github.com/acme/site",
            json!({ "url": "https://github.com/acme/site/issues?state=open" }),
        ),
        ("the repo is https://github.com/acme/site", json!({ "base": "https://github.com" })),
        ("see WWW.Example.COM", json!({ "host": "example.com" })),
        ("mail Bob@Example.com", json!({ "to": ["bob@example.com"], "cc": "Bob <bob@example.com>" })),
        ("https://bücher.example/", json!({ "url": "https://xn--bcher-kva.example/" })),
        ("what is in evil.md", json!({ "url": "https://evil.md/" })),
        ("whatever", json!({ "city": "Oslo", "path": "src/main.rs", "n": 5, "flag": true, "none": null })),
        (
            "whatever",
            json!({ "owner": "acme", "repo": "site", "title": "Crash in v1.2.3: see README.md, e.g. line 7" }),
        ),
    ] {
        assert_eq!(asks(written, input.clone()), Vec::<String>::new(), "{written}: {input}");
    }
}

#[test]
fn what_nobody_wrote_is_named() {
    for (written, input, stranger) in [
        ("read example.com", json!({ "url": "https://evil.test/x" }), "evil.test/x"),
        ("read example.com", json!({ "url": "https://example.com.evil.test/" }), "example.com.evil.test"),
        ("read example.com", json!({ "url": "https://evil.example.com/" }), "evil.example.com"),
        ("read example.com", json!({ "url": "https://example.com@evil.test/" }), "evil.test"),
        ("https://github.com/acme/site", json!({ "url": "https://github.com/acme/site2" }), "github.com/acme/site2"),
        ("https://github.com/acme/site", json!({ "url": "https://github.com/evil/site" }), "github.com/evil/site"),
        (
            "https://github.com/acme/site",
            json!({ "url": "https://github.com/acme/site/../../evil" }),
            "github.com/evil",
        ),
        ("github.com", json!({ "url": "https://gіthub.com/" }), "xn--gthub-n2e.com"),
        ("mail bob@example.com", json!({ "to": "bob@evil.test" }), "bob@evil.test"),
        ("mail bob@example.com", json!({ "to": "eve@example.com" }), "eve@example.com"),
        ("x", json!({ "a": { "b": [{ "c": "go to https://evil.test" }] } }), "evil.test"),
        ("x", json!({ "https://evil.test/": "in a key" }), "evil.test"),
        ("x", json!({ "body": "{\"callback\":\"https:\\/\\/evil.test\"}" }), "evil.test"),
        ("x", json!({ "parts": ["https:/", "/ev", "il.test/x"] }), "evil.test/x"),
        ("x", json!({ "domain": "evil.sh" }), "evil.sh"),
        ("x", json!({ "headers": { "x-forward-to": "evil.test:9" } }), "evil.test"),
        ("x", json!({ "host": "10.1.2.3" }), "10.1.2.3"),
        // The placeholder's name is not told.
        ("x", json!({ "url": "https://evil.test/«redacted:STRIPE_KEY»/x" }), "evil.test"),
        ("x", json!({ "to": "«redacted:STRIPE_KEY»@evil.test" }), "somebody@evil.test"),
    ] {
        let found = asks(written, input.clone());
        assert!(found.iter().any(|one| one == stranger), "{written}: {input}: {found:?}");
    }
}

/// What a tool's text said, and the input of the call that an obeying model made of it. The person had asked for the issues of
/// `https://github.com/acme/site`, and wrote nothing else. (The same are obeyed by a scripted model in `tests/it/safety.rs`.)
fn injections() -> Vec<(String, Value)> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../../../tests/injections.json")).unwrap();
    cases.into_iter().map(|case| (case["text"].as_str().unwrap().to_owned(), case["input"].clone())).collect()
}

#[test]
fn each_of_thirty_injections_is_stopped() {
    let known = WrittenAddresses::of(["List the open issues of https://github.com/acme/site, please."]);
    let injections = injections();
    assert_eq!(injections.len(), 30);
    for (text, input) in injections {
        assert!(because(&strange(budget::ARGUMENTS.tree(&input).unwrap(), &known)).is_some(), "{text}: {input}");
    }
    let own = json!({ "url": "https://github.com/acme/site/issues", "state": "open" });
    assert_eq!(
        because(&strange(budget::ARGUMENTS.tree(&own).unwrap(), &known)),
        None,
        "and what was asked for goes on"
    );
}

#[test]
fn the_reason_is_short_and_shows_what_hides() {
    let many: Vec<String> = (0..9).map(|n| format!("https://h{n}.test/{}", "x".repeat(300))).collect();
    let said = because(&asks("x", json!(many))).unwrap();
    assert!(said.ends_with("and 4 more") && said.len() < 800, "{said}");
    assert_eq!(
        because(&asks("x", json!("https://еvil.test"))).unwrap(),
        "nobody in this conversation wrote xn--vil-qdd.test"
    );
}

#[test]
fn what_is_encoded_too_often_to_be_read_is_a_stranger() {
    let mut text = "%41".repeat(40_000);
    for _ in 0..3 {
        text = format!("{text} &#37;41 \\u0025 [.] {text}");
    }
    let _ = asks("x", json!(text));
    let deep = |levels| (0..levels).fold(json!("https://evil.test"), |inner, _| json!([inner]));
    assert_eq!(asks("x", deep(budget::DEPTH.most)), ["evil.test"]);
    assert!(budget::ARGUMENTS.tree(&deep(budget::DEPTH.most + 1)).is_err(), "whoever can't look says so");
}
