//! Conversations are seen before they are gone to.

use crate::{
    messages::{Command, Update, UsedBefore},
    test_harness::{TestHarness, full},
};
use omega_core::{
    api::{Message, Timestamp},
    id::ConversationId,
};

/// Messages that another conversation has.
fn said() -> Vec<Message> {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.app.here.view.messages.clone()
}

fn used(title: &str) -> UsedBefore {
    UsedBefore { id: ConversationId::new(), title: title.into(), updated_at: Timestamp(0) }
}

#[test]
fn the_one_that_is_selected_is_asked_for_once_and_shown_beside_the_list() {
    let mut stage = TestHarness::new(120, 40);
    let (first, second) = (used("First"), used("Second"));
    stage.keys("<alt+r>").news(Update::Recent(vec![first.clone(), second.clone()]));
    assert_eq!(stage.commands().last(), Some(&Command::Preview(first.id)));
    stage.keys("<down>");
    assert_eq!(stage.commands().last(), Some(&Command::Preview(second.id)));
    stage.news(Update::Preview(second.id, Ok(said())));
    assert!(stage.text().contains("│ Ada") && stage.text().contains("The determinant is"), "{}", stage.text());
    let asked = stage.commands().len();
    stage.news(Update::Preview(first.id, Err("it is not there".into())));
    stage.keys("<up>");
    assert!(stage.text().contains("│ it is not there"), "{}", stage.text());
    stage.keys("<down><up>");
    assert_eq!(stage.commands().len(), asked, "what is known is not asked again");
    stage.keys("sec<enter>");
    assert_eq!(stage.commands().last(), Some(&Command::Follow(second.id)));
}

#[test]
fn it_looks_as_it_does_when_one_is_there_and_names_nobody_who_looks() {
    let mut stage = TestHarness::new(120, 40);
    let one = used("One");
    stage.is_the_owner();
    stage.keys("<alt+r>").news(Update::Recent(vec![one.clone()]));
    let mut messages = said();
    messages.truncate(2);
    messages[0].content = "**as** it was written".into();
    messages[1].content = "**set** off \u{1b}[2J\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".into();
    stage.news(Update::Preview(one.id, Ok(messages)));
    let text = stage.text();
    for part in ["│ you", "│ **as** it was written", "│ set off", "1 │ 2"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains("│ Ada"), "{text}");
}

#[test]
fn the_palette_shows_it_too_and_keeps_its_frame() {
    let mut stage = TestHarness::new(120, 40);
    stage.keys("<ctrl+p>").news(Update::Recent(vec![used("Zebras")]));
    let top = |stage: &TestHarness| stage.text().lines().find(|line| line.contains("palette")).map(str::to_owned);
    let before = top(&stage);
    stage.keys("zebras");
    assert!(matches!(stage.commands().last(), Some(Command::Preview(_))), "{:?}", stage.commands());
    assert_eq!(top(&stage), before);
}
