//! MCP servers that want something before they say which tools they have: each gets a stand-in while it is looked into, and none at a call.

use super::{
    servers::{SERVER, manifest},
    *,
};
use std::time::Instant;

/// The server with something before it, told as a file of the package.
fn behind(before: &str) -> String {
    let (imports, rest) = SERVER.split_once("console.error").unwrap();
    format!("{imports}{before}\nconsole.error{rest}")
}

fn error_of(ran: Executed) -> omega_core::executor::ToolError {
    ran.result.unwrap_err()
}

#[tokio::test]
async fn a_server_that_gives_up_says_its_tools_all_the_same_and_gives_up_at_a_call() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let end = |words: &str| format!("{{ console.error({words:?}); process.exit(1); }}");
    for (name, before, words) in [
        ("checking-mcp", format!("if (!globalThis.database) {}", end("there is no database")), "there is no database"),
        (
            "asking-mcp",
            format!(
                "const ok = await fetch('https://acme.test/me').then((r) => r.ok, () => false); if (!ok) {}",
                end("the service did not answer")
            ),
            "the service did not answer",
        ),
        (
            "formed-mcp",
            format!(
                "const token = process.env.FORMED_TOKEN; if (!token) {} if (!token.startsWith('ft_')) throw new Error('this is no such thing');",
                end("FORMED_TOKEN is required")
            ),
            "FORMED_TOKEN",
        ),
    ] {
        sandbox.registry.publish_files(name, "1.0.0", manifest(json!({})), &[("server.mjs", behind(&before))]);
        let described = sandbox.executor.describe(name, "latest", "").await.unwrap();
        assert_eq!(described.tools.len(), 4, "{name}: {described:?}");
        assert!(described.lacks.iter().any(|lack| lack.contains("ends where it lacks something")), "{name}");
        let error = error_of(sandbox.run(&format!("{name}::mcp:echo"), json!({"text": "hi"})).await);
        assert!(error.message.contains(words), "{name}: {error}");
    }
    let formed = sandbox.executor.describe("formed-mcp", "latest", "").await.unwrap();
    let needed = formed.tools[0].env.iter().filter(|var| var.required).map(|var| var.name.as_str());
    assert_eq!(needed.collect::<Vec<_>>(), ["FORMED_TOKEN"]);
    for (token, outcome) in [("ft_1", Ok(json!("hi"))), ("1", Err("no such thing"))] {
        let call =
            Execution { env: env(&[("FORMED_TOKEN", token)]), ..call("formed-mcp::mcp:echo", json!({"text": "hi"})) };
        match (sandbox.executor.execute(call).await.result, outcome) {
            (Ok(said), Ok(expected)) => assert_eq!(said, expected),
            (Err(error), Err(words)) => assert!(error.message.contains(words), "{error}"),
            (other, _) => panic!("{token}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_a_readme_or_an_error_says_of_variables_is_lent_in_its_form() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let readme = r#"{"command": "npx", "args": ["-y", "shown-mcp"], "env": {"SHOWN_URL": "https://x.test", "SHOWN_KEY": "<key>"}}"#;
    let shown =
        "new URL(process.env.SHOWN_URL ?? 'nowhere'); if (!process.env.SHOWN_KEY) throw new Error('it is not set up');";
    let formed = "if (!process.env.TOLD_KEY) { console.error('TOLD_KEY is required'); process.exit(1); } if (!process.env.TOLD_KEY.startsWith('tk-')) throw new Error('TOLD_KEY must start with \"tk-\"');";
    let ending = "if (!process.env.ENDING_KEY) { console.error('ENDING_KEY environment variable is required'); process.exitCode = 1; await new Promise(() => {}); }";
    let option = "if (!process.env.OPTION_URL) throw new Error('optionUrl is required.'); if (!process.env.OPTION_SERVICE_ROLE_KEY) throw new Error('optionKey is required.');";
    let missing = "if (!JSON.parse(fs.readFileSync(process.env.FILED_CONFIG_PATH ?? fail()))) process.exit(1);";
    let fails = "import fs from 'node:fs'; const fail = () => { throw new Error('FILED_CONFIG_PATH environment variable is required'); };";
    for (name, before, required) in [
        ("shown-mcp", shown.to_owned(), vec!["SHOWN_KEY"]),
        ("told-form-mcp", formed.to_owned(), vec!["TOLD_KEY"]),
        ("filed-mcp", format!("{fails}{missing}"), vec![]),
        ("ending-mcp", ending.to_owned(), vec!["ENDING_KEY"]),
        ("option-mcp", option.to_owned(), vec!["OPTION_SERVICE_ROLE_KEY"]),
    ] {
        let files = [("server.mjs", behind(&before)), ("README.md", readme.to_owned())];
        sandbox.registry.publish_files(name, "1.0.0", manifest(json!({})), &files);
        let described = sandbox.executor.describe(name, "latest", "").await.unwrap();
        let needed = described.tools[0].env.iter().filter(|var| var.required).map(|var| var.name.as_str());
        assert_eq!((described.tools.len(), needed.collect::<Vec<_>>()), (4, required), "{name}");
        let ran = sandbox.run(&format!("{name}::mcp:echo"), json!({"text": "hi"})).await;
        assert!(ran.result.is_err(), "{name}: no call has what was lent");
    }
}

const NATIVE: &str = r#"
import { createRequire } from "node:module";
const load = createRequire(import.meta.url);
const addon = load("./build/Release/fast.node");
addon.concurrency(2);
class Store extends addon.Base {}
const schema = { jsonSchema: { type: "object", properties: {} } };
const tool = (execute) => ({ description: "One.", inputSchema: schema, execute });
export const plain = tool(() => `${Store.name} without`);
export const fast = tool(() => addon.hash("x"));
"#;

#[tokio::test]
async fn what_loads_native_code_works_but_for_what_uses_it_and_native_code_alone_is_no_tool() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("half-native", "1.0.0", json!({}), NATIVE);
    let described = sandbox.executor.describe("half-native", "latest", "").await.unwrap();
    assert_eq!(described.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["fast", "plain"]);
    assert!(described.lacks.iter().any(|words| words.contains("native code")), "{:?}", described.lacks);
    assert_eq!(sandbox.run("half-native::plain", json!({})).await.result, Ok(json!("Store without")));
    let error = error_of(sandbox.run("half-native::fast", json!({})).await);
    assert!(error.code == ToolErrorCode::PermissionDenied && error.message.contains("native code"), "{error}");
    let alone = "import { createRequire } from 'node:module'; export const hash = createRequire(import.meta.url)('./fast.node').hash;";
    sandbox.registry.publish("all-native", "1.0.0", json!({}), alone);
    let error = sandbox.executor.describe("all-native", "latest", "").await.unwrap_err();
    assert!(error.message.contains("native code"), "{error}");
    // What stands for it is no tool, wherever it is kept.
    let kept = "import { createRequire } from 'node:module'; const addon = createRequire(import.meta.url)('./fast.node'); export const versions = { fast: addon.version() }; export const hash = () => addon.hash('x');";
    sandbox.registry.publish("kept-native", "1.0.0", json!({}), kept);
    let found = sandbox.executor.describe("kept-native", "latest", "").await;
    assert!(found.as_ref().map_or(true, |found| found.tools.is_empty()), "{found:?}");
}

#[tokio::test]
async fn a_package_of_much_code_has_the_room_for_it_at_its_calls_too() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let held = "const held = new Array(45_000_000).fill(0.5);";
    let tool = "export const heavy = { description: 'One.', inputSchema: { jsonSchema: { type: 'object', properties: {} } }, execute: () => held.length };";
    sandbox.registry.publish("heavy", "1.0.0", json!({}), &format!("{held}{tool}"));
    assert_eq!(sandbox.executor.describe("heavy", "latest", "").await.unwrap().tools.len(), 1);
    let patient = Execution { timeout: Duration::from_secs(60), ..call("heavy::heavy", json!({})) };
    assert_eq!(sandbox.executor.execute(patient).await.result, Ok(json!(45_000_000)));
    sandbox.registry.publish(
        "heavier",
        "1.0.0",
        json!({}),
        &format!(
            "{}{tool}",
            held.repeat(4).replace("const held", "var held").replace("= new", "= globalThis[Math.random()] = new")
        ),
    );
    let error = sandbox.executor.describe("heavier", "latest", "").await.unwrap_err();
    assert_eq!(error.code, ToolErrorCode::OutOfMemory, "{error}");
}

#[tokio::test]
async fn a_server_starts_from_whatever_its_program_is() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let listens = "import http from 'node:http'; import net from 'node:net'; await new Promise((done) => http.createServer().listen(3000, () => net.createServer().listen(0, done)));";
    let looks = "import fs from 'node:fs'; try { fs.readFileSync('/locales/en.json'); } catch (error) { if (error.code !== 'ENOENT') throw error; }";
    let starts = "import { spawn } from 'node:child_process'; import { fileURLToPath } from 'node:url'; spawn('node', [fileURLToPath(new URL('./real.mjs', import.meta.url)), '--on'], { stdio: 'inherit' }).on('exit', (code) => process.exit(code));";
    let program = |path: &str| json!({ "bin": { "acme-mcp": path } });
    for (name, manifested, files) in [
        ("listens-mcp", json!({}), vec![("server.mjs", behind(listens))]),
        ("looks-mcp", json!({}), vec![("server.mjs", behind(looks))]),
        (
            "starts-mcp",
            json!({}),
            vec![
                ("server.mjs", format!("import process from 'node:process'; {starts}")),
                ("real.mjs", behind("if (process.argv[2] !== '--on') process.exit(1);")),
            ],
        ),
        (
            "plain-mcp",
            program("./bin/acme"),
            vec![("bin/acme", "#!/usr/bin/env node\nimport '../server.mjs';\n".into()), ("server.mjs", SERVER.into())],
        ),
    ] {
        sandbox.registry.publish_files(name, "1.0.0", manifest(manifested), &files);
        let described = sandbox.executor.describe(name, "latest", "").await.unwrap();
        assert_eq!(described.tools.len(), 4, "{name}: {described:?}");
        let ran = sandbox.run(&format!("{name}::mcp:echo"), json!({"text": "hi"})).await;
        assert_eq!(ran.result, Ok(json!("hi")), "{name}");
    }
    let serves = "import http from 'node:http'; http.createServer().listen(3000);";
    sandbox.registry.publish_files("serves-mcp", "1.0.0", manifest(json!({})), &[("server.mjs", serves.into())]);
    let error = sandbox.executor.describe("serves-mcp", "latest", "").await.unwrap_err();
    assert!(error.message.contains("waits for connections on a port"), "{error}");
}

#[tokio::test]
async fn a_tool_of_a_server_that_is_the_first_to_start_a_program_does_without() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let opens = "import { spawn } from 'node:child_process';\nconst call = (asked) => { spawn('opener', ['x'], { detached: true }).on('error', () => {}).unref(); return answer(asked); };\nconst answer =";
    let files = [("server.mjs", SERVER.replace("const call =", opens))];
    sandbox.registry.publish_files("opens-mcp", "1.0.0", manifest(json!({})), &files);
    assert_eq!(sandbox.run("opens-mcp::mcp:echo", json!({"text": "hi"})).await.result, Ok(json!("hi")));
}

#[tokio::test]
async fn what_a_user_gives_reaches_the_tool_as_it_is_whatever_it_looks_like() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let says = "const call = () => ({ content: [{ type: 'text', text: JSON.stringify(NAMES.map((name) => process.env[name] ?? null).concat(process.argv.slice(2))) }] });\nconst other =";
    let names = "const NAMES = ['SAYS_KEY', 'SAYS_FILE', 'SAYS_DIR', 'SAYS_URL', 'MCP_TRANSPORT', 'MEMORY_FILE_PATH'];";
    let wants = "if (!process.env.SAYS_FILE) { console.error('SAYS_FILE and SAYS_DIR and SAYS_KEY environment variables are required'); process.exit(1); }";
    let script = behind(&format!("{names} {wants}")).replace("const call =", says);
    let readme = r#"{"command": "npx", "args": ["-y", "says-mcp", "{folder}", "{empty}", "--told"]}"#;
    let told = "if (!process.argv.includes('--told')) { console.error('usage: says-mcp'); process.exit(1); }";
    let script = script.replace(names, &format!("{names} {told}"));
    let files = [("server.mjs", script), ("README.md", readme.to_owned())];
    sandbox.registry.publish_files("says-mcp", "1.0.0", manifest(json!({})), &files);
    let tool = "export const says = { description: 'Says.', inputSchema: { jsonSchema: { type: 'object', properties: {} } }, execute: () => JSON.stringify(NAMES.map((name) => process.env[name] ?? null)) };";
    sandbox.registry.publish("says", "1.0.0", json!({}), &format!("{names}\n{tool}"));
    assert_eq!(sandbox.executor.describe("says-mcp", "latest", "").await.unwrap().tools.len(), 4);
    for value in [
        "{folder}",
        "{empty}",
        "folder",
        "file",
        "omega-describes-only",
        "https://nowhere.invalid",
        "{}",
        " {folder} ",
        "{{folder}}",
        "$HOME",
        "%HOME%",
        "null",
        "\u{1f319}\n",
    ] {
        let given = [
            ("SAYS_KEY", value),
            ("SAYS_FILE", value),
            ("SAYS_DIR", value),
            ("SAYS_URL", value),
            ("MCP_TRANSPORT", value),
            ("MEMORY_FILE_PATH", value),
        ];
        for (tool, arguments) in [("says-mcp::mcp:echo", &["{folder}", "{empty}", "--told"][..]), ("says::says", &[])] {
            let execution = Execution { env: env(&given), ..call(tool, json!({"text": "hi"})) };
            let said = sandbox.executor.execute(execution).await.result.unwrap();
            let expected: Vec<_> = given.iter().map(|_| value).chain(arguments.iter().copied()).collect();
            assert_eq!(said, json!(json!(expected).to_string()), "{tool} {value}");
        }
    }
}

#[tokio::test]
async fn what_waits_for_ever_while_it_is_loaded_is_told_so_and_who_only_waits_for_a_hook_waits_for_none() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let waits = "await new Promise((done) => { globalThis.done = done; setInterval(() => {}, 1000); });";
    let tool = "export const one = { description: 'One.', inputSchema: { jsonSchema: { type: 'object', properties: {} } }, execute: () => 1 };";
    sandbox.registry.publish("waiting", "1.0.0", json!({}), &format!("{waits}\n{tool}"));
    let begun = Instant::now();
    let error = sandbox.executor.describe("waiting", "latest", "").await.unwrap_err();
    assert!(error.code == ToolErrorCode::ImportFailed && error.message.contains("never comes"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    // As `import-in-the-middle` has it, and who instruments a program by it.
    let watcher = "const { MessageChannel } = require('node:worker_threads'); module.exports = () => {}; module.exports.createAddHookMessageChannel = () => { const { port1, port2 } = new MessageChannel(); let done; port1.on('message', () => done?.()); port1.postMessage(['fs']); return { registerOptions: { data: { port2 }, transferList: [port2] }, waitForAllMessagesAcknowledged: () => new Promise((resolve) => { done = resolve; }) }; };";
    let main = json!({ "type": "commonjs", "exports": "./index.js" });
    sandbox.registry.publish_files("import-in-the-middle", "1.0.0", main, &[("index.js", watcher.into())]);
    let watched = "import { register } from 'node:module'; import { createAddHookMessageChannel } from 'import-in-the-middle'; const { registerOptions, waitForAllMessagesAcknowledged } = createAddHookMessageChannel(); register('./hook.mjs', import.meta.url, registerOptions); await waitForAllMessagesAcknowledged();";
    let needs = json!({ "dependencies": { "import-in-the-middle": "1.0.0" } });
    sandbox.registry.publish("watched", "1.0.0", needs.clone(), &format!("{watched}\n{tool}"));
    assert_eq!(sandbox.executor.describe("watched", "latest", "").await.unwrap().tools.len(), 1);
    assert_eq!(sandbox.run("watched::one", json!({})).await.result, Ok(json!(1)));
    let files = [("server.mjs", behind(watched))];
    sandbox.registry.publish_files("watched-mcp", "1.0.0", manifest(needs), &files);
    assert_eq!(sandbox.executor.describe("watched-mcp", "latest", "").await.unwrap().tools.len(), 4);
    let ran = sandbox.run("watched-mcp::mcp:echo", json!({"text": "hi"})).await;
    assert_eq!(ran.result, Ok(json!("hi")));
}
