//! What the planner can do with which tool: the table `recipes.json`, and how its templates are filled.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// What a result must be to be an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Gives {
    /// Something to read: no number, boolean or null stands for it.
    #[default]
    Text,
    Number,
    /// The answer to a yes-no question.
    Bool,
    Date,
    Any,
}

/// One use of one tool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Recipe {
    pub id: String,
    /// Ways to ask for it: meanings that must all be said (`a|b` is either), and meanings that may be (`?c`).
    pub say: Vec<Say>,
    /// What it needs, by name, in the order in which it is said: the kind of each value.
    pub slots: Map<String, Value>,
    /// The tool's id.
    pub tool: String,
    /// Its input: `{slot}` is a slot's value, `{slot:sh}` quoted for a shell, `{slot:list}` with commas, `{slot*7}` a product.
    pub input: Value,
    /// Where the result stands in the output.
    pub take: String,
    pub gives: Gives,
    /// What results mean.
    pub map: Map<String, Value>,
    /// How a result is shown: `{field}` of the output.
    pub show: String,
    /// A list's items in a line each, by these fields.
    pub lines: Option<String>,
    /// What an empty result means.
    pub none: String,
    /// A beginning of the result that is left out.
    pub strip: String,
    /// Behind a number.
    pub unit: String,
    /// What a number counts, as arithmetic knows it.
    pub quantity: String,
    /// The minus of a number says nothing.
    pub absolute: bool,
    /// It may give something else each time.
    pub makes: bool,
    /// Recipes of one family do other things with the same input.
    pub family: String,
    /// The recipe that takes it back.
    pub undo: String,
    /// The meaning that comes first.
    pub opens: String,
    /// It has to be asked as a question or as a check.
    pub asks: bool,
    /// The result is text that must have no broken characters.
    pub clean: bool,
    /// The result must be JSON that keeps what was given.
    pub json_text: bool,
    /// Three figures of a colour are written as six.
    pub long_hex: bool,
}

/// A way to ask for something.
#[derive(Debug, Clone, Default)]
pub(super) struct Say {
    pub needed: Vec<Vec<String>>,
    pub extra: Vec<String>,
}

impl<'de> Deserialize<'de> for Say {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut say = Self::default();
        for part in text.split(' ') {
            match part.strip_prefix('?') {
                Some(extra) => say.extra.push(extra.to_owned()),
                None => say.needed.push(part.split('|').map(str::to_owned).collect()),
            }
        }
        Ok(say)
    }
}

/// The table, read once.
pub(super) fn recipes() -> &'static [Recipe] {
    static RECIPES: OnceLock<Vec<Recipe>> = OnceLock::new();
    RECIPES.get_or_init(|| serde_json::from_str(include_str!("recipes.json")).unwrap_or_default())
}

pub(super) fn named(id: &str) -> Option<&'static Recipe> {
    recipes().iter().find(|recipe| recipe.id == id)
}

impl Recipe {
    /// Whether it makes something new out of nothing, which may be asked for several times over.
    pub(super) fn is_generated(&self) -> bool {
        let generate = |say: &Say| say.extra.iter().chain(say.needed.iter().flatten()).any(|name| name == "generate");
        self.makes && self.slots.is_empty() && self.say.iter().any(generate)
    }

    /// The input of the tool, with the slots in it.
    pub(super) fn filled(&self, slots: &Map<String, Value>) -> Value {
        fill(&self.input, slots)
    }
}

fn fill(template: &Value, slots: &Map<String, Value>) -> Value {
    match template {
        Value::String(text) => fill_text(text, slots),
        Value::Array(items) => items.iter().map(|item| fill(item, slots)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), fill(value, slots))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn fill_text(template: &str, slots: &Map<String, Value>) -> Value {
    if let Some(name) = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && let Some(value) = typed(name, slots)
    {
        return value;
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        // Doubled, it stands for itself.
        if rest[at + 1..].starts_with(mark) {
            out.push_str(mark);
            rest = &rest[at + 2..];
            continue;
        }
        let (name, behind) = rest[at + 1..].split_once('}').unwrap_or((&rest[at + 1..], ""));
        let (name, how) = name.split_once(':').unwrap_or((name, ""));
        let value = slots.get(name).cloned().unwrap_or_default();
        match how {
            "sh" => out.push_str(&quoted(&plain(&value))),
            "list" => {
                let items: Vec<String> = value.as_array().into_iter().flatten().map(plain).collect();
                out.push_str(&items.join(", "));
            }
            _ => out.push_str(&plain(&value)),
        }
        rest = behind;
    }
    out.push_str(rest);
    Value::String(out)
}

/// A slot as it is, or times a number, or what lies between two times of day.
fn typed(name: &str, slots: &Map<String, Value>) -> Option<Value> {
    if let Some((to, from)) =
        name.split_once('-').filter(|(to, from)| slots.contains_key(*to) && slots.contains_key(*from))
    {
        let day = 24 * 60 * 60 * 1000;
        return Some(json!((slots.get(to)?.as_i64()? - slots.get(from)?.as_i64()?).rem_euclid(day)));
    }
    match name.split_once('*') {
        Some((name, factor)) => Some(json!(slots.get(name)?.as_i64()?.checked_mul(factor.parse().ok()?)?)),
        None => slots.get(name).cloned(),
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A value as it reads.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let read: Vec<Recipe> = serde_json::from_str(include_str!("recipes.json")).unwrap();
        assert_eq!(read.len(), recipes().len());
        for recipe in &read {
            assert!(recipe.tool.contains("::"), "{}", recipe.id);
            assert!(recipe.undo.is_empty() || named(&recipe.undo).is_some(), "{}", recipe.id);
        }
    }

    #[test]
    fn a_template_takes_its_slots() {
        let slots = json!({"text": "it's", "n": 3, "list": [1, 2.5]});
        let slots = slots.as_object().unwrap();
        for (template, expected) in [
            (json!("{n}"), json!(3)),
            (json!("{n*-7}"), json!(-21)),
            (json!("awk '{{print}}' {text:sh}"), json!("awk '{print}' 'it'\\''s'")),
            (json!({"e": "max({list:list})"}), json!({"e": "max(1, 2.5)"})),
        ] {
            assert_eq!(fill(&template, slots), expected);
        }
    }
}
