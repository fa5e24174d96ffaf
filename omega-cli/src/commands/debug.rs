//! `omega debug`

use crate::{exit::Failure, ui::Ui};
use clap::Subcommand;
use omega_engine::process::failpoint;

/// Show what only tests of Omega itself need
#[derive(Debug, Subcommand)]
pub enum Debug {
    /// Print the names that OMEGA_FAILPOINT takes
    Failpoints,
}

impl Debug {
    pub fn run(&self, ui: &Ui) -> Result<(), Failure> {
        match self {
            Self::Failpoints => ui.out(&failpoint::list()),
        }
    }
}
