//! Whether the top modules of a crate keep to the order that is written for them: each uses only what lies below it. And
//! whether its files can be found and read: [`unwieldy`]; and whether it needs what it asks for: [`unnamed`].
//!
//! [`faults`] reads the sources as the compiler's tokens and collects where a module names another one by `crate::` or
//! `super::`, in whatever nesting. Comments and what is there for tests alone (`#[cfg(test)]`) don't count; `lib.rs` and
//! `main.rs` lie above everything. So nothing may be used by way of them: a name that they pass on hides whose it is.

mod dependencies;
mod files;
mod sources;

pub use dependencies::unnamed;
pub use files::unwieldy;
pub use sources::Sources;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

/// A place where one top module uses another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The module that uses the other one.
    pub from: String,
    /// The module that is used, or an item of the crate's root.
    pub to: String,
    /// The file, below `src`.
    pub file: String,
    pub line: usize,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ({}:{})", self.from, self.to, self.file, self.line)
    }
}

/// What is wrong with the layers of a crate; written out, one fault a line, and nothing when nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Top modules that the order does not name.
    pub unlisted: Vec<String>,
    /// Names of the order that are no top modules, or stand there twice.
    pub unknown: Vec<String>,
    /// Arrows that run against the order.
    pub upward: Vec<Arrow>,
    /// Of each circle of modules a shortest way around.
    pub circles: Vec<Vec<Arrow>>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unlisted.iter().try_for_each(|name| writeln!(f, "not in the order: {name}"))?;
        self.unknown.iter().try_for_each(|name| writeln!(f, "no module, or twice in the order: {name}"))?;
        self.upward.iter().try_for_each(|arrow| writeln!(f, "against the order: {arrow}"))?;
        self.circles.iter().try_for_each(|way| {
            let way: Vec<_> = way.iter().map(Arrow::to_string).collect();
            writeln!(f, "a circle: {}", way.join(", "))
        })
    }
}

/// What is wrong with the layers of a crate, whose top modules stand in `order`, the lowest first.
pub fn faults(sources: &Sources, order: &[&str]) -> Faults {
    let (modules, arrows) = sources::modules_and_arrows(sources);
    let rank = |name: &str| order.iter().position(|listed| *listed == name);
    let known = |at: usize, name: &str| modules.contains(name) && rank(name) == Some(at);
    Faults {
        unlisted: modules.iter().filter(|name| rank(name).is_none()).cloned().collect(),
        unknown: (order.iter().enumerate())
            .filter(|(at, name)| !known(*at, name))
            .map(|(_, name)| (*name).into())
            .collect(),
        // What is in no order is an item of the crate's root, or told as unlisted above.
        upward: (arrows.iter())
            .filter(|arrow| {
                rank(&arrow.from).is_some() && rank(&arrow.to).is_none_or(|to| Some(to) > rank(&arrow.from))
            })
            .cloned()
            .collect(),
        circles: circles(&arrows),
    }
}

fn circles(arrows: &BTreeSet<Arrow>) -> Vec<Vec<Arrow>> {
    let mut from: BTreeMap<&str, Vec<&Arrow>> = BTreeMap::new();
    for arrow in arrows {
        from.entry(&arrow.from).or_default().push(arrow);
    }
    let (mut told, mut circles) = (BTreeSet::new(), Vec::new());
    for module in from.keys().filter(|module| way(&from, module, module).is_some()) {
        let knotted = |other: &&str| way(&from, module, other).is_some() && way(&from, other, module).is_some();
        let knot: Vec<&str> = from.keys().copied().filter(knotted).collect();
        if told.insert(knot.clone()) {
            circles.extend(knot.iter().filter_map(|member| way(&from, member, member)).min_by_key(Vec::len));
        }
    }
    circles
}

/// A shortest way along the arrows, of at least one.
fn way(from: &BTreeMap<&str, Vec<&Arrow>>, start: &str, end: &str) -> Option<Vec<Arrow>> {
    let mut reached: BTreeMap<&str, &Arrow> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(module) = next.pop_front() {
        for arrow in from.get(module).into_iter().flatten() {
            if !reached.contains_key(arrow.to.as_str()) {
                reached.insert(&arrow.to, arrow);
                next.push_back(&arrow.to);
            }
        }
    }
    let mut way = vec![*reached.get(end)?];
    while way.last().is_some_and(|first| first.from != start) {
        way.push(reached.get(way.last()?.from.as_str())?);
    }
    Some(way.into_iter().rev().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)], order: &[&str]) -> String {
        let sources = files.iter().fold(Sources::default(), |sources, (file, text)| sources.with(file, text));
        faults(&sources, order).to_string()
    }

    const ROOT: (&str, &str) = ("lib.rs", "pub mod low; mod high;");

    #[test]
    fn what_uses_only_what_lies_below_is_no_fault() {
        let files = [ROOT, ("low.rs", "pub struct Ground;"), ("high.rs", "use crate::low::Ground;")];
        assert_eq!(told(&files, &["low", "high"]), "");
    }

    #[test]
    fn an_arrow_against_the_order_is_found_in_whatever_way_it_is_written() {
        for text in [
            "\nuse crate::high::Roof;",
            "\nuse crate::{high, low};",
            "\nuse crate::{low::{a, b::C}, high::{self, Roof as R}};",
            "\npub(crate) use super::high::Roof;",
            "\nuse super::{low::{self as deep, a}, high::Roof};",
            "\nfn f(_: &[crate::high::Roof]) {}",
            "\nfn f() { println!(\"{}\", crate::high::Roof) }",
            "\nmacro_rules! m { () => { $crate::high::Roof } }",
            "\nmod inner { use super::super::high::Roof; }",
            "\n/*/* a comment */*/ mod inner { mod more { use super::super::super::{high}; } }",
            "\n#[cfg(feature = \"f\")] use crate::high::Roof;",
            "\n#[cfg(not(test))] use crate::high::Roof;",
            "\n#[cfg(test)] use crate::low::{a, b}; use crate::high::Roof;",
            "\nstruct S { #[cfg(test)] a: u8, b: crate::high::Roof }",
        ] {
            let told = told(&[ROOT, ("low/mod.rs", text), ("high.rs", "")], &["low", "high"]);
            assert_eq!(told, "against the order: low -> high (low/mod.rs:2)\n", "{text}");
        }
    }

    #[test]
    fn a_file_deep_in_a_module_counts_as_the_module() {
        for text in
            ["use crate::high::Roof;", "use super::super::super::high::Roof;", "use super::super::{super::high};"]
        {
            let files = [
                ROOT,
                ("low.rs", "mod inner;"),
                ("low/inner.rs", "pub mod more;"),
                ("low/inner/more.rs", text),
                ("high.rs", ""),
            ];
            assert_eq!(
                told(&files, &["low", "high"]),
                "against the order: low -> high (low/inner/more.rs:1)\n",
                "{text}"
            );
        }
    }

    #[test]
    fn words_tests_and_a_module_itself_are_no_arrows() {
        for text in [
            "/// See [`crate::high::Roof`].\n// crate::high\nconst A: &str = \"crate::high::Roof\";",
            "#[cfg(test)]\n#[allow(unused)]\nmod tests { use crate::high::Roof; }",
            "#[cfg(test)]\nmod tests;",
            "#[cfg(all(test, unix))]\nfn f() -> crate::high::Roof { crate::high::Roof }",
            "#[cfg(test)]\nconst A: S = S { high: crate::high::Roof };",
            "use crate::low::high::Roof; mod high { use super::super::low; }",
            "pub(crate) struct Roof; pub(in crate::low) struct Other;",
        ] {
            let files = [ROOT, ("low.rs", text), ("low/tests.rs", "use crate::high::Roof;"), ("high.rs", "")];
            assert_eq!(told(&files, &["low", "high"]), "", "{text}");
        }
    }

    #[test]
    fn what_goes_by_way_of_the_root_is_found() {
        for text in ["use crate::Roof;", "use super::*;", "use crate::{low, Roof};", "use super::{self as root, low};"]
        {
            let told = told(
                &[("lib.rs", "mod low; mod high; pub use high::Roof;"), ("low.rs", text), ("high.rs", "")],
                &["low", "high"],
            );
            assert!(told.starts_with("against the order: low -> the root's "), "{text}: {told}");
        }
    }

    #[test]
    fn a_circle_is_shown_with_every_place_on_a_shortest_way_around() {
        let files = [
            ("main.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::{\n    c::C,\n    d::D,\n};"),
            ("c/mod.rs", "use crate::{a, d};"),
            ("d.rs", "use crate::b::B;"),
        ];
        assert_eq!(
            told(&files, &["d", "c", "b", "a"]),
            "against the order: c -> a (c/mod.rs:1)\n\
             against the order: d -> b (d.rs:1)\n\
             a circle: b -> d (b.rs:3), d -> b (d.rs:1)\n"
        );
    }

    #[test]
    fn the_order_names_every_module_once() {
        let files = [ROOT, ("low.rs", ""), ("high.rs", "")];
        assert_eq!(
            told(&files, &["low", "gone", "low"]),
            "not in the order: high\nno module, or twice in the order: gone\nno module, or twice in the order: low\n"
        );
    }
}
