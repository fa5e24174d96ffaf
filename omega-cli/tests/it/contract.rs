//! What needs no server: usage, configuration, and what is said when there is nothing to talk to.

use crate::home::Home;

/// Paths of the test's folder change from run to run.
fn steady(home: &Home, text: &str) -> String {
    text.replace(&home.path().display().to_string(), "HOME")
}

#[test]
fn a_command_line_that_asks_nothing_is_a_usage_error_that_says_what_to_do() {
    let home = Home::new();
    let done = home.omega(&[]).expect(2);
    assert_eq!(done.stdout, "");
    assert_eq!(
        done.stderr,
        "error: say what to do, for example `omega ask \"...\"`\n next: `omega --help` lists the commands; without one, \
         `omega` needs a terminal\n"
    );
    let done = home.omega_with(&["ask"], " \n").expect(2);
    assert_eq!(done.stderr, "error: there is nothing to ask: the prompt and stdin are empty\n");
    assert!(!home.path().join("run").exists(), "no server was started for it");
    home.omega(&["chat"]).expect(2);
    home.omega(&["ask", "x", "--json", "--stream-json"]).expect(2);
    home.omega(&["nonsense"]).expect(2);
}

#[test]
fn a_server_that_is_not_there_is_unreachable_and_not_started() {
    let home = Home::new();
    for arguments in [&["ask", "hi"][..], &["models"], &["tools", "search", "x"], &["show", "--json"]] {
        let mut all = vec!["--server", "http://127.0.0.1:9"];
        all.extend(arguments);
        if arguments[0] == "show" {
            all.insert(3, "5b0f3c1e-0000-4000-8000-000000000001");
        }
        let done = home.omega(&all).expect(6);
        assert!(done.stderr.starts_with("error: the server at http://127.0.0.1:9 can't be reached"), "{}", done.stderr);
        assert_eq!(done.stdout, "");
    }
    assert!(home.server().is_none());
}

#[test]
fn a_script_that_asked_for_json_gets_json_also_when_the_tool_never_ran() {
    let home = Home::new().env("OMEGA_SERVER", "http://127.0.0.1:9");
    let done = home.omega(&["tools", "run", "mathjs::evaluate", "--json"]).expect(6);
    assert_eq!(done.json()["code"], "SERVER_UNREACHABLE");
    let done = home.omega(&["tools", "run", "mathjs::evaluate", "--input", "{", "--json"]).expect(2);
    assert_eq!((&done.json()["success"], &done.json()["code"]), (&false.into(), &"INVALID_INPUT".into()));
    let done = home.omega(&["tools", "run", "mathjs::evaluate", "--env", "NOT_SET", "--json"]).expect(4);
    assert_eq!(done.json()["error"], "NOT_SET is not set in the environment");
    assert!(home.omega(&["tools", "run", "mathjs"]).expect(2).stderr.contains("package::export"));
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let home = Home::new().env("OMEGA_TIMEOUT", "30s");
    home.file("config/config.toml", "model = 'a/b'\n[profiles.work]\nserver = 'https://work.test'\n");
    let done = home.omega(&["config", "show", "--origin", "--profile", "work"]).expect(0);
    assert_eq!(
        steady(&home, &done.stdout),
        "server        https://work.test  (profile work)\nmodel         a/b  (file HOME/config/config.toml)\n\
         master-key    file  (default)\nprovider-keys -  (default)\ntimeout       30s  (environment OMEGA_TIMEOUT)\nmotion        auto  (default)\n"
    );
    let done = home.omega(&["config", "show", "--profile", "home"]).expect(2);
    assert_eq!(
        steady(&home, &done.stderr),
        "error: there is no profile `home` in HOME/config/config.toml; it has work\n"
    );
}

#[test]
fn doctor_changes_nothing_and_shows_no_secret() {
    let home = Home::new().env("OPENAI_API_KEY", "sk-very-secret").env("OMEGA_API_KEY", "tpmjs_sk_very-secret");
    let done = home.omega(&["doctor", "--json"]).expect(0);
    assert_eq!(done.json()["summary"]["errors"], 0);
    assert!(!done.stdout.contains("very-secret"));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing was made");
    let broken = Home::new();
    broken.file("config/config.toml", "modle = 'x'");
    let done = broken.omega(&["doctor", "--json"]).expect(1);
    assert!(done.json()["checks"][0]["message"].as_str().unwrap().contains("there is no setting `modle`"));
}

#[test]
fn a_reader_that_goes_away_is_a_quiet_end() {
    let home = Home::new();
    let omega = env!("CARGO_BIN_EXE_omega");
    let script = format!("{omega} completions bash | head -1; echo ${{PIPESTATUS[0]}}");
    let output =
        std::process::Command::new("bash").args(["-c", &script]).env("OMEGA_HOME", home.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("\n0\n"));
}

#[test]
fn signing_in_needs_a_key_from_stdin_and_never_keeps_a_bad_one() {
    let home = Home::new();
    home.omega(&["login"]).expect(2);
    assert!(home.omega(&["login", "http://127.0.0.1:9"]).expect(2).stderr.contains("no API key was given"));
    home.omega_with(&["login", "http://127.0.0.1:9"], "tpmjs_sk_x\n").expect(6);
    assert!(!home.path().join("config").exists());
}
