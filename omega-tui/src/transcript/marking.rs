//! What is marked with the mouse, as it was written: the screen's own lines are broken, indented and without their marks.
//!
//! Words of the screen and words of the source go side by side; where they part (a number that the list was given, the name
//! of a formula's sign) the nearest place where they meet again goes on. Signs are looked for between the words around them.
//! What stands between the first and the last of what is marked is what was written. Where a piece has no source, or too
//! little of it is found, it is the lines as they are.

use std::collections::VecDeque;

/// Words that are passed over, on both sides together, to where screen and source meet again; and of the screen alone.
const APART: usize = 80;
const APART_ON_SCREEN: usize = 12;

/// A word or signs: where they are in the text of the screen, and where in the source.
struct Found {
    shown: (usize, usize),
    source: (usize, usize),
}

/// The part of a source that is shown between two bytes of what is shown; nothing where it can't be told.
pub fn part<'s>(shown: &str, source: &'s str, from: usize, to: usize) -> Option<&'s str> {
    let tokens: Vec<(usize, &str)> = words_of(shown).collect();
    let (words, signs): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|(_, word)| is_wordy(word));
    let mut found = side_by_side(&words, source);
    // With half of the words missing something else is shown than what was written.
    let is_it = found.len() * 2 >= words.len();
    add_signs(&mut found, &signs, source);
    let marked = found.iter().filter(|it| it.shown.0 < to && it.shown.1 > from);
    // Cells of a table whose lines are broken are not in the order in which they were written.
    let begin = marked.clone().map(|it| it.source.0 + from.saturating_sub(it.shown.0)).min()?;
    let cut = |it: &Found| if to < it.shown.1 { it.source.0 + (to - it.shown.0) } else { it.source.1 };
    let end = marked.map(cut).max()?;
    is_it.then(|| source.get(begin..end)).flatten()
}

/// The words of the screen that are in the source, each with its place there.
fn side_by_side(words: &[(usize, &str)], source: &str) -> Vec<Found> {
    let written: Vec<(usize, &str)> = words_of(source).filter(|(_, word)| is_wordy(word)).collect();
    let (mut found, mut passed) = (Vec::<Found>::new(), VecDeque::<(usize, &str)>::new());
    // The next word of each, and how much of the written one was shown already: a long word is broken.
    let (mut at, mut there, mut used) = (0, 0, 0);
    while let Some((start, word)) = words.get(at) {
        let (place, rest) =
            written.get(there).map_or((source.len(), ""), |(place, whole)| (place + used, &whole[used..]));
        if rest.starts_with(word) {
            found.push(Found { shown: (*start, start + word.len()), source: (place, place + word.len()) });
            (at, used) = (at + 1, used + word.len());
            if rest.len() == word.len() {
                (there, used) = (there + 1, 0);
            }
        } else if let Some(end) = in_pieces(word, rest, written.get(there + 1..).unwrap_or_default(), place) {
            found.push(Found { shown: (*start, start + word.len()), source: (place, end.0) });
            (at, there, used) = (at + 1, there + 1 + end.1, 0);
        } else if let Some(place) = passed_in_this_line(word, &passed, source, found.last()) {
            found.push(Found { shown: (*start, start + word.len()), source: (place, place + word.len()) });
            at += 1;
        } else if let Some((shown, other)) = meets(&words[at..], written.get(there..).unwrap_or_default()) {
            passed.extend(&written[there..there + other]);
            let old = passed.len().saturating_sub(APART);
            passed.drain(..old);
            (at, there, used) = (at + shown, there + other, 0);
        } else {
            at += 1;
        }
    }
    found
}

/// Cells of a table whose lines are broken are shown in another order than the one in which they stand in their line.
fn passed_in_this_line(
    word: &str,
    passed: &VecDeque<(usize, &str)>,
    source: &str,
    last: Option<&Found>,
) -> Option<usize> {
    let (at, _) = passed.iter().rev().find(|(_, whole)| *whole == word)?;
    let between = source.get(*at..last?.source.1)?;
    (!between.contains('\n')).then_some(*at)
}

/// Where a word ends that is written in pieces (`e**xam**ple`), and how many more pieces it has.
fn in_pieces(word: &str, first: &str, next: &[(usize, &str)], place: usize) -> Option<(usize, usize)> {
    let mut rest = word.strip_prefix(first).filter(|rest| !first.is_empty() && !rest.is_empty())?;
    let mut end = place + first.len();
    for (count, (at, piece)) in next.iter().enumerate() {
        // What stands between pieces of a word is marks, and short.
        rest = rest.strip_prefix(piece).filter(|_| *at <= end + 3)?;
        end = at + piece.len();
        if rest.is_empty() {
            return Some((end, count + 1));
        }
    }
    None
}

/// How many words of each are passed over to the nearest one that both have.
fn meets(words: &[(usize, &str)], written: &[(usize, &str)]) -> Option<(usize, usize)> {
    let both = |far: usize| (0..=far.min(APART_ON_SCREEN)).map(move |shown| (shown, far - shown));
    (1..=APART).flat_map(both).find(|(shown, other)| match (words.get(*shown), written.get(*other)) {
        (Some((_, word)), Some((_, whole))) => word == whole,
        _ => false,
    })
}

/// Signs are where the words around them let them be.
fn add_signs(found: &mut Vec<Found>, signs: &[(usize, &str)], source: &str) {
    let mut all: Vec<Found> = Vec::with_capacity(found.len() + signs.len());
    let mut signs = signs.iter().peekable();
    let mut words = std::mem::take(found).into_iter().peekable();
    loop {
        let (before, behind) = (all.last().map_or(0, |it| it.source.1), words.peek());
        let (next, end) = behind.map_or((usize::MAX, source.len()), |it| (it.shown.0, it.source.0));
        match signs.next_if(|(at, _)| *at < next) {
            Some((at, sign)) => {
                let place = source.get(before..end).and_then(|gap| gap.find(sign));
                all.extend(place.map(|place| Found {
                    shown: (*at, at + sign.len()),
                    source: (before + place, before + place + sign.len()),
                }));
            }
            None => match words.next() {
                Some(word) => all.push(word),
                None => break,
            },
        }
    }
    *found = all;
}

fn is_wordy(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

/// Runs of letters and digits, and of signs, apart: marks of Markdown stand beside words without a space.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let from = rest + text[rest..].find(|c: char| !c.is_whitespace())?;
        let first = text[from..].chars().next()?;
        let is_alike = |c: char| !c.is_whitespace() && c.is_alphanumeric() == first.is_alphanumeric();
        let length = text[from..].find(|c| !is_alike(c)).unwrap_or(text.len() - from);
        rest = from + length;
        Some((from, &text[from..rest]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        markdown::Document,
        theme::{Depth, Mode, Theme},
    };
    use proptest::prelude::*;

    fn shown(source: &str, width: usize) -> String {
        let lines = Document::default().layout(source, width, &Theme::new(Mode::Dark, Depth::True));
        lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_marked_is_what_was_written() {
        let source = "Some **bold** words that go on over the end of a line, see [docs](https://a.b/c).\n\n- one\n- two `x = 1`\n\n```rs\nfn f() {\n    1\n}\n```\n";
        let screen = shown(source, 24);
        let cases = [
            ("bold", "words", "bold** words"),
            ("words", "line", "words that go on over the end of a line"),
            ("one", "two", "one\n- two"),
            ("fn f", "}", "fn f() {\n    1\n}"),
            ("docs", "b/c", "docs](https://a.b/c"),
        ];
        for (first, last, marked) in cases {
            let from = screen.find(first).unwrap();
            let to = from + screen[from..].find(last).unwrap() + last.len();
            assert_eq!(part(&screen, source, from, to), Some(marked), "{first} to {last} in\n{screen}");
        }
        assert_eq!(part("quite another text here", source, 0, 10), None);
    }

    /// A block of an answer; each word of it is there once.
    fn block() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "# N of N\n\n",
            "N **N** N *N N* N\n\n",
            "N `N N` N\nN\n\n",
            "1. N\n1. N N\n1. N\n\n",
            "- N\n  - N N\n- [ ] N\n\n",
            "> N N\n> **N**\n\n",
            "```rs\nlet N = N;\n\n    N(N)\n```\n\n",
            "| N | N |\n|--|:-:|\n| N | `N` |\n| N N | 2 |\n\n",
            "see [N N](https://N.org/N?q=2) N\n\n",
            "N $x^2$ N 2 & <b>N</b>\n\n",
            "---\n\n",
            "1) N 2 N 3 N 1\n2) N\n\n",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Whatever is marked in an answer: what is copied begins and ends with it, and nothing between is lost.
        #[test]
        fn what_is_marked_in_an_answer_is_what_was_written(
            blocks in prop::collection::vec(block(), 1..6), width in 12..70_usize, from in 0..1000_usize, length in 0..12_usize,
        ) {
            let mut number = 0;
            let source: String = blocks.concat().split('N').fold(String::new(), |text, piece| {
                number += 1;
                if text.is_empty() { piece.to_owned() } else { format!("{text}w{number}q{piece}") }
            });
            let screen = shown(&source, width);
            // Whole words that are there once.
            let words: Vec<(usize, usize)> = words_of(&screen)
                .filter(|(_, word)| word.len() > 2 && word.starts_with('w') && word.ends_with('q'))
                .map(|(at, word)| (at, at + word.len()))
                .collect();
            if !words.is_empty() {
                let first = from % words.len();
                let last = (first + length).min(words.len() - 1);
                let (from, to) = (words[first].0, words[last].1);
                let copied = part(&screen, &source, from, to);
                prop_assert!(copied.is_some(), "{screen}");
                let copied = copied.unwrap();
                // Cells whose lines are broken stand in another order.
                if !screen[from..to].contains('│') {
                    prop_assert!(copied.starts_with(&screen[from..words[first].1]), "{copied:?} from\n{}", &screen[from..to]);
                    prop_assert!(copied.ends_with(&screen[words[last].0..to]), "{copied:?} to\n{}", &screen[from..to]);
                }
                for (from, to) in &words[first..=last] {
                    prop_assert!(copied.contains(&screen[*from..*to]), "{copied:?} lacks {}", &screen[*from..*to]);
                }
            }
        }

        #[test]
        fn a_plain_text_is_marked_as_it_is(words in prop::collection::vec("[a-z]{1,9}", 2..40), width in 10..60_usize) {
            let source = words.join(" ");
            let screen = shown(&source, width);
            prop_assert_eq!(part(&screen, &source, 0, screen.len()), Some(source.as_str()));
        }
    }
}
