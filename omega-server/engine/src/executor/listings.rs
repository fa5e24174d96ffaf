//! What a registry says of packages, as Deno keeps it beside their versions, and how a listing is told without what its package can
//! do without and cannot have. npm leaves such packages out (<https://docs.npmjs.com/cli/configuring-npm/package-json#optionaldependencies>);
//! Deno installs nothing then.

use super::version_range::VersionRange;
use semver::Version;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

/// What Deno calls one.
pub const LISTING: &str = "registry.json";
/// Bytes of one that is read; those of the largest packages have some MB.
const LONGEST: u64 = 32 << 20;
const OPTIONAL: &str = "optionalDependencies";

/// The listings below a folder, whose versions are read once and when they are asked for.
pub struct Listings<'a> {
    root: &'a Path,
    places: &'a [PathBuf],
    versions: HashMap<String, Option<Vec<Version>>>,
}

impl<'a> Listings<'a> {
    /// Those at `places` in `root`.
    pub fn new(root: &'a Path, places: &'a [PathBuf]) -> Self {
        Self { root, places, versions: HashMap::new() }
    }

    /// One of them, if something in it is optional. Blocks.
    pub fn read(&self, place: &Path) -> io::Result<Option<String>> {
        let place = self.root.join(place);
        if fs::metadata(&place)?.len() > LONGEST {
            return Ok(None);
        }
        let text = fs::read_to_string(place)?;
        Ok(Some(text).filter(|text| text.contains(OPTIONAL)))
    }

    /// Whether a package has a version in a range; `None` where nothing is known of it.
    fn has(&mut self, name: &str, range: &VersionRange) -> Option<bool> {
        if !self.versions.contains_key(name) {
            let known = self.versions_of(name);
            self.versions.insert(name.to_owned(), known);
        }
        let versions = self.versions.get(name)?.as_ref()?;
        Some(versions.iter().any(|version| range.has(version)))
    }

    fn versions_of(&self, name: &str) -> Option<Vec<Version>> {
        let place = self.places.iter().find(|place| place.parent().is_some_and(|folder| folder.ends_with(name)))?;
        let place = self.root.join(place);
        let short = fs::metadata(&place).is_ok_and(|meta| meta.len() <= LONGEST);
        let listing: Value = short.then(|| serde_json::from_slice(&fs::read(place).ok()?).ok())??;
        // Its name on the disk may be a longer one's end.
        (listing["name"] == name).then_some(())?;
        Some(listing["versions"].as_object()?.keys().filter_map(|version| version.parse().ok()).collect())
    }
}

/// A listing in which no version wants what it can do without and cannot have: what is `absent`, and of what there is no version
/// that is wanted. `None` where that is what it says already.
pub fn without(listing: &str, absent: &BTreeSet<String>, others: &mut Listings) -> Option<String> {
    let mut listing: Value = serde_json::from_str(listing).ok()?;
    let mut changed = false;
    for version in listing.get_mut("versions")?.as_object_mut()?.values_mut() {
        let Some(optional) = version.get_mut(OPTIONAL).and_then(Value::as_object_mut) else { continue };
        // Where one is absent, what nothing is known of was not even looked for.
        let lacks_one = optional.keys().any(|name| absent.contains(name));
        let mut lacking = |name: &str, range: &Value| {
            let known = range.as_str().and_then(VersionRange::read).and_then(|range| others.has(name, &range));
            absent.contains(name) || !known.unwrap_or(!lacks_one)
        };
        let gone: Vec<String> =
            optional.iter().filter(|(name, range)| lacking(name, range)).map(|(name, _)| name.clone()).collect();
        for name in &gone {
            optional.remove(name);
        }
        changed |= !gone.is_empty();
        // Registries list what is optional a second time, among the others.
        if let Some(needed) = version.get_mut("dependencies").and_then(Value::as_object_mut) {
            needed.retain(|name, _| !gone.contains(name));
        }
    }
    changed.then(|| listing.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_done_without_is_left_out_where_it_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let mut places = Vec::new();
        for (name, versions) in [("there", json!({"1.2.0": {}})), ("@s/old", json!({"1.0.0": {}, "2.0.0-beta": {}}))] {
            let place = PathBuf::from("host").join(name).join(LISTING);
            fs::create_dir_all(root.path().join(&place).parent().unwrap()).unwrap();
            fs::write(root.path().join(&place), json!({"name": name, "versions": versions}).to_string()).unwrap();
            places.push(place);
        }
        let mut listings = Listings::new(root.path(), &places);
        let absent = BTreeSet::from(["gone".to_owned()]);
        let every = json!({"there": "^1", "@s/old": "^2", "gone": "*", "unknown": "1", "other": "npm:x@1"});
        for (optional, needed, left, left_needed) in [
            (json!({"there": "^1"}), json!({"gone": "1"}), None, None),
            (json!({"unknown": "1"}), json!({}), None, None),
            (json!({"@s/old": "^2", "there": "1.x"}), json!({}), Some(json!({"there": "1.x"})), Some(json!({}))),
            (every, json!({"gone": "*", "b": "1"}), Some(json!({"there": "^1"})), Some(json!({"b": "1"}))),
        ] {
            let listing = json!({"versions": {"1.0.0": {"optionalDependencies": optional, "dependencies": needed}}});
            let reduced = without(&listing.to_string(), &absent, &mut listings);
            let reduced: Option<Value> = reduced.map(|text| serde_json::from_str(&text).unwrap());
            let part = |key: &str| reduced.as_ref().map(|listing| listing["versions"]["1.0.0"][key].clone());
            assert_eq!((part(OPTIONAL), part("dependencies")), (left, left_needed), "{listing}");
        }
    }
}
