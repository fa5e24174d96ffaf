//! `omega`: one agent with the whole TPMJS tool registry at hand.

mod cli;
mod commands;
mod connect;
mod dispatch;
mod environment;
mod exit;
mod follow;
mod global;
mod progress;
mod ui;
mod value_candidates;

use clap::CommandFactory;
use omega_core::local::Env;
use omega_server::serve;
use std::{io::Write, process::ExitCode};
use ui::{Terminals, Ui};

fn main() -> ExitCode {
    // The server in here starts this program anew to confine a tool.
    omega_engine::executor::jail::main_if_asked();
    // Answers the shell's question for completions and ends, if it is one.
    clap_complete::CompleteEnv::with_factory(cli::Cli::command).complete();
    let arguments: Vec<_> = std::env::args_os().collect();
    if cli::asks_for_version_alone(&arguments) {
        // As clap has it: a reader that is gone is no failure.
        let _ = writeln!(std::io::stdout(), "{} {}", env!("CARGO_BIN_NAME"), env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let cli: cli::Cli = serve::args::parse(cli::arguments(arguments));
    let env = Env::of_process();
    let ui = Ui::new(cli.global.verbosity(), &env, Terminals::of_process());
    match dispatch::run(cli, ui.clone(), env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.error(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
