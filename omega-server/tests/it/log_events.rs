//! The log's events are a closed list, `docs/LOG.md`: whoever watches for one finds there what it means, and none is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What begins a record.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
/// What is named by the event that is stored, and what the hook of panics writes.
const NAMED_OTHERWISE: [(&str, &str); 3] = [("panic", "error"), ("run.resumed", "info"), ("run.started", "info")];
/// Where tests make a server die: no release has it.
const OF_TESTS: &str = "failpoint.reached";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// What stands between a bracket that is open and its end.
fn inside(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

/// Each event with its levels, by the sources.
fn written() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    for member in ["omega-core", "omega-server", "omega-server/engine", "omega-server/search", "omega-cli", "omega-tui"]
    {
        sources(&root().join(member).join("src"), &mut files);
    }
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (event, level) in NAMED_OTHERWISE {
        events.entry(event.into()).or_default().insert(level.into());
    }
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for level in LEVELS {
            for record in text.split(&format!("tracing::{level}!(")).skip(1).map(inside) {
                let named = record.split_once("event = ").unwrap_or_else(|| panic!("{}: {record}", file.display())).1;
                let Some(name) = named.strip_prefix('"').and_then(|it| it.split('"').next()) else {
                    assert!(named.starts_with("event.kind()"), "{}: {record}", file.display());
                    continue;
                };
                assert!(name.contains('.'), "{name} has no dot");
                events.entry(name.to_owned()).or_default().insert(level.to_owned());
            }
        }
    }
    events.remove(OF_TESTS);
    events
}

#[test]
fn every_event_of_the_log_is_told_with_its_level_and_what_it_means() {
    let document = fs::read_to_string(root().join("docs/LOG.md")).unwrap();
    let mut told = BTreeMap::new();
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        // The fields have a table of two columns.
        let Ok([event, levels, meaning]) = <[&str; 3]>::try_from(cells) else { continue };
        let levels: BTreeSet<String> = levels.split(", ").map(str::to_owned).collect();
        assert!(meaning.len() > 10, "{row}");
        assert_eq!(told.insert(event.trim_matches('`').to_owned(), levels), None, "{row} is there twice");
    }
    assert_eq!(told, written());
}
