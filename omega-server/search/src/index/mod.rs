//! The search index: an inverted index of our own, in memory, with BM25F ranking.
//!
//! It promises: no query is longer than its limit; a document that was put is found by the next search; the order in which documents were put never
//! changes an answer; a broken tool is never listed before a working one; popularity only breaks ties. It knows
//! nothing of tools, stores or HTTP.
//!
//! It is our own because ranking has to sum a word's weight over the fields *before* saturation (true BM25F), and
//! because a million rows have to fit: postings are two bytes mostly, words are hashes, and texts live in one arena.

mod documents;
mod file;
mod fuzzy;
mod impact;
mod names;
mod pairs;
mod postings;
mod rank;
mod sweep;
mod table;
mod words;

pub use rank::Ranking;

use documents::Documents;
use fuzzy::NameGrams;
use impact::Impacts;
use names::Names;
use omega_core::budget::Bounded;
use pairs::Pairs;
use postings::{Posting, Postings};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, PoisonError},
};
use sweep::Window;
use table::Table;
use words::Words;

/// What is indexed of one tool.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Unique; putting it again replaces the document.
    pub id: &'a str,
    pub name: &'a str,
    pub package: &'a str,
    /// Description, keywords and whatever else says what it does.
    pub text: &'a [&'a str],
    /// What its inputs are called and said to be.
    pub inputs: &'a str,
    /// Category, for filtering.
    pub category: &'a str,
    /// Monthly downloads; zero when unknown.
    pub downloads: u64,
    /// Known not to work.
    pub broken: bool,
    /// How far calls of it can be trusted to work, -4 to 4; 0 when nothing is known.
    pub trust: i8,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FoundDocument {
    pub id: String,
    /// Its score; comparable within one answer only.
    pub score: f64,
    /// Known not to work.
    pub broken: bool,
}

/// Name, package, text, inputs: the fields that are weighted differently.
const FIELDS: usize = 4;

/// Fields whose neighbouring words are looked at.
const HAS_PAIRS: [bool; FIELDS] = [true, false, true, false];

/// Removed documents are kept until there are this many, and a quarter of all.
const COMPACT_FROM: usize = 1_000;

/// Words and names are kept as hashes, which are already uniform.
#[derive(Default)]
struct ReadyHash(u64);

impl Hasher for ReadyHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type ByHash<T> = HashMap<u64, T, BuildHasherDefault<ReadyHash>>;

pub struct Index {
    ranking: Ranking,
    words: Words,
    /// Places of words among the postings.
    terms: Table,
    postings: Vec<Postings>,
    /// What a word that is nowhere is answered with.
    nowhere: Postings,
    documents: Documents,
    pairs: Pairs,
    names: Names,
    grams: NameGrams,
    windows: Mutex<Vec<Window>>,
}

impl Default for Index {
    fn default() -> Self {
        Self::new(Ranking::default())
    }
}

impl Index {
    /// An empty index.
    pub fn new(ranking: Ranking) -> Self {
        Self {
            ranking,
            words: Words::new(),
            terms: Table::default(),
            postings: Vec::new(),
            nowhere: Postings::default(),
            documents: Documents::default(),
            pairs: Pairs::default(),
            names: Names::default(),
            grams: NameGrams::default(),
            windows: Mutex::new(Vec::new()),
        }
    }

    pub fn len(&self) -> usize {
        self.documents.live()
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a document, replacing the one with the same id.
    pub fn put(&mut self, document: &Document<'_>) {
        self.remove(document.id);
        let doc = self.documents.next();
        let mut counts: ByHash<[u8; FIELDS]> = ByHash::default();
        let mut lengths = [0_u16; FIELDS];
        let mut telling: Vec<Vec<u64>> = Vec::new();
        let fields: [&[&str]; FIELDS] = [&[document.name], &[document.package], document.text, &[document.inputs]];
        for (field, texts) in fields.into_iter().enumerate() {
            for text in texts {
                let mut own = Vec::new();
                self.words.terms(text, |term, tells| {
                    let count = &mut counts.entry(term).or_default()[field];
                    *count = count.saturating_add(1);
                    lengths[field] = lengths[field].saturating_add(1);
                    if tells {
                        own.push(term);
                    }
                });
                if HAS_PAIRS[field] {
                    telling.push(own);
                }
            }
        }
        let impacts = Impacts::new(&self.ranking, lengths);
        for (term, counts) in counts {
            let place = self.terms.number(term) as usize;
            if place == self.postings.len() {
                self.postings.push(Postings::default());
            }
            self.postings[place].push(Posting { doc, impact: impacts.of_word(counts) });
        }
        for name in words::joined_names(document.name, document.package) {
            self.names.add(doc, words::name_term(&name));
            self.grams.add(doc, &name);
        }
        self.pairs.add(doc, &telling);
        self.documents.push(document, impact::of_pair(&self.ranking, lengths));
    }

    /// Takes a document out; false when it was not there.
    pub fn remove(&mut self, id: &str) -> bool {
        let removed = self.documents.remove(id);
        let (gone, all) = (self.documents.len() - self.documents.live(), self.documents.len());
        if gone >= COMPACT_FROM && gone * 4 > all {
            self.compact();
        }
        removed
    }

    /// True when a document of that id is in it.
    pub fn contains(&self, id: &str) -> bool {
        self.documents.find(id).is_some()
    }

    /// The ids of all documents.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.documents.ids()
    }

    /// A number for an id, the same as long as the program runs.
    #[must_use]
    pub fn hash(id: &str) -> u64 {
        words::hash(id)
    }

    /// The best documents for some words, best first.
    pub fn search(&self, text: Bounded<'_>, category: Option<&str>, limit: usize) -> Vec<FoundDocument> {
        self.search_below(None, text, category, limit)
    }

    /// The same with a small index above this one, whose documents stand in place of those of the same id here.
    pub fn search_below(
        &self,
        own: Option<&Self>,
        text: Bounded<'_>,
        category: Option<&str>,
        limit: usize,
    ) -> Vec<FoundDocument> {
        if limit == 0 || self.is_empty() && own.is_none_or(Self::is_empty) {
            return Vec::new();
        }
        let mut window = self.windows.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let found = rank::search(self, own, &mut window, text.text(), category, limit);
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).push(window);
        found
    }

    /// Ids in the order in which they were put, but those that an index above this one has: at most `limit` after the first
    /// `offset`.
    pub fn list_below(&self, own: Option<&Self>, category: Option<&str>, offset: usize, limit: usize) -> Vec<String> {
        let hidden = own.into_iter().flat_map(|own| own.documents.ids());
        let hidden: HashSet<u32> = hidden.filter_map(|id| self.documents.find(id)).collect();
        self.documents.list(category, &hidden, offset, limit)
    }

    /// Ids in the order in which they were put: at most `limit` after the first `offset`.
    pub fn list(&self, category: Option<&str>, offset: usize, limit: usize) -> Vec<String> {
        self.list_below(None, category, offset, limit)
    }

    /// Ids whose name, package or whole id is near a text that may hold a typing error; best first.
    pub fn nearest(&self, text: &str, limit: usize) -> Vec<String> {
        fuzzy::nearest(self, text, limit)
    }

    /// Forgets what removed documents left behind, and numbers the others anew.
    fn compact(&mut self) {
        let numbers = self.documents.compact();
        for postings in &mut self.postings {
            *postings = postings.renumbered(&numbers);
        }
        self.pairs.renumber(&numbers);
        self.names.renumber(&numbers);
        self.grams.renumber(&numbers);
    }

    fn postings_of(&self, term: u64) -> &Postings {
        self.terms.find(term).map_or(&self.nowhere, |place| &self.postings[place as usize])
    }
}

#[cfg(test)]
mod tests;
