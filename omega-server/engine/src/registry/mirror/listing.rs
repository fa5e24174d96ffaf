//! One page of another registry's listing.
//!
//! It promises: a page that can't be had, or is none, is asked for again with growing pauses, `Retry-After` honoured, and given
//! up after a few tries; a page that is too large, too slow or refused for its size is asked for in smaller pieces; no answer is
//! larger than its limit.

use super::Pace;
use futures_util::StreamExt;
use omega_core::{budget::LISTING, model::wire::wait_of, net, registry::RegistryError};
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

/// Rows asked for at once; TPMJS allows no more.
pub(super) const PAGE: usize = 1_000;
/// What TPMJS allowed before 2026; nobody allows less.
const SMALLEST_PAGE: usize = 50;
/// Tries of one page.
const TRIES: u32 = 6;
/// Longest pause between two tries; who asks for a longer one is left alone, and the reading goes on later.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why the other registry could not be read to its end. What was read before is kept.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// It can't be reached, or its answer is cut.
    #[error("it can't be reached: {}", net::reason(.0))]
    Unreachable(reqwest::Error),
    #[error("it answers {status}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// The answer is no listing.
    #[error("its answer is no listing of tools: {0}")]
    NoListing(String),
    /// Another node took over.
    #[error("another node reads it")]
    Lost,
    /// Our own store failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl MirrorError {
    /// Whether it may be over in a while, without anybody doing anything about it.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost => true,
            Self::Refused { status, .. } => is_passing(*status),
            Self::NoListing(_) | Self::Registry(_) => false,
        }
    }
}

fn is_passing(status: u16) -> bool {
    status >= 500 || [408, 425, 429].contains(&status)
}

/// How many rows are asked for at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    now: usize,
    /// What it allows, as far as is known.
    pub most: usize,
}

impl Size {
    pub fn of(most: Option<usize>) -> Self {
        let most = most.unwrap_or(PAGE);
        Self { now: most, most }
    }

    fn less(&mut self) {
        self.now = (self.now / 4).max(SMALLEST_PAGE);
    }

    /// A page was had: one that was slow for a moment is not asked for little for ever.
    fn had(&mut self, took: Duration, patience: Duration) {
        if took < patience / 8 {
            self.now = (self.now * 2).min(self.most);
        }
    }
}

/// Rows of the listing, and whether more follow.
pub(super) struct Page {
    pub rows: Vec<Value>,
    pub more: bool,
    /// How long the other registry worked for it.
    pub took: Duration,
}

/// TPMJS wraps the rows in `data`, its search in `results.tools`; an older mirror has `tools`.
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

/// Why a page was not had, and what may help.
struct Failed {
    error: MirrorError,
    helps: Helps,
}

enum Helps {
    /// To ask again, after this pause if it said one.
    Patience(Option<Duration>),
    /// To ask for less.
    Less,
    /// The same until it is faster, and patience where there is no less.
    LessForNow,
    Nothing,
}

/// The rows after the first `offset`, at most `size` of them, which becomes smaller when that helps.
pub(super) async fn page(
    http: &reqwest::Client,
    base: &str,
    offset: usize,
    size: &mut Size,
    pace: Pace,
) -> Result<Page, MirrorError> {
    let (mut pause, mut tries) = (pace.page, 1);
    loop {
        let Failed { error, helps } = match ask(http, base, offset, size.now, pace.patience).await {
            Ok(page) => {
                size.had(page.took, pace.patience);
                return Ok(page);
            }
            Err(failed) => failed,
        };
        let helps = match helps {
            Helps::LessForNow if size.now <= SMALLEST_PAGE => Helps::Patience(None),
            helps => helps,
        };
        match helps {
            Helps::LessForNow => size.less(),
            Helps::Less if size.now > SMALLEST_PAGE => {
                size.less();
                size.most = size.now;
            }
            Helps::Patience(asked) if tries < TRIES && asked.is_none_or(|asked| asked <= LONGEST_PAUSE) => {
                tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                pause *= 2;
                tries += 1;
            }
            Helps::Patience(_) | Helps::Less | Helps::Nothing => return Err(error),
        }
    }
}

async fn ask(
    http: &reqwest::Client,
    base: &str,
    offset: usize,
    limit: usize,
    patience: Duration,
) -> Result<Page, Failed> {
    let url = format!("{base}/tools?limit={limit}&offset={offset}");
    let began = Instant::now();
    let answer = http.get(&url).timeout(patience).send().await.map_err(unreachable)?;
    let status = answer.status();
    if !status.is_success() {
        let asked = answer.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = asked.and_then(|text| wait_of(text, SystemTime::now()));
        let helps = match status.as_u16() {
            400 | 413 | 422 => Helps::Less,
            status if is_passing(status) => Helps::Patience(after),
            _ => Helps::Nothing,
        };
        return Err(Failed { error: MirrorError::Refused { status: status.as_u16(), after }, helps });
    }
    let Some(body) = bounded(answer).await.map_err(unreachable)? else {
        let error = MirrorError::NoListing(format!("it has more than {} bytes", LISTING.most));
        return Err(Failed { error, helps: Helps::Less });
    };
    let took = began.elapsed();
    let (rows, more) = listing(&body, limit)
        .map_err(|why| Failed { error: MirrorError::NoListing(why), helps: Helps::Patience(None) })?;
    Ok(Page { rows, more, took })
}

fn unreachable(error: reqwest::Error) -> Failed {
    let helps = if error.is_timeout() { Helps::LessForNow } else { Helps::Patience(None) };
    Failed { error: MirrorError::Unreachable(error), helps }
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

/// The rows of a page, and whether more follow.
fn listing(body: &[u8], limit: usize) -> Result<(Vec<Value>, bool), String> {
    let listing: Listing = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let rows = match (listing.data, listing.tools) {
        (Some(Value::Array(rows)), _) | (None, Some(Value::Array(rows))) => rows,
        (Some(Value::Object(mut data)), _) => match data.remove("tools") {
            Some(Value::Array(rows)) => rows,
            _ => return Err(String::from("`data` has no list of tools")),
        },
        _ => return Err(String::from("it has no `data`")),
    };
    let says_more = listing.pagination.and_then(|pagination| pagination.has_more).unwrap_or(false);
    if rows.is_empty() && says_more {
        return Err(String::from("a page without rows is said not to be the last"));
    }
    // Nobody fills a page to the last row and ends there often; to ask once more costs little.
    let more = says_more || rows.len() >= limit;
    Ok((rows, more))
}
