//! The table of keys is one that a terminal can send and a person can learn.

use super::{
    key::Key,
    table::{BINDINGS, SHIFT, char, ctrl, with},
    *,
};
use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use std::collections::HashMap;

fn lookup(contexts: &[Context], event: KeyEvent) -> Option<Action> {
    Keymap::default().lookup(contexts, event)
}

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
        "# Keys of the terminal UI\n\nMade from the table in `omega-tui/src/keymap/table.rs`, which also makes the bindings, the hints and the \
         help (f1). Letters are for writing: among the messages no letter is a command.\n\n\
         Other keys are given in the file `keys.toml` in the folder of the configuration, which `omega config path` says; \
         the names are below, and what is not in the file stays as it is:\n\n\
         ```toml\n[composer]\nsend = \"ctrl+enter\"\nnew-line = [\"enter\", \"ctrl+j\"]\n\n[global]\npalette = \"f5\"\n```\n\n\
         A key is written as `f5`, `enter`, `ctrl+k`, `alt+enter` or `shift+tab`; a list of keys stands in `[ ]`, and the first of \
         them is the one that hints show. A file with a fault is refused with the line and what would be right: a name that is not \
         below, a key that two actions of one place would have, a letter where letters are for writing, an action without a key.\n",
    );
    for context in Context::SHOWN {
        page.push_str(&format!(
            "\n## {}: `[{}]`\n\n| keys | name | |\n| --- | --- | --- |\n",
            context.title(),
            context.name()
        ));
        for binding in BINDINGS.iter().filter(|it| it.context == *context) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            let (keys, name) = (keys.join(" ").replace('|', "\\|"), binding.action.name());
            page.push_str(&format!("| {keys} | {name} | {} |\n", binding.help));
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

fn press(key: &str) -> KeyEvent {
    let key: Key = key.parse().unwrap();
    KeyEvent::new(key.code, key.modifiers)
}

#[test]
fn a_file_gives_actions_other_keys_and_the_hints_say_so() {
    let text = "[composer]\nsend = 'ctrl+enter'\nnew-line = ['enter', 'Ctrl+J']\n[viewer]\nclose = ['q', 'X']\n";
    let map = Keymap::read(text).unwrap();
    let composer = [Context::Composer, Context::Global];
    assert_eq!(map.lookup(&composer, press("enter")), Some(Action::NewLine));
    assert_eq!(map.lookup(&composer, press("ctrl+enter")), Some(Action::Send));
    assert_eq!(map.lookup(&composer, press("alt+enter")), None, "what is not listed is free");
    assert_eq!(map.lookup(&composer, press("ctrl+p")), Some(Action::Palette), "what is not in the file stays");
    assert_eq!(map.lookup(&[Context::Viewer], press("X")), Some(Action::Close));
    assert_eq!(map.hint(&composer, Action::Send), Some((String::from("ctrl+enter"), "send")));
    assert!(map.help(Context::Composer).any(|(keys, _)| keys == "enter ctrl+j"));
}

#[test]
fn a_fault_is_told_with_its_line_and_what_would_be_right() {
    let cases = [
        ("\n[composr]\n", "line 2: there is no place that is called `composr`; `composer` is near"),
        ("[composer]\nsned = 'f5'", "line 2: there is no action in [composer] that is called `sned`; `send` is near"),
        (
            "[composer]\nsend = 'crtl+k'",
            "line 2: there is no key `crtl+k`: write it as f5, enter, ctrl+k, alt+enter, shift+tab",
        ),
        ("[composer]\nsend = 'ctrl+m'", "line 2: for a terminal ctrl+m is enter: write that, or take another key"),
        ("[composer]\nsend = 's'", "line 2: `s` is for writing here: add ctrl or alt to it, or take f5 to f12"),
        ("[composer]\nsend = []", "line 2: an action needs a key; leave the line out to keep the one that it has"),
        ("[composer]\nsend = 5", "line 2: write a key in quotes, or several in [ ]: \"ctrl+k\", [\"f5\", \"alt+r\"]"),
        ("composer = 'f5'", "line 1: `composer` is a heading: write [composer] and below it the keys"),
        (
            "[composer]\nsend = 'ctrl+w'",
            "in [composer] ctrl+w is for send and for delete-word: give one of them another key",
        ),
    ];
    for (text, told) in cases {
        let faults = Keymap::read(text).map(drop).unwrap_err().to_string();
        assert_eq!(faults, told, "{text}");
    }
    let two = Keymap::read("[composer]\nsend = 's'\nundo = 'zz'\n[nowhere]\n").map(drop).unwrap_err().to_string();
    for line in ["line 2:", "line 3:", "line 4:"] {
        assert!(two.contains(line), "{two}");
    }
    assert!(Keymap::read("[composer").map(drop).unwrap_err().to_string().starts_with("line 1: this is no TOML"));
}

#[test]
fn every_key_of_the_table_is_read_as_it_is_written() {
    for binding in BINDINGS {
        for key in binding.keys {
            assert_eq!(key.to_string().parse(), Ok(*key), "{key}");
        }
        let names =
            BINDINGS.iter().filter(|it| it.context == binding.context && it.action.name() == binding.action.name());
        assert_eq!(names.count(), 1, "{} has one row", binding.action.name());
    }
}

proptest! {
    #[test]
    fn no_file_panics_and_what_is_taken_leaves_a_way_to_everything(text in "(\\[(composer|global|viewer|sure)\\]\n|(send|close|yes|confirm|palette|undo) = (\"(ctrl\\+[a-z]|f[0-9]{1,2}|[a-z]|esc)\"|\\[\\]|\\[\"f9\", \"alt\\+q\"\\])\n|.{0,8}\n){0,6}") {
        if let Ok(map) = Keymap::read(&text) {
            let mut seen = HashMap::new();
            for row in &map.0 {
                prop_assert!(!row.keys.is_empty());
                for key in row.keys.iter() {
                    prop_assert_eq!(seen.insert((row.binding.context, *key), row.binding.action), None);
                }
            }
        }
    }
}
