//! What is being written is kept on this machine while it is: a terminal that is killed loses a fraction of a second of it.
//!
//! A draft belongs to its conversation; what is written before there is one belongs to the next. What the server does not
//! have yet is part of the draft.

use super::{App, Effect};
use crate::{
    keymap::{Action, Context},
    messages::Command,
};

impl App {
    /// Keeps the draft where it is another than was kept, and looks for what fits what is written.
    pub(super) fn follow_writing(&mut self) -> Vec<Effect> {
        let mut effects = self.follow_suggestions();
        let left = self.composer.left_drafts();
        effects.extend(left.into_iter().map(|draft| Effect::Command(Command::KeepMessage(draft))));
        let draft = self.draft();
        if draft != self.here.kept_draft {
            self.here.kept_draft.clone_from(&draft);
            effects.push(Effect::Command(Command::KeepDraft(self.here.id, draft)));
        }
        effects
    }

    /// What is written and what was not sent yet, in the order in which it was written.
    pub fn draft(&self) -> String {
        let unsent = self.here.pending.iter().filter(|it| it.message.is_none()).map(|it| it.text.clone());
        let written = Some(self.composer.kept()).filter(|text| !text.trim().is_empty());
        unsent.chain(written).collect::<Vec<_>>().join("\n")
    }

    /// A draft of an earlier time. What is written by now comes after it.
    pub(super) fn take_up_draft(&mut self, draft: &str) {
        self.here.kept_draft = draft.to_owned();
        if !draft.is_empty() && self.composer.kept() != draft {
            self.composer.give_back(draft);
            let key = self.keys.key(Context::Global, Action::Interrupt);
            self.say(format!("this was not sent when you left; {key} clears it"));
        }
    }

    /// The draft of this conversation is left to it, and another one's taken up.
    pub(super) fn leave_draft(&mut self) -> Vec<Effect> {
        let (of, draft) = (self.here.id, self.draft());
        self.composer.set("");
        self.here.kept_draft = String::new();
        vec![Effect::Command(Command::KeepDraft(of, draft))]
    }
}
