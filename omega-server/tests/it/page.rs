//! The page in a real Chromium, against a real server with a scripted model and scripted tools: a whole conversation by the
//! keyboard alone, and what somebody who reads sees of streams, large outputs, long conversations and a path in front.

use crate::{
    browser::in_browser,
    harness::{MODELS, Omega, execute, executor::id, message, people::Person},
    other_tools,
    planning::{planned, plans},
};
use omega_core::{
    api::{CreateConversation, UpdateConversation},
    testing::{Fault, Reply, Script, Seen},
};
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
    eprintln!("{:#}", seen["moved"]);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_covers_what_somebody_needs_at_any_width() {
    let omega = Omega::start(flows()).await;
    let ada = Person::new(&omega, "Ada", None).await;
    let body = CreateConversation { model: Some(MODELS[0].into()), ..<_>::default() };
    let conversation = ada.client.create_conversation(&body).await.unwrap().id;
    let sent = ada.client.send_message(conversation, &message("weather"), "one").await.unwrap();
    omega.told(conversation, sent.run_id).await;
    let safe = UpdateConversation { safe_mode: Some(true), ..<_>::default() };
    ada.client.update_conversation(conversation, &safe).await.unwrap();
    let conversation = conversation.to_string();
    let variables = [("OMEGA_KEY", ada.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "rooms")];
    let Some(seen) = in_browser(&omega, "rooms.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!((&seen["problems"], &seen["faults"]), (&json!([]), &json!([])), "{seen:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_version_of_a_message_is_reached_and_none_goes_away_from_who_reads_it() {
    let about = |words: &'static str| (said(words), [Reply::text(&format!("{}\n\nabout {words}", long_answer()))]);
    let script = ["alpha one", "alpha two", "beta"]
        .into_iter()
        .map(about)
        .fold(Script::new(), |script, (asked, answers)| script.when(asked, answers));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await.to_string();
    let variables =
        [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "versions")];
    let Some(seen) = in_browser(&omega, "rooms.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["filled"], "alpha one");
    assert_eq!(seen["folded"], json!([1, " earlier version alpha one", "false"]), "{seen:#}");
    assert_eq!(seen["opened"], json!([2, true, "true"]), "{seen:#}");
    assert_eq!(seen["closed"], 1, "{seen:#}");
    assert!((-1..60).contains(&seen["gone"].as_i64().unwrap()), "it is gone to: {seen:#}");
    assert_eq!((&seen["given"], &seen["own"]), (&json!(0), &json!(2)), "{seen:#}");
    assert!(seen["inSight"] == true && seen["moved"].as_f64().unwrap() < 1.0, "{seen:#}");
    assert_eq!(seen["later"], json!([2, 2]), "{seen:#}");
}
