//! `completions/` and the man pages come from the commands; this keeps them from drifting.

use crate::home::Home;
use std::path::Path;

#[test]
fn the_completions_in_the_repository_are_those_of_the_commands() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../completions");
    for shell in ["bash", "zsh", "fish"] {
        let generated = home.omega(&["completions", shell]).expect(0).stdout;
        let file = folder.join(format!("omega.{shell}"));
        if std::env::var_os("OMEGA_WRITE_COMPLETIONS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &generated).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == generated, "{} is old: run this test with OMEGA_WRITE_COMPLETIONS=1", file.display());
    }
}

#[test]
fn every_command_has_a_man_page() {
    let home = Home::new();
    let folder = home.path().join("man");
    home.omega(&["man", folder.to_str().unwrap()]).expect(0);
    for page in ["omega", "omega-ask", "omega-tools-run", "omega-registry-add", "omega-config-show"] {
        let text = std::fs::read_to_string(folder.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
}

/// What a shell gets for the last of these words.
fn offered(home: &Home, words: &[&str]) -> String {
    let mut command = home.command(&[&["--", "omega"], words].concat());
    let output = command.env("COMPLETE", "fish").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_shell_is_offered_recent_conversations_with_their_titles() {
    let home = Home::new();
    let entry = r#"[{"id":"5b0f3c1e-0000-4000-8000-000000000001","title":"Sum of a file","server":"local",
        "updatedAt":"2026-11-22T18:00:00Z"}]"#;
    home.file("data/recent.json", entry);
    let offered = offered(&home, &["show", ""]);
    assert!(offered.contains("5b0f3c1e-0000-4000-8000-000000000001\tSum of a file"), "{offered}");
}

#[test]
fn a_shell_is_offered_tools_settings_profiles_servers_and_keys() {
    let home = Home::new();
    home.file("config/config.toml", "[profiles.work]\nmodel = 'openai/x'\n");
    home.file("config/credentials.json", r#"{"https://omega.test":{"key":"tpmjs_sk_x"}}"#);
    let tables: [(&[&str], &str); 5] = [
        (&["settings", "set", ""], "safe-mode\t"),
        (&["status", "--profile", ""], "work"),
        (&["status", "--server", ""], "https://omega.test"),
        (&["keys", "set", ""], "OPENAI_API_KEY\topenai"),
        (&["ask", "--model", ""], "omega/offline"),
    ];
    for (words, wanted) in tables {
        let offered = offered(&home, words);
        assert!(offered.lines().any(|line| line.starts_with(wanted)), "{words:?}: {offered}");
    }
    assert_eq!(offered(&home, &["tools", "show", "math"]), "", "no server runs, and none is started for it");
    assert!(home.server().is_none());
    home.file("config/credentials.json", "{}");
    home.omega(&["whoami"]).expect(0);
    let places: [&[&str]; 6] = [
        &["tools", "show", "mathjs::ev"],
        &["tools", "run", "math"],
        &["pins", "add", "mathjs::"],
        &["keys", "set", "X", "--tool", "mathjs"],
        &["keys", "grants", "revoke", "X", "mathjs"],
        &["ask", "--approve", "mathjs::e"],
    ];
    for words in places {
        let offered = offered(&home, words);
        assert!(offered.lines().any(|line| line.starts_with("mathjs::evaluate\t")), "{words:?}: {offered}");
    }
}
