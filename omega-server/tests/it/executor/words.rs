//! What failures and results say: the whole reason, in words that a person can act on, and nothing that is not so.

use super::*;
use omega_core::registry::NeedsApproval;

/// Tools whose bodies are these, as `said::t0`, `said::t1`, ...
async fn tools(bodies: &[&str]) -> Option<Sandbox> {
    let sandbox = Sandbox::start().await?;
    let mut script = String::from(
        "const tool = (execute, more = {}) => ({ description: '', inputSchema: { jsonSchema: { type: 'object' } }, execute, ...more });\n",
    );
    for (at, body) in bodies.iter().enumerate() {
        script += &format!("export const t{at} = tool(async (input) => {{ {body} }});\n");
    }
    sandbox.registry.publish("said", "1.0.0", json!({}), &script);
    Some(sandbox)
}

#[tokio::test]
async fn an_error_keeps_its_whole_reason() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#"throw new Error("outer", { cause: new Error("inner", { cause: "the root" }) })"#,
            &["outer", "inner", "the root"],
        ),
        (r#"throw new AggregateError([new Error("first"), { reason: "second" }], "")"#, &["first", "second"]),
        (r#"throw { code: 42, reason: "object failure" }"#, &["object failure", "42"]),
        (r#"throw "plain words""#, &["plain words"]),
        ("throw undefined", &["undefined"]),
        ("throw null", &["null"]),
        ("throw 7", &["7"]),
        (r#"throw Object.assign(new Error("no answer"), { code: "ECONNREFUSED" })"#, &["no answer", "ECONNREFUSED"]),
        (
            r#"throw Object.assign(new Error("Request failed"), { response: { status: 404, data: { message: "no repo x" } } })"#,
            &["Request failed", "no repo x"],
        ),
        (r#"throw new Response("gone", { status: 410, statusText: "Gone" })"#, &["HTTP 410 Gone"]),
        (r#"throw { get message() { throw new Error("never"); }, detail: "still told" }"#, &["still told"]),
        (
            r#"throw new Proxy({}, { get() { throw new Error("x"); }, ownKeys() { throw new Error("x"); } })"#,
            &["the tool threw"],
        ),
        (r#"const e = new Error("a circle"); e.cause = e; throw e"#, &["a circle"]),
        (r#"throw new Error("red \u001b[31mwords\u0000 and \u0007bells")"#, &["red words and bells"]),
        (r#"console.error("fatal: going down"); process.exit(1)"#, &["exit code 1", "fatal: going down"]),
        (r#"console.log("one"); console.warn("two"); Deno.exit(3)"#, &["exit code 3", "one / warn: two"]),
    ];
    let bodies: Vec<&str> = cases.iter().map(|(body, _)| *body).collect();
    let Some(sandbox) = tools(&bodies).await else { return };
    for (at, (body, words)) in cases.iter().enumerate() {
        let error = sandbox.run(&format!("said::t{at}"), json!({})).await.result.unwrap_err();
        for words in *words {
            assert!(error.message.contains(words), "{body}: {error}");
        }
        assert!(!error.message.contains("[object") && !error.message.contains('\0'), "{body}: {error}");
        assert!(error.message.len() <= 4100, "{body}");
    }
}

#[tokio::test]
async fn what_the_sandbox_refuses_is_told_in_its_own_words() {
    let cases: &[(&str, ToolErrorCode, &str)] = &[
        (r#"await fetch("http://127.0.0.1:8080/")"#, ToolErrorCode::NetworkBlocked, "127.0.0.1"),
        (r#"(await import("node:fs")).readFileSync("/etc/passwd")"#, ToolErrorCode::PermissionDenied, "/etc/passwd"),
        (r#"(await import("node:fs")).writeFileSync("/etc/x", "")"#, ToolErrorCode::PermissionDenied, "write"),
        (
            r#"(await import("node:child_process")).execSync("echo hi")"#,
            ToolErrorCode::PermissionDenied,
            "starts no other programs",
        ),
        (r#"new Deno.Command("ls").outputSync()"#, ToolErrorCode::PermissionDenied, "starts no other programs"),
        (r#"Deno.dlopen("/x.so", {})"#, ToolErrorCode::PermissionDenied, "native code"),
        (
            r#"throw new Error("Cannot find module './build/Release/addon.node'")"#,
            ToolErrorCode::PermissionDenied,
            "install scripts",
        ),
    ];
    let bodies: Vec<&str> = cases.iter().map(|(body, ..)| *body).collect();
    let Some(sandbox) = tools(&bodies).await else { return };
    for (at, (body, code, words)) in cases.iter().enumerate() {
        let error = sandbox.run(&format!("said::t{at}"), json!({})).await.result.unwrap_err();
        assert_eq!(error.code, *code, "{body}: {error}");
        assert!(error.message.contains(words), "{body}: {error}");
        assert!(!error.message.contains("--allow") && !error.message.contains("Requires"), "{body}: {error}");
    }
    // Where a package does it when it is loaded, too.
    let native =
        r#"import { createRequire } from "node:module"; createRequire(import.meta.url)("./build/addon.node");"#;
    sandbox.registry.publish("native", "1.0.0", json!({}), native);
    let error = sandbox.executor.describe("native", "1.0.0", "").await.unwrap_err();
    assert_eq!(error.code, ToolErrorCode::PermissionDenied, "{error}");
    assert!(error.message.contains("native code"), "{error}");
}

#[tokio::test]
async fn a_result_is_what_the_tool_gave_and_never_an_empty_object_instead() {
    let cases: &[(&str, Value)] = &[
        (
            r#"return new Response("the body", { status: 201, headers: { "x-a": "b" } })"#,
            json!({ "status": 201, "statusText": "", "ok": true, "url": "", "headers": { "content-type": "text/plain;charset=UTF-8", "x-a": "b" }, "body": "the body" }),
        ),
        (r#"return { r: Response.json({ a: 1 }).body }"#, json!({ "r": "{\"a\":1}" })),
        (
            r#"return new ReadableStream({ start(c) { c.enqueue("one "); c.enqueue("two"); c.close(); } })"#,
            json!("one two"),
        ),
        (r#"return (await import("node:stream")).Readable.from(["one ", "two"])"#, json!("one two")),
        (r#"return (await import("node:stream")).Readable.from([{ a: 1 }, "b"])"#, json!([{ "a": 1 }, "b"])),
        (r#"return ReadableStream.from([{ a: 1 }, "b", null])"#, json!([{ "a": 1 }, "b", null])),
        (r#"return ReadableStream.from([new Uint8Array([0xc3]), new Uint8Array([0xb6]), "k"])"#, json!("ök")),
        (
            r#"return (await import("node:stream")).Readable.from([Response.json([1])])"#,
            json!([{ "status": 200, "statusText": "", "ok": true, "url": "", "headers": { "content-type": "application/json" }, "body": [1] }]),
        ),
        (
            r#"return { h: new Headers({ x: "y" }), p: new URLSearchParams("a=1&b=2&a=3") }"#,
            json!({ "h": { "x": "y" }, "p": { "a": ["1", "3"], "b": "2" } }),
        ),
        (r#"return new URL("https://a.b/c?d=1")"#, json!("https://a.b/c?d=1")),
        (
            r#"return new Blob(["text"], { type: "text/plain" })"#,
            json!({ "type": "text/plain", "size": 4, "data": "text" }),
        ),
        (r#"return { ok: 1, get bad() { throw new Error("no"); } }"#, json!({ "ok": 1, "bad": "[can't be read: no]" })),
        (
            r#"return new Error("returned", { cause: "why" })"#,
            json!({ "name": "Error", "message": "returned", "cause": "why" }),
        ),
        (r#"return { id: 2512292042121000001n }"#, json!({ "id": "2512292042121000001" })),
    ];
    let bodies: Vec<&str> = cases.iter().map(|(body, _)| *body).collect();
    let Some(sandbox) = tools(&bodies).await else { return };
    for (at, (body, output)) in cases.iter().enumerate() {
        let executed = sandbox.run(&format!("said::t{at}"), json!({})).await;
        assert_eq!(executed.result.as_ref(), Ok(output), "{body}");
    }
}

#[tokio::test]
async fn a_stream_is_given_whole_or_said_to_be_cut() {
    let list = |count: usize| {
        format!("return ReadableStream.from((function* () {{ for (let n = 0; n < {count}; n++) yield 1; }})())")
    };
    let text = r#"return ReadableStream.from((function* () { for (;;) yield "x".repeat(1 << 20); })())"#;
    let Some(sandbox) = tools(&[&list(900_000), &list(1_200_000), text]).await else { return };
    let whole = sandbox.run("said::t0", json!({})).await;
    assert_eq!((whole.result.unwrap().as_array().map(Vec::len), whole.truncated), (Some(900_000), false));
    for endless in ["said::t1", "said::t2"] {
        let cut = sandbox.run(endless, json!({})).await;
        assert!(cut.truncated && cut.result.is_ok_and(|part| part.is_string()), "{endless}");
    }
}

#[tokio::test]
async fn who_reads_stdin_is_at_its_end_at_once() {
    let cases: &[(&str, Value)] = &[
        (r#"let all = ""; for await (const part of process.stdin) all += part; return { all }"#, json!({ "all": "" })),
        (r#"return (await import("node:fs")).readFileSync(0, "utf8")"#, json!("")),
        (r#"return (await import("node:fs")).readFileSync("/dev/stdin").length"#, json!(0)),
        (r#"return await Deno.stdin.read(new Uint8Array(9))"#, json!(null)),
        (
            r#"const { createInterface } = await import("node:readline"); const lines = createInterface({ input: process.stdin });
               return await new Promise((done) => lines.on("line", done).on("close", () => done("closed")))"#,
            json!("closed"),
        ),
    ];
    let bodies: Vec<&str> = cases.iter().map(|(body, _)| *body).collect();
    let Some(sandbox) = tools(&bodies).await else { return };
    for (at, (body, output)) in cases.iter().enumerate() {
        let executed = sandbox.run(&format!("said::t{at}"), json!({})).await;
        assert_eq!(executed.result.as_ref(), Ok(output), "{body}");
    }
}

#[tokio::test]
async fn a_call_that_its_author_wants_approved_does_nothing_before() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        const tool = (needsApproval) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, needsApproval, execute: () => "done" });
        export const always = tool(true);
        export const never = tool(false);
        export const large = tool(async ({ amount }) => amount > 100);
        export const broken = tool(() => { throw new Error("no idea"); });"#;
    sandbox.registry.publish("careful", "1.0.0", json!({}), script);
    let described = sandbox.executor.describe("careful", "1.0.0", "").await.unwrap();
    let said = |name: &str| described.tools.iter().find(|tool| tool.name == name).unwrap().needs_approval;
    assert_eq!(said("always"), Some(NeedsApproval::Always));
    assert_eq!((said("never"), said("large")), (None, Some(NeedsApproval::Sometimes)));
    for (export, input, asks) in [
        ("always", json!({}), true),
        ("never", json!({}), false),
        ("large", json!({ "amount": 500 }), true),
        ("large", json!({ "amount": 5 }), false),
        ("broken", json!({}), true),
    ] {
        for approved in [false, true] {
            let execution = Execution { approved, ..call(&format!("careful::{export}"), input.clone()) };
            let result = sandbox.executor.execute(execution).await.result;
            let code = result.as_ref().err().map(|error| error.code);
            assert_eq!(
                code,
                (asks && !approved).then_some(ToolErrorCode::NeedsApproval),
                "{export} {input}: {result:?}"
            );
        }
    }
}
