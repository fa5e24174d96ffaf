//! The addresses that a text names: URLs, hosts and mail addresses, whatever they look like.
//!
//! A URL counts by its host and path, as a browser would read them (userinfo, backslashes, percent signs, numbers for
//! addresses, international names); where readers differ about the host, each reading counts. A bare word counts as a host
//! when it looks like one: `a.b` with letters for a last label that is no kind of file, or a top-level domain that is known
//! where it stands among other words. Not found: names without a dot, and what only its reader can put together.
//!
//! Reading is linear in the text: no piece of a text is taken for more than [`AUTHORITY`] and [`PATH`] bytes of an address,
//! and all candidates together are parsed for no more than a [`Reader`]'s bytes. What is over that is [`Address::Unreadable`],
//! which nobody is taken to have written.

use super::layers;
use lists::{DOMAINS, FILES, FILES_AND_DOMAINS};
use omega_core::budget::{self, Bounded};
use reqwest::Url;

mod lists;

/// The most bytes that stand before an address's path: user, password, host and port. A host has 255 when it is decoded.
const AUTHORITY: usize = 1_024;
/// The most bytes of a path that count.
const PATH: usize = 2_048;
/// What a candidate costs beside its bytes.
const CANDIDATE: usize = 32;

/// Where something may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// A host, in ASCII (`xn--` for others), and the path on it, `/` when there is none.
    Web {
        host: String,
        /// The path, without query.
        path: String,
    },
    /// A mail address, in lower case.
    Mail(String),
    /// Whatever is in a text that is too large, encoded in too many ways or too full of addresses to be read.
    Unreadable,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web { host, path } if path == "/" => f.write_str(host),
            Self::Web { host, path } => write!(f, "{host}{path}"),
            Self::Mail(mail) => f.write_str(mail),
            Self::Unreadable => f.write_str("what is too long, or encoded too often, to be read"),
        }
    }
}

/// How words are read that may be hosts or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What a person wrote: whatever may be one, was one.
    Generous,
    /// A value of an input whose key says that it holds an address.
    Address,
    Value,
}

/// Reads texts for their addresses, all of them together at a bounded price.
#[derive(Debug)]
pub struct Reader {
    found: Vec<Address>,
    /// Bytes of decoded text that may still be read.
    layers: usize,
    /// Bytes of candidates that may still be parsed.
    candidates: usize,
}

impl Reader {
    /// For texts of so many bytes together.
    pub fn new(bytes: usize) -> Self {
        Self {
            found: Vec::new(),
            layers: bytes.saturating_mul(16).clamp(64 << 10, budget::DECODED.most),
            candidates: budget::ADDRESSES.most,
        }
    }

    /// Looks for the addresses of a text, behind its encodings too.
    pub fn read(&mut self, text: Bounded<'_>, reading: Reading) {
        if self.layers == 0 || self.candidates == 0 {
            return;
        }
        let mut left = self.layers;
        let whole = layers::each(&text, &mut left, |layer| {
            self.urls(layer);
            // A browser drops tabs and line ends inside of a URL.
            if layer.contains(['\t', '\n', '\r']) && (layer.contains("//") || layer.contains(':')) {
                self.urls(&layer.replace(['\t', '\n', '\r'], ""));
            }
            self.bare(layer, reading);
        });
        self.layers = if whole { left } else { 0 };
        if !whole {
            self.give_up();
        }
    }

    /// Takes everything that is still to be read for unreadable.
    pub fn give_up(&mut self) {
        self.found.push(Address::Unreadable);
    }

    /// What was found, each once.
    #[must_use]
    pub fn finish(mut self) -> Vec<Address> {
        self.found.sort();
        self.found.dedup();
        self.found
    }

    /// Whether a candidate of so many bytes may be parsed.
    fn affords(&mut self, bytes: usize) -> bool {
        if self.candidates == 0 {
            return false;
        }
        self.candidates = self.candidates.saturating_sub(bytes + CANDIDATE);
        if self.candidates == 0 {
            self.give_up();
        }
        self.candidates > 0
    }

    /// What follows `//` (also `\\` and the mixes of them), or the name of a scheme that browsers read without it.
    fn urls(&mut self, text: &str) {
        let slash = |c: char| c == '/' || c == '\\';
        let mut at = 0;
        while let Some(more) = text[at..].find(slash) {
            let start = at + more;
            let run = text[start..].len() - text[start..].trim_start_matches(slash).len();
            at = start + run;
            let before = text[..start].chars().next_back();
            // `a//b` inside of a word is a path; after a colon, a quote or nothing it begins an address.
            let begins = before.is_none_or(|c| c == ':' || ends(c) || "([=,;>&?".contains(c));
            if run >= 2 && begins && !self.url(&text[at..]) {
                return;
            }
        }
        let lower = text.to_ascii_lowercase();
        for scheme in ["http:", "https:", "ws:", "wss:", "ftp:"] {
            for (start, _) in lower.match_indices(scheme) {
                let rest = &text[start + scheme.len()..];
                let behind = rest.trim_start_matches(slash);
                if behind.len() + 1 >= rest.len() && !self.url(behind) {
                    return;
                }
            }
        }
    }

    /// An address from its authority on. `false` when no more of them are read.
    fn url(&mut self, text: &str) -> bool {
        let window = &text[..text.floor_char_boundary(AUTHORITY + PATH)];
        let word = window.split(ends).next().unwrap_or_default();
        if !self.affords(word.len()) {
            return false;
        }
        let strict = word.find(['/', '\\', '?', '#']).unwrap_or(word.len());
        let lax = word.find(['/', '?', '#']).unwrap_or(word.len());
        for end in [strict, lax] {
            if end > AUTHORITY {
                self.give_up();
                break;
            }
            let authority = &word[..end];
            let path = word[end..].split(['?', '#']).next().unwrap_or_default();
            let path = &path[..path.floor_char_boundary(PATH)];
            let after_last = authority.rsplit('@').next().unwrap_or_default();
            let after_first = authority.split_once('@').map_or(authority, |(_, rest)| rest);
            for host in [after_last, after_first] {
                self.found.extend(web(host, path));
            }
            if strict == lax {
                break;
            }
        }
        true
    }

    /// Words that are hosts or mail addresses without anything that says so.
    fn bare(&mut self, text: &str, reading: Reading) {
        let mut words = text.split_whitespace();
        let is_whole = words.next().is_some() && words.next().is_none();
        let splits = |c: char| c.is_whitespace() || "\"'<>(){}[],;|=&?#*`\\!$^~".contains(c);
        for word in text.split(splits) {
            let word = word.trim_matches(|c: char| ".:/-_".contains(c));
            if word.contains("//") || !word.contains(['.', ':']) {
                continue;
            }
            let affordable = match word.rsplit_once('@') {
                Some((local, rest)) => self.mail(local, rest),
                None => self.host(word, reading, is_whole),
            };
            if !affordable {
                return;
            }
        }
    }

    fn mail(&mut self, local: &str, rest: &str) -> bool {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let local = local.rsplit(['/', ':']).next().unwrap_or_default();
        if local.is_empty() || !looks_like_host(host, Reading::Generous, true) {
            return true;
        }
        if !self.affords(host.len() + local.len()) {
            return false;
        }
        if local.len() > AUTHORITY {
            self.give_up();
            return true;
        }
        let host = match web(host, "") {
            Some(Address::Web { host, .. }) => host,
            _ => host.to_owned(),
        };
        self.found.push(Address::Mail(format!("{}@{host}", local.to_lowercase())));
        true
    }

    fn host(&mut self, word: &str, reading: Reading, is_whole: bool) -> bool {
        let end = word.find(['/', ':']).unwrap_or(word.len());
        let (host, rest) = word.split_at(end);
        let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let has_port = port.len() > 1 && port[1..].bytes().all(|b| b.is_ascii_digit());
        let reading = if has_port || host.starts_with("www.") { Reading::Generous } else { reading };
        // A file's path may have such a name in it, in a value that is not said to be an address.
        let is_whole = is_whole || !path.is_empty();
        let path = &path[..path.floor_char_boundary(PATH)];
        if looks_like_host(host, reading, is_whole) {
            if !self.affords(host.len() + path.len()) {
                return false;
            }
            self.found.extend(web(host, path));
        } else if path.is_empty() && word.contains("::") && word.parse::<std::net::Ipv6Addr>().is_ok() {
            self.found.extend(web(&format!("[{word}]"), ""));
        }
        true
    }
}

const ENDS: &[char] = &['"', '\'', '<', '>', '`', '|', '^', '{', '}'];

fn ends(c: char) -> bool {
    c.is_whitespace() || ENDS.contains(&c)
}

const PUNCTUATION: &[char] = &['.', ',', ';', ':', '!', ')', ']', '*', '_', '~'];

/// A host as it is called, and a path on it. What no browser would take counts as it stands.
fn web(host: &str, path: &str) -> Option<Address> {
    let host = if host.starts_with('[') {
        host.split(']').next().map(|inside| format!("{inside}]"))?
    } else {
        host.split(':').next()?.trim_end_matches(PUNCTUATION).to_owned()
    };
    if host.is_empty() || host == "[]" {
        return None;
    }
    let path = path.trim_end_matches(PUNCTUATION).replace('\\', "/");
    let Ok(url) = Url::parse(&format!("http://{host}{}", if path.starts_with('/') { path.as_str() } else { "/" }))
    else {
        return Some(Address::Web { host: host.to_lowercase(), path: "/".into() });
    };
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    let host = host.strip_prefix("www.").map(str::to_owned).unwrap_or(host);
    Some(Address::Web { host, path: url.path().to_owned() })
}

fn looks_like_host(host: &str, reading: Reading, is_whole: bool) -> bool {
    if host.len() > AUTHORITY {
        return false;
    }
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    let Some(last) = labels.last().map(|last| last.to_lowercase()) else { return false };
    if labels.len() < 2 || !labels.iter().all(is_label) {
        return false;
    }
    let is_top = last.starts_with("xn--") || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    if !is_top || labels[0].chars().all(|c| c.is_ascii_digit()) && labels.len() == 2 && last.len() < 2 {
        return false;
    }
    match reading {
        Reading::Generous => true,
        Reading::Address => !FILES.contains(&last.as_str()),
        Reading::Value if FILES.contains(&last.as_str()) || FILES_AND_DOMAINS.contains(&last.as_str()) => false,
        Reading::Value => is_whole || !last.is_ascii() || last.len() == 2 || DOMAINS.contains(&last.as_str()),
    }
}

#[cfg(test)]
mod tests;
