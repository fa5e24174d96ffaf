//! `omega backup` and `omega restore`: beside a server that works, and killed in the middle.

use crate::home::Home;
use std::{fs, process::Stdio, time::Duration};

const QUESTION: &str = "What is 2 + 2?";

#[test]
fn a_backup_beside_a_working_server_comes_back_in_another_home() {
    let home = Home::new();
    let first = home.omega(&["ask", "--json", QUESTION]).expect(0).json();
    let conversation = first["conversationId"].as_str().unwrap().to_owned();
    let file = home.path().join("copy.db").display().to_string();
    let said = home.omega(&["backup", &file, "--json"]).expect(0).json();
    assert_eq!((said["conversations"].as_u64(), said["file"].as_str()), (Some(1), Some(file.as_str())));
    let again = home.omega(&["backup", &file]).expect(2);
    assert!(again.stderr.contains("is there already") && again.stderr.contains("--force"), "{}", again.stderr);
    let shown = home.omega(&["backup", &file, "--force"]).expect(0);
    assert!(shown.stdout.contains("1 conversation, 1 user"), "{}", shown.stdout);
    assert!(shown.stderr.contains("master.key"), "it says what is not in it: {}", shown.stderr);
    let checked = home.omega(&["restore", &file, "--check"]).expect(0);
    assert!(checked.stdout.contains("1 conversation"), "{}", checked.stdout);

    let other = Home::new();
    let refused = other.omega(&["restore", &file]).expect(2);
    assert!(refused.stderr.contains("master key"), "{}", refused.stderr);
    fs::create_dir_all(other.path().join("config")).unwrap();
    fs::copy(home.path().join("config/master.key"), other.path().join("config/master.key")).unwrap();
    other.omega(&["restore", &file]).expect(0);
    assert!(other.omega(&["show", &conversation]).expect(0).stdout.contains(QUESTION));
    // A server in the background ends for it; without the word, nothing is touched.
    let refused = other.omega(&["restore", &file]).expect(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    other.omega(&["ask", "another question"]);
    let restored = other.omega(&["restore", &file, "--force", "--json"]).expect(0).json();
    assert!(fs::metadata(restored["before"].as_str().unwrap()).unwrap().len() > 0);
    let recent = other.omega(&["show", &conversation]).expect(0);
    assert!(recent.stdout.contains(QUESTION));
}

#[test]
fn whenever_a_restore_is_killed_a_whole_database_is_there() {
    let home = Home::new();
    let first = home.omega(&["ask", "--json", QUESTION]).expect(0).json();
    let conversation = first["conversationId"].as_str().unwrap().to_owned();
    let file = home.path().join("copy.db").display().to_string();
    home.omega(&["backup", &file]).expect(0);
    for after in (0..12).map(|step| step * 15) {
        let arguments = ["restore", &file, "--force"];
        let mut child = home.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(after));
        let _ = child.kill();
        child.wait().unwrap();
        // Both, the one that was there and the one that comes, have it.
        let shown = home.omega(&["show", &conversation]);
        assert_eq!(shown.code, 0, "after {after} ms: {}", shown.stderr);
        assert!(shown.stdout.contains(QUESTION), "after {after} ms");
    }
    home.omega(&["restore", &file, "--force"]).expect(0);
    home.omega(&["show", &conversation]).expect(0);
}

#[test]
fn a_database_that_is_none_of_sqlites_says_what_copies_it() {
    let home = Home::new();
    let refused = home.omega(&["backup", "x.db", "--database", "postgres://omega:hunter2@h/omega"]).expect(2);
    assert!(refused.stderr.contains("pg_dump") && !refused.stderr.contains("hunter2"), "{}", refused.stderr);
    let missing = home.omega(&["backup", "x.db"]).expect(2);
    assert!(missing.stderr.contains("there is no database at"), "{}", missing.stderr);
}
