//! What `omega registry add` is given: a package of npm, the address of an MCP server, or a package that its author tries before it
//! is published, as a folder, a tarball or the address of a git repository.
//!
//! Of the latter a copy is made on this machine, and the server is told its version; so only this machine's own server has it.

use crate::exit::Failure;
use omega_core::sanitize::one_line;
use omega_engine::executor::snapshot::{self, BadFolder, Snapshot};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What the argument means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A package of npm, or an MCP server by its address: the server finds it by itself.
    Elsewhere,
    Folder(PathBuf),
    Tarball(PathBuf),
    /// A repository, and what of it if not its newest state.
    Git(String, Option<String>),
}

const HOSTS: [(&str, &str); 3] =
    [("github:", "https://github.com/"), ("gitlab:", "https://gitlab.com/"), ("bitbucket:", "https://bitbucket.org/")];

impl Source {
    /// By its form, as npm tells them: a path begins with a dot, a slash or a tilde.
    pub fn of(text: &str) -> Self {
        let (address, reference) = match text.split_once('#') {
            Some((address, reference)) if !reference.is_empty() => (address, Some(reference.to_owned())),
            _ => (text, None),
        };
        if let Some((host, rest)) = HOSTS.iter().find_map(|(short, host)| Some((host, address.strip_prefix(short)?))) {
            return Self::Git(format!("{host}{}.git", rest.trim_end_matches(".git")), reference);
        }
        let is_git = ["git+", "git://", "git@", "ssh://"].iter().any(|start| address.starts_with(start))
            || address.starts_with("http") && address.ends_with(".git");
        if is_git {
            return Self::Git(address.strip_prefix("git+").unwrap_or(address).to_owned(), reference);
        }
        let is_tarball = [".tgz", ".tar.gz"].iter().any(|end| text.ends_with(end));
        let is_path = text.starts_with(['.', '/', '~']) || is_tarball && !text.contains("://");
        match (is_path, is_tarball) {
            (true, true) => Self::Tarball(expanded(text)),
            (true, false) => Self::Folder(expanded(text)),
            (false, _) => Self::Elsewhere,
        }
    }

    /// Whether it is a package that is not published.
    pub fn is_own(&self) -> bool {
        *self != Self::Elsewhere
    }

    /// A copy of it under `cache`; `None` of what is elsewhere. Blocks.
    pub fn copied(&self, cache: &Path) -> Result<Option<Snapshot>, Failure> {
        let failed = |BadFolder(why): BadFolder| Failure::usage(why);
        match self {
            Self::Elsewhere => Ok(None),
            Self::Folder(folder) => snapshot::of_folder(cache, folder).map(Some).map_err(failed),
            Self::Tarball(file) => snapshot::of_tarball(cache, file).map(Some).map_err(failed),
            Self::Git(address, reference) => {
                let folder = tempfile::tempdir()
                    .map_err(|error| Failure::usage(format!("a folder for the repository can't be made: {error}")))?;
                let place = folder.path().join("repository");
                cloned(address, reference.as_deref(), &place)?;
                let copied = snapshot::of_folder(cache, &place).map(Some).map_err(failed);
                copied.map_err(|failure| {
                    failure.hint("to build it, clone it yourself, build it there, and add the folder")
                })
            }
        }
    }
}

/// With the home folder in the place of `~`, where the shell left it.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The repository's files as they are, with the user's own git and its credentials; nothing in it is run.
fn cloned(address: &str, reference: Option<&str>, place: &Path) -> Result<(), Failure> {
    let mut git = Command::new("git");
    git.args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "clone", "--quiet", "--depth=1"]);
    if let Some(reference) = reference {
        git.arg(format!("--branch={reference}"));
    }
    git.arg("--").arg(address).arg(place).stdin(Stdio::null());
    let output = git.output().map_err(|error| {
        Failure::usage(format!("git can't be started ({error})"))
            .hint("install git, or download the package and add its folder")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why");
    Err(Failure::usage(format!("{} can't be cloned: {}", one_line(address, 200), one_line(last, 300))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_told_by_its_form() {
        let git = |address: &str, reference: Option<&str>| Source::Git(address.into(), reference.map(str::to_owned));
        for (text, source) in [
            ("mathjs", Source::Elsewhere),
            ("@scope/a@^1", Source::Elsewhere),
            ("https://mcp.example.com/mcp", Source::Elsewhere),
            ("https://example.com/a.tgz", Source::Elsewhere),
            ("./tool", Source::Folder("./tool".into())),
            (".", Source::Folder(".".into())),
            ("../tool", Source::Folder("../tool".into())),
            ("/a/tool", Source::Folder("/a/tool".into())),
            ("tool-1.0.0.tgz", Source::Tarball("tool-1.0.0.tgz".into())),
            ("./tool.tar.gz", Source::Tarball("./tool.tar.gz".into())),
            ("github:me/tool", git("https://github.com/me/tool.git", None)),
            ("github:me/tool.git#v1", git("https://github.com/me/tool.git", Some("v1"))),
            ("git+https://h/me/tool.git", git("https://h/me/tool.git", None)),
            ("git@h:me/tool.git", git("git@h:me/tool.git", None)),
            ("https://h/me/tool.git#main", git("https://h/me/tool.git", Some("main"))),
        ] {
            assert_eq!(Source::of(text), source, "{text}");
        }
    }
}
