//! The order of the crate's modules: each uses only those above it in this list (`docs/ARCHITECTURE.md`).

use omega_core::testing::layers::{Sources, faults, unnamed, unwieldy};

const ORDER: [&str; 31] = [
    "wrap",
    "clean",
    "numbers",
    "fuzzy",
    "destinations",
    "motion",
    "highlight",
    "theme",
    "links",
    "picture",
    "probe",
    "terminal",
    "late_answer",
    "escape",
    "clipboard",
    "editor",
    "keymap",
    "sheet",
    "pacer",
    "speed",
    "messages",
    "blob",
    "composer",
    "markdown",
    "output",
    "print",
    "transcript",
    "app",
    "screen",
    "network",
    "run",
];

fn sources() -> Sources {
    Sources::of_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_module_uses_only_what_lies_below_it() {
    assert_eq!(faults(&sources(), &ORDER).to_string(), "");
}

#[test]
fn an_arrow_that_is_turned_is_found() {
    let turned = sources().with("transcript/items.rs", "use crate::app::App;");
    let told = faults(&turned, &ORDER).to_string();
    assert!(told.contains("against the order: transcript -> app (transcript/items.rs:"), "{told}");
}

#[test]
fn a_file_has_one_subject_and_a_name_that_says_which() {
    assert_eq!(unwieldy(&sources(), &[]), "");
}

#[test]
fn every_dependency_is_used() {
    assert_eq!(unnamed(env!("CARGO_MANIFEST_DIR")), "");
}
