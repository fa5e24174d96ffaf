//! The page folds events in TypeScript (`web/src/fold.ts`), everybody else by `omega_core::view`. Both run the cases of
//! `web/test/fold-cases.json`, so that they can't drift apart. After a change of the fold, `OMEGA_UPDATE_FOLD_CASES=1`
//! writes what the core makes of the events; the page's tests then say whether it agrees.

use omega_core::{
    api::ConversationDetail,
    event::Envelope,
    view::{Applied, View},
};
use serde_json::{Value, json};
use std::{env, fs, path::Path};

fn as_json(view: &View) -> Value {
    json!({
        "conversation": view.conversation, "participants": view.participants, "messages": view.messages,
        "toolRuns": view.tool_runs, "runs": view.runs, "partials": view.partials, "status": view.status,
        "againAt": view.again_at, "notices": view.notices, "lastSeq": view.last_seq, "earlier": view.earlier,
    })
}

#[test]
fn the_page_and_the_core_share_their_fold_cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/test/fold-cases.json");
    let mut cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let recorded = cases.clone();
    for case in &mut cases {
        let mut view = match case.get("start") {
            Some(detail) => View::of(serde_json::from_value::<ConversationDetail>(detail.clone()).unwrap()),
            None => View::default(),
        };
        let events: Vec<Envelope> = serde_json::from_value(case["events"].clone()).unwrap();
        let applied: Vec<&str> = events
            .iter()
            .map(|event| match view.apply(event) {
                Applied::Changed => "changed",
                Applied::Ignored => "ignored",
                Applied::Gap => "gap",
            })
            .collect();
        case["applied"] = json!(applied);
        case["view"] = as_json(&view);
    }
    if env::var_os("OMEGA_UPDATE_FOLD_CASES").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
        return;
    }
    assert!(cases.len() >= 7);
    for (made, recorded) in cases.iter().zip(&recorded) {
        assert_eq!(made, recorded, "{}", recorded["name"]);
    }
}
