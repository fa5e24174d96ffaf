//! Files of tensors (<https://github.com/huggingface/safetensors#format>): eight bytes with the length of a JSON header, the
//! header, then numbers. Only what is asked for is read, and only what has the shape that is asked for.

use serde::Deserialize;
use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
};

/// A header is a few thousand bytes; a length beyond this is no header's.
const LONGEST_HEADER: u64 = 1 << 20;

#[derive(Deserialize)]
struct Place {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

pub(super) struct Tensors {
    file: File,
    places: HashMap<String, Place>,
    /// Where the numbers begin.
    begin: u64,
}

impl Tensors {
    pub(super) fn open(mut file: File) -> Result<Self, String> {
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|_| String::from("it is shorter than a header"))?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(String::from("it does not begin with a header"));
        }
        let mut header = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact(&mut header).map_err(|_| String::from("its header is cut"))?;
        let header: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|error| format!("its header is no JSON ({error})"))?;
        let tensors = header.into_iter().filter(|(name, _)| name != "__metadata__");
        let places = tensors
            .map(|(name, place)| match serde_json::from_value(place) {
                Ok(place) => Ok((name, place)),
                Err(error) => Err(format!("its header says of {name:.80} what means nothing ({error})")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { file, places, begin: 8 + length })
    }

    /// The numbers of a tensor of a shape, row by row.
    pub(super) fn read(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        const SIZE: usize = size_of::<f32>();
        let place = self.places.get(name).ok_or_else(|| format!("it has no {name}"))?;
        let bytes = shape.iter().product::<usize>() * SIZE;
        let (from, to) = place.data_offsets;
        if place.dtype != "F32" || place.shape != shape || to.checked_sub(from) != u64::try_from(bytes).ok() {
            return Err(format!("{name} is {} {:?}, not F32 {shape:?}", place.dtype, place.shape));
        }
        let start = self.begin.saturating_add(from);
        let mut raw = vec![0; bytes];
        let read = self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(&mut raw));
        read.map_err(|_| format!("it ends within {name}"))?;
        let numbers: Vec<f32> =
            raw.chunks_exact(SIZE).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(format!("{name} has no numbers"))
        }
    }
}
