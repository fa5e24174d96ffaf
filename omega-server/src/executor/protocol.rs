//! What is said between the host and the scripts in the sandbox: one job down, frames up (`runner/channel.mjs`).

use omega_core::executor::{ToolError, ToolErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Describe,
    Execute,
}

/// One job. Holds secrets: no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub op: Op,
    /// Begins every frame; set by the process that runs the job.
    pub token: String,
    /// URL of the image's `entry.mjs`.
    pub entry: String,
    /// The export, or a dotted path.
    pub name: String,
    /// Id that the tool sees.
    pub id: String,
    /// Input of a tool.
    pub input: Option<Value>,
    /// Positional arguments of a plain function: each a list of one, or of none where it is left out. JSON has no `undefined`.
    pub args: Option<Vec<Vec<Value>>>,
    pub env: BTreeMap<String, String>,
    /// Bytes of output before it is cut.
    pub max_output: usize,
    /// Tools that the package declares; their exports may be factories.
    pub declared: Vec<String>,
    /// URL of the schema converters; only to describe.
    pub converters: Option<String>,
}

/// What a process may be told before its job: to load the package. Holds no secrets: it is not known yet whose call it will
/// serve.
#[derive(Serialize)]
pub struct Preload {
    op: &'static str,
    /// Begins its frame.
    pub token: String,
    entry: String,
    env: BTreeMap<String, String>,
}

impl Preload {
    /// Of the package behind `entry`; `env` holds the folders that the process may write.
    pub fn new(entry: String, env: BTreeMap<String, String>) -> Self {
        Self { op: "preload", token: new_token(), entry, env }
    }

    /// As it is sent.
    pub fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What nobody can guess.
pub fn new_token() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A line of stdout that began with the token.
#[derive(Debug, Deserialize)]
#[serde(tag = "ev", rename_all = "lowercase")]
pub enum Frame {
    /// Whether the package is loaded, and the variables that it asked for on the way (`*`: it listed all).
    Preloaded {
        ok: bool,
        read: HashSet<String>,
    },
    /// The job is taken up.
    Started,
    Partial {
        output: Option<Value>,
    },
    Log {
        level: String,
        text: String,
    },
    Result(Box<Answer>),
}

/// The end of a job.
#[derive(Debug, Clone, Deserialize, PartialEq)]
pub struct Answer {
    pub success: bool,
    /// Missing when it is undefined in JavaScript.
    #[serde(default)]
    pub output: Option<Value>,
    #[serde(default)]
    pub error: Option<Explained>,
    #[serde(default)]
    pub truncated: bool,
}

/// A failure as the scripts explain it.
#[derive(Debug, Clone, Deserialize, PartialEq)]
pub struct Explained {
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub details: Option<Value>,
}

impl From<Explained> for ToolError {
    fn from(explained: Explained) -> Self {
        let code = serde_json::from_value(Value::String(explained.code)).unwrap_or(ToolErrorCode::ToolError);
        Self { code, message: explained.message, details: explained.details }
    }
}

/// What a description holds.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    pub tools: Vec<FoundTool>,
    pub functions: Vec<String>,
    /// Variables that the package reads when it is imported.
    pub read_at_import: Vec<String>,
}

/// One tool of it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct FoundTool {
    pub name: String,
    pub shape: String,
    pub description: String,
    pub input_schema: Value,
    /// Variables that its factory read.
    pub env_read: Vec<String>,
}

/// Cuts a stream of bytes into lines.
#[derive(Default)]
pub struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// The lines that `chunk` completes, without their ends.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(&rest[..end]);
            lines.push(std::mem::take(&mut self.pending));
            rest = &rest[end + 1..];
        }
        self.pending.extend_from_slice(rest);
        lines
    }

    /// What came after the last end of a line.
    pub fn rest(self) -> Vec<u8> {
        self.pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text = b"one\n\ntwo three\nfour";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let found: Vec<_> = text.chunks(size).flat_map(|chunk| lines.push(chunk)).collect();
            assert_eq!(found, [b"one".to_vec(), b"".to_vec(), b"two three".to_vec()], "chunks of {size}");
            assert_eq!(lines.rest(), b"four");
        }
    }

    #[test]
    fn an_unknown_code_is_an_error_of_the_tool() {
        let explained = |code: &str| Explained { code: code.into(), message: String::new(), details: None };
        assert_eq!(ToolError::from(explained("MISSING_ENV_VARS")).code, ToolErrorCode::MissingEnvVars);
        assert_eq!(ToolError::from(explained("ENOENT")).code, ToolErrorCode::ToolError);
    }
}
