//! The flags of a program that serves: `omega serve` and `omega-server` have the same ones, and differ in where their things
//! lie when nothing is said.

use super::config::{Identity, ServeConfig};
use crate::http::{cors::Origin, limits::Flags};
use clap::{Arg, Command, Parser};
use omega_core::model::catalog::ProviderEnv;
use omega_engine::{
    engine::{models, node_config::NodeConfig},
    observe::otlp::OtlpConfig,
    registry::Address,
    vault::MasterKeySource,
};
use secrecy::SecretString;
use std::{ffi::OsString, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// What is said of a server when it starts.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// sqlite:PATH or postgres://... [default: a file in the user's data folder]
    #[arg(long, value_name = "URL", env = "OMEGA_DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Keep the runtime, the tools' packages and scratch files in this folder [default: the user's cache folder]
    #[arg(long, value_name = "FOLDER", env = "OMEGA_CACHE")]
    pub cache: Option<PathBuf>,
    /// The master key of stored credentials, 32 bytes in base64 or hex, in a file of mode 0600; OMEGA_MASTER_KEY may hold the
    /// key itself [default: a file that is made at the first start, in the configuration folder]
    #[arg(long, value_name = "PATH", env = "OMEGA_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Run tools on this executor instead of on this machine (`omega executor` is one); several by commas or by giving it
    /// again. `local` among them makes this machine the last choice
    #[arg(long, value_name = "URL", env = "OMEGA_EXECUTOR_URL", value_delimiter = ',')]
    pub executor: Vec<String>,
    /// The Deno to run tools with; found or provided otherwise
    #[arg(long, value_name = "PATH", env = "OMEGA_DENO")]
    pub deno: Option<PathBuf>,
    /// Megabytes of tool packages to keep; the least recently used are removed
    #[arg(long, default_value_t = 5120, env = "OMEGA_CACHE_LIMIT_MB", value_name = "MB")]
    pub cache_limit_mb: u64,
    /// Let tools reach this HOST:PORT of a private network; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    pub allow_private_net: Vec<String>,
    /// Mirror the registry at this URL (`https://HOST/api`) in the background; `off` mirrors none, and the tools that come with
    /// Omega stay [default: tpmjs.com/api, by https]
    #[arg(long, value_name = "URL", env = "TPMJS_API_URL")]
    pub registry: Option<String>,
    /// Ask this platform about API keys that this server did not make (`https://HOST/api`); who has such a key becomes a user
    /// here [default: nobody is asked]
    #[arg(long, env = "OMEGA_KEY_VERIFIER", value_name = "URL")]
    pub key_verifier: Option<String>,
    /// Where the pictures of users come from who gave an e-mail address; only its hash is sent. `off` asks nobody
    #[arg(long, env = "OMEGA_AVATARS", value_name = "URL", default_value = "https://gravatar.com/avatar")]
    pub avatars: Option<String>,
    /// What models cost, as JSON in a file: {"models": {"provider/model": {"input": 0.4, "output": 1.6}}}, in US dollars for a
    /// million tokens (also cachedInput, cacheWrite). It goes before the prices that Omega knows
    #[arg(long, env = "OMEGA_PRICES", value_name = "PATH")]
    pub prices: Option<PathBuf>,
    /// Serve /metrics at this address too, for whoever reaches it: no key is asked for. On the server's own port an
    /// administrator's key opens it
    #[arg(long, value_name = "ADDRESS:PORT", env = "OMEGA_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// Serve only: leave the runs to other servers on the same PostgreSQL
    #[arg(long, env = "OMEGA_SERVE_ONLY")]
    pub serve_only: bool,
    /// Don't let models propose npm packages to add. They may otherwise, in messages of a conversation's owner: each one is asked about, and is
    /// added for that owner alone
    #[arg(long, env = "OMEGA_NO_AGENT_ADDS")]
    pub no_agent_adds: bool,
    /// How long a run stays this server's own without a sign of life; then another one takes it over
    #[arg(long, value_name = "TIME", default_value = "30s", env = "OMEGA_LEASE", value_parser = humantime::parse_duration)]
    pub lease: Duration,
    /// Where the world finds this server when a proxy stands before it: https://HOST, with the path below which the proxy puts
    /// it, if there is one. Without it, what trusted proxies say counts, request by request
    #[arg(long, env = "OMEGA_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Let pages of this origin (https://HOST) use the API with a user's API key, as docs/EMBEDDING.md shows; several by commas
    /// or by giving it again [default: no other site's pages]
    #[arg(long, env = "OMEGA_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<Origin>,
    /// How much clients may ask for.
    #[command(flatten)]
    pub limits: Flags,
    /// Make another API key for the first user and print it, when theirs is lost; `omega api-keys revoke` ends the lost one
    #[arg(long)]
    pub new_key: bool,
    /// Print one line of JSON once ready: {url, pid, apiKey?, signInUrl?}
    #[arg(long)]
    pub json: bool,
}

/// Where the things of a program lie when its flags don't say it.
#[derive(Debug)]
pub struct DefaultPaths {
    /// The database's URL.
    pub database: String,
    /// The folder of the runtime and the packages.
    pub cache: PathBuf,
    /// The master key; the flag has been asked for it already.
    pub master_key: MasterKeySource,
}

impl ServeArgs {
    /// The configuration that they make; its first user is called `owner`, and it is nobody's own server.
    ///
    /// # Errors
    /// Why the prices, the address of the registry, the public URL or the way to a collector can't be used.
    pub fn config(
        &self,
        listen: SocketAddr,
        places: DefaultPaths,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<ServeConfig, String> {
        let executor_key = env("OMEGA_EXECUTOR_API_KEY").or_else(|| env("OMEGA_EXECUTOR_KEY"));
        Ok(ServeConfig {
            database_url: self.database.clone().unwrap_or(places.database),
            listen,
            metrics: self.metrics,
            cache_dir: self.cache.clone().unwrap_or(places.cache),
            cache_limit: self.cache_limit_mb.saturating_mul(1 << 20),
            deno: self.deno.clone(),
            executors: self.executor.clone(),
            executor_key: executor_key.map(SecretString::from),
            allow_private_net: self.allow_private_net.clone(),
            mirror: Address::read(self.registry.as_deref()).map_err(|error| error.to_string())?,
            providers: ProviderEnv::from_process(),
            model: None,
            prices: models::prices(self.prices.as_deref())?,
            master_key: places.master_key,
            owner_name: "owner".into(),
            identity: Identity {
                key_verifier: self.key_verifier.clone(),
                avatars: self.avatars.clone().filter(|base| base != "off"),
            },
            local: None,
            new_key: self.new_key,
            node: NodeConfig {
                claims: !self.serve_only,
                may_add: !self.no_agent_adds,
                lease: self.lease,
                ..NodeConfig::default()
            },
            limits: self.limits.limits(),
            public_url: self.public_url.as_deref().map(str::parse).transpose()?,
            telemetry: OtlpConfig::from_env(&env, OtlpConfig::SERVICE)?,
            cors_origins: self.cors_origin.clone(),
            clock: <_>::default(),
            progress: Arc::new(|line| tracing::info!(event = "executor.progress", "{line}")),
        })
    }
}

/// Reads what a program was started with. A variable that is set to nothing is as one that is not set: a compose file or a script
/// leaves one out so.
pub fn parse<P: Parser>(arguments: impl IntoIterator<Item = OsString>) -> P {
    let mut command = P::command();
    if std::env::vars_os().any(|(_, value)| value.is_empty()) {
        command = without_empty_variables(command);
    }
    let read = P::from_arg_matches(&command.get_matches_from(arguments));
    read.unwrap_or_else(|error| error.format(&mut P::command()).exit())
}

fn without_empty_variables(command: Command) -> Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg });
    command.mut_subcommands(without_empty_variables)
}
