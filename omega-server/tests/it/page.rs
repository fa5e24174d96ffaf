//! The page in a real Chromium, against a real server with a scripted model and scripted tools: a whole conversation by the
//! keyboard alone, and what somebody who reads sees of streams, large outputs, long conversations and a path in front.

use crate::{
    browser::in_browser,
    harness::{MODELS, Omega, execute, executor::id, people::Person},
    other_tools,
    planning::{planned, plans},
};
use omega_core::testing::{Reply, Script, Seen};
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
    assert_eq!(seen["spoken"], 1);
    assert!(!seen["calm"].as_str().unwrap().contains("waiting"), "{seen:#}");
    for opens in ["deny...", "edit input...", "always..."] {
        assert_eq!(seen[format!("back from {opens}")], opens, "{seen:#}");
    }
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
async fn an_output_of_10_mb_is_read_where_it_is_looked_at_and_saved_whole() {
    const BYTES: u64 = 10_000_000;
    let call = execute(&id("acmeLarge"), json!({ "bytes": BYTES }));
    let omega =
        Omega::start(Script::new().turn(Reply::call("registryExecuteTool", call)).turn(Reply::text("There."))).await;
    let conversation = omega.ask(MODELS[0], "a large report").await.conversation.to_string();
    let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", &conversation), ("OMEGA_WHAT", "large")];
    let Some(seen) = in_browser(&omega, "reading.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    for drawn in ["rowsAtOnce", "drawn"] {
        assert!((1..150).contains(&seen[drawn].as_u64().unwrap()), "{drawn}: {seen:#}");
    }
    assert!(seen["heap"].as_u64().unwrap() < 60_000_000, "{seen:#}");
    // All rows are there, and so is the end.
    assert!(seen["total"].as_f64().unwrap() >= f64::from(u32::try_from(BYTES / 2 / 200).unwrap()) * 18.0, "{seen:#}");
    assert!(seen["end"].as_str().unwrap().starts_with('é'), "{seen:#}");
    assert_eq!(seen["downloaded"], BYTES);
}

/// A conversation of so many messages, one each 72 minutes from the beginning of 2026 on.
fn many(count: u64) -> Value {
    let new = || uuid::Uuid::new_v4().to_string();
    let conversation = new();
    let mut events: Vec<Value> = Vec::new();
    for number in 0..count {
        let minutes = number * 72;
        let at = format!("2026-01-{:02}T{:02}:{:02}:00.000Z", 1 + minutes / 1440, minutes / 60 % 24, minutes % 60);
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
        push(json!({ "type": "run.started", "attempt": 1, "model": MODELS[0], "promptVersion": "1" }));
        let began = push(json!({ "type": "run.step.started", "stepIndex": 1, "messageId": answer }));
        push(json!({ "type": "message.completed", "message": { "id": answer, "seq": began, "runId": run, "step": 1,
            "role": "assistant", "status": "complete", "content": "yes", "parts": [{ "type": "text", "text": "yes" }], "createdAt": at } }));
        push(json!({ "type": "run.completed", "answer": "yes", "usage": {}, "toolCalls": 0, "steps": 1 }));
        events[seq - 1]["message"] = json!({ "id": user, "seq": seq, "runId": run, "role": "user", "status": "complete",
            "content": text, "parts": [{ "type": "text", "text": text }], "createdAt": at,
            "author": { "userId": new(), "displayName": "Ada", "gravatarHash": "" } });
    }
    json!({ "format": omega_core::export::FORMAT, "id": conversation, "title": "many", "model": MODELS[0],
        "createdAt": "2026-01-01T00:00:00.000Z", "events": events })
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
    // Twenty messages a day: the eleventh of January begins with the two hundredth.
    assert_eq!(seen["day"], "message 200 of them", "{seen:#}");
    assert_eq!(seen["newer"], 1, "{seen:#}");
    assert_eq!(seen["beginning"], "message 0 of them", "{seen:#}");
    assert_eq!(seen["found"], "message 321 of them", "{seen:#}");
    assert!(seen["days"].as_u64().unwrap() >= 2, "{seen:#}");
    assert_eq!(seen["older"], true, "{seen:#}");
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
