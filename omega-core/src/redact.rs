//! Takes secrets out of text that comes from tools and goes to people, logs, the database or a model (`security.md` T13).
//!
//! The promise: a secret of at least [`SHORTEST`] bytes does not pass, as it is or in one of the encodings below, whole in
//! one text or split over the chunks of a stream at any byte. What is found is replaced by `«redacted:NAME»`. Beside the
//! secrets that it is told of, it knows the look of others ([`patterns`]): keys of providers, JSON Web Tokens, private keys.
//! It takes time in proportion to the text, whatever the text is.
//!
//! What is looked for, of each value, of each of its lines and of each text in it if it is JSON, in every reading of a text
//! (`reading.rs`): as it stands; with backslash escapes taken for what they mean (up to three times, as JSON in JSON in a log
//! line), percent escapes, entities by name or number, quoted-printable, and without the sequences of terminals. In each of
//! them it does not count how a letter is composed or dressed, nor what stands between two characters and does not show:
//! control characters, characters of no width, marks of direction. In each of them base64 is found too, in both
//! alphabets, at all three alignments and over any number of lines, and hex in either case, with or without separators.
//!
//! What it does not find: parts of a secret, values shorter than [`SHORTEST`], compression, encryption and ciphers of the
//! tool's own, the text reversed or with visible separators in between, and other encodings of encodings. What is known by its look alone
//! is found as it is or with what does not show in between, in no encoding. A tool that wants to give a secret away has the
//! network; this is for those that repeat one. `docs/SECURITY.md` publishes these limits.

use crate::{
    sanitize::sanitize_terminal,
    texts::{Edit, Texts},
};
use needles::Needles;
use reading::{Reading, Search};
use secrecy::SecretString;
use serde_json::Value;
use spans::{Name, Outlet, Spans};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

mod automaton;
mod decode;
mod entities;
mod needles;
pub mod patterns;
mod reading;
mod spans;

/// Shorter values would blank out ordinary text.
pub const SHORTEST: usize = 8;

/// What was taken out since the process began: of values that were known, and by the look alone.
static TAKEN_OUT: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// How many secrets were taken out since the process began, `known` ones and those of which only the `look` was.
pub fn taken_out() -> [(&'static str, u64); 2] {
    [("known", TAKEN_OUT[0].load(Ordering::Relaxed)), ("look", TAKEN_OUT[1].load(Ordering::Relaxed))]
}

/// Knows some secrets, and the look of others, and takes them out. Clones share what it knows.
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Needles>>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.0.as_ref().map_or(0, |needles| needles.names.len());
        f.debug_struct("Redactor").field("secrets", &secrets).finish()
    }
}

impl Redactor {
    /// Of these secrets, by name; of none, it goes by the look alone.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Self {
        Self(Needles::new(secrets).map(Arc::new))
    }

    /// A text without the secrets.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.found(text) {
            Some(mut spans) => Cow::Owned(Outlet::default().let_out(text, &mut spans, self)),
            None => Cow::Borrowed(text),
        }
    }

    /// The same, and the names of what was taken out, each once.
    pub fn redact_telling(&self, text: &str) -> (String, BTreeSet<String>) {
        let mut outlet = Outlet::default();
        let mut spans = self.found(text).unwrap_or_default();
        (outlet.let_out(text, &mut spans, self), outlet.names)
    }

    fn found(&self, text: &str) -> Option<Spans> {
        if text.len() < SHORTEST {
            return None;
        }
        let (mut reading, mut spans) = (Reading::new(), Spans::default());
        let mut search = Search { needles: self.0.as_deref(), spans: &mut spans };
        reading.push(text, 0, &mut search);
        reading.finish(&mut search);
        Some(spans).filter(|spans| !spans.is_empty())
    }

    /// The name that stands in a secret's place.
    fn name(&self, of: Name) -> &str {
        let [known, look] = &TAKEN_OUT;
        match of {
            Name::Look(name) => {
                look.fetch_add(1, Ordering::Relaxed);
                name
            }
            Name::Told(number) => {
                known.fetch_add(1, Ordering::Relaxed);
                self.0.as_ref().and_then(|needles| needles.names.get(number as usize)).map_or("secret", String::as_str)
            }
        }
    }

    /// The same in every text of what is stored and shown. Words for a line lose what a terminal would obey first, so that
    /// nothing puts a secret together again behind the redactor.
    pub fn clean(&self, of: &mut impl Texts) {
        of.edit(&mut Cleaner(self));
    }

    /// The same in words for a line: an error, a reason, a title.
    pub fn clean_words(&self, words: &str) -> String {
        // Twice: what a terminal takes for a sequence may have a part of the secret in it, and others don't.
        self.redact(&sanitize_terminal(&self.redact(words))).into_owned()
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

    /// The same in what grows: what may be the beginning of a secret at the end of a string waits for the rest.
    pub fn redact_partial(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.so_far(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_partial(item)),
            Value::Object(fields) => fields.values_mut().for_each(|item| self.redact_partial(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        self.redact_value(value);
    }

    /// What is certain of a text that goes on: a secret that is whole is named, though a longer one may begin like it.
    fn so_far(&self, text: &str) -> String {
        let mut shown = self.stream().push(text);
        let whole = self.redact(text);
        let rest = whole.strip_prefix(shown.as_str()).filter(|rest| rest.starts_with("«redacted:"));
        if let Some((placeholder, _)) = rest.and_then(|rest| rest.split_once('»')) {
            shown.push_str(placeholder);
            shown.push('»');
        }
        shown
    }

    /// For a text that comes in chunks.
    pub fn stream(&self) -> RedactStream {
        RedactStream {
            redactor: self.clone(),
            reading: Reading::new(),
            spans: Spans::default(),
            outlet: Outlet::default(),
            held: String::new(),
        }
    }
}

struct Cleaner<'r>(&'r Redactor);

impl Edit for Cleaner<'_> {
    fn text(&mut self, text: &mut String) {
        if let Cow::Owned(clean) = self.0.redact(text) {
            *text = clean;
        }
    }

    fn words(&mut self, words: &mut String) {
        *words = self.0.clean_words(words);
    }

    fn value(&mut self, value: &mut Value) {
        self.0.redact_value(value);
    }
}

/// A stream on its way through a [`Redactor`]. It holds back no more than what may be the beginning of a secret: nothing,
/// most of the time, and at most [`patterns::LONGEST`] or the longest secret, with what does not show in between. The chunks
/// that come out are together exactly what the whole text would come to.
pub struct RedactStream {
    redactor: Redactor,
    reading: Reading,
    spans: Spans,
    outlet: Outlet,
    held: String,
}

impl fmt::Debug for RedactStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactStream").field("redactor", &self.redactor).field("held", &self.held.len()).finish()
    }
}

impl RedactStream {
    /// Takes a chunk, and gives what is certain.
    pub fn push(&mut self, chunk: &str) -> String {
        let at = self.outlet.at + self.held.len() as u64;
        self.held.push_str(chunk);
        let needles = self.redactor.0.as_deref();
        self.reading.push(chunk, at, &mut Search { needles, spans: &mut self.spans });
        let open = self.reading.open(at + chunk.len() as u64, needles);
        let decided = usize::try_from(open - self.outlet.at).unwrap_or_default();
        let clean = self.outlet.let_out(&self.held[..decided], &mut self.spans, &self.redactor);
        self.held.drain(..decided);
        clean
    }

    /// What was held back, when nothing more comes.
    #[must_use]
    pub fn finish(mut self) -> String {
        let needles = self.redactor.0.as_deref();
        self.reading.finish(&mut Search { needles, spans: &mut self.spans });
        self.outlet.let_out(&self.held, &mut self.spans, &self.redactor)
    }
}

#[cfg(test)]
mod tests;
