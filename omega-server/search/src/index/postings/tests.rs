use super::*;
use std::collections::BTreeMap;

/// Lists of every make: near and far documents, of all lengths about a block's.
fn lists() -> Vec<Vec<Posting>> {
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let sizes = [0, 1, 2, 3, 4, 5, 6, 30, 126, 127, 128, 129, 255, 256, 257, 1_000];
    let list = |number: usize| {
        let most = [600, 70_000, 3_000_000, u64::from(u32::MAX)][number % 4];
        let mut docs = BTreeMap::new();
        while docs.len() < sizes[number % sizes.len()].min(500) {
            docs.insert(u32::try_from(random(most)).unwrap(), u8::try_from(random(255)).unwrap() + 1);
        }
        docs.into_iter().map(|(doc, impact)| Posting { doc, impact }).collect()
    };
    (0..sizes.len() * 7).map(list).collect()
}

fn packed(list: &[Posting]) -> Postings {
    let mut postings = Postings::default();
    list.iter().for_each(|posting| postings.push(*posting));
    postings
}

#[test]
fn what_was_pushed_comes_out() {
    for list in lists() {
        let (postings, mut docs) = (packed(&list), Docs::default());
        for posting in &list {
            docs.push(posting.doc);
            docs.push(posting.doc);
        }
        assert_eq!(postings.iter().collect::<Vec<_>>(), list);
        assert!(docs.iter().eq(list.iter().map(|posting| posting.doc)));
        assert_eq!((postings.len(), docs.len()), (list.len(), list.len()));
    }
}

#[test]
fn a_cursor_reaches_what_is_there_and_passes_nothing() {
    for list in lists() {
        let postings = packed(&list);
        for step in [1, 3, 100, 127, 300] {
            let mut cursor = postings.cursor();
            for wanted in list.iter().step_by(step) {
                for doc in [wanted.doc.saturating_sub(1), wanted.doc, wanted.doc] {
                    let expected = list.iter().find(|posting| posting.doc >= doc).copied();
                    assert_eq!(cursor.reach(doc), expected, "{doc}");
                }
            }
            let after = list.last().map_or(0, |posting| posting.doc.saturating_add(1));
            assert_eq!(cursor.reach(after).filter(|posting| posting.doc < after), None);
        }
    }
}

#[test]
fn windows_of_a_list_are_all_of_it_and_none_says_more_than_its_bound() {
    for list in lists() {
        let postings = packed(&list);
        let last = list.last().map_or(0, |posting| posting.doc);
        let size = (last / 50).max(1);
        let (mut cursor, mut found) = (postings.cursor(), Vec::new());
        for begin in (0..=last).step_by(size as usize) {
            let end = begin.saturating_add(size);
            let most = cursor.most_between(begin, end);
            // Every third window is passed over unread.
            if (begin / size).is_multiple_of(3) {
                continue;
            }
            cursor.reach(begin);
            cursor.each_before(end, |posting| {
                assert!(posting.doc >= begin && posting.doc < end && posting.impact <= most);
                found.push(posting);
            });
        }
        let seen = |posting: &&Posting| !(posting.doc / size).is_multiple_of(3) && posting.doc != u32::MAX;
        assert_eq!(found, list.iter().filter(seen).copied().collect::<Vec<_>>());
    }
}

#[test]
fn renumbered_lists_lack_what_is_gone_and_go_on_growing() {
    for list in lists().into_iter().filter(|list| list.last().is_none_or(|posting| posting.doc < 3_000_000)) {
        let mut docs = Docs::default();
        list.iter().for_each(|posting| docs.push(posting.doc));
        let odd: Vec<Option<u32>> = (0..3_000_001).map(|doc| (doc % 2 == 1).then_some(doc / 2)).collect();
        let (mut postings, mut docs) = (packed(&list).renumbered(&odd), docs.renumbered(&odd));
        let last = Posting { doc: 3_000_000, impact: 7 };
        postings.push(last);
        docs.push(last.doc);
        let left = list.iter().filter(|posting| posting.doc % 2 == 1);
        let left = left.map(|posting| Posting { doc: posting.doc / 2, ..*posting }).chain([last]);
        let left: Vec<Posting> = left.collect();
        assert_eq!(postings.iter().collect::<Vec<_>>(), left);
        assert!(docs.iter().eq(left.iter().map(|posting| posting.doc)));
    }
}

#[test]
fn a_list_of_a_few_takes_no_memory_of_its_own() {
    assert!(size_of::<Postings>() <= 24, "{}", size_of::<Postings>());
    let mut postings = Postings::default();
    (0..3).for_each(|n| postings.push(Posting { doc: n * 100_000, impact: 100 }));
    assert!(matches!(postings.bytes, Bytes::Few { .. }));
}
