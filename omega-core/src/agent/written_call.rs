//! From a call as a model wrote it to the call that is recorded: which tool it means, and its input as that tool means it.
//!
//! [`WrittenCall::of`] reads what can be read without the registry, and says which tool to look for. [`WrittenCall::proposal`] takes the
//! tool that was found, and reads the input by its schema. What can't be read without loss is recorded as it was written, so
//! that its refusal can be told from the record alone ([`refusal`]).

use super::{Proposal, input, names::ToolSet, tool_resolution};
use crate::{
    exact::Exact,
    executor::{ToolError, ToolErrorCode},
    id::ToolId,
    model::{ToolCall, gate::schema::unwrapped},
    registry::{
        Tool,
        meta::{self, Execute},
    },
    schema::Schema,
};
use serde_json::{Value, json};

/// A call, read as far as that goes without its tool.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenCall {
    call: ToolCall,
    tool_id: String,
    version: String,
    input: Exact,
    means: Means,
}

/// What kind of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Nothing is to be looked for: a meta-tool, or a call that is refused.
    Nothing,
    /// A tool, called by its name.
    Tool,
    /// A tool, called by [`meta::EXECUTE`].
    Executed,
    /// The same, with the input's fields beside the tool's id.
    Flat,
}

impl WrittenCall {
    /// Reads a call. `tools` are those that can be called by their names.
    pub fn of(call: &ToolCall, tools: &ToolSet) -> Self {
        let name = tool_resolution::bare(&call.name);
        let own = meta::ALL.into_iter().find(|own| tool_resolution::folded(own) == tool_resolution::folded(name));
        let recorded = |input: Exact, means| {
            let tool_id = own.map_or_else(|| call.name.clone(), str::to_owned);
            Self { call: call.clone(), tool_id, version: String::new(), input, means }
        };
        let Ok(input) = call.read() else {
            let raw = Exact::of(Value::String(call.arguments.clone()));
            let id = tools.meant(&call.name).filter(|_| own.is_none());
            let written = recorded(raw, Means::Nothing);
            return match id {
                Some(id) => Self { tool_id: id.to_string(), version: tools.version_of(id), ..written },
                None => written,
            };
        };
        match own {
            Some(meta::EXECUTE) => match Execute::of(&input) {
                Ok(Execute { tool_id, params, is_flat }) => {
                    let id = tool_id.parse().ok().or_else(|| tools.meant(&tool_id).cloned());
                    let means = if is_flat { Means::Flat } else { Means::Executed };
                    let version = id.as_ref().map(|id| tools.version_of(id)).unwrap_or_default();
                    let tool_id = id.map_or(tool_id, |id: ToolId| id.to_string());
                    Self { tool_id, version, ..recorded(params, means) }
                }
                Err(_) => recorded(input, Means::Nothing),
            },
            Some(meta::READ) => recorded(input::read(Some(&meta::read_schema()), input), Means::Nothing),
            Some(meta::ADD) => recorded(input::read(Some(&meta::add_schema()), input), Means::Nothing),
            Some(_) => recorded(input::read(Some(&meta::search_schema()), input), Means::Nothing),
            None => match tools.meant(&call.name) {
                Some(id) => {
                    let version = tools.version_of(id);
                    Self { tool_id: id.to_string(), version, ..recorded(input, Means::Tool) }
                }
                None => recorded(input, Means::Tool),
            },
        }
    }

    /// The tool to look for: its id, or the name that the model wrote.
    pub fn looks_for(&self) -> Option<&str> {
        (self.means != Means::Nothing).then_some(self.tool_id.as_str())
    }

    /// Its input, not read yet.
    pub fn input(&self) -> &Value {
        &self.input.value
    }

    /// The call as it is to be recorded. Without a tool nobody knows what its input means.
    #[must_use]
    pub fn proposal(self, tool: Option<&Tool>) -> Proposal {
        let Self { call, mut tool_id, mut version, input, means } = self;
        let raw = || Value::String(call.arguments.clone());
        let schema = tool.and_then(|tool| tool.input_schema.as_ref());
        if let Some(tool) = tool {
            tool_id = tool.tool_id.to_string();
            version.clone_from(&tool.version);
        }
        let is_tool = tool.is_some() || tool_id.parse::<ToolId>().is_ok();
        if means == Means::Flat && !is_clear(schema, &input.value) || means == Means::Executed && !is_tool {
            let input = call.read().map_or_else(|_| raw(), |input| input.value);
            return Proposal {
                tool_id: meta::EXECUTE.into(),
                tool_name: meta::EXECUTE.into(),
                version: String::new(),
                input,
                call,
            };
        }
        let input = schema.into_iter().fold(input, |input, schema| unwrapped(schema, input));
        let read = if means == Means::Nothing { input } else { input::read(schema, input) };
        // Rounded already; only the text has its digits.
        let is_lost = read.inexact.keys().any(|path| read.value.pointer(path).is_some_and(Value::is_f64));
        let input = if is_lost { raw() } else { read.value };
        let tool_name = tool_id.parse::<ToolId>().map_or_else(|_| tool_id.clone(), |id| id.export().to_owned());
        Proposal { tool_id, tool_name, version, input, call }
    }
}

/// Whether fields beside a tool's id are its input for certain: its schema names all of them.
fn is_clear(schema: Option<&Value>, input: &Value) -> bool {
    let Some(Ok(schema)) = schema.map(Schema::judge) else { return false };
    let known = schema.fields();
    input.as_object().is_some_and(|fields| fields.keys().all(|name| known.contains(name.as_str())))
}

/// Why a call that was recorded as it was written is not run; `None` when its arguments were read.
pub fn refusal(call: &ToolCall, recorded: &Value) -> Option<ToolError> {
    let Value::String(raw) = recorded else { return None };
    let words = match call.read() {
        Err(reason) => reason,
        Ok(input) if input.inexact.is_empty() => return None,
        Ok(input) => return Some(input::misfit(&input::lost(&input))),
    };
    let details = json!({ "arguments": raw.chars().take(500).collect::<String>() });
    let words = if is_cut(call) {
        format!(
            "the {words}: the call ends in the middle, mostly because the answer reached its limit of length; send a shorter call, or do the work in parts"
        )
    } else {
        format!("the {words}; send the call again")
    };
    Some(ToolError::new(ToolErrorCode::InvalidInput, words).with(details))
}

/// Whether a call's arguments end in the middle.
pub fn is_cut(call: &ToolCall) -> bool {
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&call.arguments);
    !call.arguments.trim().is_empty() && read.is_err_and(|error| error.is_eof())
}
