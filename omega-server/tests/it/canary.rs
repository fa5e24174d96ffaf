//! A secret goes through everything that a call touches, in every encoding, and is nowhere afterwards (X1, X2, T11-T13).

use crate::harness::{
    execute,
    executor::{Tools, id},
    folder, message,
    process::{Process, command},
    titled, within,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use omega_core::{
    agent::meta::EXECUTE,
    api::{CreateConversation, ExecuteRequest, PutCredential, RunStatus, SendMessage},
    client::{Client, ExportFormat, PageQuery},
    id::ConversationId,
    testing::{Reply, Script, StandIn},
};
use serde_json::{Value, json};
use std::{fs::File, time::Duration};

/// Escapes differently everywhere.
const CANARY: &str = "canary/9f8E+7d&6c=5b\"4A<3210>~x";
/// One that is stored, and pasted into a message.
const STORED: &str = "stored-canary-0a1b2c3d4e5f";

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

fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [CANARY, STORED] {
        for needle in needles(secret) {
            let Some(at) = text.find(&needle) else { continue };
            let near: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{what} has {needle:?} after {near:?}");
        }
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

#[tokio::test]
async fn a_secret_in_any_encoding_is_in_no_file_no_log_no_answer_and_no_request_to_a_model() {
    let folder = folder();
    let echo = |fail: bool| Reply::call(EXECUTE, execute(&id("acmeEcho"), json!({ "fail": fail })));
    let script = Script::new().turn(echo(false)).turn(echo(true)).turn(Reply::text("Done.")).turn(Reply::text("Done."));
    let (provider, tools) = (StandIn::start(titled(script)).await, Tools::start().await);
    let log = folder.path().join("server.log");
    let mut starting = command(folder.path(), &provider, &tools);
    starting.env("OMEGA_LOG", "trace").stderr(File::create(&log).unwrap());
    let server = Process::start(starting, None).await;
    let client = &server.client;
    client.import_tools(crate::harness::executor::rows()).await.unwrap();
    let mut answers: Vec<(&str, Vec<u8>)> = Vec::new();

    let stored = client.put_credential("STORED_KEY", &PutCredential { value: STORED.into(), tool_id: None }).await;
    answers.push(("PUT credentials", serde_json::to_vec(&stored.unwrap()).unwrap()));
    answers.push(("GET credentials", serde_json::to_vec(&client.credentials().await.unwrap()).unwrap()));

    let body = CreateConversation { title: Some("a test".into()), model: Some("openai/test".into()), ..<_>::default() };
    let conversation = client.create_conversation(&body).await.unwrap().id;
    let text = format!("My key is {CANARY}, and the other one is {STORED}.");
    let env = [("ACME_API_KEY".to_owned(), CANARY.to_owned())].into();
    client.send_message(conversation, &SendMessage { env, ..message(&text) }, "one").await.unwrap();
    let detail = ended(client, conversation).await;
    // What was said earlier is sent again with the next message; that one came without the key, so its run waits for it.
    client.send_message(conversation, &message("And now?"), "two").await.unwrap();
    ended(client, conversation).await;
    let env = [("ACME_API_KEY".to_owned(), CANARY.to_owned())].into();
    let request = ExecuteRequest { tool_id: id("acmeEcho"), params: json!({ "fail": false }), env };
    answers.push(("execute", serde_json::to_vec(&client.execute_tool(&request).await.unwrap()).unwrap()));

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

    // It was really there: the tool got it each time, and gave it back in twelve forms.
    let calls = tools.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.env == json!({ "ACME_API_KEY": CANARY })), "{calls:?}");
    assert_eq!(tool_runs.len(), 3);
    let marked = |value: &Value| value.to_string().matches("«redacted:ACME_API_KEY»").count();
    assert!(marked(&serde_json::to_value(&tool_runs[0]).unwrap()) >= 12, "{:?}", tool_runs[0]);
    assert!(marked(&serde_json::to_value(&tool_runs[1]).unwrap()) >= 12, "{:?}", tool_runs[1]);
    assert!(
        shown.contains("My key is «redacted:ACME_API_KEY», and the other one is «redacted:STORED_KEY»."),
        "{shown}"
    );

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
    assert_clean("the log", &logged);
    let mut files = 0;
    for file in ["omega.db", "omega.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        files += usize::from(bytes.windows(4).any(|word| word == b"acme"));
        assert_clean(file, &bytes);
    }
    assert!(files >= 1, "these are the files that the run was written to");
}
