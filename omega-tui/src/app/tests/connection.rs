//! How the connection is, how fast the model answers, and what stands still where nothing is to move.

use super::Input;
use crate::{
    messages::{Command, Link, Update},
    test_harness::{TestHarness, full},
};
use omega_core::{
    api::{Timestamp, Usage},
    event::Event,
};
use serde_json::json;

fn last_line(stage: &TestHarness) -> String {
    stage.text().lines().last().unwrap().to_owned()
}

#[test]
fn a_lost_connection_says_when_it_is_tried_again_and_a_key_tries_it_now() {
    let mut stage = TestHarness::new(100, 24);
    full(&mut stage);
    stage.news(Update::Link(Link::Offline { cause: "nobody answers".into() }));
    let at = stage.now + 5_000;
    stage.news(Update::Again(Timestamp(at)));
    assert!(last_line(&stage).contains("offline, again in 5 s"), "{}", stage.text());
    assert!(last_line(&stage).contains("alt+t try now"), "{}", stage.text());
    assert_eq!(stage.app.wakes_in(Timestamp(stage.now)), Some(1_000), "it wakes for the next second alone");
    stage.waits(2_500);
    assert!(last_line(&stage).contains("again in 3 s"), "{}", stage.text());
    assert_eq!(stage.app.wakes_in(Timestamp(stage.now)), Some(500));
    stage.keys("<alt+t>");
    assert_eq!(stage.commands().last(), Some(&Command::TryNow));
    assert!(last_line(&stage).contains("offline ") && !last_line(&stage).contains("again"), "{}", stage.text());
    stage.news(Update::Link(Link::Live));
    assert_eq!(stage.app.wakes_in(Timestamp(stage.now)), None);
    let count = stage.commands().len();
    stage.keys("<alt+t>");
    assert_eq!(stage.commands().len(), count);
    assert!(stage.text().contains("nothing waits to be tried again"), "{}", stage.text());
}

#[test]
fn a_model_that_is_asked_again_says_when_and_a_key_asks_it_now() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go");
    let retrying = |at: i64, message: &str| Event::Status {
        phase: String::from("retrying"),
        message: String::from(message),
        again_at: Some(Timestamp(at)),
    };
    let at = stage.now + 20_100;
    stage.event(retrying(at, "openai answered 429: slow down"));
    assert!(stage.text().contains("asking again in 20 s · openai answered 429: slow down"), "{}", stage.text());
    assert!(last_line(&stage).contains("asks again in 20 s"), "{}", stage.text());
    assert!(last_line(&stage).contains("alt+t try now"), "{}", stage.text());
    stage.waits(16_000);
    assert!(last_line(&stage).contains("asks again in 4 s"), "it says so, and not that nothing came: {}", stage.text());
    let run = stage.app.active_run().unwrap().id;
    stage.keys("<alt+t>");
    assert_eq!(stage.commands(), [Command::AskNow(run)]);
    // The server asks: the countdown is over whatever the clock says.
    stage.step();
    assert!(!stage.text().contains("again in") && !last_line(&stage).contains("try now"), "{}", stage.text());
    stage.keys("<alt+t>");
    assert!(stage.text().contains("nothing waits to be tried again"), "{}", stage.text());
    // A time that has passed is no countdown.
    let past = stage.now;
    stage.event(retrying(past, "slow down"));
    assert!(!last_line(&stage).contains("again"), "{}", stage.text());
    // A connection that is lost comes first.
    let at = stage.now + 9_000;
    stage.event(retrying(at, "slow down"));
    stage.news(Update::Link(Link::Offline { cause: "nobody answers".into() }));
    stage.keys("<alt+t>");
    assert_eq!(stage.commands().last(), Some(&Command::TryNow));
}

#[test]
fn the_status_line_says_how_fast_the_model_answers_and_how_full_its_window_is() {
    let mut stage = TestHarness::new(120, 30);
    stage.open();
    stage.event(Event::ConversationUpdated {
        title: None,
        model: Some(String::from("openai/gpt-5")),
        safe_mode: None,
        guest_credentials: None,
        visibility: None,
        url: None,
        usage: None,
    });
    stage.asked("go");
    // The panel is there once there is a call to stand in it.
    let call = stage.calls("mathjs::evaluate", json!({"expr": "1+1"}));
    stage.gives(call, json!(2)).step();
    stage.says("four");
    stage.now += 2_000;
    stage.says(&"word".repeat(99));
    assert!(last_line(&stage).contains("≈50 tokens/s"), "{}", stage.text());
    let usage = Usage { input_tokens: 339_900, output_tokens: 100, ..Usage::default() };
    stage.event(Event::StepCompleted { step_index: 1, usage, run_usage: Some(usage), finish_reason: None });
    assert!(last_line(&stage).contains("47 tokens/s"), "{}", stage.text());
    assert!(last_line(&stage).contains("context 85 %"), "{}", stage.text());
    assert!(stage.text().contains("context  340,000 of 400,000, 85 %"), "{}", stage.text());
}

#[test]
fn where_nothing_is_to_move_only_whole_seconds_change() {
    let mut stage = TestHarness::new(120, 30);
    stage.news(Update::Still).open();
    stage.asked("go");
    stage.calls("slow::count", json!({"to": 8}));
    stage.now = 10_050;
    stage.input(Input::Tick);
    let before = stage.text();
    assert!(!before.contains(['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']), "{before}");
    for _ in 0..9 {
        stage.now += 100;
        assert!(!stage.app.is_due(Timestamp(stage.now)));
        stage.input(Input::Tick);
        assert_eq!(stage.text(), before);
    }
    stage.now += 100;
    assert!(stage.app.is_due(Timestamp(stage.now)));
    stage.input(Input::Tick);
    assert_ne!(stage.text(), before);
}
