//! `omega serve`

use crate::{
    connect::{Context, program},
    exit::{Code, Failure},
};
use clap::Args;
use omega_core::{
    local::{
        claim::Claim,
        keys::{Keys, LOCAL, MASTER},
    },
    model::catalog::ProviderEnv,
};
use omega_server::{
    Identity, Local, NodeConfig, ServeConfig, Server,
    engine::models,
    http::limits::Flags,
    observe,
    process::{failpoint, harden, shutdown},
    vault::{KeyStore, MasterKeySource},
};
use secrecy::SecretString;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Runs the server: the REST and SSE API, the page at /omega, the sandbox for tools.
///
/// The first start makes an API key and prints it, once. Keys of model providers come from the environment
/// (OPENAI_API_KEY and so on).
#[derive(Debug, Args)]
pub struct Serve {
    /// Listen on this port; any free one when 0
    #[arg(long, default_value_t = 4317)]
    port: u16,
    /// Listen on this address; another one than this machine's own wants a proxy with TLS before it
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// sqlite:PATH or postgres://... [default: a file in the user's data folder]
    #[arg(long, value_name = "URL", env = "OMEGA_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// The master key of stored credentials, 32 bytes in base64 or hex, in a file of mode 0600; OMEGA_MASTER_KEY may hold the
    /// key itself [default: a file that is made at the first start, in the configuration folder]
    #[arg(long, value_name = "PATH", env = "OMEGA_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// Run tools on this executor instead of on this machine (`omega executor` is one); several by commas or by giving it
    /// again. `local` among them makes this machine the last choice
    #[arg(long, value_name = "URL", env = "OMEGA_EXECUTOR_URL", value_delimiter = ',')]
    executor: Vec<String>,
    /// Megabytes of tool packages to keep; the least recently used are removed
    #[arg(long, default_value_t = 5120, env = "OMEGA_CACHE_LIMIT_MB", value_name = "MB")]
    cache_limit_mb: u64,
    /// Let tools reach this HOST:PORT of a private network; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    allow_private_net: Vec<String>,
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
    #[arg(long, env = "OMEGA_SERVE_ONLY", conflicts_with = "local")]
    serve_only: bool,
    #[command(flatten)]
    limits: Flags,
    /// Be the user's own server: loopback only, one per user, ends when idle
    #[arg(long, hide = true, conflicts_with_all = ["port", "host", "json"])]
    local: bool,
    /// End after this time without a request and without work; only with --local
    #[arg(long, hide = true, requires = "local", default_value = "15m", value_parser = humantime::parse_duration)]
    idle: Duration,
    /// Print one line of JSON once ready: {url, apiKey?, pid}
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        observe::init();
        harden::process();
        for path in context.dirs.tighten() {
            tracing::warn!(event = "files.tightened", path = %path.display(), "others could read this; now they can't");
        }
        failpoint::arm_from_env().map_err(Failure::usage)?;
        if self.local {
            return self.run_locally(context).await;
        }
        let server = start(self.config(context, "server.db", self.port, None)?).await?;
        server.announce(self.json)?;
        server.run(shutdown::requested).await;
        Ok(())
    }

    /// Writes nothing to stdout: its clients find it by `run/server.json` and its key where keys are kept.
    async fn run_locally(&self, context: &Context) -> Result<(), Failure> {
        let claim = Claim::take(&context.dirs).await.map_err(|error| Failure::usage(error.to_string()))?;
        let keys = Keys::new(&context.dirs);
        let local = Local { key: keys.load(LOCAL)?, idle: self.idle };
        let port = claim.port();
        let server = start(self.config(context, "omega.db", port, Some(local))?).await?;
        if let Some(key) = &server.new_key {
            let place = keys.store(LOCAL, &SecretString::from(key.clone()))?;
            tracing::info!(event = "local.key_stored", "the API key is kept in {place}");
        }
        claim.announce(&server.url, &program()?, &context.env)?;
        server.run(shutdown::requested).await;
        Ok(())
    }

    /// What was given or named comes first; then the place of the setting `master-key`.
    fn master_key(&self, context: &Context) -> MasterKeySource {
        let (env, dirs) = (&context.env, &context.dirs);
        if let Some(key) = env.get("OMEGA_MASTER_KEY") {
            return MasterKeySource::Given(SecretString::from(key));
        }
        if let Some(path) = &self.master_key_file {
            return MasterKeySource::File(path.clone());
        }
        match context.config.get("master-key") {
            Some("keyring") => MasterKeySource::Keyring(Arc::new(Keyring(Keys::new(dirs)))),
            _ => MasterKeySource::Own(dirs.config.join("master.key")),
        }
    }

    fn config(
        &self,
        context: &Context,
        database: &str,
        port: u16,
        local: Option<Local>,
    ) -> Result<ServeConfig, Failure> {
        let (env, dirs) = (&context.env, &context.dirs);
        let text = |name: &str| env.get(name).map(str::to_owned);
        let file = || format!("sqlite:{}", dirs.data.join(database).display());
        let listen = match local {
            Some(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            None => SocketAddr::from((self.host, port)),
        };
        Ok(ServeConfig {
            database_url: self.database.clone().unwrap_or_else(file),
            listen,
            cache_dir: dirs.cache.clone(),
            cache_limit: self.cache_limit_mb.saturating_mul(1 << 20),
            deno: env.get("OMEGA_DENO").map(PathBuf::from),
            executors: self.executor.clone(),
            executor_key: text("OMEGA_EXECUTOR_API_KEY").or_else(|| text("OMEGA_EXECUTOR_KEY")).map(SecretString::from),
            allow_private_net: self.allow_private_net.clone(),
            registry_url: text("TPMJS_API_URL"),
            providers: ProviderEnv::from_process(),
            // The clients of a user's own server say which model; the one of whoever started it must not stick.
            model: if local.is_some() { None } else { context.config.get("model").map(str::to_owned) },
            prices: models::prices(self.prices.as_deref()).map_err(Failure::usage)?,
            master_key: self.master_key(context),
            owner_name: text("USER").unwrap_or_else(|| String::from("owner")),
            identity: Identity {
                key_verifier: self.key_verifier.clone(),
                avatars: self.avatars.clone().filter(|base| base != "off"),
            },
            local,
            node: NodeConfig { claims: !self.serve_only, ..NodeConfig::default() },
            limits: self.limits.limits(),
            clock: <_>::default(),
            progress: Arc::new(|line| tracing::info!(event = "executor.progress", "{line}")),
        })
    }
}

/// The system's keyring, and nothing else: without it the server does not start.
struct Keyring(Keys);

impl KeyStore for Keyring {
    fn load(&self) -> Result<Option<SecretString>, String> {
        self.0.from_keyring(MASTER)
    }

    fn store(&self, text: &SecretString) -> Result<(), String> {
        self.0.to_keyring(MASTER, text)
    }
}

async fn start(config: ServeConfig) -> Result<Server, Failure> {
    Server::start(config).await.map_err(|error| Failure::new(Code::Usage, error.to_string()))
}
