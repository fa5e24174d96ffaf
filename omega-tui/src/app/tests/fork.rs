//! Going on from a message in a copy, and a call beside the one before it.

use crate::{
    app::Effect,
    messages::{Command, Update},
    test_harness::{TestHarness, full},
};
use omega_core::{
    api::{Conversation, ExecuteAnswer},
    id::{ConversationId, MessageId},
};
use serde_json::json;

fn asked(stage: &TestHarness) -> Option<(Option<MessageId>, String)> {
    stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Command(Command::Fork { until, text, .. }) => Some((*until, text.clone())),
        _ => None,
    })
}

fn two_messages() -> TestHarness {
    let mut stage = TestHarness::new(120, 40);
    stage.open();
    stage.asked("one").says("First.").answered();
    stage.asked("two").says("Second.").answered();
    stage
}

#[test]
fn a_copy_goes_up_to_what_is_selected_or_to_the_end() {
    let mut stage = two_messages();
    let ids: Vec<MessageId> = stage.app.here.view.messages.iter().map(|it| it.id).collect();
    stage.keys("/fork<enter>");
    assert_eq!(asked(&stage), Some((None, String::new())));
    // The newest answer, then the message before it, which is written anew behind what came before it.
    stage.keys("<tab><alt+f>");
    assert_eq!(asked(&stage), Some((Some(ids[3]), String::new())));
    stage.keys("<up><alt+f>");
    assert_eq!(asked(&stage), Some((Some(ids[1]), String::from("two"))));
    let copy = Conversation {
        id: ConversationId::new(),
        forked_from: Some(String::from("Numbers")),
        ..stage.detail().conversation
    };
    stage.news(Update::Forked(stage.conversation, Box::new(copy.clone()), String::from("two")));
    assert_eq!(stage.commands().last(), Some(&Command::Follow(copy.id)));
    assert_eq!((stage.app.here.id, stage.app.composer.text()), (Some(copy.id), "two"));
    // Somebody who went on meanwhile is not taken away.
    let mut stage = two_messages();
    let from = stage.conversation;
    stage.keys("/new<enter>draft").news(Update::Forked(from, Box::new(copy), String::from("two")));
    assert_eq!((stage.app.here.id, stage.app.composer.text()), (None, "draft"));
    assert!(stage.text().contains("the copy is among your conversations"), "{}", stage.text());
}

#[test]
fn before_the_first_message_there_is_nothing_to_copy() {
    let mut stage = two_messages();
    stage.keys("<tab><up><up><up><alt+f>");
    assert_eq!((asked(&stage), stage.app.here.id, stage.app.composer.text()), (None, None, "one"));
    let mut stage = TestHarness::new(80, 24);
    stage.keys("/fork<enter>");
    assert!(asked(&stage).is_none() && stage.text().contains("there is nothing to fork yet"), "{}", stage.text());
}

#[test]
fn a_copy_says_where_it_came_from() {
    let mut stage = TestHarness::new(120, 40);
    full(&mut stage);
    stage.app.here.view.conversation.as_mut().unwrap().forked_from = Some(String::from("Numbers"));
    stage.draw();
    assert!(stage.text().contains("fork of  Numbers"), "{}", stage.text());
}

#[test]
fn a_call_that_is_made_again_is_held_against_the_one_before() {
    let mut stage = TestHarness::new(100, 30);
    stage.open();
    stage.asked("go");
    let first = stage.calls("mathjs::evaluate", json!({"expr": "1+1", "digits": 3}));
    stage.gives(first, json!({"value": 2}));
    stage.keys("<alt+v>");
    assert!(!stage.text().contains("= compare"), "{}", stage.text());
    stage.keys("=");
    assert!(stage.text().contains("the tool was not called before"), "{}", stage.text());
    // By hand, with another input.
    stage.keys("r<end><backspace>2<enter>");
    let answer: ExecuteAnswer = serde_json::from_value(json!({
        "success": true, "toolId": "mathjs::evaluate", "result": {"value": 3}, "executionTimeMs": 12, "meta": {},
    }))
    .unwrap();
    stage.news(Update::Ran(Box::new(answer)));
    assert!(stage.text().contains("= compare"), "{}", stage.text());
    stage.keys("=");
    for line in
        ["input", "-  \"expr\": \"1+1\"", "+  \"expr\": \"1+2\"", "output", "-  \"value\": 2", "+  \"value\": 3"]
    {
        assert!(stage.text().contains(line), "{line} in\n{}", stage.text());
    }
    // And by the model.
    stage.keys("<esc><esc><esc><esc>");
    let second = stage.calls("mathjs::evaluate", json!({"expr": "2+2", "digits": 3}));
    stage.gives(second, json!({"value": 4})).keys("<alt+v>=");
    assert!(stage.text().contains("+  \"expr\": \"2+2\""), "{}", stage.text());
}
