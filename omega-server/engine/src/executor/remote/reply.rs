//! What an executor's answer means. Its body decides, never the HTTP status: executors of different ages use statuses
//! differently. Only whether a call was begun at all is read from the status, and only where there is no doubt.

use omega_core::{
    budget::{OUTPUT_VALUES, Shape},
    executor::{ToolError, ToolErrorCode},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Values that an answer has around its output.
const AROUND: usize = 10_000;

/// Why there is no answer of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::executor) enum Fault {
    /// The call was surely not begun: another executor may be asked.
    NotBegun(ToolError),
    /// It may have been begun.
    Lost(ToolError),
}

/// The answer in a response, if it is one: with a body that is no JSON, or that says nothing, the status is all there is.
pub(super) fn of_response(base: &str, status: StatusCode, body: &[u8]) -> Result<Value, Fault> {
    if Shape::of(body).values > OUTPUT_VALUES.most + AROUND {
        let message =
            format!("the executor at {base} gave more than {} values; they were not read", OUTPUT_VALUES.most);
        return Err(Fault::Lost(ToolError::new(ToolErrorCode::OutputTooLarge, message)));
    }
    let said = String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
    let answer = serde_json::from_slice::<Value>(body)
        .ok()
        .filter(|answer| !answer["success"].is_null() || !answer["error"].is_null());
    let failure = |code, what: &str| match &answer {
        Some(answer) => ToolError { code, ..failure_of(answer) },
        None => ToolError::new(code, format!("the executor at {base} {what} (HTTP {}): {said}", status.as_u16())),
    };
    match (status.as_u16(), &answer) {
        (429, _) => Err(Fault::NotBegun(failure(ToolErrorCode::Overloaded, "has too much to do"))),
        (401 | 403, _) => {
            let message =
                format!("the executor at {base} refuses the key; check OMEGA_EXECUTOR_API_KEY here and there");
            Err(Fault::NotBegun(ToolError::new(ToolErrorCode::ExecutorUnreachable, message)))
        }
        (503, Some(answer)) if answer["errorStage"] != "execute" => {
            let error = failure_of(answer);
            let code = if error.code == ToolErrorCode::RuntimeUnavailable {
                error.code
            } else {
                ToolErrorCode::ExecutorUnreachable
            };
            Err(Fault::NotBegun(ToolError { code, ..error }))
        }
        (503, None) => Err(Fault::NotBegun(failure(ToolErrorCode::ExecutorUnreachable, "does not take calls now"))),
        (_, Some(_)) => Ok(answer.unwrap_or_default()),
        (300..500, None) => {
            Err(Fault::NotBegun(failure(ToolErrorCode::ExecutorUnreachable, "is none: check OMEGA_EXECUTOR_URL")))
        }
        (_, None) => Err(Fault::Lost(failure(
            ToolErrorCode::Unknown,
            "answered without JSON; the call may or may not have taken effect",
        ))),
    }
}

/// The output, when the body says that there is one.
pub(super) fn output_of(mut answer: Value) -> Result<Value, ToolError> {
    if answer["success"] == true { Ok(answer["output"].take()) } else { Err(failure_of(&answer)) }
}

/// A failure in either form: 1.0 has a text alone, 1.1 a code beside it, and some give an object.
pub(super) fn failure_of(answer: &Value) -> ToolError {
    let error = &answer["error"];
    let message = error
        .as_str()
        .or_else(|| error["message"].as_str())
        .unwrap_or("the executor says that the call failed, and not why");
    // Our own code says more than TPMJS's; what is no code of ours may be a tool's or the operating system's.
    let known = [&answer["code"], &answer["errorCode"], &error["code"]];
    let code = known.into_iter().filter_map(Value::as_str).find_map(code_of);
    let code = match code {
        None | Some(ToolErrorCode::ToolError) if !missing_in(message).is_empty() => ToolErrorCode::MissingEnvVars,
        Some(code) => code,
        None => ToolErrorCode::ToolError,
    };
    let error = ToolError::new(code, message);
    match answer.get("details").or_else(|| error_details(answer)) {
        Some(details) => error.with(details.clone()),
        None if code == ToolErrorCode::MissingEnvVars => error.with(json!({ "missing": missing_in(message) })),
        None => error,
    }
}

fn error_details(answer: &Value) -> Option<&Value> {
    answer["error"].get("details")
}

fn code_of(code: &str) -> Option<ToolErrorCode> {
    Some(match code {
        "PACKAGE_IMPORT_FAILED" => ToolErrorCode::ImportFailed,
        "TOOL_CONFIGURATION_REQUIRED" => ToolErrorCode::MissingEnvVars,
        "INVALID_TOOL" | "SCHEMA_UNAVAILABLE" => ToolErrorCode::NotATool,
        "INVALID_REQUEST" => ToolErrorCode::InvalidInput,
        "EXECUTION_TIMEOUT" => ToolErrorCode::Timeout,
        "AUTHENTICATION_REQUIRED" | "EXECUTOR_UNAVAILABLE" | "EXECUTOR_INTERNAL_ERROR" => {
            ToolErrorCode::ExecutorUnreachable
        }
        own => return serde_json::from_value(Value::String(own.to_owned())).ok(),
    })
}

/// Secret-like variables that a text about missing keys names.
fn missing_in(text: &str) -> Vec<&str> {
    let lower = text.to_lowercase();
    if !["required", "missing", "not set", "not defined", "environment variable"]
        .iter()
        .any(|words| lower.contains(words))
    {
        return Vec::new();
    }
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words
        .filter(|word| word.contains('_') && word.len() > 4 && crate::executor::secret_names::looks_secret(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_surely_not_begun_may_be_asked_of_another() {
        let json = |code: &str, stage: &str| {
            json!({ "success": false, "error": "x", "errorCode": code, "errorStage": stage }).to_string()
        };
        let cases = [
            (429, String::new(), Some(ToolErrorCode::Overloaded)),
            (429, json("OVERLOADED", "executor"), Some(ToolErrorCode::Overloaded)),
            (503, "shutting down".to_owned(), Some(ToolErrorCode::ExecutorUnreachable)),
            (503, json("EXECUTOR_UNAVAILABLE", "executor"), Some(ToolErrorCode::ExecutorUnreachable)),
            (401, json("AUTHENTICATION_REQUIRED", "request"), Some(ToolErrorCode::ExecutorUnreachable)),
            (404, "<html>".to_owned(), Some(ToolErrorCode::ExecutorUnreachable)),
            (302, String::new(), Some(ToolErrorCode::ExecutorUnreachable)),
            (502, "<html>".to_owned(), None),
            (500, String::new(), None),
            (200, "cut {\"succ".to_owned(), None),
            (504, json!({ "message": "a gateway's own" }).to_string(), None),
        ];
        for (status, body, not_begun) in cases {
            let fault = of_response("http://e/", StatusCode::from_u16(status).unwrap(), body.as_bytes()).unwrap_err();
            match (fault, not_begun) {
                (Fault::NotBegun(error), Some(code)) => assert_eq!(error.code, code, "{status} {body}"),
                (Fault::Lost(error), None) => assert_eq!(error.code, ToolErrorCode::Unknown, "{status} {body}"),
                (fault, _) => panic!("{status} {body}: {fault:?}"),
            }
        }
        for status in [200, 400, 404, 500] {
            let answer =
                of_response("", StatusCode::from_u16(status).unwrap(), json("TOOL_NOT_FOUND", "load").as_bytes());
            assert_eq!(failure_of(&answer.unwrap()).code, ToolErrorCode::ToolNotFound);
        }
    }

    #[test]
    fn both_generations_of_failures_are_understood() {
        let cases = [
            (json!({"success": false, "error": "boom"}), ToolErrorCode::ToolError),
            (json!({"success": false, "error": "EXA_API_KEY is required. Set it."}), ToolErrorCode::MissingEnvVars),
            (json!({"success": false, "error": "no", "errorCode": "TOOL_NOT_FOUND"}), ToolErrorCode::ToolNotFound),
            (
                json!({"success": false, "error": "no", "errorCode": "PACKAGE_IMPORT_FAILED"}),
                ToolErrorCode::ImportFailed,
            ),
            (json!({"success": false, "error": {"code": "TIMEOUT", "message": "late"}}), ToolErrorCode::Timeout),
            (json!({"error": "x", "code": "OVERLOADED"}), ToolErrorCode::Overloaded),
            (json!({}), ToolErrorCode::ToolError),
        ];
        for (answer, code) in cases {
            assert_eq!(failure_of(&answer).code, code, "{answer}");
        }
    }

    #[test]
    fn only_success_true_is_a_success() {
        assert_eq!(output_of(json!({"success": true, "output": {"a": 1}})), Ok(json!({"a": 1})));
        for answer in [json!({"output": 1}), json!({"success": "true", "output": 1}), json!([]), json!(null)] {
            assert!(output_of(answer.clone()).is_err(), "{answer}");
        }
    }
}
