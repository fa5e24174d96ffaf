//! With which arguments an MCP server is started that does not start without any: some want a folder, and some serve HTTP, or say
//! only how they are used, unless they are told to speak over stdio. Nothing is guessed that neither the server nor its scripts name.

use super::secret_names::scripts_of;
use std::{collections::BTreeSet, path::Path};

/// Stands for the call's own folder.
pub const FOLDER: &str = "{folder}";
/// Ways that are tried; each takes seconds.
const MOST: usize = 4;
/// What programs take to speak over stdio, the plainest first, by the word that tells of it. The last one stands in the scripts of
/// every server, so that the server itself has to say it.
const OVER_STDIO: [(&str, &[&str]); 5] = [
    ("--stdio", &["--stdio"]),
    ("--transport", &["--transport", "stdio"]),
    ("--transport", &["--transport=stdio"]),
    ("--mode", &["--mode", "stdio"]),
    ("stdio", &["stdio"]),
];
/// What the commands are called that start a server, in the words of a program that says how it is used.
const COMMANDS: [&str; 4] = ["mcp", "serve", "start", "server"];

/// Ways to start a server that failed with some `words`, the likeliest first. Reads the package's scripts; blocks.
pub fn starts(words: &str, package: &Path) -> Vec<Vec<String>> {
    let mut named = BTreeSet::new();
    scripts_of(package, |_, text| {
        let there = OVER_STDIO.iter().filter(|(mark, _)| mark.starts_with('-') && text.contains(mark));
        named.extend(there.map(|(mark, _)| *mark));
    });
    ways(words, &named)
}

fn ways(words: &str, named: &BTreeSet<&str>) -> Vec<Vec<String>> {
    let words = words.to_lowercase();
    let has = |word: &str| words.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).any(|w| w == word);
    let over_stdio =
        OVER_STDIO.iter().filter(|(mark, _)| has(mark) || named.contains(mark)).map(|(_, way)| way.to_vec());
    let commands = COMMANDS.iter().filter(|command| is_usage(&words) && has(command)).map(|command| vec![*command]);
    let folder = wants_folder(&words).then(|| vec![FOLDER]);
    let all = folder.into_iter().chain(over_stdio).chain(commands).take(MOST);
    all.map(|way| way.into_iter().map(str::to_owned).collect()).collect()
}

fn is_usage(words: &str) -> bool {
    ["usage", "argument", "command"].iter().any(|word| words.contains(word))
}

/// How servers say that they don't start without one.
fn wants_folder(words: &str) -> bool {
    ["usage", "argument", "directory", "directories", "folder"].iter().any(|word| words.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_started_in_the_ways_that_it_names_and_in_no_others() {
        for (words, scripts, expected) in [
            ("the moon is wrong", None, vec![]),
            ("Usage: x <allowed-directory>", None, vec![FOLDER]),
            ("it listens on a port", Some("--stdio"), vec!["--stdio"]),
            (
                "Usage: x [--transport http|stdio]",
                None,
                vec![FOLDER, "--transport stdio", "--transport=stdio", "stdio"],
            ),
            ("it listens on a port", Some("--transport"), vec!["--transport stdio", "--transport=stdio"]),
            ("Usage: x <command>\n  mcp   Start it\n  login", None, vec![FOLDER, "mcp", "start"]),
            ("the server could not start", None, vec![]),
        ] {
            let found = ways(words, &scripts.into_iter().collect()).into_iter();
            let found: Vec<String> = found.map(|way| way.join(" ")).collect();
            assert_eq!(found, expected, "{words} {scripts:?}");
        }
    }

    #[test]
    fn what_a_package_takes_is_read_in_its_scripts() {
        let package = tempfile::tempdir().unwrap();
        std::fs::write(
            package.path().join("cli.js"),
            "if (process.argv.includes('--stdio')) serve(); import './stdio.js'",
        )
        .unwrap();
        assert_eq!(starts("it listens on a port", package.path()), [["--stdio"]]);
    }
}
