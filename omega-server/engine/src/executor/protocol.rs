//! What is said between the host and the scripts in the sandbox: a token and one job down, frames up
//! (`runner/channel.mjs`).
//!
//! A tool's code runs where the frames are made, so nothing in them is taken on trust: what [`Frame::read`] gives is within the
//! limits of `omega_core::budget`, and means only what a tool's process may say.

use super::needs::Needs;
use omega_core::{
    budget::{DEPTH, ERROR_DETAILS, ERROR_TEXT, Limit, OUTPUT_VALUES, PARTIAL},
    executor::{Signature, ToolError, ToolErrorCode},
    registry::NeedsApproval,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Describe,
    Execute,
}

/// What a process makes for itself, in its own folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Folder,
    /// One with as good as nothing in it.
    File,
}

/// One with which an MCP server is started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Argument {
    /// As it stands.
    Text(String),
    /// The call's own folder.
    Folder,
}

/// One job. Holds secrets: no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub op: Op,
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
    /// Variables that stand for a place which the process makes for itself; only to describe. What a user gives is never one.
    pub places: BTreeMap<String, Place>,
    /// Bytes of output before it is cut.
    pub max_output: usize,
    /// Tools that the package declares; their exports may be factories.
    pub declared: Vec<String>,
    /// Its MCP server's script, where it is one.
    pub bin: Option<String>,
    /// With which arguments that is started.
    pub arguments: Vec<Argument>,
    /// Whether it is not let go where it gives up; only to describe.
    pub insists: bool,
    /// Subpaths of its `exports` that may hold tools; only to describe.
    pub subpaths: Vec<String>,
    /// URL of the schema converters; only to describe.
    pub converters: Option<String>,
    /// Whether a person allowed the call.
    pub approved: bool,
    /// Whether the process waits for another job behind this one, if it is an MCP server that goes on.
    pub session: bool,
}

/// What a process may be told before its job: to load the package. Holds no secrets: it is not known yet whose call it will
/// serve.
#[derive(Serialize)]
pub struct Preload {
    op: &'static str,
    entry: String,
    env: BTreeMap<String, String>,
}

impl Preload {
    /// Of the package behind `entry`; `env` holds the folders that the process may write.
    pub fn new(entry: String, env: BTreeMap<String, String>) -> Self {
        Self { op: "preload", entry, env }
    }
}

/// A message as it is sent.
pub fn line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

/// A line of stdout that began with the token.
#[derive(Debug)]
pub enum Frame {
    /// Whether the package is loaded, and the variables that it asked for on the way (`*`: it listed all).
    Preloaded {
        ok: bool,
        read: HashSet<String>,
    },
    /// The job is taken up.
    Started,
    Partial(Value),
    Log(String),
    Result(JobResult),
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobResult {
    /// The output, null where it is undefined in JavaScript; or why there is none.
    pub result: Result<Value, ToolError>,
    /// The output was cut.
    pub truncated: bool,
}

/// Names of variables, and the bytes of one, beyond which a package asked for everything there is.
const NAMES: usize = 1000;
const NAME: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Preloaded,
    Started,
    Partial,
    Log,
    Result,
}

/// A frame as it comes. What may be large stays text until it is known how large.
#[derive(Deserialize)]
struct Wire<'a> {
    ev: Event,
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    read: HashSet<String>,
    #[serde(borrow, default)]
    level: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(default)]
    success: bool,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<Explained<'a>>,
    #[serde(default)]
    truncated: bool,
}

/// A failure as the scripts explain it.
#[derive(Deserialize)]
struct Explained<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow, default)]
    details: Option<&'a RawValue>,
}

impl Frame {
    /// The frame of a line, with so many bytes of output; `None` when it is none.
    pub fn read(line: &[u8], output: usize) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_slice(line).ok()?;
        Some(match wire.ev {
            Event::Preloaded => Self::Preloaded { ok: wire.ok, read: names(wire.read) },
            Event::Started => Self::Started,
            Event::Partial => Self::Partial(value(wire.output, PARTIAL.most).0),
            Event::Log => Self::Log(format!("{}: {}", level(&wire.level), wire.text)),
            Event::Result => Self::Result(match wire.error {
                None if wire.success => {
                    let (output, cut) = value(wire.output, output);
                    JobResult { result: Ok(output), truncated: cut || wire.truncated }
                }
                None => JobResult { result: Err(unexplained()), truncated: false },
                Some(error) => JobResult { result: Err(error.into()), truncated: false },
            }),
        })
    }
}

fn unexplained() -> ToolError {
    ToolError::new(ToolErrorCode::ToolError, "the tool failed and did not say why")
}

fn level(said: &str) -> &str {
    match said {
        "info" | "warn" | "error" | "debug" | "trace" => said,
        _ => "log",
    }
}

fn names(read: HashSet<String>) -> HashSet<String> {
    if read.len() > NAMES || read.iter().any(|name| name.len() > NAME) { HashSet::from(["*".to_owned()]) } else { read }
}

/// A value of at most so many bytes, and whether it was cut for that. What is too large, too deep or of too many parts to
/// become a value is the beginning of its own text.
fn value(raw: Option<&RawValue>, most: usize) -> (Value, bool) {
    let text = raw.map_or("null", RawValue::get);
    let is_text = text.starts_with('"');
    if is_text || (text.len() <= most && fits(text)) {
        let mut value = serde_json::from_str(text).unwrap_or(Value::Null);
        let cut = matches!(&value, Value::String(text) if text.len() > most);
        if let (true, Value::String(text)) = (cut, &mut value) {
            text.truncate(text.floor_char_boundary(most));
        }
        return (value, cut);
    }
    (Value::String(text[..text.floor_char_boundary(most)].to_owned()), true)
}

/// Whether what a JSON text says is neither too deep nor of too many values. The text is well formed.
fn fits(text: &str) -> bool {
    let (mut depth, mut values) = (0_usize, 1_usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                depth += 1;
                values += 1;
                if DEPTH.check(depth).is_err() {
                    return false;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    OUTPUT_VALUES.check(values).is_ok()
}

impl From<Explained<'_>> for ToolError {
    fn from(explained: Explained<'_>) -> Self {
        let message = shortened(&explained.message, ERROR_TEXT);
        let details = explained.details.filter(|raw| ERROR_DETAILS.check(raw.get().len()).is_ok() && fits(raw.get()));
        let details = details.and_then(|raw| serde_json::from_str(raw.get()).ok());
        Self { code: code(&explained.code), message, details }
    }
}

fn shortened(text: &str, limit: Limit) -> String {
    limit.cut(text).0.text().to_owned()
}

/// The codes that a tool's process has a say in. What people, the registry or the server decide it can't.
fn code(said: &str) -> ToolErrorCode {
    match said {
        "MISSING_ENV_VARS" => ToolErrorCode::MissingEnvVars,
        "INVALID_CREDENTIALS" => ToolErrorCode::InvalidCredentials,
        "INVALID_INPUT" => ToolErrorCode::InvalidInput,
        "IMPORT_FAILED" => ToolErrorCode::ImportFailed,
        "TOOL_NOT_FOUND" => ToolErrorCode::ToolNotFound,
        "NOT_A_TOOL" => ToolErrorCode::NotATool,
        "PERMISSION_DENIED" => ToolErrorCode::PermissionDenied,
        "NETWORK_BLOCKED" => ToolErrorCode::NetworkBlocked,
        "CANCELLED" => ToolErrorCode::Cancelled,
        "NEEDS_APPROVAL" => ToolErrorCode::NeedsApproval,
        "OUT_OF_MEMORY" => ToolErrorCode::OutOfMemory,
        _ => ToolErrorCode::ToolError,
    }
}

/// What a description holds.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    pub tools: Vec<FoundTool>,
    pub functions: Vec<String>,
    /// How functions are called, by the way to them.
    #[serde(default)]
    pub signatures: BTreeMap<String, Signature>,
    /// The ways to all that can be called, methods of objects and classes too.
    #[serde(default)]
    pub ways: Vec<String>,
    /// Those of them that may become tools without being named, the likeliest first.
    #[serde(default)]
    pub offered: Vec<String>,
    /// What by its name makes tools and made none, with the reason.
    #[serde(default)]
    pub unmade: Vec<String>,
    /// What made tools of something that a program has and no call: a client, or settings.
    #[serde(default)]
    pub lent: Vec<String>,
    /// Whether the package has declarations of its types; those of others are installed beside it otherwise.
    #[serde(default)]
    pub typed: bool,
    /// Whether it was seen to start a program.
    #[serde(default)]
    pub starts_programs: bool,
    /// What it was given beyond an ordinary process; the host finds that out.
    #[serde(default)]
    pub needs: Needs,
    /// Variables that the package reads when it is imported.
    pub read_at_import: Vec<String>,
    /// Why its own module can't be imported, where other modules of it can.
    #[serde(default)]
    pub import_failure: Option<String>,
    /// Why what may be its MCP server gave no tools.
    #[serde(default)]
    pub server_failure: Option<String>,
    /// With which arguments that starts; the host finds that out.
    #[serde(default)]
    pub arguments: Vec<Argument>,
    /// Those without which it can't be imported; the host finds them out.
    #[serde(default)]
    pub needed_at_import: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct FoundTool {
    pub name: String,
    pub shape: String,
    pub description: String,
    pub input_schema: Value,
    /// Variables that its factory read.
    pub env_read: Vec<String>,
    /// Whether its author says that it destroys something.
    #[serde(default)]
    pub destructive: bool,
    /// Those without which it made nothing.
    #[serde(default)]
    pub env_needed: Vec<String>,
    #[serde(default)]
    pub needs_approval: Option<NeedsApproval>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OUTPUT: usize = 1000;

    fn answer(frame: &Value) -> JobResult {
        match Frame::read(frame.to_string().as_bytes(), OUTPUT) {
            Some(Frame::Result(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn failure(error: Value) -> ToolError {
        answer(&json!({ "ev": "result", "success": false, "error": error })).result.unwrap_err()
    }

    #[test]
    fn an_output_is_a_value_or_the_beginning_of_its_text() {
        let deep = |levels: usize| serde_json::from_str::<Value>(&("[".repeat(levels) + &"]".repeat(levels))).unwrap();
        let text = |bytes: usize| json!("é".repeat(bytes / 2));
        for (output, cut) in [
            (json!({ "a": [1, "[[[", "\\\"[", null] }), false),
            (deep(64), false),
            (deep(65), true),
            (text(OUTPUT), false),
            (text(OUTPUT + 2), true),
            (json!(["x".repeat(OUTPUT - 4)]), false),
            (json!(["x".repeat(OUTPUT - 3)]), true),
        ] {
            let answer = answer(&json!({ "ev": "result", "success": true, "output": output }));
            assert_eq!(answer.truncated, cut, "{output}");
            let kept = answer.result.unwrap();
            if cut {
                let whole = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
                let kept = kept.as_str().unwrap();
                assert!(whole.starts_with(kept) && kept.len() <= OUTPUT, "{kept}");
            } else {
                assert_eq!(kept, output);
            }
        }
        let many = format!(r#"{{"ev":"result","success":true,"output":[{}1]}}"#, "1,".repeat(OUTPUT_VALUES.most));
        let Some(Frame::Result(many)) = Frame::read(many.as_bytes(), 32 << 20) else { panic!("it is no result") };
        assert!(many.truncated && many.result.unwrap().is_string());
    }

    #[test]
    fn an_error_is_short_and_has_a_code_that_tools_may_have() {
        for (said, meant) in [
            ("MISSING_ENV_VARS", ToolErrorCode::MissingEnvVars),
            ("ENOENT", ToolErrorCode::ToolError),
            ("DENIED", ToolErrorCode::ToolError),
            ("UNKNOWN", ToolErrorCode::ToolError),
            ("REPLACED", ToolErrorCode::ToolError),
            ("BREAKER_OPEN", ToolErrorCode::ToolError),
            ("RUNTIME_UNAVAILABLE", ToolErrorCode::ToolError),
        ] {
            assert_eq!(failure(json!({ "code": said, "message": "m" })).code, meant, "{said}");
        }
        let large = "é".repeat(ERROR_TEXT.most);
        let error = failure(json!({ "code": "TOOL_ERROR", "message": large, "details": { "x": "y".repeat(70_000) } }));
        assert_eq!((error.message.len(), error.details), (ERROR_TEXT.most, None));
        let deep: Value = serde_json::from_str(&("[".repeat(100) + &"]".repeat(100))).unwrap();
        assert_eq!(failure(json!({ "code": "x", "message": "m", "details": deep })).details, None);
        let kept = failure(json!({ "code": "x", "message": "m", "details": { "missing": ["A"] } })).details;
        assert_eq!(kept, Some(json!({ "missing": ["A"] })));
        assert!(answer(&json!({ "ev": "result" })).result.is_err());
    }

    #[test]
    fn what_comes_on_the_way_is_short_too() {
        let read = |frame: Value| Frame::read(frame.to_string().as_bytes(), OUTPUT).unwrap();
        let Frame::Partial(partial) = read(json!({ "ev": "partial", "output": "x".repeat(PARTIAL.most + 9) })) else {
            panic!("it is no partial output")
        };
        assert_eq!(partial.as_str().map(str::len), Some(PARTIAL.most));
        let Frame::Log(line) = read(json!({ "ev": "log", "level": "an invented\nlevel", "text": "hello" })) else {
            panic!("it is no line of a log")
        };
        assert_eq!(line, "log: hello");
        let names: Vec<_> = (0..=NAMES).map(|number| number.to_string()).collect();
        for read_names in [names, vec!["A".repeat(NAME + 1)]] {
            let Frame::Preloaded { read, .. } = read(json!({ "ev": "preloaded", "ok": true, "read": read_names }))
            else {
                panic!("it is not loaded")
            };
            assert_eq!(read, HashSet::from(["*".to_owned()]));
        }
        for none in ["", "{}", "[]", r#"{"ev":"other"}"#, r#"{"ev":"result""#, r#"{"ev":"log","text":7}"#] {
            assert!(Frame::read(none.as_bytes(), OUTPUT).is_none(), "{none}");
        }
    }
}
