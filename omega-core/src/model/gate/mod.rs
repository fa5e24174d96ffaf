//! What goes to a provider passes here first: nothing that strangers wrote, that a model made up or that an end of a run
//! left behind makes a provider refuse the request.
//!
//! A provider checks a request as a whole: one schema that it does not take, one name in the history, and every later
//! message of the conversation is answered by 400. So each part that does not come from this program is made anew out of
//! what all providers understand, and not mended where a fault was met before:
//! - [`schema`] writes the schema of a tool for a model, total over any JSON value, with the rules of the provider
//!   ([`rules`], as data with their public source); keys that a provider refuses get other names there, and [`property_names`] maps the
//!   arguments back;
//! - [`history`] makes the turns valid: names, ids, roles, pairs of calls and results, texts;
//! - [`deferred`] puts tools that a search found behind its result, where a provider takes them there;
//! - [`report`] tells the author of a tool what is shown of it;
//! - [`overlong`] says what of a conversation is left out that is longer than a model reads;
//! - [`refusal`] is for what no rule foresaw: when a refusal names a tool or a field, it is left out and the request is sent
//!   once more.
//!
//! All of it is a pure function of the request, so that equal prefixes stay equal and come from the provider's cache. A
//! tool's own schema stays what inputs are checked against.

pub mod deferred;
pub mod facts;
pub mod history;
pub mod overlong;
pub mod property_names;
pub mod refusal;
pub mod report;
pub mod rules;
pub mod schema;

use super::{ModelEvent, ToolCall, ToolSpec, Turn};
use property_names::Keys;
use rules::{NameRule, Rules};
use std::collections::{BTreeMap, BTreeSet};

/// The tools of a request as a provider gets them, and the way back for what it says of them.
#[derive(Debug, Clone)]
pub struct Gate {
    names: NameRule,
    tools: Vec<ToolSpec>,
    /// The other names of properties, by the tool's name as it was sent.
    keys: BTreeMap<String, Keys>,
    /// The tool's own name, by the one that was sent.
    own: BTreeMap<String, String>,
    sent: BTreeMap<String, String>,
    /// The tools that stand in the history and not at the front, by the names that were sent.
    deferred: BTreeSet<String>,
    takes_deferred: bool,
}

impl Gate {
    /// Lets tools through by the rules of a provider.
    pub fn of(rules: &Rules, tools: &[ToolSpec]) -> Self {
        let mut gate = Self {
            names: rules.names,
            tools: Vec::with_capacity(tools.len()),
            keys: BTreeMap::new(),
            own: BTreeMap::new(),
            sent: BTreeMap::new(),
            deferred: BTreeSet::new(),
            takes_deferred: false,
        };
        for tool in tools {
            let name = rules.names.name(&tool.name);
            if gate.tools.iter().any(|other| other.name == name) {
                // A provider refuses two tools of one name; which is meant nobody could say.
                continue;
            }
            if name != tool.name {
                gate.own.insert(name.clone(), tool.name.clone());
                gate.sent.insert(tool.name.clone(), name.clone());
            }
            let shown = schema::shown(&tool.input_schema, rules, schema::Words::Own);
            if !shown.keys.is_empty() {
                gate.keys.insert(name.clone(), shown.keys);
            }
            gate.tools.push(ToolSpec { name, input_schema: shown.schema, description: tool.description.clone() });
        }
        gate
    }

    /// Defers what the results of some turns load, where that is taken; those tools come last. In the results stays what is
    /// deferred, by the names that are sent.
    pub fn defer(&mut self, turns: &mut [Turn], are_taken: bool) {
        for turn in &mut *turns {
            let Turn::Tools { results } = turn else { continue };
            for name in results.iter_mut().flat_map(|result| &mut result.loads) {
                if let Some(sent) = self.sent.get(name) {
                    name.clone_from(sent);
                }
            }
        }
        self.takes_deferred = are_taken;
        self.deferred = deferred::settle(turns, &self.tools, are_taken);
        self.tools.sort_by_key(|tool| self.deferred.contains(&tool.name));
    }

    /// The tools, each with a name and a schema that the provider takes.
    pub fn tools(&self) -> &[ToolSpec] {
        &self.tools
    }

    /// Whether a tool stands in the history and not at the front, by the name that is sent.
    pub fn is_deferred(&self, sent: &str) -> bool {
        self.deferred.contains(sent)
    }

    /// Whether a tool stands in the list.
    pub fn is_at_front(&self, sent: &str) -> bool {
        !self.is_deferred(sent) && self.tools.iter().any(|tool| tool.name == sent)
    }

    /// Whether whoever is asked takes deferred tools.
    pub fn takes_deferred(&self) -> bool {
        self.takes_deferred
    }

    /// A tool's own name, by the one that was sent.
    pub fn own_name(&self, sent: String) -> String {
        self.own.get(&sent).cloned().unwrap_or(sent)
    }

    /// A call of the history as the provider gets it.
    pub fn sent(&self, call: &ToolCall) -> ToolCall {
        let name = self.sent.get(&call.name).cloned().unwrap_or_else(|| self.names.name(&call.name));
        let arguments = self.keys.get(&name).map(|keys| keys.forth(&call.arguments));
        ToolCall { name, arguments: arguments.unwrap_or_else(|| call.arguments.clone()), ..call.clone() }
    }

    /// What the way back needs of it: an answer streams for minutes, and the tools are large.
    #[must_use]
    pub fn without_tools(self) -> Self {
        Self { tools: Vec::new(), deferred: BTreeSet::new(), ..self }
    }

    /// An event as the tools mean it: with their own names, and their own keys in the arguments.
    pub fn back(&self, event: ModelEvent) -> ModelEvent {
        match event {
            ModelEvent::CallStarted { index, id, name } => {
                ModelEvent::CallStarted { index, id, name: self.own_name(name) }
            }
            ModelEvent::CallCompleted { index, mut call } => {
                if let Some(keys) = self.keys.get(&call.name) {
                    call.arguments = keys.back(&call.arguments);
                }
                call.name = self.own_name(call.name);
                ModelEvent::CallCompleted { index, call }
            }
            other @ (ModelEvent::Named(_)
            | ModelEvent::Text(_)
            | ModelEvent::Reasoning(_)
            | ModelEvent::CallDelta { .. }
            | ModelEvent::State(_)
            | ModelEvent::Usage(_)
            | ModelEvent::Notice { .. }
            | ModelEvent::Finished { .. }) => other,
        }
    }
}
