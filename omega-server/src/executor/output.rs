//! What a process writes: frames that begin with its token, and everything else, which is kept as its log up to a size.

use super::protocol::{Frame, Lines};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::ChildStdout,
};

const STDERR_KEPT: u64 = 64 << 10;
const CHUNK: usize = 64 << 10;

/// The output of a process, line by line.
pub struct Output {
    stdout: ChildStdout,
    lines: Lines,
    chunk: Vec<u8>,
    /// Bytes so far.
    pub written: usize,
}

/// A line of it.
pub enum Line {
    /// It began with the token.
    Frame(Frame),
    /// It began with the token but is no frame.
    Unreadable,
    /// The tool's own writing.
    Stray(String),
}

impl Output {
    /// Of a process that was just started.
    pub fn new(stdout: ChildStdout) -> Self {
        Self { stdout, lines: Lines::default(), chunk: vec![0; CHUNK], written: 0 }
    }

    /// The lines that came; `None` at the end. Nothing is lost when the future is dropped.
    pub async fn next(&mut self, token: &str) -> Option<Vec<Line>> {
        let count = self.stdout.read(&mut self.chunk).await.unwrap_or(0);
        self.written += count;
        (count > 0).then(|| self.lines.push(&self.chunk[..count]).iter().map(|line| read_line(line, token)).collect())
    }

    /// What came after the last end of a line.
    pub fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.lines).rest()).into_owned()
    }
}

fn read_line(line: &[u8], token: &str) -> Line {
    match line.strip_prefix(token.as_bytes()) {
        Some(frame) => serde_json::from_slice(frame).map_or(Line::Unreadable, Line::Frame),
        None => Line::Stray(String::from_utf8_lossy(line).into_owned()),
    }
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

    /// Keeps a line if there is room.
    pub fn push(&mut self, line: &str) {
        if !line.is_empty() && line.len() <= self.left {
            self.left -= line.len();
            self.lines.push(line.to_owned());
        }
    }
}

/// The start of a stream; the rest is read and dropped so that its writer does not block.
pub async fn start_of(mut stream: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let _ = (&mut stream).take(STDERR_KEPT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}
