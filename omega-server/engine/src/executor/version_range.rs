//! npm's ranges of versions (<https://github.com/npm/node-semver#range-grammar>): comparators side by side, hyphens between two,
//! alternatives by `||`.
//!
//! Nothing else is one: no path (`file:`, `link:`, `../x`), no other source (`git`, `http`, `workspace:`), no other package
//! (`npm:`), no tag.

use semver::{Version, VersionReq};

const LONGEST: usize = 200;
const OPERATORS: [char; 5] = ['>', '<', '=', '^', '~'];

/// What a version has to be: one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange(Vec<VersionReq>);

impl VersionRange {
    /// Reads one.
    pub fn read(range: &str) -> Option<Self> {
        let range = Some(range).filter(|range| range.len() <= LONGEST)?;
        range.split("||").map(|one| simple(one.trim())).collect::<Option<_>>().map(Self)
    }

    /// Whether a version is in it; one before a release only where the range names such a one of the same release.
    pub fn has(&self, version: &Version) -> bool {
        self.0.iter().any(|one| one.matches(version))
    }
}

fn simple(range: &str) -> Option<VersionReq> {
    if let Some((from, to)) = range.split_once(" - ") {
        let end = |text: &str, operator: &str| {
            let text = text.trim();
            text.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
                .then(|| comparator(&format!("{operator}{text}")))?
        };
        return read(&[end(from, ">=")?, end(to, "<=")?]);
    }
    // An operator may stand apart from its version.
    let mut joined: Vec<String> = Vec::new();
    for word in range.split_whitespace() {
        match joined.last_mut().filter(|last| last.ends_with(OPERATORS)) {
            Some(operator) => operator.push_str(word),
            None => joined.push(word.to_owned()),
        }
    }
    read(&joined.iter().map(|word| comparator(word)).collect::<Option<Vec<_>>>()?)
}

fn read(comparators: &[String]) -> Option<VersionReq> {
    let said: Vec<&str> = comparators.iter().map(String::as_str).filter(|comparator| !comparator.is_empty()).collect();
    if said.is_empty() { Some(VersionReq::STAR) } else { VersionReq::parse(&said.join(",")).ok() }
}

/// As the `semver` crate reads it: there a bare version is a caret's, here itself. Empty for any version.
fn comparator(text: &str) -> Option<String> {
    let version = text.trim_start_matches(OPERATORS);
    let operator = match &text[..text.len() - version.len()] {
        "" | "=" => "=",
        "~>" => "~",
        other if [">", "<", ">=", "<=", "^", "~"].contains(&other) => other,
        _ => return None,
    };
    let mut version = version.strip_prefix('v').unwrap_or(version);
    let is_any = |part: &str| matches!(part, "*" | "x" | "X");
    while let Some((rest, part)) = version.rsplit_once('.')
        && is_any(part)
        && !rest.contains(['-', '+'])
    {
        version = rest;
    }
    if is_any(version) {
        return Some(String::new());
    }
    let comparator = format!("{operator}{version}");
    // It reads no comma, which would be two.
    semver::Comparator::parse(&comparator).is_ok().then_some(comparator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(range: &str) -> bool {
        VersionRange::read(range).is_some()
    }

    #[test]
    fn what_a_package_wants_of_another_one_is_a_range_or_nothing() {
        for range in [
            "1.2.3",
            "^1",
            "~1.2",
            "~>1.2",
            ">=1 <3",
            ">= 1.2.3",
            "1.x",
            "1.2.*",
            "*",
            "x",
            "",
            "v1.2.3",
            "=1.0.0",
            "1.2 - 2.3.4",
            "^1 || ^2",
            "^1.0.0-beta.1 || >=2",
            "1.2.3+build",
            "<2.0.0 || >= 3",
        ] {
            assert!(is(range), "{range:?}");
        }
        for other in [
            "file:/",
            "file:",
            "file:../x",
            "file:///etc",
            "link:/",
            "link:..",
            "npm:other@1",
            "npm:other@file:/",
            "git+ssh://git@h/x.git",
            "git://h/x",
            "git@github.com:a/b.git",
            "http://h/x.tgz",
            "https://h/x.tgz",
            "jsr:@a/b",
            "../..",
            "./x",
            "/etc",
            "~/x",
            "~",
            "C:\\x",
            "user/repo",
            "github:user/repo",
            "workspace:*",
            "workspace:^",
            "portal:..",
            "catalog:",
            "latest",
            "next",
            "1.2.3.4",
            "^",
            ">",
            "1 - ",
            "^1 || file:/",
            "^1 file:/",
            "* ../..",
            "1\0",
            "\u{661}",
            "1.2.3-$x",
            "1.0.0 || latest",
        ] {
            assert!(!is(other), "{other:?}");
        }
        assert!(!is(&"^1 || ".repeat(10_000)));
    }

    #[test]
    fn a_range_has_the_versions_that_npm_says() {
        for (range, has, has_not) in [
            ("^1.2", "1.2.0 1.9.9", "1.1.9 2.0.0 1.3.0-beta.1"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
            ("~1.2", "1.2.0 1.2.9", "1.3.0"),
            ("~>1", "1.0.0 1.9.0", "2.0.0"),
            ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.0"),
            ("1", "1.0.0 1.9.0", "2.0.0"),
            ("1.x", "1.0.0 1.9.0", "2.0.0 0.9.0"),
            ("1.2.X", "1.2.7", "1.3.0"),
            ("1.2.3", "1.2.3", "1.2.4"),
            ("v1.2.3", "1.2.3", "1.2.4"),
            (">=1 <3", "1.0.0 2.9.9", "3.0.0"),
            (">= 1.2.3 < 2", "1.2.3", "2.0.0 1.2.2"),
            (">1", "2.0.0", "1.9.0"),
            ("<=1", "1.9.0", "2.0.0"),
            ("1.2 - 2.3", "1.2.0 2.3.9", "2.4.0"),
            ("1.2.3 - 2.3.4", "2.3.4", "2.3.5"),
            ("^1 || ^3", "1.0.0 3.1.0", "2.0.0"),
            ("*", "0.0.1 9.0.0", "1.0.0-beta"),
            ("", "0.0.1", "1.0.0-beta"),
            ("^1.0.0-beta.1", "1.0.0-beta.2 1.0.0", "1.1.0-beta.1"),
        ] {
            let read = VersionRange::read(range).unwrap();
            for (versions, is_in) in [(has, true), (has_not, false)] {
                for version in versions.split(' ') {
                    assert_eq!(read.has(&version.parse().unwrap()), is_in, "{version} in {range:?}");
                }
            }
        }
    }
}
