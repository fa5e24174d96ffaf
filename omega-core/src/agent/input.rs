//! A tool's input between the model and the tool (requirement D7): read by the tool's JSON Schema without loss, and checked
//! against it before the tool runs.
//!
//! [`read`] comes first and once, before the call is recorded: what was read is what is shown, approved, digested and run.
//! [`check`] changes nothing.

use super::references;
use crate::{
    budget::{self, Limit},
    exact::Exact,
    executor::{ToolError, ToolErrorCode},
    schema::{Issue, Schema},
};
use serde_json::{Value, json};

/// The input as the tool means it; as it was written where that says nothing else, or where nobody knows what the tool means.
///
/// An input with references in it is read once they are filled in.
pub fn read(schema: Option<&Value>, input: Exact) -> Exact {
    let input = if input.value.is_null() { Exact::of(json!({})) } else { input };
    if references::are_in(&input.value) {
        return input;
    }
    if budget::ARGUMENTS.tree(&input.value).is_err() {
        return input;
    }
    match schema.map(Schema::judge) {
        Some(Ok(schema)) => schema.read(input),
        Some(Err(_)) | None => input,
    }
}

/// Checks `input`; what is wrong is said field by field, for the model and for people.
///
/// A schema that is itself broken, or that would cost too much (foreign packages have such), checks nothing: the tool decides.
/// That a number is held exactly is checked without a schema too.
///
/// # Errors
/// `INVALID_INPUT` with `issues: [{path, message}]`, or that the input is too large.
pub fn check(schema: Option<&Value>, input: &Value) -> Result<(), ToolError> {
    check_within(budget::ARGUMENTS, schema, input)
}

/// The same of an input that may be larger: what was put in for references is.
///
/// # Errors
/// As [`check`].
pub fn check_within(limit: Limit, schema: Option<&Value>, input: &Value) -> Result<(), ToolError> {
    let wrong = |message: String| ToolError::new(ToolErrorCode::InvalidInput, message);
    let tree = limit.tree(input).map_err(|over| wrong(over.to_string()))?;
    let mut issues = match schema.map(Schema::judge) {
        Some(Ok(schema)) => schema.issues(tree),
        Some(Err(_)) | None => Vec::new(),
    };
    if issues.is_empty() {
        issues = lost(&Exact::of(input.clone()));
    }
    if issues.is_empty() { Ok(()) } else { Err(misfit(&issues)) }
}

/// The numbers of an input that would reach the tool with other digits.
pub fn lost(input: &Exact) -> Vec<Issue> {
    input.refusals().map(|(path, message)| Issue { path, message }).take(10).collect()
}

/// The refusal of an input, field by field.
pub fn misfit(issues: &[Issue]) -> ToolError {
    let lines: Vec<String> = issues
        .iter()
        .map(|Issue { path, message }| if path.is_empty() { message.clone() } else { format!("{path}: {message}") })
        .collect();
    let details: Vec<Value> =
        issues.iter().map(|Issue { path, message }| json!({ "path": path, "message": message })).collect();
    let message = format!("the input does not fit the tool: {}", lines.join("; "));
    ToolError::new(ToolErrorCode::InvalidInput, message).with(json!({ "issues": details }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(schema: &Value, input: Value) -> String {
        check(Some(schema), &input).unwrap_err().message
    }

    #[test]
    fn a_wrong_field_is_named_with_the_reason() {
        let schema = json!({"type": "object", "properties": {"expr": {"type": "string"}}, "required": ["expr"]});
        assert!(check(Some(&schema), &json!({"expr": "1+1"})).is_ok());
        let error = check(Some(&schema), &json!({"expr": 5})).unwrap_err();
        assert_eq!(error.code, ToolErrorCode::InvalidInput);
        assert_eq!(error.message, "the input does not fit the tool: /expr: expected a string, and 5 came");
        assert!(refusal(&schema, json!({})).contains("expr is missing (a string)"));
    }

    #[test]
    fn a_broken_schema_leaves_the_decision_to_the_tool() {
        assert!(check(Some(&json!({"type": 17})), &json!({"anything": true})).is_ok());
        assert!(check(None, &json!({"anything": true})).is_ok());
    }

    #[test]
    fn a_number_that_would_change_is_refused_with_and_without_a_schema() {
        let input = json!({"a": [{"id": 2_512_292_042_121_000_001_u64}]});
        for schema in [None, Some(json!({"type": "object"})), Some(json!({"type": 17}))] {
            let error = check(schema.as_ref(), &input).unwrap_err();
            assert!(error.message.contains("/a/0/id: 2512292042121000001 has more digits"), "{error}");
        }
    }

    #[test]
    fn of_a_union_the_branch_speaks_that_was_meant() {
        let branch = |op: &str, fields: &[&str]| {
            let mut properties = json!({ "op": { "type": "string", "const": op } });
            fields.iter().for_each(|name| properties[*name] = json!({ "type": "number" }));
            let required: Vec<&str> = ["op"].into_iter().chain(fields.iter().copied()).collect();
            json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
        };
        for union in ["anyOf", "oneOf"] {
            let schema = json!({ union: [branch("add", &["a", "b"]), branch("neg", &["a"])] });
            assert!(refusal(&schema, json!({"op": "add", "a": 1})).ends_with(": b is missing (a number)"));
            assert!(
                refusal(&schema, json!({"op": "neg", "a": "x"})).ends_with("/a: expected a number, and \"x\" came")
            );
            let said = refusal(&schema, json!({"op": "mul", "a": 1}));
            assert!(said.ends_with("/op: expected one of \"add\", \"neg\", and \"mul\" came"), "{said}");
            assert!(refusal(&schema, json!({"a": 1})).contains("/op: expected one of"));
            assert!(
                refusal(&schema, json!({"op": "neg", "a": 1, "b": 2})).contains("b is no field of it; there are op, a")
            );
        }
        let schema = json!({"type": "object", "properties": {"x": {"anyOf": [
            {"type": "string"}, {"type": "object", "properties": {"y": {"type": "integer"}}, "required": ["y"]}]}}});
        assert!(refusal(&schema, json!({"x": {}})).ends_with("/x: y is missing (an integer)"));
        assert!(
            refusal(&schema, json!({"x": [1]})).ends_with("/x: expected a string or an object, and an array of 1 came")
        );
    }
}
