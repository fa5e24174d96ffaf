//! What is not stored: more text of a message at its offset, and the newest partial output of a tool run.

use super::{Applied, View};
use crate::{
    api::{MessageStatus, Part},
    id::{MessageId, ToolRunId},
};
use serde_json::Value;

impl View {
    pub(super) fn delta(&mut self, id: MessageId, part: u32, offset: u64, content: &str, reasoning: bool) -> Applied {
        let Some(message) = self.message(id) else {
            // Its `run.step.started` was not seen yet; the stream brings it before the text is needed.
            return Applied::Gap;
        };
        if message.status != MessageStatus::Streaming {
            return Applied::Ignored;
        }
        let (part, offset) = (part as usize, usize::try_from(offset).unwrap_or(usize::MAX));
        if part > message.parts.len() {
            return Applied::Gap;
        }
        if part == message.parts.len() {
            message.parts.push(if reasoning {
                Part::Reasoning { text: String::new() }
            } else {
                Part::Text { text: String::new() }
            });
        }
        let text = match message.parts.get_mut(part) {
            Some(Part::Text { text }) if !reasoning => text,
            Some(Part::Reasoning { text }) if reasoning => text,
            _ => return Applied::Gap,
        };
        if offset > text.len() {
            return Applied::Gap;
        }
        let Some(new) = content.get(text.len() - offset..) else { return Applied::Ignored };
        if new.is_empty() {
            return Applied::Ignored;
        }
        text.push_str(new);
        if !reasoning {
            message.content.push_str(new);
        }
        Applied::Changed
    }

    pub(super) fn partial(&mut self, id: ToolRunId, number: u64, chunk: &Value) -> Applied {
        let live = self.tool_runs.iter().any(|t| t.id == id && !t.status.is_terminal());
        if !live {
            return Applied::Ignored;
        }
        match self.partials.iter_mut().find(|(known, ..)| *known == id) {
            Some((_, newest, _)) if *newest >= number => Applied::Ignored,
            Some((_, newest, value)) => {
                (*newest, *value) = (number, chunk.clone());
                Applied::Changed
            }
            None => {
                self.partials.push((id, number, chunk.clone()));
                Applied::Changed
            }
        }
    }
}
