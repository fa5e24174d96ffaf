//! Whatever a package calls a schema, every provider takes what is made of it, and what a model then sends comes back as an
//! input that the tool takes, or that is refused with the place that is wrong.

use crate::schemas;
use omega_core::{
    agent::input,
    model::{
        ModelEvent, ModelRequest, Purpose, ToolCall, ToolChoice, ToolSpec, Turn,
        gate::{
            Gate,
            rules::{self, Rules},
            schema::{Words, shown, unwrapped},
        },
        wire::{Addressee, Format},
    },
    testing::judge,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Map, Value, json};

const TO: [(Format, &str); 5] = [
    (Format::OpenAiChat, "openai"),
    (Format::OpenAiChat, "compat"),
    (Format::OpenAiResponses, "openai-responses"),
    (Format::Anthropic, "anthropic"),
    (Format::Gemini, "google"),
];

/// What a provider would refuse, in the words of the judge.
fn refusals(schema: &Value) -> Vec<String> {
    let request = ModelRequest {
        model: "m".into(),
        system: String::new(),
        turns: vec![Turn::User { text: "hi".into() }],
        tools: vec![ToolSpec {
            name: "tool".into(),
            description: "d".into(),
            input_schema: shown(schema, &rules::ANY, Words::Foreign).schema,
        }],
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        answer_schema: None,
        purpose: Purpose::Answer,
    };
    let mut raw = request.clone();
    raw.tools[0].input_schema = schema.clone();
    let of = |(format, provider): (Format, &str), request: &ModelRequest| {
        let faults = judge::refusals(format, &format.encode(provider, request));
        faults.into_iter().map(|fault| format!("{provider}: {fault}")).collect::<Vec<_>>()
    };
    // The gate of a provider is total by itself too: one of them gets the schema as it is.
    let raw_to = TO[schema.to_string().len() % TO.len()];
    TO.iter().flat_map(|to| of(*to, &request)).chain(of(raw_to, &raw)).collect()
}

/// A value that a shown schema allows; `None` where it allows none that is easily found.
fn sample(schema: &Value, dice: &mut impl FnMut(usize) -> usize, depth: usize) -> Option<Value> {
    if let Some(values) = schema["enum"].as_array() {
        return values.get(dice(values.len())).cloned();
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        return sample(&branches[dice(branches.len())], dice, depth + 1);
    }
    let kind = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds[dice(kinds.len())].as_str()?.to_owned(),
        _ => ["string", "integer", "null", "boolean"][dice(4)].to_owned(),
    };
    let bound = |key: &str| schema[key].as_f64();
    Some(match kind.as_str() {
        "null" => Value::Null,
        "boolean" => json!(dice(2) == 0),
        "integer" | "number" => {
            let low = bound("minimum").or(bound("exclusiveMinimum").map(|low| low + 1.0));
            let high = bound("maximum").or(bound("exclusiveMaximum").map(|high| high - 1.0));
            let number = low.map(f64::ceil).or(high.map(f64::floor)).unwrap_or(dice(9) as f64);
            let step = bound("multipleOf").unwrap_or(1.0);
            let number = (number / step).ceil() * step;
            if high.is_some_and(|high| number > high) || number.abs() > 1e15 {
                return None;
            }
            if number.fract() == 0.0 {
                json!(number as i64)
            } else if kind == "number" {
                json!(number)
            } else {
                return None;
            }
        }
        "string" => {
            let length = bound("minLength").unwrap_or(0.0).max((dice(4) as f64).min(bound("maxLength").unwrap_or(9.0)));
            if length > 1_000.0 || bound("maxLength").is_some_and(|most| length > most) {
                return None;
            }
            json!("s".repeat(length as usize))
        }
        "array" => {
            let count = bound("minItems").unwrap_or(0.0).max((dice(3) as f64).min(bound("maxItems").unwrap_or(9.0)));
            if count > 50.0 || bound("maxItems").is_some_and(|most| count > most) || depth > 12 {
                return None;
            }
            (0..count as usize).map(|_| sample(&schema["items"], dice, depth + 1)).collect::<Option<Vec<_>>>()?.into()
        }
        _ => {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut object = Map::new();
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                let is_required = required.contains(&name.as_str());
                if !is_required && (dice(2) == 0 || depth > 8) {
                    continue;
                }
                match sample(inner, dice, depth + 1) {
                    Some(value) => drop(object.insert(name.clone(), value)),
                    None if is_required => return None,
                    None => {}
                }
            }
            Value::Object(object)
        }
    })
}

/// A model's input on its way back to the tool, as it comes out of the gate of a provider.
fn through(schema: &Value, rules: &Rules, dice: &mut impl FnMut(usize) -> usize) -> Option<Value> {
    let first = shown(schema, &rules::ANY, Words::Foreign);
    let spec = ToolSpec { name: "t".into(), description: String::new(), input_schema: first.schema };
    let gate = Gate::of(rules, &[spec]);
    let arguments = sample(&gate.tools()[0].input_schema, dice, 0)?;
    let call = ToolCall { id: "c".into(), name: "t".into(), arguments: arguments.to_string(), provider_state: None };
    let ModelEvent::CallCompleted { call: back, .. } =
        gate.back(ModelEvent::CallCompleted { index: 0, call: call.clone() })
    else {
        panic!("a call stays a call")
    };
    assert_eq!(gate.sent(&back).arguments, call.arguments, "the history has what the model wrote");
    Some(unwrapped(schema, back.read().unwrap()).value)
}

fn rules() -> Vec<&'static Rules> {
    TO.iter().map(|(format, provider)| Rules::of(*format, Addressee { provider, base_url: "" })).collect()
}

/// What the tool's own schema says of an input; a refusal names what is wrong.
fn taken(schema: &Value, input: &Value) -> Result<(), String> {
    let Err(error) = input::check(Some(schema), input) else { return Ok(()) };
    let issues = error.details.as_ref().and_then(|details| details["issues"].as_array()).cloned().unwrap_or_default();
    assert!(
        !issues.is_empty() || error.message.contains("too large"),
        "{schema} refuses {input} with {}",
        error.message
    );
    for issue in &issues {
        assert!(!issue["message"].as_str().unwrap().is_empty());
    }
    Err(error.message)
}

fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |sides| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % sides.max(1) as u64).unwrap()
    }
}

fn key() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        4 => "[a-d]",
        1 => Just("$filter".to_owned()),
        1 => Just("filter[name]".to_owned()),
        1 => Just("@odata.type".to_owned()),
        1 => Just("content-type".to_owned()),
        1 => Just("9".to_owned()),
        1 => Just(String::new()),
        1 => Just("k".repeat(80)),
        1 => Just("né é\n".to_owned()),
        1 => Just("value".to_owned()),
    ]
}

fn kind() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("object"),
        json!("array"),
        json!("string"),
        json!("number"),
        json!("integer"),
        json!("boolean"),
        json!("null"),
        json!("any"),
        json!("date"),
        json!("Array"),
        json!(""),
        json!(null),
        json!(3),
        json!([]),
        json!(["object", "array"]),
        json!(["string", "null"]),
        json!(["array", "null"]),
        json!(["weird"]),
        json!([null, {}]),
        json!({"type": "string"}),
    ])
}

fn scalar() -> impl Strategy<Value = Value> + Clone {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-3),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("\u{0}\u{202e}"),
        json!([]),
        json!({}),
        json!(["x", 1]),
        json!("x".repeat(5000)),
    ])
}

fn reference() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("#"),
        json!("#/$defs/a"),
        json!("#/definitions/a"),
        json!("#/properties/a"),
        json!("#/nowhere"),
        json!("#a"),
        json!("https://example.com/s.json"),
        json!("#/%24defs/a"),
        json!(7),
        json!(""),
        json!("a.json#/b"),
        json!("#/$defs/b/properties/a"),
    ])
}

/// Anything that a package may call a schema, and some things more.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => kind().prop_map(|kind| json!({"type": kind})),
        2 => scalar(),
        2 => reference().prop_map(|to| json!({"$ref": to})),
        1 => reference().prop_map(|to| json!({"$dynamicRef": to, "description": "beside it"})),
        1 => prop::collection::vec(scalar(), 0..4).prop_map(|values| json!({"enum": values})),
        1 => scalar().prop_map(|value| json!({"const": value})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let map = prop::collection::vec((key(), inner.clone()), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array);
        let keyword = prop_oneof![
            6 => (Just("properties"), map.clone()),
            2 => (prop::sample::select(vec!["$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"]), map.clone()),
            4 => (prop::sample::select(vec!["anyOf", "oneOf", "allOf", "prefixItems", "items"]), list),
            4 => (prop::sample::select(vec!["items", "additionalProperties", "additionalItems", "not", "if", "then", "else", "propertyNames", "contains", "unevaluatedProperties", "extends", "$ref", "type", "properties", "anyOf"]), inner.clone()),
            5 => (Just("type"), kind()),
            2 => (prop::sample::select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "multipleOf", "enum", "const", "default", "examples", "description", "title", "pattern", "format", "nullable", "required", "$schema", "$id", "$anchor", "uniqueItems"]), scalar()),
            2 => (Just("required"), prop::collection::vec(key().prop_map(Value::from), 0..4).prop_map(Value::Array)),
            1 => (Just("enum"), prop::collection::vec(scalar(), 0..5).prop_map(Value::Array)),
        ];
        prop::collection::vec(keyword, 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
    })
}

/// Schemas as careful authors write them, with keys that some providers refuse.
fn careful() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!({"type": "string", "description": "words"}),
        json!({"type": "integer", "minimum": 2, "maximum": 7}),
        json!({"type": "number"}),
        json!({"type": "boolean"}),
        json!({"enum": ["a", "b", 3]}),
        json!({"type": ["string", "null"]}),
        json!({"const": "only"}),
        json!({}),
    ]);
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            object(inner.clone()),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items, "minItems": 1, "maxItems": 3})),
            inner.clone().prop_map(|one| json!({"anyOf": [one, {"type": "null"}]})),
            inner.prop_map(|one| json!({"allOf": [one]})),
        ]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    (prop::collection::vec((key(), value, any::<bool>()), 0..5), any::<bool>()).prop_map(|(fields, open)| {
        let required: Vec<&String> = fields.iter().filter(|(.., required)| *required).map(|(name, ..)| name).collect();
        let properties: Map<String, Value> = fields.iter().map(|(name, schema, _)| (name.clone(), schema.clone())).collect();
        json!({"type": "object", "properties": properties, "required": required.iter().collect::<std::collections::BTreeSet<_>>(), "additionalProperties": open})
    })
}

/// Makes so many values of a strategy, always the same ones.
fn each<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>, mut test: impl FnMut(usize, T)) {
    let mut runner = TestRunner::deterministic();
    for n in 0..count {
        test(n, strategy.new_tree(&mut runner).unwrap().current());
    }
}

#[test]
fn ten_thousand_schemas_pass_the_gate_of_every_provider_and_come_back() {
    let rules = rules();
    let (mut tried, mut refused) = (0, 0);
    each(10_000, anything(), |n, schema| {
        let faults = refusals(&schema);
        assert!(faults.is_empty(), "{schema}\n{}", faults.join("\n"));
        let mut dice = dice(n as u64 + 7);
        let Some(input) = through(&schema, rules[n % rules.len()], &mut dice) else { return };
        tried += 1;
        refused += usize::from(taken(&schema, &input).is_err());
    });
    println!("{tried} inputs, {refused} refused");
    assert!(tried > 7_000, "{tried}");
}

#[test]
fn what_the_shown_schema_of_a_careful_author_allows_the_tool_takes() {
    let rules = rules();
    let mut tried = 0;
    each(3_000, careful(), |n, schema| {
        let mut dice = dice(n as u64 + 3);
        let Some(input) = through(&schema, rules[n % rules.len()], &mut dice) else { return };
        tried += 1;
        assert_eq!(
            taken(&schema, &input),
            Ok(()),
            "{schema}\nshown as {}\n{input}",
            shown(&schema, rules[n % rules.len()], Words::Own).schema
        );
    });
    assert!(tried > 2_500, "{tried}");
}

#[test]
fn the_schemas_of_real_tools_pass_the_gate_of_every_provider_and_come_back() {
    let rules = rules();
    let (mut count, mut tried, mut taken_of_them) = (0, 0, 0);
    for (id, schema) in schemas::all() {
        count += 1;
        let faults = refusals(&schema);
        assert!(faults.is_empty(), "{id}: {schema}\n{}", faults.join("\n"));
        for round in 0..2 {
            let mut dice = dice(count * 2 + round);
            if let Some(input) = through(&schema, rules[count as usize % rules.len()], &mut dice) {
                tried += 1;
                taken_of_them += usize::from(taken(&schema, &input).is_ok());
            }
        }
    }
    println!("{count} schemas, {tried} inputs, {taken_of_them} taken");
    assert!(count == 0 || taken_of_them * 10 > tried * 9, "{taken_of_them} of {tried}");
}
