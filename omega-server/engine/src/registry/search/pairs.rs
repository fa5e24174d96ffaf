//! Which documents have a pair of neighbouring words: `html markdown` and `markdown html` are different requests.
//!
//! Pairs are many and mostly rare, so they are kept as sorted runs of `(hash, document)`, eight bytes each. A new
//! document is a run of its own; runs of like size are merged, so that there are never more than a few dozen.

/// Hash of a pair, and who has it.
type Entry = (u32, u32);

#[derive(Default)]
pub(super) struct Pairs {
    /// Sorted each; every run is more than twice as long as the next.
    runs: Vec<Vec<Entry>>,
}

impl Pairs {
    /// Adds the pairs of a document's texts, each a list of its telling terms.
    pub(super) fn add(&mut self, doc: u32, texts: &[Vec<u64>]) {
        let mut run: Vec<Entry> =
            texts.iter().flat_map(|terms| terms.windows(2)).map(|pair| (hash(pair[0], pair[1]), doc)).collect();
        run.sort_unstable();
        run.dedup();
        while let Some(longer) = self.runs.pop_if(|longer| longer.len() <= run.len() * 2) {
            run = merged(&longer, &run);
        }
        if !run.is_empty() {
            self.runs.push(run);
        }
    }

    /// The documents in which one word directly follows another.
    pub(super) fn find(&self, first: u64, second: u64) -> Vec<u32> {
        let wanted = hash(first, second);
        let mut docs = Vec::new();
        for run in &self.runs {
            let begin = run.partition_point(|entry| entry.0 < wanted);
            docs.extend(run[begin..].iter().take_while(|entry| entry.0 == wanted).map(|entry| entry.1));
        }
        docs
    }

    pub(super) fn renumber(&mut self, numbers: &[Option<u32>]) {
        for run in &mut self.runs {
            // Numbers keep their order, so a run stays sorted.
            run.retain_mut(|entry| numbers[entry.1 as usize].map(|doc| entry.1 = doc).is_some());
        }
    }
}

fn hash(first: u64, second: u64) -> u32 {
    let mixed = (first.rotate_left(17) ^ second).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    u32::try_from(mixed >> 32).unwrap_or(u32::MAX)
}

fn merged(a: &[Entry], b: &[Entry]) -> Vec<Entry> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(left), Some(right)) if left <= right => a.next(),
            (_, Some(_)) => b.next(),
            (Some(_), None) => a.next(),
            (None, None) => return all,
        };
        all.extend(next.copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_ordered_and_stays_within_its_text() {
        let mut pairs = Pairs::default();
        pairs.add(7, &[vec![1, 2, 3], vec![4, 5]]);
        for (first, second, expected) in [(1, 2, 1), (2, 3, 1), (4, 5, 1), (2, 1, 0), (3, 4, 0), (1, 3, 0)] {
            assert_eq!(pairs.find(first, second).len(), expected, "{first} {second}");
        }
    }

    #[test]
    fn many_documents_stay_in_few_runs_and_are_all_found() {
        let mut pairs = Pairs::default();
        for doc in 0..1_000 {
            pairs.add(doc, &[vec![1, 2, u64::from(doc) + 10]]);
        }
        assert!(pairs.runs.len() < 20, "{}", pairs.runs.len());
        assert_eq!(pairs.find(1, 2).len(), 1_000);
        assert_eq!(pairs.find(2, 510), [500]);
        let odd: Vec<Option<u32>> = (0..1_000).map(|doc| (doc % 2 == 1).then_some(doc / 2)).collect();
        pairs.renumber(&odd);
        assert_eq!((pairs.find(1, 2).len(), pairs.find(2, 510)), (500, vec![]));
        assert_eq!(pairs.find(2, 511), [250]);
    }
}
