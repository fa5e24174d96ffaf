//! The four wire formats, as pure codecs: a [`ModelRequest`] becomes a JSON body, the response's bytes become
//! [`ModelEvent`]s.
//!
//! The promise of a [`Decoder`]: whatever comes, the result is the same however the body is cut; it ends with exactly one
//! [`ModelEvent::Finished`] or exactly one error, and nothing follows; a body that just ends is
//! [`ModelError::Truncated`]; arguments are handed on as they came, never repaired. An answer that comes whole instead of
//! streamed gives what its stream would give.
//!
//! Where providers differ, the codecs read `serde_json::Value` rather than fixed types: a field that is missing, null or
//! new must not break an answer.

use super::{
    ModelError, ModelEvent, ModelRequest, Turn,
    gate::{self, Gate, deferred, history::IdRule, refusal::LeftOut, rules::Rules},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

mod answer_schema;
mod anthropic;
mod bounds;
mod decoder;
mod error_body;
mod gemini;
mod history;
mod openai_chat;
mod openai_responses;
mod retry_after;
mod surrogates;
mod thoughts;

pub use decoder::Decoder;
pub use error_body::http_error;
pub use retry_after::wait_of;
pub use thoughts::closed_alone;

/// How a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's Chat Completions, and everything compatible with it.
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    /// Gemini's `streamGenerateContent`.
    Gemini,
}

impl Format {
    /// The path of a streamed call below the versioned base URL (`https://api.openai.com/v1`).
    #[must_use]
    pub fn path(self, model: &str) -> String {
        match self {
            Self::OpenAiChat => "/chat/completions".into(),
            Self::OpenAiResponses => "/responses".into(),
            Self::Anthropic => "/messages".into(),
            Self::Gemini => gemini::path(model),
        }
    }

    /// The headers of a call, apart from the content's type.
    #[must_use]
    pub fn headers(self, key: Option<&str>) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if self == Self::Anthropic {
            headers.push(("anthropic-version", String::from("2023-06-01")));
        }
        if let Some(key) = key {
            headers.push(match self {
                Self::OpenAiChat | Self::OpenAiResponses => ("authorization", format!("Bearer {key}")),
                Self::Anthropic => ("x-api-key", key.to_owned()),
                Self::Gemini => ("x-goog-api-key", key.to_owned()),
            });
        }
        headers
    }

    /// The body of a streamed call to a provider (`openai`, `mistral`, ...) at its usual address; see [`Format::prepare`].
    #[must_use]
    pub fn encode(self, provider: &str, request: &ModelRequest) -> Value {
        self.prepare(Addressee { provider, base_url: "" }, request, &LeftOut::default()).body
    }

    /// The body of a streamed call, and the way back for what the answer says of the tools.
    ///
    /// Everything passes the [`gate`]: the schemas and names of the tools, and the history. Arguments that do not parse go
    /// back as `{"_raw": "..."}`.
    #[must_use]
    pub fn prepare(self, to: Addressee<'_>, request: &ModelRequest, left_out: &LeftOut) -> Prepared {
        let mut tools = request.tools.clone();
        tools.retain(|tool| !left_out.has_tool(&tool.name));
        let mut gate = Gate::of(Rules::of(self, to), &tools);
        let ids = match self {
            Self::OpenAiChat => openai_chat::ids(to, &request.model),
            Self::OpenAiResponses | Self::Anthropic | Self::Gemini => IdRule::Word(64),
        };
        let mut turns = gate::history::valid(&left_out.turns(&request.turns), ids, |call| gate.sent(call));
        gate.defer(&mut turns, deferred::are_taken(self, to, &request.model) && !left_out.has_deferral());
        let request = ModelRequest {
            purpose: request.purpose,
            turns,
            tools: gate.tools().to_vec(),
            model: request.model.clone(),
            system: request.system.clone(),
            tool_choice: request.tool_choice,
            max_output_tokens: request.max_output_tokens,
            answer_schema: request.answer_schema.clone(),
        };
        let mut body = match self {
            Self::OpenAiChat => openai_chat::encode(to, &request),
            Self::OpenAiResponses => openai_responses::encode(to, &request, &gate),
            Self::Anthropic => anthropic::encode(to.provider, &request, &gate),
            Self::Gemini => gemini::encode(to.provider, &request),
        };
        left_out.strip(&mut body);
        Prepared { body, gate }
    }

    /// A decoder for one response of `provider`.
    #[must_use]
    pub fn decoder(self, provider: &str) -> Decoder {
        let body: Box<dyn Body> = match self {
            Self::OpenAiChat => Box::new(openai_chat::Chat::new(provider)),
            Self::OpenAiResponses => Box::new(openai_responses::Responses::new(provider)),
            Self::Anthropic => Box::new(anthropic::Messages::new(provider)),
            Self::Gemini => Box::new(gemini::Content::new(provider)),
        };
        Decoder::new(provider, body)
    }
}

/// Whom a request goes to. The provider's name decides small differences within a format, and which provider state may go
/// back; the address tells who is meant where the name does not.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// `openai`, `mistral`, ...
    pub provider: &'a str,
    /// The base URL; empty for the provider's own.
    pub base_url: &'a str,
}

impl Addressee<'_> {
    /// Whether OpenAI itself is asked, and nobody who speaks as it does.
    pub(super) fn is_openai(self) -> bool {
        self.base_url.is_empty() || self.base_url.starts_with("https://api.openai.com/")
    }
}

/// A request as it is sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub body: Value,
    /// What the tools passed on their way.
    pub gate: Gate,
}

/// What one format knows about the JSON events of a body.
trait Body: Send {
    /// Whether this is an answer of the format, or a piece of one: what came without a stream may be anything.
    fn is_answer(&self, data: &Value) -> bool;

    /// One event, or a whole answer. Pushes [`ModelEvent::Finished`] when nothing of worth can follow.
    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError>;

    /// No event will follow. `sentinel`: the provider said so with `[DONE]`, and the body was not just cut.
    /// Pushes [`ModelEvent::Finished`] when the answer is whole.
    fn end(&mut self, sentinel: bool, out: &mut Vec<ModelEvent>);

    /// Whether the answer is whole already, and only extras such as usage may follow.
    fn is_settled(&self) -> bool;
}

/// The value at a JSON pointer without escapes. Serde's own makes a text of each step, and a token has many of them.
fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut steps = pointer.split('/').skip(1);
    steps.try_fold(value, |value, step| match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// The text at a JSON pointer; empty when it is missing or no text.
fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer, if there is one; some write it as `5.0` or `"5"`.
fn number_at(value: &Value, pointer: &str) -> Option<u64> {
    match at(value, pointer)? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64().or_else(|| {
            let real = number.as_f64().filter(|real| real.fract() == 0.0 && (0.0..9e15).contains(real))?;
            format!("{real:.0}").parse().ok()
        }),
    }
}

/// The list at a JSON pointer; empty when it is missing or no list.
fn list_at<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A key under which OpenAI looks for the beginning of a prompt: the same for all requests of a conversation, which begin
/// alike (<https://platform.openai.com/docs/guides/prompt-caching>).
fn cache_key(request: &ModelRequest) -> String {
    let mut hash = Sha256::new();
    hash.update(request.system.as_bytes());
    if let Some(Turn::User { text }) = request.turns.first() {
        hash.update(text.as_bytes());
    }
    format!("omega-{}", hex::encode(&hash.finalize()[..16]))
}

/// An id for a call whose provider gave none. At most 40 characters, which is the least that any provider takes.
fn made_up_call_id() -> String {
    format!("call_{}", uuid::Uuid::new_v4().simple())
}
