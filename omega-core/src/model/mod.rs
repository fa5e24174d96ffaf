//! The port `Model`: what the run engine asks of a language model, and the one normalised stream that answers.
//!
//! Providers differ in four wire formats; each has a pure codec here ([`wire`]) that turns a [`ModelRequest`] into a JSON
//! body and the response's bytes into [`ModelEvent`]s. The HTTP transport around them is the feature `http`. The offline
//! planner ([`offline`]) is a deterministic policy behind the same port, for machines without any key.

use crate::{
    api::{FinishReason, Usage},
    budget,
    exact::Exact,
    schema,
};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

pub mod answer;
pub mod catalog;
pub mod choice;
pub mod error;
pub mod frame;
pub mod gate;
#[cfg(feature = "http")]
pub mod http;
pub mod json;
#[cfg(feature = "http")]
pub mod model_list;
pub mod offline;
pub mod price;
#[cfg(feature = "http")]
pub mod probe;
pub mod retry;
pub mod sse;
pub mod window;
pub mod wire;

pub use answer::Answer;
pub use error::ModelError;

/// A tool as the model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// `[A-Za-z0-9_-]`, at most 64 characters, unique in the request.
    pub name: String,
    /// What it does; foreign text, already cut and marked as data.
    pub description: String,
    /// JSON Schema of the input, of type object.
    pub input_schema: Value,
}

/// A tool call as the model wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolCall {
    /// The provider's id of the call; made up by the codec where the provider has none (Gemini).
    pub id: String,
    /// The name from [`ToolSpec`], or whatever the model wrote.
    pub name: String,
    /// The arguments exactly as they came. They are never repaired: what can't be read as one object is not run.
    pub arguments: String,
    /// Provider state that must come back with this call (Gemini's `thoughtSignature`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_state: Option<Value>,
}

impl ToolCall {
    /// What stands behind the beginning of arguments that were too large to be taken.
    pub const CUT: &str = " … [cut: the arguments have ";

    /// The arguments as a JSON object; an empty text counts as `{}` (Anthropic sends that for a tool without arguments).
    ///
    /// # Errors
    /// The parser's message when the text is no JSON, or a note when it is JSON but no object.
    pub fn parsed(&self) -> Result<serde_json::Map<String, Value>, String> {
        match self.read()?.value {
            Value::Object(map) => Ok(map),
            other => Err(format!("arguments must be a JSON object, not {}", kind_of(&other))),
        }
    }

    /// The same, with what is known of each number. Nothing, `null` and an empty text are `{}`, and an object may be written as
    /// text, in a fence, behind an empty one or more than once.
    ///
    /// # Errors
    /// As of [`Self::parsed`].
    pub fn read(&self) -> Result<Exact, String> {
        let empty = || Ok(Exact::of(Value::Object(serde_json::Map::new())));
        if self.arguments.trim().is_empty() {
            return empty();
        }
        match Exact::parse(&json::whole(&self.arguments)) {
            Ok(read) => match read.value {
                Value::Object(_) => match json::doubled(&self.arguments) {
                    Some(name) => Err(format!("arguments have `{name}` twice in one object; give it once")),
                    None => Ok(read),
                },
                Value::Null => empty(),
                Value::String(text) if text.trim().is_empty() => empty(),
                Value::String(ref text) => {
                    let inner = schema::decoded(text).filter(|inner| inner.value.is_object());
                    inner.ok_or_else(|| format!("arguments must be a JSON object, not {}", kind_of(&read.value)))
                }
                other => Err(format!("arguments must be a JSON object, not {}", kind_of(&other))),
            },
            Err(_) if self.arguments.contains(Self::CUT) => Err(format!(
                "arguments are too large: at most {} bytes are taken; hand over less, or in parts",
                budget::ARGUMENTS.most
            )),
            Err(error) => said_once(&self.arguments).ok_or_else(|| format!("arguments are not valid JSON: {error}")),
        }
    }
}

/// The one object that is said by a text that is no JSON as a whole: in a fence, behind an empty one (gateways that send the
/// beginning of a call as `{}`), or several times the same.
fn said_once(text: &str) -> Option<Exact> {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let text = fenced.map_or(text, |inner| inner.strip_prefix("json").unwrap_or(inner));
    let text = json::whole(text);
    let mut said: Option<Exact> = None;
    for object in serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>() {
        let object = Exact::parse(object.ok()?.get()).ok().filter(|object| object.value.is_object())?;
        match &said {
            Some(known) if *known == object || object.value.as_object().is_some_and(serde_json::Map::is_empty) => {}
            Some(known) if known.value.as_object().is_some_and(|known| !known.is_empty()) => return None,
            Some(_) | None => said = Some(object),
        }
    }
    said
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One turn of the history, in the order in which the provider must see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Turn {
    /// What a person wrote.
    User { text: String },
    /// What the model answered. Its calls are all answered by the [`Turn::Tools`] that follows.
    Assistant {
        /// Visible text, possibly empty.
        text: String,
        calls: Vec<ToolCall>,
        /// Opaque items of the provider that produced it (Anthropic's thinking blocks with signature, Responses'
        /// reasoning items). Sent back only to the same provider.
        #[serde(default)]
        provider_state: Vec<ProviderState>,
    },
    /// The results of all calls of the turn before, in the calls' order.
    Tools {
        /// Exactly one for each call.
        results: Vec<ToolResult>,
    },
}

/// State of one provider that must go back in the next request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderState {
    /// The wire format and provider it belongs to (`anthropic`, `openai-responses`, ...).
    pub provider: String,
    /// The item, as the provider sent it.
    pub item: Value,
}

/// What a tool call came to, as the model gets to see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult {
    pub call_id: String,
    /// The tool's name in the call (Gemini needs it again).
    pub name: String,
    /// JSON or text, already cut to the size a model may get.
    pub content: String,
    /// True when the call failed.
    pub is_error: bool,
    /// The tools of the request that became callable by this result, by their names in [`ToolSpec`], each in one result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<String>,
}

/// Whether the model may, must or must not call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ToolChoice {
    #[default]
    Auto,
    /// No call is allowed: used to close a run whose budget has ended.
    None,
}

/// What a call of a model is for. A language model is told so in the system prompt; the offline planner goes by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Purpose {
    /// The next step of a run.
    #[default]
    Answer,
    /// At most so many plans.
    Plans { count: u8 },
    /// A title for a conversation.
    Title,
}

/// One call of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    #[serde(default)]
    pub purpose: Purpose,
    /// The provider's own name of the model, without the provider's prefix.
    pub model: String,
    pub system: String,
    pub turns: Vec<Turn>,
    /// The tools on offer, at most 128.
    pub tools: Vec<ToolSpec>,
    /// Whether they may be called.
    pub tool_choice: ToolChoice,
    /// Cap of the answer, where the provider needs one (Anthropic).
    pub max_output_tokens: Option<u32>,
    /// A JSON Schema that the answer has to match, where the provider can hold the model to one. Nothing relies on it: the
    /// message asks for it too, and whoever wants it checks the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<Value>,
}

/// What a provider calls its answer; foreign words of at most [`ResponseName::MOST`] bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResponseName {
    /// The answer's id, by which the provider finds it in its own records.
    pub id: Option<String>,
    /// The model that answers, which may be a dated version of the one that was asked.
    pub model: Option<String>,
}

impl ResponseName {
    /// Bytes that are kept of each.
    pub const MOST: usize = 200;

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same without what has the key in it: a provider may echo what it was sent, and names go where keys may not.
    #[cfg(feature = "http")]
    fn without(&self, key: Option<&str>) -> Self {
        let clean = |text: &Option<String>| text.clone().filter(|text| key.is_none_or(|key| !text.contains(key)));
        Self { id: clean(&self.id), model: clean(&self.model) }
    }
}

/// One piece of a model's answer, the same for every provider.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// Who answers, in the provider's words. At most one, before anything else, and only where the provider says it.
    Named(ResponseName),
    Text(String),
    /// More reasoning, only where the provider shows it.
    Reasoning(String),
    /// A call begins; `index` counts calls in this answer from 0.
    CallStarted {
        index: usize,
        id: String,
        name: String,
    },
    /// More of a call's arguments.
    CallDelta {
        index: usize,
        /// A piece of the JSON text.
        arguments: String,
    },
    CallCompleted {
        index: usize,
        call: ToolCall,
    },
    /// State that must go back in the next request.
    State(ProviderState),
    /// Usage so far; later ones replace earlier ones.
    Usage(Usage),
    /// Something that people are told beside the answer, which is no part of it: what a provider refused and was left out
    /// (`LEFT_OUT`), or who computed the answer.
    Notice {
        /// A stable code.
        code: String,
        /// A sentence.
        message: String,
    },
    /// The answer is whole. Exactly one, the last event of a good stream.
    Finished {
        /// Why the model stopped; `None` when the provider ended the body properly without saying.
        reason: Option<FinishReason>,
    },
}

/// The normalised stream of one call. It ends with [`ModelEvent::Finished`] or with an error; a body that just ends is an
/// error ([`ModelError::Truncated`]), never an answer.
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// A language model, or what stands in its place.
#[async_trait]
pub trait Model: Send + Sync {
    /// Asks the model. Dropping the stream ends the request.
    ///
    /// # Errors
    /// What failed before the first event; see [`ModelError`] for which of them may be retried.
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError>;

    /// Host and port of what it asks; nothing for who asks nobody.
    fn server(&self) -> Option<(&str, u16)> {
        None
    }
}
