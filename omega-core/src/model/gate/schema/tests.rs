use super::*;
use crate::model::gate::rules;

fn written(schema: &Value) -> Value {
    shown(schema, &rules::ANY, Words::Own).schema
}

/// Schemas that packages have, and what becomes of them.
#[test]
fn every_form_becomes_one_that_all_providers_know() {
    let of = |a: Value| json!({"type": "object", "properties": {"a": a}});
    for (schema, want) in [
        (json!(null), json!({"type": "object", "properties": {}})),
        (json!(true), json!({"type": "object", "properties": {}})),
        (json!({}), json!({"type": "object", "properties": {}})),
        (json!({"type": "object"}), json!({"type": "object", "properties": {}})),
        (json!({"type": ["object", "null"], "properties": {"a": {"type": "string"}}}), of(json!({"type": "string"}))),
        // Keywords of other drafts and none.
        (of(json!({"type": "any"})), of(json!({}))),
        (of(json!({"type": "date"})), of(json!({"type": "string"}))),
        (of(json!({"type": "STRING", "nullable": true})), of(json!({"type": ["string", "null"]}))),
        (of(json!({"type": []})), of(json!({}))),
        (of(json!({"type": 7})), of(json!({}))),
        (of(json!(null)), of(json!({}))),
        (of(json!(true)), of(json!({}))),
        (of(json!(false)), json!({"type": "object", "properties": {}})),
        (of(json!({"type": "string", "enum": []})), of(json!({"type": "string"}))),
        (of(json!({"enum": [1, 2, 2]})), of(json!({"type": "integer", "enum": [1, 2]}))),
        (of(json!({"const": "x"})), of(json!({"type": "string", "enum": ["x"]}))),
        (
            of(json!({"type": "string", "required": true})),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        ),
        (
            of(json!({"type": "number", "minimum": 0, "exclusiveMinimum": true})),
            of(json!({"type": "number", "exclusiveMinimum": 0})),
        ),
        (
            of(json!({"type": "string", "minLength": -1, "maxLength": 5, "minimum": 3})),
            of(json!({"type": "string", "maxLength": 5})),
        ),
        // Lists.
        (of(json!({"type": "array"})), of(json!({"type": "array", "items": {}}))),
        (of(json!({"type": ["array", "string"]})), of(json!({"type": ["array", "string"], "items": {}}))),
        (
            of(json!({"type": ["array", "object"], "items": null})),
            of(json!({"type": ["array", "object"], "properties": {}, "items": {}})),
        ),
        (
            of(json!({"type": "array", "items": [{"type": "number"}, {"type": "number"}], "maxItems": 2})),
            of(
                json!({"type": "array", "items": {"type": "number"}, "maxItems": 2, "description": "items by their place: number, number"}),
            ),
        ),
        (
            of(json!({"type": "array", "prefixItems": [{"type": "number"}, {"enum": ["x"]}], "items": false})),
            of(
                json!({"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string", "enum": ["x"]}]}, "maxItems": 2, "description": "items by their place: number, \"x\""}),
            ),
        ),
        // Parts that are elsewhere.
        (
            json!({"$ref": "#/definitions/In", "definitions": {"In": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        ),
        (
            of(json!({"$ref": "https://example.com/x.json"})),
            of(json!({"description": "as \"https://example.com/x.json\" describes it, which is not here"})),
        ),
        (
            json!({"type": "object", "properties": {"node": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}}),
            json!({"type": "object", "properties": {"node": {"type": "object", "properties": {"next": {"type": "object", "properties": {}, "description": "the same again as \"#/$defs/Node\""}}}}}),
        ),
        (
            json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"properties": {"a": {"minLength": 1}, "b": {"type": "null"}}, "required": ["b"]}]}),
            json!({"type": "object", "properties": {"a": {"type": "string", "minLength": 1}, "b": {"type": "null"}}, "required": ["b"]}),
        ),
        // Words.
        (
            of(json!({"type": "string", "format": "date", "pattern": "^\\d+$", "default": "x", "examples": [1]})),
            of(
                json!({"type": "string", "description": "format \"date\"; pattern \"^\\\\d+$\"; default \"x\"; for example 1"}),
            ),
        ),
        (
            of(json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"})),
            of(json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"})),
        ),
        (of(json!({"anyOf": [{"const": "x"}, {"const": "y"}]})), of(json!({"type": "string", "enum": ["x", "y"]}))),
        (
            json!({"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}),
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}, "description": "properties may be named like \"^x-\""}),
        ),
        (
            json!({"type": "object", "properties": {"a": {}}, "if": {"required": ["a"]}, "then": {"properties": {"b": {"type": "string"}}, "required": ["b"]}}),
            json!({"type": "object", "properties": {"a": {}, "b": {"type": "string"}}}),
        ),
        (
            json!({"type": "object", "required": ["x", 7, "x"]}),
            json!({"type": "object", "properties": {"x": {}}, "required": ["x"]}),
        ),
    ] {
        let written = written(&schema);
        assert_eq!(written, want, "{schema}\nbecame {written}");
        assert_eq!(self::written(&written), written, "once is enough: {schema}");
    }
}

#[test]
fn every_branch_of_a_union_at_the_top_stays_to_be_seen() {
    let number = json!({"type": "number"});
    let add = json!({"type": "object", "properties": {"op": {"const": "add"}, "a": number, "b": number}, "required": ["op", "a", "b"], "additionalProperties": false});
    let neg = json!({"type": "object", "properties": {"op": {"const": "neg"}, "a": number}, "required": ["op", "a"], "additionalProperties": false});
    let want = json!({
        "type": "object",
        "properties": {
            "op": {"type": "string", "enum": ["add", "neg"]},
            "a": {"type": "number"},
            "b": {"type": "number", "description": "only for op = \"add\""},
        },
        "required": ["op", "a"],
        "additionalProperties": false,
        "description": "one of 2 forms: op = \"add\" needs \"op\", \"a\", \"b\"; op = \"neg\" needs \"op\", \"a\"",
    });
    for key in ["anyOf", "oneOf"] {
        assert_eq!(written(&json!({key: [add, neg]})), want);
        assert_eq!(
            written(
                &json!({"allOf": [{key: [add, {"$ref": "#/$defs/neg"}, {"type": "null"}]}], "$defs": {"neg": neg}})
            ),
            want
        );
        assert_eq!(written(&json!({key: [{key: [add]}, {key: [neg, false]}]})), want, "unions in unions");
    }
    let beside = json!({"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    assert_eq!(
        written(&beside),
        json!({"type": "object", "properties": {"a": {}, "b": {}}, "description": "one of 2 forms: form 1 needs \"a\"; form 2 needs \"b\""})
    );
}

#[test]
fn an_input_that_is_no_object_is_a_property_and_comes_back() {
    for (schema, value) in [
        (json!({"type": "string"}), json!("x")),
        (json!({"type": "array", "items": {"type": "integer"}}), json!([1])),
        (json!({"type": ["object", "array"]}), json!([])),
        (json!({"enum": ["a", 1]}), json!(1)),
        (json!({"anyOf": [{"type": "object"}, {"type": "string"}]}), json!("y")),
        (json!({"type": "null"}), json!(null)),
    ] {
        let shown = shown(&schema, &rules::ANY, Words::Own);
        assert!(shown.wrapped, "{schema}");
        assert_eq!(shown.schema["required"], json!([VALUE]));
        let again = super::shown(&shown.schema, &rules::GEMINI, Words::Own);
        assert!(!again.wrapped);
        assert_eq!(unwrapped(&schema, Exact::of(json!({VALUE: value}))).value, value);
        let more = json!({VALUE: value, "b": 1});
        assert_eq!(unwrapped(&schema, Exact::of(more.clone())).value, more);
    }
}

#[test]
fn strangers_words_are_cut_and_quoted_wherever_they_stand() {
    let long = "obey \"me\" ".repeat(9_000);
    let schema = json!({"type": "object", "description": long, "title": long, "properties": {
        "a": {"type": "string", "description": long, "default": long, "pattern": long, "examples": [long], "format": long},
        "b": {"enum": [long, "x"]},
        "c": {"type": "array", "items": {"description": long, "anyOf": [{"title": long}, {"description": long, "type": "null"}]}},
    }});
    let text = shown(&schema, &rules::ANY, Words::Foreign).schema.to_string();
    assert!(text.len() < 6_000, "{}", text.len());
    let written: Value = serde_json::from_str(&text).unwrap();
    let said = written["properties"]["a"]["description"].as_str().unwrap();
    let quoted = said.strip_prefix("[its author's words] ").unwrap();
    let first: String = serde_json::Deserializer::from_str(quoted).into_iter::<String>().next().unwrap().unwrap();
    assert!(first.starts_with("obey \"me\"") && first.ends_with('…'), "{said}");
}

#[test]
fn large_and_hostile_schemas_stay_within_their_room() {
    let many: Map<String, Value> = (0..400)
        .map(|n| (format!("p{n}"), json!({"type": "string", "description": format!("the parameter number {n}")})))
        .collect();
    let many = json!({"type": "object", "properties": many, "required": ["p399"]});
    let shown_many = written(&many);
    assert!(shown_many["properties"].get("p399").is_some());
    assert!(
        shown_many["properties"].as_object().unwrap().len() > 250,
        "{}",
        shown_many["properties"].as_object().unwrap().len()
    );
    // Each level refers twice to the next one.
    let bomb: Map<String, Value> = (0..30).map(|n| (format!("n{n}"), json!({"type": "object", "properties": {"a": {"$ref": format!("#/$defs/n{}", n + 1)}, "b": {"$ref": format!("#/$defs/n{}", n + 1)}}}))).collect();
    let bomb = json!({"$ref": "#/$defs/n0", "$defs": bomb});
    let mut deep = json!({"type": "array"});
    let mut ands = json!({"type": "object"});
    for _ in 0..200 {
        deep = json!({"type": "object", "properties": {"x": deep}});
        ands = json!({"allOf": [ands, {"anyOf": [{}, {"required": ["z"]}]}]});
    }
    let around = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}});
    let own = json!({"type": "object", "properties": {"x": {"$ref": "#"}, "y": {"anyOf": [{"$ref": "#"}, {"type": "array", "items": {"$ref": "#"}}]}}});
    for schema in [many, bomb, deep, ands, around, own] {
        let written = written(&schema);
        let size = Size::of(&written);
        assert!(size.bytes < 2 * budget::SHOWN_SCHEMA.most, "{}", size.bytes);
        assert!(size.depth < 40, "{}", size.depth);
    }
}
