//! The two tools through which every model reaches the registry, as TPMJS defines them, one that reads on in what is there
//! already, and one that proposes a package to add: their names, what they take and what they give.

use crate::{exact::Exact, id::ToolId, sanitize::one_line, schema::decoded};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Name of the tool that searches the registry.
pub const SEARCH: &str = "registrySearchTool";
/// Name of the tool that runs any tool of the registry.
pub const EXECUTE: &str = "registryExecuteTool";

/// Name of the tool that reads a part of an output, or of what was piped in.
pub const READ: &str = "readOutput";
/// Name of the tool that proposes a package to add; runs have it that may.
pub const ADD: &str = "registryAddTool";
/// All of them, in the order in which a model gets them.
pub const ALL: [&str; 4] = [SEARCH, EXECUTE, READ, ADD];
/// Bytes of one part that [`READ`] gives, so that a result holds it uncut.
pub const READ_BYTES: usize = 24 * 1024;

/// Input of [`READ`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadInput {
    /// `call_3`, or `stdin`.
    pub handle: String,
    /// JSON pointer of a part; empty for all of it.
    #[serde(default)]
    pub path: String,
    /// Characters of a text, or items of a list, that are skipped.
    #[serde(default)]
    pub offset: usize,
    /// The most of them that are wanted.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// JSON Schema of [`ReadInput`].
#[must_use]
pub fn read_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "handle": {"type": "string", "description": "Of a result (call_3), or stdin"},
            "path": {"type": "string", "description": "JSON pointer of the part to read, such as /rows/0"},
            "offset": {"type": "integer", "minimum": 0, "description": "Characters of a text, or items of a list, to skip"},
            "limit": {"type": "integer", "minimum": 1, "description": "At most so many of them"},
        },
        "required": ["handle"],
        "additionalProperties": false,
    })
}

/// Input of [`SEARCH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchInput {
    pub query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// 1 to 20.
    #[serde(default = "five")]
    pub limit: usize,
}

fn five() -> usize {
    5
}

/// What a call of [`EXECUTE`] asks for. It has no `env`: secrets never come from the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Execute {
    /// `package::export`, or a name that means one.
    pub tool_id: String,
    pub params: Exact,
    /// Whether the input's fields stand beside the tool's id, and not in `params`.
    pub is_flat: bool,
}

impl Execute {
    /// Reads the input of a call.
    ///
    /// # Errors
    /// Why it can't be meant: nothing that a model wrote is dropped.
    pub fn of(input: &Exact) -> Result<Self, String> {
        let form = format!("{EXECUTE} needs {{\"toolId\": \"package::export\", \"params\": {{...}}}}");
        let Some(fields) = input.value.as_object() else { return Err(form) };
        let tool_id = match fields.get("toolId").and_then(Value::as_str).map(str::trim) {
            Some(tool_id) if !tool_id.is_empty() => tool_id.to_owned(),
            _ => return Err(format!("{form}; search for the tool's id with {SEARCH} first")),
        };
        let beside: Vec<&str> =
            fields.keys().map(String::as_str).filter(|name| !["toolId", "params"].contains(name)).collect();
        let params = input.part("params");
        if beside.is_empty() {
            return Ok(Self {
                tool_id,
                params: read_params(params).ok_or(format!("{form}: params must be an object"))?,
                is_flat: false,
            });
        }
        if params.is_some() {
            let names = one_line(&beside.join(", "), 200);
            return Err(format!(
                "{names} stand beside params and would be lost; {form}, with all of the tool's input in params"
            ));
        }
        let mut params = input.clone();
        params.take_out("toolId");
        Ok(Self { tool_id, params, is_flat: true })
    }

    /// Why a call that was recorded as it was written is not run.
    #[must_use]
    pub fn refusal(input: &Exact) -> String {
        match Self::of(input) {
            Err(words) => words,
            Ok(Self { tool_id, params, is_flat: true }) => {
                let names: Vec<&str> =
                    params.value.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
                format!(
                    "{} stand beside toolId, and it is not certain that they are the input of {}; put the tool's input into \
                     params: {{\"toolId\": \"...\", \"params\": {{...}}}}",
                    one_line(&names.join(", "), 200),
                    one_line(&tool_id, 100)
                )
            }
            Ok(Self { tool_id, is_flat: false, .. }) => format!(
                "{} is no tool's id; an id looks like package::export. Search for it with {SEARCH} first",
                one_line(&tool_id, 100)
            ),
        }
    }
}

/// An object, missing, empty or written as text too.
fn read_params(params: Option<Exact>) -> Option<Exact> {
    let empty = || Exact::of(json!({}));
    let Some(params) = params else { return Some(empty()) };
    match &params.value {
        Value::Null => Some(empty()),
        Value::String(text) if text.trim().is_empty() => Some(empty()),
        Value::String(text) => decoded(text).filter(|params| params.value.is_object()),
        Value::Object(_) => Some(params),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// Output of [`SEARCH`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchOutput {
    pub query: String,
    pub match_count: usize,
    /// They, best first.
    pub tools: Vec<FoundTool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundTool {
    /// `package::export`.
    pub tool_id: ToolId,
    /// The name under which it is callable from the next step on; missing when it is not among the best that are loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_as: Option<String>,
    pub name: String,
    pub package: String,
    pub version: String,
    /// What it does: foreign text, cut at 600 characters.
    pub description: String,
    /// TPMJS's category.
    pub category: String,
    /// JSON Schema of its input, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// Variables that it cannot run without.
    pub required_env_vars: Vec<String>,
    /// Those of them that the user has not given.
    pub missing_env_vars: Vec<String>,
    /// `HEALTHY`, `BROKEN` or `UNKNOWN`.
    pub health_status: String,
}

/// JSON Schema of [`SearchInput`].
#[must_use]
pub fn search_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What the tool should do, in a few words"},
            "category": {"type": "string", "description": "Only this category"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 20, "default": 5},
        },
        "required": ["query"],
        "additionalProperties": false,
    })
}

/// Input of [`ADD`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddInput {
    /// npm name, with `@VERSION` behind it or without.
    pub package: String,
    /// Only this one of its plain functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// What for, in the model's words; for the person who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl AddInput {
    /// The package's name, and the version that was named.
    #[must_use]
    pub fn name_and_version(&self) -> (&str, Option<&str>) {
        let text = self.package.trim();
        match text.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        }
    }
}

/// JSON Schema of [`AddInput`].
#[must_use]
pub fn add_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "package": {"type": "string", "description": "Name on npm, such as left-pad or @scope/name; an exact version may follow behind an @"},
            "function": {"type": "string", "description": "Only this one of its plain functions; left out, its tools are added, or its likeliest functions where it holds no tools"},
            "why": {"type": "string", "description": "What you need it for, in a sentence for the person"},
        },
        "required": ["package"],
        "additionalProperties": false,
    })
}

/// Output of [`ADD`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddOutput {
    pub package: String,
    /// The version that was added.
    pub version: String,
    /// What it brought.
    pub tools: Vec<FoundTool>,
    /// Plain functions that could be added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// What was left out or cut, and what to do when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}
