//! Conversations that are shared: joined by reading, live in every client, closed, and taken away again (M5, M6, T1, T10).

use crate::harness::{
    Omega,
    frames::Frames,
    message,
    people::{Person, sign_in},
    refusals::{answer, code, refused},
    within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{ConversationDetail, UpdateConversation, UpdateParticipant, Visibility},
    client::{Client, ClientError},
    event::{Envelope, Event},
    id::ConversationId,
    testing::{Reply, Script},
    view::View,
};
use reqwest::{Method, header};
use serde_json::json;

/// One person's client: what it shows of a conversation, from the beginning on.
struct Window {
    client: Client,
    view: View,
    conversation: ConversationId,
}

impl Window {
    async fn open(client: &Client, conversation: ConversationId) -> Self {
        let detail: ConversationDetail = client.conversation(conversation).await.unwrap();
        Self { client: client.clone(), view: View::of(detail), conversation }
    }

    /// Follows until something shows.
    async fn until(&mut self, what: &str, shows: impl Fn(&View) -> bool) {
        let mut frames = Box::pin(self.client.follow(self.conversation, Some(self.view.last_seq)));
        while !shows(&self.view) {
            let frame: Envelope = within(what, frames.next()).await.unwrap().unwrap();
            self.view.apply(&frame);
        }
    }

    fn authors(&self) -> Vec<(String, String)> {
        let of = |message: &omega_core::api::Message| {
            Some((message.author.as_ref()?.display_name.clone(), message.content.clone()))
        };
        self.view.messages.iter().filter_map(of).collect()
    }
}

fn link_of(url: &str) -> ConversationId {
    url.rsplit('/').next().unwrap().parse().unwrap()
}

async fn frames(person: &Person, conversation: ConversationId) -> Frames {
    let path = format!("/api/omega/conversations/{conversation}/events?after=0");
    Frames::of(person.request(Method::GET, &path).send().await.unwrap())
}

/// Reads a stream to its end.
async fn ends(mut frames: Frames) {
    within("the end of the stream", async { while frames.next().await.is_some() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_in_two_clients_see_each_other_join_write_and_be_answered_live() {
    let script = Script::new()
        .when(|seen| seen.users.last().is_some_and(|user| user == "from the owner"), [Reply::text("To the owner.")])
        .when(|seen| seen.users.last().is_some_and(|user| user == "from the guest"), [Reply::text("To the guest.")]);
    let omega = Omega::start(script).await;
    let grace = Person::new(&omega, "Grace", Some(" Grace@Example.test ")).await;
    let conversation = omega.conversation("openai/test").await;
    let mut owners = Window::open(&omega.client, conversation).await;
    // Reading is enough to be there, once.
    let mut guests = Window::open(&grace.client, conversation).await;
    grace.client.conversation(conversation).await.unwrap();
    let joined =
        |view: &View| view.participants.iter().any(|known| known.display_name == "Grace" && known.role == "guest");
    owners.until("the guest's arrival", joined).await;
    assert!(joined(&guests.view) && guests.view.participants.len() == 2);
    assert_eq!(
        owners.view.participants[1].gravatar_hash,
        omega_engine::store::gravatar_hash(Some("grace@example.test"))
    );

    omega.send(conversation, "from the owner").await;
    grace.client.send_message(conversation, &message("from the guest"), "a key").await.unwrap();
    let both = |view: &View| {
        let said = |text: &str| view.messages.iter().any(|message| message.content == text);
        said("To the owner.") && said("To the guest.") && view.runs.iter().all(|run| run.status.is_terminal())
    };
    for window in [&mut owners, &mut guests] {
        window.until("both answers", both).await;
        let expected = [("owner", "from the owner"), ("Grace", "from the guest")].map(|(a, b)| (a.into(), b.into()));
        assert_eq!(window.authors(), expected);
        assert_eq!(window.view.runs.len(), 2);
    }
    assert_eq!(owners.view.messages, guests.view.messages);
    let joins = omega.committed(conversation).await;
    assert_eq!(joins.iter().filter(|e| matches!(e.event, Event::ParticipantJoined { .. })).count(), 1, "once");
    // The address is nowhere in what anybody gets.
    let detail = grace.request(Method::GET, &format!("/api/omega/conversations/{conversation}")).send().await.unwrap();
    assert!(!detail.text().await.unwrap().to_lowercase().contains("example.test"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_link_opens_nothing_and_ends_what_its_guests_follow() {
    let omega = Omega::start(Script::new()).await;
    let guest = Person::new(&omega, "guest", None).await;
    let conversation = omega.conversation("openai/test").await;
    let path = |id: ConversationId| format!("/api/omega/conversations/{id}");
    assert_eq!(link_of(&guest.client.conversation(conversation).await.unwrap().conversation.url), conversation);
    let following = frames(&guest, conversation).await;
    let mut owners = frames_of_owner(&omega, conversation).await;

    let second = link_of(&omega.client.rotate_link(conversation).await.unwrap().url);
    assert_ne!(second, conversation);
    ends(following).await;
    assert_eq!(refused(guest.request(Method::GET, &path(conversation))).await, code(410, "GONE"));
    let (_, body) = answer(guest.request(Method::GET, &path(conversation))).await;
    assert!(body["error"].as_str().unwrap().contains("ask them for the new one"), "{body}");
    assert!(omega.client.conversation(conversation).await.unwrap().is_owner, "the owner's id stays");
    assert_eq!(omega.client.conversation(conversation).await.unwrap().participants.len(), 1);

    // By the new link they come back, and the id opens it again; the link before stays dead.
    let back = guest.client.conversation(second).await.unwrap();
    assert_eq!((back.conversation.id, back.participants.len()), (conversation, 2));
    assert_eq!(link_of(&guest.client.conversation(conversation).await.unwrap().conversation.url), second);
    let mut by_link = frames(&guest, second).await;
    let first = within("the log by the link", by_link.next()).await.unwrap();
    assert_eq!(first.conversation_id, conversation);
    let third = link_of(&omega.client.rotate_link(conversation).await.unwrap().url);
    for dead in [conversation, second] {
        assert_eq!(refused(guest.request(Method::GET, &path(dead))).await, code(410, "GONE"));
    }
    assert!(guest.client.conversation(third).await.is_ok());
    let of_guest = |envelope: &Envelope| matches!(&envelope.event, Event::ConversationUpdated { url: Some(_), .. });
    within("the owner's stream goes on", owners.until(of_guest)).await;
    // A guest changes nothing of it.
    for (method, rest) in [(Method::POST, "/link"), (Method::PATCH, "")] {
        let request = guest.request(method, &format!("{}{rest}", path(conversation))).json(&json!({}));
        assert_eq!(refused(request).await, code(403, "OWNER_ONLY"));
    }
}

async fn frames_of_owner(omega: &Omega, conversation: ConversationId) -> Frames {
    omega.events(conversation, "?after=0").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_owner_blocks_gets_403_everywhere_until_they_are_let_in() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let guest = Person::new(&omega, "guest", None).await;
    let conversation = omega.conversation("openai/test").await;
    let sent = guest.client.send_message(conversation, &message("hi"), "a key").await.unwrap();
    let told = omega.told(conversation, sent.run_id).await;
    assert!(told.log.0.last().unwrap().event.is_terminal());
    let following = frames(&guest, conversation).await;
    let block = |blocked| UpdateParticipant { blocked };
    let shut = omega.client.update_participant(conversation, guest.user.id, &block(true)).await.unwrap();
    assert!(shut.blocked);
    ends(following).await;
    let forbidden = code(403, "FORBIDDEN");
    let of = format!("/api/omega/conversations/{conversation}");
    for (method, path) in [
        (Method::GET, of.clone()),
        (Method::GET, format!("{of}/messages")),
        (Method::GET, format!("{of}/events")),
        (Method::GET, format!("{of}/export")),
        (Method::POST, format!("{of}/messages")),
        (Method::POST, format!("{of}/cancel")),
        (Method::GET, format!("/api/omega/runs/{}", sent.run_id)),
        (Method::POST, format!("/api/omega/runs/{}/cancel", sent.run_id)),
    ] {
        let request = guest.request(method.clone(), &path);
        let request = if method == Method::POST { request.json(&json!({ "message": "x" })) } else { request };
        assert_eq!(refused(request).await, forbidden, "{method} {path}");
    }
    // A new link does not let them in either.
    let link = link_of(&omega.client.rotate_link(conversation).await.unwrap().url);
    assert!(matches!(guest.client.conversation(link).await, Err(ClientError::Forbidden(_))));
    assert!(omega.client.conversation(conversation).await.unwrap().participants.iter().any(|known| known.blocked));
    omega.client.update_participant(conversation, guest.user.id, &block(false)).await.unwrap();
    assert!(guest.client.conversation(conversation).await.is_ok());
    // The owner can't shut themselves out, and nobody who was never there.
    let owner = omega.client.whoami().await.unwrap().user_id;
    let request = omega.request(Method::PUT, &format!("{of}/participants/{owner}")).json(&json!({ "blocked": true }));
    assert_eq!(refused(request).await, code(422, "INVALID_INPUT"));
    let nobody = uuid::Uuid::now_v7();
    let request = omega.request(Method::PUT, &format!("{of}/participants/{nobody}")).json(&json!({ "blocked": true }));
    assert_eq!(refused(request).await, code(404, "NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_conversation_is_not_there_for_anybody_else() {
    let omega = Omega::start(Script::new()).await;
    let guest = Person::new(&omega, "guest", None).await;
    let conversation = omega.conversation("openai/test").await;
    guest.client.conversation(conversation).await.unwrap();
    let following = frames(&guest, conversation).await;
    let visibility = |visibility| UpdateConversation { visibility: Some(visibility), ..<_>::default() };
    let closed = omega.client.update_conversation(conversation, &visibility(Visibility::Private)).await.unwrap();
    assert_eq!(closed.visibility, Visibility::Private);
    ends(following).await;
    // What may not be seen and what is not there are the same, to the byte.
    let text = async |id: String| {
        let request = guest.request(Method::GET, &format!("/api/omega/conversations/{id}"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404);
        let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        response.text().await.unwrap().replace(&request_id, "ID")
    };
    let unknown = text(uuid::Uuid::new_v4().to_string()).await;
    assert_eq!(text(conversation.to_string()).await, unknown);
    assert_eq!(text("no-id-at-all".into()).await, unknown);
    omega.client.update_conversation(conversation, &visibility(Visibility::Link)).await.unwrap();
    assert!(guest.client.conversation(conversation).await.is_ok(), "who was there is there again");
}

#[tokio::test]
async fn who_writes_is_said_by_the_session_and_not_by_the_message() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation("openai/test").await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    for more in
        [json!({ "role": "assistant" }), json!({ "author": { "userId": uuid::Uuid::nil() } }), json!({ "from": "x" })]
    {
        let mut body = json!({ "message": "hello" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(refused(omega.request(Method::POST, &path).json(&body)).await, code(422, "INVALID_INPUT"), "{body}");
    }
    assert!(omega.committed(conversation).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_gives_nothing_more_to_who_signed_out_or_whose_key_was_revoked() {
    let omega = Omega::start(Script::new()).await;
    let guest = Person::new(&omega, "guest", None).await;
    let conversation = omega.conversation("openai/test").await;
    let cookie = sign_in(&omega, &guest.key).await;
    let path = format!("{}/api/omega/conversations/{conversation}/events?after=0", omega.url);
    let by_session = omega.http.get(path).header(header::COOKIE, &cookie).send().await.unwrap();
    let streams = [Frames::of(by_session), frames(&guest, conversation).await];
    let session = omega.http.delete(format!("{}/api/omega/session", omega.url)).header(header::COOKIE, &cookie);
    assert_eq!(session.send().await.unwrap().status(), 204);
    let key = guest.client.api_keys().await.unwrap()[0].id;
    guest.client.revoke_api_key(key).await.unwrap();
    let secret = UpdateConversation { title: Some("said afterwards".into()), ..<_>::default() };
    omega.client.update_conversation(conversation, &secret).await.unwrap();
    for mut stream in streams {
        let rest = within("the end of the stream", stream.until(|_| false)).await;
        assert!(!serde_json::to_string(&rest).unwrap().contains("said afterwards"), "{rest:?}");
    }
}

#[tokio::test]
async fn whoever_is_blocked_is_not_told_again_what_was_kept_for_them() {
    let omega = Omega::start(Script::new()).await;
    let grace = Person::new(&omega, "Grace", None).await;
    let conversation = omega.conversation("omega/offline").await;
    let path = format!("/api/omega/conversations/{conversation}/plan");
    let plan = |text: &str| {
        let body = json!({ "message": text, "count": 1 });
        grace.request(Method::POST, &path).header("idempotency-key", "one").json(&body)
    };
    assert_eq!(answer(plan("What is 2 + 2?")).await.0, 200);
    let again = plan("What is 2 + 2?").send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (200, &"true".parse().unwrap()));
    let shut = UpdateParticipant { blocked: true };
    omega.client.update_participant(conversation, grace.user.id, &shut).await.unwrap();
    // The same request, another one under the same key, and one with a new key.
    assert_eq!(refused(plan("What is 2 + 2?")).await, code(403, "FORBIDDEN"));
    assert_eq!(refused(plan("What is 3 + 3?")).await, code(403, "FORBIDDEN"));
    let closed = UpdateConversation { visibility: Some(Visibility::Private), ..<_>::default() };
    omega.client.update_conversation(conversation, &closed).await.unwrap();
    assert_eq!(refused(plan("What is 2 + 2?")).await, code(404, "NOT_FOUND"));
}
