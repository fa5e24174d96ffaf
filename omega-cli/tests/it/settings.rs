//! `omega settings` and `omega pins`: what is set holds, what can't be changes nothing.

use crate::home::Home;
use serde_json::json;

#[test]
fn settings_are_shown_set_and_taken_back() {
    let home = Home::new();
    insta::assert_snapshot!("settings", home.omega(&["settings"]).expect(0).stdout);
    assert_eq!(home.omega(&["settings", "set", "safe-mode", "on"]).expect(0).stderr_end(), "safe-mode is on.");
    home.omega(&["settings", "set", "model", "omega/offline"]).expect(0);
    assert_eq!(home.omega(&["settings", "get", "safe-mode"]).expect(0).stdout, "on\n");
    let document = home.omega(&["settings", "show", "--json"]).expect(0).json();
    assert_eq!((&document["safeMode"], &document["model"]), (&json!(true), &json!("omega/offline")));
    home.omega(&["settings", "set", "safe-mode", "default"]).expect(0);
    assert_eq!(home.omega(&["settings", "get", "safe-mode"]).expect(0).stdout, "off\n");
}

#[test]
fn a_setting_that_can_not_be_changes_nothing_and_says_what_can() {
    let home = Home::new();
    let unknown = home.omega(&["settings", "get", "nope"]).expect(2);
    assert!(unknown.stderr.contains("there are model, safe-mode"), "{}", unknown.stderr);
    let wrong = home.omega(&["settings", "set", "safe-mode", "maybe"]).expect(2);
    assert_eq!(wrong.stderr, "error: safe-mode is on or off, not `maybe`\n");
    assert!(home.server().is_none(), "no server was asked");
    let model = home.omega(&["settings", "set", "model", "nope/x"]).expect(2);
    assert!(model.stderr.contains("there is no provider `nope`"), "{}", model.stderr);
    home.omega(&["settings", "set", "safe-mode"]).expect(2);
    home.omega(&["settings", "edit"]).expect(2);
    assert_eq!(home.omega(&["settings", "get", "model"]).expect(0).stdout, "the server's choice\n");
}

#[test]
fn settings_are_edited_as_a_document_and_a_broken_one_is_kept() {
    let home = Home::new().env("EDITOR", "sed -i 's/\\[\\]/[\"mathjs::inv\"]/'");
    home.omega(&["settings", "edit"]).expect(0);
    assert_eq!(home.omega(&["pins", "list"]).expect(0).stdout, "mathjs::inv\n");
    assert!(home.omega(&["settings", "edit"]).expect(0).stderr.contains("Nothing was changed."));
    let broken = Home::new().env("EDITOR", "truncate -s 3");
    let done = broken.omega(&["settings", "edit"]).expect(2);
    let (_, path) = done.stderr.split_once("your text is in ").unwrap();
    std::fs::remove_file(path.trim()).unwrap();
    assert!(done.stderr.contains("that is no document of settings"), "{}", done.stderr);
}

#[test]
fn a_prompt_comes_from_a_file_or_stdin_and_is_taken_back() {
    let home = Home::new();
    home.omega(&["settings", "set", "prompt-mode", "override"]).expect(2);
    home.omega_with(&["settings", "set", "prompt", "--file", "-"], "be brief\nbe kind\n").expect(0);
    let shown = home.omega(&["settings", "prompt"]).expect(0).stdout;
    assert!(shown.contains("be brief\nbe kind"), "{shown}");
    let whole = home.omega(&["settings", "prompt", "--json"]).expect(0).json();
    assert_eq!((&whole["mode"], &whole["text"]), (&json!("extend"), &json!("be brief\nbe kind")));
    home.omega(&["settings", "set", "prompt-mode", "override"]).expect(0);
    home.omega(&["settings", "set", "exfil-guard", "on"]).expect(0);
    home.omega(&["settings", "set", "guest-credentials", "deny"]).expect(0);
    insta::assert_snapshot!("settings_set", home.omega(&["settings"]).expect(0).stdout);
    home.omega(&["settings", "set", "prompt", "default"]).expect(0);
    assert_eq!(home.omega(&["settings", "get", "prompt-mode"]).expect(0).stdout, "extend\n");
    home.omega(&["settings", "set", "guest-credentials", "maybe"]).expect(2);
}

#[test]
fn pins_are_tools_that_are_there() {
    let home = Home::new();
    let done = home.omega(&["pins", "add", "mathjs::evaluate", "mathjs::inv"]).expect(0);
    assert_eq!(done.stderr_end(), "2 tools are pinned.");
    home.omega(&["pins", "add", "mathjs::evaluate"]).expect(0);
    assert_eq!(home.omega(&["pins", "list"]).expect(0).stdout, "mathjs::evaluate\nmathjs::inv\n");
    let unknown = home.omega(&["pins", "add", "qrcode::toString", "mathjs::evaluat"]).expect(2);
    assert!(unknown.stderr.contains("mathjs::evaluat"), "{}", unknown.stderr);
    home.omega(&["pins", "add", "mathjs"]).expect(2);
    home.omega(&["pins", "remove", "mathjs::inv", "qrcode::toString"]).expect(2);
    let pins = home.omega(&["pins", "list", "--json"]).expect(0).json();
    assert_eq!(pins, json!(["mathjs::evaluate", "mathjs::inv"]), "half of a wrong request was not done");
    home.omega(&["pins", "remove", "mathjs::inv"]).expect(0);
    assert_eq!(home.omega(&["settings", "get", "pins"]).expect(0).stdout, "mathjs::evaluate\n");
}
