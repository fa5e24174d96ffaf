//! What the index keeps of each document besides its words: one row in each of a few arrays.
//!
//! A document that was removed keeps its number until the index is compacted, and is skipped by searches.

use super::{ByHash, Document, FIELDS, words};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Documents {
    /// Ids and names, one after the other.
    texts: String,
    /// Where an id starts, and where its name starts; the next id's start ends it.
    starts: Vec<(u32, u32)>,
    lengths: Vec<[u16; FIELDS]>,
    totals: [u64; FIELDS],
    rows: Vec<Row>,
    categories: HashMap<String, u16>,
    by_id: ByHash<u32>,
    live: usize,
}

#[derive(Clone, Copy)]
struct Row {
    downloads: u32,
    category: u16,
    broken: bool,
    trust: i8,
    removed: bool,
}

impl Documents {
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn push(&mut self, document: &Document<'_>, lengths: [u16; FIELDS]) {
        let doc = self.next();
        self.push_texts(document.id, document.name);
        self.lengths.push(lengths);
        for (total, length) in self.totals.iter_mut().zip(lengths) {
            *total += u64::from(length);
        }
        let category = self.category_number(document.category);
        self.rows.push(Row {
            downloads: u32::try_from(document.downloads).unwrap_or(u32::MAX),
            category,
            broken: document.broken,
            trust: document.trust,
            removed: false,
        });
        self.by_id.insert(words::hash(document.id), doc);
        self.live += 1;
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some(doc) = self.by_id.remove(&words::hash(id)) else { return false };
        let row = &mut self.rows[doc as usize];
        row.removed = true;
        for (total, length) in self.totals.iter_mut().zip(self.lengths[doc as usize]) {
            *total -= u64::from(length);
        }
        self.live -= 1;
        true
    }

    /// Drops removed documents; the new number of each old one, where it still has one.
    pub(super) fn compact(&mut self) -> Vec<Option<u32>> {
        let old = std::mem::take(self);
        let mut numbers = Vec::with_capacity(old.len());
        self.totals = old.totals;
        self.live = old.live;
        for doc in 0..old.next() {
            if !old.is_live(doc) {
                numbers.push(None);
                continue;
            }
            let number = self.next();
            numbers.push(Some(number));
            self.push_texts(old.id(doc), old.name(doc));
            self.lengths.push(old.lengths(doc));
            self.rows.push(old.rows[doc as usize]);
            self.by_id.insert(words::hash(old.id(doc)), number);
        }
        self.categories = old.categories;
        numbers
    }

    fn push_texts(&mut self, id: &str, name: &str) {
        let start = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push_str(id);
        let middle = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push_str(name);
        self.starts.push((start, middle));
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(&words::hash(id)).copied()
    }

    pub(super) fn id(&self, doc: u32) -> &str {
        let (start, middle) = self.starts[doc as usize];
        &self.texts[start as usize..middle as usize]
    }

    pub(super) fn name(&self, doc: u32) -> &str {
        let middle = self.starts[doc as usize].1 as usize;
        let end = self.starts.get(doc as usize + 1).map_or(self.texts.len(), |next| next.0 as usize);
        &self.texts[middle..end]
    }

    pub(super) fn lengths(&self, doc: u32) -> [u16; FIELDS] {
        self.lengths[doc as usize]
    }

    /// Mean length of each field, never zero.
    pub(super) fn means(&self) -> [f32; FIELDS] {
        #[allow(clippy::cast_precision_loss, reason = "a mean needs no 24th digit")]
        self.totals.map(|total| (total as f32 / self.live.max(1) as f32).max(1.0))
    }

    pub(super) fn is_live(&self, doc: u32) -> bool {
        !self.rows[doc as usize].removed
    }

    pub(super) fn is_broken(&self, doc: u32) -> bool {
        self.rows[doc as usize].broken
    }

    pub(super) fn trust(&self, doc: u32) -> i8 {
        self.rows[doc as usize].trust
    }

    pub(super) fn downloads(&self, doc: u32) -> u32 {
        self.rows[doc as usize].downloads
    }

    /// The number of a category, if any document has it; compare with [`Self::in_category`].
    pub(super) fn category(&self, name: &str) -> Option<u16> {
        self.categories.get(&name.to_lowercase()).copied()
    }

    pub(super) fn in_category(&self, doc: u32, category: u16) -> bool {
        self.rows[doc as usize].category == category
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        (0..self.next()).filter(|doc| self.is_live(*doc)).map(|doc| self.id(doc))
    }

    pub(super) fn list(
        &self,
        category: Option<&str>,
        hidden: &HashSet<u32>,
        offset: usize,
        limit: usize,
    ) -> Vec<String> {
        let only = match category.filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => match self.category(name) {
                Some(number) => Some(number),
                None => return Vec::new(),
            },
        };
        (0..self.next())
            .filter(|doc| self.is_live(*doc) && !hidden.contains(doc))
            .filter(|doc| only.is_none_or(|number| self.in_category(*doc, number)))
            .skip(offset)
            .take(limit)
            .map(|doc| self.id(doc).to_owned())
            .collect()
    }

    fn category_number(&mut self, name: &str) -> u16 {
        let next = u16::try_from(self.categories.len()).unwrap_or(u16::MAX);
        *self.categories.entry(name.to_lowercase()).or_insert(next)
    }
}
