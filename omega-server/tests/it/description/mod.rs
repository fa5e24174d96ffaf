//! The description of the API: it is valid, it is committed whole, and it says what is really sent. What serde writes of each
//! type, and what a server answers, is held against its schemas, with nothing missing, nothing more and no `null` besides.

mod answers;
mod document;
mod instance;
mod page;
mod serde;

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{path::PathBuf, sync::LazyLock};

static DOCUMENT: LazyLock<Value> = LazyLock::new(omega_server::http::router::openapi);
/// The same, where an object of an answer has no member that it does not name.
static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    strict(&mut document);
    document
});

fn repository() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn strict(value: &mut Value) {
    if value["properties"].is_object() && value.get("additionalProperties").is_none() {
        value["additionalProperties"] = json!(false);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(strict),
        Value::Array(items) => items.iter_mut().for_each(strict),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema of the document, read strictly.
fn reader(schema: &Value) -> Validator {
    let whole = json!({ "allOf": [schema], "components": STRICT["components"] });
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

/// What is wrong with a value by it.
fn faults(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(path) => DOCUMENT.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere")),
        None => schema,
    }
}

/// All operations, by their ids.
fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let items = DOCUMENT["paths"].as_object().unwrap().values();
    items
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| (operation["operationId"].as_str().unwrap().to_owned(), operation))
}

/// What an answer of JSON or of events is, without its envelope.
fn payload(schema: &Value) -> &Value {
    let data = &schema["properties"]["data"];
    let data = if data.is_null() { schema } else { data };
    if data["items"].is_null() { data } else { &data["items"] }
}
