//! The decoders against bytes that no provider should send: they never panic, never hang, and always come to one end.

use omega_core::model::{Answer, ModelError, ModelEvent, wire::Format};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORMATS: [Format; 4] = [Format::OpenAiChat, Format::OpenAiResponses, Format::Anthropic, Format::Gemini];

/// A small answer in each format that uses what the format has.
fn events(format: Format) -> Vec<Value> {
    match format {
        Format::OpenAiChat => vec![
            json!({"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "hm", "reasoning_details": [{"type": "a", "index": 0, "text": "h"}]}}]}),
            json!({"choices": [{"index": 0, "delta": {"reasoning_details": [{"type": "a", "index": 0, "text": "m"}]}}]}),
            json!({"choices": [{"index": 0, "delta": {"content": [{"type": "thinking", "thinking": [{"text": "née"}]}, {"type": "text", "text": "ok"}]}}]}),
            json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]}}]}),
            json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}}]}),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 3}}}),
        ],
        Format::OpenAiResponses => vec![
            json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "r"}}),
            json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "reasoning", "id": "r", "summary": [{"text": "hm"}], "encrypted_content": "x"}}),
            json!({"type": "response.output_text.delta", "output_index": 1, "delta": "née"}),
            json!({"type": "response.output_item.added", "output_index": 2, "item": {"type": "function_call", "call_id": "a", "name": "f"}}),
            json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{"}),
            json!({"type": "response.output_item.done", "output_index": 2, "item": {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}}),
            json!({"type": "response.output_item.added", "output_index": 3, "item": {"type": "tool_search_call", "call_id": "b", "execution": "client", "arguments": {}}}),
            json!({"type": "response.output_item.done", "output_index": 3, "item": {"type": "tool_search_call", "call_id": "b", "execution": "client", "arguments": {"query": "née"}}}),
            json!({"type": "response.completed", "response": {"status": "completed", "output": [], "usage": {"input_tokens": 1, "output_tokens": 2}}}),
        ],
        Format::Anthropic => vec![
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 1, "cache_read_input_tokens": 2}}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "née"}}),
            json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}}}),
            json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
            json!({"type": "message_stop"}),
        ],
        Format::Gemini => vec![
            json!({"candidates": [{"index": 0, "content": {"parts": [{"text": "hm", "thought": true}, {"text": "née"}]}}]}),
            json!({"candidates": [{"index": 0, "content": {"parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "s"}]}}]}),
            json!({"candidates": [{"index": 0, "content": {"parts": []}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1, "thoughtsTokenCount": 2}}),
        ],
    }
}

fn body(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// The ends among the events: a finish or an error.
fn run(format: Format, body: &[u8], cuts: &[usize]) -> (Vec<Result<ModelEvent, ModelError>>, usize) {
    let mut decoder = format.decoder("p");
    let (mut out, mut rest) = (Vec::new(), body);
    for cut in cuts {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        out.extend(decoder.feed(now));
        rest = later;
    }
    out.extend(decoder.feed(rest));
    out.extend(decoder.finish());
    out.extend(decoder.feed(b"data: {\"late\": 1}\n\n"));
    out.extend(decoder.finish());
    let ends = out.iter().filter(|event| matches!(event, Err(_) | Ok(ModelEvent::Finished { .. }))).count();
    (out, ends)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!(1.5)),
        Just(json!("")),
        Just(json!("x")),
        Just(json!([])),
        Just(json!(["x", null, {}])),
        Just(json!({})),
        Just(json!({"text": 1, "id": null})),
    ]
}

/// Replaces the `at`-th node (counted in depth) of a document.
fn replace(value: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *value = with.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, at, with)),
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, at, with)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn random_bytes_come_to_one_end(bytes in prop::collection::vec(any::<u8>(), 0..400), cuts in prop::collection::vec(0usize..40, 0..10)) {
        for format in FORMATS {
            let (out, ends) = run(format, &bytes, &cuts);
            prop_assert_eq!(ends, 1, "{:?}", out);
            prop_assert!(matches!(out.last(), Some(Err(_))), "noise is never an answer");
        }
    }

    #[test]
    fn damaged_events_come_to_one_end(
        which in 0usize..10,
        changes in prop::collection::vec((0usize..30, scalar()), 1..4),
        cuts in prop::collection::vec(0usize..90, 0..10),
    ) {
        for format in FORMATS {
            let mut events = events(format);
            let which = which % events.len();
            for (at, with) in &changes {
                replace(&mut events[which], &mut at.clone(), with);
            }
            let (out, ends) = run(format, body(&events).as_bytes(), &cuts);
            prop_assert_eq!(ends, 1, "{:?}", out);
            let at_the_end = matches!(out.last(), Some(Err(_) | Ok(ModelEvent::Finished { .. })));
            prop_assert!(at_the_end, "{:?}", out);
        }
    }

    #[test]
    fn the_cuts_of_the_network_do_not_matter(cuts in prop::collection::vec(0usize..60, 0..30)) {
        for format in FORMATS {
            let body = body(&events(format));
            let whole = Answer::decode(format.decoder("p"), [body.as_bytes()]);
            let mut pieces = Vec::new();
            let mut rest = body.as_bytes();
            for cut in &cuts {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                pieces.push(now);
                rest = later;
            }
            pieces.push(rest);
            let (mut cut, error) = Answer::decode(format.decoder("p"), pieces);
            prop_assert!(error.is_none() && cut.finished);
            // Ids that the codec makes up are new each time.
            cut.calls[0].id.clone_from(&whole.0.calls[0].id);
            prop_assert_eq!(&cut, &whole.0);
        }
    }
}

#[test]
fn each_small_answer_is_read_whole() {
    for format in FORMATS {
        let (answer, error) = Answer::decode(format.decoder("p"), [body(&events(format)).as_bytes()]);
        assert_eq!(error, None);
        assert!(answer.text.starts_with("née") || answer.text == "ok", "{format:?} {answer:?}");
        assert!(answer.reasoning.starts_with("hm"), "{format:?} {answer:?}");
        // Responses has a search of the client too.
        let calls = if format == Format::OpenAiResponses { 2 } else { 1 };
        assert_eq!((answer.calls.len(), answer.calls[0].arguments.as_str()), (calls, "{}"), "{format:?}");
        assert!(!answer.state.is_empty() || answer.calls[0].provider_state.is_some());
    }
}

#[test]
fn a_document_instead_of_a_stream_is_explained() {
    for (document, want) in [
        ("<!doctype html><title>Welcome</title>", "a web page instead of an event stream; check the base URL"),
        (r#" {"object": "list", "data": []}"#, "a JSON document instead of an event stream"),
        (r#"{"status": "ok"}"#, "a JSON document instead of an event stream"),
        ("[]", "a JSON document instead of an event stream"),
        (r#"{"error": {"message": "model is loading", "code": 503}}"#, "model is loading"),
        (r#"[{"error": {"message": "quota", "code": 429}}]"#, "quota"),
        (r#"{"code": 1001, "msg": "no such key"}"#, "no such key"),
        (r#"{"base_resp": {"status_code": 1004, "status_msg": "login fail"}}"#, "login fail"),
        (r#"{"success": false, "errors": [{"message": "no such account"}]}"#, "no such account"),
    ] {
        for format in FORMATS {
            let (answer, error) = Answer::decode(format.decoder("p"), document.as_bytes().chunks(5));
            assert!(!answer.finished);
            let message = error.unwrap().to_string();
            assert!(message.contains(want), "{message}");
        }
    }
}

#[test]
fn an_event_that_is_no_answer_is_the_reason_when_none_comes() {
    let hi = r#"{"choices": [{"index": 0, "delta": {"content": "hi"}}]}"#;
    let end = r#"{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}"#;
    for (event, passes) in [
        (r#"{"code": 1001, "msg": "the reason"}"#, false),
        (r#"{"code": 503, "msg": "the reason"}"#, true),
        (r#"{"detail": "the reason"}"#, true),
        (r#"{"base_resp": {"status_code": 1004, "status_msg": "the reason"}}"#, false),
    ] {
        let body = format!("data: {hi}\n\ndata: {event}\n\n");
        let (_, error) = Answer::decode(Format::OpenAiChat.decoder("p"), body.as_bytes().chunks(7));
        let error = error.unwrap();
        assert_eq!((error.to_string().contains("the reason"), error.is_retryable()), (true, passes), "{error}");
        // Beside a whole answer it is nothing.
        let (answer, error) =
            Answer::decode(Format::OpenAiChat.decoder("p"), [format!("{body}data: {end}\n\n").as_bytes()]);
        assert_eq!((answer.text.as_str(), answer.finished, error), ("hi", true, None), "{event}");
    }
}

#[test]
fn tokens_are_read_however_they_are_written() {
    for (written, want) in
        [("7", 7), ("7.0", 7), ("\"7\"", 7), ("-7", 0), ("7.5", 0), ("1e300", 0), ("null", 0), ("[7]", 0)]
    {
        let body = format!(
            "data: {{\"choices\": [{{\"index\": 0, \"delta\": {{\"content\": \"hi\"}}, \"finish_reason\": \"stop\"}}], \
             \"usage\": {{\"prompt_tokens\": {written}, \"completion_tokens\": 3, \"prompt_tokens_details\": null}}}}\n\n"
        );
        let (answer, error) = Answer::decode(Format::OpenAiChat.decoder("p"), [body.as_bytes()]);
        let usage = answer.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens, error), (want, 3, None), "{written}");
    }
}

#[test]
fn what_is_broken_behind_a_whole_answer_takes_nothing_from_it() {
    let done = json!({"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]});
    for rest in ["", "data: {\"usage\": {\"prompt", "data: {broken}\n\ndata: [DONE]\n\n", "data: [DONE]"] {
        let body = format!("data: {done}\n\n{rest}");
        let (answer, error) = Answer::decode(Format::OpenAiChat.decoder("p"), body.as_bytes().chunks(3));
        assert_eq!((answer.text.as_str(), answer.finished, error), ("hi", true, None), "{rest}");
    }
}
