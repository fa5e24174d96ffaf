//! The heads of the chains go to the log: whoever makes a tail anew in the database can't do it there.

use crate::{domain::hash_chain::hex, store::Store};
use std::{collections::HashMap, time::Duration};

pub const EVERY: Duration = Duration::from_secs(60);

/// Says where the chains end whenever that changed, for ever.
pub async fn tell(store: Store, every: Duration) {
    let mut told = HashMap::new();
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        tell_once(&store, &mut told).await;
    }
}

async fn tell_once(store: &Store, told: &mut HashMap<String, i64>) {
    match store.audit_heads().await {
        Ok(heads) => {
            for head in heads.into_iter().filter(|head| head.n > 0) {
                if told.insert(head.chain.clone(), head.n) != Some(head.n) {
                    let hash = hex(&head.hash);
                    tracing::info!(event = "audit.head", chain = head.chain, n = head.n, hash);
                }
            }
        }
        Err(error) => {
            tracing::error!(event = "audit.unreadable", error = %error, "the audit log's heads can't be read")
        }
    }
}
