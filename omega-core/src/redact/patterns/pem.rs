//! Private keys in PEM. One that is cut off, or that stands in a JSON text with its line ends escaped, is one too.

use super::{LONGEST, PEM, REACH};
use crate::redact::{
    decode::Unit,
    spans::{Find, Name, Spans},
};
use std::collections::VecDeque;

const LABEL: usize = 48;
const DASHES: usize = 5;
/// Characters of a line that is one of a key.
const LINE: u64 = 40;

/// Looks at what follows `-----BEGIN `.
#[derive(Clone, Default)]
pub(super) struct PrivateKeys {
    /// How many characters came, and where the last one ends.
    count: u64,
    end: u64,
    first_line: Option<FirstLine>,
    /// The keys that have begun, none of which has ended.
    begun: VecDeque<Begun>,
    /// How long the line of base64 is that goes on, and where the last long one began.
    line: u64,
    long_from: Option<u64>,
    last_line: Option<LastLine>,
}

#[derive(Clone)]
struct FirstLine {
    start: u64,
    label: String,
    dashes: usize,
}

#[derive(Clone, Copy)]
struct Begun {
    start: u64,
    /// Characters before the key, and before its body.
    count: u64,
    body: u64,
}

/// The end of a key that is one.
#[derive(Clone, Copy)]
struct LastLine {
    start: u64,
    label: usize,
    dashes: usize,
}

impl PrivateKeys {
    /// `-----BEGIN ` stands at `start`.
    pub fn begins(&mut self, start: u64) {
        self.first_line = Some(FirstLine { start, label: String::new(), dashes: 0 });
    }

    /// `-----END ` has come.
    pub fn closes(&mut self) {
        // The earliest has every line that the later ones have.
        if let Some(start) = self.begun.front().filter(|begun| self.is_key(begun)).map(|begun| begun.start) {
            self.last_line = Some(LastLine { start, label: 0, dashes: 0 });
        }
        self.begun.clear();
    }

    /// Takes the next character.
    pub fn take(&mut self, unit: Unit, spans: &mut Spans) {
        self.take_last_line(unit.c, spans);
        if !in_pem(unit.c) {
            self.cut(spans);
        }
        self.count += 1;
        self.end = unit.end;
        self.line = if in_base64(unit.c) { self.line + 1 } else { 0 };
        if self.line >= LINE {
            self.long_from = Some(self.count - self.line);
        }
        self.take_first_line(unit.c);
        if let Some(begun) = self.begun.front().copied()
            && self.count - begun.count >= LONGEST as u64
        {
            self.find(begun, spans);
            self.begun.pop_front();
        }
    }

    pub fn finish(&mut self, spans: &mut Spans) {
        self.take_last_line('\0', spans);
        self.cut(spans);
    }

    pub fn open(&self, at: u64) -> Option<u64> {
        let begun = self.begun.iter().map(|begun| begun.start).find(|start| at - start <= REACH);
        let lines = [self.first_line.as_ref().map(|line| line.start), self.last_line.map(|line| line.start)];
        lines.into_iter().flatten().filter(|start| at - start <= REACH).chain(begun).min()
    }

    pub fn is_idle(&self) -> bool {
        self.first_line.is_none() && self.begun.is_empty() && self.last_line.is_none()
    }

    fn is_key(&self, begun: &Begun) -> bool {
        self.long_from.is_some_and(|from| from >= begun.body)
    }

    fn find(&self, begun: Begun, spans: &mut Spans) {
        if self.is_key(&begun) {
            self.add(begun.start, spans);
        }
    }

    fn add(&self, start: u64, spans: &mut Spans) {
        if self.end - start <= REACH {
            spans.add(Find { start, end: self.end, name: Name::Look("private-key") });
        }
    }

    /// The body ends without a last line.
    fn cut(&mut self, spans: &mut Spans) {
        if let Some(begun) = self.begun.front().copied() {
            self.find(begun, spans);
        }
        self.begun.clear();
    }

    fn take_first_line(&mut self, c: char) {
        let Some(line) = &mut self.first_line else { return };
        match c {
            '-' if line.dashes + 1 < DASHES => line.dashes += 1,
            '-' => {
                let first_line = self.first_line.take();
                let private =
                    |line: &FirstLine| ["PRIVATE KEY", "PRIVATE KEY BLOCK"].iter().any(|end| line.label.ends_with(end));
                if let Some(line) = first_line.filter(private) {
                    let count = self.count - (PEM.len() + line.label.len() + DASHES) as u64;
                    self.begun.push_back(Begun { start: line.start, count, body: self.count });
                }
            }
            _ if in_label(c) && line.dashes == 0 && line.label.len() < LABEL => line.label.push(c),
            _ => self.first_line = None,
        }
    }

    fn take_last_line(&mut self, c: char, spans: &mut Spans) {
        let Some(line) = &mut self.last_line else { return };
        match c {
            '-' if line.dashes < DASHES => line.dashes += 1,
            _ if in_label(c) && line.dashes == 0 && line.label < LABEL => line.label += 1,
            _ => {
                let start = line.start;
                self.last_line = None;
                self.add(start, spans);
            }
        }
    }
}

fn in_label(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' '
}

fn in_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// Base64, its line ends (escaped or not), and the headers of old formats.
fn in_pem(c: char) -> bool {
    in_base64(c) || matches!(c, '\n' | '\r' | '\t' | ' ' | '\\' | ':' | ',' | '-' | '.' | '(' | ')')
}
