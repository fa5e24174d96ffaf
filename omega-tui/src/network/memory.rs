//! Which conversations there are, written down on this machine the moment that they are known. In order, and off the
//! threads of the network: a slow disk delays nothing that is on the screen.

use crate::messages::Update;
use omega_core::id::ConversationId;
use std::{fmt, io, sync::Arc};
use tokio::sync::{mpsc, oneshot};

type Keep = dyn Fn(ConversationId, &str) -> io::Result<()> + Send + Sync;

/// Where conversations are written down. The function returns once it is on the disk.
#[derive(Clone)]
pub struct RememberIn(Arc<Keep>);

impl RememberIn {
    /// By a function that takes the id and a title; an empty title keeps the known one.
    pub fn new(keep: impl Fn(ConversationId, &str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(keep))
    }
}

impl fmt::Debug for RememberIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RememberIn")
    }
}

/// An entry, if there is one, and who waits until everything up to here is written.
type Note = (Option<(ConversationId, String)>, Option<oneshot::Sender<()>>);

/// Writes entries down one after the other.
#[derive(Clone)]
pub struct Memory(mpsc::UnboundedSender<Note>);

impl Memory {
    /// Ends with its last holder.
    pub fn new(keep: Option<RememberIn>, updates: mpsc::Sender<Update>) -> Self {
        let (notes, mut queue) = mpsc::unbounded_channel::<Note>();
        tokio::spawn(async move {
            let mut told = false;
            while let Some((entry, written)) = queue.recv().await {
                let kept = match (keep.clone(), entry) {
                    (Some(RememberIn(keep)), Some((id, title))) => {
                        tokio::task::spawn_blocking(move || keep(id, &title)).await
                    }
                    _ => Ok(Ok(())),
                };
                if let (Ok(Err(error)), false) = (kept, told) {
                    told = true;
                    let words = format!("the list of recent conversations can't be written: {error}");
                    let _ = updates.send(Update::Failed(words)).await;
                }
                // Nobody has to wait for it.
                let _ = written.map(|written| written.send(()));
            }
        });
        Self(notes)
    }

    /// Writes an entry down, some time soon.
    pub fn note(&self, id: ConversationId, title: String) {
        // Its task ends only after the last holder.
        let _ = self.0.send((Some((id, title)), None));
    }

    /// Writes an entry down, and waits until that is done.
    pub async fn noted(&self, id: ConversationId, title: String) {
        self.note(id, title);
        self.settled().await;
    }

    /// Waits until everything that was noted is written down.
    pub async fn settled(&self) {
        let (written, done) = oneshot::channel();
        let _ = self.0.send((None, Some(written)));
        let _ = done.await;
    }
}
