//! `omega keys`

use crate::{connect::Context, exit::Failure, ui::columns::plain, value_candidates};
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::{ArgValueCandidates, engine::ArgValueCompleter};
use omega_core::{
    api::{CredentialScope, KeptIn, PutCredential, StoredCredential, StoredGrant},
    id::ToolId,
    sanitize::one_line,
};
use std::io::{self, IsTerminal, Read};

/// List, store and remove credentials for tools, and your own keys of model providers
///
/// The server keeps them for you, encrypted.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega keys set GITHUB_TOKEN")]
pub enum Keys {
    /// List the credentials: names and last characters, never values
    #[command(after_long_help = "Example:
  omega keys list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Store a credential, or replace it
    ///
    /// The value comes from stdin or a hidden prompt. A model provider's key (OPENAI_API_KEY) pays for your runs in place of
    /// the server's, and no tool gets it.
    #[command(after_long_help = "Examples:
  omega keys set OPENAI_API_KEY
  omega keys set GITHUB_TOKEN < token.txt
  omega keys set EXA_API_KEY --tool @exalabs/ai-sdk::webSearch")]
    Set {
        /// The variable's name, for example GITHUB_TOKEN
        #[arg(add = ArgValueCandidates::new(value_candidates::provider_keys))]
        name: String,
        /// For this tool only (package::export); for all tools that you allow otherwise
        #[arg(long, value_name = "TOOL", add = ArgValueCompleter::new(value_candidates::tools))]
        tool: Option<ToolId>,
        /// For all tools that you allow, though it is named as a model provider's key
        #[arg(long, conflicts_with = "tool")]
        for_tools: bool,
        /// Keep it there or nowhere: the keyring of this machine (keys of model providers on your own local server), or the server's
        /// vault [default: the setting `provider-keys`, or the keyring where there is one]
        #[arg(long = "in", value_name = "PLACE", value_parser = kept_in())]
        kept_in: Option<KeptIn>,
    },
    /// Remove a credential
    #[command(after_long_help = "Example:
  omega keys remove GITHUB_TOKEN")]
    Remove {
        /// The variable's name
        name: String,
        /// The one of this tool
        #[arg(long, value_name = "TOOL", add = ArgValueCompleter::new(value_candidates::tools))]
        tool: Option<ToolId>,
        /// The one for all tools, though it is named as a model provider's key
        #[arg(long, conflicts_with = "tool")]
        for_tools: bool,
    },
    #[command(subcommand)]
    Grants(Grants),
}

/// List and revoke grants: which tools may use the credentials that are stored for all tools
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega keys grants list")]
pub enum Grants {
    /// List the grants
    #[command(after_long_help = "Example:
  omega keys grants list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a grant: the tool's next use of the credential asks again
    #[command(after_long_help = "Example:
  omega keys grants revoke EXA_API_KEY @exalabs/ai-sdk::webSearch")]
    Revoke {
        /// The variable's name
        name: String,
        /// The tool (package::export)
        #[arg(add = ArgValueCompleter::new(value_candidates::tools))]
        tool: ToolId,
    },
}

impl Grants {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        match self {
            Self::List { json } => {
                let grants = connection.client.grants().await?;
                if *json {
                    return context.ui.json(&grants);
                }
                context.ui.rows(&grants.iter().map(grant_cells).collect::<Vec<_>>())
            }
            Self::Revoke { name, tool } => {
                connection.client.revoke_grant(name, tool).await.map_err(|error| {
                    let missing = format!("{tool} was not allowed to use {}", one_line(name, 128));
                    Failure::unless_missing(error, missing, "`omega keys grants list` shows what is allowed")
                })?;
                context.ui.note(format!("{} may not use {} any more without asking.", tool, one_line(name, 128)));
                Ok(())
            }
        }
    }
}

impl Keys {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Grants(grants) => grants.run(context).await,
            Self::List { json } => {
                let stored = context.connect().await?.client.credentials().await?;
                if *json {
                    return context.ui.json(&stored);
                }
                context.ui.rows(&stored.iter().map(cells).collect::<Vec<_>>())
            }
            Self::Set { name, tool, for_tools, kept_in } => {
                // Before the server is asked for anything: who types a secret should not wait in the middle.
                let value = value(name)?;
                let body = PutCredential { value, tool_id: tool.clone(), scope: scope(*for_tools), kept_in: *kept_in };
                let stored = context.connect().await?.client.put_credential(name, &body).await?;
                if stored.last4.is_none() && body.value.len() < omega_core::redact::SHORTEST {
                    context.ui.note("It is so short that it can't be kept out of tools' outputs.");
                }
                context.ui.note(format!("Stored {}.", plain(&cells(&stored))));
                if let Some(because) = &stored.because {
                    let because = one_line(because, 300);
                    context.ui.note(format!("It is sealed in the server's vault, not in a keyring: {because}."));
                }
                Ok(())
            }
            Self::Remove { name, tool, for_tools } => {
                let client = context.connect().await?.client;
                let removed = client.delete_credential(name, tool.as_ref(), scope(*for_tools)).await;
                let remains = removed.map_err(|error| {
                    let of = tool.as_ref().map(|tool| format!(" of {tool}")).unwrap_or_default();
                    let missing = format!("no credential {}{of} is stored", one_line(name, 128));
                    Failure::unless_missing(error, missing, "`omega keys list` shows those that are")
                })?;
                context.ui.note(format!("Removed {}.", one_line(name, 128)));
                if let Some(remains) = remains {
                    context.ui.note(one_line(&remains, 600));
                }
                Ok(())
            }
        }
    }
}

fn kept_in() -> impl TypedValueParser<Value = KeptIn> {
    PossibleValuesParser::new(["keyring", "vault"])
        .map(|place| if place == "keyring" { KeptIn::Keyring } else { KeptIn::Vault })
}

/// What the server makes of the name, unless it is for tools.
fn scope(for_tools: bool) -> Option<CredentialScope> {
    for_tools.then_some(CredentialScope::Global)
}

/// From a pipe without its last line break, or from a terminal without showing it.
fn value(name: &str) -> Result<String, Failure> {
    let value = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Value of {}: ", one_line(name, 128)))?
    } else {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        let without = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        without.unwrap_or(&text).to_owned()
    };
    if value.is_empty() {
        return Err(Failure::usage("there is no value").hint("pipe it in, or type it at the prompt"));
    }
    Ok(value)
}

fn cells(credential: &StoredCredential) -> [String; 4] {
    let whose = match credential.scope {
        CredentialScope::Model => match credential.kept_in {
            KeptIn::Keyring => "models, in your keyring",
            KeptIn::Vault => "models, in the vault",
        },
        CredentialScope::Global => "all tools",
        CredentialScope::Tool => credential.tool_id.as_ref().map_or("a tool", ToolId::as_str),
    };
    let last4 = credential.last4.as_deref().map_or_else(String::new, |last4| format!("…{}", one_line(last4, 8)));
    let used = credential.last_used_at.map_or_else(|| String::from("never used"), |at| format!("used {at}"));
    [credential.name.clone(), one_line(whose, 200), last4, used]
}

fn grant_cells(grant: &StoredGrant) -> [String; 4] {
    let versions = grant.max_major.map_or_else(String::new, |major| format!(" up to version {major}"));
    let (tool, publisher) = (one_line(grant.tool_id.as_str(), 200), one_line(&grant.publisher, 100));
    let granted = format!("{} {}", one_line(&grant.source, 20), grant.granted_at);
    [grant.name.clone(), format!("{tool}{versions}"), format!("by {publisher}"), granted]
}
