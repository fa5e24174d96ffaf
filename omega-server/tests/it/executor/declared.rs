//! What a model is told of plain functions: their parameters by the package's own declarations of types, by those that others wrote,
//! by comments, or by their names alone.

use super::*;
use omega_core::executor::Signature;

const TYPES: &str = r#"
import { Shape as Form } from "./lib/shape.js";
export * from "./lib/more.js";
export type Unit = "cm" | "inch";
export interface Options { /** How many digits. @default 2 */ digits?: number; unit: Unit; onDone?: () => void; nested?: { deep: string[] } }
/**
 * Measures a thing.
 * Second line.
 * @param name - what is measured
 * @example measure("a", { unit: "cm" })
 */
export declare function measure(name: string, options: Options): Promise<number>;
export declare const area: (form: Form, ...factors: number[]) => number;
export declare function over(value: string): string;
export declare function over(value: number, digits?: number): string;
export declare function each<T>(list: readonly T[], call: (item: T) => void): void;
export declare const same: typeof measure;
export declare function odd(a: Map<string, Date>, b: Uint8Array | null, c?: Partial<Options>, d: [number, string], e: keyof Options, { x, y }: { x: 1 | 2; y: boolean }): void;
export declare class Box { constructor(side: number); static of(side: number): Box; /** Its volume. */ volume(scale?: number): number; }
export default measure;
"#;

fn files() -> Vec<(&'static str, String)> {
    let script = r#"
export const measure = (name, options) => 1; export const area = (form, ...factors) => factors.reduce((a, b) => a * b, form.side);
export const over = (a) => String(a); export const each = () => {}; export const same = measure; export const odd = () => 1; export const more = (a) => a;
export class Box { constructor(side = 1) { this.side = side; } static of(side) { return { side }; } volume(scale = 1) { return this.side * scale; } }
export default measure;"#;
    vec![
        ("index.mjs", script.to_owned()),
        ("index.d.ts", TYPES.to_owned()),
        ("lib/shape.d.ts", "/** A shape. */\nexport interface Base { id?: string }\nexport interface Shape extends Base { side: number; parent?: Shape }".to_owned()),
        ("lib/more.d.ts", "export declare enum Level { Low = \"low\", High = \"high\" }\nexport declare function more(level: Level): Level;\nexport { measure as again } from '../index';".to_owned()),
    ]
}

async fn signatures(sandbox: &Sandbox, package: &str) -> std::collections::BTreeMap<String, Signature> {
    sandbox.executor.describe(package, "latest", "").await.unwrap().signatures
}

#[tokio::test]
async fn declarations_of_types_say_what_to_send() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish_files("typed", "1.0.0", json!({"types": "./index.d.ts"}), &files());
    let found = signatures(&sandbox, "typed").await;
    let measure = &found["measure"];
    assert_eq!(measure.params, ["name", "options"]);
    assert!(
        measure.description.starts_with("Measures a thing.\nSecond line.")
            && measure.description.contains("Example: measure(")
    );
    let options = json!({"type": "object", "properties": {
        "digits": {"type": "number", "description": "How many digits.", "default": 2}, "unit": {"enum": ["cm", "inch"]},
        "nested": {"type": "object", "properties": {"deep": {"type": "array", "items": {"type": "string"}}}, "required": ["deep"]}},
        "required": ["unit"]});
    let expected = json!({"type": "object", "properties": {"name": {"type": "string", "description": "what is measured"}, "options": options},
        "required": ["name", "options"], "additionalProperties": false});
    assert_eq!(measure.input_schema, expected);
    assert_eq!(found["same"].input_schema, expected);
    assert_eq!(found["default"].input_schema, expected);
    assert_eq!(found["area"].params, ["form", "...factors"]);
    assert_eq!(
        found["area"].input_schema["properties"]["factors"],
        json!({"type": "array", "items": {"type": "number"}})
    );
    assert_eq!(found["area"].input_schema["properties"]["form"]["required"], json!(["side"]));
    assert_eq!(
        found["over"].input_schema["properties"]["value"],
        json!({"anyOf": [{"type": "string"}, {"type": "number"}]}),
        "all overloads"
    );
    assert_eq!(found["over"].input_schema["required"], json!(["value"]));
    assert!(
        found["each"].input_schema["properties"]["call"]["description"].as_str().unwrap().contains("can't be sent")
    );
    assert_eq!(found["more"].input_schema["properties"]["level"], json!({"enum": ["low", "high"]}));
    assert_eq!(found["odd"].params, ["a", "b", "c", "d", "e", "options"]);
    assert_eq!(found["odd"].input_schema["properties"]["options"]["properties"]["x"], json!({"enum": [1, 2]}));
    assert!(found["odd"].input_schema["properties"]["c"].get("required").is_none());
    assert_eq!(found["Box.volume"].input_schema["properties"]["scale"]["type"], "number");
    assert_eq!(found["Box.volume"].description, "Its volume.");
    assert_eq!(found["Box.of"].params, ["side"]);
    // And what is sent so arrives so.
    let params = found["area"].params.clone();
    let execution = Execution {
        calling: Calling::Function { params },
        ..call("typed::area", json!({"form": {"side": 2}, "factors": [3, 4]}))
    };
    assert_eq!(sandbox.executor.execute(execution).await.result, Ok(json!(24)));
}

#[tokio::test]
async fn types_that_others_wrote_comments_and_names_say_the_rest() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let types = "declare function tool(text: string): number; declare namespace tool { function loud(text: string, times?: number): string; }\nexport = tool;";
    sandbox.registry.publish(
        "plainer",
        "1.0.0",
        json!({}),
        "const tool = (x) => x.length; export default tool; export const loud = (x) => x;",
    );
    sandbox.registry.publish_files(
        "@types/plainer",
        "1.0.0",
        json!({"types": "index.d.ts", "exports": null}),
        &[("index.d.ts", types.to_owned())],
    );
    let found = signatures(&sandbox, "plainer").await;
    assert_eq!(found["default"].input_schema["properties"], json!({"text": {"type": "string"}}));
    assert_eq!(found["loud"].params, ["text", "times"]);
    let commented = r#"
/**
 * Joins.
 * @param {string[]} list - what is joined
 * @param {string} [by=", "] what stands between
 */
export function join(list, by = ", ") { return list.join(by); }
export const named = (first, { a, b } = {}, ...others) => first;
export const short = (a, b) => a + b;"#;
    sandbox.registry.publish("commented", "1.0.0", json!({}), commented);
    let found = signatures(&sandbox, "commented").await;
    let join = &found["join"].input_schema;
    assert_eq!(join["properties"]["by"], json!({"description": "(string) what stands between", "default": ", "}));
    assert_eq!((found["join"].description.as_str(), &join["required"]), ("Joins.", &json!(["list"])));
    assert_eq!(found["named"].params, ["first", "options", "...others"]);
    assert_eq!(found["short"].params, ["a", "b"]);
}

#[tokio::test]
async fn declarations_that_are_broken_endless_or_lead_out_harm_nobody() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let cases = [
        ("loops", "export * from './index'; export { f as f } from './index'; type A = B; type B = A; export declare function f(a: A): B;".to_owned()),
        ("deep", format!("export declare function f(a: {}string{}): void;", "Array<".repeat(5000), ">".repeat(5000))),
        ("cut", "export declare function f(a: { b: [string, (c: number".to_owned()),
        ("binary", "\u{0}\u{1}}}}])>>>export declare function f(a: string): void;".to_owned()),
        ("outside", "export * from '../../../../../../../../etc/passwd'; export declare function f(a: import('/etc/shadow').X): void;".to_owned()),
        ("wide", format!("export interface O {{ {} }}\nexport declare function f(o: O): void;", (0..5000).map(|n| format!("p{n}: O | {{ q: O }};")).collect::<String>())),
    ];
    for (name, types) in &cases {
        let files = [("index.mjs", "export const f = (a) => a;".to_owned()), ("index.d.ts", types.clone())];
        sandbox.registry.publish_files(name, "1.0.0", json!({"types": "./index.d.ts"}), &files);
        let described = sandbox.executor.describe(name, "latest", "").await.unwrap();
        assert_eq!(described.functions, ["f"], "{name}");
        let size = described.signatures.get("f").map_or(0, |found| found.input_schema.to_string().len());
        assert!(size < 13_000, "{name}: {size}");
    }
}

#[tokio::test]
async fn a_union_of_more_than_can_be_told_refuses_none_of_it() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let names: Vec<_> = (0..300).map(|n| format!("\"n{n}\"")).collect();
    let types = format!(
        "export type Name = {} | 5 | (string & {{}});\nexport declare function pick(name: Name): Name;",
        names.join(" | ")
    );
    let files = [("index.mjs", "export const pick = (name) => name;".to_owned()), ("index.d.ts", types)];
    sandbox.registry.publish_files("wide", "1.0.0", json!({"types": "./index.d.ts"}), &files);
    let schema = &signatures(&sandbox, "wide").await["pick"].input_schema["properties"]["name"];
    let text = schema.to_string();
    assert!(text.contains("string") && text.contains("number") && !text.contains("n1"), "{text}");
}
