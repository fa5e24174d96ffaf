//! Words of a text: how it is cut, stemmed and hashed, the same way for documents and queries.
//!
//! `parseCsvFile`, `parse-csv-file` and `parse_csv_file` are the same three words; `parsing` and `parse` are the same
//! word. Queries also lose the words that say nothing about the tool that is wanted.

use rust_stemmers::{Algorithm, Stemmer};
use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// Words of a query that carry no meaning for the search: English function words, then the words of asking.
const STOP_WORDS: &str = "a about above after again all also am an and any are as at be because been before being below \
between both but by can could did do does doing down during each few for from further had has have having he her here \
hers him his how i if in into is it its just like me more most my no nor not now of off on once only or other our ours \
out over own per same she should so some such than that the their them then there these they this those through to too \
under until up us very via was we were what when where which while who whom why will with within without would you your \
yours let lets im ive dont cant s t d ll re ve m \
please help need needs want wants wanted looking look find give show tell get provide me kindly thanks thank hello hi \
able using use used tool tools function assist assistance know make possible required require way \
interested trying going would could might may something someone anything";

/// How much a number tells, in parts of a word.
const NUMBER: f32 = 0.2;

/// Words of documents whose terms are remembered: most of a text is of a few thousand words, and stems are slow to find.
const REMEMBERED: usize = 50_000;
/// The longest of them, in bytes.
const LONGEST: usize = 24;

/// Cuts and hashes words.
pub(super) struct Words {
    stemmer: Stemmer,
    stop: HashSet<&'static str>,
    /// The term of a word, and whether it tells anything.
    known: HashMap<Box<str>, (u64, bool)>,
}

impl Words {
    pub(super) fn new() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
            stop: STOP_WORDS.split_whitespace().collect(),
            known: HashMap::new(),
        }
    }

    /// Every term of a document's text, and whether it tells anything.
    pub(super) fn terms(&mut self, text: &str, mut each: impl FnMut(u64, bool)) {
        split(text, |word| {
            let (term, tells) = match self.known.get(word) {
                Some(known) => *known,
                None => {
                    let new = (self.term(word), self.tells(word));
                    if word.len() <= LONGEST {
                        if self.known.len() == REMEMBERED {
                            self.known.clear();
                        }
                        self.known.insert(word.into(), new);
                    }
                    new
                }
            };
            each(term, tells);
        });
    }

    fn tells(&self, word: &str) -> bool {
        !self.stop.contains(word) && !is_number(word)
    }

    /// The telling terms of a text, in order.
    pub(super) fn telling(&self, text: &str) -> Vec<u64> {
        let mut terms = Vec::new();
        split(text, |word| {
            if self.tells(word) {
                terms.push(self.term(word));
            }
        });
        terms
    }

    /// The terms of a query and how much each tells, without its stop words unless nothing else is there. A word that
    /// is said again tells a little more; a number is mostly a value for the tool, and tells little about it.
    pub(super) fn query(&self, text: &str) -> Vec<(u64, f32)> {
        let mut all = Vec::new();
        split(text, |word| all.push(word.to_owned()));
        let only_stops = all.iter().all(|word| self.stop.contains(word.as_str()));
        let mut counts: Vec<(u64, f32, f32)> = Vec::new();
        for word in all.iter().filter(|word| only_stops || !self.stop.contains(word.as_str())) {
            let term = self.term(word);
            match counts.iter_mut().find(|(known, ..)| *known == term) {
                Some((_, times, _)) => *times += 1.0,
                None => counts.push((term, 1.0, if is_number(word) { NUMBER } else { 1.0 })),
            }
        }
        counts.into_iter().map(|(term, times, part)| (term, (1.0 + times.ln()) * part)).collect()
    }

    fn term(&self, word: &str) -> u64 {
        hash(&self.stemmer.stem(word))
    }
}

fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The term under which a joined name is found; no word of a text hashes to it.
pub(super) fn name_term(joined: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    ("name", joined).hash(&mut hasher);
    hasher.finish()
}

/// A name without separators and case: `@scope/parse-csv` and `parseCsv` are both `parsecsv` (the scope is left out).
pub(super) fn joined(name: &str) -> String {
    let base = match name.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
        Some((_, base)) => base,
        None => name,
    };
    base.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The joined names that a document answers to, each once.
pub(super) fn joined_names(name: &str, package: &str) -> Vec<String> {
    let mut names = vec![joined(name)];
    let package = joined(package);
    if !names.contains(&package) {
        names.push(package);
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The names that a query may spell: all its words joined, and every two to four neighbouring ones.
pub(super) fn spelled_names(text: &str) -> Vec<String> {
    const LONGEST: usize = 4;
    let words: Vec<String> =
        text.split(|c: char| c.is_whitespace() || c == ',' || c == '"').map(joined).filter(|w| !w.is_empty()).collect();
    let mut names = vec![words.concat()];
    let mut known: HashSet<String> = names.iter().cloned().collect();
    for length in 1..=LONGEST.min(words.len()) {
        for window in words.windows(length) {
            let name = window.concat();
            if known.insert(name.clone()) {
                names.push(name);
            }
        }
    }
    names
}

/// Calls `each` with every word, in lower case.
pub(super) fn split(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            // `don't` is one word, and the apostrophe is not part of it.
            if !((c == '\'' || c == '’') && before.is_some()) {
                flush(&mut word, &mut each);
                before = None;
            }
            continue;
        }
        let hump = match before {
            Some(last) if c.is_uppercase() => {
                last.is_lowercase()
                    || last.is_numeric()
                    || (last.is_uppercase() && chars.peek().is_some_and(|next| next.is_lowercase()))
            }
            _ => false,
        };
        if hump {
            flush(&mut word, &mut each);
        }
        word.extend(c.to_lowercase());
        before = Some(c);
    }
    flush(&mut word, &mut each);
}

fn flush(word: &mut String, each: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        each(word);
        word.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_spelling_are_the_same_words() {
        for (text, expected) in [
            ("parseCsvFile", "parse csv file"),
            ("parse-csv_file", "parse csv file"),
            ("XMLParser", "xml parser"),
            ("toJSON", "to json"),
            ("base64Encode", "base64 encode"),
            ("don't", "dont"),
            ("@scope/a.b", "scope a b"),
            ("日本語 text", "日本語 text"),
            ("", ""),
        ] {
            let mut words = Vec::new();
            split(text, |word| words.push(word.to_owned()));
            assert_eq!(words.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_query_of_stop_words_only_keeps_them() {
        let words = Words::new();
        assert_eq!(words.query("please find me a tool").len(), 5);
        assert_eq!(words.query("what is 17 * 23").len(), 2);
        assert_eq!(words.query("please parse the csv, parse it").len(), 2);
        let (square, number) = (words.query("square")[0].1, words.query("17")[0].1);
        assert!(number < square);
    }

    #[test]
    fn joined_names_ignore_scope_case_and_separators() {
        assert_eq!(joined("@scope/Parse-CSV"), "parsecsv");
        assert_eq!(joined_names("parseCsv", "@x/parse_csv"), ["parsecsv"]);
        assert!(spelled_names("react router dom").contains(&String::from("reactrouterdom")));
        assert!(spelled_names("the react router guide").contains(&String::from("reactrouter")));
    }
}
