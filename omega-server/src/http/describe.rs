//! The description of the API as it is served: what the routes say of themselves, and what all of them have in common and none
//! says: the envelope around each success, the one body of every refusal, and the headers of each answer.

use super::limits::Class;
use serde_json::{Map, Value, json};

/// Operations whose success is not in the envelope: TPMJS's own shapes, and documents.
const BARE: &[(&str, &str)] = &[
    ("/api/tools/search", "get"),
    ("/api/registry/execute", "post"),
    ("/api/omega/conversations/{id}/export", "get"),
    ("/api/omega/conversations/{id}/plan", "post"),
];
const METHODS: &[&str] = &["get", "put", "post", "delete", "patch", "head", "options", "trace"];

/// The whole description.
#[must_use]
pub fn whole(routes: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).unwrap_or_default();
    let paths = document["paths"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let schemas = document["components"]["schemas"].clone();
    let described = paths.into_iter().map(|(path, mut item)| {
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get_mut(*method) {
                operation_of(operation, BARE.contains(&(path.as_str(), method)));
                body_of(operation, &schemas);
            }
        }
        (path, item)
    });
    let mut described: Map<String, Value> = described.collect();
    // A document, in the format that was asked for.
    if let Some(export) = described.get_mut("/api/omega/conversations/{id}/export") {
        export["get"]["responses"]["200"]["content"] =
            json!({ "application/json": { "schema": {} }, "text/markdown": { "schema": { "type": "string" } } });
    }
    // What the tool says of its failure is in TPMJS's shape, what the server says before it runs in the server's own.
    if let Some(Value::Object(responses)) =
        described.get_mut("/api/registry/execute").and_then(|item| item.pointer_mut("/post/responses"))
    {
        responses.retain(|status, _| status.starts_with('2') || status == "default");
        let either =
            ["ExecuteAnswer", "ErrorBody"].map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
        responses["default"]["content"]["application/json"]["schema"] = json!({ "anyOf": either });
    }
    document["paths"] = Value::Object(described);
    // A tool's input is an object; the types say any JSON, because what is in it is the tool's to say.
    for input in ["/components/schemas/Decide/properties/input", "/components/schemas/ExecuteRequest/properties/params"]
    {
        if let Some(schema) = document.pointer_mut(input) {
            schema["type"] = json!(["object", "null"]);
        }
    }
    document
}

fn operation_of(operation: &mut Map<String, Value>, is_bare: bool) {
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        if status.starts_with('2')
            && !is_bare
            && let Some(schema) = response.pointer_mut("/content/application~1json/schema")
        {
            *schema = enveloped(schema.take());
        }
    }
    responses.entry("default").or_insert_with(|| {
        json!({
            "description": "Why not, and what to do; the status says which kind of refusal it is",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorBody" } } },
        })
    });
    for response in responses.values_mut() {
        response["headers"] = headers();
    }
}

/// A body whose members can all be left out can be left out.
fn body_of(operation: &mut Map<String, Value>, schemas: &Value) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schema = body.pointer("/content/application~1json/schema");
    let name = schema.and_then(|schema| schema["$ref"].as_str()?.rsplit('/').next());
    let schema = name.map_or(schema, |name| schemas.get(name));
    let is_needed = schema.is_some_and(|schema| {
        schema["required"].as_array().is_some_and(|members| !members.is_empty()) || schema.get("oneOf").is_some()
    });
    body["required"] = json!(is_needed);
}

/// TPMJS's envelope around a resource.
fn enveloped(data: Value) -> Value {
    json!({
        "type": "object",
        "required": ["success", "data", "meta"],
        "properties": {
            "success": { "type": "boolean", "const": true },
            "data": data,
            "meta": { "$ref": "#/components/schemas/Meta" },
            "pagination": { "$ref": "#/components/schemas/Pagination" },
        },
    })
}

fn headers() -> Value {
    let classes = Class::ALL.map(Class::as_str).join(", ");
    let of = |description: &str, pattern: &str| json!({ "description": description, "schema": { "type": "string", "pattern": pattern } });
    json!({
        "X-Request-Id": of("The request's id, as in the server's log", "^[0-9a-f-]{36}$"),
        "RateLimit-Policy": of(
            &format!("What the request was counted as ({classes}), how many there may be, and in how many seconds"),
            "^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$",
        ),
        "RateLimit": of("How many are left, and the seconds until all of them are", "^\"[a-z-]+\";r=[0-9]+;t=[0-9]+$"),
    })
}
