//! `omega-server`: the server alone, for machines. Everything is set by flags or by the variables in `--help`.

use clap::Parser;
use omega_core::model::catalog::ProviderEnv;
use omega_server::{
    Identity, NodeConfig, ServeConfig, Server,
    engine::models,
    executor,
    http::limits::Flags,
    observe,
    process::{failpoint, harden, shutdown},
    serve::announce,
    vault::MasterKeySource,
};
use secrecy::SecretString;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Omega's server: the REST and SSE API, the run engine and the page at /omega.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4317", env = "OMEGA_LISTEN")]
    listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`
    #[arg(long, default_value = "sqlite:omega.db", env = "OMEGA_DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Folder for the runtime, the tools' packages and scratch files
    #[arg(long, default_value = "omega-cache", env = "OMEGA_CACHE")]
    cache: PathBuf,
    /// Megabytes of tool packages to keep; the least recently used are removed
    #[arg(long, default_value_t = 5120, env = "OMEGA_CACHE_LIMIT_MB", value_name = "MB")]
    cache_limit_mb: u64,
    /// The Deno to run tools with; found or provided otherwise
    #[arg(long, env = "OMEGA_DENO")]
    deno: Option<PathBuf>,
    /// The master key of stored credentials, 32 bytes in base64 or hex, in a file of mode 0600; OMEGA_MASTER_KEY may hold the
    /// key itself [default: a file that is made at the first start, in the user's configuration folder]
    #[arg(long, value_name = "PATH", env = "OMEGA_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Run tools on this TPMJS executor instead of on this machine; several by commas or by giving it again, `local` among
    /// them makes this machine the last choice
    #[arg(long, env = "OMEGA_EXECUTOR_URL", value_name = "URL", value_delimiter = ',')]
    executor: Vec<String>,
    /// Let tools reach this HOST:PORT of a private network, and no other host; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    allow_private_net: Vec<String>,
    /// Mirror the registry at this URL (`https://HOST/api`)
    #[arg(long, env = "TPMJS_API_URL")]
    registry: Option<String>,
    /// The model that answers when nobody chose one (`provider/model`)
    #[arg(long, env = "OMEGA_MODEL")]
    model: Option<String>,
    /// Ask this platform about API keys that this server did not make (`https://HOST/api`); who has such a key becomes a user
    /// here [default: nobody is asked]
    #[arg(long, env = "OMEGA_KEY_VERIFIER", value_name = "URL")]
    key_verifier: Option<String>,
    /// Where the pictures of users come from who gave an e-mail address; only its hash is sent. `off` asks nobody
    #[arg(long, env = "OMEGA_AVATARS", value_name = "URL", default_value = "https://gravatar.com/avatar")]
    avatars: Option<String>,
    /// What models cost, as JSON in a file: {"models": {"provider/model": {"input": 0.4, "output": 1.6}}}, in US dollars for a
    /// million tokens (also cachedInput, cacheWrite). It goes before the prices that Omega knows
    #[arg(long, env = "OMEGA_PRICES", value_name = "PATH")]
    prices: Option<PathBuf>,
    /// Serve only: leave the runs to other servers on the same PostgreSQL
    #[arg(long, env = "OMEGA_SERVE_ONLY")]
    serve_only: bool,
    /// How long a run stays this server's own without a sign of life; then another one takes it over
    #[arg(long, default_value = "30s", env = "OMEGA_LEASE", value_parser = humantime::parse_duration)]
    lease: Duration,
    #[command(flatten)]
    limits: Flags,
    /// Print one line of JSON once ready: {url, apiKey?, pid}
    #[arg(long)]
    json: bool,
    /// Print the names that OMEGA_FAILPOINT takes
    #[arg(long, hide = true)]
    list_failpoints: bool,
}

fn main() -> anyhow::Result<()> {
    executor::jail::main_if_asked();
    serve()
}

/// Where the master key comes from: given, named, or Omega's own file, which lies apart from the database.
fn master_key(file: Option<PathBuf>) -> anyhow::Result<MasterKeySource> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = || folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    if let Ok(key) = std::env::var("OMEGA_MASTER_KEY") {
        return Ok(MasterKeySource::Given(SecretString::from(key)));
    }
    let own = || Some(MasterKeySource::Own(config()?.join("omega").join("server-master.key")));
    file.map(MasterKeySource::File).or_else(own).ok_or_else(|| {
        anyhow::anyhow!(
            "there is no place for the master key: set OMEGA_MASTER_KEY (`openssl rand -base64 32` makes one), or name a \
             file with --master-key-file"
        )
    })
}

#[tokio::main]
async fn serve() -> anyhow::Result<()> {
    let args = Args::parse();
    if args.list_failpoints {
        return Ok(announce::say(&failpoint::list())?);
    }
    observe::init();
    harden::process();
    failpoint::arm_from_env().map_err(anyhow::Error::msg)?;
    let server = Server::start(ServeConfig {
        database_url: args.database,
        listen: args.listen,
        cache_dir: args.cache,
        cache_limit: args.cache_limit_mb.saturating_mul(1 << 20),
        deno: args.deno,
        executors: args.executor,
        executor_key: ["OMEGA_EXECUTOR_API_KEY", "OMEGA_EXECUTOR_KEY"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
            .map(SecretString::from),
        allow_private_net: args.allow_private_net,
        registry_url: args.registry,
        providers: ProviderEnv::from_process(),
        model: args.model,
        prices: models::prices(args.prices.as_deref()).map_err(anyhow::Error::msg)?,
        master_key: master_key(args.master_key_file)?,
        owner_name: "owner".into(),
        identity: Identity { key_verifier: args.key_verifier, avatars: args.avatars.filter(|base| base != "off") },
        local: None,
        node: NodeConfig { claims: !args.serve_only, lease: args.lease, ..NodeConfig::default() },
        limits: args.limits.limits(),
        clock: <_>::default(),
        progress: Arc::new(|line| tracing::info!(event = "executor.progress", "{line}")),
    })
    .await?;
    server.announce(args.json)?;
    server.run(shutdown::requested).await;
    Ok(())
}
