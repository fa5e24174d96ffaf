//! What is another in a value than in one before: the lines of both as JSON, as a diff.

use serde_json::Value;

/// Lines around a change that are the same.
const AROUND: usize = 3;
/// Pairs of lines up to which the shortest change is sought; what is larger is taken out whole and put in whole.
const PAIRS: usize = 1 << 20;

/// A line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept<'t> {
    Same(&'t str),
    Out(&'t str),
    In(&'t str),
}

/// The change of a value under a name; nothing when it is the same.
pub fn changes(name: &str, before: &Value, after: &Value) -> Option<String> {
    if before == after {
        return None;
    }
    let (before, after) = (text(before), text(after));
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let lines = diff(&old, &new);
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !matches!(line, Kept::Same(_))).map(|(at, _)| at).collect();
    let mut out = String::new();
    let mut rest = changed.as_slice();
    while let Some(first) = rest.first() {
        let mut last = *first;
        while let Some(next) = rest.first().filter(|next| **next <= last + 2 * AROUND) {
            last = *next;
            rest = &rest[1..];
        }
        let hunk = first.saturating_sub(AROUND)..(last + AROUND + 1).min(lines.len());
        let count = |lines: &[Kept<'_>], is_old: bool| {
            let counts = |line: &&Kept<'_>| match line {
                Kept::Same(_) => true,
                Kept::Out(_) => is_old,
                Kept::In(_) => !is_old,
            };
            lines.iter().filter(counts).count()
        };
        let (skipped, shown) = (&lines[..hunk.start], &lines[hunk]);
        let place = |is_old| format!("{},{}", count(skipped, is_old) + 1, count(shown, is_old));
        out.push_str(&format!("@@ -{} +{} @@ {name}\n", place(true), place(false)));
        for line in shown {
            let (sign, line) = match line {
                Kept::Same(line) => (' ', line),
                Kept::Out(line) => ('-', line),
                Kept::In(line) => ('+', line),
            };
            out.push(sign);
            out.push_str(line);
            out.push('\n');
        }
    }
    Some(out)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn diff<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Kept<'t>> {
    let begins = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[begins..], &new[begins..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old_rest[..old_rest.len() - ends], &new_rest[..new_rest.len() - ends]);
    let mut lines: Vec<Kept<'t>> = old[..begins].iter().copied().map(Kept::Same).collect();
    lines.extend(middle(old_rest, new_rest));
    lines.extend(old[old.len() - ends..].iter().copied().map(Kept::Same));
    lines
}

/// By the longest lines that both have in common.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Kept<'t>> {
    let (out, into) = (old.iter().copied().map(Kept::Out), new.iter().copied().map(Kept::In));
    if old.is_empty() || new.is_empty() || old.len() * new.len() > PAIRS {
        return out.chain(into).collect();
    }
    let width = new.len() + 1;
    // How many lines both have in common from here on.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a * width + b] = match old[a] == new[b] {
                true => common[(a + 1) * width + b + 1] + 1,
                false => common[(a + 1) * width + b].max(common[a * width + b + 1]),
            };
        }
    }
    let (mut a, mut b, mut lines) = (0, 0, Vec::with_capacity(old.len() + new.len()));
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            lines.push(Kept::Same(old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || (a < old.len() && common[(a + 1) * width + b] >= common[a * width + b + 1]) {
            lines.push(Kept::Out(old[a]));
            a += 1;
        } else {
            lines.push(Kept::In(new[b]));
            b += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_changed_stands_between_what_did_not() {
        let (before, after) = (json!({"a": 1, "b": [1, 2], "c": "x"}), json!({"a": 1, "b": [1, 3], "c": "x"}));
        let told = changes("input", &before, &after).unwrap();
        let expected =
            "@@ -2,7 +2,7 @@ input\n   \"a\": 1,\n   \"b\": [\n     1,\n-    2\n+    3\n   ],\n   \"c\": \"x\"\n }\n";
        assert_eq!(told, expected);
        assert_eq!(changes("input", &before, &before), None);
        assert_eq!(changes("output", &json!("one"), &json!("two")).unwrap(), "@@ -1,1 +1,1 @@ output\n-one\n+two\n");
    }

    proptest! {
        #[test]
        fn the_lines_of_both_are_all_there_and_in_their_order(old in prop::collection::vec("[abc]", 0..12), new in prop::collection::vec("[abc]", 0..12)) {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
            let lines = diff(&old, &new);
            let of = |is_old: bool| -> Vec<&str> {
                lines.iter().filter_map(|line| match line {
                    Kept::Same(line) => Some(*line),
                    Kept::Out(line) => is_old.then_some(*line),
                    Kept::In(line) => (!is_old).then_some(*line),
                }).collect()
            };
            prop_assert_eq!(of(true), old);
            prop_assert_eq!(of(false), new);
        }
    }
}
