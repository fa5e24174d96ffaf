//! Holding an input against a schema that was judged.

use super::{Schema, cost, misfit::Misfits, references::DATA};
use crate::budget::Tree;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Value, json};

/// Steps up to which everything that is wrong is looked for; beyond them the first thing is enough.
const FEW_STEPS: usize = 20_000;
/// How much is said of one input.
const MOST_ISSUES: usize = 10;
/// Bytes that a compiled pattern may take: some hundred states, each of which every letter may visit.
const PATTERN_BYTES: usize = 64 << 10;
/// How much is told of a place or of what is wrong there.
const TOLD: usize = 500;

/// What is wrong in an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Where, as a JSON pointer.
    pub path: String,
    pub message: String,
}

impl Schema<'_> {
    /// What is wrong in an input, as much as is worth telling. Nothing where the schema is broken, or the check would cost too
    /// much.
    pub fn issues(&self, input: Tree<'_>) -> Vec<Issue> {
        let Ok(steps) = cost::of_checking(self, input.value()) else { return Vec::new() };
        let Some(validator) = self.compiled() else { return Vec::new() };
        if validator.is_valid(input.value()) {
            return Vec::new();
        }
        let told = Misfits::of(self).in_value(self.root, input.value());
        if !told.is_empty() {
            return told
                .into_iter()
                .map(|Issue { path, message }| Issue { path: cut(path), message: cut(message) })
                .collect();
        }
        if steps <= FEW_STEPS {
            return validator.iter_errors(input.value()).take(MOST_ISSUES).map(|error| said(&error)).collect();
        }
        validator.validate(input.value()).err().iter().map(said).collect()
    }

    /// The validator, without the patterns that only a backtracking engine knows.
    fn compiled(&self) -> Option<Validator> {
        compile(self.root).or_else(|| {
            let mut schema = self.root.clone();
            drop_patterns(&mut schema);
            compile(&schema)
        })
    }
}

fn compile(schema: &Value) -> Option<Validator> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(8 * PATTERN_BYTES))
        // Would compile what the input says.
        .with_format("regex", |_: &str| true)
        .build(schema)
        .ok()
}

fn drop_patterns(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_patterns),
        Value::Object(keywords) => {
            if keywords.get("pattern").is_some_and(|pattern| pattern.is_string() && !is_linear(pattern)) {
                keywords.shift_remove("pattern");
            }
            if let Some(Value::Object(named)) = keywords.get_mut("patternProperties") {
                let all = named.len();
                named.retain(|pattern, _| is_linear(&Value::from(pattern.as_str())));
                if named.len() < all {
                    // Nobody can say any more which properties are others.
                    keywords.shift_remove("additionalProperties");
                    keywords.shift_remove("unevaluatedProperties");
                }
            }
            keywords.iter_mut().filter(|(key, _)| !DATA.contains(&key.as_str())).for_each(|(_, value)| {
                drop_patterns(value);
            });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_linear(pattern: &Value) -> bool {
    compile(&json!({ "pattern": pattern })).is_some()
}

/// The validator's own words, of what is not told better.
fn said(error: &ValidationError<'_>) -> Issue {
    Issue { path: cut(error.instance_path().to_string()), message: cut(error.to_string()) }
}

fn cut(mut text: String) -> String {
    if text.len() > TOLD {
        text.truncate(text.floor_char_boundary(TOLD));
        text.push('…');
    }
    text
}
