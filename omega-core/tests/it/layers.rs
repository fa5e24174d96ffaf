//! The order of the crate's modules: each uses only those above it in this list (`docs/ARCHITECTURE.md`).

use omega_core::testing::layers::{Sources, faults, unnamed, unwieldy};

const ORDER: [&str; 29] = [
    // Text, numbers and limits.
    "exact",
    "sanitize",
    "budget",
    "counted",
    "id",
    "schema",
    "net",
    "deadline",
    "trace",
    // Tools: what is known of one, where they run.
    "registry",
    "executor",
    "edition",
    // What is said on the wire, and what clients make of it.
    "api",
    "event",
    "progress",
    "view",
    "viewer_role",
    "setting",
    "type_ahead",
    // What answers.
    "model",
    "agent",
    // Whole conversations.
    "texts",
    "redact",
    "export",
    "import",
    "fork",
    // A user's own machine, and what tests talk to.
    "client",
    "local",
    "testing",
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
    let turned = sources().with("api/time.rs", "use crate::agent::Agent;");
    let told = faults(&turned, &ORDER).to_string();
    assert!(told.contains("against the order: api -> agent (api/time.rs:"), "{told}");
    assert!(told.contains("a circle: agent -> api (agent/"), "{told}");
}

#[test]
fn a_file_has_one_subject_and_a_name_that_says_which() {
    assert_eq!(unwieldy(&sources(), &[]), "");
}

#[test]
fn every_dependency_is_used() {
    assert_eq!(unnamed(env!("CARGO_MANIFEST_DIR")), "");
}
