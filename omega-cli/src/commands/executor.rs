//! `omega executor`

use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::Args;
use omega_engine::{
    executor::{
        LocalConfig, LocalExecutor,
        service::{Service, ServiceConfig, new_key},
    },
    observe::{
        self,
        otlp::{self, OtlpConfig},
    },
    process::{harden, shutdown::Shutdown},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

/// Run this machine's sandbox as an executor for servers elsewhere
///
/// It speaks TPMJS's executor protocol 1.1: give servers its URL as OMEGA_EXECUTOR_URL and its key as OMEGA_EXECUTOR_API_KEY.
///
/// It keeps no state but a cache of packages, so any number of them can work for one server. Without a key one is made and
/// printed, once; on another address than this machine's own a key must be given.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega executor --listen 0.0.0.0:3002 --api-key-file executor.key")]
pub struct Executor {
    /// Listen on this address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3002")]
    listen: SocketAddr,
    /// Read the key that callers must send from this file [env: OMEGA_EXECUTOR_API_KEY has the key itself]
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Keep the runtime and the packages in this folder [default: the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Let tools reach this HOST:PORT of a private network; may be given several times
    #[arg(long, value_name = "HOST:PORT")]
    allow_private_net: Vec<String>,
    /// Print one line of JSON once ready: {url, apiKey?, pid}
    #[arg(long)]
    json: bool,
}

impl Executor {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        observe::init();
        harden::process();
        let given = self.key(context)?;
        let made = given.is_none();
        let api_key = match given {
            Some(key) => key,
            None if self.listen.ip().is_loopback() => {
                new_key().map_err(|error| Failure::new(Code::Failed, error.to_string()))?
            }
            None => {
                return Err(Failure::usage(format!(
                    "{} is not this machine's own address, and there is no key",
                    self.listen
                ))
                .hint("set OMEGA_EXECUTOR_API_KEY or --api-key-file, and put a proxy with TLS before it"));
            }
        };
        let cache_dir = self.cache.clone().unwrap_or_else(|| context.dirs.cache.clone());
        let local = LocalConfig {
            deno: context.env.get("OMEGA_DENO").map(PathBuf::from),
            allow_private_net: self.allow_private_net.clone(),
            progress: Arc::new(|line| tracing::info!(event = "executor.progress", "{line}")),
            ..LocalConfig::new(&cache_dir)
        };
        let service = format!("{}-executor", OtlpConfig::SERVICE);
        let telemetry = OtlpConfig::from_env(|name| context.env.get(name).map(str::to_owned), &service);
        if let Some(telemetry) = telemetry.map_err(Failure::usage)? {
            let instance = uuid::Uuid::new_v4().to_string();
            otlp::start(telemetry, &instance).map_err(|error| Failure::new(Code::Failed, error))?;
            observe::tell_node(&instance);
        }
        let config = ServiceConfig {
            listen: self.listen,
            api_key: api_key.clone(),
            executor: Arc::new(LocalExecutor::new(local)),
            cache_dir,
        };
        let service = Service::start(config).await.map_err(|error| {
            Failure::usage(format!("can't listen on {}: {error}", self.listen))
                .hint("choose another port with --listen")
        })?;
        let mut shutdown = Shutdown::listen()?;
        self.announce(context, &service.url, made.then_some(&api_key))?;
        service.run(shutdown.requested()).await;
        otlp::flush().await;
        Ok(())
    }

    /// The key that was given, if any.
    fn key(&self, context: &Context) -> Result<Option<SecretString>, Failure> {
        let text = match &self.api_key_file {
            Some(file) => Some(
                fs::read_to_string(file)
                    .map_err(|error| Failure::usage(format!("can't read {}: {error}", file.display())))?,
            ),
            None => context.env.get("OMEGA_EXECUTOR_API_KEY").map(str::to_owned),
        };
        match text.as_deref().map(str::trim) {
            None => Ok(None),
            Some(key) if key.len() < 16 => Err(Failure::usage("the executor's key has fewer than 16 characters")
                .hint("`openssl rand -hex 32` makes one")),
            Some(key) => Ok(Some(SecretString::from(key))),
        }
    }

    /// Says where it is, once it answers. The key is said only when it was made just now.
    fn announce(&self, context: &Context, url: &str, made: Option<&SecretString>) -> Result<(), Failure> {
        if self.json {
            let mut line = json!({ "url": url, "pid": std::process::id() });
            if let Some(key) = made {
                line["apiKey"] = json!(key.expose_secret());
            }
            return context.ui.line(line.to_string());
        }
        let key = made.map(|key| format!(" · key, shown only now: {}", key.expose_secret()));
        context.ui.line(format!("Omega's executor listens on {url}{}", key.unwrap_or_default()))
    }
}
