//! What was typed before a question was seen answers nothing.

use super::tool;
use crate::{
    app::{Effect, Focus},
    messages::{Command, Lasting, PauseAnswer, Update},
    test_harness::{TestHarness, tool_row},
};
use omega_core::{
    api::{Remember, RequiredAction, ToolRow},
    event::Event,
    id::{ApprovalId, ApprovalRuleId},
};
use serde_json::json;

/// Has a question asked.
type Ask = fn(&mut TestHarness);

/// Every question that there is, half a second after a key: in another half it takes the keyboard, and hears at the end of a
/// third.
fn questions() -> Vec<(&'static str, TestHarness)> {
    let asks: [(&str, Ask); 4] = [
        ("approval", |stage| {
            stage.awaits_approval(json!({"expr": "1+1"}));
        }),
        ("plan", |stage| {
            stage.awaits_plan();
        }),
        ("alternatives", |stage| {
            stage.awaits_another_tool();
        }),
        ("credentials", |stage| {
            stage.awaits_credentials();
        }),
    ];
    asks.map(|(name, ask)| {
        // Small, for there are many of them.
        let mut stage = TestHarness::new(50, 12);
        stage.is_patient = false;
        stage.keys("x<backspace>");
        ask(&mut stage);
        (name, stage)
    })
    .into()
}

/// While somebody writes, and when the question took the keyboard the moment before.
const PAUSES: [i64; 3] = [0, 500, 900];

/// Texts that begin with, or hold, each letter that answers something.
const TYPED: [&str; 7] = ["also", "yes,", "can", "no,", "edit", "try<enter>", "<enter>"];

#[test]
fn what_is_typed_ahead_answers_nothing_and_is_not_lost() {
    for text in TYPED {
        for pause in PAUSES {
            for (name, mut stage) in questions() {
                stage.waits(pause).keys(text);
                let answers: Vec<_> =
                    stage.commands().into_iter().filter(|it| matches!(it, Command::Answer(_))).collect();
                assert_eq!(answers, [], "{name}, {text:?} after {pause} ms");
                let written: String = stage
                    .commands()
                    .iter()
                    .filter_map(|it| match it {
                        Command::Send { text, .. } => Some(text.clone()),
                        _ => None,
                    })
                    .chain([stage.app.composer.text().to_owned()])
                    .collect();
                assert_eq!(written, text.replace("<enter>", ""), "{name}, {text:?} after {pause} ms");
            }
        }
    }
}

#[test]
fn what_is_pasted_ahead_is_no_answer_and_no_secret() {
    for pause in PAUSES {
        for (name, mut stage) in questions() {
            stage.waits(pause).paste("yes\nalways");
            assert_eq!(
                (stage.commands().len(), stage.app.composer.text()),
                (0, "yes\nalways"),
                "{name} after {pause} ms"
            );
        }
    }
}

#[test]
fn somebody_who_goes_on_typing_keeps_the_keyboard() {
    for (name, mut stage) in questions() {
        for _ in 0..20 {
            stage.waits(150).keys("<backspace>");
        }
        assert_eq!(stage.app.focus, Focus::Composer, "{name}");
        stage.looks();
        assert_eq!(stage.app.focus, Focus::Question, "{name}: once nobody writes");
    }
    // Who began to write a message goes on with it.
    for (name, mut stage) in questions() {
        stage.keys("x<backspace>").looks();
        assert_eq!(stage.app.focus, Focus::Composer, "{name}");
        stage.keys("<ctrl+y>y<enter>ca");
        assert_eq!((stage.app.focus, stage.commands().len()), (Focus::Question, 0), "{name}: it was not looked at");
    }
}

#[test]
fn a_question_behind_an_overlay_hears_nothing_until_it_is_in_sight() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("<f1>");
    stage.awaits_approval(json!({}));
    stage.keys("<esc>y");
    assert_eq!((stage.commands().len(), stage.app.composer.text()), (0, "y"));
}

#[test]
fn the_next_question_is_not_answered_by_the_keys_of_the_one_before() {
    let mut stage = TestHarness::new(80, 24);
    stage.awaits_approval(json!({}));
    stage.keys("y");
    assert_eq!(stage.commands().len(), 1);
    let action = stage.app.here.view.active_run().unwrap().requires_action.clone().unwrap();
    let RequiredAction::Approval { mut approvals, expires_at } = action else { panic!("{action:?}") };
    approvals[0].id = ApprovalId::new();
    stage.event(Event::RunRequiresAction { action: RequiredAction::Approval { approvals, expires_at } });
    stage.keys("yyy");
    assert_eq!(stage.commands().len(), 1, "{}", stage.text());
    stage.keys("<look>y");
    assert_eq!(stage.commands().len(), 2, "{}", stage.text());
}

#[test]
fn a_word_that_begins_like_a_standing_approval_is_a_word() {
    for text in ["also do it", "always", "can you", "ay", "cy"] {
        let mut stage = TestHarness::new(80, 24);
        stage.awaits_approval(json!({}));
        stage.keys(text);
        assert_eq!((stage.commands(), stage.app.composer.text()), (Vec::new(), text));
        assert_eq!(stage.app.focus, Focus::Composer);
    }
}

#[test]
fn a_yes_that_lasts_can_be_taken_back_for_a_while() {
    let lasting = Lasting { tool: tool(), remember: Remember::Always, rules: vec![ApprovalRuleId::new()] };
    let mut stage = TestHarness::new(100, 24);
    stage.awaits_approval(json!({}));
    stage.keys("a<look>y").news(Update::Lasts(lasting.clone()));
    assert!(
        stage.text().contains("mathjs::evaluate is always allowed everywhere · ctrl+t take it back"),
        "{}",
        stage.text()
    );
    stage.keys("<ctrl+t>");
    assert_eq!(stage.commands().last(), Some(&Command::TakeBack(lasting.rules.clone())));
    stage.news(Update::TakenBack);
    assert!(stage.text().contains("taken back"), "{}", stage.text());
    // Afterwards it is in the settings.
    stage.news(Update::Lasts(lasting)).waits(10_000);
    assert!(!stage.text().contains("take it back"), "{}", stage.text());
    stage.keys("<ctrl+t>");
    assert!(stage.text().contains("/settings lists what is always allowed"), "{}", stage.text());
}

#[test]
fn calls_that_wait_are_allowed_together_once_that_is_said_twice() {
    let tools = ["mathjs::evaluate", "mathjs::evaluate", "other::x", "mathjs::evaluate"];
    let cases: [(&str, Remember, &[usize]); 4] = [
        ("s<look>y", Remember::Once, &[1, 3]),
        ("w<look>y", Remember::Once, &[1, 2, 3]),
        ("c<look>y", Remember::Conversation, &[1, 3]),
        ("y", Remember::Once, &[]),
    ];
    for (keys, lasts, with) in cases {
        let mut stage = TestHarness::new(120, 30);
        let ids = stage.awaits_approvals(&tools);
        assert!(stage.text().contains("allow this call? 4 wait"), "{}", stage.text());
        stage.keys(keys);
        let commands = stage.commands();
        let [Command::Answer(PauseAnswer::Decide { approval, remember, also, .. })] = &commands[..] else {
            panic!("{keys}: {commands:?}")
        };
        let others: Vec<ApprovalId> = also.iter().map(|(id, _)| *id).collect();
        let expected: Vec<ApprovalId> = with.iter().map(|at| ids[*at]).collect();
        assert_eq!((*approval, *remember, others), (ids[0], lasts, expected), "{keys}");
    }
    // What goes along is shown before it is said again.
    let mut stage = TestHarness::new(120, 30);
    stage.awaits_approvals(&tools);
    stage.keys("w");
    assert!(
        stage.text().contains("allow all 4 calls that wait?") && stage.text().contains("+ other::x"),
        "{}",
        stage.text()
    );
    // A single call has nothing to go along.
    let mut stage = TestHarness::new(120, 30);
    stage.awaits_approval(json!({}));
    stage.keys("s<look>w<look>");
    assert!(!stage.text().contains("calls that wait?") && stage.commands().is_empty(), "{}", stage.text());
}

#[test]
fn a_call_is_asked_about_with_what_is_known_of_its_tool() {
    let mut stage = TestHarness::new(120, 30);
    stage.open();
    stage.asked("go");
    let call = stage.calls("mathjs::evaluate", json!({"expr": "1+1", "digits": 3}));
    stage.gives(call, json!(2));
    stage.pauses(json!({"expr": "2+2"}));
    stage.looks();
    assert!(stage.effects.contains(&Effect::Command(Command::LookAtTool(tool()))));
    let row = ToolRow { tool_id: tool().to_string(), execution_count: 9, failure_count: 2, ..tool_row() };
    stage.news(Update::Tool(Box::new(row)));
    for part in ["1 worked here, on this server 7 of 9 worked", "expr is 2+2 and was 1+1", "digits is gone and was 3"] {
        assert!(stage.text().contains(part), "{part}: {}", stage.text());
    }
}

/// Two calls wait; the first one is answered with a key, and the next is asked about after so many letters more.
fn types_on(text: &str, asked_after: usize) -> TestHarness {
    let mut stage = TestHarness::new(80, 24);
    stage.is_patient = false;
    stage.awaits_approvals(&["mathjs::evaluate", "mathjs::evaluate"]);
    stage.looks().keys("y").waits(300);
    for (at, letter) in text.chars().enumerate() {
        if at == asked_after {
            stage.asks_about_the_next();
        }
        stage.keys(&letter.to_string());
    }
    stage
}

#[test]
fn a_word_that_began_with_an_answer_goes_on_in_the_message() {
    for text in ["es please", "our turn", "no", "always", "ce as before", "/help"] {
        for asked_after in [0, 1, text.len() - 1, text.len()] {
            let stage = types_on(text, asked_after);
            let seen = (stage.app.composer.text(), stage.commands().len());
            assert_eq!(seen, (text, 1), "{text}, asked after {asked_after}");
        }
    }
    // A key that is held, or pressed again too early, is no word.
    let mut stage = types_on("yyy", 1);
    assert_eq!((stage.app.focus, stage.commands().len()), (Focus::Question, 1), "{}", stage.text());
    stage.looks().keys("y").waits(300);
    assert_eq!((stage.app.composer.text(), stage.commands().len()), ("", 2), "{}", stage.text());
}

#[test]
fn what_goes_into_a_line_at_once_is_in_that_line_and_nowhere_else() {
    let mut stage = TestHarness::new(80, 24);
    stage.is_patient = false;
    stage.keys("x<backspace>").awaits_credentials();
    stage.keys("<ctrl+y>").paste("s3cret").keys("-x<enter>");
    let question = stage.app.question.as_ref().unwrap();
    assert_eq!(question.field().unwrap().text(), "s3cret-x", "{}", stage.text());
    assert_eq!((stage.app.composer.text(), stage.commands().len()), ("", 0));
    let kept = |it: &Effect| matches!(it, Effect::Command(Command::KeepDraft(_, text)) if text.contains("s3cret"));
    assert!(!stage.effects.iter().any(kept));
}

#[test]
fn nothing_moves_while_a_person_is_waited_for() {
    let mut stage = TestHarness::new(120, 30);
    stage.awaits_approvals(&["mathjs::evaluate", "other::x"]);
    stage.looks();
    let before = stage.text();
    assert!(before.contains("‖ waiting for an answer") && !before.contains('⠋'), "{before}");
    stage.waits(60_000);
    assert_eq!(stage.text(), before);
    assert!(!stage.app.is_moving());
}

#[test]
fn no_word_answers_a_question_that_came_by_itself_however_long_it_stood_there() {
    for word in ["you first", "nobody", "always", "conversation", "edit that", "yes, but", "eel", "aardvark", "n", "y"]
    {
        for (gap, stood) in [(40, 0), (120, 3_000), (250, 60_000)] {
            let mut stage = TestHarness::new(80, 24);
            stage.is_patient = false;
            stage.awaits_approvals(&["mathjs::evaluate"]);
            stage.looks().waits(stood);
            assert_eq!(stage.app.focus, Focus::Question);
            for letter in word.chars() {
                stage.keys(&letter.to_string()).waits(gap);
            }
            stage.waits(1_000);
            let is_answer = word.len() == 1;
            let answers = stage.commands().iter().filter(|it| matches!(it, Command::Answer(_))).count();
            // One letter alone is an answer: yes at once, no with a field for the reason.
            let is_taken = answers == 1 || stage.app.question.as_ref().is_some_and(|it| it.field().is_some());
            assert_eq!(is_taken, is_answer, "{word} {gap}: {}", stage.text());
            assert_eq!(stage.app.composer.text(), if is_answer { "" } else { word }, "{gap}");
        }
    }
}

#[test]
fn a_letter_that_waits_is_never_lost() {
    let ends: [(&str, Ask); 3] = [
        ("a paste", |stage| {
            stage.paste("asted");
        }),
        ("another key", |stage| {
            stage.keys("asted");
        }),
        ("an answer from elsewhere", |stage| {
            stage.answered().waits(1_000);
        }),
    ];
    for (what, end) in ends {
        let mut stage = TestHarness::new(80, 24);
        stage.is_patient = false;
        stage.awaits_approvals(&["mathjs::evaluate"]);
        stage.looks().keys("y");
        end(&mut stage);
        assert!(stage.app.composer.text().starts_with('y'), "{what}: {:?}", stage.app.composer.text());
        assert!(!stage.commands().iter().any(|it| matches!(it, Command::Answer(_))), "{what}");
    }
    let mut stage = TestHarness::new(80, 24);
    stage.is_patient = false;
    stage.awaits_approvals(&["mathjs::evaluate"]);
    // Who went to the question answers at once.
    stage.looks();
    stage.app.focus_question();
    stage.draw();
    stage.waits(1_000).keys("y");
    assert!(stage.commands().iter().any(|it| matches!(it, Command::Answer(_))), "{}", stage.text());
}
