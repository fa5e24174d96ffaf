//! Two orders made one: what the words say, and what the meaning says.
//!
//! Both scores and both ranks count. Scores tell how much better a hit is than the next, where they can: words' are of no scale,
//! and a cosine's differences are small. Ranks tell who is first by each, which is worth the most at the top.

/// How much a cosine counts, in parts of the best hit's words.
const MEANING: f64 = 1.0;
/// How much being first by one of them counts, in the same parts.
const FIRST: f64 = 0.4;
/// How fast that fades: with this the second has a third of it.
const FADES: f64 = 0.5;

/// The scores of hits by both. `words` are their scores by words, best first; `meanings` how near each is to the query, where that
/// is known. A hit of which it is not known keeps its place among its neighbours: its meaning counts as the mean of the others',
/// its rank by meaning as that by words.
#[allow(clippy::cast_precision_loss, reason = "a handful of hits")]
pub fn fused(words: &[f64], meanings: &[Option<f32>]) -> Vec<f64> {
    let best = words.iter().copied().fold(0.0, f64::max);
    let mut known: Vec<(usize, f32)> =
        meanings.iter().enumerate().filter_map(|(place, near)| Some((place, (*near)?))).collect();
    let mean = known.iter().map(|(_, near)| f64::from(*near)).sum::<f64>() / known.len().max(1) as f64;
    known.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut ranks: Vec<usize> = (0..words.len()).collect();
    for (rank, (place, _)) in known.iter().enumerate() {
        ranks[*place] = rank;
    }
    let top = |rank: usize| FIRST * FADES / (FADES + rank as f64);
    let one = |place: usize| {
        let meaning = meanings[place].map_or(0.0, |near| f64::from(near) - mean);
        words[place] + best * (MEANING * meaning + top(place) + top(ranks[place]))
    };
    (0..words.len()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(words: &[f64], meanings: &[Option<f32>]) -> Vec<usize> {
        let scores = fused(words, meanings);
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        order
    }

    #[test]
    fn meaning_moves_neighbours_and_what_is_not_known_moves_nothing() {
        let words = [10.0, 9.0, 8.5, 2.0];
        for (meanings, expected) in [
            ([None; 4], [0, 1, 2, 3]),
            ([Some(0.4); 4], [0, 1, 2, 3]),
            ([Some(0.3), Some(0.3), Some(0.8), Some(0.2)], [2, 0, 1, 3]),
            ([Some(0.5), Some(0.4), None, Some(0.3)], [0, 1, 2, 3]),
            // However near: words that say almost nothing of it are no reason.
            ([Some(0.4), Some(0.3), Some(0.3), Some(0.6)], [0, 1, 2, 3]),
        ] {
            assert_eq!(order(&words, &meanings), expected, "{meanings:?}");
        }
        assert!(fused(&[], &[]).is_empty());
    }

    #[test]
    fn a_name_that_the_query_spells_stays_first() {
        // A whole name counts as much again as the best words, so that the others have half of its score at most.
        let words = [10.0, 5.0, 4.9];
        assert_eq!(order(&words, &[Some(0.5), Some(0.6), Some(0.55)])[0], 0);
    }
}
