//! The stream of the conversation that is on the screen. It comes back by itself, and says when it tries; a person who does not
//! want to wait has it try at once.

use super::server::Server;
use crate::messages::{Link, Update};
use omega_core::{
    api::Timestamp,
    client::{ClientError, FollowPolicy, Follower, Update as Followed},
    id::ConversationId,
    view::View,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};

/// Between two attempts once the connection counts as lost.
const OFFLINE_WAIT: Duration = Duration::from_secs(5);

/// Follows whatever conversation is current.
pub async fn follow(
    server: Arc<Server>,
    mut current: watch::Receiver<Option<ConversationId>>,
    hurry: Arc<Notify>,
    updates: mpsc::Sender<Update>,
) {
    loop {
        let id = *current.borrow_and_update();
        let gone = match id {
            None => current.changed().await.is_err(),
            Some(id) => tokio::select! {
                changed = current.changed() => changed.is_err(),
                () = follow_one(&server, id, &hurry, &updates) => current.changed().await.is_err(),
            },
        };
        if gone || updates.is_closed() {
            return;
        }
    }
}

/// Ends only when trying again can't help, or the screen is gone.
async fn follow_one(server: &Server, id: ConversationId, hurry: &Notify, updates: &mpsc::Sender<Update>) {
    let mut link = None;
    let mut known: Option<View> = None;
    loop {
        let policy = FollowPolicy::default();
        let mut client = server.client().await;
        let mut follower = match known.take() {
            Some(view) => Follower::resume(client.clone(), id, view, policy),
            None => Follower::new(client.clone(), id, policy),
        };
        let error = loop {
            let followed = tokio::select! {
                followed = follower.next() => followed,
                () = hurry.notified() => {
                    follower.try_now();
                    continue;
                }
            };
            let (update, now) = match followed {
                Ok(Followed::Event(envelope)) => (Some(Update::Event(envelope)), Link::Live),
                Ok(Followed::Connected) => (None, Link::Live),
                Ok(Followed::Reconnecting { attempt, cause }) => {
                    if let Some(found) = server.find_again(&client, &cause).await {
                        client = found;
                        follower.move_to(client.clone());
                    }
                    let again = again_in(policy.wait(attempt, cause.retry_after()));
                    (Some(again), Link::Reconnecting { attempt })
                }
                Err(error) => break error,
            };
            if link.as_ref() != Some(&now) {
                link = Some(now.clone());
                let _ = updates.send(Update::Link(now)).await;
            }
            if let Some(update) = update
                && updates.send(update).await.is_err()
            {
                return;
            }
        };
        if !(error.is_temporary() || matches!(error, ClientError::StreamLost { .. })) {
            let _ = updates.send(Update::Link(Link::Refused { cause: error.to_string() })).await;
            return;
        }
        let lost = Link::Offline { cause: error.to_string() };
        link = Some(lost.clone());
        if updates.send(Update::Link(lost)).await.is_err() || updates.send(again_in(OFFLINE_WAIT)).await.is_err() {
            return;
        }
        let view = follower.view();
        known = view.conversation.is_some().then(|| view.clone());
        tokio::select! {
            () = sleep(OFFLINE_WAIT) => {}
            () = hurry.notified() => {}
        }
    }
}

fn again_in(wait: Duration) -> Update {
    let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Update::Again(Timestamp(Timestamp::now().0.saturating_add(millis)))
}
