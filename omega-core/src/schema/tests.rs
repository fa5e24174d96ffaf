//! Schemas that real packages have are checked; those that cost too much are found out before anything is done with them.

use super::*;
use crate::budget::ARGUMENTS;
use serde_json::json;

fn issues(schema: &Value, input: &Value) -> usize {
    let schema = Schema::judge(schema).expect("it is judged");
    schema.issues(ARGUMENTS.tree(input).expect("it fits")).len()
}

#[test]
fn what_is_wrong_is_found_through_every_kind_of_reference() {
    let wrong = [
        (json!({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}), json!("x")),
        (json!({"$ref": "#n", "$defs": {"n": {"$anchor": "n", "type": "number"}}}), json!("x")),
        (json!({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "number"}}}), json!("x")),
        (
            json!({"$id": "https://a.test/s", "$ref": "https://a.test/s#/$defs/n", "$defs": {"n": {"type": "number"}}}),
            json!("x"),
        ),
        (
            json!({"type": "object", "properties": {"child": {"$ref": "#"}}, "required": ["v"]}),
            json!({"v": 1, "child": {}}),
        ),
        (json!({"properties": {"n": {"minimum": 3}}, "unevaluatedProperties": false}), json!({"n": 4, "m": 1})),
        (json!({"items": {"pattern": "^a+$"}}), json!(["aa", "b"])),
    ];
    for (schema, input) in wrong {
        assert_eq!(issues(&schema, &input), 1, "{schema} {input}");
    }
}

#[test]
fn a_pattern_that_only_backtracking_engines_know_is_left_out_alone() {
    let schema = json!({"properties": {"a": {"pattern": "(a)\\1"}, "n": {"type": "number"}}});
    assert_eq!(issues(&schema, &json!({"a": "x", "n": "x"})), 1);
    let others = json!({"patternProperties": {"(a)\\1": {}, "^x": {"type": "number"}}, "additionalProperties": false});
    assert_eq!(issues(&others, &json!({"aa": 1, "xa": 1})), 0);
    assert_eq!(issues(&others, &json!({"xa": "s"})), 1);
}

/// Schemas that stand for more than they show.
fn bombs() -> Vec<Value> {
    let chain = |levels: usize, link: &dyn Fn(Value) -> Value, last: Value| {
        let mut defs = serde_json::Map::new();
        for level in 0..levels {
            let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
            defs.insert(format!("d{level}"), link(next));
        }
        defs.insert(format!("d{levels}"), last);
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let digraph = |nodes: usize| {
        let all: Vec<Value> = (0..nodes).map(|node| json!({"$ref": format!("#/$defs/d{node}")})).collect();
        let defs: serde_json::Map<String, Value> =
            (0..nodes).map(|node| (format!("d{node}"), json!({"anyOf": all}))).collect();
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let mut deep = json!({});
    for _ in 0..40 {
        deep = json!({"items": deep});
    }
    vec![
        chain(20, &|next| json!({"anyOf": [next, next]}), json!({"type": "number"})),
        chain(20, &|next| json!({"allOf": [next, next]}), json!({"$ref": "#/$defs/d0"})),
        chain(20, &|next| json!({"properties": {"a": next, "b": next}}), json!({})),
        chain(20, &|next| json!({"items": [next, next]}), json!({})),
        chain(20, &|next| json!({"if": next, "then": next, "else": next}), json!({})),
        chain(20, &|next| json!({"dependentSchemas": {"a": next, "b": next}}), json!({})),
        chain(15, &|next| json!({"unevaluatedProperties": false, "allOf": [next]}), json!({})),
        chain(1_000, &|next| next, json!({})),
        chain(400, &|next| json!({"not": next}), json!({})),
        digraph(12),
        deep,
        json!({"enum": ["x".repeat(70_000)]}),
        json!({"anyOf": vec![json!({"pattern": "a"}); 300]}),
    ]
}

#[test]
fn a_schema_that_stands_for_too_much_is_refused() {
    for bomb in bombs() {
        assert!(Schema::judge(&bomb).is_err(), "{:.200}", bomb.to_string());
        let (in_its_place, reason) = admit(bomb);
        assert_eq!(in_its_place["type"], "object");
        assert!(reason.is_some_and(|reason| reason.to_string().starts_with("the schema")));
    }
}

#[test]
fn a_reference_that_leads_out_of_a_schema_or_nowhere_is_said() {
    for reference in ["https://evil.test/schema.json", "file:///etc/passwd", "#/$defs/none", "#none", "other.json"] {
        let schema = json!({"properties": {"a": {"$ref": reference}}});
        assert!(matches!(Schema::judge(&schema), Err(UnusableSchema::Reference(_))), "{reference}");
        assert_eq!(admit(schema.clone()), (schema, None), "and it still says what the tool wants");
    }
}

#[test]
fn an_input_whose_check_would_double_with_each_level_is_left_to_the_tool() {
    let twice = json!({"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]});
    let itself = json!({"allOf": [{"$ref": "#"}]});
    let endless = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}});
    let mut input = json!({});
    for _ in 0..60 {
        input = json!({"a": input});
    }
    for schema in [twice, itself, endless] {
        assert_eq!(issues(&schema, &input), 0, "{schema}");
    }
}

#[test]
fn an_error_says_where_and_not_the_whole_input() {
    let schema = json!({"properties": {"a": {"type": "number"}}});
    let schema = Schema::judge(&schema).expect("it is judged");
    let input = json!({"a": "x".repeat(900_000)});
    let issues = schema.issues(ARGUMENTS.tree(&input).expect("it fits"));
    assert_eq!(issues[0].path, "/a");
    assert!(issues[0].message.len() < 600);
}
