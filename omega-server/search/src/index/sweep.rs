//! One pass over an index for a query's words, a window of documents after the other, so that their sums stay in the nearest memory.
//!
//! Words are taken from the one that tells the most to the one that tells the least. Those at the end that together can't lift a document
//! above the worst of the best so far are not walked: they are looked up for the documents that the others have found. What a
//! word can tell in a window at most is known from its blocks, which are passed over unread where it is not enough.

use super::{impact::WHOLE, postings::Cursor};

/// Documents of a window; their sums take 32 KB.
const SIZE: usize = 4_096;
/// Bits of a word of the set of seen documents.
const SET: usize = 64;
/// Steps of the table of coverage.
const STEPS: usize = 64;
/// Rounding may take so much of a bound at most.
const SLACK: f32 = 1.000_1;

/// A word of the query in one index.
pub(super) struct Word<'p> {
    /// How much of the query it is.
    pub weight: f32,
    pub cursor: Cursor<'p>,
}

/// Something found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub doc: u32,
    /// What its words and pairs say.
    pub score: f32,
    /// The weight of the words that it has.
    pub covered: f32,
}

/// How a score is made of what was found.
pub(super) struct Scale {
    /// What a word says at most, in parts of its weight.
    pub most: f32,
    /// The weight of all words.
    pub whole: f32,
    pub coverage: f32,
    /// What may be laid on top of all that, as a factor.
    pub above: f32,
}

impl Scale {
    /// What is left of a score when so much of the query is covered.
    pub(super) fn part(&self, covered: f32) -> f32 {
        (covered / self.whole).powf(self.coverage)
    }
}

/// The sums of a window, kept for the next search.
pub(super) struct Window {
    sums: Vec<(f32, f32)>,
    seen: [u64; SIZE / SET],
    kept: [u64; SIZE / SET],
    found: Vec<Sum>,
}

impl Default for Window {
    fn default() -> Self {
        Self { sums: vec![(0.0, 0.0); SIZE], seen: [0; SIZE / SET], kept: [0; SIZE / SET], found: Vec::new() }
    }
}

/// What the rest of the words from each place on can tell at most.
struct Rests {
    /// What they say, and how much of the query they are.
    rests: Vec<(f32, f32)>,
    /// What is left of a score by how much is covered, rounded up.
    parts: [f32; STEPS + 1],
}

impl Rests {
    fn new(scale: &Scale) -> Self {
        let mut parts = [1.0; STEPS + 1];
        let mut covered = 0.0;
        for part in &mut parts {
            *part = scale.part(covered * scale.whole) * scale.above * SLACK;
            #[allow(clippy::cast_precision_loss, reason = "a few steps")]
            let step = 1.0 / STEPS as f32;
            covered += step;
        }
        Self { rests: Vec::new(), parts }
    }

    /// Looks at what each word can tell in a window.
    fn look(&mut self, scale: &Scale, words: &mut [Word<'_>], begin: u32, end: u32) {
        self.rests.clear();
        self.rests.resize(words.len() + 1, (0.0, 0.0));
        for (place, word) in words.iter_mut().enumerate().rev() {
            let most = word.cursor.most_between(begin, end);
            let (says, weight) = self.rests[place + 1];
            self.rests[place] = if most == 0 {
                (says, weight)
            } else {
                (says + word.weight * scale.most * f32::from(most) / WHOLE, weight + word.weight)
            };
        }
    }

    /// The most that can come of a sum with all words from a place on.
    fn most(&self, scale: &Scale, place: usize, (says, covered): (f32, f32)) -> f32 {
        let (more, weight) = self.rests[place];
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a few steps"
        )]
        let step = ((covered + weight) / scale.whole * STEPS as f32).ceil() as usize;
        (says + more) * self.parts[step.min(STEPS)]
    }

    /// How many words have to be walked for everything that can be above a score.
    fn walked(&self, scale: &Scale, above: f32) -> usize {
        (0..self.rests.len()).find(|place| self.most(scale, *place, (0.0, 0.0)) < above).unwrap_or(self.rests.len() - 1)
    }
}

/// What is asked besides words.
pub(super) struct Query<'q> {
    pub scale: &'q Scale,
    /// What pairs of words say, in the order of documents.
    pub pairs: &'q [(u32, f32)],
    /// Documents that are wanted in any case if they have any word, in their order.
    pub keep: &'q [u32],
}

/// Calls `offer` with every document, of the first `documents`, that may be above what it answered last. `words` come in the order of
/// their weight.
pub(super) fn sweep(
    window: &mut Window,
    &Query { scale, mut pairs, mut keep }: &Query<'_>,
    documents: u32,
    words: &mut [Word<'_>],
    mut above: f32,
    mut offer: impl FnMut(Sum) -> f32,
) {
    let mut rests = Rests::new(scale);
    for begin in (0..documents).step_by(SIZE) {
        let end = documents.min(begin + u32::try_from(SIZE).unwrap_or(u32::MAX));
        rests.look(scale, words, begin, end);
        let walked = rests.walked(scale, above);
        let in_pairs = pairs.partition_point(|pair| pair.0 < end);
        let in_keep = keep.partition_point(|doc| *doc < end);
        if walked > 0 || in_pairs + in_keep > 0 {
            window.begin(begin, &pairs[..in_pairs], &keep[..in_keep]);
            window.walk(scale, &mut words[..walked], begin, end);
            window.gather(begin, |sum, kept| kept || rests.most(scale, walked, (sum.score, sum.covered)) >= above);
            for (place, word) in words.iter_mut().enumerate().skip(walked) {
                window.look_up(scale, word);
                let kept = window.kept;
                window.found.retain(|sum| {
                    has(&kept, sum.doc - begin) || rests.most(scale, place + 1, (sum.score, sum.covered)) >= above
                });
            }
            for sum in window.found.drain(..).filter(|sum| sum.covered > 0.0) {
                above = offer(sum);
            }
        }
        (pairs, keep) = (&pairs[in_pairs..], &keep[in_keep..]);
    }
}

fn has(set: &[u64; SIZE / SET], place: u32) -> bool {
    let place = place as usize;
    set[place / SET] >> (place % SET) & 1 == 1
}

fn put(set: &mut [u64; SIZE / SET], place: usize) {
    set[place / SET] |= 1 << (place % SET);
}

impl Window {
    /// Begins with what is known before: pairs of words, and documents that are wanted in any case.
    fn begin(&mut self, begin: u32, pairs: &[(u32, f32)], keep: &[u32]) {
        self.seen = [0; SIZE / SET];
        self.kept = [0; SIZE / SET];
        for (doc, says) in pairs {
            let place = (doc - begin) as usize;
            self.sums[place].0 += says;
            put(&mut self.seen, place);
        }
        for doc in keep {
            let place = (doc - begin) as usize;
            put(&mut self.seen, place);
            put(&mut self.kept, place);
        }
    }

    fn walk(&mut self, scale: &Scale, words: &mut [Word<'_>], begin: u32, end: u32) {
        for Word { weight, cursor } in words {
            if cursor.reach(begin).is_none_or(|posting| posting.doc >= end) {
                continue;
            }
            let (weight, each) = (*weight, *weight * scale.most / WHOLE);
            let (sums, seen) = (&mut self.sums, &mut self.seen);
            cursor.each_before(end, |posting| {
                let place = (posting.doc - begin) as usize;
                let sum = &mut sums[place];
                sum.0 += each * f32::from(posting.impact);
                sum.1 += weight;
                put(seen, place);
            });
        }
    }

    /// Takes what was found, if it is wanted, and leaves nothing behind.
    fn gather(&mut self, begin: u32, wanted: impl Fn(&Sum, bool) -> bool) {
        for (number, first) in (begin..).step_by(SET).zip(0..SIZE / SET) {
            let mut left = self.seen[first];
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let (score, covered) = std::mem::take(&mut self.sums[first * SET + bit as usize]);
                let sum = Sum { doc: number + bit, score, covered };
                if wanted(&sum, self.kept[first] >> bit & 1 == 1) {
                    self.found.push(sum);
                }
            }
        }
    }

    /// Adds what a word says about what was found.
    fn look_up(&mut self, scale: &Scale, Word { weight, cursor }: &mut Word<'_>) {
        let each = *weight * scale.most / WHOLE;
        for sum in &mut self.found {
            match cursor.reach(sum.doc) {
                None => return,
                Some(posting) if posting.doc == sum.doc => {
                    sum.score += each * f32::from(posting.impact);
                    sum.covered += *weight;
                }
                Some(_) => {}
            }
        }
    }
}
