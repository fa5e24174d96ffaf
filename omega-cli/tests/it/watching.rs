//! `omega registry add ./my-tool --watch`: a folder that its author works on, looked into again after each change.
//!
//! Where Deno can't be had, the test says so and passes; under `CI=true` it fails instead.

use crate::{
    attack::home,
    home::{Home, signal},
};
use std::{
    fs::{self, File},
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(120);

fn tool(home: &Home, script: &str) {
    let manifest = r#"{"name": "my-tool", "version": "0.1.0", "type": "module", "main": "index.js"}"#;
    home.file("my-tool/package.json", manifest);
    home.file("my-tool/index.js", script);
}

fn echo(description: &str, word: &str) -> String {
    format!(
        "export const echo = {{ description: '{description}', inputSchema: {{ jsonSchema: {{ type: 'object', properties: {{}} }} }}, execute: () => '{word}' }};"
    )
}

/// A command that watches, and all that it said so far.
struct Watching {
    child: Child,
    said: std::path::PathBuf,
}

impl Watching {
    fn begin(home: &Home) -> Self {
        let said = home.path().join("said");
        let (out, errors) = (File::create(&said).unwrap(), File::options().append(true).open(&said).unwrap());
        let mut command = home.command(&["registry", "add", "./my-tool", "--watch"]);
        let child = command.current_dir(home.path()).stdout(out.try_clone().unwrap()).stderr(errors).spawn().unwrap();
        Self { child, said }
    }

    fn all(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Waits until it says a text.
    #[track_caller]
    fn says(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.all().contains(text) {
            assert!(begun.elapsed() < PATIENCE && self.child.try_wait().unwrap().is_none(), "{text:?}: {}", self.all());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn called(home: &Home) -> String {
    home.omega(&["tools", "run", "my-tool::echo"]).expect(0).stdout.trim().to_owned()
}

#[test]
fn each_change_is_looked_into_a_broken_one_keeps_the_last_and_ctrl_c_ends_it() {
    let home = home();
    if !is_deno_here(&home) {
        return;
    }
    tool(&home, &echo("The first.", "one"));
    let mut watching = Watching::begin(&home);
    watching.says("The first.");
    watching.says("Watching the folder");
    assert!(called(&home).contains("one"));
    tool(&home, &echo("The second.", "two"));
    watching.says("The second.");
    assert!(called(&home).contains("two"));
    tool(&home, "export const echo = {;");
    watching.says("What was added before stays.");
    let said = watching.all();
    assert!(
        said.contains("can't be imported") && said.contains("mend it") && !said.contains("another version"),
        "{said}"
    );
    assert!(called(&home).contains("two"), "the last good one");
    tool(&home, &echo("The third.", "three"));
    watching.says("The third.");
    assert!(called(&home).contains("three"));
    signal("INT", watching.child.id().into());
    assert_eq!(watching.child.wait().unwrap().code(), Some(0), "{}", watching.all());
    assert!(called(&home).contains("three"), "it stays");
}

fn is_deno_here(home: &Home) -> bool {
    let is_here = std::env::var_os("OMEGA_DENO").is_some() || is_filled(&home.path().join("cache/runtime"));
    assert!(is_here || std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI");
    if !is_here {
        eprintln!("skipped: there is no Deno");
    }
    is_here
}

fn is_filled(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
