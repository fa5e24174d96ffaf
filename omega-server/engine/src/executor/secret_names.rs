//! Finds the names of secret-like variables in a package's own scripts, without running them: tools that read their key only
//! when they are executed show it nowhere else.

use super::{
    contents::{walk, within},
    spec::is_package_name,
};
use omega_core::budget::SCANNED;
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Scripts of one package.
const MAX_FILES: usize = 300;
/// A script that is longer is a bundle of other packages' code.
const MAX_BYTES: usize = 4 << 20;
/// Entries of all folders that are looked through.
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 16;
/// A slow disk is no reason to keep anybody waiting for names that are a convenience.
const MAX_TIME: Duration = Duration::from_secs(3);
const MAX_NAME: usize = 100;
/// Names that are told.
const MAX_NAMES: usize = 50;
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

/// What may still be read, of all packages together.
struct Left {
    bytes: usize,
    entries: usize,
    until: Instant,
}

/// Secret-like names that the package's scripts read; where there are none, those of the packages that it depends on, which lie
/// in `modules` under the names that it gives. Reads regular files of the two folders alone, and not too many. Blocks.
pub fn secret_names<'a>(
    package: &Path,
    modules: &Path,
    dependencies: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let mut left = Left { bytes: SCANNED.most, entries: MAX_ENTRIES, until: Instant::now() + MAX_TIME };
    let mut names = secrets_in(package, &mut left);
    if names.is_empty() {
        for name in dependencies.filter(|name| is_package_name(name) && !is_framework(name)) {
            let Some(folder) = within(modules, name) else { continue };
            names.extend(secrets_in(&folder, &mut left));
        }
    }
    names.into_iter().take(MAX_NAMES).collect()
}

/// In the package's own scripts.
fn secrets_in(package: &Path, left: &mut Left) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_script(package, left, |_, text| {
        names.extend(names_in(text).filter(|name| looks_secret(name)).map(str::to_owned));
    });
    names
}

/// Shows a package's own scripts, with their paths in it, as far as there is time for them.
pub fn scripts_of(package: &Path, each: impl FnMut(&Path, &str)) {
    let mut left = Left { bytes: SCANNED.most, entries: MAX_ENTRIES, until: Instant::now() + MAX_TIME };
    each_script(package, &mut left, each);
}

/// The folders of what it depends on are left out.
fn each_script(package: &Path, left: &mut Left, mut each: impl FnMut(&Path, &str)) {
    let mut files = 0;
    let own =
        |path: &Path| path.strip_prefix(package).is_ok_and(|path| !path.iter().any(|part| part == "node_modules"));
    for (entry, depth) in walk(package).flatten() {
        if left.entries == 0 || files == MAX_FILES || Instant::now() > left.until {
            break;
        }
        left.entries -= 1;
        let path = entry.path();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || depth > MAX_DEPTH || !own(&path) || !is_script(&path) {
            continue;
        }
        let size = entry.metadata().ok().and_then(|meta| usize::try_from(meta.len()).ok());
        let Some(size) = size.filter(|size| *size <= MAX_BYTES.min(left.bytes)) else { continue };
        (files, left.bytes) = (files + 1, left.bytes - size);
        if let Ok(text) = fs::read_to_string(&path) {
            each(path.strip_prefix(package).unwrap_or(&path), &text);
        }
    }
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
    ((4..=MAX_NAME).contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
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

    #[test]
    fn nothing_is_read_that_is_not_the_packages_whatever_its_dependencies_are_called() {
        let machine = tempfile::tempdir().unwrap();
        let secret = machine.path().join("payroll");
        fs::create_dir_all(&secret).unwrap();
        fs::write(secret.join("config.js"), "process.env.PAYROLL_DB_PASSWORD").unwrap();
        let modules = machine.path().join("image/node_modules");
        let package = modules.join("tool");
        fs::create_dir_all(package.join("lib")).unwrap();
        fs::write(package.join("index.js"), "").unwrap();
        // As no installation leaves it; who reads does not rely on that.
        std::os::unix::fs::symlink(&secret, modules.join("linked")).unwrap();
        std::os::unix::fs::symlink(secret.join("config.js"), package.join("config.js")).unwrap();
        std::os::unix::fs::symlink(&secret, package.join("lib/payroll")).unwrap();
        let absolute = secret.to_str().unwrap();
        let (up, deep) = (String::from("../../payroll"), format!("{}{absolute}", "../".repeat(30)));
        let long = format!("{}payroll", "./".repeat(4000));
        for name in
            [&up, &deep, absolute, "linked", "..", "../..", "tool/../../../payroll", "payroll\0", &long, "", "."]
        {
            assert_eq!(secret_names(&package, &modules, [name].into_iter()), BTreeSet::new(), "{name:?}");
        }
    }

    #[test]
    fn however_much_there_is_only_so_much_is_read() {
        let package = tempfile::tempdir().unwrap();
        let text = format!("process.env.{}_KEY;", "A".repeat(200)) + &"process.env.SOME_KEY ".repeat(40_000);
        for folder in 0..40 {
            let folder = package.path().join(folder.to_string());
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("a.js"), &text).unwrap();
        }
        let mut left = Left { bytes: 2 << 20, entries: 50, until: Instant::now() + MAX_TIME };
        assert_eq!(secrets_in(package.path(), &mut left), BTreeSet::from(["SOME_KEY".to_owned()]));
        assert!(left.bytes < text.len() && left.entries == 0, "{} bytes, {} entries", left.bytes, left.entries);
        let many: String = (0..1000).map(|number| format!("process.env.KEY_{number} ")).collect();
        fs::write(package.path().join("many.js"), many).unwrap();
        assert_eq!(secret_names(package.path(), package.path(), std::iter::empty()).len(), MAX_NAMES);
    }
}
