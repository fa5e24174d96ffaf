//! Lists of documents in rising order, with what a word says about each. A million rows have some thirty million of them, so they
//! are packed: blocks of a fixed size whose distances have as many bits as the widest needs, and what is left over in whole bytes.
//!
//! Every block says where it ends and the most that a word says in it, so that a search can pass over it unread.

mod cursor;

pub(super) use cursor::Cursor;

use super::file::{Reader, Writer};
use std::io::{self, Read, Write};

/// Postings of a block.
pub(super) const BLOCK: usize = 128;

/// A word's occurrence in one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub doc: u32,
    /// What the word says about the document, of 255.
    pub impact: u8,
}

/// The documents that have a word.
#[derive(Debug, Default)]
pub(super) struct Postings {
    bytes: Bytes,
    last: u32,
    count: u32,
}

#[derive(Debug)]
enum Bytes {
    /// Most words are in a document or two.
    Few {
        length: u8,
        bytes: [u8; Bytes::HERE],
    },
    Many(Box<Many>),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Few { length: 0, bytes: [0; Self::HERE] }
    }
}

impl Bytes {
    const HERE: usize = 14;
}

#[derive(Debug, Default)]
struct Many {
    blocks: Vec<Block>,
    packed: Vec<u8>,
    /// Those after the last block: distance and impact, in whole bytes.
    tail: Vec<u8>,
    in_tail: u8,
    most_in_tail: u8,
}

/// [`BLOCK`] postings.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Its last document.
    last: u32,
    /// Where its bytes begin: the distances, then the impacts.
    start: u32,
    /// Bits of a distance.
    bits: u8,
    /// The greatest of its impacts.
    most: u8,
}

/// Pushes with a quarter of room to grow, not a whole: there are very many lists, and most are done growing.
pub(super) fn push(bytes: &mut Vec<u8>, byte: u8) {
    if bytes.len() == bytes.capacity() {
        bytes.reserve_exact(bytes.len() / 4 + 16);
    }
    bytes.push(byte);
}

/// Calls `each` with the bytes of a number: seven bits a byte, the lowest first; the highest bit says that more follow.
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

fn take_posting(bytes: &mut &[u8], before: u32) -> Option<Posting> {
    let distance = u32::try_from(take_number(bytes)?).ok()?;
    let (impact, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(Posting { doc: before + distance, impact: *impact })
}

impl Postings {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// Adds a document behind all others.
    pub(super) fn push(&mut self, Posting { doc, impact }: Posting) {
        let mut new = [0; 6];
        let mut length = 0;
        each_byte(u64::from(doc - self.last), |byte| {
            new[length] = byte;
            length += 1;
        });
        new[length] = impact;
        let new = &new[..=length];
        self.count += 1;
        match &mut self.bytes {
            Bytes::Few { length, bytes } if usize::from(*length) + new.len() <= Bytes::HERE => {
                bytes[usize::from(*length)..][..new.len()].copy_from_slice(new);
                *length += u8::try_from(new.len()).unwrap_or(0);
            }
            Bytes::Few { length, bytes } => {
                let mut many = Many::default();
                many.tail.reserve_exact(Bytes::HERE * 2);
                many.tail.extend_from_slice(&bytes[..usize::from(*length)]);
                let (mut rest, mut before) = (many.tail.as_slice(), 0);
                while let Some(Posting { doc, impact }) = take_posting(&mut rest, before) {
                    before = doc;
                    many.in_tail += 1;
                    many.most_in_tail = many.most_in_tail.max(impact);
                }
                many.push(new, impact);
                self.bytes = Bytes::Many(Box::new(many));
            }
            Bytes::Many(many) => many.push(new, impact),
        }
        self.last = doc;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Posting> {
        self.cursor()
    }

    pub(super) fn cursor(&self) -> Cursor<'_> {
        let (blocks, packed, tail, most_in_tail): (&[Block], &[u8], &[u8], u8) = match &self.bytes {
            Bytes::Few { length, bytes } => (&[], &[], &bytes[..usize::from(*length)], u8::MAX),
            Bytes::Many(many) => (&many.blocks, &many.packed, &many.tail, many.most_in_tail),
        };
        Cursor::new(blocks, packed, (tail, most_in_tail), self.last)
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

impl Many {
    fn push(&mut self, new: &[u8], impact: u8) {
        new.iter().for_each(|byte| push(&mut self.tail, *byte));
        self.in_tail += 1;
        self.most_in_tail = self.most_in_tail.max(impact);
        if usize::from(self.in_tail) == BLOCK {
            self.pack();
        }
    }

    /// Makes a block of what is left over.
    fn pack(&mut self) {
        let before = self.blocks.last().map_or(0, |block| block.last);
        let (mut distances, mut impacts) = ([0_u32; BLOCK], [0_u8; BLOCK]);
        let (mut rest, mut last) = (self.tail.as_slice(), before);
        for (distance, impact) in distances.iter_mut().zip(&mut impacts) {
            let Some(posting) = take_posting(&mut rest, last) else { break };
            *distance = posting.doc - last;
            *impact = posting.impact;
            last = posting.doc;
        }
        let all = distances.iter().fold(0, |all, distance| all | distance);
        let bits = u32::BITS - all.leading_zeros();
        let start = u32::try_from(self.packed.len()).unwrap_or(u32::MAX);
        let room = BLOCK / 8 * bits as usize + BLOCK;
        if self.packed.capacity() < self.packed.len() + room {
            self.packed.reserve_exact(self.packed.len() / 8 + room);
        }
        let (mut waiting, mut held) = (0_u64, 0);
        for distance in distances {
            waiting |= u64::from(distance) << held;
            held += bits;
            while held >= 8 {
                self.packed.push(waiting.to_le_bytes()[0]);
                waiting >>= 8;
                held -= 8;
            }
        }
        self.packed.extend_from_slice(&impacts);
        if self.blocks.len() == self.blocks.capacity() {
            self.blocks.reserve_exact(self.blocks.len() / 4 + 1);
        }
        let bits = u8::try_from(bits).unwrap_or(u8::MAX);
        self.blocks.push(Block { last, start, bits, most: self.most_in_tail });
        self.tail.clear();
        self.in_tail = 0;
        self.most_in_tail = 0;
    }
}

/// Says that a list is one of many bytes, where otherwise the number of its few is.
const IS_MANY: u8 = u8::MAX;

pub(super) fn save_all(lists: &[Postings], to: &mut Writer<impl Write>) -> io::Result<()> {
    let (mut kinds, mut few) = (Vec::with_capacity(lists.len()), Vec::new());
    for list in lists {
        match &list.bytes {
            Bytes::Few { length, bytes } => {
                kinds.push(*length);
                few.extend_from_slice(&bytes[..usize::from(*length)]);
            }
            Bytes::Many(_) => kinds.push(IS_MANY),
        }
    }
    to.bytes(&kinds)?;
    to.bytes(&few)?;
    to.small(&lists.iter().map(|list| list.last).collect::<Vec<_>>())?;
    to.small(&lists.iter().map(|list| list.count).collect::<Vec<_>>())?;
    for list in lists {
        if let Bytes::Many(many) = &list.bytes {
            many.save(to)?;
        }
    }
    Ok(())
}

pub(super) fn load_all(from: &mut Reader<impl Read>) -> io::Result<Vec<Postings>> {
    let (kinds, few) = (from.bytes()?, from.bytes()?);
    let (lasts, counts) = (from.small()?, from.small()?);
    let mut few = few.as_slice();
    let mut lists = Vec::with_capacity(kinds.len());
    for ((kind, last), count) in kinds.into_iter().zip(lasts).zip(counts) {
        let bytes = if kind == IS_MANY {
            Bytes::Many(Box::new(Many::load(from)?))
        } else {
            let mut bytes = [0; Bytes::HERE];
            let length = few.len().min(usize::from(kind)).min(Bytes::HERE);
            let (own, rest) = few.split_at(length);
            bytes[..length].copy_from_slice(own);
            few = rest;
            Bytes::Few { length: kind, bytes }
        };
        lists.push(Postings { bytes, last, count });
    }
    Ok(lists)
}

impl Many {
    fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        to.list(&self.blocks, |block| {
            let ([a, b, c, d], [e, f, g, h]) = (block.last.to_le_bytes(), block.start.to_le_bytes());
            [a, b, c, d, e, f, g, h, block.bits, block.most]
        })?;
        to.bytes(&self.packed)?;
        to.bytes(&self.tail)?;
        to.number(u64::from(self.in_tail) << 8 | u64::from(self.most_in_tail))
    }

    fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let blocks = from.list(|[a, b, c, d, e, f, g, h, bits, most]| {
            let (last, start) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            Block { last, start, bits, most }
        })?;
        let (packed, tail) = (from.bytes()?, from.bytes()?);
        let [most_in_tail, in_tail, ..] = from.number()?.to_le_bytes();
        Ok(Self { blocks, packed, tail, in_tail, most_in_tail })
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

    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        to.number(u64::from(self.last) << 32 | u64::from(self.count))?;
        to.bytes(&self.bytes)
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let [a, b, c, d, e, f, g, h] = from.number()?.to_le_bytes();
        let (count, last) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        Ok(Self { bytes: from.bytes()?, last, count })
    }
}

#[cfg(test)]
mod tests;
