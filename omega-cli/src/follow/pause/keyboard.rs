//! Lines from the person at the terminal. What was typed before a question was there is no answer to it: it is thrown away,
//! and the prompt comes after a moment without keys (see [`omega_core::type_ahead`]). A blocking read can't be taken back:
//! whoever gives up waiting restores the terminal, for a hidden prompt left its echo off.

use crate::{
    exit::{Code, Failure},
    ui::Ui,
};
use omega_core::{api::Timestamp, type_ahead::TypeAhead};
use secrecy::SecretString;
use std::{io, time::Duration};

/// Longer than between two lines of a paste, and shorter than between two of a person's.
const AT_ONCE: Duration = Duration::from_millis(30);

/// Asks on stderr, reads from the terminal.
pub struct Keyboard<'a>(pub &'a Ui);

impl Keyboard<'_> {
    /// Waits until a question that is on the screen now can be answered. Keys that come until then are thrown away.
    pub async fn quiet(&self) -> Result<(), Failure> {
        blocking(|| {
            let terminal = SavedTerminal::now();
            terminal.by_key();
            let waited = without_keys();
            terminal.restore();
            waited
        })
        .await
    }

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

    /// Whether a line is there that nobody asked for yet.
    pub fn has_line(&self) -> bool {
        is_there(Duration::ZERO)
    }

    /// The lines that follow one at once, as they do where several were pasted: nobody writes as fast.
    pub async fn lines_behind(&self) -> Result<Vec<String>, Failure> {
        blocking(|| {
            let mut lines = Vec::new();
            while is_there(AT_ONCE) {
                let mut line = String::new();
                if io::stdin().read_line(&mut line)? == 0 {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            Ok(lines)
        })
        .await
    }

    /// One of these words, by its first letter or whole, asked until it is one; Enter is the first when `by_default`. Any
    /// other line is no answer: a sentence may begin with any letter. `None` at the end of input.
    pub async fn choice(&self, prompt: &str, words: &[&str], by_default: bool) -> Result<Option<char>, Failure> {
        loop {
            let Some(line) = self.line(prompt).await? else { return Ok(None) };
            if let Some(letter) = chosen(&line, words, by_default) {
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

/// The first letter of the word that a line means.
fn chosen(line: &str, words: &[&str], by_default: bool) -> Option<char> {
    let line = line.to_ascii_lowercase();
    let means = |word: &&&str| line == **word || (line.len() == 1 && word.starts_with(&line));
    let word = if line.is_empty() { words.first().filter(|_| by_default) } else { words.iter().find(means) };
    word.and_then(|word| word.chars().next())
}

/// Returns once a key would count.
#[cfg(unix)]
fn without_keys() -> io::Result<()> {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        termios::{QueueSelector, tcflush},
    };
    let stdin = io::stdin();
    let mut keys = TypeAhead::default();
    keys.seen(Timestamp::now());
    tcflush(&stdin, QueueSelector::IFlush)?;
    while let Some(left @ 1..) = keys.hears_in(Timestamp::now()) {
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::try_from(left.min(999)).unwrap_or(0) * 1_000_000 };
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            // The terminal is gone; the reading says so.
            Ok(_) if !ready[0].revents().contains(PollFlags::IN) => return Ok(()),
            Ok(_) => {
                keys.key(Timestamp::now());
                tcflush(&stdin, QueueSelector::IFlush)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Where nothing tells of keys, the time alone has to do.
#[cfg(not(unix))]
fn without_keys() -> io::Result<()> {
    let mut keys = TypeAhead::default();
    keys.seen(Timestamp::now());
    std::thread::sleep(std::time::Duration::from_millis(keys.hears_in(Timestamp::now()).unwrap_or(0)));
    Ok(())
}

/// Whether a line is there, or comes within that time.
#[cfg(unix)]
fn is_there(within: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(within.subsec_nanos()) };
    let stdin = io::stdin();
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    poll(&mut ready, Some(&wait)).is_ok() && ready[0].revents().contains(PollFlags::IN)
}

#[cfg(not(unix))]
fn is_there(_within: Duration) -> bool {
    false
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??)
}

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

    /// Lets keys be noticed before their line ends, and shows none of them. Signals stay.
    fn by_key(&self) {
        #[cfg(unix)]
        if let Some(mut attributes) = self.attributes.clone() {
            use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
            attributes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            // Then keys are noticed with their line, and thrown away all the same.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &attributes);
        }
    }

    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some(attributes) = &self.attributes {
            // Without a terminal there is nothing to restore.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, attributes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_no_answer_whatever_it_begins_with() {
        let words = ["yes", "conversation", "always", "edit", "no"];
        for (line, by_default, means) in [
            ("y", false, Some('y')),
            ("Y", false, Some('y')),
            ("yes", false, Some('y')),
            ("ALWAYS", false, Some('a')),
            ("conversation", false, Some('c')),
            ("also do it", false, None),
            ("yes please", false, None),
            ("can you", false, None),
            ("not now", false, None),
            ("ye", false, None),
            ("x", false, None),
            ("", false, None),
            ("", true, Some('y')),
            ("é", true, None),
        ] {
            assert_eq!(chosen(line, &words, by_default), means, "{line:?}");
        }
    }
}
