//! Every reader of strangers' text is linear in it, whatever the text is made of.

use omega_core::{
    agent::{complexity::Complexity, input},
    budget,
    exact::Exact,
    id::ConversationId,
    import,
    model::{
        ModelRequest, Purpose, ToolChoice, Turn, offline,
        sse::SseDecoder,
        wire::{Format, http_error},
    },
    redact::Redactor,
    sanitize::{one_line, sanitize_terminal, visible_json},
    schema::Schema,
    testing::hostile::{Growth, PATTERNS, peak_memory},
};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The smaller text: long enough to show what is quadratic, short enough for a build without optimisation.
const BYTES: usize = 12 << 10;

/// What a test may have taken at most: a thousand times the larger text, and the program itself.
const MEMORY: usize = 256 << 20;

/// Holds a reader against every pattern.
fn linear(name: &str, read: impl Fn(&str)) {
    linear_from(BYTES, name, read);
}

fn linear_from(bytes: usize, name: &str, read: impl Fn(&str)) {
    for pattern in PATTERNS {
        let growth = Growth::of(bytes, |bytes| read(&pattern.text(bytes)));
        assert!(growth.is_linear(), "{name} of {pattern:?}: {growth:?}");
        assert!(peak_memory() < MEMORY, "{name} of {pattern:?}: {} bytes", peak_memory());
    }
}

fn redactor() -> Redactor {
    let secrets = ["sk-abcdefghijklmnop", "http://a@b", "AAAAAAAAAAAAAAAA", "eyJeyJeyJeyJ"];
    let secrets: Vec<(String, SecretString)> =
        secrets.iter().map(|secret| ((*secret).to_owned(), SecretString::from(*secret))).collect();
    Redactor::new(secrets.iter().map(|(name, secret)| (name.as_str(), secret)))
}

#[test]
fn secrets_are_sought_in_linear_time() {
    let knows_none = Redactor::default();
    linear("redact by look", |text| drop(knows_none.redact(text).into_owned()));
    let knows = redactor();
    linear("redact", |text| drop(knows.redact(text).into_owned()));
}

#[test]
fn secrets_are_sought_in_a_stream_in_linear_time() {
    let knows = redactor();
    for piece in [40, 4_000] {
        linear("redact in pieces", |text| {
            let mut stream = knows.stream();
            let chars: Vec<char> = text.chars().collect();
            chars.chunks(piece).for_each(|piece| drop(stream.push(&piece.iter().collect::<String>())));
            drop(stream.finish());
        });
    }
}

#[test]
fn text_is_made_safe_in_linear_time() {
    linear("sanitize", |text| drop(sanitize_terminal(text)));
    linear("one line", |text| drop(one_line(text, 120)));
    linear("a long line", |text| drop(one_line(text, usize::MAX / 2)));
    linear("visible JSON", |text| drop(visible_json(&json!({ "a": text }))));
}

#[test]
fn what_providers_send_is_read_in_linear_time() {
    linear("an event", |text| drop(SseDecoder::default().feed(format!("data: {text}\n\n").as_bytes())));
    linear("an error", |text| drop(http_error("openai", 400, |_| None, text.as_bytes())));
    for (format, around) in [
        (Format::OpenAiChat, "{\"choices\":[{\"delta\":{\"content\":TEXT}}]}"),
        (
            Format::OpenAiChat,
            "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":TEXT}}]}}]}",
        ),
        (
            Format::Anthropic,
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":TEXT}}",
        ),
    ] {
        linear("an answer", |text| {
            let mut decoder = format.decoder("openai");
            for piece in text.as_bytes().chunks(1_000) {
                let piece = Value::from(String::from_utf8_lossy(piece)).to_string();
                drop(decoder.feed(format!("data: {}\n\n", around.replace("TEXT", &piece)).as_bytes()));
            }
            drop(decoder.finish());
        });
    }
}

#[test]
fn inputs_are_checked_in_linear_time() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "string", "pattern": "^(a|b|\\[)*(a+)+[^x]*$", "format": "email", "minLength": 3 } },
        "patternProperties": { "^(h+)+t": { "type": "number" } },
        "propertyNames": { "maxLength": 3 },
    });
    let schema = Schema::judge(&schema).unwrap();
    linear("check an input", |text| {
        drop(schema.issues(budget::ARGUMENTS.tree(&json!({ "a": text, text: 1 })).unwrap()));
    });
}

#[test]
fn inputs_are_read_in_linear_time() {
    let node = json!({ "anyOf": [
        { "type": "array", "items": { "$ref": "#/$defs/node" } },
        { "type": "object", "additionalProperties": { "$ref": "#/$defs/node" } },
        { "type": "integer" },
    ] });
    let schema = json!({ "$defs": { "node": node }, "type": "object", "properties": {
        "a": { "$ref": "#/$defs/node" }, "b": { "type": "array", "items": { "type": ["string", "object"] } },
    } });
    linear("read an input", |text| {
        for value in [json!({ "a": text }), json!({ "a": { text: text }, "b": text }), json!(text)] {
            drop(input::read(Some(&schema), Exact::of(value)));
        }
        drop(Exact::parse(text));
    });
    for items in ["2512292042121000001,", "\"5\",", "{\"x\":[\"1\"]},", "[[\"1\"]],"] {
        let growth = Growth::of(1_000, |count| {
            let list = format!("[{}null]", items.repeat(count));
            let written = format!("{{\"a\": {list}, \"b\": {list}}}");
            drop(input::read(Some(&schema), Exact::parse(&written).unwrap()));
        });
        assert!(growth.is_linear(), "{items}: {growth:?}");
    }
}

#[test]
fn documents_are_refused_in_linear_time() {
    linear("import", |text| {
        let document = json!({ "format": "omega.conversation/2", "title": text, "model": text, "events": [text] });
        assert!(import::read(document.to_string().as_bytes(), ConversationId::new(), &|_| ()).is_err());
        assert!(import::read(text.as_bytes(), ConversationId::new(), &|_| ()).is_err());
    });
}

#[test]
fn a_conversation_is_imported_in_linear_time() {
    let growth = Growth::of(400, |exchanges| {
        let document = conversation(exchanges);
        let read = import::read(document.as_bytes(), ConversationId::new(), &|_| ()).unwrap();
        assert_eq!(read.view.messages.len(), exchanges);
    });
    assert!(growth.is_linear(), "{growth:?}");
}

#[test]
fn what_an_export_of_any_length_holds_is_imported() {
    let document = conversation(70_000);
    let read = import::read(document.as_bytes(), ConversationId::new(), &|_| ()).unwrap();
    assert_eq!(read.view.messages.len(), 70_000);
    assert!(read.events.len() > 200_000, "{}", read.events.len());
}

/// A document of so many messages whose runs all end after the last one.
fn conversation(messages: usize) -> String {
    let at = "2026-11-22T18:00:00.000Z";
    let old = "5b0f3c1e-0000-4000-8000-000000000001";
    let uuid = |kind: u32, number: usize| format!("5b0f3c1e-{kind:04x}-4000-8000-{number:012x}");
    let mut events: Vec<Value> = Vec::new();
    let mut add = |run: &str, event: Value| {
        let mut envelope = json!({ "v": 1, "seq": events.len() + 1, "conversationId": old, "runId": run, "at": at });
        envelope.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        events.push(envelope);
    };
    for number in 0..messages {
        let (run, message) = (uuid(1, number), uuid(2, number));
        let seq = 2 * number + 1;
        add(
            &run,
            json!({ "type": "message.created", "message": {
            "id": message, "seq": seq, "runId": run, "role": "user", "status": "complete", "content": "x",
            "parts": [{ "type": "text", "text": "x" }], "createdAt": at,
        } }),
        );
        add(
            &run,
            json!({ "type": "run.queued", "position": 0, "run": {
            "id": run, "conversationId": old, "messageId": message, "status": "queued", "model": "omega/offline",
            "promptVersion": "x", "steps": 0, "toolCalls": 0, "usage": {}, "createdAt": at,
        } }),
        );
    }
    for number in 0..messages {
        add(&uuid(1, number), json!({ "type": "run.cancelled", "reason": "x" }));
    }
    json!({ "format": "omega.conversation/2", "id": old, "model": "omega/offline", "createdAt": at, "events": events })
        .to_string()
}

#[test]
fn messages_are_read_by_the_offline_planner_in_linear_time() {
    // Twice what is read of a message's words: from there on, only what is linear grows.
    const PROSE: usize = 2 * budget::PROSE.most;
    linear_from(PROSE, "complexity", |text| drop(Complexity::of(text)));
    linear_from(PROSE, "offline", |text| {
        let request = ModelRequest {
            model: "offline".into(),
            system: String::new(),
            turns: vec![Turn::User { text: text.to_owned() }],
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            max_output_tokens: None,
            answer_schema: None,
            purpose: Purpose::Answer,
        };
        drop(offline::next(&request));
    });
}
