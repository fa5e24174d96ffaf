//! With which arguments an MCP server is started that does not start without any: some want a folder, and some serve HTTP, or say
//! only how they are used, unless they are told to speak over stdio. Nothing is guessed that neither the server, its scripts nor its
//! README name.

use super::{contents::within, protocol::Argument, secret_names::scripts_of};
use omega_core::budget::MANIFEST;
use std::{collections::BTreeSet, fs::File, io::Read, path::Path};

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

/// Arguments of one way.
const MOST_ARGUMENTS: usize = 8;
/// Bytes of one.
const LONGEST: usize = 200;
/// Variables that are taken from one.
const MOST_VARIABLES: usize = 12;
/// Settings of clients that are read in a README.
const MOST_SETTINGS: usize = 20;
/// How scripts ask what something begins with, and how long such a beginning of a key is at most.
const BEGINS: &str = ".startsWith(";
const MOST_FORM: usize = 12;
/// What the names of arguments that are credentials have in them: those come as variables, or not at all.
const CREDENTIALS: [&str; 7] = ["key", "token", "secret", "password", "auth", "credential", "pat"];

/// One way to start a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    pub arguments: Vec<Argument>,
    /// Variables that it is shown with.
    pub variables: Vec<String>,
}

/// Ways to start the server of the package `name` that failed with some `words`, the likeliest first. Reads the package; blocks.
pub fn starts(words: &str, name: &str, package: &Path) -> Vec<Way> {
    let readme = readme(package);
    let mut named = BTreeSet::new();
    // Options of parsers stand in a script without their marks.
    named
        .extend(OVER_STDIO.iter().map(|(mark, _)| *mark).filter(|mark| mark.starts_with('-') && readme.contains(mark)));
    scripts_of(package, |_, text| {
        let there = OVER_STDIO.iter().filter(|(mark, _)| mark.starts_with('-') && text.contains(mark));
        named.extend(there.map(|(mark, _)| *mark));
    });
    let variables = variables(&readme);
    let shown = told(&readme, name);
    let plain = (shown.is_empty() && !variables.is_empty()).then(Vec::new);
    let mut all: Vec<Way> =
        shown.into_iter().chain(plain).map(|arguments| Way { arguments, variables: variables.clone() }).collect();
    all.extend(ways(words, &named).into_iter().map(|arguments| Way { arguments, variables: Vec::new() }));
    let mut seen = BTreeSet::new();
    all.retain(|way| seen.insert(way.arguments.clone()));
    all.truncate(MOST);
    all
}

/// The names in the first settings of a client that a README shows with some (`"env": {"ACME_URL": "..."}`).
fn variables(readme: &str) -> Vec<String> {
    let settings = readme.split("\"env\"").skip(1).take(MOST_SETTINGS);
    let named = settings.filter_map(|rest| {
        let block = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('{')?;
        let block = block.get(..block.find('}')?)?;
        let pieces: Vec<&str> = block.split('"').collect();
        let names = pieces.windows(2).filter(|pair| pair[1].trim_start().starts_with(':')).map(|pair| pair[0]);
        let names: Vec<String> =
            names.filter(|name| is_variable(name)).take(MOST_VARIABLES).map(str::to_owned).collect();
        Some(names).filter(|names| !names.is_empty())
    });
    named.into_iter().next().unwrap_or_default()
}

/// What the package's scripts ask a key to begin with (`apiKey.startsWith("ak_")`). Reads the package; blocks.
pub fn form_of(package: &Path) -> Option<String> {
    let mut found = None;
    scripts_of(package, |_, text| {
        found = found.take().or_else(|| text.match_indices(BEGINS).find_map(|(at, _)| form_at(text, at)));
    });
    found
}

/// The same at one place where a script asks how something begins.
fn form_at(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let name = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "_$.".contains(c))).next()?.to_lowercase();
    let rest = text.get(at + BEGINS.len()..)?;
    let quote = rest.chars().next().filter(|quote| "\"'`".contains(*quote))?;
    let form = rest.get(1..)?.split(quote).next()?;
    let is_of_key =
        ["key", "token", "secret", "credential"].iter().any(|word| name.len() < LONGEST && name.contains(word));
    let is_form = (2..=MOST_FORM).contains(&form.len())
        && form.starts_with(|c: char| c.is_ascii_alphabetic())
        && form.ends_with(['_', '-', '.'])
        && form.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    (is_of_key && is_form).then(|| form.to_owned())
}

fn is_variable(name: &str) -> bool {
    (3..=LONGEST).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The package's own words to its users.
fn readme(package: &Path) -> String {
    let mut text = Vec::new();
    let place = ["README.md", "readme.md", "Readme.md"].iter().find_map(|name| within(package, name));
    if let Some(file) = place.and_then(|place| File::open(place).ok()) {
        let most = u64::try_from(MANIFEST.most).unwrap_or(u64::MAX);
        // One that can't be read says nothing.
        let _ = file.take(most).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The arguments behind the package's name in the settings of clients that a README shows (`"args": ["-y", "name", "start"]`).
fn told(readme: &str, name: &str) -> Vec<Vec<Argument>> {
    let settings = readme.split("\"args\"").skip(1).take(MOST_SETTINGS);
    let found = settings.filter_map(|rest| {
        let list = rest.trim_start().strip_prefix(':')?.trim_start();
        let all: Vec<String> = serde_json::from_str(list.get(..=list.find(']')?)?).ok()?;
        let at =
            all.iter().position(|item| item.strip_prefix(name).is_some_and(|v| v.is_empty() || v.starts_with('@')))?;
        let mut given = Vec::new();
        let mut is_value = false;
        // `npx --package name -- program start`
        let behind = if all.get(at + 1).is_some_and(|item| item == "--") { at + 3 } else { at + 1 };
        for item in all.into_iter().skip(behind).take(MOST_ARGUMENTS) {
            let option = item.starts_with('-').then(|| item.split('=').next().unwrap_or_default().to_lowercase());
            let is_secret = option.as_ref().is_some_and(|option| {
                option.split(['-', '_']).any(|word| CREDENTIALS.iter().any(|credential| word.ends_with(credential)))
            });
            match (is_secret, is_value && option.is_none()) {
                (true, _) => is_value = !item.contains('='),
                (false, true) => is_value = false,
                (false, false) => {
                    is_value = false;
                    let is_path = item.starts_with(['/', '~']) || item.contains(":\\");
                    given.push(if is_path { Argument::Folder } else { Argument::Text(item) });
                }
            }
        }
        given.iter().all(is_short).then_some(given).filter(|given| !given.is_empty())
    });
    found.take(MOST / 2).collect()
}

fn is_short(argument: &Argument) -> bool {
    match argument {
        Argument::Text(text) => text.len() <= LONGEST,
        Argument::Folder => true,
    }
}

fn ways(words: &str, named: &BTreeSet<&str>) -> Vec<Vec<Argument>> {
    let words = words.to_lowercase();
    let has = |word: &str| words.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).any(|w| w == word);
    let over_stdio =
        OVER_STDIO.iter().filter(|(mark, _)| has(mark) || named.contains(mark)).map(|(_, way)| way.to_vec());
    let commands = COMMANDS.iter().filter(|command| is_usage(&words) && has(command)).map(|command| vec![*command]);
    let folder = wants_folder(&words).then(|| vec![Argument::Folder]);
    let texts =
        over_stdio.chain(commands).map(|way| way.into_iter().map(|text| Argument::Text(text.to_owned())).collect());
    folder.into_iter().chain(texts).take(MOST).collect()
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

    fn shown(arguments: &[Argument]) -> String {
        let shown = arguments.iter().map(|argument| match argument {
            Argument::Text(text) => text.as_str(),
            Argument::Folder => "<folder>",
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_server_is_started_in_the_ways_that_it_names_and_in_no_others() {
        for (words, scripts, expected) in [
            ("the moon is wrong", None, vec![]),
            ("Usage: x <allowed-directory>", None, vec!["<folder>"]),
            ("it listens on a port", Some("--stdio"), vec!["--stdio"]),
            (
                "Usage: x [--transport http|stdio]",
                None,
                vec!["<folder>", "--transport stdio", "--transport=stdio", "stdio"],
            ),
            ("it listens on a port", Some("--transport"), vec!["--transport stdio", "--transport=stdio"]),
            ("Usage: x <command>\n  mcp   Start it\n  login", None, vec!["<folder>", "mcp", "start"]),
            ("the server could not start", None, vec![]),
        ] {
            let found = ways(words, &scripts.into_iter().collect()).into_iter();
            let found: Vec<String> = found.map(|way| shown(&way)).collect();
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
        let ways = || {
            let found = starts("it listens on a port", "x", package.path()).into_iter();
            found.map(|way| (shown(&way.arguments), way.variables.join(" "))).collect::<Vec<_>>()
        };
        let way = |arguments: &str, variables: &str| (arguments.to_owned(), variables.to_owned());
        assert_eq!(ways(), [way("--stdio", "")]);
        let readme = r#"`{"args": ["-y", "x@latest", "start"]}`"#;
        std::fs::write(package.path().join("README.md"), readme).unwrap();
        assert_eq!(ways(), [way("start", ""), way("--stdio", "")]);
        let readme = r#"{"env": {}} {"args": ["-y", "x"], "env": { "X_URL": "https://x.test", // where
            "X_API_KEY": "<your key>", "note": "N" }} {"env": {"OTHER": ""}}"#;
        std::fs::write(package.path().join("README.md"), readme).unwrap();
        assert_eq!(ways(), [way("", "X_URL X_API_KEY"), way("--stdio", "")]);
    }

    #[test]
    fn the_beginning_of_a_key_is_read_where_a_script_asks_for_it() {
        for (script, form) in [
            ("if (!token.startsWith(\"dp.\")) fail()", Some("dp.")),
            ("this.config.apiKey.startsWith('sk_live_')", Some("sk_live_")),
            ("url.startsWith('http_')", None),
            ("token.startsWith('Bearer ')", None),
            ("token.startsWith(prefix_)", None),
            ("token.startsWith(", None),
            ("path.startsWith('x_') || secretKey.startsWith(`rk_`)", Some("rk_")),
        ] {
            let found = script.match_indices(BEGINS).find_map(|(at, _)| form_at(script, at));
            assert_eq!(found.as_deref(), form, "{script}");
        }
    }

    #[test]
    fn a_readme_tells_how_a_server_is_started_without_its_credentials() {
        for (settings, expected) in [
            (r#"["-y", "x", "start", "--api-key", "YOUR_KEY"]"#, vec!["start"]),
            (r#"["-y", "x@1.2", "--figma-api-key=YOUR-KEY", "--stdio"]"#, vec!["--stdio"]),
            (r#"["/c", "npx", "x", "--accessToken", "<t>", "--domain", "a.test"]"#, vec!["--domain a.test"]),
            (r#"["x", "/Users/you/Desktop", "C:\\Data"]"#, vec!["<folder> <folder>"]),
            (r#"["x", "{folder}", "{empty}"]"#, vec!["{folder} {empty}"]),
            (r#"["-y", "--package", "x", "--", "mcp", "start", "--api-key", "k"]"#, vec!["start"]),
            (r#"["-y", "x"]"#, vec![]),
            (r#"["-y", "xy", "start"]"#, vec![]),
            (r#"["-y", "x", start"#, vec![]),
        ] {
            let readme = format!("Add it:\n```json\n{{\"command\": \"npx\", \"args\": {settings}}}\n```");
            let found: Vec<String> = told(&readme, "x").into_iter().map(|way| shown(&way)).collect();
            assert_eq!(found, expected, "{settings}");
        }
    }
}
