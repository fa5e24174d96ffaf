//! `omega settings`

mod edit;

use crate::{
    connect::Context,
    exit::{Code, Failure},
    value_candidates,
};
use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::Settings,
    client::{Client, ClientError},
    sanitize::sanitize_terminal,
    setting::{self, FIELDS, Field, Kind, Unfit},
};
use std::{io::Read, path::PathBuf};

/// Show and change your settings on the server
///
/// They hold for every client that you use; this machine's own are `omega config`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega settings set safe-mode on")]
pub struct SettingsCommand {
    #[command(subcommand)]
    command: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show all settings
    #[command(after_long_help = "Example:
  omega settings show")]
    Show {
        /// Print the document of the API
        #[arg(long)]
        json: bool,
    },
    /// Show one setting
    #[command(after_long_help = "Example:
  omega settings get model")]
    Get {
        /// Its name
        #[arg(add = ArgValueCandidates::new(value_candidates::settings))]
        name: String,
    },
    /// Change one setting
    #[command(after_long_help = "Examples:
  omega settings set safe-mode on
  omega settings set prompt --file prompt.md")]
    Set {
        /// Its name
        #[arg(add = ArgValueCandidates::new(value_candidates::settings))]
        name: String,
        /// Its value; `default` takes it back to what holds without it
        #[arg(required_unless_present = "file", allow_hyphen_values = true)]
        value: Vec<String>,
        /// Take the value from this file, `-` for stdin
        #[arg(long, value_name = "FILE", conflicts_with = "value")]
        file: Option<PathBuf>,
    },
    /// Show the system prompt that new runs get
    #[command(after_long_help = "Example:
  omega settings prompt")]
    Prompt {
        /// Print what the API says of it: your text, the default, and both together
        #[arg(long)]
        json: bool,
    },
    /// Change the settings as a document in your editor (VISUAL, EDITOR)
    #[command(after_long_help = "Example:
  omega settings edit")]
    Edit,
}

impl SettingsCommand {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let ui = &context.ui;
        match &self.command {
            Some(What::Get { name }) => {
                let field = named(name)?;
                let settings = context.connect().await?.client.settings().await?.settings;
                ui.line(sanitize_terminal(&field.show(&settings)))
            }
            Some(What::Set { name, value, file }) => {
                let field = named(name)?;
                let value = match file {
                    Some(path) => Some(from_file(path)?),
                    None => Some(value.join(" ")).filter(|value| value != "default"),
                };
                let value = value.as_deref();
                // Before a server is asked: a value that can't be changes nothing.
                field.check(value).map_err(unfit)?;
                let client = context.connect().await?.client;
                let now = change(&client, |settings| field.set(settings, value).map_err(unfit)).await?;
                let shown = sanitize_terminal(&field.show(&now));
                let lines = if field.kind == Kind::Text { shown.lines().count() } else { 1 };
                match lines {
                    0 | 1 => ui.note(format!("{name} is {shown}.")),
                    lines => ui.note(format!("{name} has {lines} lines now.")),
                }
                Ok(())
            }
            Some(What::Prompt { json }) => {
                let (prompt, _) = context.connect().await?.client.prompt().await?;
                if *json {
                    return ui.json(&prompt);
                }
                ui.note(format!("Version {}.", prompt.effective.version));
                ui.line(sanitize_terminal(prompt.effective.body.trim_end()))
            }
            Some(What::Edit) => edit::run(context).await,
            Some(What::Show { json: true }) => ui.json(&context.connect().await?.client.settings().await?.settings),
            Some(What::Show { json: false }) | None => {
                let settings = context.connect().await?.client.settings().await?.settings;
                let width = FIELDS.iter().map(|field| field.name.len()).max().unwrap_or(0);
                FIELDS.iter().try_for_each(|field| {
                    let value = sanitize_terminal(&field.show(&settings)).replace('\n', &format!("\n{:width$}  ", ""));
                    ui.line(format!("{:width$}  {value}", field.name))?;
                    if ui.is_verbose() {
                        ui.detail(format!("{:width$}  {}", "", field.about));
                    }
                    Ok(())
                })
            }
        }
    }
}

fn named(name: &str) -> Result<&'static Field, Failure> {
    setting::named(name).map_err(unfit)
}

fn unfit(unfit: Unfit) -> Failure {
    Failure::usage(unfit.0)
}

fn from_file(path: &PathBuf) -> Result<String, Failure> {
    let read = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = read.map_err(|error| Failure::usage(format!("{} can't be read: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Changes the settings, once more when somebody else changed them meanwhile: the change is made to what they left.
pub async fn change(
    client: &Client,
    mut make: impl FnMut(&mut Settings) -> Result<(), Failure>,
) -> Result<Settings, Failure> {
    let changed = client.change_settings(|settings| make(settings).map_err(Problem::Made)).await;
    changed.map_err(|problem| match problem {
        Problem::Made(failure) => failure,
        Problem::Sent(error) if error.is_conflict() => {
            Failure::new(Code::Failed, "the settings were changed elsewhere at the same time; nothing was changed here")
                .hint("`omega settings` shows how they are; then try again")
        }
        Problem::Sent(error) => error.into(),
    })
}

enum Problem {
    Made(Failure),
    Sent(ClientError),
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        Self::Sent(error)
    }
}
