//! The mirror: pages of another registry's listing, diffed into our rows.
//!
//! It promises: what was mirrored stays when the other registry is gone; a page that can't be had is asked for again
//! with growing pauses, `Retry-After` honoured, and given up after a few tries; rows that can't be read, and those of an older
//! version than is here, are counted and skipped; rows that have not changed are not written; no page is larger than its limit.

use super::{Older, RegistryService, Source, rows};
use futures_util::StreamExt;
use omega_core::{budget::LISTING, model::wire::wait_of, net, registry::RegistryError};
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::PoisonError,
    time::{Duration, SystemTime},
};

/// Rows asked for at once; TPMJS allows no more.
const PAGE: usize = 1_000;
/// Tries of one page.
const TRIES: u32 = 5;
/// A listing longer than this has no end.
const MOST_PAGES: usize = 10_000;
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Time that one page may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a pass over the other registry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Rows that were read.
    pub rows: usize,
    /// Those that changed something here.
    pub changed: usize,
    /// Those that name no tool, or none that could be called.
    pub refused: usize,
    /// Those that are older than what is here, and were left out.
    pub older: usize,
}

/// Why the other registry could not be read to its end. What was read before is kept.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// It can't be reached, or its answer is cut.
    #[error("the registry at {url} can't be reached: {}", net::reason(source))]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the registry at {url} answers {status}")]
    Refused {
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is no listing.
    #[error("the registry at {url} answers something that is no listing of tools: {reason}")]
    NoListing {
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Our own store failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// One page: TPMJS wraps the rows in `data`, its search in `results.tools`; an older mirror has `tools`.
#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    tools: Option<Value>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    has_more: Option<bool>,
}

impl RegistryService {
    /// Reads the whole listing of the registry at `base` (`https://.../api`) into ours, page by page; search works on
    /// what is there already.
    ///
    /// # Errors
    /// When a page can't be had, or the rows can't be stored.
    pub async fn sync(&self, http: &reqwest::Client, base: &str) -> Result<Synced, MirrorError> {
        let result = self.sync_pages(http, base.trim_end_matches('/'), Duration::from_secs(1)).await;
        let trouble = result.as_ref().err().map(ToString::to_string);
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
        result
    }

    pub(super) async fn sync_pages(
        &self,
        http: &reqwest::Client,
        base: &str,
        first_pause: Duration,
    ) -> Result<Synced, MirrorError> {
        let mut synced = Synced::default();
        for _ in 0..MOST_PAGES {
            // A page may be shorter than asked for: another Omega bounds its answers.
            let url = format!("{base}/tools?limit={PAGE}&offset={}", synced.rows);
            let (page, more) = listing(&url, get(http, &url, first_pause).await?)?;
            let mut tools = Vec::with_capacity(page.len());
            synced.rows += page.len();
            for row in &page {
                match rows::tool(row) {
                    Ok(tool) => tools.push(tool),
                    Err(_) => synced.refused += 1,
                }
            }
            let taken = self.take(None, tools, Source::Mirror, Older::LeftOut).await?;
            synced.changed += taken.changed;
            synced.older += taken.older.len();
            tracing::info!(rows = synced.rows, changed = synced.changed, "mirroring");
            if !more || page.is_empty() {
                break;
            }
        }
        Ok(synced)
    }
}

/// The rows of a page, and whether more follow.
fn listing(url: &str, body: Value) -> Result<(Vec<Value>, bool), MirrorError> {
    let wrong = |reason: String| MirrorError::NoListing { url: url.to_owned(), reason };
    let listing: Listing = serde_json::from_value(body).map_err(|error| wrong(error.to_string()))?;
    let rows = match (listing.data, listing.tools) {
        (Some(Value::Array(rows)), _) | (None, Some(Value::Array(rows))) => rows,
        (Some(Value::Object(mut data)), _) => match data.remove("tools") {
            Some(Value::Array(rows)) => rows,
            _ => return Err(wrong(String::from("`data` has no list of tools"))),
        },
        _ => return Err(wrong(String::from("it has no `data`"))),
    };
    let more = listing.pagination.and_then(|pagination| pagination.has_more).unwrap_or(rows.len() >= PAGE);
    Ok((rows, more))
}

/// One page, asked for again while asking again may help.
async fn get(http: &reqwest::Client, url: &str, first_pause: Duration) -> Result<Value, MirrorError> {
    let mut pause = first_pause;
    let mut attempt = 1;
    loop {
        let (error, asked_pause) = match http.get(url).timeout(PAGE_TIMEOUT).send().await {
            Ok(answer) if answer.status().is_success() => match bounded(answer).await {
                Ok(Some(body)) => {
                    let reason = |error: serde_json::Error| error.to_string();
                    let wrong = |reason| MirrorError::NoListing { url: url.to_owned(), reason };
                    return serde_json::from_slice(&body).map_err(reason).map_err(wrong);
                }
                Ok(None) => {
                    let reason = format!("it has more than {} bytes", LISTING.most);
                    return Err(MirrorError::NoListing { url: url.to_owned(), reason });
                }
                Err(source) => (MirrorError::Unreachable { url: url.to_owned(), source }, None),
            },
            Ok(answer) => {
                let status = answer.status();
                let asked = answer.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                let asked = asked.and_then(|text| wait_of(text, SystemTime::now()));
                let error = MirrorError::Refused { url: url.to_owned(), status: status.as_u16() };
                if !(status.is_server_error() || status.as_u16() == 429) {
                    return Err(error);
                }
                (error, asked)
            }
            Err(source) => (MirrorError::Unreachable { url: url.to_owned(), source }, None),
        };
        if attempt == TRIES {
            return Err(error);
        }
        tokio::time::sleep(asked_pause.unwrap_or(pause).min(LONGEST_PAUSE)).await;
        pause *= 2;
        attempt += 1;
    }
}

/// The body of an answer; nothing when it is larger than a page may be.
async fn bounded(answer: reqwest::Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let (mut body, mut pieces) = (Vec::new(), answer.bytes_stream());
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if LISTING.check(body.len() + piece.len()).is_err() {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}
