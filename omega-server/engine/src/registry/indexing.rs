//! What of a tool the search index sees.

use super::Outcomes;
use omega_core::registry::{Health, Tool};
use omega_search::index::{Document, Index};
use serde_json::Value;

/// Puts a tool into an index, replacing its older self.
pub fn put(index: &mut Index, tool: &Tool, outcomes: Outcomes) {
    let keywords = tool.keywords.join(" ");
    let inputs = tool.input_schema.as_ref().map(input_words).unwrap_or_default();
    index.put(&Document {
        id: tool.tool_id.as_str(),
        name: &tool.name,
        package: tool.tool_id.package(),
        text: &[&tool.description, &keywords, &tool.category],
        inputs: &inputs,
        category: &tool.category,
        downloads: tool.downloads.unwrap_or(0),
        broken: tool.health == Health::Broken,
        trust: outcomes.trust(),
    });
}

/// Names and descriptions of a schema's properties: they say what a tool is about, too.
fn input_words(schema: &Value) -> String {
    let mut words = String::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        words.push_str(name);
        words.push(' ');
        words.push_str(property.get("description").and_then(Value::as_str).unwrap_or_default());
        words.push(' ');
        words.push_str(&input_words(property));
    }
    words
}
