//! What the `package.json` of a package that is not published says of what it needs, and of where its module is.

use super::BadFolder;
use crate::executor::{install::Dependencies, manifest::Manifest, spec::Spec};
use omega_core::executor::{ToolError, ToolErrorCode};
use serde_json::Value;
use std::path::Path;

pub const FILE: &str = "package.json";
/// What may stand behind the path of a module.
const ENDINGS: [&str; 6] = ["", ".js", ".mjs", ".cjs", ".json", "/index.js"];

/// Of a folder; `None` where there is none that can be read.
pub fn read(folder: &Path) -> Option<Value> {
    Manifest::value(folder).filter(Value::is_object)
}

/// The packages of npm that it can't run without. Whatever is no package of npm is refused: a path would be of this machine.
pub fn dependencies(manifest: &Value) -> Result<Dependencies, ToolError> {
    let optional = |name: &str| manifest["peerDependenciesMeta"][name]["optional"] == true;
    let own = manifest["dependencies"].as_object().into_iter().flatten();
    let peers = manifest["peerDependencies"].as_object().into_iter().flatten().filter(|(name, _)| !optional(name));
    let mut wanted = Dependencies::new();
    for (name, range) in peers.chain(own) {
        let range = range.as_str().unwrap_or("*");
        let spec = Spec::new(name, if range.trim().is_empty() { "*" } else { range }).map_err(|_| {
            let range: String = range.chars().take(80).collect();
            let message = format!(
                "its package.json wants {name:?} as {range:?}, and only versions of packages of npm are installed here: publish \
                 that package, or bundle it"
            );
            ToolError::new(ToolErrorCode::InstallFailed, message)
        })?;
        wanted.insert(spec.name, spec.version);
    }
    Ok(wanted)
}

/// Whether its module is there: most packages have to be built first, and the runtime's words do not say so.
pub fn check_entry(manifest: &Value, folder: &Path) -> Result<(), BadFolder> {
    let mut named = Vec::new();
    match &manifest["exports"] {
        Value::Null => named.extend(manifest["main"].as_str()),
        exports => targets(exports.get(".").unwrap_or(exports), &mut named),
    }
    let is_there = |path: &&str| {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        ENDINGS.iter().any(|ending| folder.join(format!("{path}{ending}")).is_file())
    };
    match named.first() {
        Some(first) if !named.iter().any(is_there) => Err(BadFolder(format!(
            "its package.json points to {first}, which is not in the folder: build the package first (such as `npm run build`)"
        ))),
        _ => Ok(()),
    }
}

/// The scripts that a target of `exports` may lead to. Patterns and subpaths are the package's own matter.
fn targets<'v>(target: &'v Value, found: &mut Vec<&'v str>) {
    match target {
        Value::String(path) if !path.contains('*') => found.push(path),
        Value::Array(some) => some.iter().for_each(|target| targets(target, found)),
        Value::Object(conditions) => {
            let of_conditions = conditions.iter().filter(|(name, _)| *name != "types" && !name.starts_with('.'));
            of_conditions.for_each(|(_, target)| targets(target, found));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
