//! From the command line to the command.

use crate::{
    cli::{Cli, Command},
    commands::{
        api_keys::ApiKeys, approvals::Approvals, ask, chat::when_nothing_is_asked, feedback::Feedback, keys::Keys,
        pins::Pins, users::Users,
    },
    connect::Context,
    exit::Failure,
    ui::Ui,
};
use clap::CommandFactory;
use omega_core::local::Env;
use std::time::Duration;
use tokio::runtime::Builder;

/// Runs what the command line asks for.
pub fn run(cli: Cli, ui: Ui, env: Env) -> Result<(), Failure> {
    let Some(command) = cli.command.or_else(|| when_nothing_is_asked(&ui).map(Command::Chat)) else {
        return Err(Failure::usage("say what to do, for example `omega ask \"...\"`")
            .hint("`omega --help` lists the commands; without one, `omega` needs a terminal"));
    };
    // These need neither a home folder nor a readable configuration.
    match &command {
        Command::Completions(it) => return it.run(&ui),
        Command::Man(it) => return it.run(Cli::command(), &ui),
        Command::Debug(it) => return it.run(&ui),
        _ => {}
    }
    let context = Context::new(ui, env, &cli.global, command.settings());
    if let Command::Doctor(it) = &command {
        return block_on(it.run(context, &cli.global));
    }
    let context = context?;
    match &command {
        Command::Chat(_) | Command::Serve(_) | Command::Executor(_) => block_on(dispatch(command, &context)),
        // They talk to one server: threads would only hand their work to each other.
        _ => block_on_here(dispatch(command, &context)),
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Ask(it) => ask::run(&it, context).await,
        Command::Chat(it) => it.run(context).await,
        Command::Serve(it) => it.run(context).await,
        Command::Executor(it) => it.run(context).await,
        Command::Show(it) => it.run(context).await,
        Command::Export(it) => it.run(context).await,
        Command::Import(it) => it.run(context).await,
        Command::Fork(it) => it.run(context).await,
        Command::Plan(it) => it.run(context).await,
        Command::Approve(it) => it.run(context).await,
        Command::Approvals(it) => it.or(&Approvals::List { json: false }).run(context).await,
        Command::Provide(it) => it.run(context).await,
        Command::Alternatives(it) => it.run(context).await,
        Command::Feedback(it) => it.or(&Feedback::list()).run(context).await,
        Command::Share(it) => it.run(context).await,
        Command::Profile(it) => it.run(context).await,
        Command::Users(it) => it.or(&Users::List { json: false }).run(context).await,
        Command::Wait(it) => it.run(context).await,
        Command::Cancel(it) => it.run(context).await,
        Command::Rename(it) => it.run(context).await,
        Command::Recent(it) => it.run(context).await,
        Command::Tools(it) => it.run(context).await,
        Command::Registry(it) => it.run(context).await,
        Command::Models(it) => it.run(context).await,
        Command::Status(it) => it.run(context).await,
        Command::Stats(it) => it.run(context).await,
        Command::Login(it) => it.run(context).await,
        Command::Logout(it) => it.run(context),
        Command::Whoami(it) => it.run(context).await,
        Command::ApiKeys(it) => it.or(&ApiKeys::List { json: false }).run(context).await,
        Command::Keys(it) => it.or(&Keys::List { json: false }).run(context).await,
        Command::Settings(it) => it.run(context).await,
        Command::Pins(it) => it.or(&Pins::List { json: false }).run(context).await,
        Command::Vault(it) => it.run(context).await,
        Command::Backup(it) => it.run(context).await,
        Command::Restore(it) => it.run(context).await,
        Command::Audit(it) => it.run(context).await,
        Command::Config(it) => it.run(context),
        Command::Open(it) => it.run(context).await,
        Command::Doctor(_) | Command::Completions(_) | Command::Man(_) | Command::Debug(_) => Ok(()),
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(Builder::new_multi_thread(), work)
}

fn block_on_here(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    run_on(Builder::new_current_thread(), work)
}

fn run_on(mut runtime: Builder, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = runtime.enable_all().build()?;
    let result = runtime.block_on(work);
    // A thread that still waits for the keyring or for stdin must not hold the command back.
    runtime.shutdown_timeout(Duration::from_millis(50));
    result
}
