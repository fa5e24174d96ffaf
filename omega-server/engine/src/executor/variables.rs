//! The variables of a tool: what its package declares, and what was seen to be read.

use super::{
    manifest::Manifest,
    protocol::{Description, FoundTool},
    secret_names,
};
use omega_core::registry::EnvVar;
/// Declared variables, of the tool where the package says so; then what was seen to be read. Required of the latter is what the
/// package could not be imported without, or the tool not made: whoever reads a variable may well do without.
pub fn variables<'a>(
    manifest: &Manifest,
    found: &Description,
    tool: &FoundTool,
    in_scripts: impl Iterator<Item = &'a str>,
) -> Vec<EnvVar> {
    let mut variables = manifest.env_of(&tool.name);
    let mut add = |name: &str, required: bool| {
        if !variables.iter().any(|known| known.name == name) {
            variables.push(EnvVar { name: name.to_owned(), description: String::new(), required, default: None });
        }
    };
    for name in &found.needed_at_import {
        add(name, secret_names::looks_secret(name));
    }
    for name in &tool.env_needed {
        add(name, true);
    }
    for name in found.read_at_import.iter().chain(&tool.env_read) {
        add(name, false);
    }
    for name in in_scripts {
        add(name, false);
    }
    variables
}
