//! Packages that hold functions and no tools: what of them becomes tools without being named, by which way it is called, and what is said
//! of it; and functions in every form in which packages give them out.

use super::{adding::World, *};
use omega_core::{
    api::{AddPackage, AddedPackage, ExecuteRequest},
    executor::DescribedPackage,
    registry::Calling,
    testing::Script,
};

const TYPES: &str = r#"
/** Measures a text. @param unit in which unit */
export declare function measure(text: string, unit?: "chars" | "words"): number;
export { measure as size };
/** Says it in an old way. @deprecated */
export declare function old(text: string): string;
/** Keeps a setting. */
export declare function configure(options: { deep: boolean }): void;
/** Calls back. */
export declare function each(list: string[], call: (item: string) => void): string[];
/** Reads in the old way. */
export declare function read(text: string, options: { loud?: boolean }, callback: (error: Error | null, read: string) => void): void;
export declare function read(text: string, callback: (error: Error | null, read: string) => void): void;
/** Needs a client. */
export declare function ask(client: Client, text: string): Promise<string>;
export interface Client { send(text: string): Promise<string>; close(): void; }
/** Compiles a template. */
export declare function compile(template: string, options?: { loud?: boolean }): Render;
/** Fills a compiled template. */
export type Render = (view: object, options?: object) => string;
/** Reads a document. */
export declare function load(html: string): Promise<Page>;
export interface Page {
  /** The text in it. */
  text(): string;
  /** How often something is in it. */
  count(what: string): number;
  find(what: string): Page;
}
/** A moment. */
export declare class Moment { private at: number; format(form?: string): string; add(days: number): Moment; toJSON(): string; }
export declare function moment(date?: string): Moment;
export declare class Parser<T = string> {
  constructor(options?: { upper?: boolean });
  /** Parses. */
  parse(text: string): string;
  protected hidden(): string;
  /** Shouts. */
  static shout(text: string): string;
}
export declare class Box {
  constructor(side: number);
  /** Its volume. */
  volume(scale?: number): number;
}
export declare class Failure extends Error { why(): string; }
export declare namespace codec { /** Encodes. */ function encode(text: string): string; namespace deep { function decode(text: string): string; } }
/** A hook. */
export declare function useThing(text: string): string;
/** Joins. */
export declare function join(by: string, ...parts: import("./more").Part[]): string;
"#;

const SCRIPT: &str = r#"
export const measure = (text, unit = "chars") => unit === "words" ? text.split(" ").length : text.length;
export { measure as size };
export const old = (text) => text, configure = () => {}, each = (list, call) => list, ask = (client, text) => client.send(text);
export const read = (a, b, c) => { setTimeout(() => (c ?? b)(null, b?.loud ? a.toUpperCase() : a), 1); };
export const compile = (template, options) => (view) => { const text = template.replace("{x}", view.x); return options?.loud ? text.toUpperCase() : text; };
const page = (html) => ({ text: () => html.replace(/<[^>]+>/g, ""), count: (what) => html.split(what).length - 1, find: () => page(html) });
export const load = async (html) => page(html);
export class Moment { constructor(date) { this.at = Date.parse(date ?? "2020-01-01"); } format(form = "date") { return form === "year" ? this.toJSON().slice(0, 4) : this.toJSON().slice(0, 10); } add(days) { this.at += days * 864e5; return this; } toJSON() { return new Date(this.at).toISOString(); } }
export const moment = (date) => new Moment(date);
export class Parser { constructor(options = {}) { this.options = options; } parse(text) { return this.options.upper ? text.toUpperCase() : `<${text}>`; } hidden() { return ""; } static shout(text) { return text + "!"; } }
export class Box { constructor(side) { this.side = side; } volume(scale = 1) { return this.side ** 3 * scale; } }
export class Failure extends Error { why() { return ""; } }
export const codec = { encode: btoa, deep: { decode: (text) => atob(text) } };
export const useThing = (text) => text;
export const join = (by, ...parts) => parts.map((part) => part.text).join(by);
export const internal = (text) => text;
"#;

async fn described(sandbox: &Sandbox, package: &str) -> DescribedPackage {
    sandbox.executor.describe(package, "latest", "").await.unwrap()
}

/// Calls what a way leads to, with the parameters that are known of it.
async fn called(sandbox: &Sandbox, found: &DescribedPackage, way: &str, input: Value) -> Result<Value, String> {
    let params = found.signatures.get(way).map(|known| known.params.clone()).unwrap_or_default();
    let execution =
        Execution { calling: Calling::Function { params }, ..call(&format!("{}::{way}", found.package), input) };
    sandbox.executor.execute(execution).await.result.map_err(|error| error.to_string())
}

#[tokio::test]
async fn functions_that_json_can_be_sent_to_are_offered_by_the_ways_to_their_data() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let files = [
        ("index.mjs", SCRIPT.to_owned()),
        ("index.d.ts", TYPES.to_owned()),
        ("more.d.ts", "export interface Part { text: string }".to_owned()),
    ];
    sandbox.registry.publish_files("typed-functions", "1.0.0", json!({"types": "./index.d.ts"}), &files);
    let found = described(&sandbox, "typed-functions").await;
    assert_eq!(found.tools, []);
    // Each once, what is documented first; nothing that wants a function or a client, that gives nothing, that is old or a hook.
    let cases: &[(&str, Value, Value)] = &[
        ("measure", json!({"text": "a b", "unit": "words"}), json!(2)),
        ("compile(template)(view)", json!({"template": "a{x}", "view": {"x": 1}}), json!("a1")),
        ("load(html).text", json!({"html": "<b>hi</b>"}), json!("hi")),
        ("load(html).count", json!({"html": "a-a", "what": "a"}), json!(2)),
        ("join", json!({"by": "-", "parts": [{"text": "a"}, {"text": "b"}]}), json!("a-b")),
        ("read", json!({"text": "a"}), json!("a")),
        ("moment", json!({"date": "2021-02-03"}), json!("2021-02-03T00:00:00.000Z")),
        ("moment(date).format", json!({"date": "2021-02-03", "form": "year"}), json!("2021")),
        ("moment(date).add", json!({"date": "2021-02-03", "days": 1}), json!("2021-02-04T00:00:00.000Z")),
        ("Parser.parse", json!({"text": "a"}), json!("<a>")),
        ("Parser.shout", json!({"text": "a"}), json!("a!")),
        ("Box(side).volume", json!({"side": 2, "scale": 3}), json!(24)),
        ("codec.encode", json!({"text": "a"}), json!("YQ==")),
        ("Moment.format", json!({}), json!("2020-01-01")),
        ("Moment.add", json!({"days": 1}), json!("2020-01-02T00:00:00.000Z")),
        ("codec.deep.decode", json!({"text": "YQ=="}), json!("a")),
    ];
    let mut offered = found.offered.clone();
    let mut wanted: Vec<_> = cases.iter().map(|(way, ..)| (*way).to_owned()).collect();
    assert_eq!(offered.first().map(String::as_str), Some("join"), "{offered:?}");
    offered.sort();
    wanted.sort();
    assert_eq!(offered, wanted);
    for (way, input, output) in cases {
        assert_eq!(called(&sandbox, &found, way, input.clone()).await.as_ref(), Ok(output), "{way}");
    }
    // A way that nobody is offered is known all the same.
    let upper = json!({"options": {"upper": true}, "text": "a"});
    assert_eq!(called(&sandbox, &found, "Parser(options).parse", upper).await, Ok(json!("A")));

    let schema = |way: &str| found.signatures[way].input_schema.clone();
    let text = json!({"type": "string"});
    assert_eq!(
        schema("load(html).count"),
        json!({"type": "object", "properties": {"html": text, "what": text}, "required": ["html", "what"], "additionalProperties": false})
    );
    assert_eq!(found.signatures["load(html).count"].description, "How often something is in it.");
    assert_eq!(schema("compile(template)(view)")["required"], json!(["template", "view"]));
    assert_eq!(schema("Box(side).volume")["required"], json!(["side"]));
    assert_eq!(
        schema("measure")["properties"]["unit"],
        json!({"enum": ["chars", "words"], "description": "in which unit"})
    );
    assert_eq!(schema("join")["properties"]["parts"]["items"]["required"], json!(["text"]), "a type of another file");
    for way in ["codec.deep.decode", "Parser.hidden", "Box.volume", "internal", "Failure.why"] {
        assert_eq!(found.ways.iter().any(|known| known == way), way != "Failure.why", "{way}");
    }
}

/// Forms in which packages of every age give their functions out: a script of CommonJS, a way into it, and what it is called with.
#[tokio::test]
async fn a_function_is_found_in_whichever_form_it_is_given_out() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let cases: &[(&str, &str, &str, Value, Value)] = &[
        ("whole", "module.exports = (a) => a + 1;", "default", json!({"a": 1}), json!(2)),
        (
            "props",
            "const f = (a) => a + 1; f.twice = (a) => a * 2; module.exports = f;",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "compiled",
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = (a) => a + 1; exports.other = 1;",
            "default",
            json!({"a": 1}),
            json!(2),
        ),
        (
            "within",
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { twice: (a) => a * 2 };",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "lazy",
            "Object.defineProperty(module.exports, 'twice', { enumerable: true, get: () => (a) => a * 2 });",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "unlisted",
            "const all = {}; Object.defineProperty(all, 'twice', { value: (a) => a * 2 }); module.exports = all;",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "frozen",
            "module.exports = Object.freeze({ __proto__: null, deep: Object.freeze({ twice: (a) => a * 2 }) });",
            "deep.twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "instance",
            "class Lib { constructor() { this.by = 2; } twice(a) { return a * this.by; } } module.exports = new Lib();",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "inherited",
            "class Base { twice(a) { return a * 2; } } class Lib extends Base {} exports.Lib = Lib;",
            "Lib.twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "fields",
            "exports.Lib = class { by = 2; twice = (a) => a * this.by; };",
            "Lib.twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "statics",
            "module.exports = class { static twice(a) { return a * this.by; } static by = 2; };",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "prototypes",
            "function Lib() { this.by = 2; } Lib.prototype.twice = function (a) { return a * this.by; }; module.exports = Lib;",
            "default.twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "called-back",
            "exports.twice = function (a, callback) { setTimeout(() => callback(null, a * 2), 1); };",
            "twice",
            json!({"a": 2}),
            json!(4),
        ),
        (
            "texts",
            "class Digest { constructor(a) { this.words = [a]; } toString() { return this.words[0].toString(16); } } exports.digest = (a) => new Digest(a);",
            "digest",
            json!({"a": 255}),
            json!({"asText": "ff", "words": [255]}),
        ),
        (
            "told",
            "exports.each = (list, callback) => list.map((item) => callback ? callback(item) : item);",
            "each",
            json!({"list": [1]}),
            json!([1]),
        ),
        (
            "bound",
            "exports.twice = function (a) { return a * this.by; }.bind({ by: 2 });",
            "twice",
            json!({"argument1": 2}),
            json!(4),
        ),
        (
            "variadic",
            "exports.sum = function () { return [...arguments].reduce((a, b) => a + b); };",
            "sum",
            json!({"arguments": [1, 2]}),
            json!(3),
        ),
    ];
    let failing = "exports.read = function (a, cb) { cb(new Error('no ' + a)); };";
    let all = || cases.iter().map(|(name, script, ..)| (*name, *script)).chain([("failing", failing)]);
    let exports: serde_json::Map<_, _> =
        all().map(|(name, _)| (format!("./{name}"), json!(format!("./{name}.cjs")))).collect();
    let names: Vec<_> = all().map(|(name, _)| format!("{name}.cjs")).collect();
    let files: Vec<_> = names.iter().zip(all()).map(|(file, (_, script))| (file.as_str(), script.to_owned())).collect();
    sandbox.registry.publish_files("forms", "1.0.0", json!({ "exports": exports }), &files);
    let found = described(&sandbox, "forms").await;
    for (name, _, way, input, output) in cases {
        let way = format!("{name}/{way}");
        // What only an instance has, nobody knows before there is one; what a class has, by the class's name.
        let known = found.signatures.get(&way);
        assert!(known.is_some() || ["fields", "statics"].contains(name), "{way}: {:?}", found.signatures.keys());
        let params = known.map_or_else(|| vec![String::from("a")], |known| known.params.clone());
        let execution =
            Execution { calling: Calling::Function { params }, ..call(&format!("forms::{way}"), input.clone()) };
        let result = sandbox.executor.execute(execution).await.result;
        assert_eq!(result, Ok(output.clone()), "{way}");
    }
    let error = called(&sandbox, &found, "failing/read", json!({"a": "luck"})).await.unwrap_err();
    assert!(error.contains("no luck"), "{error}");
}

/// What takes a hundred options is told in less detail, and not left out.
#[tokio::test]
async fn a_signature_that_is_too_long_is_told_in_outline() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let options: String = (0..400)
        .map(|n| format!("/** {} */ option{n}?: {{ inner{n}: string; other: number[] }};", "word ".repeat(20)))
        .collect();
    let types = format!(
        "export interface Options {{ first: {{ {options} }} }}\n/** Compiles. */ export declare function transpile(input: string, options?: Options | Options[]): string;"
    );
    let files = [("index.mjs", "export const transpile = (input) => input;".to_owned()), ("index.d.ts", types)];
    sandbox.registry.publish_files("wordy", "1.0.0", json!({"types": "./index.d.ts"}), &files);
    let found = described(&sandbox, "wordy").await;
    let known = &found.signatures["transpile"];
    assert_eq!((known.params.join(","), known.description.as_str()), (String::from("input,options"), "Compiles."));
    assert!(known.input_schema.to_string().len() < 12_000, "{}", known.input_schema);
    assert_eq!(found.offered, ["transpile"]);
}

/// Functions are no tools where a package has better ones, or where its tools could not be had.
#[tokio::test]
async fn functions_stand_in_for_no_tools() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let tool =
        "({ description: 'T.', inputSchema: { jsonSchema: { type: 'object', properties: {} } }, execute: () => 1 })";
    let cases: &[(&str, String, &[&str])] = &[
        ("has-tools", format!("export const t = {tool}; export const twice = (a) => a * 2;"), &[]),
        (
            "wants-client",
            format!(
                "export const createTools = (client) => {{ if (!client?.send || typeof client !== 'object') throw new Error('a client is needed'); return {{ t: {tool} }}; }}; export const twice = (a) => a * 2;"
            ),
            &[],
        ),
        (
            "only-functions",
            "/** Doubles.\n * @param {number} a what */\nexport const twice = (a) => a * 2; export default twice;"
                .to_owned(),
            &["twice"],
        ),
    ];
    for (name, script, offered) in cases {
        sandbox.registry.publish(name, "1.0.0", json!({}), script);
        let found = described(&sandbox, name).await;
        assert_eq!(found.offered, *offered, "{name}");
        let is_told = found.lacks.iter().any(|words| words.contains("createTools: a client is needed"));
        assert_eq!(is_told, *name == "wants-client", "{name}: {:?}", found.lacks);
    }
}

/// Toolkits of a client, which a program has and no call: they are described with a stand-in, and a call says what it lacks.
#[tokio::test]
async fn tools_that_are_made_of_a_client_are_described_and_made_of_variables_where_that_is_enough() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
const schema = { jsonSchema: { type: "object", properties: { q: { type: "string" } }, required: ["q"] } };
export const createClientTools = (client, options) => {
  if (!client?.ask) throw new Error("a client is required");
  for (const scope of options?.scopes ?? []) client.allow(scope);
  return { ask: { description: "Asks.", inputSchema: schema, execute: async ({ q }) => client.ask(q) } };
};
export const createSpaceTools = ({ workspaceId, region = "eu" }) => {
  if (!workspaceId) throw new Error("workspaceId is required");
  return [{ name: "list", description: "Lists.", inputSchema: schema, execute: ({ q }) => `${workspaceId} ${region} ${q}` }];
};
export const makeTool = (definition) => ({ ...definition, description: definition.description, inputSchema: definition.inputSchema, execute: definition.execute });
export const loopTool = (list) => { for (let at = list.first; at; at = at.next); return {}; };
"#;
    sandbox.registry.publish("clients", "1.0.0", json!({}), script);
    let found = described(&sandbox, "clients").await;
    let names: Vec<_> = found.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["createClientTools.ask", "createSpaceTools.list"], "and nothing that is the stand-in's own");
    for tool in &found.tools {
        assert_eq!(tool.input_schema.as_ref().unwrap()["required"], json!(["q"]), "{}", tool.name);
    }
    assert!(
        found.lacks.iter().any(|words| words.contains("createClientTools makes its tools of a client")),
        "{:?}",
        found.lacks
    );
    let error = sandbox.run("clients::createClientTools.ask", json!({"q": "x"})).await.result.unwrap_err();
    assert!(error.code == ToolErrorCode::NotATool && error.message.contains("a client is required"), "{error}");
    let env = env(&[("ACME_WORKSPACE_ID", "w1"), ("ACME_API_KEY", "k")]);
    let call = Execution { env, ..call("clients::createSpaceTools.list", json!({"q": "x"})) };
    assert_eq!(sandbox.executor.execute(call).await.result, Ok(json!("w1 eu x")));
}

#[tokio::test]
async fn a_package_of_functions_is_added_as_tools_and_any_other_function_by_the_way_to_it() {
    let Some(mut world) = World::new(Script::new()).await else { return };
    let files = [
        ("index.mjs", SCRIPT.to_owned()),
        ("index.d.ts", TYPES.to_owned()),
        ("more.d.ts", "export interface Part { text: string }".to_owned()),
    ];
    world.sandbox.registry.publish_files("typed-functions", "1.0.0", json!({"types": "./index.d.ts"}), &files);
    world.start(&[]).await;
    let client = &world.server().client;
    let add = async |function: Option<&str>, params: &[&str]| {
        let function = function.map(str::to_owned);
        let params = params.iter().map(|name| (*name).to_owned()).collect();
        let package = String::from("typed-functions");
        client.add_package(&AddPackage { package, function, params, ..AddPackage::default() }).await
    };
    let all: AddedPackage = add(None, &[]).await.unwrap();
    let tool = |added: &AddedPackage, export: &str| {
        let found = added.tools.iter().find(|tool| tool.tool_id.export() == export);
        found.unwrap_or_else(|| panic!("{export}: {added:?}")).clone()
    };
    assert_eq!(all.tools.len(), 16, "{all:?}");
    let names: Vec<String> = ["measure", "compile(template)(view)", "load(html).text", "codec.deep.decode"]
        .map(|export| tool(&all, export).name)
        .into();
    assert_eq!(names, ["measure", "compile", "text", "decode"]);
    assert!(!all.functions.contains(&String::from("measure")) && all.functions.contains(&String::from("internal")));
    assert!(all.notices.iter().any(|words| words.contains("16 of its")), "{:?}", all.notices);
    let run = ExecuteRequest {
        tool_id: String::from("typed-functions::compile(template)(view)"),
        params: json!({"template": "a{x}", "view": {"x": 1}}),
        env: Default::default(),
    };
    assert_eq!(client.execute_tool(&run).await.unwrap().result, Some(json!("a1")));
    // Another person's names for its parameters: the same way, with the same types.
    let named = add(Some("load(page).count(word)"), &[]).await.unwrap();
    let schema = named.tools[0].input_schema.clone().unwrap();
    assert_eq!(
        (&schema["properties"]["word"]["type"], &schema["required"]),
        (&json!("string"), &json!(["page", "word"]))
    );
    let renamed = add(Some("measure"), &["words"]).await.unwrap();
    assert_eq!(renamed.tools[0].input_schema.as_ref().unwrap()["properties"]["words"], json!({"type": "string"}));
    let half = add(Some("compile(text)"), &[]).await.unwrap();
    assert_eq!(half.tools[0].input_schema.as_ref().unwrap()["properties"]["options"]["type"], "object");
    let unknown = add(Some("load(page).find(word).text"), &[]).await.unwrap();
    assert_eq!(unknown.tools[0].input_schema.as_ref().unwrap()["properties"]["arguments"]["type"], "array");
    let run = ExecuteRequest {
        tool_id: String::from("typed-functions::load(page).find(word).text"),
        params: json!({"page": "<b>hi</b>", "word": "x", "arguments": []}),
        env: Default::default(),
    };
    assert_eq!(client.execute_tool(&run).await.unwrap().result, Some(json!("hi")));
    // What is not there is told, with what may be meant.
    for (way, words) in [
        ("codec.decode", "it has: codec.deep.decode"),
        ("other(a)(b)", "exports no function"),
        ("codec.encodes", "exports no function"),
    ] {
        let refused = add(Some(way), &[]).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{way}: {refused}");
    }
}
