//! Data by reference: what a call gave, and what was piped in, goes to a tool whole and unwritten; what it was is recorded, guarded
//! and asked about.

use crate::harness::{MODELS, Omega, Told, executor::id, folder, message, postgres::Postgres, within};
use omega_core::{
    api::{Decide, Decision, Remember, RequiredAction, SendMessage, Settings, ToolRunStatus},
    client::{ClientError, PageQuery},
    event::Event,
    id::ConversationId,
    registry::meta::READ,
    testing::{Reply, Script},
};
use serde_json::{Value, json};

const WEATHER: &str = "acme-tools__acmeWeather";
const LARGE: &str = "acme-tools__acmeLarge";
const SLOW: &str = "acme-tools__acmeSlow";

fn script(calls: impl IntoIterator<Item = Reply>) -> Script {
    calls.into_iter().chain([Reply::text("done")]).fold(Script::new(), Script::turn)
}

/// The inputs of the calls as they are recorded and shown.
fn shown(told: &Told) -> Vec<Value> {
    let inputs = told.log.0.iter().filter_map(|envelope| match &envelope.event {
        Event::ToolProposed { input, .. } => Some(input.clone()),
        _ => None,
    });
    inputs.collect()
}

fn refusals(told: &Told) -> Vec<String> {
    let errors = told.log.0.iter().filter_map(|envelope| match &envelope.event {
        Event::ToolCompleted { error: Some(error), .. } => Some(format!("{}: {}", error.code.as_str(), error.message)),
        _ => None,
    });
    errors.collect()
}

/// On each database that there is.
async fn servers(script: impl Fn() -> Script) -> Vec<(Omega, Option<Postgres>)> {
    let mut servers = vec![(Omega::start(script()).await, None)];
    if let Some(cluster) = Postgres::start() {
        servers.push((Omega::start_on(cluster.url.clone(), folder(), script()).await, Some(cluster)));
    }
    servers
}

async fn with_data(omega: &Omega, conversation: ConversationId, text: &str, data: &str) -> Told {
    let body = SendMessage { data: Some(data.to_owned()), ..message(text) };
    let key = uuid::Uuid::new_v4().to_string();
    let accepted = omega.client.send_message(conversation, &body, &key).await.unwrap();
    omega.told(conversation, accepted.run_id).await
}

#[tokio::test]
async fn an_output_of_any_size_goes_on_by_its_handle_with_every_provider_and_the_record_says_what_it_was() {
    // More than a model may write.
    let bytes = 1_200_000;
    for model in MODELS {
        let omega = Omega::start(script([
            Reply::call(LARGE, json!({ "bytes": bytes })),
            Reply::call(WEATHER, json!({ "city": { "$from": "call_1" } })),
            Reply::call(SLOW, json!({ "ms": 1, "n": { "$from": "call_2", "path": "/celsius" } })),
        ]))
        .await;
        let told = omega.ask(model, "go").await;
        assert_eq!(told.log.answer(), "done", "{model}: {:?}", refusals(&told));
        assert!(omega.provider.requests().iter().all(|seen| seen.problems.is_empty()), "{model}");
        let calls = omega.tools.calls();
        assert_eq!(calls[1].params["city"].as_str().map(str::len), Some(bytes), "{model}");
        assert_eq!(calls[2].params, json!({ "ms": 1, "n": 21 }), "{model}");
        let inputs = shown(&told);
        let city = &inputs[1]["city"];
        assert_eq!((&city["$from"], &city["bytes"]), (&json!("call_1"), &json!(bytes)), "{model}");
        assert!(city["preview"].as_str().is_some_and(|text| text.starts_with("éé")), "{model}: {city}");
        assert!(inputs[1].to_string().len() < 1_000, "{model}");
        assert_eq!(inputs[2]["n"]["preview"], "21", "{model}");
        // What the model wrote comes back to it as it wrote it.
        let last = omega.provider.requests().pop().unwrap();
        assert_eq!(last.calls[1].arguments, json!({ "city": { "$from": "call_1" } }), "{model}");
    }
}

#[tokio::test]
async fn what_was_piped_in_is_data_for_tools_and_the_model_sees_its_ends() {
    let data = format!("id,name\n{}9,end\n", "1,Ada\n".repeat(60_000));
    let make = || {
        script([
            Reply::call(WEATHER, json!({ "city": { "$from": "stdin" } })),
            Reply::call(READ, json!({ "handle": "stdin", "offset": 100_000, "limit": 6 })),
        ])
    };
    for (omega, _database) in servers(make).await {
        let conversation = omega.conversation(MODELS[0]).await;
        let told = with_data(&omega, conversation, "count them", &data).await;
        assert_eq!(told.log.answer(), "done", "{:?}", refusals(&told));
        assert_eq!(omega.tools.calls()[0].params["city"], data.trim_end());
        let requests = omega.provider.requests();
        let user = &requests[0].users[0];
        assert!(user.len() < 8_000 && user.contains("id,name\n1,Ada") && user.contains("9,end"), "{user}");
        let read = &requests[2].results[1].content;
        assert_eq!((&read["value"], &read["offset"]), (&json!("Ada\n1,"), &json!(100_000)), "{read}");
        let messages = omega.client.messages(conversation, PageQuery::default()).await.unwrap();
        assert!(messages.rows[0].content.len() < 8_000, "what is listed is short");
        // A later message still reaches it.
        let omega_again = omega.ask_in(conversation, "again").await;
        assert_eq!(omega_again.log.answer(), "done");
    }
}

#[tokio::test]
async fn a_reference_that_stands_for_nothing_or_for_something_else_is_refused_and_nothing_runs() {
    let city = |reference: Value| Reply::call(WEATHER, json!({ "city": reference }));
    let cases = [
        (city(json!({ "$from": "call_9" })), "call_9 names nothing here; there is call_1"),
        (city(json!({ "$from": "stdin" })), "stdin names nothing here"),
        (city(json!({ "$from": "call_1", "path": "/x" })), "call_1 has no /x: it is text and no JSON"),
        (Reply::call(SLOW, json!({ "ms": { "$from": "call_1" } })), "/ms: expected an integer"),
        (Reply::call(READ, json!({ "handle": "call_77" })), "call_77 names nothing here"),
        (Reply::call(READ, json!({ "offset": 1 })), "handle"),
    ];
    let (replies, words): (Vec<Reply>, Vec<&str>) = cases.into_iter().unzip();
    let omega = Omega::start(script([Reply::call(LARGE, json!({ "bytes": 100 }))].into_iter().chain(replies))).await;
    let told = omega.ask(MODELS[0], "go").await;
    let refused = refusals(&told);
    assert_eq!(refused.len(), words.len(), "{refused:?}");
    for (refused, words) in refused.iter().zip(words) {
        assert!(refused.starts_with("INVALID_INPUT") && refused.contains(words), "{refused}");
    }
    assert_eq!(omega.tools.calls().len(), 1);
}

#[tokio::test]
async fn a_person_is_asked_about_the_data_and_not_about_its_name() {
    let omega = Omega::start(script([
        Reply::call(LARGE, json!({ "bytes": 10_000 })),
        Reply::call(WEATHER, json!({ "city": { "$from": "call_1", "preview": "Rome", "bytes": 4 } })),
    ]))
    .await;
    let safe = |settings: &mut Settings| {
        settings.safe_mode = true;
        Ok::<(), ClientError>(())
    };
    omega.client.change_settings(safe).await.unwrap();
    let conversation = omega.conversation(MODELS[0]).await;
    let run = omega.send(conversation, "go").await.run_id;
    for asked in 0..2 {
        let approval = within("a question", async {
            loop {
                let run = omega.client.run(run).await.unwrap();
                if let Some(RequiredAction::Approval { approvals, .. }) = run.requires_action
                    && approvals[0].tool_id.as_str() == id(["acmeLarge", "acmeWeather"][asked])
                {
                    return approvals[0].clone();
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        if asked == 1 {
            let city = &approval.input["city"];
            assert_eq!(city["bytes"], 10_000);
            assert!(city["preview"].as_str().unwrap().starts_with("éé"), "{city}");
        }
        let yes = Decide {
            decision: Decision::Approve,
            remember: Remember::Once,
            reason: None,
            args_digest: Some(approval.args_digest),
            input: None,
        };
        omega.client.decide(approval.id, &yes).await.unwrap();
    }
    let told = omega.told(conversation, run).await;
    assert!(told.log.calls().iter().all(|call| call.status == ToolRunStatus::Succeeded));
    assert_eq!(omega.tools.calls()[1].params["city"].as_str().map(str::len), Some(10_000));
}
