//! Names and versions of packages, checked before they become a path or an argument.

use omega_core::executor::{ToolError, ToolErrorCode};

/// A package and what was asked of its version: exact, a range, or a tag such as `latest`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spec {
    /// npm name, with its scope.
    pub name: String,
    /// Exact version, range or tag.
    pub version: String,
}

impl Spec {
    /// Checks both; an empty version is `latest`.
    pub fn new(name: &str, version: &str) -> Result<Self, ToolError> {
        let version = if version.trim().is_empty() { "latest" } else { version.trim() };
        if !is_package_name(name) {
            let message = format!("{name:?} is no npm package name; it looks like `name` or `@scope/name`");
            return Err(ToolError::new(ToolErrorCode::PackageNotFound, message));
        }
        if !is_version(version) {
            let message =
                format!("{version:?} is no npm version; give an exact one (`1.2.3`), a range (`^1`) or `latest`");
            return Err(ToolError::new(ToolErrorCode::PackageNotFound, message));
        }
        Ok(Self { name: name.to_owned(), version: version.to_owned() })
    }

    /// Whether the version is one, not a range or a tag.
    pub fn is_exact(&self) -> bool {
        is_exact(&self.version)
    }

    /// A file name of its own: `@scope+name@1.2.3`. Characters of ranges are written as their codes.
    pub fn file_name(&self) -> String {
        let version: String = self
            .version
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                    c.to_string()
                } else {
                    format!("%{:02x}", c as u32)
                }
            })
            .collect();
        format!("{}@{version}", self.name.replace('/', "+"))
    }
}

impl std::fmt::Display for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// Whether a version is one, not a range or a tag.
pub fn is_exact(version: &str) -> bool {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<_> = numbers.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether npm takes the name, so that it can become a part of a path.
pub fn is_package_name(name: &str) -> bool {
    // npm's own two exceptions: what is inside such a package would be found in its place.
    const TAKEN: [&str; 2] = ["node_modules", "favicon.ico"];
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    if name.len() > 214 || TAKEN.iter().any(|taken| name.eq_ignore_ascii_case(taken)) {
        return false;
    }
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(name),
    }
}

/// No `/` and no `:`, so that a version can't be a path, a URL or another package.
fn is_version(version: &str) -> bool {
    version.len() <= 100
        && !version.starts_with('.')
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+_^~<>=| *".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_npm_become_paths() {
        for name in ["ms", "@scope/name", "js-yaml", "JSONStream", "a.b~c"] {
            assert!(Spec::new(name, "latest").is_ok(), "{name}");
        }
        for name in [
            "",
            "..",
            "../x",
            "@a",
            "@a/",
            "@/b",
            "a/b",
            "@a/../b",
            "file:x",
            "a b",
            "@a/b/c",
            "node_modules",
            "a\0b",
            "/etc",
            "..\\x",
            ".bin",
            "\u{430}",
            "@a/.b",
            "../../../../etc",
            &"a".repeat(215),
        ] {
            assert!(Spec::new(name, "latest").is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_version_is_no_path_and_no_url() {
        for version in ["1.2.3", "^1", ">=1 <3", "latest", "1.0.0-beta.1+x", ""] {
            assert!(Spec::new("ms", version).is_ok(), "{version}");
        }
        for version in ["file:../x", "npm:other@1", "../..", "git+ssh://h/x", "http://h/x.tgz", "."] {
            assert!(Spec::new("ms", version).is_err(), "{version}");
        }
    }

    #[test]
    fn exact_versions_are_told_from_ranges_and_tags() {
        for (version, exact) in [
            ("1.2.3", true),
            ("1.2.3-beta.1", true),
            ("1.2", false),
            ("^1.2.3", false),
            ("latest", false),
            ("1.x.0", false),
        ] {
            assert_eq!(Spec::new("ms", version).unwrap().is_exact(), exact, "{version}");
        }
    }

    #[test]
    fn file_names_are_flat_and_distinct() {
        assert_eq!(Spec::new("@s/n", "1.2.3").unwrap().file_name(), "@s+n@1.2.3");
        assert_ne!(Spec::new("n", "^1").unwrap().file_name(), Spec::new("n", "~1").unwrap().file_name());
    }
}
