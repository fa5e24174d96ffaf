//! What makes tools, and what it wants for that: keys under names of its own, keys of a form, places, clients; and packages that do more when
//! they are loaded than to give something out.

use super::*;
use std::collections::BTreeMap;

const MAKERS: &str = r#"
const schema = { jsonSchema: { type: "object", properties: { q: { type: "string" } }, required: ["q"] } };
const tool = (description, execute) => ({ description, inputSchema: schema, execute });
export class AcmeToolkit {
  constructor(options) {
    if (!options.clientSecret) throw new Error("clientSecret is required");
    this.options = options;
  }
  getTools() { return { pay: tool("Pays.", ({ q }) => `${q} ${this.options.clientSecret} ${this.options.accountId ?? "no account"}`) }; }
}
export class DeepToolkit {
  constructor({ auth, limits }) { this.key = auth.accessKey; this.pages = limits.pages ?? 1; }
  getTools() { if (!this.key) throw new Error("accessKey is required"); return { dig: tool("Digs.", ({ q }) => `${q} ${this.key} ${this.pages}`) }; }
}
export const createPlacedTools = ({ baseUrl = process.env.PLACED_API_BASE_URL, region = process.env.PLACED_REGION } = {}) => {
  if (!baseUrl) throw new Error("baseUrl is required");
  return { look: tool("Looks.", ({ q }) => `${baseUrl} ${q}`) };
};
export const createFormedTools = ({ apiKey = process.env.FORMED_API_KEY } = {}) => {
  if (!apiKey?.startsWith("fk_")) throw new Error("Invalid API key format. Expected fk_* (secret key)");
  return { form: tool("Forms.", ({ q }) => q) };
};
export async function getChainTools({ wallet, plugins }) {
  const found = {};
  for (const name of ["balance", ...plugins]) found[name] = tool(`The ${name}.`, () => wallet.balance());
  return found;
}
export class EchoTool {
  name = "echo"; description = "Echoes."; inputSchema = schema;
  async execute({ q }) { return q; }
}
export const makeBaseTool = (base, options, extra) => tool("Searches the base.", ({ q }) => base.search(q, options, extra));
export const getState = (client) => { throw new Error("this is the package's own work"); };
"#;

#[tokio::test]
async fn what_makes_tools_gets_what_it_asks_for_and_says_what_a_call_has_to_have() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("@acme/agent-toolkit", "1.0.0", json!({}), MAKERS);
    let described = sandbox.executor.describe("@acme/agent-toolkit", "latest", "").await.unwrap();
    let required = described.tools.iter().map(|tool| {
        let needed = tool.env.iter().filter(|var| var.required).map(|var| var.name.as_str());
        (tool.name.as_str(), needed.collect::<Vec<_>>())
    });
    let expected = BTreeMap::from([
        // By the name of its option; the account it does without.
        ("AcmeToolkit.pay", vec!["ACME_CLIENT_SECRET"]),
        ("DeepToolkit.dig", vec!["ACME_AUTH_ACCESS_KEY"]),
        // The region it does without.
        ("createPlacedTools.look", vec!["PLACED_API_BASE_URL"]),
        ("createFormedTools.form", vec!["FORMED_API_KEY"]),
        ("getChainTools.balance", vec![]),
        ("makeBaseTool", vec![]),
        ("EchoTool", vec![]),
    ]);
    assert_eq!(required.collect::<BTreeMap<_, _>>(), expected);
    for tool in &described.tools {
        assert_eq!(tool.input_schema.as_ref().unwrap()["required"], json!(["q"]), "{}", tool.name);
    }
    assert!(described.lacks.iter().any(|words| words.contains("getChainTools makes")), "{:?}", described.lacks);
    for (name, variables, output) in [
        ("AcmeToolkit.pay", &[("ACME_CLIENT_SECRET", "s")][..], "x s no account"),
        ("AcmeToolkit.pay", &[("ACME_CLIENT_SECRET", "s"), ("ACME_ACCOUNT_ID", "a")], "x s a"),
        ("DeepToolkit.dig", &[("ACME_AUTH_ACCESS_KEY", "s")], "x s 1"),
        ("createPlacedTools.look", &[("PLACED_API_BASE_URL", "https://here.test")], "https://here.test x"),
        ("createFormedTools.form", &[("FORMED_API_KEY", "fk_1")], "x"),
        ("EchoTool", &[], "x"),
    ] {
        let call =
            Execution { env: env(variables), ..call(&format!("@acme/agent-toolkit::{name}"), json!({"q": "x"})) };
        assert_eq!(sandbox.executor.execute(call).await.result, Ok(json!(output)), "{name}");
    }
    let placed = sandbox.run("@acme/agent-toolkit::createPlacedTools.look", json!({"q": "x"})).await;
    assert!(placed.result.unwrap_err().message.contains("baseUrl"));
}

const STARTERS: &str = r#"
import { execFile, spawn, spawnSync } from "node:child_process";
import { promisify } from "node:util";
spawn(process.execPath, ["watchdog.js"], { detached: true }).unref();
const careful = spawn("helper", []);
export let said = "nothing";
careful.on("error", (error) => (said = error.code));
careful.stdin.write("hello");
const tool = (execute) => ({ description: "One.", inputSchema: { jsonSchema: { type: "object", properties: {} } }, execute });
export const plain = tool(() => said);
export const needing = tool(async () => (await promisify(execFile)("/usr/bin/git", ["status"])).stdout);
export const asking = tool(() => new Promise((done, fail) => execFile("git", (error) => fail(error))));
export const looking = tool(() => spawnSync("git", ["--version"]).error?.code ?? "there");
export const late = tool(() => new Promise(() => setTimeout(() => { throw new Error("nobody catches this"); }, 5)));
"#;

#[tokio::test]
async fn a_package_that_starts_programs_hears_that_none_runs_and_does_what_it_can_without() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("starters", "1.0.0", json!({}), STARTERS);
    let described = sandbox.executor.describe("starters", "latest", "").await.unwrap();
    let names: Vec<_> = described.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["asking", "late", "looking", "needing", "plain"]);
    for (name, output) in [("plain", "EACCES"), ("looking", "EACCES")] {
        assert_eq!(sandbox.run(&format!("starters::{name}"), json!({})).await.result, Ok(json!(output)), "{name}");
    }
    for name in ["needing", "asking"] {
        let error = sandbox.run(&format!("starters::{name}"), json!({})).await.result.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::PermissionDenied, "{name}: {error}");
        assert!(error.message.contains("starts no other programs (git)"), "{name}: {error}");
    }
    let error = sandbox.run("starters::late", json!({})).await.result.unwrap_err();
    assert!(error.code == ToolErrorCode::ToolExited && error.message.contains("nobody catches this"), "{error}");
}

#[tokio::test]
async fn a_module_whose_files_only_bundlers_find_is_loaded_as_its_sibling_for_require() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let files = [
        ("esm/index.js", "export { bundled } from './bundled';".to_owned()),
        ("esm/bundled.js", "export const bundled = 1;".to_owned()),
        ("esm/package.json", r#"{"type":"module"}"#.to_owned()),
        (
            "cjs/index.cjs",
            "exports.bundled = { description: 'Bundled.', inputSchema: { jsonSchema: { type: 'object', properties: {} } }, execute: () => 'required' };".to_owned(),
        ),
    ];
    let exports = json!({ ".": { "import": "./esm/index.js", "require": "./cjs/index.cjs" } });
    sandbox.registry.publish_files("two-forms", "1.0.0", json!({ "exports": exports }), &files);
    let described = sandbox.executor.describe("two-forms", "latest", "").await.unwrap();
    assert_eq!(described.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["bundled"]);
    assert_eq!(sandbox.run("two-forms::bundled", json!({})).await.result, Ok(json!("required")));
    // Where neither is whole, the first one's reason is told.
    let broken = [files[0].clone(), files[2].clone(), ("cjs/index.cjs", "throw new Error('the second');".to_owned())];
    sandbox.registry.publish_files("no-form", "1.0.0", json!({ "exports": exports }), &broken);
    let error = sandbox.executor.describe("no-form", "latest", "").await.unwrap_err();
    assert!(error.message.contains("bundled") && !error.message.contains("the second"), "{error}");
}

const SHAPES: &str = r#"
const field = (schema, isOptional) => ({ "~standard": {
  version: 1, vendor: "own", jsonSchema: { input: () => schema },
  validate: (value) => (value === undefined ? (isOptional ? { value: schema.default } : { issues: [{ message: "is required" }] }) : typeof value === schema.type ? { value } : { issues: [{ message: `is no ${schema.type}` }] }),
} });
export class Kit {
  getTools() {
    return [{ name: "send", description: "Sends.", schema: { to: field({ type: "string", description: "Whom." }), times: field({ type: "number", default: 2 }, true) }, func: ({ to, times }) => `${to} ${times}` }];
  }
}
"#;

#[tokio::test]
async fn an_input_given_as_its_fields_schemas_is_one_schema_and_is_held_to_it() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("raw-shapes", "1.0.0", json!({}), SHAPES);
    let described = sandbox.executor.describe("raw-shapes", "latest", "").await.unwrap();
    let schema = described.tools[0].input_schema.as_ref().unwrap();
    let properties =
        json!({"to": {"type": "string", "description": "Whom."}, "times": {"type": "number", "default": 2}});
    assert_eq!(schema, &json!({"type": "object", "properties": properties, "required": ["to"]}));
    let run = async |input: Value| sandbox.run("raw-shapes::Kit.send", input).await.result;
    assert_eq!(run(json!({"to": "a"})).await, Ok(json!("a 2")));
    assert_eq!(run(json!({"to": "a", "times": 3})).await, Ok(json!("a 3")));
    for (input, words) in [(json!({}), "to: is required"), (json!({"to": 1}), "to: is no string")] {
        let error = run(input).await.unwrap_err();
        assert!(error.code == ToolErrorCode::InvalidInput && error.message.contains(words), "{error}");
    }
}

const FRAMEWORKS: &str = r#"
const field = { "~standard": { version: 1, vendor: "own", jsonSchema: { input: () => ({ type: "string" }) }, validate: (value) => (typeof value === "string" ? { value } : { issues: [{ message: "is no string" }] }) } };
const schema = { jsonSchema: { type: "object", properties: { q: { type: "string" } }, required: ["q"] } };
class Tool { constructor(all) { Object.assign(this, all); } }
export const older = new Tool({ id: "older", description: "Takes a context.", inputSchema: schema, execute: async ({ context }) => `older ${context.q}` });
export const newer = new Tool({ id: "newer", description: "Takes its input.", inputSchema: schema, execute: async (input) => `newer ${input.q}` });
export const EditorPlugin = async ({ client, directory }) => ({ event() {}, tool: { look: { description: "Looks.", args: { q: field }, execute: async ({ q }) => `looked ${q}` } } });
export const specified = { name: "specified", description: "Is specified.", toolSpec: { name: "specified", inputSchema: schema.jsonSchema }, invoke: async ({ q }) => `specified ${q}`, async *stream() {} };
export const pack = { name: "pack", descriptors: [{ id: "d", kind: "tool", payload: { name: "send", description: "Sends.", inputSchema: schema, execute: async ({ q }) => `sent ${q}` } }] };
export const chainPlugin = { name: "chain", methods: {}, actions: [{ name: "PAY", description: "Pays.", schema: { q: field }, handler: async (agent, input) => agent.pay(input.q) }] };
"#;

#[tokio::test]
async fn tools_of_more_frameworks_are_found_and_called_in_their_way() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("frameworks", "1.0.0", json!({}), FRAMEWORKS);
    let described = sandbox.executor.describe("frameworks", "latest", "").await.unwrap();
    let names: Vec<_> = described.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["EditorPlugin.look", "chainPlugin.PAY", "newer", "older", "pack.send", "specified"]);
    for tool in &described.tools {
        let schema = tool.input_schema.as_ref().unwrap();
        assert!(
            schema["properties"]["q"]["type"] == "string" && schema["required"] == json!(["q"]),
            "{}: {schema}",
            tool.name
        );
    }
    for (name, output) in [
        ("older", "older x"),
        ("newer", "newer x"),
        ("EditorPlugin.look", "looked x"),
        ("pack.send", "sent x"),
        ("specified", "specified x"),
    ] {
        assert_eq!(
            sandbox.run(&format!("frameworks::{name}"), json!({"q": "x"})).await.result,
            Ok(json!(output)),
            "{name}"
        );
    }
    let error = sandbox.run("frameworks::chainPlugin.PAY", json!({"q": "x"})).await.result.unwrap_err();
    assert!(error.code == ToolErrorCode::NotATool && error.message.contains("an agent or a client"), "{error}");
    assert!(described.lacks.iter().any(|words| words.contains("chainPlugin makes")), "{:?}", described.lacks);
}
