//! What a provider's refusal names, and the request without it.
//!
//! Rules are never complete: gateways and older servers refuse fields that others want, and schemas for reasons of their own.
//! Their refusals mostly say which tool or which field it was. That is left out, the request is sent once more, and it stays
//! left out for as long as the model is used ([`LeftOut`]), which is the rest of the run. What the model or a tool can't work
//! without is never left out, so that a refusal with another reason stays a failure that is told.

use super::overlong::Omitted;
use crate::model::Turn;
use serde_json::{Map, Value, json};
use std::{borrow::Cow, collections::BTreeSet};

/// How many times one call of a model is sent again without something more.
pub const MOST: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A tool, by the name that was sent.
    Tool(String),
    /// A field of the request.
    Field(&'static str),
    /// The cap of the answer, which is above this.
    Limit(u64),
    /// That tools stand in the history ([`super::deferred`]).
    Deferral,
    /// That the prompt has a role of its own: it goes before the first message then.
    SystemRole,
    /// The conversation's length ([`super::overlong`]).
    Length(Omitted),
}

/// Where a field stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldPlace {
    Top,
    /// In each tool, or in its function.
    Tool,
    Message,
    /// In each block of the prompt, the messages and the tools.
    Block,
}

/// Fields that a request can do without. The last part: the name is a word of its own in sentences, so that only its quoted
/// form means the field.
const FIELDS: &[(&str, FieldPlace, bool)] = &[
    ("stream_options", FieldPlace::Top, false),
    ("parallel_tool_calls", FieldPlace::Top, false),
    ("max_completion_tokens", FieldPlace::Top, false),
    ("max_tokens", FieldPlace::Top, false),
    ("max_output_tokens", FieldPlace::Top, false),
    ("reasoning_effort", FieldPlace::Top, false),
    ("prompt_cache_key", FieldPlace::Top, false),
    ("tool_choice", FieldPlace::Top, false),
    ("temperature", FieldPlace::Top, true),
    ("include", FieldPlace::Top, true),
    ("store", FieldPlace::Top, true),
    ("cache_control", FieldPlace::Block, false),
    ("reasoning_content", FieldPlace::Message, false),
    ("strict", FieldPlace::Tool, true),
    ("response_format", FieldPlace::Top, false),
    ("output_config", FieldPlace::Top, false),
    ("text", FieldPlace::Top, true),
    ("generationConfig", FieldPlace::Top, false),
];

/// What a refusal (its whole body) names of the request that was sent.
pub fn named(refusal: &str, sent: &Value, tools: &[&str]) -> Option<Named> {
    deferral(refusal, sent)
        .or_else(|| system_role(refusal, sent))
        .or_else(|| limit(refusal, sent))
        .or_else(|| field(refusal, sent))
        .or_else(|| tool_of_history(refusal, sent))
        .or_else(|| tool(refusal, tools))
}

/// What is said where a model's template has no place for the prompt: Gemma's, with status 400 or 500
/// (<https://github.com/vllm-project/vllm/pull/2964>, <https://github.com/sgl-project/sglang/issues/892>), and Google's own
/// servers for Gemma (<https://github.com/0xPlaygrounds/rig/issues/788>).
const SYSTEM_ROLE: &[&str] = &[
    "system role not supported",
    "system role is not supported",
    "developer instruction is not enabled",
    "only user and assistant roles are supported",
    "does not support 'system'",
    "does not support 'developer'",
    "system messages are not supported",
];

fn system_role(refusal: &str, sent: &Value) -> Option<Named> {
    let has_one = is_system(&sent["messages"][0]) || sent.get("systemInstruction").is_some();
    let words = refusal.to_lowercase();
    (has_one && SYSTEM_ROLE.iter().any(|known| words.contains(known))).then_some(Named::SystemRole)
}

fn is_system(message: &Value) -> bool {
    matches!(message["role"].as_str(), Some("system" | "developer"))
}

/// Puts the prompt before the text of the first message.
fn merge_system(body: &mut Value) {
    let merged = |prompt: &str, text: &str| format!("{prompt}\n\n{text}").into();
    if let Some(messages) = body
        .get_mut("messages")
        .and_then(Value::as_array_mut)
        .filter(|messages| messages.first().is_some_and(is_system))
    {
        let prompt = messages.remove(0);
        let prompt = prompt["content"].as_str().unwrap_or_default();
        match messages.iter_mut().find(|message| message["role"] == "user") {
            Some(first) => first["content"] = merged(prompt, first["content"].as_str().unwrap_or_default()),
            None => messages.insert(0, json!({ "role": "user", "content": prompt })),
        }
    }
    let Some(system) = body.as_object_mut().and_then(|body| body.shift_remove("systemInstruction")) else { return };
    if let (Some(prompt), Some(text)) =
        (system["parts"][0]["text"].as_str(), body.pointer_mut("/contents/0/parts/0/text"))
    {
        *text = merged(prompt, text.as_str().unwrap_or_default());
    }
}

/// What words a refusal of deferred tools has, in any spelling.
const DEFERRAL: &[&str] =
    &["defer loading", "deferred", "tool reference", "tool search", "namespace", "anthropic beta", "beta header"];

/// That a request has tools in its history, which whoever is asked does not take so.
fn deferral(refusal: &str, sent: &Value) -> Option<Named> {
    let list = |key: &str| sent[key].as_array().into_iter().flatten();
    let is_deferred = list("tools").any(|tool| tool["defer_loading"] == true)
        || list("input").any(|item| item["type"] == "tool_search_output");
    let words = refusal.to_lowercase().replace(['_', '-'], " ");
    (is_deferred && DEFERRAL.iter().any(|word| words.contains(word))).then_some(Named::Deferral)
}

/// A tool that stands in the history, by its place: `input[3].tools[0]`.
fn tool_of_history(refusal: &str, sent: &Value) -> Option<Named> {
    let (_, rest) = refusal.split_once("input[")?;
    let (item, rest) = rest.split_once("].tools[")?;
    let at = rest.split_once(']')?.0;
    let name = &sent["input"][item.parse::<usize>().ok()?]["tools"][at.parse::<usize>().ok()?]["name"];
    Some(Named::Tool(name.as_str()?.to_owned()))
}

/// A cap that is too high for the model: the refusal tells the highest one.
fn limit(refusal: &str, sent: &Value) -> Option<Named> {
    let cap = ["max_tokens", "max_completion_tokens", "max_output_tokens"]
        .iter()
        .filter(|name| mentions(refusal, name, false))
        .find_map(|name| sent[*name].as_u64())?;
    let numbers = refusal.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok());
    // Statuses and versions are smaller than any cap.
    numbers.filter(|number| (1_000..cap).contains(number)).max().map(Named::Limit)
}

fn field(refusal: &str, sent: &Value) -> Option<Named> {
    let found = FIELDS.iter().find(|(name, place, is_word)| {
        mentions(refusal, name, *is_word) && {
            let mut there = false;
            visit(&mut sent.clone(), *place, &mut |fields| there |= fields.contains_key(*name));
            there
        }
    });
    // Anthropic can't do without.
    let required = |name: &str| name == "max_tokens" && sent.get("system").is_some_and(Value::is_array);
    found.filter(|(name, ..)| !required(name)).map(|(name, ..)| Named::Field(name))
}

/// A tool by its place, or by its name.
fn tool(refusal: &str, tools: &[&str]) -> Option<Named> {
    let at = ["unction_declarations", "unctionDeclarations", "tools"]
        .iter()
        .filter(|list| refusal.contains(**list))
        .find_map(|list| refusal.match_indices(list).find_map(|(at, _)| index(&refusal[at + list.len()..])));
    let by_place = at.and_then(|at| tools.get(at)).copied();
    let by_name = || {
        let mut named: Vec<&str> = tools.iter().copied().filter(|name| mentions(refusal, name, false)).collect();
        named.sort_by_key(|name| std::cmp::Reverse(name.len()));
        named.first().copied()
    };
    // What is called by its name is meant, whatever is counted beside it.
    by_name().or(by_place).map(|name| Named::Tool(name.to_owned()))
}

/// The index behind the name of a list: `[3]`, `.3.`, `/3/`, `', 3, '`.
fn index(after: &str) -> Option<usize> {
    let digits = after.trim_start_matches(['[', '.', '/', '\'', '"', ',', ' ', '\\', ')', '(']);
    let skipped = after.len() - digits.len();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if (1..=5).contains(&skipped) { digits[..end].parse().ok() } else { None }
}

/// Whether a text has a name as a word; `quoted`: as one in quotes, or behind a colon.
fn mentions(text: &str, name: &str, quoted: bool) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        let whole = !before.is_some_and(part) && !after.is_some_and(part);
        let marks = |c: Option<char>| c.is_some_and(|c| "'\"`".contains(c));
        let told =
            text[..at].trim_end().ends_with(':') && text[..at].contains("rg") || text[..at].ends_with("arameter: ");
        whole && (!quoted || marks(before) && marks(after) || told)
    })
}

/// Goes to each object of a request where a field may stand.
fn visit(body: &mut Value, place: FieldPlace, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let mut objects = |values: Option<&mut Value>| {
        for value in values.and_then(Value::as_array_mut).into_iter().flatten() {
            value.as_object_mut().map(&mut *change);
        }
    };
    match place {
        FieldPlace::Top => drop(body.as_object_mut().map(change)),
        FieldPlace::Message => objects(body.get_mut("messages")),
        FieldPlace::Tool | FieldPlace::Block => {
            objects(body.get_mut("tools"));
            for tool in body.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
                tool.get_mut("function").and_then(Value::as_object_mut).map(&mut *change);
            }
            if place == FieldPlace::Block {
                objects_of_blocks(body, change);
            }
        }
    }
}

fn objects_of_blocks(body: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let mut blocks: Vec<&mut Value> = Vec::new();
    let Some(body) = body.as_object_mut() else { return };
    for (key, value) in body {
        match (key.as_str(), value.as_array_mut()) {
            ("system", Some(list)) => blocks.extend(list),
            ("messages", Some(list)) => {
                let contents = list.iter_mut().filter_map(|message| message.get_mut("content")?.as_array_mut());
                blocks.extend(contents.flatten());
            }
            _ => {}
        }
    }
    blocks.into_iter().filter_map(Value::as_object_mut).for_each(change);
}

/// What is left out of the requests to a model, since it refused them with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    tools: BTreeSet<String>,
    fields: BTreeSet<&'static str>,
    limit: Option<u64>,
    deferral: bool,
    system_role: bool,
    omitted: Omitted,
}

impl LeftOut {
    /// Leaves out one thing more; whether that is new.
    pub fn add(&mut self, named: &Named) -> bool {
        match named {
            Named::Tool(name) => self.tools.insert(name.clone()),
            Named::Field(name) => self.fields.insert(name),
            Named::Deferral => !std::mem::replace(&mut self.deferral, true),
            Named::SystemRole => !std::mem::replace(&mut self.system_role, true),
            Named::Length(more) => std::mem::replace(&mut self.omitted, *more) != *more,
            Named::Limit(limit) => {
                let lower = self.limit.is_none_or(|before| *limit < before);
                self.limit = self.limit.filter(|_| !lower).or(Some(*limit));
                lower
            }
        }
    }

    /// Whether a tool is not to be offered.
    pub fn has_tool(&self, name: &str) -> bool {
        self.tools.contains(name)
    }

    /// Whether tools are to stand in the list alone.
    pub fn has_deferral(&self) -> bool {
        self.deferral
    }

    /// What of a history is left out.
    pub fn omitted(&self) -> Omitted {
        self.omitted
    }

    /// A history as far as it is sent.
    pub fn turns<'t>(&self, turns: &'t [Turn]) -> Cow<'t, [Turn]> {
        self.omitted.without(turns)
    }

    /// The request without the fields, and with the cap that was told.
    pub fn strip(&self, body: &mut Value) {
        if self.system_role {
            merge_system(body);
        }
        for (name, place, _) in FIELDS.iter().filter(|(name, ..)| self.fields.contains(name)) {
            visit(body, *place, &mut |fields| {
                let value = fields.shift_remove(*name);
                // The one has taken the other's place, or is not known yet.
                let other = match *name {
                    "max_tokens" => "max_completion_tokens",
                    "max_completion_tokens" => "max_tokens",
                    _ => return,
                };
                if let Some(value) = value.filter(|_| !self.fields.contains(other)) {
                    fields.insert(other.into(), value);
                }
            });
        }
        for name in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
            if let (Some(limit), Some(cap)) = (self.limit, body.get_mut(name))
                && cap.as_u64().is_some_and(|cap| cap > limit)
            {
                *cap = limit.into();
            }
        }
    }
}

impl Named {
    /// What is said about it.
    pub fn notice(&self, provider: &str) -> String {
        match self {
            Self::Tool(name) => format!("{provider} refused the tool {name}; it is left out for the rest of this run"),
            Self::Field(name) => {
                format!("{provider} refused the field {name}; it is left out for the rest of this run")
            }
            Self::Deferral => {
                format!("{provider} refused deferred tools; all tools stand in the list for the rest of this run")
            }
            Self::SystemRole => {
                format!("{provider} takes no prompt of its own with this model; it stands before the first message")
            }
            Self::Length(omitted) => {
                let what = if omitted.turns > 0 { "its oldest messages" } else { "what its oldest calls gave" };
                format!(
                    "the conversation is longer than this model of {provider} reads: {what} are left out for the rest of this \
                     run. Another model may read more, and a new conversation is shorter"
                )
            }
            Self::Limit(limit) => format!("{provider} gives at most {limit} tokens of an answer with this model"),
        }
    }
}

#[cfg(test)]
mod tests;
