//! What a package's own scripts want of the machine and the sandbox does not give, read from them without running them: so its
//! author, and who adds it, hear of it before a call fails.
//!
//! It is a hint and never a verdict: a script may hold such words for a part that nobody calls.

use super::secret_names::scripts_of;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A capability, what stands in scripts that want it, and what becomes of them.
const WANTED: [(&str, &[&str], &str); 4] = [
    (
        "it starts other programs",
        &["child_process", "Deno.Command(", "\"execa\"", "'execa'", "\"cross-spawn\"", "'cross-spawn'"],
        "the sandbox starts none, so what needs one fails",
    ),
    (
        "it loads native code",
        &["node-gyp-build", "require(\"bindings\")", "require('bindings')", "process.dlopen", "Deno.dlopen"],
        "none runs in the sandbox; JavaScript and WebAssembly do",
    ),
    (
        "it waits for connections",
        &[".listen(process.env.", "http.createServer(", "net.createServer(", "Deno.serve(", "Bun.serve("],
        "nobody reaches it in the sandbox",
    ),
    (
        "it speaks to this machine",
        &["http://localhost:", "http://127.0.0.1:", "ws://localhost:"],
        "the sandbox reaches the public internet alone; the server's operator can allow more (--allow-private-net)",
    ),
];
/// Packages that load or build native code for the one that needs them.
const LOADERS: [&str; 5] = ["bindings", "node-gyp-build", "prebuild-install", "node-pre-gyp", "@mapbox/node-pre-gyp"];
const NATIVE: usize = 1;

/// In words, each with the first place where it stands. Blocks.
pub fn lacking<'a>(package: &Path, mut dependencies: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut found: BTreeMap<usize, String> = BTreeMap::new();
    if let Some(loader) = dependencies.find(|name| LOADERS.contains(name)) {
        found.insert(NATIVE, format!("it needs {loader}"));
    }
    if package.join("binding.gyp").exists() {
        found.insert(NATIVE, String::from("binding.gyp"));
    }
    scripts_of(package, |path, text| {
        for (index, (_, words, _)) in WANTED.iter().enumerate() {
            if !found.contains_key(&index)
                && let Some(word) = words.iter().find(|word| text.contains(**word))
            {
                found.insert(index, format!("{} in {}", word.trim_matches(['(', '.', '"', '\'']), path.display()));
            }
        }
    });
    let said =
        |(index, place): (usize, String)| WANTED.get(index).map(|(what, _, so)| format!("{what} ({place}): {so}"));
    found.into_iter().filter_map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_the_sandbox_does_not_give_is_named_with_its_place() {
        let lacks = |script: &str, needs: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("lib")).unwrap();
            fs::write(folder.path().join("lib/a.js"), script).unwrap();
            lacking(folder.path(), needs.iter().copied()).into_iter().collect::<Vec<_>>().join("\n")
        };
        assert_eq!(lacks("export const a = () => fetch('https://example.com')", &["zod"]), "");
        for (script, needs, words) in [
            ("import cp from 'node:child_process'", &[][..], "starts other programs (child_process in lib/a.js)"),
            ("import { execa } from \"execa\"", &[], "starts other programs"),
            ("", &["prebuild-install"], "native code (it needs prebuild-install)"),
            ("require('bindings')('x')", &[], "native code"),
            ("http.createServer(go).listen(1)", &[], "waits for connections"),
            ("fetch(`http://localhost:${port}`)", &[], "public internet alone"),
        ] {
            assert!(lacks(script, needs).contains(words), "{script}: {}", lacks(script, needs));
        }
    }
}
