//! What readers get: every committed event once and in order, whatever happens to their connections.

use crate::harness::{MODELS, Omega, execute, executor::id, frames::Frames, message, within};
use omega_core::{
    api::{ConversationDetail, MessageStatus, Part},
    client::{FollowPolicy, Follower, Update},
    event::{Envelope, Event},
    id::{ConversationId, MessageId},
    registry::meta::{EXECUTE, SEARCH},
    testing::{Fault, Reply, Script},
    view::View,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

const WORDS: &str = "Here is a long answer, wörd by wörd, so that many frames carry it to whoever reads along.";

/// A conversation with everything in it: reasoning, a search, two calls, a cut stream, and a slow answer.
fn story() -> Script {
    let weather = |city: &str| execute(&id("acmeWeather"), json!({ "city": city }));
    Script::new()
        .turn(Reply::call(SEARCH, json!({ "query": "acme weather" })).and_text("I look.").reasoning("hm, what"))
        .turn(Reply::call(EXECUTE, weather("Oslo")).and_call(EXECUTE, weather("Rome")))
        .turn(Reply::text(WORDS).delay(Duration::from_millis(3)).fault(Fault::Cut { after: 9 }, 1))
}

/// What must be the same for every reader; the rest is of the moment.
pub(crate) fn lasting(mut view: View) -> View {
    // A message that came to nothing stays with who saw it begin.
    view.messages.retain(|message| message.status != MessageStatus::Discarded);
    (view.status, view.partials, view.notices) = (None, Vec::new(), Vec::new());
    if let Some(conversation) = &mut view.conversation {
        conversation.updated_at = conversation.created_at;
    }
    view
}

pub(crate) fn stored(detail: ConversationDetail) -> View {
    lasting(View::of(detail))
}

fn fold(view: &mut View, events: &[Envelope]) {
    for envelope in events {
        view.apply(envelope);
    }
}

/// Equal, or what differs.
pub(crate) fn assert_same(view: &View, stored: &View, what: &str) {
    assert_eq!(view.conversation, stored.conversation, "{what}");
    assert_eq!(view.runs, stored.runs, "{what}");
    for (shown, stored) in view.messages.iter().zip(&stored.messages) {
        assert_eq!(shown, stored, "{what}");
    }
    for (shown, stored) in view.tool_runs.iter().zip(&stored.tool_runs) {
        assert_eq!(shown, stored, "{what}");
    }
    assert!(view == stored, "{what}: {} and {} events", view.last_seq, stored.last_seq);
}

async fn post(omega: &Omega, conversation: ConversationId, text: &str) -> Frames {
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let request = omega.request(reqwest::Method::POST, &path).header("accept", "text/event-stream");
    Frames::of(request.json(&message(text)).send().await.unwrap())
}

fn ends(envelope: &Envelope) -> bool {
    envelope.event.is_terminal()
}

fn seqs(frames: &[Envelope]) -> Vec<u64> {
    frames.iter().filter_map(|envelope| envelope.seq).collect()
}

#[tokio::test]
async fn a_reader_that_hangs_up_neither_stops_the_run_nor_misses_anything() {
    let omega = Omega::start(Script::new().turn(Reply::text(WORDS).fault(Fault::Hold { after: 8 }, 1))).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let mut frames = post(&omega, conversation, "tell me").await;
    let before = frames.until(|envelope| matches!(envelope.event, Event::MessageDelta { .. })).await;
    drop(frames);
    omega.provider.release();

    let cursor = *seqs(&before).last().unwrap();
    let mut again = omega.events(conversation, &format!("?after={cursor}")).await;
    let after = within("the end", again.until(ends)).await;
    let committed = omega.committed(conversation).await;
    assert_eq!(seqs(&before).into_iter().chain(seqs(&after)).collect::<Vec<_>>(), seqs(&committed));
    assert_eq!(committed.last().unwrap().event.kind(), "run.completed");
    assert_eq!(omega.provider.requests().len(), 1, "the model was asked once");
}

#[tokio::test]
async fn text_comes_in_deltas_before_its_message_and_adds_up_to_it() {
    for model in MODELS {
        // Once as slowly as a person reads, once all at once.
        for delay in [Duration::from_millis(2), Duration::ZERO] {
            let reply = Reply::text(WORDS).reasoning("let me think").delay(delay);
            let omega = Omega::start(Script::new().turn(reply)).await;
            let conversation = omega.conversation(model).await;
            let mut frames = post(&omega, conversation, "tell me").await;
            let mut parts: BTreeMap<(MessageId, u32), String> = BTreeMap::new();
            let mut whole = Vec::new();
            for envelope in within("the end", frames.until(ends)).await {
                match envelope.event {
                    Event::MessageDelta { message_id, part, offset, content }
                    | Event::ReasoningDelta { message_id, part, offset, content } => {
                        assert_eq!(envelope.seq, None);
                        assert!(!whole.contains(&message_id), "a delta after its message");
                        let text = parts.entry((message_id, part)).or_default();
                        assert_eq!(offset, text.len() as u64, "nothing twice, nothing left out");
                        text.push_str(&content);
                    }
                    Event::MessageCompleted { message } => {
                        whole.push(message.id);
                        for (part, index) in message.parts.iter().zip(0..) {
                            if let Part::Text { text } | Part::Reasoning { text } = part {
                                assert_eq!(parts.get(&(message.id, index)), Some(text), "{model}");
                            }
                        }
                        assert_eq!(message.content, WORDS);
                    }
                    _ => {}
                }
            }
            assert_eq!(whole.len(), 1, "{model}");
        }
    }
}

#[tokio::test]
async fn text_that_comes_faster_than_it_need_be_seen_comes_together() {
    let text = "wörd ".repeat(600);
    let omega = Omega::start(Script::new().turn(Reply::text(&text).delay(Duration::from_millis(1)))).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let began = Instant::now();
    let frames = post(&omega, conversation, "tell me").await.until(ends).await;
    let took = began.elapsed();
    let deltas = frames.iter().filter_map(|envelope| match &envelope.event {
        Event::MessageDelta { content, .. } => Some(content.as_str()),
        _ => None,
    });
    assert_eq!(deltas.clone().collect::<String>(), text);
    // One in five milliseconds, and what the message brings at its end.
    let most = took.as_millis() / 5 + 2;
    let count = deltas.count();
    assert!(count >= 10 && (count as u128) <= most, "{count} deltas in {took:?}");
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_committed() {
    let omega = Omega::start(story()).await;
    let conversation = omega.conversation(MODELS[2]).await;
    let mut frames = post(&omega, conversation, "go").await;
    let mut checked = 0;
    while let Some(envelope) = within("a frame", frames.next()).await {
        if envelope.seq.is_some() {
            assert!(omega.committed(conversation).await.contains(&envelope), "{envelope:?} is not in the database");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} events");
}

#[tokio::test]
async fn a_reader_may_come_back_at_every_event_and_sees_what_is_stored() {
    let omega = Omega::start(story()).await;
    for model in MODELS {
        let conversation = omega.conversation(model).await;
        let empty = View::of(omega.client.conversation(conversation).await.unwrap());
        // One reader leaves after every single event, while the run works.
        let accepted = omega.send(conversation, "go").await;
        let mut view = empty.clone();
        let mut live = Vec::new();
        while !live.last().is_some_and(ends) {
            let mut frames = omega.events(conversation, &format!("?after={}", view.last_seq)).await;
            for envelope in within("an event", frames.until(|envelope| envelope.seq.is_some())).await {
                view.apply(&envelope);
                live.push(envelope);
            }
        }
        let detail = stored(omega.client.conversation(conversation).await.unwrap());
        assert_same(&lasting(view), &detail, &format!("{model}: live, one event a connection"));
        assert_eq!(detail.answer(accepted.run_id), WORDS);

        // Afterwards a reader may begin anywhere.
        let committed = omega.committed(conversation).await;
        assert_eq!(seqs(&committed), (1..=committed.len() as u64).collect::<Vec<_>>(), "no gaps");
        assert_eq!(seqs(&live), seqs(&committed), "each event once");
        for cursor in 0..committed.len() {
            let mut view = empty.clone();
            fold(&mut view, &committed[..cursor]);
            let mut frames = omega.events(conversation, &format!("?after={cursor}")).await;
            let rest = within("the rest", frames.until(ends)).await;
            assert_eq!(rest.iter().find_map(|envelope| envelope.seq), Some(cursor as u64 + 1));
            fold(&mut view, &rest);
            assert_same(&lasting(view), &detail, &format!("{model}: from event {cursor}"));
        }
    }
}

#[tokio::test]
async fn readers_who_join_at_any_moment_end_with_the_same_view() {
    let omega = Omega::start(story()).await;
    let conversation = omega.conversation(MODELS[1]).await;
    let accepted = omega.send(conversation, "go").await;
    // Whenever the conversation has grown by one event, another one joins; all of them stay to the end.
    let read = async |mut follower: Follower| {
        while !follower.view().runs.iter().any(|run| run.id == accepted.run_id && run.status.is_terminal()) {
            let update = within("an update", follower.next()).await.unwrap();
            assert!(!matches!(update, Update::Reconnecting { .. }), "{update:?}");
        }
        lasting(follower.view().clone())
    };
    let mut frames = omega.events(conversation, "?after=0").await;
    let mut readers = futures_util::stream::FuturesUnordered::new();
    while let Some(envelope) = within("a frame", frames.next()).await {
        readers.push(read(Follower::new(omega.client.clone(), conversation, FollowPolicy::default())));
        if ends(&envelope) {
            break;
        }
    }
    let detail = stored(omega.client.conversation(conversation).await.unwrap());
    let mut count = 0;
    while let Some(view) = futures_util::StreamExt::next(&mut readers).await {
        assert_same(&view, &detail, "a reader who joined");
        count += 1;
    }
    assert!(count > 20, "only {count} readers");
}

#[tokio::test]
async fn a_cursor_is_a_number_of_the_log_or_is_told_what_is_wrong() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let told = omega.ask(MODELS[0], "hi").await;
    let path = format!("/api/omega/conversations/{}/events", told.conversation);
    for wrong in ["abc", "-1", "1.5", "99999999999999999999"] {
        let response = omega.request(reqwest::Method::GET, &path).query(&[("after", wrong)]).send().await.unwrap();
        assert_eq!(response.status(), 400, "{wrong}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["details"]["code"], "BAD_CURSOR");
    }
    let last = omega.committed(told.conversation).await.len() as u64;
    let first = async |query: &str| omega.events(told.conversation, query).await.next().await.unwrap();
    assert_eq!(first("").await.event.kind(), "snapshot");
    assert_eq!(first(&format!("?after={}", last - 1)).await.seq, Some(last));
    let Event::Resync { conversation } = first(&format!("?after={}", last + 1)).await.event else { panic!() };
    assert_eq!(conversation.last_seq, last);
    // The header of a reconnecting browser wins over the address that it was opened with.
    let request = omega.request(reqwest::Method::GET, &format!("{path}?after=0")).header("last-event-id", last - 1);
    let mut frames = Frames::of(request.send().await.unwrap());
    assert_eq!(frames.next().await.unwrap().seq, Some(last));
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_leaves_the_run_for_the_next() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let told = omega.ask(MODELS[0], "hi").await;
    let mut frames = omega.events(told.conversation, "?after=0").await;
    within("the log", frames.until(ends)).await;
    let stopping = tokio::spawn(omega.server.stop());
    let last = within("the end of the stream", frames.until(|_| false)).await;
    assert_eq!(last.last().map(|envelope| envelope.event.kind()), Some("draining"));
    within("the stop", stopping).await.unwrap();
}

#[tokio::test]
async fn a_reader_that_wants_no_deltas_gets_everything_when_it_is_whole() {
    let omega = Omega::start(story()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let mut waiting = omega.events(conversation, "?after=0&deltas=false").await;
    let accepted = omega.send(conversation, "tell me").await;
    let frames = within("the end", waiting.until(ends)).await;
    assert!(frames.iter().all(|envelope| envelope.seq.is_some()), "nothing that is not stored");
    let committed = omega.committed(conversation).await;
    assert_eq!(frames, committed[..frames.len()], "what every reader gets, in order");
    assert_eq!(frames.last().unwrap().run_id, Some(accepted.run_id));
    let mut view = View::default();
    fold(&mut view, &frames);
    assert_eq!(view.messages.last().unwrap().content, WORDS);
}

#[tokio::test]
async fn what_is_true_at_once_is_committed_at_once() {
    let omega = Omega::start(story()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    omega.ask_in(conversation, "tell me").await;
    let committed = omega.committed(conversation).await;
    let pairs: Vec<_> = committed
        .windows(2)
        .filter(|pair| pair[0].at == pair[1].at)
        .map(|pair| (pair[0].event.kind(), pair[1].event.kind()))
        .collect();
    // Times are of the transaction: whoever waits for the disk once for both does not wait twice.
    for together in [
        ("run.started", "run.step.started"),
        ("run.step.tool.completed", "run.step.completed"),
        ("run.step.completed", "run.completed"),
    ] {
        assert!(pairs.contains(&together), "{together:?} are apart: {pairs:?}");
    }
}
