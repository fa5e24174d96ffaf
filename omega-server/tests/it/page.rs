//! The page in a real Chromium, against a real server with a scripted model and scripted tools: a whole conversation by the
//! keyboard alone, and what somebody who reads sees of streams, large outputs, long conversations and a path in front.

use crate::{
    browser::in_browser,
    harness::{MODELS, Omega, execute, executor::id, people::Person},
    other_tools,
    planning::{planned, plans},
};
use omega_core::testing::{Fault, Reply, Script, Seen};
use serde_json::{Value, json};
use std::time::Duration;

/// Whether the newest message of a person has these words.
fn said(words: &'static str) -> impl Fn(&Seen) -> bool {
    move |seen| seen.users.last().is_some_and(|text| text.contains(words))
}

/// A model for every flow of `prd.md` 8.
fn flows() -> Script {
    const EXECUTE: &str = "registryExecuteTool";
    let call =
        |name: &str, input: Value| [Reply::call(EXECUTE, execute(&id(name), input)), Reply::text("it was as you said")];
    let (weather, large) = (id("acmeWeather"), id("acmeLarge"));
    let table: Vec<Value> =
        (0..2_000).map(|n| json!({ "id": n, "city": format!("City {n}"), "about": "a place on a map" })).collect();
    let sunny = Reply::call("sunny-weather__acmeWeather", json!({ "city": "Oslo" }));
    Script::new()
        .when(plans, [Reply::text("never"), planned(&[&[&weather, &large], &["registrySearchTool", &weather]])])
        .when(
            said("Look up"),
            [
                Reply::call(EXECUTE, execute(&weather, json!({ "city": "Oslo" }))),
                Reply::call(EXECUTE, execute(&large, json!({ "bytes": 10 }))),
                Reply::text("Both are done."),
            ],
        )
        .when(
            said("forecast"),
            [
                Reply::call(EXECUTE, execute("gone-weather::acmeGone", json!({ "city": "Oslo" }))),
                sunny,
                Reply::text("Sunny."),
            ],
        )
        .when(
            |seen: &Seen| {
                seen.users.last().is_some_and(|text| text.contains("how many rows") && text.contains("Ada,London"))
            },
            [Reply::text("many rows it has")],
        )
        .when(said("hello"), [Reply::text("hello to you")])
        .when(said("weather"), call("acmeWeather", json!({ "city": "Oslo" })))
        .when(said("keyed"), call("acmeKeyed", json!({})))
        .when(said("slow"), call("acmeSlow", json!({ "ms": 600_000 })))
        .when(said("broken"), [Reply::text("mended it is").fault(Fault::Status { status: 401, retry_after: None }, 1)])
        .when(
            said("large"),
            [Reply::call(EXECUTE, execute(&id("acmeLarge"), json!({ "bytes": 300_000 }))), Reply::text("it is large")],
        )
        .when(
            said("table"),
            [
                Reply::call(EXECUTE, execute("acme-page::acmePage", json!({ "text": table }))),
                Reply::text("it is a table"),
            ],
        )
}

/// A tool that gives back what it was given.
fn page_tool() -> Vec<u8> {
    let schema = json!({ "type": "object", "properties": { "text": {} }, "required": ["text"] });
    json!({
        "toolId": "acme-page::acmePage", "name": "acmePage", "package": "acme-page", "version": "1.0.0",
        "description": "Gives a page of data", "category": "data", "env": [], "inputSchema": schema,
    })
    .to_string()
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyboard_is_enough_and_never_loses_its_place() {
    let omega = Omega::start(flows()).await;
    omega.client.import_tools(other_tools::rows()).await.unwrap();
    let ada = Person::new(&omega, "Ada", None).await;
    let Some(seen) = in_browser(&omega, "keyboard.mjs", &[("OMEGA_KEY", ada.key.as_str())]).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["lost"], json!([]), "{seen:#}");
    assert_eq!(seen["faults"], json!([]), "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let waiting = seen["waiting"].as_array().unwrap();
    assert!(waiting[0].as_str().unwrap().starts_with("● waiting for you"), "{seen:#}");
    assert!(waiting[1].as_str().unwrap().contains("icon-waiting"), "{seen:#}");
    assert!(waiting[2].as_str().unwrap().contains("Omega waits for you"), "{seen:#}");
    assert_eq!(seen["icon"], 200, "it is there, wherever the page was opened: {seen:#}");
    assert_eq!(seen["spoken"], 1);
    assert!(!seen["calm"].as_str().unwrap().contains("waiting"), "{seen:#}");
    for opens in ["deny...", "edit input...", "always..."] {
        assert_eq!(seen[format!("back from {opens}")], opens, "{seen:#}");
    }
    assert_eq!(seen["backs"], json!(["tools", "debug", "find", "share", "share"]), "{seen:#}");
    assert_eq!(seen["atMessage"], "message");
    assert_eq!(seen["lacks"], "value-ACME_API_KEY");
    assert_eq!(seen["backFromAnother"], "propose another");
    assert_eq!(seen["attached"], 0);
    assert_eq!(seen["edited"], "and then this");
    assert_eq!(seen["kept"], "delete your key of groq");
    assert!(seen["events"].as_u64().unwrap() > 20, "{seen:#}");
    assert_eq!(seen["frame"], json!([0, 0]), "the frame itself does not scroll");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_go_through_every_flow_with_a_mouse() {
    let omega = Omega::start(flows()).await;
    omega.client.import_tools(other_tools::rows()).await.unwrap();
    let (ada, grace) = (Person::new(&omega, "Ada", None).await, Person::new(&omega, "Grace", None).await);
    let variables = [("OMEGA_KEY", ada.key.as_str()), ("OMEGA_GUEST", grace.key.as_str())];
    let Some(seen) = in_browser(&omega, "mouse.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["lost"], json!([]), "{seen:#}");
    for holds in ["sample", "exported", "hidden"] {
        assert_eq!(seen[holds], true, "{holds}: {seen:#}");
    }
    assert!(seen["address"].as_str().unwrap().starts_with("/omega/c/"));
    assert_eq!(seen["author"], "Grace");
    for fact in ["publisher", "published", "record", "credentials", "code"] {
        assert!(seen["facts"].as_array().unwrap().contains(&json!(fact)), "{fact}: {seen:#}");
    }
    assert_eq!(seen["planned"], 2);
    assert_eq!(seen["figures"].as_array().unwrap().len(), 6, "{seen:#}");
    assert_eq!(seen["answers"], seen["later"], "what was answered stays");
    let later =
        seen["later"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    for told in [
        "refused acmeWeather: not today",
        "chose the plan",
        "and the other tools of the plan",
        "gave ACME_API_KEY for this run",
        "chose sunny-weather::acmeWeather instead of acmeGone",
    ] {
        assert!(later.contains(told), "{told}: {later}");
    }
    assert!(seen["guests"].as_str().unwrap().contains("chose sunny-weather"), "{seen:#}");
    assert_eq!(seen["copied"], json!([1, 0]), "the copy ends where it was asked for: {seen:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_go_through_every_flow_with_keyboards() {
    let omega = Omega::start(flows()).await;
    for rows in [other_tools::rows(), page_tool()] {
        omega.client.import_tools(rows).await.unwrap();
    }
    let (ada, grace) = (Person::new(&omega, "Ada", None).await, Person::new(&omega, "Grace", None).await);
    let variables = [("OMEGA_KEY", ada.key.as_str()), ("OMEGA_GUEST", grace.key.as_str())];
    let Some(seen) = in_browser(&omega, "together.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    for none in ["problems", "lost", "faults"] {
        assert_eq!(seen[none], json!([]), "{none}: {seen:#}");
    }
    assert_eq!(seen["backAtShare"], "share", "{seen:#}");
    assert_eq!(seen["backAtExport"], "export", "{seen:#}");
    assert_eq!(seen["backAtMenu"], "menu", "{seen:#}");
    assert_eq!(seen["planned"], 2, "{seen:#}");
    assert!(seen["hits"].as_str().unwrap().starts_with("2 of "), "{seen:#}");
    assert_eq!(seen["output"], 150_000, "characters of two bytes: {seen:#}");
    for holds in ["scrolled", "markdown", "hidden"] {
        assert_eq!(seen[holds], true, "{holds}: {seen:#}");
    }
    assert_eq!(seen["json"], omega_core::export::FORMAT, "{seen:#}");
    assert_eq!(seen["period"], "month", "{seen:#}");
    assert_eq!(seen["figures"].as_array().unwrap().len(), 6, "{seen:#}");
}

/// Every kind of block, many times over.
pub fn long_answer() -> String {
    let section = "## Part with **bold**\n\nSome words with `code`, a [link](https://example.org), *emphasis* and a mark[^1]. They go on \
        for a while, so that the paragraph has more than one line in any width that a reader may have.\n\n| a | b |\n|---|--:|\n\
        | one | 1 |\n| two | 2 |\n\n```rust\nfn main() {\n    println!(\"x\");\n}\n```\n\n- one\n- two\n  - deeper\n- [x] done\n\n\
        The sum $$\\sum_i x_i$$ is left alone.\n\n> quoted\n\n";
    section.repeat(12) + "[^1]: The note."
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_stays_where_it_is_while_an_answer_streams_and_ends() {
    let reply = Reply::text(&long_answer()).delay(Duration::from_millis(8));
    let omega = Omega::start(Script::new().turn(reply)).await;
    let conversation = omega.conversation(MODELS[0]).await.to_string();
    let variables =
        [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "streaming")];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["raw"], false, "no marks are seen while it streams: {seen:#}");
    assert!(seen["moved"]["frames"].as_u64().unwrap() > 30, "{seen:#}");
    assert!(seen["moved"]["most"].as_f64().unwrap() < 1.0, "{seen:#}");
    for (kind, count) in seen["kinds"].as_object().unwrap() {
        assert!(count.as_u64().unwrap() > 0, "{kind}: {seen:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pressed_is_clicked_however_much_streams_meanwhile() {
    let reply = Reply::text(&long_answer()).delay(Duration::from_millis(8));
    let omega = Omega::start(Script::new().turn(reply)).await;
    let conversation = omega.conversation(MODELS[0]).await.to_string();
    let variables =
        [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "pressing")];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let presses = seen["presses"].as_array().unwrap();
    assert!(presses.len() >= 3 && presses.iter().all(|press| *press == true), "{seen:#}");
    assert!(seen["grew"].as_u64().unwrap() >= 2, "what came in meanwhile is drawn behind the click: {seen:#}");
}

/// The date of a day, counted from the beginning of 2020.
fn date(mut day: u64) -> String {
    for year in 2020.. {
        let leap = u64::from(year % 4 == 0);
        for (month, days) in (1..).zip([31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            if day < days {
                return format!("{year}-{month:02}-{:02}", day + 1);
            }
            day -= days;
        }
    }
    unreachable!("years do not end")
}

/// A conversation of so many questions, twenty a day from the beginning of 2020 on, and their answers.
fn many(count: u64) -> Value {
    let new = || uuid::Uuid::new_v4().to_string();
    let conversation = new();
    let mut events: Vec<Value> = Vec::new();
    for number in 0..count {
        let minutes = number * 72;
        let at = format!("{}T{:02}:{:02}:00.000Z", date(minutes / 1440), minutes / 60 % 24, minutes % 60);
        let (run, user, answer) = (new(), new(), new());
        let text = format!("message {number} of them");
        let mut push = |mut event: Value| {
            let seq = events.len() + 1;
            for (name, value) in
                [("v", json!(1)), ("seq", json!(seq)), ("conversationId", json!(conversation)), ("at", json!(at))]
            {
                event[name] = value;
            }
            event["runId"] = json!(run);
            events.push(event);
            seq
        };
        let seq = push(json!({ "type": "message.created" }));
        push(
            json!({ "type": "run.queued", "position": 0, "run": { "id": run, "conversationId": conversation, "messageId": user,
            "status": "queued", "model": MODELS[0], "steps": 0, "toolCalls": 0, "usage": {}, "createdAt": at } }),
        );
        let began = seq + 2;
        push(json!({ "type": "message.completed", "message": { "id": answer, "seq": began, "runId": run, "step": 1,
            "role": "assistant", "status": "complete", "content": "yes", "parts": [{ "type": "text", "text": "yes" }], "createdAt": at } }));
        push(json!({ "type": "run.completed", "answer": "yes", "usage": {}, "toolCalls": 0, "steps": 1 }));
        events[seq - 1]["message"] = json!({ "id": user, "seq": seq, "runId": run, "role": "user", "status": "complete",
            "content": text, "parts": [{ "type": "text", "text": text }], "createdAt": at,
            "author": { "userId": new(), "displayName": "Ada", "gravatarHash": "" } });
    }
    json!({ "format": omega_core::export::FORMAT, "id": conversation, "title": "many", "model": MODELS[0],
        "createdAt": "2020-01-01T00:00:00.000Z", "events": events })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_messages_open_at_once_and_any_day_of_them_is_two_actions_away() {
    const QUESTIONS: u64 = 50_000;
    let omega = Omega::start(Script::new()).await;
    let document = serde_json::to_vec(&many(QUESTIONS)).unwrap();
    let conversation = omega.client.import_conversation(document).await.unwrap().id.to_string();
    let small = omega.client.import_conversation(serde_json::to_vec(&many(1)).unwrap()).await.unwrap().id.to_string();
    let days: Vec<(String, u64)> = [0, 1, 777, 1249, 1900, 2499].map(|day| (date(day), day * 20)).into();
    let variables = [
        ("OMEGA_KEY", omega.key.as_str()),
        ("OMEGA_CONVERSATION", &conversation),
        ("OMEGA_SMALL", &small),
        ("OMEGA_WHAT", "vast"),
        ("OMEGA_DAYS", &json!(days).to_string()),
    ];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    eprintln!("{seen:#}");
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let least = |of: &str| {
        seen["opened"].as_array().unwrap().iter().map(|open| open[of].as_f64().unwrap()).fold(f64::INFINITY, f64::min)
    };
    // As fast as a conversation of one question, where the machine is too busy for a time.
    assert!(least("ms") < 300_f64.max(3.0 * least("small")), "{seen:#}");
    assert!(least("longest") < 100.0, "{seen:#}");
    for ((day, number), shown) in days.iter().zip(seen["days"].as_array().unwrap()) {
        assert_eq!(shown["first"], format!("message {number} of them"), "{day}: {seen:#}");
        assert_eq!(shown["actions"], 2, "{seen:#}");
    }
    assert!(seen["turns"].as_u64().unwrap() <= 200, "what is drawn is a part of it: {seen:#}");
    assert!(seen["memory"].as_u64().unwrap() < 60_000_000, "{seen:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_day_of_a_long_conversation_is_two_actions_away() {
    let omega = Omega::start(Script::new()).await;
    let document = serde_json::to_vec(&many(600)).unwrap();
    let conversation = omega.client.import_conversation(document).await.unwrap().id.to_string();
    let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "long")];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let middle = omega.client.conversation_before(conversation.parse().unwrap(), 1801, 50).await.unwrap();
    assert_eq!((middle.messages.len(), middle.runs.len()), (50, 25), "a page of the past has no more than its runs");
    // The eleventh of January begins with the two hundredth.
    assert_eq!(seen["day"], "message 200 of them", "{seen:#}");
    assert_eq!(seen["newer"], 1, "{seen:#}");
    assert_eq!(seen["beginning"], "message 0 of them", "{seen:#}");
    assert_eq!(seen["found"], "message 321 of them", "{seen:#}");
    assert!(seen["days"].as_u64().unwrap() >= 2, "{seen:#}");
    assert_eq!(seen["older"], true, "{seen:#}");
}

#[tokio::test]
async fn where_there_is_nothing_a_browser_gets_a_page_and_a_program_gets_json() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let omega = Omega::start(Script::new()).await;
    let http = reqwest::Client::new();
    for (path, accept, kind) in [
        ("/nope", BROWSER, "text/html; charset=utf-8"),
        ("/a/b/c/", BROWSER, "text/html; charset=utf-8"),
        ("/api", BROWSER, "text/html; charset=utf-8"),
        ("/omega/nope", "*/*", "text/html; charset=utf-8"),
        ("/nope", "*/*", "application/json"),
        ("/api/omega/nope", BROWSER, "application/json"),
        ("/v1/nope", BROWSER, "application/json"),
        ("/mcp/nope", BROWSER, "application/json"),
    ] {
        let answer = http.get(format!("{}{path}", omega.url)).header("accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path} {accept}");
        assert_eq!(answer.headers()["content-type"], kind, "{path} {accept}");
        let is_page = kind.starts_with("text/html");
        assert_eq!(answer.headers().contains_key("content-security-policy"), is_page, "{path} {accept}");
        let text = answer.text().await.unwrap();
        assert_eq!(text.contains("<div id=\"app\">"), is_page, "{path} {accept}: {text}");
        assert_eq!(text.starts_with('{'), !is_page, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_works_below_any_path() {
    let omega = Omega::start(Script::new().turn(Reply::text("hello to you"))).await;
    let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_WHAT", "below")];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!((&seen["path"], &seen["link"]), (&json!(true), &json!(true)), "{seen:#}");
    assert!(seen["fonts"].as_u64().unwrap() >= 2, "{seen:#}");
}
