//! Code in colours: comments, texts, numbers, keywords, names that are called, and the two sides of a diff.
//!
//! One tokenizer for all languages, told what a language's comments, quotes and keywords are; `docs/decisions/terminal.md`
//! says why it is our own. What it does not know it leaves plain. The promise: the pieces of a line are the line, whatever
//! the language and however the code ends.

mod languages;
#[cfg(test)]
mod tests;

use languages::{Language, language};

/// What a piece of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Plain,
    Comment,
    Text,
    Number,
    Keyword,
    /// What is called, a key, a type, a tag.
    Name,
    Added,
    Removed,
    /// Where a diff is.
    Place,
}

/// A line in pieces.
pub type Pieces<'a> = Vec<(Kind, &'a str)>;

/// The lines of a code, each in pieces.
pub fn lines<'a>(name: &str, code: &'a str) -> Vec<Pieces<'a>> {
    match (name.to_lowercase().as_str(), language(name)) {
        ("diff" | "patch" | "udiff", _) => code.split('\n').map(|line| vec![(of_diff(line), line)]).collect(),
        (_, None) => code.split('\n').map(|line| vec![(Kind::Plain, line)]).collect(),
        (_, Some(language)) => {
            let mut open = None;
            code.split('\n').map(|line| of_line(&language, line, &mut open)).collect()
        }
    }
}

fn of_diff(line: &str) -> Kind {
    match line.as_bytes().first() {
        _ if ["+++", "---", "@@", "diff ", "index "].iter().any(|start| line.starts_with(start)) => Kind::Place,
        Some(b'+' | b'>') => Kind::Added,
        Some(b'-' | b'<') => Kind::Removed,
        _ => Kind::Plain,
    }
}

/// What goes on over the end of a line: its end, and what it is.
type Open = Option<(&'static str, Kind)>;

fn of_line<'a>(language: &Language, line: &'a str, open: &mut Open) -> Pieces<'a> {
    let mut pieces = Vec::new();
    let mut rest = line;
    let mut is_after_name = false;
    if let Some((end, kind)) = *open {
        let length = closing(rest, end, open);
        pieces.push((kind, &rest[..length]));
        rest = &rest[length..];
    }
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next(language, rest, first, is_after_name, open);
        is_after_name = first.is_alphanumeric() || first == '_';
        push(&mut pieces, kind, &rest[..length]);
        rest = &rest[length..];
    }
    pieces
}

/// The bytes up to the end of what is open; all of the line where it does not end.
fn closing(text: &str, end: &str, open: &mut Open) -> usize {
    match text.find(end) {
        Some(at) => {
            *open = None;
            at + end.len()
        }
        None => text.len(),
    }
}

fn next(language: &Language, rest: &str, first: char, is_after_name: bool, open: &mut Open) -> (Kind, usize) {
    if language.line_comments.iter().any(|start| rest.starts_with(start)) {
        return (Kind::Comment, rest.len());
    }
    if let Some((start, end)) = language.block_comment.filter(|(start, _)| rest.starts_with(start)) {
        *open = Some((end, Kind::Comment));
        return (Kind::Comment, start.len() + closing(&rest[start.len()..], end, open));
    }
    if let Some(quote) = language.long_quotes.iter().find(|quote| rest.starts_with(**quote)) {
        *open = Some((quote, Kind::Text));
        return (Kind::Text, quote.len() + closing(&rest[quote.len()..], quote, open));
    }
    if language.quotes.contains(&first) {
        let length = quoted(rest, first);
        let is_key = language.has_keys && rest[length..].trim_start().starts_with(':');
        return (if is_key { Kind::Name } else { Kind::Text }, length);
    }
    if first.is_ascii_digit() && !is_after_name {
        return (Kind::Number, span(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')));
    }
    if first.is_alphabetic() || matches!(first, '_' | '$' | '@') {
        let length = first.len_utf8()
            + span(&rest[first.len_utf8()..], |c| {
                c.is_alphanumeric() || matches!(c, '_' | '-') && language.has_keys || c == '_'
            });
        return (word(language, &rest[..length], &rest[length..]), length);
    }
    (Kind::Plain, first.len_utf8())
}

fn word(language: &Language, word: &str, after: &str) -> Kind {
    let is_keyword = match language.any_case {
        true => language.keywords.contains(&word.to_lowercase().as_str()),
        false => language.keywords.contains(&word),
    };
    let is_called = after.starts_with('(') || after.starts_with("!(");
    let is_key = language.has_keys && after.trim_start().starts_with([':', '=']);
    match (is_keyword, is_called || is_key) {
        (true, _) => Kind::Keyword,
        (false, true) => Kind::Name,
        (false, false) => Kind::Plain,
    }
}

/// Bytes of a quoted text, to its end or to the end of the line.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn push<'a>(pieces: &mut Pieces<'a>, kind: Kind, piece: &'a str) {
    pieces.push((kind, piece));
}
