//! Which edition of a tool a person had before them when they let it have something, and whether what they said still holds.
//!
//! The promise: what was given for one edition goes to no other without a question, but for later versions of the same major
//! one. So nobody gets a credential by taking a tool's place: not an older version, not a row of another owner, not other
//! contents under the same number.

use crate::registry::Tool;
use semver::Version;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An edition of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Edition {
    /// The package's version, or `latest` while nobody resolved it.
    pub version: String,
    /// The hash of the package's contents, where the npm registry gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// Whether the row is the user's own, and not the one that all users share.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// What is another than it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The row is the user's own now, or not any more.
    Owner,
    /// The version is not known.
    Unknown,
    /// It is an older version.
    Older,
    /// It is a later major version.
    Major,
    /// It has the same number and other contents.
    Contents,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "it comes from another row of the registry",
            Self::Unknown => "its version is not known",
            Self::Older => "it is an older version",
            Self::Major => "it is another major version",
            Self::Contents => "it has other contents under the same version",
        })
    }
}

impl Edition {
    /// The one of a tool as the registry has it.
    #[must_use]
    pub fn of(tool: &Tool) -> Self {
        Self { version: tool.version.clone(), integrity: tool.integrity.clone(), own: tool.own }
    }

    /// Whether what was said of this edition holds for another one.
    ///
    /// # Errors
    /// What is another.
    pub fn covers(&self, other: &Self) -> Result<(), Change> {
        if self.own != other.own {
            return Err(Change::Owner);
        }
        if self.version == other.version {
            // A version that nobody resolved is whatever it is today, as it was when it was allowed.
            return match (&self.integrity, &other.integrity) {
                _ if self.version.is_empty() => Err(Change::Unknown),
                (Some(was), is) if is.as_ref() != Some(was) => Err(Change::Contents),
                _ => Ok(()),
            };
        }
        let (Ok(was), Ok(is)) = (Version::parse(&self.version), Version::parse(&other.version)) else {
            return Err(Change::Unknown);
        };
        match () {
            () if is.major > was.major => Err(Change::Major),
            () if is < was => Err(Change::Older),
            () => Ok(()),
        }
    }

    /// The major version, where it is known.
    #[must_use]
    pub fn major(&self) -> Option<u64> {
        self.version.split(['.', '-', '+']).next()?.parse().ok()
    }
}

/// Whether a version comes before another one; of those that are none nobody knows.
#[must_use]
pub fn is_older(version: &str, than: &str) -> bool {
    match (Version::parse(version), Version::parse(than)) {
        (Ok(version), Ok(than)) => version < than,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(version: &str, integrity: Option<&str>, own: bool) -> Edition {
        Edition { version: version.into(), integrity: integrity.map(Into::into), own }
    }

    #[test]
    fn what_was_given_for_an_edition_holds_for_itself_and_what_follows_it_within_its_major_version() {
        use Change::{Contents, Major, Older, Owner, Unknown};
        for (was, is, expected) in [
            (("1.5.0", None, false), ("1.5.0", None, false), Ok(())),
            (("1.5.0", None, false), ("1.5.1", Some("b"), false), Ok(())),
            (("1.5.0", Some("a"), false), ("1.9.0", None, false), Ok(())),
            (("1.5.0", Some("a"), false), ("1.5.0", Some("a"), false), Ok(())),
            (("1.5.0", None, false), ("1.5.0", Some("a"), false), Ok(())),
            (("1.5.0", Some("a"), false), ("1.5.0", Some("b"), false), Err(Contents)),
            (("1.5.0", Some("a"), false), ("1.5.0", None, false), Err(Contents)),
            (("1.5.0", None, false), ("1.4.9", None, false), Err(Older)),
            (("1.5.0", None, false), ("1.5.0-beta.1", None, false), Err(Older)),
            (("1.5.0", None, false), ("0.9.0", None, false), Err(Older)),
            (("1.5.0", None, false), ("2.0.0", None, false), Err(Major)),
            (("1.5.0", None, false), ("1.5.0", None, true), Err(Owner)),
            (("1.5.0", None, true), ("1.6.0", None, false), Err(Owner)),
            (("1.5.0", None, false), ("latest", None, false), Err(Unknown)),
            (("latest", None, false), ("1.5.0", None, false), Err(Unknown)),
            (("latest", None, false), ("latest", None, false), Ok(())),
            (("", None, false), ("", None, false), Err(Unknown)),
        ] {
            let edition = |(version, integrity, own)| edition(version, integrity, own);
            assert_eq!(edition(was).covers(&edition(is)), expected, "{was:?} {is:?}");
        }
    }

    #[test]
    fn only_versions_that_are_some_are_older_than_others() {
        for (version, than, older) in [
            ("1.0.0", "1.5.0", true),
            ("1.10.0", "1.9.0", false),
            ("1.0.0-rc.1", "1.0.0", true),
            ("1.0.0", "1.0.0", false),
            ("latest", "1.0.0", false),
            ("1.0.0", "latest", false),
        ] {
            assert_eq!(is_older(version, than), older, "{version} {than}");
        }
    }
}
