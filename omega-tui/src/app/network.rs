//! News from the network.

use super::{App, Effect};
use crate::port::{Command, Link, Update};
use omega_core::{
    api::{Models, Role},
    event::{Envelope, Event},
};

impl App {
    pub(super) fn on_network(&mut self, update: Update) -> Vec<Effect> {
        self.stale = true;
        match update {
            Update::Link(link) => self.link = link,
            Update::Opened(id) => self.conversation = Some(id),
            Update::Event(envelope) => return self.on_event(&envelope),
            Update::Accepted(draft, accepted) => {
                if let Some(pending) = self.pending.iter_mut().find(|p| p.draft == draft) {
                    pending.message = Some(accepted.message_id);
                }
                self.forget_stored();
            }
            Update::SendFailed { draft, error } => {
                if let Some(at) = self.pending.iter().position(|p| p.draft == draft) {
                    let pending = self.pending.remove(at);
                    self.composer.give_back(&pending.text);
                }
                self.warn(format!("not sent: {error}"));
            }
            Update::Failed(error) => {
                self.stopping = None;
                self.warn(error);
            }
            Update::ModelRefused(error) => {
                self.chosen_model = None;
                self.warn(error);
            }
            Update::Models(models) => self.say(words(&models)),
            Update::Output(tool_run, text) => self.transcript.set_output(tool_run, text),
        }
        Vec::new()
    }

    fn on_event(&mut self, envelope: &Envelope) -> Vec<Effect> {
        if self.conversation != Some(envelope.conversation_id) {
            // From a conversation that was left.
            return Vec::new();
        }
        self.view.apply(envelope);
        match &envelope.event {
            Event::MessageCreated { message } if message.role == Role::User => {
                // The event may come before the receipt of the request that caused it.
                let sent =
                    self.pending.iter().position(|p| p.message.is_none() && p.text.trim() == message.content.trim());
                if let Some(at) = sent {
                    self.pending[at].message = Some(message.id);
                }
                self.forget_stored();
            }
            Event::Snapshot { .. } | Event::Resync { .. } => {
                for message in self.view.messages.iter().filter(|m| m.role == Role::User) {
                    self.composer.remember(message.content.clone());
                }
                self.forget_stored();
            }
            Event::ConversationUpdated { model: Some(_), .. } => self.chosen_model = None,
            Event::Notice { message, .. } => self.say(message.clone()),
            event if event.is_terminal() && self.stopping == envelope.run_id => self.stopping = None,
            _ => {}
        }
        Vec::new()
    }

    /// Messages that the conversation has are not on their way any more.
    fn forget_stored(&mut self) {
        let messages = &self.view.messages;
        self.pending.retain(|p| !messages.iter().any(|m| Some(m.id) == p.message));
    }

    /// Leaves the conversation for an empty one.
    pub(super) fn start_over(&mut self) -> Vec<Effect> {
        if !self.pending.is_empty() {
            self.warn("the last message is still on its way");
            return Vec::new();
        }
        let model = self.model().map(str::to_owned);
        self.view = omega_core::view::View::default();
        self.conversation = None;
        self.pending.clear();
        self.stopping = None;
        self.link = Link::Idle;
        self.chosen_model = model;
        self.transcript.clear();
        self.stale = true;
        vec![Effect::Command(Command::NewConversation)]
    }
}

fn words(models: &Models) -> String {
    let mut names: Vec<&str> = vec![&models.default];
    for provider in models.providers.iter().filter(|p| p.available) {
        names.extend(provider.models.iter().map(String::as_str).filter(|name| *name != models.default));
    }
    format!("models: {}", names.join(", "))
}
