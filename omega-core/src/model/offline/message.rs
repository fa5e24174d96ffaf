//! A user's message, taken apart: the values in it, each with its place, and the words around them.
//!
//! Values are claimed from the most certain to the least (piped stdin, fences, JSON, quotes, addresses, dates, ...,
//! numbers); no part of the text belongs to two values. What is left over is the prose.

use super::{lexer, math, units};
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
    /// Text between backticks.
    Code,
    /// Text between quotation marks.
    Quoted,
    /// A JSON object or array.
    Json,
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
            Kind::Fence(tag) if !tag.is_empty() && tag != "text" && tag != "txt" => Some(
                match tag.as_str() {
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
            Kind::Json => Some("json".to_owned()),
            Kind::Stdin | Kind::Fence(_) | Kind::Code | Kind::Quoted => lexer::sniff(&self.text).map(str::to_owned),
            _ => None,
        }
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
    /// Reads a message.
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader { text, masked: text.to_owned(), data: Vec::new() };
        reader.marked("<stdin>", "</stdin>", &Kind::Stdin);
        reader.fences();
        reader.marked("`", "`", &Kind::Code);
        reader.json(false);
        reader.quotes();
        let tools = reader.tool_ids();
        reader.urls();
        reader.cron_lines();
        reader.words(true);
        reader.expressions();
        reader.json(true);
        reader.words(false);
        reader.data.sort_by_key(|datum| datum.span.start);
        Self { text: text.to_owned(), data: reader.data, tools, masked: reader.masked }
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
            if blocks.iter().any(|block| block.span.contains(&at)) {
                continue;
            }
            let key = self.text[..at].trim_end();
            let key_from = key.rfind([' ', '\n', ',', ';', '(', '{', '\t', '?']).map_or(0, |space| space + 1);
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

struct Reader<'a> {
    text: &'a str,
    masked: String,
    data: Vec<Datum>,
}

impl Reader<'_> {
    fn is_free(&self, span: &Range<usize>) -> bool {
        self.masked.get(span.clone()).is_some_and(|text| !text.contains('\u{1}'))
    }

    fn claim(&mut self, kind: Kind, span: Range<usize>, text: &str) {
        self.blank(span.clone());
        self.data.push(Datum { kind, text: text.to_owned(), span });
    }

    fn blank(&mut self, span: Range<usize>) {
        let blank = "\u{1}".repeat(span.len());
        self.masked.replace_range(span, &blank);
    }

    /// Everything between two marks.
    fn marked(&mut self, open: &str, close: &str, kind: &Kind) {
        let mut at = 0;
        while let Some(from) = self.masked.get(at..).and_then(|rest| rest.find(open)).map(|found| at + found) {
            let inside = from + open.len();
            let Some(length) = self.masked[inside..].find(close) else { return };
            let end = inside + length + close.len();
            let text = &self.text[inside..inside + length];
            let text = if *kind == Kind::Stdin { text.trim_matches(['\r', '\n']) } else { text };
            if !text.is_empty() {
                self.claim(kind.clone(), from..end, text);
            }
            at = end;
        }
    }

    fn fences(&mut self) {
        let mut at = 0;
        while let Some(from) = self.masked.get(at..).and_then(|rest| rest.find("```")).map(|found| at + found) {
            let ticks = self.masked[from..].chars().take_while(|c| *c == '`').count();
            let fence = "`".repeat(ticks);
            let head = from + ticks;
            let Some(length) = self.masked[head..].find(&fence) else { return };
            let body = &self.text[head..head + length];
            let (tag, content) = match body.split_once('\n') {
                Some((tag, content)) => (tag.trim().to_lowercase(), content),
                None => (String::new(), body),
            };
            let content = content.strip_suffix('\n').unwrap_or(content);
            let end = head + length + ticks;
            self.claim(Kind::Fence(tag), from..end, content);
            at = end;
        }
    }

    /// JSON values. The first round takes what holds quotes or braces; lists of bare figures wait until arithmetic,
    /// which they may be part of, had its turn.
    fn json(&mut self, lists_of_figures: bool) {
        let mut at = 0;
        while let Some(found) = self.masked.get(at..).and_then(|rest| rest.find(['{', '['])) {
            let from = at + found;
            at = from + 1;
            let mut values = serde_json::Deserializer::from_str(&self.text[from..]).into_iter::<Value>();
            let Some(Ok(_)) = values.next() else { continue };
            let span = from..from + values.byte_offset();
            let text = &self.text[span.clone()];
            let holds_text = text.contains(['"', '{']);
            if (holds_text || lists_of_figures) && self.is_free(&span) {
                at = span.end;
                self.claim(Kind::Json, span, text);
            }
        }
    }

    fn quotes(&mut self) {
        let text = self.text;
        let pairs = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('\'', '\''), ('‘', '’')];
        let mut until = 0;
        let mut previous = ' ';
        for (from, c) in text.char_indices() {
            let opens = from >= until
                && !previous.is_alphanumeric()
                && self.masked.is_char_boundary(from)
                && !self.masked[from..].starts_with('\u{1}');
            previous = c;
            let Some((_, close)) = pairs.iter().find(|(open, _)| *open == c).filter(|_| opens) else { continue };
            let inside = from + c.len_utf8();
            let closing = text[inside..].match_indices(*close).map(|(at, _)| inside + at).find(|at| {
                let after = text[at + close.len_utf8()..].chars().next();
                // An apostrophe closes nothing in the middle of a word.
                after.is_none_or(|after| !after.is_alphanumeric())
            });
            let Some(end) = closing else { continue };
            let span = from..end + close.len_utf8();
            if end > inside && self.is_free(&span) {
                until = span.end;
                self.claim(Kind::Quoted, span, &text[inside..end]);
            } else if end == inside {
                until = span.end;
                self.claim(Kind::Quoted, span, "");
            }
        }
    }

    /// The free words with their places, cut at white space and without punctuation around them.
    fn free_words(&self) -> Vec<(Range<usize>, String)> {
        let mut words = Vec::new();
        let mut from = None;
        for (at, c) in self.masked.char_indices().chain([(self.masked.len(), ' ')]) {
            if c.is_whitespace() || c == '\u{1}' {
                if let Some(start) = from.take() {
                    let word = &self.masked[start..at];
                    let front = word.len() - word.trim_start_matches(['(', '[', '{', ',', ';', '¿']).len();
                    let word = word[front..].trim_end_matches([',', ';', '!', '?', ')', ']', '}', ':']);
                    let word = word.strip_suffix('.').unwrap_or(word);
                    if !word.is_empty() {
                        words.push((start + front..start + front + word.len(), word.to_owned()));
                    }
                }
            } else if from.is_none() {
                from = Some(at);
            }
        }
        words
    }

    fn tool_ids(&mut self) -> Vec<ToolId> {
        let quoted = self.data.iter().filter(|d| d.kind == Kind::Code || d.kind == Kind::Quoted);
        let mut ids: Vec<ToolId> = quoted.filter_map(|datum| datum.text.parse().ok()).collect();
        self.data
            .retain(|datum| !(matches!(datum.kind, Kind::Code | Kind::Quoted) && datum.text.parse::<ToolId>().is_ok()));
        for (span, word) in self.free_words() {
            if let Ok(id) = word.parse::<ToolId>() {
                self.blank(span);
                ids.push(id);
            }
        }
        ids
    }

    fn urls(&mut self) {
        for (span, _) in self.free_words() {
            if let Some(length) = lexer::url(&self.text[span.start..]) {
                let url = &self.text[span.start..span.start + length];
                self.claim(Kind::Url, span.start..span.start + length, url);
            }
        }
    }

    fn cron_lines(&mut self) {
        let words = self.free_words();
        let mut at = 0;
        while at < words.len() {
            let run: Vec<&str> = words[at..].iter().take(7).map(|(_, word)| word.as_str()).collect();
            let Some(count) = lexer::cron(&run) else {
                at += 1;
                continue;
            };
            let span = words[at].0.start..words[at + count - 1].0.end;
            let text = self.text;
            self.claim(Kind::Cron, span.clone(), &text[span]);
            at += count;
        }
    }

    /// Words that are values by themselves; `certain` leaves numbers for later, which arithmetic may need.
    fn words(&mut self, certain: bool) {
        for (mut span, mut word) in self.free_words() {
            if !certain {
                let front = word.len() - word.trim_start_matches(['$', '€', '£']).len();
                let figures = units::figures(word[front..].trim_end_matches('%'));
                span = span.start + front..span.start + front + figures.len();
                word = figures.to_owned();
            }
            let kind = if !certain {
                lexer::number(&word).map(|_| Kind::Number)
            } else if lexer::is_email(&word) {
                Some(Kind::Email)
            } else if lexer::is_date(&word) {
                Some(Kind::Date)
            } else if lexer::is_date_pattern(&word) {
                Some(Kind::DatePattern)
            } else if lexer::is_version(&word) {
                Some(Kind::Version)
            } else if lexer::is_range(&word) {
                Some(Kind::Range)
            } else if lexer::is_uuid(&word) {
                Some(Kind::Uuid)
            } else if lexer::is_color(&word) {
                Some(Kind::Color)
            } else if lexer::is_ip(&word) {
                Some(Kind::Ip)
            } else {
                None
            };
            if let Some(kind) = kind {
                self.claim(kind, span, &word);
            }
        }
        if certain {
            self.clocks();
        }
    }

    /// A time of day belongs to the date before it.
    fn clocks(&mut self) {
        for (span, word) in self.free_words() {
            let date = self.data.iter_mut().find(|d| d.kind == Kind::Date && d.span.end + 1 == span.start);
            if let Some(date) = date
                && lexer::is_clock(&word)
            {
                date.span.end = span.end;
                date.text = format!("{} {word}", date.text);
                self.blank(span);
            }
        }
    }

    fn expressions(&mut self) {
        let text = self.text;
        for span in math::arithmetic(&self.masked) {
            self.claim(Kind::Expression, span.clone(), &text[span]);
        }
    }
}
