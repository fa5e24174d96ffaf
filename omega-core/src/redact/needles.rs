//! What is looked for of a secret, and in which of the three alphabets that a reading is matched in.
//!
//! Each alphabet folds away what makes two writings of one text differ: `plain` the dress of letters, blanks and what does
//! not show; `packed` the alphabets and lines of base64; `hex` the case and separators of digits.

use super::{SHORTEST, automaton::Automaton};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use unicode_normalization::{UnicodeNormalization, char::decompose_compatible};

/// The secrets of a redactor.
pub(super) struct Needles {
    pub plain: Alphabet,
    pub packed: Alphabet,
    pub hex: Alphabet,
    pub names: Vec<String>,
    /// How many bytes of a text a secret may take up, with all that may stand in between.
    pub reach: u64,
}

pub(super) struct Alphabet {
    pub automaton: Automaton,
    /// Whose secret a needle is.
    pub names: Vec<u32>,
}

impl Alphabet {
    fn new(needles: BTreeMap<Vec<u8>, u32>) -> Self {
        Self { automaton: Automaton::new(&needles), names: needles.into_values().collect() }
    }
}

/// A secret that is broken over lines is looked for from here on: shorter ones are words that may follow each other.
const BROKEN: usize = 16;

/// How much may stand between the characters of any secret.
const BETWEEN: u64 = 32 * 1024;

impl Needles {
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Option<Self> {
        let (mut plain, mut packed, mut hex, mut names) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (name, value) in secrets {
            let number = names.len() as u32;
            names.push(name.to_owned());
            for form in forms(value.expose_secret()) {
                let add = |into: &mut BTreeMap<Vec<u8>, u32>, needle: Vec<u8>| {
                    if needle.len() >= SHORTEST {
                        into.entry(needle).or_insert(number);
                    }
                };
                add(&mut plain, folded(&form, Plain::default().folding()));
                let together = folded(&form, packed_of);
                if together.len() >= BROKEN {
                    add(&mut packed, together);
                }
                for bytes in written(&form) {
                    base64_of(&bytes).into_iter().for_each(|needle| add(&mut packed, folded(&needle, packed_of)));
                    add(&mut hex, hex::encode(bytes).into_bytes());
                }
            }
        }
        if packed.is_empty() {
            return None;
        }
        let longest =
            [&plain, &packed, &hex].iter().flat_map(|needles| needles.keys()).map(Vec::len).max().unwrap_or(0);
        Some(Self {
            plain: Alphabet::new(plain),
            packed: Alphabet::new(packed),
            hex: Alphabet::new(hex),
            names,
            reach: BETWEEN + 8 * longest as u64,
        })
    }
}

/// The texts of a value that are secret by themselves.
pub(super) fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), value.trim().to_owned()];
    if value.contains(['\n', '\r']) {
        // The frame of a PEM block is no secret.
        forms.extend(
            value.split(['\n', '\r']).map(str::trim).filter(|line| !line.starts_with("-----")).map(str::to_owned),
        );
    }
    if value.trim_start().starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str::<Value>(value)
    {
        leaves(&json, &mut forms);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort();
    forms.dedup();
    forms
}

fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| leaves(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The bytes that a text is written in: UTF-8, as it is, composed and decomposed, and UTF-16 as Windows has it.
fn written(text: &str) -> Vec<Vec<u8>> {
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all: Vec<Vec<u8>> =
        vec![text.into(), text.nfc().collect::<String>().into(), text.nfd().collect::<String>().into(), wide];
    all.sort();
    all.dedup();
    all
}

/// Base64 of the bytes alone, and what stays the same of it behind one, two or three other bytes and before any.
fn base64_of(bytes: &[u8]) -> Vec<String> {
    let alone = STANDARD.encode(bytes);
    let mut found = vec![alone.trim_end_matches('=').to_owned(), alone];
    for before in 0..3 {
        let shifted = [&[0; 2][..before], bytes].concat();
        let encoded = STANDARD.encode(&shifted);
        // Characters that also hold bits of the bytes before or after are another text each time.
        let (first, last) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        found.push(encoded[first..last].to_owned());
    }
    found
}

fn folded(text: &str, mut fold: impl FnMut(char, &mut dyn FnMut(u8))) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.trim().chars() {
        fold(c, &mut |byte| bytes.push(byte));
    }
    bytes
}

/// The fold of text: compatible letters are one letter, blanks one blank, and what does not show is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Plain {
    after_blank: bool,
}

impl Plain {
    pub fn fold(&mut self, c: char, out: &mut dyn FnMut(u8)) {
        if c.is_ascii_graphic() {
            self.after_blank = false;
            return out(c as u8);
        }
        if is_hidden(c) {
            return;
        }
        decompose_compatible(c, |c| {
            let after_blank = std::mem::replace(&mut self.after_blank, c.is_whitespace());
            if !c.is_whitespace() {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(&mut *out);
            } else if !after_blank {
                out(b' ');
            }
        });
    }

    fn folding(mut self) -> impl FnMut(char, &mut dyn FnMut(u8)) {
        move |c, out| self.fold(c, out)
    }
}

/// The fold of base64: one alphabet, no blanks.
pub(super) fn packed_of(c: char, out: &mut dyn FnMut(u8)) {
    match c {
        '-' => out(b'+'),
        '_' => out(b'/'),
        _ if c.is_ascii_graphic() => out(c as u8),
        _ if c.is_whitespace() || is_hidden(c) => {}
        _ => c.encode_utf8(&mut [0; 4]).bytes().for_each(out),
    }
}

/// The fold of hexadecimal digits: one case, no separators.
pub(super) fn hex_of(c: char, out: &mut dyn FnMut(u8)) {
    match c {
        ':' | '-' | ',' => {}
        _ if c.is_ascii_graphic() => out(c.to_ascii_lowercase() as u8),
        _ if c.is_whitespace() || is_hidden(c) => {}
        // No digit: it ends what may have begun.
        _ => out(0xff),
    }
}

/// What a reader does not see of a text and a cleaner may drop: control characters but tab and line ends, what turns or hides
/// text, and what is drawn as nothing. Two parts of a secret that stand around it are the secret.
pub(super) fn is_hidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        _ if c.is_ascii() || c.is_control() => c.is_control(),
        _ => {
            crate::sanitize::is_invisible(c)
                || matches!(c,
                    '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                    | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffd}'
                    | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        }
    }
}
