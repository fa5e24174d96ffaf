//! A conversation is copied up to one of its messages: what has ended comes whole, what has not does not come, and the copy is
//! the caller's own.

use crate::harness::{
    MODELS, Omega,
    people::Person,
    refusals::{code, refused},
    within,
};
use omega_core::{
    api::{ConversationDetail, ForkConversation, RunStatus, UpdateConversation},
    client::ExportFormat,
    event::Event,
    testing::{Fault, Reply, Script, Seen},
};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_copy_ends_with_the_run_of_a_message_and_goes_on_by_itself() {
    let busy = Fault::Status { status: 429, retry_after: Some(50) };
    let last = |words: &'static str| move |seen: &Seen| seen.users.last().is_some_and(|said| said.contains(words));
    let script = Script::new()
        .when(last("first"), [Reply::text("One.")])
        .when(last("second"), [Reply::text("Two.")])
        .when(last("third"), [Reply::text("Never.").fault(busy, 1)]);
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    omega.ask_in(conversation, "first").await;
    let title = UpdateConversation { title: Some("Numbers".into()), ..UpdateConversation::default() };
    omega.client.update_conversation(conversation, &title).await.unwrap();
    omega.ask_in(conversation, "second").await;
    let detail = omega.client.conversation(conversation).await.unwrap();
    let first = detail.messages[0].id;

    // A guest's copy is the guest's.
    let guest = Person::new(&omega, "Grace", None).await;
    let copy = guest.client.fork(conversation, &ForkConversation { until: Some(first) }).await.unwrap();
    assert_eq!((copy.title.as_deref(), &copy.model), (Some("Numbers (fork)"), &detail.conversation.model));
    assert_eq!(copy.forked_from.as_deref(), Some("Numbers"));
    assert_ne!(copy.id, conversation);
    let of_guest = guest.client.conversation(copy.id).await.unwrap();
    assert!(of_guest.is_owner && of_guest.participants.len() == 1);
    let said = |it: &ConversationDetail| -> Vec<String> {
        it.messages.iter().map(|message| message.content.clone()).collect()
    };
    assert_eq!(said(&of_guest), ["first", "One."]);
    let named = |it: &ConversationDetail| it.messages[0].author.as_ref().map(|author| author.display_name.clone());
    assert_eq!(named(&of_guest), named(&detail), "who wrote it is said");
    let author = |it: &ConversationDetail| it.messages[0].author.as_ref().map(|author| author.user_id);
    assert_ne!(author(&of_guest), author(&detail), "and is nobody else of this server");
    let own = omega.client.fork(conversation, &ForkConversation { until: Some(first) }).await.unwrap();
    let own = omega.client.conversation(own.id).await.unwrap();
    assert_eq!(author(&own), author(&detail), "but for the one whose copy it is");
    let events = omega.committed(copy.id).await;
    let notices: Vec<&str> = events
        .iter()
        .filter_map(|it| match &it.event {
            Event::Notice { code, message } if code == "FORKED" => Some(message.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(notices, ["forked from “Numbers”, after its first message"]);
    assert!(
        !json!(events).to_string().contains(&conversation.to_string()),
        "the copy has no link to where it came from"
    );

    // What still works is not in one, and its message can't be the last of one.
    let run = omega.send(conversation, "third").await;
    within("the run works", async {
        while omega.client.run(run.run_id).await.unwrap().status != RunStatus::Running {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let copy = omega.client.fork(conversation, &ForkConversation::default()).await.unwrap();
    let whole = omega.client.conversation(copy.id).await.unwrap();
    assert_eq!(said(&whole), ["first", "One.", "second", "Two."]);
    assert!(whole.runs.iter().all(|run| run.status == RunStatus::Completed));
    for (until, why) in
        [(json!(run.message_id), code(409, "RUN_STATE")), (json!(uuid::Uuid::new_v4()), code(422, "INVALID_INPUT"))]
    {
        let path = format!("/api/omega/conversations/{conversation}/fork");
        assert_eq!(refused(omega.request(Method::POST, &path).json(&json!({ "until": until }))).await, why);
    }
    let markdown = omega.client.export(copy.id, ExportFormat::Markdown).await.unwrap();
    assert!(markdown.contains("forked from “Numbers”"), "{markdown}");
    assert_eq!(said(&omega.client.conversation(conversation).await.unwrap())[..4], said(&whole), "the first one stays");
}
