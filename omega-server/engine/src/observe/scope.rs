//! What the work at hand belongs to: its run and its trace, known to the log without being handed through everything.

use crate::domain::request::{self, alias};
use omega_core::{
    id::{ConversationId, RunId},
    trace::{self, TraceContext},
};

tokio::task_local! {
    static WORK: Work;
}

/// A run that is driven.
#[derive(Debug, Clone)]
pub struct Work {
    pub run: RunId,
    /// Its conversation, as logs name it.
    pub conversation: String,
    /// The step that it is at, once one has begun.
    pub step: Option<u32>,
}

impl Work {
    pub fn of(run: RunId, conversation: ConversationId) -> Self {
        Self { run, conversation: alias(conversation), step: None }
    }
}

/// The run at work.
pub fn work() -> Option<Work> {
    WORK.try_with(Work::clone).ok()
}

/// Does something as part of a run and of its trace.
pub async fn within<T>(work: Work, context: Option<TraceContext>, doing: impl Future<Output = T>) -> T {
    WORK.scope(work, trace::within(context, doing)).await
}

/// Does something as part of a step of the run at work.
pub async fn step<T>(number: u32, doing: impl Future<Output = T>) -> T {
    match work() {
        Some(work) => WORK.scope(Work { step: Some(number), ..work }, doing).await,
        None => doing.await,
    }
}

/// The same work as a task of its own: it belongs to what it was begun by.
pub fn carried<T>(doing: impl Future<Output = T>) -> impl Future<Output = T> {
    let (work, context, request) = (work(), trace::current(), request::current());
    async move {
        let traced = trace::within(context, doing);
        match (work, request) {
            (Some(work), _) => WORK.scope(work, traced).await,
            (None, Some(request)) => request::within(request, traced).await,
            (None, None) => traced.await,
        }
    }
}
