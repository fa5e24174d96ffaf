//! The request at work: its id, where it came from and who makes it, known to the log and to the audit log without being
//! handed through everything between them. What runs outside of a request (a worker, a timer) has none.

use super::caller::Caller;
use omega_core::{
    id::{ConversationId, KeyId, UserId},
    trace::{self, TraceContext},
};
use sha2::{Digest, Sha256};
use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

tokio::task_local! {
    static CURRENT: Arc<Context>;
}

#[derive(Debug)]
pub struct Context {
    /// Its id, as in the answer and in the log.
    pub id: String,
    pub ip: Option<IpAddr>,
    /// The operation that answers it, where it is part of a trace.
    trace: Option<TraceContext>,
    actor: OnceLock<Actor>,
}

/// Who makes a request, once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    pub user: UserId,
    /// Their API key, unless it is a session.
    pub key: Option<KeyId>,
    /// Whether it is a browser's session.
    pub is_session: bool,
}

impl Context {
    /// A request that has just come.
    pub fn new(ip: Option<IpAddr>, trace: Option<TraceContext>) -> Arc<Self> {
        Arc::new(Self { id: uuid::Uuid::now_v7().to_string(), ip, trace, actor: OnceLock::new() })
    }

    pub fn actor(&self) -> Option<Actor> {
        self.actor.get().copied()
    }
}

/// The request at work.
pub fn current() -> Option<Arc<Context>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Its id; empty outside of a request.
pub fn id() -> String {
    CURRENT.try_with(|context| context.id.clone()).unwrap_or_default()
}

/// Does something as part of a request and of its trace, possibly in another task.
pub fn within<T>(context: Arc<Context>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    let traced = trace::within(context.trace, work);
    CURRENT.scope(context, traced)
}

/// Notes who makes the request at work. The first one stays: nobody changes who they are on the way.
pub fn acts(caller: &Caller) {
    let _ = CURRENT.try_with(|context| {
        context.actor.set(Actor { user: caller.user, key: caller.key(), is_session: caller.is_session() })
    });
}

/// A conversation's name for logs and for others' eyes: enough to tell lines of one conversation from those of another one,
/// and nothing that opens it (`security.md` T10).
pub fn alias(conversation: ConversationId) -> String {
    let digest = Sha256::digest(conversation.to_string().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
