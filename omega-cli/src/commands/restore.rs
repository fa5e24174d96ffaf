//! `omega restore`

use super::{
    backup::{database_path, failed, said, summary},
    serve::key_source,
};
use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::local::server_lock::{Claim, Running};
use omega_engine::store::backup::{self, BackupError};
use omega_server::serve::restore::{RestoreError, restore};
use std::path::PathBuf;

/// Put a backup in the place of the database
///
/// The backup is read through and opened with the master key before anything changes; one that is damaged, of a later version of
/// Omega, or of another master key is refused. With --force the database that is there goes aside (its new name is printed);
/// without it, it is not touched. Your server in the background ends first; one that you started has to be ended.
///
/// Runs that were not finished when the backup was made are cancelled, because what they were about to do may have been done since.
/// Everybody signs in again; API keys that were revoked since hold again (`omega api-keys list`).
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega restore omega-2026-05-01T12-00-00Z.db --check
  omega restore omega-2026-05-01T12-00-00Z.db --force
  omega restore copy.db --database sqlite:/srv/omega.db --master-key-file /srv/master.key")]
pub struct Restore {
    /// What `omega backup` wrote
    file: PathBuf,
    /// Another database than your own
    #[arg(long, value_name = "URL", env = "OMEGA_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// The file of the master key; OMEGA_MASTER_KEY may hold the key itself [default: your own]
    #[arg(long, value_name = "PATH", env = "OMEGA_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Put the database that is there aside
    #[arg(long)]
    force: bool,
    /// Only read the backup through, and say what is in it
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Print one line of JSON: {file, bytes, conversations, users, masterKey, cancelledRuns, before}
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let file = self.file.display().to_string();
        if self.check {
            let contents = backup::check(&self.file).await.map_err(failed)?;
            let text = if self.json {
                said(&file, &contents).to_string()
            } else {
                format!("{file} · {}", summary(&contents))
            };
            return context.ui.line(text);
        }
        let database = database_path(context, self.database.as_deref())?;
        // Before a server is ended for nothing.
        backup::check(&self.file).await.map_err(failed)?;
        if !self.force && database.metadata().is_ok_and(|meta| meta.len() > 0) {
            return Err(in_place(BackupError::Exists(database)));
        }
        let is_own = self.database.as_deref().unwrap_or_default().is_empty();
        let _claim: Option<Claim> = if is_own { Some(self.own_place(context).await?) } else { None };
        let key = key_source(context, self.master_key_file.as_deref());
        let restored = restore(&self.file, &database, key, self.force).await.map_err(refused)?;
        if self.json {
            let mut line = said(&database.display().to_string(), &restored.contents);
            line["cancelledRuns"] = restored.cancelled.into();
            line["before"] = restored.before.map(|path| path.display().to_string()).into();
            return context.ui.line(line.to_string());
        }
        context.ui.line(format!("{} · {}", database.display(), summary(&restored.contents)))?;
        if let Some(before) = &restored.before {
            context.ui.note(format!("What was there is {} now; remove it when you don't need it.", before.display()));
        }
        if restored.cancelled > 0 {
            context.ui.note(format!(
                "Runs that were not finished when the backup was made are cancelled: {}.",
                restored.cancelled
            ));
        }
        Ok(())
    }

    /// The user's own server may not come back meanwhile.
    async fn own_place(&self, context: &Context) -> Result<Claim, Failure> {
        let leaving = |running: &Running| {
            context.ui.note(format!("Your server in the background (pid {}) ends.", running.pid));
        };
        Ok(context.starter()?.take_over(leaving).await?)
    }
}

fn refused(error: RestoreError) -> Failure {
    match error {
        RestoreError::Backup(error) => in_place(error),
        RestoreError::Key(error) => Failure::usage(error.to_string()),
    }
}

fn in_place(error: BackupError) -> Failure {
    match error {
        BackupError::Exists(path) => Failure::usage(format!("{} is a database already", path.display()))
            .hint("--force puts it aside; --check only reads the backup"),
        other => failed(other),
    }
}
