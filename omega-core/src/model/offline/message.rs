//! A user's message, taken apart: the values in it, each with its place, and the words, numbers and signs around them.
//!
//! Values are claimed from the most certain to the least (what was piped in, fences, JSON, quotes, addresses, dates, ...);
//! no part of the text belongs to two values.

use super::{
    lexer,
    lexicon::{Form, LONGEST, lexicon, named},
    reader,
};
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
    /// Text between backticks, or markup.
    Code,
    /// Text between quotation marks.
    Quoted,
    /// A JSON object or array.
    Json,
    /// Something between braces that is no JSON, though it may have been meant as such.
    Braced,
    /// Words after a colon.
    Tail,
    /// Words that nothing sets apart.
    Words,
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
    /// A file's name, as `photo.png`.
    File,
    Regex,
    /// A time of day.
    Clock,
    Number,
}

/// Bytes beyond which a text is none of the kinds that one value is of.
const LONGEST_VALUE: usize = 64 * 1024;

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
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, text: text.to_owned(), span: 0..0 }
    }

    /// The language of a block, by its tag or else by its looks.
    pub(super) fn language(&self) -> Option<String> {
        match &self.kind {
            // A tag may be a file's name, too.
            Kind::Fence(tag) if !["", "text", "txt"].contains(&tag.rsplit('.').next().unwrap_or_default()) => {
                tag.rsplit('.').next().map(|tag| named("%tag", tag).unwrap_or(tag).to_owned())
            }
            Kind::Json => Some("json".to_owned()),
            Kind::Stdin | Kind::Fence(_) | Kind::Code | Kind::Quoted | Kind::Tail => {
                lexer::sniff(&self.text).map(str::to_owned)
            }
            _ => None,
        }
    }

    /// What it is by its looks, also where it stands between quotation marks.
    pub(super) fn looks(&self) -> Kind {
        if !matches!(self.kind, Kind::Quoted | Kind::Code | Kind::Tail | Kind::Words | Kind::Stdin | Kind::Fence(_)) {
            return self.kind.clone();
        }
        let text = self.text.trim();
        if text.len() > LONGEST_VALUE {
            return self.kind.clone();
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        if lexer::cron(&words).is_some_and(|count| count == words.len()) {
            return Kind::Cron;
        }
        if lexer::url(text).is_some_and(|end| end == text.len()) {
            return Kind::Url;
        }
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Kind::Number;
        }
        if let [date, clock] = words.as_slice()
            && lexer::is_date(date)
            && lexer::clock(clock).is_some()
        {
            return Kind::Date;
        }
        reader::classify(text).unwrap_or_else(|| self.kind.clone())
    }

    /// Whether it is a piece of text that somebody set apart.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Stdin | Kind::Fence(_) | Kind::Code | Kind::Quoted | Kind::Tail | Kind::Braced)
    }

    /// Whether it is text that may have several lines.
    pub(super) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Stdin | Kind::Fence(_) | Kind::Json | Kind::Braced)
            || (self.is_text() && (self.text.contains('\n') || self.language().is_some()))
    }

    /// The JSON value, when the text is one.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(self.text.trim()).ok()
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    Sign,
    /// The value at this place of the message's values.
    Datum(usize),
}

/// A word, number, sign or value of a message.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: TokenKind,
    /// In lower case; nothing for a value.
    pub key: String,
    pub span: Range<usize>,
    /// Tokens that nothing sets apart have the same.
    pub chunk: usize,
}

impl Token {
    /// A sign that ends a sentence or a part of one.
    pub(super) fn is_pause(&self) -> bool {
        self.kind == TokenKind::Sign && matches!(self.key.as_str(), "," | "." | "?" | "!" | ":" | ";" | "¿" | "¡" | "…")
    }
}

/// The phrases that begin with the first token, the longest first: the number of tokens, the phrase and what it may mean.
pub(super) fn phrases(tokens: &[Token]) -> impl Iterator<Item = (usize, String, &'static [&'static str])> + '_ {
    (1..=LONGEST.min(tokens.len())).rev().map(|length| {
        let key = tokens[..length].iter().map(|token| token.key.as_str()).collect::<Vec<_>>().join(" ");
        let meanings = lexicon().meanings(&key);
        (length, key, meanings)
    })
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
    pub tokens: Vec<Token>,
}

impl Message {
    pub(super) fn read(text: &str) -> Self {
        let read = reader::read(text);
        let mut data = read.data;
        data.sort_by_key(|datum| datum.span.start);
        let tokens = tokens(&read.masked, &data);
        Self { text: text.to_owned(), data, tools: read.tools, tokens }
    }

    /// The value that a token is.
    pub(super) fn datum(&self, token: &Token) -> Option<&Datum> {
        match token.kind {
            TokenKind::Datum(at) => self.data.get(at),
            TokenKind::Word | TokenKind::Number | TokenKind::Sign => None,
        }
    }

    /// The text of some tokens, as it was written.
    pub(super) fn written(&self, tokens: &[Token]) -> &str {
        let span = tokens.first().map_or(0, |first| first.span.start)..tokens.last().map_or(0, |last| last.span.end);
        self.text.get(span).unwrap_or_default()
    }

    /// How many of something are asked for, at most as many as one message may call for, and where that stands.
    pub(super) fn count(&self, tokens: &[Token]) -> Option<(usize, usize)> {
        let figures = |token: &Token| match token.kind {
            TokenKind::Number => self.written(std::slice::from_ref(token)).parse().ok(),
            _ => lexicon().meanings(&token.key).iter().find_map(|name| name.strip_prefix('#')?.parse().ok()),
        };
        let all: Vec<(usize, usize)> =
            tokens.iter().enumerate().filter_map(|(at, token)| Some((at, figures(token)?))).collect();
        let [(at, count @ 2..=10)] = all[..] else { return None };
        Some((at, count))
    }

    /// What was piped in, or else the one block of the message.
    pub(super) fn block(&self) -> Option<&Datum> {
        self.data
            .iter()
            .find(|datum| datum.kind == Kind::Stdin)
            .or_else(|| self.data.iter().find(|datum| datum.is_block()))
    }

    /// What was piped in.
    pub(super) fn piped(&self) -> Option<&str> {
        self.data.iter().find(|datum| datum.kind == Kind::Stdin).map(|datum| datum.text.as_str())
    }

    /// The words around the values, in lower case.
    pub(super) fn words(&self) -> Vec<&str> {
        self.tokens.iter().filter(|token| token.kind == TokenKind::Word).map(|token| token.key.as_str()).collect()
    }

    /// The words, numbers and signs as a phrase, without what ends a sentence.
    pub(super) fn phrase(&self) -> String {
        let said = self.tokens.iter().filter(|token| !token.is_pause());
        said.map(|token| token.key.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn tokens(masked: &str, data: &[Datum]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut from = 0;
    let prose = |tokens: &mut Vec<Token>, span: Range<usize>| {
        let text = masked.get(span.clone()).unwrap_or_default();
        for lexeme in lexicon().lexemes(text) {
            let place = span.start + lexeme.span.start..span.start + lexeme.span.end;
            let kind = match lexeme.form {
                Form::Word => TokenKind::Word,
                Form::Number => TokenKind::Number,
                Form::Sign => TokenKind::Sign,
            };
            tokens.push(Token { kind, key: lexeme.key, span: place, chunk: 0 });
        }
    };
    for (at, datum) in data.iter().enumerate() {
        prose(&mut tokens, from..datum.span.start);
        tokens.push(Token { kind: TokenKind::Datum(at), key: String::new(), span: datum.span.clone(), chunk: 0 });
        from = datum.span.end;
    }
    prose(&mut tokens, from..masked.len());
    let apart =
        |token: &Token| !token.key.is_ascii() && token.key.chars().any(|c| c > '\u{3000}') || token.key.is_empty();
    for at in 1..tokens.len() {
        let (before, this) = (&tokens[at - 1], &tokens[at]);
        let together = before.span.end == this.span.start && !apart(before) && !apart(this);
        tokens[at].chunk = before.chunk + usize::from(!together);
    }
    tokens
}

/// A name without case and separators, as names are compared.
pub(super) fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
