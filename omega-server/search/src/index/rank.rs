//! Ranking: BM25F over the fields, times how much of the query is covered, plus exact and near names; what is
//! known to work here counts a little more.
//!
//! What a user has for themselves is an index of its own, above the one that all share. Both are weighed by how rare words are
//! and how long texts are among all of them, so a hit of the one compares with a hit of the other.

use super::{FIELDS, FoundDocument, Index, documents::Documents, fuzzy, postings::Posting, words};
use std::{cmp::Ordering, collections::HashSet};

/// The field that pairs are weighted by.
const TEXT: usize = 2;

#[derive(Debug, Clone, Copy)]
pub struct Ranking {
    /// How fast repeated words stop counting.
    pub k1: f32,
    /// Weight of name, package, text and inputs.
    pub weights: [f32; FIELDS],
    /// How much a long field counts against its words.
    pub b: [f32; FIELDS],
    /// Power of the covered part of the query.
    pub coverage: f32,
    /// Weight of a pair of neighbouring words, in parts of a word's that is as rare.
    pub pair: f32,
    /// What a name that the query spells exactly adds, in parts of the best lexical score.
    pub exact_name: f32,
    /// The same for the whole query being the name.
    pub whole_name: f32,
    /// The same for a name with a typing error.
    pub near_name: f32,
    /// What each step of trust changes, in parts of the score.
    pub trust: f32,
    /// Candidates kept before names are looked at.
    pub candidates: usize,
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            k1: 1.2,
            weights: [2.0, 1.0, 1.0, 0.4],
            b: [0.3, 0.3, 0.5, 0.5],
            coverage: 0.4,
            pair: 0.5,
            exact_name: 0.1,
            whole_name: 1.0,
            near_name: 0.8,
            trust: 0.015,
            candidates: 300,
        }
    }
}

/// Accumulators of one search, kept for the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// Score and covered weight of each document, one layer after the other.
    sums: Vec<(f32, f32)>,
    touched: Vec<u32>,
}

/// One index of a search.
struct Layer<'a> {
    index: &'a Index,
    /// Documents of the layers before it.
    before: u32,
    /// Its documents that one above stands in place of.
    hidden: HashSet<u32>,
    /// The category that is wanted, if it has documents of it.
    only: Option<Option<u16>>,
}

/// A document of a layer.
type Doc = (usize, u32);

/// What a query is weighed by: everything that the viewer could find.
struct Corpus<'a> {
    layers: Vec<Layer<'a>>,
    means: [f32; FIELDS],
    live: usize,
}

impl<'a> Corpus<'a> {
    fn new(shared: &'a Index, own: Option<&'a Index>, category: Option<&str>) -> Self {
        let category = category.filter(|name| !name.is_empty());
        let layer = |index: &'a Index, before| {
            let only = category.map(|name| index.documents.category(name));
            Layer { index, before, hidden: HashSet::new(), only }
        };
        let mut layers = vec![layer(shared, 0)];
        if let Some(own) = own {
            layers[0].hidden = own.documents.ids().filter_map(|id| shared.documents.find(id)).collect();
            layers.push(layer(own, shared.documents.next()));
        }
        let live = layers.iter().map(|layer| layer.index.documents.live()).sum();
        Self { layers, means: shared.documents.means(), live }
    }

    fn ranking(&self) -> &Ranking {
        &self.layers[0].index.ranking
    }

    fn documents(&self, doc: Doc) -> &Documents {
        &self.layers[doc.0].index.documents
    }

    fn wants(&self, (layer, doc): Doc) -> bool {
        let Layer { index, hidden, only, .. } = &self.layers[layer];
        let fits = match only {
            None => true,
            Some(None) => false,
            Some(Some(category)) => index.documents.in_category(doc, *category),
        };
        fits && index.documents.is_live(doc) && !hidden.contains(&doc)
    }

    /// The best candidates by their words alone.
    fn lexical(&self, scratch: &mut Scratch, text: &str) -> Vec<(Doc, f32)> {
        let ranking = self.ranking();
        let all: usize = self.layers.iter().map(|layer| layer.index.documents.len()).sum();
        scratch.sums.resize(all, (0.0, 0.0));
        let query_weight = self.weigh_words(scratch, text);
        self.weigh_pairs(scratch, text);
        let mut hits = Vec::new();
        for place in scratch.touched.drain(..) {
            let (score, covered) = std::mem::take(&mut scratch.sums[place as usize]);
            let doc = self.doc_at(place);
            if self.wants(doc) {
                let trust = 1.0 + ranking.trust * f32::from(self.documents(doc).trust(doc.1));
                hits.push((doc, score * (covered / query_weight).powf(ranking.coverage) * trust));
            }
        }
        if hits.len() > ranking.candidates {
            hits.select_nth_unstable_by(ranking.candidates, |a, b| self.better(*a, *b));
            hits.truncate(ranking.candidates);
        }
        hits
    }

    /// The document that has a place among the sums.
    fn doc_at(&self, place: u32) -> Doc {
        let layer = self.layers.iter().rposition(|layer| layer.before <= place).unwrap_or(0);
        (layer, place - self.layers[layer].before)
    }

    /// Adds up what the words of a query say; what all of them together tell.
    fn weigh_words(&self, scratch: &mut Scratch, text: &str) -> f32 {
        let ranking = self.ranking();
        let mut query_weight = 0.0;
        // A query is cut once, whatever it is held against.
        for (term, tells) in self.layers[0].index.words.query(text) {
            let with = self.layers.iter().map(|layer| layer.index.postings_of(term).len()).sum();
            let weight = idf(self.live, with) * tells;
            query_weight += weight;
            for layer in &self.layers {
                for posting in layer.index.postings_of(term).iter() {
                    let frequency = self.frequency(&posting, layer.index.documents.lengths(posting.doc));
                    let place = layer.before + posting.doc;
                    let sum = &mut scratch.sums[place as usize];
                    if sum.1 == 0.0 {
                        scratch.touched.push(place);
                    }
                    sum.0 += weight * frequency * (ranking.k1 + 1.0) / (frequency + ranking.k1);
                    sum.1 += weight;
                }
            }
        }
        query_weight
    }

    /// How often a word is in a document, its fields weighed and their lengths counted against it.
    fn frequency(&self, posting: &Posting, lengths: [u16; FIELDS]) -> f32 {
        let ranking = self.ranking();
        let mut frequency = 0.0;
        for (field, length) in lengths.into_iter().enumerate() {
            if posting.counts[field] > 0 {
                let norm = 1.0 - ranking.b[field] + ranking.b[field] * f32::from(length) / self.means[field];
                frequency += ranking.weights[field] * f32::from(posting.counts[field]) / norm;
            }
        }
        frequency
    }

    /// Adds what the order of words says, to documents that the words have found.
    fn weigh_pairs(&self, scratch: &mut Scratch, text: &str) {
        let ranking = self.ranking();
        for pair in self.layers[0].index.words.telling(text).windows(2) {
            let found: Vec<Vec<u32>> =
                self.layers.iter().map(|layer| layer.index.pairs.find(pair[0], pair[1])).collect();
            let weight = ranking.pair * idf(self.live, found.iter().map(Vec::len).sum());
            for (layer, docs) in self.layers.iter().zip(found) {
                for doc in docs {
                    let sum = &mut scratch.sums[(layer.before + doc) as usize];
                    if sum.1 > 0.0 {
                        let length = f32::from(layer.index.documents.lengths(doc)[TEXT]);
                        let frequency = 1.0 / (1.0 - ranking.b[TEXT] + ranking.b[TEXT] * length / self.means[TEXT]);
                        sum.0 += weight * frequency * (ranking.k1 + 1.0) / (frequency + ranking.k1);
                    }
                }
            }
        }
    }

    /// Adds what names say: those that the query spells, and, when it spells none as a whole, those it nearly spells.
    fn names(&self, text: &str, hits: &mut Vec<(Doc, f32)>) {
        let ranking = self.ranking();
        let best = hits.iter().map(|hit| hit.1).fold(0.0, f32::max).max(1.0);
        let spelled = words::spelled_names(text);
        let mut whole_is_a_name = false;
        for (number, layer) in self.layers.iter().enumerate() {
            for (position, name) in spelled.iter().enumerate() {
                let whole = position == 0;
                for posting in layer.index.postings_of(words::name_term(name)).iter() {
                    let doc = (number, posting.doc);
                    if self.wants(doc) {
                        whole_is_a_name |= whole;
                        let part = if whole { ranking.whole_name } else { ranking.exact_name };
                        raise(hits, doc, best * part, whole);
                    }
                }
            }
        }
        if whole_is_a_name {
            return;
        }
        for (number, layer) in self.layers.iter().enumerate() {
            for (doc, distance) in fuzzy::near_names(layer.index, text) {
                let doc = (number, doc);
                if self.wants(doc) {
                    #[allow(clippy::cast_precision_loss, reason = "a distance is one or two")]
                    raise(hits, doc, best * ranking.near_name / distance as f32, true);
                }
            }
        }
    }

    /// Working before broken, then by score, then by downloads, then by id, so that load order never matters.
    fn better(&self, a: (Doc, f32), b: (Doc, f32)) -> Ordering {
        let (of_a, of_b) = (self.documents(a.0), self.documents(b.0));
        let ((_, doc_a), (_, doc_b)) = (a.0, b.0);
        of_a.is_broken(doc_a)
            .cmp(&of_b.is_broken(doc_b))
            .then_with(|| b.1.total_cmp(&a.1))
            .then_with(|| of_b.downloads(doc_b).cmp(&of_a.downloads(doc_a)))
            .then_with(|| of_a.id(doc_a).cmp(of_b.id(doc_b)))
    }
}

/// The best documents of an index that all share and of one above it, best first.
pub(super) fn search(
    shared: &Index,
    own: Option<&Index>,
    scratch: &mut Scratch,
    text: &str,
    category: Option<&str>,
    limit: usize,
) -> Vec<FoundDocument> {
    let corpus = Corpus::new(shared, own, category);
    let mut hits = corpus.lexical(scratch, text);
    corpus.names(text, &mut hits);
    hits.sort_by(|a, b| corpus.better(*a, *b));
    hits.truncate(limit);
    let found = |(doc, score): (Doc, f32)| FoundDocument {
        id: corpus.documents(doc).id(doc.1).to_owned(),
        score: f64::from(score),
        broken: corpus.documents(doc).is_broken(doc.1),
    };
    hits.into_iter().map(found).collect()
}

/// Raises a hit; one that the words did not find is put in only when its name alone is reason enough.
fn raise(hits: &mut Vec<(Doc, f32)>, doc: Doc, by: f32, put: bool) {
    match hits.iter_mut().find(|hit| hit.0 == doc) {
        Some(hit) => hit.1 += by,
        None if put => hits.push((doc, by)),
        None => {}
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of documents fit f32 well enough for a logarithm")]
fn idf(all: usize, with: usize) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5).max(0.5) / (with as f32 + 0.5)).ln()
}
