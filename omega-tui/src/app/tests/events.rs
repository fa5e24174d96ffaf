//! The events of a run, as they are stored.

use crate::{
    app::Effect,
    messages::{Command, Update},
    test_harness::{TestHarness, full},
};
use omega_core::{
    event::{Envelope, Event, VERSION},
    id::RunId,
};
use serde_json::json;

/// An event of the run that a conversation has.
fn stored(stage: &TestHarness, run: Option<RunId>, seq: u64, message: &str) -> Envelope {
    let event = Event::Status { phase: "searching".into(), message: message.into(), again_at: None };
    let at = omega_core::api::Timestamp(stage.now);
    Envelope { v: VERSION, seq: Some(seq), conversation_id: stage.conversation, run_id: run, at, event }
}

fn opened() -> TestHarness {
    let mut stage = TestHarness::new(100, 24);
    full(&mut stage);
    stage.keys("/debug<enter>");
    stage
}

#[test]
fn the_events_of_a_run_are_read_from_its_message_on() {
    let stage = opened();
    let (first, last) = (stage.app.here.view.messages[0].seq, stage.app.here.view.last_seq);
    assert_eq!(stage.commands().last(), Some(&Command::LoadEvents { after: first - 1, until: last }));
    assert!(stage.text().contains("asking the server..."), "{}", stage.text());
}

#[test]
fn they_are_filtered_by_any_word_read_whole_and_copied_as_lines() {
    let mut stage = opened();
    let run = stage.app.here.view.runs.last().map(|run| run.id);
    let other = stored(&stage, Some(RunId::new()), 5, "of another run");
    let events = vec![stored(&stage, run, 3, "apples"), stored(&stage, run, 4, "pears"), other];
    stage.news(Update::Events(events, None));
    assert!(stage.text().contains("apples") && stage.text().contains("pears"), "{}", stage.text());
    assert!(!stage.text().contains("of another run"), "{}", stage.text());
    stage.keys("status PEAR");
    assert!(!stage.text().contains("apples") && stage.text().contains("pears"), "{}", stage.text());
    stage.keys("<tab>");
    let Some(Effect::Copy { text, what }) = stage.effects.last() else { panic!("{:?}", stage.effects.last()) };
    assert_eq!((text.lines().count(), what.as_str()), (1, "1 events"));
    let line: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!((&line["type"], &line["message"]), (&json!("status"), &json!("pears")));
    stage.keys("<enter>");
    assert!(stage.text().contains("\"message\": \"pears\""), "{}", stage.text());
    stage.keys("<esc><esc>");
    assert!(stage.app.layers.is_empty());
}

#[test]
fn what_happens_meanwhile_comes_in_and_the_conversation_gets_it_too() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go").keys("/debug<enter>").news(Update::Events(Vec::new(), None));
    stage.event(Event::Notice { code: "A".into(), message: "a new one".into() });
    assert!(stage.text().contains("notice code=\"A\""), "{}", stage.text());
    assert_eq!(stage.app.here.view.notices, ["a new one"]);
    stage.news(Update::Events(Vec::new(), Some("the server stopped".into())));
    assert!(stage.text().contains("not all of them: the server stopped"), "{}", stage.text());
}

#[test]
fn without_a_run_there_is_nothing_to_show() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/debug<enter>");
    assert!(stage.app.layers.is_empty() && stage.text().contains("nothing ran yet"), "{}", stage.text());
}
