//! What keys do to a text: before, edit, after.

use super::*;
use proptest::prelude::*;

/// `|` is the caret.
fn composer(marked: &str) -> Composer {
    let caret = marked.find('|').unwrap();
    Composer { text: marked.replacen('|', "", 1), caret, width: 10, ..Composer::default() }
}

fn marked(composer: &Composer) -> String {
    let mut text = composer.text.clone();
    text.insert(composer.caret, '|');
    text
}

#[test]
fn edits_by_before_and_after() {
    type Edit = fn(&mut Composer);
    let cases: &[(&str, Edit, &str)] = &[
        ("ab|", |c| c.insert("日"), "ab日|"),
        ("a👩‍👩‍👧|b", Composer::delete_back, "a|b"),
        ("a|👩‍👩‍👧b", Composer::right, "a👩‍👩‍👧|b"),
        ("ae\u{301}|", Composer::left, "a|e\u{301}"),
        ("one two|", Composer::delete_word, "one |"),
        ("one, |two", Composer::word_left, "|one, two"),
        ("|one, two", Composer::word_right, "one|, two"),
        ("a\nbc|d", Composer::delete_to_start, "a\n|d"),
        ("a\n|d", Composer::delete_to_start, "a|d"),
        ("a|bc\nd", Composer::delete_to_end, "a|\nd"),
        ("a|\nd", Composer::delete_to_end, "a|d"),
        ("ab\nc|d", Composer::line_start, "ab\n|cd"),
        ("|ab\ncd", Composer::line_end, "ab|\ncd"),
        ("abc|\nd\nefg", Composer::down, "abc\nd|\nefg"),
        ("abc\nd|", Composer::up, "a|bc\nd"),
        ("0123456789ab|", Composer::up, "01|23456789ab"),
        ("|ab", Composer::delete_back, "|ab"),
        ("ab|", Composer::delete_forward, "ab|"),
        ("|", |c| c.insert("a\r\nb\rc\u{1b}[A"), "a\nb\nc[A|"),
    ];
    for (before, edit, after) in cases {
        let mut composer = composer(before);
        edit(&mut composer);
        assert_eq!(marked(&composer), *after, "after an edit of {before}");
    }
}

#[test]
fn every_edit_is_undone_and_done_again() {
    let mut composer = composer("|");
    for letter in ["o", "n", "e"] {
        composer.insert(letter);
    }
    composer.insert(" two three");
    composer.delete_word();
    composer.delete_word();
    composer.clear();
    let mut seen = vec![marked(&composer)];
    while composer.undo() {
        seen.push(marked(&composer));
    }
    assert_eq!(seen, ["|", "one |", "one two |", "one two three|", "one|", "|"]);
    while composer.redo() {
        seen.pop();
        assert_eq!(Some(&marked(&composer)), seen.last());
    }
}

#[test]
fn what_was_deleted_in_one_go_is_put_back_whole() {
    let mut composer = composer("one two three|");
    composer.delete_word();
    composer.delete_word();
    composer.yank();
    assert_eq!(marked(&composer), "one two three|");
    composer.line_start();
    composer.delete_to_end();
    composer.yank();
    composer.yank();
    assert_eq!(marked(&composer), "one two threeone two three|");
}

#[test]
fn a_large_paste_is_one_piece_that_is_sent_whole() {
    let mut composer = composer("a|");
    let lines = "line\n".repeat(500);
    composer.paste(&lines);
    composer.insert("b");
    assert_eq!(composer.rows().iter().map(|row| composer.shown(row)).collect::<String>(), "a[500 lines]b");
    composer.left();
    composer.delete_back();
    assert_eq!(composer.whole(), "ab");
    composer.undo();
    assert_eq!(composer.whole(), format!("a{lines}b"));
    assert!(composer.unfold());
    assert_eq!(composer.take(), format!("a{lines}b"));
    composer.insert("later");
    composer.up();
    assert_eq!(composer.text(), format!("a{lines}b"));
}

#[test]
fn the_column_is_kept_over_a_short_line() {
    let mut composer = composer("abcdef|\ng\nhijklm");
    composer.down();
    composer.down();
    assert_eq!(marked(&composer), "abcdef\ng\nhijklm|");
}

#[test]
fn the_history_keeps_the_draft() {
    let mut composer = composer("one|");
    composer.take();
    composer.set("two");
    composer.take();
    composer.insert("draft");
    composer.up();
    assert_eq!(composer.text(), "two");
    composer.up();
    composer.up();
    assert_eq!(composer.text(), "one");
    composer.down();
    composer.down();
    assert_eq!(composer.text(), "draft");
}

#[test]
fn a_text_that_comes_back_joins_what_was_written_since() {
    let mut composer = composer("|");
    composer.give_back("first");
    assert_eq!(marked(&composer), "first|");
    composer.set("later");
    composer.give_back("first");
    assert_eq!(marked(&composer), "first\nlater|");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_caret_never_leaves_the_borders(keys in prop::collection::vec(0..14_u8, 0..60), width in 1..12_usize) {
        let mut c = Composer { width, ..Composer::default() };
        for key in keys {
            match key {
                0 => c.insert("a"),
                1 => c.insert("👩‍👩‍👧"),
                2 => c.insert("\u{301}"),
                3 => c.insert("\u{200d}"),
                4 => c.insert("日 \n"),
                5 => c.left(),
                6 => c.right(),
                7 => c.up(),
                8 => c.down(),
                9 => c.delete_back(),
                10 => c.delete_forward(),
                11 => c.word_left(),
                12 => c.delete_word(),
                _ => c.insert("🇩"),
            }
            prop_assert_eq!(c.settled(c.caret), c.caret, "{}", marked(&c));
            let rows = c.rows();
            let (row, column) = c.caret_at(&rows);
            prop_assert!(row < rows.len() && column <= width);
        }
    }
}
