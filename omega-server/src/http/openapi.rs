//! The description of the API as it is served: what the routes and types say of themselves, and what all of them have in common
//! and none says: the envelope around each success, the one body of every refusal, and the headers of each answer.
//!
//! It says what is really sent ([`schemas`]), and it is committed whole (`docs/openapi.json`): clients are generated from it,
//! the page's types among them.

mod examples;
pub mod page;
mod schemas;
mod unions;

use super::limits::Class;
use serde_json::{Map, Value, json};

/// Operations whose success is not in the envelope: TPMJS's own shapes, and documents.
const BARE: [&str; 4] = ["searchTools", "executeTool", "exportConversation", "createPlan"];
/// Those that answer by pages.
const PAGED: [&str; 4] = ["listMessages", "listToolRuns", "listTools", "listAudit"];
/// Those whose answer names the version that it is of.
const TAGGED: [&str; 5] = ["getConversation", "getSettings", "putSettings", "getPrompt", "putPrompt"];
/// POSTs whose answer is not kept, because it holds a key: asked again, there is another one.
const NOT_KEPT: [&str; 4] = ["createKey", "createUser", "signIn", "createSignInLink"];
const STREAM: &str = "a stream of events, where the `data` of each is one of these and its `event` the `type` of it";
const PARTS: &str = "With `format`, a UI message stream v1 of the AI SDK (`x-vercel-ai-ui-message-stream: v1`): the `data` of \
                     each event is one of its parts, and of the last one `[DONE]`";
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
const JSON: &str = "/content/application~1json";

pub fn whole(routes: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).unwrap_or_default();
    as_ai_sdk(&mut document);
    schemas::as_sent(&mut document);
    let mut paths = document["paths"].take();
    for item in paths.as_object_mut().into_iter().flat_map(Map::values_mut) {
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get_mut(method) {
                describe(method, operation, &document["components"]["schemas"]);
            }
        }
    }
    document["paths"] = paths;
    unsigned(&mut document);
    // Where it was read.
    document["servers"] = json!([{ "url": "/" }]);
    // A tool's input is an object; the types say any JSON, because what is in it is the tool's to say.
    for input in ["/components/schemas/Decide/properties/input", "/components/schemas/ExecuteRequest/properties/params"]
    {
        if let Some(schema) = document.pointer_mut(input) {
            schema["type"] = json!(["object", "null"]);
        }
    }
    document
}

/// A number without a sign has all its bits.
fn unsigned(value: &mut Value) {
    let format = match value["format"].as_str().filter(|_| value["minimum"] == 0) {
        Some("int32") => Some("uint32"),
        Some("int64") => Some("uint64"),
        _ => None,
    };
    if let Some(format) = format {
        value["format"] = json!(format);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(unsigned),
        Value::Array(items) => items.iter_mut().for_each(unsigned),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn describe(method: &str, operation: &mut Map<String, Value>, schemas: &Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    if let Some(responses) = responses.as_object_mut() {
        answers(&id, responses);
        for (status, response) in responses.iter_mut() {
            response["headers"] = headers(&id, method, status);
        }
    }
    body(operation, schemas);
    parameters(&id, method, operation);
    examples::put(&id, operation);
}

fn answers(id: &str, responses: &mut Map<String, Value>) {
    for (status, response) in responses.iter_mut() {
        response["description"] = json!(means(status));
        if let Some(schema) = response.pointer_mut(&format!("{JSON}/schema")).filter(|_| !BARE.contains(&id)) {
            *schema = enveloped(schema.take(), PAGED.contains(&id));
        }
    }
    let mut refused = json!({ "$ref": "#/components/schemas/ErrorBody" });
    let any = json!({ "schema": {} });
    match id {
        "sendMessage" => {
            let event = json!({ "schema": { "$ref": "#/components/schemas/Envelope" } });
            responses["200"]["content"]["text/event-stream"] = event;
            responses["200"]["description"] =
                json!(format!("The answer, when the run has ended; or {STREAM}. {PARTS}"));
        }
        "resumeMessage" => responses["200"]["description"] = json!(PARTS),
        "streamEvents" => responses["200"]["description"] = json!(format!("What happens from here on: {STREAM}")),
        "getConversation" => {
            responses.insert("304".into(), json!({ "description": means("304") }));
        }
        "exportConversation" => {
            let markdown = json!({ "schema": { "type": "string" } });
            responses["200"]["content"] = json!({ "application/json": any, "text/markdown": markdown });
        }
        "getAvatar" => {
            let picture = json!({ "schema": { "type": "string", "format": "binary" } });
            responses["200"]["content"] = json!({ "image/png": picture });
        }
        // What the tool says of its failure is in TPMJS's shape, what the server says before it runs in the server's own.
        "executeTool" => {
            responses.retain(|status, _| status.starts_with('2'));
            refused = json!({ "anyOf": [{ "$ref": "#/components/schemas/ExecuteAnswer" }, refused] });
        }
        _ => {}
    }
    let refused = json!({ "description": means("default"), "content": { "application/json": { "schema": refused } } });
    responses.insert("default".into(), refused);
}

fn means(status: &str) -> &'static str {
    match status {
        "200" => "What was asked for",
        "201" => "What was made",
        "202" => "It is accepted, and goes on by itself",
        "204" => "It is done; there is nothing to say",
        "304" => "It is as it was when it was read",
        _ => "Why not, and what to do; the status says which kind of refusal it is",
    }
}

/// A body whose members can all be left out can be left out.
fn body(operation: &mut Map<String, Value>, schemas: &Value) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schema = body.pointer(&format!("{JSON}/schema"));
    let name = schema.and_then(|schema| schema["$ref"].as_str()?.rsplit('/').next());
    let schema = name.map_or(schema, |name| schemas.get(name));
    let is_needed = schema.is_some_and(|schema| {
        schema["required"].as_array().is_some_and(|members| !members.is_empty())
            || schema.get("oneOf").or(schema.get("anyOf")).is_some()
    });
    body["required"] = json!(is_needed);
}

/// The routes that speak as the AI SDK does where they are asked to, besides their own way.
fn as_ai_sdk(document: &mut Value) {
    const MESSAGES: &str = "/paths/~1api~1omega~1conversations~1{id}~1messages";
    for (place, other) in [
        (format!("{MESSAGES}/get/responses/200{JSON}/schema/items"), "UiMessage"),
        (format!("{MESSAGES}/post/requestBody{JSON}/schema"), "UiMessageRequest"),
    ] {
        if let Some(schema) = document.pointer_mut(&place) {
            *schema = json!({ "anyOf": [schema.take(), { "$ref": format!("#/components/schemas/{other}") }] });
        }
    }
}

/// The headers that a request may have, or must.
fn parameters(id: &str, method: &str, operation: &mut Map<String, Value>) {
    let header = |name: &str, required: bool, description: &str| {
        let schema = json!({ "type": "string" });
        json!({ "in": "header", "name": name, "required": required, "description": description, "schema": schema })
    };
    let mut more = Vec::new();
    if method == "post" && !NOT_KEPT.contains(&id) {
        let description = "Sent again with the same key and body, a request is answered as it was, and nothing happens \
                           twice. 1 to 255 visible ASCII characters";
        let mut key = header("Idempotency-Key", false, description);
        key["schema"] = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        more.push(key);
    }
    match id {
        "sendMessage" => more.push(header(
            "Prefer",
            false,
            "`respond-async` answers at once with 202, `wait=SECONDS` when the run has ended or that time is over. \
             With `Accept: text/event-stream` the answer is the stream of the run's events",
        )),
        "streamEvents" => more.push(header("Last-Event-ID", false, "The same as `after`, as browsers send it")),
        "getConversation" => more.push(header("If-None-Match", false, "The `ETag` of what was read before")),
        "putSettings" | "putPrompt" => {
            more.push(header("If-Match", true, "The `ETag` of the settings that the change is of"));
        }
        _ => {}
    }
    let known = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(known) = known.as_array_mut() {
        known.extend(more);
    }
}

/// TPMJS's envelope around a resource.
fn enveloped(data: Value, is_page: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "required": ["success", "data", "meta"],
        "properties": {
            "success": { "type": "boolean", "const": true },
            "data": data,
            "meta": { "$ref": "#/components/schemas/Meta" },
        },
    });
    if is_page {
        schema["properties"]["pagination"] = json!({ "$ref": "#/components/schemas/Pagination" });
        schema["required"] = json!(["success", "data", "meta", "pagination"]);
    }
    schema
}

/// The headers of an answer.
fn headers(id: &str, method: &str, status: &str) -> Value {
    let classes = Class::ALL.map(Class::as_str).join(", ");
    let of = |description: &str, pattern: &str| json!({ "description": description, "schema": { "type": "string", "pattern": pattern } });
    let mut headers = json!({
        "Omega-Api": of("The version of the API", "^1$"),
        "X-Request-Id": of("The request's id, as in the server's log", "^[0-9a-f-]{36}$"),
        "RateLimit-Policy": of(
            &format!("What the request was counted as ({classes}), how many there may be, and in how many seconds"),
            "^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$",
        ),
        "RateLimit": of("How many are left, and the seconds until all of them are", "^\"[a-z-]+\";r=[0-9]+;t=[0-9]+$"),
    });
    if TAGGED.contains(&id) && status == "200" {
        headers["ETag"] = of("The version that this is", "^(W/)?\"[0-9]+\"$");
    }
    if id == "sendMessage" && status == "202" {
        headers["Location"] = of("The run", "^/api/omega/runs/");
    }
    if method == "post" && !NOT_KEPT.contains(&id) && status.starts_with('2') {
        headers["Idempotency-Replayed"] = of("There when this is an earlier answer, sent again", "^true$");
    }
    if status == "default" {
        headers["Retry-After"] = of("Where it may work later: the seconds to wait", "^[0-9]+$");
    }
    headers
}
