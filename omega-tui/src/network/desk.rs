//! What is written is kept on this machine while it is: drafts, and what was sent, to be found again. Off the threads of the
//! network, in order, and of drafts that follow one another quickly only the last.

use crate::messages::{Update, UsedBefore};
use omega_core::{api::Timestamp, id::ConversationId};
use std::{collections::HashMap, fmt, io, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// A draft is written down so long after its first change: what a terminal loses that is killed.
const SETTLE: Duration = Duration::from_millis(250);

/// A place on this machine where what is written is kept.
pub trait Keeping: Send + Sync {
    /// Takes up what was written for a conversation, or for the next one, and left there: it is this screen's from now on.
    /// What this screen had elsewhere is left there.
    fn take_up_draft(&self, of: Option<ConversationId>) -> io::Result<String>;

    /// Keeps what is on this screen; an empty text is forgotten.
    fn keep_draft(&self, of: Option<ConversationId>, text: &str) -> io::Result<()>;

    /// What was sent before, oldest first.
    fn past(&self) -> Vec<String>;

    fn keep_message(&self, text: &str) -> io::Result<()>;

    /// The conversations that were used last, newest first, with their titles.
    fn recent(&self) -> Vec<(ConversationId, String, Timestamp)>;

    /// Takes a conversation off that list.
    fn forget(&self, id: ConversationId) -> io::Result<()>;
}

/// Where what is written is kept.
#[derive(Clone)]
pub struct Notebook(Arc<dyn Keeping>);

impl Notebook {
    pub fn new(keeping: impl Keeping + 'static) -> Self {
        Self(Arc::new(keeping))
    }

    /// Keeps a draft before anything else is done.
    pub(crate) fn keep_now(&self, of: Option<ConversationId>, text: &str) -> io::Result<()> {
        self.0.keep_draft(of, text)
    }
}

impl fmt::Debug for Notebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notebook")
    }
}

enum Task {
    KeepDraft(Option<ConversationId>, String),
    KeepMessage(String),
    Recall(Option<ConversationId>),
    Past,
    ListRecent,
    Forget(ConversationId),
}

/// The task that keeps it.
#[derive(Clone)]
pub struct Desk(mpsc::UnboundedSender<Task>);

impl Desk {
    /// Ends with its last holder.
    pub fn new(notebook: Option<Notebook>, updates: mpsc::Sender<Update>) -> Self {
        let (tasks, queue) = mpsc::unbounded_channel();
        if let Some(notebook) = notebook {
            tokio::spawn(serve(notebook, queue, updates));
        }
        Self(tasks)
    }

    fn ask(&self, task: Task) {
        // Where nothing is kept nobody listens.
        let _ = self.0.send(task);
    }

    pub fn keep_draft(&self, of: Option<ConversationId>, text: String) {
        self.ask(Task::KeepDraft(of, text));
    }

    pub fn keep_message(&self, text: String) {
        self.ask(Task::KeepMessage(text));
    }

    /// Says what was written for a conversation and not sent.
    pub fn recall(&self, of: Option<ConversationId>) {
        self.ask(Task::Recall(of));
    }

    pub fn past(&self) {
        self.ask(Task::Past);
    }

    pub fn list_recent(&self) {
        self.ask(Task::ListRecent);
    }

    /// Takes a conversation off the list, and says what is left of it.
    pub fn forget(&self, id: ConversationId) {
        self.ask(Task::Forget(id));
        self.list_recent();
    }
}

async fn serve(Notebook(keeping): Notebook, mut queue: mpsc::UnboundedReceiver<Task>, updates: mpsc::Sender<Update>) {
    let mut drafts: HashMap<Option<ConversationId>, String> = HashMap::new();
    let mut due: Option<Instant> = None;
    let mut told = false;
    loop {
        let task = tokio::select! {
            task = queue.recv() => task,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                due = None;
                say(put_down(&keeping, &mut drafts).await, &mut told, &updates).await;
                continue;
            }
        };
        match task {
            Some(Task::KeepDraft(of, text)) => {
                let is_gone = text.is_empty();
                drafts.insert(of, text);
                if is_gone {
                    // What was sent must not come back, whenever this ends.
                    say(put_down(&keeping, &mut drafts).await, &mut told, &updates).await;
                } else {
                    due.get_or_insert_with(|| Instant::now() + SETTLE);
                }
            }
            Some(Task::KeepMessage(text)) => {
                let error = on_disk(&keeping, move |keeping| keeping.keep_message(&text)).await;
                say(error.and_then(Result::err), &mut told, &updates).await;
            }
            Some(Task::Recall(of)) => {
                // What was left is put down before anything else is taken up.
                say(put_down(&keeping, &mut drafts).await, &mut told, &updates).await;
                let (draft, error) = match on_disk(&keeping, move |keeping| keeping.take_up_draft(of)).await {
                    Some(Ok(draft)) => (draft, None),
                    Some(Err(error)) => (String::new(), Some(error)),
                    None => (String::new(), None),
                };
                say(error, &mut told, &updates).await;
                let _ = updates.send(Update::Draft(of, draft)).await;
            }
            Some(Task::Past) => {
                let past = on_disk(&keeping, |keeping| keeping.past()).await;
                let _ = updates.send(Update::Past(past.unwrap_or_default())).await;
            }
            Some(Task::ListRecent) => {
                let list = on_disk(&keeping, |keeping| keeping.recent()).await.unwrap_or_default();
                let used = list.into_iter().map(|(id, title, updated_at)| UsedBefore { id, title, updated_at });
                let _ = updates.send(Update::Recent(used.collect())).await;
            }
            Some(Task::Forget(id)) => {
                if let Some(Err(error)) = on_disk(&keeping, move |keeping| keeping.forget(id)).await {
                    let words = format!("the list of recent conversations can't be written: {error}");
                    let _ = updates.send(Update::Failed(words)).await;
                }
            }
            // Whoever leaves keeps the last draft themselves, and waits for it.
            None => return,
        }
    }
}

/// Writes the drafts down that are not on the disk yet; why that failed.
async fn put_down(
    keeping: &Arc<dyn Keeping>,
    drafts: &mut HashMap<Option<ConversationId>, String>,
) -> Option<io::Error> {
    let drafts = std::mem::take(drafts);
    let kept = on_disk(keeping, move |keeping| drafts.iter().try_for_each(|(of, text)| keeping.keep_draft(*of, text)));
    kept.await.and_then(Result::err)
}

async fn on_disk<T: Send + 'static>(
    keeping: &Arc<dyn Keeping>,
    doing: impl FnOnce(&dyn Keeping) -> T + Send + 'static,
) -> Option<T> {
    let keeping = Arc::clone(keeping);
    tokio::task::spawn_blocking(move || doing(keeping.as_ref())).await.ok()
}

/// Says once that nothing can be kept.
async fn say(error: Option<io::Error>, told: &mut bool, updates: &mpsc::Sender<Update>) {
    if let (Some(error), false) = (error, *told) {
        *told = true;
        let words = format!("what you write can't be kept on this machine: {error}");
        let _ = updates.send(Update::Failed(words)).await;
    }
}
