//! Everything that can lie on the screen, and how a person comes there.

use crate::{
    messages::{Shown, Topic, Update},
    test_harness::{TestHarness, full, grant, models, rule, stored, tool_row, used_before},
};
use omega_core::{
    api::{ApprovalReason, ExecuteAnswer, Message, OutputPage, PackageFacts, Rating, Settings, Timestamp},
    event::{Envelope, Event, VERSION},
    id::UserId,
};
use serde_json::{Value, json};

/// A name, and how a person comes there.
pub type Opening = (&'static str, fn(&mut TestHarness));

/// A conversation with everything in it, with something over it.
pub fn overlays() -> Vec<Opening> {
    vec![
        ("palette", |it| done(it.keys("<ctrl+p>con"))),
        ("palette_all", |it| done(it.keys("<ctrl+p>").news(Update::Recent(used_before())))),
        ("models", |it| done(it.keys("/model<enter>").news(Update::Models(Box::new(models()))))),
        ("conversations", |it| {
            it.keys("<alt+r>").news(Update::Recent(used_before()));
            it.news(Update::Preview(used_before()[0].id, Ok(said())));
        }),
        ("conversation_forgotten", |it| {
            it.keys("<alt+r>").news(Update::Recent(used_before())).keys("<delete>");
        }),
        ("forget", |it| done(it.keys("/forget<enter>"))),
        ("tools", |it| done(it.keys("/tools <enter>yaml").news(found()))),
        ("form", |it| done(it.keys("/tools <enter>yaml").news(found()).keys("<tab>a: 1"))),
        ("form_refused", |it| done(it.keys("/tools <enter>yaml").news(found()).keys("<tab><tab>two<enter>"))),
        ("mention", |it| done(it.keys("turn @yaml").news(found()))),
        ("commands", |it| done(it.keys("/s"))),
        ("written_before", |it| {
            it.keys("<ctrl+r>").news(Update::Past(vec!["make a QR code".into(), "two\nlines".into()]));
        }),
        ("copy", |it| done(it.keys("<alt+c>"))),
        ("calls", |it| done(it.keys("/calls<enter>"))),
        ("find", |it| done(it.keys("<ctrl+s>det"))),
        ("find_nothing", |it| done(it.keys("<ctrl+s>nowhere"))),
        ("quit", |it| done(it.keys("draft<ctrl+d>"))),
        ("help", |it| done(it.keys("<f1>"))),
        ("help_end", |it| done(it.keys("<f1><end>"))),
        ("status", |it| done(it.keys("/status<enter>"))),
        ("debug", |it| {
            it.keys("/debug<enter>");
            let run = it.app.here.view.runs.last().map(|run| run.id);
            let (conversation_id, at) = (it.conversation, Timestamp(it.now));
            let event = Event::Status { phase: "searching".into(), message: "\u{1b}[2Jlooks".into(), again_at: None };
            let envelope =
                |seq| Envelope { v: VERSION, seq: Some(seq), conversation_id, run_id: run, at, event: event.clone() };
            it.news(Update::Events((2..20).map(envelope).collect(), None));
        }),
        ("settings", |it| done(settings(it).keys("<down>"))),
        ("settings_text", |it| done(settings(it).keys("<enter>openai/x"))),
        ("keys_asked", |it| done(it.keys("/keys<enter>"))),
        ("keys", |it| done(keys(it))),
        ("keys_value", |it| done(keys(it).keys("<down><down><down><enter>NEW_KEY<enter>5ecret"))),
        ("keys_removed", |it| done(keys(it).keys("d"))),
        ("pins", |it| {
            let pins = vec!["mathjs::evaluate".parse().unwrap()];
            it.keys("/pins<enter>").news(Update::Shown(Topic::Pins, Shown::Pins(pins)));
        }),
        ("participants", |it| {
            let (user_id, role) = (UserId::new(), String::from("guest"));
            let (display_name, gravatar_hash) = (String::from("Grace \u{202e}Hopper"), String::new());
            it.event(Event::ParticipantJoined { user_id, role, display_name, gravatar_hash });
            it.keys("/participants<enter><down>");
        }),
        ("share", |it| done(it.keys("/share<enter>"))),
        ("share_asked", |it| done(it.keys("/share<enter>d"))),
        ("feedback", |it| done(it.judged(Rating::Good, None, Some("as it should be")).keys("/feedback<enter>"))),
        ("plan_none", |it| done(it.keys("/plan<enter>"))),
    ]
}

/// Outputs of every kind in the viewer.
pub fn viewers() -> Vec<Opening> {
    vec![
        ("viewer_json", |it| {
            gave(it, json!({"name": "x", "tags": ["a", "b"], "at": {"lat": 52.5, "ok": true, "no": null}}))
        }),
        ("viewer_filter", |it| {
            gave(it, json!({"name": "x", "tags": ["a", "b"]}));
            it.keys("|tags");
        }),
        ("viewer_filter_wrong", |it| {
            gave(it, json!({"name": "x", "tags": ["a", "b"]}));
            it.keys("|tags[<enter>");
        }),
        ("viewer_table", |it| {
            let row = |n: usize| json!({"city": format!("City {n}"), "inhabitants": n * 100_000, "note": "on a river, ".repeat(n)});
            gave(it, Value::Array((1..30).map(row).collect()));
        }),
        ("viewer_csv", |it| gave(it, json!("city,inhabitants\nBerlin,3755251\n\"Paris, FR\",2102650\nRome,2748109\n"))),
        ("viewer_diff", |it| {
            gave(
                it,
                json!(
                    "diff --git a/x.rs b/x.rs\n--- a/x.rs\n+++ b/x.rs\n@@ -1,3 +1,3 @@\n fn main() {\n-    old();\n+    new();\n }\n"
                ),
            );
        }),
        ("viewer_markdown", |it| {
            gave(
                it,
                json!(
                    "# A title\n\n**bold** and [a link](https://a.b)\n\n```js\nlet x = 1;\n```\n\n|a|b|\n|-|-|\n|1|2|\n"
                ),
            )
        }),
        ("viewer_text", |it| gave(it, json!((1..100).map(|n| format!("line {n}\n")).collect::<String>()))),
        ("viewer_found", |it| {
            gave(it, json!((1..100).map(|n| format!("line {n}\n")).collect::<String>()));
            it.keys("/line 42<enter>");
        }),
        ("viewer_not_found", |it| {
            gave(it, json!("one line"));
            it.keys("/nowhere<enter>");
        }),
        ("viewer_save", |it| {
            gave(it, json!("one line"));
            it.keys("s");
        }),
        ("viewer_picture", |it| {
            gave(
                it,
                json!(
                    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
                ),
            );
        }),
        ("viewer_failed", |it| {
            full(it);
            it.keys("<tab><up><up><alt+v>");
        }),
        ("viewer_pages", |it| {
            it.open().asked("go");
            let call = it.calls("a::b", json!({}));
            it.gives_away(call, 100 << 20).keys("<alt+v>");
            let content = format!("\"{}", "a line of many\\n".repeat(4_000));
            let next_offset = Some(content.len() as u64);
            let page = OutputPage { tool_run_id: call, offset: 0, content, total_bytes: 100 << 20, next_offset };
            it.news(Update::Output(call, Box::new(page)));
        }),
        ("run_again", |it| {
            gave(it, json!({"value": 2}));
            it.keys("r");
        }),
        ("ran_by_hand", |it| {
            let answer: ExecuteAnswer = serde_json::from_value(json!({
                "success": false, "toolId": "mathjs::evaluate", "error": "x is not defined", "code": "TOOL_ERROR",
                "executionTimeMs": 12, "meta": {},
            }))
            .unwrap();
            it.news(Update::Ran(Box::new(answer)));
        }),
    ]
}

/// Every question of a run.
pub fn questions() -> Vec<Opening> {
    vec![
        ("ask_approval", |it| {
            it.awaits_approval(json!({"expr": "det([[2, 1], [1, 3]])", "hidden": "\u{202e}\u{1b}[2J", "n": [1, 2]}));
        }),
        ("ask_many", |it| {
            it.awaits_approvals(&["mathjs::evaluate", "mathjs::evaluate", "yaml::parse"]);
        }),
        ("ask_always", |it| {
            it.awaits_approval(json!({"expr": "1+1"}));
            it.keys("a");
        }),
        ("ask_denied", |it| {
            it.awaits_approval(json!({"expr": "1+1"}));
            it.keys("nno");
        }),
        ("ask_edit", |it| {
            it.awaits_approval(json!({"expr": "1+1"}));
            it.keys("e");
        }),
        ("ask_package", |it| {
            it.reason = ApprovalReason::AddPackage;
            it.package = Some(PackageFacts {
                name: "left-pad".into(),
                version: "1.3.0".into(),
                description: Some("Pads \u{1b}[2Jtext".into()),
                publisher: Some("steve\u{202e}".into()),
                published_at: None,
                created_at: Some(Timestamp(0)),
                weekly_downloads: Some(1_234_567),
                deprecated: Some("use padStart".into()),
            });
            it.awaits_approval(json!({"package": "left-pad"}));
        }),
        ("ask_guest", |it| {
            it.reason = ApprovalReason::GuestCredentials;
            it.as_guest(true);
            it.awaits_approval(json!({"expr": "1+1"}));
        }),
        ("ask_value", |it| done(it.awaits_credentials().keys("exa-5ecret"))),
        ("ask_kept", |it| done(it.awaits_credentials().keys("a<enter>b<enter><look>"))),
        ("ask_plan", |it| {
            it.awaits_plan();
            it.keys("<down>");
        }),
        ("plan", |it| {
            let plans = it.awaits_plan();
            it.follows(plans[1]).step();
            it.calls("mathjs::det", json!({}));
            it.keys("/plan<enter>");
        }),
        ("ask_alternative", |it| {
            it.awaits_another_tool();
            it.keys("<down>");
        }),
    ]
}

/// The end of a row of keys and news.
fn done(_: &mut TestHarness) {}

fn settings(stage: &mut TestHarness) -> &mut TestHarness {
    let settings = Settings { safe_mode: true, ..Settings::default() };
    let shown = Shown::Settings(Box::new(settings), vec![rule()]);
    stage.keys("/settings<enter>").news(Update::Shown(Topic::Settings, shown))
}

fn keys(stage: &mut TestHarness) -> &mut TestHarness {
    let shown = Shown::Keys(vec![stored("EXA_API_KEY", Some("ABCD")), stored("GITHUB_TOKEN", None)], vec![grant()]);
    stage.keys("/keys<enter>").news(Update::Shown(Topic::Keys, shown))
}

fn said() -> Vec<Message> {
    let mut stage = TestHarness::new(80, 24);
    full(&mut stage);
    stage.app.here.view.messages.clone()
}

/// A call that gave this, in the viewer.
fn gave(stage: &mut TestHarness, output: Value) {
    stage.open().asked("go");
    let call = stage.calls("mathjs::evaluate", json!({"expr": "1+1"}));
    stage.gives(call, output).keys("<alt+v>");
}

fn found() -> Update {
    Update::Tools("yaml".into(), vec![tool_row()])
}
