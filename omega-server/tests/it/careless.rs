//! A provider that shows a request's headers and words in its errors tells nobody a secret (X1, T12): in none of the places
//! where such an error is stored, streamed, shown, exported or logged.

use crate::harness::{
    MODELS,
    executor::{self, Tools},
    folder, message,
    postgres::Postgres,
    process::{Process, command_on},
    titled, within,
};
use omega_core::{
    api::{CreateConversation, PlanRequest, PutCredential},
    client::{Client, ExportFormat},
    id::ConversationId,
    testing::{Fault, Reply, Script, StandIn},
};
use sqlx::{Connection, PgConnection};
use std::{fs::File, path::Path};

/// The provider's own key, and a credential of the owner.
const KEY: &str = "provider-own-key-AbCdEf0123456789";
const STORED: &str = "stored-canary-0a1b2c3d4e5f";

const FAULTS: [(&str, Fault); 6] = [
    ("400", Fault::Status { status: 400, retry_after: None }),
    ("401", Fault::Status { status: 401, retry_after: None }),
    ("404", Fault::Status { status: 404, retry_after: None }),
    ("500", Fault::Status { status: 500, retry_after: None }),
    ("at once", Fault::ErrorEvent { after: 0 }),
    ("in the middle", Fault::ErrorEvent { after: 2 }),
];

fn assert_clean(what: &str, text: &str) {
    for secret in [KEY, STORED] {
        if let Some(at) = text.find(secret) {
            panic!("{what} has {secret} at {at}");
        }
    }
}

/// Every fault once, then an answer.
fn script() -> Script {
    FAULTS.into_iter().fold(Script::new().careless(&format!("and X-Key: {STORED}")), |script, (name, fault)| {
        let asked = move |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|said| said.contains(name));
        script.when(asked, [Reply::text("It is well again, after all of that.").fault(fault, 100)])
    })
}

async fn text_of(url: &str, key: &str, path: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("{url}/api/omega{path}")).bearer_auth(key).send().await.unwrap().text().await.unwrap()
}

async fn all_errors(database: &str, folder: &Path) {
    let (provider, tools) = (StandIn::start(titled(script())).await, Tools::start().await);
    let log = folder.join("server.log");
    let mut starting = command_on(database, folder, &provider, &tools);
    for name in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"] {
        starting.env(name, KEY);
    }
    starting.env("OMEGA_LOG", "trace").stderr(File::create(&log).unwrap());
    let server = Process::start(starting, None).await;
    let client = &server.client;
    client.import_tools(executor::rows()).await.unwrap();
    client
        .put_credential(
            "STORED_KEY",
            &PutCredential { value: STORED.into(), tool_id: None, scope: None, kept_in: None },
        )
        .await
        .unwrap();
    let key = server.key.clone().unwrap();
    let asked = MODELS.iter().flat_map(|model| FAULTS.map(|(name, _)| (*model, name)));
    let shown = asked.map(|(model, name)| one_error(client, &server.url, &key, model, name));
    let shown = within("every run", futures_util::future::join_all(shown)).await;
    for (what, text) in shown.into_iter().flatten() {
        assert_clean(&what, &text);
    }
    server.kill().await;
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.lines().count() > 100, "the log is at trace level");
    assert_clean("the log", &logged);
    assert!(provider.requests().iter().any(|request| request.key == KEY), "the provider had the key to show");
    for request in provider.requests() {
        assert_clean("a request to the model", &request.body.to_string());
    }
}

/// What is shown of one run that failed, or was asked again.
async fn one_error(client: &Client, url: &str, key: &str, model: &str, name: &str) -> Vec<(String, String)> {
    let body = CreateConversation { title: Some("a test".into()), model: Some(model.into()), ..<_>::default() };
    let conversation: ConversationId = client.create_conversation(&body).await.unwrap().id;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sending = http
        .post(format!("{url}/api/omega/conversations/{conversation}/messages"))
        .bearer_auth(key)
        .header("accept", "text/event-stream")
        .header("idempotency-key", format!("{model} {name}"))
        .json(&message(&format!("fail with {name}")));
    let streamed = sending.send().await.unwrap().text().await.unwrap();
    let mut shown = vec![(format!("the stream of {model} {name}"), streamed)];
    let run = client.conversation(conversation).await.unwrap().runs[0].id;
    let ends = [r#""type":"run.failed""#, r#""type":"run.completed""#];
    assert!(ends.iter().any(|end| shown[0].1.contains(end)), "{}", shown[0].1);
    assert!(shown[0].1.contains("«redacted:"), "{model} {name} is told of: {}", shown[0].1);
    for path in [format!("/conversations/{conversation}"), format!("/runs/{run}")] {
        shown.push((format!("{path} of {model} {name}"), text_of(url, key, &path).await));
    }
    for format in [ExportFormat::Json, ExportFormat::Markdown] {
        shown.push((format!("an export of {model} {name}"), client.export(conversation, format).await.unwrap()));
    }
    let plan = PlanRequest { message: format!("plan: fail with {name}"), count: None, model: None };
    let refused =
        client.plan(conversation, &plan).await.map(|_| String::new()).unwrap_or_else(|error| format!("{error:?}"));
    shown.push((format!("a plan of {model} {name}"), refused));
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_says_in_an_error_tells_no_secret_anywhere() {
    let folder = folder();
    all_errors(&format!("sqlite:{}", folder.path().join("omega.db").display()), folder.path()).await;
    for file in ["omega.db", "omega.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        assert_clean(file, &String::from_utf8_lossy(&bytes));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_says_in_an_error_is_in_no_row_of_postgresql() {
    let Some(cluster) = Postgres::start() else { return };
    let folder = folder();
    all_errors(&cluster.url, folder.path()).await;
    let mut connection = PgConnection::connect(&cluster.url).await.unwrap();
    for table in ["events", "runs", "steps", "messages"] {
        let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT r::TEXT FROM {table} r")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert!(!rows.is_empty());
        rows.iter().for_each(|(row,)| assert_clean(table, row));
    }
}
