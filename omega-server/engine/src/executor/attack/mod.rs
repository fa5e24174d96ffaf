//! The hostile suite of `omega doctor --attack`: a package that is in this program is put where installed packages are, and each
//! of its tools is called in the real sandbox of this machine. Nothing is fetched, and nothing leaves the machine: of addresses
//! elsewhere only the permission is looked at, and one that is refused is then tried.
//!
//! What should hold on this machine and does not is told from what its kernel or system has no means for.

mod probes;

use super::{
    LocalConfig, LocalExecutor,
    image::{self, About, FOLDER},
    jail::{Jail, JailState, Parts},
    runner,
    runtime::{Progress, Runtime},
};
use omega_core::executor::{ToolError, ToolErrorCode};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

const PACKAGE: &str = "omega-attack";
const VERSION: &str = "1.0.0";
const SCRIPT: &str = include_str!("hostile.mjs");
/// A package of somebody else, which this one wants to read.
const OTHER: &str = "omega-other";

/// How one kind of attack ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Defence {
    /// It was refused, or ended.
    Holds,
    /// It should have been on this machine, and was not.
    Broken,
    /// This system has no means for it.
    Absent,
}

/// What is known of one kind of attack.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub name: &'static str,
    pub verdict: Defence,
    pub message: String,
}

/// Where a suite runs.
pub struct Ground {
    /// Where Deno was put, if it was: the cache folder of the user.
    pub cache: PathBuf,
    /// `OMEGA_DENO`.
    pub deno: Option<PathBuf>,
    /// A folder for this suite alone, which is removed after it.
    pub own: PathBuf,
    /// Folders and files of the user that no tool may see.
    pub private: Vec<PathBuf>,
}

/// Runs the suite.
///
/// # Errors
/// When there is no Deno, or the folder can't be used.
pub async fn run(ground: &Ground) -> Result<Vec<Finding>, ToolError> {
    let quiet: Progress = Arc::new(|_| {});
    let Some(deno) = Runtime::new(ground.deno.clone(), &ground.cache, quiet).present().await else {
        let message = "Deno is not here yet, and tools run in it: run one (`omega tools run mathjs::evaluate`), or set OMEGA_DENO";
        return Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, message));
    };
    let victims = prepare(ground).map_err(|error| {
        let message = format!("{} can't be used: {error}", ground.own.display());
        ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
    })?;
    let state = Jail::new(None).state().await.clone();
    let config = LocalConfig { deno: Some(deno.path), ..LocalConfig::new(&ground.own) };
    let probes = probes::Probes {
        landlocked: parts(&state).landlock > 0,
        executor: LocalExecutor::new(config),
        victims,
        confined: matches!(state, JailState::Holds(_)),
    };
    let mut findings = walls(&state);
    findings.extend(probes.all().await);
    Ok(findings)
}

/// What the hostile tools are after.
struct Victims {
    /// A file beside the images.
    secret: PathBuf,
    /// A file in another package's image.
    other: PathBuf,
    /// What is the user's.
    private: Vec<PathBuf>,
}

/// Puts the hostile package and what it is after in place.
fn prepare(ground: &Ground) -> io::Result<Victims> {
    let images = ground.own.join(FOLDER);
    plant(&images, PACKAGE, SCRIPT)?;
    let other = plant(&images, OTHER, "export const key = 'private';\n")?;
    let secret = ground.own.join("secret");
    fs::write(&secret, "secret")?;
    Ok(Victims { secret, other, private: ground.private.iter().filter(|path| path.exists()).cloned().collect() })
}

/// An image as an installation leaves it; where its module is.
fn plant(images: &Path, name: &str, script: &str) -> io::Result<PathBuf> {
    let folder = images.join(format!("{name}@{VERSION}"));
    let package = folder.join("node_modules").join(name);
    fs::create_dir_all(&package)?;
    let manifest = json!({ "name": name, "version": VERSION, "type": "module", "exports": "./index.mjs" });
    fs::write(package.join("package.json"), manifest.to_string())?;
    fs::write(package.join("index.mjs"), script)?;
    let whole = json!({ "name": "image", "private": true, "type": "module", "dependencies": { name: VERSION } });
    fs::write(folder.join("package.json"), whole.to_string())?;
    fs::write(folder.join("entry.mjs"), format!("export const load = () => import({name:?});\n"))?;
    image::make_caches(&folder)?;
    let not_described = ToolError::new(ToolErrorCode::NotATool, "it is here to attack");
    let about = About {
        runner: runner::VERSION.clone(),
        found: Err(not_described),
        in_scripts: BTreeSet::new(),
        lacks: BTreeSet::new(),
    };
    fs::write(folder.join("about.json"), serde_json::to_vec(&about)?)?;
    Ok(package.join("index.mjs"))
}

fn parts(state: &JailState) -> Parts {
    match state {
        JailState::Holds(parts) => *parts,
        JailState::Absent(_) => Parts { landlock: 0, seccomp: false },
    }
}

/// What this system has beside Deno's own sandbox, and what is not held without it.
fn walls(state: &JailState) -> Vec<Finding> {
    let Parts { landlock, seccomp } = parts(state);
    let found = |name, there, message: String| Finding {
        name,
        verdict: if there { Defence::Holds } else { Defence::Absent },
        message,
    };
    let why = match state {
        JailState::Absent(why) => format!("{why}: "),
        JailState::Holds(_) => String::new(),
    };
    vec![
        match landlock {
            0 => found(
                "landlock",
                false,
                format!(
                    "{why}there is none here; other files are held by Deno alone, so a fault in its checks opens them"
                ),
            ),
            1..4 => found(
                "landlock",
                false,
                format!(
                    "version {landlock} here holds files, but no TCP ports: from version 4 on only 443, 80 and 53 are reached"
                ),
            ),
            4.. => found("landlock", true, format!("version {landlock}: the kernel refuses other files and ports too")),
        },
        match seccomp {
            true => found("seccomp", true, "the kernel refuses processes, IPv6 and other sockets too".to_owned()),
            false => found(
                "seccomp",
                false,
                format!(
                    "{why}there is none here; processes are held by Deno alone, and private IPv6 addresses can be reached"
                ),
            ),
        },
    ]
}
