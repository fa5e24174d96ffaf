//! Tarballs of any shape, made as they are written: what unpacks to gigabytes is never held or kept.

use std::{
    io::{self, BufWriter, Write},
    process::{ChildStdin, Command, Stdio},
    thread,
};

const BLOCK: usize = 512;
/// Longer paths go into a header of their own.
const SHORT: usize = 100;

/// Kinds of entries, as POSIX has them.
pub const FILE: u8 = b'0';
pub const HARD_LINK: u8 = b'1';
pub const LINK: u8 = b'2';
pub const DEVICE: u8 = b'3';
pub const FOLDER: u8 = b'5';
pub const PIPE: u8 = b'6';
pub const SPARSE: u8 = b'S';
const PAX: u8 = b'x';
const LONG_NAME: u8 = b'L';

/// A tarball that is being written.
pub struct Tarball<W: Write>(W);

impl<W: Write> Tarball<W> {
    fn header(&mut self, kind: u8, path: &str, target: &str, size: u64) -> io::Result<()> {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &path.as_bytes()[..path.len().min(SHORT)]);
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{size:011o}\0").as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[kind]);
        put(157, &target.as_bytes()[..target.len().min(SHORT)]);
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.write_all(&header)
    }

    fn padding(&mut self, size: u64) -> io::Result<()> {
        let over = usize::try_from(size % BLOCK as u64).unwrap();
        self.0.write_all(&[0; BLOCK][..(BLOCK - over) % BLOCK])
    }

    /// A file with these contents.
    pub fn file(&mut self, path: &str, contents: &[u8]) -> io::Result<()> {
        self.header(FILE, path, "", contents.len() as u64)?;
        self.0.write_all(contents)?;
        self.padding(contents.len() as u64)
    }

    /// A file of so many zeros.
    pub fn zeros(&mut self, path: &str, size: u64) -> io::Result<()> {
        self.header(FILE, path, "", size)?;
        let block = vec![0; 1 << 16];
        let mut left = usize::try_from(size).unwrap();
        while left > 0 {
            self.0.write_all(&block[..left.min(block.len())])?;
            left -= left.min(block.len());
        }
        self.padding(size)
    }

    /// Anything without contents.
    pub fn entry(&mut self, kind: u8, path: &str, target: &str) -> io::Result<()> {
        self.header(kind, path, target, 0)
    }

    /// An empty file whose path is any length, as PAX writes it.
    pub fn pax(&mut self, path: &str) -> io::Result<()> {
        self.pax_record("path", path)?;
        self.entry(FILE, "package/short", "")
    }

    /// What PAX says of the next entry.
    pub fn pax_record(&mut self, name: &str, value: &str) -> io::Result<()> {
        let length = name.len() + value.len() + 3;
        let digits = (length + length.to_string().len()).to_string().len();
        let record = format!("{} {name}={value}\n", length + digits);
        self.header(PAX, "package/pax", "", record.len() as u64)?;
        self.0.write_all(record.as_bytes())?;
        self.padding(record.len() as u64)
    }

    /// The same as GNU tar writes it.
    pub fn gnu(&mut self, path: &str) -> io::Result<()> {
        self.header(LONG_NAME, "././@LongLink", "", path.len() as u64 + 1)?;
        self.0.write_all(path.as_bytes())?;
        self.0.write_all(&[0])?;
        self.padding(path.len() as u64 + 1)?;
        self.entry(FILE, "package/short", "")
    }

    /// What is written as it is.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }
}

/// The gzip of the tarball that `write` makes, with the end that a tarball has.
pub fn packed(write: impl FnOnce(&mut Tarball<BufWriter<ChildStdin>>) -> io::Result<()> + Send) -> Vec<u8> {
    let mut gzip =
        Command::new("gzip").args(["-1", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut tarball = Tarball(BufWriter::new(gzip.stdin.take().unwrap()));
    thread::scope(|scope| {
        scope.spawn(move || {
            write(&mut tarball).unwrap();
            tarball.raw(&[0; 2 * BLOCK]).unwrap();
            tarball.0.flush().unwrap();
        });
        gzip.wait_with_output().unwrap().stdout
    })
}
