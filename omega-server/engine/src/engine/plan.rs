//! Making plans (P1, P3, P4): the registry is searched for every part of the task, the model orders what was found into
//! steps, and each step is held against the registry: a plan never names a tool that does not exist, and says before
//! its first step which variables nobody has given.

use super::{
    Engine, call_policy,
    credential_policy::{CredentialPolicy, Holdings},
    redacting_model::RedactingModel,
    tool_search,
};
use crate::store::{Result, access::Access};
use futures_util::StreamExt;
use omega_core::{
    agent::{
        complexity::Complexity,
        meta_tools,
        planning::{self, ProposedPlan, ProposedStep, Wish},
    },
    api::{CredentialRequest, Plan, PlanAnswer, PlanStep, PlanVar, Usage},
    id::{ConversationId, PlanId, RunId, ToolId, UserId},
    model::{Model, ModelError, ModelEvent, ModelRequest, Purpose, ToolCall, ToolChoice, ToolResult, Turn, wire},
    redact::Redactor,
    registry::{
        EnvVar, Hit, Query, Tool,
        meta::{self, FoundTool, SearchInput, SearchOutput},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Parts of a task that are searched for.
const MOST_PARTS: usize = 6;
/// Tools that the planner gets to see, the pinned ones not counted.
const MOST_FOUND: usize = 24;

/// A task to plan.
pub struct Task<'a> {
    /// `provider/model` of the planner, and what is behind it.
    pub model: (&'a str, Arc<dyn Model>),
    /// The task, without secrets.
    pub message: &'a str,
    /// At most so many plans.
    pub count: u8,
    /// Whether the planner may find that no plan is needed; a plan of one step says the same.
    pub may_refuse: bool,
    /// What was wrong with earlier plans.
    pub note: Option<&'a str>,
    /// Tools that are preferred.
    pub pins: &'a [ToolId],
    /// Where it would run.
    pub conversation: ConversationId,
    /// Whose message it is.
    pub actor: UserId,
    /// The run that is to follow it, with the variables that came with it.
    pub run: Option<RunId>,
    /// What the model must not see.
    pub redactor: Redactor,
}

/// A tool that a step may name.
struct UsableTool {
    tool: Tool,
    missing: Vec<EnvVar>,
}

/// What steps may name: the tools that were found, and every other one of the registry once it was looked up.
struct Catalogue<'a> {
    engine: &'a Engine,
    holdings: Holdings,
    known: BTreeMap<ToolId, UsableTool>,
}

impl Engine {
    /// Makes plans for a task; none when the planner may refuse and does. `usage` is what it has taken so far, also when it
    /// fails or is given up.
    ///
    /// # Errors
    /// What failed at the model; [`ModelError::Config`] when its answer holds no plan: another wording may get one.
    pub async fn plan(&self, task: Task<'_>, usage: &mut Usage) -> Result<Option<PlanAnswer>, ModelError> {
        let model = RedactingModel::before(Arc::clone(&task.model.1), task.redactor.clone());
        let (mut catalogue, found) = self.search_for(&task).await?;
        let (mut invented, mut rest) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let wish = Wish {
                count: task.count,
                may_refuse: task.may_refuse,
                pins: task.pins,
                note: task.note,
                invented: &invented,
            };
            let before = *usage;
            let count = |used| *usage = before + self.inner.models.priced(task.model.0, used);
            let text = ask(model.as_ref(), request(&task, &wish, &found), count).await?;
            let proposed = planning::read(&text).map_err(|reason| no_plan(&reason))?;
            if proposed.is_empty() && task.may_refuse {
                return Ok(None);
            }
            let mut whole = Vec::new();
            for plan in proposed.into_iter().take(usize::from(task.count)) {
                let (plan, strange) = catalogue.check(plan, task.pins).await;
                if strange.is_empty() {
                    whole.push(plan)
                } else {
                    rest.push(plan)
                }
                invented.extend(strange);
            }
            if !whole.is_empty() {
                return Ok(answer(whole, task.may_refuse));
            }
        }
        // Asked twice, the planner still makes tools up: what is left without them is better than nothing.
        rest.retain(|plan| !plan.steps.is_empty());
        rest.truncate(1);
        if rest.is_empty() {
            return Err(no_plan(&format!("it names tools that do not exist: {}", invented.join(", "))));
        }
        Ok(answer(rest, task.may_refuse))
    }

    /// Makes plans that nothing follows yet, keeps them with the conversation, and counts what they took, also when there is
    /// none.
    ///
    /// # Errors
    /// When the database fails; what [`Engine::plan`] says is inside.
    pub async fn plan_ahead(&self, access: &Access, task: Task<'_>) -> Result<Result<Option<PlanAnswer>, ModelError>> {
        let (message, mut usage) = (task.message, Usage::default());
        let planned = self.plan(task, &mut usage).await;
        let Ok(Some(answer)) = planned else {
            self.committed(self.inner.store.count_tokens(access, usage).await?);
            return Ok(planned);
        };
        let (set, committed) = self.inner.store.keep_plans(access, message, &answer, usage).await?;
        self.committed(committed);
        Ok(Ok(Some(PlanAnswer { plan_set_id: Some(set), ..answer })))
    }

    /// The tools for a task: the pinned ones, then those that its parts find, in turn.
    async fn search_for(&self, task: &Task<'_>) -> Result<(Catalogue<'_>, SearchOutput), ModelError> {
        let unread = |error: &dyn std::fmt::Display| ModelError::Config(format!("plans need the registry: {error}"));
        let holdings = self.holdings_of(task.conversation, task.actor, task.run).await;
        let holdings = holdings.map_err(|error| ModelError::Config(format!("plans need the database: {error}")))?;
        let mut catalogue = Catalogue { engine: self, holdings, known: BTreeMap::new() };
        let mut tools: Vec<FoundTool> = Vec::new();
        for pin in task.pins {
            // One that is gone is said to be gone when the run begins.
            if let Some(known) = catalogue.look_up(pin).await {
                let tool = known.tool.clone();
                tools.push(tool_search::found_tool(tool, &catalogue.holdings));
            }
        }
        let pinned = tools.len();
        let parts = Complexity::of(task.message).parts;
        let limit = if parts.len() > 1 { 6 } else { 10 };
        let mut lists = Vec::new();
        for query in std::iter::once(task.message).chain(parts.iter().map(String::as_str).take(MOST_PARTS)) {
            let query = Query { text: query.to_owned(), category: None, limit };
            let hits =
                self.inner.registry.search(catalogue.holdings.viewer, query).await.map_err(|error| unread(&error))?;
            lists.push(hits.into_iter());
        }
        while tools.len() < pinned + MOST_FOUND && !lists.is_empty() {
            lists.retain_mut(|list| {
                let Some(Hit { tool, .. }) = list.next() else { return false };
                if tools.iter().all(|known| known.tool_id != tool.tool_id) {
                    catalogue.knows(tool.clone());
                    tools.push(tool_search::found_tool(tool, &catalogue.holdings));
                }
                true
            });
        }
        let found = SearchOutput { query: task.message.to_owned(), match_count: tools.len(), tools };
        Ok((catalogue, found))
    }

    /// What a message of somebody's may have, in a run or before there is one.
    pub(super) async fn holdings_of(
        &self,
        conversation: ConversationId,
        actor: UserId,
        run: Option<RunId>,
    ) -> Result<Holdings> {
        let rights = CredentialPolicy::of(self, conversation, actor).await?;
        match run {
            Some(run) => Holdings::of(self, run, &rights).await,
            None => Holdings::outside_runs(self, &rights).await,
        }
    }

    /// What the tools of a plan lack, one request a tool.
    pub(super) async fn plan_lacks(&self, plan: &Plan, holdings: &Holdings) -> Result<Vec<CredentialRequest>> {
        let ids: BTreeSet<&ToolId> = plan.steps.iter().filter_map(|step| step.tool_id.as_ref()).collect();
        let mut requests = Vec::new();
        for id in ids {
            let Ok(tool) = self.inner.registry.tool(holdings.viewer, id).await else { continue };
            let missing = holdings.resolve(&tool, std::iter::empty()).missing;
            if !missing.is_empty() {
                requests.push(call_policy::plan_request(&tool, missing));
            }
        }
        Ok(requests)
    }
}

impl Catalogue<'_> {
    fn knows(&mut self, tool: Tool) {
        let missing = self.holdings.resolve(&tool, std::iter::empty()).missing;
        self.known.insert(tool.tool_id.clone(), UsableTool { tool, missing });
    }

    /// A tool by its id, if the registry has it.
    async fn look_up(&mut self, id: &ToolId) -> Option<&UsableTool> {
        if !self.known.contains_key(id) {
            let tool = self.engine.inner.registry.tool(self.holdings.viewer, id).await.ok()?;
            self.knows(tool);
        }
        self.known.get(id)
    }

    /// A plan whose steps name real tools, and the names that mean none.
    async fn check(&mut self, proposed: ProposedPlan, pins: &[ToolId]) -> (Plan, Vec<String>) {
        let (mut steps, mut invented) = (Vec::new(), Vec::new());
        let mut missing: BTreeMap<String, PlanVar> = BTreeMap::new();
        for step in proposed.steps {
            let number = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
            if is_meta(&step.tool_name) {
                steps.push(plan_step(number, step, None));
                continue;
            }
            let id = step.tool_name.trim().parse::<ToolId>().ok();
            let known = match &id {
                Some(id) => self.look_up(id).await,
                None => None,
            };
            let Some(known) = known else {
                invented.push(step.tool_name);
                continue;
            };
            for var in &known.missing {
                let entry = missing.entry(var.name.clone()).or_insert_with(|| PlanVar {
                    name: var.name.clone(),
                    description: var.description.clone(),
                    tool_ids: Vec::new(),
                });
                if !entry.tool_ids.contains(&known.tool.tool_id) {
                    entry.tool_ids.push(known.tool.tool_id.clone());
                }
            }
            steps.push(plan_step(number, step, Some(known)));
        }
        let plan = Plan {
            id: PlanId::new(),
            steps,
            confidence: proposed.confidence,
            reasoning: proposed.reasoning,
            missing_vars: missing.into_values().collect(),
            pins: pins.iter().filter(|pin| self.known.contains_key(*pin)).cloned().collect(),
        };
        (plan, invented)
    }
}

fn is_meta(name: &str) -> bool {
    meta::ALL.contains(&name)
}

fn plan_step(step_number: u32, step: ProposedStep, known: Option<&UsableTool>) -> PlanStep {
    PlanStep {
        step_number,
        tool_name: known.map_or(step.tool_name, |known| known.tool.tool_id.to_string()),
        purpose: step.purpose,
        expected_output: step.expected_output,
        tool_id: known.map(|known| known.tool.tool_id.clone()),
        version: known.map(|known| known.tool.version.clone()).filter(|version| !version.is_empty()),
        missing_env: known.map(|known| known.missing.iter().map(|var| var.name.clone()).collect()).unwrap_or_default(),
    }
}

/// The plans, best first: by the planner's confidence, and what uses pinned tools before what does not.
fn answer(mut plans: Vec<Plan>, may_refuse: bool) -> Option<PlanAnswer> {
    let pinned =
        |plan: &Plan| plan.steps.iter().any(|step| step.tool_id.as_ref().is_some_and(|id| plan.pins.contains(id)));
    plans.sort_by(|a, b| pinned(b).cmp(&pinned(a)).then(b.confidence.total_cmp(&a.confidence)));
    let best = plans.first()?;
    if may_refuse && best.steps.len() < 2 {
        return None;
    }
    Some(PlanAnswer {
        plan: best.steps.clone(),
        confidence: best.confidence,
        reasoning: best.reasoning.clone(),
        missing_vars: best.missing_vars.clone(),
        plan_set_id: None,
        plans,
    })
}

fn request(task: &Task<'_>, wish: &Wish<'_>, found: &SearchOutput) -> ModelRequest {
    let input = SearchInput { query: task.message.to_owned(), category: None, limit: 10 };
    let call = ToolCall {
        id: "call_search".into(),
        name: meta::SEARCH.into(),
        arguments: serde_json::to_string(&input).unwrap_or_default(),
        provider_state: None,
    };
    let result = ToolResult {
        call_id: "call_search".into(),
        name: meta::SEARCH.into(),
        content: serde_json::to_string(found).unwrap_or_default(),
        is_error: false,
        loads: Vec::new(),
    };
    ModelRequest {
        purpose: Purpose::Plans { count: wish.count },
        model: task.model.0.split_once('/').map_or(task.model.0, |(_, model)| model).to_owned(),
        system: planning::prompt(wish),
        turns: vec![
            Turn::User { text: task.message.to_owned() },
            Turn::Assistant { text: String::new(), calls: vec![call], provider_state: Vec::new() },
            Turn::Tools { results: vec![result] },
        ],
        tools: meta_tools::specs(false),
        tool_choice: ToolChoice::None,
        max_output_tokens: None,
        answer_schema: None,
    }
}

/// `count` hears of the tokens as soon as the provider tells them.
async fn ask(model: &dyn Model, request: ModelRequest, mut count: impl FnMut(Usage)) -> Result<String, ModelError> {
    let mut events = model.stream(request).await?;
    let mut text = String::new();
    while let Some(event) = events.next().await {
        match event? {
            ModelEvent::Text(more) => text.push_str(&more),
            ModelEvent::Usage(used) => count(used),
            _ => {}
        }
    }
    Ok(wire::closed_alone(&text).map_or(text.as_str(), |(_, answer)| answer).to_owned())
}

fn no_plan(reason: &str) -> ModelError {
    ModelError::Config(format!(
        "the model gave no plan ({reason}); say the task in other words, or send it as a message"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(confidence: f64, tools: &[&str], pins: &[&str]) -> Plan {
        let steps = tools.iter().zip(1..).map(|(tool, step_number)| PlanStep {
            step_number,
            tool_name: (*tool).into(),
            tool_id: tool.parse().ok(),
            ..PlanStep::default()
        });
        Plan {
            id: PlanId::new(),
            steps: steps.collect(),
            confidence,
            reasoning: String::new(),
            missing_vars: Vec::new(),
            pins: pins.iter().map(|pin| pin.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn the_surest_plan_is_first_and_a_pinned_tool_comes_before_that() {
        let best = |plans| answer(plans, false).unwrap().plan[0].tool_name.clone();
        assert_eq!(best(vec![plan(0.2, &["a::x"], &[]), plan(0.9, &["b::y"], &[])]), "b::y");
        assert_eq!(best(vec![plan(0.9, &["b::y"], &["a::x"]), plan(0.2, &["a::x"], &["a::x"])]), "a::x");
    }

    #[test]
    fn a_plan_of_one_step_is_none_where_none_is_needed() {
        assert!(answer(vec![plan(0.9, &["a::x"], &[])], true).is_none());
        assert!(answer(vec![plan(0.9, &["a::x"], &[])], false).is_some());
        assert!(answer(vec![plan(0.9, &["a::x", "b::y"], &[])], true).is_some());
    }
}
