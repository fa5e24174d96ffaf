//! Decoders, a character at a time: what a text says to a reader that takes its escapes for what they mean.
//!
//! What is no escape after all comes out as it was. A decoder holds back no more than one escape.

use super::entities;
use crate::sanitize::Sanitizer;

/// A character, and where in the source it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub c: char,
    pub start: u64,
    pub end: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: the text itself.
    Raw,
    /// Terminal sequences, which are dropped whole.
    Terminal,
    /// Backslash escapes of JSON, JavaScript, C, Rust, Python and shells.
    Backslash,
    /// Percent escapes of URLs.
    Percent,
    /// The same, with a plus for a blank.
    Form,
    /// Entities of HTML and XML.
    Entity,
    Quoted,
}

impl Kind {
    /// Whether a character may begin what this decodes.
    pub fn begins(self, c: char) -> bool {
        match self {
            Self::Raw => false,
            Self::Terminal => matches!(c, '\u{1b}' | '\u{18}' | '\u{1a}' | '\u{80}'..='\u{9f}'),
            Self::Backslash => c == '\\',
            Self::Percent => c == '%',
            Self::Form => c == '%' || c == '+',
            Self::Entity => c == '&',
            Self::Quoted => c == '=',
        }
    }
}

/// What so many characters of an escape are.
enum Escape {
    /// More have to come.
    Open,
    None,
    /// An escape of a character.
    Char(char),
    /// An escape of a byte of UTF-8, or of half a pair of UTF-16.
    Byte(u8),
    Half(u16),
    /// One that stands for nothing.
    Nothing,
    /// One that ended with the character before.
    Before(Box<Escape>),
}

/// A decoder on its way through a text.
#[derive(Clone)]
pub(super) struct Decoder {
    kind: Kind,
    /// The characters of what may be an escape, first of all the one that began it.
    open: Vec<Unit>,
    bytes: Vec<(u8, u64, u64)>,
    half: Option<(u16, u64, u64)>,
    terminal: Sanitizer,
}

impl Decoder {
    pub fn new(kind: Kind) -> Self {
        Self { kind, open: Vec::new(), bytes: Vec::new(), half: None, terminal: Sanitizer::default() }
    }

    /// Whether nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.bytes.is_empty() && self.half.is_none() && self.terminal.is_idle()
    }

    /// Where begins what is held back.
    pub fn held(&self) -> Option<u64> {
        let half = self.half.map(|half| half.1);
        [half, self.bytes.first().map(|byte| byte.1), self.open.first().map(|unit| unit.start)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes a character, and gives what is decoded. Says whether that is something else than what came.
    pub fn push(&mut self, unit: Unit, out: &mut Vec<Unit>) -> bool {
        match self.kind {
            Kind::Raw => {
                out.push(unit);
                return false;
            }
            Kind::Terminal => {
                let shows = self.terminal.shows(unit.c);
                if shows {
                    out.push(unit);
                }
                return !shows;
            }
            Kind::Backslash | Kind::Percent | Kind::Form | Kind::Entity | Kind::Quoted => {}
        }
        if self.open.is_empty() && !self.kind.begins(unit.c) {
            let changed = self.settle(out);
            out.push(unit);
            return changed;
        }
        self.open.push(unit);
        let escape = self.judge();
        self.apply(escape, out)
    }

    /// What was held back, when nothing more comes.
    pub fn finish(&mut self, out: &mut Vec<Unit>) {
        if let Some(end) = self.open.last().map(|unit| unit.end) {
            // Something else comes, which is not there.
            self.push(Unit { c: ' ', start: end, end }, out);
            out.pop_if(|last| last.start == last.end);
        }
        self.settle(out);
        out.append(&mut self.open);
    }

    fn apply(&mut self, escape: Escape, out: &mut Vec<Unit>) -> bool {
        let Some((start, end)) = self.open.first().zip(self.open.last()).map(|(first, last)| (first.start, last.end))
        else {
            return false;
        };
        match escape {
            Escape::Open => return true,
            Escape::None => {
                let changed = self.settle(out);
                // The last one may begin another.
                let again = self.open.pop_if(|last| last.start != start && self.kind.begins(last.c));
                out.append(&mut self.open);
                return again.is_some_and(|again| self.push(again, out)) || changed;
            }
            Escape::Before(escape) => {
                let last = self.open.pop();
                self.apply(*escape, out);
                if let Some(last) = last {
                    self.push(last, out);
                }
                return true;
            }
            Escape::Nothing => {}
            Escape::Char(c) => {
                self.settle(out);
                out.push(Unit { c, start, end });
            }
            Escape::Half(half) => self.pair(half, start, end, out),
            Escape::Byte(byte) => {
                self.half = None;
                self.bytes.push((byte, start, end));
                self.assemble(out);
            }
        }
        self.open.clear();
        true
    }

    /// Lets out what waited for more of its kind and did not get it.
    fn settle(&mut self, out: &mut Vec<Unit>) -> bool {
        if let Some((_, start, end)) = self.half.take() {
            out.push(Unit { c: char::REPLACEMENT_CHARACTER, start, end });
            return true;
        }
        let waited = !self.bytes.is_empty();
        // Latin-1 is the other reading of a byte.
        out.extend(self.bytes.drain(..).map(|(byte, start, end)| Unit { c: char::from(byte), start, end }));
        waited
    }

    fn pair(&mut self, half: u16, start: u64, end: u64, out: &mut Vec<Unit>) {
        if let Some((high, first, _)) = self.half
            && let Some(Ok(c)) = char::decode_utf16([high, half]).next()
        {
            self.half = None;
            return out.push(Unit { c, start: first, end });
        }
        self.settle(out);
        match char::from_u32(u32::from(half)) {
            Some(c) => out.push(Unit { c, start, end }),
            None => self.half = Some((half, start, end)),
        }
    }

    fn assemble(&mut self, out: &mut Vec<Unit>) {
        while let Some((first, start, first_end)) = self.bytes.first().copied() {
            let bytes: Vec<u8> = self.bytes.iter().map(|byte| byte.0).collect();
            match std::str::from_utf8(&bytes) {
                Ok(text) => {
                    let end = self.bytes.last().map_or(first_end, |byte| byte.2);
                    out.extend(text.chars().map(|c| Unit { c, start, end }));
                    self.bytes.clear();
                }
                Err(error) if error.error_len().is_none() => return,
                Err(_) => {
                    out.push(Unit { c: char::from(first), start, end: first_end });
                    self.bytes.remove(0);
                }
            }
        }
    }

    fn judge(&self) -> Escape {
        let mut chars = [' '; entities::LONGEST + 3];
        let Some(chars) = chars.get_mut(..self.open.len()) else { return Escape::None };
        chars.iter_mut().zip(&self.open).for_each(|(c, unit)| *c = unit.c);
        match (self.kind, &*chars) {
            (Kind::Backslash, [_, rest @ ..]) => backslash(rest),
            (Kind::Form, ['+']) => Escape::Char(' '),
            (Kind::Percent | Kind::Form, [_, 'u' | 'U', rest @ ..]) => hex(rest, 4),
            (Kind::Percent | Kind::Form, [_, rest @ ..]) => hex(rest, 2),
            (Kind::Quoted, [_, '\n']) => Escape::Nothing,
            (Kind::Quoted, [_, '\r']) => Escape::Open,
            (Kind::Quoted, [_, '\r', '\n']) => Escape::Nothing,
            (Kind::Quoted, [_, rest @ ..]) => hex(rest, 2),
            (Kind::Entity, [_, rest @ ..]) => entity(rest),
            (Kind::Raw | Kind::Terminal, _) | (_, []) => Escape::None,
        }
    }
}

/// Two digits are a byte, four a unit of UTF-16, eight a character.
fn hex(digits: &[char], wanted: usize) -> Escape {
    let Some(value) = number(digits, 16) else { return Escape::None };
    match wanted {
        _ if digits.len() < wanted => Escape::Open,
        2 => Escape::Byte(value as u8),
        4 => Escape::Half(value as u16),
        _ => char::from_u32(value).map_or(Escape::None, Escape::Char),
    }
}

fn number(digits: &[char], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| Some(sum.saturating_mul(radix).saturating_add(digit.to_digit(radix)?)))
}

/// What follows a backslash.
fn backslash(rest: &[char]) -> Escape {
    match rest {
        [] | ['\r'] => Escape::Open,
        // A line that goes on in the next one.
        ['\n'] | ['\r', '\n'] => Escape::Nothing,
        ['n'] => Escape::Char('\n'),
        ['r'] => Escape::Char('\r'),
        ['t'] => Escape::Char('\t'),
        ['b' | 'f' | 'v' | 'a' | 'e'] => Escape::Char('\0'),
        ['x', digits @ ..] => hex(digits, 2),
        ['U', digits @ ..] => hex(digits, 8),
        ['u', '{', digits @ .., '}'] => match number(digits, 16).and_then(char::from_u32) {
            Some(c) if !digits.is_empty() => Escape::Char(c),
            _ => Escape::None,
        },
        ['u', '{', digits @ ..] if digits.len() <= 8 && number(digits, 16).is_some() => Escape::Open,
        ['u', digits @ ..] => hex(digits, 4),
        [digits @ .., last] if digits.iter().all(|digit| digit.is_digit(8)) && digits.len() < 3 && last.is_digit(8) => {
            if rest.len() == 3 {
                octal(rest)
            } else {
                Escape::Open
            }
        }
        [digits @ .., _] if !digits.is_empty() && number(digits, 8).is_some() => {
            Escape::Before(Box::new(octal(digits)))
        }
        [c] if c.is_ascii_alphanumeric() => Escape::None,
        [c] => Escape::Char(*c),
        _ => Escape::None,
    }
}

fn octal(digits: &[char]) -> Escape {
    number(digits, 8).and_then(|value| u8::try_from(value).ok()).map_or(Escape::None, Escape::Byte)
}

/// What follows an ampersand. Browsers take an entity without its semicolon too.
fn entity(rest: &[char]) -> Escape {
    let (last, name) = match rest.split_last() {
        None => return Escape::Open,
        Some(split) => split,
    };
    let part_of_name = last.is_ascii_alphanumeric() || (*last == '#' && name.is_empty());
    if part_of_name && rest.len() < entities::LONGEST {
        return Escape::Open;
    }
    let escape = match name {
        ['#', 'x' | 'X', digits @ ..] if !digits.is_empty() => {
            number(digits, 16).and_then(char::from_u32).map(Escape::Char)
        }
        ['#', digits @ ..] if !digits.is_empty() => number(digits, 10).and_then(char::from_u32).map(Escape::Char),
        _ => entities::named(&name.iter().collect::<String>()).map(Escape::Char),
    };
    match escape {
        Some(escape) if *last == ';' => escape,
        Some(escape) => Escape::Before(Box::new(escape)),
        None => Escape::None,
    }
}
