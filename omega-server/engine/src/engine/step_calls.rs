//! The calls of one step: judged, run side by side, and each outcome recorded as it comes.

use super::{
    adding, call_lookup,
    call_policy::{CallPolicy, Need, Verdict},
    drive::Driver,
    tool_search,
    tools::{self, Done, Work},
};
use crate::{
    observe::scope,
    store::{Clean, Result},
};
use omega_core::{
    agent::{Action, Agent, alternatives},
    event::Event,
    id::ToolRunId,
    registry::Tool,
};
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::Semaphore, task::JoinSet};

/// Calls of one step that run side by side.
const PARALLEL_CALLS: usize = 8;

impl Driver<'_> {
    /// Runs the open calls of a step side by side, recording each outcome as it comes, and gives what the others need from
    /// a person first, and the tools that were called. Calls that need nothing don't wait for those that do.
    ///
    /// Each call is a task of its own: one that waits in the middle of a write must go on while another's outcome is
    /// written here, or both would wait for the one writer for ever.
    pub(super) async fn call(
        &mut self,
        agent: &mut Agent,
        gate: &CallPolicy,
        calls: Vec<(ToolRunId, Action)>,
    ) -> Result<(Vec<Need>, HashMap<ToolRunId, Tool>)> {
        let (mut needs, mut called) = (Vec::new(), HashMap::new());
        let slots = Arc::new(Semaphore::new(PARALLEL_CALLS));
        let (mut working, step) = (JoinSet::new(), agent.steps());
        for (tool_run, action) in calls {
            let slots = Arc::clone(&slots);
            let (engine, lease, cancel) = (self.engine.clone(), self.lease, self.cancel.clone());
            let Some(tool_run) = agent.tool_run(tool_run).cloned() else { continue };
            let work = match action {
                Action::Refuse(error) => {
                    let error = call_lookup::with_nearest(&engine, self.viewer, &tool_run.tool_id, error).await;
                    Work::Refuse(error, tool_run.version.clone())
                }
                Action::Search(input) => Work::Search(input),
                Action::Read(part) => Work::Read(part),
                // The npm registry is asked on the way: the other calls do not wait for it.
                Action::Add(input) => Work::Propose(input, Box::new(adding::Rules::of(&engine, gate, &tool_run))),
                Action::Run { tool_id, input } => {
                    match gate.judge(&engine, agent, &tool_run, &tool_id, &input).await? {
                        Verdict::Go(ready) => {
                            called.insert(tool_run.id, ready.tool.clone());
                            Work::Run(ready, agent.has_worked(tool_id.package()))
                        }
                        Verdict::Refuse(error, version) => Work::Refuse(error, version),
                        Verdict::Ask(need) => {
                            needs.push(need);
                            continue;
                        }
                    }
                }
            };
            working.spawn(scope::carried(scope::step(step, async move {
                let _slot = slots.acquire().await;
                let done = tools::perform(&engine, &lease, &tool_run, work, &cancel).await;
                (tool_run, done)
            })));
        }
        while let Some(joined) = working.join_next().await {
            let (tool_run, done) = match joined {
                Ok(done) => done,
                // A bug in here: the worker of the run ends with it, and the run is recovered.
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            };
            let mut settled = match done? {
                Done::Lacks(request) => {
                    self.engine.inner.hub.channel(self.lease.conversation).forget_tool(tool_run.id);
                    needs.push(Need::Credentials(request));
                    continue;
                }
                Done::Asks(approval) => {
                    let mut log = self.log().await?;
                    log.step_back(tool_run.id).await?;
                    self.engine.committed(log.commit().await?);
                    needs.push(Need::Approval(approval));
                    continue;
                }
                Done::Waits(approval) => {
                    needs.push(Need::Approval(approval));
                    continue;
                }
                Done::Found(output, duration_ms) => tool_search::found(agent, output, duration_ms),
                Done::Added(output, duration_ms) => adding::added(agent, output, duration_ms),
                Done::Settled(settled) => settled,
            };
            let others = match called.get(&tool_run.id) {
                Some(tool) => {
                    settled.error = settled.error.take().map(alternatives::from_outside);
                    self.look_for_others(agent, tool, &tool_run, &mut settled).await?
                }
                None => None,
            };
            let redactor = self.engine.inner.store.redactor(self.lease.conversation).await?;
            let settled = Clean::by(redactor, settled).await;
            let mut log = self.log().await?;
            let ended = log.finish_tool(&tool_run, &settled).await?;
            if let Some(choice) = others {
                self.offer(&mut log, choice).await?;
            }
            let new_tools = agent.settle(ended);
            if !new_tools.is_empty() {
                let total_dynamic_tools = u32::try_from(agent.loaded()).unwrap_or(u32::MAX);
                log.event(Some(self.lease.run), Event::ToolsLoaded { new_tools, total_dynamic_tools }).await?;
            }
            let is_last = working.is_empty() && needs.is_empty();
            if is_last {
                log.close_steps(self.lease.run).await?;
            }
            self.engine.inner.hub.channel(self.lease.conversation).forget_tool(tool_run.id);
            if is_last {
                // The next step begins at once, or the run ends.
                self.engine.ahead(log.commit_ahead().await?);
            } else {
                self.engine.committed(log.commit().await?);
            }
        }
        Ok((needs, called))
    }
}
