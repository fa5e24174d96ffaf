//! Large outputs in a real Chromium: what of them is seen at once, what they take, and that all of it is reached, found and saved.

use crate::{
    browser::in_browser,
    harness::{MODELS, Omega, execute, executor::id},
};
use omega_core::testing::{Reply, Script};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

/// What all outputs end with.
const END: &str = "the last line";

/// Documents of about so many bytes, one of each kind, and what a download of it has.
fn kinds(bytes: usize) -> [(&'static str, Value); 8] {
    let text = |line: &str| json!(line.repeat(bytes / line.len()) + END);
    let log = "2026-11-22 12:00:00 GET /index.html \"200\"\r\n\tand so on\n".repeat(bytes / 56) + END;
    let entries = (0..bytes / 100)
        .map(|n| json!({ "id": n, "name": format!("name of {n}"), "words": "x".repeat(50), "none": null }));
    let entries: Vec<Value> = entries.chain([json!({ "id": -1, "name": END })]).collect();
    let numbers: Vec<Value> = (0..(bytes / 8).min(900_000)).map(|n| json!(n)).chain([json!(END)]).collect();
    [
        ("lines", text("a line of a log with some words in it\n")),
        ("breaks", text("a\n")),
        ("one line", text("é")),
        ("wide characters", text("漢字 😀 \u{202e}\n")),
        ("a log within a value", json!({ "code": 0, "stdout": log })),
        ("numbers", json!(numbers)),
        ("a table", json!(entries)),
        ("a table within a value", json!({ "total": entries.len(), "rows": entries })),
    ]
}

/// A conversation with a call that gave this. The engine takes outputs up to `budget::OUTPUT`; what the page does with more is
/// seen by putting it where the engine stores them.
async fn with_output(omega: &Omega, output: &Value) -> String {
    let conversation = omega.ask(MODELS[0], "a large report").await.conversation.to_string();
    let mut database = SqliteConnection::connect(&omega.database).await.unwrap();
    let written = output.to_string();
    let update = "UPDATE tool_runs SET output = $1, output_bytes = $2 WHERE conversation_id = $3";
    let bytes = i64::try_from(written.len()).unwrap();
    let done = sqlx::query(update).bind(written).bind(bytes).bind(&conversation).execute(&mut database).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    conversation
}

fn script() -> Script {
    let call = execute(&id("acmeLarge"), json!({ "bytes": 100_000 }));
    Script::new().turn(Reply::call("registryExecuteTool", call)).turn(Reply::text("There."))
}

async fn looked_at(output: &Value, tries: &str) -> Option<Value> {
    let omega = Omega::start(script()).await;
    let conversation = with_output(&omega, output).await;
    let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_TRIES", tries)];
    let seen = in_browser(&omega, "viewer.mjs", &variables).await?;
    eprintln!("{seen:#}");
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let whole = output.as_str().map_or_else(|| output.to_string().len(), str::len);
    for look in seen["looks"].as_array().unwrap() {
        for drawn in look["drawn"].as_array().unwrap() {
            assert!((3..150).contains(&drawn.as_u64().unwrap()), "{look:#}");
        }
        for end in ["end", "hit"] {
            assert!(look[end].as_str().unwrap().contains(END), "{end}: {look:#}");
        }
        assert_eq!(look["downloaded"], whole, "{look:#}");
        assert!(look["wheel"].as_u64().unwrap() >= 10, "most rows are still there: {look:#}");
    }
    Some(seen["looks"].clone())
}

fn least(looks: &Value, of: impl Fn(&Value) -> f64) -> f64 {
    looks.as_array().unwrap().iter().map(of).fold(f64::INFINITY, f64::min)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_of_10_mb_opens_at_once_and_is_light_whatever_is_in_it() {
    for (kind, output) in kinds(10_000_000) {
        let Some(looks) = looked_at(&output, "2").await else { return };
        // The machine may be busy with something else: what the page can do is what it does at its best.
        assert!(least(&looks, |look| look["first"].as_f64().unwrap()) < 300.0, "{kind}: {looks:#}");
        for what in ["opening", "moving", "finding"] {
            assert!(least(&looks, |look| look[what]["longest"].as_f64().unwrap()) < 100.0, "{kind}, {what}: {looks:#}");
        }
        for when in ["memory", "after"] {
            assert!(least(&looks, |look| look[when].as_f64().unwrap()) < 60e6, "{kind}, {when}: {looks:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_of_100_mb_is_read_searched_and_saved() {
    let output = json!("a line of a log with some words in it\n".repeat(100_000_000 / 38) + END);
    let Some(looks) = looked_at(&output, "1").await else { return };
    for what in ["opening", "moving", "finding"] {
        assert!(least(&looks, |look| look[what]["longest"].as_f64().unwrap()) < 100.0, "{what}: {looks:#}");
    }
    // The document itself, and twice as much again at most.
    assert!(least(&looks, |look| look["memory"].as_f64().unwrap()) < 300e6, "{looks:#}");
}
