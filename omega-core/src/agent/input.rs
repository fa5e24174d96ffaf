//! Checking a tool's input against its JSON Schema before the tool runs (requirement D7).

use crate::{
    budget,
    executor::{ToolError, ToolErrorCode},
    schema::{Issue, Schema},
};
use serde_json::{Value, json};

/// Checks `input`; what is wrong is said field by field, for the model and for people.
///
/// A schema that is itself broken, or that would cost too much (foreign packages have such), checks nothing: the tool decides.
///
/// # Errors
/// `INVALID_INPUT` with `issues: [{path, message}]`, or that the input is too large.
pub fn check(schema: &Value, input: &Value) -> Result<(), ToolError> {
    let wrong = |message: String| ToolError::new(ToolErrorCode::InvalidInput, message);
    let input = budget::ARGUMENTS.tree(input).map_err(|over| wrong(over.to_string()))?;
    let Ok(schema) = Schema::judge(schema) else { return Ok(()) };
    let issues = schema.issues(input);
    if issues.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = issues
        .iter()
        .map(|Issue { path, message }| if path.is_empty() { message.clone() } else { format!("{path}: {message}") })
        .collect();
    let details: Vec<Value> =
        issues.iter().map(|Issue { path, message }| json!({ "path": path, "message": message })).collect();
    Err(wrong(format!("the input does not fit the tool: {}", lines.join("; "))).with(json!({ "issues": details })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_with_the_reason() {
        let schema = json!({"type": "object", "properties": {"expr": {"type": "string"}}, "required": ["expr"]});
        assert!(check(&schema, &json!({"expr": "1+1"})).is_ok());
        let error = check(&schema, &json!({"expr": 5})).unwrap_err();
        assert_eq!(error.code, ToolErrorCode::InvalidInput);
        assert!(error.message.contains("/expr") && error.message.contains("string"), "{}", error.message);
        assert!(check(&schema, &json!({})).unwrap_err().message.contains("expr"));
    }

    #[test]
    fn a_broken_schema_leaves_the_decision_to_the_tool() {
        assert!(check(&json!({"type": 17}), &json!({"anything": true})).is_ok());
    }
}
