//! A user's home of one test: an empty folder, a clean environment, and the server that was started in it, ended with it.

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// What a command came to.
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// The last line on stderr: before it stands where a first start keeps its keys.
    pub fn stderr_end(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

pub struct Home {
    dir: TempDir,
    env: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// With a provider that answers instead of the offline planner.
    pub fn provider(self, url: &str) -> Self {
        self.env("OPENAI_BASE_URL", url).env("OPENAI_API_KEY", "sk-test").env("OMEGA_MODEL", "openai/stand-in")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A command with this home and nothing else of the machine's environment but the path.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_omega"));
        command.args(arguments).env_clear().env("OMEGA_HOME", self.path());
        // No test reaches for the public registry.
        command.env("TPMJS_API_URL", "off");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn omega(&self, arguments: &[&str]) -> Done {
        self.command(arguments).output().unwrap().into()
    }

    /// With this text on stdin.
    pub fn omega_with(&self, arguments: &[&str], stdin: &str) -> Done {
        let file = self.path().join("stdin");
        std::fs::write(&file, stdin).unwrap();
        self.command(arguments).stdin(std::fs::File::open(file).unwrap()).output().unwrap().into()
    }

    /// What the server that runs here says of itself.
    pub fn server(&self) -> Option<Value> {
        serde_json::from_str(&std::fs::read_to_string(self.path().join("run/server.json")).ok()?).ok()
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Sends a signal to a process that this test started.
pub fn signal(name: &str, pid: u64) {
    Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(pid) = self.server().and_then(|server| server["pid"].as_u64()) {
            signal("KILL", pid);
        }
    }
}
