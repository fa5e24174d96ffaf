//! A sentence encoder: texts that mean alike become vectors that lie alike.
//!
//! It is all-MiniLM-L6-v2 (<https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2>, Apache-2.0), read from a folder
//! and computed here: a program that searches tools needs one model of one shape, and no framework for all of them. The
//! promises: a folder that holds anything else, or less, is an error in words and never a wrong vector; no text costs more
//! than [`LONGEST`] tokens; the same text has the same vector, whatever it is computed beside.

mod forward;
mod kernel;
mod safetensors;
mod wordpiece;

use forward::Network;
use safetensors::Tensors;
use std::{fs, io, path::Path};
use wordpiece::Tokenizer;

/// Numbers of a vector.
pub const WIDE: usize = 384;
/// Tokens of a text that are read, the two that enclose it among them. The model was trained on at most twice as many, but
/// what a tool does stands in its first sentences, and time grows with them.
pub const LONGEST: usize = 64;
/// Tokens that go through the network together: enough that the weights are read from near memory.
const TOGETHER: usize = 128;

pub const WEIGHTS: &str = "model.safetensors";
pub const VOCABULARY: &str = "tokenizer.json";

/// Why a folder is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{0} can't be read: {1}")]
    Unreadable(String, io::Error),
    #[error("{0} is not a part of all-MiniLM-L6-v2: {1}")]
    Malformed(String, String),
}

/// The direction of a text's meaning: of length one.
pub type Vector = Vec<f32>;

/// The model, in memory.
pub struct Encoder {
    tokenizer: Tokenizer,
    network: Network,
}

impl Encoder {
    /// Reads the model that is in a folder.
    ///
    /// # Errors
    /// When a file is missing, or is none of this model.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let said = |name: &str| folder.join(name).display().to_string();
        let vocabulary =
            fs::read(folder.join(VOCABULARY)).map_err(|error| ModelError::Unreadable(said(VOCABULARY), error))?;
        let tokenizer =
            Tokenizer::read(&vocabulary).map_err(|reason| ModelError::Malformed(said(VOCABULARY), reason))?;
        let file =
            fs::File::open(folder.join(WEIGHTS)).map_err(|error| ModelError::Unreadable(said(WEIGHTS), error))?;
        let malformed = |reason| ModelError::Malformed(said(WEIGHTS), reason);
        let mut tensors = Tensors::open(file).map_err(malformed)?;
        let network = Network::read(&mut tensors).map_err(malformed)?;
        if tokenizer.size() > network.words() {
            return Err(ModelError::Malformed(
                said(VOCABULARY),
                String::from("it has more words than there are weights for"),
            ));
        }
        Ok(Self { tokenizer, network })
    }

    /// The vector of a text.
    #[must_use]
    pub fn vector(&self, text: &str) -> Vector {
        self.vectors(&[text]).pop().unwrap_or_default()
    }

    /// The vectors of some texts, in their order.
    #[must_use]
    pub fn vectors(&self, texts: &[&str]) -> Vec<Vector> {
        let tokens: Vec<Vec<u32>> = texts.iter().map(|text| self.tokenizer.tokens(text, LONGEST)).collect();
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            let mut length = 0;
            let fit = rest.iter().take_while(|text| {
                length += text.len();
                length <= TOGETHER
            });
            let (some, others) = rest.split_at(fit.count().max(1));
            vectors.extend(self.network.vectors(some));
            rest = others;
        }
        vectors
    }
}

/// How near two texts are, -1 to 1.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
