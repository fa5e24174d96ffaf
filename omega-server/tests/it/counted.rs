//! Tokens: whatever a provider says that it took is counted once, whoever asks for the sum and however they came to it.

use crate::{
    harness::{Omega, folder, message, within},
    planning::{planned, plans},
    store::engines,
};
use omega_core::{
    api::{ConversationDetail, CreateConversation, FinishReason, PlanMode, PlanRequest, RunStatus, SendMessage, Usage},
    client::ExportFormat,
    event::{Envelope, Event},
    id::ConversationId,
    model::price::Prices,
    registry::meta::SEARCH,
    testing::{Fault, Reply, Script, Seen},
    view::{Applied, View},
};
use omega_server::ServeConfig;
use serde_json::json;

const HOUSE: &str = "openai/house";
const OTHER: &str = "anthropic/other";

fn asks_title(seen: &Seen) -> bool {
    seen.tools.is_empty()
}

fn ends(words: &'static str) -> impl Fn(&Seen) -> bool {
    move |seen| seen.users.last().is_some_and(|said| said.starts_with(words))
}

async fn start(database: String, script: Script) -> Omega {
    let table =
        r#"{"models": {"openai/house": {"input": 1, "output": 10}, "anthropic/other": {"input": 2, "output": 20}}}"#;
    let prices = Prices::default().with(table).unwrap();
    Omega::start_as(database, folder(), script, |config| ServeConfig { prices, ..config }).await
}

/// A conversation without a title.
async fn untitled(omega: &Omega, model: &str) -> ConversationId {
    let body = CreateConversation { model: Some(model.into()), ..<_>::default() };
    omega.client.create_conversation(&body).await.unwrap().id
}

/// Waits until the conversation has its title, and gives what stands in the log.
async fn titled(omega: &Omega, conversation: ConversationId) -> Vec<Envelope> {
    let mut frames = omega.events(conversation, "?after=0").await;
    let titled = |envelope: &Envelope| matches!(&envelope.event, Event::ConversationUpdated { title: Some(_), .. });
    let mut log = within("a title", frames.until(titled)).await;
    log.retain(|envelope| envelope.seq.is_some());
    log
}

/// What is counted outside of the steps of runs.
fn outside(log: &[Envelope]) -> Usage {
    let told = log.iter().filter_map(|envelope| match &envelope.event {
        Event::ConversationUpdated { usage, .. } if envelope.run_id.is_none() => *usage,
        _ => None,
    });
    told.fold(Usage::default(), |sum, usage| sum + usage)
}

/// The sum of a conversation, which is the same for everybody: who reads it, who saw it all happen, who joined at any time,
/// and who imports what was exported.
async fn sum_everywhere(omega: &Omega, conversation: ConversationId) -> Usage {
    let detail = omega.client.conversation(conversation).await.unwrap();
    let sum = detail.usage;
    let log =
        within("all events", omega.events(conversation, "?after=0").await.until(|e| e.seq == Some(detail.last_seq)))
            .await;
    let mut whole = View::begun(Some(detail.conversation.clone()), 0);
    for envelope in log.iter().filter(|envelope| envelope.seq.is_some()) {
        assert_ne!(whole.apply(envelope), Applied::Gap);
    }
    let runs = |view: &View| view.runs.iter().map(|run| run.usage).collect::<Vec<_>>();
    assert_eq!((whole.usage(), runs(&whole)), (sum, runs(&View::of(detail.clone()))), "who saw it all");
    assert_eq!(View::of(detail.clone()).usage(), sum, "who joins now");
    // An old page of runs in front changes nothing.
    let mut later = View::of(ConversationDetail { runs: Vec::new(), ..detail.clone() });
    later.put_section(detail.clone());
    assert_eq!(later.usage(), sum);
    let document = omega.client.export(conversation, ExportFormat::Json).await.unwrap();
    let imported = omega.client.import_conversation(document.into_bytes()).await.unwrap().id;
    assert_eq!(omega.client.conversation(imported).await.unwrap().usage, sum, "after an export and an import");
    let markdown = omega.client.export(conversation, ExportFormat::Markdown).await.unwrap();
    let words = format!("{} input and {} output tokens", sum.input_tokens, sum.output_tokens);
    assert!(markdown.contains(&words), "{words}: {markdown}");
    sum
}

#[tokio::test]
async fn titles_and_plans_made_ahead_are_counted_and_the_sum_is_the_same_everywhere() {
    let (_folder, urls, _postgres) = engines().await;
    for database in urls {
        let plan = planned(&[&[SEARCH]]).usage(700, 70);
        let script = Script::new()
            .when(asks_title, [Reply::text("A title").usage(50, 5)])
            .when(plans, [Reply::text("never"), plan])
            .turn(Reply::text("Hi.").usage(1_000, 100));
        let omega = start(database, script).await;
        let conversation = untitled(&omega, HOUSE).await;
        let body = SendMessage { model: Some(OTHER.into()), ..message("hello") };
        let sent = omega.client.send_message(conversation, &body, "k").await.unwrap();
        omega.told(conversation, sent.run_id).await;
        let log = titled(&omega, conversation).await;
        let title = Usage { input_tokens: 50, output_tokens: 5, cost_micros: 200, ..Usage::default() };
        assert_eq!(outside(&log), title, "the model that answered is asked for the title, and priced");
        let asked = omega.provider.requests().into_iter().find(asks_title).unwrap();
        assert_eq!(asked.body["model"], "other");
        assert_eq!(omega.client.run(sent.run_id).await.unwrap().usage.input_tokens, 1_000, "the run has its own");
        let sum = sum_everywhere(&omega, conversation).await;
        assert_eq!((sum.input_tokens, sum.output_tokens, sum.cost_micros), (1_050, 105, 4_000 + 200));

        let plan = PlanRequest { message: "look, then look again".into(), count: None, model: None };
        omega.client.plan(conversation, &plan).await.unwrap();
        let sum = sum_everywhere(&omega, conversation).await;
        assert_eq!((sum.input_tokens, sum.output_tokens, sum.cost_micros), (1_750, 175, 4_200 + 1_400));
        assert_eq!(sum.unpriced_tokens, 0);
    }
}

#[tokio::test]
async fn what_came_to_nothing_is_counted_too() {
    let (_folder, urls, _postgres) = engines().await;
    for database in urls {
        // Anthropic tells what the prompt took before it says anything.
        let broken = |reply: Reply| reply.fault(Fault::ErrorEvent { after: 2 }, 100);
        let script = Script::new()
            .when(asks_title, [broken(Reply::text("A title").usage(50, 5))])
            .when(plans, [Reply::text("never"), Reply::text("I would rather not.").usage(700, 70)])
            .when(ends("twice"), [Reply::text("Hi.").usage(1_000, 100).fault(Fault::ErrorEvent { after: 4 }, 1)])
            .turn(Reply::text("").usage(20, 2).finish(FinishReason::ContentFilter));
        let omega = start(database, script).await;
        let conversation = untitled(&omega, OTHER).await;
        let told = omega.ask_in(conversation, "twice please").await;
        let run = omega.client.run(told.log.0[0].run_id.unwrap()).await.unwrap();
        assert_eq!((run.usage.input_tokens, run.usage.output_tokens), (2_000, 101), "both attempts");
        let log = titled(&omega, conversation).await;
        assert_eq!((outside(&log).input_tokens, outside(&log).output_tokens), (50, 1));
        assert_eq!(sum_everywhere(&omega, conversation).await.input_tokens, 2_050);

        let plan = PlanRequest { message: "look, then look again".into(), count: None, model: None };
        let said = omega.client.plan(conversation, &plan).await.unwrap_err().to_string();
        assert!(said.contains("gave no plan"), "{said}");
        assert_eq!(sum_everywhere(&omega, conversation).await.input_tokens, 2_750);

        let told = omega.ask_in(conversation, "never").await;
        let run = omega.client.run(told.log.0[0].run_id.unwrap()).await.unwrap();
        assert_eq!((run.status, run.usage.input_tokens, run.usage.output_tokens), (RunStatus::Failed, 20, 2));
        assert_eq!(sum_everywhere(&omega, conversation).await.input_tokens, 2_770);
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_at_its_plans_keeps_what_they_took() {
    let plan = planned(&[&[SEARCH, SEARCH]]).usage(700, 70);
    let script = Script::new().when(plans, [Reply::text("never"), plan]).turn(Reply::text("Hi."));
    let folder = folder();
    let omega = start(format!("sqlite:{}", folder.path().join("omega.db").display()), script).await;
    let conversation = omega.conversation(HOUSE).await;
    let body = SendMessage { plan: Some(PlanMode::Always), ..message("look, then look again") };
    let sent = omega.client.send_message(conversation, &body, "k").await.unwrap();
    let mut frames = omega.events(conversation, "?after=0").await;
    within("plans", frames.until(|e| matches!(e.event, Event::RunRequiresAction { .. }))).await;
    assert_eq!(sum_everywhere(&omega, conversation).await.input_tokens, 700, "while it waits");
    omega.client.cancel_run(sent.run_id).await.unwrap();
    omega.told(conversation, sent.run_id).await;
    assert_eq!(sum_everywhere(&omega, conversation).await.cost_micros, 1_400);
}

#[tokio::test]
async fn a_title_that_comes_after_a_persons_own_is_counted_and_changes_nothing() {
    let script = Script::new()
        .when(asks_title, [Reply::text("A title").usage(50, 5).fault(Fault::Hold { after: 1 }, 1)])
        .turn(Reply::text("Hi."));
    let folder = folder();
    let omega = start(format!("sqlite:{}", folder.path().join("omega.db").display()), script).await;
    let conversation = untitled(&omega, OTHER).await;
    omega.ask_in(conversation, "hello").await;
    within("the request for a title", omega.provider.wait_for_requests(2)).await;
    let own = serde_json::from_value(json!({ "title": "My own" })).unwrap();
    omega.client.update_conversation(conversation, &own).await.unwrap();
    omega.provider.release();
    let mut frames = omega.events(conversation, "?after=0").await;
    within("what it took", frames.until(|e| matches!(e.event, Event::ConversationUpdated { usage: Some(_), .. })))
        .await;
    let detail = omega.client.conversation(conversation).await.unwrap();
    assert_eq!(detail.conversation.title.as_deref(), Some("My own"));
    assert_eq!(detail.usage.input_tokens, 60);
}
