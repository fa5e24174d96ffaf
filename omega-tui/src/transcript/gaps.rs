//! Which messages of a conversation are not here: the gaps between those that are.
//!
//! A conversation is opened at its end; who jumps to its beginning or to a day has two parts of it with a gap between, which
//! closes from either side as it is read.

use crate::messages::{PAGE, Stretch};

/// Messages that are not here: those between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The event of the message before it; 0 at the beginning of the conversation.
    pub after: u64,
    /// The event of the message behind it.
    pub before: u64,
}

/// All of them, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// Everything before the first message that is here is missing.
    pub fn before(first: u64) -> Self {
        Self(vec![Gap { after: 0, before: first }])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_slice(&self) -> &[Gap] {
        &self.0
    }

    /// The one before all messages that are here.
    pub fn at_beginning(&self) -> Option<Gap> {
        self.0.first().copied().filter(|gap| gap.after == 0)
    }

    /// The one behind which the message of this event stands.
    pub fn before_event(&self, seq: u64) -> Option<Gap> {
        self.0.iter().copied().find(|gap| gap.before == seq)
    }

    /// Takes in a page: the events of its messages, in order.
    pub fn fill(&mut self, stretch: Stretch, seqs: &[u64]) {
        let is_full = seqs.len() >= PAGE as usize;
        let (first, last) = (seqs.first().copied(), seqs.last().copied());
        // From which event to which one nothing is missing any more.
        let from = match stretch {
            Stretch::Before(_) => first.filter(|_| is_full).unwrap_or(1),
            Stretch::After(seq) => seq.saturating_add(1),
            Stretch::Since(_) => match first {
                Some(first) => first,
                None => return,
            },
        };
        let to = match stretch {
            Stretch::Before(seq) => seq.saturating_sub(1),
            Stretch::After(_) | Stretch::Since(_) => last.filter(|_| is_full).unwrap_or(u64::MAX),
        };
        let left = |gap: &Gap| {
            if to < gap.after || gap.before < from {
                return vec![*gap];
            }
            let before = Gap { after: gap.after, before: from.min(gap.before) };
            let behind = Gap { after: to.max(gap.after), before: gap.before };
            [before, behind].into_iter().filter(|gap| gap.before > gap.after.saturating_add(1)).collect()
        };
        self.0 = self.0.iter().flat_map(left).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::api::Timestamp;
    use proptest::prelude::*;

    /// What a server with these messages answers.
    fn page(all: &[u64], stretch: Stretch) -> Vec<u64> {
        let most = PAGE as usize;
        let from = |first: u64| all.iter().copied().filter(|seq| *seq >= first).take(most).collect::<Vec<_>>();
        match stretch {
            Stretch::Before(seq) => {
                let before: Vec<u64> = all.iter().copied().filter(|it| *it < seq).collect();
                before[before.len().saturating_sub(most)..].to_vec()
            }
            Stretch::After(seq) => from(seq + 1),
            Stretch::Since(time) => from(u64::try_from(time.0).unwrap()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// However it is read, a message is either here or in a gap, and reading what is in gaps ends with all of it.
        #[test]
        fn a_message_is_here_or_in_a_gap(
            steps in prop::collection::vec(1..9_u64, 101..700),
            jumps in prop::collection::vec((0..3_u8, any::<prop::sample::Index>()), 0..12),
        ) {
            let all: Vec<u64> = steps.iter().scan(0, |seq, step| { *seq += step; Some(*seq) }).collect();
            let mut here: Vec<u64> = all[all.len() - 50..].to_vec();
            let mut gaps = Gaps::before(here[0]);
            let read = |gaps: &mut Gaps, here: &mut Vec<u64>, stretch| {
                let page = page(&all, stretch);
                gaps.fill(stretch, &page);
                here.extend(page);
                here.sort_unstable();
                here.dedup();
                for seq in &all {
                    let is_missing = gaps.as_slice().iter().any(|gap| gap.after < *seq && *seq < gap.before);
                    assert_eq!(!is_missing, here.contains(seq), "{seq} of {gaps:?}");
                }
            };
            for (kind, place) in jumps {
                let Some(gap) = gaps.as_slice().get(place.index(gaps.as_slice().len().max(1))).copied() else { break };
                let stretch = match kind {
                    0 => Stretch::Before(gap.before),
                    1 => Stretch::After(gap.after),
                    _ => Stretch::Since(Timestamp(i64::try_from(all[place.index(all.len())]).unwrap())),
                };
                read(&mut gaps, &mut here, stretch);
            }
            for _ in 0..20 {
                let Some(gap) = gaps.as_slice().last().copied() else { break };
                read(&mut gaps, &mut here, Stretch::Before(gap.before));
            }
            prop_assert!(gaps.is_empty());
            prop_assert_eq!(here, all);
        }
    }
}
