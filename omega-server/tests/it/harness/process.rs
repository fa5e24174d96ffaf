//! The server as a process of its own, so that it can be killed.

use super::{MASTER_KEY, executor::Tools, variables};
use omega_core::{client::Client, testing::StandIn};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    path::Path,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A server's process.
pub struct Process {
    pub client: Client,
    pub url: String,
    /// The key, when it was made at this start.
    pub key: Option<String>,
    child: Child,
    /// The key that `client` has.
    secret: SecretString,
}

/// The command that starts a server on a SQLite database in `folder`, on any free port.
pub fn command(folder: &Path, provider: &StandIn, tools: &Tools) -> Command {
    command_on(&format!("sqlite:{}", folder.join("omega.db").display()), folder, provider, tools)
}

/// The command that starts a server on a database, on any free port.
pub fn command_on(database: &str, folder: &Path, provider: &StandIn, tools: &Tools) -> Command {
    command_at("127.0.0.1:0", database, folder, provider, tools)
}

/// The command that starts a server on an address and a database.
pub fn command_at(listen: &str, database: &str, folder: &Path, provider: &StandIn, tools: &Tools) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omega-server"));
    command
        .args(["--listen", listen, "--json", "--executor", &tools.url, "--database", database])
        .arg("--cache")
        .arg(folder.join("cache"))
        .env_remove("OMEGA_MODEL")
        .env("TPMJS_API_URL", "off")
        .env("OMEGA_MASTER_KEY", MASTER_KEY)
        .envs(variables(provider))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The command that starts a server whose tools run in the sandbox of this machine and reach these hosts alone. Deno and
/// packages stay for the next run of the tests.
pub fn command_sandboxed(folder: &Path, provider: &StandIn, hosts: &[&str]) -> Command {
    command_cached(folder, Path::new(env!("CARGO_TARGET_TMPDIR")), provider, hosts)
}

/// The same with Deno and packages in another folder.
pub fn command_cached(folder: &Path, cache: &Path, provider: &StandIn, hosts: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omega-server"));
    command
        .args(["--listen", "127.0.0.1:0", "--json", "--database"])
        .arg(format!("sqlite:{}", folder.join("omega.db").display()))
        .arg("--cache")
        .arg(cache)
        .args(hosts.iter().flat_map(|host| ["--allow-private-net", host]))
        .env_remove("OMEGA_MODEL")
        .env("TPMJS_API_URL", "off")
        .env("OMEGA_MASTER_KEY", MASTER_KEY)
        .envs(variables(provider))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What a server's metrics say of a series.
pub async fn metric(url: &str, key: &SecretString, series: &str) -> Option<f64> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.get(format!("{url}/metrics")).bearer_auth(key.expose_secret());
    let text = asked.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

impl Process {
    /// Starts one; `key` is what an earlier one made.
    pub async fn start(command: Command, key: Option<String>) -> Self {
        Self::try_start(command, key).await.unwrap_or_else(|status| panic!("not ready, but {status}"))
    }

    /// Starts one that may end before it is ready.
    pub async fn try_start(mut command: Command, key: Option<String>) -> Result<Self, ExitStatus> {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        if line.is_empty() {
            return Err(child.wait().await.unwrap());
        }
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready, but: {line:?}"));
        assert_eq!(ready["pid"].as_u64(), child.id().map(u64::from));
        let made = ready["apiKey"].as_str().map(str::to_owned);
        let known = made.clone().or(key).expect("a key");
        let url = ready["url"].as_str().unwrap().to_owned();
        let secret = SecretString::from(known);
        let client = Client::new(&url, secret.clone()).unwrap();
        Ok(Self { client, url, key: made, child, secret })
    }

    /// SIGKILL: nothing of the process runs any more, no destructor, no drain.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// What its metrics say of a series; nothing for one that is not there.
    pub async fn metric(&self, series: &str) -> Option<f64> {
        metric(&self.url, &self.secret, series).await
    }

    /// Bytes of memory that it has for itself, without those of files (Linux).
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Sends it a signal by name (`STOP`, `CONT`, `TERM`).
    pub fn signal(&self, name: &str) {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        let signal = match name {
            "STOP" => Signal::STOP,
            "CONT" => Signal::CONT,
            "TERM" => Signal::TERM,
            other => panic!("{other}"),
        };
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub async fn exit(mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }
}
