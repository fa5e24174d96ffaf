//! This machine's sandbox as a TPMJS executor (protocol 1.1): `omega executor`.
//!
//! It is stateless: any number of them stand behind one server or one balancer. Everything but `/health` wants the Bearer key.
//! A caller that hangs up cancels its call. On its way out it takes no new calls (503), and lets those that run come to an end.

mod answer;
mod cache;
mod call;
mod describe;
mod request;

use answer::Refusal;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use omega_core::{api::Timestamp, budget::OUTPUT, executor::Executor};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::RwLock, sync::oneshot, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PROTOCOL: &str = "1.1";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Parameters, what JSON escapes in them, variables, and the rest.
const MAX_BODY: usize = 2 * OUTPUT.most;
/// The longest that a call may ask for.
const MAX_TIMEOUT: Duration = Duration::from_secs(300);
/// How long calls may take to end when the service does.
const DRAIN: Duration = Duration::from_secs(25);
/// How long they may take to notice that they are cancelled after that.
const GRACE: Duration = Duration::from_secs(3);

/// What a service needs.
pub struct ServiceConfig {
    pub listen: SocketAddr,
    /// What callers must know.
    pub api_key: SecretString,
    /// What runs the tools.
    pub executor: Arc<dyn Executor>,
    /// Where that keeps its packages, for `/cache`.
    pub cache_dir: PathBuf,
}

/// A service that listens.
pub struct Service {
    pub url: String,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

struct Shared {
    executor: Arc<dyn Executor>,
    key: [u8; 32],
    cache_dir: PathBuf,
    started: Instant,
    running: AtomicU64,
    draining: AtomicBool,
    /// Held by calls; to clear the cache nobody else may.
    packages: RwLock<()>,
    calls: TaskTracker,
    end: CancellationToken,
}

/// A key for a service that was given none.
///
/// # Errors
/// When the operating system gives no random numbers.
pub fn new_key() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(SecretString::from(format!("omega_ex_{}", URL_SAFE_NO_PAD.encode(bytes))))
}

impl Service {
    /// Starts a service. When this returns, it answers.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(config: ServiceConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            // Other callers than Omega get back what they gave, too: cleaned here, on the machine that ran it.
            executor: Arc::new(super::Redacting::new(config.executor)),
            key: digest(config.api_key.expose_secret()),
            cache_dir: config.cache_dir,
            started: Instant::now(),
            running: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            packages: RwLock::new(()),
            calls: TaskTracker::new(),
            end: CancellationToken::new(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = router(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            axum::serve(listener, routes).with_graceful_shutdown(stopped).await
        });
        Ok(Self { url, shared, stop, task })
    }

    /// Serves until `shutdown` resolves; then calls come to their ends, or are cancelled when they take too long.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop(DRAIN).await;
    }

    /// Ends the service; calls that run get `patience`.
    pub async fn stop(self, patience: Duration) {
        self.shared.draining.store(true, Ordering::Relaxed);
        self.shared.calls.close();
        if tokio::time::timeout(patience, self.shared.calls.wait()).await.is_err() {
            tracing::warn!(event = "executor.drain_incomplete", running = self.shared.running.load(Ordering::Relaxed));
            self.shared.end.cancel();
            let _ = tokio::time::timeout(GRACE, self.shared.calls.wait()).await;
        }
        // Only now, so that until then callers hear that they have to go elsewhere.
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(GRACE, self.task).await;
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(call::PATH, post(call::execute))
        .route("/load-and-describe", post(describe::one))
        .route("/list-exports", post(describe::all))
        .route("/info", get(info))
        .route("/cache/clear", post(cache::clear))
        .route("/cache/stats", get(cache::stats))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), with_key))
        .route("/health", get(health))
        .fallback(async || Refusal::not_found("there is nothing here; see GET /info"))
        .method_not_allowed_fallback(async || Refusal::method())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(with_headers))
        .with_state(shared)
}

/// Only digests are compared, so that the time it takes says nothing of the key.
fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

async fn with_key(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match key {
        Some((_, key)) if digest(key.trim()) == shared.key => next.run(request).await,
        _ => Refusal::unauthenticated().into_response(),
    }
}

/// What TPMJS's clients look for; its own pages call executors from browsers.
async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-tpmjs-protocol-version", PROTOCOL),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, POST, OPTIONS"),
        ("access-control-allow-headers", "Content-Type, Authorization"),
        ("cache-control", "no-store"),
    ] {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn health(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let health = shared.executor.health().await;
    let draining = shared.draining.load(Ordering::Relaxed);
    let status = match health.status.as_str() {
        _ if draining => "error",
        "ok" => "ok",
        "degraded" => "degraded",
        _ => "error",
    };
    let images = cache::count(&shared.cache_dir).await;
    let body = json!({
        "status": status,
        "version": VERSION,
        "protocolVersion": PROTOCOL,
        "implementationVersion": format!("omega {VERSION}"),
        "timestamp": Timestamp::now(),
        "uptimeSeconds": shared.started.elapsed().as_secs(),
        "cacheSize": images,
        "info": {
            "runtime": health.detail,
            "running": shared.running.load(Ordering::Relaxed),
            "images": images,
            "draining": draining,
        },
    });
    (if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(body))
}

async fn info(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({
        "name": "omega",
        "version": VERSION,
        "protocolVersion": PROTOCOL,
        "capabilities": {
            "isolation": "process",
            "executionModes": ["npm"],
            "maxExecutionTimeMs": u64::try_from(MAX_TIMEOUT.as_millis()).unwrap_or(u64::MAX),
            "maxRequestBodyBytes": MAX_BODY,
            "supportsStreaming": true,
            "supportsCallbacks": false,
            "supportsCaching": true,
        },
        "runtime": shared.executor.health().await.detail,
    }))
}
