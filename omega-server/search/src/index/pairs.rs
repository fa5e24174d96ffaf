//! Which documents have a pair of neighbouring words: `html markdown` and `markdown html` are different requests.
//!
//! Pairs are many and mostly rare, so they are kept as sorted runs of `(hash, document)`, packed to some four bytes each. Those of new
//! documents wait until they are enough for a run; runs of like size are merged, so that there are never more than a few dozen.

use super::{
    file::{Reader, Writer},
    postings::{each_byte, push, take_number},
};
use std::io::{self, Read, Write};

/// Hash of a pair, and who has it.
type Entry = (u32, u32);

/// Bits of a hash: so few that neighbours are near, so many that another pair with the same hash is a rarity. It counts only for
/// documents that have the query's words anyway.
const BITS: u32 = 24;
/// Entries between two places where reading can begin.
const BLOCK: u32 = 64;

/// Entries that wait to become a run: to look through all of them takes microseconds, to merge each document's for itself took a fifth of
/// an import.
const WAITING: usize = 8_192;

#[derive(Default)]
pub(super) struct Pairs {
    /// Every run is more than twice as long as the next.
    runs: Vec<Run>,
    /// The last ones, in no order.
    waiting: Vec<Entry>,
}

/// Entries in their order.
#[derive(Default)]
struct Run {
    /// The hash with which each block begins, and where.
    blocks: Vec<(u32, u32)>,
    bytes: Vec<u8>,
    count: u32,
    last: Entry,
}

impl Run {
    fn push(&mut self, entry: Entry) {
        if self.count.is_multiple_of(BLOCK) {
            self.blocks.push((entry.0, u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)));
            self.last = (entry.0, 0);
        }
        let further = entry.0 - self.last.0;
        let doc = if further == 0 { entry.1 - self.last.1 } else { entry.1 };
        each_byte(u64::from(further), |byte| push(&mut self.bytes, byte));
        each_byte(u64::from(doc), |byte| push(&mut self.bytes, byte));
        self.last = entry;
        self.count += 1;
    }

    fn done(mut self) -> Self {
        self.blocks.shrink_to_fit();
        self.bytes.shrink_to_fit();
        self
    }

    fn iter(&self) -> Entries<'_> {
        Entries { run: self, block: 0, left: 0, bytes: &[], last: (0, 0) }
    }

    /// Those with a hash.
    fn find(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let block = self.blocks.partition_point(|block| block.0 < hash).saturating_sub(1);
        let entries = Entries { block, ..self.iter() };
        entries.skip_while(move |entry| entry.0 < hash).take_while(move |entry| entry.0 == hash).map(|entry| entry.1)
    }
}

struct Entries<'r> {
    run: &'r Run,
    /// The next block.
    block: usize,
    /// Entries of this block that are left.
    left: u32,
    bytes: &'r [u8],
    last: Entry,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.left == 0 {
            let (hash, start) = *self.run.blocks.get(self.block)?;
            self.block += 1;
            (self.left, self.last) = (BLOCK, (hash, 0));
            self.bytes = self.run.bytes.get(start as usize..)?;
        }
        let mut number = || u32::try_from(take_number(&mut self.bytes)?).ok();
        let (further, doc) = (number()?, number()?);
        let doc = if further == 0 { self.last.1 + doc } else { doc };
        self.last = (self.last.0 + further, doc);
        self.left -= 1;
        Some(self.last)
    }
}

impl Pairs {
    /// Adds the pairs of a document's texts, each a list of its telling terms.
    pub(super) fn add(&mut self, doc: u32, texts: &[Vec<u64>]) {
        let mut hashes: Vec<u32> =
            texts.iter().flat_map(|terms| terms.windows(2)).map(|pair| hash(pair[0], pair[1])).collect();
        hashes.sort_unstable();
        hashes.dedup();
        self.waiting.extend(hashes.into_iter().map(|hash| (hash, doc)));
        if self.waiting.len() < WAITING {
            return;
        }
        self.waiting.sort_unstable();
        let mut run = Run::default();
        self.waiting.drain(..).for_each(|entry| run.push(entry));
        while let Some(longer) = self.runs.pop_if(|longer| longer.count <= run.count * 2) {
            run = merged(&longer, &run);
        }
        self.runs.push(run.done());
    }

    /// The documents in which one word directly follows another.
    pub(super) fn find(&self, first: u64, second: u64) -> Vec<u32> {
        let wanted = hash(first, second);
        let waiting = self.waiting.iter().filter(|entry| entry.0 == wanted).map(|entry| entry.1);
        self.runs.iter().flat_map(|run| run.find(wanted)).chain(waiting).collect()
    }

    pub(super) fn renumber(&mut self, numbers: &[Option<u32>]) {
        self.waiting.retain_mut(|(_, doc)| match numbers[*doc as usize] {
            Some(number) => {
                *doc = number;
                true
            }
            None => false,
        });
        for run in &mut self.runs {
            let mut new = Run::default();
            // Numbers keep their order, so a run stays sorted.
            let left = run.iter().filter_map(|(hash, doc)| Some((hash, numbers[doc as usize]?)));
            left.for_each(|entry| new.push(entry));
            *run = new.done();
        }
    }
}

impl Pairs {
    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        to.number(self.runs.len() as u64)?;
        for run in &self.runs {
            let (firsts, starts): (Vec<u32>, Vec<u32>) = run.blocks.iter().copied().unzip();
            to.small(&firsts)?;
            to.small(&starts)?;
            to.bytes(&run.bytes)?;
            to.small(&[run.count, run.last.0, run.last.1])?;
        }
        let (hashes, docs): (Vec<u32>, Vec<u32>) = self.waiting.iter().copied().unzip();
        to.small(&hashes)?;
        to.small(&docs)
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let mut runs = Vec::new();
        for _ in 0..from.number()? {
            let blocks = from.small()?.into_iter().zip(from.small()?).collect();
            let bytes = from.bytes()?;
            let ends = from.small()?;
            let end = |place: usize| ends.get(place).copied().unwrap_or_default();
            runs.push(Run { blocks, bytes, count: end(0), last: (end(1), end(2)) });
        }
        let waiting = from.small()?.into_iter().zip(from.small()?).collect();
        Ok(Self { runs, waiting })
    }
}

fn hash(first: u64, second: u64) -> u32 {
    let mixed = (first.rotate_left(17) ^ second).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    u32::try_from(mixed >> (u64::BITS - BITS)).unwrap_or(u32::MAX)
}

fn merged(a: &Run, b: &Run) -> Run {
    let mut all = Run::default();
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) if left <= right => a.next(),
            (_, Some(_)) => b.next(),
            (Some(_), None) => a.next(),
            (None, None) => return all,
        };
        next.into_iter().for_each(|entry| all.push(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_ordered_and_stays_within_its_text() {
        let mut pairs = Pairs::default();
        pairs.add(7, &[vec![1, 2, 3], vec![4, 5]]);
        for (first, second, expected) in [(1, 2, 1), (2, 3, 1), (4, 5, 1), (2, 1, 0), (3, 4, 0), (1, 3, 0)] {
            assert_eq!(pairs.find(first, second).len(), expected, "{first} {second}");
        }
    }

    #[test]
    fn many_documents_stay_in_few_runs_and_are_all_found() {
        const DOCS: u32 = 21_000;
        let mut pairs = Pairs::default();
        for doc in 0..DOCS {
            pairs.add(doc, &[vec![1, 2, u64::from(doc) + 10]]);
        }
        assert!((1..20).contains(&pairs.runs.len()) && !pairs.waiting.is_empty(), "{}", pairs.runs.len());
        let mut all = pairs.find(1, 2);
        all.sort_unstable();
        assert_eq!(all, (0..DOCS).collect::<Vec<_>>());
        for doc in (0..DOCS).step_by(7).chain([DOCS - 1]) {
            assert_eq!(pairs.find(2, u64::from(doc) + 10), [doc]);
        }
        let odd: Vec<Option<u32>> = (0..DOCS).map(|doc| (doc % 2 == 1).then_some(doc / 2)).collect();
        pairs.renumber(&odd);
        assert_eq!((pairs.find(1, 2).len(), pairs.find(2, 510)), (DOCS as usize / 2, vec![]));
        assert_eq!(pairs.find(2, 511), [250]);
    }
}
