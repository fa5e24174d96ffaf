//! Feeds recorded provider responses through the codecs and prints what came out, one line of JSON for each case.
//!
//! `cargo run -p omega-core --example provider_cases -- CASES_DIR [--chunk BYTES] > results.jsonl`
//!
//! `CASES_DIR` holds `ID.json` and `ID.body`, or a folder `cases` with them. `--chunk` cuts the bodies into pieces of so
//! many bytes (the whole body by default).

use omega_core::model::{
    Answer, ModelError,
    wire::{Format, http_error},
};
use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut folder, mut chunk) = (None, usize::MAX);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--chunk" => chunk = arguments.next().ok_or("--chunk needs a number of bytes")?.parse::<usize>()?.max(1),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    let folder = folder.ok_or("usage: provider_cases CASES_DIR [--chunk BYTES]")?;
    let folder = if folder.join("cases").is_dir() { folder.join("cases") } else { folder };
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut out = std::io::stdout().lock();
    for file in files {
        writeln!(out, "{}", result_of(&folder, &file, chunk)?)?;
    }
    Ok(())
}

fn result_of(folder: &Path, file: &Path, chunk: usize) -> Result<Value, Box<dyn Error>> {
    let case: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let text = |pointer: &str| case.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let body = fs::read(folder.join(text("/response/body")))?;
    let provider = text("/provider");
    let status = case.pointer("/response/status").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
    let (answer, error) = match status {
        Some(status @ 400..) => {
            let header = |name: &str| case.pointer("/response/headers")?.get(name)?.as_str();
            (Answer::default(), Some(http_error(provider, status, header, &body)))
        }
        _ => {
            let format = match text("/api") {
                "openai_chat" => Format::OpenAiChat,
                "openai_responses" => Format::OpenAiResponses,
                "anthropic" => Format::Anthropic,
                "gemini" => Format::Gemini,
                other => return Err(format!("{}: unknown api {other}", file.display()).into()),
            };
            Answer::decode(format.decoder(provider), body.chunks(chunk))
        }
    };
    Ok(json!({
        "id": text("/id"),
        "text": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": answer.calls.iter().map(|call| json!({
            "id": call.id,
            "name": call.name,
            "arguments": serde_json::from_str::<Value>(&call.arguments)
                .ok().filter(Value::is_object).unwrap_or_else(|| json!(call.arguments)),
        })).collect::<Vec<_>>(),
        "finish_reason": answer.reason,
        "usage": answer.usage.map(|usage| json!({ "input": usage.input_tokens, "output": usage.output_tokens })),
        "error": error.as_ref().map(report),
    }))
}

fn report(error: &ModelError) -> Value {
    let status = match error {
        ModelError::Http { status, .. } => Some(*status),
        _ => None,
    };
    let mut report = json!({
        "status": status,
        "retry_after": error.retry_after().map(|wait| wait.as_secs_f64().to_string()),
        "message": error.to_string(),
    });
    if status.is_some() {
        report["retryable"] = json!(error.is_retryable());
    }
    report
}
