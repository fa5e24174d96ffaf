//! An index in a file, so that a million documents are there as soon as they are read. It can always be made again: what is not
//! exactly as it was written, or was written by another version, is no index.
//!
//! Numbers are written with their lowest byte first, and every list after its length. All that was written before is summed up at
//! the end.

use super::Index;
use std::io::{self, Read, Write};

/// What a file begins with. The number is that of its layout.
const MAGIC: &[u8; 8] = b"omegaix1";
/// Bytes that are read at once: a length that was spoiled takes no memory.
const AT_ONCE: usize = 1 << 20;

/// Writes, and sums up what it wrote.
pub(super) struct Writer<W> {
    to: W,
    sum: u64,
}

/// Reads, and sums up what it read.
pub(super) struct Reader<R> {
    from: R,
    sum: u64,
}

/// Not for safety from people, but from disks.
fn summed(sum: u64, bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let sum = words.by_ref().fold(sum, |sum, word| mix(sum, word.try_into().map_or(0, u64::from_le_bytes)));
    words.remainder().iter().fold(mix(sum, bytes.len() as u64), |sum, byte| mix(sum, u64::from(*byte)))
}

fn spoiled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no index, or one of another version")
}

impl<W: Write> Writer<W> {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.number(bytes.len() as u64)?;
        for some in bytes.chunks(AT_ONCE) {
            self.sum = summed(self.sum, some);
            self.to.write_all(some)?;
        }
        Ok(())
    }

    pub(super) fn number(&mut self, number: u64) -> io::Result<()> {
        let bytes = number.to_le_bytes();
        self.sum = summed(self.sum, &bytes);
        self.to.write_all(&bytes)
    }

    /// A list of what takes `N` bytes each.
    pub(super) fn list<T: Copy, const N: usize>(&mut self, list: &[T], bytes: impl Fn(T) -> [u8; N]) -> io::Result<()> {
        self.number(list.len() as u64)?;
        let mut some = Vec::new();
        for part in list.chunks(AT_ONCE / N) {
            some.clear();
            part.iter().for_each(|one| some.extend_from_slice(&bytes(*one)));
            self.sum = summed(self.sum, &some);
            self.to.write_all(&some)?;
        }
        Ok(())
    }

    pub(super) fn small(&mut self, list: &[u32]) -> io::Result<()> {
        self.list(list, u32::to_le_bytes)
    }
}

impl<R: Read> Reader<R> {
    /// Reads up to what it is about.
    fn begin(&mut self) -> io::Result<Vec<u8>> {
        let mut magic = [0; MAGIC.len()];
        self.from.read_exact(&mut magic)?;
        if magic != *MAGIC || self.number()? != fingerprint()? {
            return Err(spoiled());
        }
        self.bytes()
    }

    pub(super) fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut left = self.length()?;
        let mut all = Vec::new();
        while left > 0 {
            let some = left.min(AT_ONCE);
            let before = all.len();
            // Exactly as much as there will be, once it is clear that it is there.
            let room = if before == 0 { some } else { left };
            all.try_reserve_exact(room).map_err(|_| spoiled())?;
            all.resize(before + some, 0);
            self.from.read_exact(&mut all[before..])?;
            self.sum = summed(self.sum, &all[before..]);
            left -= some;
        }
        Ok(all)
    }

    pub(super) fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.from.read_exact(&mut bytes)?;
        self.sum = summed(self.sum, &bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn length(&mut self) -> io::Result<usize> {
        usize::try_from(self.number()?).map_err(|_| spoiled())
    }

    pub(super) fn list<T, const N: usize>(&mut self, one: impl Fn([u8; N]) -> T) -> io::Result<Vec<T>> {
        let mut left = self.length()?;
        let mut all = Vec::new();
        let mut some = vec![0; left.saturating_mul(N).min(AT_ONCE / N * N)];
        while left > 0 {
            let count = left.min(AT_ONCE / N);
            let some = &mut some[..count * N];
            self.from.read_exact(some)?;
            self.sum = summed(self.sum, some);
            let room = if all.is_empty() { count } else { left };
            all.try_reserve_exact(room).map_err(|_| spoiled())?;
            all.extend(some.as_chunks().0.iter().map(|bytes| one(*bytes)));
            left -= count;
        }
        Ok(all)
    }

    pub(super) fn small(&mut self) -> io::Result<Vec<u32>> {
        self.list(u32::from_le_bytes)
    }
}

/// What this version makes of a document: another cut, another stem, another weight, and it is another number.
fn fingerprint() -> io::Result<u64> {
    let mut probe = Index::default();
    probe.put(&super::Document {
        id: "@scope/probe::readHTMLFiles",
        name: "readHTMLFiles",
        package: "@scope/probe",
        text: &[
            "Reading, parsing and rendering of the running organisations' 17 documents",
            "don't généralement",
            "data",
        ],
        inputs: "filePath the path of files",
        category: "data",
        downloads: 7,
        broken: false,
        trust: 0,
    });
    let mut writer = Writer { to: io::sink(), sum: 0 };
    probe.save_parts(&mut writer)?;
    Ok(writer.sum)
}

impl Index {
    /// Writes all of it; `about` says of what it is.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save(&self, about: &[u8], to: impl Write) -> io::Result<()> {
        let mut writer = Writer { to, sum: 0 };
        writer.to.write_all(MAGIC)?;
        writer.number(fingerprint()?)?;
        writer.bytes(about)?;
        self.save_parts(&mut writer)?;
        let sum = writer.sum.to_le_bytes();
        writer.to.write_all(&sum)?;
        writer.to.flush()
    }

    /// Of what a saved index is.
    ///
    /// # Errors
    /// When it can't be read, is none, or was written by another version.
    pub fn about(from: impl Read) -> io::Result<Vec<u8>> {
        Reader { from, sum: 0 }.begin()
    }

    /// Reads what was saved, and of what it is.
    ///
    /// # Errors
    /// When it can't be read, is none, is not as it was written, or was written by another version.
    pub fn load(from: impl Read) -> io::Result<(Self, Vec<u8>)> {
        let mut reader = Reader { from, sum: 0 };
        let about = reader.begin()?;
        let mut index = Self::load_parts(&mut reader)?;
        let mut sum = [0; 8];
        reader.from.read_exact(&mut sum)?;
        if u64::from_le_bytes(sum) != reader.sum {
            return Err(spoiled());
        }
        index.documents.enter_all();
        Ok((index, about))
    }

    fn save_parts(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        self.documents.save(to)?;
        self.terms.save(to)?;
        super::postings::save_all(&self.postings, to)?;
        self.pairs.save(to)?;
        self.names.save(to)?;
        self.grams.save(to)
    }

    fn load_parts(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let documents = super::Documents::load(from)?;
        let terms = super::Table::load(from)?;
        let postings = super::postings::load_all(from)?;
        let pairs = super::Pairs::load(from)?;
        let names = super::Names::load(from)?;
        let grams = super::NameGrams::load(from)?;
        Ok(Self { documents, terms, postings, pairs, names, grams, ..Self::default() })
    }
}
