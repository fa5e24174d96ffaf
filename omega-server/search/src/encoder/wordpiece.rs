//! How a text is cut into the pieces that the model knows (BERT's, uncased): cleaned, in lower case and without accents, cut
//! at spaces and punctuation, then each word into the longest pieces of the vocabulary.

use serde::Deserialize;
use std::collections::HashMap;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer words are none of the vocabulary's.
const LONGEST_WORD: usize = 100;
/// A piece that goes on with a word.
const GOES_ON: &str = "##";

pub(super) struct Tokenizer {
    /// Pieces that begin a word, and those that go on with one.
    begins: HashMap<String, u32>,
    goes_on: HashMap<String, u32>,
    size: usize,
    start: u32,
    end: u32,
    unknown: u32,
}

#[derive(Deserialize)]
struct File {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
}

impl Tokenizer {
    /// The tokenizer of a `tokenizer.json`.
    pub(super) fn read(file: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(file).map_err(|error| format!("it has no vocabulary ({error})"))?;
        let vocabulary = file.model.vocab;
        let known =
            |piece: &str| vocabulary.get(piece).copied().ok_or_else(|| format!("its vocabulary has no {piece}"));
        let (start, end, unknown) = (known("[CLS]")?, known("[SEP]")?, known("[UNK]")?);
        let size = vocabulary.values().max().map_or(0, |most| *most as usize + 1);
        let (goes_on, begins): (HashMap<_, _>, HashMap<_, _>) =
            vocabulary.into_iter().partition(|(piece, _)| piece.starts_with(GOES_ON));
        let goes_on = goes_on.into_iter().map(|(piece, id)| (piece[GOES_ON.len()..].to_owned(), id)).collect();
        Ok(Self { begins, goes_on, size, start, end, unknown })
    }

    /// One more than the highest piece.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The pieces of a text between the two that enclose every text, at most `most` in all.
    pub(super) fn tokens(&self, text: &str, most: usize) -> Vec<u32> {
        let mut tokens = vec![self.start];
        words(text, |word| {
            self.pieces(word, &mut tokens);
            tokens.len() < most - 1
        });
        tokens.truncate(most - 1);
        tokens.push(self.end);
        tokens
    }

    fn pieces(&self, word: &str, tokens: &mut Vec<u32>) {
        let before = tokens.len();
        if word.chars().count() > LONGEST_WORD {
            return tokens.push(self.unknown);
        }
        let (mut rest, mut pieces) = (word, &self.begins);
        while !rest.is_empty() {
            let ends = rest.char_indices().map(|(start, c)| start + c.len_utf8()).rev();
            let longest = ends.into_iter().find_map(|end| pieces.get(&rest[..end]).map(|id| (end, *id)));
            let Some((end, id)) = longest else {
                tokens.truncate(before);
                return tokens.push(self.unknown);
            };
            tokens.push(id);
            rest = &rest[end..];
            pieces = &self.goes_on;
        }
    }
}

/// Calls `each` with every word and every mark of punctuation, in lower case, until it says that this is enough.
fn words(text: &str, mut each: impl FnMut(&str) -> bool) {
    let mut word = String::new();
    // Marks that are left out here are of more kinds than BERT's, in scripts of which its vocabulary knows single letters.
    for c in text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        let alone = is_punctuation(c) || is_ideograph(c);
        if c.is_whitespace() || alone {
            if !word.is_empty() && !each(&word) {
                return;
            }
            word.clear();
            if alone && !each(c.encode_utf8(&mut [0; 4])) {
                return;
            }
        } else if !c.is_control() && c != '\u{fffd}' && !is_format(c) {
            word.push(c);
        }
    }
    if !word.is_empty() {
        each(&word);
    }
}

/// Characters that join or direct others and are none themselves.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// What stands alone: all marks of ASCII, and punctuation (not symbols) of the blocks that texts have.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{2051}' | '\u{2053}'..='\u{205e}'
            | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{30fb}'
            | '\u{ff01}'..='\u{ff03}' | '\u{ff05}'..='\u{ff0a}' | '\u{ff0c}'..='\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}'
            | '\u{ff1f}' | '\u{ff20}' | '\u{ff3b}'..='\u{ff3d}' | '\u{ff3f}' | '\u{ff5b}' | '\u{ff5d}' | '\u{ff5f}'..='\u{ff65}')
}

/// Chinese characters are words each (BERT's `_is_chinese_char`).
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2B73F | 0x2B740..=0x2B81F
        | 0x2B820..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_as_the_model_was_taught() {
        for (text, expected) in [
            ("Parse CSV-files, now!", "parse csv - files , now !"),
            ("Crème  brûlée\tÅ", "creme brulee a"),
            ("don't pay €5 © x", "don ' t pay €5 © x"),
            ("日本 go", "日 本 go"),
            ("a\u{0}b\u{200b}c \u{fffd}", "abc"),
            ("“quoted”… end", "“ quoted ” … end"),
            ("", ""),
        ] {
            let mut cut = Vec::new();
            words(text, |word| {
                cut.push(word.to_owned());
                true
            });
            assert_eq!(cut.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn words_are_cut_into_the_longest_pieces_and_texts_at_their_length() {
        let vocabulary = ["[CLS]", "[SEP]", "[UNK]", "un", "##able", "##a", "##ff", "##b", ","];
        let vocabulary: serde_json::Map<_, _> =
            vocabulary.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), id.into())).collect();
        let file = serde_json::json!({ "model": { "vocab": vocabulary } }).to_string();
        let tokenizer = Tokenizer::read(file.as_bytes()).unwrap();
        assert_eq!(tokenizer.tokens("unaffable, unx un", 20), [0, 3, 5, 6, 4, 8, 2, 3, 1]);
        assert_eq!(tokenizer.tokens("unaffable, unx un", 4), [0, 3, 5, 1]);
        assert_eq!(tokenizer.tokens(&"u".repeat(1_000_000), 20), [0, 2, 1]);
        assert_eq!(tokenizer.size(), 9);
    }
}
