//! The guard against taking credentials elsewhere (`security.md` T4).
//!
//! A model that has read strangers' text may do what that text says. It never sees a secret, but a tool that gets one may be
//! told where to go with it. So in a guarded run, once the model has read any tool's outcome, a call that gets a credential
//! and whose input names an address that no person wrote waits for the owner's approval.
//!
//! An address is known when a person wrote its host and, where they wrote a path, one that this one lies on or above. What
//! counts as written by people: their messages in the conversation, the owner's own prompt, and the plan that was selected.
//! The whole input is looked at, keys included, behind its encodings ([`super::addresses`]).
//!
//! It does not see what is no address by its form (a channel's or a wallet's name, a path on a host that was written without
//! one) nor addresses that the tool itself puts together.

use super::addresses::{Address, Reader, Reading};
use omega_core::budget::{self, Tree};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Strings of an array that are looked at as one text, at most this long together.
const JOINED: usize = 4 * 1024;
/// How often JSON may stand in a text of JSON.
const NESTED: usize = 8;

/// The addresses that people wrote.
#[derive(Debug, Clone, Default)]
pub struct WrittenAddresses {
    paths: BTreeMap<String, BTreeSet<String>>,
    mails: BTreeSet<String>,
}

impl WrittenAddresses {
    /// Of these texts, of which those that come first are read for certain.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut known, mut left) = (Self::default(), budget::WRITTEN.most);
        for text in texts {
            let (text, _) = budget::MESSAGE.cut(text);
            let Some(rest) = left.checked_sub(text.len()) else { break };
            left = rest;
            let mut reader = Reader::new(text.len());
            reader.read(text, Reading::Generous);
            reader.finish().into_iter().for_each(|address| known.add(address));
        }
        known
    }

    fn add(&mut self, address: Address) {
        match address {
            Address::Web { host, path } => drop(self.paths.entry(host).or_default().insert(path)),
            Address::Mail(mail) => drop(self.mails.insert(mail)),
            Address::Unreadable => {}
        }
    }

    fn has(&self, address: &Address) -> bool {
        match address {
            Address::Web { host, path } => self.paths.get(host).is_some_and(|known| known.iter().any(|k| on(k, path))),
            Address::Mail(mail) => self.mails.contains(mail),
            Address::Unreadable => false,
        }
    }
}

/// Whether one path lies on or above the other.
fn on(known: &str, path: &str) -> bool {
    let (known, path) = (known.trim_end_matches('/'), path.trim_end_matches('/'));
    let below =
        |above: &str, path: &str| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below(known, path) || below(path, known)
}

/// The addresses of an input that nobody wrote.
pub fn strange(input: Tree<'_>, known: &WrittenAddresses) -> Vec<String> {
    let mut reader = Reader::new(input.size().bytes);
    look(input.value(), Reading::Value, 0, &mut reader);
    let found = reader.finish();
    let strange: BTreeSet<String> = found.iter().filter(|address| !known.has(address)).map(shown).collect();
    strange.into_iter().collect()
}

/// As it is told. A credential's placeholder in it names the credential, which is not for everybody who reads.
fn shown(address: &Address) -> String {
    let text = address.to_string();
    match address {
        _ if !["redacted", "»", "%C2%BB"].iter().any(|mark| text.contains(mark)) => text,
        Address::Web { host, .. } => host.clone(),
        Address::Mail(mail) => mail.rsplit_once('@').map(|(_, host)| format!("somebody@{host}")).unwrap_or_default(),
        Address::Unreadable => text,
    }
}

/// What the owner is told of it: each host once.
pub fn because(strange: &[String]) -> Option<String> {
    let mut told: Vec<&String> = strange.iter().collect();
    told.dedup_by_key(|one| one.split('/').next().unwrap_or_default());
    let shown: Vec<String> = told.iter().take(5).map(|one| one.chars().take(120).collect()).collect();
    let list = shown.join(", ");
    match told.len().saturating_sub(5) {
        _ if told.is_empty() => None,
        0 => Some(format!("nobody in this conversation wrote {list}")),
        more => Some(format!("nobody in this conversation wrote {list} and {more} more")),
    }
}

fn look(value: &Value, reading: Reading, nested: usize, reader: &mut Reader) {
    match value {
        Value::String(text) => look_at_text(text, reading, nested, reader),
        Value::Array(items) => {
            items.iter().for_each(|item| look(item, reading, nested, reader));
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if texts.len() > 1 && texts.iter().map(|text| text.len()).sum::<usize>() <= JOINED {
                let joined = texts.concat();
                // In pieces, an address that is one without doubt; not two words that happen to meet at a dot.
                if joined.contains("//") || joined.contains('@') {
                    read(&joined, Reading::Value, reader);
                }
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                read(key, Reading::Value, reader);
                let reading = if says_address(key) { Reading::Address } else { reading };
                look(item, reading, nested, reader);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn look_at_text(text: &str, reading: Reading, nested: usize, reader: &mut Reader) {
    read(text, reading, reader);
    // JSON in a text has its own keys, and its own escapes.
    if text.trim_start().starts_with(['{', '[', '"'])
        && let Ok(inner) = serde_json::from_str::<Value>(text)
    {
        if nested < NESTED { look(&inner, reading, nested + 1, reader) } else { reader.give_up() }
    }
}

fn read(text: &str, reading: Reading, reader: &mut Reader) {
    match budget::ARGUMENTS.fit(text) {
        Ok(text) => reader.read(text, reading),
        Err(_) => reader.give_up(),
    }
}

fn says_address(key: &str) -> bool {
    let key: String = key.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let within = [
        "url",
        "uri",
        "host",
        "domain",
        "endpoint",
        "server",
        "webhook",
        "callback",
        "origin",
        "website",
        "link",
        "href",
        "mail",
        "recipient",
        "proxy",
        "dest",
        "address",
        "remote",
        "upstream",
        "dsn",
        "connection",
    ];
    ["to", "cc", "bcc", "from", "site", "base", "target"].contains(&key.as_str())
        || within.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests;
