//! Dependencies that nothing names.

use super::Sources;
use std::{fs, path::Path};

/// The code that a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Crate,
    Tests,
    BuildScript,
}

/// The dependencies in the manifest of the crate in `folder` that its sources do not name, one a line: what is there for tests
/// may be named by any of them, what is there for the build by its script, the others by what lies below `src`.
#[allow(clippy::panic, reason = "a test fails by panicking")]
pub fn unnamed(folder: &str) -> String {
    let read = |name: &str| {
        let path = Path::new(folder).join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let manifest = read("Cargo.toml");
    let (src, all) = (Sources::of_crate(folder), Sources::with_tests(folder));
    let names = |code: Code, name: &str| match code {
        Code::Crate => src.names(name),
        Code::Tests => all.names(name),
        Code::BuildScript => Sources::default().with("build.rs", &read("build.rs")).names(name),
    };
    named(&manifest)
        .filter(|(code, name)| !names(*code, name))
        .fold(String::new(), |told, (_, name)| told + name + "\n")
}

/// The dependencies of a manifest, and the code that each is for.
fn named(manifest: &str) -> impl Iterator<Item = (Code, &str)> {
    let mut section = None;
    manifest.lines().filter_map(move |line| {
        if let Some(head) = line.strip_prefix('[') {
            let head = head.trim_end_matches(']');
            section = head.ends_with("dependencies").then(|| match head.rsplit('.').next() {
                Some("dev-dependencies") => Code::Tests,
                Some("build-dependencies") => Code::BuildScript,
                _ => Code::Crate,
            });
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
            [target.'cfg(unix)'.dependencies]\nthree = { version = \"1\" }\n[dev-dependencies]\nfour = \"1\"\n\
            [build-dependencies]\nfive = \"1\"\n[lints]\nworkspace = true\n";
        let all: Vec<_> = named(manifest).collect();
        let (main, build) = (Code::Crate, Code::BuildScript);
        assert_eq!(all, [(main, "one"), (main, "two-words"), (main, "three"), (Code::Tests, "four"), (build, "five")]);
    }

    #[test]
    fn a_name_is_a_whole_word_of_the_code() {
        let sources = Sources::default().with("lib.rs", "use one_two::X; // three\nfour::x!();");
        let names = ["one-two", "one", "three", "four"].map(|name| sources.names(name));
        assert_eq!(names, [true, false, false, true]);
    }
}
