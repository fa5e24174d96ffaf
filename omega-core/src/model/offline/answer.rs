//! A tool's output as Markdown: the result first, in the form that reads best, then where it comes from.

use super::{lexer, rank::Candidate, talk};
use serde_json::{Map, Value};

const MOST_ROWS: usize = 20;
const MOST_COLUMNS: usize = 8;
const MOST_CHARS: usize = 6_000;

/// Fields that hold the result when an output wraps it.
const MAIN: &[&str] = &[
    "result",
    "results",
    "output",
    "data",
    "rows",
    "items",
    "text",
    "content",
    "markdown",
    "html",
    "value",
    "stdout",
    "answer",
    "formatted",
];

pub(super) fn answer(content: &str, tool: &Candidate) -> String {
    let body = match serde_json::from_str::<Value>(content) {
        Ok(value) => value_text(&unwrapped(value)),
        Err(_) => text(content),
    };
    format!("{body}\n\nComputed with {}, called by {}.", source(tool), talk::HONEST)
}

fn source(tool: &Candidate) -> String {
    let version = if tool.version.is_empty() { String::new() } else { format!(" {}", tool.version) };
    match &tool.id {
        Some(id) if id.export() == "default" => format!("{}{version}", id.package()),
        Some(id) => format!("{} {}{version}", id.package(), id.export()),
        None => tool.name.clone(),
    }
}

/// The tool's own output, without the envelope that a run puts around it.
fn unwrapped(value: Value) -> Value {
    const ENVELOPE: &[&str] = &[
        "success",
        "output",
        "toolId",
        "version",
        "durationMs",
        "executionTimeMs",
        "truncated",
        "toolRunId",
        "status",
        "logs",
    ];
    match value {
        Value::Object(mut object)
            if object.contains_key("output") && object.keys().all(|key| ENVELOPE.contains(&key.as_str())) =>
        {
            object.remove("output").unwrap_or_default()
        }
        other => other,
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "The tool returned nothing.".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("**{value}**"),
        Value::String(string) => text(string),
        Value::Array(items) => list(items),
        Value::Object(object) => self::object(object),
    }
}

fn text(text: &str) -> String {
    let trimmed = text.trim_end();
    if trimmed.trim().is_empty() {
        return "The tool returned an empty text.".to_owned();
    }
    let one_line = !trimmed.contains('\n') && trimmed.chars().count() <= 160;
    let plain = !trimmed.contains(['*', '_', '`', '[', '<', '#', '|', '\\', '~', '&'])
        && !trimmed.starts_with(char::is_whitespace);
    if one_line && plain {
        return format!("**{trimmed}**");
    }
    if one_line && !trimmed.contains('`') && lexer::sniff(trimmed).is_none() {
        return format!("`{trimmed}`");
    }
    let language = lexer::sniff(trimmed).unwrap_or("text");
    fence(language, trimmed)
}

/// A fence that is longer than any run of backticks inside, with a cut that says so.
fn fence(language: &str, text: &str) -> String {
    let ticks = text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1;
    let marks = "`".repeat(ticks);
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!(
                "{marks}{language}\n{}\n{marks}\n\n{more} more characters are in the tool run's output.",
                &text[..at]
            )
        }
        None => format!("{marks}{language}\n{text}\n{marks}"),
    }
}

fn list(items: &[Value]) -> String {
    if items.is_empty() {
        return "The tool returned an empty list.".to_owned();
    }
    let rows: Vec<&Map<String, Value>> = items.iter().filter_map(Value::as_object).collect();
    if rows.len() == items.len() {
        return table(&rows);
    }
    let short = Value::Array(items.to_vec()).to_string();
    let scalars = items.iter().all(|item| !item.is_array() && !item.is_object());
    if short.chars().count() <= 160 && items.iter().all(|item| !item.is_object()) && !short.contains('`') {
        return format!("`{short}`");
    }
    if scalars && items.iter().all(Value::is_string) {
        let lines: Vec<String> = items
            .iter()
            .take(MOST_ROWS)
            .filter_map(Value::as_str)
            .map(|item| format!("- {}", talk::one_line(item, 300)))
            .collect();
        return lines.join("\n") + &more(items.len(), "items");
    }
    let lines: Vec<String> = items.iter().map(|item| format!("  {item}")).collect();
    fence("json", &format!("[\n{}\n]", lines.join(",\n")))
}

fn more(count: usize, what: &str) -> String {
    if count > MOST_ROWS {
        format!("\n\n{} more {what} are in the tool run's output.", count - MOST_ROWS)
    } else {
        String::new()
    }
}

fn table(rows: &[&Map<String, Value>]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for key in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(&key.as_str()) {
            columns.push(key);
        }
    }
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        let all = serde_json::to_string_pretty(rows).unwrap_or_default();
        return fence("json", &all);
    }
    let mut lines = vec![line(columns.iter().map(|name| cell(name))), line(columns.iter().map(|_| "---".to_owned()))];
    for row in rows.iter().take(MOST_ROWS) {
        lines.push(line(columns.iter().map(|name| match row.get(*name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => cell(text),
            Some(other) => cell(&other.to_string()),
        })));
    }
    lines.join("\n") + &more(rows.len(), "rows")
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn cell(text: &str) -> String {
    talk::one_line(text, 80).replace('\\', "\\\\").replace('|', "\\|")
}

fn object(object: &Map<String, Value>) -> String {
    if let Some(text) = of_mathjs(object) {
        return text;
    }
    if object.is_empty() {
        return "The tool returned an empty object.".to_owned();
    }
    if let [(_, only)] = object.iter().collect::<Vec<_>>().as_slice()
        && MAIN.contains(&object.keys().next().map_or("", String::as_str))
    {
        return value_text(only);
    }
    // Rows with notes beside them, as parsers return.
    let main = MAIN.iter().find_map(|key| object.get(*key).map(|value| (*key, value)));
    if let Some((key, Value::Array(items))) = main
        && !items.is_empty()
    {
        let rest: Vec<&str> = object.keys().map(String::as_str).filter(|name| *name != key).collect();
        let errors = object.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty());
        let errors = errors.map(|errors| format!("\n\nErrors: {}", list(errors))).unwrap_or_default();
        return format!("{}{errors}\n\nBeside `{key}` the output has: {}.", list(items), rest.join(", "));
    }
    let scalar = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => !text.contains('\n') && text.chars().count() <= 200,
        _ => true,
    };
    if object.len() <= 12 && object.values().all(scalar) {
        let lines: Vec<String> = object
            .iter()
            .map(|(key, value)| {
                format!("- **{key}**: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect();
        return lines.join("\n");
    }
    fence("json", &serde_json::to_string_pretty(object).unwrap_or_default())
}

/// Units, matrices and complex numbers as mathjs writes them in JSON.
fn of_mathjs(object: &Map<String, Value>) -> Option<String> {
    match object.get("mathjs")?.as_str()? {
        "Unit" => {
            let unit = object.get("unit")?.as_str()?;
            Some(format!("**{} {unit}**", object.get("value")?))
        }
        "DenseMatrix" | "SparseMatrix" | "ResultSet" => {
            Some(value_text(object.get("data").or_else(|| object.get("entries"))?))
        }
        "Complex" => Some(format!("**{} + {}i**", object.get("re")?, object.get("im")?)),
        "BigNumber" | "Fraction" => {
            object.get("value").map(|value| format!("**{}**", value.as_str().unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(value: &Value) -> String {
        value_text(value)
    }

    #[test]
    fn each_kind_of_result_has_its_own_form() {
        for (value, expected) in [
            (json!(5), "**5**"),
            (json!(true), "**true**"),
            (json!(null), "The tool returned nothing."),
            (json!("Hello-World"), "**Hello-World**"),
            (json!("snake_case"), "`snake_case`"),
            (json!("a: 1\nb: 2\n"), "```yaml\na: 1\nb: 2\n```"),
            (json!("<p>hi</p>"), "```html\n<p>hi</p>\n```"),
            (json!([1, 2]), "`[1,2]`"),
            (json!([[0.6, -0.2], [-0.2, 0.4]]), "`[[0.6,-0.2],[-0.2,0.4]]`"),
            (json!([{"a": "1", "b": "x|y"}, {"a": "2"}]), "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| 2 |  |"),
            (json!({"result": 3}), "**3**"),
            (json!({"mathjs": "Unit", "value": 8.04672, "unit": "km"}), "**8.04672 km**"),
            (json!({"valid": true, "reason": null}), "- **valid**: true\n- **reason**: null"),
            (json!({"a": [1]}), "```json\n{\n  \"a\": [\n    1\n  ]\n}\n```"),
            (json!([]), "The tool returned an empty list."),
            (json!("use ``` here\nand there"), "````text\nuse ``` here\nand there\n````"),
        ] {
            assert_eq!(shown(&value), expected, "{value}");
        }
    }

    #[test]
    fn long_tables_and_texts_are_cut_and_say_so() {
        let rows: Vec<Value> = (0..50).map(|n| json!({"n": n})).collect();
        let table = shown(&json!(rows));
        assert!(table.contains("| 19 |") && !table.contains("| 20 |"), "{table}");
        assert!(table.ends_with("30 more rows are in the tool run's output."), "{table}");
        let text = shown(&json!("word ".repeat(2_000)));
        assert!(text.contains("more characters are in the tool run's output."));
    }

    #[test]
    fn an_envelope_around_the_output_is_taken_off() {
        assert_eq!(unwrapped(json!({"success": true, "output": 5, "executionTimeMs": 3})), json!(5));
        assert_eq!(unwrapped(json!({"output": 5, "other": 1})), json!({"output": 5, "other": 1}));
    }
}
