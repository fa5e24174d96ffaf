//! The offline planner: a deterministic policy behind the port [`Model`], for machines without any key.
//!
//! It is no language model and says so. It sees what a model sees and answers in a model's events: it searches the
//! registry with the user's words, picks the best tool whose required inputs the message gives, calls it, shows the
//! result, and asks back where something is missing. [`next`] decides; it is a pure function of the request, so the
//! same history always leads to the same next step. At most three tools are tried for one message, and at most two
//! searches are made.

mod algebra;
mod answer;
mod arithmetic;
mod coerce;
mod fill;
mod lexer;
mod math;
mod message;
mod offer;
mod plan;
mod query;
mod rank;
mod reader;
mod rest;
mod role;
mod talk;
mod trail;
mod units;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use super::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, Purpose, ToolCall, ToolChoice};
use crate::{
    api::{FinishReason, Usage},
    registry::meta,
};
use async_trait::async_trait;
use message::Message;
use rank::{Candidate, Ranked};
use serde_json::{Value, json};
use trail::{Trail, Try};

/// Tools tried for one message.
const MOST_TRIES: usize = 3;

/// The planner; it keeps no state.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflinePlanner;

impl OfflinePlanner {
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Model for OfflinePlanner {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let events = events(next(&request), calls_so_far(&request));
        Ok(Box::pin(futures_util::stream::iter(events.into_iter().map(Ok))))
    }
}

/// What the planner does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It answers, which ends the run.
    Say(String),
    /// It calls a tool.
    Call {
        /// The tool's name in the request.
        name: String,
        arguments: Value,
    },
}

fn calls_so_far(request: &ModelRequest) -> usize {
    Trail::read(&request.turns).map_or(0, |trail| trail.calls)
}

/// The reply as the stream of a model: text word by word, or one call.
fn events(reply: Reply, calls: usize) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    let reason = match reply {
        Reply::Say(text) => {
            events.extend(text.split_inclusive([' ', '\n']).map(|word| ModelEvent::Text(word.to_owned())));
            FinishReason::Stop
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

pub fn next(request: &ModelRequest) -> Reply {
    let trail = Trail::read(&request.turns);
    if request.purpose == Purpose::Title {
        return Reply::Say(plan::title(trail.as_ref().map(|trail| &trail.message)));
    }
    let Some(trail) = trail else {
        return Reply::Say(talk::small_talk(&Message::read("")).unwrap_or_default());
    };
    if let Purpose::Plans { count } = request.purpose {
        return Reply::Say(plan::plans(&trail, usize::from(count).clamp(1, 3)));
    }
    if let Some(done) = trail.tries.iter().rev().find(|attempt| !attempt.failed) {
        return Reply::Say(answer::answer(&done.content, &tried(&trail, done)));
    }
    if request.tool_choice == ToolChoice::None {
        return Reply::Say(closing(&trail));
    }
    if let Some(reply) = chosen(request, &trail) {
        return reply;
    }
    if let Some(end) = final_failure(&trail) {
        return Reply::Say(end);
    }
    if let Some(why) = &trail.search_failed {
        return Reply::Say(talk::no_registry(why));
    }
    if trail.searches.is_empty() && trail.tries.is_empty() {
        return begin(request, &trail);
    }
    choose(request, &trail)
}

/// The first step for a new message.
fn begin(request: &ModelRequest, trail: &Trail) -> Reply {
    if let Some(reply) = follow_up(request, trail) {
        return reply;
    }
    if let Some(text) = talk::small_talk(&trail.message) {
        return Reply::Say(text);
    }
    if let Some(reply) = loaded(request, trail) {
        return reply;
    }
    search(request, trail, query::first(&trail.message))
}

/// A message that only gives what was asked for goes to the tool that asked.
fn follow_up(request: &ModelRequest, trail: &Trail) -> Option<Reply> {
    let (id, wanted) = trail.asked.as_ref()?;
    let first_word = words::split(&trail.message.prose()).into_iter().next();
    let gives = trail.message.tools.is_empty() && talk::small_talk(&trail.message).is_none();
    let asks = first_word.is_some_and(|word| words::opens_request(&word)) && trail.message.after_colon().is_none();
    if !gives || asks {
        return None;
    }
    let Some(tool) = trail.tool(id.as_str()) else { return Some(search(request, trail, id.to_string())) };
    Some(finish_asked(request, Candidate::from(tool), wanted, &trail.message))
}

/// Calls a tool with what the earlier message gave and what the answer adds, or asks again.
fn finish_asked(request: &ModelRequest, candidate: Candidate, wanted: &Message, answer: &Message) -> Reply {
    let mut filling = candidate.fill(wanted);
    let more = candidate.fill(answer).input;
    let open = std::mem::take(&mut filling.missing);
    let only = open.len() == 1;
    for missing in open {
        // The whole answer is the value when only one is open.
        let text = match answer.data.as_slice() {
            [one] => one.text.as_str(),
            _ => answer.text.trim(),
        };
        let given = missing.get(&more).cloned();
        match given.or_else(|| coerce::coerce(text, &missing.schema).filter(|_| only)) {
            Some(value) => missing.put(&mut filling.input, value),
            None => filling.missing.push(missing),
        }
    }
    for (name, value) in more {
        filling.input.entry(name).or_insert(value);
    }
    let complete = filling.is_complete();
    let ranked = Ranked::asked(candidate, filling);
    if complete { call(request, &ranked) } else { Reply::Say(talk::ask(&ranked)) }
}

/// Calls the tool that a person chose in place of the one that was tried last, or asks for what it needs.
fn chosen(request: &ModelRequest, trail: &Trail) -> Option<Reply> {
    let tool = trail.found.iter().find(|tool| Some(&tool.tool_id) == trail.chosen.as_ref())?;
    let ranked = rank::rank(vec![Candidate::from(tool)], &trail.message).pop()?;
    Some(if ranked.filling.is_complete() { call(request, &ranked) } else { Reply::Say(talk::ask(&ranked)) })
}

/// Calls a tool that is loaded already when it fits clearly: it is much to the point and its inputs are sure.
fn loaded(request: &ModelRequest, trail: &Trail) -> Option<Reply> {
    if !trail.message.tools.is_empty() {
        let named = trail.known.iter().find(|tool| trail.message.tools.contains(&tool.tool_id))?;
        let ranked = rank::rank(vec![Candidate::from(named)], &trail.message);
        return ranked.first().filter(|ranked| ranked.filling.is_complete()).map(|ranked| call(request, ranked));
    }
    let known = |name: &str| trail.known.iter().find(|tool| tool.call_as.as_deref() == Some(name));
    let candidates: Vec<Candidate> = request
        .tools
        .iter()
        .filter(|spec| spec.name != meta::SEARCH && spec.name != meta::EXECUTE)
        .map(|spec| known(&spec.name).map_or_else(|| Candidate::from(spec), Candidate::from))
        .collect();
    let ranked = rank::rank(candidates, &trail.message);
    let best = ranked.first()?;
    let clear = best.relevance >= 0.65
        && best.filling.is_complete()
        && best.filling.confidence >= 0.7
        && best.filling.coverage >= 0.99
        && best.candidate.missing_env.is_empty()
        && !best.candidate.broken;
    (clear || best.named && best.filling.is_complete()).then(|| call(request, best))
}

/// After a search or a failure: the best tool that was not tried, another search, or an honest end.
fn choose(request: &ModelRequest, trail: &Trail) -> Reply {
    let untried =
        trail.found.iter().filter(|tool| !trail.tries.iter().any(|attempt| attempt.tool == tool.tool_id.as_str()));
    let candidates: Vec<Candidate> = untried.map(Candidate::from).collect();
    if let Some((id, wanted)) = &trail.asked
        && trail.searches.last().is_some_and(|query| query == id.as_str())
        && let Some(candidate) = candidates.iter().find(|candidate| candidate.id.as_ref() == Some(id))
    {
        return finish_asked(request, candidate.clone(), wanted, &trail.message);
    }
    let ranked = rank::rank(candidates, &trail.message);
    let relevant: Vec<&Ranked> = ranked.iter().filter(|ranked| ranked.is_relevant()).collect();
    if trail.tries.len() < MOST_TRIES {
        if let Some(named) = relevant.iter().find(|ranked| ranked.named) {
            return if named.filling.is_complete() { call(request, named) } else { Reply::Say(talk::ask(named)) };
        }
        if let Some(reply) = named_but_unknown(request, trail) {
            return reply;
        }
        let free = relevant.iter().find(|ranked| ranked.is_callable() && ranked.candidate.missing_env.is_empty());
        if let Some(best) = free {
            // A tool that is much more to the point, and that the message gives a part of its input, is worth a question.
            let begun = |ranked: &&&Ranked| !ranked.filling.is_complete() && !ranked.filling.input.is_empty();
            let point = relevant.iter().filter(|ranked| ranked.candidate.is_usable()).filter(begun);
            let point = point.max_by(|a, b| a.relevance.total_cmp(&b.relevance).then(a.score().total_cmp(&b.score())));
            let unsure = trail.tries.is_empty() && best.relevance < 0.6;
            return match point.filter(|ranked| unsure && ranked.relevance > best.relevance + 0.25) {
                Some(ranked) => Reply::Say(talk::ask(ranked)),
                None => call(request, best),
            };
        }
    }
    if relevant.is_empty()
        && let Some(query) = trail.searches.first().and_then(|first| query::second(&trail.message, first))
        && trail.searches.len() < 2
    {
        return search(request, trail, query);
    }
    if !trail.tries.is_empty() {
        return Reply::Say(talk::failures(trail, "No other tool that I found can take this input."));
    }
    // Not one that has no use for anything that the user gave.
    let askable = relevant
        .iter()
        .find(|ranked| ranked.candidate.is_usable() && !ranked.filling.is_complete() && ranked.filling.coverage > 0.0);
    Reply::Say(match (askable, relevant.first()) {
        (Some(ranked), _) => talk::ask(ranked),
        (None, Some(keyed)) if !keyed.candidate.missing_env.is_empty() => talk::credentials(&keyed.candidate),
        _ => talk::nothing(trail),
    })
}

/// A tool that the user named and the search did not show is called all the same when its input is written out: the
/// answer then says whether there is such a tool.
fn named_but_unknown(request: &ModelRequest, trail: &Trail) -> Option<Reply> {
    let id = trail.message.tools.first()?;
    let tried = trail.tries.iter().any(|attempt| attempt.tool == id.as_str());
    let executable = request.tools.iter().any(|tool| tool.name == meta::EXECUTE);
    if tried || !executable {
        return None;
    }
    let input = trail.message.data.iter().find_map(|datum| datum.json().filter(Value::is_object));
    let arguments = json!({ "toolId": id, "params": input.unwrap_or_else(|| json!({})) });
    Some(Reply::Call { name: meta::EXECUTE.to_owned(), arguments })
}

fn search(request: &ModelRequest, trail: &Trail, query: String) -> Reply {
    if query.is_empty() || !request.tools.iter().any(|tool| tool.name == meta::SEARCH) {
        return Reply::Say(talk::nothing(trail));
    }
    Reply::Call { name: meta::SEARCH.to_owned(), arguments: json!({ "query": query, "limit": 15 }) }
}

fn call(request: &ModelRequest, ranked: &Ranked) -> Reply {
    let input = Value::Object(ranked.filling.input.clone());
    let own = ranked.candidate.call_as.as_ref().filter(|name| request.tools.iter().any(|tool| tool.name == **name));
    match (own, &ranked.candidate.id) {
        (Some(name), _) => Reply::Call { name: name.clone(), arguments: input },
        (None, Some(id)) => {
            Reply::Call { name: meta::EXECUTE.to_owned(), arguments: json!({ "toolId": id, "params": input }) }
        }
        // A loaded tool always has its call name in the request.
        (None, None) => Reply::Say(talk::ask(ranked)),
    }
}

/// Failures after which no other tool may be tried: a person said no, the budget is gone, credentials are missing.
fn final_failure(trail: &Trail) -> Option<String> {
    let last = trail.tries.last()?;
    let reason = trail::reason(&last.content);
    let end = match reason.split([':', ' ']).next().unwrap_or_default() {
        "DENIED" => "It was refused, so I did not try another tool.",
        "CANCELLED" => "It was cancelled.",
        "BUDGET_EXCEEDED" => "No more calls are allowed for this message.",
        "MISSING_ENV_VARS" | "INVALID_CREDENTIALS" => {
            "Give the credentials to Omega (never in the chat) and ask again."
        }
        "RUNTIME_UNAVAILABLE" | "EXECUTOR_UNREACHABLE" => "Tools can't run right now; `omega doctor` says why.",
        _ if trail.tries.len() >= MOST_TRIES => "I tried three tools. Change the input, or name a tool by its id.",
        _ => return None,
    };
    Some(talk::failures(trail, end))
}

/// The end of a run that may call nothing any more.
fn closing(trail: &Trail) -> String {
    if trail.tries.is_empty() {
        return format!("I may call no more tools for this message and have no result yet. This is {}.", talk::HONEST);
    }
    talk::failures(trail, "No more calls are allowed for this message.")
}

/// The tool of a call, as far as it is known.
fn tried(trail: &Trail, attempt: &Try) -> Candidate {
    match trail.tool(&attempt.tool) {
        Some(tool) => Candidate::from(tool),
        None => Candidate::unknown(&attempt.tool),
    }
}
