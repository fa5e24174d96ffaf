//! How tools fared in the run so far.

use super::Agent;
use crate::{
    api::{ToolRun, ToolRunStatus},
    id::ToolId,
};
use std::collections::BTreeSet;

impl Agent {
    /// In how many steps before the last one a tool failed, and whether it has worked in this run.
    #[must_use]
    pub fn record_of(&self, tool: &str) -> (usize, bool) {
        let before = self.now.steps.split_last().map_or(&[][..], |(_, before)| before);
        let failed = |run: &ToolRun| {
            run.tool_id == tool && matches!(run.status, ToolRunStatus::Failed | ToolRunStatus::TimedOut)
        };
        let worked = |run: &ToolRun| run.tool_id == tool && run.status == ToolRunStatus::Succeeded;
        let failures = before.iter().filter(|step| step.tool_runs.iter().any(failed)).count();
        (failures, self.now.steps.iter().flat_map(|step| &step.tool_runs).any(worked))
    }

    /// Tools that were called in this run and never worked.
    #[must_use]
    pub fn never_worked(&self) -> BTreeSet<String> {
        let runs = || self.now.steps.iter().flat_map(|step| &step.tool_runs);
        let ended = runs().filter(|run| run.status.is_terminal()).map(|run| run.tool_id.clone());
        ended.filter(|tool| !self.record_of(tool).1).collect()
    }

    /// Whether a call of a package has worked in this run.
    #[must_use]
    pub fn has_worked(&self, package: &str) -> bool {
        let is_its = |run: &ToolRun| run.tool_id.parse::<ToolId>().is_ok_and(|id| id.package() == package);
        let runs = self.now.steps.iter().flat_map(|step| &step.tool_runs);
        runs.filter(|run| run.status == ToolRunStatus::Succeeded).any(is_its)
    }
}
