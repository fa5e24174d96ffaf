//! From the named input of a plain function to the arguments that it is called with.

use omega_core::executor::{ToolError, ToolErrorCode};
use serde_json::{Value, json};

/// What stands before a parameter that takes all arguments that are left.
const REST: &str = "...";
/// What stands behind one that is a function of the caller's, to be told the outcome; nobody sends it.
const CALLBACK: &str = "()";
/// Stands for that function among the arguments, behind what those have in its place who know of none.
const CALLED_BACK: &str = "callback";

/// The arguments of a plain function, in the order of its parameters.
pub fn positional(input: &Value, params: &[String]) -> Result<Vec<Vec<Value>>, ToolError> {
    let invalid = |path: &str, message: String| {
        ToolError::new(ToolErrorCode::InvalidInput, message.clone())
            .with(json!({ "issues": [{ "path": path, "message": message }] }))
    };
    let fields =
        input.as_object().ok_or_else(|| invalid("", "the input must be an object of named parameters".to_owned()))?;
    let names: Vec<&str> = params.iter().map(|name| name.trim_start_matches(REST)).collect();
    if let Some(unknown) = fields.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(invalid(unknown, format!("there is no parameter {unknown:?}; there are {}", names.join(", "))));
    }
    let is_given = |name: &&str| name.ends_with(CALLBACK) || fields.contains_key(*name);
    let last = names.iter().rposition(is_given).map_or(0, |index| index + 1);
    let mut args = Vec::with_capacity(last);
    for (name, param) in names.iter().zip(params).take(last) {
        match fields.get(*name) {
            Some(Value::Array(rest)) if param.starts_with(REST) => {
                args.extend(rest.iter().map(|item| vec![item.clone()]))
            }
            _ if name.ends_with(CALLBACK) => args.push(vec![Value::Null, json!(CALLED_BACK)]),
            value => args.push(value.cloned().into_iter().collect()),
        }
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_fields_become_arguments_in_order() {
        let params = ["a", "b", "c"].map(str::to_owned);
        let cases = [
            (json!({"b": 2, "a": 1}), json!([[1], [2]])),
            (json!({"a": 1, "c": 3}), json!([[1], [], [3]])),
            (json!({}), json!([])),
        ];
        let rest = ["a".to_owned(), "...more".to_owned()];
        assert_eq!(json!(positional(&json!({"a": 1, "more": [2, [3]]}), &rest).unwrap()), json!([[1], [2], [[3]]]));
        assert_eq!(json!(positional(&json!({"more": 2}), &rest).unwrap()), json!([[], [2]]));
        let told = ["a", "b", "done()"].map(str::to_owned);
        assert_eq!(json!(positional(&json!({"a": 1}), &told).unwrap()), json!([[1], [], [null, "callback"]]));
        for (input, args) in cases {
            assert_eq!(json!(positional(&input, &params).unwrap()), args, "{input}");
        }
    }

    #[test]
    fn a_field_that_is_no_parameter_is_named() {
        let error = positional(&json!({"x": 1}), &["a".to_owned()]).unwrap_err();
        assert_eq!(error.code, ToolErrorCode::InvalidInput);
        assert_eq!(error.details.unwrap()["issues"][0]["path"], "x");
        assert!(positional(&json!([1]), &[]).is_err());
    }
}
