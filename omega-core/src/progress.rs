//! How far a run came with its plan: which step a call belongs to, and where that leaves the step.
//!
//! Derived from the calls alone, by every client and by the server alike, so that nothing is stored that could disagree.
//! The rule:
//!
//! 1. A call belongs to the first step of its tool that is pending or failed. The step's tool is the one that a person
//!    chose in its place, if somebody did.
//! 2. If every step of its tool is at work or done, it belongs to the last one that is at work or done: the model repeats it.
//! 3. A call of a registry tool that no step names belongs to the first pending or failed step that says
//!    `registryExecuteTool`. Any other call belongs to no step.
//!
//! A step is running while one of its calls is open (it may wait for a person), done as soon as one has succeeded, failed
//! when all have failed, and skipped when the run ends before any.

use crate::{
    api::{Plan, RunPlan, StepCall, StepProgress, StepStatus, ToolRun, ToolRunStatus},
    id::{MessageId, ToolId, ToolRunId},
    registry::meta,
};

/// A call, as far as the rule looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCall {
    pub id: ToolRunId,
    /// The message that asked for it.
    pub message_id: MessageId,
    pub tool_id: String,
    pub status: ToolRunStatus,
}

impl From<&ToolRun> for PlanCall {
    fn from(run: &ToolRun) -> Self {
        Self { id: run.id, message_id: run.message_id, tool_id: run.tool_id.clone(), status: run.status }
    }
}

impl StepProgress {
    fn tool(&self) -> &str {
        let id = self.replaced_by.as_ref().or(self.step.tool_id.as_ref());
        id.map_or(self.step.tool_name.as_str(), ToolId::as_str)
    }

    fn is_open(&self) -> bool {
        matches!(self.status, StepStatus::Pending | StepStatus::Failed)
    }

    fn derive(&mut self) {
        let has = |status| self.calls.iter().any(|call| call.status == status);
        self.status = if has(StepStatus::Running) {
            StepStatus::Running
        } else if has(StepStatus::Done) {
            StepStatus::Done
        } else {
            StepStatus::Failed
        };
    }
}

impl RunPlan {
    /// A plan of which nothing was done yet.
    pub fn of(plan: &Plan) -> Self {
        let step = |step| StepProgress { step, status: StepStatus::Pending, calls: Vec::new(), replaced_by: None };
        Self { plan_id: plan.id, steps: plan.steps.iter().cloned().map(step).collect() }
    }

    /// The same after these calls of its run, in their order. `replaced` are the tools that a person chose in place of
    /// calls, and `ended` says whether the run has.
    pub fn after(plan: &Plan, calls: &[PlanCall], replaced: &[(ToolRunId, ToolId)], ended: bool) -> Self {
        let mut progress = Self::of(plan);
        // The calls of one message are asked for together, and are settled before the next message.
        for step in calls.chunk_by(|a, b| a.message_id == b.message_id) {
            for call in step {
                progress.propose(call.id, &call.tool_id);
            }
            for call in step {
                progress.settle(call.id, call.status);
                if let Some((_, tool)) = replaced.iter().find(|(id, _)| *id == call.id) {
                    progress.replace(call.id, tool);
                }
            }
        }
        if ended {
            progress.end();
        }
        progress
    }

    /// The model asks for a call.
    pub fn propose(&mut self, call: ToolRunId, tool: &str) {
        let of_tool = |step: &StepProgress| step.tool() == tool;
        let at = self.steps.iter().position(|step| of_tool(step) && step.is_open());
        let at = at.or_else(|| self.steps.iter().rposition(of_tool)).or_else(|| {
            let any_tool = |step: &StepProgress| step.tool() == meta::EXECUTE && step.is_open();
            self.steps.iter().position(any_tool).filter(|_| tool.contains("::"))
        });
        if let Some(step) = at.and_then(|at| self.steps.get_mut(at)) {
            step.calls.push(StepCall { tool_run_id: call, status: StepStatus::Running });
            step.derive();
        }
    }

    /// A call has come to something.
    pub fn settle(&mut self, call: ToolRunId, status: ToolRunStatus) {
        let status = match status {
            ToolRunStatus::Succeeded => StepStatus::Done,
            status if status.is_terminal() => StepStatus::Failed,
            _ => return,
        };
        let Some(step) = self.step_of(call) else { return };
        step.calls.iter_mut().filter(|known| known.tool_run_id == call).for_each(|known| known.status = status);
        step.derive();
    }

    /// A person chose another tool for a call: its step waits for that one.
    pub fn replace(&mut self, call: ToolRunId, with: &ToolId) {
        if let Some(step) = self.step_of(call) {
            step.replaced_by = Some(with.clone());
        }
    }

    pub fn end(&mut self) {
        for step in self.steps.iter_mut().filter(|step| step.status == StepStatus::Pending) {
            step.status = StepStatus::Skipped;
        }
    }

    /// The step that is next: the first one that is pending, behind everything that was begun; else one that failed.
    pub fn next(&self) -> Option<&StepProgress> {
        let begun = self.steps.iter().rposition(|step| step.status != StepStatus::Pending).map_or(0, |at| at + 1);
        self.steps.get(begun).or_else(|| self.steps.iter().find(|step| step.is_open()))
    }

    fn step_of(&mut self, call: ToolRunId) -> Option<&mut StepProgress> {
        self.steps.iter_mut().find(|step| step.calls.iter().any(|known| known.tool_run_id == call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::PlanStep,
        id::{MessageId, PlanId},
    };

    fn plan(tools: &[&str]) -> Plan {
        let steps = tools.iter().zip(1..).map(|(tool, step_number)| PlanStep {
            step_number,
            tool_name: (*tool).to_owned(),
            tool_id: tool.parse().ok(),
            ..PlanStep::default()
        });
        Plan {
            id: PlanId::new(),
            steps: steps.collect(),
            confidence: 0.5,
            reasoning: String::new(),
            missing_vars: Vec::new(),
            pins: Vec::new(),
        }
    }

    fn run(message_id: MessageId, tool: &str, status: ToolRunStatus) -> PlanCall {
        PlanCall { id: ToolRunId::new(), message_id, tool_id: tool.into(), status }
    }

    /// Each inner list is the calls of one message.
    fn calls(messages: &[&[(&str, ToolRunStatus)]]) -> Vec<PlanCall> {
        let of = |calls: &&[(&str, ToolRunStatus)]| {
            let message = MessageId::new();
            calls.iter().map(|(tool, status)| run(message, tool, *status)).collect::<Vec<_>>()
        };
        messages.iter().flat_map(of).collect()
    }

    fn states(progress: &RunPlan) -> Vec<StepStatus> {
        progress.steps.iter().map(|step| step.status).collect()
    }

    use StepStatus::{Done, Failed, Pending, Running, Skipped};
    use ToolRunStatus as Is;

    #[test]
    fn a_call_belongs_to_the_first_step_of_its_tool_that_is_not_done() {
        let (plan, search) = (plan(&["registrySearchTool", "a::x", "b::y", "a::x"]), "registrySearchTool");
        for (made, expected, next) in [
            (calls(&[]), [Pending, Pending, Pending, Pending], Some(1)),
            (calls(&[&[(search, Is::Succeeded)]]), [Done, Pending, Pending, Pending], Some(2)),
            (calls(&[&[("a::x", Is::Started)]]), [Pending, Running, Pending, Pending], Some(3)),
            (calls(&[&[("a::x", Is::AwaitingCredentials)]]), [Pending, Running, Pending, Pending], Some(3)),
            // Two at once are two steps; a third one is the last of them again.
            (
                calls(&[&[("a::x", Is::Succeeded), ("a::x", Is::Started), ("a::x", Is::Failed)]]),
                [Pending, Done, Pending, Running],
                Some(1),
            ),
            // A second try after a failure is the same step.
            (calls(&[&[("a::x", Is::Failed)], &[("a::x", Is::Succeeded)]]), [Pending, Done, Pending, Pending], Some(3)),
            (
                calls(&[&[("b::y", Is::Denied)], &[("c::z", Is::Succeeded)]]),
                [Pending, Pending, Failed, Pending],
                Some(4),
            ),
        ] {
            let progress = RunPlan::after(&plan, &made, &[], false);
            assert_eq!(states(&progress), expected, "{made:?}");
            assert_eq!(progress.next().map(|step| step.step.step_number), next, "{made:?}");
        }
        let ended = RunPlan::after(&plan, &calls(&[&[("a::x", Is::Failed)]]), &[], true);
        assert_eq!(states(&ended), [Skipped, Failed, Skipped, Skipped]);
    }

    #[test]
    fn a_repeated_step_stays_done_whatever_becomes_of_the_repetition() {
        let made = calls(&[&[("a::x", Is::Succeeded)], &[("a::x", Is::TimedOut)]]);
        let progress = RunPlan::after(&plan(&["a::x"]), &made, &[], true);
        assert_eq!((states(&progress), progress.steps[0].calls.len()), (vec![Done], 2));
        assert!(progress.next().is_none());
    }

    #[test]
    fn the_tool_that_was_chosen_in_place_of_a_steps_own_does_the_step() {
        let made = calls(&[&[("a::x", Is::Skipped)], &[("c::z", Is::Succeeded)], &[("a::x", Is::Succeeded)]]);
        let replaced = [(made[0].id, "c::z".parse().unwrap())];
        let progress = RunPlan::after(&plan(&["a::x", "b::y"]), &made, &replaced, false);
        assert_eq!(states(&progress), [Done, Pending]);
        let of_first: Vec<_> = progress.steps[0].calls.iter().map(|call| call.tool_run_id).collect();
        assert_eq!(of_first, [made[0].id, made[1].id], "the step's own tool is none of the plan's any more");
    }

    #[test]
    fn a_step_that_runs_whatever_was_found_takes_the_calls_that_no_other_step_names() {
        let plan = plan(&["registrySearchTool", "registryExecuteTool", "b::y"]);
        let made = calls(&[&[("b::y", Is::Succeeded), ("q::w", Is::Succeeded), ("nonsense", Is::Failed)]]);
        assert_eq!(states(&RunPlan::after(&plan, &made, &[], false)), [Pending, Done, Done]);
    }
}
