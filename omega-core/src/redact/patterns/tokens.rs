//! JSON Web Tokens: `header.payload.signature`, the first two of which are JSON objects in base64url.

use super::{JWT, REACH, Stretch};
use crate::redact::spans::{Find, Name, Spans};
use std::collections::VecDeque;

const LEAST: u64 = 10;
const HEADER: u64 = 2048;
const PAYLOAD: u64 = 16 * 1024;
const SIGNATURE: std::ops::RangeInclusive<u64> = 16..=2048;

/// Looks at runs of base64url between dots.
#[derive(Clone, Default)]
pub(super) struct WebTokens {
    /// How many characters stood before the run that goes on.
    run: Option<u64>,
    /// Where a header may begin in it.
    headers: VecDeque<Stretch>,
    is_object: bool,
    /// Where the token began whose payload, or whose signature, this run would be.
    payload_of: Option<u64>,
    signature_of: Option<u64>,
}

impl WebTokens {
    /// Takes a character, of which so many came before; the last of them ends at `end`.
    pub fn take(&mut self, c: char, in_run: bool, (count, end): (u64, u64), spans: &mut Spans) {
        if in_run {
            self.run.get_or_insert(count);
        } else if self.run.is_some() || !self.is_idle() {
            self.end((count, end), c == '.', spans);
        }
    }

    /// A header may begin here.
    pub fn begins(&mut self, place: Stretch) {
        while self.headers.front().is_some_and(|first| place.count - first.count > HEADER) {
            self.headers.pop_front();
        }
        self.is_object |= self.run == Some(place.count);
        self.headers.push_back(place);
    }

    /// The run ends, at a dot or at something else.
    pub fn end(&mut self, (count, end): (u64, u64), dot: bool, spans: &mut Spans) {
        let length = count - self.run.take().unwrap_or(count);
        if let Some(start) = self.signature_of.take()
            && SIGNATURE.contains(&length)
            && end - start <= REACH
        {
            spans.add(Find { start, end, name: Name::Look("jwt") });
        }
        let fits = |place: &&Stretch| (LEAST..=HEADER).contains(&(count - place.count));
        let header = self.headers.iter().find(fits).map(|place| place.start);
        let payload = self.payload_of.take().filter(|_| self.is_object && (LEAST..=PAYLOAD).contains(&length));
        if dot {
            (self.signature_of, self.payload_of) = (payload, header);
        }
        self.headers.clear();
        self.is_object = false;
    }

    pub fn open(&self, count: u64, at: u64) -> Option<u64> {
        let length = count - self.run.unwrap_or(count);
        let is_object = self.is_object || length < JWT.len() as u64;
        let payload = self.payload_of.filter(|_| is_object && length <= PAYLOAD);
        let signature = self.signature_of.filter(|_| length <= *SIGNATURE.end());
        let header = self.headers.iter().find(|place| count - place.count <= HEADER).map(|place| place.start);
        [payload, signature, header].into_iter().flatten().filter(|start| at - start <= REACH).min()
    }

    pub fn is_idle(&self) -> bool {
        self.headers.is_empty() && self.payload_of.is_none() && self.signature_of.is_none()
    }
}
