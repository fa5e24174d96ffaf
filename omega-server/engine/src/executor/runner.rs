//! The scripts that load a package inside the sandbox, kept in the binary and written out once per version.

use omega_core::executor::{ToolError, ToolErrorCode};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

macro_rules! script {
    ($name:literal) => {
        ($name, include_str!(concat!("runner/", $name)))
    };
}

const SCRIPTS: [(&str, &str); 42] = [
    script!("main.mjs"),
    script!("approval.mjs"),
    script!("callback.mjs"),
    script!("channel.mjs"),
    script!("collect.mjs"),
    script!("console.mjs"),
    script!("declared.mjs"),
    script!("describe.mjs"),
    script!("entries.mjs"),
    script!("env.mjs"),
    script!("execute.mjs"),
    script!("factory.mjs"),
    script!("failure.mjs"),
    script!("foreign.mjs"),
    script!("hooks.mjs"),
    script!("insist.mjs"),
    script!("listening.mjs"),
    script!("living.mjs"),
    script!("machine.mjs"),
    script!("mcp.mjs"),
    script!("modules.mjs"),
    script!("native.mjs"),
    script!("offered.mjs"),
    script!("outcomes.mjs"),
    script!("package.mjs"),
    script!("parameters.mjs"),
    script!("places.mjs"),
    script!("plain.mjs"),
    script!("programs.mjs"),
    script!("reason.mjs"),
    script!("refusal.mjs"),
    script!("schema.mjs"),
    script!("settings.mjs"),
    script!("shapes.mjs"),
    script!("shut.mjs"),
    script!("signatures.mjs"),
    script!("stdin.mjs"),
    script!("unseen.mjs"),
    script!("way.mjs"),
    script!("ways.mjs"),
    script!("work.mjs"),
    script!("written.mjs"),
];

/// Changes with any script, so that what was learned by older ones is learned anew.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, text) in SCRIPTS {
        hash.update(name);
        hash.update([0]);
        hash.update(text);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// The folder of the scripts under `cache`, written if it is not there.
pub fn install(cache: &Path) -> Result<PathBuf, ToolError> {
    let folder = cache.join("runner").join(&*VERSION);
    if !folder.join("main.mjs").exists() {
        write(&folder).map_err(|error| {
            let message = format!("the sandbox's scripts can't be written to {}: {error}", folder.display());
            ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
        })?;
    }
    Ok(folder)
}

/// Whole or not at all: another process may be reading them.
fn write(folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    let draft = parent.join(format!("tmp-{}", uuid::Uuid::new_v4()));
    fs::create_dir_all(&draft)?;
    for (name, text) in SCRIPTS {
        fs::write(draft.join(name), text)?;
    }
    match fs::rename(&draft, folder) {
        Err(_) if folder.join("main.mjs").exists() => fs::remove_dir_all(&draft),
        other => other,
    }
}
