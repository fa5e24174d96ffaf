//! What every command takes.

use crate::{ui::Verbosity, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Use this shared server instead of your own local one [env: OMEGA_SERVER]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options",
        add = ArgValueCandidates::new(value_candidates::servers))]
    pub server: Option<String>,
    /// Use this profile of the configuration [env: OMEGA_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options",
        add = ArgValueCandidates::new(value_candidates::profiles))]
    pub profile: Option<String>,
    /// Say nothing but results and errors
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Say more on stderr: inputs, summaries, what happens
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub verbose: bool,
}

impl Global {
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}
