//! Keys that a person gave to actions: they do it, and every word about keys says them.

use crate::{
    keymap::Keymap,
    messages::Command,
    test_harness::{TestHarness, full},
};

fn with(file: &str) -> TestHarness {
    let mut stage = TestHarness::new(99, 40);
    stage.app.keys = Keymap::read(file).unwrap();
    stage.resize(100, 44);
    stage
}

#[test]
fn a_key_that_was_changed_does_it_and_the_one_before_does_not() {
    let mut stage = with("[composer]\nsend = 'ctrl+enter'\nnew-line = 'enter'\n");
    stage.keys("one<enter>two");
    assert_eq!(stage.app.composer.text(), "one\ntwo");
    stage.keys("<ctrl+enter>");
    assert!(matches!(stage.commands().as_slice(), [Command::Send { text, .. }] if text == "one\ntwo"));
}

#[test]
fn every_word_about_keys_says_the_keys_that_there_are() {
    let file = "[global]\npalette = 'f1'\nhelp = 'f2'\nfree-mouse = 'f3'\nside-panel = 'ctrl+]'\nrecent = 'alt+z'\n\
                view = 'alt+w'\n[composer]\nhelp = 'alt+h'\nundo = 'alt+u'\n";
    let mut stage = with(file);
    for part in ["f1 finds everything", "alt+z goes back", "f1 palette"] {
        assert!(stage.text().contains(part), "{part}: {}", stage.text());
    }
    stage.keys("x<ctrl+c>");
    assert!(stage.text().contains("cleared: alt+u brings it back, and so does ctrl+r"), "{}", stage.text());
    stage.keys("?");
    assert_eq!(stage.app.composer.text(), "?", "a sign that is no key any more is written");
    stage.keys("<backspace><alt+h>");
    let help = stage.text();
    assert!(help.contains("ctrl+]") && help.contains("alt+w"), "{help}");
    stage.keys("<esc><f1>");
    assert!(stage.text().contains("palette ─"), "{}", stage.text());
    full(&mut stage);
}
