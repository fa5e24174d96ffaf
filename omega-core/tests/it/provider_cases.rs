//! Every recorded provider response, cut into pieces of 1, 7 and 64 bytes, gives what is known to be right.
//!
//! The recordings are not part of the repository: they lie in `shared/data/llm` beside it, or where `OMEGA_SHARED` says.

use omega_core::model::{
    Answer, ModelError,
    wire::{Format, http_error},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn cases() -> Option<PathBuf> {
    let shared = std::env::var_os("OMEGA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("data/llm/cases");
    if !folder.is_dir() {
        eprintln!("skipped: the recorded provider responses are not in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn load(folder: &Path) -> Vec<(Value, Vec<u8>)> {
    let mut cases: Vec<(Value, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            let body = fs::read(folder.join(case["response"]["body"].as_str().unwrap())).unwrap();
            (case, body)
        })
        .collect();
    cases.sort_by_key(|(case, _)| case["id"].to_string());
    cases
}

fn decode(case: &Value, body: &[u8], chunk: usize) -> (Answer, Option<ModelError>) {
    let provider = case["provider"].as_str().unwrap();
    let status = u16::try_from(case["response"]["status"].as_u64().unwrap()).unwrap();
    if status >= 400 {
        let header = |name: &str| case["response"]["headers"].get(name)?.as_str();
        return (Answer::default(), Some(http_error(provider, status, header, body)));
    }
    let format = match case["api"].as_str().unwrap() {
        "openai_chat" => Format::OpenAiChat,
        "openai_responses" => Format::OpenAiResponses,
        "anthropic" => Format::Anthropic,
        "gemini" => Format::Gemini,
        other => panic!("unknown api {other}"),
    };
    Answer::decode(format.decoder(provider), body.chunks(chunk))
}

fn prefix(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What is wrong with a result.
fn judge(case: &Value, answer: &Answer, error: Option<&ModelError>) -> Vec<String> {
    let expect = &case["expect"];
    let message = error.map(ToString::to_string).unwrap_or_default();
    match (expect["kind"].as_str().unwrap(), error) {
        ("http_error", error) => judge_http_error(&expect["error"], error, &message),
        ("stream_error" | "truncated", None) => vec!["the error was swallowed".into()],
        ("stream_error", Some(_)) => {
            let mut why = Vec::new();
            if !message.contains(&prefix(expect["error"]["message_contains"].as_str().unwrap(), 30)) {
                why.push(format!("the message was lost: {message}"));
            }
            if !expect["text"].as_str().unwrap().starts_with(&prefix(&answer.text, 20)) {
                why.push("text".into());
            }
            why
        }
        ("truncated", Some(_)) => Vec::new(),
        (_, Some(_)) if expect["or_error"].as_bool() == Some(true) => Vec::new(),
        (_, Some(_)) => vec![message],
        (_, None) => judge_answer(case, answer),
    }
}

fn judge_http_error(expect: &Value, error: Option<&ModelError>, message: &str) -> Vec<String> {
    let Some(error) = error else { return vec!["no error".into()] };
    let mut why = Vec::new();
    match error {
        ModelError::Http { status, .. } if json!(status) == expect["status"] => {}
        other => why.push(format!("{other:?}")),
    }
    if let Some(wait) = expect["retry_after_s"].as_f64()
        && error.retry_after().map(|asked| asked.as_secs_f64()) != Some(wait)
    {
        why.push("retry-after".into());
    }
    if !message.contains(&prefix(expect["message_contains"].as_str().unwrap_or_default(), 40)) {
        why.push(format!("the message was lost: {message}"));
    }
    if json!(error.is_retryable()) != expect["retryable"] {
        why.push("retryable".into());
    }
    why
}

fn judge_answer(case: &Value, answer: &Answer) -> Vec<String> {
    let expect = &case["expect"];
    let mut why = Vec::new();
    let none = Vec::new();
    // A reading of the answer that is as right as the first.
    let readings = |key: &str| -> Vec<String> {
        let first = expect[key].as_str().unwrap_or_default();
        let others = expect["alt"].as_array().unwrap_or(&none).iter();
        std::iter::once(first)
            .chain(others.map(|other| other[key].as_str().unwrap_or(first)))
            .map(str::to_owned)
            .collect()
    };
    if !readings("text").contains(&answer.text) {
        why.push(format!("text: {}", answer.text));
    }
    if !readings("reasoning").iter().any(|text| without_space(text) == without_space(&answer.reasoning)) {
        why.push(format!("reasoning: {}", answer.reasoning));
    }
    let want = expect["tool_calls"].as_array().unwrap_or(&none);
    if want.len() != answer.calls.len() {
        why.push(format!("calls: {:?}", answer.calls));
    }
    for (want, got) in want.iter().zip(&answer.calls) {
        let right = if want["arguments_valid"] == json!(true) {
            got.parsed().is_ok_and(|arguments| json!(arguments) == want["arguments"])
        } else {
            json!(got.arguments) == want["arguments_raw"] && got.parsed().is_err()
        };
        let right_id = case["api"] == "gemini" || json!(got.id) == want["id"];
        if !right || !right_id || json!(got.name) != want["name"] {
            why.push(format!("call: {got:?}"));
        }
    }
    let among = |value: &Value, first: &Value, others: &Value| {
        value == first || others.as_array().is_some_and(|others| others.contains(value))
    };
    if !among(&json!(answer.reason), &expect["finish_reason"], &expect["finish_reason_alt"]) {
        why.push(format!("finish reason: {:?}", answer.reason));
    }
    if let Some(usage) = expect["usage"].as_object() {
        let got = answer.usage.unwrap_or_default();
        for (key, alt, got) in [("input", "input_alt", got.input_tokens), ("output", "output_alt", got.output_tokens)] {
            let alt = usage.get(alt).unwrap_or(&Value::Null);
            if usage.get(key).is_some_and(|want| !want.is_null() && !among(&json!(got), want, alt)) {
                why.push(format!("usage.{key}: {got}"));
            }
        }
    }
    if answer.reason.is_some() && !answer.finished {
        why.push("not finished".into());
    }
    why
}

#[test]
fn every_recorded_response_is_read_right_however_it_is_cut() {
    let Some(folder) = cases() else { return };
    let cases = load(&folder);
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for chunk in [1, 7, 64] {
        let mut right = 0;
        for (case, body) in &cases {
            let (answer, error) = decode(case, body, chunk);
            let why = judge(case, &answer, error.as_ref());
            if why.is_empty() {
                right += 1;
            } else {
                wrong.push(format!("{} in pieces of {chunk}: {}", case["id"], why.join("; ")));
            }
        }
        println!("{right} of {} in pieces of {chunk} bytes", cases.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_recorded_response_that_is_cut_before_its_finish_is_no_answer() {
    let Some(folder) = cases() else { return };
    for (case, body) in load(&folder) {
        if case["expect"]["kind"] != "ok" {
            continue;
        }
        let text = String::from_utf8_lossy(&body);
        let end = [
            "finish_reason\":\"",
            "finish_reason\": \"",
            "response.completed",
            "message_delta",
            "finishReason",
            "[DONE]",
        ]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap();
        let (answer, error) = decode(&case, &text.as_bytes()[..end], 64);
        assert!(!answer.finished, "{}", case["id"]);
        assert!(matches!(error, Some(ModelError::Truncated { .. })), "{} {error:?}", case["id"]);
    }
}
