//! Rows of the registry as they are stored, and which row wins where two sources know the same tool.
//!
//! A row is everybody's, or a user's own: what users added for themselves stands in a table of its own, and a user who looks
//! sees it in place of everybody's row of the same id.

use super::{
    index_file::IndexFileRows,
    mirror::MirrorRows,
    rerank::VectorRows,
    row_limits::{Fitted, judged},
};
use crate::domain::audit_fact::Fact;
use async_trait::async_trait;
use omega_core::{
    id::{ToolId, UserId},
    registry::{Calling, Health, Tool, Viewer},
};

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Starter,
    Import,
    Mirror,
    /// Somebody added the package here.
    Added,
}

impl Source {
    /// The source as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Import => "import",
            Self::Mirror => "mirror",
            Self::Added => "added",
        }
    }

    /// The source of a stored word; what is unknown counts as imported.
    pub fn from_word(word: &str) -> Self {
        match word {
            "starter" => Self::Starter,
            "mirror" => Self::Mirror,
            "added" => Self::Added,
            _ => Self::Import,
        }
    }

    /// What a person did here outweighs what came from elsewhere, and the catalogue gives way to everything.
    fn weight(self) -> u8 {
        match self {
            Self::Starter => 0,
            Self::Import | Self::Mirror => 1,
            Self::Added => 2,
        }
    }
}

/// How calls of a tool ended on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Calls that came to an end.
    pub runs: u64,
    pub failures: u64,
}

/// Calls without one success after which a tool counts as broken.
const BROKEN_AFTER: u64 = 3;

impl Outcomes {
    /// A tool's health: what was seen here outweighs what its row says.
    #[must_use]
    pub fn health(self, said: Health) -> Health {
        if self.runs > self.failures {
            Health::Healthy
        } else if self.failures >= BROKEN_AFTER {
            Health::Broken
        } else {
            said
        }
    }

    /// How far its calls can be trusted to work, -4 to 4, in steps that few calls cross: 0 while little is known.
    #[must_use]
    pub fn trust(self) -> i8 {
        let worked = self.runs.saturating_sub(self.failures);
        // The share that worked, as if one more had worked and one more had failed before the first.
        let of_eight = (8 * (worked + 1) + (self.runs + 2) / 2) / (self.runs + 2);
        i8::try_from(of_eight).unwrap_or(4) - 4
    }
}

/// For whom calls of a tool failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Failing {
    #[default]
    Nobody,
    /// For this user alone.
    One(UserId),
    Several,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredTool {
    /// The tool, with the health that its source gave it.
    pub tool: Tool,
    /// Where it comes from.
    pub source: Source,
    /// How calls of it ended.
    pub outcomes: Outcomes,
    pub failing: Failing,
}

impl StoredTool {
    /// A row of a source.
    pub fn new(tool: Tool, source: Source) -> Self {
        Self { tool, source, outcomes: Outcomes::default(), failing: Failing::Nobody }
    }

    /// The tool as somebody sees it: with the health that follows from its outcomes too. That it is broken nobody can bring
    /// about for others: what fails for one user alone is broken for that user.
    #[must_use]
    pub fn seen(self, viewer: Viewer) -> Tool {
        let concerns = match self.failing {
            Failing::Nobody => false,
            Failing::One(user) => viewer == Viewer::User(user),
            Failing::Several => true,
        };
        let health = match self.outcomes.health(self.tool.health) {
            Health::Broken if !concerns => self.tool.health,
            health => health,
        };
        // Rows of before there were limits are judged here.
        let input_schema = self.tool.input_schema.map(|schema| judged(schema).0);
        Tool { health, input_schema, ..self.tool }
    }

    /// What is to be stored when a source brings a tool: `None` when nothing changes. A row that brings less than is
    /// known (no schema, no way of calling a plain function) keeps what is known.
    pub fn merged(old: Option<&Self>, new: Fitted, source: Source) -> Option<Self> {
        let (new, _) = new.into_parts();
        let Some(old) = old else { return Some(Self::new(new, source)) };
        if source.weight() < old.source.weight() {
            return None;
        }
        let mut tool = new;
        if tool.input_schema.is_none() {
            tool.input_schema.clone_from(&old.tool.input_schema);
        }
        if source != Source::Added && tool.calling == Calling::Tool {
            tool.calling.clone_from(&old.tool.calling);
        }
        // A row without annotations takes nothing back.
        tool.destructive |= old.tool.destructive;
        if source != Source::Added {
            tool.needs_approval = tool.needs_approval.or(old.tool.needs_approval);
        }
        if tool.version == "latest" {
            tool.version.clone_from(&old.tool.version);
        }
        if tool.version == old.tool.version && tool.integrity.is_none() {
            tool.integrity.clone_from(&old.tool.integrity);
        }
        tool.own = old.tool.own;
        let merged = Self { tool, source, outcomes: old.outcomes, failing: old.failing };
        (merged != *old).then_some(merged)
    }
}

/// The store of rows fails.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RowsError(pub String);

/// How far the rows have got: who has seen all up to this has nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowsCursor {
    /// The last change of everybody's rows, and of anybody's own.
    pub revision: i64,
    /// How many rows of their own a user has, and the last change of them.
    pub own: (i64, i64),
}

/// Where rows are stored. `owner` is whose own rows are meant; everybody's without one.
#[async_trait]
pub trait ToolRows: MirrorRows + VectorRows + IndexFileRows {
    /// Everybody's rows in the order of their ids, those after `after`, at most `limit`.
    async fn page(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<StoredTool>, RowsError>;

    /// The rows of some ids as a viewer has them, in no order; ids without a row are left out.
    async fn get(&self, viewer: Viewer, ids: &[ToolId]) -> Result<Vec<StoredTool>, RowsError>;

    /// All rows of a user's own, in the order of their ids.
    async fn own(&self, user: UserId) -> Result<Vec<StoredTool>, RowsError>;

    /// How far the rows have got, for a viewer.
    async fn standing(&self, viewer: Viewer) -> Result<RowsCursor, RowsError>;

    /// Everybody's rows of the first change after a revision, with its revision; none when there is no later one.
    async fn changed_after(&self, revision: i64) -> Result<Option<(i64, Vec<StoredTool>)>, RowsError>;

    /// Writes rows, replacing those with the same id but not their outcomes, and the facts that tell of it; the revision that
    /// they have now.
    async fn upsert(&self, owner: Option<UserId>, rows: &[StoredTool], facts: &[Fact]) -> Result<i64, RowsError>;

    /// Takes the rows of a package out that somebody added, with the facts that tell of it; their ids.
    async fn remove(&self, owner: Option<UserId>, package: &str, fact: Fact) -> Result<Vec<ToolId>, RowsError>;

    /// Counts one more call of a tool by somebody; its outcomes now, or `None` when there is no such tool.
    async fn record_outcome(
        &self,
        owner: Option<UserId>,
        id: &ToolId,
        by: Viewer,
        ok: bool,
    ) -> Result<Option<Outcomes>, RowsError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(description: &str) -> Tool {
        Tool {
            tool_id: ToolId::new("p", "f"),
            name: String::from("f"),
            description: description.to_owned(),
            version: String::from("1.0.0"),
            category: String::new(),
            keywords: Vec::new(),
            input_schema: Some(json!({"type": "object"})),
            env: Vec::new(),
            calling: Calling::Function { params: vec![String::from("a")] },
            health: Health::Unknown,
            downloads: None,
            official: false,
            destructive: false,
            needs_approval: None,
            integrity: None,
            own: false,
        }
    }

    fn merged(old: &StoredTool, new: Tool, source: Source) -> Option<StoredTool> {
        StoredTool::merged(Some(old), Fitted::new(new).unwrap(), source)
    }

    #[test]
    fn what_a_person_added_is_never_overwritten_by_a_mirror() {
        let old = StoredTool::new(tool("old"), Source::Added);
        assert_eq!(merged(&old, tool("new"), Source::Mirror), None);
        let old = StoredTool::new(tool("old"), Source::Starter);
        assert!(merged(&old, tool("new"), Source::Mirror).is_some());
    }

    #[test]
    fn a_row_that_brings_less_keeps_what_is_known_and_the_same_row_is_no_change() {
        let old =
            StoredTool { outcomes: Outcomes { runs: 4, failures: 1 }, ..StoredTool::new(tool("x"), Source::Mirror) };
        let poor = Tool { input_schema: None, calling: Calling::Tool, version: String::from("latest"), ..tool("x") };
        assert_eq!(merged(&old, poor.clone(), Source::Mirror), None);
        let changed = merged(&old, Tool { description: String::from("y"), ..poor }, Source::Mirror).unwrap();
        assert_eq!((changed.tool, changed.outcomes), (tool("y"), old.outcomes));
    }

    #[test]
    fn what_fails_for_one_user_is_broken_for_that_user_alone() {
        let (mine, theirs) = (UserId::new(), UserId::new());
        let outcomes = Outcomes { runs: 9, failures: 9 };
        for (failing, viewer, expected) in [
            (Failing::One(mine), Viewer::User(mine), Health::Broken),
            (Failing::One(mine), Viewer::User(theirs), Health::Unknown),
            (Failing::One(mine), Viewer::Anybody, Health::Unknown),
            (Failing::Several, Viewer::User(theirs), Health::Broken),
            (Failing::Several, Viewer::Anybody, Health::Broken),
        ] {
            let row = StoredTool { outcomes, failing, ..StoredTool::new(tool("x"), Source::Mirror) };
            assert_eq!(row.seen(viewer).health, expected, "{failing:?} {viewer:?}");
        }
    }

    #[test]
    fn the_same_version_keeps_its_hash_and_another_one_does_not_inherit_it() {
        let of = |version: &str, hash: Option<&str>| Tool {
            version: version.into(),
            integrity: hash.map(Into::into),
            ..tool("x")
        };
        let old = StoredTool::new(of("1.0.0", Some("a")), Source::Added);
        assert_eq!(merged(&old, of("1.0.0", None), Source::Added), None);
        assert_eq!(merged(&old, of("1.1.0", None), Source::Added).unwrap().tool.integrity, None);
        assert_eq!(merged(&old, of("1.0.0", Some("b")), Source::Added).unwrap().tool.integrity.as_deref(), Some("b"));
    }

    #[test]
    fn trust_grows_with_what_works_and_shrinks_with_what_fails() {
        for (runs, failures, trust) in
            [(0, 0, 0), (1, 0, 1), (1, 1, -1), (4, 2, 0), (10, 0, 3), (100, 0, 4), (100, 100, -4)]
        {
            assert_eq!(Outcomes { runs, failures }.trust(), trust, "{runs} {failures}");
        }
    }

    #[test]
    fn health_follows_from_what_was_seen() {
        for (runs, failures, said, expected) in [
            (0, 0, Health::Unknown, Health::Unknown),
            (0, 0, Health::Broken, Health::Broken),
            (1, 0, Health::Broken, Health::Healthy),
            (2, 2, Health::Healthy, Health::Healthy),
            (3, 3, Health::Healthy, Health::Broken),
            (9, 8, Health::Unknown, Health::Healthy),
        ] {
            assert_eq!(Outcomes { runs, failures }.health(said), expected, "{runs} {failures}");
        }
    }
}
