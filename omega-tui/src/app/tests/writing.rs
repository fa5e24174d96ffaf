//! What is written is never lost, and every part of it can be found again.

use super::sends;
use crate::{
    app::{Effect, Focus},
    messages::{Command, Update},
    test_harness::{TestHarness, full},
};
use omega_core::{api::ToolRow, event::Event, registry::Tool};
use serde_json::json;

fn drafts(stage: &TestHarness) -> Vec<String> {
    let drafts = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Command(Command::KeepDraft(_, text)) => Some(text.clone()),
        _ => None,
    });
    drafts.collect()
}

/// Everything that is somewhere: written, on its way, sent, or kept to be found again.
pub fn everywhere(stage: &TestHarness) -> String {
    let kept = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Command(Command::KeepMessage(text) | Command::Send { text, .. }) => Some(text.clone()),
        _ => None,
    });
    let history = stage.app.composer.history().to_vec();
    kept.chain(history).chain([stage.app.composer.whole(), stage.app.draft()]).collect::<Vec<_>>().join("\n")
}

#[test]
fn ctrl_c_clears_before_it_leaves_and_what_it_cleared_is_found_again() {
    let mut stage = TestHarness::new(80, 24);
    stage.app.keeps_drafts = true;
    stage.keys("half a thought<ctrl+c>");
    assert_eq!((stage.app.composer.text(), stage.commands().len()), ("", 0));
    assert!(stage.text().contains("cleared"), "{}", stage.text());
    stage.keys("<ctrl+_>");
    assert_eq!(stage.app.composer.text(), "half a thought");
    stage.keys("<ctrl+c><ctrl+r>thou<enter>");
    assert_eq!(stage.app.composer.text(), "half a thought");
    stage.keys("<ctrl+c><ctrl+c>");
    assert_eq!(stage.effects.last(), Some(&Effect::Quit), "with nothing written it leaves");
}

#[test]
fn a_draft_that_was_left_for_an_earlier_message_is_never_lost() {
    // What is done with the earlier message, and where the draft is then.
    let whiles = [("<down>", "draft"), ("", "earlier"), (" more", "earlier more"), ("<ctrl+_>", "draft")];
    for (meanwhile, shown) in whiles {
        for end in ["", "<enter>", "<ctrl+c>", "<ctrl+u>"] {
            if shown == "draft" && end == "<ctrl+u>" {
                continue;
            }
            let mut stage = TestHarness::new(80, 24);
            stage.app.keeps_drafts = true;
            stage.keys("earlier<enter>draft<up>").keys(meanwhile);
            assert_eq!(stage.app.composer.text(), shown, "{meanwhile}");
            stage.keys(end);
            let has_draft = |text: &str| text.split('\n').any(|it| it == "draft");
            assert!(has_draft(&everywhere(&stage)), "{meanwhile}{end}: {}", everywhere(&stage));
            // The same of what a terminal finds that begins after this one was killed.
            let (mut draft, mut kept) = ("", false);
            for effect in &stage.effects {
                match effect {
                    Effect::Command(Command::KeepDraft(_, text)) => draft = text,
                    Effect::Command(Command::KeepMessage(text) | Command::Send { text, .. }) => kept |= has_draft(text),
                    _ => {}
                }
            }
            assert!(kept || has_draft(draft), "{meanwhile}{end}: {:?}", stage.effects);
        }
    }
}

#[test]
fn what_other_terminals_sent_meanwhile_is_found_with_what_was_written_here() {
    let mut stage = TestHarness::new(80, 24);
    stage.news(Update::Past(vec!["old one".into(), "both".into()]));
    stage.keys("sent here<ctrl+c>both<ctrl+c><ctrl+r>");
    assert!(stage.effects.contains(&Effect::Command(Command::ListPast)), "what is kept is read anew");
    let kept = ["old one", "sent here", "both", "from the other terminal"];
    stage.news(Update::Past(kept.map(String::from).to_vec()));
    let text = stage.text();
    let rows: Vec<usize> =
        kept.iter().rev().map(|it| text.lines().position(|line| line.contains(it)).unwrap()).collect();
    assert!(rows.is_sorted(), "the newest first: {text}");
    assert_eq!(text.matches("old one").count() + text.matches("sent here").count(), 2, "each once: {text}");
    stage.keys("terminal<enter>");
    assert_eq!(stage.app.composer.text(), "from the other terminal");
}

#[test]
fn a_draft_is_kept_while_it_is_written_and_belongs_to_its_conversation() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("ab");
    assert_eq!(drafts(&stage), ["a", "ab"]);
    stage.keys("<enter>");
    assert_eq!(drafts(&stage).last().map(String::as_str), Some("ab"), "until the server has it");
    stage.open();
    stage.asked("ab");
    let last = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Command(Command::KeepDraft(of, text)) => Some((*of, text.clone())),
        _ => None,
    });
    assert!(matches!(last, Some((_, text)) if text.is_empty()), "then it is no draft any more");
    stage.keys("more");
    stage.keys("<ctrl+u>/new<enter>");
    assert_eq!(stage.app.composer.text(), "");
    let here = stage.conversation;
    stage.news(Update::Draft(Some(here), "of the other one".into()));
    assert_eq!(stage.app.composer.text(), "", "it is not this one's");
    stage.keys("new");
    stage.news(Update::Draft(None, "old".into()));
    assert_eq!(stage.app.composer.text(), "old\nnew", "what was written meanwhile stays");
}

#[test]
fn with_drafts_kept_nobody_is_asked_whether_to_leave() {
    let mut stage = TestHarness::new(80, 24);
    stage.app.keeps_drafts = true;
    stage.keys("half<ctrl+d>");
    assert_eq!(stage.effects.last(), Some(&Effect::Quit));
    assert_eq!(stage.app.draft(), "half");
}

#[test]
fn a_message_that_waits_is_edited_or_removed_whichever_it_is() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("first");
    let (second, third) = (stage.queued("second"), stage.queued("third"));
    stage.keys("<tab><up><ctrl+e>");
    assert_eq!((stage.commands(), stage.app.composer.text()), (vec![Command::Cancel(second)], "second"));
    stage.keys("<ctrl+u><tab><delete>");
    assert_eq!(stage.commands().last(), Some(&Command::Cancel(third)));
}

#[test]
fn a_message_that_was_taken_back_is_no_part_of_the_conversation() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("works");
    let waiting = stage.queued("taken back");
    assert!(stage.text().contains("taken back"), "{}", stage.text());
    stage.as_run(waiting, |stage| {
        stage.event(Event::RunCancelled { reason: "user".into() });
    });
    assert!(!stage.text().contains("taken back") && stage.text().contains("works"), "{}", stage.text());
}

#[test]
fn typing_among_the_messages_loses_no_letter() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    for text in ["kill it", "just go", "is it?", " x", "yes"] {
        stage.keys("<ctrl+u><tab>");
        assert_eq!(stage.app.focus, Focus::Transcript);
        stage.keys(text);
        assert_eq!(stage.app.composer.text(), text);
        stage.keys("<esc><ctrl+u>");
    }
}

#[test]
fn the_list_of_commands_moves_and_enter_takes_what_is_selected() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.keys("/se<enter>");
    assert!(stage.text().contains("settings ─"), "{}", stage.text());
    stage.keys("<esc>/<down><down><enter>");
    assert!(stage.text().contains("conversations ─"), "the third is recent: {}", stage.text());
    stage.keys("<esc>/ex<enter>");
    assert_eq!(stage.app.composer.text(), "/export ", "what may take more is completed first");
    stage.keys("<ctrl+u>/mo<esc>");
    assert_eq!(stage.app.composer.text(), "/mo");
    assert!(!stage.text().contains("choose which model"), "it is left: {}", stage.text());
    stage.keys("d");
    assert!(stage.text().contains("choose which model"), "{}", stage.text());
}

fn tool(id: &str) -> ToolRow {
    let tool: Tool = serde_json::from_value(json!({
        "toolId": id, "name": "parse", "description": "Reads YAML", "version": "1.0.0", "category": "data",
        "env": [{ "name": "YAML_KEY" }],
    }))
    .unwrap();
    ToolRow::new(&tool, None)
}

#[test]
fn a_tool_is_found_behind_an_at_and_is_at_hand_for_the_message() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("use @yam");
    assert_eq!(stage.commands().last(), Some(&Command::FindTools("yam".into())));
    stage.news(Update::Tools("ya".into(), vec![tool("late::one")]));
    assert!(!stage.text().contains("late::one"), "that was for something else: {}", stage.text());
    stage.news(Update::Tools("yam".into(), vec![tool("other::x"), tool("yaml::parse")]));
    assert!(stage.text().contains("needs YAML_KEY"), "{}", stage.text());
    stage.keys("<down><enter>please<enter>");
    let mut message = sends(1, "use @yaml::parse please", None);
    if let Command::Send { pins, .. } = &mut message {
        pins.push("yaml::parse".parse().unwrap());
    }
    assert_eq!(stage.commands().last(), Some(&message));
}

#[test]
fn an_editor_gets_the_text_and_gives_it_back() {
    let mut stage = TestHarness::new(80, 24);
    stage.keys("draft<ctrl+g>");
    assert!(stage.effects.contains(&Effect::Edit { text: "draft".into(), ending: "md" }));
    stage.news(Update::Edited("draft\nand more\n".into()));
    assert_eq!(stage.app.composer.text(), "draft\nand more");
    stage.awaits_approval(json!({"expr": "1"}));
    stage.keys("<ctrl+u><ctrl+y><look>e<ctrl+g>");
    assert!(matches!(stage.effects.last(), Some(Effect::Edit { ending: "json", .. })), "{:?}", stage.effects.last());
    stage.news(Update::Edited("{\"expr\": \"2\"}".into()));
    assert!(stage.text().contains("\"2\""), "{}", stage.text());
}

#[test]
fn a_large_paste_is_folded_again_in_a_draft_that_comes_back() {
    let mut stage = TestHarness::new(80, 24);
    let paste = "x\n".repeat(500);
    stage.keys("see ").paste(&paste).keys(" there");
    let kept = drafts(&stage).pop().unwrap();
    let mut stage = TestHarness::new(80, 24);
    stage.news(Update::Draft(None, kept));
    assert!(stage.text().contains("see [500 lines] there"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(
        matches!(stage.commands().last(), Some(Command::Send { text, .. }) if *text == format!("see {paste} there"))
    );
}
