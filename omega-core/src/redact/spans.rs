//! What was found in a text, put together where it overlaps, and a text without it.

use super::Redactor;
use std::{cmp::Reverse, collections::BTreeSet};

/// Whose name a find has. The earlier counts where two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A secret that the redactor was told of, by its number.
    Told(u32),
    /// A look, by its rule.
    Look(&'static str),
}

/// A secret in a text, in bytes from the text's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Find {
    pub start: u64,
    pub end: u64,
    pub name: Name,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
    /// The find that names it: the earliest, then the longest.
    lead: Find,
}

/// Finds in their order, none of which overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans(Vec<Span>);

impl Spans {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, find: Find) {
        let low = self.0.partition_point(|span| span.end <= find.start);
        let high = low + self.0[low..].partition_point(|span| span.start < find.end);
        let rank = |find: &Find| (find.start, Reverse(find.end), find.name);
        let all = self.0[low..high].iter().map(|span| span.lead).chain([find]);
        let Some(lead) = all.min_by_key(rank) else { return };
        let end = self.0[low..high].iter().map(|span| span.end).fold(find.end, u64::max);
        self.0.splice(low..high, [Span { start: lead.start, end, lead }]);
    }

    /// Takes those that begin before a place.
    fn before(&mut self, at: u64) -> std::vec::Drain<'_, Span> {
        let count = self.0.partition_point(|span| span.start < at);
        self.0.drain(..count)
    }
}

/// A text on its way out.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlet {
    /// Up to where the text is out.
    pub at: u64,
    /// The end of what was taken out already; more may have to be, but no other placeholder comes for it.
    gone: u64,
    /// The names of what was taken out, each once.
    pub names: BTreeSet<String>,
}

impl Outlet {
    /// Lets out what is decided: `text`, which stands where the last one ended, without the finds.
    pub fn let_out(&mut self, text: &str, spans: &mut Spans, redactor: &Redactor) -> String {
        let (base, end) = (self.at, self.at + text.len() as u64);
        let place = |at: u64| usize::try_from(at.min(end) - base).unwrap_or(text.len());
        let (mut clean, mut from) = (String::with_capacity(text.len()), base.max(self.gone));
        for span in spans.before(end) {
            if span.start >= self.gone {
                let name = redactor.name(span.lead.name);
                clean.push_str(&text[place(from)..place(span.start)]);
                clean.extend(["«redacted:", name, "»"]);
                self.names.insert(name.to_owned());
            }
            self.gone = self.gone.max(span.end);
            from = self.gone;
        }
        clean.push_str(&text[place(from)..]);
        self.at = end;
        clean
    }
}
