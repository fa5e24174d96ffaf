//! What is asked of the server beside the conversation: how it is, and which tools fit what is being typed.

use super::server::Server;
use crate::{fuzzy, messages::Update};
use omega_core::{api::ToolRow, client::Client};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

/// Between two looks at how the server is.
const HEALTH_WAIT: Duration = Duration::from_secs(60);
/// A word is typed in less.
const TYPING_WAIT: Duration = Duration::from_millis(90);
/// Tools that are asked for at once.
const TOOLS: usize = 20;
/// And those that half a word is looked for in.
const LISTED: usize = 200;

/// Says how the server is, now and then: what does not work is known before it is needed.
pub async fn watch_health(server: Arc<Server>, updates: mpsc::Sender<Update>) {
    let mut known = None;
    loop {
        if let Ok(status) = server.client().status().await {
            let facts = (status.registry.status.clone(), status.executor.status.clone(), status.breakers.clone());
            // Nothing is drawn anew for what is known.
            if known.as_ref() != Some(&facts) && updates.send(Update::Health(Box::new(status))).await.is_err() {
                return;
            }
            known = Some(facts);
        }
        sleep(HEALTH_WAIT).await;
    }
}

/// The tools of a search. While a word is half typed it finds nothing: then those of the first ones that the caller has whose
/// names begin like it.
async fn found(client: Client, words: &str) -> Vec<ToolRow> {
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
            rows = found(server.client(), &words) => rows,
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
