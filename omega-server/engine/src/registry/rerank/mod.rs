//! Hits in a better order: what their words found is weighed by what it means, where a model is there to say so.
//!
//! The promises: without a model, or with one that can't be read, the order is the words'; an answer waits for at most
//! [`PATIENCE`] for the query's vector, and for vectors that were made before; it never waits for one that has to be made. Those
//! are made in the background, on one thread that gives way to others, and kept in the database by the hash of the text, so
//! that they are made once for all servers on it.
//!
//! What users have for themselves is not read by the model: their own hits keep the place that their words give them.

mod model;
mod prune;
mod vector_rows;
mod vectors;

pub use vector_rows::VectorRows;
pub use vectors::text_of;

use super::ToolRows;
use model::Model;
use omega_core::{
    id::ToolId,
    registry::{Tool, Viewer},
};
use omega_search::{encoder::Encoder, fusion, index::FoundDocument, meaning::Meaning};
use std::{
    collections::VecDeque,
    num::NonZero,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    thread,
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use vectors::{Packed, Vectors, key_of};

/// Hits that are weighed.
pub const DEPTH: usize = 60;
/// The longest that an answer waits for all that has to do with meaning.
const PATIENCE: Duration = Duration::from_millis(60);
/// The longest of it for a turn with the model: when many ask, some are answered by words.
const FOR_PLACE: Duration = Duration::from_millis(15);
/// The longest of it for vectors that are stored.
const FOR_STORED: Duration = Duration::from_millis(15);
/// Queries whose vectors are kept: people page, and models repeat themselves.
const QUERIES: usize = 256;
/// Searches whose hits wait for their vectors; more of them are left for the next time that they are found.
const WAITING: usize = 256;
/// Texts that are given to the model at once.
const AT_ONCE: usize = 8;

/// Hits whose vectors are wanted, and who is told when those that are stored were looked up.
type Wanted = (Vec<ToolId>, oneshot::Sender<()>);

/// A tool, the key of its text, and the text.
type Unmade = (String, String, String);

/// Brings hits, best by words first, into the order of words and meaning: how near each is to the query, where that is known.
pub fn weigh(hits: &mut [FoundDocument], meanings: &[Option<f32>]) {
    let words: Vec<f64> = hits.iter().map(|hit| hit.score).collect();
    for (hit, score) in hits.iter_mut().zip(fusion::fused(&words, meanings)) {
        hit.score = score;
    }
    hits.sort_by(|a, b| a.broken.cmp(&b.broken).then(b.score.total_cmp(&a.score)));
}

#[derive(Default)]
pub(super) struct Rerank {
    model: OnceLock<(Arc<Model>, mpsc::Sender<Wanted>)>,
    vectors: Mutex<Vectors>,
    queries: Mutex<VecDeque<(String, Arc<Meaning>)>>,
    encoding: OnceLock<Arc<Semaphore>>,
}

impl Rerank {
    /// Weighs hits by the model in a folder, as soon as there is one.
    pub(super) fn begin(self: &Arc<Self>, folder: &Path, rows: &Arc<dyn ToolRows>) {
        let (wanted, asked) = mpsc::channel(WAITING);
        if self.model.set((Model::new(folder), wanted)).is_ok() {
            let (unmade, make) = mpsc::channel(WAITING);
            tokio::spawn(look_up(Arc::downgrade(self), Arc::downgrade(rows), asked, unmade));
            tokio::spawn(prune::daily(Arc::downgrade(self), Arc::downgrade(rows)));
            tokio::spawn(make_all(Arc::downgrade(self), Arc::downgrade(rows), make));
        }
    }

    /// How many hits are wanted of a search for so many.
    pub(super) fn depth(&self, limit: usize) -> usize {
        if limit > 0 && self.encoder().is_some() { limit.max(DEPTH) } else { limit }
    }

    /// Why there is no model though there should be.
    pub(super) fn trouble(&self) -> Option<String> {
        self.model.get().and_then(|(model, _)| model.trouble())
    }

    /// That tools are now these.
    pub(super) fn changed<'a>(&self, tools: impl Iterator<Item = &'a Tool>) {
        let mut vectors = self.vectors();
        tools.for_each(|tool| vectors.changed(tool));
    }

    /// Hits in the order of words and meaning, best first, broken tools behind all others. `own` says which are the viewer's own.
    pub(super) async fn ordered(
        self: &Arc<Self>,
        text: &str,
        mut found: Vec<FoundDocument>,
        own: impl Fn(&str) -> bool,
    ) -> Vec<FoundDocument> {
        let Some(encoder) = self.encoder() else { return found };
        let count = DEPTH.min(found.len());
        if count < 2 {
            return found;
        }
        let until = Instant::now() + PATIENCE;
        let looked = self.want(found[..count].iter().filter(|hit| !own(&hit.id)));
        let Some(query) = self.query(encoder, text, until).await else { return found };
        if let Some(looked) = looked {
            let _ = timeout_at(until.min(Instant::now() + FOR_STORED), looked).await;
        }
        let weighed = &mut found[..count];
        let vectors = self.vectors();
        let near = |hit: &FoundDocument| {
            vectors.get(&hit.id).filter(|_| !own(&hit.id)).map(|known| query.near(|way| known.cosine(way)))
        };
        let meanings: Vec<Option<f32>> = weighed.iter().map(near).collect();
        drop(vectors);
        weigh(weighed, &meanings);
        found.sort_by_key(|hit| hit.broken);
        found
    }

    fn encoder(&self) -> Option<Arc<Encoder>> {
        self.model.get().and_then(|(model, _)| model.encoder())
    }

    fn vectors(&self) -> MutexGuard<'_, Vectors> {
        self.vectors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps vectors that were found or made, and gives up those that were not.
    fn ended<'a>(&self, found: Vec<(String, String, Packed)>, all: impl Iterator<Item = &'a str>) {
        let mut vectors = self.vectors();
        found.into_iter().for_each(|(id, key, vector)| vectors.end(&id, Some((key, vector))));
        // Of those that are kept by now this changes nothing.
        all.for_each(|id| vectors.end(id, None));
    }

    /// Has the vectors made that are missing; what says when those that are stored have been looked up.
    fn want<'a>(&self, hits: impl Iterator<Item = &'a FoundDocument>) -> Option<oneshot::Receiver<()>> {
        let (_, wanted) = self.model.get()?;
        let Ok(place) = wanted.try_reserve() else { return None };
        let mut vectors = self.vectors();
        let missing: Vec<ToolId> =
            hits.filter_map(|hit| hit.id.parse().ok()).filter(|id: &ToolId| vectors.begin(id.as_str())).collect();
        drop(vectors);
        let (tell, told) = oneshot::channel();
        (!missing.is_empty()).then(|| {
            place.send((missing, tell));
            told
        })
    }

    /// The vector of a query, if it can be had in time. One that comes too late is there for the next who asks the same.
    async fn query(self: &Arc<Self>, encoder: Arc<Encoder>, text: &str, until: Instant) -> Option<Arc<Meaning>> {
        let known = self.queries().iter().find(|(known, _)| known == text).map(|(_, meaning)| Arc::clone(meaning));
        if known.is_some() {
            return known;
        }
        // Half of the processors: the other half answers.
        let half = || (thread::available_parallelism().map_or(1, NonZero::get) / 2).max(1);
        let places = Arc::clone(self.encoding.get_or_init(|| Arc::new(Semaphore::new(half()))));
        let for_place = until.min(Instant::now() + FOR_PLACE);
        let place = timeout_at(for_place, places.acquire_owned()).await.ok()?.ok()?;
        let (asked, rerank) = (text.to_owned(), Arc::clone(self));
        let made = spawn_blocking(move || {
            let meaning = Arc::new(Meaning::new(&asked, &encoder));
            drop(place);
            let mut queries = rerank.queries();
            queries.truncate(QUERIES - 1);
            queries.push_front((asked, Arc::clone(&meaning)));
            meaning
        });
        timeout_at(until, made).await.ok()?.ok()
    }

    fn queries(&self) -> MutexGuard<'_, VecDeque<(String, Arc<Meaning>)>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks up what is stored, and hands on what is to be made.
async fn look_up(
    rerank: Weak<Rerank>,
    // Between two lookups nothing here keeps the database open.
    rows: Weak<dyn ToolRows>,
    mut asked: mpsc::Receiver<Wanted>,
    unmade: mpsc::Sender<Vec<Unmade>>,
) {
    while let Some((ids, tell)) = asked.recv().await {
        let Some(stores) = rows.upgrade() else { return };
        let found = stored(&*stores, &ids).await;
        drop(stores);
        let Some(rerank) = rerank.upgrade() else { return };
        let (known, missing) = found.unwrap_or_else(|error| {
            tracing::warn!(event = "registry.vectors_unread", %error);
            (Vec::new(), Vec::new())
        });
        let is_over = |id: &&str| missing.iter().all(|(missing, ..)| missing != id);
        rerank.ended(known, ids.iter().map(ToolId::as_str).filter(is_over));
        let _ = tell.send(());
        if let Err(full) = unmade.try_send(missing) {
            let (mpsc::error::TrySendError::Full(missing) | mpsc::error::TrySendError::Closed(missing)) = full;
            rerank.ended(Vec::new(), missing.iter().map(|(id, ..)| id.as_str()));
        }
    }
}

/// The vectors that are stored of some tools, and the texts of the others.
async fn stored(
    rows: &dyn ToolRows,
    ids: &[ToolId],
) -> Result<(Vec<(String, String, Packed)>, Vec<Unmade>), super::RowsError> {
    let tools = rows.get(Viewer::Anybody, ids).await?.into_iter().map(|row| row.tool);
    let texts: Vec<Unmade> = tools
        .map(|tool| {
            let text = text_of(&tool);
            (tool.tool_id.to_string(), key_of(&text), text)
        })
        .collect();
    let keys: Vec<String> = texts.iter().map(|(_, key, _)| key.clone()).collect();
    let known: std::collections::HashMap<String, Packed> = rows
        .vectors(&keys)
        .await?
        .into_iter()
        .filter_map(|(key, bytes)| Packed::from_bytes(&bytes).map(|vector| (key, vector)))
        .collect();
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (id, key, text) in texts {
        match known.get(&key) {
            Some(vector) => found.push((id, key, vector.clone())),
            None => missing.push((id, key, text)),
        }
    }
    Ok((found, missing))
}

/// Makes vectors, one piece of work after the other.
async fn make_all(rerank: Weak<Rerank>, rows: Weak<dyn ToolRows>, mut unmade: mpsc::Receiver<Vec<Unmade>>) {
    let (work, todo) = std::sync::mpsc::channel::<(Arc<Encoder>, Vec<Unmade>, oneshot::Sender<_>)>();
    let thread = thread::Builder::new().name(String::from("encoder")).spawn(move || {
        // On Linux this is the thread's own; where it would be the whole process's nothing is done.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(10);
        for (encoder, texts, done) in todo {
            let vectors = encoder.vectors(&texts.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>());
            let made = texts.into_iter().zip(vectors).map(|((id, key, _), vector)| (id, key, Packed::new(&vector)));
            let _ = done.send(made.collect::<Vec<_>>());
        }
    });
    if let Err(error) = thread {
        return tracing::warn!(event = "registry.no_encoder_thread", %error);
    }
    while let Some(all) = unmade.recv().await {
        for some in all.chunks(AT_ONCE) {
            let encoder = rerank.upgrade().and_then(|rerank| rerank.encoder());
            let (done, made) = oneshot::channel();
            let given = encoder.is_some_and(|encoder| work.send((encoder, some.to_vec(), done)).is_ok());
            let made = if given { made.await.unwrap_or_default() } else { Vec::new() };
            let Some(rerank) = rerank.upgrade() else { return };
            let kept: Vec<_> = made.iter().map(|(_, key, vector)| (key.clone(), vector.to_bytes())).collect();
            rerank.ended(made, some.iter().map(|(id, ..)| id.as_str()));
            let Some(rows) = rows.upgrade() else { return };
            if let Err(error) = rows.keep_vectors(&kept).await {
                tracing::warn!(event = "registry.vectors_not_kept", %error);
            }
        }
    }
}

#[cfg(test)]
mod tests;
