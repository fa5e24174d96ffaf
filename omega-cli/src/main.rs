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

use clap::{CommandFactory, Parser};
use omega_core::local::Env;
use std::process::ExitCode;
use ui::{Terminals, Ui};

fn main() -> ExitCode {
    // The server in here starts this program anew to confine a tool.
    omega_engine::executor::jail::main_if_asked();
    // Answers the shell's question for completions and ends, if it is one.
    clap_complete::CompleteEnv::with_factory(cli::Cli::command).complete();
    let cli = cli::Cli::parse_from(cli::arguments(std::env::args_os()));
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
