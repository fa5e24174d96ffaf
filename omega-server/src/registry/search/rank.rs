//! Ranking: BM25F over the fields, times how much of the query is covered, plus exact and near names; what is
//! known to work here counts a little more.

use super::{FIELDS, Found, Index, fuzzy, words};
use std::cmp::Ordering;

/// The field that pairs are weighted by.
const TEXT: usize = 2;

/// The ranking's constants.
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
    /// Score and covered weight of each document.
    sums: Vec<(f32, f32)>,
    touched: Vec<u32>,
}

pub(super) fn search(
    index: &Index,
    scratch: &mut Scratch,
    text: &str,
    category: Option<&str>,
    limit: usize,
) -> Vec<Found> {
    let only = match category.filter(|name| !name.is_empty()) {
        None => None,
        Some(name) => match index.documents.category(name) {
            Some(number) => Some(number),
            None => return Vec::new(),
        },
    };
    let wanted =
        |doc: u32| index.documents.is_live(doc) && only.is_none_or(|number| index.documents.in_category(doc, number));
    let mut hits = lexical(index, scratch, text, &wanted);
    names(index, text, &mut hits, &wanted);
    hits.sort_by(|a, b| better(index, *a, *b));
    hits.truncate(limit);
    hits.into_iter()
        .map(|(doc, score)| Found { id: index.documents.id(doc).to_owned(), score: f64::from(score) })
        .collect()
}

/// The best candidates by their words alone.
fn lexical(index: &Index, scratch: &mut Scratch, text: &str, wanted: &impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let ranking = &index.ranking;
    let means = index.documents.means();
    scratch.sums.resize(index.documents.len(), (0.0, 0.0));
    let mut query_weight = 0.0;
    for (term, tells) in index.words.query(text) {
        let postings = index.postings_of(term);
        let weight = idf(index.documents.live(), postings.len()) * tells;
        query_weight += weight;
        for posting in postings {
            let lengths = index.documents.lengths(posting.doc);
            let mut frequency = 0.0;
            for field in 0..FIELDS {
                if posting.counts[field] > 0 {
                    let norm = 1.0 - ranking.b[field] + ranking.b[field] * f32::from(lengths[field]) / means[field];
                    frequency += ranking.weights[field] * f32::from(posting.counts[field]) / norm;
                }
            }
            let sum = &mut scratch.sums[posting.doc as usize];
            if sum.1 == 0.0 {
                scratch.touched.push(posting.doc);
            }
            sum.0 += weight * frequency * (ranking.k1 + 1.0) / (frequency + ranking.k1);
            sum.1 += weight;
        }
    }
    pairs(index, scratch, text, means[TEXT]);
    let mut hits = Vec::new();
    for doc in scratch.touched.drain(..) {
        let (score, covered) = std::mem::take(&mut scratch.sums[doc as usize]);
        if wanted(doc) {
            let trust = 1.0 + ranking.trust * f32::from(index.documents.trust(doc));
            hits.push((doc, score * (covered / query_weight).powf(ranking.coverage) * trust));
        }
    }
    if hits.len() > ranking.candidates {
        hits.select_nth_unstable_by(ranking.candidates, |a, b| better(index, *a, *b));
        hits.truncate(ranking.candidates);
    }
    hits
}

/// Adds what the order of words says, to documents that the words have found.
fn pairs(index: &Index, scratch: &mut Scratch, text: &str, mean: f32) {
    let ranking = &index.ranking;
    let terms = index.words.telling(text);
    for pair in terms.windows(2) {
        let docs = index.pairs.find(pair[0], pair[1]);
        let weight = ranking.pair * idf(index.documents.live(), docs.len());
        for doc in docs {
            let sum = &mut scratch.sums[doc as usize];
            if sum.1 > 0.0 {
                let length = f32::from(index.documents.lengths(doc)[TEXT]);
                let frequency = 1.0 / (1.0 - ranking.b[TEXT] + ranking.b[TEXT] * length / mean);
                sum.0 += weight * frequency * (ranking.k1 + 1.0) / (frequency + ranking.k1);
            }
        }
    }
}

/// Adds what names say: those that the query spells, and, when it spells none as a whole, those it nearly spells.
fn names(index: &Index, text: &str, hits: &mut Vec<(u32, f32)>, wanted: &impl Fn(u32) -> bool) {
    let ranking = &index.ranking;
    let best = hits.iter().map(|hit| hit.1).fold(0.0, f32::max).max(1.0);
    let spelled = words::spelled_names(text);
    let mut whole_is_a_name = false;
    for (position, name) in spelled.iter().enumerate() {
        let whole = position == 0;
        for posting in index.postings_of(words::name_term(name)) {
            if wanted(posting.doc) {
                whole_is_a_name |= whole;
                let part = if whole { ranking.whole_name } else { ranking.exact_name };
                raise(hits, posting.doc, best * part, whole);
            }
        }
    }
    if !whole_is_a_name {
        for (doc, distance) in fuzzy::near_names(index, text) {
            if wanted(doc) {
                #[allow(clippy::cast_precision_loss, reason = "a distance is one or two")]
                raise(hits, doc, best * ranking.near_name / distance as f32, true);
            }
        }
    }
}

/// Raises a hit; one that the words did not find is put in only when its name alone is reason enough.
fn raise(hits: &mut Vec<(u32, f32)>, doc: u32, by: f32, put: bool) {
    match hits.iter_mut().find(|hit| hit.0 == doc) {
        Some(hit) => hit.1 += by,
        None if put => hits.push((doc, by)),
        None => {}
    }
}

/// Working before broken, then by score, then by downloads, then by id, so that load order never matters.
fn better(index: &Index, a: (u32, f32), b: (u32, f32)) -> Ordering {
    let documents = &index.documents;
    documents
        .is_broken(a.0)
        .cmp(&documents.is_broken(b.0))
        .then_with(|| b.1.total_cmp(&a.1))
        .then_with(|| documents.downloads(b.0).cmp(&documents.downloads(a.0)))
        .then_with(|| documents.id(a.0).cmp(documents.id(b.0)))
}

#[allow(clippy::cast_precision_loss, reason = "counts of documents fit f32 well enough for a logarithm")]
fn idf(all: usize, with: usize) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5).max(0.5) / (with as f32 + 0.5)).ln()
}
