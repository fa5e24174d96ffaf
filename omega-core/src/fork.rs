//! What a copy of a conversation has of its events: whole runs, up to one of them, numbered anew.
//!
//! The promise: [`crate::import`] reads what comes out, and nothing in it waits or works. A message that was sent while the last
//! run of the copy worked is answered later, so it is not in it; what is said of an answer that is in it comes along.

use crate::{
    event::{Envelope, Event},
    id::{MessageId, RunId},
};
use std::collections::HashMap;

/// There is no such copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoFork {
    /// No message of the conversation has this id.
    #[error("the conversation has no such message")]
    NoMessage,
    /// Its run still works or waits.
    #[error("its run has not ended; stop it, or wait until it has")]
    NotEnded,
    /// No run ended yet.
    #[error("nothing in it has ended yet")]
    Nothing,
}

/// The events of a copy that ends with the run of a message; without one, with the last run that ended.
///
/// # Errors
/// [`NoFork`], when there is nothing to copy.
pub fn cut(events: Vec<Envelope>, until: Option<MessageId>) -> Result<Vec<Envelope>, NoFork> {
    let ended: HashMap<RunId, u64> =
        events.iter().filter(|it| is_end(&it.event)).filter_map(|it| Some((it.run_id?, it.seq?))).collect();
    let end = match until {
        Some(message) => {
            let run = events.iter().find(|it| message_of(&it.event) == Some(message)).and_then(|it| it.run_id);
            *ended.get(&run.ok_or(NoFork::NoMessage)?).ok_or(NoFork::NotEnded)?
        }
        None => ended.values().copied().max().ok_or(NoFork::Nothing)?,
    };
    let mut numbers = HashMap::new();
    let mut kept = Vec::new();
    for mut envelope in events {
        let Some(seq) = envelope.seq else { continue };
        let is_kept = match envelope.run_id {
            Some(run) => ended.get(&run).is_some_and(|ended| *ended <= end),
            None => {
                seq <= end
                    && !matches!(envelope.event, Event::ParticipantJoined { .. } | Event::ParticipantUpdated { .. })
            }
        };
        if !is_kept {
            continue;
        }
        let number = kept.len() as u64 + 1;
        numbers.insert(seq, number);
        envelope.seq = Some(number);
        if let Event::MessageCreated { message } | Event::MessageCompleted { message } = &mut envelope.event {
            message.seq = numbers.get(&message.seq).copied().unwrap_or(number);
        }
        kept.push(envelope);
    }
    Ok(kept)
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::RunCompleted { .. } | Event::RunFailed { .. } | Event::RunCancelled { .. })
}

fn message_of(event: &Event) -> Option<MessageId> {
    match event {
        Event::MessageCreated { message } | Event::MessageCompleted { message } => Some(message.id),
        Event::StepStarted { message_id, .. } => Some(*message_id),
        _ => None,
    }
}
