//! A whole answer, folded from the events of its stream.

use super::{ModelError, ModelEvent, ProviderState, ResponseName, ToolCall, Turn, wire::Decoder};
use crate::api::{FinishReason, Usage};

/// What a stream has brought so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    pub text: String,
    /// The reasoning, where the provider shows it.
    pub reasoning: String,
    /// The calls that are whole, in their order.
    pub calls: Vec<ToolCall>,
    /// State that must go back in the next request.
    pub state: Vec<ProviderState>,
    /// The newest usage.
    pub usage: Option<Usage>,
    /// Why the model stopped, where it said so.
    pub reason: Option<FinishReason>,
    /// What the provider calls it.
    pub name: ResponseName,
    /// Whether the stream came to its proper end.
    pub finished: bool,
}

impl Answer {
    pub fn apply(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Text(text) => self.text.push_str(text),
            ModelEvent::Reasoning(text) => self.reasoning.push_str(text),
            ModelEvent::Named(name) => self.name = name.clone(),
            ModelEvent::CallStarted { .. } | ModelEvent::CallDelta { .. } | ModelEvent::Notice { .. } => {}
            ModelEvent::CallCompleted { call, .. } => self.calls.push(call.clone()),
            ModelEvent::State(state) => self.state.push(state.clone()),
            ModelEvent::Usage(usage) => self.usage = Some(*usage),
            ModelEvent::Finished { reason } => {
                self.reason = *reason;
                self.finished = true;
            }
        }
    }

    /// Decodes a whole body: what it brought, and the error that ended it, if one did.
    pub fn decode<'b>(mut decoder: Decoder, chunks: impl IntoIterator<Item = &'b [u8]>) -> (Self, Option<ModelError>) {
        let (mut answer, mut error) = (Self::default(), None);
        let mut take = |results: Vec<Result<ModelEvent, ModelError>>| {
            for result in results {
                match result {
                    Ok(event) => answer.apply(&event),
                    Err(failure) => error = Some(failure),
                }
            }
        };
        for chunk in chunks {
            take(decoder.feed(chunk));
        }
        take(decoder.finish());
        (answer, error)
    }

    /// The turn to append to the history.
    #[must_use]
    pub fn into_turn(self) -> Turn {
        Turn::Assistant { text: self.text, calls: self.calls, provider_state: self.state }
    }
}
