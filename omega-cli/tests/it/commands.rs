//! `omega serve` as a shared server, and the commands that talk to it.

use crate::home::{Home, signal};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::Child,
};

struct Shared {
    _home: Home,
    child: Child,
    line: Value,
}

impl Shared {
    fn start() -> Self {
        Self::start_in(Home::new())
    }

    fn start_in(home: Home) -> Self {
        let mut child = home.command(&["serve", "--port", "0", "--json"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { _home: home, child, line: serde_json::from_str(&line).unwrap() }
    }

    fn url(&self) -> &str {
        self.line["url"].as_str().unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        signal("KILL", self.child.id().into());
        self.child.wait().unwrap();
    }
}

#[test]
fn a_shared_server_is_used_by_signing_in_to_it() {
    let server = Shared::start();
    assert_eq!(server.line["pid"], server.child.id());
    let key = server.line["apiKey"].as_str().unwrap().to_owned();
    let user = Home::new();

    let done = user.omega(&["whoami", "--server", server.url()]).expect(3);
    assert!(done.stderr.contains("omega login URL"), "{}", done.stderr);
    user.omega_with(&["login", server.url()], "tpmjs_sk_wrong").expect(3);
    let done = user.omega_with(&["login", server.url()], &format!("{key}\n")).expect(0);
    assert!(done.stderr.contains("The key is kept in"), "{}", done.stderr);
    assert!(!done.stderr.contains(&key));
    user.omega(&["whoami"]).expect(0);
    assert!(user.server().is_none(), "no local server was started");

    let created = user.omega(&["api-keys", "create", "ci", "--json"]).expect(0).json();
    let listed = user.omega(&["api-keys", "list"]).expect(0).stdout;
    assert!(listed.contains("ci") && !listed.contains(created["key"].as_str().unwrap()));
    let ci = Home::new().env("OMEGA_SERVER", server.url()).env("OMEGA_API_KEY", created["key"].as_str().unwrap());
    ci.omega(&["whoami"]).expect(0);
    user.omega(&["api-keys", "revoke", created["id"].as_str().unwrap()]).expect(0);
    ci.omega(&["whoami"]).expect(3);

    user.omega(&["logout"]).expect(0);
    user.omega(&["whoami", "--server", server.url()]).expect(3);
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let server = Shared::start();
    let home =
        Home::new().env("OMEGA_SERVER", server.url()).env("OMEGA_API_KEY", server.line["apiKey"].as_str().unwrap());
    let done = home.omega(&["tools", "run", "mathjs::evaluat", "--json"]).expect(2);
    assert_eq!(done.json()["code"], "TOOL_NOT_FOUND");
    assert!(done.json()["error"].as_str().unwrap().contains("mathjs::evaluate"));
    home.omega(&["tools", "show", "mathjs::evaluat"]).expect(2);
    let done = home.omega(&["ask", "hi", "--model", "nope/x"]).expect(2);
    assert!(done.stderr.contains("there is no provider `nope`"), "{}", done.stderr);
    let done = home.omega(&["ask", "hi", "--model", "anthropic/x"]).expect(4);
    assert!(done.stderr.contains("set ANTHROPIC_API_KEY"), "{}", done.stderr);
    home.omega(&["show", "5b0f3c1e-0000-4000-8000-000000000001"]).expect(2);
    home.omega(&["ask", "-c", "hi"]).expect(2);
    for form in [&["--input", r#"{"wrong": 1}"#][..], &[r#"{"wrong": 1}"#]] {
        let done = home.omega(&[&["tools", "run", "mathjs::evaluate", "--json"], form].concat()).expect(2);
        assert_eq!(done.json()["code"], "INVALID_INPUT");
    }
    home.omega(&["tools", "run", "mathjs::evaluate", "{}", "--input", "{}"]).expect(2);
    let rows = home.omega(&["tools", "search", "determinant", "--json"]).expect(0).json();
    assert!(rows.as_array().unwrap().iter().any(|row| row["toolId"] == "mathjs::evaluate"));
}

#[test]
fn rows_of_a_file_become_tools() {
    let server = Shared::start();
    let home =
        Home::new().env("OMEGA_SERVER", server.url()).env("OMEGA_API_KEY", server.line["apiKey"].as_str().unwrap());
    let rows = concat!(
        r#"{"toolId":"frobnicator::frob","name":"frob","package":"frobnicator","description":"Frobnicates a widget"}"#,
        "\n{broken\n"
    );
    let file = home.file("rows.jsonl", rows);
    let done = home.omega(&["registry", "import", file.to_str().unwrap(), "--json"]).expect(0);
    assert_eq!(done.json()["imported"], 1);
    assert_eq!(done.json()["refused"].as_array().unwrap().len(), 1);
    let found = home.omega(&["tools", "search", "frobnicate", "--json"]).expect(0).json();
    assert_eq!(found[0]["toolId"], "frobnicator::frob");
    home.omega(&["registry", "import", "/nowhere.jsonl"]).expect(2);
}

#[test]
fn a_busy_port_is_a_message_with_the_next_step() {
    let server = Shared::start();
    let port = server.url().rsplit(':').next().unwrap();
    let done = Home::new().omega(&["serve", "--port", port]).expect(2);
    assert!(done.stderr.contains("choose another port with --port"), "{}", done.stderr);
}

#[test]
fn credentials_come_from_stdin_are_shown_by_their_last_characters_and_lie_under_a_key_of_their_own() {
    let home = Home::new();
    let value = "ghp_0123456789secretABCD";
    let done = home.omega_with(&["keys", "set", "GITHUB_TOKEN"], &format!("{value}\n")).expect(0);
    assert!(done.stderr.contains("ABCD") && !done.stderr.contains(value), "{}", done.stderr);
    home.omega_with(&["keys", "set", "GITHUB_TOKEN", "--tool", "a::b"], "short").expect(0);
    let listed = home.omega(&["keys", "list"]).expect(0).stdout;
    assert!(listed.contains("GITHUB_TOKEN  all tools  …ABCD") && listed.contains("a::b"), "{listed}");
    let rows = home.omega(&["keys", "list", "--json"]).expect(0).json();
    assert_eq!((rows[0]["last4"].as_str(), rows[0]["value"].as_str()), (Some("ABCD"), None));
    let key = home.path().join("config/master.key");
    let before = std::fs::read_to_string(&key).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let rotated = home.omega(&["vault", "rotate", "--deep", "--json"]).expect(0).json();
    assert_eq!((rotated["values"].as_u64(), rotated["unreadable"].as_u64()), (Some(2), Some(0)), "{rotated}");
    assert!(std::fs::read_to_string(&key).unwrap() != before);
    assert_eq!(home.omega(&["credentials", "list"]).expect(0).stdout.lines().count(), 2, "the old name is understood");
    home.omega(&["keys", "remove", "GITHUB_TOKEN"]).expect(0);
    assert_eq!(home.omega(&["keys", "list"]).expect(0).stdout.lines().count(), 1);
    home.omega_with(&["keys", "set", "LD_PRELOAD"], "x").expect(2);
    home.omega_with(&["keys", "set", "EMPTY"], "").expect(2);
    assert_eq!(home.omega(&["keys", "grants", "list"]).expect(0).stdout, "");
    assert_eq!(home.omega(&["keys", "grants", "list", "--json"]).expect(0).json(), serde_json::json!([]));
    home.omega(&["keys", "grants", "revoke", "NOPE", "a::b"]).expect(2);
}

#[test]
fn a_keyring_that_was_chosen_and_is_missing_stops_the_start() {
    let home = Home::new().env("OMEGA_MASTER_KEY_IN", "keyring");
    let done = home.omega(&["serve", "--port", "0", "--json"]).expect(2);
    assert!(done.stderr.contains("keyring") && done.stderr.contains("--master-key-file"), "{}", done.stderr);
    assert!(!home.path().join("config/master.key").exists(), "no other key was made instead");
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        words.filter(|word| word.starts_with("OMEGA_") || word.starts_with("TPMJS_")).map(str::to_owned).collect()
    };
    let operations = include_str!("../../../docs/OPERATIONS.md");
    let mut names = words(&Home::new().omega(&["serve", "--help"]).expect(0).stdout);
    names.extend(words(operations));
    // Where everything of this test lies.
    names.remove("OMEGA_HOME");
    assert!(names.len() >= 18, "{names:?}");
    let home = names.iter().fold(Home::new(), |home, name| home.env(name, ""));
    let server = Shared::start_in(home);
    assert!(server.url().starts_with("http://127.0.0.1:"), "{}", server.line);
}

/// What is named and is not there: by its name, and with what shows those that are.
#[test]
fn what_is_not_there_is_told_by_name_and_with_the_next_step() {
    let home = Home::new();
    let cases: [(&[&str], &str, &str); 5] = [
        (&["keys", "remove", "NOPE"], "no credential NOPE is stored", "omega keys list"),
        (&["keys", "remove", "NOPE", "--tool", "a::b"], "no credential NOPE of a::b is stored", "omega keys list"),
        (&["keys", "grants", "revoke", "NOPE", "a::b"], "a::b was not allowed to use NOPE", "omega keys grants list"),
        (&["pins", "remove", "a::b"], "a::b is not pinned", "omega pins list"),
        (&["pins", "add", "nosuch::x"], "there is no tool nosuch::x", "search for one by what it should do"),
    ];
    for (command, what, next) in cases {
        let done = home.omega(command).expect(2);
        assert!(done.stderr.contains(what) && done.stderr.contains(next), "{command:?}: {}", done.stderr);
        assert_eq!(done.stdout, "", "{command:?}");
    }
}
