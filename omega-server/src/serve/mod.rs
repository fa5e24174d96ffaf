//! Starting a server, and ending it without losing anything.

pub mod announce;
pub mod args;
pub mod config;
mod memory;
pub mod restore;

use crate::http::{
    auth,
    identity::{
        avatars::Avatars,
        verifier::{KeyVerifier, Platform, Remembering},
    },
    request::{front::Front, peer::Peer, public_url::PublicUrl},
    router,
    sockets::Sockets,
    state::App,
};
use axum::{ServiceExt, extract::Request};
use config::{Identity, ServeConfig};
use omega_core::{
    api::Timestamp,
    id::UserId,
    model::{
        ModelError,
        http::{Timeouts, Transport},
    },
    net,
    registry::RegistryError,
};
use omega_engine::{
    audit::{heads, refusals},
    engine::{Engine, OwnKeys, models::Catalog},
    executor::{
        self, LocalConfig, Redacting, WithBreaker,
        breaker::{Breakers, Policy},
    },
    observe::{self, known_secrets, otlp},
    process::{clock::Clock, shutdown::Shutdown},
    registry::{IndexFile, Mirror, Pace, RegistryService, model_files},
    store::{Store, StoreError},
    vault::{MasterKeySource, Vault, VaultError},
};
use secrecy::ExposeSecret;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};
use tower::util::MapRequest;

/// How long connections may take to end when the runs have.
const HANG_UP: Duration = Duration::from_secs(2);

/// A server that can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("can't listen on {address}: {reason}; choose another port with --port, or stop what uses it")]
    Listen { address: SocketAddr, reason: std::io::Error },
    #[error("can't serve metrics at {address}: {reason}; choose another address with --metrics, or stop what uses it")]
    Metrics { address: SocketAddr, reason: std::io::Error },
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The transport to the registry that is mirrored.
    #[error("can't mirror a registry: {0}")]
    Mirror(String),
    #[error("{0}")]
    Executor(String),
    /// The transport to those who know people.
    #[error("can't reach those who know people: {0}")]
    Identity(String),
    /// The transport to a collector.
    #[error("can't send telemetry: {0}")]
    Telemetry(String),
    /// The transport to model providers.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The operating system has no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A server that listens.
pub struct Server {
    pub url: String,
    /// Where the world finds it, behind a proxy.
    public_url: Option<PublicUrl>,
    /// Where the listener of its own for `/metrics` is.
    pub metrics: Option<SocketAddr>,
    /// The API key that was made because there was none, or because one was wished; the only time that it is known.
    pub new_key: Option<String>,
    owner: UserId,
    app: App,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
    idle: Option<Duration>,
    /// What goes on beside the requests, and ends with the server.
    background: JoinSet<()>,
}

impl Server {
    /// Starts a server. When this returns, it answers.
    pub async fn start(config: ServeConfig) -> Result<Self, StartError> {
        let own_keys = own_keys(&config);
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|reason| StartError::Listen { address: config.listen, reason })?;
        let address = listener.local_addr().map_err(|reason| StartError::Listen { address: config.listen, reason })?;
        let store = Store::open(&config.database_url).await?.with_clock(config.clock.clone());
        let vault = Vault::unlock(&store, config.master_key.clone()).await?;
        let (owner, new_key) = first_key(&store, &config).await?;
        let vault = vault.with_keyring(owner, config.local.as_ref().and_then(|local| local.keyring.clone()));

        let local = LocalConfig {
            deno: config.deno.clone(),
            cache_limit: config.cache_limit,
            allow_private_net: config.allow_private_net.clone(),
            progress: Arc::clone(&config.progress),
            ..LocalConfig::new(&config.cache_dir)
        };
        let breakers = Breakers::new(store.clone(), Policy::default(), Clock::default());
        let executor = executor::from_config(&config.executors, config.executor_key.as_ref(), local, &breakers)
            .map_err(|error| StartError::Executor(error.to_string()))?;
        let executor = Redacting::new(Arc::new(WithBreaker::new(executor, breakers)));
        let index = IndexFile::new(&config.cache_dir);
        let registry =
            RegistryService::open_with(Arc::new(store.clone()), Arc::new(executor.clone()), Some(index)).await?;
        registry.use_model(&model_files::folder(&config.cache_dir));
        let transport = Transport::new(Timeouts::default());
        let models = Arc::new(Catalog::new(config.providers, config.model, config.prices, transport));
        let engine = Engine::new(
            store,
            vault,
            Arc::clone(&models) as _,
            Arc::clone(&registry) as _,
            executor.clone(),
            own_keys,
            config.node,
        );
        observe::tell_node(engine.node());
        if let Some(telemetry) = config.telemetry {
            otlp::start(telemetry, engine.node()).map_err(StartError::Telemetry)?;
        }
        engine.start().await?;
        let mut background = JoinSet::new();
        let tidied = engine.vault().clone();
        background.spawn(async move { tidied.tidy().await });
        background.spawn(heads::tell(engine.store().clone(), heads::EVERY));
        if let Some(address) = config.mirror {
            let mirror = Mirror::new(Arc::clone(&registry), address, Pace::default());
            background.spawn(mirror.map_err(|error| StartError::Mirror(net::reason(&error)))?.keep());
        }

        let people = who_knows_people(&config.identity)?;
        let idle = config.local.as_ref().and_then(|local| local.idle);
        let front = Front::new(config.limits.trusted_proxies.clone(), config.public_url.clone());
        let sockets = Sockets::new(listener, config.node.stalled, &config.limits);
        let app = App::new(engine, registry, executor, models, config.limits, people, idle.is_some());
        let metrics = match config.metrics {
            Some(address) => Some(measure(address, app.clone(), &mut background).await?),
            None => None,
        };
        background.spawn(refusals::keep(Arc::clone(&app.gate.refusals), app.store.clone()));
        background.spawn(memory::keep_small(app.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = router::router(app.clone(), Arc::clone(&front), config.cors_origins);
        // Before any route is looked for.
        let routes = MapRequest::new(routes, move |request| front.without_base(request));
        let task = tokio::spawn(async move {
            let routes = ServiceExt::<Request>::into_make_service_with_connect_info::<Peer>(routes);
            axum::serve(sockets, routes)
                .with_graceful_shutdown(async {
                    let _ = stopped.await;
                })
                .await
        });
        let url = format!("http://{address}");
        let public_url = config.public_url;
        Ok(Self { url, public_url, metrics, new_key, owner, app, stop, task, idle, background })
    }

    /// An address that signs a browser in as the first user, once, within five minutes.
    pub async fn sign_in_link(&self) -> Result<String, StartError> {
        let code = auth::new_token()?;
        self.app.store.create_code(self.owner, &code).await?;
        Ok(format!("{}#sign-in={code}", self.page()))
    }

    /// Where a browser finds the page: at the public address, or else on this machine.
    pub fn page(&self) -> String {
        let base = self.public_url.as_ref().map_or_else(|| self.reachable(), ToString::to_string);
        format!("{base}/omega")
    }

    /// Where a client on this machine finds it: an address that means all of them is no address to go to.
    pub fn reachable(&self) -> String {
        self.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    }

    /// Serves until the process is told to end, a client asks a user's own server to end, or that server has been idle. Then
    /// runs come to a safe point, readers are told to come back, and connections end. Told to end once more meanwhile, the
    /// server ends at once.
    pub async fn run(self, mut shutdown: Shutdown) {
        tokio::select! {
            () = shutdown.requested() => {}
            () = self.app.stop_requested() => {}
            () = idle(self.app.clone(), self.idle) => {}
        }
        tokio::select! {
            () = self.stop() => {}
            () = shutdown.requested() => tracing::warn!(event = "server.cut", "told to end twice; runs go on elsewhere, or at the next start"),
        }
    }

    /// Ends the server. It answers while its runs come to a safe point, so that they can be read and stopped.
    pub async fn stop(mut self) {
        tracing::info!(event = "server.draining");
        self.app.engine.drain().await;
        let _ = self.stop.send(());
        // Readers were told and have gone; what is left hangs on a client that does not read.
        let mut task = self.task;
        if tokio::time::timeout(HANG_UP, &mut task).await.is_err() {
            task.abort();
        }
        self.app.gate.refusals.record(&self.app.store).await;
        self.background.shutdown().await;
        otlp::flush().await;
    }
}

/// Serves the metrics at an address of their own.
async fn measure(address: SocketAddr, app: App, background: &mut JoinSet<()>) -> Result<SocketAddr, StartError> {
    let failed = |reason| StartError::Metrics { address, reason };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    background.spawn(async move {
        if let Err(error) = axum::serve(listener, router::metrics(app)).await {
            tracing::error!(event = "metrics.ended", %error);
        }
    });
    tracing::info!(event = "metrics.listening", %address);
    Ok(address)
}

type People = (Option<Arc<dyn KeyVerifier>>, Option<Avatars>);

fn who_knows_people(identity: &Identity) -> Result<People, StartError> {
    let failed = |error: reqwest::Error| StartError::Identity(error.to_string());
    let verifier = identity.key_verifier.as_deref().map(Platform::new).transpose().map_err(failed)?;
    let verifier = verifier.map(|platform| Arc::new(Remembering::new(platform)) as Arc<dyn KeyVerifier>);
    Ok((verifier, identity.avatars.as_deref().map(Avatars::new)))
}

/// The secrets of the configuration, for all logs to leave out.
fn own_keys(config: &ServeConfig) -> OwnKeys {
    let key = config.local.as_ref().and_then(|local| local.key.as_ref());
    let master = match &config.master_key {
        MasterKeySource::Given(key) => Some(key),
        _ => None,
    };
    let own = [
        ("OMEGA_API_KEY", key),
        ("OMEGA_EXECUTOR_API_KEY", config.executor_key.as_ref()),
        ("OMEGA_MASTER_KEY", master),
    ];
    let own = own.into_iter().filter_map(|(name, key)| Some((name, key?)));
    let all: OwnKeys = own.chain(config.providers.keys()).map(|(name, key)| (name.to_owned(), key.clone())).collect();
    all.iter().for_each(|(name, key)| known_secrets::note(name, key));
    all
}

/// Makes sure that somebody can sign in; says who, and with which key if it was made now.
async fn first_key(store: &Store, config: &ServeConfig) -> Result<(UserId, Option<String>), StartError> {
    let user = store.first_user(&config.owner_name).await?;
    let local = config.local.as_ref();
    let known = local.and_then(|local| local.key.as_ref());
    if let Some(key) = known
        && store.caller_of_key(key.expose_secret()).await?.is_none()
    {
        store.create_key(user, "this machine", key.expose_secret().to_owned()).await?;
    }
    let has_one = known.is_some() || local.is_none() && !store.keys(user).await?.is_empty();
    if has_one && !config.new_key {
        return Ok((user, None));
    }
    let name = match local {
        _ if has_one => "new key",
        Some(_) => "this machine",
        None => "first key",
    };
    Ok((user, Some(store.create_key(user, name, auth::new_key()?).await?.key)))
}

async fn idle(app: App, after: Option<Duration>) {
    let Some(after) = after else { return std::future::pending().await };
    let step = after.min(Duration::from_secs(5));
    loop {
        tokio::time::sleep(step).await;
        let quiet = Timestamp::now().millis_since(app.last_request()) >= u64::try_from(after.as_millis()).unwrap_or(0);
        let works = app.is_answering() || app.engine.readers() > 0;
        if quiet && !works && matches!(app.store.active_runs().await, Ok(0)) {
            tracing::info!(event = "server.idle", "nothing to do; ending");
            return;
        }
    }
}
