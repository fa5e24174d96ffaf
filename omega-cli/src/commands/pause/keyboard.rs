//! Lines from the person at the terminal. A blocking read can't be taken back: whoever gives up waiting restores the
//! terminal, for a hidden prompt left its echo off.

use crate::{
    exit::{Code, Failure},
    ui::Ui,
};
use secrecy::SecretString;
use std::io;

/// Asks on stderr, reads from the terminal.
pub struct Keyboard<'a>(pub &'a Ui);

impl Keyboard<'_> {
    /// A line without the spaces around it; `None` at the end of input.
    pub async fn line(&self, prompt: &str) -> Result<Option<String>, Failure> {
        self.0.prompt(prompt);
        blocking(|| {
            let mut line = String::new();
            let count = io::stdin().read_line(&mut line)?;
            Ok((count > 0).then(|| line.trim().to_owned()))
        })
        .await
    }

    /// One of these letters, asked until it is one; Enter is the first when `by_default`. `None` at the end of input.
    pub async fn choice(&self, prompt: &str, letters: &str, by_default: bool) -> Result<Option<char>, Failure> {
        loop {
            let Some(line) = self.line(prompt).await? else { return Ok(None) };
            let typed = line.chars().next().map(|c| c.to_ascii_lowercase());
            let typed = typed.or_else(|| letters.chars().next().filter(|_| by_default));
            if let Some(letter) = typed.filter(|c| letters.contains(*c)) {
                return Ok(Some(letter));
            }
        }
    }

    /// A value that is not shown; empty when only Enter was pressed, `None` at the end of input. While it is typed the
    /// terminal makes no signal of Ctrl-C: it comes as a failure with that exit code.
    pub async fn secret(&self, prompt: &str) -> Result<Option<SecretString>, Failure> {
        let prompt = prompt.to_owned();
        let typed = blocking(move || match rpassword::prompt_password(prompt) {
            Ok(text) => Ok(Some(Some(SecretString::from(text)))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Some(None)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        });
        typed.await?.ok_or_else(|| Failure::silent(Code::Interrupted))
    }
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??)
}

/// How the terminal was.
pub struct SavedTerminal {
    #[cfg(unix)]
    attributes: Option<rustix::termios::Termios>,
}

impl SavedTerminal {
    /// Notes how it is now.
    pub fn now() -> Self {
        Self {
            #[cfg(unix)]
            attributes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    /// Makes it so again.
    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some(attributes) = &self.attributes {
            // Without a terminal there is nothing to restore.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, attributes);
        }
    }
}
