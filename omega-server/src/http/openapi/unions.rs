//! Unions name their variants and their tag, and what serde flattens stands flat, so that generators make one class of each
//! event.

use super::schemas::{PREFIX, Schemas, array, named, names, reference};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The event that a client makes of a kind which it does not know; no server sends it.
const UNKNOWN: &str = "unknown";
/// An event and where it belongs: the one schema of what a stream has.
const ENVELOPE: &str = "Envelope";

/// The field that tells variants apart, and this variant's word for it.
fn tag_of(variant: &Value) -> Option<(&str, &str)> {
    let objects = std::iter::once(variant).chain(array(variant, "allOf"));
    let mut fields = objects.filter_map(|object| object["properties"].as_object()).flatten();
    fields.find_map(|(field, schema)| match schema["enum"].as_array()?.as_slice() {
        [only] => Some((field.as_str(), only.as_str()?)),
        _ => None,
    })
}

/// A tag is one word, and no list of one.
fn only_word(schema: &mut Value) {
    for schema in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Some([only]) = schema["enum"].as_array().map(Vec::as_slice) {
            *schema = json!({ "type": "string", "const": only });
        }
    }
}

/// Gives the variants of a union names: `Part` has `TextPart`, `ReasoningPart` and `ToolCallPart`.
pub fn name_variants(union: &str, schemas: &mut Schemas) {
    let Some(variants) = schemas[union]["oneOf"].as_array().cloned() else { return };
    let mut named = Vec::new();
    for variant in variants {
        let Some((field, tag)) = tag_of(&variant).map(|(field, tag)| (field.to_owned(), tag.to_owned())) else {
            return;
        };
        if tag != UNKNOWN {
            named.push((field, tag.clone(), format!("{}{union}", in_one_word(&tag)), variant));
        }
    }
    let members = named.iter().map(|(field, tag, name, _)| (field.as_str(), tag.as_str(), name.as_str())).collect();
    let description = schemas[union]["description"].take();
    schemas[union] = union_of(description, members);
    for (_, _, name, variant) in named {
        schemas.insert(name, variant);
    }
}

fn union_of(description: Value, variants: Vec<(&str, &str, &str)>) -> Value {
    let field = variants.first().map_or("", |(field, ..)| *field);
    let mapping: Schemas =
        variants.iter().map(|(_, tag, name)| ((*tag).to_owned(), json!(format!("{PREFIX}{name}")))).collect();
    let variants: Vec<Value> = variants.iter().map(|(_, _, name)| reference(name)).collect();
    let discriminator = json!({ "propertyName": field, "mapping": mapping });
    let mut union = json!({ "type": "object", "oneOf": variants, "discriminator": discriminator });
    if description.is_string() {
        union["description"] = description;
    }
    union
}

fn in_one_word(tag: &str) -> String {
    let words = tag.split(['.', '_', '-']);
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Lets everything stand flat that serde flattens, and makes the events one union, each with its envelope around it.
pub fn flatten(schemas: &mut Schemas) {
    for name in names(schemas) {
        if name != ENVELOPE && schemas[&name].get("allOf").is_some() {
            let parts = schemas[&name].clone();
            put_flat(&name, &parts, schemas);
        }
    }
    schemas.values_mut().for_each(only_word);
    let Some(envelope) = schemas.remove(ENVELOPE) else { return };
    let Some(union) = array(&envelope, "allOf").find_map(named).map(str::to_owned) else { return };
    let around: Vec<Value> = array(&envelope, "allOf").filter(|part| named(part).is_none()).cloned().collect();
    for name in array(&schemas[&union].clone(), "oneOf").filter_map(named) {
        // A question is a union of its own.
        let inner: Vec<String> = array(&schemas[name], "oneOf").filter_map(named).map(str::to_owned).collect();
        for name in if inner.is_empty() { vec![name.to_owned()] } else { inner } {
            let event = schemas[&name].clone();
            let whole = json!({
                "description": event["description"],
                "allOf": around.iter().chain([&event]).collect::<Vec<_>>(),
            });
            put_flat(&name, &whole, schemas);
        }
    }
    let mut events = schemas[&union].clone();
    events["description"] = envelope["description"].clone();
    schemas.insert(ENVELOPE.into(), events);
}

/// Puts one object in the place of several, or a union of objects where one of them is a union.
fn put_flat(name: &str, schema: &Value, schemas: &mut Schemas) {
    let resolve = |part: &Value| named(part).and_then(|name| schemas.get(name)).unwrap_or(part).clone();
    let (unions, objects): (Vec<Value>, Vec<Value>) =
        array(schema, "allOf").map(resolve).partition(|part| part.get("oneOf").is_some());
    let Some(union) = unions.first() else {
        let flat = merged(schema, &objects, schemas);
        schemas.insert(name.to_owned(), flat);
        return;
    };
    let mut members = Vec::new();
    for (tag, variant) in union["discriminator"]["mapping"].as_object().into_iter().flatten() {
        let variant = variant.as_str().and_then(|path| schemas.get(path.strip_prefix(PREFIX)?)).cloned();
        let parts: Vec<Value> = objects.iter().cloned().chain(variant).collect();
        let flat = merged(schema, &parts, schemas);
        let variant = format!("{}{name}", in_one_word(tag));
        schemas.insert(variant.clone(), flat);
        members.push((tag.clone(), variant));
    }
    let field = union["discriminator"]["propertyName"].as_str().unwrap_or_default();
    let members = members.iter().map(|(tag, name)| (field, tag.as_str(), name.as_str())).collect();
    let union = union_of(schema["description"].clone(), members);
    schemas.insert(name.to_owned(), union);
}

fn merged(schema: &Value, parts: &[Value], schemas: &Schemas) -> Value {
    let mut flat = json!({ "type": "object", "properties": {} });
    if let Some(description) = schema.get("description") {
        flat["description"] = description.clone();
    }
    let mut required = BTreeSet::new();
    for part in parts {
        // Flat ones come in any order.
        let part = match part.get("allOf") {
            Some(_) => {
                let inner: Vec<Value> = array(part, "allOf")
                    .map(|part| named(part).and_then(|name| schemas.get(name)).unwrap_or(part).clone())
                    .collect();
                merged(part, &inner, schemas)
            }
            None => part.clone(),
        };
        for (field, schema) in part["properties"].as_object().into_iter().flatten() {
            flat["properties"][field] = schema.clone();
        }
        required.extend(array(&part, "required").filter_map(|field| field.as_str().map(str::to_owned)));
    }
    flat["required"] = json!(required);
    flat
}
