//! What a person is told who does not look: the window's title always, a notification when the terminal said that it is out
//! of sight.

use super::{App, Effect};
use crate::{clean::one_line, messages::Command};
use omega_core::api::RunStatus;

/// Runs that are shorter are no news.
const LONG_MILLIS: u64 = 5_000;

impl App {
    /// The title of the window: what is waited for comes first.
    pub fn window_title(&self) -> String {
        let sign = match self.active_run().map(|run| run.status) {
            Some(RunStatus::Paused) => "‖ action required · ",
            Some(_) => "● ",
            None => "",
        };
        let title: String = one_line(&self.title().unwrap_or_default()).chars().take(60).collect();
        if title.is_empty() { format!("{sign}omega") } else { format!("{sign}{title} · omega") }
    }

    /// Asks what is known of the tool whose call waits for a yes.
    pub(super) fn look_at_tool(&self) -> Option<Effect> {
        let approval = self.question.as_ref().filter(|_| self.asked_anew)?.approval()?;
        let is_new = !self.known.tools.contains_key(approval.tool_id.as_str());
        is_new.then(|| Effect::Command(Command::LookAtTool(approval.tool_id.clone())))
    }

    /// A notification, when there is something to be told and nobody looks.
    pub(super) fn tell_whoever_is_away(&mut self) -> Vec<Effect> {
        let asked = std::mem::take(&mut self.asked_anew);
        let working = self.active_run().map(|run| (run.id, self.here.worked_millis(run, self.now)));
        let ended = match (self.here.worked_on, working) {
            (Some((before, millis)), now) if now.map(|(run, _)| run) != Some(before) => Some(millis),
            _ => None,
        };
        self.here.worked_on = working;
        if self.is_looked_at {
            return Vec::new();
        }
        let words = match (asked, ended) {
            (true, _) => "waits for your answer",
            (false, Some(millis)) if millis >= LONG_MILLIS => "has an answer",
            _ => return Vec::new(),
        };
        let title: String = one_line(&self.title().unwrap_or_default()).chars().take(60).collect();
        vec![Effect::Notify(format!("omega {words}: {title}").trim_end_matches([':', ' ']).to_owned())]
    }
}
