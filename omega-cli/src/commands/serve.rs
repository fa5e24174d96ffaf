//! `omega serve`

use crate::{
    connect::{Context, program},
    exit::{Code, Failure},
};
use clap::Args;
use omega_core::{
    api::KeptIn,
    local::{
        api_keys::{Keys, LOCAL, Unusable},
        server_lock::{Claim, Running},
    },
};
use omega_engine::{
    observe,
    process::{failpoint, harden, shutdown::Shutdown},
    vault::{Keyring, KeyringError, MasterKeySource, OwnersKeyring},
};
use omega_server::{
    Local, ServeConfig, Server,
    serve::{
        StartError,
        args::{DefaultPaths, ServeArgs},
    },
};
use secrecy::SecretString;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// Run the server: the REST and SSE API, the page at /omega, the sandbox for tools
///
/// It serves your own database, in the place of the server in the background, which hands over to it: the other commands find
/// it, and nothing is lost on the way. --database names another one. Every start prints a link that signs a browser in; the
/// first one makes an API key and prints it, once. Keys of model providers come from the environment (OPENAI_API_KEY and so on).
/// It logs to stderr what OMEGA_LOG says (`info` when it says nothing, `debug`, or a filter by module).
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega serve
  omega serve --port 9000 --database sqlite:other.db
  omega serve --new-key")]
pub struct Serve {
    /// Listen on this port; any free one when 0
    #[arg(long, default_value_t = 8634)]
    port: u16,
    /// Listen on this address; another one than this machine's own wants a proxy with TLS before it
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    #[command(flatten)]
    serve: ServeArgs,
    /// Be the user's own server: loopback only, one per user, ends when idle
    #[arg(long, hide = true, conflicts_with_all = ["port", "host", "json", "serve_only"])]
    local: bool,
    /// End after this time without a request and without work; only with --local
    #[arg(long, hide = true, requires = "local", default_value = "15m", value_parser = humantime::parse_duration)]
    idle: Duration,
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
        match self.serve.database.as_deref() {
            None | Some("") => self.run_at_home(context).await,
            Some(_) => {
                let server = start(self.config(context, self.listen(), None)?).await?;
                self.serve(server, Shutdown::listen()?).await
            }
        }
    }

    fn listen(&self) -> SocketAddr {
        SocketAddr::from((self.host, self.port))
    }

    /// Serves the home's one database, so that it is the server which the other commands find.
    async fn run_at_home(&self, context: &Context) -> Result<(), Failure> {
        let leaving = |running: &Running| {
            context.ui.note(format!("Your server in the background (pid {}) hands over.", running.pid));
        };
        let claim = context.starter()?.take_over(leaving).await?;
        let server = self.start_locally(context, self.listen(), None).await?;
        let shutdown = Shutdown::listen()?;
        claim.announce(&server.reachable(), &program()?, &context.env, true)?;
        self.serve(server, shutdown).await
    }

    /// Says where the server is, and serves.
    async fn serve(&self, server: Server, shutdown: Shutdown) -> Result<(), Failure> {
        let link = server.sign_in_link().await.map_err(failed)?;
        server.announce(self.serve.json, Some(&link))?;
        server.run(shutdown).await;
        Ok(())
    }

    /// Writes nothing to stdout: its clients find it by `run/server.json` and its key where keys are kept.
    async fn run_locally(&self, context: &Context) -> Result<(), Failure> {
        let claim = Claim::take(&context.dirs).await.map_err(|error| Failure::usage(error.to_string()))?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, claim.port()));
        let server = self.start_locally(context, listen, Some(self.idle)).await?;
        let shutdown = Shutdown::listen()?;
        claim.announce(&server.url, &program()?, &context.env, false)?;
        server.run(shutdown).await;
        Ok(())
    }

    async fn start_locally(
        &self,
        context: &Context,
        listen: SocketAddr,
        idle: Option<Duration>,
    ) -> Result<Server, Failure> {
        let keys = Keys::new(&context.dirs);
        let key = keys.load(LOCAL)?;
        let had_key = key.is_some();
        let local = Local { key, keyring: Some(provider_keys(context, &keys)), idle };
        let server = start(self.config(context, listen, Some(local))?).await?;
        if let Some(key) = server.new_key.as_ref().filter(|_| !had_key) {
            let place = keys.store(LOCAL, &SecretString::from(key.clone()))?;
            tracing::info!(event = "local.key_stored", "the API key is kept in {place}");
        }
        Ok(server)
    }

    fn config(&self, context: &Context, listen: SocketAddr, local: Option<Local>) -> Result<ServeConfig, Failure> {
        let dirs = &context.dirs;
        let places = DefaultPaths {
            database: format!("sqlite:{}", dirs.data.join("omega.db").display()),
            cache: dirs.cache.clone(),
            master_key: key_source(context, self.serve.master_key_file.as_deref()),
        };
        let text = |name: &str| context.env.get(name).map(str::to_owned);
        let config = self.serve.config(listen, places, text).map_err(Failure::usage)?;
        Ok(ServeConfig {
            // The clients of a server in the background say which model; the one of whoever started it must not stick.
            model: if self.local { None } else { context.config.get("model").map(str::to_owned) },
            owner_name: text("USER").unwrap_or(config.owner_name),
            local,
            ..config
        })
    }
}

/// Where the master key comes from: what was given or named first; then the place of the setting `master-key`.
pub(super) fn key_source(context: &Context, file: Option<&Path>) -> MasterKeySource {
    let (env, dirs) = (&context.env, &context.dirs);
    if let Some(key) = env.get("OMEGA_MASTER_KEY") {
        return MasterKeySource::Given(SecretString::from(key));
    }
    if let Some(path) = file {
        return MasterKeySource::File(path.to_owned());
    }
    match context.config.get("master-key") {
        Some("keyring") => MasterKeySource::Keyring(Arc::new(System(Keys::new(dirs)))),
        _ => MasterKeySource::Own(dirs.config.join("master.key")),
    }
}

/// Where a user's own server keeps their keys of model providers.
fn provider_keys(context: &Context, keys: &Keys) -> OwnersKeyring {
    let choice = match context.config.get("provider-keys") {
        Some("keyring") => Some(KeptIn::Keyring),
        Some(_) => Some(KeptIn::Vault),
        None => None,
    };
    OwnersKeyring { keyring: Arc::new(System(keys.clone())), choice }
}

/// The system's keyring, and nothing else.
struct System(Keys);

impl Keyring for System {
    fn load(&self, account: &str) -> Result<Option<SecretString>, KeyringError> {
        self.0.from_keyring(account).map_err(unusable)
    }

    fn store(&self, account: &str, secret: &SecretString) -> Result<(), KeyringError> {
        self.0.to_keyring(account, secret).map_err(unusable)
    }

    fn remove(&self, account: &str) -> Result<(), KeyringError> {
        self.0.out_of_keyring(account).map_err(unusable)
    }
}

fn unusable(error: Unusable) -> KeyringError {
    match error {
        Unusable::Absent(why) => KeyringError::Absent(why),
        Unusable::Refused(why) => KeyringError::Refused(why),
    }
}

async fn start(config: ServeConfig) -> Result<Server, Failure> {
    Server::start(config).await.map_err(failed)
}

fn failed(error: StartError) -> Failure {
    Failure::new(Code::Usage, error.to_string())
}
