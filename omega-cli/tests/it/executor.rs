//! `omega executor`: it listens, wants its key, and ends when it is told to.

use crate::home::{Home, signal};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
};

struct Served {
    child: Child,
    line: Value,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: serde_json::from_str(&line).unwrap() }
    }

    /// The status and the body of a request.
    fn ask(&self, request: &str, key: &str) -> (String, String) {
        let address = self.line["url"].as_str().unwrap().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_executor_makes_itself_a_key_and_ends_on_sigterm() {
    let home = Home::new();
    let mut served = Served::start(home.command(&["executor", "--listen", "127.0.0.1:0", "--json"]));
    assert_eq!(served.line["pid"], served.child.id());
    let key = served.line["apiKey"].as_str().unwrap().to_owned();
    assert!(key.len() > 40, "{key}");
    assert_eq!(served.ask("GET /info", "another-key-altogether").0, "401");
    let (status, info) = served.ask("GET /info", &key);
    assert_eq!(status, "200");
    assert!(info.contains(r#""protocolVersion":"1.1""#), "{info}");
    assert_eq!(served.ask("GET /health", "").0, "200");
    signal("TERM", served.child.id().into());
    assert!(served.child.wait().unwrap().success());
}

#[test]
fn a_key_that_is_given_is_not_shown_and_none_is_made_for_an_open_address() {
    let home = Home::new();
    let file = home.file("key", "  a-key-of-our-own-1234\n");
    let file = file.to_str().unwrap();
    let served =
        Served::start(home.command(&["executor", "--listen", "127.0.0.1:0", "--api-key-file", file, "--json"]));
    assert_eq!(served.line.get("apiKey"), None);
    assert_eq!(served.ask("GET /info", "a-key-of-our-own-1234").0, "200");

    let done = home.omega(&["executor", "--listen", "0.0.0.0:0"]).expect(2);
    assert!(done.stderr.contains("OMEGA_EXECUTOR_API_KEY"), "{}", done.stderr);
    let done = home.omega(&["executor", "--listen", "127.0.0.1:0", "--api-key-file", "/nowhere"]).expect(2);
    assert!(done.stderr.contains("/nowhere"), "{}", done.stderr);
    let short = Home::new().env("OMEGA_EXECUTOR_API_KEY", "short");
    let done = short.omega(&["executor", "--listen", "127.0.0.1:0"]).expect(2);
    assert!(done.stderr.contains("16 characters") && !done.stderr.contains("short"), "{}", done.stderr);
}
