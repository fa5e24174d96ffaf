//! The offline planner: a deterministic policy behind the port [`Model`], for machines without any key.
//!
//! It is no language model and says so. It sees what a model sees and answers in a model's events. A request is understood
//! whole ([`compose`]), by a table of what can be done with which tool (`recipes.json`) and of what words mean (`lexicon.txt`),
//! or not at all: then it shows the nearest tools and what they would need. A wrong answer is worse than none, so results are
//! checked against what was asked for ([`result`]). [`next`] decides; it is a pure function of the request, so the same
//! history always leads to the same next step.

mod compose;
mod data;
mod general;
mod lexer;
mod lexicon;
mod math;
mod message;
mod plan;
mod reader;
mod recipe;
mod result;
mod slots;
mod step;
mod talk;
mod trail;
mod understand;

#[cfg(test)]
mod tests;

pub use result::bare;

use super::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, Purpose, ToolCall, ToolChoice};
use crate::{
    api::{FinishReason, Usage},
    event::notice,
    id::ToolId,
    registry::meta::{self, FoundTool},
};
use async_trait::async_trait;
use compose::{Plan, Talk};
use message::Message;
use recipe::{Gives, Recipe};
use serde_json::{Map, Value, json};
use step::Before;
use trail::{Exchange, Trail};

/// What was computed with which tool, and that no language model did it: the code of that notice.
pub const ANSWERED: &str = notice::OFFLINE;
/// The request was not done: the code of that notice. The run then ends by a refusal.
pub const NOT_DONE: &str = notice::OFFLINE_REFUSED;
/// The same in words.
pub const REFUSAL: &str = "Nothing was computed: the offline planner, which is no language model, did not do this.";

/// The planner; it keeps no state.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflinePlanner;

#[async_trait]
impl Model for OfflinePlanner {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let calls = Trail::read(&request.turns).map_or(0, |trail| trail.calls);
        let events = events(next(&request), calls);
        Ok(Box::pin(futures_util::stream::iter(events.into_iter().map(Ok))))
    }
}

/// What the planner does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It answers, which ends the run.
    Say {
        /// The answer: a result that is marked only where Markdown would change it ([`bare`]), or words.
        text: String,
        /// What people are told beside it: a code and words.
        notice: Option<(&'static str, String)>,
    },
    /// It calls a tool.
    Call {
        /// The tool's name in the request.
        name: String,
        /// The call's arguments.
        arguments: Value,
    },
}

impl Reply {
    fn words(text: String) -> Self {
        Self::Say { text, notice: None }
    }

    fn refusal(text: String) -> Self {
        Self::Say { text, notice: Some((NOT_DONE, REFUSAL.to_owned())) }
    }
}

/// The reply as the stream of a model: text word by word, or one call.
fn events(reply: Reply, calls: usize) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    let reason = match reply {
        Reply::Say { text, notice } => {
            events.extend(text.split_inclusive([' ', '\n']).map(|word| ModelEvent::Text(word.to_owned())));
            let refuses = notice.as_ref().is_some_and(|(code, _)| *code == NOT_DONE);
            events.extend(notice.map(|(code, message)| ModelEvent::Notice { code: code.to_owned(), message }));
            if refuses { FinishReason::Refusal } else { FinishReason::Stop }
        }
        Reply::Call { name, arguments } => {
            let id = format!("call_offline_{}", calls + 1);
            let arguments = arguments.to_string();
            events.push(ModelEvent::CallStarted { index: 0, id: id.clone(), name: name.clone() });
            events.push(ModelEvent::CallDelta { index: 0, arguments: arguments.clone() });
            let call = ToolCall { id, name, arguments, provider_state: None };
            events.push(ModelEvent::CallCompleted { index: 0, call });
            FinishReason::ToolCalls
        }
    };
    // It has no tokens to count.
    events.push(ModelEvent::Usage(Usage::default()));
    events.push(ModelEvent::Finished { reason: Some(reason) });
    events
}

/// What a message asks for.
#[derive(Debug)]
enum Intent {
    /// Something that is answered in fixed words.
    Fixed(String),
    /// A tool by its id, with the message that gives its input.
    Named(ToolId, Message),
    Plan(Plan),
    /// A question about tools, by what they are to do.
    Tools(String),
    /// A recipe that lacks something.
    Lacking(&'static Recipe, String),
    /// Whatever the registry may know.
    Unknown,
}

/// The next step for a request.
#[must_use]
pub fn next(request: &ModelRequest) -> Reply {
    let trail = Trail::read(&request.turns);
    if request.purpose == Purpose::Title {
        return Reply::words(plan::title(trail.as_ref().map(|trail| &trail.last.message)));
    }
    let Some(trail) = trail else {
        return Reply::words(talk::fixed(&Message::read(""), false, None).unwrap_or_default());
    };
    let (talk, refused) = talk_before(&trail);
    let intent = intent(&trail.last.message, &talk, refused.as_ref());
    if let Purpose::Plans { count } = request.purpose {
        let plan = if let Intent::Plan(plan) = &intent { Some(plan) } else { None };
        return Reply::words(plan::plans(&trail, plan, usize::from(count).clamp(1, 3)));
    }
    let reply = chosen(request, &trail).unwrap_or_else(|| follow(request, &trail, intent));
    match reply {
        Reply::Call { .. } if request.tool_choice == ToolChoice::None => Reply::refusal(talk::closing()),
        reply => reply,
    }
}

fn follow(request: &ModelRequest, trail: &Trail, intent: Intent) -> Reply {
    if let Some(why) = &trail.last.search_failed {
        return Reply::refusal(talk::no_registry(why));
    }
    match intent {
        Intent::Fixed(text) => Reply::words(text),
        Intent::Named(id, message) => named(request, trail, &id, &message),
        Intent::Plan(plan) => planned(request, trail, &plan),
        Intent::Tools(query) => about_tools(request, trail, &query),
        Intent::Lacking(recipe, slot) => Reply::refusal(talk::lacking(recipe, &slot)),
        Intent::Unknown => unknown(request, trail),
    }
}

/// What a message asks for. A message that says nothing by itself may add to one before that was not understood.
fn intent(message: &Message, talk: &Talk, refused: Option<&Message>) -> Intent {
    let source = talk.plan.as_ref().and_then(|plan| plan.steps.last()).map(|step| step.recipe.tool.as_str());
    if let Some(text) = talk::fixed(message, talk.result.is_some(), source) {
        return Intent::Fixed(text);
    }
    if let Some(id) = message.tools.first() {
        return Intent::Named(id.clone(), message.clone());
    }
    if let Some(plan) = compose::plan(message, talk) {
        return Intent::Plan(plan);
    }
    if let Some(query) = tools_query(message, talk) {
        return Intent::Tools(query);
    }
    if let Some(refused) = refused {
        let both = Message::read(&format!("{} {}", refused.text.trim_end_matches(['?', '.', '!', ' ']), message.text));
        if let Some(id) = both.tools.first().filter(|_| message.tools.is_empty() && message.words().len() <= 12) {
            return Intent::Named(id.clone(), Message::read(&format!("{}\n{}", refused.text, message.text)));
        }
        if let Some(plan) = compose::plan(&both, &Talk::default()) {
            return Intent::Plan(plan);
        }
    }
    match compose::lacking(message, talk) {
        Some((recipe, slot)) => Intent::Lacking(recipe, slot),
        None => Intent::Unknown,
    }
}

/// What a question about tools wants them for; nothing when it is no such question.
fn tools_query(message: &Message, talk: &Talk) -> Option<String> {
    let means = |word: &str, name: &str| lexicon::lexicon().meanings(word).contains(&name);
    let words = message.words();
    let first = words.first()?;
    let asks = words.iter().any(|word| means(word, "%tools"))
        && (means(first, "%asking") || lexicon::lexicon().meanings(first).iter().any(|name| name.starts_with('-')));
    // "Can you translate?"
    let able = || words.len() <= 5 && message.data.is_empty() && message.text.trim_end().ends_with('?');
    let can_you = words.len() > 2 && means(&words[..2].join(" "), "%able") && able();
    if !(asks || can_you) || words.len() > 20 {
        return None;
    }
    let other = lexicon::lexicon().meanings(&message.phrase()).contains(&"!other-tool");
    if other {
        let step = talk.plan.as_ref()?.steps.last()?;
        return Some(step.recipe.id.replace('-', " "));
    }
    let mut content = general::content(message);
    content.retain(|word| !means(word, "%tools") && !means(word, "%asking"));
    (!content.is_empty()).then(|| content.join(" "))
}

/// What the talk had come to before the last message, and the message before when it was not understood.
fn talk_before(trail: &Trail) -> (Talk, Option<Message>) {
    let (mut talk, mut refused) = (Talk::default(), None);
    for exchange in &trail.before {
        let intent = intent(&exchange.message, &talk, refused.as_ref());
        if let Some(block) = exchange.message.block() {
            talk.block = Some(block.clone());
        }
        match intent {
            Intent::Fixed(_) | Intent::Tools(_) => refused = None,
            Intent::Plan(plan) => {
                refused = None;
                talk.result = match progress(&plan, exchange) {
                    Progress::Done(text) => Some(text),
                    Progress::Due(..) | Progress::Stopped(_) => None,
                };
                talk.plan = talk.result.is_some().then_some(plan);
            }
            intent @ (Intent::Named(..) | Intent::Unknown | Intent::Lacking(..)) => {
                talk.result = exchange
                    .tries
                    .iter()
                    .rev()
                    .find(|attempt| !attempt.failed)
                    .and_then(|attempt| any(&attempt.output).ok());
                // What was asked of the data last is lost; the data as it was before is not meant any more.
                let asks = |plan: &Plan| plan.steps.iter().any(|step| step.recipe.id == "ask");
                if talk.plan.take().is_some_and(|plan| asks(&plan)) {
                    talk.block = exchange.message.block().cloned();
                }
                // What nobody understood is not understood better with more words.
                let asked = talk.result.is_none() && !matches!(intent, Intent::Unknown);
                refused = asked.then(|| exchange.message.clone());
            }
        }
    }
    (talk, refused)
}

/// How far a plan has come.
enum Progress {
    /// A tool is to be called with an input.
    Due(String, Value),
    Done(String),
    /// A step failed, or came to something that is no answer: what is said then.
    Stopped(String),
}

fn progress(plan: &Plan, exchange: &Exchange) -> Progress {
    let mut before: Option<Before> = None;
    let mut parts: Vec<String> = Vec::new();
    let mut tries = exchange.tries.iter();
    for step in &plan.steps {
        let tool = step.recipe.tool.clone();
        let Some(input) = step.input(before.as_ref()) else {
            let reason = "what it came to is nothing that the next step can take";
            let (tool, input) =
                exchange.tries.last().map_or((tool, Value::Null), |last| (last.tool.clone(), last.input.clone()));
            return Progress::Stopped(talk::no_answer(&tool, reason, &input));
        };
        match tries.next() {
            None => return Progress::Due(tool, input),
            Some(attempt) if attempt.failed => {
                return Progress::Stopped(talk::failure(&attempt.tool, &recipe::plain(&attempt.output), &input));
            }
            Some(attempt) => match result::read(&step.recipe, &step.slots, &attempt.output) {
                Ok(result) => {
                    let name = step.recipe.id.replace('-', " ");
                    let labelled = plan.joint && plan.steps[0].recipe.id != plan.steps[plan.steps.len() - 1].recipe.id;
                    parts.push(if labelled { format!("{name}: {}", result.text) } else { result.text.clone() });
                    before = Some(result);
                }
                Err(reason) => return Progress::Stopped(talk::no_answer(&tool, &reason, &input)),
            },
        }
    }
    let text = if plan.joint { parts.join("\n") } else { parts.pop().unwrap_or_default() };
    Progress::Done(text)
}

fn planned(request: &ModelRequest, trail: &Trail, plan: &Plan) -> Reply {
    match progress(plan, &trail.last) {
        Progress::Done(text) => answer(&text, leaves_out(plan, &trail.last.message)),
        Progress::Stopped(text) => Reply::refusal(text),
        Progress::Due(tool, input) => match trail.tool(&tool) {
            Some(found) if !found.missing_env_vars.is_empty() => Reply::refusal(talk::credentials(found, &input)),
            Some(found) => call(request, trail, found, input),
            None if trail.last.searches.contains(&tool) => Reply::refusal(talk::unknown(&tool)),
            None => search(request, trail, tool, 3),
        },
    }
}

/// A result as the answer, with what is to be told of it.
fn answer(text: &str, note: &str) -> Reply {
    Reply::Say { text: result::marked(text), notice: Some((ANSWERED, format!("{}{note}", talk::footer()))) }
}

/// What a hash or a code of what was piped in leaves out.
fn leaves_out(plan: &Plan, message: &Message) -> &'static str {
    let piped = message.data.iter().any(|datum| datum.kind == message::Kind::Stdin);
    let exact = plan.steps.first().is_some_and(|step| matches!(step.recipe.family.as_str(), "hash" | "encode"));
    if piped && exact { " A line break at the end of what was piped in is no part of it." } else { "" }
}

/// Any output of a tool that somebody named.
fn any(output: &Value) -> Result<String, String> {
    let recipe = Recipe { gives: Gives::Any, ..Recipe::default() };
    result::read(&recipe, &Map::new(), output).map(|result| result.text)
}

/// After calls of a tool that no plan speaks of: the answer or the failure.
fn tried(trail: &Trail) -> Option<Reply> {
    let last = trail.last.tries.last()?;
    if last.failed {
        return Some(Reply::refusal(talk::failure(&last.tool, &recipe::plain(&last.output), &last.input)));
    }
    Some(match any(&last.output) {
        Ok(text) => answer(&text, ""),
        Err(reason) => Reply::refusal(talk::no_answer(&last.tool, &reason, &last.input)),
    })
}

/// Calls the tool that a person chose in place of the one that failed, with the same input.
fn chosen(request: &ModelRequest, trail: &Trail) -> Option<Reply> {
    let tool = trail.tool(trail.last.chosen.as_ref()?.as_str())?;
    let last = trail.last.tries.last()?;
    if last.tool == tool.tool_id.as_str() {
        return tried(trail);
    }
    if general::required(tool).iter().all(|name| last.input.get(name).is_some()) {
        return Some(call(request, trail, tool, last.input.clone()));
    }
    Some(match general::input(tool, &trail.last.message) {
        Ok(input) => call(request, trail, tool, Value::Object(input)),
        Err(missing) => Reply::refusal(talk::ask(tool, &missing, &trail.last.message)),
    })
}

/// A tool that the message names. One that the registry does not show is called all the same when its input is written
/// out: the answer then says whether there is such a tool.
fn named(request: &ModelRequest, trail: &Trail, id: &ToolId, message: &Message) -> Reply {
    if let Some(reply) = tried(trail) {
        return reply;
    }
    match trail.tool(id.as_str()) {
        Some(tool) => match general::input(tool, message) {
            Ok(input) => call(request, trail, tool, Value::Object(input)),
            Err(missing) => Reply::refusal(talk::ask(tool, &missing, message)),
        },
        None if !trail.last.searches.iter().any(|query| query == id.as_str()) => {
            search(request, trail, id.to_string(), 3)
        }
        None => match message.data.iter().find_map(|datum| datum.json().filter(Value::is_object)) {
            Some(input) => {
                Reply::Call { name: meta::EXECUTE.to_owned(), arguments: json!({ "toolId": id, "params": input }) }
            }
            None => Reply::refusal(talk::unknown(id.as_str())),
        },
    }
}

/// A question about tools is answered from the registry, and nothing is run.
fn about_tools(request: &ModelRequest, trail: &Trail, query: &str) -> Reply {
    if trail.last.searches.is_empty() {
        return search(request, trail, query.to_owned(), 15);
    }
    let content: Vec<String> = query.split(' ').map(str::to_owned).collect();
    let mut near = general::nearest(&trail.found, &content, 5);
    near.retain(|tool| general::explained(tool, &content).0 > 0.5);
    Reply::words(talk::listed(query, &near))
}

/// A request that no recipe explains: a tool that explains it whole, or the nearest ones.
fn unknown(request: &ModelRequest, trail: &Trail) -> Reply {
    if let Some(reply) = tried(trail) {
        return reply;
    }
    let message = &trail.last.message;
    let query = general::query(message);
    if trail.last.searches.is_empty() && !query.is_empty() {
        return search(request, trail, query, 15);
    }
    match general::fitting(&trail.found, message) {
        Some((tool, input)) if tool.missing_env_vars.is_empty() => call(request, trail, tool, Value::Object(input)),
        Some((tool, input)) => Reply::refusal(talk::credentials(tool, &Value::Object(input))),
        None => Reply::refusal(talk::refusal(message, &general::nearest(&trail.found, &general::content(message), 3))),
    }
}

fn search(request: &ModelRequest, trail: &Trail, query: String, limit: usize) -> Reply {
    if query.is_empty() || !request.tools.iter().any(|tool| tool.name == meta::SEARCH) {
        return Reply::refusal(talk::refusal(&trail.last.message, &[]));
    }
    Reply::Call { name: meta::SEARCH.to_owned(), arguments: json!({ "query": query, "limit": limit }) }
}

fn call(request: &ModelRequest, trail: &Trail, tool: &FoundTool, input: Value) -> Reply {
    let input = trail.by_reference(input);
    match tool.call_as.as_ref().filter(|name| request.tools.iter().any(|tool| tool.name == **name)) {
        Some(name) => Reply::Call { name: name.clone(), arguments: input },
        None => Reply::Call {
            name: meta::EXECUTE.to_owned(),
            arguments: json!({ "toolId": tool.tool_id, "params": input }),
        },
    }
}
