//! [`HttpModel`]: a provider over HTTP.
//!
//! One request, no retry (the run engine retries; see [`super::retry`]), but for a refusal that names something which can be
//! left out ([`super::gate::refusal`]): that is said, left out for as long as the model is used, and the request sent again.
//! Four timers: connecting, the first byte, silence between bytes, and the whole call. Comments that keep a connection alive count as bytes, so a slow model may think; the
//! timer of the whole call ends it in any case. Redirects are not followed, so that a key never goes to another host;
//! engines on loopback are reached without the proxy. Dropping the stream closes the connection.

use super::{
    Model, ModelError, ModelEvent, ModelRequest, ModelStream,
    catalog::{self, Endpoint, ModelName, ProviderEnv, Resolved},
    gate::{
        Gate, overlong,
        refusal::{self, LeftOut, Named},
    },
    json,
    offline::OfflinePlanner,
    wire::{Addressee, Decoder, Prepared, http_error},
};
use crate::{deadline::Deadline, net, trace};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// The longest error body that is read.
const LONGEST_ERROR: usize = 64 * 1024;

/// The longest document that is read: a list of models.
const LONGEST_DOCUMENT: usize = 4 * 1024 * 1024;

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
    pub silence: Duration,
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
    /// With and without TLS, to here and elsewhere: made when the first of a kind is needed, because certificates take a
    /// moment to be read.
    clients: Arc<[OnceLock<Client>; 4]>,
    timeouts: Timeouts,
}

impl Transport {
    /// A transport with timeouts of its own. Connects to nothing yet.
    pub fn new(timeouts: Timeouts) -> Self {
        Self { clients: Arc::default(), timeouts }
    }

    /// The model of that name, ready to be asked.
    ///
    /// # Errors
    /// [`ModelError::Config`], see [`catalog::resolve`].
    pub fn model(&self, name: &ModelName, env: &ProviderEnv) -> Result<Arc<dyn Model>, ModelError> {
        match catalog::resolve(name, env)? {
            Resolved::Remote(endpoint) => Ok(Arc::new(HttpModel::new(endpoint, self.clone()))),
            Resolved::Offline => Ok(Arc::new(OfflinePlanner)),
        }
    }

    /// A small JSON document, or nothing.
    pub(super) async fn get_json(&self, url: &Url) -> Option<Value> {
        self.get_json_with(url, &[]).await
    }

    /// The same, asked for with headers that may be secret.
    pub(super) async fn get_json_with(&self, url: &Url, headers: &[(&'static str, String)]) -> Option<Value> {
        let mut request = self.client(url).ok()?.get(url.clone());
        for (name, value) in headers {
            request = request.header(*name, secret(value)?);
        }
        let response = request.send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        json::read(&String::from_utf8_lossy(&beginning(response, LONGEST_DOCUMENT).await)).ok()
    }

    fn client(&self, url: &Url) -> Result<&Client, ModelError> {
        let kind = usize::from(net::is_here(url)) * 2 + usize::from(url.scheme() == "https");
        if let Some(client) = self.clients[kind].get() {
            return Ok(client);
        }
        let client = net::client_of(url)
            .connect_timeout(self.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ModelError::Config(format!("can't set up HTTP: {}", net::reason(&error))))?;
        Ok(self.clients[kind].get_or_init(|| client))
    }
}

/// A header that is not shown. Nothing when it has characters that no header has.
fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A provider over HTTP.
#[derive(Debug, Clone)]
pub struct HttpModel {
    endpoint: Endpoint,
    transport: Transport,
    left_out: Arc<Mutex<LeftOut>>,
}

impl HttpModel {
    pub fn new(endpoint: Endpoint, transport: Transport) -> Self {
        Self { endpoint, transport, left_out: Arc::default() }
    }

    fn prepare(&self, request: &ModelRequest) -> Prepared {
        let Endpoint { provider, format, address, .. } = &self.endpoint;
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner).clone();
        format.prepare(Addressee { provider, base_url: address.as_str() }, request, &left_out)
    }

    /// What of a request to leave out, if its refusal names something that is not left out yet.
    fn learn(&self, error: &ModelError, refusal: &[u8], request: &ModelRequest, sent: &Prepared) -> Option<Named> {
        let ModelError::Http { status, .. } = error else { return None };
        let refusal = String::from_utf8_lossy(refusal);
        let tools: Vec<&str> = sent.gate.tools().iter().map(|tool| tool.name.as_str()).collect();
        let named = matches!(status, 400 | 422 | 500).then(|| refusal::named(&refusal, &sent.body, &tools)).flatten();
        // A field that is named goes first: a cap of the answer counts with the prompt.
        let named = match named {
            Some(named @ (Named::Field(_) | Named::Limit(_))) => named,
            named => match self.shorten(overlong::is_told(*status, &refusal), &refusal, request, sent) {
                Some(length) => length,
                None => named?,
            },
        };
        // A template that throws is a server's fault to llama.cpp; other words of such a fault mean nothing.
        if *status == 500 && !matches!(named, Named::SystemRole | Named::Length(_)) {
            return None;
        }
        let named = match named {
            Named::Tool(name) => Named::Tool(sent.gate.own_name(name)),
            other => other,
        };
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).add(&named).then_some(named)
    }

    /// What of the history to leave out, if it is too long.
    fn shorten(&self, is_too_long: bool, refusal: &str, request: &ModelRequest, sent: &Prepared) -> Option<Named> {
        let before = self.left_out.lock().unwrap_or_else(PoisonError::into_inner).omitted();
        let bytes = is_too_long.then(|| sent.body.to_string().len())?;
        overlong::more(refusal, &request.turns, before, bytes).map(Named::Length)
    }

    fn request(&self, request: &ModelRequest, sent: &Prepared) -> Result<RequestBuilder, ModelError> {
        let Endpoint { provider, format, address, .. } = &self.endpoint;
        let url = address.call(&format.path(&request.model));
        let body = sent.body.to_string();
        let mut builder = self
            .transport
            .client(&url)?
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body);
        for (name, value) in self.endpoint.headers() {
            let value = secret(&value).ok_or_else(|| {
                ModelError::Config(format!("the key of {provider} has characters that no key has; store it again"))
            })?;
            builder = builder.header(name, value);
        }
        Ok(trace::onto(builder))
    }

    /// Sends a request until it is taken, each time without what was refused.
    async fn ask(
        &self,
        request: &ModelRequest,
        first: Instant,
        told: &mut VecDeque<ModelEvent>,
    ) -> Result<(Response, Prepared), ModelError> {
        let provider = &self.endpoint.provider;
        loop {
            let sent = self.prepare(request);
            let response = match timeout_at(first, self.request(request, &sent)?.send()).await {
                Err(_) => return Err(ModelError::Timeout { provider: provider.clone(), what: "first byte" }),
                Ok(Err(error)) => {
                    return Err(ModelError::Connect { provider: provider.clone(), message: net::reason(&error) });
                }
                Ok(Ok(response)) => response,
            };
            if response.status().is_success() {
                if let Some(coding) = response.headers().get(CONTENT_ENCODING).filter(|coding| *coding != "identity") {
                    let message = format!("an answer compressed by {coding:?}, which it was not asked for");
                    return Err(ModelError::Protocol { provider: provider.clone(), message });
                }
                return Ok((response, sent));
            }
            let (error, refusal) = self.status_error(response, first).await;
            let named = self.learn(&error, &refusal, request, &sent).filter(|_| told.len() < refusal::MOST);
            told.push_back(left_out(&named.ok_or(error)?, provider));
        }
    }

    /// The error that a response is, and its body.
    async fn status_error(&self, response: Response, deadline: Instant) -> (ModelError, Vec<u8>) {
        let provider = &self.endpoint.provider;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = timeout_at(deadline, beginning(response, LONGEST_ERROR)).await.unwrap_or_default();
        let header = |name: &str| headers.get(name)?.to_str().ok();
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
            let message = format!("it redirects to {to}; correct the base URL");
            return (http_error(provider, status.as_u16(), header, message.as_bytes()), body);
        }
        (http_error(provider, status.as_u16(), header, &body), body)
    }
}

/// What is said of what is left out.
fn left_out(named: &Named, provider: &str) -> ModelEvent {
    ModelEvent::Notice { code: "LEFT_OUT".to_owned(), message: named.notice(provider) }
}

#[async_trait]
impl Model for HttpModel {
    fn server(&self) -> Option<(&str, u16)> {
        self.endpoint.address.server()
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let provider = &self.endpoint.provider;
        let (start, timeouts) = (Instant::now(), self.transport.timeouts);
        let patience = if self.endpoint.is_local_engine() { timeouts.loading } else { timeouts.first_byte };
        let first = start + patience.min(timeouts.total);
        let mut told = VecDeque::new();
        loop {
            let (response, sent) = self.ask(&request, first, &mut told).await?;
            let mut reading = Reading {
                provider: provider.clone(),
                key: self.endpoint.key.clone(),
                body: response.bytes_stream().boxed(),
                decoder: self.endpoint.format.decoder(provider),
                gate: sent.gate.clone().without_tools(),
                queue: VecDeque::new(),
                over: false,
                next: (first, "first byte"),
                end: start + timeouts.total,
                deadline: Deadline::at(first),
                timeouts,
            };
            // A prompt that is too long is refused in the stream as well.
            if let Some(message) = reading.failure_at_the_beginning().await
                && told.len() < refusal::MOST
                && let Some(length) = self.shorten(overlong::is_told(400, &message), &message, &request, &sent)
                && self.left_out.lock().unwrap_or_else(PoisonError::into_inner).add(&length)
            {
                told.push_back(left_out(&length, provider));
                continue;
            }
            let notices = stream::iter(told.into_iter().map(Ok));
            return Ok(notices.chain(stream::unfold(reading, Reading::next)).boxed());
        }
    }
}

/// A body that is being read.
struct Reading {
    provider: String,
    key: Option<SecretString>,
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    decoder: Decoder,
    gate: Gate,
    queue: VecDeque<Result<ModelEvent, ModelError>>,
    over: bool,
    /// When the next bytes must be there, and what that timer is called.
    next: (Instant, &'static str),
    end: Instant,
    deadline: Deadline,
    timeouts: Timeouts,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<ModelEvent, ModelError>, Self)> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some((event.map(|event| self.gate.back(event)), self));
            }
            if self.over {
                return None;
            }
            self.read().await;
        }
    }

    /// What the provider says where the answer begins with an error.
    async fn failure_at_the_beginning(&mut self) -> Option<String> {
        loop {
            match self.queue.iter().find(|event| !matches!(event, Ok(ModelEvent::Named(_)))) {
                Some(Err(ModelError::Stream { message, .. })) => return Some(message.clone()),
                Some(_) => return None,
                None if self.over => return None,
                None => self.read().await,
            }
        }
    }

    /// Queues what comes next.
    async fn read(&mut self) {
        let (deadline, what) = if self.next.0 < self.end { self.next } else { (self.end, "the whole answer") };
        self.deadline.set(deadline);
        match self.deadline.bounds(self.body.next()).await {
            Some(Some(Ok(bytes))) => {
                let was_named = !self.decoder.name().is_empty();
                let events = self.decoder.feed(&bytes);
                if !was_named && !self.decoder.name().is_empty() {
                    let name = self.decoder.name().without(self.key.as_ref().map(ExposeSecret::expose_secret));
                    self.queue.push_back(Ok(ModelEvent::Named(name)));
                }
                self.push(events);
                let patience = if self.decoder.is_settled() { self.timeouts.tail } else { self.timeouts.silence };
                self.next = (Instant::now() + patience, "silence");
                self.over = self.decoder.is_over();
                if self.over {
                    self.read_out().await;
                }
            }
            None if !self.decoder.is_settled() => {
                self.over = true;
                self.queue.push_back(Err(ModelError::Timeout { provider: self.provider.clone(), what }));
            }
            // The body ended, broke, or says nothing more after a whole answer: the decoder knows which.
            _ => {
                self.over = true;
                let events = self.decoder.finish();
                self.push(events);
            }
        }
    }

    /// Queues what one read brought. Text that came together is one text from here on: whatever stands behind looks at it,
    /// stores it and sends it once.
    fn push(&mut self, events: Vec<Result<ModelEvent, ModelError>>) {
        for event in events {
            match (self.queue.back_mut(), event) {
                (Some(Ok(ModelEvent::Text(before))), Ok(ModelEvent::Text(more)))
                | (Some(Ok(ModelEvent::Reasoning(before))), Ok(ModelEvent::Reasoning(more))) => before.push_str(&more),
                (_, event) => self.queue.push_back(event),
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
