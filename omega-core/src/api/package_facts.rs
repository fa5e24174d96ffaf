//! What the npm registry says of a package that the agent proposes to add, as people are asked about it.

use super::Timestamp;
use crate::counted::counted;
use serde::{Deserialize, Serialize};

/// What the npm registry says of a package. What it does not say is missing, and is shown as unknown; names and words are
/// strangers' text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PackageFacts {
    /// Its npm name.
    pub name: String,
    /// The version that would be added.
    pub version: String,
    /// What it is, in its author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who published this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// When this version was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// When the package's first version was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Downloads in the last week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_downloads: Option<u64>,
    /// Why it should not be used any more, in its author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
}

impl PackageFacts {
    /// A line for each fact, for a screen: its name and what is known of it at `now`. Strangers' words still stand in it as they are.
    #[must_use]
    pub fn lines(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let unknown = || String::from("unknown");
        let age = |at: Option<Timestamp>| at.map_or_else(unknown, |at| age(now.millis_since(at)));
        let mut lines = vec![
            ("package", format!("{} {}", self.name, self.version)),
            ("publisher", self.publisher.clone().unwrap_or_else(unknown)),
            (
                "downloads",
                self.weekly_downloads.map_or_else(unknown, |count| format!("{} in the last week", grouped(count))),
            ),
            ("age", age(self.created_at)),
            ("version's age", age(self.published_at)),
        ];
        lines.extend(self.description.clone().map(|words| ("says of itself", words)));
        lines.extend(self.deprecated.clone().map(|words| ("deprecated", words)));
        lines
    }
}

/// A span in its largest unit.
fn age(millis: u64) -> String {
    const HOUR: u64 = 60 * 60 * 1000;
    const DAY: u64 = 24 * HOUR;
    let (count, unit) = match millis {
        millis if millis < HOUR => return String::from("less than an hour"),
        millis if millis < 2 * DAY => (millis / HOUR, "hour"),
        millis if millis < 60 * DAY => (millis / DAY, "day"),
        millis if millis < 730 * DAY => (millis / (30 * DAY), "month"),
        millis => (millis / (365 * DAY), "year"),
    };
    counted(count, unit)
}

/// A number with a comma before each three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn what_is_known_is_said_in_words_and_what_is_not_is_unknown() {
        let now = Timestamp(1_000 * DAY);
        let ago = |days: i64| Some(Timestamp(now.0 - days * DAY));
        let facts = PackageFacts {
            name: "left-pad".into(),
            version: "1.3.0".into(),
            description: Some("Pads.".into()),
            publisher: Some("stevemao".into()),
            published_at: ago(5),
            created_at: ago(800),
            weekly_downloads: Some(1_234_567),
            deprecated: None,
        };
        let lines = |facts: &PackageFacts| {
            facts.lines(now).iter().map(|(name, what)| format!("{name}: {what}")).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            lines(&facts),
            "package: left-pad 1.3.0; publisher: stevemao; downloads: 1,234,567 in the last week; age: 2 years; \
             version's age: 5 days; says of itself: Pads."
        );
        let bare = PackageFacts {
            description: None,
            publisher: None,
            published_at: None,
            created_at: None,
            weekly_downloads: None,
            deprecated: Some("use padStart".into()),
            ..facts
        };
        assert_eq!(
            lines(&bare),
            "package: left-pad 1.3.0; publisher: unknown; downloads: unknown; age: unknown; version's age: unknown; \
             deprecated: use padStart"
        );
    }

    #[test]
    fn a_span_is_said_in_its_largest_unit() {
        let hours = [(0, "less than an hour"), (1, "1 hour"), (47, "47 hours"), (48, "2 days"), (59 * 24, "59 days")];
        let longer = [(61 * 24, "2 months"), (729 * 24, "24 months"), (730 * 24, "2 years"), (4_000 * 24, "10 years")];
        for (hours, words) in hours.into_iter().chain(longer) {
            assert_eq!(age(hours * 60 * 60 * 1000), words);
        }
        assert_eq!([0, 999, 1_000, 1_000_000].map(grouped), ["0", "999", "1,000", "1,000,000"]);
    }
}
