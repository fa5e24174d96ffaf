//! The steps of a plan: one call of one tool each.

use super::{
    data,
    recipe::Recipe,
    slots::{Given, accept},
};
use serde_json::{Map, Value};

/// Where a slot's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Request,
    /// The answer before.
    Earlier,
    /// The step before.
    Before,
    Default,
}

/// One call of a tool.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub recipe: Recipe,
    pub slots: Map<String, Value>,
    /// The slot that the step before fills, and its kind.
    pub piped: Option<(String, String)>,
    /// Whether nothing of it is the request's own.
    pub borrowed: bool,
}

impl Step {
    pub(super) fn new(recipe: Recipe, mut slots: Map<String, Value>, sources: &[Source]) -> Self {
        let names: Vec<String> = slots.keys().cloned().collect();
        let piped = names.iter().zip(sources).find(|(_, source)| **source == Source::Before).map(|(name, _)| {
            let kind = recipe.slots.get(name).and_then(Value::as_str).unwrap_or_default();
            (name.clone(), kind.to_owned())
        });
        if let Some((name, _)) = &piped {
            slots.insert(name.clone(), Value::Null);
        }
        let borrowed = !sources.is_empty() && !sources.contains(&Source::Request);
        Self { recipe, slots, piped, borrowed }
    }

    /// A step that is no recipe of the table: its input with `{prev}` for the value of the step before.
    pub(super) fn of(recipe: Recipe, is_piped: bool) -> Self {
        let piped = is_piped.then(|| ("prev".to_owned(), "value".to_owned()));
        Self { recipe, slots: Map::new(), piped, borrowed: false }
    }

    /// The tool's input, with the result of the step before in it; nothing when that can't be what is needed.
    pub(super) fn input(&self, before: Option<&Before>) -> Option<Value> {
        let mut slots = self.slots.clone();
        if let Some((name, kind)) = &self.piped {
            let before = before?;
            let value = match kind.as_str() {
                "value" => before.value.clone(),
                "object" if before.value.is_object() => before.value.clone(),
                "rows" if data::is_rows(&before.value) => before.value.clone(),
                "root-text" if before.value.as_object().is_some_and(|object| object.len() == 1) => {
                    before.value.to_string().into()
                }
                "object" | "rows" | "root-text" => return None,
                kind => accept(kind, &Given::result(&before.text))?,
            };
            slots.insert(name.clone(), value);
        }
        Some(self.recipe.filled(&slots))
    }
}

/// What a step came to.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub value: Value,
    pub text: String,
}
