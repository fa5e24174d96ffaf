//! Names with a typing error: trigrams find candidates, the edit distance decides.

use super::{
    ByHash, Index,
    file::{Reader, Writer},
    postings::Docs,
    words,
};
use std::{
    collections::HashMap,
    io::{self, Read, Write},
};

/// Names longer than this are no names.
const LONGEST: usize = 48;
/// Shorter names are a typing error away from too many others.
const SHORTEST: usize = 4;
/// Trigrams that one typing error spoils at most: three, four when letters are swapped.
const SPOILED: usize = 4;
/// Trigrams besides, all of which a name with that error has.
const SHARED: usize = 3;

/// Which documents have a name with a trigram.
#[derive(Default)]
pub(super) struct NameGrams {
    docs: ByHash<Docs>,
}

impl NameGrams {
    pub(super) fn add(&mut self, doc: u32, joined: &str) {
        if joined.len() > LONGEST {
            return;
        }
        for gram in grams(joined) {
            self.docs.entry(gram).or_default().push(doc);
        }
    }

    pub(super) fn renumber(&mut self, numbers: &[Option<u32>]) {
        for docs in self.docs.values_mut() {
            *docs = docs.renumbered(numbers);
        }
    }

    pub(super) fn save(&self, to: &mut Writer<impl Write>) -> io::Result<()> {
        let mut grams: Vec<(&u64, &Docs)> = self.docs.iter().collect();
        grams.sort_unstable_by_key(|(gram, _)| **gram);
        to.list(&grams, |(gram, _)| gram.to_le_bytes())?;
        grams.into_iter().try_for_each(|(_, docs)| docs.save(to))
    }

    pub(super) fn load(from: &mut Reader<impl Read>) -> io::Result<Self> {
        let grams = from.list(u64::from_le_bytes)?;
        let docs = grams.into_iter().map(|gram| Ok((gram, Docs::load(from)?))).collect::<io::Result<_>>()?;
        Ok(Self { docs })
    }

    /// Documents that have all of a name's rarest trigrams but some. One edit spoils [`SPOILED`] at most.
    fn candidates(&self, joined: &str, spoiled: usize) -> Vec<u32> {
        let grams = grams(joined);
        let mut lists: Vec<&Docs> = grams.iter().filter_map(|gram| self.docs.get(gram)).collect();
        let nowhere = grams.len() - lists.len();
        lists.sort_by_key(|docs| docs.len());
        // More lists cost little, and each more that has to be shared leaves fewer names to compare.
        let rarest = (spoiled + SHARED).min(grams.len()).saturating_sub(nowhere);
        let least = (rarest + nowhere).saturating_sub(spoiled).max(1);
        let mut docs: Vec<u32> = lists.into_iter().take(rarest).flat_map(Docs::iter).collect();
        docs.sort_unstable();
        docs.chunk_by(u32::eq).filter(|same| same.len() >= least).map(|same| same[0]).collect()
    }
}

/// The trigrams of a name with its ends marked, each once.
fn grams(joined: &str) -> Vec<u64> {
    let chars: Vec<char> = std::iter::once('^').chain(joined.chars()).chain(std::iter::once('$')).collect();
    let mut grams: Vec<u64> = chars
        .windows(3)
        .map(|w| (u64::from(u32::from(w[0])) << 42) | (u64::from(u32::from(w[1])) << 21) | u64::from(u32::from(w[2])))
        .map(|gram| gram.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Documents whose name is one typing error away from the whole query; only for queries that may be a name.
pub(super) fn near_names(index: &Index, text: &str) -> Vec<(u32, usize)> {
    let joined = words::joined(text);
    let size = joined.chars().count();
    if text.split_whitespace().count() > 4 || !(SHORTEST..=LONGEST).contains(&size) {
        return Vec::new();
    }
    let most = 1;
    let mut near = Vec::new();
    for doc in index.grams.candidates(&joined, SPOILED) {
        if let Some(distance) = distance_to(index, doc, &joined, most) {
            near.push((doc, distance.max(1)));
        }
    }
    near
}

/// The least distance from a joined name to one of the document's names, when it is at most `most`.
fn distance_to(index: &Index, doc: u32, joined: &str, most: usize) -> Option<usize> {
    let id = index.documents.id(doc);
    let package = id.rsplit_once("::").map_or(id, |(package, _)| package);
    words::joined_names(index.documents.name(doc), package).iter().filter_map(|name| distance(joined, name, most)).min()
}

/// Ids near a text: exactly that id, then what is near in both its name and its package, then that name in whatever
/// package, then by edit distance.
pub(super) fn nearest(index: &Index, text: &str, limit: usize) -> Vec<String> {
    let (package, export) = text.rsplit_once("::").unwrap_or((text, text));
    // By name and by package; a document that is near in only one of them ranks behind those that are near in both.
    let mut ranks: HashMap<u32, [Option<usize>; 2]> = HashMap::new();
    let mut rank = |doc: u32, side: usize, at: usize| {
        let known = &mut ranks.entry(doc).or_default()[side];
        *known = Some(known.map_or(at, |known| known.min(at)));
    };
    if let Some(doc) = index.documents.find(text) {
        rank(doc, 0, 0);
        rank(doc, 1, 0);
    }
    let (package, export) = (words::joined(package), words::joined(export));
    for (side, name, exact, near) in [(0, &export, 1, 3), (1, &package, 2, 5)] {
        for doc in index.names.find(words::name_term(name)) {
            rank(doc, side, exact);
        }
        let most = if name.chars().count() < 6 { 1 } else { 2 };
        for doc in index.grams.candidates(name, SPOILED + SHARED) {
            if let Some(distance) = distance_to(index, doc, name, most) {
                rank(doc, side, near + distance);
            }
        }
    }
    let mut docs: Vec<((bool, usize), std::cmp::Reverse<u32>, u32)> = ranks
        .into_iter()
        .filter(|(doc, _)| index.documents.is_live(*doc))
        .map(|(doc, sides)| {
            let rank = (sides.contains(&None), sides.into_iter().flatten().sum());
            (rank, std::cmp::Reverse(index.documents.downloads(doc)), doc)
        })
        .collect();
    docs.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| index.documents.id(a.2).cmp(index.documents.id(b.2))));
    docs.truncate(limit);
    docs.into_iter().map(|(_, _, doc)| index.documents.id(doc).to_owned()).collect()
}

/// Edits (insert, delete, replace, swap neighbours) between two texts, when they are at most `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().min().is_some_and(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edit_distance_counts_a_swap_as_one() {
        for (a, b, expected) in [
            ("express", "express", Some(0)),
            ("express", "expres", Some(1)),
            ("express", "exrpess", Some(1)),
            ("express", "expresso", Some(1)),
            ("express", "repress", Some(2)),
            ("express", "koa", None),
        ] {
            assert_eq!(distance(a, b, 2), expected, "{a} {b}");
        }
    }
}
