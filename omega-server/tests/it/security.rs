//! `docs/SECURITY.md` names the test of each control. A name that is in no file any more is a control without a test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of all tests of the repository.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".git"].contains(&name.as_str()) {
                sources(&path, into);
            }
        } else if [".rs", ".ts", ".tsx"].iter().any(|end| name.ends_with(end)) {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_threat_has_a_control_whose_test_is_there() {
    let document = fs::read_to_string(root().join("docs/SECURITY.md")).unwrap();
    let mut all = String::new();
    for folder in ["omega-core", "omega-server/engine", "omega-server", "omega-cli", "omega-tui"] {
        sources(&root().join(folder), &mut all);
    }
    let rows: Vec<Vec<&str>> = document
        .lines()
        .filter(|line| line.starts_with("| T"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let threats: Vec<String> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(threats, (1..=22).map(|n| format!("T{n}")).collect::<Vec<_>>());
    let mut named = BTreeSet::new();
    for row in &rows {
        let tests: Vec<&str> = row[3].split('`').skip(1).step_by(2).collect();
        assert!(!row[2].is_empty() && !tests.is_empty(), "{} has no control, or no test", row[0]);
        for test in tests {
            let is_there = all.contains(&format!("fn {test}(")) || all.contains(&format!("test(\"{test}\""));
            assert!(is_there, "{}: there is no test {test}", row[0]);
            named.insert(test);
        }
    }
    assert!(named.len() >= 50, "{}", named.len());
}
