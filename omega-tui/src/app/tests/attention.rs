//! What is said of a run: to whoever looks, and to whoever does not.

use crate::{
    app::{Effect, Input},
    messages::Update,
    test_harness::TestHarness,
};
use crossterm::event::Event as TerminalEvent;
use omega_core::{api::Models, event::Event, id::UserId};
use serde_json::json;

fn told(stage: &TestHarness) -> Vec<String> {
    let told = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Notify(words) => Some(words.clone()),
        _ => None,
    });
    told.collect()
}

#[test]
fn whoever_does_not_look_is_told_that_something_is_asked_or_answered() {
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_approval(json!({}));
    assert_eq!(told(&stage), [""; 0], "whoever looks sees it");
    assert!(stage.app.window_title().starts_with("‖ action required"), "{}", stage.app.window_title());
    let mut stage = TestHarness::new(80, 24);
    stage.input(Input::Terminal(TerminalEvent::FocusLost));
    stage.awaits_approval(json!({}));
    assert_eq!(told(&stage), ["omega waits for your answer: Do something with a tool"]);
    let mut stage = TestHarness::new(80, 24);
    stage.input(Input::Terminal(TerminalEvent::FocusLost));
    stage.open();
    stage.asked("a short one").says("yes").answered();
    assert_eq!(told(&stage), [""; 0], "what took no time is no news");
    stage.asked("a long one").waits(8_000).says("yes").answered();
    assert_eq!(told(&stage), ["omega has an answer: a short one"]);
    stage.input(Input::Terminal(TerminalEvent::FocusGained));
    stage.asked("another").waits(8_000).says("yes").answered();
    assert_eq!(told(&stage).len(), 1);
}

#[test]
fn the_time_in_which_a_person_was_waited_for_is_no_work() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go");
    stage.pauses(json!({}));
    stage.waits(60_000).keys("y");
    stage.event(Event::RunResumed { attempt: 2 });
    assert!(stage.text().contains("working 0.") || stage.text().contains("working 1."), "{}", stage.text());
}

#[test]
fn a_run_of_which_nothing_comes_says_so() {
    let mut stage = TestHarness::new(100, 24);
    stage.open();
    stage.asked("go");
    stage.waits(14_000);
    assert!(!stage.text().contains("nothing came"), "{}", stage.text());
    stage.waits(6_000);
    assert!(stage.text().contains("nothing came for 20 s"), "{}", stage.text());
    stage.says("at last");
    assert!(!stage.text().contains("nothing came"), "{}", stage.text());
}

#[test]
fn thinking_shows_its_time_and_its_newest_words_until_it_is_done() {
    let mut stage = TestHarness::new(60, 24);
    stage.open();
    stage.asked("go");
    stage.thinks("First this and that.\nNow the determinant of the matrix that was given above");
    stage.waits(3_000);
    assert!(stage.text().contains("▸ thinking · 3.") && stage.text().contains("given above"), "{}", stage.text());
    stage.says("The answer").answered();
    assert!(stage.text().contains("▸ thought for 3.0 s · 14 words"), "{}", stage.text());
}

#[test]
fn half_of_a_mark_is_not_shown_while_more_is_to_come() {
    let mut stage = TestHarness::new(60, 24);
    stage.open();
    stage.asked("go");
    stage.says("Some **thinki");
    assert!(stage.text().contains("Some thinki") && !stage.text().contains("**"), "{}", stage.text());
    stage.says("ng** and ** alone").answered();
    assert!(stage.text().contains("Some thinking and ** alone"), "what was written is shown: {}", stage.text());
}

#[test]
fn a_newcomer_learns_what_answers_and_why() {
    let mut stage = TestHarness::new(100, 24);
    let models: Models = serde_json::from_value(json!({
        "default": "omega/offline", "defaultReason": "no provider key is set", "providers": [],
    }))
    .unwrap();
    stage.news(Update::Models(Box::new(models)));
    assert!(stage.text().contains("omega/offline answers: no provider key is set"), "{}", stage.text());
    assert!(stage.text().lines().next().unwrap().contains("omega/offline"), "{}", stage.text());
}

#[test]
fn among_several_people_each_has_a_colour_and_oneself_is_you() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.event(Event::ParticipantJoined {
        user_id: UserId::new(),
        role: String::from("guest"),
        display_name: String::from("Grace"),
        gravatar_hash: String::new(),
    });
    stage.asked("mine");
    assert!(stage.row_of("Ada ┄").is_some(), "another one's: {}", stage.text());
    stage.is_the_owner();
    assert!(stage.row_of("you ┄").is_some(), "{}", stage.text());
}
