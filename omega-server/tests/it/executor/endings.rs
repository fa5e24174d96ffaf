//! MCP servers that end by themselves, at whatever moment: what was asked of them has an answer or their own words, and the next call of
//! the run finds another process, and is told so.

use super::{sessions::manifest, *};
use omega_core::executor::Session;

/// Counts its calls, and ends once, at the moment that its variable names.
const ENDS: &str = r#"#!/usr/bin/env node
import fs from "node:fs";
import process from "node:process";
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const moment = process.env.END_AT ?? "";
const isFirst = moment !== "" && !fs.existsSync("ended");
const end = (at) => {
  if (!isFirst || moment !== at) return;
  fs.writeFileSync("ended", "");
  console.error("the moon is down");
  process.exit(3);
};
const later = (at, ms) => isFirst && moment === at && setTimeout(() => end(at), ms);
let count = 0;
end("loaded");
const on = {
  initialize: (id, params) => {
    end("asked");
    send({ id, result: { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: {} } });
    if (moment === "learning") send({ id: "r", method: "roots/list" });
    later("learning", 50);
    later("greeted later", 2);
    end("greeted");
  },
  "notifications/initialized": () => end("initialized"),
  "tools/list": (id) => send({ id, result: { tools: [{ name: "count", inputSchema: { type: "object", properties: {} } }] } }),
  "tools/call": (id) => {
    count++;
    end("called");
    later("called later", 20);
    if (isFirst && moment === "called promise") return void Promise.resolve().then(() => end("called promise"));
    if (isFirst && moment === "called later") return;
    send({ id, result: { content: [{ type: "text", text: String(count) }] } });
    end("answered");
    later("answered later", 0);
    later("between", 100);
  },
};
let rest = "";
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const { id, method, params } of lines.map(JSON.parse)) on[method]?.(id, params);
});
"#;

#[tokio::test]
async fn a_server_that_has_ended_is_never_gone_on_with_whenever_it_did() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish_files("ends-mcp", "1.0.0", manifest(), &[("server.mjs", ENDS.into())]);
    sandbox.executor.describe("ends-mcp", "latest", "").await.unwrap();
    for (moment, answers) in [
        ("loaded", false),
        ("asked", false),
        ("greeted", false),
        ("greeted later", false),
        ("initialized", false),
        ("learning", false),
        ("called", false),
        ("called promise", false),
        ("called later", false),
        ("answered", true),
        ("answered later", true),
        ("between", true),
    ] {
        let run = async |goes_on: bool| {
            let session = Some(Session { id: moment.into(), goes_on });
            let (owner, env) = (moment.to_owned(), env(&[("END_AT", moment)]));
            let execution = Execution { owner, session, env, ..call("ends-mcp::mcp:count", json!({})) };
            let ran = sandbox.executor.execute(execution).await;
            (ran.result.map_err(|error| error.message), ran.notice.is_some())
        };
        match run(false).await.0 {
            Ok(count) => assert!(answers && count == "1", "{moment}: {count}"),
            Err(words) => assert!(!answers && words.contains("the moon is down"), "{moment}: {words}"),
        }
        if moment == "between" {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert_eq!(run(true).await, (Ok(json!("1")), true), "{moment}");
        assert_eq!(run(true).await, (Ok(json!("2")), false), "{moment}");
        sandbox.executor.end_session(moment);
    }
}

#[tokio::test]
async fn a_server_that_ends_when_it_is_asked_for_its_tools_says_them_if_it_has_any_and_why_if_not() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let fails = "let count = 0; const fail = () => { console.error('the moon is down'); process.exit(1); };";
    let list = "\"tools/list\": (id) =>";
    for (name, ending) in [("first-mcp", "(fail(), false) ||"), ("later-mcp", "setTimeout(fail, 20) ||")] {
        let script = ENDS.replace("let count = 0;", fails).replace(list, &format!("{list} {ending}"));
        sandbox.registry.publish_files(name, "1.0.0", manifest(), &[("server.mjs", script)]);
    }
    let first = sandbox.executor.describe("first-mcp", "latest", "").await.unwrap();
    assert_eq!(first.tools.len(), 1, "{first:?}");
    assert!(first.lacks.iter().any(|words| words.contains("the moon is down")), "{:?}", first.lacks);
    let later = sandbox.executor.describe("later-mcp", "latest", "").await.unwrap_err();
    assert!(later.message.contains("the moon is down"), "{later}");
}
