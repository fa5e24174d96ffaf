//! Reading a list: block by block, and only those blocks that are needed.

use super::{BLOCK, Block, Posting, take_posting};

/// A place in a list, which only goes on.
pub(in crate::index) struct Cursor<'p> {
    blocks: &'p [Block],
    packed: &'p [u8],
    tail: &'p [u8],
    most_in_tail: u8,
    /// The last document of all.
    last: u32,
    /// Blocks that end before what is asked about.
    passed: usize,
    /// The block to read next; one more than there are when the tail has been read.
    next: usize,
    docs: [u32; BLOCK],
    impacts: [u8; BLOCK],
    at: usize,
    length: usize,
}

impl<'p> Cursor<'p> {
    /// At the beginning of blocks and of what is after them, with the most that a word says there; `last` is the last document.
    pub(super) fn new(blocks: &'p [Block], packed: &'p [u8], (tail, most_in_tail): (&'p [u8], u8), last: u32) -> Self {
        let (docs, impacts) = ([0; BLOCK], [0; BLOCK]);
        Self { blocks, packed, tail, most_in_tail, last, passed: 0, next: 0, docs, impacts, at: 0, length: 0 }
    }

    /// The most that the word can say about documents from `begin` to before `end`; to be asked in rising order.
    pub(in crate::index) fn most_between(&mut self, begin: u32, end: u32) -> u8 {
        if self.last < begin {
            return 0;
        }
        let mut most = 0;
        while self.blocks.get(self.passed).is_some_and(|block| block.last < begin) {
            self.passed += 1;
        }
        for block in &self.blocks[self.passed..] {
            most = most.max(block.most);
            if block.last >= end - 1 {
                return most;
            }
        }
        most.max(self.most_in_tail)
    }

    /// Goes on to the first document that is not before one; what is there.
    pub(in crate::index) fn reach(&mut self, doc: u32) -> Option<Posting> {
        if self.length == 0 || self.docs[self.length - 1] < doc {
            while self.blocks.get(self.next).is_some_and(|block| block.last < doc) {
                self.next += 1;
            }
            loop {
                if !self.read() {
                    self.at = self.length;
                    return None;
                }
                if self.docs[self.length - 1] >= doc {
                    break;
                }
            }
        }
        self.at += self.docs[self.at..self.length].partition_point(|known| *known < doc);
        self.peek()
    }

    /// Calls `each` with every posting before a document, from here on.
    pub(in crate::index) fn each_before(&mut self, end: u32, mut each: impl FnMut(Posting)) {
        while self.peek().is_some() {
            let here = &self.docs[self.at..self.length];
            let until = if here.last().is_some_and(|last| *last < end) {
                self.length
            } else {
                self.at + here.partition_point(|known| *known < end)
            };
            let found = self.docs[self.at..until].iter().zip(&self.impacts[self.at..until]);
            found.for_each(|(doc, impact)| each(Posting { doc: *doc, impact: *impact }));
            self.at = until;
            if until < self.length {
                return;
            }
        }
    }

    /// What is here; reads on when a block is over.
    fn peek(&mut self) -> Option<Posting> {
        while self.at == self.length {
            if !self.read() {
                return None;
            }
        }
        Some(Posting { doc: self.docs[self.at], impact: self.impacts[self.at] })
    }

    /// Reads the next block; false when there is none.
    fn read(&mut self) -> bool {
        if self.next > self.blocks.len() {
            return false;
        }
        let before = self.next.checked_sub(1).map_or(0, |before| self.blocks[before].last);
        self.at = 0;
        if let Some(block) = self.blocks.get(self.next) {
            let bytes = &self.packed[block.start as usize..];
            let bits = usize::from(block.bits);
            unpack(bytes, bits, before, &mut self.docs);
            self.impacts.copy_from_slice(&bytes[BLOCK / 8 * bits..][..BLOCK]);
            self.length = BLOCK;
        } else {
            self.length = 0;
            let (mut tail, mut last) = (self.tail, before);
            while let Some(posting) = take_posting(&mut tail, last) {
                (self.docs[self.length], self.impacts[self.length]) = (posting.doc, posting.impact);
                self.length += 1;
                last = posting.doc;
            }
        }
        self.next += 1;
        self.length > 0
    }
}

impl Iterator for Cursor<'_> {
    type Item = Posting;

    fn next(&mut self) -> Option<Posting> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }
}

/// The documents of a block from the distances between them. Impacts follow, so that there are always eight bytes to read.
fn unpack(bytes: &[u8], bits: usize, before: u32, docs: &mut [u32; BLOCK]) {
    let mask = (1_u64 << bits) - 1;
    let mut last = before;
    for (eight, docs) in docs.chunks_exact_mut(8).enumerate() {
        let bytes = &bytes[eight * bits..];
        for (number, doc) in docs.iter_mut().enumerate() {
            let at = number * bits;
            let word = bytes[at / 8..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            #[allow(clippy::cast_possible_truncation, reason = "the mask has 32 bits at most")]
            let distance = (word >> (at % 8) & mask) as u32;
            last += distance;
            *doc = last;
        }
    }
}
