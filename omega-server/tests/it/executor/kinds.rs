//! Packages of every shape: subpaths, other frameworks' tools, classes, ways to a function; and values of every kind that they give
//! and take.

use super::*;
use omega_core::registry::Calling;
use std::collections::BTreeMap;

const OTHERS: &str = r#"
const schema = { type: "object", properties: { q: { type: "string" } }, required: ["q"] };
export const chain = { name: "chain", description: "LangChain's.", schema, invoke: async (input, config) => ({ got: input.q, signal: "signal" in config }) };
export const textual = { name: "textual", description: "One text.", invoke: async (input) => `<${input}>` };
export class Search { constructor(fields = {}) { if (!fields.apiKey && !process.env.SEARCH_KEY) throw new Error("no key"); this.name = "search"; this.description = "A tool's class."; this.schema = schema; } async _call(input) { return input.q; } async invoke(input) { return this._call(input); } }
export const llama = { metadata: { name: "llama", description: "LlamaIndex's.", parameters: schema }, call: (input) => ({ llama: input.q }) };
export const agents = { type: "function", name: "agents", description: "The Agents SDK's.", parameters: schema, invoke: async (context, text) => JSON.parse(text).q + typeof context };
export const runnable = { name: "runnable", description: "Anthropic's.", input_schema: schema, run: ({ q }) => q.length };
export class Kit { constructor({ secretKey = "" } = {}) { this.key = secretKey; } getTools() { return [{ name: "inner", description: "In a kit.", schema, invoke: async ({ q }) => q }]; } }
export const list = [{ name: "listed", description: "In a list.", schema, func: ({ q }) => q }];
export const person = { name: "Ada", description: "is no tool", call: () => 1 };
export const twiceTool = { name: "twice", description: "The same twice.", schema, execute: ({ q }) => q + q };
export const createTwice = () => ({ name: "twice", description: "The same twice.", schema, execute: ({ q }) => q + q, createTool: true });
"#;

#[tokio::test]
async fn tools_of_other_frameworks_are_described_and_run_as_tools() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("others", "1.0.0", json!({}), OTHERS);
    let described = sandbox.executor.describe("others", "latest", "").await.unwrap();
    let found: BTreeMap<_, _> = described.tools.iter().map(|tool| (tool.name.as_str(), tool)).collect();
    let names: Vec<_> = found.keys().copied().collect();
    let expected =
        ["Kit.inner", "Search", "agents", "chain", "list.listed", "llama", "runnable", "textual", "twiceTool"];
    assert_eq!(names, expected, "each once, and nothing else");
    for name in expected.into_iter().filter(|name| *name != "textual") {
        let schema = found[name].input_schema.as_ref().unwrap();
        assert_eq!(schema["required"], json!(["q"]), "{name}: {schema}");
        assert!(!found[name].description.is_empty(), "{name}");
    }
    for (name, input, output) in [
        ("chain", json!({"q": "x"}), json!({"got": "x", "signal": true})),
        ("textual", json!({"input": "x"}), json!("<x>")),
        ("llama", json!({"q": "x"}), json!({"llama": "x"})),
        ("agents", json!({"q": "x"}), json!("xobject")),
        ("runnable", json!({"q": "four"}), json!(4)),
        ("Kit.inner", json!({"q": "x"}), json!("x")),
        ("list.listed", json!({"q": "x"}), json!("x")),
        ("twiceTool", json!({"q": "x"}), json!("xx")),
    ] {
        assert_eq!(sandbox.run(&format!("others::{name}"), input).await.result, Ok(output), "{name}");
    }
    let keyed = Execution { env: env(&[("SEARCH_KEY", "k")]), ..call("others::Search", json!({"q": "x"})) };
    assert_eq!(sandbox.executor.execute(keyed).await.result, Ok(json!("x")));
}

#[tokio::test]
async fn subpaths_that_hold_tools_are_found_by_themselves() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let tool = |name: &str, text: &str| {
        format!(
            "export const {name} = {{ description: '{text}', inputSchema: {{ jsonSchema: {{ type: 'object', properties: {{}} }} }}, execute: () => '{text}' }};\n"
        )
    };
    let toolkit = r#"export class Toolkit { constructor({ secretKey, configuration }) { if (!secretKey || !configuration) throw new Error("secretKey is required"); } getTools() { return { pay: { description: "Pays.", inputSchema: { jsonSchema: { type: "object", properties: {} } }, execute: () => "paid" } }; } }"#;
    let files = [
        ("ai-sdk/index.js", format!("{toolkit}\n{}", tool("shared", "Shared."))),
        ("langchain.js", tool("shared", "Shared.")),
        ("broken.js", "throw new Error('not for you');".to_owned()),
        ("core.js", tool("inner", "Inner.")),
    ];
    let exports = json!({
        "./broken": "./broken.js", "./langchain": "./langchain.js", "./core": "./core.js",
        "./ai-sdk": {"types": "./x.d.ts", "import": "./ai-sdk/index.js"}, "./package.json": "./package.json"});
    sandbox.registry.publish_files("@acme/kit", "1.0.0", json!({ "exports": exports, "type": "module" }), &files);
    let described = sandbox.executor.describe("@acme/kit", "latest", "").await.unwrap();
    let names: Vec<_> = described.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["ai-sdk/Toolkit.pay", "ai-sdk/shared"], "a tool that is there twice is one");
    let shared = sandbox.run("@acme/kit::ai-sdk/shared", json!({})).await;
    assert_eq!(shared.result, Ok(json!("Shared.")));
    let paid = Execution { env: env(&[("ACME_SECRET_KEY", "k")]), ..call("@acme/kit::ai-sdk/Toolkit.pay", json!({})) };
    assert_eq!(sandbox.executor.execute(paid).await.result, Ok(json!("paid")));
    assert_eq!(sandbox.run("@acme/kit::core/inner", json!({})).await.result, Ok(json!("Inner.")));
    let none = sandbox.run("@acme/kit::nowhere/x", json!({})).await;
    assert!(none.result.is_err());
}

const PLAIN: &str = r#"
export class Greeter { constructor(greeting = "Hello") { this.greeting = greeting; } greet(name) { return `${this.greeting}, ${name}`; } static shout(name) { return name.toUpperCase(); } }
export function Old(start) { this.start = start ?? 1; }
Old.prototype.plus = function (n) { return this.start + n; };
export const compile = (template) => (view) => template.replace("{x}", view.x);
export const load = (html) => ({ text: () => html.replace(/<[^>]+>/g, ""), count: (sel) => html.split(sel).length - 1 });
export const deep = { er: { still: (n) => n + 1 } };
export function* range(from, to) { for (let n = from; n < to; n++) yield n; }
export async function* slow(n) { for (let i = 0; i < n; i++) yield { i }; }
export const lazy = (n) => ({ *[Symbol.iterator]() { for (let i = 0; i < n; i++) yield i; } });
export function* endless() { for (;;) yield 1; }
export const bytes = (text) => new TextEncoder().encode(text);
export const inflate = (data) => { if (!(data instanceof Uint8Array)) throw new TypeError("bytes are wanted"); return new TextDecoder().decode(data); };
export const set = () => new Set([1, new Map([["a", 2n]])]);
export const nothing = () => undefined;
"#;

#[tokio::test]
async fn a_way_leads_through_members_instances_and_calls_and_what_comes_out_is_data() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("ways", "1.0.0", json!({}), PLAIN);
    let run = async |way: &str, params: &[&str], input: Value| {
        let params = params.iter().map(|name| (*name).to_owned()).collect();
        let execution = Execution { calling: Calling::Function { params }, ..call(&format!("ways::{way}"), input) };
        sandbox.executor.execute(execution).await.result
    };
    let packed = run("bytes", &["text"], json!({"text": "ök"})).await.unwrap();
    assert_eq!(packed["type"], "base64");
    for (way, params, input, output) in [
        ("Greeter.greet", &["name"][..], json!({"name": "Ada"}), json!("Hello, Ada")),
        (
            "new Greeter(greeting).greet(name)",
            &["greeting", "name"],
            json!({"greeting": "Hi", "name": "Ada"}),
            json!("Hi, Ada"),
        ),
        ("Greeter.shout", &["name"], json!({"name": "ada"}), json!("ADA")),
        ("Old.plus", &["n"], json!({"n": 4}), json!(5)),
        ("Old(start).plus", &["start", "n"], json!({"start": 2, "n": 4}), json!(6)),
        ("Old", &["start"], json!({"start": 2}), json!({"start": 2})),
        ("compile(template)(view)", &["template", "view"], json!({"template": "a{x}", "view": {"x": 1}}), json!("a1")),
        ("load(html).text", &["html"], json!({"html": "<b>hi</b>"}), json!("hi")),
        ("load(html).count(sel)", &["html", "sel"], json!({"html": "a-a", "sel": "a"}), json!(2)),
        ("deep.er.still", &["n"], json!({"n": 1}), json!(2)),
        ("range", &["from", "to"], json!({"from": 1, "to": 5}), json!([1, 2, 3, 4])),
        ("slow", &["n"], json!({"n": 3}), json!([{"i": 0}, {"i": 1}, {"i": 2}])),
        ("lazy", &["n"], json!({"n": 2}), json!([0, 1])),
        ("inflate", &["data"], json!({"data": packed}), json!("ök")),
        ("set", &[], json!({}), json!([1, {"a": "2"}])),
        ("nothing", &[], json!({}), Value::Null),
    ] {
        assert_eq!(run(way, params, input).await, Ok(output), "{way}");
    }
    for (way, code, words) in [
        ("compile", ToolErrorCode::NotATool, "gives a function"),
        ("load", ToolErrorCode::NotATool, "text, count"),
        ("deep.er.other", ToolErrorCode::ToolNotFound, "no export"),
        ("deep.er", ToolErrorCode::NotATool, "is no function"),
        ("endless", ToolErrorCode::ToolError, "has no end"),
    ] {
        let error = run(way, &["a"], json!({"a": "<b>"})).await.unwrap_err();
        assert!(error.code == code && error.message.contains(words), "{way}: {error}");
    }
}

#[tokio::test]
async fn only_what_a_tool_declares_or_fails_for_is_asked_for() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        process.env.LOADER_KEY; const optional = process.env.SOME_API_KEY;
        const tool = (execute) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, execute });
        export const scanner = tool(() => { process.env.SCAN_TOKEN; return { findings: [], error: "No API key found in 3 files; tokens are required nowhere" }; });
        export const linter = tool(() => { process.env.SCAN_TOKEN; return "Error: SCAN_TOKEN is not set in .env"; });
        export const makeFree = (o = {}) => ({ ...tool(() => process.env.FREE_API_KEY ?? "without"), description: "free " + typeof process.env.FREE_API_KEY });
        export const makeKeyed = ({ apiKey = process.env.PAID_API_KEY } = {}) => { if (!apiKey) throw new Error("PAID_API_KEY is required"); return { ...tool(() => apiKey), description: "keyed" }; };
        export const own = tool(() => "own");"#;
    let manifest =
        json!({ "tpmjs": { "tools": [{ "name": "own", "env": [{ "name": "OWN_KEY" }] }, { "name": "scanner" }] } });
    sandbox.registry.publish("honest", "1.0.0", manifest, script);
    let described = sandbox.executor.describe("honest", "latest", "").await.unwrap();
    let required = |name: &str| {
        let tool = described.tools.iter().find(|tool| tool.name == name).unwrap();
        tool.env.iter().filter(|var| var.required).map(|var| var.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(required("makeKeyed"), ["PAID_API_KEY"]);
    assert_eq!(required("own"), ["OWN_KEY"]);
    for free in ["scanner", "linter", "makeFree"] {
        assert_eq!(required(free), [""; 0], "{free}");
        let executed = sandbox.run(&format!("honest::{free}"), json!({})).await;
        assert!(executed.result.is_ok(), "{free}: {:?}", executed.result);
    }
    assert_eq!(code(&sandbox.run("honest::own", json!({})).await), ToolErrorCode::MissingEnvVars);
    let keyed = sandbox.run("honest::makeKeyed", json!({})).await;
    let error = keyed.result.unwrap_err();
    assert!(error.message.contains("PAID_API_KEY"), "{error}");
}
