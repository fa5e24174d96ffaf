//! How long calls of real tools take in the local sandbox, beside the same packages under a bare `deno run`:
//!
//! ```text
//! cargo bench -p omega-engine --bench executor -- [ROUNDS] [COLD_ROUNDS]
//! ```
//!
//! Every round runs each case once, in turn, so that what else the machine does falls on all alike: read the ratios, and the
//! absolute times only where the load is near zero. Packages come from the configured npm registry and are kept with Deno under
//! `OMEGA_HOME`, else `target/tool-cache`. None of the calls needs a network.
//!
//! `bare` starts Deno without any sandbox on a script that imports the package and makes the call; `no jail` is Omega with
//! Deno's permissions alone, `cached` with the kernel's jail too; `prewarmed` finds Deno started and `standby` the package
//! loaded; `cancel` is from the request to the end of the process; `cold` installs, looks into and calls a package anew.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use anyhow::{Context, bail, ensure};
use omega_core::{
    executor::{Executed, Execution, Executor, ToolErrorCode},
    id::{ToolId, ToolRunId},
    registry::Calling,
};
use omega_engine::executor::{LocalConfig, LocalExecutor, PoolLimits, jail};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::process::Command;

/// Nothing is called until what shall wait does so.
const SETTLE: Duration = Duration::from_millis(700);

struct Tool {
    label: &'static str,
    package: &'static str,
    version: &'static str,
    export: &'static str,
    /// Of a plain function.
    params: Option<&'static [&'static str]>,
    input: Value,
    /// The same call as JavaScript on the module `m`.
    script: &'static str,
}

fn tools() -> [Tool; 3] {
    [
        Tool {
            label: "fastest-levenshtein",
            package: "fastest-levenshtein",
            version: "1.0.16",
            export: "distance",
            params: Some(&["a", "b"]),
            input: json!({ "a": "kitten", "b": "sitting" }),
            script: "m.distance('kitten', 'sitting')",
        },
        Tool {
            label: "bash-tool (AI SDK)",
            package: "bash-tool",
            version: "1.3.19",
            export: "createBashTool.bash",
            params: None,
            input: json!({ "command": "echo $((6*7))" }),
            script: "(await m.createBashTool()).tools.bash.execute({ command: 'echo $((6*7))' }, { toolCallId: 'x', messages: [] })",
        },
        Tool {
            label: "@agentic/calculator",
            package: "@agentic/calculator",
            version: "7.6.9",
            export: "calculator",
            params: None,
            input: json!({ "expr": "2*(3+4)^2" }),
            script: "m.calculator.execute({ expr: '2*(3+4)^2' })",
        },
    ]
}

fn main() -> anyhow::Result<()> {
    jail::main_if_asked();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    // Cargo says `--bench` first.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut count = |default: usize| args.next().map_or(Ok(default), |arg| arg.parse());
    let (rounds, cold_rounds) = (count(20)?, count(3)?);
    let cache = std::env::var_os("OMEGA_HOME").map_or_else(|| PathBuf::from("target/tool-cache"), PathBuf::from);
    let cache = std::path::absolute(cache)?;
    let none = PoolLimits { prewarmed: 0, standbys: 0, ..PoolLimits::default() };
    let with = |pool| LocalConfig { pool, ..config(&cache) };
    let cached = LocalExecutor::new(with(none));
    let unjailed = LocalExecutor::new(LocalConfig { jail: Some("/nonexistent".into()), ..with(none) });
    let prewarmed = LocalExecutor::new(with(PoolLimits { prewarmed: 1, ..none }));
    let standby = LocalExecutor::new(with(PoolLimits { standbys: 1, ..none }));
    cached.describe("fastest-levenshtein", "1.0.16", "").await?;
    println!("sandbox: {}\nload before: {}", cached.health().await.detail, load());
    let deno = deno(&cache)?;

    let mut table = Table::default();
    for tool in tools() {
        for executor in [&cached, &unjailed, &prewarmed, &standby] {
            call(executor, &tool).await?;
        }
        for _ in 0..rounds {
            let mut row = |case, time| table.add(tool.label, case, time);
            row("bare", bare(&deno, &cache, &tool).await?);
            row("no jail", call(&unjailed, &tool).await?);
            row("cached", call(&cached, &tool).await?);
            tokio::time::sleep(SETTLE).await;
            row("prewarmed", call(&prewarmed, &tool).await?);
            tokio::time::sleep(SETTLE).await;
            row("standby", call(&standby, &tool).await?);
        }
    }
    for _ in 0..rounds {
        table.add("delay", "cancel", cancel(&cached).await?);
    }
    for _ in 0..cold_rounds {
        table.add("@exalabs/ai-sdk", "cold", cold(&cache).await?);
    }
    table.print();
    println!("load after: {}", load());
    Ok(())
}

fn config(cache: &Path) -> LocalConfig {
    let deno = std::env::var_os("OMEGA_DENO").map(PathBuf::from);
    LocalConfig { deno, progress: Arc::new(|line| eprintln!("{line}")), ..LocalConfig::new(cache) }
}

fn execution(package: &str, version: &str, export: &str, params: Option<&[&str]>, input: Value) -> Execution {
    Execution {
        id: ToolRunId::new(),
        owner: String::new(),
        user: String::new(),
        tool: ToolId::new(package, export),
        version: version.to_owned(),
        integrity: None,
        calling: params.map_or(Calling::Tool, |params| Calling::Function {
            params: params.iter().map(|&param| param.to_owned()).collect(),
        }),
        input,
        env: BTreeMap::new(),
        approved: true,
        timeout: Duration::from_secs(60),
        cancel: Box::pin(std::future::pending()),
        on_partial: Arc::new(|_| {}),
        session: None,
    }
}

async fn call(executor: &LocalExecutor, tool: &Tool) -> anyhow::Result<Duration> {
    let execution = execution(tool.package, tool.version, tool.export, tool.params, tool.input.clone());
    let started = Instant::now();
    let executed = executor.execute(execution).await;
    let took = started.elapsed();
    executed.result.with_context(|| tool.label)?;
    Ok(took)
}

/// The same import and call without any sandbox, in the image that Omega made, with caches of its own.
async fn bare(deno: &Path, cache: &Path, tool: &Tool) -> anyhow::Result<Duration> {
    let folder = cache.join("bench");
    let image = cache.join("tools").join(format!("{}@{}", tool.package.replace('/', "+"), tool.version));
    let script = folder.join(format!("{}.mjs", tool.package.replace('/', "+")));
    let text = format!(
        "const m = await (await import({:?})).load();\nconsole.log(JSON.stringify(await {}));\nDeno.exit(0);\n",
        format!("file://{}", image.join("entry.mjs").display()),
        tool.script
    );
    if std::fs::read_to_string(&script).ok().as_deref() != Some(&text) {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(&script, text)?;
        // Its compiled code is kept, as an image's is.
        run(deno, &folder, &image, &script).await?;
    }
    let started = Instant::now();
    run(deno, &folder, &image, &script).await?;
    Ok(started.elapsed())
}

async fn run(deno: &Path, caches: &Path, image: &Path, script: &Path) -> anyhow::Result<()> {
    let output = Command::new(deno)
        .args(["run", "--quiet", "--no-lock", "--cached-only", "--node-modules-dir=manual", "--allow-all"])
        .arg(script)
        .current_dir(image)
        .env("DENO_DIR", caches)
        .env("NO_COLOR", "1")
        .env("DENO_NO_UPDATE_CHECK", "1")
        .stdin(Stdio::null())
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn deno(cache: &Path) -> anyhow::Result<PathBuf> {
    if let Some(deno) = std::env::var_os("OMEGA_DENO") {
        return Ok(deno.into());
    }
    let provided = std::fs::read_dir(cache.join("runtime")).into_iter().flatten().flatten();
    let mut found = provided.map(|entry| entry.path().join("deno")).filter(|path| path.is_file());
    found.next().context("set OMEGA_DENO: Deno is on PATH, and the bare runs must use the same")
}

/// From the request to the end of the process, for a tool that does not look at the signal.
async fn cancel(executor: &LocalExecutor) -> anyhow::Result<Duration> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let execution = execution("delay", "6.0.0", "default", Some(&["ms"]), json!({ "ms": 60_000 }));
    let execution = Execution { cancel: Box::pin(async { drop(stopped.await) }), ..execution };
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let at = Instant::now();
        drop(stop);
        at
    };
    let (Executed { result, .. }, at) = tokio::join!(executor.execute(execution), stopping);
    match result {
        Err(error) if error.code == ToolErrorCode::Cancelled => Ok(at.elapsed()),
        other => bail!("it was not cancelled: {other:?}"),
    }
}

/// A package that was never here; its tool asks for a key, which ends the call.
async fn cold(cache: &Path) -> anyhow::Result<Duration> {
    let fresh = tempfile::tempdir()?;
    std::os::unix::fs::symlink(cache.join("runtime"), fresh.path().join("runtime"))?;
    let executor = LocalExecutor::new(config(fresh.path()));
    executor.health().await;
    let started = Instant::now();
    let executed =
        executor.execute(execution("@exalabs/ai-sdk", "2.1.0", "webSearch", None, json!({ "query": "x" }))).await;
    let took = started.elapsed();
    match executed.result {
        Err(error) if error.code == ToolErrorCode::MissingEnvVars => Ok(took),
        other => bail!("a key should have been asked for: {other:?}"),
    }
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

/// Times by tool and case, in the order of their coming.
#[derive(Default)]
struct Table {
    rows: Vec<(&'static str, &'static str, Vec<Duration>)>,
}

impl Table {
    fn add(&mut self, tool: &'static str, case: &'static str, time: Duration) {
        match self.rows.iter_mut().find(|row| (row.0, row.1) == (tool, case)) {
            Some(row) => row.2.push(time),
            None => self.rows.push((tool, case, vec![time])),
        }
    }

    fn print(&mut self) {
        println!("| tool | case | n | p50 ms | p95 ms | p50 / bare |\n| --- | --- | --- | --- | --- | --- |");
        let mut bare = None;
        for (tool, case, times) in &mut self.rows {
            times.sort_unstable();
            let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
            let (p50, p95) = (at(50), at(95));
            if *case == "bare" {
                bare = Some((*tool, p50));
            }
            let ratio =
                bare.filter(|(of, _)| of == tool).map_or_else(String::new, |(_, bare)| format!("{:.2}", p50 / bare));
            println!("| {tool} | {case} | {} | {p50:.1} | {p95:.1} | {ratio} |", times.len());
        }
    }
}
