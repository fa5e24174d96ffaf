//! What a query means. A request of several sentences asks for several things, or tells a story around one: a tool is as near to it
//! as to the nearest of them. One vector of all of it lies between them, and is of its first lines alone.

use crate::encoder::{Encoder, Vector};

/// Sentences that are read: each costs its own time.
const MOST: usize = 8;
/// Words without which something between two stops is no sentence: a greeting, an abbreviation.
const WORDS: usize = 3;

pub struct Meaning {
    sentences: Vec<Vector>,
}

impl Meaning {
    #[must_use]
    pub fn new(query: &str, encoder: &Encoder) -> Self {
        Self { sentences: encoder.vectors(&sentences(query)) }
    }

    /// How near something is, -1 to 1, by how near it is to a direction.
    pub fn near(&self, cosine: impl Fn(&[f32]) -> f32) -> f32 {
        self.sentences.iter().map(|sentence| cosine(sentence)).fold(-1.0, f32::max)
    }
}

/// The sentences of a text; all of it where it has not several.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut begin, mut before) = (0, ' ');
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if c == '\n' || c.is_whitespace() && matches!(before, '.' | '!' | '?' | ';') {
            found.push(text[begin..at].trim());
            begin = at;
        }
        before = c;
    }
    found.retain(|sentence| sentence.split_whitespace().nth(WORDS - 1).is_some());
    found.truncate(MOST);
    if found.len() < 2 { vec![text] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_sentences_end_and_nowhere_else() {
        let long = "one two three. ".repeat(20);
        for (text, expected) in [
            ("", vec![""]),
            ("parse csv", vec!["parse csv"]),
            ("Hi! Turn my file into HTML", vec!["Hi! Turn my file into HTML"]),
            (
                "I have a file v1.2.csv.  Read all of it!\nThen plot the sums; thanks a lot",
                vec!["I have a file v1.2.csv.", "Read all of it!", "Then plot the sums;", "thanks a lot"],
            ),
            ("Where is it?\n\n\nTell me where.", vec!["Where is it?", "Tell me where."]),
            ("Où est-ce que c'est ? Dis-le moi vite.", vec!["Où est-ce que c'est ?", "Dis-le moi vite."]),
            (&long, vec!["one two three."; MOST]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn the_nearest_sentence_counts() {
        let meaning = Meaning { sentences: vec![vec![1.0, 0.0], vec![0.0, 1.0]] };
        let near = |to: [f32; 2]| meaning.near(|sentence| crate::encoder::cosine(sentence, &to));
        assert_eq!((near([0.0, 1.0]), near([0.6, 0.8])), (1.0, 0.8));
    }
}
