//! A person's own keys: a file in TOML, with a table for each context and in it the keys of actions.
//!
//! ```toml
//! [composer]
//! send = "ctrl+enter"
//! new-line = ["enter", "ctrl+j"]
//! ```
//!
//! The promise: a file is taken whole or not at all, and every fault in it is told with its line and what would be right. What is
//! taken leaves no action without a key, no key with two meanings in one context, and no letter that can't be written.

use super::{Context, Key, Keymap, Row};
use std::{borrow::Cow, fmt};
use toml_edit::{Document, Item, Table};

/// The file's name in the folder of the configuration.
const FILE: &str = "keys.toml";

/// What is wrong with a file of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFaults(Vec<String>);

impl fmt::Display for KeyFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for KeyFaults {}

impl Keymap {
    /// The file's name in the folder of the configuration.
    #[must_use]
    pub fn file_name() -> &'static str {
        FILE
    }

    /// The table with the keys of a file.
    ///
    /// # Errors
    /// All faults of the file, each with its line.
    pub fn read(text: &str) -> Result<Self, KeyFaults> {
        let document = Document::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            KeyFaults(vec![format!("line {line}: this is no TOML: {}", error.message())])
        })?;
        let mut reading = Reading { text, map: Self::default(), faults: Vec::new() };
        reading.document(document.as_table());
        reading.conflicts();
        if reading.faults.is_empty() { Ok(reading.map) } else { Err(KeyFaults(reading.faults)) }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Reading<'a> {
    text: &'a str,
    map: Keymap,
    faults: Vec<String>,
}

impl Reading<'_> {
    fn fault(&mut self, span: Option<std::ops::Range<usize>>, words: impl fmt::Display) {
        let line = span.map_or(1, |span| line_of(self.text, span.start));
        self.faults.push(format!("line {line}: {words}"));
    }

    fn document(&mut self, document: &Table) {
        for (name, item) in document {
            let span = document.get_key_value(name).and_then(|(key, _)| key.span());
            let context = self.map.0.iter().map(|row| row.binding.context).find(|it| it.name() == name);
            match (context, item.as_table()) {
                (Some(context), Some(actions)) => self.context(context, actions),
                (Some(_), None) => {
                    self.fault(span, format!("`{name}` is a heading: write [{name}] and below it the keys"))
                }
                (None, _) => {
                    let known = self.map.0.iter().map(|row| row.binding.context.name());
                    let words = unknown("place", name, known);
                    self.fault(span, words);
                }
            }
        }
    }

    fn context(&mut self, context: Context, actions: &Table) {
        for (name, item) in actions {
            let span = actions.get_key_value(name).and_then(|(key, _)| key.span());
            let found =
                self.map.0.iter().position(|row| row.binding.context == context && row.binding.action.name() == name);
            let Some(at) = found else {
                let known = self.map.rows_of(context).map(|row| row.binding.action.name());
                let words = unknown(&format!("action in [{}]", context.name()), name, known);
                self.fault(span, words);
                continue;
            };
            match keys(item) {
                Ok(keys) => {
                    match keys.iter().find(|key| key.types() && context.is_for_writing() && !self.has(at, **key)) {
                        Some(letter) => {
                            let words =
                                format!("`{letter}` is for writing here: add ctrl or alt to it, or take f5 to f12");
                            self.fault(item.span().or(span), words);
                        }
                        None => {
                            if let Some(row) = self.map.0.get_mut(at) {
                                row.keys = Cow::Owned(keys);
                            }
                        }
                    }
                }
                Err(words) => self.fault(item.span().or(span), words),
            }
        }
    }

    /// Whether the table itself gives a key to a row: then it can't be in anybody's way.
    fn has(&self, at: usize, key: Key) -> bool {
        self.map.0.get(at).is_some_and(|row| row.binding.keys.contains(&key))
    }

    /// A key means one thing in a context, also when one of the two was not touched.
    fn conflicts(&mut self) {
        let rows: Vec<Row> = self.map.0.clone();
        for (at, row) in rows.iter().enumerate() {
            let others = rows.iter().take(at).filter(|other| other.binding.context == row.binding.context);
            for other in others {
                if let Some(key) = row.keys.iter().find(|key| other.keys.contains(key)) {
                    let (place, here, there) =
                        (row.binding.context.name(), row.binding.action.name(), other.binding.action.name());
                    self.faults.push(format!(
                        "in [{place}] {key} is for {there} and for {here}: give one of them another key"
                    ));
                }
            }
        }
    }
}

/// A key in quotes, or a list of them.
fn keys(item: &Item) -> Result<Vec<Key>, String> {
    const SHAPE: &str = "write a key in quotes, or several in [ ]: \"ctrl+k\", [\"f5\", \"alt+r\"]";
    let written: Vec<&str> = match (item.as_str(), item.as_array()) {
        (Some(one), _) => vec![one],
        (None, Some(list)) => list.iter().map(|it| it.as_str().ok_or(SHAPE)).collect::<Result<_, _>>()?,
        (None, None) => return Err(SHAPE.to_owned()),
    };
    if written.is_empty() {
        return Err(String::from("an action needs a key; leave the line out to keep the one that it has"));
    }
    written.into_iter().map(str::parse).collect()
}

/// That there is no such name, and which one may have been meant.
fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let mut known: Vec<String> = known.collect();
    known.dedup();
    let nearest = known.iter().min_by_key(|it| distance(name, it)).filter(|it| distance(name, it) <= name.len() / 2);
    let name = crate::clean::one_line(name);
    match nearest {
        Some(nearest) => format!("there is no {what} that is called `{name}`; `{nearest}` is near"),
        None => format!("there is no {what} that is called `{name}`; there are {}", known.join(", ")),
    }
}

/// Letters that have to be changed, put in or left out: Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
