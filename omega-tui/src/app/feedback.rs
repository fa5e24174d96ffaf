//! What one thinks of an answer.

use super::{App, Effect, layers::Kind};
use crate::messages::{Command, Wish};
use omega_core::{
    api::{GiveFeedback, Rating, RunStatus},
    id::RunId,
};

impl App {
    /// The run that what is selected belongs to, or the last one, once it is over.
    fn judged_run(&self) -> Option<RunId> {
        let runs = &self.here.view.runs;
        let is_over = |id: &RunId| runs.iter().any(|run| run.id == *id && run.status.is_terminal());
        let last = runs.iter().rev().find(|run| run.status == RunStatus::Completed || run.status == RunStatus::Failed);
        self.selected_run().filter(is_over).or(last.map(|run| run.id))
    }

    pub(super) fn open_feedback(&mut self) -> Vec<Effect> {
        match self.judged_run() {
            Some(run) => self.open_rows(Kind::Feedback(run)),
            None => {
                self.say("there is no answer yet");
                Vec::new()
            }
        }
    }

    /// Says with one key that an answer was good or bad; what else one said of it stays.
    pub(super) fn judge(&mut self, rating: Rating) -> Vec<Effect> {
        let Some(id) = self.judged_run() else {
            self.say("there is no answer yet");
            return Vec::new();
        };
        let me = self.known.me.as_ref().map(|me| me.user_id);
        let run = self.here.view.runs.iter().find(|run| run.id == id);
        let own = run.and_then(|run| run.feedback.iter().find(|it| Some(it.author.user_id) == me));
        let (felt_real, comment) = own.map(|own| (own.felt_real, own.comment.clone())).unwrap_or_default();
        self.say(format!("you said that the answer is {}; /feedback says more", rating.as_str()));
        let given = GiveFeedback { rating, felt_real, comment };
        vec![Effect::Command(Command::Do(None, Wish::Feedback(id, given)))]
    }
}
