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
