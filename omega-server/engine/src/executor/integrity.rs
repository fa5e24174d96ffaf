//! The hash of a package's contents, as its registry gave it and the installer checked it. It stands in the installer's lock file.
//!
//! The promise: what was looked into and allowed is what runs. A registry that gives other contents under the same version,
//! after an image was removed to make room, is found out before any of them runs.

use super::image::Image;
use omega_core::executor::{ToolError, ToolErrorCode};
use serde_json::Value;
use std::fs;

/// The hash of the image's own package, where the npm registry gave one.
pub fn of(image: &Image) -> Option<String> {
    let lock: Value = serde_json::from_slice(&fs::read(image.folder.join("deno.lock")).ok()?).ok()?;
    let name = format!("{}@{}", image.spec.name, image.spec.version);
    let packages = lock["npm"].as_object()?;
    // With peer dependencies, their versions stand behind the package's own.
    let is_own = |key: &str| key.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    let (_, own) = packages.iter().find(|(key, _)| is_own(key))?;
    own["integrity"].as_str().map(str::to_owned)
}

/// Whether the image has the contents that a call wants.
pub fn check(image: &Image, wanted: Option<&str>) -> Result<(), ToolError> {
    let Some(wanted) = wanted else { return Ok(()) };
    match of(image) {
        Some(found) if found != wanted => Err(ToolError::new(
            ToolErrorCode::InstallFailed,
            format!(
                "the npm registry gives other contents for {} than when it was added, so it was not run; look at the package, \
                 and add it again to have it as it is now (omega registry add)",
                image.spec
            ),
        )),
        _ => Ok(()),
    }
}
