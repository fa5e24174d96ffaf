//! How much a word says about a document, in one byte: its frequency over the fields, weighed and their lengths counted against
//! it, then saturated. It depends on the document alone, so that it is worked out once, when the document is put.

use super::{FIELDS, Ranking};

/// From nothing to everything.
pub(super) const WHOLE: f32 = 255.0;

/// The field that pairs of words are weighed by.
const TEXT: usize = 2;

/// Norms of a document's fields: what a word in each of them counts.
pub(super) struct Impacts {
    per_field: [f32; FIELDS],
    k1: f32,
}

impl Impacts {
    pub(super) fn new(ranking: &Ranking, lengths: [u16; FIELDS]) -> Self {
        let mut per_field = ranking.weights;
        for (field, weight) in per_field.iter_mut().enumerate() {
            *weight /= norm(ranking, field, lengths[field]);
        }
        Self { per_field, k1: ranking.k1 }
    }

    /// What a word says that is so often in each field.
    pub(super) fn of_word(&self, counts: [u8; FIELDS]) -> u8 {
        let frequency: f32 = self.per_field.iter().zip(counts).map(|(weight, count)| weight * f32::from(count)).sum();
        saturated(frequency, self.k1)
    }
}

/// What a pair of words says that is in a text so long.
pub(super) fn of_pair(ranking: &Ranking, lengths: [u16; FIELDS]) -> u8 {
    saturated(1.0 / norm(ranking, TEXT, lengths[TEXT]), ranking.k1)
}

fn norm(ranking: &Ranking, field: usize, length: u16) -> f32 {
    1.0 - ranking.b[field] + ranking.b[field] * f32::from(length) / ranking.usual[field]
}

/// Never nothing: a word that is there was found.
fn saturated(frequency: f32, k1: f32) -> u8 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between nothing and everything")]
    let part = (WHOLE * frequency / (frequency + k1)).round() as u8;
    part.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_more_than_a_text_and_a_short_text_more_than_a_long_one() {
        let ranking = Ranking::default();
        let usual = Impacts::new(&ranking, [2, 2, 12, 0]);
        let long = Impacts::new(&ranking, [2, 2, 120, 0]);
        let (name, text, inputs) = ([1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]);
        assert!(usual.of_word(name) > usual.of_word(text));
        assert!(usual.of_word(text) > long.of_word(text));
        assert!(usual.of_word([0, 0, 2, 0]) > usual.of_word(text));
        assert!(usual.of_word([1, 1, 1, 0]) > usual.of_word(name));
        let far = Impacts::new(&ranking, [2, 2, 12, u16::MAX]);
        assert!(far.of_word(inputs) >= 1 && usual.of_word([u8::MAX; FIELDS]) > 240);
        assert!(of_pair(&ranking, [2, 2, 5, 0]) > of_pair(&ranking, [2, 2, 50, 0]));
    }
}
