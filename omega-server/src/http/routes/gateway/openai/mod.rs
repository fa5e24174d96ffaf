//! `/v1/chat/completions`, `/v1/responses` and `/v1/models`, as OpenAI's own clients speak them (`docs/EMBEDDING.md`).
//!
//! A request is a message to the agent, and its answer the answer of a run. What of a request would change the answer is honoured
//! or refused by its name ([`parameters`]); where OpenAI's shapes have no word for something, a member `omega` says it.

mod asked;
mod chat;
mod content;
mod error;
mod fields;
mod models;
mod object;
mod parameters;
mod response_stream;
mod responses;
mod stream;

use super::waiting;
use crate::http::state::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::HeaderMap,
    routing::{get, post},
};
use error::in_stream;
pub use error::layer as errors;
use omega_core::{
    api::{FinishReason, RequiredAction, Run, Usage},
    id::ConversationId,
};
use serde_json::{Value, json};

/// Bytes of a body: a long talk with its instructions.
const LIMIT: usize = 8 << 20;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/chat/completions", post(chat::create))
        .route("/v1/responses", post(responses::create))
        .route("/v1/responses/{id}", get(responses::retrieve))
        .route("/v1/responses/{id}/cancel", post(responses::cancel))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::retrieve))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// What OpenAI's shapes have no word for.
#[derive(Debug, Clone)]
pub struct Extension {
    pub conversation: ConversationId,
    pub link: String,
    run: String,
}

impl Extension {
    pub fn of(headers: &HeaderMap, run: &Run, page: &str) -> Self {
        Self { conversation: run.conversation_id, link: waiting::link(headers, page), run: run.id.to_string() }
    }

    /// The member `omega`.
    pub fn with(&self, status: &str, action: Option<&RequiredAction>) -> Value {
        let mut told =
            json!({ "conversation": self.conversation, "url": self.link, "run": self.run, "status": status });
        if let Some(action) = action {
            told["requiresAction"] = json!(action);
        }
        told
    }
}

/// OpenAI's word for why a model stopped. What was cut, whoever cut it, is `length`.
pub fn finish(reason: Option<FinishReason>) -> &'static str {
    match reason {
        Some(FinishReason::Length | FinishReason::Error) => "length",
        Some(FinishReason::ContentFilter | FinishReason::Refusal) => "content_filter",
        Some(FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Other) | None => "stop",
    }
}

pub fn total(usage: &Usage) -> u64 {
    usage.input_tokens.saturating_add(usage.output_tokens)
}
