//! The readings of a text, side by side: as it stands, and with the escapes of each kind taken for what they mean.
//!
//! A reading is a tree's node: it hands what it decoded on to the readings below it, so that percent escapes in JSON in HTML
//! are read too. Below the first escape of its kind a reading differs from the one above it, and is begun there as its copy; it ends
//! where nothing makes a difference any more. So text without escapes is read once, and no text more often than the tree
//! has nodes, a fixed number.

use super::{
    automaton::Cursor,
    decode::{Decoder, Kind, Unit},
    needles::{Alphabet, Needles, Plain, hex_of, is_hidden, packed_of},
    patterns::Looks,
    spans::{Find, Name, Spans},
};

/// What is read below a kind, so many kinds from the text itself.
fn below(kind: Kind, depth: usize) -> &'static [Kind] {
    use Kind::{Backslash, Entity, Form, Percent, Quoted, Raw, Terminal};
    match (kind, depth) {
        (Raw, _) => &[Terminal, Backslash, Percent, Form, Entity, Quoted],
        (Backslash, 1) => &[Terminal, Backslash, Percent, Entity],
        (Backslash, 2) | (Entity, 1) => &[Backslash],
        (Backslash | Terminal | Percent | Form | Entity | Quoted, _) => &[],
    }
}

/// A text on its way through a redactor's needles and the looks of keys.
#[derive(Clone)]
pub(super) struct Reading {
    kind: Kind,
    depth: usize,
    decoder: Decoder,
    /// The end, in the source, of what this reading last read otherwise than the one above it.
    differs: u64,
    matcher: Matcher,
    below: Vec<Reading>,
    decoded: Vec<Unit>,
}

/// What the readings share.
pub(super) struct Search<'n> {
    pub needles: Option<&'n Needles>,
    pub spans: &'n mut Spans,
}

impl Reading {
    /// Of a text from its beginning.
    pub fn new() -> Self {
        Self::of(Kind::Raw, 0, Matcher { looks: Some(Box::default()), ..Matcher::default() }, 0)
    }

    fn of(kind: Kind, depth: usize, matcher: Matcher, differs: u64) -> Self {
        Self { kind, depth, decoder: Decoder::new(kind), differs, matcher, below: Vec::new(), decoded: Vec::new() }
    }

    /// Takes more of the text, which stands at a place of the source.
    pub fn push(&mut self, text: &str, at: u64, search: &mut Search<'_>) {
        for (offset, c) in text.char_indices() {
            let start = at + offset as u64;
            self.read(Unit { c, start, end: start + c.len_utf8() as u64 }, search);
        }
    }

    /// Decides what waited for more.
    pub fn finish(&mut self, search: &mut Search<'_>) {
        let mut held = Vec::new();
        self.decoder.finish(&mut held);
        held.into_iter().for_each(|unit| self.read(unit, search));
        self.below.iter_mut().for_each(|reading| reading.finish(search));
        self.matcher.finish(search);
    }

    /// Where, at the earliest, a secret may begin that is not whole yet.
    pub fn open(&self, at: u64, needles: Option<&Needles>) -> u64 {
        let below = self.below.iter().map(|reading| reading.open(at, needles));
        let open = below.chain(self.decoder.held()).fold(at, u64::min);
        open.min(self.matcher.open(at, needles))
    }

    /// A character as this reading has it.
    fn read(&mut self, unit: Unit, search: &mut Search<'_>) {
        let ordinary = unit.c.is_ascii_alphanumeric() || unit.c == ' ';
        if !(ordinary && self.below.is_empty()) {
            self.hand_down(unit, search);
        }
        self.matcher.take(unit, search);
        if !self.below.is_empty() {
            let matcher = &self.matcher;
            self.below.retain(|reading| !reading.is_over(matcher));
        }
    }

    fn hand_down(&mut self, unit: Unit, search: &mut Search<'_>) {
        for kind in below(self.kind, self.depth) {
            let begun = self.below.iter_mut().find(|reading| reading.kind == *kind);
            // By its look alone a key is known only as it stands.
            let wanted = search.needles.is_some() || (*kind == Kind::Terminal && self.matcher.looks.is_some());
            match begun {
                Some(reading) => reading.decode(unit, search),
                None if wanted && kind.begins(unit.c) => {
                    let looks = if *kind == Kind::Terminal { self.matcher.looks.clone() } else { None };
                    let matcher = Matcher { looks, ..self.matcher.without_looks() };
                    let mut reading = Self::of(*kind, self.depth + 1, matcher, unit.start);
                    reading.decode(unit, search);
                    self.below.push(reading);
                }
                None => {}
            }
        }
    }

    fn decode(&mut self, unit: Unit, search: &mut Search<'_>) {
        let mut decoded = std::mem::take(&mut self.decoded);
        if self.decoder.push(unit, &mut decoded) {
            self.differs = unit.end;
        }
        decoded.drain(..).for_each(|unit| self.read(unit, search));
        self.decoded = decoded;
    }

    /// Whether it can't come to anything else than the one above it.
    fn is_over(&self, above: &Matcher) -> bool {
        self.decoder.is_idle() && self.below.is_empty() && self.matcher.is_same(above, self.differs)
    }
}

/// The state of the search in one reading.
#[derive(Clone, Default)]
struct Matcher {
    fold: Plain,
    plain: Cursor,
    packed: Cursor,
    hex: Cursor,
    looks: Option<Box<Looks>>,
}

impl Matcher {
    fn without_looks(&self) -> Self {
        let Self { fold, plain, packed, hex, looks: _ } = self;
        Self { fold: *fold, plain: plain.clone(), packed: packed.clone(), hex: hex.clone(), looks: None }
    }

    fn take(&mut self, unit: Unit, search: &mut Search<'_>) {
        let Search { needles, spans } = search;
        if let Some(looks) = &mut self.looks
            && !is_hidden(unit.c)
        {
            looks.take(unit, spans);
        }
        let Some(needles) = needles else { return };
        let mut step = |cursor: &mut Cursor, alphabet: &Alphabet, byte| {
            if let Some((start, needle)) = cursor.step(&alphabet.automaton, byte, unit.start, unit.end, needles.reach) {
                spans.add(Find { start, end: unit.end, name: Name::Told(alphabet.names[needle as usize]) });
            }
        };
        let Self { fold, plain, packed, hex, looks: _ } = self;
        fold.fold(unit.c, &mut |byte| step(plain, &needles.plain, byte));
        packed_of(unit.c, &mut |byte| step(packed, &needles.packed, byte));
        hex_of(unit.c, &mut |byte| step(hex, &needles.hex, byte));
    }

    fn finish(&mut self, search: &mut Search<'_>) {
        if let Some(looks) = &mut self.looks {
            looks.finish(search.spans);
        }
    }

    fn cursors(&self) -> [&Cursor; 3] {
        [&self.plain, &self.packed, &self.hex]
    }

    fn open(&self, at: u64, needles: Option<&Needles>) -> u64 {
        let told = needles.into_iter().flat_map(|needles| {
            let alphabets = [&needles.plain, &needles.packed, &needles.hex];
            let opens = |(cursor, alphabet): (&Cursor, &Alphabet)| cursor.open(&alphabet.automaton, at, needles.reach);
            self.cursors().into_iter().zip(alphabets).filter_map(opens)
        });
        told.chain(self.looks.as_ref().and_then(|looks| looks.open(at))).fold(at, u64::min)
    }

    fn is_same(&self, other: &Self, since: u64) -> bool {
        let looks = match (&self.looks, &other.looks) {
            (Some(own), Some(others)) => own.is_idle(since) && others.is_idle(since),
            (None, _) => true,
            (Some(_), None) => false,
        };
        looks
            && self.fold == other.fold
            && self.cursors().iter().zip(other.cursors()).all(|(cursor, other)| cursor.is_same(other, since))
    }
}
