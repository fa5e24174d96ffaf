//! The user's own server: started by whoever needs it first, one for all, replaced when it is dead or old.

use crate::home::{Home, signal};
use std::process::Child;

fn pid(home: &Home) -> u64 {
    home.server().unwrap()["pid"].as_u64().unwrap()
}

#[test]
fn commands_at_once_get_one_server_and_the_next_finds_it() {
    let home = Home::new();
    let children: Vec<Child> = (0..4).map(|_| home.command(&["whoami", "--json"]).spawn().unwrap()).collect();
    let users: Vec<serde_json::Value> = children
        .into_iter()
        .map(|child| serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap())
        .collect();
    assert!(users.iter().all(|user| *user == users[0]));
    let first = pid(&home);
    home.omega(&["whoami"]).expect(0);
    assert_eq!(pid(&home), first);
    let status = home.omega(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["running"], &status["server"]), (&true.into(), &"local".into()));
}

#[test]
fn a_killed_server_is_replaced_and_has_lost_nothing() {
    let home = Home::new();
    let before = home.omega(&["whoami", "--json"]).expect(0).json();
    let (dead, url) = (pid(&home), home.server().unwrap()["url"].clone());
    signal("KILL", dead);
    assert_eq!(home.omega(&["status", "--json"]).expect(0).json()["running"], false);
    let after = home.omega(&["whoami", "--json"]).expect(0).json();
    assert_eq!(before, after);
    assert_ne!(pid(&home), dead);
    // On the same port, so that a browser that was signed in still is.
    assert_eq!(home.server().unwrap()["url"], url);
}

#[test]
fn a_server_with_other_keys_is_replaced_when_it_is_idle() {
    let home = Home::new();
    home.omega(&["whoami"]).expect(0);
    let bare = pid(&home);
    let home = home.env("OPENAI_API_KEY", "sk-new");
    let models = home.omega(&["models", "--json"]).expect(0).json();
    assert_ne!(pid(&home), bare);
    let openai = models["providers"].as_array().unwrap().iter().find(|p| p["name"] == "openai").unwrap().clone();
    assert_eq!(openai["available"], true);
}

#[test]
fn two_servers_of_one_user_are_refused() {
    let home = Home::new();
    home.omega(&["whoami"]).expect(0);
    let done = home.omega(&["serve", "--local"]).expect(2);
    assert!(done.stderr.contains("your local server runs already"), "{}", done.stderr);
}

#[test]
fn a_server_that_can_not_start_says_why() {
    let home = Home::new().env("OMEGA_DATABASE_URL", "mysql://nowhere");
    let done = home.omega(&["whoami"]).expect(6);
    assert!(done.stderr.contains("a database URL starts with sqlite: or postgres://"), "{}", done.stderr);
}

#[test]
fn a_server_without_work_ends_by_itself() {
    let home = Home::new();
    let mut server = home.command(&["serve", "--local", "--idle", "1s"]).spawn().unwrap();
    assert!(server.wait().unwrap().success());
    assert!(home.server().is_none());
}

#[test]
fn an_empty_home_and_no_keyring_are_enough() {
    let home = Home::new();
    let user = home.path().join("user");
    std::fs::create_dir(&user).unwrap();
    let mut command = home.command(&["whoami"]);
    let output = command.env_remove("OMEGA_HOME").env("HOME", &user).output().unwrap();
    let data = user.join(".local/share/omega");
    let server: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.join("run/server.json")).unwrap()).unwrap();
    signal("KILL", server["pid"].as_u64().unwrap());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains(".config/omega/credentials.json"), "{stderr}");
    assert!(stderr.contains("this system has no keyring"), "{stderr}");
}

#[test]
fn a_server_of_another_build_is_replaced() {
    let home = Home::new();
    home.omega(&["whoami"]).expect(0);
    let mut old = home.server().unwrap();
    let before = pid(&home);
    old["build"] = "1-1".into();
    home.file("run/server.json", &old.to_string());
    home.omega(&["whoami"]).expect(0);
    assert_ne!(pid(&home), before);
}

/// A bus that takes the call and never answers, as a keyring that waits for its password does.
#[cfg(unix)]
#[test]
fn a_keyring_that_hangs_is_not_waited_for() {
    let home = Home::new();
    let user = home.path().join("user");
    std::fs::create_dir(&user).unwrap();
    let socket = home.path().join("bus");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mut command = home.command(&["whoami"]);
    let bus = format!("unix:path={}", socket.display());
    let output =
        command.env_remove("OMEGA_HOME").env("HOME", &user).env("DBUS_SESSION_BUS_ADDRESS", bus).output().unwrap();
    let server = std::fs::read(user.join(".local/share/omega/run/server.json")).unwrap();
    let server: serde_json::Value = serde_json::from_slice(&server).unwrap();
    signal("KILL", server["pid"].as_u64().unwrap());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("no answer within 2 s"), "{stderr}");
}
