//! Whole screens.

mod openings;
mod sizes;

use crate::{
    messages::{Link, Update},
    test_harness::{TestHarness, full},
    theme::{Depth, Mode},
};
use omega_core::api::{ApprovalReason, PackageFacts, Timestamp};
use proptest::prelude::*;
use ratatui::style::Color;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];

#[test]
fn an_empty_screen_says_what_to_do() {
    for (width, height) in SIZES {
        let stage = TestHarness::new(width, height);
        insta::assert_snapshot!(format!("empty_{width}x{height}"), stage.text());
    }
}

#[test]
fn a_conversation_fits_every_size() {
    for (width, height) in SIZES {
        let mut stage = TestHarness::new(width, height);
        full(&mut stage);
        insta::assert_snapshot!(format!("full_{width}x{height}"), stage.text());
    }
}

#[test]
fn light_and_dark_differ_in_colour_only() {
    let drawn = |mode, depth| {
        let mut stage = TestHarness::themed(80, 24, mode, depth);
        full(&mut stage);
        (stage.text(), stage.colors())
    };
    let (dark, dark_colors) = drawn(Mode::Dark, Depth::True);
    let (light, light_colors) = drawn(Mode::Light, Depth::True);
    let (plain, no_colors) = drawn(Mode::Dark, Depth::None);
    assert_eq!(dark, light);
    // Without colours a name within a sentence keeps its quotes.
    assert_eq!(dark.replace('`', ""), plain.replace('`', ""));
    assert_eq!(no_colors, [(Color::Reset, Color::Reset)]);
    insta::assert_debug_snapshot!("colors_dark", dark_colors);
    insta::assert_debug_snapshot!("colors_light", light_colors);
}

#[test]
fn a_tool_call_opens_to_its_summary_and_to_json() {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.keys("<tab><up>");
    insta::assert_snapshot!("tool_selected", stage.text());
    stage.keys("<enter>");
    insta::assert_snapshot!("tool_summary", stage.text());
    stage.keys("<enter>");
    insta::assert_snapshot!("tool_json", stage.text());
}

#[test]
fn a_run_shows_what_it_does() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("Make a QR code for https://tpmjs.com");
    let call = stage.calls("qrcode::toString", serde_json::json!({"text": "https://tpmjs.com"}));
    stage.keys("and then a big one");
    insta::assert_snapshot!("running", stage.text());
    stage.gives(call, serde_json::json!("<svg/>"));
    stage.step();
    stage.says("Here ");
    stage.news(Update::Link(Link::Reconnecting { attempt: 2 }));
    insta::assert_snapshot!("reconnecting", stage.text());
}

#[test]
fn a_call_that_waits_for_a_yes_shows_its_whole_input() {
    let mut stage = TestHarness::new(40, 10);
    stage.awaits_approval(serde_json::json!({"expr": "1+1"}));
    let first = stage.text();
    stage.keys("<down><down><down><down><down><down><down><down>");
    assert!(!first.contains("}") && stage.text().contains("\"expr\": \"1+1\""), "{}", stage.text());
}

#[test]
fn a_package_is_asked_about_with_what_npm_says_of_it_and_can_not_be_exchanged() {
    for (width, height) in [(80, 24), (200, 60)] {
        let mut stage = TestHarness::new(width, height);
        stage.reason = ApprovalReason::AddPackage;
        stage.package = Some(PackageFacts {
            name: "left-pad".into(),
            version: "1.3.0".into(),
            description: Some("Pads \u{1b}[2Jtext".into()),
            publisher: Some("steve\u{202e}".into()),
            published_at: None,
            created_at: Some(Timestamp(0)),
            weekly_downloads: Some(1_234_567),
            deprecated: Some("use padStart".into()),
        });
        stage.awaits_approval(serde_json::json!({"package": "left-pad"}));
        let text = stage.text();
        for part in ["left-pad", "proposes to add it", "1,234,567 in the last week", "unknown", "use padStart", "Pads"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(!text.contains("edit") && !text.contains("::*") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
        stage.keys("e");
        assert!(!stage.text().contains("an input"), "{}", stage.text());
    }
}

#[test]
fn a_plan_stands_in_the_panel_with_how_far_it_is() {
    let mut stage = TestHarness::new(200, 60);
    let plans = stage.awaits_plan();
    stage.follows(plans[1]);
    stage.step();
    stage.calls("mathjs::det", serde_json::json!({}));
    insta::assert_snapshot!("plan_panel_200x60", stage.text());
}

#[test]
fn the_panel_names_the_others() {
    let mut stage = TestHarness::new(120, 30);
    full(&mut stage);
    assert!(stage.text().contains("with     Ada"), "{}", stage.text());
    stage.is_the_owner();
    assert!(!stage.text().contains("with     "), "{}", stage.text());
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    let stage = TestHarness::new(30, 5);
    assert_eq!(stage.text().lines().next(), Some("omega needs 40x10, this is"));
}

#[test]
fn no_foreign_text_reaches_a_cell_with_its_powers() {
    let mut stage = TestHarness::new(80, 24);
    stage.open();
    stage.asked("\u{1b}[2J\u{202e}evil");
    stage.says("\u{1b}]0;owned\u{7} `\u{9b}31m` \u{2066}x");
    let call = stage.calls("a\u{1b}[1m::b", serde_json::json!({"k\u{1b}": "v\u{202e}"}));
    stage.gives(call, serde_json::json!("\u{1b}c"));
    stage.keys("<ctrl+o><ctrl+o>");
    for symbol in stage.terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol) {
        assert!(!symbol.chars().any(|c| c.is_control() || matches!(c, '\u{202e}' | '\u{2066}')), "{symbol:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_storm_of_sizes_breaks_nothing(sizes in prop::collection::vec((1..200_u16, 1..60_u16), 1..12)) {
        let mut stage = TestHarness::new(80, 24);
        full(&mut stage);
        let before = stage.text();
        stage.keys("<tab><up><enter>");
        for (width, height) in sizes {
            stage.resize(width, height);
            stage.keys("<pgup>");
        }
        stage.keys("<enter><enter><esc><ctrl+end>").resize(80, 24);
        prop_assert_eq!(stage.text(), before);
    }
}

#[test]
fn in_little_room_what_is_asked_comes_before_the_words_of_its_keys() {
    for (height, least) in [(10, 4), (12, 6), (24, 6)] {
        let mut stage = TestHarness::new(40, height);
        stage.awaits_approvals(&["mathjs::evaluate", "mathjs::evaluate", "yaml::parse"]);
        let text = stage.text();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.iter().position(|line| line.contains("allow this call?")).unwrap();
        let keys = lines.iter().position(|line| line.contains("y once")).unwrap();
        assert!(keys - from > least, "{height}: {text}");
        for key in ["c here", "a always", "n no"] {
            assert!(text.contains(key), "{height}: {key}: {text}");
        }
        assert!(lines.last().unwrap().contains("waits for you"), "{text}");
        // A message of several lines and what is said leave it a place, and keep theirs.
        stage.keys("<esc>one<ctrl+j>two<ctrl+j>three<ctrl+up>");
        assert!(stage.text().contains("allow this call?") && stage.text().contains("three"), "{}", stage.text());
    }
}
