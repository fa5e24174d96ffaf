//! A user's message, taken apart: the values in it, each with its place, and the words around them.
//!
//! Values are claimed from the most certain to the least (piped stdin, fences, JSON, quotes, addresses, dates, ...,
//! numbers); no part of the text belongs to two values. What is left over is the prose.

use super::{lexer, reader};
use crate::id::ToolId;
use serde_json::Value;
use std::ops::Range;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// What was piped in, marked by `<stdin>`.
    Stdin,
    /// A fenced block with its language tag, possibly empty.
    Fence(String),
    Code,
    /// Text between quotation marks.
    Quoted,
    /// A JSON object or array.
    Json,
    /// Something between braces that is no JSON, though it may have been meant as such.
    Braced,
    /// Words after a colon.
    Tail,
    Url,
    Email,
    Date,
    /// A pattern for dates, as `DD.MM.YYYY`.
    DatePattern,
    Cron,
    Version,
    Range,
    Uuid,
    Color,
    Ip,
    /// A length of time in figures, as `1h 20m`.
    Duration,
    /// A JSON Web Token.
    Jwt,
    /// A telephone number in international form.
    Phone,
    /// A Roman numeral, where the message speaks of numbers.
    Roman,
    /// A file's name, as `photo.png`.
    File,
    /// Arithmetic, as `2*(3+4)`.
    Expression,
    Number,
}

/// One value of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datum {
    pub kind: Kind,
    /// The value itself, without marks around it.
    pub text: String,
    /// Where it stands in the message, marks included.
    pub span: Range<usize>,
}

impl Datum {
    /// The language of a block, by its tag or else by its looks.
    pub(super) fn language(&self) -> Option<String> {
        match &self.kind {
            // A tag may be a file's name, too.
            Kind::Fence(tag) if !["", "text", "txt"].contains(&tag.rsplit('.').next().unwrap_or_default()) => Some(
                match tag.rsplit('.').next().unwrap_or_default() {
                    "yml" => "yaml",
                    "md" => "markdown",
                    "patch" => "diff",
                    "htm" => "html",
                    "js" => "javascript",
                    "ts" => "typescript",
                    other => other,
                }
                .to_owned(),
            ),
            Kind::Json | Kind::Braced => Some("json".to_owned()),
            Kind::Stdin | Kind::Fence(_) | Kind::Code | Kind::Quoted | Kind::Tail => {
                lexer::sniff(&self.text).map(str::to_owned)
            }
            _ => None,
        }
    }

    /// What it is by its looks, also where it stands between quotation marks.
    pub(super) fn looks(&self) -> Kind {
        match &self.kind {
            Kind::Quoted | Kind::Code => {
                let words: Vec<&str> = self.text.split_whitespace().collect();
                if lexer::cron(&words).is_some_and(|count| count == words.len()) {
                    return Kind::Cron;
                }
                if lexer::url(&self.text).is_some_and(|end| end == self.text.len()) {
                    return Kind::Url;
                }
                reader::classify(&self.text).unwrap_or_else(|| self.kind.clone())
            }
            kind => kind.clone(),
        }
    }

    /// Whether another value shares its place, as the values inside a tail do.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.span.start < other.span.end && other.span.start < self.span.end
    }

    /// Whether it is a piece of text that somebody set apart.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Stdin | Kind::Fence(_) | Kind::Code | Kind::Quoted)
    }

    /// The JSON value, when the text is one.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(self.text.trim()).ok()
    }
}

/// A message, read.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// As it was written.
    pub text: String,
    /// Its values, in order of place.
    pub data: Vec<Datum>,
    /// Tool ids that it names.
    pub tools: Vec<ToolId>,
    /// The text with every value and tool id blanked out by `\u{1}`, byte for byte.
    masked: String,
}

impl Message {
    pub(super) fn read(text: &str) -> Self {
        let read = reader::read(text);
        let mut message = Self { text: text.to_owned(), data: read.data, tools: read.tools, masked: read.masked };
        let tail = message.after_colon().and_then(|tail| message.tail(tail));
        message.data.extend(tail);
        message.data.sort_by_key(|datum| datum.span.start);
        message
    }

    /// The text after a colon as a value of its own, when it is one line of words and not just other values.
    fn tail(&self, text: &str) -> Option<Datum> {
        let start = self.text.len() - self.text.trim_end().len();
        let end = self.text.len() - start;
        let span = end.checked_sub(text.len())?..end;
        let apart = |datum: &Datum| datum.is_text() || datum.kind == Kind::Json || datum.kind == Kind::Braced;
        let holds_other = self.data.iter().any(|d| apart(d) && d.span.start < span.end && span.start < d.span.end);
        (!holds_other && !text.is_empty()).then(|| Datum { kind: Kind::Tail, text: text.to_owned(), span })
    }

    /// The words around the values; each value is one `\u{1}`.
    pub(super) fn prose(&self) -> String {
        let mut prose = String::with_capacity(self.masked.len());
        for c in self.masked.chars() {
            if c != '\u{1}' || !prose.ends_with('\u{1}') {
                prose.push(c);
            }
        }
        prose
    }

    /// The text that stands between two places when none of it is a value.
    pub(super) fn plain(&self, span: Range<usize>) -> Option<&str> {
        self.masked.get(span).filter(|text| !text.contains('\u{1}'))
    }

    /// Up to three words right before a value, nearest first.
    pub(super) fn before(&self, datum: &Datum) -> Vec<String> {
        let text = self.masked.get(..datum.span.start).unwrap_or_default();
        let text = text.rsplit('\u{1}').next().unwrap_or_default();
        let mut words = super::words::split(text);
        words.reverse();
        words.truncate(3);
        words
    }

    /// The word right after a value.
    pub(super) fn after(&self, datum: &Datum) -> Option<String> {
        let text = self.masked.get(datum.span.end..).unwrap_or_default();
        let text = text.split(['\u{1}', '.', ',', ';', '\n']).next().unwrap_or_default();
        super::words::split(text).into_iter().next()
    }

    /// What stands after the first colon of the prose, when that is more than values that were found anyway.
    pub(super) fn after_colon(&self) -> Option<&str> {
        let at = self
            .masked
            .char_indices()
            .find(|(at, c)| *c == ':' && self.masked[at + 1..].starts_with([' ', '\n']))
            .map(|(at, _)| at)?;
        let head = self.masked.get(..at)?;
        let tail = self.masked.get(at + 1..)?;
        let says_something = tail.chars().any(char::is_alphabetic) && head.chars().any(char::is_alphabetic);
        says_something.then(|| self.text[at + 1..].trim())
    }

    /// The value of `name: value` or `name=value` (any case, `_`, `-` or nothing between the words of the name), up to
    /// the end of the line, the next `, other:` of the other names or, after `=`, the next space.
    pub(super) fn pair(&self, name: &str, others: &[&str]) -> Option<String> {
        let wanted = squeeze(name);
        let blocks: Vec<&Datum> =
            self.data.iter().filter(|d| matches!(d.kind, Kind::Stdin | Kind::Fence(_) | Kind::Json)).collect();
        for (at, mark) in self.text.match_indices([':', '=']) {
            let compares = self.text[..at].ends_with(['<', '>', '!', '=', '^', '~']);
            if compares || blocks.iter().any(|block| block.span.contains(&at)) {
                continue;
            }
            let key = self.text[..at].trim_end();
            let key_from = key.rfind([' ', '\n', ',', ';', '(', '\t', '?']).map_or(0, |space| space + 1);
            // Two words may be one name ("page size: 3").
            let before = key[..key_from].trim_end();
            let two_from = before.rfind([' ', '\n', ',', ';']).map_or(0, |space| space + 1);
            let named =
                squeeze(&key[key_from..]) == wanted || (two_from < key_from && squeeze(&key[two_from..]) == wanted);
            if named && !wanted.is_empty() {
                let rest = self.text[at + 1..].trim_start_matches([' ', '=']);
                // A value that was set apart is taken whole.
                let from = self.text.len() - rest.len();
                let from = from + rest.len() - rest.trim_start().len();
                if let Some(datum) =
                    self.data.iter().find(|d| d.span.start == from && (d.is_text() || d.kind == Kind::Json))
                {
                    return Some(datum.text.clone());
                }
                let value = pair_value(rest, mark == "=", others);
                if !value.is_empty() {
                    return Some(value.to_owned());
                }
            }
        }
        None
    }
}

/// A name without case and separators, as names are compared.
pub(super) fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn pair_value<'a>(rest: &'a str, one_word: bool, others: &[&str]) -> &'a str {
    let line = rest.lines().next().unwrap_or_default();
    if one_word {
        return line.split(char::is_whitespace).next().unwrap_or_default().trim_end_matches([',', ';']);
    }
    // `a: 1, b: 2`: the value ends where the next `, name:` begins.
    let end = line
        .match_indices([',', ';'])
        .find(|(at, _)| {
            let next = line[at + 1..].trim_start();
            let name = next.split([':', '=']).next().unwrap_or_default();
            name.len() < next.len() && others.iter().any(|other| squeeze(other) == squeeze(name))
        })
        .map_or(line.len(), |(at, _)| at);
    line[..end].trim()
}
