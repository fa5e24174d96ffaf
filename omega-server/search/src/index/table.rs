//! Numbers for hashes, in the order in which they came: half of what a map of the standard library takes, which counts for millions.

use super::file::{Reader, Writer};
use hashbrown::HashTable;
use std::io::{self, Read, Write};

#[derive(Default)]
pub(super) struct Table {
    numbers: HashTable<u32>,
    hashes: Vec<u64>,
}

impl Table {
    /// The number of a hash.
    pub(super) fn find(&self, hash: u64) -> Option<u32> {
        self.numbers.find(hash, |number| self.hashes[*number as usize] == hash).copied()
    }

    /// The number of a hash, which may be the next one.
    pub(super) fn number(&mut self, hash: u64) -> u32 {
        if let Some(known) = self.find(hash) {
            return known;
        }
        let new = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        self.hashes.push(hash);
        self.numbers.insert_unique(hash, new, |number| self.hashes[*number as usize]);
        new
    }

    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        to.list(&self.hashes, u64::to_le_bytes)
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let hashes = from.list(u64::from_le_bytes)?;
        let mut numbers = HashTable::with_capacity(hashes.len());
        for (hash, number) in hashes.iter().zip(0..) {
            numbers.insert_unique(*hash, number, |number| hashes[*number as usize]);
        }
        Ok(Self { numbers, hashes })
    }
}
