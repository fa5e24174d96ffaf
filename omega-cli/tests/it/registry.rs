//! `omega registry`: what it mirrors, and what is brought in by files.

use crate::home::Home;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

/// A registry that answers every request with these rows; its address.
fn other(rows: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({ "success": true, "data": rows, "pagination": { "hasMore": false } }).to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn the_mirror_is_read_when_it_is_wanted_and_every_command_says_how_old_it_is() {
    let row =
        |name: &str| json!({ "name": name, "package": { "npmPackageName": "@far/tools", "npmVersion": "1.0.0" } });
    let home = Home::new().env("TPMJS_API_URL", &other(&json!([row("one"), row("two"), { "description": "?" }])));
    let done = home.omega(&["registry", "sync"]).expect(0);
    assert!(done.stdout.contains("new or changed: 2 tools · gone: 0"), "{}", done.stdout);
    assert!(done.stdout.contains("1 left out, they name no tool: "), "{}", done.stdout);
    for command in [&["registry", "status"][..], &["status"], &["doctor"]] {
        let done = home.omega(command);
        assert!(done.stdout.contains(" s old, 2 tools, 1 left out"), "{command:?}: {}{}", done.stdout, done.stderr);
    }
    let status = home.omega(&["registry", "status", "--json"]).expect(0).json();
    assert_eq!(status["mirror"]["leftOut"][0]["rows"], 1);
    home.omega(&["tools", "show", "@far/tools::one"]).expect(0);
}

#[test]
fn a_registry_that_is_not_there_is_told_by_who_asks_and_is_no_trouble_otherwise() {
    let home = Home::new().env("TPMJS_API_URL", "http://127.0.0.1:9");
    let done = home.omega(&["registry", "status"]).expect(0);
    assert!(done.stdout.starts_with("ok · ") && done.stdout.contains("was never read whole"), "{}", done.stdout);
    home.omega(&["tools", "search", "evaluate an expression"]).expect(0);
    let log = std::fs::read_to_string(home.path().join("state/server.log")).unwrap_or_default();
    assert!(!log.contains("\"ERROR\""), "{log}");

    let off = Home::new();
    let done = off.omega(&["registry", "sync"]);
    assert!(done.code != 0 && done.stderr.contains("TPMJS_API_URL=off"), "{}", done.stderr);
    let nonsense = Home::new().env("TPMJS_API_URL", "tpmjs");
    let done = nonsense.omega(&["serve", "--port", "0"]).expect(2);
    assert!(done.stderr.contains("`tpmjs` is no address of a registry"), "{}", done.stderr);
}

#[test]
fn several_files_are_imported_packed_or_not_and_what_is_damaged_says_so() {
    let home = Home::new();
    let rows = |from: usize, to: usize| -> String {
        (from..to)
            .map(|n| format!("{}\n", json!({ "toolId": format!("many::t{n}"), "description": "Counts" })))
            .collect()
    };
    let plain = home.file("plain.jsonl", &format!("{}not json\n", rows(0, 10)));
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let bytes = ruzstd::encoding::compress_to_vec(rows(10, 5_000).as_bytes(), level);
    let packed = home.path().join("packed.jsonl.zst");
    std::fs::write(&packed, &bytes).unwrap();
    let names = [plain.to_str().unwrap(), packed.to_str().unwrap()];
    let done = home.omega(&["registry", "import", names[0], names[1], "--json"]).expect(0).json();
    assert_eq!((&done["imported"], done["refused"].as_array().unwrap().len()), (&json!(5_000), 1), "{done}");
    assert!(done["refused"][0].as_str().unwrap().contains("plain.jsonl (lines from 1) line 11"), "{done}");
    std::fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let cut = home.omega(&["registry", "import", names[1]]).expect(2);
    assert!(cut.stderr.contains("damaged or cut"), "{}", cut.stderr);
    let missing = home.omega(&["registry", "import", names[0], "/nowhere.jsonl"]).expect(2);
    assert!(missing.stderr.contains("/nowhere.jsonl can't be read"), "{}", missing.stderr);
}
