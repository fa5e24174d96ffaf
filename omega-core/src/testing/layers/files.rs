//! Files that are too long, and names that say too little because too many files have them.

use super::{Sources, sources::files};
use std::collections::BTreeMap;

/// Lines of a file, at most.
const LINES: usize = 450;
/// Files of one name, at most; `mod.rs` says nothing, and its folder everything.
const OF_ONE_NAME: usize = 2;

/// What is wrong with the files of a crate, one fault a line: what is there for tests alone does not count, and the files in
/// `long` may be as long as they are.
pub fn unwieldy(sources: &Sources, long: &[&str]) -> String {
    let mut faults = String::new();
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (file, text) in files(sources) {
        let lines = text.lines().count();
        if lines > LINES && !long.contains(&file) {
            faults.push_str(&format!("{file} has {lines} lines; {LINES} are enough for one subject\n"));
        }
        names.entry(file.rsplit('/').next().unwrap_or(file)).or_default().push(file);
    }
    for (name, files) in names.iter().filter(|(name, files)| **name != "mod.rs" && files.len() > OF_ONE_NAME) {
        faults.push_str(&format!("{} files are called {name}: {}\n", files.len(), files.join(", ")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> String {
        let sources = files.iter().fold(Sources::default(), |sources, (file, text)| sources.with(file, text));
        unwieldy(&sources, &["data.rs"])
    }

    #[test]
    fn a_long_file_is_found_unless_it_is_for_tests_alone_or_may_be_long() {
        let long = "\n".repeat(LINES + 1);
        let root = ("lib.rs", "mod a; mod data; #[cfg(test)] mod stage; #[cfg(test)] mod tests;");
        let files = [root, ("a.rs", "\n"), ("data.rs", &long), ("stage.rs", &long), ("tests.rs", &long)];
        assert_eq!(told(&files), "");
        let files = [root, ("a.rs", long.as_str())];
        assert_eq!(told(&files), "a.rs has 451 lines; 450 are enough for one subject\n");
    }

    #[test]
    fn a_third_file_of_one_name_is_found_with_the_other_two() {
        let files = [
            ("lib.rs", "mod a; mod b; mod plan;"),
            ("a/mod.rs", "mod plan;"),
            ("a/plan.rs", ""),
            ("b/mod.rs", "mod c;"),
            ("b/c/mod.rs", ""),
            ("plan.rs", ""),
        ];
        assert_eq!(told(&files), "");
        let files = [&files[..], &[("b/mod.rs", "mod plan;"), ("b/plan.rs", "")]].concat();
        assert_eq!(told(&files), "3 files are called plan.rs: a/plan.rs, b/plan.rs, plan.rs\n");
    }
}
