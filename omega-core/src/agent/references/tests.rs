use super::*;
use crate::{
    agent::Step,
    api::{Timestamp, ToolRunStatus},
    id::{MessageId, RunId, ToolRunId},
    model::ToolCall,
};

fn call(id: &str, output: Option<Value>) -> (ToolCall, ToolRun) {
    let call = ToolCall { id: id.into(), name: "n".into(), arguments: "{}".into(), provider_state: None };
    let status = if output.is_some() { ToolRunStatus::Succeeded } else { ToolRunStatus::Failed };
    let run = ToolRun {
        id: ToolRunId::new(),
        run_id: RunId::new(),
        message_id: MessageId::new(),
        tool_call_id: id.into(),
        tool_id: "a::b".into(),
        tool_name: "b".into(),
        version: "1.0.0".into(),
        status,
        input: json!({}),
        output,
        output_summary: String::new(),
        output_bytes: 0,
        truncated: false,
        attempts: 1,
        started_at: None,
        duration_ms: None,
        error: None,
        notice: None,
        created_at: Timestamp(0),
    };
    (call, run)
}

fn talk() -> Vec<Exchange> {
    let step = |outputs: Vec<Option<Value>>| {
        let at = |place: usize| format!("toolu_{place}_{}", outputs.len());
        let (calls, tool_runs) =
            outputs.iter().enumerate().map(|(place, output)| call(&at(place), output.clone())).unzip();
        Step { calls, tool_runs, ..Step::default() }
    };
    vec![
        Exchange {
            user: "first\n\n<stdin>\na,b\n1,2\n</stdin>".into(),
            steps: vec![step(vec![Some(json!({"rows": [{"a/b": 1}, "two"], "text": "[1, {\"x\": \"y\"}]"})), None])],
            ..Exchange::default()
        },
        Exchange {
            user: "second".into(),
            data: Some("{\"n\": [1, 2]}\n".into()),
            steps: vec![step(vec![Some(json!("plain"))])],
            ..Exchange::default()
        },
    ]
}

fn with<T>(work: impl FnOnce(&Sources<'_>) -> T) -> T {
    let talk = talk();
    work(&Sources::of(talk.iter(), Earlier::default()))
}

#[test]
fn a_reference_stands_for_the_whole_or_for_what_its_path_leads_to() {
    with(|sources| {
        for (handle, path, value) in [
            ("call_1", "/rows/1", json!("two")),
            ("call_1", "rows/0/a~1b", json!(1)),
            ("call_1", "#/rows/0", json!({"a/b": 1})),
            ("call_1", "/text/1/x", json!("y")),
            ("call_3", "", json!("plain")),
            ("toolu_0_1", "", json!("plain")),
            ("stdin", "", json!("{\"n\": [1, 2]}")),
            ("stdin", "/n/1", json!(2)),
            ("stdin_1", "", json!("a,b\n1,2")),
            ("stdin_2", "/n", json!([1, 2])),
        ] {
            assert_eq!(*sources.resolve(handle, path).unwrap(), value, "{handle} {path}");
            let input = json!({"deep": [{"x": {"$from": handle, "path": path}}]});
            assert_eq!(filled(&input, sources, None).unwrap(), json!({"deep": [{"x": value}]}));
        }
    });
}

#[test]
fn what_stands_for_nothing_is_refused_with_what_there_is() {
    with(|sources| {
        for (reference, words) in [
            (json!({"$from": "call_9"}), "call_9 names nothing here; there are call_1, call_3, stdin"),
            (json!({"$from": "call_2"}), "call_2 has no output to refer to: it is failed"),
            (json!({"$from": "call_0"}), "names nothing"),
            (json!({"$from": "stdin_7"}), "names nothing"),
            (json!({"$from": "call_1", "path": "/row"}), "call_1 has no /row: there are rows, text"),
            (json!({"$from": "call_1", "path": "/rows/2"}), "there is a list of 2 items where it says 2"),
            (json!({"$from": "call_3", "path": "/x"}), "call_3 has no /x: it is text and no JSON"),
            (json!({"$from": "call_1", "pointer": "/rows"}), "a reference has $from and path, and no pointer"),
        ] {
            let refused = filled(&json!({"csv": reference}), sources, None).unwrap_err();
            assert_eq!(refused.code, ToolErrorCode::InvalidInput);
            assert!(refused.message.contains(words) && refused.message.contains("/csv: "), "{refused}");
        }
    });
}

#[test]
fn data_takes_the_form_that_the_schema_wants_and_nothing_else_changes() {
    let schema = json!({"type": "object", "properties": {
        "list": {"type": "array"}, "object": {"type": "object"}, "text": {"type": "string"}, "any": {}}});
    with(|sources| {
        let fill = |name: &str, handle: &str, path: &str| {
            filled(&json!({ name: {"$from": handle, "path": path}, "kept": "[1]" }), sources, Some(&schema)).unwrap()
        };
        assert_eq!(fill("object", "stdin", ""), json!({"object": {"n": [1, 2]}, "kept": "[1]"}));
        assert_eq!(fill("list", "call_1", "/text")["list"], json!([1, {"x": "y"}]));
        assert_eq!(fill("text", "stdin", "/n")["text"], json!("[1,2]"));
        assert_eq!(fill("any", "stdin", "")["any"], json!("{\"n\": [1, 2]}"));
        assert_eq!(fill("list", "call_3", "")["list"], json!("plain"), "the check says that it does not fit");
    });
}

#[test]
fn a_record_says_what_a_reference_stands_for_and_the_model_can_not() {
    with(|sources| {
        let input = json!({"a": {"$from": "call_3", "sha256": "forged", "preview": "harmless"}, "b": 1});
        let record = noted(input.clone(), sources);
        let digest = hex::encode(Sha256::digest(b"plain"));
        assert_eq!(record, json!({"a": {"$from": "call_3", "bytes": 5, "sha256": digest, "preview": "plain"}, "b": 1}));
        assert_eq!(noted(record.clone(), sources), record, "once more is the same");
        assert_eq!(filled(&record, sources, None).unwrap(), json!({"a": "plain", "b": 1}));
        let nothing = noted(json!({"a": {"$from": "call_9", "preview": "harmless"}}), sources);
        assert_eq!(nothing, json!({"a": {"$from": "call_9"}}));
    });
}

#[test]
fn the_note_of_a_large_value_is_short_and_more_than_a_call_may_have_is_refused() {
    let large = Exchange { data: Some("é".repeat(9 << 20)), ..Exchange::default() };
    let sources = Sources::of([&large].into_iter(), Earlier::default());
    let record = noted(json!({"x": {"$from": "stdin"}}), &sources);
    assert!(record.to_string().len() < 1000 && record["x"]["bytes"] == 18 << 20, "{record}");
    assert!(filled(&json!({"x": {"$from": "stdin"}}), &sources, None).is_ok());
    let twice = filled(&json!({"x": {"$from": "stdin"}, "y": {"$from": "stdin"}}), &sources, None).unwrap_err();
    assert!(twice.message.contains("at most"), "{twice}");
}

#[test]
fn an_output_is_read_in_parts_to_its_end() {
    let list: Vec<Value> = (0..20_000).map(|n| json!({ "n": n })).collect();
    let text = "é\n".repeat(40_000);
    let big: Map<String, Value> = (0..9_000).map(|n| (format!("k{n}"), json!("vvv"))).collect();
    let outputs = [json!(list), json!(text), Value::Object(big)];
    let (calls, tool_runs) = outputs.iter().enumerate().map(|(n, o)| call(&format!("c{n}"), Some(o.clone()))).unzip();
    let one = Exchange { steps: vec![Step { calls, tool_runs, ..Step::default() }], ..Exchange::default() };
    let sources = Sources::of([&one].into_iter(), Earlier::default());
    let read = |handle: &str, offset| {
        let input = meta::ReadInput { handle: handle.into(), path: String::new(), offset, limit: None };
        let part = read_part(&input, &sources).unwrap();
        assert!(part.to_string().len() < frame::MODEL_BYTES);
        part
    };
    let (mut items, mut next) = (Vec::new(), Some(0));
    while let Some(offset) = next {
        let part = read("call_1", offset as usize);
        items.extend(part["value"].as_array().unwrap().clone());
        next = part["next"].as_u64();
    }
    assert_eq!(items, list);
    let (mut whole, mut next) = (String::new(), Some(0));
    while let Some(offset) = next {
        let part = read("call_2", offset as usize);
        whole.push_str(part["value"].as_str().unwrap());
        next = part["next"].as_u64();
    }
    assert_eq!(whole, text);
    assert_eq!(read("call_3", 0)["members"]["k1"], "a text of 3 characters");
    let some = meta::ReadInput { handle: "call_2".into(), path: String::new(), offset: 1, limit: Some(2) };
    assert_eq!(read_part(&some, &sources).unwrap()["value"], "\né");
}

#[test]
fn a_schema_for_models_lets_a_reference_stand_for_data_and_for_nothing_else() {
    let mut schema = json!({"type": "object", "properties": {
        "text": {"type": "string", "description": "d"},
        "list": {"type": "array", "items": {"type": "number"}},
        "object": {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": false, "description": "o"},
        "union": {"anyOf": [{"type": "string"}, {"type": "number"}]},
        "number": {"type": "number"}, "choice": {"type": "string", "enum": ["a"]}, "any": {}}, "required": ["text"]});
    allowed_in(&mut schema);
    let reference = json!({"$from": "call_1", "path": "/x"});
    let takes = |name: &str| jsonschema::is_valid(&schema["properties"][name], &reference);
    assert!(["text", "list", "object", "union", "any"].into_iter().all(takes), "{schema}");
    assert!(!takes("number") && !takes("choice"));
    assert_eq!(schema["properties"]["object"]["description"], "o");
}

#[test]
fn what_is_earlier_is_counted_and_out_of_reach() {
    let talk = talk();
    let sources = Sources::of(talk.iter(), Earlier { exchanges: 10, calls: 40 });
    assert_eq!(*sources.value("call_43").unwrap(), json!("plain"));
    assert_eq!(*sources.value("stdin_12").unwrap(), json!("{\"n\": [1, 2]}"));
    let error = sources.value("call_3").unwrap_err();
    assert!(error.contains("there are call_41, call_43"), "{error}");
}
