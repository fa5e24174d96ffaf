//! The mirror of another registry: how old it is, how far it has got, and what it left out.

use super::Timestamp;
use crate::counted::counted;
use serde::{Deserialize, Serialize};

/// What a mirror does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MirrorState {
    /// It reads the other registry's listing.
    Reading,
    /// It was read whole, and will be read again.
    Current,
    /// It was never read whole, or could not be read the last time; it is tried again by itself.
    Waiting,
}

/// The mirror of another registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MirrorStatus {
    /// Where the other registry's API begins.
    pub url: String,
    /// What it does right now.
    pub state: MirrorState,
    /// When it was last read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How long that is ago, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Tools that the other registry had then.
    pub tools: u64,
    /// Tools read so far, while it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Tools that were new here then, or other than before.
    pub changed: u64,
    /// Tools that the other registry had no more, and that were taken out here.
    pub removed: u64,
    /// What was left out then, by reason.
    pub left_out: Vec<LeftOut>,
    /// Whatever else should be known of the last reading, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Why it could not be read the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When the last try ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// Rows of a mirror that are not here, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The reason, in words.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

impl MirrorStatus {
    /// The host that it is read from.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Rows that were left out.
    #[must_use]
    pub fn rows_left_out(&self) -> u64 {
        self.left_out.iter().map(|some| some.rows).sum()
    }

    /// How old it is, how far it has got and what is wrong, on one line.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        let host = self.host();
        let mut words = match (self.age_seconds, self.state) {
            (None, MirrorState::Reading) => format!("{host} is read for the first time"),
            (None, MirrorState::Current | MirrorState::Waiting) => format!("{host} was never read whole"),
            (Some(age), MirrorState::Reading) => format!("{host}, {} old, is read again", span(age)),
            (Some(age), MirrorState::Current | MirrorState::Waiting) => format!("{host}, {} old", span(age)),
        };
        if let Some(read) = self.read {
            words += &format!(", {} so far", counted(read, "tool"));
        } else if self.age_seconds.is_some() {
            words += &format!(", {}", counted(self.tools, "tool"));
        }
        if self.rows_left_out() > 0 {
            words += &format!(", {} left out", self.rows_left_out());
        }
        for more in [&self.notice, &self.trouble].into_iter().flatten() {
            words += &format!("; {more}");
        }
        if self.trouble.is_some()
            && let Some(next) = self.next_at
        {
            words += &format!("; next try in {}", span(next.millis_since(now) / 1000));
        }
        words
    }
}

/// A length of time in its largest unit.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> MirrorStatus {
        MirrorStatus {
            url: "https://tpmjs.com/api".into(),
            state: MirrorState::Waiting,
            completed_at: None,
            age_seconds: None,
            tools: 0,
            read: None,
            changed: 0,
            removed: 0,
            left_out: Vec::new(),
            notice: None,
            trouble: None,
            tried_at: None,
            next_at: None,
        }
    }

    #[test]
    fn a_mirror_says_how_old_it_is_and_what_is_wrong() {
        let now = Timestamp(1_000_000);
        let left_out = vec![LeftOut { reason: "older".into(), rows: 2, examples: Vec::new() }];
        let read = MirrorStatus { age_seconds: Some(7_300), tools: 900, left_out, ..never() };
        for (mirror, words) in [
            (never(), "tpmjs.com was never read whole"),
            (
                MirrorStatus { trouble: Some("it is gone".into()), next_at: Some(Timestamp(1_090_000)), ..never() },
                "tpmjs.com was never read whole; it is gone; next try in 1 min",
            ),
            (
                MirrorStatus { state: MirrorState::Reading, read: Some(12), ..never() },
                "tpmjs.com is read for the first time, 12 tools so far",
            ),
            (read.clone(), "tpmjs.com, 2 h old, 900 tools, 2 left out"),
            (
                MirrorStatus { state: MirrorState::Reading, read: Some(0), left_out: Vec::new(), ..read },
                "tpmjs.com, 2 h old, is read again, 0 tools so far",
            ),
        ] {
            assert_eq!(mirror.words(now), words);
        }
    }
}
