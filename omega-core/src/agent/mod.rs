//! The agent: a pure state machine. It does no I/O and reads no clock; the run engine does the effects.
//!
//! A run is a list of steps; a step is one model call and the tool calls that it asked for. [`Agent::restore`] builds the
//! state from what is recorded, and [`Agent::next`] says what has to happen now. There is no saved program counter:
//! "start", "go on after a pause" and "recover after `kill -9`" are the same call on the same records.
//!
//! Invariant I2: the model is asked again only when every call of the step before has exactly one result.

#![warn(missing_docs)]

pub mod alternatives;
pub mod complexity;
pub mod context;
pub mod digest;
pub mod input;
pub mod meta_tools;
pub mod names;
pub mod planning;
pub mod prompt;
pub mod references;
pub mod repetition;
pub mod result;
mod run_config;
mod told;
mod tool_record;
pub mod tool_resolution;
pub mod written_call;

use crate::{
    api::{Plan, RunError, RunPlan, Timestamp, ToolRun, ToolRunStatus},
    exact::Exact,
    executor::{ToolError, ToolErrorCode},
    id::{ToolId, ToolRunId},
    model::{ModelRequest, ProviderState, Purpose, ToolCall, ToolChoice, catalog},
    progress::PlanCall,
    registry::{
        Tool,
        meta::{self, AddInput, Execute, FoundTool, ReadInput, SearchInput, SearchOutput},
    },
    view::last_text,
};
use names::ToolSet;
use references::Sources;
use repetition::Circle;
use result::View;
pub use run_config::RunConfig;
use serde_json::{Value, json};
pub use told::Allowance;
use told::{Notes, calls_of, told_behind};
use written_call::WrittenCall;

/// A step as it is recorded: the model's turn, and what its calls came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// Visible text.
    pub text: String,
    /// The calls, in the model's order.
    pub calls: Vec<ToolCall>,
    /// State that goes back to the provider.
    pub provider_state: Vec<ProviderState>,
    /// The tool runs of the calls, in the same order.
    pub tool_runs: Vec<ToolRun>,
    /// What a person chose in place of calls: a tool, or none of those that were offered.
    pub chosen: Vec<(ToolRunId, Option<ToolId>)>,
}

/// A message and the work on it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exchange {
    /// What the person wrote; of data that is too long for a prompt, its beginning and end.
    pub user: String,
    /// That data, whole.
    pub data: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// The time zone of whoever serves it, by its IANA name; empty when it is not known.
    pub zone: String,
    /// The plan that its run follows.
    pub plan: Option<Plan>,
    /// What its run may do, where it is known.
    pub allowance: Option<Allowance>,
    /// Whether a newer version of the message took its place: the model reads neither it nor the answer. Its calls stay numbered.
    pub replaced: bool,
    /// The steps so far.
    pub steps: Vec<Step>,
}

/// A call as it is to be recorded: which tool it means, and with what input.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The call.
    pub call: ToolCall,
    /// `package::export`, a meta-tool's name, or whatever the model wrote.
    pub tool_id: String,
    /// The tool's name.
    pub tool_name: String,
    /// The version, where it is known already.
    pub version: String,
    /// The input; the raw arguments as a string when they don't parse.
    pub input: Value,
}

/// What a recorded call asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Search the registry.
    Search(SearchInput),
    /// Read a part of what is there already: this one.
    Read(Value),
    /// Ask a person whether a package is to be added, and add it.
    Add(AddInput),
    /// Run a tool.
    Run {
        /// Which.
        tool_id: ToolId,
        /// Its input, references in it, not yet checked against its schema.
        input: Value,
    },
    /// Nothing is run: the call itself is wrong.
    Refuse(ToolError),
}

/// What has to happen now.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Ask the model. The step's number is `steps so far + 1`.
    Ask(Box<ModelRequest>),
    /// Run these calls of the last step, side by side; ask [`Agent::next`] again when all are settled.
    Call(Vec<(ToolRunId, Action)>),
    /// The answer is there.
    Complete {
        /// The visible text of all steps.
        answer: String,
        /// What has to be said about the end, if anything.
        notice: Option<&'static str>,
    },
    /// The run goes in circles, or its budget ended without an answer.
    Stop(RunError),
}

/// The notice of a run whose budget ended.
pub const BUDGET_NOTICE: &str =
    "The limit of tool calls for one message is reached; the answer uses what was found so far.";

/// The agent on one run.
#[derive(Debug, Clone)]
pub struct Agent {
    config: RunConfig,
    system: String,
    model: String,
    earlier: Earlier,
    before: Vec<Exchange>,
    now: Exchange,
    tools: ToolSet,
    notes: Notes,
}

/// How much of a conversation is before the exchanges that an agent has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Questions with their answers.
    pub exchanges: usize,
    /// The calls in them, which handles count.
    pub calls: usize,
}

impl Agent {
    /// The agent on what is recorded: the exchanges before, and the one at work. `prompt` is the run's, `pins` are the pinned
    /// tools that exist.
    #[must_use]
    pub fn restore(config: RunConfig, before: Vec<Exchange>, mut now: Exchange, prompt: &str, pins: &[Tool]) -> Self {
        let (mut tools, mut notes) = (ToolSet::new(pins).with_adding(config.may_add), Notes::new());
        now.allowance = Some(config.allowance());
        for (message, exchange) in before.iter().chain([&now]).enumerate() {
            tools.begin_message();
            if exchange.replaced {
                continue;
            }
            for (step, recorded) in exchange.steps.iter().enumerate() {
                for call in 0..recorded.tool_runs.len() {
                    note(&mut tools, &recorded.tool_runs, (message, step, call));
                }
                let told = told_behind(&exchange.steps[..=step], exchange.allowance);
                notes.extend(told.map(|told| ((message, step), told)));
            }
        }
        let system = prompt::system(prompt, pins);
        let model = config.model.split_once('/').map_or(config.model.as_str(), |(_, name)| name).to_owned();
        Self { config, system, model, earlier: Earlier::default(), before, now, tools, notes }
    }

    /// The agent with so much before the exchanges that it has.
    #[must_use]
    pub fn behind(self, earlier: Earlier) -> Self {
        Self { earlier, ..self }
    }

    /// What has to happen now.
    #[must_use]
    pub fn next(&self) -> Next {
        let Some(last) = self.now.steps.last() else { return self.ask() };
        let open: Vec<_> = last
            .tool_runs
            .iter()
            .filter(|run| !run.status.is_terminal())
            .map(|run| (run.id, self.action(run)))
            .collect();
        if !open.is_empty() {
            return Next::Call(open);
        }
        if let Circle::Ended(error) = repetition::in_steps(&self.now.steps)
            && !self.is_spent()
        {
            return Next::Stop(error);
        }
        if last.calls.is_empty() || self.closing_was_asked() {
            return Next::Complete {
                answer: self.answer().to_owned(),
                notice: self.is_spent().then_some(BUDGET_NOTICE),
            };
        }
        self.ask()
    }

    /// Reads the model's calls: which tools they mean. Records nothing yet.
    #[must_use]
    pub fn written(&self, calls: &[ToolCall]) -> Vec<WrittenCall> {
        calls.iter().map(|call| WrittenCall::of(call, &self.tools)).collect()
    }

    /// What the calls of the next step may refer to.
    #[must_use]
    pub fn sources(&self) -> Sources<'_> {
        Sources::of(self.before.iter().chain([&self.now]), self.earlier)
    }

    /// Takes a step that was recorded.
    pub fn push_step(&mut self, step: Step) {
        self.now.steps.push(step);
    }

    /// Takes the outcome of a call, and says which tools became callable by it.
    pub fn settle(&mut self, outcome: ToolRun) -> Vec<String> {
        let (id, number) = (outcome.id, self.now.steps.len());
        let Some(step) = self.now.steps.last_mut() else { return Vec::new() };
        let Some(slot) = step.tool_runs.iter_mut().find(|run| run.id == outcome.id) else { return Vec::new() };
        *slot = outcome;
        let call = step.tool_runs.iter().position(|run| run.id == id).unwrap_or_default();
        let place = (self.before.len(), number - 1);
        let loaded = note(&mut self.tools, &step.tool_runs, (place.0, place.1, call));
        let told = told_behind(&self.now.steps, self.now.allowance);
        self.notes.extend(told.map(|told| (place, told)));
        loaded
    }

    /// Gives the best of the tools that were found, or that a package brought, the names under which they can be called from the
    /// next step on.
    pub fn name_found(&self, tools: &mut [FoundTool]) {
        self.tools.name_found(tools, names::LOADED_OF_A_SEARCH);
    }

    /// Gives all of the tools that are offered in place of another one such names.
    #[must_use]
    pub fn name_offered(&self, mut output: SearchOutput) -> SearchOutput {
        self.tools.name_found(&mut output.tools, usize::MAX);
        output
    }

    /// A tool run of the last step.
    #[must_use]
    pub fn tool_run(&self, id: ToolRunId) -> Option<&ToolRun> {
        self.now.steps.last()?.tool_runs.iter().find(|run| run.id == id)
    }

    /// The registry's tool behind a name, and its version.
    #[must_use]
    pub fn tool_named(&self, name: &str) -> Option<(&ToolId, String)> {
        let id = self.tools.meant(name)?;
        Some((id, self.tools.version_of(id)))
    }

    /// Whether a call repeats one of this run whose outcome is not known: the same tool with the same input.
    #[must_use]
    pub fn repeats_unknown(&self, call: &ToolRun) -> bool {
        let digest = digest::of_call(&call.tool_id, &call.input);
        self.now.steps.iter().flat_map(|step| &step.tool_runs).any(|run| {
            run.status == ToolRunStatus::Unknown
                && run.tool_id == call.tool_id
                && digest::of_call(&run.tool_id, &run.input) == digest
        })
    }

    /// Whether the model has read text from outside: the outcome of any call, in this run or before it.
    #[must_use]
    pub fn has_read_strangers(&self) -> bool {
        let steps = self.before.iter().chain([&self.now]).flat_map(|exchange| &exchange.steps);
        self.earlier.calls > 0 || steps.flat_map(|step| &step.tool_runs).any(|run| run.status.is_terminal())
    }

    /// How far the run is with its plan.
    #[must_use]
    pub fn progress(&self) -> Option<RunPlan> {
        let calls: Vec<PlanCall> = self.now.steps.iter().flat_map(|step| &step.tool_runs).map(PlanCall::from).collect();
        let chosen = self.now.steps.iter().flat_map(|step| &step.chosen);
        let replaced: Vec<_> = chosen.filter_map(|(call, tool)| Some((*call, tool.clone()?))).collect();
        Some(RunPlan::after(self.now.plan.as_ref()?, &calls, &replaced, false))
    }

    /// How many tools can be called by name, besides the meta-tools.
    #[must_use]
    pub fn loaded(&self) -> usize {
        self.tools.len()
    }

    /// The answer so far: the text of the last step that had any.
    #[must_use]
    pub fn answer(&self) -> &str {
        last_text(self.now.steps.iter().map(|step| step.text.as_str()))
    }

    /// Model calls so far.
    #[must_use]
    pub fn steps(&self) -> u32 {
        u32::try_from(self.now.steps.len()).unwrap_or(u32::MAX)
    }

    /// Tool calls so far.
    #[must_use]
    pub fn tool_calls(&self) -> u32 {
        u32::try_from(calls_of(&self.now.steps)).unwrap_or(u32::MAX)
    }

    /// Whether the budget is used up.
    fn is_spent(&self) -> bool {
        self.config.allowance().is_spent(&self.now.steps)
    }

    /// Whether the last step was already asked to close without tools; whatever it said, that was the end.
    fn closing_was_asked(&self) -> bool {
        let Some((_, before)) = self.now.steps.split_last() else { return false };
        self.config.allowance().is_spent(before)
    }

    fn ask(&self) -> Next {
        // The planner on this machine reads for nothing, and whole rows.
        let provider = self.config.model.split_once('/').map(|(provider, _)| provider);
        let view = if provider == Some(catalog::OMEGA) { View::Whole } else { View::Brief };
        let turns = context::turns(self.before.iter().chain([&self.now]), self.earlier, view, &self.tools, &self.notes);
        let spent = self.is_spent();
        Next::Ask(Box::new(ModelRequest {
            purpose: Purpose::Answer,
            model: self.model.clone(),
            system: self.system.clone(),
            turns,
            // The tools stay declared when the budget has ended: some providers refuse a history with calls of tools that
            // the request does not know.
            tools: self.tools.specs(),
            tool_choice: if spent { ToolChoice::None } else { ToolChoice::Auto },
            max_output_tokens: None,
            answer_schema: self.config.answer_schema.clone(),
        }))
    }

    /// What a recorded tool run asks for. Depends on the record alone, so a restart decides the same.
    fn action(&self, run: &ToolRun) -> Action {
        let refuse =
            |code, message: String, details: Option<Value>| Action::Refuse(ToolError { code, message, details });
        if self.is_over_budget(run.id) {
            return refuse(ToolErrorCode::BudgetExceeded, BUDGET_NOTICE.into(), None);
        }
        if let Some(error) = self.call_of(run).and_then(|call| written_call::refusal(call, &run.input)) {
            return Action::Refuse(error);
        }
        if run.tool_id == meta::SEARCH {
            return written::<SearchInput>(run, r#"{"query": "..."}"#).map_or_else(Action::Refuse, Action::Search);
        }
        if run.tool_id == meta::READ {
            let part = written::<ReadInput>(run, r#"{"handle": "call_1"}"#)
                .and_then(|input| references::read_part(&input, &self.sources()));
            return part.map_or_else(Action::Refuse, Action::Read);
        }
        if run.tool_id == meta::ADD {
            return written::<AddInput>(run, r#"{"package": "..."}"#).map_or_else(Action::Refuse, Action::Add);
        }
        if run.tool_id == meta::EXECUTE {
            return refuse(ToolErrorCode::InvalidInput, Execute::refusal(&Exact::of(run.input.clone())), None);
        }
        match run.tool_id.parse::<ToolId>() {
            Ok(tool_id) => Action::Run { tool_id, input: run.input.clone() },
            Err(_) => {
                let nearest = self.tools.nearest(&run.tool_id, 3);
                let hint = if nearest.is_empty() {
                    format!("search with {} first", meta::SEARCH)
                } else {
                    format!("did you mean {}? Otherwise search with {}", nearest.join(", "), meta::SEARCH)
                };
                refuse(
                    ToolErrorCode::ToolNotFound,
                    format!("there is no tool named {}; {hint}", run.tool_id),
                    Some(json!({ "available": nearest })),
                )
            }
        }
    }

    fn call_of(&self, run: &ToolRun) -> Option<&ToolCall> {
        self.now.steps.last()?.calls.iter().find(|call| call.id == run.tool_call_id)
    }

    /// Whether this call of the last step comes after the last one that the budget allows.
    fn is_over_budget(&self, id: ToolRunId) -> bool {
        let Some((last, before)) = self.now.steps.split_last() else { return false };
        let used = calls_of(before);
        let place = last.tool_runs.iter().position(|run| run.id == id).unwrap_or(0);
        used + place >= self.config.max_tool_calls as usize || self.closing_was_asked()
    }
}

/// Takes note of what a call found, and of what it called; the names of tools that became callable by it.
fn note(tools: &mut ToolSet, runs: &[ToolRun], (message, step, call): (usize, usize, usize)) -> Vec<String> {
    let Some(run) = runs.get(call) else { return Vec::new() };
    tools.used(&run.tool_id, (message, step, call, 0));
    let found = found_in(run);
    found.iter().enumerate().filter_map(|(rank, tool)| tools.add_found(tool, (message, step, call, rank))).collect()
}

/// The input of a meta-tool.
fn written<T: serde::de::DeserializeOwned>(run: &ToolRun, form: &str) -> Result<T, ToolError> {
    serde_json::from_value(run.input.clone())
        .map_err(|error| ToolError::new(ToolErrorCode::InvalidInput, format!("{} needs {form}: {error}", run.tool_id)))
}

/// What a search found, a package brought, or a failed call named in its place.
fn found_in(run: &ToolRun) -> Vec<FoundTool> {
    if !brings_tools(run) {
        return alternatives::of_run(run);
    }
    let tools = run.output.as_ref().and_then(|output| output.get("tools")).cloned();
    tools.and_then(|tools| serde_json::from_value(tools).ok()).unwrap_or_default()
}

/// Whether a call is a search that found something, or an addition that was made.
fn brings_tools(run: &ToolRun) -> bool {
    [meta::SEARCH, meta::ADD].contains(&run.tool_id.as_str()) && run.status == ToolRunStatus::Succeeded
}

#[cfg(test)]
mod tests;
