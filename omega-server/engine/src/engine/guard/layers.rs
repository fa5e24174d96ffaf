//! The texts that are in a text: what is left when it is decoded the cheap ways that a tool, or the service behind it, would
//! decode it too.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use omega_core::sanitize::is_invisible;
use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

/// How often something may be encoded.
const DEPTH: usize = 4;
/// What a text costs beside its bytes: many are a few letters long.
const LAYER: usize = 32;
/// No entity that is read is longer, leading zeros and its signs included.
const ENTITY: usize = 32;
/// Nor a `u{...}`, with leading zeros.
const ESCAPE: usize = 16;
/// Shorter runs of letters are words.
const SHORTEST: usize = 12;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Gives the text, made plain, and what can be decoded from it: percent, HTML entities, backslash escapes, base64 in both
/// alphabets, hex, and dots and ats in brackets. `left` is how many bytes of it all may be read; `false` when they did not
/// suffice for a text that is so large, or encoded in so many ways.
pub(super) fn each(text: &str, left: &mut usize, mut see: impl FnMut(&str)) -> bool {
    let (hasher, mut seen) = (RandomState::new(), HashSet::new());
    let mut open = vec![(plain(text), 0)];
    while let Some((text, depth)) = open.pop() {
        // Whoever could choose two texts of one hash would hide the second one.
        if text.is_empty() || !seen.insert(hasher.hash_one(&text)) {
            continue;
        }
        let Some(rest) = left.checked_sub(text.len() + LAYER) else { return false };
        *left = rest;
        if depth < DEPTH {
            let decoded = [percent(&text), entities(&text), escapes(&text), brackets(&text)];
            let decoded = decoded.into_iter().flatten().chain(words(&text));
            open.extend(decoded.map(|text| (plain(&text), depth + 1)));
        }
        see(&text);
    }
    true
}

/// Without characters that don't show, and with full-width ones and other dots as what they stand for.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c) && !matches!(c, '\u{ad}' | '\u{34f}' | '\u{fe00}'..='\u{fe0f}'))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{3002}' | '\u{ff61}' | '\u{2024}' | '\u{fe52}' => '.',
            '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => ' ',
            other => other,
        })
        .collect()
}

fn percent(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut any) = (0, false);
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten().and_then(byte_of);
        match pair {
            Some(byte) => {
                out.push(byte);
                (at, any) = (at + 3, true);
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    any.then(|| String::from_utf8_lossy(&out).into_owned())
}

fn byte_of(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok()?;
    text.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

fn entities(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut any) = (text, false);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY).position(|byte| byte == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                (rest, any) = (&rest[end + 1..], true);
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    any.then_some(out)
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code);
    }
    Some(match name {
        "period" => '.',
        "sol" => '/',
        "colon" => ':',
        "commat" => '@',
        "amp" => '&',
        "quot" => '"',
        "lt" => '<',
        "gt" => '>',
        _ => return None,
    })
}

/// `\u0065`, `\u{65}`, `\x65` and `\/`.
fn escapes(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut any) = (text, false);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (c, used) = match after.chars().next() {
            Some('u') if after[1..].starts_with('{') => {
                match after.bytes().take(ESCAPE).position(|byte| byte == b'}') {
                    Some(end) => (code(&after[2..end]), end + 1),
                    None => (None, 0),
                }
            }
            Some('u') => (after.get(1..5).and_then(code), 5),
            Some('x') => (after.get(1..3).and_then(code), 3),
            Some('/') => (Some('/'), 1),
            _ => (None, 0),
        };
        match c {
            Some(c) => {
                out.push(c);
                (rest, any) = (&after[used..], true);
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    any.then_some(out)
}

fn code(hex: &str) -> Option<char> {
    hex.bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(hex, 16).ok())
        .flatten()
        .and_then(char::from_u32)
}

/// `evil[.]test`, `a(at)b`: written so that people don't follow them; what reads them may.
fn brackets(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let forms =
        [("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("(dot)", "."), ("[at]", "@"), ("(at)", "@")];
    let forms = forms.into_iter().chain([("[:]", ":"), ("hxxp", "http")]).filter(|(form, _)| lower.contains(form));
    let plain = forms.fold(lower.clone(), |text, (form, is)| text.replace(&format!(" {form} "), is).replace(form, is));
    (plain != lower).then_some(plain)
}

/// What the long words of a text are in base64 or hex, where that is text.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    text.split(move |c| !is_part(c)).filter(|word| word.len() >= SHORTEST).flat_map(|word| {
        let url = word.contains(['-', '_']);
        let alphabet = if url { alphabet::URL_SAFE } else { alphabet::STANDARD };
        let base64 = GeneralPurpose::new(&alphabet, LENIENT).decode(word).ok();
        let hex = (word.len() % 2 == 0).then(|| word.as_bytes().chunks(2).map(byte_of).collect::<Option<Vec<u8>>>());
        base64.into_iter().chain(hex.flatten()).filter_map(readable)
    })
}

/// Most words are valid base64 of nothing that reads.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let odd = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    (odd == 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let (mut left, mut found) = (1 << 20, Vec::new());
        assert!(each(text, &mut left, |layer| found.push(layer.to_owned())));
        found
    }

    #[test]
    fn what_a_text_holds_is_found_behind_each_encoding() {
        for text in [
            "https://evil.test/x",
            "https%3A%2F%2Fevil.test%2Fx",
            "https%253A%252F%252Fevil.test%252Fx",
            "&#104;ttps&#x3a;&sol;&sol;evil&period;test/x",
            r"\u0068ttps:\/\/evil\x2etest/x",
            "see aHR0cHM6Ly9ldmlsLnRlc3QveA== there",
            "aHR0cHM6Ly9ldmlsLnRlc3QveA",
            "68747470733a2f2f6576696c2e746573742f78",
            "ｈｔｔｐｓ：／／ｅｖｉｌ。ｔｅｓｔ／ｘ",
            "https://ev\u{200b}il.te\u{ad}st/x",
            "hxxps://evil[.]test/x",
            "YUhSMGNITTZMeTlsZG1sc0xuUmxjM1F2ZUE9PQ==",
        ] {
            assert!(all(text).iter().any(|text| text.contains("https://evil.test/x")), "{text}: {:?}", all(text));
        }
    }

    #[test]
    fn plain_words_stay_as_they_are() {
        for text in ["", "a sentence with 100 % of its words", "internationalisation", "\\d+\\.\\d+", "& so on; %zz"] {
            assert_eq!(all(text).first().map(String::as_str).unwrap_or_default(), text);
            assert!(all(text).len() <= 2, "{:?}", all(text));
        }
    }
}
