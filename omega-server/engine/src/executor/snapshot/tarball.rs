//! The files of a tarball as `npm pack` makes it: gzip around POSIX's `ustar`, with the long names of PAX and GNU
//! (<https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html>). Files and folders alone are read; what else is in it
//! is no part of a package.

use super::BadFolder;
use flate2::read::GzDecoder;
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

const BLOCK: usize = 512;
/// Bytes of what PAX and GNU say of a name.
const NAMES: u64 = 64 << 10;
/// Bytes that are unpacked in all: what holds more than a package may have is not read on for its end.
const MOST: u64 = 2 << 30;

/// Shows each file with its path within the package: the first part of its name, mostly `package`, is left out, as npm has it.
pub fn unpack(
    file: impl Read,
    mut each: impl FnMut(&Path, &mut dyn Read) -> Result<(), BadFolder>,
) -> Result<(), BadFolder> {
    let mut unpacked = GzDecoder::new(file).take(MOST);
    let mut named = None;
    let mut header = [0; BLOCK];
    loop {
        match unpacked.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(broken(&error)),
        }
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let size = size(&header).ok_or_else(|| BadFolder(String::from("it is no tarball")))?;
        let mut contents = (&mut unpacked).take(size);
        match header[156] {
            b'x' => named = pax_path(&text(&mut contents)?),
            b'L' => named = Some(text(&mut contents)?.trim_end_matches('\0').to_owned()),
            b'0' | 0 => {
                let name = named.take().unwrap_or_else(|| own_name(&header));
                let path: PathBuf = Path::new(&name).components().skip(1).collect();
                each(&path, &mut contents)?;
            }
            _ => named = None,
        }
        let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let rest = contents.limit() + padding;
        io::copy(&mut (&mut unpacked).take(rest), &mut io::sink()).map_err(|error| broken(&error))?;
    }
    Ok(())
}

fn broken(error: &io::Error) -> BadFolder {
    BadFolder(format!("it is cut off, or no gzip ({error})"))
}

/// The size in octal digits; GNU's binary form stands for more than a package has.
fn size(header: &[u8; BLOCK]) -> Option<u64> {
    let digits = std::str::from_utf8(&header[124..136]).ok()?.trim_matches(['\0', ' ']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

fn own_name(header: &[u8; BLOCK]) -> String {
    let part = |from: usize, to: usize| {
        let bytes = &header[from..to];
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    let is_posix = header[257..262] == *b"ustar";
    match part(345, 500) {
        prefix if is_posix && !prefix.is_empty() => format!("{prefix}/{}", part(0, 100)),
        _ => part(0, 100),
    }
}

fn text(contents: &mut dyn Read) -> Result<String, BadFolder> {
    let mut text = Vec::new();
    contents.take(NAMES).read_to_end(&mut text).map_err(|error| broken(&error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The path in records of the form `LENGTH path=VALUE`.
fn pax_path(records: &str) -> Option<String> {
    let mut rest = records;
    while let Some((length, _)) = rest.split_once(' ') {
        let record = rest.get(..length.trim().parse::<usize>().ok()?)?;
        if let Some(path) = record.split_once(' ').and_then(|(_, record)| record.strip_prefix("path=")) {
            return Some(path.trim_end_matches('\n').to_owned());
        }
        rest = &rest[record.len()..];
        if record.is_empty() {
            return None;
        }
    }
    None
}
