//! Long conversations in a real Chromium: they open at once, any day of them is two actions away, and what is read there is a part.

use crate::{
    browser::{in_browser, usual},
    harness::{MODELS, Omega},
};
use omega_core::testing::Script;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

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

/// The same conversation, of which the first question alone comes in as a document: the database repeats its rows, with ids, numbers,
/// times and words of their own. That a document of any length comes in is another test's matter, and takes minutes here.
async fn vast(omega: &Omega, count: u64) -> String {
    const MINUTES: u64 = 72;
    let first = many(1);
    let events = first["events"].as_array().unwrap().len();
    let known = omega.client.import_conversation(serde_json::to_vec(&first).unwrap()).await.unwrap().id;
    let detail = omega.client.conversation(known).await.unwrap();
    let ids = detail.messages.iter().map(|it| it.id.to_string()).chain([detail.runs[0].id.to_string()]);
    let ids: Vec<String> = ids.collect();
    let conversation = known.to_string();
    let mut database = SqliteConnection::connect(&omega.database).await.unwrap();
    let own = |id: &str| format!("printf('%08x', i) || substr({id}, 9)");
    for table in ["runs", "messages", "events"] {
        let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info($1)")
            .bind(table)
            .fetch_all(&mut database)
            .await
            .unwrap();
        let value = |column: &str| {
            match column {
            "id" | "run_id" | "message_id" => own(column),
            "seq" | "queued_seq" => format!("{column} + {events} * i"),
            "parts" | "content" => format!("replace({column}, 'message 0 of', 'message ' || i || ' of')"),
            "payload" => ids.iter().fold(
                format!(
                    "replace(json_replace(payload, '$.seq', seq + {events} * i, '$.message.seq', seq + {events} * i, '$.at', \
                     strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000 + i * {MINUTES} * 60, 'unixepoch')), 'message 0 of', \
                     'message ' || i || ' of')"
                ),
                |text, id| format!("replace({text}, '{id}', {})", own(&format!("'{id}'"))),
            ),
            time if time.ends_with("_at") => format!("{time} + i * {MINUTES} * 60000"),
            other => other.to_owned(),
        }
        };
        let names: Vec<&str> = columns.iter().map(|(name,)| name.as_str()).collect();
        let values: Vec<String> = names.iter().map(|name| value(name)).collect();
        let insert = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) \
             INSERT INTO {table} ({}) SELECT {} FROM n CROSS JOIN {table} WHERE conversation_id = $2",
            names.join(", "),
            values.join(", ")
        );
        let count = i64::try_from(count).unwrap();
        sqlx::query(sqlx::AssertSqlSafe(insert)).bind(count).bind(&conversation).execute(&mut database).await.unwrap();
    }
    let next = "UPDATE conversations SET next_seq = $1 WHERE id = $2";
    let seq = i64::try_from(count).unwrap() * i64::try_from(events).unwrap() + 1;
    sqlx::query(next).bind(seq).bind(&conversation).execute(&mut database).await.unwrap();
    conversation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_messages_open_at_once_and_any_day_of_them_is_two_actions_away() {
    const QUESTIONS: u64 = 50_000;
    let omega = Omega::start(Script::new()).await;
    let conversation = vast(&omega, QUESTIONS).await;
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
        seen["opened"].as_array().unwrap().iter().map(|open| usual(&seen, &open[of])).fold(f64::INFINITY, f64::min)
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
    assert_eq!(seen["kept"], true, "the keyboard stays where somebody went on: {seen:#}");
}
