//! What kind of thing an output is: a text of some kind, a table, a tree, one value.

use crate::picture;
use omega_core::api::ToolRun;
use serde_json::Value;

/// A way to look at an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Lines, as they are.
    Plain,
    Markdown,
    /// Code of a language.
    Code(&'static str),
    /// Rows and columns.
    Table,
    /// JSON to fold and unfold.
    Tree,
    /// What it shows, where the terminal can.
    Picture,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "text",
            Self::Markdown => "markdown",
            Self::Code("json") => "raw json",
            Self::Code(language) => language,
            Self::Table => "table",
            Self::Tree => "tree",
            Self::Picture => "picture",
        }
    }

    /// The way that fits best.
    pub fn of(value: &Value) -> Self {
        match value {
            value if picture::of(value).is_some() => Self::Picture,
            Value::String(text) => of_text(text),
            value if table(value).is_some() => Self::Table,
            _ => Self::Tree,
        }
    }

    /// All ways in which a value can be looked at, the best first.
    pub fn all(value: &Value) -> Vec<Self> {
        let best = Self::of(value);
        let others: &[Self] = match value {
            Value::String(text) if csv(text).is_some() => &[Self::Plain, Self::Table],
            Value::String(_) => &[Self::Plain, Self::Markdown],
            _ => &[Self::Tree, Self::Code("json")],
        };
        std::iter::once(best).chain(others.iter().copied().filter(|other| *other != best)).collect()
    }
}

fn of_text(text: &str) -> Shape {
    let trimmed = text.trim_start();
    let starts = |start: &str| text.lines().take(40).any(|line| line.starts_with(start));
    if trimmed.starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok() {
        return Shape::Code("json");
    }
    if starts("@@ -") && (starts("+") || starts("-")) || starts("diff --git") {
        return Shape::Code("diff");
    }
    if trimmed.starts_with("<svg")
        || trimmed.starts_with("<?xml")
        || trimmed.to_lowercase().starts_with("<!doctype html")
    {
        return Shape::Code("xml");
    }
    if csv(text).is_some() {
        return Shape::Table;
    }
    if is_markdown(text) { Shape::Markdown } else { Shape::Plain }
}

/// Signs that nobody writes by accident, two of them.
fn is_markdown(text: &str) -> bool {
    let mut signs = 0;
    for line in text.lines().take(200) {
        let is_heading =
            line.trim_start_matches('#').len() + 7 > line.len() && line.starts_with('#') && line.contains("# ");
        let is_rule = line.starts_with("|-") || line.starts_with("| -") || line.starts_with("|:");
        signs += u32::from(is_heading || line.starts_with("```") || is_rule)
            + u32::from(line.contains("**") || line.contains("](http") || line.starts_with("- [ ] "));
    }
    signs >= 2
}

/// Rows of cells, the head first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Columns of a table at most: more are no table.
const COLUMNS: usize = 24;

/// The table that a list of objects is, or a text of comma-separated values.
pub fn table(value: &Value) -> Option<Rows> {
    match value {
        Value::String(text) => csv(text),
        Value::Array(list) if list.len() > 1 => of_objects(list),
        // One list within an object is what the object is about.
        Value::Object(fields) => {
            let mut lists = fields.values().filter_map(|value| match value {
                Value::Array(list) if list.len() > 1 => of_objects(list),
                _ => None,
            });
            lists.next().filter(|_| fields.len() == 1 && lists.next().is_none())
        }
        _ => None,
    }
}

fn of_objects(list: &[Value]) -> Option<Rows> {
    let mut head: Vec<String> = Vec::new();
    for row in list {
        for key in row.as_object()?.keys() {
            if !head.contains(key) {
                head.push(key.clone());
            }
            if head.len() > COLUMNS {
                return None;
            }
        }
    }
    let cell = |row: &Value, key: &String| row.get(key).map_or_else(String::new, plain);
    let rows = list.iter().map(|row| head.iter().map(|key| cell(row, key)).collect()).collect();
    (!head.is_empty()).then_some(Rows { head, rows })
}

/// RFC 4180 with one of three separators, where every row has as many cells, and at least two of each.
fn csv(text: &str) -> Option<Rows> {
    let first = text.lines().next()?;
    if first.len() > 2_000 || text.len() > 4 << 20 {
        return None;
    }
    let separator = [',', '\t', ';'].into_iter().max_by_key(|separator| first.matches(*separator).count())?;
    let mut rows = records(text, separator);
    rows.retain(|row| row.len() > 1 || row.first().is_some_and(|cell| !cell.is_empty()));
    let columns = rows.first()?.len();
    let is_table = rows.len() > 1 && (2..=COLUMNS).contains(&columns) && rows.iter().all(|row| row.len() == columns);
    // A sentence with a comma in each line is none.
    let has_short_head = rows
        .first()?
        .iter()
        .all(|cell| !cell.trim().is_empty() && cell.len() < 40 && !cell.trim_start().contains(". "));
    if !is_table || !has_short_head || (separator == ',' && first.contains(", ") && columns < 4) {
        return None;
    }
    let head = rows.remove(0);
    Some(Rows { head, rows })
}

fn records(text: &str, separator: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == separator && !is_quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// A string as it is, anything else as JSON.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What was asked, in a few words: the values of the input, the only one without its name.
pub fn asked(input: &Value) -> String {
    let Some(fields) = input.as_object() else { return plain(input) };
    let short = |value: &Value| plain(value).split_whitespace().collect::<Vec<_>>().join(" ");
    match fields.len() {
        1 => fields.values().map(short).collect(),
        _ => fields.iter().map(|(name, value)| format!("{name}={}", short(value))).collect::<Vec<_>>().join(" "),
    }
}

/// What came, in one line: a table by its size, anything else by the server's summary.
pub fn came(run: &ToolRun) -> String {
    if let Some(picture) = run.output.as_ref().and_then(picture::of) {
        return picture.to_string();
    }
    match run.output.as_ref() {
        Some(Value::Array(list)) if list.len() > 3 => format!("{} items", list.len()),
        Some(value @ Value::String(text)) if text.contains('\n') => match table(value) {
            Some(rows) => format!("{} rows of {} columns", rows.rows.len(), rows.head.len()),
            None => format!("{} lines", text.lines().count()),
        },
        Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null)) => plain(value),
        _ => run.output_summary.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outputs_are_known_by_what_they_are() {
        let cases = [
            (json!("12.00 ┤ ╭╮\n11.00 ┤ ││"), Shape::Plain),
            (json!("name,age\nAda,36\nGrace,45"), Shape::Table),
            (json!("a\tb\n1\t2"), Shape::Table),
            (json!("Well, yes.\nNo, not so."), Shape::Plain),
            (json!("@@ -1 +1 @@\n-a\n+b"), Shape::Code("diff")),
            (json!("# Title\n\nSome **bold** words"), Shape::Markdown),
            (json!("{\"a\": 1}"), Shape::Code("json")),
            (json!("<svg xmlns=''/>"), Shape::Code("xml")),
            (json!([{"a": 1}, {"a": 2, "b": 3}]), Shape::Table),
            (json!({"rows": [{"a": 1}, {"a": 2}]}), Shape::Table),
            (json!({"n": 1, "rows": [{"a": 1}, {"a": 2}]}), Shape::Tree),
            (json!([1, 2, 3]), Shape::Tree),
            (json!(7), Shape::Tree),
        ];
        for (value, shape) in cases {
            assert_eq!(Shape::of(&value), shape, "{value}");
            assert_eq!(Shape::all(&value)[0], shape);
        }
    }

    #[test]
    fn a_table_is_read_with_its_quotes_and_gaps() {
        let rows = table(&json!("a,b\n\"x, \"\"y\"\"\",1\r\n\"two\nlines\",2")).unwrap();
        assert_eq!(rows.rows, [["x, \"y\"", "1"], ["two\nlines", "2"]]);
        let rows = table(&json!([{"a": 1}, {"b": [2]}])).unwrap();
        assert_eq!(
            (rows.head, rows.rows),
            (
                vec!["a".into(), "b".into()],
                vec![vec!["1".to_owned(), String::new()], vec![String::new(), "[2]".into()]]
            )
        );
    }

    #[test]
    fn a_row_says_what_was_asked() {
        assert_eq!(asked(&json!({"expr": "det([[2,1],\n [1,3]])"})), "det([[2,1], [1,3]])");
        assert_eq!(asked(&json!({"a": 1, "b": [2]})), "a=1 b=[2]");
        assert_eq!(asked(&json!({})), "");
    }
}
