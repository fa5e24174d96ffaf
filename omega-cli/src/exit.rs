//! How a command ends: one table of exit codes, and the one place where failures get theirs.
//!
//! 0 ok · 1 the run failed · 2 usage · 3 not signed in · 4 missing credentials · 5 approval or plan choice needed or
//! denied · 6 server unreachable or stream lost · 7 limit or timeout · 8 answer does not match the schema · 9 answer cut by a
//! filter or a limit of length, or refused · 130 SIGINT · 143 SIGTERM. A reader of stdout that went away is a quiet end with 0.

use omega_core::{
    api::RunError,
    client::ClientError,
    local::{api_keys::KeyError, config::ConfigError, dirs::NoHome, server::StartError},
};
use std::{error::Error, fmt, io};

/// What a script can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The run, or the tool, failed.
    Failed = 1,
    /// The command line, a file or an input is wrong.
    Usage = 2,
    /// No key, or one that the server refuses.
    NotSignedIn = 3,
    /// A tool needs variables that were not given.
    MissingCredentials = 4,
    /// A person has to decide first.
    NeedsDecision = 5,
    /// The server, or its stream, is gone.
    Unreachable = 6,
    /// A limit, a budget or a deadline.
    Limit = 7,
    /// The answer is not what `--schema` asks for.
    SchemaMismatch = 8,
    /// There is an answer, but not all of it: a filter or a limit of length cut it, or the model refused.
    Incomplete = 9,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// `None`: stdout's reader went away, which is nobody's fault.
    code: Option<Code>,
    message: Option<String>,
    hint: Option<String>,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: Some(code), message: Some(message.into()), hint: None }
    }

    /// A wrong command line, file or input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// A failure that was said already.
    pub fn silent(code: Code) -> Self {
        Self { code: Some(code), message: None, hint: None }
    }

    /// The same failure, when its message was printed already.
    #[must_use]
    pub fn said(self) -> Self {
        Self { message: None, hint: None, ..self }
    }

    /// The same failure with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn exit_code(&self) -> u8 {
        self.code.map_or(0, |code| code as u8)
    }

    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What the server said; when it found nothing, this and the next step in place of its words.
    pub fn unless_missing(error: ClientError, missing: impl Into<String>, hint: &str) -> Self {
        match error {
            ClientError::NotFound(_) => Self::usage(missing).hint(hint),
            other => other.into(),
        }
    }

    /// A run that ended with `run.failed`.
    pub fn of_run(error: &RunError) -> Self {
        let failure =
            Self::new(code_of(&error.code).unwrap_or(Code::Failed), format!("{} ({})", error.error, error.code));
        match next_step(&error.code) {
            Some(hint) => failure.hint(hint),
            None if error.retryable => failure.hint("it may help to ask again"),
            None => failure,
        }
    }

    /// What stdout did not take; a reader that went away is nobody's fault.
    pub fn of_stdout(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => error.into(),
            _ => Self::new(Code::Failed, format!("stdout can't be written to: {error}")),
        }
    }

    /// A tool that gave no output.
    pub fn of_tool(code: Option<&str>, message: &str) -> Self {
        let text = code.map_or_else(|| message.to_owned(), |code| format!("{message} ({code})"));
        Self::new(code.and_then(code_of).unwrap_or(Code::Failed), text)
    }
}

/// What the command line has for a run that failed by this code: the server's own words are for every client.
fn next_step(code: &str) -> Option<&'static str> {
    Some(match code {
        "PROVIDER_KEY_MISSING" => "`omega models` shows what works without",
        "PROVIDER_AUTH" => "`omega models` shows which keys are set",
        "MODEL_NOT_FOUND" => "`omega models` lists models that you can use",
        "PROVIDER_UNREACHABLE" => "`--model omega/offline` needs no network",
        "PROVIDER_RATE_LIMITED" => "`--model` chooses another model",
        _ => return None,
    })
}

/// Codes of runs, tools and refusals that mean more than "it failed".
fn code_of(code: &str) -> Option<Code> {
    Some(match code {
        "MISSING_ENV_VARS" | "PROVIDER_KEY_MISSING" => Code::MissingCredentials,
        "UNAUTHENTICATED" => Code::NotSignedIn,
        "INVALID_INPUT" | "INVALID_PARAMS" | "INVALID_TOOL_ID" | "BAD_REQUEST" | "NOT_FOUND" | "TOOL_NOT_FOUND"
        | "PACKAGE_NOT_FOUND" | "MODEL_CONFIG" | "MODEL_NOT_FOUND" => Code::Usage,
        "DENIED" => Code::NeedsDecision,
        "TIMEOUT"
        | "RUN_TIMEOUT"
        | "DEADLINE"
        | "BUDGET_EXCEEDED"
        | "REPEATED_CALL"
        | "CALL_CUT"
        | "RATE_LIMITED"
        | "QUEUE_FULL"
        | "OVERLOADED"
        | "STORAGE_FULL"
        | "CPU_LIMIT"
        | "DISK_LIMIT"
        | "OUT_OF_MEMORY"
        | "OUTPUT_TOO_LARGE"
        | "UPSTREAM_TIMEOUT"
        | "PROVIDER_RATE_LIMITED" => Code::Limit,
        "CONTENT_FILTER" | "REFUSAL" | "ANSWER_CUT" => Code::Incomplete,
        "STREAM_LOST" | "DRAINING" | "UPSTREAM_UNAVAILABLE" | "BREAKER_OPEN" => Code::Unreachable,
        _ => return None,
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_default())
    }
}

impl Error for Failure {}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match &error {
            ClientError::Unauthenticated(_) => {
                Self::new(Code::NotSignedIn, text).hint("sign in with `omega login URL`, or set OMEGA_API_KEY")
            }
            ClientError::Forbidden(_) => Self::new(Code::Failed, text),
            ClientError::NotFound(_) => Self::usage(text).hint("`omega recent` lists the conversations that you used"),
            ClientError::RateLimited { retry_after, .. } => {
                let failure = Self::new(Code::Limit, text);
                match retry_after {
                    Some(after) => failure.hint(format!("try again in {} s", after.as_secs())),
                    None => failure,
                }
            }
            ClientError::Unreachable { .. } | ClientError::StreamLost { .. } => Self::new(Code::Unreachable, text)
                .hint("`omega doctor` looks for the cause; what the server accepted goes on there"),
            ClientError::Protocol { .. } => {
                Self::new(Code::Unreachable, text).hint("check the address (--server, OMEGA_SERVER)")
            }
            ClientError::Refused { status, code, details, .. } => {
                let by_status = match status {
                    400 | 413 | 415 | 422 => Code::Usage,
                    503 => Code::Unreachable,
                    504 => Code::Limit,
                    _ => Code::Failed,
                };
                // What the sandbox or the provider said is nearer than what the route makes of it.
                let tool = details.get("tool").and_then(|tool| tool["code"].as_str());
                let provider = details.get("provider").and_then(serde_json::Value::as_str);
                let codes = [tool, provider, code.as_deref()];
                Self::new(codes.into_iter().flatten().find_map(code_of).unwrap_or(by_status), text)
            }
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let failure = Self::new(Code::Unreachable, error.to_string());
        match error {
            StartError::Foreground { .. } => Self { code: Some(Code::Usage), ..failure },
            StartError::Io { .. } | StartError::Ended { .. } => {
                failure.hint("`omega doctor` looks for the cause; OMEGA_HOME moves the folders")
            }
            _ => failure,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::new(Code::NotSignedIn, error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: None, message: None, hint: None };
        }
        Self::new(Code::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_its_exit_code() {
        let refused = |status, code: &str| {
            let body = serde_json::json!({"error": "x", "details": {"code": code}}).to_string();
            Failure::from(ClientError::of_response(status, None, &body)).exit_code()
        };
        let cases = [
            (refused(401, "UNAUTHENTICATED"), 3),
            (refused(400, "MISSING_ENV_VARS"), 4),
            (refused(404, "NOT_FOUND"), 2),
            (refused(422, "INVALID_INPUT"), 2),
            (refused(429, "RATE_LIMITED"), 7),
            (refused(500, "INTERNAL"), 1),
            (refused(502, "UPSTREAM_FAILED"), 1),
            (refused(503, "DRAINING"), 6),
            (refused(503, "STORAGE_FULL"), 7),
            (Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit_code(), 0),
            (Failure::of_tool(Some("TIMEOUT"), "x").exit_code(), 7),
            (Failure::of_tool(Some("TOOL_ERROR"), "x").exit_code(), 1),
            (Failure::of_tool(None, "x").exit_code(), 1),
            (Failure::silent(Code::Interrupted).exit_code(), 130),
        ];
        for (at, (code, expected)) in cases.into_iter().enumerate() {
            assert_eq!(code, expected, "case {at}");
        }
    }
}
