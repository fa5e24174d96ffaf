//! Vectors of tools' texts that are at hand, a byte for each of their numbers.
//!
//! It promises: a vector that is found is that of the text which the tool has now; there are never more than so many.

use omega_core::registry::Tool;
use omega_search::encoder::{Vector, WIDE};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

/// Vectors that are kept in memory: about ninety megabytes.
const MOST: usize = 200_000;
/// Which model, and which way of asking it, a text's key stands for.
const MADE_BY: &str = "all-MiniLM-L6-v2/1";
/// Bytes of a vector as it is stored: a scale, then a byte for each number.
const STORED: usize = size_of::<f32>() + WIDE;

/// What a tool says of itself, as the model reads it: its name in words, what it does, and what it is found by.
pub fn text_of(tool: &Tool) -> String {
    let mut text = spaced(&tool.name);
    text.push_str(": ");
    text.push_str(&tool.description);
    if !tool.keywords.is_empty() {
        text.push_str(" (");
        text.push_str(&tool.keywords.join(" "));
        text.push(')');
    }
    text
}

/// `parseCsvFile` and `parse-csv-file` in words.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        let is_hump = c.is_uppercase() && (before.is_lowercase() || before.is_numeric());
        if is_hump && !words.ends_with(' ') {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    words.trim().to_owned()
}

/// The name of a text's vector.
pub(super) fn key_of(text: &str) -> String {
    let hash = Sha256::new().chain_update(MADE_BY).chain_update([0]).chain_update(text).finalize();
    hex::encode(&hash[..16])
}

/// A direction, a byte for each number.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Packed {
    scale: f32,
    parts: Box<[i8]>,
}

impl Packed {
    pub(super) fn new(vector: &Vector) -> Self {
        let most = vector.iter().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
        let scale = most / f32::from(i8::MAX);
        #[allow(clippy::cast_possible_truncation, reason = "at most 127")]
        let parts = vector.iter().map(|x| (x / scale).round() as i8).collect();
        Self { scale, parts }
    }

    /// How near it is to another direction.
    pub(super) fn cosine(&self, other: &[f32]) -> f32 {
        self.parts.iter().zip(other).map(|(part, x)| f32::from(*part) * x).sum::<f32>() * self.scale
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let parts = self.parts.iter().map(|part| part.cast_unsigned());
        self.scale.to_le_bytes().into_iter().chain(parts).collect()
    }

    /// `None` for bytes that are none.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (scale, parts) = bytes.split_first_chunk().filter(|_| bytes.len() == STORED)?;
        let scale = f32::from_le_bytes(*scale);
        let parts = parts.iter().map(|part| part.cast_signed()).collect();
        scale.is_finite().then_some(Self { scale, parts })
    }
}

pub(super) struct Vectors {
    most: usize,
    /// By the hash of a tool's id: the key of its text, and its vector.
    kept: HashMap<u64, (String, Packed)>,
    /// The oldest first; of some that went meanwhile, too.
    order: VecDeque<u64>,
    /// Those that are being made; true when the text has changed since.
    made: HashMap<u64, bool>,
}

impl Default for Vectors {
    fn default() -> Self {
        Self { most: MOST, kept: HashMap::new(), order: VecDeque::new(), made: HashMap::new() }
    }
}

impl Vectors {
    pub(super) fn get(&self, id: &str) -> Option<&Packed> {
        self.kept.get(&hash(id)).map(|(_, vector)| vector)
    }

    /// Whether the vector of a tool is to be made, which is then begun.
    pub(super) fn begin(&mut self, id: &str) -> bool {
        let id = hash(id);
        if self.kept.contains_key(&id) || self.made.contains_key(&id) {
            return false;
        }
        self.made.insert(id, false);
        true
    }

    /// Keeps what was begun, unless the text has changed since; nothing when it could not be made.
    pub(super) fn end(&mut self, id: &str, made: Option<(String, Packed)>) {
        let id = hash(id);
        if self.made.remove(&id) != Some(false) {
            return;
        }
        let Some(made) = made else { return };
        if self.kept.insert(id, made).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > self.most {
            self.order.pop_front().map(|oldest| self.kept.remove(&oldest));
        }
    }

    /// That a tool is now this one.
    pub(super) fn changed(&mut self, tool: &Tool) {
        if self.kept.is_empty() && self.made.is_empty() {
            return;
        }
        let id = hash(tool.tool_id.as_str());
        if let Some(is_changed) = self.made.get_mut(&id) {
            *is_changed = true;
        }
        if self.kept.get(&id).is_some_and(|(key, _)| *key != key_of(&text_of(tool))) {
            self.kept.remove(&id);
        }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::catalogue;

    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn vector(seed: usize) -> Vector {
        let raw: Vec<f32> = (0..WIDE).map(|n| ((n * 7919 + seed * 104_729) % 1009) as f32 - 504.0).collect();
        let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
        raw.into_iter().map(|x| x / length).collect()
    }

    #[test]
    fn a_byte_a_number_is_near_enough_and_survives_being_stored() {
        for seed in 0..20 {
            let (a, b) = (vector(seed), vector(seed + 1));
            let exact: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            let packed = Packed::new(&a);
            assert!((packed.cosine(&b) - exact).abs() < 2e-3, "{seed}");
            assert_eq!(Packed::from_bytes(&packed.to_bytes()), Some(packed));
        }
        for bytes in [&[][..], &[0; 4], &[0; STORED - 1], &[0xff; STORED]] {
            assert_eq!(Packed::from_bytes(bytes), None);
        }
    }

    /// The oldest go first; who was made anew meanwhile counts once.
    #[test]
    fn there_are_never_more_vectors_than_so_many() {
        let mut tools = catalogue::starter().unwrap();
        tools.truncate(12);
        let made = |tool: &Tool| Some((key_of(&text_of(tool)), Packed::new(&vector(1))));
        let mut vectors = Vectors { most: 5, ..Vectors::default() };
        for tool in &tools {
            assert!(vectors.begin(tool.tool_id.as_str()));
            vectors.end(tool.tool_id.as_str(), made(tool));
            assert!(vectors.kept.len() <= 5 && vectors.order.len() <= 5 && vectors.made.is_empty());
        }
        let there: Vec<bool> = tools.iter().map(|tool| vectors.get(tool.tool_id.as_str()).is_some()).collect();
        assert_eq!(there.iter().position(|is_there| *is_there), Some(tools.len() - 5), "{there:?}");
        assert!(vectors.begin(tools[0].tool_id.as_str()), "one that went can be made again");
    }

    #[test]
    fn a_text_that_changes_while_its_vector_is_made_or_kept_loses_it() {
        let mut tool = catalogue::starter().unwrap().remove(0);
        let id = tool.tool_id.to_string();
        let made = |tool: &Tool| Some((key_of(&text_of(tool)), Packed::new(&vector(1))));
        let mut vectors = Vectors::default();
        assert!(vectors.begin(&id) && !vectors.begin(&id));
        vectors.end(&id, made(&tool));
        assert!(vectors.get(&id).is_some() && !vectors.begin(&id));
        tool.version = String::from("9.9.9");
        vectors.changed(&tool);
        assert!(vectors.get(&id).is_some(), "what it says is the same");
        tool.description.push_str(" More.");
        vectors.changed(&tool);
        assert!(vectors.get(&id).is_none());
        assert!(vectors.begin(&id));
        vectors.changed(&tool);
        assert!(!vectors.begin(&id), "it is being made, and that it has changed is not forgotten");
        vectors.end(&id, made(&tool));
        assert!(vectors.get(&id).is_none(), "it was made of what the tool said before");
        assert!(vectors.begin(&id));
        vectors.end(&id, None);
        assert!(vectors.begin(&id), "what failed is tried again");
    }
}
