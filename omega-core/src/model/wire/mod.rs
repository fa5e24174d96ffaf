//! The four wire formats, as pure codecs: a [`ModelRequest`] becomes a JSON body, the response's bytes become
//! [`ModelEvent`]s.
//!
//! The promise of a [`Decoder`]: whatever comes, the result is the same however the body is cut; it ends with exactly one
//! [`ModelEvent::Finished`] or exactly one error, and nothing follows; a body that just ends is
//! [`ModelError::Truncated`]; arguments are handed on as they came, never repaired.
//!
//! Where providers differ, the codecs read `serde_json::Value` rather than fixed types: a field that is missing, null or
//! new must not break an answer.

use super::{
    ModelError, ModelEvent, ModelRequest,
    sse::{SseDecoder, SseEvent},
};
use crate::budget::Shape;
use bounds::{Bounds, Taken};
use serde_json::Value;

mod anthropic;
mod bounds;
mod error_body;
mod gemini;
mod history;
mod openai_chat;
mod openai_responses;
mod schema;

pub use error_body::http_error;

/// How a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's Chat Completions, and everything compatible with it.
    OpenAiChat,
    /// OpenAI's Responses.
    OpenAiResponses,
    /// Anthropic's Messages.
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

    /// The body of a streamed call. `provider` (`openai`, `mistral`, ...) decides small differences within a format, and
    /// which provider state may go back.
    ///
    /// The history is made valid on the way: each call has exactly one result, ids are unique and of a shape that the
    /// provider takes, and arguments that do not parse go back as `{"_raw": "..."}`.
    #[must_use]
    pub fn encode(self, provider: &str, request: &ModelRequest) -> Value {
        match self {
            Self::OpenAiChat => openai_chat::encode(provider, request),
            Self::OpenAiResponses => openai_responses::encode(provider, request),
            Self::Anthropic => anthropic::encode(provider, request),
            Self::Gemini => gemini::encode(provider, request),
        }
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
        Decoder {
            provider: provider.to_owned(),
            content: Content::Unknown,
            sse: SseDecoder::default(),
            body,
            bounds: Bounds::default(),
            bytes: 0,
            over: false,
        }
    }
}

/// What one format knows about the JSON events of a body.
trait Body: Send {
    /// One event. Pushes [`ModelEvent::Finished`] when nothing of worth can follow.
    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError>;

    /// No event will follow. `sentinel`: the provider said so with `[DONE]`, and the body was not just cut.
    /// Pushes [`ModelEvent::Finished`] when the answer is whole.
    fn end(&mut self, sentinel: bool, out: &mut Vec<ModelEvent>);

    /// Whether the answer is whole already, and only extras such as usage may follow.
    fn is_settled(&self) -> bool;
}

/// Turns the bytes of one response into events.
pub struct Decoder {
    provider: String,
    content: Content,
    sse: SseDecoder,
    body: Box<dyn Body>,
    bounds: Bounds,
    bytes: usize,
    over: bool,
}

/// What the body turned out to be, by its first byte.
enum Content {
    Unknown,
    Events,
    /// No event stream at all but JSON or a web page; its beginning.
    Document(Vec<u8>),
}

/// More than any answer has: a provider that sends more is broken or hostile.
const LARGEST_BODY: usize = 128 * 1024 * 1024;
/// The same of values in one event; each takes many times its text in memory.
const MOST_VALUES: usize = 200_000;
const LARGEST_DOCUMENT: usize = 64 * 1024;

impl Decoder {
    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Result<ModelEvent, ModelError>> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        self.bytes += bytes.len();
        if self.bytes > LARGEST_BODY {
            self.fail(self.protocol("an answer without end".into()), &mut out);
            return out;
        }
        if let (Content::Unknown, Some(first)) = (&self.content, bytes.iter().find(|byte| !byte.is_ascii_whitespace()))
        {
            self.content = if b"{[<".contains(first) { Content::Document(Vec::new()) } else { Content::Events };
        }
        if let Content::Document(text) = &mut self.content {
            let room = LARGEST_DOCUMENT.saturating_sub(text.len()).min(bytes.len());
            text.extend_from_slice(&bytes[..room]);
            return out;
        }
        match self.sse.feed(bytes) {
            Ok(events) => {
                for event in events {
                    self.take(&event, &mut out);
                }
            }
            Err(error) => self.fail(self.protocol(error.to_string()), &mut out),
        }
        out
    }

    /// The body has ended, by itself or because the connection broke.
    pub fn finish(&mut self) -> Vec<Result<ModelEvent, ModelError>> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        if let Content::Document(text) = &self.content {
            let error = self.document_error(text);
            self.fail(error, &mut out);
            return out;
        }
        // The last event may lack its blank line; if it does not parse, the body was cut inside of it.
        if let Some(event) = self.sse.finish()
            && (event.data.trim() == "[DONE]" || serde_json::from_str::<Value>(&event.data).is_ok())
        {
            self.take(&event, &mut out);
        }
        if !self.over {
            self.end(false, &mut out);
        }
        out
    }

    /// Whether the answer is whole or has failed: nothing more will come out.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the answer is whole, though extras such as usage may follow: a connection that then stays silent or breaks
    /// does no harm.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.over || self.body.is_settled()
    }

    fn take(&mut self, event: &SseEvent, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let data = event.data.trim();
        if self.over || data.is_empty() {
            return;
        }
        if data == "[DONE]" {
            return self.end(true, out);
        }
        if Shape::of(data.as_bytes()).values > MOST_VALUES {
            return self.fail(self.protocol("an event with values without end".into()), out);
        }
        let json = match serde_json::from_str::<Value>(data) {
            Ok(json) => json,
            Err(_) if event.name == "error" => Value::String(data.to_owned()),
            // What is broken behind a whole answer takes nothing from it.
            Err(_) if self.body.is_settled() => return,
            Err(error) => return self.fail(self.protocol(format!("an event is no JSON ({error})")), out),
        };
        if let Some(error) = error_body::stream_error(&self.provider, &event.name, &json) {
            return self.fail(error, out);
        }
        let mut events = Vec::new();
        let result = self.body.event(&json, &mut events);
        self.push(events, out);
        if let Err(error) = result {
            self.fail(error, out);
        }
    }

    fn end(&mut self, sentinel: bool, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        let mut events = Vec::new();
        self.body.end(sentinel, &mut events);
        self.push(events, out);
        if !self.over {
            self.fail(ModelError::Truncated { provider: self.provider.clone() }, out);
        }
    }

    fn push(&mut self, events: Vec<ModelEvent>, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        for event in events {
            if self.over {
                return;
            }
            let taken = match self.bounds.take(event) {
                Taken::Event(event) => vec![event],
                Taken::Nothing => Vec::new(),
                Taken::Last(events) => events,
            };
            for event in taken {
                self.over = matches!(event, ModelEvent::Finished { .. });
                out.push(Ok(event));
            }
        }
    }

    fn fail(&mut self, error: ModelError, out: &mut Vec<Result<ModelEvent, ModelError>>) {
        if !self.over {
            self.over = true;
            out.push(Err(error));
        }
    }

    /// Some servers report an error with status 200 and plain JSON; a wrong base URL leads to a web page.
    fn document_error(&self, text: &[u8]) -> ModelError {
        let json = serde_json::from_slice::<Value>(text).ok();
        let reported = json.as_ref().map(|json| json.get(0).unwrap_or(json));
        reported.and_then(|json| error_body::stream_error(&self.provider, "", json)).unwrap_or_else(|| {
            let what = if text.trim_ascii_start().starts_with(b"<") { "a web page" } else { "a JSON document" };
            self.protocol(format!("{what} instead of an event stream; check the base URL"))
        })
    }

    fn protocol(&self, message: String) -> ModelError {
        ModelError::Protocol { provider: self.provider.clone(), message }
    }
}

/// The text at a JSON pointer; empty when it is missing or no text.
fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer, if there is one.
fn number_at(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

/// The list at a JSON pointer; empty when it is missing or no list.
fn list_at<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An id for a call whose provider gave none. At most 40 characters, which is the least that any provider takes.
fn made_up_call_id() -> String {
    format!("call_{}", uuid::Uuid::new_v4().simple())
}
