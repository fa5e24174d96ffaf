//! The command line as clap sees it. What a command takes is beside what it does, in `commands/`.

use crate::{commands, global::Global};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;

/// One agent with the whole TPMJS tool registry at hand.
///
/// Without a command: a conversation in the terminal. `omega "a question"` is `omega ask`, which is for scripts too: the answer,
/// and nothing else, goes to stdout.
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
    Ask(commands::ask::Ask),
    Chat(commands::chat::Chat),
    Serve(commands::serve::Serve),
    Executor(commands::executor::Executor),
    Show(commands::show::Show),
    Export(commands::export::Export),
    Import(commands::import::Import),
    Fork(commands::fork::Fork),
    Plan(commands::plan::Plan),
    Approve(commands::approve::Approve),
    Approvals(OrList<commands::approvals::Approvals>),
    Provide(commands::provide::Provide),
    Alternatives(commands::alternatives::Alternatives),
    Feedback(OrList<commands::feedback::Feedback>),
    Share(commands::share::Share),
    Wait(commands::wait::Wait),
    Cancel(commands::cancel::Cancel),
    Rename(commands::rename::Rename),
    Recent(commands::recent::Recent),
    #[command(subcommand)]
    Tools(commands::tools::Tools),
    #[command(subcommand)]
    Registry(commands::registry::Registry),
    Models(commands::models::Models),
    Status(commands::status::Status),
    Stats(commands::stats::Stats),
    Doctor(commands::doctor::Doctor),
    Login(commands::login::Login),
    Logout(commands::login::Logout),
    Whoami(commands::whoami::Whoami),
    Profile(commands::profile::Profile),
    Users(OrList<commands::users::Users>),
    ApiKeys(OrList<commands::api_keys::ApiKeys>),
    #[command(alias = "credentials")]
    Keys(OrList<commands::keys::Keys>),
    Settings(commands::settings::SettingsCommand),
    Pins(OrList<commands::pins::Pins>),
    #[command(subcommand)]
    Vault(commands::vault::Vault),
    Backup(commands::backup::Backup),
    Restore(commands::restore::Restore),
    #[command(subcommand)]
    Audit(commands::audit::Audit),
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    Open(commands::open::Open),
    Completions(commands::completions::Completions),
    #[command(hide = true)]
    Man(commands::man::Man),
    #[command(subcommand, hide = true)]
    Debug(commands::debug::Debug),
}

// A group of commands that lists where none of them is named. No doc comment: it would be the help of every such group.
#[derive(Debug, Args)]
pub struct OrList<T: Subcommand> {
    #[command(subcommand)]
    command: Option<T>,
}

impl<T: Subcommand> OrList<T> {
    pub fn or<'a>(&'a self, list: &'a T) -> &'a T {
        self.command.as_ref().unwrap_or(list)
    }
}

/// The command line of a person who just asks: a first word that is a sentence is a question.
pub fn arguments(mut given: Vec<OsString>) -> Vec<OsString> {
    let is_flag = |argument: &OsString| argument.as_encoded_bytes().starts_with(b"-");
    // What follows one of these is its value, and no question.
    let is_value = |at: usize| at > 0 && ["--server", "--profile"].iter().any(|flag| given[at - 1] == *flag);
    if let Some(at) = (1..given.len()).find(|at| !is_flag(&given[*at]) && !is_value(*at))
        && given[at].to_string_lossy().trim().contains(char::is_whitespace)
    {
        given.insert(at, "ask".into());
    }
    given
}

/// Whether nothing but the version is wanted. Scripts ask often, and a third of the time would go into describing commands.
pub fn asks_for_version_alone(given: &[OsString]) -> bool {
    matches!(given, [_, only] if only == "--version" || only == "-V")
}

impl Command {
    /// What its own flags say of settings.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let (model, timeout) = match self {
            Self::Ask(ask) => (&ask.model, &ask.follow.timeout),
            Self::Chat(chat) => (&chat.model, &None),
            Self::Plan(plan) => (&plan.model, plan.timeout()),
            Self::Wait(wait) => (&None, &wait.follow.timeout),
            Self::Provide(provide) => (&None, &provide.after.follow.timeout),
            Self::Approve(approve) => (&None, &approve.after.follow.timeout),
            Self::Alternatives(alternatives) => (&None, &alternatives.after.follow.timeout),
            _ => (&None, &None),
        };
        let model = model.clone().map(|value| ("model", value));
        model.into_iter().chain(timeout.clone().map(|value| ("timeout", value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// Every command that a person sees, with its path.
    fn commands() -> Vec<(String, clap::Command)> {
        fn below(path: &str, command: &clap::Command, all: &mut Vec<(String, clap::Command)>) {
            for command in command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help") {
                let path = format!("{path} {}", command.get_name());
                all.push((path.clone(), command.clone()));
                below(&path, command, all);
            }
        }
        let mut all = Vec::new();
        below("omega", &Cli::command(), &mut all);
        all
    }

    /// What a shell makes of a line: words, quoted or not, up to the first pipe or redirection.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for c in line.chars() {
            match (c, quote) {
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                ('|' | '<' | '>', None) => break,
                (' ', None) => words.push(String::new()),
                _ => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn a_sentence_in_place_of_a_command_is_a_question() {
        let line = |words: &[&str]| arguments(words.iter().map(OsString::from).collect()).join(" ".as_ref());
        assert_eq!(line(&["omega", "what is 2+2?"]), "omega ask what is 2+2?");
        assert_eq!(line(&["omega", "-q", "what is 2+2?", "--json"]), "omega -q ask what is 2+2? --json");
        assert_eq!(line(&["omega", "--profile", "at work", "what is it?"]), "omega --profile at work ask what is it?");
        for same in [
            &["omega"][..],
            &["omega", "aks", "a b"],
            &["omega", "--help"],
            &["omega", " "],
            &["omega", "--profile", "a b", "keys"],
        ] {
            assert_eq!(line(same), OsString::from(same.join(" ")));
        }
    }

    #[test]
    fn every_command_says_in_one_line_what_to_have_it_do() {
        let mut said = std::collections::HashSet::new();
        for (path, command) in commands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let first = about.split(' ').next().unwrap_or_default();
            assert!(first.starts_with(char::is_uppercase) && !first.ends_with('s'), "{path}: {about}");
            assert!(about.len() <= 120 && !about.ends_with('.'), "{path}: {about}");
            assert!(!["A", "An", "The"].contains(&first), "{path} says what it is, not what it does: {about}");
            assert!(said.insert(about.clone()), "{path} says what another command says: {about}");
        }
    }

    #[test]
    fn every_commands_help_has_an_example_of_it_that_is_understood() {
        for (path, mut command) in commands() {
            let help = command.render_long_help().to_string();
            let mut examples = help.lines().map(str::trim).filter(|line| line.starts_with(&path)).peekable();
            assert!(examples.peek().is_some(), "{path} has no example:\n{help}");
            for example in examples {
                Cli::try_parse_from(words(example)).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }
}
