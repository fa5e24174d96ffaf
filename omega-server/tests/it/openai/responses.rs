//! `/v1/responses` and `/v1/models`.

use super::{RESPONSES, answered, done, post, streamed};
use crate::harness::{MODELS, Omega, execute, executor::id, people::Person, within};
use omega_core::{
    registry::meta::EXECUTE,
    testing::{Fault, Reply, Script},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn input(text: &str) -> Value {
    json!({ "model": MODELS[0], "input": text })
}

fn texts(response: &Value) -> Vec<&str> {
    let items = response["output"].as_array().unwrap();
    items.iter().map(|item| item["content"][0]["text"].as_str().unwrap()).collect()
}

fn script() -> Script {
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" }))).and_text("Looking.");
    Script::new()
        .when(|seen| seen.users.last().is_some_and(|last| last.contains("Oslo")), [weather, Reply::text("21 degrees.")])
}

#[tokio::test]
async fn a_response_has_what_was_said_and_streams_it_item_by_item() {
    let omega = Omega::start(script()).await;
    let body = super::with(input("Oslo?"), json!({ "instructions": "Be brief." }));
    let whole = done(post(&omega, RESPONSES, &body)).await;
    assert_eq!(
        (&whole["object"], &whole["status"], &whole["error"]),
        (&json!("response"), &json!("completed"), &Value::Null)
    );
    assert_eq!((texts(&whole), &whole["instructions"]), (vec!["Looking.", "21 degrees."], &json!("Be brief.")));
    assert_eq!(whole["usage"]["total_tokens"], 30, "two steps: {}", whole["usage"]);
    assert!(omega.provider.requests()[0].system.contains("Be brief."));
    let read = done(omega.request(Method::GET, &format!("{RESPONSES}/{}", whole["id"].as_str().unwrap()))).await;
    assert_eq!(
        (&read["output"], &read["usage"], &read["status"]),
        (&whole["output"], &whole["usage"], &whole["status"])
    );

    let events = streamed(post(&omega, RESPONSES, &super::with(input("Oslo?"), json!({ "stream": true })))).await;
    for (index, (name, data)) in events.iter().enumerate() {
        assert_eq!((&data["type"], &data["sequence_number"]), (&json!(name), &json!(index)));
    }
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let item = [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ];
    let wanted = [&["response.created", "response.in_progress"][..], &item, &item, &["response.completed"]].concat();
    assert_eq!(names, wanted);
    let deltas = events.iter().filter(|(name, data)| name.ends_with("text.delta") && data["output_index"] == 1);
    let text: String = deltas.map(|(_, data)| data["delta"].as_str().unwrap()).collect();
    assert_eq!(text, "21 degrees.");
    let last = &events.last().unwrap().1["response"];
    assert_eq!((texts(last), &last["usage"]["total_tokens"]), (vec!["Looking.", "21 degrees."], &json!(30)));
}

#[tokio::test]
async fn a_response_goes_on_from_the_one_before_and_from_no_older_one() {
    let omega = Omega::start(Script::new()).await;
    let first = done(post(&omega, RESPONSES, &input("one"))).await;
    let on = |id: &Value, text: &str| super::with(input(text), json!({ "previous_response_id": id }));
    let second = done(post(&omega, RESPONSES, &on(&first["id"], "two"))).await;
    assert_eq!((&second["conversation"], &second["previous_response_id"]), (&first["conversation"], &first["id"]));
    assert_eq!(omega.provider.requests().pop().unwrap().users.len(), 2);
    let (status, refused) = answered(post(&omega, RESPONSES, &on(&first["id"], "again"))).await;
    assert_eq!((status.as_u16(), &refused["error"]["param"]), (400, &json!("previous_response_id")), "{refused}");
    let third = super::with(input("three"), json!({ "conversation": second["conversation"] }));
    let third = done(post(&omega, RESPONSES, &third)).await;
    assert_eq!(third["conversation"], first["conversation"]);

    // What was said before comes whole, or not at all.
    let talk = json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }, { "role": "user", "content": "c" }]);
    let twice = json!({ "model": MODELS[0], "input": talk, "conversation": third["conversation"]["id"] });
    let (status, refused) = answered(post(&omega, RESPONSES, &twice)).await;
    assert_eq!((status.as_u16(), &refused["error"]["param"]), (400, &json!("input")), "{refused}");

    // A stranger sees nothing of it.
    let stranger = Person::new(&omega, "a stranger", None).await;
    let path = format!("{RESPONSES}/{}", first["id"].as_str().unwrap());
    assert_eq!(answered(stranger.request(Method::GET, &path)).await.0, StatusCode::NOT_FOUND);
    let (status, refused) = answered(stranger.request(Method::POST, RESPONSES).json(&on(&third["id"], "mine"))).await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (400, &json!("previous_response_not_found")));
}

#[tokio::test]
async fn a_response_in_the_background_is_read_and_stopped() {
    let held = Reply::text("One two three.").fault(Fault::Hold { after: 2 }, 1);
    let omega = Omega::start(Script::new().turn(held)).await;
    let begun = done(post(&omega, RESPONSES, &super::with(input("go"), json!({ "background": true })))).await;
    assert!(["queued", "in_progress"].contains(&begun["status"].as_str().unwrap()), "{begun}");
    let path = format!("{RESPONSES}/{}", begun["id"].as_str().unwrap());
    let read = async || done(omega.request(Method::GET, &path)).await;
    done(omega.request(Method::POST, &format!("{path}/cancel"))).await;
    within("its end", async {
        while read().await["status"] != "cancelled" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_response_that_waits_is_incomplete_and_says_for_what() {
    let keyed = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
    let omega = Omega::start(Script::new().turn(keyed)).await;
    let whole = done(post(&omega, RESPONSES, &input("my account"))).await;
    assert_eq!(
        (&whole["status"], &whole["incomplete_details"]["reason"]),
        (&json!("incomplete"), &json!("requires_action"))
    );
    assert!(texts(&whole)[0].contains("ACME_API_KEY"), "{whole}");
    assert_eq!(
        (&whole["omega"]["status"], &whole["omega"]["requiresAction"]["kind"]),
        (&json!("paused"), &json!("credentials"))
    );
    let read = done(omega.request(Method::GET, &format!("{RESPONSES}/{}", whole["id"].as_str().unwrap()))).await;
    assert_eq!((&read["status"], texts(&read)), (&json!("incomplete"), texts(&whole)));
    let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let format = json!({ "format": { "type": "json_schema", "name": "a", "schema": schema } });
    let events =
        streamed(post(&omega, RESPONSES, &super::with(input("my account"), json!({ "stream": true, "text": format }))))
            .await;
    let (name, last) = events.last().unwrap();
    let part = &last["response"]["output"][0]["content"][0];
    assert_eq!((name.as_str(), &part["type"]), ("response.incomplete", &json!("refusal")), "{last}");
    assert!(events.iter().any(|(name, _)| name == "response.refusal.delta"));
}

#[tokio::test]
async fn models_are_those_that_the_caller_can_use_and_the_servers_own_choice() {
    let omega = Omega::start(Script::new()).await;
    let listed = done(omega.request(Method::GET, "/v1/models")).await;
    let ids: Vec<&str> = listed["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids[0], "omega");
    assert!(ids.contains(&"omega/offline") && ids.len() > 4, "{ids:?}");
    for id in ["omega", "omega/offline", "openai/test"] {
        let model = done(omega.request(Method::GET, &format!("/v1/models/{id}"))).await;
        assert_eq!((&model["id"], &model["object"]), (&json!(id), &json!("model")));
    }
    let answer = done(post(&omega, RESPONSES, &json!({ "model": "omega", "input": "hi" }))).await;
    assert!(answer["model"].as_str().unwrap().contains('/'), "{answer}");
}
