//! What one thinks of an answer: with one key, or in full.

use crate::{
    messages::{Command, Wish},
    test_harness::TestHarness,
};
use omega_core::api::{GiveFeedback, Rating};

fn given(rating: Rating, felt_real: Option<bool>, comment: Option<&str>) -> GiveFeedback {
    GiveFeedback { rating, felt_real, comment: comment.map(str::to_owned) }
}

#[test]
fn an_answer_is_judged_with_a_key_and_what_else_one_said_of_it_stays() {
    let mut stage = TestHarness::new(100, 24);
    stage.is_the_owner().open();
    stage.keys("/feedback<enter>");
    assert!(stage.text().contains("there is no answer yet") && stage.commands().is_empty(), "{}", stage.text());
    stage.asked("go").says("Done.").answered();
    let run = stage.app.here.view.runs[0].id;
    let says = |given| Some(Command::Do(None, Wish::Feedback(run, given)));
    stage.keys("<tab><alt+g>");
    assert_eq!(stage.commands().last().cloned(), says(given(Rating::Good, None, None)));
    stage.judged(Rating::Good, Some(true), Some("quick"));
    assert!(stage.text().contains("you said good"), "{}", stage.text());
    stage.keys("<alt+b>");
    assert_eq!(stage.commands().last().cloned(), says(given(Rating::Bad, Some(true), Some("quick"))));
}

#[test]
fn whether_it_felt_like_an_agent_and_a_comment_are_said_in_the_overlay() {
    let mut stage = TestHarness::new(100, 24);
    stage.is_the_owner().open();
    stage.asked("go").says("Done.").answered();
    let run = stage.app.here.view.runs[0].id;
    let says = |given| Some(Command::Do(None, Wish::Feedback(run, given)));
    stage.keys("/feedback<enter>");
    assert!(!stage.text().contains("comment"), "first whether it was good: {}", stage.text());
    stage.keys("<down><enter>");
    assert_eq!(stage.commands().last().cloned(), says(given(Rating::Bad, None, None)));
    stage.news(crate::messages::Update::Made).judged(Rating::Bad, None, None);
    stage.keys("<down><enter>");
    assert_eq!(stage.commands().last().cloned(), says(given(Rating::Bad, Some(true), None)));
    stage.news(crate::messages::Update::Made).judged(Rating::Bad, Some(true), None);
    stage.keys("<down><enter>too slow<enter>");
    assert_eq!(stage.commands().last().cloned(), says(given(Rating::Bad, Some(true), Some("too slow"))));
    stage.news(crate::messages::Update::Made).judged(Rating::Bad, Some(true), Some("too slow"));
    assert!(stage.text().contains("too slow"), "{}", stage.text());
    stage.keys("dy");
    assert_eq!(stage.commands().last(), Some(&Command::Do(None, Wish::NoFeedback(run))));
}
