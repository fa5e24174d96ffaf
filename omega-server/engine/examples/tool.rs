//! Describes or runs a tool in the local sandbox, without a server:
//!
//! ```text
//! cargo run -p omega-engine --example tool -- describe PACKAGE[@VERSION]
//! cargo run -p omega-engine --example tool -- run PACKAGE[@VERSION] EXPORT INPUT [--params a,b] [--env NAME]...
//! ```
//!
//! `--env` passes a variable of this process on. Files are kept under `OMEGA_HOME`, else `target/tool-cache`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use anyhow::{Context, bail};
use omega_core::{
    executor::{Execution, Executor},
    id::{ToolId, ToolRunId},
    registry::Calling,
};
use omega_engine::executor::{LocalConfig, LocalExecutor};
use secrecy::SecretString;
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

#[tokio::main]
async fn main() -> ExitCode {
    answer().await.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

async fn answer() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let executor = LocalExecutor::new(config());
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["describe", package] => {
            let (name, version) = split(package);
            let described = executor.describe(name, version, "").await?;
            println!("{}", serde_json::to_string_pretty(&described)?);
            Ok(ExitCode::SUCCESS)
        }
        ["run", package, export, input, options @ ..] => {
            let executed = executor.execute(execution(package, export, input, options)?).await;
            println!("{}", serde_json::to_string_pretty(&executed)?);
            Ok(if executed.result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => bail!(
            "give `describe PACKAGE[@VERSION]` or `run PACKAGE[@VERSION] EXPORT INPUT [--params a,b] [--env NAME]`"
        ),
    }
}

fn config() -> LocalConfig {
    let cache = std::env::var_os("OMEGA_HOME").map_or_else(|| PathBuf::from("target/tool-cache"), PathBuf::from);
    let deno = std::env::var_os("OMEGA_DENO").map(PathBuf::from);
    LocalConfig { deno, progress: Arc::new(|line| eprintln!("{line}")), ..LocalConfig::new(cache) }
}

fn execution(package: &str, export: &str, input: &str, options: &[&str]) -> anyhow::Result<Execution> {
    let (name, version) = split(package);
    let mut calling = Calling::Tool;
    let mut env = BTreeMap::new();
    for option in options.chunks(2) {
        match option {
            ["--params", params] => {
                calling = Calling::Function { params: params.split(',').map(str::to_owned).collect() }
            }
            ["--env", name] => {
                let value = std::env::var(name).with_context(|| format!("{name} is not set"))?;
                env.insert((*name).to_owned(), SecretString::from(value));
            }
            other => bail!("unknown option {}", other.join(" ")),
        }
    }
    Ok(Execution {
        id: ToolRunId::new(),
        owner: String::new(),
        user: String::new(),
        tool: ToolId::new(name, export),
        version: version.to_owned(),
        integrity: None,
        calling,
        input: serde_json::from_str(input).context("INPUT is not JSON")?,
        env,
        approved: true,
        timeout: Duration::from_secs(60),
        cancel: Box::pin(async {
            // Without a handler the default holds: the process ends, and its tools with it.
            let _ = tokio::signal::ctrl_c().await;
        }),
        on_partial: Arc::new(|value| eprintln!("partial: {value}")),
        session: None,
    })
}

/// `@scope/name@1.2.3` into its name and version.
fn split(package: &str) -> (&str, &str) {
    match package.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, version),
        _ => (package, "latest"),
    }
}
