//! Parts of a long conversation: read from any place on in either direction, each with what belongs to it.

use crate::harness::{
    Omega, execute,
    executor::id,
    refusals::{code, refused},
};
use omega_core::{
    api::{ConversationDetail, Timestamp},
    id::{MessageId, RunId, ToolRunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_engine::store::statements;
use reqwest::Method;
use serde_json::json;
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

type Ids = (Vec<MessageId>, Vec<RunId>, Vec<ToolRunId>);

fn ids(parts: &[ConversationDetail]) -> Ids {
    let messages = parts.iter().flat_map(|part| &part.messages).map(|it| it.id).collect();
    let runs = parts.iter().flat_map(|part| &part.runs).map(|it| it.id).collect();
    (messages, runs, parts.iter().flat_map(|part| &part.tool_runs).map(|it| it.id).collect())
}

#[tokio::test]
async fn a_conversation_is_read_from_its_beginning_and_from_any_time_on() {
    let call = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let omega = Omega::start(Script::new().turn(call).turn(Reply::text("Done."))).await;
    let conversation = omega.conversation("openai/test").await;
    for n in 0..6 {
        omega.ask_in(conversation, &format!("number {n}")).await;
    }
    let whole = omega.client.conversation(conversation).await.unwrap();
    assert!(whole.messages.len() == 18 && whole.runs.len() == 6 && whole.tool_runs.len() == 6, "{whole:?}");
    let all = ids(std::slice::from_ref(&whole));
    // Three messages are an exchange: a page of two or four cuts through one, and its calls come with their messages.
    for limit in [2, 3, 4, 18, 200] {
        let (mut parts, mut after) = (Vec::new(), 0);
        loop {
            let part = omega.client.conversation_after(conversation, after, limit).await.unwrap();
            let Some(last) = part.messages.last().map(|message| message.seq) else { break };
            assert!(part.messages.len() <= limit as usize && part.last_seq == whole.last_seq);
            after = last;
            parts.push(part);
        }
        let mut read = ids(&parts);
        // A run's calls come with its first message and with their own.
        read.2.dedup();
        assert_eq!(read, all, "pages of {limit}");
    }
    for at in [0, 1, 7, 17] {
        let message = &whole.messages[at];
        let first = whole.messages.iter().find(|it| it.created_at >= message.created_at).unwrap();
        let part = omega.client.conversation_since(conversation, message.created_at, 2).await.unwrap();
        assert_eq!(part.messages[0].id, first.id, "from the time of {at} on");
    }
    let later = Timestamp(whole.messages[17].created_at.0 + 1);
    let nothing = omega.client.conversation_since(conversation, later, 5).await.unwrap();
    assert_eq!(ids(&[nothing]), Ids::default());
    let beginning = omega.client.conversation_since(conversation, Timestamp(0), 5).await.unwrap();
    assert_eq!(beginning.messages, whole.messages[..5]);
    for query in ["before=5&after=1", "after=1&since=2026-01-01T00:00:00Z", "since=yesterday", "after=-1", "limit=0"] {
        let path = format!("/api/omega/conversations/{conversation}?{query}");
        let refusal = refused(omega.request(Method::GET, &path)).await;
        assert!([code(422, "INVALID_INPUT"), code(400, "BAD_REQUEST")].contains(&refusal), "{query}: {refusal:?}");
    }
}

/// What reads a conversation from its first message on: each names why that is seldom, or stops early.
const WHOLE: [(&str, &str); 3] = [
    ("HAS_ANSWER", "the first that is found is enough"),
    ("CONVERSATIONS", "whether there is one"),
    ("MEDIAN_FIRST_CALL", "the first of each"),
];

#[tokio::test]
async fn no_statement_reads_all_of_a_conversation() {
    let omega = Omega::start(Script::new()).await;
    let path = omega.database.strip_prefix("sqlite:").unwrap();
    let mut database = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
    let mut seen = 0;
    for (name, text) in statements::all() {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
        let plan = plan.fetch_all(&mut database).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get::<String, _>("detail")).collect();
        // What grows with a conversation. An index that has all that is wanted is read for counting.
        let grows = |step: &&String| {
            let of = ["PRIMARY KEY", "messages_seq", "runs_conversation", "tool_runs_conversation"];
            step.ends_with("(conversation_id=?)")
                && of.iter().any(|index| step.contains(&format!(" {index} ")))
                && !step.contains("COVERING")
        };
        if WHOLE.iter().all(|(whole, _)| *whole != name) {
            assert_eq!(steps.iter().find(grows), None, "{name}: {steps:?}");
        }
        seen += 1;
    }
    assert!(seen >= 200, "{seen} statements");
    database.close().await.unwrap();
}
