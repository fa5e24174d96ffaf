//! Earlier versions of a message: one line each, opened where somebody wants them, and never taken away from who reads them.

use crate::test_harness::TestHarness;

/// A message with an answer, and the same again as a newer version.
fn twice(stage: &mut TestHarness) {
    stage.asked("alpha one").says("the first answer").answered();
    stage.replaces = stage.app.here.view.messages.first().map(|message| message.id);
    stage.asked("alpha two").says("the second answer").answered();
}

fn shows(stage: &TestHarness, words: &str) -> bool {
    stage.row_of(words).is_some()
}

#[test]
fn an_earlier_version_is_one_line_until_it_is_opened() {
    let mut stage = TestHarness::new(60, 24);
    stage.open();
    twice(&mut stage);
    assert!(shows(&stage, "▸ earlier version · alpha one"), "{}", stage.text());
    assert!(!shows(&stage, "the first answer") && shows(&stage, "the second answer"), "{}", stage.text());
    // Upwards over the newest answer and its message.
    stage.keys("<tab><up><up><enter>");
    assert!(shows(&stage, "▾ earlier version · alpha one"), "{}", stage.text());
    assert!(shows(&stage, "the first answer") && shows(&stage, "the second answer"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(shows(&stage, "▸ earlier version") && !shows(&stage, "the first answer"), "{}", stage.text());
}

#[test]
fn a_newer_version_takes_nothing_away_from_who_reads_the_one_before() {
    let mut stage = TestHarness::new(40, 10);
    stage.open();
    stage.asked("alpha one").says(&"a line of it\n\n".repeat(20)).answered();
    stage.keys("<pgup><pgup>");
    let before = stage.text();
    stage.replaces = stage.app.here.view.messages.first().map(|message| message.id);
    stage.asked("alpha two").says("the second answer").answered();
    let reading = |text: &str| text.lines().take(5).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(reading(&stage.text()), reading(&before));
    // Whoever comes later finds it folded.
    let mut later = TestHarness::new(40, 10);
    later.open();
    twice(&mut later);
    assert!(!shows(&later, "the first answer"));
}

#[test]
fn words_of_an_earlier_version_are_found_and_opened() {
    let mut stage = TestHarness::new(60, 24);
    stage.open();
    twice(&mut stage);
    stage.keys("<ctrl+s>first answer<enter>");
    assert!(shows(&stage, "the first answer"), "{}", stage.text());
}
