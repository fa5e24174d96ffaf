//! Dependencies that nothing names.

use super::Sources;
use std::{fs, path::Path};

/// The dependencies in the manifest of the crate in `folder` that its sources do not name, one a line: what is there for tests
/// may be named by any of them, the others by what lies below `src`.
#[allow(clippy::panic, reason = "a test fails by panicking")]
pub fn unnamed(folder: &str) -> String {
    let manifest = Path::new(folder).join("Cargo.toml");
    let manifest = fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    let (src, all) = (Sources::of_crate(folder), Sources::with_tests(folder));
    named(&manifest)
        .filter(|(for_tests, name)| !(if *for_tests { &all } else { &src }).names(name))
        .fold(String::new(), |told, (_, name)| told + name + "\n")
}

/// The dependencies of a manifest, and whether each is there for tests alone.
fn named(manifest: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut section = None;
    manifest.lines().filter_map(move |line| {
        if let Some(head) = line.strip_prefix('[') {
            let head = head.trim_end_matches(']');
            section = head.ends_with("dependencies").then(|| head.ends_with("dev-dependencies"));
            return None;
        }
        let name = line.split([' ', '.', '=']).next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        Some((section?, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_in_every_form_and_nothing_else_is() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\none.workspace = true\n# said\ntwo-words = \"1\"\n\n\
            [target.'cfg(unix)'.dependencies]\nthree = { version = \"1\" }\n[dev-dependencies]\nfour = \"1\"\n[lints]\nworkspace = true\n";
        let all: Vec<_> = named(manifest).collect();
        assert_eq!(all, [(false, "one"), (false, "two-words"), (false, "three"), (true, "four")]);
    }

    #[test]
    fn a_name_is_a_whole_word_of_the_code() {
        let sources = Sources::default().with("lib.rs", "use one_two::X; // three\nfour::x!();");
        let names = ["one-two", "one", "three", "four"].map(|name| sources.names(name));
        assert_eq!(names, [true, false, false, true]);
    }
}
