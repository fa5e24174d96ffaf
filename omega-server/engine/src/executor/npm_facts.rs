//! What the npm registry says of a package, before anything of it is fetched.
//!
//! It promises: two documents are read at most, each within a limit of time and size; nothing of the package itself is; every
//! name and word is one line without control characters; what is not said, or is nonsense, is missing.

use super::{
    npm_settings::registry_of,
    spec::{Spec, is_exact},
    version_range::VersionRange,
};
use crate::process::offload;
use futures_util::StreamExt;
use omega_core::{
    api::{PackageFacts, Timestamp},
    edition::Edition,
    executor::{ToolError, ToolErrorCode},
    net,
    sanitize::one_line,
};
use semver::Version;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

/// Time for a package's document, and for its downloads, which are not worth a longer wait.
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(10);
const DOWNLOADS_TIMEOUT: Duration = Duration::from_secs(4);
/// Bytes of them: packages with thousands of versions have ten million.
const DOCUMENT_BYTES: usize = 32 << 20;
const DOWNLOADS_BYTES: usize = 1 << 20;
/// Packages that are looked at for the one that is meant.
const FOUND: usize = 20;
/// Characters of a name and of words.
const NAME: usize = 60;
const WORDS: usize = 200;

/// What a registry knows of a package. Values are read one by one: one that is nonsense is none, and spoils no other.
#[derive(Debug, Default)]
pub struct Published {
    name: String,
    document: Document,
    weekly_downloads: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Document {
    #[serde(default, rename = "dist-tags")]
    tags: HashMap<String, Value>,
    #[serde(default)]
    versions: HashMap<String, Manifest>,
    #[serde(default)]
    time: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    description: Value,
    #[serde(default, rename = "_npmUser")]
    publisher: Value,
    #[serde(default)]
    deprecated: Value,
    #[serde(default)]
    dist: Value,
}

impl Published {
    /// Reads it from the registry of the user's npm settings.
    ///
    /// # Errors
    /// When there is no such package, or the registry can't be read now.
    pub async fn read(name: &str) -> Result<Self, ToolError> {
        let name = Spec::new(name, "latest")?.name;
        let base = registry_of(&name);
        let (document, downloads) = tokio::join!(document(&base, &name), downloads(&base, &name));
        Ok(Self { document: document?, weekly_downloads: downloads, name })
    }

    /// All its versions, with the hashes of their contents.
    pub fn editions(&self) -> impl Iterator<Item = Edition> {
        let is_one = |version: &&String| is_exact(version) && Spec::new(&self.name, version).is_ok();
        self.document.versions.keys().filter(is_one).map(|version| self.edition(version))
    }

    /// The version that is meant: this one, the one of this tag, the newest in this range, or the latest.
    ///
    /// # Errors
    /// When there is none.
    pub fn meant(&self, asked: Option<&str>) -> Result<Edition, ToolError> {
        let asked = asked.unwrap_or("latest");
        let of_tag = self.document.tags.get(asked).and_then(Value::as_str);
        let version = of_tag.or_else(|| self.newest_in(&VersionRange::read(asked.trim())?)).unwrap_or(asked);
        if self.document.versions.contains_key(version) && is_exact(version) && Spec::new(&self.name, version).is_ok() {
            return Ok(self.edition(version));
        }
        let message = format!(
            "{} has no version {} on npm{}; leave the version out to have the latest",
            self.name,
            one_line(asked, NAME),
            self.latest().map(|latest| format!(", of which {latest} is the latest")).unwrap_or_default()
        );
        Err(ToolError::new(ToolErrorCode::PackageNotFound, message))
    }

    /// As npm chooses: the latest, where it is in the range, else the newest; one that is deprecated only where there is no other.
    fn newest_in(&self, range: &VersionRange) -> Option<&str> {
        let latest = self.latest();
        let all = self.document.versions.keys().filter_map(|text| Some((Version::parse(text).ok()?, text.as_str())));
        all.filter(|(version, _)| range.has(version))
            .max_by_key(|(version, text)| (Some(*text) == latest, !self.is_deprecated(text), version.clone()))
            .map(|(_, text)| text)
    }

    fn latest(&self) -> Option<&str> {
        let latest = self.document.tags.get("latest").and_then(Value::as_str)?;
        (self.document.versions.contains_key(latest) && is_exact(latest)).then_some(latest)
    }

    fn is_deprecated(&self, version: &str) -> bool {
        self.document.versions.get(version).is_some_and(|manifest| said(&manifest.deprecated, WORDS).is_some())
    }

    /// What is known of a version.
    pub fn facts(&self, version: &str) -> PackageFacts {
        let none = Manifest::default();
        let manifest = self.document.versions.get(version).unwrap_or(&none);
        let at = |key: &str| serde_json::from_value::<Timestamp>(self.document.time[key].clone()).ok();
        PackageFacts {
            name: self.name.clone(),
            version: version.to_owned(),
            description: said(&manifest.description, WORDS),
            publisher: said(&manifest.publisher["name"], NAME),
            published_at: at(version),
            created_at: at("created"),
            weekly_downloads: self.weekly_downloads,
            deprecated: said(&manifest.deprecated, WORDS),
        }
    }

    fn edition(&self, version: &str) -> Edition {
        let hash = self.document.versions.get(version).and_then(|manifest| manifest.dist["integrity"].as_str());
        let is_hash =
            |hash: &&str| hash.len() <= 200 && hash.starts_with("sha") && hash.bytes().all(|b| b.is_ascii_graphic());
        Edition { version: version.to_owned(), integrity: hash.filter(is_hash).map(str::to_owned), own: true }
    }
}

/// A text that says something, on one line.
fn said(value: &Value, most: usize) -> Option<String> {
    value.as_str().map(|text| one_line(text, most)).filter(|text| !text.is_empty())
}

async fn document(base: &reqwest::Url, name: &str) -> Result<Document, ToolError> {
    let unreadable = |why: String| {
        let message =
            format!("the npm registry can't be asked about {name}: {why}; try again later, or go on without it");
        ToolError::new(ToolErrorCode::RegistryUnavailable, message)
    };
    // npm writes the slash of a scope so.
    let url = at(base, &name.replace('/', "%2f")).ok_or_else(|| unreadable("its address is none".into()))?;
    match fetched(&url, DOCUMENT_TIMEOUT, DOCUMENT_BYTES).await {
        Ok(bytes) => offload::run(bytes.len(), move || serde_json::from_slice(&bytes))
            .await
            .map_err(|_| unreadable("its answer is no document of a package".into())),
        Err(Unread::Status(404 | 405 | 410)) => {
            let message = format!("there is no npm package {name}; search for another one, or say that you found none");
            Err(ToolError::new(ToolErrorCode::PackageNotFound, message))
        }
        Err(Unread::Status(status @ (401 | 403))) => Err(unreadable(format!(
            "it answers {status}, and wants to know who asks; a person can add it with `omega registry add`"
        ))),
        Err(Unread::Status(status)) => Err(unreadable(format!("it answers {status}"))),
        Err(Unread::Long) => Err(unreadable(format!("its answer has more than {} MB", DOCUMENT_BYTES >> 20))),
        Err(Unread::Failed(error)) => Err(unreadable(net::reason(&error))),
    }
}

/// Downloads of the last week, from the registry's own search; a registry that counts none has none.
async fn downloads(base: &reqwest::Url, name: &str) -> Option<u64> {
    let mut url = at(base, "-/v1/search")?;
    url.query_pairs_mut().append_pair("text", name).append_pair("size", &FOUND.to_string());
    let bytes = fetched(&url, DOWNLOADS_TIMEOUT, DOWNLOADS_BYTES).await.ok()?;
    let answer: Value = offload::run(bytes.len(), move || serde_json::from_slice(&bytes)).await.ok()?;
    let found = answer["objects"].as_array()?.iter().take(FOUND).find(|found| found["package"]["name"] == name)?;
    found["downloads"]["weekly"].as_u64()
}

/// An address below the registry's.
fn at(base: &reqwest::Url, path: &str) -> Option<reqwest::Url> {
    format!("{}/{path}", base.as_str().trim_end_matches('/')).parse().ok()
}

enum Unread {
    Status(u16),
    Long,
    Failed(reqwest::Error),
}

async fn fetched(url: &reqwest::Url, time: Duration, most: usize) -> Result<Vec<u8>, Unread> {
    let http = net::client_of(url).timeout(time).build().map_err(Unread::Failed)?;
    let answer = http.get(url.clone()).send().await.map_err(Unread::Failed)?;
    if !answer.status().is_success() {
        return Err(Unread::Status(answer.status().as_u16()));
    }
    let (mut body, mut bytes) = (answer.bytes_stream(), Vec::new());
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(Unread::Failed)?);
        if bytes.len() > most {
            return Err(Unread::Long);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn published(document: Value) -> Published {
        Published {
            name: "left-pad".into(),
            document: serde_json::from_value(document).unwrap(),
            weekly_downloads: Some(7),
        }
    }

    #[test]
    fn what_is_nonsense_is_missing_and_spoils_nothing_else() {
        let of = published(json!({
            "dist-tags": { "latest": "1.3.0", "next": 5, "evil": "1.0.0\u{1b}[31m", "path": "../../x" },
            "time": { "created": "2014-03-14T00:00:00.000Z", "1.3.0": "yesterday" },
            "versions": {
                "1.3.0": { "description": "Pads\u{1b}[2J\u{202e}\na string", "_npmUser": { "name": ["x"] }, "deprecated": true,
                    "dist": { "integrity": "sha512-AAAA" } },
                "1.2.0": { "_npmUser": { "name": "steve\u{7}mao" }, "deprecated": "use padStart", "dist": "none" },
                "1.0.0\u{1b}[31m": {}, "../../x": {},
            },
        }));
        let latest = of.meant(None).unwrap();
        assert_eq!(
            (latest.version.as_str(), latest.integrity.as_deref(), latest.own),
            ("1.3.0", Some("sha512-AAAA"), true)
        );
        let facts = of.facts("1.3.0");
        assert!(!facts.description.as_ref().unwrap().contains(['\u{1b}', '\n', '\u{202e}']), "{facts:?}");
        assert_eq!(
            (facts.publisher, facts.published_at, facts.deprecated, facts.weekly_downloads),
            (None, None, None, Some(7))
        );
        assert!(facts.created_at.is_some());
        let older = of.meant(Some("1.2.0")).unwrap();
        assert_eq!(older.integrity, None);
        let facts = of.facts("1.2.0");
        assert!(!facts.publisher.as_ref().unwrap().contains('\u{7}'), "{facts:?}");
        assert_eq!(facts.deprecated.as_deref(), Some("use padStart"));
        for none in ["evil", "path", "next", "9.9.9", "^2", "../../x", "<1 ||\u{1b}"] {
            assert_eq!(of.meant(Some(none)).unwrap_err().code, ToolErrorCode::PackageNotFound, "{none}");
        }
        let mut versions: Vec<String> = of.editions().map(|edition| edition.version).collect();
        versions.sort();
        assert_eq!(versions, ["1.2.0", "1.3.0"]);
        let deprecated = json!({ "deprecated": "it leaks" });
        let of = published(json!({
            "dist-tags": { "latest": "2.1.0", "old": "1.0.0" },
            "versions": { "1.0.0": {}, "1.2.0": {}, "1.3.0": deprecated, "1.10.0-beta.1": {}, "2.1.0": {}, "2.2.0": {}, "3.0.0": deprecated },
        }));
        for (asked, version) in [
            ("old", "1.0.0"),
            ("^1", "1.2.0"),
            ("1.x", "1.2.0"),
            ("1.3", "1.3.0"),
            ("^1.10.0-beta", "1.10.0-beta.1"),
            (">=1 <2 || 2.2.0", "2.2.0"),
            ("^2", "2.1.0"),
            ("*", "2.1.0"),
            (">=3", "3.0.0"),
        ] {
            assert_eq!(of.meant(Some(asked)).unwrap().version, version, "{asked}");
        }
        let error = of.meant(Some("^4")).unwrap_err().message;
        assert!(error.contains("2.1.0"), "{error}");
        assert_eq!(published(json!({})).meant(None).unwrap_err().code, ToolErrorCode::PackageNotFound);
    }
}
