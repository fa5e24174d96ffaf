//! Secrets that nobody told us of, known by their look: keys in the formats that providers publish, JSON Web Tokens, and
//! private keys in PEM.
//!
//! A rule needs a marker that ordinary text does not have, so UUIDs, hashes, base64 of images and public keys pass. What is
//! decided about a text does not depend on how it came in pieces: a place is [`Scan::Open`] while more text could still
//! make it a secret, and no rule looks further than [`LONGEST`] bytes.

use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::sync::LazyLock;

/// Bytes of the longest secret that a rule takes out: a private key.
pub const LONGEST: usize = 32 * 1024;

/// How many bytes before a place decide whether a secret may begin there.
pub(super) const CONTEXT: usize = 2;

/// A key: a marker, and so many characters of an alphabet, no more and no less.
struct Key {
    name: &'static str,
    marker: &'static str,
    alphabet: fn(u8) -> bool,
    least: usize,
    most: usize,
    /// Whether the rest has to look as if nobody had written it: the marker alone says too little.
    random: bool,
}

const fn key(name: &'static str, marker: &'static str, alphabet: fn(u8) -> bool, least: usize, most: usize) -> Key {
    Key { name, marker, alphabet, least, most, random: false }
}

const fn guess(name: &'static str, marker: &'static str, alphabet: fn(u8) -> bool, least: usize, most: usize) -> Key {
    Key { name, marker, alphabet, least, most, random: true }
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn dashed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    url_safe(byte) || byte == b'.'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// Longer markers before shorter ones that begin them.
const KEYS: &[Key] = &[
    key("tpmjs-key", "tpmjs_sk_", url_safe, 20, 128),
    key("anthropic-key", "sk-ant-", url_safe, 20, 256),
    key("openrouter-key", "sk-or-v1-", alphanumeric, 32, 256),
    key("openai-key", "sk-proj-", url_safe, 20, 256),
    key("openai-key", "sk-svcacct-", url_safe, 20, 256),
    key("openai-key", "sk-admin-", url_safe, 20, 256),
    guess("secret-key", "sk-", url_safe, 20, 256),
    key("stripe-key", "sk_live_", alphanumeric, 16, 256),
    key("stripe-key", "sk_test_", alphanumeric, 16, 256),
    key("stripe-key", "rk_live_", alphanumeric, 16, 256),
    key("stripe-key", "rk_test_", alphanumeric, 16, 256),
    guess("webhook-secret", "whsec_", alphanumeric, 24, 256),
    key("google-key", "AIza", url_safe, 35, 35),
    key("google-secret", "GOCSPX-", url_safe, 28, 28),
    key("github-token", "github_pat_", word, 60, 255),
    key("github-token", "ghp_", alphanumeric, 36, 255),
    key("github-token", "gho_", alphanumeric, 36, 255),
    key("github-token", "ghu_", alphanumeric, 36, 255),
    key("github-token", "ghs_", alphanumeric, 36, 255),
    key("github-token", "ghr_", alphanumeric, 36, 255),
    key("gitlab-token", "glpat-", url_safe, 20, 128),
    key("slack-token", "xoxb-", dashed, 20, 255),
    key("slack-token", "xoxp-", dashed, 20, 255),
    key("slack-token", "xoxa-", dashed, 20, 255),
    key("slack-token", "xoxr-", dashed, 20, 255),
    key("slack-token", "xoxs-", dashed, 20, 255),
    key("slack-token", "xapp-", dashed, 20, 255),
    key("aws-key", "AKIA", upper, 16, 16),
    key("aws-key", "ASIA", upper, 16, 16),
    key("npm-token", "npm_", alphanumeric, 36, 36),
    key("pypi-token", "pypi-AgE", url_safe, 50, 512),
    guess("huggingface-token", "hf_", alphanumeric, 30, 64),
    guess("groq-key", "gsk_", alphanumeric, 40, 128),
    guess("xai-key", "xai-", alphanumeric, 40, 128),
    guess("perplexity-key", "pplx-", alphanumeric, 40, 128),
    guess("tavily-key", "tvly-", dashed, 24, 128),
    guess("firecrawl-key", "fc-", hex, 32, 32),
    guess("replicate-token", "r8_", alphanumeric, 37, 37),
    key("sendgrid-key", "SG.", dotted, 60, 80),
    key("shopify-token", "shpat_", hex, 32, 32),
    key("digitalocean-token", "dop_v1_", hex, 64, 64),
    key("linear-key", "lin_api_", alphanumeric, 40, 64),
    key("age-key", "AGE-SECRET-KEY-1", upper, 58, 58),
];

const PEM: &str = "-----BEGIN ";
const PEM_END: &str = "-----END ";
const DASHES: &str = "-----";
const JWT: &str = "eyJ";

static MARKERS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let builder = &mut AhoCorasick::builder();
    builder.match_kind(MatchKind::LeftmostFirst).build(markers()).ok()
});

fn markers() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.marker).chain([PEM, JWT])
}

/// What a rule says of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scan {
    /// No secret begins here.
    No,
    /// One does, and ends before this.
    Found(usize, &'static str),
    /// It depends on what comes.
    Open,
}

/// The first place of a text where a rule says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nowhere.
    None,
    /// A secret.
    Found { start: usize, end: usize, name: &'static str },
    /// What begins here may become one.
    Open(usize),
}

/// Whether a text may have a secret at all: cheap, and right when it says no.
pub(super) fn may_have(text: &str) -> bool {
    MARKERS.as_ref().is_some_and(|markers| markers.is_match(text))
}

/// Looks from a place on. `before` is what stood before the text; `whole` says that nothing comes after it.
pub(super) fn next(text: &str, from: usize, before: &[u8], whole: bool) -> Next {
    let Some(markers) = MARKERS.as_ref() else { return Next::None };
    let mut at = from;
    while let Some(marker) = markers.find(Input::new(text).range(at..)) {
        let start = marker.start();
        if begins(text, start, before) {
            match scan(&text[start..], whole) {
                Scan::Found(length, name) => return Next::Found { start, end: start + length, name },
                Scan::Open => return Next::Open(start),
                Scan::No => {}
            }
        }
        at = start + 1;
    }
    if whole { Next::None } else { cut_marker(text, from, before).map_or(Next::None, Next::Open) }
}

/// Where the end of the text cuts a marker.
fn cut_marker(text: &str, from: usize, before: &[u8]) -> Option<usize> {
    let longest = markers().map(str::len).max().unwrap_or(0);
    let first = from.max(text.len().saturating_sub(longest - 1));
    (first..text.len()).find(|at| {
        text.is_char_boundary(*at)
            && markers().any(|marker| marker.starts_with(&text[*at..]))
            && begins(text, *at, before)
    })
}

/// Whether a secret may begin at a place: in the middle of a word there is none. After the `n` of an escaped end of line
/// there is.
fn begins(text: &str, at: usize, before: &[u8]) -> bool {
    let mut context = before.iter().chain(&text.as_bytes()[..at]).rev().copied();
    match (context.next(), context.next()) {
        (Some(b'n' | b'r' | b't'), Some(b'\\')) | (None, _) => true,
        (Some(last), _) => !word(last) || text.as_bytes()[at] == b'-',
    }
}

/// What begins at the start of a text.
fn scan(text: &str, whole: bool) -> Scan {
    if let Some(rest) = text.strip_prefix(PEM) {
        return private_key(rest, whole).after(PEM.len());
    }
    if text.starts_with(JWT) {
        return web_token(text.as_bytes(), whole);
    }
    let mut open = false;
    for key in KEYS {
        let Some(rest) = text.strip_prefix(key.marker) else { continue };
        match key.scan(rest.as_bytes(), whole) {
            Scan::Found(length, name) if !open => return Scan::Found(key.marker.len() + length, name),
            Scan::Found(..) | Scan::No => {}
            Scan::Open => open = true,
        }
    }
    if open { Scan::Open } else { Scan::No }
}

impl Scan {
    fn after(self, bytes: usize) -> Self {
        match self {
            Self::Found(length, name) => Self::Found(length + bytes, name),
            other => other,
        }
    }
}

impl Key {
    fn scan(&self, rest: &[u8], whole: bool) -> Scan {
        let length = run(rest, self.alphabet, self.most + 1);
        if length == rest.len() && length <= self.most && !whole {
            return Scan::Open;
        }
        let body = &rest[..length];
        let is_example = body.ends_with(b"EXAMPLE");
        if length < self.least || length > self.most || is_example || (self.random && !looks_random(body)) {
            return Scan::No;
        }
        Scan::Found(length, self.name)
    }
}

/// Letters and digits mixed, a good many of them without a separator: no name of a class, no example of `x`.
fn looks_random(body: &[u8]) -> bool {
    body.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        part.len() >= 16 && digits >= 1 && digits < part.len()
    })
}

/// `header.payload.signature`, the first two of which are JSON objects in base64url.
fn web_token(text: &[u8], whole: bool) -> Scan {
    const PARTS: [(&[u8], usize, usize); 3] = [(b"eyJ", 10, 2048), (b"eyJ", 10, 16 * 1024), (b"", 16, 2048)];
    let mut at = 0;
    for (index, (beginning, least, most)) in PARTS.into_iter().enumerate() {
        let rest = &text[at..];
        let cut = rest.len() < beginning.len();
        if cut && beginning.starts_with(rest) && !whole {
            return Scan::Open;
        }
        if cut || !rest.starts_with(beginning) {
            return Scan::No;
        }
        let length = run(rest, url_safe, most + 1);
        if length == rest.len() && length <= most && !whole {
            return Scan::Open;
        }
        if length < least || length > most {
            return Scan::No;
        }
        at += length;
        if index < 2 {
            if text.get(at) != Some(&b'.') {
                return Scan::No;
            }
            at += 1;
        }
    }
    Scan::Found(at, "jwt")
}

/// What follows `-----BEGIN `, for private keys only. One that is cut off, or that stands in a JSON text with its line ends
/// escaped, is taken out too.
fn private_key(rest: &str, whole: bool) -> Scan {
    const LABEL: usize = 48;
    const LINE: usize = 40;
    let bytes = &rest.as_bytes()[..rest.len().min(LONGEST)];
    let label = run(bytes, |byte| upper(byte) || byte == b' ', LABEL + 1);
    let is_open = |end: usize| end == bytes.len() && end < LONGEST && !whole;
    let is_cut = |from: usize| DASHES.as_bytes().starts_with(&bytes[from..]);
    if label > LABEL {
        return Scan::No;
    }
    if !rest[label..].starts_with(DASHES) {
        return if is_cut(label) && !whole { Scan::Open } else { Scan::No };
    }
    if !(rest[..label].ends_with("PRIVATE KEY") || rest[..label].ends_with("PRIVATE KEY BLOCK")) {
        return Scan::No;
    }
    let from = label + DASHES.len();
    let mut end = from + run(&bytes[from..], in_pem, LONGEST);
    let (mut body, mut closed) = (&bytes[from..end], false);
    if let Some(found) = rest.get(from..end).and_then(|body| body.find(PEM_END)) {
        body = &body[..found];
        end = from + found + PEM_END.len();
        end += run(&bytes[end..], |byte| upper(byte) || byte == b' ', LABEL);
        end += run(&bytes[end..], |byte| byte == b'-', DASHES.len());
        closed = bytes[..end].ends_with(DASHES.as_bytes());
    }
    if is_open(end) && !closed {
        return Scan::Open;
    }
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let has_line = body.split(|byte| !base64(byte)).any(|line| line.len() >= LINE);
    if has_line { Scan::Found(end, "private-key") } else { Scan::No }
}

/// Base64, its line ends (escaped or not), and the headers of old formats.
fn in_pem(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=\n\r\t \\:,-.()".contains(&byte)
}

/// How many bytes from the start are of an alphabet, at most so many.
fn run(bytes: &[u8], alphabet: impl Fn(u8) -> bool, most: usize) -> usize {
    bytes.iter().take(most).take_while(|byte| alphabet(**byte)).count()
}
