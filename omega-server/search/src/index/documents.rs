//! What the index keeps of each document besides its words: one row in each of a few arrays.
//!
//! A document that was removed keeps its number until the index is compacted, and is skipped by searches.

use super::{
    Document,
    file::{Reader, Writer},
    words,
};
use hashbrown::HashTable;
use std::{
    collections::{HashMap, HashSet},
    io::{self, Read, Write},
};

#[derive(Default)]
pub(super) struct Documents {
    /// Ids, each with its name behind it unless it ends with it.
    texts: String,
    /// Where an id starts, and where its name starts; the next id's start ends it.
    starts: Vec<(u32, u32)>,
    rows: Vec<Row>,
    /// What a pair of words says in each.
    pair_impacts: Vec<u8>,
    categories: HashMap<String, u16>,
    by_id: HashTable<u32>,
    live: usize,
}

#[derive(Clone, Copy)]
struct Row {
    downloads: u32,
    category: u16,
    trust: i8,
    flags: u8,
}

/// Known not to work.
const BROKEN: u8 = 1;
/// Taken out.
const REMOVED: u8 = 2;
/// The end of its id is its name.
const NAMED_SO: u8 = 4;

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

    pub(super) fn push(&mut self, document: &Document<'_>, pair_impact: u8) {
        let doc = self.next();
        let mut flags = if document.broken { BROKEN } else { 0 };
        if document.id.ends_with(document.name) {
            flags |= NAMED_SO;
        }
        let category = self.category_number(document.category);
        let downloads = u32::try_from(document.downloads).unwrap_or(u32::MAX);
        self.push_row(document.id, document.name, Row { downloads, category, trust: document.trust, flags });
        self.pair_impacts.push(pair_impact);
        self.enter(document.id, doc);
        self.live += 1;
    }

    fn push_row(&mut self, id: &str, name: &str, row: Row) {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = self.texts.len();
        self.texts.push_str(id);
        let mut middle = self.texts.len();
        if row.flags & NAMED_SO == 0 {
            self.texts.push_str(name);
        } else {
            middle -= name.len();
        }
        self.starts.push((place(start), place(middle)));
        self.rows.push(row);
    }

    fn enter(&mut self, id: &str, doc: u32) {
        let Self { by_id, texts, starts, rows, .. } = self;
        let hash_of = |doc: &u32| words::hash(id_of(texts, starts, rows, *doc));
        by_id.insert_unique(words::hash(id), doc, hash_of);
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Self { by_id, texts, starts, rows, .. } = self;
        let is_it = |doc: &u32| id_of(texts, starts, rows, *doc) == id;
        let Ok(entry) = by_id.find_entry(words::hash(id), is_it) else { return false };
        let (doc, _) = entry.remove();
        rows[doc as usize].flags |= REMOVED;
        self.live -= 1;
        true
    }

    /// Drops removed documents; the new number of each old one, where it still has one.
    pub(super) fn compact(&mut self) -> Vec<Option<u32>> {
        let old = std::mem::take(self);
        let mut numbers = Vec::with_capacity(old.len());
        self.live = old.live;
        for doc in 0..old.next() {
            if !old.is_live(doc) {
                numbers.push(None);
                continue;
            }
            let number = self.next();
            numbers.push(Some(number));
            self.push_row(old.id(doc), old.name(doc), old.rows[doc as usize]);
            self.pair_impacts.push(old.pair_impacts[doc as usize]);
            self.enter(old.id(doc), number);
        }
        self.categories = old.categories;
        numbers
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.by_id.find(words::hash(id), |doc| self.id(*doc) == id).copied()
    }

    pub(super) fn id(&self, doc: u32) -> &str {
        id_of(&self.texts, &self.starts, &self.rows, doc)
    }

    pub(super) fn name(&self, doc: u32) -> &str {
        &self.texts[self.starts[doc as usize].1 as usize..end_of(&self.texts, &self.starts, doc)]
    }

    pub(super) fn pair_impact(&self, doc: u32) -> u8 {
        self.pair_impacts[doc as usize]
    }

    pub(super) fn is_live(&self, doc: u32) -> bool {
        self.rows[doc as usize].flags & REMOVED == 0
    }

    pub(super) fn is_broken(&self, doc: u32) -> bool {
        self.rows[doc as usize].flags & BROKEN != 0
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

    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        to.bytes(self.texts.as_bytes())?;
        let (starts, middles): (Vec<u32>, Vec<u32>) = self.starts.iter().copied().unzip();
        to.small(&starts)?;
        to.small(&middles)?;
        to.list(&self.rows, |row| {
            let ([a, b, c, d], [e, f]) = (row.downloads.to_le_bytes(), row.category.to_le_bytes());
            [a, b, c, d, e, f, row.trust.to_le_bytes()[0], row.flags]
        })?;
        to.bytes(&self.pair_impacts)?;
        let mut categories: Vec<(&String, &u16)> = self.categories.iter().collect();
        categories.sort_unstable();
        to.number(categories.len() as u64)?;
        for (name, number) in categories {
            to.bytes(name.as_bytes())?;
            to.number(u64::from(*number))?;
        }
        Ok(())
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let no_text = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut new = Self { texts: String::from_utf8(from.bytes()?).map_err(no_text)?, ..Self::default() };
        new.starts = from.small()?.into_iter().zip(from.small()?).collect();
        new.rows = from.list(|[a, b, c, d, e, f, trust, flags]| Row {
            downloads: u32::from_le_bytes([a, b, c, d]),
            category: u16::from_le_bytes([e, f]),
            trust: i8::from_le_bytes([trust]),
            flags,
        })?;
        new.pair_impacts = from.bytes()?;
        for _ in 0..from.number()? {
            let name = String::from_utf8(from.bytes()?).map_err(no_text)?;
            new.categories.insert(name, u16::try_from(from.number()?).unwrap_or(u16::MAX));
        }
        Ok(new)
    }

    /// Finds them by their ids, too: the last of what is loaded, when all of it is known to be as it was saved.
    pub(super) fn enter_all(&mut self) {
        self.by_id = HashTable::with_capacity(self.rows.len());
        for doc in (0..self.next()).filter(|doc| self.is_live(*doc)).collect::<Vec<_>>() {
            let Self { by_id, texts, starts, rows, .. } = self;
            let hash_of = |doc: &u32| words::hash(id_of(texts, starts, rows, *doc));
            by_id.insert_unique(hash_of(&doc), doc, hash_of);
        }
        self.live = self.by_id.len();
    }

    fn category_number(&mut self, name: &str) -> u16 {
        let next = u16::try_from(self.categories.len()).unwrap_or(u16::MAX);
        *self.categories.entry(name.to_lowercase()).or_insert(next)
    }
}

fn end_of(texts: &str, starts: &[(u32, u32)], doc: u32) -> usize {
    starts.get(doc as usize + 1).map_or(texts.len(), |next| next.0 as usize)
}

fn id_of<'t>(texts: &'t str, starts: &[(u32, u32)], rows: &[Row], doc: u32) -> &'t str {
    let (start, middle) = starts[doc as usize];
    let named_so = rows[doc as usize].flags & NAMED_SO != 0;
    &texts[start as usize..if named_so { end_of(texts, starts, doc) } else { middle as usize }]
}
