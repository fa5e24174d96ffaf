//! Lists of documents in rising order, packed: the distance to the document before, and with it how often a word is in which
//! field, mostly in two bytes. A million rows have some thirty million of them.

use super::FIELDS;

/// A word's occurrences in one document, by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub doc: u32,
    pub counts: [u8; FIELDS],
}

/// The counts that most postings have: once in the text, once in name and package, once in the name. Others are written out.
const USUAL: [[u8; FIELDS]; 3] = [[0, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]];
/// In place of a place among the usual ones.
const WRITTEN_OUT: u64 = 3;
/// Counts up to this are written out in one byte together; a byte of nothing says that each has its own.
const SMALL: u8 = 3;

/// Bytes that grow by a quarter: there are very many lists, and most are done growing.
#[derive(Debug, Clone, PartialEq)]
enum Bytes {
    /// Most words are in a document or two.
    Few {
        length: u8,
        bytes: [u8; Bytes::HERE],
    },
    Many(Vec<u8>),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Few { length: 0, bytes: [0; Self::HERE] }
    }
}

impl Bytes {
    const HERE: usize = 15;

    fn get(&self) -> &[u8] {
        match self {
            Self::Few { length, bytes } => &bytes[..usize::from(*length)],
            Self::Many(bytes) => bytes,
        }
    }

    fn push(&mut self, byte: u8) {
        match self {
            Self::Few { length, bytes } if usize::from(*length) < Self::HERE => {
                bytes[usize::from(*length)] = byte;
                *length += 1;
            }
            Self::Few { bytes, .. } => {
                let mut many = Vec::with_capacity(Self::HERE * 2);
                many.extend_from_slice(bytes);
                many.push(byte);
                *self = Self::Many(many);
            }
            Self::Many(bytes) => push(bytes, byte),
        }
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn push_number(&mut self, number: u64) {
        each_byte(number, |byte| self.push(byte));
    }
}

/// Pushes with a quarter of room to grow, not a whole.
pub(super) fn push(bytes: &mut Vec<u8>, byte: u8) {
    if bytes.len() == bytes.capacity() {
        bytes.reserve_exact(bytes.len() / 4 + 16);
    }
    bytes.push(byte);
}

/// Calls `each` with the bytes of a number.
pub(super) fn each_byte(mut number: u64, mut each: impl FnMut(u8)) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return each(low);
        }
        each(low | 0x80);
    }
}

/// Takes a number off the front.
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

/// The documents that have a word.
#[derive(Debug, Default)]
pub(super) struct Postings {
    bytes: Bytes,
    last: u32,
    count: u32,
}

impl Postings {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// Adds a document behind all others.
    pub(super) fn push(&mut self, Posting { doc, counts }: Posting) {
        let distance = u64::from(doc - self.last) << 2;
        let usual = USUAL.iter().zip(0..).find(|(usual, _)| **usual == counts).map(|(_, place)| place);
        self.bytes.push_number(distance | usual.unwrap_or(WRITTEN_OUT));
        if usual.is_none() {
            if counts.iter().all(|count| *count <= SMALL) && counts != [0; FIELDS] {
                self.bytes.push(counts.iter().fold(0, |all, count| all << 2 | count));
            } else {
                self.bytes.push(0);
                counts.iter().for_each(|count| self.bytes.push(*count));
            }
        }
        self.last = doc;
        self.count += 1;
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        Iter { bytes: self.bytes.get(), doc: 0 }
    }

    /// The same with other numbers, without documents that have none. Numbers keep their order.
    pub(super) fn renumbered(&self, numbers: &[Option<u32>]) -> Self {
        let mut new = Self::default();
        for posting in self.iter() {
            if let Some(doc) = numbers[posting.doc as usize] {
                new.push(Posting { doc, ..posting });
            }
        }
        new
    }
}

pub(super) struct Iter<'p> {
    bytes: &'p [u8],
    doc: u32,
}

impl Iterator for Iter<'_> {
    type Item = Posting;

    fn next(&mut self) -> Option<Posting> {
        let number = take_number(&mut self.bytes)?;
        self.doc += u32::try_from(number >> 2).unwrap_or(0);
        let counts = match USUAL.get(usize::from(number.to_le_bytes()[0] & 3)) {
            Some(usual) => *usual,
            None => {
                let (all, rest) = self.bytes.split_first()?;
                self.bytes = rest;
                if *all == 0 {
                    let (counts, rest) = self.bytes.split_first_chunk()?;
                    self.bytes = rest;
                    *counts
                } else {
                    [all >> 6, all >> 4 & SMALL, all >> 2 & SMALL, all & SMALL]
                }
            }
        };
        Some(Posting { doc: self.doc, counts })
    }
}

/// Documents alone.
#[derive(Debug, Default)]
pub(super) struct Docs {
    bytes: Vec<u8>,
    last: u32,
    count: u32,
}

impl Docs {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// Adds a document behind all others, once.
    pub(super) fn push(&mut self, doc: u32) {
        if self.count > 0 && doc == self.last {
            return;
        }
        each_byte(u64::from(doc - self.last), |byte| push(&mut self.bytes, byte));
        self.last = doc;
        self.count += 1;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (mut bytes, mut doc) = (self.bytes.as_slice(), 0);
        std::iter::from_fn(move || {
            doc += u32::try_from(take_number(&mut bytes)?).unwrap_or(0);
            Some(doc)
        })
    }

    pub(super) fn renumbered(&self, numbers: &[Option<u32>]) -> Self {
        let mut new = Self::default();
        self.iter().filter_map(|doc| numbers[doc as usize]).for_each(|doc| new.push(doc));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Lists of every make: near and far documents, usual, small and large counts.
    fn lists() -> impl Iterator<Item = Vec<Posting>> {
        let mut state = 7_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let sizes = [0, 1, 2, 3, 4, 5, 6, 30, 1_000];
        let lists: Vec<Vec<Posting>> = (0..90)
            .map(|number| {
                let most = [2, 200, 70_000, 3_000_000][number % 4];
                let mut docs = BTreeMap::new();
                for _ in 0..sizes[number % sizes.len()] {
                    let small = u8::try_from(random(3)).unwrap();
                    let any = u8::try_from(random(256)).unwrap();
                    let made =
                        [[0, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [small, 0, 1, 3], [0, any, 0, 9], [0; FIELDS]];
                    docs.insert(u32::try_from(random(most)).unwrap(), made[usize::try_from(random(6)).unwrap()]);
                }
                docs.into_iter().map(|(doc, counts)| Posting { doc, counts }).collect()
            })
            .collect();
        lists.into_iter()
    }

    #[test]
    fn what_was_pushed_comes_out() {
        for list in lists() {
            let (mut postings, mut docs) = (Postings::default(), Docs::default());
            for posting in &list {
                postings.push(*posting);
                docs.push(posting.doc);
                docs.push(posting.doc);
            }
            assert_eq!(postings.iter().collect::<Vec<_>>(), list);
            assert!(docs.iter().eq(list.iter().map(|posting| posting.doc)));
            assert_eq!((postings.len(), docs.len()), (list.len(), list.len()));
        }
    }

    #[test]
    fn renumbered_lists_lack_what_is_gone_and_go_on_growing() {
        for list in lists() {
            let (mut postings, mut docs) = (Postings::default(), Docs::default());
            list.iter().for_each(|posting| postings.push(*posting));
            list.iter().for_each(|posting| docs.push(posting.doc));
            let odd: Vec<Option<u32>> = (0..3_000_001).map(|doc| (doc % 2 == 1).then_some(doc / 2)).collect();
            let (mut postings, mut docs) = (postings.renumbered(&odd), docs.renumbered(&odd));
            let last = Posting { doc: 3_000_000, counts: [1, 2, 3, 4] };
            postings.push(last);
            docs.push(last.doc);
            let left = list.iter().filter(|posting| posting.doc % 2 == 1);
            let left = left.map(|posting| Posting { doc: posting.doc / 2, ..*posting }).chain([last]);
            let left: Vec<Posting> = left.collect();
            assert_eq!(postings.iter().collect::<Vec<_>>(), left);
            assert!(docs.iter().eq(left.iter().map(|posting| posting.doc)));
        }
    }

    #[test]
    fn a_list_of_a_few_takes_no_memory_of_its_own() {
        assert!(size_of::<Postings>() <= 32, "{}", size_of::<Postings>());
        let mut postings = Postings::default();
        (0..5).for_each(|n| postings.push(Posting { doc: n * 100_000, counts: [0, 0, 1, 0] }));
        assert!(matches!(postings.bytes, Bytes::Few { .. }));
    }
}
