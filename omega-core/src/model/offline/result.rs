//! What a step's output comes to: whether it can be what was asked for, and how it reads.
//!
//! An error is never an answer, nor is nothing; a number or a boolean only where one was asked for. A result is bare: a value's
//! plain text, structured values as JSON. Text that Markdown would change stands in a fence or between backticks, which
//! [`bare`] takes off again.

use super::{
    recipe::{Gives, Recipe, plain},
    step::Before,
};
use serde_json::{Map, Value};

/// Most characters of an answer; the rest is in the tool run's output.
const MOST_CHARS: usize = 1_000_000;

/// The result of a step, or why its output can't be one.
pub(super) fn read(recipe: &Recipe, slots: &Map<String, Value>, output: &Value) -> Result<Before, String> {
    let output = unwrapped(output)?;
    let taken = match recipe.take.as_str() {
        "" => Some(output),
        path => output.pointer(path),
    };
    let mut value = taken.cloned().ok_or("its output has no result in it")?;
    if recipe.json_text
        && let Value::String(text) = &value
    {
        value = serde_json::from_str(text).map_err(|_| "its result is no JSON")?;
    }
    if value.is_null() || value == Value::String(String::new()) || value.as_array().is_some_and(Vec::is_empty) {
        return match recipe.none.as_str() {
            "" => Err("it gave no result".into()),
            none => Ok(Before { value, text: none.to_owned() }),
        };
    }
    let text = text(recipe, slots, &value)?;
    Ok(Before {
        value: if matches!(value, Value::Object(_) | Value::Array(_)) { value } else { Value::String(text.clone()) },
        text,
    })
}

/// The output itself, without the envelope of a shell; an error in it is none.
fn unwrapped(output: &Value) -> Result<&Value, String> {
    let Some(object) = output.as_object() else { return Ok(output) };
    let failed = object.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false));
    if let Some(error) = failed.filter(|_| object.len() <= 4) {
        let message = object.get("message").filter(|message| message.is_string()).unwrap_or(error);
        return Err(plain(message.get("message").unwrap_or(message)));
    }
    if object.get("exitCode").is_some_and(|code| code.as_i64() != Some(0)) {
        return Err(object.get("stderr").map(plain).unwrap_or_default());
    }
    if object.get("cut").is_some_and(Value::is_string) && object.len() == 2
        || object.contains_key("bytes") && object.contains_key("note")
    {
        return Err("its result is too large to go on with".into());
    }
    Ok(output)
}

fn text(recipe: &Recipe, slots: &Map<String, Value>, value: &Value) -> Result<String, String> {
    let plain_text = plain(value);
    let trimmed = plain_text.trim_end_matches(['\r', '\n']);
    let trimmed = trimmed.strip_prefix(recipe.strip.as_str()).unwrap_or(trimmed);
    if !recipe.map.is_empty() {
        let meant = recipe.map.get(trimmed).map(plain).ok_or("its result means nothing that I know")?;
        let filled = slots.iter().fold(meant, |text, (name, slot)| text.replace(&format!("{{{name}}}"), &plain(slot)));
        return Ok(filled);
    }
    if !recipe.show.is_empty() {
        return shown(&recipe.show, value);
    }
    if let Some(paths) = &recipe.lines
        && let Some(items) = value.as_array().or_else(|| value.get("data").and_then(Value::as_array))
    {
        return lines(paths, items);
    }
    match recipe.gives {
        Gives::Number => match decimal(trimmed) {
            Some(number) => {
                let number = if recipe.absolute { number.trim_start_matches('-').to_owned() } else { number };
                Ok(format!("{number}{}", recipe.unit))
            }
            None => of_mathjs(value).ok_or_else(|| format!("its result is no number: {trimmed}")),
        },
        Gives::Bool if matches!(trimmed, "true" | "false") => Ok(trimmed.to_owned()),
        Gives::Bool => Err(format!("its result is neither yes nor no: {trimmed}")),
        Gives::Date => Ok(trimmed.strip_suffix("T00:00:00.000Z").unwrap_or(trimmed).replace(".000Z", "Z")),
        Gives::Any => Ok(of_mathjs(value).unwrap_or_else(|| match value {
            Value::Object(_) | Value::Array(_) => pretty(value),
            Value::Number(_) => decimal(trimmed).unwrap_or_else(|| trimmed.to_owned()),
            _ => trimmed.to_owned(),
        })),
        Gives::Text => read_text(recipe, value, trimmed),
    }
}

fn read_text(recipe: &Recipe, value: &Value, trimmed: &str) -> Result<String, String> {
    let nothing = ["NaN", "null", "undefined", "Invalid Date", "Infinity", "[object Object]", "und", "unknown"];
    if trimmed.trim().is_empty() || nothing.contains(&trimmed) || trimmed.starts_with("[Function") {
        return Err(format!("it gave no result but {trimmed:?}"));
    }
    if recipe.clean && (trimmed.contains('\u{fffd}') || trimmed.chars().any(|c| c.is_control() && !c.is_whitespace())) {
        return Err("what it gives is no text: the input is not what it was taken for".into());
    }
    if recipe.long_hex && trimmed.len() == 4 {
        return Ok(trimmed.chars().flat_map(|c| std::iter::repeat_n(c, if c == '#' { 1 } else { 2 })).collect());
    }
    match value {
        Value::Bool(_) | Value::Null => Err(format!("it answered {trimmed}, which is no answer to this")),
        Value::Object(_) | Value::Array(_) => Ok(of_mathjs(value).unwrap_or_else(|| pretty(value))),
        Value::Number(_) | Value::String(_) => Ok(trimmed.replace("\r\n", "\n")),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A number without the noise of binary fractions.
fn decimal(text: &str) -> Option<String> {
    let number: f64 = text.trim().parse().ok().filter(|number: &f64| number.is_finite())?;
    if text.contains(['e', 'E']) && !(1e-7..1.0).contains(&number.abs()) || !text.contains(['.', 'e', 'E']) {
        return Some(text.trim().to_owned());
    }
    // Twelve digits that count.
    let whole = number.abs().log10().floor().max(0.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 11")]
    let places = (11.0 - whole).clamp(0.0, 11.0) as usize;
    let short = format!("{number:.places$}");
    let short = if short.contains('.') { short.trim_end_matches('0').trim_end_matches('.') } else { &short };
    let digits = short.chars().filter(|c| c.is_ascii_digit() && *c != '0').count();
    Some(if digits == 0 && number != 0.0 { text.trim().to_owned() } else { short.to_owned() })
}

/// Fields of an output in a line.
fn shown(template: &str, value: &Value) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        let share = name.strip_suffix('%');
        let field = value.get(share.unwrap_or(name)).filter(|field| !field.is_null());
        let field = field.ok_or("its output lacks a field")?;
        out.push_str(before);
        match share.and(field.as_f64()) {
            Some(number) => {
                out.push_str(&format!("{}%", decimal(&format!("{:.1}", number * 100.0)).unwrap_or_default()))
            }
            None => out.push_str(&decimal(&plain(field)).unwrap_or_else(|| plain(field))),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Items in a line each, by some of their fields.
fn lines(paths: &str, items: &[Value]) -> Result<String, String> {
    let items: Vec<&Value> = match items {
        // A matrix of one row.
        [Value::Array(row)] => row.iter().collect(),
        items => items.iter().collect(),
    };
    let line = |item: &&Value| {
        let fields: Option<Vec<String>> = paths.split(',').map(|path| item.pointer(path).map(plain)).collect();
        fields.map(|fields| fields.join(" "))
    };
    let lines: Option<Vec<String>> = items.iter().map(line).collect();
    lines.map(|lines| lines.join("\n")).ok_or_else(|| "its output lacks a field".into())
}

/// Units, matrices and complex numbers as mathjs writes them in JSON.
fn of_mathjs(object: &Value) -> Option<String> {
    match object.get("mathjs")?.as_str()? {
        "Unit" => {
            let unit = object.get("unit")?.as_str()?.replace(" / ", "/");
            const SIGNS: &[(&str, &str)] = &[
                ("degC", "°C"),
                ("degF", "°F"),
                ("lbm", "lb"),
                ("km/hour", "km/h"),
                ("inch", "in"),
                ("mile/hour", "mph"),
            ];
            let unit = SIGNS.iter().find(|(name, _)| *name == unit).map_or(unit.as_str(), |(_, sign)| *sign);
            const SPELLED: &str = "second minute hour day week year mile yard gallon pint quart cup tablespoon teaspoon acre \
                                   hectare byte bit joule tonne";
            let number = decimal(&plain(object.get("value")?))?;
            let s = if SPELLED.split(' ').any(|one| one == unit) && number != "1" { "s" } else { "" };
            Some(format!("{number} {unit}{s}"))
        }
        "DenseMatrix" | "SparseMatrix" => Some(object.get("data")?.to_string()),
        "ResultSet" => Some(object.get("entries")?.to_string()),
        "Complex" => {
            Some(format!("{} + {}i", decimal(&plain(object.get("re")?))?, decimal(&plain(object.get("im")?))?))
        }
        "BigNumber" | "Fraction" => object.get("value").map(plain),
        _ => None,
    }
}

/// A result as the answer of a conversation: text that Markdown would change is marked as it is.
pub(super) fn marked(text: &str) -> String {
    let one_line = !text.contains('\n');
    let begins = text.starts_with(char::is_whitespace)
        || text.starts_with(['#', '>', '-', '+', '=', '|', '~'])
        || text.split_once(". ").is_some_and(|(n, _)| n.chars().all(|c| c.is_ascii_digit()));
    let special = text.contains(['*', '_', '`', '[', '<', '\\', '&', '|', '~', '$', '!', ']', '^'])
        || text.ends_with(char::is_whitespace)
        || text.contains("  ");
    if one_line && !special && !begins {
        return text.to_owned();
    }
    if one_line && !text.contains('`') && !text.trim().is_empty() && text.trim() == text {
        return format!("`{text}`");
    }
    let ticks = text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1;
    let marks = "`".repeat(ticks);
    match text.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{marks}\n{}\n{marks}\n\n{more} more characters are in the tool run's output.", &text[..at])
        }
        None => format!("{marks}\n{text}\n{marks}"),
    }
}

/// An answer without the marks that keep Markdown from changing it: what a script wants of an answer of this planner.
///
/// An answer that is not wholly one fence or one code span is left as it is.
#[must_use]
pub fn bare(answer: &str) -> &str {
    let trimmed = answer.trim_matches('\n');
    let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
    let marks = &trimmed[..ticks];
    let inner = trimmed.strip_prefix(marks).and_then(|rest| rest.strip_suffix(marks)).unwrap_or(trimmed);
    match ticks {
        0 => answer,
        1 if !inner.contains(['`', '\n']) && !inner.is_empty() => inner,
        3.. => {
            let body = inner.strip_prefix('\n').and_then(|body| body.strip_suffix('\n'));
            body.filter(|body| !body.contains(marks)).unwrap_or(answer)
        }
        _ => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn given(gives: Gives, output: &Value) -> Result<String, String> {
        read(&Recipe { gives, ..Recipe::default() }, &Map::new(), output).map(|before| before.text)
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (gives, output) in [
            (Gives::Text, json!(true)),
            (Gives::Text, json!("NaN")),
            (Gives::Text, json!("")),
            (Gives::Text, Value::Null),
            (Gives::Text, json!([])),
            (Gives::Number, json!("Infinity")),
            (Gives::Number, json!("NaN")),
            (Gives::Bool, json!(5)),
            (Gives::Any, json!({"error": true, "message": "fetch failed"})),
            (Gives::Any, json!({"stdout": "", "stderr": "no", "exitCode": 1})),
        ] {
            assert!(given(gives, &output).is_err(), "{output}");
        }
    }

    #[test]
    fn a_result_is_bare() {
        for (gives, output, expected) in [
            (Gives::Number, json!(0.1 + 0.2), "0.3"),
            (Gives::Number, json!(0.000_001_5), "0.0000015"),
            (
                Gives::Number,
                json!({"mathjs": "Unit", "value": 22.222_222_222_222_22, "unit": "degC"}),
                "22.2222222222 °C",
            ),
            (Gives::Bool, json!(false), "false"),
            (Gives::Text, json!("a: 1\n"), "a: 1"),
            (Gives::Any, json!({"a": [1]}), "{\n  \"a\": [\n    1\n  ]\n}"),
            (Gives::Date, json!("2025-03-06T00:00:00.000Z"), "2025-03-06"),
        ] {
            assert_eq!(given(gives, &output).as_deref(), Ok(expected), "{output}");
        }
    }

    proptest! {
        #[test]
        fn marks_come_off_again(text in "[a-z`*_#<\\\\ \n]{1,30}") {
            let text = text.trim_matches('\n');
            prop_assume!(!text.is_empty());
            let shown = marked(text);
            prop_assert_eq!(bare(&shown), text);
        }
    }
}
