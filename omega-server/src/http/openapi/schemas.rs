//! The schemas as they are on the wire.
//!
//! The types say what a reader accepts: serde reads a field with a default also where it is missing, and an option also where
//! it is `null`. That is right for a request. An answer is what serde writes: a field that is always written is required, and one
//! that is left out when it is empty is never `null`. The few that are both read with a default and always written stand in
//! [`ALWAYS`]; a test holds the list to serde. A type of both directions whose views differ gets two schemas (`Settings` is
//! read, `SettingsInput` sent).

use super::unions;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub type Schemas = Map<String, Value>;

/// Always sent, although a reader may do without; those that are options are `null` where there is nothing.
const ALWAYS: &[(&str, &[&str])] = &[
    ("Alternative", &["youHave"]),
    ("ApiKey", &["lastUsedAt"]),
    ("Conversation", &["title", "guestCredentials", "visibility"]),
    ("CredentialRequest", &["edition"]),
    ("CustomPrompt", &["mode"]),
    ("EnvVar", &["description", "required"]),
    ("Message", &["runId"]),
    ("MissingVar", &["description"]),
    ("PackageRow", &["npmDownloadsLastMonth"]),
    ("PlanAnswer", &["missingVars"]),
    ("PlanStep", &["expectedOutput"]),
    ("PlanVar", &["description"]),
    ("RunStepCompletedEvent", &["finishReason"]),
    ("Settings", &["pins", "guestCredentials", "credentialFirstUse"]),
    ("Status", &["breakers", "nodes"]),
    ("StoredCredential", &["keptIn", "lastUsedAt"]),
    ("Tool", &["keywords", "inputSchema", "env", "calling", "health", "downloads", "official"]),
    ("ToolRow", &["inputSchema", "qualityScore", "executionCount", "failureCount"]),
    ("ToolRun", &["outputSummary", "outputBytes", "truncated", "attempts"]),
    (
        "Usage",
        &[
            "inputTokens",
            "outputTokens",
            "cachedInputTokens",
            "cacheWriteTokens",
            "reasoningTokens",
            "costMicros",
            "unpricedTokens",
        ],
    ),
    ("Whoami", &["isAdmin"]),
];
/// Where a reference to a schema begins.
pub const PREFIX: &str = "#/components/schemas/";

/// Makes the document's schemas say what is sent.
pub fn as_sent(document: &mut Value) {
    let Some(mut schemas) = document["components"]["schemas"].as_object_mut().map(std::mem::take) else { return };
    for name in names(&schemas) {
        unions::name_variants(&name, &mut schemas);
    }
    let read = schemas.clone();
    let (asked, answered) = directions(&document["paths"], &schemas);
    for name in &answered {
        if let Some(schema) = schemas.get_mut(name) {
            written(name, schema);
        }
    }
    let shared: BTreeSet<&String> = asked.intersection(&answered).collect();
    let two = with_two_views(&shared, &read, &schemas);
    for name in asked.iter().filter(|name| !shared.contains(name) || two.contains(*name)) {
        let mut schema = read[name].clone();
        redirect(&mut schema, &two);
        schemas.insert(if two.contains(name) { format!("{name}Input") } else { name.clone() }, schema);
    }
    for operation in operations(&mut document["paths"]) {
        operation.get_mut("requestBody").into_iter().for_each(|body| redirect(body, &two));
    }
    unions::flatten(&mut schemas);
    let (asked, answered) = directions(&document["paths"], &schemas);
    schemas.retain(|name, _| asked.contains(name) || answered.contains(name));
    document["components"]["schemas"] = Value::Object(schemas);
}

pub(super) fn names(schemas: &Schemas) -> Vec<String> {
    schemas.keys().cloned().collect()
}

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

pub(super) fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(PREFIX)
}

/// A member that is a list.
pub(super) fn array<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema[key].as_array().into_iter().flatten()
}

fn operations(paths: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    items.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// The names of what requests have, and of what answers have.
fn directions(paths: &Value, schemas: &Schemas) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let items = paths.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object);
    for operation in items.flat_map(Map::values) {
        reach(&operation["requestBody"], schemas, &mut asked);
        reach(&operation["parameters"], schemas, &mut asked);
        reach(&operation["responses"], schemas, &mut answered);
    }
    for name in ["ErrorBody", "Meta", "Pagination"] {
        reach(&reference(name), schemas, &mut answered);
    }
    (asked, answered)
}

fn reach(value: &Value, schemas: &Schemas, into: &mut BTreeSet<String>) {
    if let Some(name) = named(value)
        && into.insert(name.to_owned())
        && let Some(schema) = schemas.get(name)
    {
        reach(schema, schemas, into);
    }
    let members = value.as_object().into_iter().flat_map(Map::values);
    let items = value.as_array().into_iter().flatten();
    members.chain(items).for_each(|part| reach(part, schemas, into));
}

/// The view of an answer: what is always sent is required, and of the rest nothing is `null`.
fn written(name: &str, schema: &mut Value) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        written(name, part);
    }
    let always = ALWAYS.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, fields)| fields);
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return };
    let always = always.iter().filter(|field| fields.contains_key(**field)).map(|field| json!(field));
    let required: BTreeSet<String> = array(schema, "required")
        .cloned()
        .chain(always)
        .filter_map(|field| field.as_str().map(str::to_owned))
        .collect();
    for (field, schema) in schema["properties"].as_object_mut().into_iter().flatten() {
        if !required.contains(field) {
            without_null(schema);
        }
        schema.as_object_mut().into_iter().for_each(|schema| drop(schema.remove("default")));
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
}

fn without_null(schema: &mut Value) {
    let null = json!({ "type": "null" });
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(either) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        either.retain(|schema| *schema != null);
        if let [only] = either.as_slice() {
            *schema = only.clone();
        }
    }
}

/// Those of both directions that requests see otherwise than answers, or that speak of such a one.
fn with_two_views(shared: &BTreeSet<&String>, read: &Schemas, written: &Schemas) -> BTreeSet<String> {
    let differ: BTreeSet<&String> = shared.iter().copied().filter(|name| read[*name] != written[*name]).collect();
    let speaks_of_one = |name: &&String| {
        let mut of = BTreeSet::from([(*name).clone()]);
        reach(&read[*name], read, &mut of);
        of.iter().any(|name| differ.contains(name))
    };
    shared.iter().copied().filter(speaks_of_one).cloned().collect()
}

/// Makes references to schemas with two views those to the view of a request.
fn redirect(value: &mut Value, two: &BTreeSet<String>) {
    if let Some(name) = named(value).filter(|name| two.contains(*name)) {
        value["$ref"] = json!(format!("{PREFIX}{name}Input"));
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| redirect(member, two)),
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, two)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
