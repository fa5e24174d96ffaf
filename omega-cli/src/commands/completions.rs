//! `omega completions`

use crate::{exit::Failure, ui::Ui};
use clap::{Args, builder::PossibleValuesParser};
use clap_complete::env::{EnvCompleter, Shells};

/// Print the completions of a shell
///
/// It is a short script that has the shell ask `omega` for completions, so that they are those of the installed version, with
/// recent conversations by their titles.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  source <(omega completions bash)                                 in ~/.bashrc
  source <(omega completions zsh)                                  in ~/.zshrc
  omega completions fish > ~/.config/fish/completions/omega.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(Shells::builtins().names()))]
    shell: String,
}

impl Completions {
    pub fn run(&self, ui: &Ui) -> Result<(), Failure> {
        let shells = Shells::builtins();
        let Some(shell) = shells.completer(&self.shell) else {
            return Err(Failure::usage(format!("there are no completions for {}", self.shell)));
        };
        ui.out(&registration(shell).map_err(|error| Failure::usage(error.to_string()))?)
    }
}

/// What registers `omega` with a shell, wherever it is in the path.
fn registration(shell: &dyn EnvCompleter) -> std::io::Result<String> {
    let mut script = Vec::new();
    shell.write_registration("COMPLETE", "omega", "omega", "omega", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}
