//! `omega backup`

use super::serve::key_source;
use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::Args;
use omega_engine::store::backup::{self, BackupError, Contents};
use serde_json::json;
use std::{path::PathBuf, time::SystemTime};

/// Write a copy of the database while the server works
///
/// The file is a SQLite database: conversations, runs, users, hashes of API keys, the audit log, the registry, and credentials as
/// they are sealed. It is of one moment, was read through, and gets its name when it is whole. Not in it: the master key, without
/// which no credential in it can be read (keep a copy of it elsewhere), keys in the system's keyring, your configuration, and
/// tools' packages, which are fetched again.
///
/// It runs where the database is. A PostgreSQL database is copied by pg_dump.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega backup
  omega backup /var/backups/omega.db --force
  omega backup copy.db --database sqlite:/var/lib/omega/omega.db")]
pub struct Backup {
    /// The file to write [default: omega-TIME.db in this folder]
    file: Option<PathBuf>,
    /// Another database than your own
    #[arg(long, value_name = "URL", env = "OMEGA_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// Print one line of JSON: {file, bytes, conversations, users, masterKey}
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let database = database_path(context, self.database.as_deref())?;
        let file = self.file.clone().unwrap_or_else(|| {
            let moment = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
            PathBuf::from(format!("omega-{}.db", moment.replace(':', "-")))
        });
        let contents = backup::copy(&database, &file, self.force).await.map_err(failed)?;
        let name = file.display();
        if self.json {
            return context.ui.line(said(&file.display().to_string(), &contents).to_string());
        }
        context.ui.line(format!("{name} · {}", summary(&contents)))?;
        match &contents.master_key {
            Some(id) => context.ui.note(format!(
                "Its credentials open with the master key {id} alone, which is not in it: keep a copy of {} elsewhere.",
                key_source(context, None)
            )),
            None => context.ui.note("No credential is in it."),
        }
        Ok(())
    }
}

/// The file of a database: the one that is named, else the user's own.
pub(super) fn database_path(context: &Context, named: Option<&str>) -> Result<PathBuf, Failure> {
    match named.filter(|url| !url.is_empty()) {
        Some(url) => backup::path_of(url).map_err(failed),
        None => Ok(context.dirs.data.join("omega.db")),
    }
}

pub(super) fn said(file: &str, contents: &Contents) -> serde_json::Value {
    let Contents { bytes, conversations, users, master_key } = contents;
    json!({ "file": file, "bytes": bytes, "conversations": conversations, "users": users, "masterKey": master_key })
}

pub(super) fn summary(contents: &Contents) -> String {
    let count = |n: i64, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let kib = contents.bytes.div_ceil(1024);
    let size = if kib < 10 * 1024 { format!("{kib} KiB") } else { format!("{} MiB", kib / 1024) };
    format!("{size}, {}, {}", count(contents.conversations, "conversation"), count(contents.users, "user"))
}

pub(super) fn failed(error: BackupError) -> Failure {
    let text = error.to_string();
    match error {
        BackupError::NotSqlite | BackupError::Same(_) => Failure::usage(text),
        BackupError::Missing(_) => Failure::usage(text)
            .hint("name the database with --database sqlite:PATH; `omega config path` says where your own files are"),
        BackupError::Exists(_) => Failure::usage(text).hint("--force replaces it"),
        BackupError::Busy(_) => Failure::new(Code::Failed, text).hint("wait for it, or name another file"),
        BackupError::Foreign { .. } => Failure::usage(text),
        BackupError::Damaged { .. } => {
            Failure::new(Code::Failed, text).hint("nothing was changed; use an earlier backup")
        }
        BackupError::Io { .. } | BackupError::Store(_) => Failure::new(Code::Failed, text),
    }
}
