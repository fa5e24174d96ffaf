//! Which packages have tools in the index: how many tools each, by its name's hash. Most have one, and take a number each.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

#[derive(Debug, Default)]
pub(super) struct Packages {
    of_one: HashSet<u64>,
    of_several: HashMap<u64, u32>,
}

impl Packages {
    /// Counts a tool, by its id.
    pub fn add(&mut self, id: &str) {
        let hash = hash(id);
        if let Some(tools) = self.of_several.get_mut(&hash) {
            *tools += 1;
        } else if !self.of_one.insert(hash) {
            self.of_one.remove(&hash);
            self.of_several.insert(hash, 2);
        }
    }

    pub fn remove(&mut self, id: &str) {
        let hash = hash(id);
        if let Some(tools) = self.of_several.get_mut(&hash) {
            *tools -= 1;
            if *tools == 1 {
                self.of_several.remove(&hash);
                self.of_one.insert(hash);
            }
        } else {
            self.of_one.remove(&hash);
        }
    }

    pub fn count(&self) -> u64 {
        u64::try_from(self.of_one.len() + self.of_several.len()).unwrap_or(u64::MAX)
    }
}

/// Of the package of a tool's id.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.rsplit_once("::").map_or(id, |(package, _)| package).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_once_for_as_long_as_it_has_a_tool() {
        let tools = ["a::x", "a::y", "b::x", "a::z"];
        let mut packages = Packages::default();
        let mut counts = Vec::new();
        for tool in tools {
            packages.add(tool);
            counts.push(packages.count());
        }
        for tool in tools {
            packages.remove(tool);
            counts.push(packages.count());
        }
        assert_eq!(counts, [1, 1, 2, 2, 2, 2, 1, 0]);
    }
}
