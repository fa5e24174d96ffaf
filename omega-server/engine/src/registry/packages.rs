//! Which packages have tools in the index: how many tools each, by its name's hash.

use omega_core::id::ToolId;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

#[derive(Debug, Default)]
pub(super) struct Packages(HashMap<u64, u32>);

impl Packages {
    pub fn add(&mut self, tool: &ToolId) {
        *self.0.entry(hash(tool.package())).or_default() += 1;
    }

    pub fn remove(&mut self, tool: &ToolId) {
        let hash = hash(tool.package());
        if let Some(tools) = self.0.get_mut(&hash) {
            *tools -= 1;
            if *tools == 0 {
                self.0.remove(&hash);
            }
        }
    }

    pub fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
