//! Parts of a long conversation: it is opened at its end, and the rest is here once somebody goes there.

use super::{App, Effect, layers::Handled};
use crate::{
    messages::{Command, Stretch},
    transcript::{Gap, PieceKey},
};
use omega_core::api::{ConversationDetail, Message, Part, Role, Timestamp};
use std::time::{Duration, SystemTime};

impl App {
    fn load(&mut self, stretch: Stretch) -> Vec<Effect> {
        if self.here.is_loading {
            return Vec::new();
        }
        self.here.is_loading = true;
        vec![Effect::Command(Command::LoadSection(stretch))]
    }

    /// Scrolls; a gap is not gone over before what is in it was asked for.
    pub(super) fn scroll(&mut self, lines: isize) -> Vec<Effect> {
        let gap = self.transcript.gap_at_top().and_then(|seq| self.here.gaps.before_event(seq));
        match gap {
            Some(Gap { before, .. }) if lines < 0 => self.load(Stretch::Before(before)),
            Some(Gap { after, .. }) if after > 0 => self.load(Stretch::After(after)),
            _ => {
                self.transcript.scroll(lines);
                Vec::new()
            }
        }
    }

    /// To the first message, however many are before what is here.
    pub(super) fn show_beginning(&mut self) -> Vec<Effect> {
        if self.here.gaps.at_beginning().is_some() {
            return self.load(Stretch::After(0));
        }
        self.transcript.show_top();
        Vec::new()
    }

    /// Loads all that is not here, the newest first, to search in it.
    pub(super) fn load_all(&mut self) -> Vec<Effect> {
        self.here.loads_all = !self.here.gaps.is_empty();
        match self.here.gaps.as_slice().last() {
            Some(gap) => self.load(Stretch::Before(gap.before)),
            None => Vec::new(),
        }
    }

    /// `/when 2026-11-22`, `/when 3 days`: to the first message of that time or later.
    pub(super) fn show_time(&mut self, words: &str, typed: &str) -> Vec<Effect> {
        match moment(words, self.now) {
            Some(_) if self.here.id.is_none() => self.warn("there is no conversation yet"),
            Some(time) => return self.load(Stretch::Since(time)),
            None => {
                self.warn(
                    "say a day, a time of it (UTC) or how long ago: /when 2026-11-22, /when 2026-11-22 14:30, /when 3h",
                );
                self.composer.give_back(typed);
            }
        }
        Vec::new()
    }

    /// A part of the conversation came.
    pub(super) fn put_section(&mut self, stretch: Stretch, section: ConversationDetail) -> Vec<Effect> {
        self.here.is_loading = false;
        if self.here.id != Some(section.conversation.id) {
            return Vec::new();
        }
        let seqs: Vec<u64> = section.messages.iter().map(|message| message.seq).collect();
        let first = section.messages.first().and_then(|message| place_of(message, &section));
        let (messages, calls) = (self.here.view.messages.len(), self.here.view.tool_runs.len());
        self.here.gaps.fill(stretch, &seqs);
        self.here.view.put_section(section);
        let came = |before: usize, now: usize| now.saturating_sub(before) as u64;
        self.here.older = self.here.older.saturating_sub(came(messages, self.here.view.messages.len()));
        self.here.older_calls = self.here.older_calls.saturating_sub(came(calls, self.here.view.tool_runs.len()));
        if self.here.gaps.is_empty() {
            // Whatever the counts said.
            (self.here.older, self.here.loads_all) = (0, false);
        }
        match (stretch, first) {
            (Stretch::Before(_), _) => self.transcript.hold_below_gap(),
            (Stretch::After(_) | Stretch::Since(_), Some(first)) => self.transcript.show(first),
            (Stretch::After(_), None) => {}
            (Stretch::Since(_), None) => self.say("nothing was written since then"),
        }
        self.on_top(|layer, app| Handled::Consumed(layer.came_more(app)));
        if self.here.loads_all { self.load_all() } else { Vec::new() }
    }
}

/// The first piece of the transcript that a message has.
fn place_of(message: &Message, section: &ConversationDetail) -> Option<PieceKey> {
    if message.role == Role::User {
        return Some(PieceKey::User(message.id));
    }
    message.parts.iter().enumerate().find_map(|(at, part)| match part {
        Part::Text { text } if !text.trim().is_empty() => Some(PieceKey::Text(message.id, at)),
        Part::Reasoning { text } if !text.trim().is_empty() => Some(PieceKey::Reasoning(message.id, at)),
        Part::ToolCall { tool_call_id, .. } => {
            let call =
                section.tool_runs.iter().find(|it| it.message_id == message.id && it.tool_call_id == *tool_call_id);
            call.map(|call| PieceKey::Tool(call.id))
        }
        _ => None,
    })
}

/// A day, a time of it in UTC, or how long ago.
fn moment(words: &str, now: Timestamp) -> Option<Timestamp> {
    let millis = |since: Duration| i64::try_from(since.as_millis()).ok();
    if let Ok(ago) = humantime::parse_duration(words) {
        return Some(Timestamp(now.0.saturating_sub(millis(ago)?)));
    }
    let (day, time) = words.trim().split_once([' ', 'T']).unwrap_or((words.trim(), "00:00"));
    let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
    let at = humantime::parse_rfc3339_weak(&format!("{day}T{}{seconds}Z", time.trim().trim_end_matches('Z'))).ok()?;
    millis(at.duration_since(SystemTime::UNIX_EPOCH).ok()?).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_a_time_of_it_or_how_long_ago() {
        let now = Timestamp(1_795_370_400_000);
        for (words, time) in [
            ("2026-11-22", Some("2026-11-22T00:00:00.000Z")),
            (" 2026-11-22 14:30 ", Some("2026-11-22T14:30:00.000Z")),
            ("2026-11-22T14:30:05Z", Some("2026-11-22T14:30:05.000Z")),
            ("3h", Some("2026-11-22T15:00:00.000Z")),
            ("2 days", Some("2026-11-20T18:00:00.000Z")),
            ("yesterday", None),
            ("", None),
            ("2026-13-40", None),
            ("1960-01-01", None),
            ("99999999999999 years", None),
        ] {
            assert_eq!(moment(words, now).map(|at| at.to_string()).as_deref(), time, "{words}");
        }
    }
}
