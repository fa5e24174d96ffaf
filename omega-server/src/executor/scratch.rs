//! The one folder that a call may write, gone when the call is.

use omega_core::executor::{ToolError, ToolErrorCode};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A folder that lives as long as its call.
pub struct Scratch {
    /// Where it is.
    pub folder: PathBuf,
}

impl Scratch {
    /// A new one in `parent`, for nobody else to read.
    pub fn new(parent: &Path) -> Result<Self, ToolError> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = parent.join(uuid::Uuid::new_v4().simple().to_string());
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| {
            ToolError::new(ToolErrorCode::RuntimeUnavailable, format!("{} can't be made: {error}", folder.display()))
        })?;
        Ok(Self { folder })
    }

    /// `env` with the folder as home and place of temporary files.
    pub fn env(&self, mut env: BTreeMap<String, String>) -> BTreeMap<String, String> {
        for name in ["HOME", "TMPDIR"] {
            env.insert(name.to_owned(), self.folder.to_string_lossy().into_owned());
        }
        env
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "a scratch folder stays behind");
        }
    }
}
