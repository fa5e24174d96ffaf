//! Arguments are read as the tool's schema means them, without loss or not at all.

use omega_core::{agent::input, exact::Exact, model::ToolCall};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(schema: &Value, given: Value) -> Value {
    input::read(Some(schema), Exact::of(given)).value
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn what_says_one_thing_only_is_read_as_that() {
    let deep = object(json!({"deep": {"type": "boolean"}, "n": {"type": "integer"}}), &[]);
    let text = json!({"type": "string"});
    let cases = [
        (json!({"type": "integer"}), json!("5"), json!(5)),
        (json!({"type": "integer"}), json!("-17"), json!(-17)),
        (json!({"type": "number"}), json!("2.5"), json!(2.5)),
        (json!({"type": "boolean"}), json!("true"), json!(true)),
        (json!({"type": ["integer", "null"]}), json!("5"), json!(5)),
        (json!({"type": ["integer", "null"]}), json!("null"), json!(null)),
        (text.clone(), json!(5), json!("5")),
        (text.clone(), json!(2_512_292_042_121_000_001_u64), json!("2512292042121000001")),
        (json!({"type": ["string", "number"]}), json!(2_512_292_042_121_000_001_u64), json!("2512292042121000001")),
        (deep.clone(), json!("{\"deep\": true}"), json!({"deep": true})),
        (deep.clone(), json!("{\"deep\": \"true\", \"n\": \"3\"}"), json!({"deep": true, "n": 3})),
        (deep.clone(), json!(json!({"deep": true}).to_string()), json!({"deep": true})),
        (json!({"type": "array", "items": {"type": "integer"}}), json!("[1, \"2\"]"), json!([1, 2])),
        (json!({"type": "array", "items": {"type": "integer"}}), json!(7), json!([7])),
        (json!({"type": "array", "items": text}), json!("one"), json!(["one"])),
        (json!({"type": "array", "items": deep}), json!({"deep": false}), json!([{"deep": false}])),
        (
            json!({"prefixItems": [{"type": "integer"}], "items": {"type": "boolean"}}),
            json!(["1", "true"]),
            json!([1, true]),
        ),
        (
            json!({"items": [{"type": "integer"}], "additionalItems": {"type": "boolean"}}),
            json!(["1", "true"]),
            json!([1, true]),
        ),
        (json!({"additionalProperties": {"type": "number"}}), json!({"a": "1"}), json!({"a": 1})),
        (json!({"enum": [1, 2]}), json!("2"), json!(2)),
        (json!({"const": 5}), json!("5"), json!(5)),
        (json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}), json!("5"), json!(5)),
        (
            json!({"oneOf": [{"type": "integer", "maximum": 3}, {"type": "integer", "minimum": 9}]}),
            json!("12"),
            json!(12),
        ),
        (
            json!({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}]}),
            json!({"a": "1"}),
            json!({"a": 1}),
        ),
        (json!({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}), json!("5"), json!(5)),
    ];
    for (schema, given, meant) in cases {
        let (schema, given, meant) =
            (object(json!({ "x": schema }), &["x"]), json!({ "x": given }), json!({ "x": meant }));
        // A reference is to the root.
        let schema = if let Some(defs) = schema["properties"]["x"].get("$defs").cloned() {
            let mut schema = schema;
            schema["$defs"] = defs;
            schema
        } else {
            schema
        };
        assert_eq!(read(&schema, given.clone()), meant, "{schema} {given}");
        assert_eq!(input::check(Some(&schema), &meant), Ok(()), "{schema} {given}");
    }
}

#[test]
fn whole_arguments_are_read_too() {
    let schema = object(json!({"a": {"type": "integer"}}), &[]);
    let twice = json!(json!("{\"a\":\"1\"}").to_string());
    for (given, meant) in [
        (json!(null), json!({})),
        (json!("{\"a\":1}"), json!({"a": 1})),
        (twice, json!({"a": 1})),
        (json!({"a": null}), json!({})),
    ] {
        assert_eq!(read(&schema, given), meant);
    }
}

#[test]
fn arguments_are_read_where_they_say_one_object_and_refused_where_they_say_several() {
    let read = |text: &str| {
        ToolCall { id: "c".into(), name: "t".into(), arguments: text.into(), provider_state: None }.parsed()
    };
    for text in [
        r#"{"n":5}"#,
        r#" "{\"n\":5}" "#,
        "```json\n{\"n\":5}\n```",
        "```\n{\"n\":5}\n```\n",
        r#"{}{"n":5}"#,
        r#"{"n":5}{}"#,
        r#"{"n":5}{"n":5}"#,
        "{\"n\":5}\n{\"n\": 5}\n",
    ] {
        assert_eq!(read(text).map(serde_json::Value::Object), Ok(json!({"n": 5})), "{text}");
    }
    assert_eq!(read("{}{}").map(|read| read.len()), Ok(0));
    for text in [
        r#"{"n":5}{"n":6}"#,
        r#"{"n":5}{"n":5.0}"#,
        r#"{"n":5}{"n":"#,
        r#"[{"n":5}]"#,
        r#"{"n":5,"n":6}"#,
        r#"{"a":[{"n":5,"m":{},"n":5}]}"#,
        r#"{"n":5,}"#,
        "{'n':5}",
        r#"{"n":5} 7"#,
        "``````",
        "[]",
        "7",
    ] {
        assert!(read(text).is_err(), "{text}: {:?}", read(text));
    }
    let said = read(r#"{"a":{"to":"x","to":"y"}}"#).unwrap_err();
    assert_eq!(said, "arguments have `to` twice in one object; give it once");
    assert!(read(r#"{"a":{"n":1},"b":{"n":2},"n":[{"n":3}]}"#).is_ok(), "the same name in several objects");
}

#[test]
fn an_absence_is_read_only_where_something_may_be_absent() {
    let nullable = json!({"type": ["string", "null"]});
    let properties = json!({"need": {"type": "string"}, "may": {"type": "string"}, "nullable": nullable, "union": {"anyOf": [{"type": "integer"}, {"type": "null"}]}});
    let given = json!({"need": null, "may": null, "nullable": null, "union": null, "unknown": null});
    let meant = json!({"need": null, "nullable": null, "union": null, "unknown": null});
    assert_eq!(read(&object(properties, &["need"]), given), meant);
}

#[test]
fn what_may_be_several_things_stays_as_it_was_written() {
    let integer = json!({"type": "integer"});
    let text = json!({"type": "string"});
    let words = json!({"type": "array", "items": {"type": "string"}});
    let either =
        json!({"anyOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "array", "items": {"type": "integer"}}]});
    for (schema, given) in [
        (&integer, json!("5.5")),
        (&integer, json!("05")),
        (&integer, json!("+5")),
        (&integer, json!(" 5")),
        (&integer, json!("0x5")),
        (&integer, json!("five")),
        (&integer, json!("-0")),
        (&integer, json!("9007199254740993")),
        (&integer, json!(true)),
        (&json!({"type": "number"}), json!("0.1000000000000000055")),
        (&json!({"type": "number"}), json!("Infinity")),
        (&json!({"type": "boolean"}), json!("yes")),
        (&json!({"type": "boolean"}), json!(1)),
        (&text, json!(1.5)),
        (&text, json!(true)),
        (&text, json!(null)),
        (&text, json!({"a": 1})),
        (&text, json!("5")),
        (&words, json!("a,b")),
        (&words, json!("bread and butter")),
        (&words, json!("")),
        (&words, json!(null)),
        (&json!({"type": "object"}), json!("a: 1")),
        (&json!({"type": "object"}), json!("[1]")),
        (&json!({"type": "array", "minItems": 2}), json!(1)),
        // As a number, and as a list of one.
        (&either, json!("5")),
        (&json!({}), json!("5")),
        (&json!({"type": ["string", "integer"]}), json!("5")),
    ] {
        let (schema, given) = (object(json!({ "x": schema }), &["x"]), json!({ "x": given }));
        assert_eq!(read(&schema, given.clone()), given, "{schema}");
    }
}

#[test]
fn digits_that_are_lost_in_a_double_reach_a_tool_that_takes_text_and_no_other() {
    let (number, text) = (json!({"type": "number"}), json!({"type": "string"}));
    for digits in ["2512292042121000001", "123456789012345678901234567890", "0.12345678901234567890"] {
        for written in [format!("{{\"x\": {digits}}}"), json!(format!("{{\"x\": {digits}}}")).to_string()] {
            let of = |schema: &Value| object(json!({ "x": schema }), &[]);
            let read = input::read(Some(&of(&text)), Exact::parse(&written).unwrap());
            assert_eq!((read.value, read.inexact.len()), (json!({ "x": digits }), 0), "{written}");
            let kept = input::read(Some(&of(&number)), Exact::parse(&written).unwrap());
            let lost = input::lost(&kept);
            assert_eq!((lost.len(), lost[0].path.as_str()), (1, "/x"), "{written}");
            assert!(lost[0].message.starts_with(digits), "{lost:?}");
        }
    }
}

/// A schema, a value that fits it, and the same as a careless model may write it.
#[derive(Debug, Clone)]
struct Meant {
    schema: Value,
    value: Value,
    written: Value,
}

fn scalar() -> impl Strategy<Value = Meant> {
    let meant = |schema: Value, value: Value, written: Value| Meant { schema, value, written };
    prop_oneof![
        (any::<i32>(), any::<bool>()).prop_map(move |(n, text)| {
            let written = if text { json!(n.to_string()) } else { json!(n) };
            meant(json!({"type": "integer"}), json!(n), written)
        }),
        (-4000_i32..4000, any::<bool>()).prop_map(move |(n, text)| {
            let number = json!(f64::from(n) / 8.0 + 0.0625);
            meant(json!({"type": "number"}), number.clone(), if text { json!(number.to_string()) } else { number })
        }),
        (any::<bool>(), any::<bool>()).prop_map(move |(yes, text)| {
            meant(json!({"type": "boolean"}), json!(yes), if text { json!(yes.to_string()) } else { json!(yes) })
        }),
        "[^0-9tfn\\[\\]{}\"-]{0,12}".prop_map(move |text| meant(json!({"type": "string"}), json!(text), json!(text))),
        (0_u64..u64::MAX).prop_map(move |n| meant(json!({"type": "string"}), json!(n.to_string()), json!(n))),
    ]
}

fn any_meant() -> impl Strategy<Value = Meant> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            (prop::collection::vec((inner.clone(), any::<bool>(), any::<bool>()), 0..5), any::<bool>()).prop_map(
                |(fields, as_text)| {
                    let (mut schema, mut value, mut written) = (object(json!({}), &[]), json!({}), json!({}));
                    let mut required = Vec::new();
                    for (at, (field, is_required, is_absent)) in fields.into_iter().enumerate() {
                        let name = format!("f{at}");
                        schema["properties"][&name] = field.schema;
                        if is_required {
                            required.push(json!(name));
                        } else if is_absent {
                            written[&name] = Value::Null;
                            continue;
                        }
                        value[&name] = field.value;
                        written[&name] = field.written;
                    }
                    schema["required"] = json!(required);
                    Meant { schema, value, written: if as_text { json!(written.to_string()) } else { written } }
                }
            ),
            (inner.clone(), any::<bool>()).prop_map(|(item, as_text)| {
                let written = json!([item.written]);
                Meant {
                    schema: json!({ "type": "array", "items": item.schema }),
                    value: json!([item.value]),
                    written: if as_text { json!(written.to_string()) } else { written },
                }
            }),
            inner.clone().prop_map(|one| Meant { schema: json!({ "allOf": [one.schema] }), ..one }),
            (inner, any::<bool>()).prop_map(|(one, second)| {
                let branch = |op: &str, x: Value| {
                    json!({ "type": "object", "properties": { "op": { "const": op }, "x": x }, "required": ["op", "x"] })
                };
                let op = if second { "second" } else { "first" };
                let other = json!({ "type": "array", "items": { "type": "null" }, "minItems": 3 });
                let (a, b) = if second { (other, one.schema) } else { (one.schema, other) };
                Meant {
                    schema: json!({ "oneOf": [branch("first", a), branch("second", b)] }),
                    value: json!({ "op": op, "x": one.value }),
                    written: json!({ "op": op, "x": one.written }),
                }
            }),
        ]
    })
}

/// Any JSON, to be held against schemas that it was not made for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9\\[\\]{}\":,. -]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("f[0-3]|op|x", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_meant_is_read_however_carelessly_it_is_written(meant in any_meant()) {
        let schema = json!({ "type": "object", "properties": { "root": meant.schema }, "required": ["root"] });
        let (value, written) = (json!({ "root": meant.value }), json!({ "root": meant.written }));
        prop_assert_eq!(input::check(Some(&schema), &value), Ok(()));
        prop_assert_eq!(&read(&schema, written), &value, "{}", &schema);
        prop_assert_eq!(&read(&schema, value.clone()), &value, "what fits is never touched: {}", &schema);
    }

    #[test]
    fn reading_again_changes_nothing_and_nothing_that_fits_is_changed(meant in any_meant(), other in any_json()) {
        let once = read(&meant.schema, other.clone());
        prop_assert_eq!(&read(&meant.schema, once.clone()), &once, "{}", &meant.schema);
        if input::check(Some(&meant.schema), &other).is_ok() && !other.is_null() {
            prop_assert_eq!(once, other);
        }
    }
}
