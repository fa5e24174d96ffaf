//! What a model gets to see, and what it is heard to say: never the value of a secret that this server knows, nor what looks
//! like one, whoever wrote it (X1, `security.md` T4).

use super::Engine;
use crate::store::Result;
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use omega_core::{
    id::{RunId, UserId},
    model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, ResponseName, ToolCall, Turn},
    redact::{RedactStream, Redactor},
};
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// A model behind a redactor: the one place where a run's requests leave and its answers come in.
pub(super) struct RedactingModel {
    model: Arc<dyn Model>,
    redactor: Redactor,
}

impl RedactingModel {
    /// In front of another model.
    pub fn before(model: Arc<dyn Model>, redactor: Redactor) -> Arc<dyn Model> {
        Arc::new(Self { model, redactor })
    }
}

#[async_trait]
impl Model for RedactingModel {
    async fn stream(&self, mut request: ModelRequest) -> std::result::Result<ModelStream, ModelError> {
        clean(&mut request, &self.redactor);
        let names = request.tools.iter().map(|tool| tool.name.clone()).collect();
        let events = self.model.stream(request).await.map_err(|error| clean_error(error, &self.redactor))?;
        let mut answer = AnswerStream::new(&self.redactor, names);
        Ok(events.flat_map(move |event| stream::iter(answer.next(event))).boxed())
    }
}

/// An answer on its way in. Text is held back only while it may be the beginning of a secret, and comes at the latest with
/// the end of the answer.
struct AnswerStream {
    redactor: Redactor,
    /// The names that the model was told of. They are nobody's secret, whatever is in them.
    names: BTreeSet<String>,
    text: RedactStream,
    reasoning: RedactStream,
}

impl AnswerStream {
    fn new(redactor: &Redactor, names: BTreeSet<String>) -> Self {
        Self { redactor: redactor.clone(), names, text: redactor.stream(), reasoning: redactor.stream() }
    }

    fn next(
        &mut self,
        event: std::result::Result<ModelEvent, ModelError>,
    ) -> Vec<std::result::Result<ModelEvent, ModelError>> {
        let some = |text: String, event: fn(String) -> ModelEvent| (!text.is_empty()).then(|| Ok(event(text)));
        match event {
            Ok(ModelEvent::Text(text)) => some(self.text.push(&text), ModelEvent::Text).into_iter().collect(),
            Ok(ModelEvent::Reasoning(text)) => {
                some(self.reasoning.push(&text), ModelEvent::Reasoning).into_iter().collect()
            }
            Ok(ModelEvent::CallCompleted { index, call }) => {
                vec![Ok(ModelEvent::CallCompleted { index, call: self.clean_call(call) })]
            }
            // It is often signed: with other words in it, its provider would refuse it.
            Ok(ModelEvent::State(state)) => {
                let mut clean = state.item.clone();
                self.redactor.redact_value(&mut clean);
                if clean == state.item { vec![Ok(ModelEvent::State(state))] } else { Vec::new() }
            }
            Ok(end @ ModelEvent::Finished { .. }) => {
                let reasoning = std::mem::replace(&mut self.reasoning, self.redactor.stream()).finish();
                let text = std::mem::replace(&mut self.text, self.redactor.stream()).finish();
                let held = [some(reasoning, ModelEvent::Reasoning), some(text, ModelEvent::Text)];
                held.into_iter().flatten().chain([Ok(end)]).collect()
            }
            // Nobody reads the pieces of a call; the whole one comes.
            Ok(ModelEvent::CallDelta { .. }) => Vec::new(),
            Ok(ModelEvent::CallStarted { index, id, name }) => {
                let (id, name) = (self.redactor.clean_words(&id), self.clean_name(name));
                vec![Ok(ModelEvent::CallStarted { index, id, name })]
            }
            Ok(ModelEvent::Named(ResponseName { id, model })) => {
                let clean = |text: String| self.redactor.clean_words(&text);
                vec![Ok(ModelEvent::Named(ResponseName { id: id.map(clean), model: model.map(clean) }))]
            }
            Ok(usage @ ModelEvent::Usage(_)) => vec![Ok(usage)],
            Ok(ModelEvent::Notice { code, message }) => {
                vec![Ok(ModelEvent::Notice { code, message: self.redactor.clean_words(&message) })]
            }
            Err(error) => vec![Err(clean_error(error, &self.redactor))],
        }
    }

    fn clean_name(&self, name: String) -> String {
        if self.names.contains(&name) { name } else { self.redactor.clean_words(&name) }
    }

    fn clean_call(&self, mut call: ToolCall) -> ToolCall {
        call.name = self.clean_name(call.name);
        let before = call.arguments.clone();
        self.redactor.clean(&mut call);
        if call.arguments != before {
            call.provider_state = None;
        }
        call
    }
}

fn clean_error(mut error: ModelError, redactor: &Redactor) -> ModelError {
    redactor.clean(&mut error);
    error
}

/// State of a provider stays as it is: it came from there, and is often signed.
fn clean(request: &mut ModelRequest, redactor: &Redactor) {
    let text = |text: &mut String| {
        if let Cow::Owned(clean) = redactor.redact(text) {
            *text = clean;
        }
    };
    text(&mut request.system);
    for turn in &mut request.turns {
        match turn {
            Turn::User { text: said } => text(said),
            Turn::Assistant { text: said, calls, .. } => {
                text(said);
                calls.iter_mut().for_each(|call| redactor.clean(call));
            }
            Turn::Tools { results } => {
                for result in results {
                    result.call_id = redactor.clean_words(&result.call_id);
                    text(&mut result.content);
                }
            }
        }
    }
    for tool in &mut request.tools {
        text(&mut tool.description);
        redactor.redact_value(&mut tool.input_schema);
    }
}

impl Engine {
    /// Knows the secrets of a run and of the user whose credentials it may use, and the server's own.
    pub async fn redactor(&self, owner: UserId, run: Option<RunId>) -> Result<Redactor> {
        self.inner.secrets.redactor(owner, run).await
    }
}
