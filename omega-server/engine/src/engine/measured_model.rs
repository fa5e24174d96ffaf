//! A model whose calls are counted, timed, logged and traced, under the names of the OpenTelemetry conventions. Every call goes
//! through here, those for titles and plans too.

use crate::observe::{
    metrics::{GEN_AI_DURATION, GEN_AI_FIRST_CHUNK, GEN_AI_TOKENS},
    names::attribute,
    span::{Kind, Span},
};
use async_trait::async_trait;
use futures_util::StreamExt;
use omega_core::{
    api::Usage,
    model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, ResponseName},
    trace,
};
use serde_json::json;
use std::{sync::Arc, time::Instant};

/// What the conventions call a model's answer in a conversation.
const CHAT: &str = "chat";

struct MeasuredModel {
    model: Arc<dyn Model>,
    /// `provider/model`.
    name: String,
}

/// The same model, measured under its name (`provider/model`).
pub(super) fn measured(model: Arc<dyn Model>, name: &str) -> Arc<dyn Model> {
    Arc::new(MeasuredModel { model, name: name.to_owned() })
}

#[async_trait]
impl Model for MeasuredModel {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let (provider, model) = self.name.split_once('/').unwrap_or((&self.name, ""));
        let mut span = Span::begin(Kind::Client, || format!("{CHAT} {model}"));
        span.set(attribute::OPERATION, CHAT);
        span.set(attribute::PROVIDER, provider);
        span.set(attribute::MODEL, model);
        if let Some((host, port)) = self.model.server() {
            span.set(attribute::SERVER, host);
            span.set(attribute::SERVER_PORT, port);
        }
        let context = span.context();
        let mut call = Call {
            span,
            provider: provider.to_owned(),
            model: model.to_owned(),
            began: Instant::now(),
            usage: None,
            is_first: true,
            has_ended: false,
        };
        let asking = trace::within(context, self.model.stream(request));
        let events = asking.await.inspect_err(|error| call.end(error.code()))?;
        let seen = move |event: Result<ModelEvent, ModelError>| {
            call.see(&event);
            event
        };
        Ok(events.map(seen).boxed())
    }
}

/// A call at work. One that is dropped before its end was given up.
struct Call {
    span: Span,
    provider: String,
    model: String,
    began: Instant,
    /// What the provider says last.
    usage: Option<Usage>,
    is_first: bool,
    has_ended: bool,
}

impl Call {
    fn see(&mut self, event: &Result<ModelEvent, ModelError>) {
        match event {
            Ok(ModelEvent::Named(ResponseName { id, model })) => {
                if let Some(id) = id {
                    self.span.set(attribute::RESPONSE, id.as_str());
                }
                if let Some(model) = model {
                    self.span.set(attribute::RESPONSE_MODEL, model.as_str());
                }
            }
            Ok(ModelEvent::Usage(usage)) => self.usage = Some(*usage),
            Ok(ModelEvent::Finished { reason }) => {
                let reasons: Vec<&str> = reason.iter().map(|reason| reason.as_str()).collect();
                self.span.set(attribute::FINISH_REASONS, json!(reasons));
                self.end("");
            }
            Err(error) => self.end(error.code()),
            Ok(ModelEvent::Text(_) | ModelEvent::Reasoning(_) | ModelEvent::CallStarted { .. }) if self.is_first => {
                self.is_first = false;
                let (labels, took) = ([CHAT, self.provider.as_str(), self.model.as_str()], self.began.elapsed());
                GEN_AI_FIRST_CHUNK.observe(labels, took.as_secs_f64());
                self.span.set(attribute::FIRST_CHUNK, took.as_secs_f64());
            }
            Ok(_) => {}
        }
    }

    /// `error` is empty for an answer that came whole.
    fn end(&mut self, error: &str) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let of = |last| [CHAT, self.provider.as_str(), self.model.as_str(), last];
        GEN_AI_DURATION.observe(of(error), self.began.elapsed().as_secs_f64());
        let usage = self.usage.and_then(Usage::taken);
        #[allow(clippy::cast_precision_loss, reason = "a number of tokens")]
        if let Some(usage) = usage {
            GEN_AI_TOKENS.observe(of("input"), usage.input_tokens as f64);
            GEN_AI_TOKENS.observe(of("output"), usage.output_tokens as f64);
            self.span.set(attribute::INPUT_TOKENS, usage.input_tokens);
            self.span.set(attribute::OUTPUT_TOKENS, usage.output_tokens);
            self.span.set(attribute::CACHED_TOKENS, usage.cached_input_tokens);
            self.span.set(attribute::REASONING_TOKENS, usage.reasoning_tokens);
        }
        if !error.is_empty() {
            self.span.fail(error);
        }
        let context = self.span.context();
        tracing::info!(
            event = "model.call",
            provider = self.provider,
            model = self.model,
            duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            input_tokens = usage.map(|usage| usage.input_tokens),
            output_tokens = usage.map(|usage| usage.output_tokens),
            error.code = (!error.is_empty()).then_some(error),
            span_id = context.map(|context| context.span_id()),
        );
        drop(std::mem::replace(&mut self.span, Span::none()));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end("cancelled");
    }
}
