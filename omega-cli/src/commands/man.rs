//! `omega man`

use crate::{exit::Failure, ui::Ui};
use clap::Args;
use std::path::PathBuf;

/// Write the man pages of all commands into a folder
#[derive(Debug, Args)]
pub struct Man {
    /// The folder; made if it is missing
    folder: PathBuf,
}

impl Man {
    pub fn run(&self, of: clap::Command, ui: &Ui) -> Result<(), Failure> {
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| clap_mangen::generate_to(of, &self.folder));
        written.map_err(|error| Failure::usage(format!("{}: {error}", self.folder.display())))?;
        ui.note(format!("Wrote the man pages to {}.", self.folder.display()));
        Ok(())
    }
}
