//! What a process writes: frames that begin with its token, and everything else, which is kept as its log up to a size.

use super::protocol::Frame;
use crate::process::offload;
use bytes::Bytes;
use omega_core::budget::FRAMES;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::ChildStdout,
    sync::Notify,
};

const STDERR_KEPT: usize = 64 << 10;
const CHUNK: usize = 64 << 10;
/// Lines of a call, frames and others: as many of 64 bytes are all that it may write.
const MOST_LINES: usize = 1_000_000;

/// The output of a process, line by line.
pub struct Output {
    stdout: ChildStdout,
    token: String,
    pending: Vec<u8>,
    chunk: Vec<u8>,
    pub written: usize,
    frames: usize,
    lines: usize,
}

pub enum OutputLine {
    /// It began with the token, and what it said after it.
    Frame(Bytes),
    /// The tool's own writing.
    Stray(String),
}

impl Output {
    /// Of a process that was just started and told this token.
    pub fn new(stdout: ChildStdout, token: String) -> Self {
        Self { stdout, token, pending: Vec::new(), chunk: vec![0; CHUNK], written: 0, frames: 0, lines: 0 }
    }

    /// Counts anew, for another job.
    pub fn begin(&mut self) {
        (self.written, self.frames, self.lines) = (0, 0, 0);
    }

    /// The lines that came, stray ones up to so many bytes; `None` at the end. Nothing is lost when the future is dropped.
    pub async fn next(&mut self, strays: usize) -> Option<Vec<OutputLine>> {
        let count = self.stdout.read(&mut self.chunk).await.unwrap_or(0);
        self.written += count;
        (count > 0).then(|| self.lines(count, strays))
    }

    fn lines(&mut self, count: usize, mut strays: usize) -> Vec<OutputLine> {
        let mut lines = Vec::new();
        for piece in self.chunk[..count].split_inclusive(|byte| *byte == b'\n') {
            let Some(end) = piece.strip_suffix(b"\n") else {
                self.pending.extend_from_slice(piece);
                continue;
            };
            self.lines += 1;
            let mut line = std::mem::take(&mut self.pending);
            line.extend_from_slice(end);
            if line.starts_with(self.token.as_bytes()) {
                self.frames += 1;
                lines.push(OutputLine::Frame(Bytes::from(line).slice(self.token.len()..)));
            } else if !line.is_empty() && line.len() <= strays {
                strays -= line.len();
                lines.push(OutputLine::Stray(String::from_utf8_lossy(&line).into_owned()));
            }
        }
        lines
    }

    /// More lines came, or frames among them, than from a call: than so many.
    pub fn is_chatter(&self) -> Option<usize> {
        let over = |count, most| (count > most).then_some(most);
        over(self.frames, FRAMES.most).or_else(|| over(self.lines, MOST_LINES))
    }

    /// What came after the last end of a line.
    pub fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// Reads a frame, a large one away from the runtime's threads; `None` when it is none.
pub async fn read(frame: Bytes, output: usize) -> Option<Frame> {
    offload::run(frame.len(), move || Frame::read(&frame, output)).await
}

/// Log lines up to a size; what comes after is dropped.
pub struct Logs {
    /// In the order of their coming.
    pub lines: Vec<String>,
    left: usize,
}

impl Logs {
    /// At most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { lines: Vec::new(), left: limit }
    }

    /// Bytes that there is room for.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Keeps a line if there is room.
    pub fn push(&mut self, line: &str) {
        if !line.is_empty() && line.len() <= self.left {
            self.left -= line.len();
            self.lines.push(line.to_owned());
        }
    }
}

/// The start of a stream, as far as it is kept.
#[derive(Debug, Default)]
pub struct Start {
    pub text: String,
    /// More came than may.
    pub is_over: bool,
}

/// Reads a stream for its start. From `limit` bytes on it is not read any more, and `noise` is told.
pub async fn start_of(mut stream: impl AsyncRead + Unpin, limit: usize, noise: Arc<Notify>) -> Start {
    let (mut kept, mut chunk, mut read) = (Vec::new(), vec![0; CHUNK], 0);
    while read <= limit {
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            break;
        }
        read += count;
        kept.extend_from_slice(&chunk[..count.min(STDERR_KEPT.saturating_sub(kept.len()))]);
    }
    let is_over = read > limit;
    if is_over {
        noise.notify_one();
    }
    Start { text: String::from_utf8_lossy(&kept).into_owned(), is_over }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;
    use tokio::process::Command;

    /// What comes of a process that writes so, frames marked.
    async fn read_all(script: &str, strays: usize) -> (Vec<String>, String) {
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = Output::new(child.stdout.take().unwrap(), "T".to_owned());
        let mut found = Vec::new();
        while let Some(lines) = output.next(strays).await {
            found.extend(lines.into_iter().map(|line| match line {
                OutputLine::Frame(frame) => format!("<{}>", String::from_utf8_lossy(&frame)),
                OutputLine::Stray(text) => text,
            }));
        }
        (found, output.rest())
    }

    #[tokio::test]
    async fn lines_are_the_same_however_the_bytes_arrive() {
        let all = "printf 'one\\n\\nTtwo three\\nfour'";
        let slow =
            "printf 'on'; sleep 0.02; printf 'e\\n\\nT'; sleep 0.02; printf 'two three\\nfo'; sleep 0.02; printf 'ur'";
        for script in [all, slow] {
            let (lines, rest) = read_all(script, 100).await;
            assert_eq!((lines, rest.as_str()), (vec!["one".to_owned(), "<two three>".to_owned()], "four"), "{script}");
        }
        let (lines, _) = read_all("printf 'too long\\nTframe\\nno\\n'", 3).await;
        assert_eq!(lines, ["<frame>", "no"]);
    }

    #[tokio::test]
    async fn of_an_endless_stream_the_start_is_kept_and_the_rest_is_not_read() {
        let noise = Arc::new(Notify::new());
        let kept = start_of(tokio::io::repeat(b'e'), 1 << 20, Arc::clone(&noise)).await;
        assert_eq!((kept.text.len(), kept.is_over), (STDERR_KEPT, true));
        noise.notified().await;
    }
}
