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

#[test]
fn a_shell_is_offered_recent_conversations_with_their_titles() {
    let home = Home::new();
    let entry = r#"[{"id":"5b0f3c1e-0000-4000-8000-000000000001","title":"Sum of a file","server":"local",
        "updatedAt":"2026-11-22T18:00:00Z"}]"#;
    home.file("data/recent.json", entry);
    let mut command = home.command(&["--", "omega", "show", ""]);
    command.env("COMPLETE", "fish");
    let output = command.output().unwrap();
    let offered = String::from_utf8(output.stdout).unwrap();
    assert!(offered.contains("5b0f3c1e-0000-4000-8000-000000000001\tSum of a file"), "{offered}");
}
