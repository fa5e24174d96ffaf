//! A title for a conversation, made by its model after the first answer (M4).

use super::Engine;
use futures_util::StreamExt;
use omega_core::{
    agent::prompt,
    id::ConversationId,
    model::{Model, ModelEvent, ModelRequest, ToolChoice, Turn},
    sanitize::one_line,
};
use std::{sync::Arc, time::Duration};

const MAX_CHARS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins to make a title beside the runs, if the conversation wants one. A title is nice to have: nothing waits for it.
pub(super) fn after_answer(engine: &Engine, conversation: ConversationId, model: Arc<dyn Model>, message: String) {
    let engine = engine.clone();
    tokio::spawn(async move {
        if !matches!(engine.inner.store.wants_title(conversation).await, Ok(true)) {
            return;
        }
        let name = engine.inner.store.owner_and_model(conversation).await.map(|(_, model)| model).unwrap_or_default();
        let asked = tokio::time::timeout(PATIENCE, ask(model.as_ref(), &name, &message)).await.ok().flatten();
        // A model that gives none leaves the beginning of the message.
        let title = asked.unwrap_or_else(|| one_line(&message, MAX_CHARS));
        match engine.inner.store.set_title(conversation, &title).await {
            Ok(committed) => engine.committed(committed),
            Err(error) => tracing::warn!(event = "title.not_stored", %error),
        }
    });
}

async fn ask(model: &dyn Model, name: &str, message: &str) -> Option<String> {
    let request = ModelRequest {
        model: name.split_once('/').map_or(name, |(_, model)| model).to_owned(),
        system: prompt::TITLE.to_owned(),
        turns: vec![Turn::User { text: message.chars().take(2_000).collect() }],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
    };
    let mut events = model.stream(request).await.ok()?;
    let mut text = String::new();
    while let Some(event) = events.next().await {
        match event.ok()? {
            ModelEvent::Text(more) => text.push_str(&more),
            ModelEvent::Finished { .. } => break,
            _ => {}
        }
    }
    let title = one_line(text.trim().trim_matches(['"', '“', '”', '`', '.', '*', '#']), MAX_CHARS);
    (!title.is_empty()).then_some(title)
}
