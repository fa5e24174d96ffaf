//! The description as a page that a person can read: each operation with what it takes and gives, each event, each schema, and
//! each error code at the address that an error's `type` names (`/api/omega/docs#NOT_FOUND`). No script, and nothing of another
//! origin.

use super::METHODS;
use serde_json::{Map, Value};
use std::fmt::Write;

/// The page's style sheet.
pub const STYLE: &str = include_str!("page.css");
const PREFIX: &str = "#/components/schemas/";

pub fn html(document: &Value) -> String {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=color-scheme content=\"light dark\"><title>Omega API</title>\
         <link rel=stylesheet href=\"docs.css\"><header><p><a class=brand href=\"../../omega\"><span class=mark aria-hidden=true>Ω</span> \
         omega</a></p><h1>Omega API</h1><p>Version {}. The same for programs: \
         <a href=\"openapi.json\">openapi.json</a> (OpenAPI 3.1), from which clients are generated.</p>\
         <p>Send <code>Authorization: Bearer KEY</code>. A success is in the envelope <code>success</code>, <code>data</code>, \
         <code>meta</code>; a refusal is an <a href=\"#schema-ErrorBody\">ErrorBody</a>, whose <code>details.code</code> is one \
         of the <a href=\"#codes\">codes</a>.</p></header><nav aria-label=Operations>",
        escaped(document["info"]["version"].as_str().unwrap_or_default()),
    );
    let mut sections = String::new();
    let mut known = Vec::new();
    for (tag, method, path, operation) in operations(document) {
        if known.last() != Some(&tag) {
            let closing = if known.is_empty() { "" } else { "</ul>" };
            let _ = write!(page, "{closing}<h2>{tag}</h2><ul>", tag = escaped(tag));
            let _ = write!(sections, "<h2>{}</h2>", escaped(tag));
            known.push(tag);
        }
        let id = operation["operationId"].as_str().unwrap_or_default();
        let _ = write!(page, "<li><a href=\"#{id}\">{id}</a></li>");
        self::operation(&mut sections, id, method, path, operation);
    }
    let _ = write!(page, "</ul><h2>more</h2><ul><li><a href=\"#codes\">error codes</a></li>");
    let _ = write!(page, "<li><a href=\"#schemas\">schemas</a></li></ul></nav><main>{sections}");
    codes(&mut page, &document["components"]["schemas"]["ErrorCode"]);
    page.push_str("<h2 id=schemas>schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        self::schema(&mut page, name, schema);
    }
    page.push_str("</main></html>\n");
    page
}

/// All operations with their tags, in the order of these.
fn operations(document: &Value) -> Vec<(&str, &str, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                all.push((operation["tags"][0].as_str().unwrap_or("other"), method, path.as_str(), operation));
            }
        }
    }
    all.sort_by_key(|(tag, ..)| *tag);
    all
}

fn operation(page: &mut String, id: &str, method: &str, path: &str, operation: &Value) {
    let (method, path) = (method.to_uppercase(), escaped(path));
    let _ = write!(page, "<section id=\"{id}\"><h3><span>{method}</span> <code>{path}</code></h3>");
    for words in ["summary", "description"] {
        if let Some(words) = operation[words].as_str() {
            let _ = write!(page, "<p>{}</p>", prose(words));
        }
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut rows: Vec<[String; 3]> = parameters
        .map(|parameter| {
            let name = format!("{} ({})", text(&parameter["name"]), text(&parameter["in"]));
            let optional = if parameter["required"] == true { "" } else { ", optional" };
            let described = prose(parameter["description"].as_str().unwrap_or_default());
            [name, kind(&parameter["schema"]) + optional, described]
        })
        .collect();
    for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let optional = if operation["requestBody"]["required"] == true { "" } else { ", optional" };
        rows.push(["body".into(), kind(&content["schema"]) + optional, escaped(media_type) + &example(content)]);
    }
    table(page, "takes", &rows);
    let mut rows = Vec::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let described = prose(response["description"].as_str().unwrap_or_default());
        let contents: Vec<_> = response["content"].as_object().into_iter().flatten().collect();
        if contents.is_empty() {
            rows.push([status.clone(), String::new(), described.clone()]);
        }
        for (media_type, content) in contents {
            let data = &content["schema"]["properties"]["data"];
            let schema = if data.is_null() { kind(&content["schema"]) } else { kind(data) };
            rows.push([status.clone(), schema, format!("{described}. {}{}", escaped(media_type), example(content))]);
        }
    }
    table(page, "gives", &rows);
    page.push_str("</section>");
}

fn example(content: &Value) -> String {
    let Some(example) = content.get("example") else { return String::new() };
    let example = serde_json::to_string_pretty(example).unwrap_or_default();
    format!("<details><summary>example</summary><pre tabindex=0>{}</pre></details>", escaped(&example))
}

fn codes(page: &mut String, codes: &Value) {
    page.push_str("<h2 id=codes>error codes</h2><ul class=codes>");
    for code in codes["enum"].as_array().into_iter().flatten() {
        let _ = write!(page, "<li id=\"{0}\"><code>{0}</code></li>", text(code));
    }
    page.push_str("</ul>");
}

fn schema(page: &mut String, name: &str, schema: &Value) {
    let _ = write!(page, "<section id=\"schema-{name}\"><h3><code>{name}</code></h3>");
    if let Some(words) = schema["description"].as_str() {
        let _ = write!(page, "<p>{}</p>", prose(words));
    }
    let Some(fields) = schema["properties"].as_object() else {
        let _ = write!(page, "<p>{}</p></section>", kind(schema));
        return;
    };
    table(page, "", &rows(fields, &schema["required"]));
    page.push_str("</section>");
}

fn rows(fields: &Map<String, Value>, required: &Value) -> Vec<[String; 3]> {
    let is_required = |name: &String| required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let row = |(name, schema): (&String, &Value)| {
        let optional = if is_required(name) { "" } else { ", optional" };
        [escaped(name), kind(schema) + optional, prose(schema["description"].as_str().unwrap_or_default())]
    };
    fields.iter().map(row).collect()
}

fn table(page: &mut String, caption: &str, rows: &[[String; 3]]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(page, "<div tabindex=0><table><caption>{caption}</caption>");
    for [name, kind, described] in rows {
        let _ = write!(page, "<tr><th scope=row><code>{name}</code></th><td>{kind}</td><td>{described}</td></tr>");
    }
    page.push_str("</table></div>");
}

/// A schema in a few words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(PREFIX)) {
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(either) = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array()) {
        return either.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("<code>{}</code>", text(word))).collect::<Vec<_>>().join(" or ");
    }
    if let Some(only) = schema.get("const") {
        return format!("<code>{}</code>", text(only));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>(),
        Value::Null => vec!["any JSON".to_owned()],
        only => vec![text(only)],
    };
    let types = types.join(" or ");
    match (types.as_str(), schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("object", _) if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"]))
        }
        (_, Some(format)) => format!("{types} ({})", escaped(format)),
        _ => types,
    }
}

fn text(value: &Value) -> String {
    escaped(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Words, where backticks are code.
fn prose(words: &str) -> String {
    let parts = words.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }).collect()
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
