//! The table of keys is one that a terminal can send and a person can learn.

use super::*;
use std::collections::HashMap;

#[test]
fn a_key_means_one_thing_in_a_context() {
    let mut seen = HashMap::new();
    for binding in BINDINGS {
        assert!(!binding.keys.is_empty(), "{:?} has no key", binding.action);
        for key in binding.keys {
            let before = seen.insert((binding.context, *key), binding.action);
            assert_eq!(before, None, "{key} in {:?}", binding.context);
        }
    }
}

#[test]
fn a_key_of_the_table_is_what_the_terminal_sends() {
    for binding in BINDINGS {
        for key in binding.keys {
            let event = KeyEvent::new(key.code, key.modifiers);
            assert_eq!(lookup(&[binding.context], event), Some(binding.action), "{key}");
        }
    }
}

#[test]
fn the_inner_context_wins() {
    let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(lookup(&[Context::Transcript, Context::Global], esc), Some(Action::ToComposer));
    assert_eq!(lookup(&[Context::Composer, Context::Global], esc), Some(Action::Stop));
}

#[test]
fn keys_are_written_as_people_say_them() {
    assert_eq!(ctrl('o').to_string(), "ctrl+o");
    assert_eq!(with(SHIFT, KeyCode::Enter).to_string(), "shift+enter");
    assert_eq!(char(' ').to_string(), "space");
}

/// The table as a page.
fn page() -> String {
    let mut page = String::from(
        "# Keys of the terminal UI\n\nMade from the table in `omega-tui/src/keymap.rs`, which also makes the bindings, the hints and the \
         help (f1). Letters are for writing: among the messages no letter is a command.\n",
    );
    for context in Context::SHOWN {
        page.push_str(&format!("\n## {}\n\n| keys | |\n| --- | --- |\n", context.title()));
        for binding in BINDINGS.iter().filter(|it| it.context == *context) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            page.push_str(&format!("| {} | {} |\n", keys.join(" ").replace('|', "\\|"), binding.help));
        }
    }
    page
}

#[test]
fn the_page_of_keys_is_that_of_the_table() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/KEYS.md");
    if std::env::var_os("OMEGA_WRITE_KEYS").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == page(), "docs/KEYS.md is old: run this test with OMEGA_WRITE_KEYS=1");
}

#[test]
fn every_context_with_keys_is_on_the_page_or_says_its_keys_itself() {
    let says_itself = [Context::Help, Context::Question];
    for binding in BINDINGS {
        let is_shown = Context::SHOWN.contains(&binding.context) || says_itself.contains(&binding.context);
        assert!(is_shown, "{:?}", binding.context);
    }
}
