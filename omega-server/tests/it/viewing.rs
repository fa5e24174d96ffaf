//! Large outputs in a real Chromium: what of them is seen at once, what they take, and that all of it is reached, found and saved.

use crate::{
    browser::{in_browser, usual},
    harness::{MODELS, Omega, execute, executor::id},
};
use omega_core::testing::{Reply, Script};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

/// What all outputs end with.
const END: &str = "the last line";

/// Documents of about so many bytes, one of each kind.
fn kinds(bytes: usize) -> Vec<(&'static str, Value)> {
    let text = |line: &str| json!(line.repeat(bytes / line.len()) + END);
    let log = "2026-11-22 12:00:00 GET /index.html \"200\"\r\n\tand so on\n".repeat(bytes / 56) + END;
    let entries = (0..bytes / 100)
        .map(|n| json!({ "id": n, "name": format!("name of {n}"), "words": "x".repeat(50), "none": null }));
    let entries: Vec<Value> = entries.chain([json!({ "id": -1, "name": END })]).collect();
    let numbers: Vec<Value> = (0..(bytes / 8).min(900_000)).map(|n| json!(n)).chain([json!(END)]).collect();
    let deep = (0..60).fold(json!({ "leaf": "some words" }), |inner, _| json!({ "inner": inner }));
    let deep: Vec<Value> = vec![deep; bytes / 640].into_iter().chain([json!(END)]).collect();
    let mixed = (0..bytes / 70).map(|n| json!([n, -0.5, format!("name of {n}"), [true, null], {}]));
    let mixed: Vec<Value> = mixed.chain([json!(END)]).collect();
    let mut names: serde_json::Map<String, Value> =
        (0..bytes / 50).map(|n| (format!("name {n:08}"), json!("a value of it that is short"))).collect();
    names.insert("zzz".into(), json!(END));
    vec![
        ("lines", text("a line of a log with some words in it\n")),
        ("breaks", text("a\n")),
        ("one line", text("é")),
        ("base64", text("TG9yZW0gaXBzdW0gZG9sb3Igc2l0")),
        ("wide characters", text("漢字 😀 \u{202e}\n")),
        ("quotes", json!("\\\"\u{1}".repeat(bytes / 3) + "\n" + END)),
        ("a CSV", text("1047,\"Ada, of London\",2026-11-22,12.50,true\r\n")),
        ("Markdown", text("## A part\n\nSome *words* with `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n")),
        ("a diff", text("@@ -1,2 +1,2 @@\n-what it was\n+what it is\n context\n")),
        ("one line of JSON", json!(json!(&entries[..entries.len() - 1]).to_string() + "\n" + END)),
        ("a log within a value", json!({ "code": 0, "stdout": log })),
        ("numbers", json!(numbers)),
        ("deep", json!(deep)),
        ("lists of all sorts", json!(mixed)),
        ("an object of many names", Value::Object(names)),
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
    Script::new().when(|seen| !seen.tools.is_empty(), [Reply::call("registryExecuteTool", call), Reply::text("There.")])
}

/// What was looked at, with what is known of it.
struct Output {
    kind: &'static str,
    conversation: String,
    /// Of the whole, as it is saved.
    bytes: usize,
    /// The least of each figure so far.
    least: [f64; 6],
}

/// The figures of a look.
const FIGURES: [&str; 6] = [TIMES[0], TIMES[1], TIMES[2], TIMES[3], "/memory", "/after"];
/// Those that are milliseconds.
const TIMES: [&str; 4] = ["/first", "/opening/longest", "/moving/longest", "/finding/longest"];

impl Output {
    async fn of(omega: &Omega, kind: &'static str, output: &Value) -> Self {
        let conversation = with_output(omega, output).await;
        let bytes = output.as_str().map_or_else(|| output.to_string().len(), str::len);
        Self { kind, conversation, bytes, least: [f64::INFINITY; 6] }
    }

    fn is_heavy(&self, limits: [f64; 6]) -> bool {
        self.least.iter().zip(limits).any(|(figure, limit)| *figure >= limit)
    }

    /// What a browser saw of it.
    fn looked_at(&mut self, seen: &Value, all: &Value) {
        let kind = self.kind;
        assert_eq!(seen["problems"], json!([]), "{kind}: {seen:#}");
        for drawn in seen["drawn"].as_array().unwrap() {
            assert!((3..150).contains(&drawn.as_u64().unwrap()), "{kind}: {seen:#}");
        }
        for end in ["end", "hit"] {
            assert!(seen[end].as_str().unwrap().contains(END), "{kind}, {end}: {seen:#}");
        }
        assert_eq!(seen["downloaded"], self.bytes, "{kind}: {seen:#}");
        assert!(seen["wheel"].as_u64().unwrap() >= 10, "most rows are still there: {kind}: {seen:#}");
        for (least, path) in self.least.iter_mut().zip(FIGURES) {
            let figure = seen.pointer(path).unwrap();
            *least = least.min(if TIMES.contains(&path) { usual(all, figure) } else { figure.as_f64().unwrap() });
        }
    }
}

/// Looks at outputs until the least of each figure is below its limit, and a few times at most: the machine may be busy with
/// something else, and what the page can do is what it does at its best. One server and one browser have all of them; each look is
/// by somebody new. None when there is no browser.
async fn looked_at(kinds: Vec<(&'static str, Value)>, limits: [f64; 6]) -> Option<Vec<Output>> {
    let omega = Omega::start(script()).await;
    let mut outputs = Vec::new();
    for (kind, output) in kinds {
        outputs.push(Output::of(&omega, kind, &output).await);
    }
    for _ in 0..4 {
        let mut wanted: Vec<&mut Output> = outputs.iter_mut().filter(|output| output.is_heavy(limits)).collect();
        if wanted.is_empty() {
            break;
        }
        let conversations = wanted.iter().map(|output| output.conversation.as_str()).collect::<Vec<_>>().join(" ");
        let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATIONS", &conversations)];
        let seen = in_browser(&omega, "viewer.mjs", &variables).await?;
        assert_eq!(seen["error"], Value::Null, "{seen:#}");
        let looks = seen["looks"].as_array().unwrap();
        assert_eq!(looks.len(), wanted.len(), "{seen:#}");
        for (output, look) in wanted.iter_mut().zip(looks) {
            output.looked_at(look, &seen);
        }
    }
    for Output { kind, least, .. } in &outputs {
        eprintln!("{kind}: {least:.0?}");
    }
    Some(outputs)
}

fn assert_light(outputs: &[Output], limits: [f64; 6]) {
    let heavy: Vec<_> = outputs.iter().filter(|it| it.is_heavy(limits)).map(|it| (it.kind, it.least)).collect();
    assert!(heavy.is_empty(), "{FIGURES:?} of {heavy:.0?}");
}

/// Milliseconds until the first rows are there and of the longest task, and bytes of memory.
const LIMITS: [f64; 6] = [300.0, 100.0, 100.0, 100.0, 60e6, 60e6];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_of_10_mb_opens_at_once_and_is_light_whatever_is_in_it() {
    let Some(outputs) = looked_at(kinds(10_000_000), LIMITS).await else { return };
    assert_eq!(outputs.len(), 17);
    assert_light(&outputs, LIMITS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_of_100_mb_is_read_searched_and_saved() {
    let output = json!("a line of a log with some words in it\n".repeat(100_000_000 / 38) + END);
    // The document itself, and twice as much again at most.
    let limits = [300.0, 100.0, 100.0, 100.0, 300e6, 300e6];
    let Some(outputs) = looked_at(vec![("lines", output)], limits).await else { return };
    assert_light(&outputs, limits);
}
