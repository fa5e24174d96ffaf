//! Data by reference: a handle in a call's input stands for a value that Omega has already, and a model does not write again.
//!
//! `{"$from": "call_3", "path": "/rows"}` stands for what is at that JSON pointer in the output of the conversation's third
//! call; `{"$from": "stdin"}` for what a person piped in. A reference may stand wherever a value may, at any depth. The rules:
//!
//! - [`noted`] writes beside a reference what it stands for (bytes, digest, beginning) before the call is recorded. So people are
//!   asked about the data and not about its name, and an approval's digest holds the data.
//! - [`filled`] puts the values in before the call is judged: what the guards look at, what the schema is held against and what
//!   the tool gets is one value. What does not resolve is an error that says what there is.
//! - A handle reaches into its own conversation alone, and gives what is stored: cleaned of secrets, as every output is.

use super::{Earlier, Exchange};
use crate::{
    api::ToolRun,
    budget::{self, OverLimit, Size},
    executor::{ToolError, ToolErrorCode},
    model::frame,
    registry::meta,
    sanitize::one_line,
    schema::decoded,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The member that makes an object a reference.
pub const FROM: &str = "$from";
const PATH: &str = "path";
/// What [`noted`] writes beside it.
const NOTES: [&str; 3] = ["bytes", "sha256", "preview"];
/// The handle of what was piped in.
pub const STDIN: &str = "stdin";
const CALL: &str = "call_";
/// Bytes of the beginning that is noted.
const PREVIEW: usize = 400;
/// Handles and members that an error names.
const NAMED: usize = 12;

/// The handle of the conversation's n-th call.
pub fn handle(number: usize) -> String {
    format!("{CALL}{number}")
}

/// Everything that a handle of a conversation may name.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// How many calls were earlier: they are out of reach, and counted.
    calls_before: usize,
    /// The provider's id of each call, and its tool run.
    calls: Vec<(&'a str, Option<&'a ToolRun>)>,
    /// What was piped in, with the number of its message.
    piped: Vec<(usize, &'a str)>,
}

impl<'a> Sources<'a> {
    /// Of a conversation's exchanges, from the first that is not `earlier`.
    pub fn of(exchanges: impl Iterator<Item = &'a Exchange>, earlier: Earlier) -> Self {
        let mut sources = Self { calls_before: earlier.calls, ..Self::default() };
        for (number, exchange) in (earlier.exchanges..).zip(exchanges) {
            let piped = exchange.data.as_deref().or_else(|| frame::piped_in(&exchange.user));
            sources.piped.extend(piped.map(|text| (number + 1, text)));
            for step in &exchange.steps {
                sources.calls.extend(
                    step.calls
                        .iter()
                        .map(|call| (call.id.as_str(), step.tool_runs.iter().find(|run| run.tool_call_id == call.id))),
                );
            }
        }
        sources
    }

    /// What a handle names.
    ///
    /// # Errors
    /// That it names nothing, and what there is.
    pub fn value(&self, handle: &str) -> Result<Cow<'a, Value>, String> {
        if let Some(text) = self.piped(handle) {
            return Ok(Cow::Owned(Value::from(frame::without_last_break(text))));
        }
        let number = handle.strip_prefix(CALL).and_then(|number| number.parse::<usize>().ok());
        let by_number = number.and_then(|number| self.calls.get(number.checked_sub(1 + self.calls_before)?));
        // Models have the provider's ids before them as well.
        let Some((_, run)) = by_number.or_else(|| self.calls.iter().rev().find(|(id, _)| *id == handle)) else {
            return Err(format!("{} names nothing here; {}", one_line(handle, 60), self.handles()));
        };
        let output = run.and_then(|run| run.output.as_ref());
        output.map(Cow::Borrowed).ok_or_else(|| {
            let why = run.map_or("not run", |run| run.status.as_str());
            format!("{handle} has no output to refer to: it is {why}; {}", self.handles())
        })
    }

    fn piped(&self, handle: &str) -> Option<&'a str> {
        let rest = handle.strip_prefix(STDIN)?;
        let number = rest.strip_prefix('_').and_then(|number| number.parse::<usize>().ok());
        let found = match (rest.is_empty(), number) {
            (true, _) => self.piped.last(),
            (false, Some(number)) => self.piped.iter().find(|(message, _)| *message == number),
            (false, None) => None,
        };
        found.map(|(_, text)| *text)
    }

    fn handles(&self) -> String {
        let with_output = |(_, run): &&(&str, Option<&ToolRun>)| run.is_some_and(|run| run.output.is_some());
        let outputs = self.calls.iter().enumerate().filter(|(_, call)| with_output(call));
        let mut names: Vec<String> = outputs.map(|(at, _)| handle(self.calls_before + at + 1)).collect();
        names.extend(self.piped.last().map(|_| STDIN.to_owned()));
        let newest = names.split_off(names.len().saturating_sub(NAMED));
        match newest.len() {
            0 => "nothing can be referred to yet".to_owned(),
            1 => format!("there is {}", newest[0]),
            _ => format!("there are {}", newest.join(", ")),
        }
    }

    /// What a reference stands for.
    ///
    /// # Errors
    /// That it stands for nothing, and why.
    pub fn resolve(&self, handle: &str, path: &str) -> Result<Cow<'a, Value>, String> {
        let whole = self.value(handle)?;
        let tokens = tokens(path);
        if tokens.is_empty() {
            return Ok(whole);
        }
        tokens
            .iter()
            .try_fold(whole, |value, token| {
                // A path goes into what a text says in JSON.
                let read = match &*value {
                    Value::String(text) => decoded(text).map(|read| read.value),
                    _ => None,
                };
                match (read, value) {
                    (Some(read), _) => part_of(&read, token).map(|part| Cow::Owned(part.clone())),
                    (None, Cow::Borrowed(value)) => part_of(value, token).map(Cow::Borrowed),
                    (None, Cow::Owned(value)) => part_of(&value, token).map(|part| Cow::Owned(part.clone())),
                }
            })
            .map_err(|why| format!("{handle} has no {}: {why}", one_line(path, 60)))
    }
}

/// The parts of a JSON pointer; the slash in front may be missing.
fn tokens(path: &str) -> Vec<String> {
    let path = path.trim();
    let path = path.strip_prefix('#').unwrap_or(path);
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Vec::new();
    }
    path.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

/// A member of an object, or an item of a list.
fn part_of<'v>(value: &'v Value, token: &str) -> Result<&'v Value, String> {
    match value {
        Value::Object(fields) => fields.get(token).ok_or_else(|| {
            let names: Vec<&str> = fields.keys().take(NAMED).map(String::as_str).collect();
            format!("there are {}", one_line(&names.join(", "), 200))
        }),
        Value::Array(items) => {
            token.parse::<usize>().ok().and_then(|at| items.get(at)).ok_or_else(|| {
                format!("there is a list of {} items where it says {}", items.len(), one_line(token, 40))
            })
        }
        Value::String(_) => Err("it is text and no JSON".to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!("{value} has no parts")),
    }
}

/// A reference that stands in an input.
struct Reference<'v> {
    handle: &'v str,
    path: &'v str,
}

impl<'v> Reference<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        let fields = value.as_object()?;
        let handle = fields.get(FROM)?.as_str()?;
        Some(Self { handle, path: fields.get(PATH).and_then(Value::as_str).unwrap_or_default() })
    }
}

/// Whether a reference stands in an input.
pub fn are_in(input: &Value) -> bool {
    let mut open = vec![input];
    while let Some(value) = open.pop() {
        match value {
            _ if Reference::of(value).is_some() => return true,
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    false
}

/// The input with what its references stand for beside them: how many bytes, which, and how they begin. One that stands for
/// nothing stays as it is, and is refused when its call is judged.
#[must_use]
pub fn noted(input: Value, sources: &Sources<'_>) -> Value {
    if budget::ARGUMENTS.tree(&input).is_err() || !are_in(&input) {
        return input;
    }
    edited(input, &mut |reference, written| {
        let Value::Object(mut fields) = written else { return Ok(written) };
        NOTES.iter().for_each(|note| drop(fields.shift_remove(*note)));
        if let Some(reference) = reference
            && let Ok(value) = sources.resolve(&reference.0, &reference.1)
        {
            let text = text_of(&value);
            fields.insert(NOTES[0].into(), text.len().into());
            fields.insert(NOTES[1].into(), hex::encode(Sha256::digest(text.as_bytes())).into());
            fields.insert(NOTES[2].into(), text[..text.floor_char_boundary(PREVIEW)].into());
        }
        Ok(Value::Object(fields))
    })
    .unwrap_or_default()
}

/// A value as it is counted and shown: a text by itself, anything else as JSON.
fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The input with the values in place of its references. Where the schema names a kind for the place of one at its top, JSON text
/// becomes what it says, and data becomes JSON text: nothing is lost by either.
///
/// # Errors
/// `INVALID_INPUT` with the place of a reference that stands for nothing, or that there is more than a call may have.
pub fn filled(input: &Value, sources: &Sources<'_>, schema: Option<&Value>) -> Result<Value, ToolError> {
    if !are_in(input) {
        return Ok(input.clone());
    }
    let wrong = |message: String| ToolError::new(ToolErrorCode::InvalidInput, message);
    let mut room = budget::OUTPUT.most;
    let mut fill = |value: &Value| -> Result<Value, String> {
        let Some(Reference { handle, path }) = Reference::of(value) else { return Ok(value.clone()) };
        unknown_members(value)?;
        let found = sources.resolve(handle, path)?;
        let bytes = Size::of(&found).bytes;
        room = room.checked_sub(bytes).ok_or_else(|| OverLimit { limit: budget::OUTPUT, found: bytes }.to_string())?;
        Ok(found.into_owned())
    };
    let mut put = |value: &Value| {
        edited(value.clone(), &mut |reference, written| if reference.is_some() { fill(&written) } else { Ok(written) })
    };
    let filled = match input {
        Value::Object(fields) if Reference::of(input).is_none() => fields
            .iter()
            .map(|(name, value)| {
                let filled = put(value).map_err(|why| format!("/{name}: {why}"))?;
                let filled = if Reference::of(value).is_some() { as_wanted(schema, name, filled) } else { filled };
                Ok((name.clone(), filled))
            })
            .collect::<Result<Map<_, _>, String>>()
            .map(Value::Object),
        other => put(other),
    };
    filled.map_err(|why| wrong(format!("a reference of the input stands for nothing: {why}")))
}

fn unknown_members(reference: &Value) -> Result<(), String> {
    let known = |name: &&String| [FROM, PATH].contains(&name.as_str()) || NOTES.contains(&name.as_str());
    match reference.as_object().and_then(|fields| fields.keys().find(|name| !known(name))) {
        Some(other) => Err(format!("a reference has {FROM} and {PATH}, and no {}", one_line(other, 60))),
        None => Ok(()),
    }
}

/// A value in the other form of the two that JSON has for data, where the schema wants that one alone.
fn as_wanted(schema: Option<&Value>, name: &str, value: Value) -> Value {
    let kind = schema.and_then(|schema| schema.get("properties")?.get(name)?.get("type")?.as_str());
    match (kind, &value) {
        (Some("array" | "object"), Value::String(text)) => match decoded(text) {
            Some(read) if read.value.is_array() == (kind == Some("array")) => read.value,
            _ => value,
        },
        (Some("string"), Value::Array(_) | Value::Object(_)) => Value::from(value.to_string()),
        _ => value,
    }
}

/// The value with each part handed to `edit`, the inner ones first; a reference with its handle and path, and its own parts not.
fn edited(
    value: Value,
    edit: &mut dyn FnMut(Option<(String, String)>, Value) -> Result<Value, String>,
) -> Result<Value, String> {
    if let Some(Reference { handle, path }) = Reference::of(&value) {
        let reference = (handle.to_owned(), path.to_owned());
        return edit(Some(reference), value);
    }
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, item)| Ok((name.clone(), edited(item, edit).map_err(|why| format!("/{name}: {why}"))?)))
            .collect::<Result<Map<_, _>, String>>()
            .map(Value::Object),
        Value::Array(items) => {
            items.into_iter().map(|item| edited(item, edit)).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        other => Ok(other),
    }
}

/// A tool's schema for models, in which a reference may stand for each text, list and object at its top: a model that is held to
/// a schema could not write one otherwise.
pub fn allowed_in(schema: &mut Value) {
    // Room for what stands beside it when it is written for a provider.
    if Size::of(schema).bytes > budget::SHOWN_SCHEMA.most / 2 {
        return;
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        let Some(keywords) = property.as_object_mut() else { continue };
        if keywords.contains_key("enum") {
            continue;
        }
        // Named, since a model writes the names that it sees: where a provider refuses them, they come back by another one.
        let members = || json!({ FROM: { "type": "string" }, PATH: { "type": "string" } });
        let reference = || json!({ "type": "object", "properties": members() });
        let kind = keywords.get("type").and_then(Value::as_str).map(str::to_owned);
        match kind.as_deref() {
            Some(kind @ ("string" | "array")) => {
                keywords.insert("type".into(), json!([kind, "object"]));
                keywords.insert("properties".into(), members());
            }
            Some("object") => {
                let description = keywords.shift_remove("description");
                let own = Value::Object(std::mem::take(keywords));
                keywords.insert("anyOf".into(), json!([own, reference()]));
                keywords.extend(description.map(|text| ("description".to_owned(), text)));
            }
            Some(_) => {}
            None => {
                if let Some(branches) = keywords.get_mut("anyOf").and_then(Value::as_array_mut) {
                    branches.push(reference());
                }
            }
        }
    }
}

/// The part of an output that [`meta::READ`] asks for.
///
/// # Errors
/// `INVALID_INPUT` where there is no such output, or no such part of it.
pub fn read_part(input: &meta::ReadInput, sources: &Sources<'_>) -> Result<Value, ToolError> {
    let wrong = |message: String| ToolError::new(ToolErrorCode::InvalidInput, message);
    let value = sources.resolve(&input.handle, &input.path).map_err(wrong)?;
    let limit = input.limit.unwrap_or(usize::MAX);
    Ok(match &*value {
        Value::String(text) => {
            let total = text.chars().count();
            let from = input.offset.min(total);
            let rest = text.char_indices().nth(from).map_or("", |(at, _)| &text[at..]);
            let rest = rest.char_indices().nth(limit).map_or(rest, |(at, _)| &rest[..at]);
            let mut bytes = 0;
            let end = rest.char_indices().find(|(_, c)| {
                bytes += json_bytes(*c);
                bytes > meta::READ_BYTES
            });
            let part = &rest[..end.map_or(rest.len(), |(at, _)| at)];
            page(part.into(), from, part.chars().count(), total, "characters")
        }
        Value::Array(items) => {
            let from = input.offset.min(items.len());
            let mut bytes = 0;
            let fits = |item: &&Value| {
                bytes += item.to_string().len() + 1;
                bytes <= meta::READ_BYTES
            };
            let part: Vec<Value> = items[from..].iter().take(limit).take_while(fits).cloned().collect();
            if part.is_empty() && from < items.len() && limit > 0 {
                return Err(wrong(format!("item {from} alone is larger than one answer; add it to the path: /{from}")));
            }
            let count = part.len();
            page(part.into(), from, count, items.len(), "items")
        }
        Value::Object(fields) if Size::of(&value).bytes > meta::READ_BYTES => {
            let told = |value: &Value| match value {
                Value::Array(items) => format!("a list of {} items", items.len()),
                Value::Object(fields) => format!("an object of {} members", fields.len()),
                Value::String(text) => format!("a text of {} characters", text.chars().count()),
                other => one_line(&other.to_string(), 60),
            };
            let members: Map<String, Value> =
                fields.iter().take(200).map(|(name, value)| (name.clone(), told(value).into())).collect();
            json!({ "members": members, "note": "too large for one answer; read a member by its path" })
        }
        other => json!({ "value": other }),
    })
}

/// Bytes of a character within a JSON text.
fn json_bytes(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

fn page(part: Value, from: usize, count: usize, total: usize, unit: &str) -> Value {
    let next = (from + count < total).then_some(from + count);
    json!({ "value": part, "offset": from, "total": total, "unit": unit, "next": next })
}

#[cfg(test)]
mod tests;
