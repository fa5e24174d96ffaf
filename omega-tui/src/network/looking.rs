//! What is asked of the server beside the conversation: how it is, what was set elsewhere, which tools fit what is being typed,
//! how another conversation ends, and what happened in this one.

use super::{change, server::Server};
use crate::{
    fuzzy,
    messages::{PAGE, Stretch, Topic, Update},
};
use futures_util::StreamExt;
use omega_core::{
    api::{ConversationDetail, Message, ToolRow},
    client::{Client, ClientError},
    id::ConversationId,
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

/// Between two looks at how the server is.
const HEALTH_WAIT: Duration = Duration::from_secs(60);
/// Between two looks at what is on the screen and may be changed by somebody else.
const OPEN_WAIT: Duration = Duration::from_secs(2);
/// A word is typed in less.
const TYPING_WAIT: Duration = Duration::from_millis(90);
/// Tools that are asked for at once.
const TOOLS: usize = 20;
/// And those that half a word is looked for in.
const LISTED: usize = 200;
/// Messages of a conversation that is only looked at.
const PREVIEWED: u32 = 6;
/// Events that are read at once at most.
const EVENTS: usize = 20_000;
/// A stream that says nothing for so long has nothing more to say.
const EVENTS_WAIT: Duration = Duration::from_secs(10);

/// A part of a conversation.
pub async fn section(client: &Client, id: ConversationId, stretch: Stretch) -> Result<ConversationDetail, ClientError> {
    match stretch {
        Stretch::Before(seq) => client.conversation_before(id, seq, PAGE).await,
        Stretch::After(seq) => client.conversation_after(id, seq, PAGE).await,
        Stretch::Since(time) => client.conversation_since(id, time, PAGE).await,
    }
}

/// Says how the server is, now and then: what does not work is known before it is needed.
pub async fn watch_health(server: Arc<Server>, updates: mpsc::Sender<Update>) {
    let mut known = None;
    loop {
        if let Ok(status) = server.client().await.status().await {
            let mirror = status.registry.mirror.as_ref().map(|mirror| (mirror.state, mirror.completed_at));
            let facts =
                (status.registry.status.clone(), mirror, status.executor.status.clone(), status.breakers.clone());
            // Nothing is drawn anew for what is known.
            if known.as_ref() != Some(&facts) && updates.send(Update::Health(Box::new(status))).await.is_err() {
                return;
            }
            known = Some(facts);
        }
        sleep(HEALTH_WAIT).await;
    }
}

/// Says what is set when it is another than before: another terminal, the page and the command line change it too. It is
/// looked at when somebody comes, every moment as long as it is on the screen, and now and then.
pub async fn watch_changes(
    server: Arc<Server>,
    mut looks: watch::Receiver<Option<Topic>>,
    updates: mpsc::Sender<Update>,
) {
    let mut known = Vec::new();
    loop {
        let open = *looks.borrow_and_update();
        // Safe Mode stands in the top line.
        for topic in [Some(Topic::Settings), open.filter(|it| *it != Topic::Settings)].into_iter().flatten() {
            let Ok(shown) = change::look(&server.client().await, topic).await else { continue };
            if known.contains(&(topic, shown.clone())) {
                continue;
            }
            known.retain(|(of, _)| *of != topic);
            known.push((topic, shown.clone()));
            if updates.send(Update::Seen(topic, shown)).await.is_err() {
                return;
            }
        }
        let wait = if open.is_some() { OPEN_WAIT } else { HEALTH_WAIT };
        tokio::select! {
            changed = looks.changed() => if changed.is_err() { return },
            () = sleep(wait) => {}
        }
    }
}

/// The tools of a search. While a word is half typed it finds nothing: then those of the first ones that the caller has whose
/// names begin like it.
async fn found(server: &Server, words: &str) -> Vec<ToolRow> {
    let client = server.client().await;
    let tools = client.search_tools(words, None, TOOLS).await.map(|answer| answer.results.tools);
    match tools {
        Ok(tools) if !tools.is_empty() => tools,
        _ => {
            let listed = client.list_tools(0, LISTED).await.map(|page| page.rows).unwrap_or_default();
            let mut near = fuzzy::best(words, listed, |row| format!("{} {}", row.tool_id, row.description));
            near.truncate(TOOLS);
            near
        }
    }
}

/// Finds tools for what was typed last: what was typed before is not looked for any more.
pub async fn find_tools(server: Arc<Server>, mut typed: watch::Receiver<String>, updates: mpsc::Sender<Update>) {
    while typed.changed().await.is_ok() {
        sleep(TYPING_WAIT).await;
        let words = typed.borrow_and_update().clone();
        let rows = tokio::select! {
            rows = found(&server, &words) => rows,
            changed = typed.changed() => {
                if changed.is_err() {
                    return;
                }
                typed.mark_changed();
                continue;
            }
        };
        if updates.send(Update::Tools(words, rows)).await.is_err() {
            return;
        }
    }
}

/// Shows how conversations end that are looked at, one at a time: who moves through a list asks for the one where they stop.
pub async fn show_previews(
    server: Arc<Server>,
    mut looked_at: watch::Receiver<Option<ConversationId>>,
    updates: mpsc::Sender<Update>,
) {
    while looked_at.changed().await.is_ok() {
        sleep(TYPING_WAIT).await;
        let Some(id) = *looked_at.borrow_and_update() else { continue };
        let preview = preview(&server.client().await, id).await.map_err(|error| error.to_string());
        if updates.send(Update::Preview(id, preview)).await.is_err() {
            return;
        }
    }
}

async fn preview(client: &Client, id: ConversationId) -> Result<Vec<Message>, ClientError> {
    // The largest number that a database has: before it lies everything.
    let newest = client.conversation_before(id, i64::MAX.unsigned_abs(), PREVIEWED).await?;
    Ok(newest.messages)
}

/// The events after one and up to another, as they are stored.
pub async fn events(client: &Client, id: ConversationId, after: u64, until: u64) -> Update {
    let mut events = Vec::new();
    let mut stream = pin!(client.follow(id, Some(after)));
    let problem = loop {
        if events.len() >= EVENTS {
            break Some(format!("these are the first {EVENTS}; `omega export` has all of them"));
        }
        match tokio::time::timeout(EVENTS_WAIT, stream.next()).await {
            Ok(Some(Ok(envelope))) => {
                let seq = envelope.seq;
                if seq.is_some_and(|seq| seq <= until) {
                    events.push(envelope);
                }
                if seq.is_some_and(|seq| seq >= until) {
                    break None;
                }
            }
            Ok(Some(Err(error))) => break Some(error.to_string()),
            Ok(None) | Err(_) => break Some(String::from("the server stopped sending them")),
        }
    };
    Update::Events(events, problem)
}
