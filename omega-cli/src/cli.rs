//! The command line as clap sees it. What a command takes is beside what it does, in `commands/`.

use crate::{commands, global::Global};
use clap::{Parser, Subcommand};

/// One agent with the whole TPMJS tool registry at hand.
///
/// Without a command: a conversation in the terminal. `omega ask` is for scripts: the answer, and nothing else, goes to
/// stdout.
///
/// Nothing has to be set up: a server of your own starts in the background when it is needed, and ends when it is not.
#[derive(Debug, Parser)]
#[command(name = "omega", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0 ok · 1 the run or the tool failed · 2 usage · 3 not signed in · 4 missing credentials
  5 approval or plan choice needed or denied · 6 server unreachable or stream lost
  7 limit or timeout · 8 answer does not match the schema
  9 answer cut by a filter or a limit of length, or refused · 130 SIGINT · 143 SIGTERM";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask once and get the answer on stdout
    Ask(commands::ask::Ask),
    /// Talk in the terminal
    Chat(commands::chat::Chat),
    /// Run the server
    Serve(commands::serve::Serve),
    /// Run this machine's sandbox as an executor for servers elsewhere
    Executor(commands::executor::Executor),
    /// Show a conversation
    Show(commands::show::Show),
    /// Write a conversation as Markdown or JSON
    Export(commands::export::Export),
    Import(commands::import::Import),
    /// Propose plans for a task without doing anything
    Plan(commands::plan::Plan),
    /// Allow or refuse the calls that a run waits with
    Approve(commands::approve::Approve),
    /// List and revoke the yeses that last
    #[command(subcommand)]
    Approvals(commands::approvals::Approvals),
    /// Give a run the variables that it waits for
    Provide(commands::provide::Provide),
    /// Choose another tool in place of one that failed
    Alternatives(commands::alternatives::Alternatives),
    /// Show a conversation's link and who takes part, and change who may open it
    Share(commands::share::Share),
    /// Cancel what a conversation is doing
    Cancel(commands::cancel::Cancel),
    /// List the conversations you used last
    Recent(commands::recent::Recent),
    /// Find, look at and run tools of the registry
    #[command(subcommand)]
    Tools(commands::tools::Tools),
    /// Add tools to the registry, and take them out
    #[command(subcommand)]
    Registry(commands::registry::Registry),
    /// List providers and models, and why some can't be used
    Models(commands::models::Models),
    /// Show how the server, its registry and its executor are
    Status(commands::status::Status),
    /// Look for what is wrong; changes nothing
    Doctor(commands::doctor::Doctor),
    /// Sign in to a shared server
    Login(commands::login::Login),
    /// Forget the key of a shared server
    Logout(commands::login::Logout),
    /// Show who you are on the server
    Whoami(commands::whoami::Whoami),
    /// Show how others see you, or change it
    Profile(commands::profile::Profile),
    /// List, make and shut out the server's users
    #[command(subcommand)]
    Users(commands::users::Users),
    /// List, make and revoke the server's API keys
    #[command(subcommand)]
    ApiKeys(commands::api_keys::ApiKeys),
    /// List, store and remove the credentials that tools may use
    #[command(subcommand, alias = "credentials")]
    Keys(commands::keys::Keys),
    /// Show and change your settings on the server
    Settings(commands::settings::SettingsCommand),
    /// List, add and remove the tools that are always at hand
    #[command(subcommand)]
    Pins(commands::pins::Pins),
    /// Change how the server keeps secrets
    #[command(subcommand)]
    Vault(commands::vault::Vault),
    /// Read what was done on the server, and check that the record is whole
    #[command(subcommand)]
    Audit(commands::audit::Audit),
    /// Show this machine's configuration and where it comes from
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    /// Open a conversation's page in the browser
    Open(commands::open::Open),
    /// Print the completions of a shell
    Completions(commands::completions::Completions),
    /// Write the man pages into a folder
    #[command(hide = true)]
    Man(commands::man::Man),
    /// What only tests of Omega itself need
    #[command(subcommand, hide = true)]
    Debug(commands::debug::Debug),
}

impl Command {
    /// What its own flags say of settings.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let (model, timeout) = match self {
            Self::Ask(ask) => (&ask.model, &ask.timeout),
            Self::Chat(chat) => (&chat.model, &None),
            Self::Plan(plan) => (&plan.model, &None),
            _ => (&None, &None),
        };
        let model = model.clone().map(|value| ("model", value));
        model.into_iter().chain(timeout.clone().map(|value| ("timeout", value))).collect()
    }
}
