//! What is asked of the server beside the conversation: how it is, and which tools fit what is being typed.

use super::server::Server;
use crate::messages::Update;
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

/// Finds tools for what was typed last: what was typed before is not looked for any more.
pub async fn find_tools(server: Arc<Server>, mut typed: watch::Receiver<String>, updates: mpsc::Sender<Update>) {
    while typed.changed().await.is_ok() {
        sleep(TYPING_WAIT).await;
        let words = typed.borrow_and_update().clone();
        let found = tokio::select! {
            found = async { server.client().search_tools(&words, None, TOOLS).await } => found,
            changed = typed.changed() => {
                if changed.is_err() {
                    return;
                }
                typed.mark_changed();
                continue;
            }
        };
        let rows = found.map(|answer| answer.results.tools).unwrap_or_default();
        if updates.send(Update::Tools(words, rows)).await.is_err() {
            return;
        }
    }
}
