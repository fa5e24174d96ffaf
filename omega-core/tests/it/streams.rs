//! What is read of an answer, in all four formats: unstreamed, with half characters, with errors that have no frame, with
//! thoughts in it, and however it ends.

use omega_core::{
    api::FinishReason,
    model::{Answer, ModelError, wire::Format},
};
use serde_json::{Value, json};

const FORMATS: [Format; 4] = [Format::OpenAiChat, Format::OpenAiResponses, Format::Anthropic, Format::Gemini];

fn decode(format: Format, body: &[u8], chunk: usize) -> (Answer, Option<ModelError>) {
    Answer::decode(format.decoder("p"), body.chunks(chunk))
}

/// A stream as the format's provider sends it; `pieces` are the text's, as they stand in JSON.
fn stream(format: Format, pieces: &[&str], end: &str) -> String {
    let texts = pieces.iter().map(|piece| match format {
        Format::OpenAiChat => format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{piece}"}},"finish_reason":null}}]}}"#),
        Format::OpenAiResponses => format!(
            "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"{piece}\"}}"
        ),
        Format::Anthropic => format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{piece}\"}}}}"
        ),
        Format::Gemini => format!(r#"data: {{"candidates":[{{"index":0,"content":{{"role":"model","parts":[{{"text":"{piece}"}}]}}}}]}}"#),
    });
    let (first, last): (&[&str], Vec<String>) = match format {
        Format::OpenAiChat => (
            &[],
            vec![
                format!(r#"data: {{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{end}"}}]}}"#),
                r#"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#.into(),
                "data: [DONE]".into(),
            ],
        ),
        Format::OpenAiResponses => (
            &[
                "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"error\":null}}",
            ],
            vec![format!("event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{end}}}")],
        ),
        Format::Anthropic => (
            &[
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":3}}}",
                "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
                "event: ping\ndata: {\"type\":\"ping\"}",
            ],
            vec![
                "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}".into(),
                format!(
                    "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{end}\"}},\"usage\":{{\"output_tokens\":2}}}}"
                ),
                "event: message_stop\ndata: {\"type\":\"message_stop\"}".into(),
            ],
        ),
        Format::Gemini => (
            &[],
            vec![format!(
                r#"data: {{"candidates":[{{"index":0,"content":{{"parts":[]}},"finishReason":"{end}"}}],"usageMetadata":{{"promptTokenCount":3,"candidatesTokenCount":2}}}}"#
            )],
        ),
    };
    let events = first.iter().map(|event| (*event).to_owned()).chain(texts).chain(last);
    events.map(|event| format!("{event}\n\n")).collect()
}

/// The end of an answer that is all that was asked for.
fn good(format: Format) -> &'static str {
    match format {
        Format::OpenAiChat => "stop",
        Format::OpenAiResponses => r#"{"status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}"#,
        Format::Anthropic => "end_turn",
        Format::Gemini => "STOP",
    }
}

/// The answer as one document: text "Hé 😀.", one call, usage 3 and 2.
fn whole(format: Format) -> Value {
    match format {
        Format::OpenAiChat => json!({
            "id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hé 😀.", "refusal": null,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                "finish_reason": "tool_calls", "logprobs": null}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }),
        Format::OpenAiResponses => json!({
            "id": "r", "object": "response", "status": "completed", "error": null, "incomplete_details": null,
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hé 😀.", "annotations": []}]},
                {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}"},
            ],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }),
        Format::Anthropic => json!({
            "id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "text", "text": "Hé 😀."},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 2},
        }),
        Format::Gemini => json!({
            "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
                {"text": "Hé 😀."}, {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
            ]}}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2},
        }),
    }
}

fn is_whole(answer: &Answer, error: Option<&ModelError>) -> bool {
    let usage = answer.usage.unwrap_or_default();
    error.is_none()
        && answer.finished
        && answer.text == "Hé 😀."
        && answer.calls.len() == 1
        && answer.calls[0].name == "f"
        && answer.calls[0].parsed().is_ok_and(|arguments| json!(arguments) == json!({"a": 1}))
        && answer.reason == Some(FinishReason::ToolCalls)
        && (usage.input_tokens, usage.output_tokens) == (3, 2)
}

#[test]
fn an_answer_that_comes_unstreamed_is_taken_in_every_format() {
    for format in FORMATS {
        let document = whole(format);
        for body in [
            document.to_string(),
            format!("\u{feff}\n  {document}\n"),
            serde_json::to_string_pretty(&document).unwrap(),
            format!("[{document}]"),
            // As an only event, and without a frame in a stream.
            format!("data: {document}\n\ndata: [DONE]\n\n"),
            format!(": waiting\n\n{document}\n"),
        ] {
            for chunk in [1, 7, 4_096] {
                let (answer, error) = decode(format, body.as_bytes(), chunk);
                assert!(is_whole(&answer, error.as_ref()), "{format:?} {body}: {answer:?} {error:?}");
            }
        }
    }
}

#[test]
fn chunks_without_frames_are_an_answer_too() {
    let chunk = |text: &str, finish: Value| json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]});
    let lines = format!("{}\n{}\n", chunk("one ", Value::Null), chunk("two", json!("stop")));
    let (answer, error) = decode(Format::OpenAiChat, lines.as_bytes(), 5);
    assert_eq!((answer.text.as_str(), answer.finished, error), ("one two", true, None));
    // Gemini streams a list of chunks where nobody asked for events.
    let piece = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]});
    let list = json!([piece("one "), piece("two"), {"candidates": [{"finishReason": "STOP"}]}]).to_string();
    let (answer, error) = decode(Format::Gemini, list.as_bytes(), 5);
    assert_eq!((answer.text.as_str(), answer.finished, error), ("one two", true, None));
}

#[test]
fn an_unstreamed_answer_has_the_bounds_of_a_streamed_one() {
    let text = "x".repeat(5 << 20);
    let document = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).to_string();
    let (answer, error) = decode(Format::OpenAiChat, document.as_bytes(), 64 << 10);
    assert_eq!((answer.reason, error), (Some(FinishReason::Length), None));
    assert_eq!(answer.text.len(), omega_core::budget::MODEL_TEXT.most);
    let endless = format!("{{\"choices\":[{}", "0,".repeat(8 << 20));
    let (_, error) = decode(Format::OpenAiChat, endless.as_bytes(), 64 << 10);
    assert!(error.unwrap().to_string().contains("without end"));
}

#[test]
fn half_a_character_is_joined_where_the_halves_meet_and_never_the_end() {
    for format in FORMATS {
        for (pieces, want) in [
            (&[r"smile \ud83d", r"\ude00!"][..], "smile 😀!"),
            (&[r"\ud83d", r"\ude00"], "😀"),
            (&[r"a\uD83D", "", r"\uDE00\ud83d", r"\ude01b"], "a😀😁b"),
            (&[r"lone \ud83d", "go on"], "lone \u{fffd}go on"),
            (&[r"\ude00 lone"], "\u{fffd} lone"),
            (&["last ", r"\ud83d"], "last \u{fffd}"),
        ] {
            let body = stream(format, pieces, good(format));
            for chunk in [1, 9, 4_096] {
                let (answer, error) = decode(format, body.as_bytes(), chunk);
                assert_eq!((answer.text.as_str(), answer.finished, error), (want, true, None), "{format:?} {pieces:?}");
            }
        }
    }
}

#[test]
fn half_a_character_in_a_call_does_not_end_the_run_either() {
    let call = |pieces: &[&str]| -> String {
        let pieces = pieces
            .iter()
            .map(|piece| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{piece}]}}}}]}}\n\n"));
        pieces
            .chain([String::from("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n")])
            .collect()
    };
    for (pieces, id, name, arguments) in [
        // In the JSON of the event, cut over two deltas.
        (
            &[
                r#"{"index":0,"id":"i","function":{"name":"f","arguments":"{\"t\":\"\ud83d"}}"#,
                r#"{"index":0,"function":{"arguments":"\ude00\"}"}}"#,
            ][..],
            "i",
            "f",
            json!({"t": "😀"}),
        ),
        // In the JSON of the arguments, whole and half.
        (
            &[
                r#"{"index":0,"id":"i","function":{"name":"f","arguments":"{\"t\":\"\\ud83d\\u"}}"#,
                r#"{"index":0,"function":{"arguments":"de00\",\"h\\ud83d\":\"\\ude00\"}"}}"#,
            ],
            "i",
            "f",
            json!({"t": "😀", "h\u{fffd}": "\u{fffd}"}),
        ),
        // In names and ids.
        (
            &[r#"{"index":0,"id":"i\ud83d","function":{"name":"f\ude00","arguments":"{}"}}"#],
            "i\u{fffd}",
            "f\u{fffd}",
            json!({}),
        ),
    ] {
        let (answer, error) = decode(Format::OpenAiChat, call(pieces).as_bytes(), 11);
        assert_eq!(error, None);
        assert_eq!((answer.calls[0].id.as_str(), answer.calls[0].name.as_str()), (id, name));
        assert_eq!(json!(answer.calls[0].parsed().unwrap()), arguments);
        // What is kept of them is JSON to every reader.
        assert!(serde_json::from_str::<Value>(&answer.calls[0].arguments).is_ok());
    }
    let anthropic = concat!(
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"f\",\"input\":{\"\\ud83d\":1}}}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    let (answer, error) = decode(Format::Anthropic, anthropic.as_bytes(), 3);
    assert_eq!((json!(answer.calls[0].parsed().unwrap()), error), (json!({"\u{fffd}": 1}), None));
}

#[test]
fn an_error_without_a_frame_gives_its_message() {
    for (piece, message, retryable) in [
        ("{\"error\":{\"code\":400,\"message\":\"the context is too small\"}}\n", "the context is too small", false),
        ("{\n  \"error\": {\n    \"message\": \"overloaded\",\n    \"code\": 503\n  }\n}\n\n", "overloaded", true),
        ("\n[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":\"RESOURCE_EXHAUSTED\"}}]\n", "quota", true),
        ("error: {\"message\":\"slot is gone\",\"code\":500}\n\n", "slot is gone", true),
        ("event: error\ndata: {\"error\":{\"message\":\"inner\",\"type\":\"server_error\"}}\n\n", "inner", true),
        ("event: error\ndata: out of memory\n\n", "out of memory", false),
        ("event: error\ndata:\n\n", "(no message)", false),
        ("data: {\"detail\":\"x\",\"error\":\"model crashed\"}\n\n", "model crashed", false),
        (
            "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>no</body></html>\n",
            "a web page: 502 Bad Gateway",
            true,
        ),
        ("upstream connect error or disconnect\n", "upstream connect error or disconnect", true),
        ("data: {\"error\":{\"message\":\"half \\ud83d\"}}\n\n", "half \u{fffd}", false),
    ] {
        for format in FORMATS {
            for body in [
                piece.to_owned(),
                stream(format, &["hel"], good(format)).split_inclusive("\n\n").take(1).chain([piece]).collect(),
            ] {
                let (answer, error) = decode(format, body.as_bytes(), 4);
                assert!(!answer.finished, "{body}");
                match error {
                    Some(ModelError::Stream { message: told, retryable: may, .. }) => {
                        assert_eq!((told.as_str(), may), (message, retryable), "{format:?} {body}");
                    }
                    // A page in place of the whole answer is a wrong address.
                    Some(ModelError::Protocol { message, .. }) => assert!(body.starts_with('<'), "{body} {message}"),
                    other => panic!("{format:?} {body}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn every_end_is_told_as_what_it_is() {
    use FinishReason::{ContentFilter, Error, Length, Other, Refusal, Stop};
    let incomplete =
        |reason: &str| format!(r#"{{"status":"incomplete","incomplete_details":{{"reason":"{reason}"}},"output":[]}}"#);
    let refused =
        r#"{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]}"#;
    let ends: Vec<(Format, String, FinishReason)> = [
        (Format::OpenAiChat, "stop", Stop),
        (Format::OpenAiChat, "length", Length),
        (Format::OpenAiChat, "content_filter", ContentFilter),
        (Format::OpenAiChat, "refusal", ContentFilter),
        (Format::OpenAiChat, "error", Error),
        (Format::OpenAiChat, "something new", Other),
        (Format::Anthropic, "end_turn", Stop),
        (Format::Anthropic, "stop_sequence", Stop),
        (Format::Anthropic, "max_tokens", Length),
        (Format::Anthropic, "model_context_window_exceeded", Length),
        (Format::Anthropic, "pause_turn", Length),
        (Format::Anthropic, "refusal", ContentFilter),
        (Format::Gemini, "STOP", Stop),
        (Format::Gemini, "MAX_TOKENS", Length),
        (Format::Gemini, "SAFETY", ContentFilter),
        (Format::Gemini, "RECITATION", ContentFilter),
        (Format::Gemini, "PROHIBITED_CONTENT", ContentFilter),
        (Format::Gemini, "BLOCKLIST", ContentFilter),
        (Format::Gemini, "SPII", ContentFilter),
        (Format::Gemini, "MALFORMED_FUNCTION_CALL", Error),
        (Format::Gemini, "OTHER", Other),
        (Format::OpenAiResponses, good(Format::OpenAiResponses), Stop),
        (Format::OpenAiResponses, &incomplete("max_output_tokens"), Length),
        (Format::OpenAiResponses, &incomplete("content_filter"), ContentFilter),
        (Format::OpenAiResponses, refused, Refusal),
    ]
    .into_iter()
    .map(|(format, end, reason)| (format, end.to_owned(), reason))
    .collect();
    for (format, end, reason) in ends {
        let pieces: &[&str] =
            if reason == Refusal && format == Format::OpenAiResponses { &[] } else { &["half of it"] };
        let (answer, error) = decode(format, stream(format, pieces, &end).as_bytes(), 13);
        assert_eq!((answer.reason, answer.finished, error), (Some(reason), true, None), "{format:?} {end}");
        assert_eq!(reason.shortfall().is_some(), ![Stop, Other].contains(&reason));
        // As it is stored and sent.
        assert_eq!(serde_json::from_value::<FinishReason>(json!(reason)).unwrap(), reason);
    }
    assert_eq!(serde_json::from_value::<FinishReason>(json!("of_a_later_version")).unwrap(), Other);
    // A refusal in a field of its own is its text.
    let deltas = concat!(
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"I can't \"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"refusal\":\"do that.\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    let (answer, _) = decode(Format::OpenAiChat, deltas.as_bytes(), 9);
    assert_eq!((answer.text.as_str(), answer.reason), ("I can't do that.", Some(Refusal)));
    let blocked = "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n";
    assert_eq!(decode(Format::Gemini, blocked.as_bytes(), 9).0.reason, Some(ContentFilter));
}

#[test]
fn thoughts_in_the_text_are_reasoning_in_every_format() {
    for format in FORMATS {
        for (pieces, reasoning, text) in [
            (&["<thi", r"nk>\nsecret</th", "ink>", r"\n\nThe answer"][..], "secret", "The answer"),
            (&["<think>never closed"], "never closed", ""),
            (&["The tag ", "<think> opens"], "", "The tag <think> opens"),
        ] {
            let (answer, error) = decode(format, stream(format, pieces, good(format)).as_bytes(), 17);
            assert_eq!((answer.reasoning.as_str(), answer.text.as_str(), error), (reasoning, text, None), "{format:?}");
        }
    }
}

type IsWhole<'w> = &'w dyn Fn(&Answer, Option<&ModelError>) -> bool;

/// What a fault at a byte of an answer comes to: the whole answer, or an error.
fn assert_whole_or_error(format: Format, body: &[u8], is_whole: IsWhole<'_>, what: &str) {
    let (answer, error) = decode(format, body, 16);
    let one_end = answer.finished != error.is_some();
    assert!(one_end && (error.is_some() || is_whole(&answer, None)), "{format:?} {what}: {answer:?} {error:?}");
}

/// An answer that asks for a search of the client, and holds one that OpenAI made itself, as Responses streams them.
fn searching() -> String {
    let own = json!({"type": "tool_search_call", "id": "tsc_0", "execution": "server", "call_id": null, "status": "completed", "arguments": {"paths": ["crm"]}});
    let asked = |status: &str, arguments: Value| json!({"type": "tool_search_call", "id": "tsc_1", "execution": "client", "call_id": "call_s", "status": status, "arguments": arguments});
    let query = json!({"query": "parse \"csv\" 😀", "limit": 3});
    let events = [
        json!({"type": "response.created", "response": {"status": "in_progress"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": own.clone()}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": own.clone()}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "Hé 😀"}),
        json!({"type": "response.output_item.added", "output_index": 2, "item": asked("in_progress", json!({}))}),
        json!({"type": "response.output_item.done", "output_index": 2, "item": asked("completed", query.clone())}),
        json!({"type": "response.output_item.added", "output_index": 3, "item": {"type": "function_call", "call_id": "c2", "namespace": "a__b", "name": "a__b", "arguments": ""}}),
        json!({"type": "response.output_item.done", "output_index": 3, "item": {"type": "function_call", "call_id": "c2", "namespace": "a__b", "name": "a__b", "arguments": "{}"}}),
        json!({"type": "response.completed", "response": {"status": "completed", "usage": {"input_tokens": 3, "output_tokens": 2}, "output": [
            own, {"type": "message", "content": [{"type": "output_text", "text": "Hé 😀"}]}, asked("completed", query),
            {"type": "function_call", "call_id": "c2", "namespace": "a__b", "name": "a__b", "arguments": "{}"},
        ]}}),
    ];
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())).collect()
}

fn is_search(answer: &Answer, _: Option<&ModelError>) -> bool {
    let calls: Vec<_> = answer.calls.iter().map(|call| (call.id.as_str(), call.name.as_str(), call.parsed())).collect();
    let query = json!({"query": "parse \"csv\" 😀", "limit": 3}).as_object().cloned().unwrap_or_default();
    answer.finished
        && answer.text == "Hé 😀"
        && answer.reason == Some(FinishReason::ToolCalls)
        && answer.calls[1].provider_state == Some(json!({"provider": "p", "namespace": "a__b"}))
        && calls == [("call_s", "registrySearchTool", Ok(query)), ("c2", "a__b", Ok(serde_json::Map::new()))]
}

#[test]
fn a_search_that_a_model_asks_of_the_client_is_a_call_of_the_registrys_search() {
    let body = searching();
    let last = body.trim_end().rsplit_once("data: ").unwrap().1;
    let document: Value = serde_json::from_str(last).unwrap();
    for body in [body.clone(), format!("data: {last}\n\n"), document["response"].to_string()] {
        for chunk in [1, 7, 4_096] {
            let (answer, error) = decode(Format::OpenAiResponses, body.as_bytes(), chunk);
            assert!(error.is_none() && is_search(&answer, None), "{body}: {answer:?} {error:?}");
        }
    }
}

#[test]
fn a_cut_an_error_and_garbage_at_every_byte_leave_the_whole_answer_or_an_error() {
    let streamed = |answer: &Answer, _: Option<&ModelError>| answer.finished && answer.text == "Hé 😀 \"x\".";
    for format in FORMATS {
        let pieces = [r"<think>hm</think>Hé \ud83d", r"\ude00 ", r#"\"x\"."#];
        let mut bodies: Vec<(String, IsWhole<'_>)> =
            vec![(stream(format, &pieces, good(format)), &streamed), (whole(format).to_string(), &is_whole)];
        if format == Format::OpenAiResponses {
            bodies.push((searching(), &is_search));
        }
        for (body, is_whole) in bodies {
            let body = body.as_bytes();
            assert_whole_or_error(format, body, is_whole, "untouched");
            assert!(is_whole(&decode(format, body, 16).0, None));
            for at in 0..body.len() {
                assert_whole_or_error(format, &body[..at], is_whole, &format!("cut at {at}"));
                let others: [&[u8]; 3] = [
                    b"\n\n{\"error\":{\"message\":\"overloaded\"}}\n\n",
                    b"\n\n<html><title>502</title></html>\n\n",
                    b"\n\xff\xfe\x00\n\n",
                ];
                for junk in [
                    b"\n\ndata: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n",
                    b"\n\ndata: {\"garbled\": \n\n".as_slice(),
                    others[at % 3],
                ] {
                    // What follows the fault comes, or does not.
                    let fault = [&body[..at], junk].concat();
                    assert_whole_or_error(
                        format,
                        &fault,
                        is_whole,
                        &format!("{} at {at}", String::from_utf8_lossy(junk)),
                    );
                    let fault = [&fault, &body[at..]].concat();
                    assert_whole_or_error(
                        format,
                        &fault,
                        is_whole,
                        &format!("{} in {at}", String::from_utf8_lossy(junk)),
                    );
                }
            }
        }
    }
}
