//! A message is edited or asked again: the newer version takes its place for the model, and both stay for people, in the log and
//! in what is exported.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    message,
    people::Person,
    refusals::{code, refused},
};
use omega_core::{
    api::SendMessage,
    client::ExportFormat,
    id::{ConversationId, MessageId},
    registry::meta::EXECUTE,
    testing::{Reply, Script, Seen},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn send(omega: &Omega, conversation: ConversationId, text: &str, replaces: Option<MessageId>) -> MessageId {
    let body = SendMessage { replaces, ..message(text) };
    let sent = omega.client.send_message(conversation, &body, &uuid::Uuid::new_v4().to_string()).await.unwrap();
    omega.told(conversation, sent.run_id).await;
    sent.message_id
}

#[tokio::test]
async fn the_model_reads_the_newest_version_and_everything_else_keeps_them_all() {
    let last = |words: &'static str| move |seen: &Seen| seen.users.last().is_some_and(|said| said.contains(words));
    let call = |ms: u64| Reply::call(EXECUTE, execute(&id("acmeSlow"), json!({ "ms": ms })));
    let script = Script::new()
        .when(last("Oslo"), [call(1), Reply::text("Rain in Oslo.")])
        .when(last("Bergen"), [call(2), Reply::text("Rain in Bergen.")])
        .when(last("Tromsø"), [call(3), Reply::text("Snow in Tromsø.")])
        .when(last("and"), [Reply::text("That too.")]);
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let first = send(&omega, conversation, "weather of Oslo", None).await;
    let second = send(&omega, conversation, "weather of Bergen", Some(first)).await;
    send(&omega, conversation, "and more", None).await;
    let third = send(&omega, conversation, "weather of Tromsø", Some(second)).await;
    send(&omega, conversation, "and still more", None).await;

    // What the model read for the last message: nothing of what was replaced, neither words nor calls, and a history that a
    // provider takes.
    let asked = omega.provider.requests();
    let seen = asked.iter().rfind(|seen| !seen.tools.is_empty()).unwrap();
    assert_eq!(seen.problems, Vec::<String>::new());
    let users: Vec<&str> = seen.users.iter().map(|text| text.lines().next().unwrap()).collect();
    assert_eq!(users, ["and more", "weather of Tromsø", "and still more"]);
    assert_eq!(seen.assistants.iter().filter(|text| text.contains("Rain")).count(), 0, "{:?}", seen.assistants);
    assert_eq!(seen.calls.len(), 1, "{:?}", seen.calls);
    // A call is known by the number that it always had, whatever is left out before it.
    assert!(seen.results[0].whole.to_string().contains("call_3"), "{:?}", seen.results);

    // What people have.
    let detail = omega.client.conversation(conversation).await.unwrap();
    let of = |id: MessageId| detail.messages.iter().find(|message| message.id == id).unwrap();
    assert_eq!((of(first).replaces, of(second).replaces, of(third).replaces), (None, Some(first), Some(second)));
    assert_eq!(
        detail.messages.iter().filter(|message| message.content.contains("in")).count(),
        3,
        "each answer is there"
    );
    assert_eq!(detail.tool_runs.len(), 3);

    let markdown = omega.client.export(conversation, ExportFormat::Markdown).await.unwrap();
    let headings: Vec<&str> = markdown
        .lines()
        .filter(|line| line.starts_with("## "))
        .map(|line| line.trim_start_matches("## ").split(" · ").next().unwrap())
        .collect();
    let words = |who: &str| headings.iter().filter(|heading| heading.contains(who)).count();
    assert_eq!((words("(earlier version)"), words("(newer version)")), (4, 1), "{headings:?}");

    // And what comes in again has the same.
    let document = omega.client.export(conversation, ExportFormat::Json).await.unwrap();
    let copy = omega.client.import_conversation(document.clone().into_bytes()).await.unwrap().id;
    let copied = omega.client.conversation(copy).await.unwrap();
    let chain = |of: &omega_core::api::ConversationDetail| -> Vec<(String, Option<usize>)> {
        let place = |id: MessageId| of.messages.iter().position(|message| message.id == id);
        of.messages.iter().map(|it| (it.content.clone(), it.replaces.map(|before| place(before).unwrap()))).collect()
    };
    assert_eq!(chain(&copied), chain(&detail));
    assert!(copied.messages.iter().all(|it| detail.messages.iter().all(|known| known.id != it.id)));
    send(&omega, copy, "and at last", None).await;
    let asked = omega.provider.requests();
    let seen = asked.iter().rfind(|seen| !seen.tools.is_empty()).unwrap();
    assert!(seen.users.iter().all(|text| !text.contains("Oslo") && !text.contains("Bergen")), "{:?}", seen.users);

    // A document in which a message takes the place of none before it did not happen here.
    let (known, own) = (second.to_string(), third.to_string());
    let forged = document.replace(&format!("\"replaces\":\"{known}\""), &format!("\"replaces\":\"{own}\""));
    assert_ne!(forged, document);
    assert!(omega.client.import_conversation(forged.into_bytes()).await.is_err());
}

#[tokio::test]
async fn only_a_message_of_ones_own_is_replaced_and_only_one_that_is_there() {
    let omega = Omega::start(Script::new().when(|_: &Seen| true, [Reply::text("Yes.")])).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let own = send(&omega, conversation, "of the owner", None).await;
    let grace = Person::new(&omega, "Grace", None).await;
    let body = message("of the guest");
    let of_guest = grace.client.send_message(conversation, &body, "guest").await.unwrap();
    omega.told(conversation, of_guest.run_id).await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let replacing = |id: Value| json!({ "message": "another", "replaces": id });
    let before = omega.committed(conversation).await.len();
    let answer = omega.client.conversation(conversation).await.unwrap().messages[1].id;
    assert_eq!(refused(grace.request(Method::POST, &path).json(&replacing(json!(own)))).await, code(403, "FORBIDDEN"));
    let other = omega.conversation(MODELS[0]).await;
    let elsewhere = send(&omega, other, "elsewhere", None).await;
    for none in [json!(answer), json!(elsewhere), json!(uuid::Uuid::new_v4()), json!("first")] {
        let refusal = refused(omega.request(Method::POST, &path).json(&replacing(none.clone()))).await;
        assert_eq!(refusal, code(422, "INVALID_INPUT"), "{none}");
    }
    assert_eq!(omega.committed(conversation).await.len(), before, "nothing is stored of what was refused");
    // One's own, and any of one's own conversation.
    for (who, id) in [(&grace.client, of_guest.message_id), (&omega.client, of_guest.message_id)] {
        let body = SendMessage { replaces: Some(id), ..message("another") };
        let sent = who.send_message(conversation, &body, &uuid::Uuid::new_v4().to_string()).await.unwrap();
        omega.told(conversation, sent.run_id).await;
    }
}
