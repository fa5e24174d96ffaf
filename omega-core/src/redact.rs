//! Takes secrets out of text that comes from tools and goes to people, logs, the database or a model (`security.md` T13).
//!
//! The promise: a secret of at least [`SHORTEST`] bytes does not pass, as it is or in one of the encodings below, whole in
//! one text or split over the chunks of a stream at any byte. What is found is replaced by `«redacted:NAME»`. Beside the
//! secrets that it is told of, it knows the look of others ([`patterns`]): keys of providers, JSON Web Tokens, private keys.
//!
//! What is looked for, of each value, of each of its lines and of each text in it if it is JSON: the text itself and
//! without blanks around it; escaped for JSON (up to three times, as JSON in JSON in a log line), for HTML and for URLs (all common sets, either case);
//! base64 in both alphabets at all three alignments, so that `base64("user:" + secret)` is found too; hex in either case.
//!
//! What it does not find: parts of a secret, values shorter than [`SHORTEST`], compression, encryption and ciphers of the
//! tool's own, the text reversed or with separators in between, and encodings of encodings (other than JSON in JSON). What
//! is known by its look alone is found as it is, in no other encoding. A tool that wants to give a secret away has the
//! network; this is for those that repeat one. `docs/SECURITY.md` publishes these limits.

use crate::executor::ToolError;
use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use patterns::Next;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

pub mod patterns;

/// Shorter values would blank out ordinary text.
pub const SHORTEST: usize = 8;

/// Knows some secrets, and the look of others, and takes them out. Clones share what it knows.
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Needles>>);

struct Needles {
    automaton: AhoCorasick,
    /// Sorted; the automaton's patterns in the same order.
    texts: Vec<String>,
    names: Vec<String>,
    longest: usize,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needles = self.0.as_ref().map_or(0, |needles| needles.texts.len());
        f.debug_struct("Redactor").field("needles", &needles).finish()
    }
}

impl Redactor {
    /// Of these secrets, by name; of none, it goes by the look alone.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Self {
        let mut found = BTreeMap::new();
        for (name, value) in secrets {
            for form in forms(value.expose_secret()) {
                for needle in encodings(&form) {
                    found.entry(needle).or_insert_with(|| name.to_owned());
                }
            }
        }
        let (texts, names): (Vec<String>, Vec<String>) = found.into_iter().unzip();
        if texts.is_empty() {
            return Self(None);
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&texts);
        match automaton {
            Ok(automaton) => {
                let longest = texts.iter().map(String::len).max().unwrap_or(0);
                Self(Some(Arc::new(Needles { automaton, texts, names, longest })))
            }
            // Only for gigabytes of secrets; the API takes 32 KiB each.
            Err(_) => Self(None),
        }
    }

    /// A text without the secrets.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let told_of = self.0.as_ref().is_some_and(|needles| needles.automaton.is_match(text));
        if !told_of && !patterns::may_have(text) {
            return Cow::Borrowed(text);
        }
        let swept = self.sweep(text, &[], true);
        if swept.found.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(swept.clean) }
    }

    /// The same, and the names of what was taken out, each once.
    #[must_use]
    pub fn redact_telling(&self, text: &str) -> (String, BTreeSet<String>) {
        let swept = self.sweep(text, &[], true);
        (swept.clean, swept.found)
    }

    /// Takes out what is certain. `before` is what stood before the text; `whole` says that nothing comes after it.
    fn sweep(&self, text: &str, before: &[u8], whole: bool) -> Swept {
        let needles = self.0.as_deref();
        let (mut clean, mut from, mut found) = (String::with_capacity(text.len()), 0, BTreeSet::new());
        loop {
            let cut = needles.filter(|_| !whole).map_or(text.len(), |needles| needles.open_end(text, from));
            let (looks, open) = match patterns::next(text, from, before, whole) {
                Next::Found { start, end, name } => (Some(Find { start, end, name }), cut),
                Next::Open(at) => (None, cut.min(at)),
                Next::None => (None, cut),
            };
            let told = needles.and_then(|needles| needles.find(text, from));
            // The earlier wins, then the longer. One that begins where another may still be open is not decided.
            let first = match (told, looks) {
                (Some(told), Some(looks)) if (looks.start, told.end) < (told.start, looks.end) => Some(looks),
                (told, looks) => told.or(looks),
            };
            let Some(find) = first.filter(|find| find.start < open) else {
                clean.push_str(&text[from..open]);
                return Swept { clean, taken: open, found };
            };
            clean.push_str(&text[from..find.start]);
            clean.extend(["«redacted:", find.name, "»"]);
            found.insert(find.name.to_owned());
            from = find.end;
        }
    }

    /// The same in every string of a JSON value, keys included.
    pub fn redact_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.redact(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_value(item)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|item| self.redact_value(item));
                if fields.keys().any(|key| matches!(self.redact(key), Cow::Owned(_))) {
                    let old = std::mem::take(fields);
                    fields.extend(old.into_iter().map(|(key, item)| (self.redact(&key).into_owned(), item)));
                }
            }
            // A secret of digits can come back as a number.
            Value::Number(number) => {
                if let Cow::Owned(clean) = self.redact(&number.to_string()) {
                    *value = Value::String(clean);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The same in an error.
    pub fn redact_error(&self, error: &mut ToolError) {
        if let Cow::Owned(clean) = self.redact(&error.message) {
            error.message = clean;
        }
        if let Some(details) = &mut error.details {
            self.redact_value(details);
        }
    }

    /// The same in what grows: what may be the beginning of a secret at the end of a string waits for the rest.
    pub fn redact_partial(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.stream().push(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_partial(item)),
            Value::Object(fields) => fields.values_mut().for_each(|item| self.redact_partial(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        self.redact_value(value);
    }

    /// For a text that comes in chunks.
    #[must_use]
    pub fn stream(&self) -> RedactStream {
        RedactStream { redactor: self.clone(), held: String::new(), before: Vec::new() }
    }
}

/// What a sweep came to.
struct Swept {
    clean: String,
    /// How much of the text is decided.
    taken: usize,
    /// The names of the secrets in it.
    found: BTreeSet<String>,
}

/// A secret in a text.
struct Find<'n> {
    start: usize,
    end: usize,
    name: &'n str,
}

/// A stream on its way through a [`Redactor`]. It holds back no more than what may be the beginning of a secret: nothing,
/// most of the time, and at most [`patterns::LONGEST`] or the longest secret. The chunks that come out are together exactly
/// what the whole text would come to.
#[derive(Debug)]
pub struct RedactStream {
    redactor: Redactor,
    held: String,
    /// The last bytes of what is out already.
    before: Vec<u8>,
}

impl RedactStream {
    /// Takes a chunk, and gives what is certain.
    pub fn push(&mut self, chunk: &str) -> String {
        self.held.push_str(chunk);
        let swept = self.redactor.sweep(&self.held, &self.before, false);
        self.before
            .extend_from_slice(&self.held.as_bytes()[swept.taken.saturating_sub(patterns::CONTEXT)..swept.taken]);
        self.before.drain(..self.before.len().saturating_sub(patterns::CONTEXT));
        self.held.drain(..swept.taken);
        swept.clean
    }

    /// What was held back, when nothing more comes.
    #[must_use]
    pub fn finish(self) -> String {
        self.redactor.sweep(&self.held, &self.before, true).clean
    }
}

impl Needles {
    fn find(&self, text: &str, from: usize) -> Option<Find<'_>> {
        let found = self.automaton.find(aho_corasick::Input::new(text).range(from..))?;
        Some(Find { start: found.start(), end: found.end(), name: &self.names[found.pattern().as_usize()] })
    }

    /// Where, at the earliest, a needle may begin that the end of the text cuts off.
    fn open_end(&self, text: &str, from: usize) -> usize {
        let first = from.max(text.len().saturating_sub(self.longest - 1));
        let begins = |suffix: &str| {
            let at = self.texts.partition_point(|needle| needle.as_str() < suffix);
            // The suffix itself may be a needle; one that goes on after it comes right behind.
            let goes_on = |needle: &String| needle.len() > suffix.len() && needle.starts_with(suffix);
            self.texts[at..].iter().take(2).any(goes_on)
        };
        (first..text.len()).find(|at| text.is_char_boundary(*at) && begins(&text[*at..])).unwrap_or(text.len())
    }
}

/// The texts of a value that are secret by themselves.
fn forms(value: &str) -> Vec<String> {
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

/// A text in all encodings that are looked for.
fn encodings(text: &str) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    let once = json_escaped(text, false);
    let twice = json_escaped(&once, false);
    found.extend([json_escaped(&twice, false), twice, json_escaped(text, true), once.replace('/', "\\/"), once]);
    found.extend(["&#39;", "&#x27;", "&apos;", "'"].map(|apostrophe| html_escaped(text, apostrophe)));
    // RFC 3986, encodeURIComponent, encodeURI, HTML forms, and every byte.
    for kept in ["-._~", "-._~!'()*", "-._~!'()*;,/?:@&=+$#", "-._*"] {
        found
            .extend([true, false].map(|upper| percent(text, |c| c.is_ascii_alphanumeric() || kept.contains(c), upper)));
    }
    found.extend([true, false].map(|upper| percent(text, |_| false, upper)));
    let forms = [true, false].map(|upper| {
        percent(text, |c| c == ' ' || c.is_ascii_alphanumeric() || "-._*".contains(c), upper).replace(' ', "+")
    });
    found.extend(forms);
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    found.extend([hex.to_uppercase(), hex]);
    found.extend(base64_of(text.as_bytes()));
    found.retain(|needle| needle.len() >= SHORTEST);
    found.sort();
    found.dedup();
    found
}

/// As it stands inside the quotes of JSON.
fn json_escaped(text: &str, ascii: bool) -> String {
    let quoted = Value::from(text).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    if !ascii {
        return inner.to_owned();
    }
    let mut units = [0; 2];
    let mut escaped = String::with_capacity(inner.len());
    for c in inner.chars() {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}")));
        }
    }
    escaped
}

fn html_escaped(text: &str, apostrophe: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', apostrophe)
}

fn percent(text: &str, keep: impl Fn(char) -> bool, upper: bool) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    let mut bytes = [0; 4];
    for c in text.chars() {
        if keep(c) {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut bytes).bytes() {
                encoded.push_str(&if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") });
            }
        }
    }
    encoded
}

/// Base64 of the bytes alone, and what stays the same of it behind one, two or three other bytes and before any.
fn base64_of(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for alphabet in [&STANDARD, &URL_SAFE] {
        let alone = alphabet.encode(bytes);
        found.push(alone.trim_end_matches('=').to_owned());
        found.push(alone);
        for before in 0..3 {
            let shifted = [&[0; 2][..before], bytes].concat();
            let encoded = alphabet.encode(&shifted);
            // Characters that also hold bits of the bytes before or after are another text each time.
            let (first, last) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
            found.push(encoded[first..last].to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests;
