//! Going on from a message in another way: a copy of the conversation up to there, and the first one stays as it is.

use super::{App, Effect};
use crate::{messages::Command, transcript::PieceKey};
use omega_core::{
    api::{Conversation, Role},
    id::{ConversationId, MessageId},
};

impl App {
    /// Copies up to the selected answer; of a selected message what came before it, and its text is written anew; without a
    /// selection everything that has ended.
    pub(super) fn fork(&mut self) -> Vec<Effect> {
        let Some(from) = self.here.id.filter(|_| !self.here.view.messages.is_empty()) else {
            self.warn("there is nothing to fork yet");
            return Vec::new();
        };
        let selected = self.selected_message().and_then(|id| self.here.view.messages.iter().position(|it| it.id == id));
        let (until, text) = match selected.and_then(|at| Some((at, self.here.view.messages.get(at)?))) {
            Some((at, message)) if message.role == Role::User => {
                let text = message.content.clone();
                match at.checked_sub(1).and_then(|before| self.here.view.messages.get(before)) {
                    Some(before) => (Some(before.id), text),
                    None if self.here.older > 0 => {
                        self.warn("what comes before it is not here yet; go up a page first");
                        return Vec::new();
                    }
                    // Nothing comes before the first one.
                    None => return self.begin_with(&text),
                }
            }
            Some((_, message)) => (Some(message.id), String::new()),
            None => (None, String::new()),
        };
        self.say("copying the conversation...");
        vec![Effect::Command(Command::Fork { from, until, text })]
    }

    fn begin_with(&mut self, text: &str) -> Vec<Effect> {
        let effects = self.start_over();
        if self.here.id.is_none() {
            self.composer.give_back(text);
        }
        effects
    }

    fn selected_message(&self) -> Option<MessageId> {
        match self.transcript.selected()? {
            PieceKey::User(id) | PieceKey::Text(id, _) | PieceKey::Reasoning(id, _) => Some(id),
            PieceKey::Tool(id) => {
                self.here.view.tool_runs.iter().find(|call| call.id == id).map(|call| call.message_id)
            }
            _ => None,
        }
    }

    /// The copy is there.
    pub(super) fn forked(&mut self, from: ConversationId, copy: &Conversation, text: &str) -> Vec<Effect> {
        if self.here.id != Some(from) {
            self.say("the copy is among your conversations");
            return Vec::new();
        }
        let effects = self.go_to(copy.id);
        if self.here.id == Some(copy.id) {
            self.composer.give_back(text);
            self.say("this is a copy; the conversation that it came from stays as it was");
        }
        effects
    }
}
