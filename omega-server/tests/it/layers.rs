//! The order of the server's rooms: each uses only those above it in this list (`docs/ARCHITECTURE.md`).

use omega_core::testing::layers::{Sources, faults, unnamed, unwieldy};

const ORDER: [&str; 11] = [
    // What all rooms speak of, and the process that they are in.
    "domain", "process", "observe", // Tools: which there are, and where they run.
    "registry", "executor", // What is kept.
    "store", "audit", "vault", // What is done with it, and who may ask for it.
    "engine", "http", "serve",
];

fn sources() -> Sources {
    Sources::of_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_room_uses_only_what_lies_below_it() {
    assert_eq!(faults(&sources(), &ORDER).to_string(), "");
}

#[test]
fn an_arrow_that_is_turned_is_found() {
    let turned = sources().with("store/event_log.rs", "use crate::http::reply::Reply;");
    let told = faults(&turned, &ORDER).to_string();
    assert!(told.contains("against the order: store -> http (store/event_log.rs:"), "{told}");
    assert!(told.contains("a circle: "), "{told}");
}

#[test]
fn a_file_has_one_subject_and_a_name_that_says_which() {
    assert_eq!(unwieldy(&sources(), &[]), "");
}

#[test]
fn every_dependency_is_used() {
    assert_eq!(unnamed(env!("CARGO_MANIFEST_DIR")), "");
}
