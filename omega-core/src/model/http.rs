//! [`HttpModel`]: a provider over HTTP.
//!
//! One request, no retry (the run engine retries; see [`super::retry`]). Four timers: connecting, the first byte, silence
//! between bytes, and the whole call. Comments that keep a connection alive count as bytes, so a slow model may think; the
//! timer of the whole call ends it in any case. Redirects are not followed, so that a key never goes to another host;
//! engines on loopback are reached without the proxy. Dropping the stream closes the connection.

use super::{
    Model, ModelError, ModelEvent, ModelRequest, ModelStream,
    catalog::{self, Endpoint, ModelName, ProviderEnv, Resolved},
    offline::OfflinePlanner,
    wire::{Decoder, http_error},
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{collections::VecDeque, error::Error, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// The longest error body that is read.
const LONGEST_ERROR: usize = 64 * 1024;

/// How long the end of a body may come after the end of its answer.
const MOMENT: Duration = Duration::from_millis(50);

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// From the request to the first byte of the answer's body.
    pub first_byte: Duration,
    /// The same for engines on this machine, which may have to load the model first.
    pub loading: Duration,
    /// Between two reads.
    pub silence: Duration,
    /// The whole call.
    pub total: Duration,
    /// After the answer is whole, for usage and the end of the body.
    pub tail: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            loading: Duration::from_secs(300),
            silence: Duration::from_secs(60),
            total: Duration::from_secs(600),
            tail: Duration::from_secs(5),
        }
    }
}

/// The connections to providers, shared by all models. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transport {
    remote: Client,
    loopback: Client,
    timeouts: Timeouts,
}

impl Transport {
    /// A transport with timeouts of its own.
    ///
    /// # Errors
    /// [`ModelError::Config`] when this machine's TLS can't be set up.
    pub fn new(timeouts: Timeouts) -> Result<Self, ModelError> {
        let client = || {
            Client::builder()
                .connect_timeout(timeouts.connect)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("omega/", env!("CARGO_PKG_VERSION")))
        };
        let failed = |error: reqwest::Error| ModelError::Config(format!("can't set up HTTP: {}", reason(&error)));
        Ok(Self {
            remote: client().build().map_err(failed)?,
            loopback: client().no_proxy().build().map_err(failed)?,
            timeouts,
        })
    }

    /// The model of that name, ready to be asked.
    ///
    /// # Errors
    /// [`ModelError::Config`], see [`catalog::resolve`].
    pub fn model(&self, name: &ModelName, env: &ProviderEnv) -> Result<Arc<dyn Model>, ModelError> {
        match catalog::resolve(name, env)? {
            Resolved::Remote(endpoint) => Ok(Arc::new(HttpModel::new(endpoint, self.clone()))),
            Resolved::Offline => Ok(Arc::new(OfflinePlanner::new())),
        }
    }

    /// A small JSON document, or nothing.
    pub(super) async fn get_json(&self, url: &str) -> Option<Value> {
        let response = self.client(url).get(url).send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        serde_json::from_slice(&beginning(response, 4 * 1024 * 1024).await).ok()
    }

    fn client(&self, url: &str) -> &Client {
        let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        if loopback { &self.loopback } else { &self.remote }
    }
}

/// A provider over HTTP.
#[derive(Debug, Clone)]
pub struct HttpModel {
    endpoint: Endpoint,
    transport: Transport,
}

impl HttpModel {
    /// The models of one endpoint.
    #[must_use]
    pub fn new(endpoint: Endpoint, transport: Transport) -> Self {
        Self { endpoint, transport }
    }

    fn request(&self, request: &ModelRequest) -> Result<RequestBuilder, ModelError> {
        let Endpoint { provider, format, base_url, key } = &self.endpoint;
        let url = format!("{base_url}{}", format.path(&request.model));
        let body = format.encode(provider, request).to_string();
        let mut builder = self
            .transport
            .client(&url)
            .post(&url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body);
        for (name, value) in format.headers(key.as_ref().map(ExposeSecret::expose_secret)) {
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                ModelError::Config(format!("the key of {provider} has characters that no key has; store it again"))
            })?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        Ok(builder)
    }

    async fn status_error(&self, response: Response, deadline: Instant) -> ModelError {
        let provider = &self.endpoint.provider;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = timeout_at(deadline, beginning(response, LONGEST_ERROR)).await.unwrap_or_default();
        let header = |name: &str| headers.get(name)?.to_str().ok();
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
            let message = format!("it redirects to {to}; correct the base URL");
            return http_error(provider, status.as_u16(), header, message.as_bytes());
        }
        http_error(provider, status.as_u16(), header, &body)
    }
}

#[async_trait]
impl Model for HttpModel {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let provider = &self.endpoint.provider;
        let (start, timeouts) = (Instant::now(), self.transport.timeouts);
        let patience = if self.endpoint.is_local_engine() { timeouts.loading } else { timeouts.first_byte };
        let first = start + patience.min(timeouts.total);
        let sent = timeout_at(first, self.request(&request)?.send()).await;
        let response = match sent {
            Err(_) => return Err(ModelError::Timeout { provider: provider.clone(), what: "first byte" }),
            Ok(Err(error)) => {
                return Err(ModelError::Connect { provider: provider.clone(), message: reason(&error) });
            }
            Ok(Ok(response)) => response,
        };
        if !response.status().is_success() {
            return Err(self.status_error(response, first).await);
        }
        let reading = Reading {
            provider: provider.clone(),
            body: response.bytes_stream().boxed(),
            decoder: self.endpoint.format.decoder(provider),
            queue: VecDeque::new(),
            over: false,
            next: (first, "first byte"),
            end: start + timeouts.total,
            timeouts,
        };
        Ok(stream::unfold(reading, Reading::next).boxed())
    }
}

/// A body that is being read.
struct Reading {
    provider: String,
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    decoder: Decoder,
    queue: VecDeque<Result<ModelEvent, ModelError>>,
    over: bool,
    /// When the next bytes must be there, and what that timer is called.
    next: (Instant, &'static str),
    end: Instant,
    timeouts: Timeouts,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<ModelEvent, ModelError>, Self)> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some((event, self));
            }
            if self.over {
                return None;
            }
            let (deadline, what) = if self.next.0 < self.end { self.next } else { (self.end, "the whole answer") };
            match timeout_at(deadline, self.body.next()).await {
                Ok(Some(Ok(bytes))) => {
                    self.queue.extend(self.decoder.feed(&bytes));
                    let patience = if self.decoder.is_settled() { self.timeouts.tail } else { self.timeouts.silence };
                    self.next = (Instant::now() + patience, "silence");
                    self.over = self.decoder.is_over();
                    if self.over {
                        self.read_out().await;
                    }
                }
                Err(_) if !self.decoder.is_settled() => {
                    self.over = true;
                    self.queue.push_back(Err(ModelError::Timeout { provider: self.provider.clone(), what }));
                }
                // The body ended, broke, or says nothing more after a whole answer: the decoder knows which.
                _ => {
                    self.over = true;
                    self.queue.extend(self.decoder.finish());
                }
            }
        }
    }

    /// Waits a moment for the end of the body: only a connection whose answer was read to its end is used again, and the
    /// next step of the run should not have to greet the provider anew.
    async fn read_out(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.body.next().await {} };
        // A provider that keeps the body open only costs a new connection.
        let _ = tokio::time::timeout(MOMENT, rest).await;
    }
}

/// The first bytes of a body; what comes before a failure counts.
async fn beginning(response: Response, limit: usize) -> Vec<u8> {
    let (mut body, mut bytes) = (response.bytes_stream(), Vec::new());
    while let Some(Ok(chunk)) = body.next().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= limit {
            bytes.truncate(limit);
            break;
        }
    }
    bytes
}

/// The innermost reason of a failed request; the outer ones only repeat the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
