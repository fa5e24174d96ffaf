//! Whatever a message or a schema is, the planner answers.

use super::Talk;
use crate::model::offline::message::Message;
use proptest::prelude::*;
use serde_json::json;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_message_gets_a_next_step(text in message()) {
        let mut talk = Talk::new();
        let output = json!({"output": text});
        let answer = talk.say(&text, &move |_, _| Ok(output.clone()));
        prop_assert!(!answer.is_empty());
        prop_assert!(talk.calls.len() <= 6 && talk.searches.len() <= 6);
    }
}

#[test]
fn a_large_piped_text_is_one_value() {
    let rows: String = (0..20_000).map(|n| format!("{n},\"it's {n}\",{{x\n")).collect();
    let message = Message::read(&format!("parse this csv\n<stdin>\na,b,c\n{rows}</stdin>"));
    assert_eq!(message.data.len(), 1);
    assert!(message.data[0].text.starts_with("a,b,c\n0,"));
}
