//! The order of the rooms of the server and of its engine: each uses only those above it in these lists
//! (`docs/ARCHITECTURE.md`).

use omega_core::testing::layers::{Sources, faults, unnamed, unwieldy};

const ENGINE: [&str; 9] = [
    // What all rooms speak of, and the process that they are in.
    "domain", "process", "observe", // Tools: which there are, and where they run.
    "registry", "executor", // What is kept.
    "store", "audit", "vault", // What is done with it.
    "engine",
];
/// What is computed over all tools.
const SEARCH: [&str; 4] = ["index", "encoder", "meaning", "fusion"];
/// Who may ask for it.
const SERVER: [&str; 2] = ["http", "serve"];
const ENGINE_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/engine");
const SEARCH_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/search");

fn engine() -> Sources {
    Sources::of_crate(ENGINE_FOLDER)
}

fn search() -> Sources {
    Sources::of_crate(SEARCH_FOLDER)
}

fn server() -> Sources {
    Sources::of_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_room_uses_only_what_lies_below_it() {
    assert_eq!(faults(&engine(), &ENGINE).to_string(), "");
    assert_eq!(faults(&search(), &SEARCH).to_string(), "");
    assert_eq!(faults(&server(), &SERVER).to_string(), "");
}

#[test]
fn an_arrow_that_is_turned_is_found() {
    let turned = engine().with("store/event_log.rs", "use crate::engine::worker::Worker;");
    let told = faults(&turned, &ENGINE).to_string();
    assert!(told.contains("against the order: store -> engine (store/event_log.rs:"), "{told}");
    assert!(told.contains("a circle: "), "{told}");
}

#[test]
fn a_file_has_one_subject_and_a_name_that_says_which() {
    assert_eq!(unwieldy(&engine(), &[]), "");
    assert_eq!(unwieldy(&search(), &[]), "");
    assert_eq!(unwieldy(&server(), &[]), "");
}

#[test]
fn every_dependency_is_used() {
    assert_eq!(unnamed(ENGINE_FOLDER), "");
    assert_eq!(unnamed(SEARCH_FOLDER), "");
    assert_eq!(unnamed(env!("CARGO_MANIFEST_DIR")), "");
}
