//! Whatever a message or a schema is, the planner answers.

use super::Talk;
use crate::model::offline::{fill, message::Message};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Pieces that mean something to the reader, in any order and cut anywhere.
fn message() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "[[1,2],[3,4]]",
            "{\"a\":1}",
            "```",
            "```csv\n",
            "`",
            "\"",
            "'",
            "<stdin>",
            "</stdin>",
            "<p>",
            "</p>",
            "5",
            "-",
            "%",
            " km to miles",
            "é",
            "…",
            ": ",
            "= ",
            "a::b",
            "0 9 * * *",
            "(",
            ")",
            "!",
            "^1.0",
            "1.2.3",
            "http://",
            "@",
            "eyJ.",
            "+49 ",
            ",",
            "\n",
            "determinant of ",
            "diff ",
            "slugify ",
            "of ",
            " to ",
            "XIV",
            "#fff",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": ["string", "null"], "minLength": 2})),
        Just(json!({"type": "integer", "minimum": 0, "maximum": 1})),
        Just(json!({"type": "array", "items": {"type": "number"}})),
        Just(json!({"enum": ["a", "5", null]})),
        Just(json!({"anyOf": [{"type": "object"}, {"const": 1}]})),
        Just(json!({"type": 7, "properties": []})),
        Just(json!(true)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("[a-z]{1,8}|text|url|date|expression|csv|range", inner, 0..4).prop_map(
            |properties| {
                let required: Vec<&String> = properties.keys().collect();
                json!({"type": "object", "properties": properties, "required": required})
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_message_gets_a_next_step(text in message()) {
        let mut talk = Talk::new();
        let output = json!({"output": text});
        let answer = talk.say(&text, &move |_, _| Ok(output.clone()));
        prop_assert!(!answer.is_empty());
        prop_assert!(talk.calls.len() <= 3 && talk.searches.len() <= 2);
    }

    #[test]
    fn every_schema_can_be_filled_or_says_what_is_missing(schema in schema(), text in message()) {
        let filling = fill::fill(&schema, "", &Message::read(&text));
        let required = schema.get("required").and_then(Value::as_array).map_or(0, Vec::len);
        prop_assert!(filling.input.len() + filling.missing.len() >= required);
        prop_assert!((0.0..=1.0).contains(&filling.confidence));
    }
}

#[test]
fn a_large_piped_text_is_one_value() {
    let rows: String = (0..20_000).map(|n| format!("{n},\"it's {n}\",{{x\n")).collect();
    let message = Message::read(&format!("parse this csv\n<stdin>\na,b,c\n{rows}</stdin>"));
    assert_eq!(message.data.len(), 1);
    assert!(message.data[0].text.starts_with("a,b,c\n0,"));
}
