//! Secrets that nobody told us of, known by their look: keys in the formats that providers publish, JSON Web Tokens, and
//! private keys in PEM.
//!
//! A rule needs a marker that ordinary text does not have, so UUIDs, hashes, base64 of images and public keys pass. The rules
//! see each character once, in order, and keep of what may become a secret only where it began: what is decided does not
//! depend on how a text came in pieces, and takes time in proportion to the text. No rule looks further than [`LONGEST`]
//! characters.

use super::{
    automaton::{Automaton, Cursor},
    decode::Unit,
    spans::{Find, Name, Spans},
};
use pem::PrivateKeys;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::LazyLock,
};
use tokens::WebTokens;

mod pem;
mod tokens;

/// Characters of the longest secret that a rule takes out: a private key.
pub const LONGEST: usize = 32 * 1024;

/// Bytes of a text, hidden characters included, that a secret takes up at most.
const REACH: u64 = 2 * LONGEST as u64;

/// A key: a marker, and so many characters of an alphabet, no more and no less.
struct KeyPattern {
    name: &'static str,
    marker: &'static str,
    alphabet: Alphabet,
    least: u64,
    most: u64,
    /// Whether the rest has to look as if nobody had written it: the marker alone says too little.
    random: bool,
}

const fn key(name: &'static str, marker: &'static str, alphabet: Alphabet, least: u64, most: u64) -> KeyPattern {
    KeyPattern { name, marker, alphabet, least, most, random: false }
}

const fn guess(name: &'static str, marker: &'static str, alphabet: Alphabet, least: u64, most: u64) -> KeyPattern {
    KeyPattern { name, marker, alphabet, least, most, random: true }
}

/// A set of characters: a bit in what [`sets`] says of each.
type Alphabet = u8;

const ALPHANUMERIC: Alphabet = 1;
const WORD: Alphabet = 1 << 1;
const DASHED: Alphabet = 1 << 2;
const URL_SAFE: Alphabet = 1 << 3;
const DOTTED: Alphabet = 1 << 4;
const UPPER: Alphabet = 1 << 5;
const HEX: Alphabet = 1 << 6;

/// The alphabets that a character is in.
fn sets(c: char) -> Alphabet {
    match c {
        'a'..='f' => ALPHANUMERIC | WORD | DASHED | URL_SAFE | DOTTED | HEX,
        'g'..='z' => ALPHANUMERIC | WORD | DASHED | URL_SAFE | DOTTED,
        'A'..='Z' => ALPHANUMERIC | WORD | DASHED | URL_SAFE | DOTTED | UPPER,
        '0'..='9' => ALPHANUMERIC | WORD | DASHED | URL_SAFE | DOTTED | UPPER | HEX,
        '-' => DASHED | URL_SAFE | DOTTED,
        '_' => WORD | URL_SAFE | DOTTED,
        '.' => DOTTED,
        _ => 0,
    }
}

const KEYS: &[KeyPattern] = &[
    key("tpmjs-key", "tpmjs_sk_", URL_SAFE, 20, 128),
    key("anthropic-key", "sk-ant-", URL_SAFE, 20, 256),
    key("openrouter-key", "sk-or-v1-", ALPHANUMERIC, 32, 256),
    key("openai-key", "sk-proj-", URL_SAFE, 20, 256),
    key("openai-key", "sk-svcacct-", URL_SAFE, 20, 256),
    key("openai-key", "sk-admin-", URL_SAFE, 20, 256),
    guess("secret-key", "sk-", URL_SAFE, 20, 256),
    key("stripe-key", "sk_live_", ALPHANUMERIC, 16, 256),
    key("stripe-key", "sk_test_", ALPHANUMERIC, 16, 256),
    key("stripe-key", "rk_live_", ALPHANUMERIC, 16, 256),
    key("stripe-key", "rk_test_", ALPHANUMERIC, 16, 256),
    guess("webhook-secret", "whsec_", ALPHANUMERIC, 24, 256),
    key("google-key", "AIza", URL_SAFE, 35, 35),
    key("google-secret", "GOCSPX-", URL_SAFE, 28, 28),
    key("github-token", "github_pat_", WORD, 60, 255),
    key("github-token", "ghp_", ALPHANUMERIC, 36, 255),
    key("github-token", "gho_", ALPHANUMERIC, 36, 255),
    key("github-token", "ghu_", ALPHANUMERIC, 36, 255),
    key("github-token", "ghs_", ALPHANUMERIC, 36, 255),
    key("github-token", "ghr_", ALPHANUMERIC, 36, 255),
    key("gitlab-token", "glpat-", URL_SAFE, 20, 128),
    key("slack-token", "xoxb-", DASHED, 20, 255),
    key("slack-token", "xoxp-", DASHED, 20, 255),
    key("slack-token", "xoxa-", DASHED, 20, 255),
    key("slack-token", "xoxr-", DASHED, 20, 255),
    key("slack-token", "xoxs-", DASHED, 20, 255),
    key("slack-token", "xapp-", DASHED, 20, 255),
    key("aws-key", "AKIA", UPPER, 16, 16),
    key("aws-key", "ASIA", UPPER, 16, 16),
    key("npm-token", "npm_", ALPHANUMERIC, 36, 36),
    key("pypi-token", "pypi-AgE", URL_SAFE, 50, 512),
    guess("huggingface-token", "hf_", ALPHANUMERIC, 30, 64),
    guess("groq-key", "gsk_", ALPHANUMERIC, 40, 128),
    guess("xai-key", "xai-", ALPHANUMERIC, 40, 128),
    guess("perplexity-key", "pplx-", ALPHANUMERIC, 40, 128),
    guess("tavily-key", "tvly-", DASHED, 24, 128),
    guess("firecrawl-key", "fc-", HEX, 32, 32),
    guess("replicate-token", "r8_", ALPHANUMERIC, 37, 37),
    key("sendgrid-key", "SG.", DOTTED, 60, 80),
    key("shopify-token", "shpat_", HEX, 32, 32),
    key("digitalocean-token", "dop_v1_", HEX, 64, 64),
    key("linear-key", "lin_api_", ALPHANUMERIC, 40, 64),
    key("age-key", "AGE-SECRET-KEY-1", UPPER, 58, 58),
];

const PEM: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";
const JWT: &str = "eyJ";

/// What a marker begins.
#[derive(Clone, Copy)]
enum Rule {
    Key(usize),
    Pem,
    PemEnd,
    Jwt,
}

struct Markers {
    automaton: Automaton,
    rules: Vec<(Rule, usize)>,
}

static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let keys = KEYS.iter().enumerate().map(|(index, key)| (key.marker, Rule::Key(index)));
    let all = keys.chain([(PEM, Rule::Pem), (PEM_END, Rule::PemEnd), (JWT, Rule::Jwt)]);
    let needles: BTreeMap<Vec<u8>, (Rule, usize)> =
        all.map(|(marker, rule)| (marker.as_bytes().to_vec(), (rule, marker.len()))).collect();
    Markers { automaton: Automaton::new(&needles), rules: needles.into_values().collect() }
});

/// A run of characters, which a rule counts.
#[derive(Clone, Copy)]
struct Stretch {
    /// Where it begins in the source.
    start: u64,
    /// How many characters stood before what is counted.
    count: u64,
}

/// How many characters before a place are remembered: those of a marker and two before it.
const REMEMBERED: usize = 32;

/// The rules on their way through a text.
#[derive(Clone)]
pub(super) struct Looks {
    /// How many characters came.
    count: u64,
    /// The last ones, and the end of the last one in the source.
    last: [(char, u64); REMEMBERED],
    end: u64,
    marker: Cursor,
    /// Of each rule of [`KEYS`], where its marker stands in a run of its alphabet that goes on.
    begun: Vec<VecDeque<Stretch>>,
    /// The alphabets of such runs.
    running: Alphabet,
    mixed: Mixed,
    tokens: WebTokens,
    private: PrivateKeys,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            count: 0,
            last: [('\0', 0); REMEMBERED],
            end: 0,
            marker: Cursor::default(),
            begun: Vec::new(),
            running: 0,
            mixed: Mixed::default(),
            tokens: WebTokens::default(),
            private: PrivateKeys::default(),
        }
    }
}

/// Letters and digits mixed, a good many of them without a separator: no name of a class, no example of `x`.
#[derive(Clone, Copy, Default)]
struct Mixed {
    /// Of the word that goes on: where it begins, and how many of its characters are digits.
    from: u64,
    digits: u64,
    /// Where the last word began that is so.
    last: Option<u64>,
}

impl Mixed {
    fn take(&mut self, c: char, count: u64) {
        if !c.is_ascii_alphanumeric() {
            self.last = self.until(count);
            (self.from, self.digits) = (count + 1, 0);
        } else if c.is_ascii_digit() {
            self.digits += 1;
        }
    }

    /// Where the last such word began, if the text ended after so many characters.
    fn until(&self, count: u64) -> Option<u64> {
        let length = count - self.from;
        if length >= 16 && self.digits >= 1 && self.digits < length { Some(self.from) } else { self.last }
    }
}

impl Looks {
    /// Takes the next character that shows.
    pub fn take(&mut self, unit: Unit, spans: &mut Spans) {
        let sets = sets(unit.c);
        let ended = self.running & !sets;
        if ended != 0 {
            self.end_runs(ended, spans);
        }
        self.tokens.take(unit.c, sets & URL_SAFE != 0, (self.count, self.end), spans);
        self.private.take(unit, spans);
        self.mixed.take(unit.c, self.count);
        self.last[self.count as usize % REMEMBERED] = (unit.c, unit.start);
        (self.count, self.end) = (self.count + 1, unit.end);
        let byte = u8::try_from(unit.c).unwrap_or(u8::MAX);
        let markers = &*MARKERS;
        if let Some((start, marker)) = self.marker.step(&markers.automaton, byte, unit.start, unit.end, REACH) {
            let (rule, length) = markers.rules[marker as usize];
            self.begin(rule, start, length as u64);
        }
    }

    /// Decides what waited for more.
    pub fn finish(&mut self, spans: &mut Spans) {
        self.end_runs(self.running, spans);
        self.tokens.end((self.count, self.end), false, spans);
        self.private.finish(spans);
    }

    fn begin(&mut self, rule: Rule, start: u64, length: u64) {
        let first = self.count - length;
        match rule {
            Rule::PemEnd => self.private.closes(),
            Rule::Pem => self.private.begins(start),
            Rule::Jwt if self.may_begin(first) => self.tokens.begins(Stretch { start, count: first }),
            Rule::Key(index) if self.may_begin(first) => {
                if self.begun.is_empty() {
                    self.begun.resize(KEYS.len(), VecDeque::new());
                }
                let (key, count) = (&KEYS[index], self.count);
                let begun = &mut self.begun[index];
                while begun.front().is_some_and(|place| count - place.count > key.most) {
                    begun.pop_front();
                }
                begun.push_back(Stretch { start, count });
                self.running |= key.alphabet;
            }
            Rule::Jwt | Rule::Key(_) => {}
        }
    }

    /// Whether a secret may begin after so many characters: in the middle of a word there is none. After the `n` of an
    /// escaped end of line there is.
    fn may_begin(&self, count: u64) -> bool {
        let at = |count: u64| self.last[count as usize % REMEMBERED].0;
        let Some(before) = count.checked_sub(1).map(at) else { return true };
        let escaped = matches!(before, 'n' | 'r' | 't') && count.checked_sub(2).map(at) == Some('\\');
        escaped || sets(before) & WORD == 0
    }

    fn end_runs(&mut self, alphabets: Alphabet, spans: &mut Spans) {
        let example =
            "EXAMPLE".chars().rev().zip(1..).all(|(c, back)| {
                self.count.checked_sub(back).is_some_and(|at| self.last[at as usize % REMEMBERED].0 == c)
            });
        let mixed = self.mixed.until(self.count);
        for (key, begun) in KEYS.iter().zip(&mut self.begun).filter(|(key, _)| key.alphabet & alphabets != 0) {
            // The earliest has all that the later ones have.
            let fits = |place: &&Stretch| {
                let length = self.count - place.count;
                let is_random = || mixed.is_some_and(|from| from >= place.count);
                length >= key.least
                    && length <= key.most
                    && !(example && length >= 7)
                    && (!key.random || is_random())
                    && self.end - place.start <= REACH
            };
            if let Some(place) = begun.iter().find(fits) {
                spans.add(Find { start: place.start, end: self.end, name: Name::Look(key.name) });
            }
            begun.clear();
        }
        self.running &= !alphabets;
    }

    /// Where, at the earliest, something begins that may become a secret.
    pub fn open(&self, at: u64) -> Option<u64> {
        let runs = KEYS.iter().zip(&self.begun).filter_map(|(key, begun)| {
            begun.iter().find(|place| self.count - place.count <= key.most && at - place.start <= REACH)
        });
        let marker = self.marker.prefixes(&MARKERS.automaton).find(|(start, length)| {
            let dashes = self.last[(self.count - *length as u64) as usize % REMEMBERED].0 == '-';
            at - start <= REACH && (dashes || self.may_begin(self.count - *length as u64))
        });
        let places = [self.tokens.open(self.count, at), self.private.open(at), marker.map(|(start, _)| start)];
        runs.map(|place| place.start).chain(places.into_iter().flatten()).min()
    }

    /// Whether nothing has begun, and what it remembers stands behind a place of the source.
    pub fn is_idle(&self, since: u64) -> bool {
        let remembered = self.count.checked_sub(2).map(|at| self.last[at as usize % REMEMBERED].1);
        self.running == 0
            && self.tokens.is_idle()
            && self.private.is_idle()
            && self.marker.open(&MARKERS.automaton, self.end, REACH).is_none()
            && remembered.is_some_and(|start| start >= since)
    }
}

/// Every marker, for tests.
#[cfg(test)]
pub(super) fn markers() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.marker).chain([PEM, PEM_END, JWT])
}
