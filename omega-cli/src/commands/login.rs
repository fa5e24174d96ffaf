//! `omega login` and `omega logout`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{
    client::Client,
    local::{api_keys::Keys, config_file},
    sanitize::one_line,
};
use secrecy::SecretString;
use std::io::Read;

/// Sign in to a shared server with one of its API keys, and use that server from now on
///
/// The key is asked for on the terminal, or read from stdin; it never stands on the command line.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega login https://omega.example.org")]
pub struct Login {
    /// The server's address
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// Keep the key, but don't make this the server that commands use
    #[arg(long)]
    no_default: bool,
}

/// Forget the key of a shared server, and use your own local server again
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega logout")]
pub struct Logout {
    /// The server's address; the one in use when missing
    #[arg(value_name = "URL")]
    url: Option<String>,
}

fn server(given: Option<&str>, context: &Context) -> Result<String, Failure> {
    let url = given.or_else(|| context.config.get("server")).ok_or_else(|| {
        Failure::usage("which server?").hint("omega login https://...; your own local server needs no login")
    })?;
    Ok(url.trim_end_matches('/').to_owned())
}

impl Login {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let url = server(self.url.as_deref(), context)?;
        let terminals = context.ui.terminals();
        let key = if terminals.stdin {
            rpassword::prompt_password(format!("API key of {url}: "))?
        } else {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        };
        if key.trim().is_empty() {
            return Err(Failure::usage("no API key was given").hint(format!("pipe it in: omega login {url} < FILE")));
        }
        let key = SecretString::from(key.trim().to_owned());
        let who = Client::new(&url, key.clone())?.whoami().await?;
        let place = Keys::new(&context.dirs).store(&url, &key)?;
        if !self.no_default {
            config_file::set(&context.dirs.config_file(), "server", Some(&url))?;
        }
        let name = one_line(&who.display_name, 100);
        context.ui.note(format!("Signed in to {url} as {name}. The key is kept in {place}."));
        Ok(())
    }
}

impl Logout {
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let url = server(self.url.as_deref(), context)?;
        let known = Keys::new(&context.dirs).forget(&url)?;
        if context.config.get("server").map(|used| used.trim_end_matches('/')) == Some(url.as_str()) {
            config_file::set(&context.dirs.config_file(), "server", None)?;
        }
        context.ui.note(match known {
            true => format!("The key of {url} is forgotten. It stays valid on the server until it is revoked there."),
            false => format!("There was no key of {url}."),
        });
        Ok(())
    }
}
