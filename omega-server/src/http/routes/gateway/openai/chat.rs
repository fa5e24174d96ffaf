//! `POST /v1/chat/completions`.

use super::{
    super::{
        follow::{Ending, Following, Piece, no_answer},
        sending::Begun,
        waiting,
    },
    Extension,
    asked::{self, Asked, Request},
    content,
    fields::Fields,
    finish, in_stream,
    parameters::{CHAT, COMMON, HINTS, STREAM_OPTIONS},
    stream::{self, Wording},
    total,
};
use crate::http::{
    idempotency::REPLAYED,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{FinishReason, RequiredAction, Usage},
    id::MessageId,
};
use omega_engine::domain::caller::Caller;
use serde_json::{Value, json};
use std::time::Duration;

/// How long an answer that does not stream is waited for: as long as OpenAI's clients wait.
const WAIT: Duration = Duration::from_secs(590);
/// What is said where text was sent that the model then began anew.
const ANEW: &str = "\n\n[The answer was cut off by its provider, and begins anew:]\n\n";

pub async fn create(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Request) -> ApiResult<Response> {
    let key = asked::idempotency(&headers, &caller, "/v1/chat/completions", &body.0)?;
    let mut fields = Fields::of(body.0);
    fields.refuse(COMMON)?;
    fields.refuse(CHAT)?;
    fields.hints(HINTS);
    let model = asked::model(&app, &caller, &mut fields, true).await?;
    let messages = fields.take("messages");
    let said = content::read(fields.needed("messages", messages)?, "messages")?;
    let schema = asked::schema(fields.object("response_format")?, true)?;
    let is_stream = fields.flag("stream")?;
    let with_usage = options(&mut fields, is_stream)?;
    let conversation = match fields.object("metadata")? {
        Some(mut metadata) => {
            let id = metadata.text("conversation")?;
            metadata.end()?;
            id
        }
        None => None,
    };
    fields.end()?;
    let known = match &conversation {
        Some(id) => Some(asked::conversation(&app, &caller, id).await?),
        None => None,
    };
    let has_schema = schema.is_some();
    let begun = Asked { said, model, schema, known, key }.begin(&app, &caller, "messages").await?;
    let is_replay = begun.is_replay;
    let completion = Completion::of(&headers, &begun, has_schema, with_usage);
    let mut response = if is_stream {
        stream::of(Following::of(&app, begun, !has_schema), completion)
    } else {
        let link = completion.extension.link.clone();
        let ending = waited(&app, begun, &link).await?;
        Json(completion.whole(ending)?).into_response()
    };
    if is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Whether the tokens are wanted at the end of a stream.
fn options(fields: &mut Fields, is_stream: bool) -> ApiResult<bool> {
    let Some(mut options) = fields.object("stream_options")? else { return Ok(false) };
    if !is_stream {
        let words = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(super::error::refused("stream_options", "invalid_value", words));
    }
    options.refuse(STREAM_OPTIONS)?;
    let with_usage = options.flag("include_usage")?;
    options.end()?;
    Ok(with_usage)
}

/// Waits for the end of a run.
pub async fn waited(app: &App, begun: Begun, link: &str) -> ApiResult<Ending> {
    let mut following = Following::of(app, begun, false);
    let ended = async {
        loop {
            if let Piece::Ended(ending) = following.next().await? {
                return Ok(ending);
            }
        }
    };
    match tokio::time::timeout(WAIT, ended).await {
        Ok(ended) => ended,
        Err(_) => Err(no_answer(&Ending::Elsewhere, link)),
    }
}

/// An answer in the words of chat completions.
struct Completion {
    id: String,
    created: i64,
    model: String,
    extension: Extension,
    /// Whether the answer is JSON: then nothing is sent but the answer, and what is none is a refusal.
    has_schema: bool,
    with_usage: bool,
    /// The message whose text was sent last.
    sent: Option<MessageId>,
}

impl Completion {
    fn of(headers: &HeaderMap, begun: &Begun, has_schema: bool, with_usage: bool) -> Self {
        Self {
            id: format!("chatcmpl-{}", begun.state.id),
            created: begun.state.created_at.0 / 1000,
            model: begun.state.model.clone(),
            extension: Extension::of(headers, &begun.state, &begun.page),
            has_schema,
            with_usage,
            sent: None,
        }
    }

    /// The member of a message that has this text.
    fn member(&self, is_answer: bool) -> &'static str {
        if self.has_schema && !is_answer { "refusal" } else { "content" }
    }

    fn whole(&self, ending: Ending) -> ApiResult<Value> {
        let link = &self.extension.link;
        let (text, is_answer, usage, reason, omega) = match ending {
            Ending::Answered { answer, usage, finish } => {
                (answer, true, usage, finish, self.extension.with("completed", None))
            }
            Ending::Waits { action, usage } => {
                let omega = self.extension.with("paused", Some(&action));
                (waiting::words(&action, link), false, usage, None, omega)
            }
            other => return Err(no_answer(&other, link)),
        };
        let mut message = json!({ "role": "assistant", "content": null, "refusal": null, "annotations": [] });
        message[self.member(is_answer)] = json!(text);
        let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish(reason) });
        Ok(json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model, "choices": [choice],
            "usage": tokens(&usage), "service_tier": "default", "system_fingerprint": null, "omega": omega,
        }))
    }

    fn chunk(&self, choices: &Value, usage: Option<&Usage>) -> Value {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "service_tier": "default", "system_fingerprint": null, "choices": choices,
        });
        if self.with_usage {
            chunk["usage"] = usage.map_or(Value::Null, tokens);
        }
        chunk
    }

    fn delta(&self, delta: &Value) -> Value {
        let choice = json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }]);
        self.chunk(&choice, None)
    }

    fn text(&self, member: &str, text: &str) -> String {
        frame(&self.delta(&json!({ member: text })))
    }

    fn end(
        &self,
        reason: Option<FinishReason>,
        usage: &Usage,
        status: &str,
        action: Option<&RequiredAction>,
    ) -> Vec<String> {
        let choice = json!([{ "index": 0, "delta": {}, "logprobs": null, "finish_reason": finish(reason) }]);
        let mut last = self.chunk(&choice, None);
        last["omega"] = self.extension.with(status, action);
        let mut frames = vec![frame(&last)];
        if self.with_usage {
            frames.push(frame(&self.chunk(&json!([]), Some(usage))));
        }
        frames.push("data: [DONE]\n\n".into());
        frames
    }
}

impl Wording for Completion {
    fn opening(&mut self) -> Vec<String> {
        let mut first = self.delta(&json!({ "role": "assistant", "content": "", "refusal": null }));
        first["omega"] = self.extension.with("running", None);
        vec![frame(&first)]
    }

    fn piece(&mut self, piece: Piece) -> Vec<String> {
        match piece {
            Piece::Text(message, text) if !self.has_schema => {
                let is_next = self.sent.replace(message).is_some_and(|sent| sent != message);
                let text = if is_next { format!("\n\n{text}") } else { text };
                vec![self.text("content", &text)]
            }
            Piece::Void if self.sent.take().is_some() => vec![self.text("content", ANEW)],
            Piece::Ended(Ending::Answered { answer, usage, finish }) => {
                let held = self.has_schema.then(|| self.text("content", &answer));
                held.into_iter().chain(self.end(finish, &usage, "completed", None)).collect()
            }
            Piece::Ended(Ending::Waits { action, usage }) => {
                let words = waiting::words(&action, &self.extension.link);
                let words = if self.sent.is_some() { format!("\n\n{words}") } else { words };
                let mut frames = vec![self.text(self.member(false), &words)];
                frames.extend(self.end(None, &usage, "paused", Some(&action)));
                frames
            }
            Piece::Ended(other) => self.failure(no_answer(&other, &self.extension.link)),
            Piece::Text(..) | Piece::Void | Piece::Whole | Piece::Doing(_) | Piece::Silence => Vec::new(),
        }
    }

    fn failure(&mut self, error: ApiError) -> Vec<String> {
        vec![frame(&in_stream(error))]
    }
}

fn frame(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn tokens(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": total(usage),
        "prompt_tokens_details": { "cached_tokens": usage.cached_input_tokens, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}
