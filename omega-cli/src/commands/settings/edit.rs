//! `omega settings edit`: the document in an editor. What can't be stored is said, and the text is kept for another try.

use crate::{connect::Context, exit::Failure};
use omega_core::{api::Settings, client::VersionedSettings};
use std::{io::Write, path::Path, process::Command};

pub async fn run(context: &Context) -> Result<(), Failure> {
    let Some(editor) = editor(context) else {
        return Err(Failure::usage("there is no editor: set VISUAL or EDITOR")
            .hint("or change one setting: omega settings set NAME VALUE"));
    };
    let client = context.connect().await?.client;
    let before = client.settings().await?;
    let mut file = tempfile::Builder::new().prefix("omega-settings-").suffix(".json").tempfile()?;
    serde_json::to_writer_pretty(&mut file, &before.settings).map_err(std::io::Error::from)?;
    file.write_all(b"\n")?;
    file.flush()?;
    open(&editor, file.path())?;
    let text = std::fs::read_to_string(file.path())?;
    let settings: Settings = match serde_json::from_str(&text) {
        Ok(settings) => settings,
        Err(error) => return Err(kept(file, &format!("that is no document of settings: {error}"))),
    };
    if settings == before.settings {
        context.ui.note("Nothing was changed.");
        return Ok(());
    }
    let new = VersionedSettings { settings, version: before.version };
    match client.put_settings(&new).await {
        Ok(_) => {
            context.ui.note("The settings are stored.");
            Ok(())
        }
        Err(error) if error.is_conflict() => Err(kept(file, "the settings were changed elsewhere meanwhile")),
        Err(error) => Err(kept(file, &error.to_string())),
    }
}

fn editor(context: &Context) -> Option<String> {
    let named = |name| context.env.get(name).filter(|editor| !editor.trim().is_empty());
    named("VISUAL").or_else(|| named("EDITOR")).map(str::to_owned)
}

/// By the shell, since an editor's variable may hold arguments (`code --wait`).
fn open(editor: &str, path: &Path) -> Result<(), Failure> {
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::usage(format!("the editor ended with {status}; nothing was changed"))),
        Err(error) => Err(Failure::usage(format!("the editor could not be started: {error}"))),
    }
}

/// Nothing was stored; what was written stays in its file.
fn kept(file: tempfile::NamedTempFile, why: &str) -> Failure {
    match file.keep() {
        Ok((_, path)) => Failure::usage(why).hint(format!("your text is in {}", path.display())),
        Err(_) => Failure::usage(why),
    }
}
