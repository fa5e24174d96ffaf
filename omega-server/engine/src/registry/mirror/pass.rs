//! One reading of another registry's listing, page by page; it may be interrupted after any of them and go on later.
//!
//! It promises: what the listing has from the beginning of the reading to its end is read, however its pages drift meanwhile,
//! and each tool once; a row that can't be taken is counted once, with its reason.
//!
//! A listing is ordered by what changes all the time, so rows move from page to page while it is read. Each page is asked for
//! with the last rows of the one before: where those stand elsewhere, or a row comes again, something moved, and the listing is
//! read once more, until nothing new is found.

use crate::registry::{
    row_limits::Fitted,
    rows::{self, RowError},
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use omega_core::{
    api::{LeftOut, Timestamp},
    id::ToolId,
    sanitize::one_line,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Rows of the page before that are asked for again, at most; of a small page a tenth.
const OVERLAP: usize = 20;
/// How often a listing that moves is read.
const MOST_ROUNDS: u32 = 5;
/// A listing longer than this has no end.
const MOST_ROWS: usize = 10_000_000;
/// Examples of what was left out for one reason.
const EXAMPLES: usize = 5;

/// Why rows are left out.
pub(super) const NO_TOOL: &str = "they name no tool";
const UNFIT: &str = "they could not be called as they stand";
const INACTIVE: &str = "they are said to be not active";
pub(super) const OLDER: &str = "they are of an older version than is here";

/// What a reading came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Sums {
    /// Tools that were listed.
    pub tools: u64,
    pub changed: u64,
    pub removed: u64,
    pub left_out: Vec<LeftOut>,
    pub notice: Option<String>,
}

impl Sums {
    pub(super) fn leave_out(&mut self, reason: &str, example: &str) {
        let at = self.left_out.iter().position(|some| some.reason == reason).unwrap_or_else(|| {
            self.left_out.push(LeftOut { reason: reason.to_owned(), rows: 0, examples: Vec::new() });
            self.left_out.len() - 1
        });
        let some = &mut self.left_out[at];
        some.rows += 1;
        if some.examples.len() < EXAMPLES {
            some.examples.push(one_line(example, 200));
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Pass {
    pub started_at: Timestamp,
    /// How often the listing was begun anew.
    round: u32,
    /// Where the next page begins.
    offset: usize,
    /// The last rows before that, which are asked for again.
    tail: Vec<u64>,
    /// The page before.
    page: u64,
    /// Whether rows moved in this round.
    drifted: bool,
    /// Rows of this round that no page had before.
    fresh: u64,
    /// Pieces of what was seen that are stored.
    pub pieces: i64,
    pub sums: Sums,
    #[serde(skip)]
    seen: HashSet<u64>,
    #[serde(skip)]
    unsaved: Vec<u64>,
}

/// What a page brought.
pub(super) struct Brought {
    pub tools: Vec<Fitted>,
    /// Whether the listing ends with it.
    pub is_last: bool,
}

impl Pass {
    pub(super) fn begun(now: Timestamp) -> Self {
        Self { started_at: now, ..Self::default() }
    }

    /// The same with what it had seen, as [`Self::unsaved`] wrote it; `None` when that is not all of it.
    pub(super) fn with_seen(mut self, pieces: &[String]) -> Option<Self> {
        if i64::try_from(pieces.len()) != Ok(self.pieces) {
            return None;
        }
        for piece in pieces {
            let bytes = BASE64_STANDARD_NO_PAD.decode(piece).ok()?;
            let (hashes, []) = bytes.as_chunks::<8>() else { return None };
            self.seen.extend(hashes.iter().map(|hash| u64::from_le_bytes(*hash)));
        }
        Some(self)
    }

    /// What was seen since the last time that this was asked, if anything.
    pub(super) fn unsaved(&mut self) -> Option<String> {
        let bytes: Vec<u8> = std::mem::take(&mut self.unsaved).into_iter().flat_map(u64::to_le_bytes).collect();
        (!bytes.is_empty()).then(|| BASE64_STANDARD_NO_PAD.encode(bytes))
    }

    /// Rows to skip for the next page.
    pub(super) fn ask_from(&self) -> usize {
        self.offset - self.tail.len()
    }

    pub(super) fn has_seen(&self, id: &ToolId) -> bool {
        self.seen.contains(&hash(id.as_str().as_bytes()))
    }

    /// Takes a page; what is wrong with it otherwise.
    pub(super) fn take(&mut self, page: &[Value], more: bool) -> Result<Brought, &'static str> {
        let rows: Vec<(u64, Result<Fitted, Refused>)> = page.iter().map(read).collect();
        let hashes: Vec<u64> = rows.iter().map(|(hash, _)| *hash).collect();
        let whole = hash(&hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect::<Vec<u8>>());
        if whole == self.page && hashes.len() > self.tail.len() {
            return Err("every page of it is the same");
        }
        if self.offset + hashes.len() > MOST_ROWS {
            return Err("it has no end");
        }
        let anchor = self.tail.last().and_then(|last| hashes.iter().position(|hash| hash == last));
        // Rows that were not before the first of the page.
        let news = anchor.map_or(0, |at| at + 1);
        self.drifted |= !hashes.starts_with(&self.tail);
        let mut tools = Vec::with_capacity(rows.len());
        for (at, (hash, row)) in rows.into_iter().enumerate() {
            if !self.seen.insert(hash) {
                self.drifted |= self.round == 0 && at >= news;
                continue;
            }
            self.fresh += 1;
            self.unsaved.push(hash);
            match row {
                Ok(fitted) => {
                    self.sums.tools += 1;
                    tools.push(fitted);
                }
                Err(Refused { reason, example }) => self.sums.leave_out(reason, &example),
            }
        }
        self.offset = self.ask_from() + hashes.len();
        self.tail = hashes[hashes.len() - (hashes.len() / 10).min(OVERLAP)..].to_vec();
        self.page = whole;
        Ok(Brought { tools, is_last: !more || hashes.len() == news })
    }

    /// Ends a reading of the listing; whether it has to be read once more.
    pub(super) fn goes_round(&mut self) -> bool {
        let unsettled = self.drifted && self.fresh > 0;
        if unsettled && self.round + 1 == MOST_ROUNDS {
            let notice =
                "its listing moved all the while it was read: some of it may be missing until it is read again";
            self.sums.notice = Some(notice.to_owned());
        }
        if !unsettled || self.round + 1 == MOST_ROUNDS {
            return false;
        }
        self.round += 1;
        (self.offset, self.page, self.drifted, self.fresh) = (0, 0, false, 0);
        self.tail.clear();
        true
    }
}

struct Refused {
    reason: &'static str,
    example: String,
}

/// What stands for a row, and its tool. A row that is known by its tool's id counts as listed, whatever else is wrong with it.
fn read(row: &Value) -> (u64, Result<Fitted, Refused>) {
    let id = rows::id(row);
    let of_id = id.as_ref().map_or_else(|_| hash(row.to_string().as_bytes()), |id| hash(id.as_str().as_bytes()));
    if row.get("isActive") == Some(&Value::Bool(false)) {
        let example = id.map_or_else(|_| row.to_string(), |id| id.to_string());
        return (!of_id, Err(Refused { reason: INACTIVE, example }));
    }
    let tool = rows::tool(row).map_err(|error| match (&error, id) {
        (RowError::Unfit(_), Ok(id)) => Refused { reason: UNFIT, example: format!("{id}: {error}") },
        _ => Refused { reason: NO_TOOL, example: format!("{error}: {row}") },
    });
    (of_id, tool)
}

/// The same in every build: it is stored.
fn hash(bytes: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(bytes).into();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
