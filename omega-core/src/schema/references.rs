//! Where a schema's references lead.

use super::UnusableSchema;
use serde_json::Value;
use std::{borrow::Cow, collections::HashMap};

/// Keywords whose values are data, not schemas.
pub(super) const DATA: &[&str] = &["enum", "const", "default", "examples", "example"];

/// Keywords that refer to another place.
pub(crate) const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// The places of a schema that have names.
#[derive(Debug, Default)]
pub(crate) struct References<'s> {
    /// Names of anchors. Of equal ones each may be meant: which it is depends on how a validator came there.
    anchors: HashMap<&'s str, Vec<&'s Value>>,
    /// What the schema calls itself.
    own: Option<&'s str>,
    /// Whether anything refers to anything.
    used: bool,
    /// Whether a part of it calls itself something: its references are to be read from there.
    has_parts: bool,
}

impl<'s> References<'s> {
    pub fn of(root: &'s Value) -> Self {
        let mut found = Self { own: root.get("$id").and_then(Value::as_str), ..Self::default() };
        let mut open = vec![root];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(fields) => {
                    found.used |= REFERENCES.iter().any(|key| fields.contains_key(*key));
                    for key in ["$anchor", "$dynamicAnchor", "$id"] {
                        let Some(name) = fields.get(key).and_then(Value::as_str) else { continue };
                        match name.strip_prefix('#').or_else(|| (key != "$id").then_some(name)) {
                            Some(anchor) => found.anchors.entry(anchor).or_default().push(value),
                            None => found.has_parts |= !std::ptr::eq(value, root),
                        }
                    }
                    open.extend(fields.iter().filter(|(key, _)| !DATA.contains(&key.as_str())).map(|(_, value)| value));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        found
    }

    pub fn are_used(&self) -> bool {
        self.used
    }

    /// Where a reference leads for a reader, who does not mind what the parts of the schema call themselves: to the place
    /// or the anchor that it names, if there is one.
    pub fn shown(&self, root: &'s Value, reference: &str) -> Option<&'s Value> {
        let (document, place) = reference.split_once('#').unwrap_or((reference, ""));
        if !document.is_empty() && self.own.is_none_or(|own| own.trim_end_matches('#') != document) {
            return None;
        }
        match place {
            "" => Some(root),
            _ if place.starts_with('/') => root.pointer(&percent_decoded(place)),
            _ => self.anchors.get(place)?.first().copied(),
        }
    }

    /// What a reference may lead to.
    ///
    /// # Errors
    /// When it leads out of the schema, or nowhere.
    pub fn resolve(&self, root: &'s Value, reference: &str) -> Result<Cow<'_, [&'s Value]>, UnusableSchema> {
        let unknown = || UnusableSchema::Reference(reference.to_owned());
        let place = match self.own.and_then(|own| reference.strip_prefix(own.trim_end_matches('#'))) {
            Some(rest) if rest.is_empty() || rest.starts_with('#') => rest,
            _ => reference,
        };
        if self.has_parts {
            return Err(unknown());
        }
        let place = match place.strip_prefix('#') {
            Some(place) => place,
            None if place.is_empty() => place,
            None => return Err(unknown()),
        };
        if place.is_empty() {
            return Ok(Cow::Owned(vec![root]));
        }
        if !place.starts_with('/') {
            return self.anchors.get(place).map(|found| Cow::Borrowed(found.as_slice())).ok_or_else(unknown);
        }
        let found = root.pointer(&percent_decoded(place)).ok_or_else(unknown)?;
        Ok(Cow::Owned(vec![found]))
    }
}

/// A place as it stands in a URL's fragment.
fn percent_decoded(place: &str) -> String {
    let mut bytes = Vec::with_capacity(place.len());
    let mut rest = place.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let pair = more.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
