//! `omega completions`

use crate::{cli::Cli, exit::Failure, ui::Ui};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Prints the completions of a shell, to be put where that shell looks for them.
///
/// They know commands and options. Recent conversations with their titles come with the dynamic ones:
/// `source <(COMPLETE=bash omega)`, and so for zsh and fish.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(&self, ui: &Ui) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "omega", &mut script);
        ui.out(&String::from_utf8_lossy(&script))
    }
}
