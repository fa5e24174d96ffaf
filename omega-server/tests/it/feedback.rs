//! What people say of answers (O7): each person once for each answer, for all in the conversation to see, and no secret in it.

use crate::harness::{
    MODELS, Omega, folder,
    people::Person,
    postgres::Postgres,
    refusals::{answer, code, refused},
    within,
};
use omega_core::{
    api::{Feedback, GiveFeedback, PutCredential, Rating},
    client::ExportFormat,
    event::Event,
    id::{ConversationId, RunId},
    testing::{Fault, Reply, Script},
    view::{Applied, View},
};
use reqwest::Method;
use serde_json::{Value, json};

fn says(rating: Rating, felt_real: Option<bool>, comment: Option<&str>) -> GiveFeedback {
    GiveFeedback { rating, felt_real, comment: comment.map(str::to_owned) }
}

/// A conversation with an answer, and a guest who came by its link.
async fn answered(omega: &Omega) -> (ConversationId, RunId, Person) {
    let told = omega.ask(MODELS[0], "hi").await;
    let guest = Person::new(omega, "Grace", None).await;
    guest.client.conversation(told.conversation).await.unwrap();
    (told.conversation, told.log.0[0].run_id.unwrap(), guest)
}

fn words(said: &[Feedback]) -> Vec<(&str, Rating, Option<bool>, Option<&str>)> {
    said.iter().map(|it| (it.author.display_name.as_str(), it.rating, it.felt_real, it.comment.as_deref())).collect()
}

#[tokio::test]
async fn each_person_has_one_word_about_an_answer_and_everybody_in_the_conversation_sees_it() {
    let cluster = Postgres::start();
    let script = || Script::new().turn(Reply::text("Hello."));
    let mut omegas = vec![Omega::start(script()).await];
    if let Some(cluster) = &cluster {
        omegas.push(Omega::start_on(cluster.url.clone(), folder(), script()).await);
    }
    for omega in &omegas {
        let (conversation, run, guest) = answered(omega).await;
        omega.client.give_feedback(run, &says(Rating::Bad, None, Some("too\nshort"))).await.unwrap();
        guest.client.give_feedback(run, &says(Rating::Good, Some(true), None)).await.unwrap();
        let again = says(Rating::Good, Some(false), Some("  "));
        let second = omega.client.give_feedback(run, &again).await.unwrap();
        assert_eq!((second.run_id, second.comment.as_deref()), (run, None), "a comment of blanks is none");
        // The same word again is no news.
        let seq = omega.client.conversation(conversation).await.unwrap().last_seq;
        assert_eq!(omega.client.give_feedback(run, &again).await.unwrap(), second);
        assert_eq!(omega.client.conversation(conversation).await.unwrap().last_seq, seq);

        let said = guest.client.feedback(conversation).await.unwrap();
        let both = [("Grace", Rating::Good, Some(true), None), ("owner", Rating::Good, Some(false), None)];
        assert_eq!(words(&said), both, "the newest word of each, in the order in which they came");
        assert_eq!(omega.client.run(run).await.unwrap().feedback, said);
        assert_eq!(guest.client.conversation(conversation).await.unwrap().runs[0].feedback, said);

        guest.client.remove_feedback(run).await.unwrap();
        guest.client.remove_feedback(run).await.unwrap();
        let detail = omega.client.conversation(conversation).await.unwrap();
        assert_eq!(words(&detail.runs[0].feedback), both[1..]);
        // Whoever folds the events has the same, and a document has them.
        let mut view = View::begun(Some(detail.conversation.clone()), 0);
        let mut frames = omega.events(conversation, "?after=0").await;
        let log = within("the events", frames.until(|envelope| envelope.seq == Some(detail.last_seq))).await;
        log.iter().for_each(|envelope| assert_ne!(view.apply(envelope), Applied::Gap));
        assert_eq!(view.runs, detail.runs);
        let kinds: Vec<_> = log.iter().map(|envelope| envelope.event.kind()).collect();
        assert_eq!(kinds.iter().filter(|kind| kind.starts_with("feedback.")).count(), 4, "{kinds:?}");
        let document = omega.client.export(conversation, ExportFormat::Markdown).await.unwrap();
        assert!(document.contains("> *Feedback of owner:* good · did not feel like a real agent · "), "{document}");
    }
}

#[tokio::test]
async fn an_answer_can_be_rated_when_it_is_whole_and_by_who_may_see_it() {
    let held = Reply::text("One two three.").fault(Fault::Hold { after: 2 }, 1);
    let omega = Omega::start(Script::new().turn(held)).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let run = omega.send(conversation, "hi").await.run_id;
    let path = format!("/api/omega/runs/{run}/feedback");
    let put = |body: Value| omega.request(Method::PUT, &path).json(&body);
    assert_eq!(refused(put(json!({ "rating": "good" }))).await, code(409, "RUN_STATE"));
    omega.provider.release();
    omega.told(conversation, run).await;
    let before = omega.committed(conversation).await.len();
    let wrong = [
        (json!({}), "rating"),
        (json!({ "rating": "great" }), "rating"),
        (json!({ "rating": "good", "feltReal": "yes" }), "feltReal"),
        (json!({ "rating": "good", "comment": 7 }), "comment"),
        (json!({ "rating": "good", "stars": 5 }), "stars"),
    ];
    for (body, field) in wrong {
        let (status, answer) = answer(put(body.clone())).await;
        assert_eq!((status, &answer["details"]["fields"][0]["field"]), (422, &json!(field)), "{body}: {answer}");
    }
    let long = json!({ "rating": "good", "comment": "x".repeat(4097) });
    assert_eq!(refused(put(long)).await, code(413, "PAYLOAD_TOO_LARGE"));
    let stranger = Person::new(&omega, "stranger", None).await;
    let theirs = |method| stranger.request(method, &path).json(&json!({ "rating": "bad" }));
    assert_eq!(refused(theirs(Method::PUT)).await, code(404, "NOT_FOUND"));
    assert_eq!(refused(theirs(Method::DELETE)).await, code(404, "NOT_FOUND"));
    assert_eq!(omega.committed(conversation).await.len(), before, "nothing of it was stored");
    assert_eq!(answer(put(json!({ "rating": "bad", "comment": "x".repeat(4096) }))).await.0, 200);
}

#[tokio::test]
async fn a_comment_holds_neither_the_owners_secrets_nor_its_authors() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let (conversation, run, guest) = answered(&omega).await;
    let stored = |value: &str| PutCredential { value: value.into(), tool_id: None, scope: None, kept_in: None };
    omega.client.put_credential("OWNERS_KEY", &stored("the-owners-secret-0123")).await.unwrap();
    guest.client.put_credential("GUESTS_KEY", &stored("the-guests-secret-4567")).await.unwrap();
    let comment = "it said the-owners-secret-0123 and the-guests-secret-4567";
    let said = guest.client.give_feedback(run, &says(Rating::Bad, None, Some(comment))).await.unwrap();
    let comment = said.comment.unwrap();
    assert!(!comment.contains("secret") && !comment.contains("OWNERS_KEY"), "a guest reads no name: {comment}");
    let log = omega.committed(conversation).await;
    let Event::FeedbackGiven { feedback } = &log.last().unwrap().event else { panic!("{:?}", log.last()) };
    assert_eq!(
        feedback.comment.as_deref(),
        Some("it said «redacted:OWNERS_KEY» and «redacted:GUESTS_KEY»"),
        "the log has none"
    );
}
