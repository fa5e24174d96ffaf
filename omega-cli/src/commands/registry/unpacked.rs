//! A stream that may be packed with zstd, read unpacked.
//!
//! It promises: what is packed is known by its first bytes and not by its name; several frames one after the other are read as
//! one; what is damaged or cut is an error and never a shorter stream.

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use std::io::{self, BufRead, Read};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The bytes of a stream, unpacked when they are packed.
pub fn unpacked(mut source: impl BufRead + 'static) -> io::Result<Box<dyn Read>> {
    let is_packed = source.fill_buf()?.starts_with(&MAGIC);
    Ok(if is_packed {
        Box::new(Unpacked { source, frame: FrameDecoder::new(), is_within: false })
    } else {
        Box::new(source)
    })
}

struct Unpacked<R> {
    source: R,
    frame: FrameDecoder,
    is_within: bool,
}

impl<R: BufRead> Unpacked<R> {
    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
        Ok(false)
    }

    fn check(&self) -> io::Result<()> {
        let (said, is) = (self.frame.get_checksum_from_data(), self.frame.get_calculated_checksum());
        if said.is_some() && said != is { Err(damaged(&"its checksum is another")) } else { Ok(()) }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_within {
                self.is_within = self.begin()?;
                if !self.is_within {
                    return Ok(0);
                }
            }
            while self.frame.can_collect() < into.len() && !self.frame.is_finished() {
                let some = BlockDecodingStrategy::UptoBytes(into.len());
                self.frame.decode_blocks(&mut self.source, some).map_err(|error| damaged(&error))?;
            }
            let read = self.frame.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            self.check()?;
            self.is_within = false;
        }
    }
}

fn damaged(why: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("what is packed in it is damaged or cut ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Cursor;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        unpacked(Cursor::new(bytes))?.read_to_end(&mut all)?;
        Ok(all)
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    #[test]
    fn frames_are_read_as_one_and_plain_text_as_it_is() {
        let text: Vec<u8> =
            (0..40_000_u32).flat_map(|n| format!("{{\"toolId\":\"a::b{n}\"}}\n").into_bytes()).collect();
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let frames = [packed(&text), skipped, packed(b"and more")].concat();
        assert_eq!(read(frames).unwrap(), [&text[..], b"and more"].concat());
        for plain in [&b"{}\n"[..], b"", b"\x28\xb5"] {
            assert_eq!(read(plain.to_vec()).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        let whole = packed(&b"abcdefgh".repeat(5_000));
        for end in 5..whole.len() {
            assert!(read(whole[..end].to_vec()).is_err(), "cut at {end}");
        }
        let trailing = [&whole[..], b"garbage"].concat();
        assert!(read(trailing).is_err());
    }
}
