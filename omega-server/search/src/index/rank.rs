//! Ranking: BM25F over the fields, times how much of the query is covered, plus exact and near names; what is
//! known to work here counts a little more.
//!
//! What a user has for themselves is an index of its own, above the one that all share. Both are weighed by how rare words are
//! among all of them, so a hit of the one compares with a hit of the other.

use super::{
    FIELDS, FoundDocument, Index,
    documents::Documents,
    fuzzy, impact,
    sweep::{Query, Scale, Sum, Window, Word, sweep},
    words,
};
use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

/// The most that a tool is trusted.
const MOST_TRUST: i8 = 4;

#[derive(Debug, Clone, Copy)]
pub struct Ranking {
    /// How fast repeated words stop counting.
    pub k1: f32,
    /// Weight of name, package, text and inputs.
    pub weights: [f32; FIELDS],
    /// How much a long field counts against its words.
    pub b: [f32; FIELDS],
    /// Words that a field usually has. It is not counted anew of what is there: a tool says the same in a small registry as in a large one, and
    /// what each word says of it is known when it is put.
    pub usual: [f32; FIELDS],
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
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            k1: 1.2,
            weights: [2.0, 1.0, 1.0, 0.4],
            b: [0.3, 0.3, 0.5, 0.5],
            usual: [2.5, 3.0, 20.0, 30.0],
            coverage: 0.4,
            pair: 0.5,
            exact_name: 0.1,
            whole_name: 1.0,
            near_name: 0.8,
            trust: 0.015,
        }
    }
}

/// One index of a search.
struct Layer<'a> {
    index: &'a Index,
    /// Its documents that one above stands in place of.
    hidden: HashSet<u32>,
    /// The category that is wanted, if it has documents of it.
    only: Option<Option<u16>>,
}

/// A document of a layer.
type Doc = (usize, u32);

/// A document and its score.
type Hit = (Doc, f32);

/// What a query is weighed by: everything that the viewer could find.
struct Corpus<'a> {
    layers: Vec<Layer<'a>>,
    live: usize,
}

impl<'a> Corpus<'a> {
    fn new(shared: &'a Index, own: Option<&'a Index>, category: Option<&str>) -> Self {
        let category = category.filter(|name| !name.is_empty());
        let layer = |index: &'a Index| {
            let only = category.map(|name| index.documents.category(name));
            Layer { index, hidden: HashSet::new(), only }
        };
        let mut layers = vec![layer(shared)];
        if let Some(own) = own {
            layers[0].hidden = own.documents.ids().filter_map(|id| shared.documents.find(id)).collect();
            layers.push(layer(own));
        }
        let live = layers.iter().map(|layer| layer.index.documents.live()).sum();
        Self { layers, live }
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

    /// The best by their words alone, and those of `named` that have any of them.
    fn lexical(&self, window: &mut Window, text: &str, named: &[Vec<u32>], limit: usize) -> Vec<Hit> {
        let ranking = self.ranking();
        // A query is cut once, whatever it is held against. The order of words is that of the sums, so it is always the same.
        let mut terms: Vec<(u64, f32)> = self.layers[0].index.words.query(text);
        for (term, tells) in &mut terms {
            let with = self.layers.iter().map(|layer| layer.index.postings_of(*term).len()).sum();
            *tells *= idf(self.live, with);
        }
        terms.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let scale = Scale {
            most: ranking.k1 + 1.0,
            whole: terms.iter().map(|term| term.1).sum(),
            coverage: ranking.coverage,
            above: 1.0 + ranking.trust * f32::from(MOST_TRUST),
        };
        let pairs = self.pairs(text);
        let mut top = Top { corpus: self, limit, hits: Vec::new(), worst: None };
        let mut hits = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let postings = terms.iter().map(|(term, weight)| (layer.index.postings_of(*term), *weight));
            let mut words: Vec<Word<'_>> = postings
                .filter(|(postings, _)| postings.len() > 0)
                .map(|(postings, weight)| Word { weight, cursor: postings.cursor() })
                .collect();
            let query = Query { scale: &scale, pairs: &pairs[number], keep: &named[number] };
            let documents = layer.index.documents.next();
            sweep(window, &query, documents, &mut words, top.above(), |Sum { doc, score, covered }| {
                if self.wants((number, doc)) {
                    let trust = 1.0 + ranking.trust * f32::from(layer.index.documents.trust(doc));
                    let hit = ((number, doc), score * scale.part(covered) * trust);
                    top.offer(hit);
                    if named[number].binary_search(&doc).is_ok() {
                        hits.push(hit);
                    }
                }
                top.above()
            });
        }
        hits.extend(top.hits);
        hits
    }

    /// What the order of words says, by layer: documents and what they have of it.
    fn pairs(&self, text: &str) -> Vec<Vec<(u32, f32)>> {
        let ranking = self.ranking();
        let mut all = vec![Vec::new(); self.layers.len()];
        for pair in self.layers[0].index.words.telling(text).windows(2) {
            let found: Vec<Vec<u32>> =
                self.layers.iter().map(|layer| layer.index.pairs.find(pair[0], pair[1])).collect();
            let weight = ranking.pair * idf(self.live, found.iter().map(Vec::len).sum());
            let each = weight * (ranking.k1 + 1.0) / impact::WHOLE;
            for ((all, layer), docs) in all.iter_mut().zip(&self.layers).zip(found) {
                all.extend(docs.into_iter().map(|doc| (doc, each * f32::from(layer.index.documents.pair_impact(doc)))));
            }
        }
        // Pairs of a document stay in the order of the query.
        all.iter_mut().for_each(|pairs| pairs.sort_by_key(|pair| pair.0));
        all
    }

    /// The documents that have a name, if they are wanted.
    fn with_name(&self, name: &str) -> Vec<Doc> {
        let name = words::name_term(name);
        let mut found = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            found.extend(layer.index.names.find(name).into_iter().map(|doc| (number, doc)));
        }
        found.retain(|doc| self.wants(*doc));
        found
    }

    /// The documents whose name the query nearly spells, if they are wanted, and by how many edits.
    fn near_names(&self, text: &str) -> Vec<(Doc, usize)> {
        let mut found = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            found.extend(
                fuzzy::near_names(layer.index, text).into_iter().map(|(doc, distance)| ((number, doc), distance)),
            );
        }
        found.retain(|(doc, _)| self.wants(*doc));
        found
    }

    /// The best documents of all, best first.
    fn best(&self, window: &mut Window, text: &str, limit: usize) -> Vec<Hit> {
        let ranking = self.ranking();
        let mut spelled = words::spelled_names(text).into_iter();
        let whole: Vec<Doc> = spelled.next().into_iter().flat_map(|name| self.with_name(&name)).collect();
        let parts: Vec<Doc> = spelled.flat_map(|name| self.with_name(&name)).collect();
        let near = if whole.is_empty() { self.near_names(text) } else { Vec::new() };
        let mut named = vec![Vec::new(); self.layers.len()];
        for (layer, doc) in whole.iter().chain(&parts).chain(near.iter().map(|(doc, _)| doc)) {
            named[*layer].push(*doc);
        }
        for docs in &mut named {
            docs.sort_unstable();
            docs.dedup();
        }
        let mut hits: HashMap<Doc, f32> = self.lexical(window, text, &named, limit).into_iter().collect();
        // What is broken is no measure while anything works.
        let first = hits.iter().map(|(doc, score)| (*doc, *score)).min_by(|a, b| self.better(*a, *b));
        let best = first.map_or(1.0, |(_, score)| score.max(1.0));
        for doc in parts {
            hits.entry(doc).and_modify(|score| *score += best * ranking.exact_name);
        }
        for doc in whole {
            *hits.entry(doc).or_default() += best * ranking.whole_name;
        }
        for (doc, distance) in near {
            #[allow(clippy::cast_precision_loss, reason = "a distance is one or two")]
            let near = best * ranking.near_name / distance as f32;
            *hits.entry(doc).or_default() += near;
        }
        let mut hits: Vec<Hit> = hits.into_iter().collect();
        hits.sort_unstable_by(|a, b| self.better(*a, *b));
        hits.truncate(limit);
        hits
    }

    /// Working before broken, then by score, then by downloads, then by id, so that load order never matters.
    fn better(&self, a: Hit, b: Hit) -> Ordering {
        let (of_a, of_b) = (self.documents(a.0), self.documents(b.0));
        let ((_, doc_a), (_, doc_b)) = (a.0, b.0);
        of_a.is_broken(doc_a)
            .cmp(&of_b.is_broken(doc_b))
            .then_with(|| b.1.total_cmp(&a.1))
            .then_with(|| of_b.downloads(doc_b).cmp(&of_a.downloads(doc_a)))
            .then_with(|| of_a.id(doc_a).cmp(of_b.id(doc_b)))
    }
}

/// The best so far.
struct Top<'c, 'a> {
    corpus: &'c Corpus<'a>,
    limit: usize,
    hits: Vec<Hit>,
    /// The place of the worst of them, once there are as many as are wanted.
    worst: Option<usize>,
}

impl Top<'_, '_> {
    /// Below this nothing is wanted.
    fn above(&self) -> f32 {
        match self.worst.map(|place| self.hits[place]) {
            Some((doc, score)) if !self.corpus.documents(doc).is_broken(doc.1) => score,
            _ => 0.0,
        }
    }

    /// Takes a hit, if it is one of the best so far.
    fn offer(&mut self, hit: Hit) {
        match self.worst {
            None => self.hits.push(hit),
            Some(worst) if self.corpus.better(hit, self.hits[worst]).is_lt() => self.hits[worst] = hit,
            Some(_) => return,
        }
        if self.hits.len() == self.limit {
            let places = 0..self.hits.len();
            self.worst = places.max_by(|a, b| self.corpus.better(self.hits[*a], self.hits[*b]));
        }
    }
}

/// The best documents of an index that all share and of one above it, best first.
pub(super) fn search(
    shared: &Index,
    own: Option<&Index>,
    window: &mut Window,
    text: &str,
    category: Option<&str>,
    limit: usize,
) -> Vec<FoundDocument> {
    let corpus = Corpus::new(shared, own, category);
    let found = |(doc, score): Hit| FoundDocument {
        id: corpus.documents(doc).id(doc.1).to_owned(),
        score: f64::from(score),
        broken: corpus.documents(doc).is_broken(doc.1),
    };
    corpus.best(window, text, limit).into_iter().map(found).collect()
}

#[allow(clippy::cast_precision_loss, reason = "counts of documents fit f32 well enough for a logarithm")]
fn idf(all: usize, with: usize) -> f32 {
    (1.0 + (all as f32 - with as f32 + 0.5).max(0.5) / (with as f32 + 0.5)).ln()
}
