//! Taking a message apart: claiming its values from the most certain kind to the least.
//!
//! What was piped in or fenced, and JSON, is taken whole whatever its size; of the rest, the beginning is read
//! ([`budget::PROSE`]), since several rules look at the whole of it for each of its words.

use super::{
    lexer,
    lexicon::is_unspaced,
    message::{Datum, Kind},
};
use crate::{budget, id::ToolId};
use serde_json::Value;
use std::ops::Range;

/// Places that are tried for the beginning of a value of one kind, where each may be sought to the end of the text.
const TRIES: usize = 200;

struct Reader<'a> {
    text: &'a str,
    masked: String,
    data: Vec<Datum>,
}

/// A message's values and what is left of it.
pub(super) struct Read {
    pub data: Vec<Datum>,
    pub tools: Vec<ToolId>,
    /// The text with every value and tool id blanked out by `\u{1}`, byte for byte.
    pub masked: String,
}

pub(super) fn read(text: &str) -> Read {
    let mut reader = Reader { text, masked: text.to_owned(), data: Vec::new() };
    reader.piped();
    reader.ticks();
    reader.json(false);
    reader.shorten();
    reader.markup();
    reader.braces();
    reader.quotes();
    let tools = reader.tool_ids();
    reader.urls();
    reader.functions_of_colour();
    reader.runs(&Kind::Cron, |run| Some((lexer::cron(run)?, None)));
    // "5 March 2024" and "March 5th, 2024" are 2024-03-05.
    reader.runs(&Kind::Date, |run| Some((3, Some(lexer::date_in_words(run.get(..3)?)?))));
    reader.phones();
    reader.runs(&Kind::Duration, |run| Some((lexer::duration(run)?, None)));
    reader.words();
    reader.json(true);
    Read { data: reader.data, tools, masked: reader.masked }
}

/// What a word is by itself, numbers apart.
pub(super) fn classify(word: &str) -> Option<Kind> {
    type Test = fn(&str) -> bool;
    let looks: [(Test, Kind); 12] = [
        (lexer::is_email, Kind::Email),
        (lexer::is_date, Kind::Date),
        (lexer::is_date_pattern, Kind::DatePattern),
        (lexer::is_version, Kind::Version),
        (lexer::is_range, Kind::Range),
        (lexer::is_uuid, Kind::Uuid),
        (lexer::is_color, Kind::Color),
        (lexer::is_ip, Kind::Ip),
        (lexer::is_jwt, Kind::Jwt),
        (lexer::is_regex, Kind::Regex),
        (lexer::is_path, Kind::Code),
        (lexer::is_file, Kind::File),
    ];
    looks.into_iter().find(|(is, _)| is(word)).map(|(_, kind)| kind)
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

    /// What was piped in: from the first mark to the last one that closes it, whatever stands between them.
    fn piped(&mut self) {
        let Some(from) = self.masked.find("<stdin") else { return };
        let Some(length) = self.masked[from..].find('>') else { return };
        let inside = from + length + 1;
        let name = self.masked[from + 1..inside - 1].split(' ').next().unwrap_or_default();
        let close = format!("</{name}>");
        let Some(until) = self.masked.rfind(&close).filter(|until| *until >= inside) else { return };
        let text = self.text[inside..until].trim_matches(['\r', '\n']);
        self.claim(Kind::Stdin, from..until + close.len(), text);
    }

    /// What stands between backticks: a fence with its language, or code.
    fn ticks(&mut self) {
        let run = |text: &str| text.len() - text.trim_start_matches('`').len();
        let mut at = 0;
        for _ in 0..TRIES {
            let Some(found) = self.masked.get(at..).and_then(|rest| rest.find('`')) else { return };
            let from = at + found;
            let ticks = run(&self.masked[from..]);
            let inside = from + ticks;
            let marks = "`".repeat(ticks);
            let closes = |end: &usize| run(&self.masked[*end..]) == ticks && !self.masked[..*end].ends_with('`');
            let mut ends = self.masked[inside..].match_indices(&marks).map(|(end, _)| inside + end);
            let Some(end) = ends.find(closes) else {
                at = inside;
                continue;
            };
            let body = &self.text[inside..end];
            at = end + ticks;
            if ticks < 3 {
                self.claim(Kind::Code, from..at, body);
                continue;
            }
            let (tag, content) = body.split_once('\n').unwrap_or(("", body));
            let content = content.strip_suffix('\n').unwrap_or(content);
            self.claim(Kind::Fence(tag.trim().to_lowercase()), from..at, content);
        }
    }

    /// JSON values. The first round takes what holds quotes or braces; lists of bare figures wait until arithmetic,
    /// which they may be part of, had its turn.
    fn json(&mut self, lists_of_figures: bool) {
        let mut at = 0;
        for _ in 0..TRIES {
            let Some(found) = self.masked.get(at..).and_then(|rest| rest.find(['{', '['])) else { return };
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

    /// Leaves the beginning of what is no value yet.
    fn shorten(&mut self) {
        let mut free = 0;
        let end = self.masked.char_indices().find(|(_, c)| {
            free += if *c == '\u{1}' { 0 } else { c.len_utf8() };
            free > budget::PROSE.most
        });
        if let Some((end, _)) = end {
            self.blank(end..self.masked.len());
        }
    }

    /// HTML or XML that stands openly: from the first tag to the end of the last, where one of them closes.
    fn markup(&mut self) {
        let opens = |(at, _): &(usize, &str)| {
            self.masked[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?'))
        };
        let Some(from) = self.masked.match_indices('<').find(opens).map(|(at, _)| at) else { return };
        let Some(end) = self.masked[from..].rfind('>').map(|length| from + length + 1) else { return };
        let text = &self.text[from..end];
        if (text.contains("</") || text.contains("/>")) && self.is_free(&(from..end)) {
            self.claim(Kind::Code, from..end, text);
        }
    }

    /// What stands between braces and does not parse, up to the brace that closes it or the end.
    fn braces(&mut self) {
        let mut at = 0;
        for _ in 0..TRIES {
            let Some(found) = self.masked.get(at..).and_then(|rest| rest.find('{')) else { return };
            let from = at + found;
            at = from + 1;
            if !self.masked[..from].ends_with(|c: char| c.is_whitespace()) && from > 0 {
                continue;
            }
            let mut depth = 0_i32;
            let closing = self.masked[from..].char_indices().find(|(_, c)| {
                depth += i32::from(*c == '{') - i32::from(*c == '}');
                depth == 0
            });
            let end = closing.map_or(self.text.trim_end().len(), |(length, _)| from + length + 1);
            let text = &self.text[from..end];
            // Code has braces too, but hardly begins with one that holds pairs.
            if text.contains(':') && text.contains(['"', '\'', ',']) && self.is_free(&(from..end)) {
                self.claim(Kind::Braced, from..end, text);
                at = end;
            }
        }
    }

    /// A plus and at least seven figures, however they are set apart.
    fn phones(&mut self) {
        for (span, word) in self.free_words() {
            if !word.starts_with('+') || !self.is_free(&span) {
                continue;
            }
            let rest = &self.masked[span.start + 1..];
            let length = rest
                .find(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '/')))
                .unwrap_or(rest.len());
            let number = rest[..length].trim_end_matches([' ', '-', '(', '/']);
            if number.chars().filter(char::is_ascii_digit).count() >= 7 {
                let span = span.start..span.start + 1 + number.len();
                let text = self.text;
                self.claim(Kind::Phone, span.clone(), &text[span]);
            }
        }
    }

    fn quotes(&mut self) {
        let text = self.text;
        let pairs =
            [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('\'', '\''), ('‘', '’'), ('「', '」'), ('『', '』')];
        // What closes nothing here closes nothing further on.
        let mut never: Vec<char> = Vec::new();
        let mut until = 0;
        let mut previous = ' ';
        for (from, c) in text.char_indices() {
            let opens = from >= until
                && (!previous.is_alphanumeric() || is_unspaced(previous) || matches!(c, '「' | '『' | '“' | '„' | '«'))
                && self.masked.is_char_boundary(from)
                && !self.masked[from..].starts_with('\u{1}');
            previous = c;
            let Some((_, close)) =
                pairs.iter().find(|(open, _)| *open == c).filter(|(_, close)| opens && !never.contains(close))
            else {
                continue;
            };
            let inside = from + c.len_utf8();
            let closing = text[inside..].match_indices(*close).map(|(at, _)| inside + at).find(|at| {
                let after = text[at + close.len_utf8()..].chars().next();
                // An apostrophe closes nothing in the middle of a word.
                !matches!(close, '\'' | '’') || after.is_none_or(|after| !after.is_alphanumeric())
            });
            let Some(end) = closing else {
                never.push(*close);
                continue;
            };
            let span = from..end + close.len_utf8();
            if end == inside || self.is_free(&span) {
                until = span.end;
                self.claim(Kind::Quoted, span, &text[inside..end]);
            }
        }
    }

    /// The free words with their places, cut at white space and without punctuation around them.
    fn free_words(&self) -> Vec<(Range<usize>, String)> {
        let apart = |c: char| c.is_whitespace() || c == '\u{1}';
        let (mut words, mut at) = (Vec::new(), 0);
        for piece in self.masked.split_inclusive(apart) {
            let word = piece.trim_end_matches(apart);
            let front = word.len() - word.trim_start_matches(['(', '[', '{', ',', ';', '¿']).len();
            let word = word[front..].trim_end_matches([',', ';', '!', '?', ')', ']', '}', ':']);
            let word = word.strip_suffix('.').unwrap_or(word);
            if !word.is_empty() {
                words.push((at + front..at + front + word.len(), word.to_owned()));
            }
            at += piece.len();
        }
        words
    }

    fn tool_ids(&mut self) -> Vec<ToolId> {
        let quoted = self.data.iter().filter(|d| d.kind == Kind::Code || d.kind == Kind::Quoted);
        let mut ids: Vec<ToolId> = quoted.filter_map(|datum| tool_id(&datum.text)).collect();
        self.data.retain(|datum| !(matches!(datum.kind, Kind::Code | Kind::Quoted) && tool_id(&datum.text).is_some()));
        for (span, word) in self.free_words() {
            if let Some(id) = tool_id(&word) {
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

    /// Words side by side that are one value: how many of those that begin somewhere, and what they mean where that is not
    /// what is written.
    fn runs(&mut self, kind: &Kind, value: impl Fn(&[&str]) -> Option<(usize, Option<String>)>) {
        let words = self.free_words();
        let mut at = 0;
        while at < words.len() {
            let run: Vec<&str> = words[at..].iter().take(7).map(|(_, word)| word.as_str()).collect();
            let found = value(&run).map(|(count, text)| (words[at].0.start..words[at + count - 1].0.end, count, text));
            let Some((span, count, text)) = found.filter(|(span, ..)| self.is_free(span)) else {
                at += 1;
                continue;
            };
            let written = self.text;
            self.claim(kind.clone(), span.clone(), text.as_deref().unwrap_or(&written[span]));
            at += count;
        }
    }

    /// Words that are values by themselves.
    fn words(&mut self) {
        for (span, word) in self.free_words() {
            if let Some(kind) = classify(&word) {
                self.claim(kind, span, &word);
            }
        }
        self.clocks();
        let words = self.free_words();
        for (at, (span, word)) in words.iter().enumerate() {
            let half = words.get(at + 1).filter(|(next, _)| next.start == span.end + 1);
            let end = half.filter(|(_, half)| matches!(half.to_lowercase().replace('.', "").as_str(), "am" | "pm"));
            let span = span.start..end.map_or(span.end, |(next, _)| next.end);
            let clock = lexer::clock(&self.text[span.clone()]).or_else(|| lexer::clock(word).filter(|_| end.is_none()));
            if let Some(clock) = clock.filter(|_| self.is_free(&span)) {
                self.claim(Kind::Clock, span, &clock);
            }
        }
        self.ranges();
    }

    /// Colours as CSS writes them: `rgb(255, 0, 128)`.
    fn functions_of_colour(&mut self) {
        let lower = self.masked.to_ascii_lowercase();
        let places = ["rgb", "hsl"].into_iter().flat_map(|name| lower.match_indices(name).take(TRIES));
        for (from, _) in places {
            let span = from..from + lexer::color_function(&lower[from..]).unwrap_or_default();
            if !span.is_empty() && self.is_free(&span) {
                let text = self.text;
                self.claim(Kind::Color, span.clone(), &text[span]);
            }
        }
    }

    /// Ranges side by side are one: `>=2.0.0 <3.0.0`.
    fn ranges(&mut self) {
        self.data.sort_by_key(|datum| datum.span.start);
        let mut merged: Vec<Datum> = Vec::new();
        for datum in std::mem::take(&mut self.data) {
            match merged.last_mut() {
                Some(last)
                    if last.kind == Kind::Range
                        && datum.kind == Kind::Range
                        && last.span.end + 1 == datum.span.start =>
                {
                    last.span.end = datum.span.end;
                    last.text = format!("{} {}", last.text, datum.text);
                }
                _ => merged.push(datum),
            }
        }
        self.data = merged;
    }

    /// A time of day belongs to the date before it.
    fn clocks(&mut self) {
        for (span, word) in self.free_words() {
            let date = self.data.iter_mut().find(|d| d.kind == Kind::Date && d.span.end + 1 == span.start);
            let clock = lexer::clock(&word);
            if let Some(date) = date
                && (clock.is_some() || ["UTC", "GMT"].contains(&word.as_str()))
            {
                date.span.end = span.end;
                date.text = format!("{} {}", date.text, clock.unwrap_or(word));
                self.blank(span);
            }
        }
    }
}

/// A tool id with a package and an export that could be ones; `2001:db8::1` is an address.
fn tool_id(word: &str) -> Option<ToolId> {
    let id: ToolId = word.parse().ok()?;
    let package = id.package().chars().all(|c| c.is_ascii_alphanumeric() || "@/-._~".contains(c));
    let export = id.export().starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
    (package && export).then_some(id)
}
