//! What is asked: the words of the command line, stdin, or both.
//!
//! The rule for stdin, which never blocks a command that has a prompt: a terminal is not read. Without a prompt
//! everything else is read to its end. With a prompt, stdin counts if its first byte (or its end) comes within half a
//! second; then it too is read to its end. `--stdin` waits however long it takes, `--no-stdin` does not look.

use crate::exit::Failure;
use clap::Args;
use std::{
    io::Read,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// How long stdin may stay silent beside a prompt.
const FIRST_BYTE: Duration = Duration::from_millis(500);
/// The API's bound of a message.
const AT_MOST: usize = 1_000_000;

/// The words and the rule.
#[derive(Debug, Default, Args)]
pub struct PromptArgs {
    /// What to ask; stdin is appended to it as a marked block
    #[arg(value_name = "PROMPT")]
    words: Vec<String>,
    /// Wait for stdin, however long it takes
    #[arg(long, conflicts_with = "no_stdin")]
    stdin: bool,
    /// Don't look at stdin
    #[arg(long)]
    no_stdin: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Piped {
    Text(String),
    /// Nothing in time.
    Silent,
    Unread,
}

/// A prompt whose stdin is still read.
pub struct PendingPrompt {
    words: String,
    source: Option<Receiver<Chunk>>,
    /// `None`: wait for ever.
    until: Option<Instant>,
}

type Chunk = std::io::Result<Vec<u8>>;

impl PromptArgs {
    /// Begins to read stdin beside whatever the command does meanwhile.
    pub fn begin(&self, terminal: bool) -> Result<PendingPrompt, Failure> {
        let words = self.words.join(" ");
        let no_words = words.trim().is_empty();
        let read = self.stdin || (!self.no_stdin && !terminal);
        if no_words && !read {
            return Err(Failure::usage("there is nothing to ask").hint("omega ask \"...\", or pipe the prompt into it"));
        }
        let until = (!no_words && !self.stdin).then(|| Instant::now() + FIRST_BYTE);
        let source = read.then(|| read_in_background(std::io::stdin()));
        Ok(PendingPrompt { words, source, until })
    }
}

impl PendingPrompt {
    /// Whether all of the prompt has to come from stdin.
    pub fn is_only_stdin(&self) -> bool {
        self.words.trim().is_empty()
    }

    /// The message to send, and whether stdin was left out because it stayed silent.
    pub fn finish(self) -> Result<(String, bool), Failure> {
        let piped = match &self.source {
            None => Piped::Unread,
            Some(source) => receive(source, self.until)?,
        };
        let silent = piped == Piped::Silent;
        Ok((compose(self.words, piped)?, silent))
    }
}

/// Chunks as they come; the channel closes at the end. The thread is left behind when nobody wants the rest.
fn read_in_background(mut source: impl Read + Send + 'static) -> Receiver<Chunk> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let chunk = match source.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = chunk.is_err();
            if sender.send(chunk).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

fn receive(source: &Receiver<Chunk>, until: Option<Instant>) -> Result<Piped, Failure> {
    let mut bytes = Vec::new();
    if let Some(until) = until {
        match source.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(chunk) => bytes = chunk?,
            Err(RecvTimeoutError::Timeout) => return Ok(Piped::Silent),
            Err(RecvTimeoutError::Disconnected) => return Ok(Piped::Text(String::new())),
        }
    }
    for chunk in source {
        bytes.extend(chunk?);
        if bytes.len() > AT_MOST {
            return Err(too_long());
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Piped::Text(text)),
        Err(_) => {
            Err(Failure::usage("stdin is no UTF-8 text").hint("convert it first, for example with iconv or base64"))
        }
    }
}

fn compose(words: String, piped: Piped) -> Result<String, Failure> {
    let text = match piped {
        Piped::Text(text) if !text.trim().is_empty() => text,
        _ => String::new(),
    };
    let message = match (words.trim().is_empty(), text.is_empty()) {
        (true, true) => return Err(Failure::usage("there is nothing to ask: the prompt and stdin are empty")),
        (true, false) => text.trim_end().to_owned(),
        (false, true) => words,
        (false, false) => {
            let end = if text.ends_with('\n') { "" } else { "\n" };
            format!("{words}\n\n<stdin>\n{text}{end}</stdin>")
        }
    };
    if message.len() > AT_MOST { Err(too_long()) } else { Ok(message) }
}

/// How a conversation that begins so is listed: by its words, without what was piped in.
pub fn title(message: &str) -> &str {
    message.split("\n\n<stdin>\n").next().unwrap_or(message)
}

fn too_long() -> Failure {
    Failure::usage(format!("the prompt and stdin are longer than {AT_MOST} bytes"))
        .hint("cut it, or give the tool an address to read from")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_stdin_stand_side_by_side() {
        let text = |text: &str| Piped::Text(text.to_owned());
        let cases = [
            ("sum it", Piped::Unread, "sum it"),
            ("sum it", Piped::Silent, "sum it"),
            ("sum it", text("  \n"), "sum it"),
            ("", text("what is 1+1?\n"), "what is 1+1?"),
            ("sum it", text("1\n2\n"), "sum it\n\n<stdin>\n1\n2\n</stdin>"),
            ("sum it", text("1"), "sum it\n\n<stdin>\n1\n</stdin>"),
        ];
        for (words, piped, message) in cases {
            assert_eq!(compose(words.to_owned(), piped).unwrap(), message);
        }
        assert_eq!(compose(String::new(), text("\n")).unwrap_err().exit_code(), 2);
        assert_eq!(compose("x".repeat(AT_MOST + 1), Piped::Unread).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_pipe_that_stays_silent_is_not_waited_for() {
        let (_open, source) = mpsc::channel();
        assert_eq!(receive(&source, Some(Instant::now())).unwrap(), Piped::Silent);
    }

    #[test]
    fn after_its_first_byte_stdin_is_read_to_its_end() {
        let source = read_in_background(std::io::Cursor::new(b"abc".to_vec()));
        assert_eq!(receive(&source, None).unwrap(), Piped::Text("abc".into()));
        let source = read_in_background(std::io::Cursor::new(vec![0xff, 0xfe]));
        assert_eq!(receive(&source, None).unwrap_err().exit_code(), 2);
    }
}
