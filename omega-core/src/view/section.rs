//! Parts of the past that come by pages are put in their places.

use super::View;
use crate::api::ConversationDetail;
use std::{collections::HashSet, hash::Hash};

impl View {
    /// Puts an earlier part of the conversation in its place. What is known already is newer, and stays; the tokens of runs
    /// are in the sum.
    pub fn put_section(&mut self, section: ConversationDetail) {
        let runs = unknown(&self.runs, section.runs, |run| run.id);
        runs.iter().for_each(|run| self.earlier -= run.usage);
        // In front, and then in order: of the same moment, what comes by a page was before what is known.
        self.runs.splice(0..0, runs);
        self.runs.sort_by_key(|run| run.created_at);
        let messages = unknown(&self.messages, section.messages, |message| message.id);
        self.messages.splice(0..0, messages);
        self.messages.sort_by_key(|message| message.seq);
        let tool_runs = unknown(&self.tool_runs, section.tool_runs, |tool_run| tool_run.id);
        self.tool_runs.splice(0..0, tool_runs);
        self.tool_runs.sort_by_key(|tool_run| tool_run.created_at);
    }
}

fn unknown<T, Id: Eq + Hash>(known: &[T], came: Vec<T>, id: impl Fn(&T) -> Id) -> Vec<T> {
    let known: HashSet<Id> = known.iter().map(&id).collect();
    came.into_iter().filter(|it| !known.contains(&id(it))).collect()
}
