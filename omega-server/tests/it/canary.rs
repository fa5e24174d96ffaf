//! A secret goes through everything that a call touches, in every encoding, and is nowhere afterwards (X1, X2, T11-T13).

use crate::harness::{
    execute,
    executor::{Tools, id},
    folder, message,
    postgres::Postgres,
    process::{Process, command_on},
    titled, within,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use omega_core::{
    api::{CreateConversation, ExecuteRequest, PutCredential, RunStatus, SendMessage, UpdateConversation},
    client::{Client, ExportFormat, PageQuery},
    id::ConversationId,
    registry::meta::EXECUTE,
    testing::{Reply, Script, StandIn},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{fs::File, path::Path, time::Duration};

/// Escapes differently everywhere.
const CANARY: &str = "canary/9f8E+7d&6c=5b\"4A<3210>~x";
/// One that is stored, and pasted into a message.
const STORED: &str = "stored-canary-0a1b2c3d4e5f";

/// One that nobody was told of, known by its look; pasted into a message, and quoted by a panic.
fn pasted() -> String {
    format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0".repeat(2))
}

/// The encodings that a tool gives a secret back in; written apart from the code that finds them.
pub fn forms(secret: &str) -> Vec<String> {
    let hex = |upper: bool| -> String {
        secret.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect()
    };
    let percent = |upper: bool| -> String {
        let byte = |b: u8| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
            b if upper => format!("%{b:02X}"),
            b => format!("%{b:02x}"),
        };
        secret.bytes().map(byte).collect()
    };
    let quoted = Value::from(secret).to_string();
    let between = |sign: &str| secret.chars().map(String::from).collect::<Vec<_>>().join(sign);
    vec![
        secret.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        json!({ "nested": json!({ "key": secret }).to_string() }).to_string(),
        percent(true),
        percent(false),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("user:{secret}")),
        STANDARD.encode(format!("it is {secret}, they say")),
        hex(true),
        hex(false),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        STANDARD.encode(secret).as_bytes().chunks(5).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n"),
        STANDARD.encode(secret.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        secret.chars().map(|c| format!("\\u00{:02X}", u32::from(c))).collect(),
        secret.chars().map(|c| format!("&#{};", u32::from(c))).collect(),
        secret.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect(),
        between("\u{1}"),
        between("\u{1b}[0m"),
        between("\u{8}"),
        between("\u{7f}"),
        between("\u{200b}"),
        between("\u{202e}"),
        hex(true).as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":"),
    ]
}

/// What must not be found: the forms, without what surrounds the secret in them.
fn needles(secret: &str) -> Vec<String> {
    let mut needles = forms(secret);
    needles.remove(2);
    // Of base64 behind other text, the middle is the same whatever comes before and after.
    for form in &mut needles[6..8] {
        *form = form[12..form.len() - 8].to_owned();
    }
    needles
}

pub fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for needle in [CANARY, STORED].into_iter().flat_map(needles).chain([pasted()]) {
        let Some(at) = text.find(&needle) else { continue };
        let near: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("{what} has {needle:?} after {near:?}");
    }
}

async fn ended(client: &Client, conversation: ConversationId) -> Value {
    within("the end of the run", async {
        loop {
            let detail = client.conversation(conversation).await.unwrap();
            if detail.runs.iter().all(|run| run.status.is_terminal() || run.status == RunStatus::Paused) {
                return serde_json::to_value(&detail).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await
}

/// Everything of a conversation's event stream, byte for byte, to the end of its run.
async fn streamed(url: String, key: String, conversation: ConversationId) -> Vec<u8> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("{url}/api/omega/conversations/{conversation}/events?after=0");
    let mut response = http.get(path).bearer_auth(key).send().await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
        if String::from_utf8_lossy(&bytes).contains("event: run.completed") {
            break;
        }
    }
    bytes
}

/// Requests that are refused, with the secret wherever a secret can stand, and one whose handler panics.
async fn refusals(server: &Process, key: &str, conversation: ConversationId) -> usize {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let at = |path: &str| format!("{}/api/omega{path}", server.url);
    let messages = at(&format!("/conversations/{conversation}/messages"));
    let credentials = at(&format!("/conversations/{conversation}/credentials"));
    let broken = format!("{{\"message\": \"{CANARY}\", ");
    let requests = [
        http.post(&messages).bearer_auth(key).header("content-type", "application/json").body(broken),
        http.post(&messages).bearer_auth(key).json(&json!({ "message": "x", "secret": CANARY })),
        http.post(&messages).bearer_auth(key).json(&json!({ "message": "x", "env": { "LD_PRELOAD": CANARY } })),
        http.post(&messages).bearer_auth(key).json(&json!({ "message": "x", "env": { "A_KEY": [CANARY] } })),
        http.post(&messages).bearer_auth(key).json(&json!({ "message": "x", "model": CANARY })),
        http.post(&credentials).bearer_auth(key).json(&json!({ "env": { "OTHER_KEY": CANARY } })),
        http.put(at("/settings/credentials/NODE_OPTIONS")).bearer_auth(key).json(&json!({ "value": CANARY })),
        http.get(at("/settings")).bearer_auth(pasted()),
        http.get(at("/settings")).header("cookie", format!("omega={}", pasted())),
        http.get(at(&format!("/settings?api_key={}", pasted()))),
        http.post(at("/tools/execute"))
            .bearer_auth(key)
            .json(&json!({ "toolId": "no::tool", "env": { "A_KEY": CANARY } })),
    ];
    let mut refused = 0;
    for request in requests {
        let response = request.send().await.unwrap();
        refused += usize::from(response.status().is_client_error());
    }
    let title = UpdateConversation { title: Some("another".into()), ..UpdateConversation::default() };
    let error = server.client.update_conversation(conversation, &title).await.unwrap_err().to_string();
    assert!(error.contains("something went wrong inside the server") && !error.contains("failpoint"), "{error}");
    refused
}

/// Every row of every table, as text.
async fn rows_of(database: &str) -> (usize, String) {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let tables: Vec<(String,)> = sqlx::query_as("SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut all = Vec::new();
    for (table,) in &tables {
        let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT r::TEXT FROM \"{table}\" r")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        all.extend(rows.into_iter().map(|(row,)| row));
    }
    (tables.len(), all.join("\n"))
}

#[tokio::test]
async fn a_secret_in_any_encoding_is_in_no_file_no_log_no_answer_and_no_request_to_a_model() {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    passes_through(&database, folder.path()).await;
    let mut files = 0;
    for file in ["omega.db", "omega.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        files += usize::from(bytes.windows(4).any(|word| word == b"acme"));
        assert_clean(file, &bytes);
    }
    assert!(files >= 1, "these are the files that the run was written to");
}

#[tokio::test]
async fn a_secret_in_any_encoding_is_in_no_row_of_postgresql() {
    let Some(cluster) = Postgres::start() else { return };
    let folder = folder();
    passes_through(&cluster.url, folder.path()).await;
    let (tables, rows) = rows_of(&cluster.url).await;
    assert!(tables >= 15 && rows.matches("acme").count() >= 10 && rows.contains("«redacted:ACME_API_KEY»"), "{tables}");
    assert_clean("the rows", rows.as_bytes());
}

/// The secrets go everywhere that a call, a message, an answer and an error can take them.
async fn passes_through(database: &str, folder: &Path) {
    let said = forms(CANARY).join(" and ");
    let echo = |fail: bool| Reply::call(EXECUTE, execute(&id("acmeEcho"), json!({ "fail": fail, "note": CANARY })));
    // A later run does not know what came with an earlier one, and a model that was never told can't say it.
    let keyless = Reply::call(EXECUTE, execute(&id("acmeEcho"), json!({ "fail": false })));
    let script = Script::new()
        .when(|seen| seen.users.last().is_some_and(|said| said == "And now?"), [keyless])
        .turn(echo(false).and_text(&format!("It is {said}, I think.")).reasoning(&format!("Hm, {said}.")))
        .turn(echo(true))
        .turn(Reply::text(&said));
    let (provider, tools) = (StandIn::start(titled(script)).await, Tools::start().await);
    let log = folder.join("server.log");
    let mut starting = command_on(database, folder, &provider, &tools);
    starting.env("OMEGA_LOG", "trace").stderr(File::create(&log).unwrap());
    if cfg!(feature = "failpoints") {
        let words = format!("the keys are {} and {}", forms(CANARY).join(" | "), pasted());
        starting.env("OMEGA_FAILPOINT", "update.before:1:panic").env("OMEGA_FAILPOINT_WORDS", words);
    }
    let server = Process::start(starting, None).await;
    let client = &server.client;
    client.import_tools(crate::harness::executor::rows()).await.unwrap();
    let mut answers: Vec<(&str, Vec<u8>)> = Vec::new();

    let stored = client
        .put_credential(
            "STORED_KEY",
            &PutCredential { value: STORED.into(), tool_id: None, scope: None, kept_in: None },
        )
        .await;
    answers.push(("PUT credentials", serde_json::to_vec(&stored.unwrap()).unwrap()));
    answers.push(("GET credentials", serde_json::to_vec(&client.credentials().await.unwrap()).unwrap()));

    let body = CreateConversation { title: Some("a test".into()), model: Some("openai/test".into()), ..<_>::default() };
    let conversation = client.create_conversation(&body).await.unwrap().id;
    let key = server.key.clone().unwrap();
    let reader = tokio::spawn(streamed(server.url.clone(), key.clone(), conversation));
    let text = format!("My key is {CANARY}, and the other one is {STORED}, and {}.", pasted());
    let env = [("ACME_API_KEY".to_owned(), CANARY.to_owned())].into();
    client.send_message(conversation, &SendMessage { env, ..message(&text) }, "one").await.unwrap();
    let detail = ended(client, conversation).await;
    let stream = within("the stream", reader).await.unwrap();
    // What was said earlier is sent again with the next message; that one came without the key, so its run waits for it.
    client.send_message(conversation, &message("And now?"), "two").await.unwrap();
    ended(client, conversation).await;
    let env = [("ACME_API_KEY".to_owned(), CANARY.to_owned())].into();
    let request = ExecuteRequest { tool_id: id("acmeEcho"), params: json!({ "fail": false }), env };
    answers.push(("execute", serde_json::to_vec(&client.execute_tool(&request).await.unwrap()).unwrap()));
    if cfg!(feature = "failpoints") {
        assert_eq!(refusals(&server, &key, conversation).await, 11, "each of these requests is wrong");
    }

    let shown = detail.to_string();
    answers.push(("GET conversation", shown.clone().into_bytes()));
    for (what, format) in [("JSON export", ExportFormat::Json), ("Markdown export", ExportFormat::Markdown)] {
        answers.push((what, client.export(conversation, format).await.unwrap().into_bytes()));
    }
    let tool_runs = client.tool_runs(conversation, PageQuery::default()).await.unwrap().rows;
    answers.push(("tool runs", serde_json::to_vec(&tool_runs).unwrap()));
    for tool_run in &tool_runs {
        let page = client.tool_output(tool_run.id, 0, 200).await;
        answers.push(("tool output", page.map(|page| serde_json::to_vec(&page).unwrap()).unwrap_or_default()));
    }
    server.kill().await;

    // It was really there: the tool got it each time, and gave it back in two dozen forms; the model said it in as many.
    let calls = tools.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.env == json!({ "ACME_API_KEY": CANARY })), "{calls:?}");
    assert_eq!(calls[0].params["note"], "«redacted:ACME_API_KEY»", "what the model made up is no way to a secret");
    assert_eq!(tool_runs.len(), 3);
    let marked = |text: &str| text.matches("«redacted:ACME_API_KEY»").count();
    for tool_run in &tool_runs[..2] {
        assert!(marked(&serde_json::to_string(tool_run).unwrap()) >= 24, "{tool_run:?}");
    }
    let user =
        "My key is «redacted:ACME_API_KEY», and the other one is «redacted:STORED_KEY», and «redacted:github-token».";
    assert!(shown.contains(user), "{shown}");
    let streamed = String::from_utf8_lossy(&stream);
    assert!(streamed.contains("message.delta") && streamed.contains("reasoning.delta"), "{streamed}");
    assert!(marked(&streamed) >= 24 * 5, "{} in the stream", marked(&streamed));
    assert!(
        streamed.contains("SECRET_REMOVED")
            && streamed.contains("(«redacted:ACME_API_KEY», «redacted:STORED_KEY», «redacted:github-token»)")
    );

    assert_clean("the stream", &stream);
    for (what, bytes) in &answers {
        assert_clean(what, bytes);
    }
    let requests = provider.requests();
    assert!(requests.len() >= 4, "{}", requests.len());
    for request in requests {
        assert_clean("a request to the model", request.body.to_string().as_bytes());
    }
    let logged = std::fs::read(&log).unwrap();
    assert!(logged.split(|byte| *byte == b'\n').count() > 200, "the log is at trace level");
    if cfg!(feature = "failpoints") {
        let panic = String::from_utf8_lossy(&logged)
            .lines()
            .find(|line| line.contains("\"event\":\"panic\""))
            .unwrap()
            .to_owned();
        assert!(marked(&panic) >= 24 && panic.contains("«redacted:github-token»"), "{panic}");
    }
    assert_clean("the log", &logged);
}
