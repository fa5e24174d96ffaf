//! What packages export, and how it is called.

use super::*;
use omega_core::registry::Calling;
use omega_engine::executor::Redacting;
use std::{collections::BTreeMap, sync::Arc};

const SHAPES: &str = r#"
const schema = (properties, required = []) => ({ jsonSchema: { type: "object", properties, required } });
export const echo = { description: "Echoes.", inputSchema: schema({ text: { type: "string" } }, ["text"]), execute: ({ text }) => text };
export const makeSearch = (config = {}) => ({ description: "Searches.", inputSchema: schema({}), execute: () => config.apiKey ?? process.env.SEARCH_API_KEY ?? "none" });
export const createSet = async () => ({ tools: { one: { description: "1", inputSchema: schema({}), execute: () => 1 }, two: { description: "2", inputSchema: schema({}), execute: () => 2 } } });
export const kit = { a: { description: "a", parameters: schema({}), execute: () => "a" } };
const aiFunction = (name) => Object.assign((input) => input, { spec: { name, description: "AI.", parameters: schema({}) }, inputSchema: schema({}), execute: (input) => ({ got: input }) });
export const ai = aiFunction("ai");
export class Client { constructor({ apiKey = process.env.CLIENT_KEY } = {}) { if (!apiKey) throw new Error("Client needs an apiKey (CLIENT_KEY)"); } get functions() { return [aiFunction("look")]; } }
export const add = (a, b = "B", c = "") => a + b + c;
export const nested = { deep: { twice: (n) => 2 * n } };
export const strictTool = { description: "strict", inputSchema: { "~standard": { version: 1, vendor: "own", validate: (value) => typeof value.n === "number" ? { value: { ...value, filled: true } } : { issues: [{ path: ["n"], message: "must be a number" }] } } }, execute: (input) => input };
export const counts = { description: "counts", inputSchema: schema({}), async *execute() { for (let n = 1; n <= 3; n++) yield { n }; } };
export const late = { description: "context", inputSchema: schema({}), execute: (_, options) => Object.keys(options).sort() };
export default { triple: (n) => 3 * n };
"#;

async fn shapes() -> Option<Sandbox> {
    let sandbox = Sandbox::start().await?;
    sandbox.registry.publish(
        "shapes",
        "1.0.0",
        json!({ "description": "All of them.", "keywords": ["tpmjs"] }),
        SHAPES,
    );
    Some(sandbox)
}

#[tokio::test]
async fn every_shape_is_described_without_being_run() {
    let Some(sandbox) = shapes().await else { return };
    let described = sandbox.executor.describe("shapes", "latest", "").await.unwrap();
    let found: BTreeMap<_, _> = described.tools.iter().map(|tool| (tool.name.as_str(), tool.shape.as_str())).collect();
    let expected = BTreeMap::from([
        ("Client.look", "class-provider"),
        ("ai", "ai-function"),
        ("counts", "tool"),
        ("createSet.one", "toolset"),
        ("createSet.two", "toolset"),
        ("echo", "tool"),
        ("kit.a", "toolset"),
        ("late", "tool"),
        ("makeSearch", "factory"),
        ("strictTool", "tool"),
    ]);
    assert_eq!(found, expected);
    assert_eq!(described.functions, ["add", "triple"]);
    assert_eq!((described.version.as_str(), described.description.as_str()), ("1.0.0", "All of them."));
    let echo = described.tools.iter().find(|tool| tool.name == "echo").unwrap();
    assert_eq!(echo.input_schema.as_ref().unwrap()["required"], json!(["text"]));
    let client = described.tools.iter().find(|tool| tool.name == "Client.look").unwrap();
    assert!(client.env.iter().any(|var| var.name == "CLIENT_KEY" && var.required), "{:?}", client.env);
}

#[tokio::test]
async fn every_shape_runs() {
    let Some(sandbox) = shapes().await else { return };
    let cases = [
        ("echo", json!({"text": "hi"}), json!("hi")),
        ("ECHO", json!({"text": "hi"}), json!("hi")),
        ("strict", json!({"n": 1}), json!({"n": 1, "filled": true})),
        ("makeSearch", json!({}), json!("none")),
        ("createSet.two", json!({}), json!(2)),
        ("kit.a", json!({}), json!("a")),
        ("ai", json!({"x": 1}), json!({"got": {"x": 1}})),
        ("late", json!({}), json!(["abortSignal", "messages", "toolCallId"])),
    ];
    for (export, input, output) in cases {
        let executed = sandbox.run(&format!("shapes::{export}"), input).await;
        assert_eq!(executed.result, Ok(output), "{export}");
        assert_eq!(executed.version.as_deref(), Some("1.0.0"));
    }
}

#[tokio::test]
async fn a_plain_function_takes_its_input_by_name() {
    let Some(sandbox) = shapes().await else { return };
    let cases = [
        ("add", vec!["a", "b", "c"], json!({"b": "y", "a": "x"}), json!("xy")),
        ("add", vec!["a", "b", "c"], json!({"a": "x"}), json!("xB")),
        ("add", vec!["a", "b", "c"], json!({"a": "x", "c": "z"}), json!("xBz")),
        ("nested.deep.twice", vec!["n"], json!({"n": 4}), json!(8)),
        ("triple", vec!["n"], json!({"n": 2}), json!(6)),
        ("default.triple", vec!["n"], json!({"n": 3}), json!(9)),
    ];
    for (export, params, input, output) in cases {
        let params = params.into_iter().map(str::to_owned).collect();
        let execution =
            Execution { calling: Calling::Function { params }, ..call(&format!("shapes::{export}"), input) };
        assert_eq!(sandbox.executor.execute(execution).await.result, Ok(output), "{export}");
    }
}

#[tokio::test]
async fn what_cannot_be_called_says_why() {
    let Some(sandbox) = shapes().await else { return };
    let missing = sandbox.run("shapes::nothing", json!({})).await.result.unwrap_err();
    assert_eq!(missing.code, ToolErrorCode::ToolNotFound);
    assert!(missing.message.contains("echo"), "{}", missing.message);
    assert_eq!(code(&sandbox.run("shapes::add", json!({})).await), ToolErrorCode::NotATool);
    assert_eq!(code(&sandbox.run("shapes::createSet", json!({})).await), ToolErrorCode::ToolNotFound);
    let invalid = sandbox.run("shapes::strictTool", json!({"n": "x"})).await.result.unwrap_err();
    assert_eq!(invalid.code, ToolErrorCode::InvalidInput);
    assert_eq!(invalid.details.unwrap()["issues"], json!([{"path": "n", "message": "must be a number"}]));
    let large = sandbox.run("shapes::echo", json!({"text": "x".repeat(33 << 20)})).await;
    assert_eq!(code(&large), ToolErrorCode::InvalidInput);
}

#[tokio::test]
async fn what_a_tool_yields_arrives_as_it_comes_and_the_last_is_the_output() {
    let Some(sandbox) = shapes().await else { return };
    let (seen, on_partial) = collector();
    let executed = sandbox.executor.execute(Execution { on_partial, ..call("shapes::counts", json!({})) }).await;
    assert_eq!(executed.result, Ok(json!({"n": 3})));
    let seen = seen.lock().unwrap();
    // What comes faster than it can be read may be left out between the first and the last.
    assert_eq!((seen.first(), seen.last()), (Some(&json!({"n": 1})), Some(&json!({"n": 3}))));
    assert!(seen.is_sorted_by_key(|value| value["n"].as_u64()), "{seen:?}");
}

#[tokio::test]
async fn missing_keys_are_named_however_a_tool_reports_them() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        const tool = (execute) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, execute });
        const need = () => { if (!process.env.NEEDED_API_KEY) throw new Error("NEEDED_API_KEY is required"); return process.env.NEEDED_API_KEY; };
        export const throws = tool(() => need().length);
        export const returns = tool(() => process.env.SOFT_TOKEN ? "fine" : { success: false, error: "SOFT_TOKEN environment variable is not set." });
        export const unnamed = tool(() => { if (!Deno.env.get("QUIET_SECRET")) throw new Error("Unauthorized: no credentials"); return 1; });
        export const refused = tool(() => { need(); throw new Error("401 Unauthorized"); });
        export const other = tool(() => { process.env.NEEDED_API_KEY; throw new Error("the file is broken"); });"#;
    sandbox.registry.publish("keyed", "1.0.0", json!({}), script);
    sandbox.registry.publish(
        "declared",
        "1.0.0",
        json!({ "tpmjs": { "category": "x", "tools": [{ "name": "throws" }], "env": [{ "name": "DECLARED_KEY" }] } }),
        script,
    );
    for (tool, missing) in [
        ("keyed::throws", "NEEDED_API_KEY"),
        ("keyed::returns", "SOFT_TOKEN"),
        ("keyed::unnamed", "QUIET_SECRET"),
        ("declared::throws", "DECLARED_KEY"),
    ] {
        let error = sandbox.run(tool, json!({})).await.result.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::MissingEnvVars, "{tool}: {error}");
        assert_eq!(error.details.unwrap()["missing"], json!([missing]), "{tool}");
    }
    assert_eq!(code(&sandbox.run("keyed::other", json!({})).await), ToolErrorCode::ToolError);
    let keyed = |tool: &str| Execution { env: env(&[("NEEDED_API_KEY", "a-key-of-mine")]), ..call(tool, json!({})) };
    assert_eq!(sandbox.executor.execute(keyed("keyed::throws")).await.result, Ok(json!(13)));
    assert_eq!(code(&sandbox.executor.execute(keyed("keyed::refused")).await), ToolErrorCode::InvalidCredentials);
}

/// What tools say, thrown or returned, with these variables asked for and these given.
#[tokio::test]
async fn a_missing_key_is_told_from_a_refused_one_in_the_words_and_forms_that_tools_use() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let missing = |names: Value| (Some(ToolErrorCode::MissingEnvVars), json!({ "missing": names }));
    let refused = |names: Value| (Some(ToolErrorCode::InvalidCredentials), json!({ "names": names }));
    let other = (Some(ToolErrorCode::ToolError), Value::Null);
    let fine = (None, Value::Null);
    let cases = [
        // Only what the text names, not all that was looked for.
        (
            r#"throw new Error(`A_KEY and B_KEY must be set${read("A_KEY", "B_KEY", "C_TOKEN")}`)"#,
            false,
            missing(json!(["A_KEY", "B_KEY"])),
        ),
        (r#"read("HOOK_URL"); throw new Error("HOOK_URL is not configured")"#, false, missing(json!(["HOOK_URL"]))),
        (r#"read("HOOK_URL"); throw new Error("invalid URL")"#, false, other.clone()),
        (
            r#"read("B_KEY"); throw Object.assign(new Error("request failed"), { status: 401 })"#,
            false,
            missing(json!(["B_KEY"])),
        ),
        (
            r#"read("OTHER_TOKEN"); throw new Error("Set OTHER_TOKEN to use this")"#,
            false,
            missing(json!(["OTHER_TOKEN"])),
        ),
        // Nobody read it: whose key that is, only the text says.
        (r#"throw new Error("Set STRIPE_SECRET_KEY to use this")"#, false, other.clone()),
        (r#"return "Missing in .env: STRIPE_SECRET_KEY is required""#, false, fine.clone()),
        (r#"return "No API key found in 12 files. AWS_SECRET_ACCESS_KEY is not set anywhere.""#, false, fine.clone()),
        (r#"read("B_KEY"); return { valid: false, error: "password is required" }"#, false, fine.clone()),
        (r#"return { success: false, error: "the field API_TOKEN must not be empty" }"#, false, fine.clone()),
        (r#"throw new Error("MISSING_API_KEY: pass apiKey: 'YOUR_API_KEY'")"#, false, other.clone()),
        (r#"read("B_KEY"); throw new Error("missing key 'x' in the object")"#, false, other),
        (
            r#"read("B_KEY"); throw new Error("failed", { cause: new Error("no API key") })"#,
            false,
            missing(json!(["B_KEY"])),
        ),
        (r#"read("B_KEY"); return { ok: false, message: "no API key" }"#, false, missing(json!(["B_KEY"]))),
        (
            r#"read("B_KEY"); return { isError: true, content: [{ type: "text", text: "B_KEY not set" }] }"#,
            false,
            missing(json!(["B_KEY"])),
        ),
        (
            r#"read("B_KEY"); return { errors: [{ message: "Authentication required" }] }"#,
            false,
            missing(json!(["B_KEY"])),
        ),
        // A text by itself is what the tool was asked for, whatever it is about.
        (r#"read("B_KEY"); return "❌ Missing API key""#, false, fine.clone()),
        (r#"read("B_KEY"); return "Error: B_KEY is not set""#, false, fine.clone()),
        (r#"read("B_KEY"); return { found: 0, error: "no API key anywhere" }"#, false, fine.clone()),
        (r#"read("B_KEY"); return { found: 0, error: "B_KEY is required" }"#, false, missing(json!(["B_KEY"]))),
        (r#"read("B_KEY"); return { title: "Errors", body: "B_KEY is required" }"#, false, fine.clone()),
        (r#"read("B_KEY"); return "An article that says that B_KEY is required""#, false, fine),
        // With A_KEY given.
        (
            r#"read("A_KEY", "B_KEY"); throw new Error("Incorrect API key provided (401)")"#,
            true,
            refused(json!(["A_KEY"])),
        ),
        (r#"read("A_KEY", "B_KEY"); throw new Error("B_KEY is required")"#, true, missing(json!(["B_KEY"]))),
        (r#"read("A_KEY"); return { error: "Unauthorized" }"#, true, refused(json!(["A_KEY"]))),
        (
            r#"read("A_KEY"); return { error: { status: 403, message: "nothing for you" } }"#,
            true,
            refused(json!(["A_KEY"])),
        ),
    ];
    let mut script = String::from(
        "const read = (...names) => { for (const name of names) process.env[name]; return ''; };
        const tool = (execute) => ({ description: '', inputSchema: { jsonSchema: { type: 'object' } }, execute });\n",
    );
    for (at, (body, ..)) in cases.iter().enumerate() {
        script += &format!("export const t{at} = tool(() => {{ {body} }});\n");
    }
    sandbox.registry.publish("worded", "1.0.0", json!({}), &script);
    for (at, (body, given, (code, details))) in cases.iter().enumerate() {
        let env = if *given { env(&[("A_KEY", "a-key-of-mine")]) } else { env(&[]) };
        let execution = Execution { env, ..call(&format!("worded::t{at}"), json!({})) };
        let result = sandbox.executor.execute(execution).await.result;
        let error = result.as_ref().err();
        assert_eq!(error.map(|error| error.code), *code, "{body}: {result:?}");
        assert_eq!(error.and_then(|error| error.details.clone()).unwrap_or_default(), *details, "{body}");
    }
}

#[tokio::test]
async fn a_key_leaves_a_call_in_no_way() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        const tool = (execute) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, execute });
        export const shows = tool(async function* () { console.log("key", process.env.MY_KEY); yield { part: process.env.MY_KEY }; yield { [process.env.MY_KEY]: [process.env.MY_KEY + "!"] }; });
        export const fails = tool(() => { throw new Error("rejected: " + process.env.MY_KEY); });"#;
    sandbox.registry.publish("leaky", "1.0.0", json!({}), script);
    let (seen, on_partial) = collector();
    let env = env(&[("MY_KEY", "a-very-secret-value")]);
    let executor = Redacting::new(Arc::new(sandbox.executor));
    let shown = executor.execute(Execution { env: env.clone(), on_partial, ..call("leaky::shows", json!({})) }).await;
    assert_eq!(shown.result, Ok(json!({"«redacted:MY_KEY»": ["«redacted:MY_KEY»!"]})));
    assert_eq!(shown.logs, ["log: key «redacted:MY_KEY»"]);
    assert_eq!(seen.lock().unwrap()[0], json!({"part": "«redacted:MY_KEY»"}));
    let failed = executor.execute(Execution { env, ..call("leaky::fails", json!({})) }).await;
    assert_eq!(failed.result.unwrap_err().message, "rejected: «redacted:MY_KEY»");
}

#[tokio::test]
async fn a_package_that_looks_around_its_runtime_finds_nothing_and_is_not_refused() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        import fs from "node:fs"; import path from "node:path";
        const around = path.dirname(path.dirname(process.execPath));
        export const looks = { description: "", inputSchema: {}, execute: () => {
            try { return fs.readFileSync(path.join(around, "etc", "npmrc"), "utf8"); } catch (error) { return error.code; }
        } };"#;
    sandbox.registry.publish("curious", "1.0.0", json!({}), script);
    assert_eq!(sandbox.run("curious::looks", json!({})).await.result, Ok(json!("ENOENT")));
}
