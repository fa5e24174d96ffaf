//! What turns zod schemas into JSON Schema inside the sandbox: two public packages, installed beside the runtime when a package
//! is looked into for the first time.

use super::{install::Installer, lock};
use omega_core::executor::{ToolError, ToolErrorCode};
use std::path::{Path, PathBuf};
use tokio::sync::OnceCell;

/// The packages, in the versions that were tried.
const PACKAGES: [(&str, &str); 2] = [("zod", "4.6.7"), ("zod-to-json-schema", "3.25.2")];
const ENTRY: &str =
    "export { toJSONSchema } from \"zod/v4/core\";\nexport { zodToJsonSchema } from \"zod-to-json-schema\";\n";

/// The converters' folder, once they are there.
pub struct Converters {
    runtime: PathBuf,
    installed: OnceCell<PathBuf>,
}

impl Converters {
    /// To be installed under `cache`.
    pub fn new(cache: &Path) -> Self {
        Self { runtime: cache.join("runtime"), installed: OnceCell::new() }
    }

    /// Where they are. Without them, zod schemas are described as any object.
    pub async fn folder(&self, deno: &Path, installer: &Installer) -> Option<&Path> {
        match self.installed.get_or_try_init(|| self.install(deno, installer)).await {
            Ok(folder) => Some(folder),
            Err(error) => {
                tracing::warn!(event = "converters.not_installed", %error, "the schema converters can't be installed");
                None
            }
        }
    }

    async fn install(&self, deno: &Path, installer: &Installer) -> Result<PathBuf, ToolError> {
        let failed = |error: std::io::Error| ToolError::new(ToolErrorCode::InstallFailed, error.to_string());
        let versions = PACKAGES.map(|(_, version)| version).join("-");
        let folder = self.runtime.join(format!("schema-{versions}"));
        let _lock = lock::acquire(&self.runtime.join("schema.lock")).await.map_err(failed)?;
        let entry = folder.join("entry.mjs");
        if !entry.exists() {
            let wanted = PACKAGES.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect();
            installer.install(deno, &folder, &wanted).await?;
            // Written last: it says that the rest is there.
            std::fs::write(entry, ENTRY).map_err(failed)?;
        }
        Ok(folder)
    }
}
