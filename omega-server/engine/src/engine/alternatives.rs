//! Other tools for calls that came to nothing (PRD flow D): found in the registry, offered, and asked about.
//!
//! A call that lacks variables is asked about together with them. A call that failed for good has its outcome recorded with
//! the tools that could do the same; they are callable from then on. Where a person is to choose, the run waits for that
//! before the model is asked again. An offer is recorded with the outcome, so a crash in between loses neither.

use super::{Engine, call_policy::Need, credential_policy::Holdings, drive::Driver, tool_search};
use crate::store::{Chosen, LogTx, Offer, Result, Settled};
use omega_core::{
    agent::{
        Agent,
        alternatives::{self, Candidate},
    },
    api::{Alternative, AlternativeChoice, AlternativesReason, CredentialRequest, ToolRun},
    executor::Executor,
    id::{ToolId, ToolRunId},
    registry::{
        Query, Tool,
        meta::{FoundTool, SearchOutput},
    },
    sanitize::one_line,
};
use std::collections::{BTreeSet, HashMap};

/// Hits that are looked at.
const HITS: usize = 20;

/// What a run has offered so far.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Tools in whose place others were offered already.
    made: BTreeSet<ToolId>,
    /// What a person is still to be asked about.
    pub open: Vec<AlternativeChoice>,
}

/// The tools that could do what a call could not.
struct Instead {
    choice: AlternativeChoice,
    tools: Vec<FoundTool>,
}

impl Driver<'_> {
    /// Reads what was offered before the run was taken up.
    pub(super) async fn read_offers(&mut self) -> Result<()> {
        for offered in self.engine.inner.store.offers(self.lease.run).await? {
            self.offers.made.insert(offered.choice.tool_id.clone());
            if offered.chosen == Chosen::Open {
                self.offers.open.push(offered.choice);
            }
        }
        Ok(())
    }

    /// Looks for other tools after a failure, once for each tool that failed; the failure then names them.
    pub(super) async fn look_for_others(
        &mut self,
        agent: &Agent,
        failed: &Tool,
        tool_run: &ToolRun,
        settled: &mut Settled,
    ) -> Result<Option<AlternativeChoice>> {
        let Some(error) = &settled.error else { return Ok(None) };
        let (failures, worked) = agent.record_of(&tool_run.tool_id);
        let Some(reason) = alternatives::reason(error.code, &failed.calling, failures, worked) else { return Ok(None) };
        if !self.offers.made.insert(failed.tool_id.clone()) {
            return Ok(None);
        }
        let detail = format!("{}: {}", error.code.as_str(), error.message);
        let Some(instead) = self.find_others(agent, failed, tool_run.id, reason, &detail, &[]).await? else {
            return Ok(None);
        };
        let named = agent.name_offered(SearchOutput {
            query: String::new(),
            match_count: instead.tools.len(),
            tools: instead.tools,
        });
        settled.error = settled.error.take().map(|error| alternatives::with_tools(error, &named.tools));
        Ok(Some(instead.choice))
    }

    /// Records an offer beside the outcome that it belongs to.
    pub(super) async fn offer(&mut self, log: &mut LogTx, choice: AlternativeChoice) -> Result<()> {
        let offer = if self.asks_which_tool { Offer::Asked } else { Offer::Told };
        log.offer(self.lease.run, &choice, offer).await?;
        if self.asks_which_tool {
            self.offers.open.push(choice);
        }
        Ok(())
    }

    /// What could be called in place of the calls that lack variables.
    pub(super) async fn others_for(
        &mut self,
        agent: &Agent,
        needs: &[Need],
        tools: &HashMap<ToolRunId, Tool>,
    ) -> Result<Vec<AlternativeChoice>> {
        let mut choices = Vec::new();
        for need in needs {
            let Need::Credentials(request) = need else { continue };
            let Some(call) = request.tool_run_id else { continue };
            let tool = match tools.get(&call) {
                Some(tool) => tool.clone(),
                None => match self.engine.inner.registry.tool(self.viewer, &request.tool_id).await {
                    Ok(tool) => tool,
                    Err(_) => continue,
                },
            };
            let (reason, detail) = lack(request);
            let keys: Vec<String> = request.missing_keys.iter().map(|var| var.name.clone()).collect();
            let instead = self.find_others(agent, &tool, call, reason, &detail, &keys).await?;
            choices.extend(instead.map(|instead| instead.choice));
            self.offers.made.insert(tool.tool_id);
        }
        Ok(choices)
    }

    async fn find_others(
        &self,
        agent: &Agent,
        failed: &Tool,
        call: ToolRunId,
        reason: AlternativesReason,
        detail: &str,
        keys: &[String],
    ) -> Result<Option<Instead>> {
        let engine = self.engine;
        let text = alternatives::query(failed);
        let hits = engine.inner.registry.search(self.viewer, Query { text, category: None, limit: HITS }).await;
        let hits = hits.unwrap_or_else(|error| {
            tracing::warn!(event = "alternatives.not_found", run_id = %self.lease.run, %error);
            Vec::new()
        });
        let actor = engine.inner.store.actor(self.lease.run).await?;
        let holdings = engine.holdings_of(self.lease.conversation, actor, Some(self.lease.run)).await?;
        let lacks = |tool: &Tool| holdings.resolve(tool, std::iter::empty()).missing;
        let candidates = hits.into_iter().map(|hit| Candidate {
            missing: lacks(&hit.tool).into_iter().map(|var| var.name).collect(),
            tool: hit.tool,
        });
        let ranked = alternatives::rank(failed, reason, candidates.collect(), &agent.never_worked(), keys);
        let (owner, _) = engine.inner.store.owner_and_model(self.lease.conversation).await?;
        let owner = owner.to_string();
        let mut usable = Vec::new();
        for candidate in ranked {
            // What its breaker leaves alone is no way out.
            if engine.inner.executor.admits(&owner, &candidate.tool.tool_id, &candidate.tool.version).await.is_ok() {
                usable.push(candidate);
            }
        }
        if usable.is_empty() {
            return Ok(None);
        }
        let choice = AlternativeChoice {
            tool_run_id: call,
            tool_id: failed.tool_id.clone(),
            tool_name: failed.name.clone(),
            reason,
            detail: one_line(detail, 300),
            alternatives: usable.iter().map(alternative).collect(),
        };
        let tools = usable.into_iter().map(|candidate| tool_search::found_tool(candidate.tool, &holdings)).collect();
        Ok(Some(Instead { choice, tools }))
    }
}

fn alternative(candidate: &Candidate) -> Alternative {
    let required = tool_search::required(&candidate.tool);
    Alternative {
        tool_id: candidate.tool.tool_id.clone(),
        tool_name: candidate.tool.name.clone(),
        version: candidate.tool.version.clone(),
        why: one_line(&candidate.tool.description, 200),
        you_have: required.iter().filter(|name| !candidate.missing.contains(name)).cloned().collect(),
        required_env: required,
    }
}

/// Why a call can't go on, and that in a sentence.
fn lack(request: &CredentialRequest) -> (AlternativesReason, String) {
    let names: Vec<&str> = request.missing_keys.iter().map(|var| var.name.as_str()).collect();
    let names = names.join(", ");
    if request.missing_keys.iter().any(|var| var.rejected) {
        return (AlternativesReason::RejectedCredentials, format!("its service refused {names}"));
    }
    (AlternativesReason::MissingCredentials, format!("it needs {names}, which nobody has given"))
}

/// The tool that a person chose in place of a call's, as the model reads of it.
pub(super) async fn chosen(engine: &Engine, agent: &Agent, tool: &ToolId, holdings: &Holdings) -> Option<FoundTool> {
    let tool = engine.inner.registry.tool(holdings.viewer, tool).await.ok()?;
    let output =
        SearchOutput { query: String::new(), match_count: 1, tools: vec![tool_search::found_tool(tool, holdings)] };
    agent.name_offered(output).tools.pop()
}
