//! Finds the names of secret-like variables in a package's own scripts, without running them: tools that read their key only
//! when they are executed show it nowhere else.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const MAX_FILES: usize = 300;
const MAX_BYTES: u64 = 4 << 20;
/// What stands before a variable's name.
const READS: [&str; 9] = [
    "process.env.",
    "process.env[",
    "import.meta.env.",
    "env.get(",
    "getEnv(",
    "readEnv(",
    "loadEnv(",
    "getEnvironmentVariable(",
    "environmentVariableName:",
];
const SECRET_WORDS: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH"];

/// Packages that many tools stand on and whose own variables are not the tool's.
const FRAMEWORKS: [&str; 5] = ["ai", "@ai-sdk/", "@vercel/", "@langchain/", "dotenv"];

/// Secret-like names that the package's scripts read; where there are none, those of the packages that it depends on.
pub fn secret_names<'a>(
    package: &Path,
    modules: &Path,
    dependencies: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let own = secrets_in(package);
    if !own.is_empty() {
        return own;
    }
    dependencies.filter(|name| !is_framework(name)).flat_map(|name| secrets_in(&modules.join(name))).collect()
}

fn secrets_in(package: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in scripts(package) {
        if let Ok(text) = fs::read_to_string(&file) {
            names.extend(names_in(&text).filter(|name| looks_secret(name)).map(str::to_owned));
        }
    }
    names
}

fn is_framework(name: &str) -> bool {
    FRAMEWORKS
        .iter()
        .any(|framework| if framework.ends_with('/') { name.starts_with(framework) } else { name == *framework })
}

/// Whether a variable of this name holds a secret, by its name.
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.ends_with("_PAT") || SECRET_WORDS.iter().any(|word| upper.contains(word))
}

fn names_in(text: &str) -> impl Iterator<Item = &str> {
    READS
        .iter()
        .flat_map(move |read| text.match_indices(read).filter_map(move |(at, _)| name_at(&text[at + read.len()..])))
}

/// A name in capitals at the start of a text, bare or quoted.
fn name_at(text: &str) -> Option<&str> {
    let text = text.trim_start().trim_start_matches(['"', '\'', '`']);
    let end = text.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let name = &text[..end];
    (name.len() >= 4 && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
}

/// The package's scripts, its dependencies left out.
fn scripts(package: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![package.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && entry.file_name() != "node_modules" {
                folders.push(path);
            } else if kind.is_file() && is_script(&path) && entry.metadata().is_ok_and(|meta| meta.len() <= MAX_BYTES) {
                found.push(path);
            }
            if found.len() >= MAX_FILES {
                return found;
            }
        }
    }
    found
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["js", "mjs", "cjs"].iter().any(|known| extension == *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_read() {
        let text = r#"process.env.A_KEY; process.env["B_TOKEN"]; getEnv('C_SECRET'); Deno.env.get("D_KEY"); process.env.lower;
            loadApiKey({environmentVariableName: "E_API_KEY"}); process.env[name]; process.env"#;
        let found: BTreeSet<_> = names_in(text).collect();
        assert_eq!(found, BTreeSet::from(["A_KEY", "B_TOKEN", "C_SECRET", "D_KEY", "E_API_KEY"]));
    }

    #[test]
    fn a_packages_dependencies_are_not_its_own_scripts() {
        let package = tempfile::tempdir().unwrap();
        fs::create_dir_all(package.path().join("dist")).unwrap();
        fs::create_dir_all(package.path().join("node_modules/other")).unwrap();
        fs::write(package.path().join("dist/index.mjs"), "process.env.OWN_KEY + process.env.OWN_MODE").unwrap();
        fs::write(package.path().join("node_modules/other/index.js"), "process.env.OTHER_KEY").unwrap();
        let names = |text: &str| BTreeSet::from([text.to_owned()]);
        let modules = package.path().join("node_modules");
        assert_eq!(secret_names(package.path(), &modules, ["other"].into_iter()), names("OWN_KEY"));
        fs::remove_dir_all(package.path().join("dist")).unwrap();
        assert_eq!(secret_names(package.path(), &modules, ["other"].into_iter()), names("OTHER_KEY"));
        assert_eq!(secret_names(package.path(), &modules, ["ai", "@ai-sdk/x"].into_iter()), BTreeSet::new());
    }
}
