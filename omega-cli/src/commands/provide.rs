//! `omega provide`

use crate::{
    connect::Context,
    exit::{Code, Failure},
    follow::pause::{After, Keyboard, SavedTerminal, Waiting, parts},
    value_candidates,
};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use omega_core::api::{ProvideCredentials, RequiredAction, Save};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, io::Read};

/// Give a paused run the variables that its tools lack
///
/// The run goes on from the same step, and its answer is printed as `omega ask` prints it. The value of a name comes from the environment; else it is asked for on the terminal,
/// hidden, or (for one name) read from stdin. It never stands on the command line. Without --env everything that is missing
/// is asked for.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega provide --env EXA_API_KEY --save tool
  omega provide --decline")]
pub struct Provide {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Give this variable; may be given several times
    #[arg(long = "env", value_name = "NAME", conflicts_with = "decline")]
    names: Vec<String>,
    /// Where the values are kept: nowhere, for the tools that asked, or for all tools
    #[arg(long, value_name = "WHERE", default_value = "once", conflicts_with = "decline")]
    save: Where,
    /// Go on without them: the calls fail, and the model is told
    #[arg(long)]
    decline: bool,
    #[command(flatten)]
    pub after: After,
}

/// Where values are kept.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Where {
    Once,
    Tool,
    Global,
}

impl From<Where> for Save {
    fn from(place: Where) -> Self {
        match place {
            Where::Once => Self::Once,
            Where::Tool => Self::Tool,
            Where::Global => Self::Global,
        }
    }
}

impl Provide {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        if self.names.iter().any(|name| name.contains('=')) {
            // The value is not repeated.
            return Err(Failure::usage("--env takes a name, not NAME=VALUE: others could read the value there")
                .hint("export the variable first, pipe its value in, or type it when asked"));
        }
        let (connection, waiting) = Waiting::find(context, self.conversation.as_deref()).await?;
        let RequiredAction::Credentials { .. } = &waiting.action else { return Err(waiting.is_another()) };
        if !waiting.is_mine() {
            return Err(waiting.owners());
        }
        if self.names.is_empty() && !self.decline {
            if !context.ui.can_ask() {
                return Err(waiting.failure());
            }
            return waiting.ask(context, &connection, &self.after).await;
        }
        let values = self.values(context).await?;
        let env = values.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
        let body = ProvideCredentials { env, save: self.save.into(), decline: self.decline };
        connection.client.provide_credentials(waiting.conversation, &body).await?;
        waiting.goes_on(context, &connection, &self.after, parts(&waiting.action)).await
    }

    /// A value for each name: the environment's, else the person's, else (for the only one) what comes on stdin.
    async fn values(&self, context: &Context) -> Result<BTreeMap<String, SecretString>, Failure> {
        let mut values = BTreeMap::new();
        let unset: Vec<&String> = self.names.iter().filter(|name| context.env.get(name).is_none()).collect();
        for name in &self.names {
            let value = match context.env.get(name) {
                Some(value) => Some(SecretString::from(value)),
                None if context.ui.can_ask() => hidden(context, name).await?,
                None if unset.len() == 1 && !context.ui.terminals().stdin => Some(from_stdin()?),
                None => None,
            };
            match value.filter(|value| !value.expose_secret().is_empty()) {
                Some(value) => values.insert(name.clone(), value),
                None => {
                    let message = format!("{name} has no value");
                    let hint = format!("export {name}=..., or pipe the value of one variable in");
                    return Err(Failure::new(Code::MissingCredentials, message).hint(hint));
                }
            };
        }
        Ok(values)
    }
}

async fn hidden(context: &Context, name: &str) -> Result<Option<SecretString>, Failure> {
    let (terminal, keyboard) = (SavedTerminal::now(), Keyboard(&context.ui));
    let prompt = format!("{name} (hidden): ");
    tokio::select! {
        value = keyboard.secret(&prompt) => value,
        _ = tokio::signal::ctrl_c() => {
            terminal.restore();
            Err(Failure::silent(Code::Interrupted))
        }
    }
}

fn from_stdin() -> Result<SecretString, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(SecretString::from(text.trim().to_owned()))
}
