//! News from the network.

use super::{App, Conversation, Effect, Focus, Step, layers::Viewer};
use crate::{
    messages::{Command, Link, Shown, Update},
    transcript::Gaps,
};
use omega_core::{
    api::{Part, Role},
    event::{Envelope, Event},
    id::ConversationId,
};

impl App {
    pub(super) fn on_network(&mut self, update: Update) -> Vec<Effect> {
        self.stale |= !matches!(update, Update::Event(_));
        let mut effects = self.note(&update);
        effects.extend(match self.tell_layers(&update) {
            Some(effects) => effects,
            None => self.take_in(update),
        });
        effects
    }

    /// Keeps what is worth knowing without the overlay that shows it, too.
    fn note(&mut self, update: &Update) -> Vec<Effect> {
        match update {
            Update::Shown(_, Shown::Keys(stored, _)) | Update::Seen(_, Shown::Keys(stored, _)) => {
                self.known.stored_keys = stored.iter().map(|it| it.name.clone()).collect();
            }
            Update::Shown(_, Shown::Settings(settings, _)) | Update::Seen(_, Shown::Settings(settings, _)) => {
                self.known.safe_mode = Some(settings.safe_mode);
                let before = self.known.own_model.replace(settings.model.clone());
                if before.is_some_and(|before| before != settings.model) {
                    return vec![Effect::Command(Command::ListModels)];
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn take_in(&mut self, update: Update) -> Vec<Effect> {
        match update {
            Update::Link(link) => {
                // What a connection brings is news of the run, whether anything happened or not.
                self.here.heard_at = self.now;
                self.here.again_at = None;
                self.here.link = link;
            }
            Update::Server(url) => {
                self.known.base_url = url;
                if self.here.id.is_none() && self.here.link == Link::Connecting {
                    self.here.link = Link::Idle;
                }
            }
            Update::Again(at) => self.here.again_at = Some(at),
            Update::Still => self.is_still = true,
            Update::Opened(id) => {
                // What was written before there was a conversation is this one's.
                let forget = Effect::Command(Command::KeepDraft(None, String::new()));
                let begun = self.here.id.is_none();
                self.here.id = Some(id);
                self.here.is_there = true;
                self.here.kept_draft = String::new();
                return if begun { vec![forget] } else { Vec::new() };
            }
            Update::Event(envelope) => return self.on_event(&envelope),
            Update::Accepted(draft, accepted) => {
                if let Some(pending) = self.here.pending.iter_mut().find(|p| p.draft == draft) {
                    pending.message = Some(accepted.message_id);
                }
                self.forget_stored();
            }
            Update::SendFailed { draft, error } => {
                if let Some(at) = self.here.pending.iter().position(|p| p.draft == draft) {
                    let pending = self.here.pending.remove(at);
                    self.composer.give_back(&pending.text);
                }
                self.warn(format!("not sent: {error}"));
            }
            Update::AnswerFailed(error) => self.answer_failed(error),
            Update::Lasts(lasting) => self.lasts(lasting),
            Update::TakenBack => self.say("taken back: it is asked about again from now on"),
            Update::Section(stretch, section) => return self.put_section(stretch, *section),
            Update::Failed(error) => {
                self.here.stopping = None;
                (self.here.is_loading, self.here.loads_all) = (false, false);
                self.warn(error);
            }
            Update::ModelRefused(error) => {
                self.here.chosen_model = None;
                self.warn(error);
            }
            Update::Me(me) => self.known.me = Some(*me),
            Update::NotDone(error) => self.warn(error),
            Update::Exported(file) => self.say(format!("written to {file}")),
            Update::Output(tool_run, page) => self.transcript.add_output(tool_run, &page),
            Update::Tools(query, rows) => self.suggest_tools(&query, &rows),
            Update::Health(status) => self.known.health = Some(*status),
            Update::Draft(of, draft) if of == self.here.id => self.take_up_draft(&draft),
            Update::Past(messages) => self.composer.recall(messages),
            Update::Edited(text) => self.take_edited(&text),
            Update::Told(words) => self.say(words),
            // What only an overlay asks for, which is closed by now.
            Update::Models(models) => self.known.default_model = Some((models.default, models.default_reason)),
            Update::Draft(..)
            | Update::Shown(..)
            | Update::Seen(..)
            | Update::Recent(_)
            | Update::Preview(..)
            | Update::Events(..)
            | Update::Made => {}
            Update::Tool(row) => drop(self.known.tools.insert(row.tool_id.clone(), *row)),
            Update::Forked(from, copy, text) => return self.forked(from, &copy, &text),
            Update::Ran(answer) => Viewer::open_result(self, &answer),
        }
        Vec::new()
    }

    fn on_event(&mut self, envelope: &Envelope) -> Vec<Effect> {
        if self.here.id != Some(envelope.conversation_id) {
            // From a conversation that was left.
            return Vec::new();
        }
        if let Event::ParticipantJoined { user_id, display_name, .. } = &envelope.event
            && self.here.view.participants.iter().all(|known| known.user_id != *user_id)
            && self.known.me.as_ref().is_none_or(|me| me.user_id != *user_id)
        {
            self.say(format!("{display_name} joined"));
        }
        self.here.view.apply(envelope);
        self.here.speed.follow(&envelope.event, self.now);
        self.here.heard_at = self.now;
        self.stale |= self.changes_pieces(&envelope.event);
        match &envelope.event {
            Event::MessageCreated { message } if message.role == Role::User => {
                // The event may come before the receipt of the request that caused it.
                let sent = self
                    .here
                    .pending
                    .iter()
                    .position(|p| p.message.is_none() && p.text.trim() == message.content.trim());
                let is_own = sent.is_some() || self.here.pending.iter().any(|p| p.message == Some(message.id));
                if let Some(at) = sent {
                    self.here.pending[at].message = Some(message.id);
                }
                self.forget_stored();
                if is_own {
                    return self.remember();
                }
            }
            Event::Snapshot { conversation } | Event::Resync { conversation } => {
                self.here.is_owner = conversation.is_owner;
                self.here.older = conversation.message_count.saturating_sub(conversation.messages.len() as u64);
                self.here.older_calls = conversation.tool_run_count.saturating_sub(conversation.tool_runs.len() as u64);
                self.here.gaps = match self.here.view.messages.first() {
                    Some(first) if self.here.older > 0 => Gaps::before(first.seq),
                    _ => Gaps::default(),
                };
                (self.here.is_loading, self.here.loads_all) = (false, false);
                for message in self.here.view.messages.iter().filter(|m| m.role == Role::User) {
                    self.composer.remember(message.content.clone());
                }
                self.forget_stored();
                self.here.is_there = true;
                return self.remember();
            }
            Event::ConversationUpdated { title, model, safe_mode, .. } => {
                if model.is_some() {
                    self.here.chosen_model = None;
                }
                if safe_mode.is_some() {
                    self.here.chosen_safe_mode = None;
                }
                if title.is_some() {
                    return self.remember();
                }
            }
            Event::Notice { message, .. } => self.say(message.clone()),
            event if event.is_terminal() && self.here.stopping == envelope.run_id => self.here.stopping = None,
            _ => {}
        }
        Vec::new()
    }

    /// Writes down on this machine that the conversation is there and used: the server lists none.
    fn remember(&self) -> Vec<Effect> {
        let Some(id) = self.here.id.filter(|_| self.here.is_there) else { return Vec::new() };
        // Without a title it goes by its first message, when that is among those loaded.
        let has_title = self.here.view.conversation.as_ref().is_some_and(|it| it.title.is_some());
        let title = self.title().filter(|_| has_title || self.here.older == 0);
        vec![Effect::Command(Command::Remember(id, title.unwrap_or_default()))]
    }

    /// Whether there may be other pieces than before. More text in a piece that is there makes none: a long conversation
    /// must not be gone through for every word.
    fn changes_pieces(&self, event: &Event) -> bool {
        let (Event::MessageDelta { message_id, part, offset, .. }
        | Event::ReasoningDelta { message_id, part, offset, .. }) = event
        else {
            return !matches!(event, Event::ToolDelta { .. });
        };
        let message = self.here.view.messages.iter().rev().find(|message| message.id == *message_id);
        let before = match message.and_then(|message| message.parts.get(usize::try_from(*part).ok()?)) {
            Some(Part::Text { text } | Part::Reasoning { text }) => text.get(..usize::try_from(*offset).unwrap_or(0)),
            _ => None,
        };
        before.is_none_or(|before| before.trim().is_empty())
    }

    /// Messages that the conversation has are not on their way any more.
    fn forget_stored(&mut self) {
        let messages = &self.here.view.messages;
        self.here.pending.retain(|p| !messages.iter().any(|m| Some(m.id) == p.message));
    }

    /// Leaves the conversation for an empty one.
    pub(super) fn start_over(&mut self) -> Vec<Effect> {
        if !self.here.pending.is_empty() {
            self.warn("the last message is still on its way");
            return Vec::new();
        }
        let (of, model) = (self.here.id, self.model().map(str::to_owned));
        // What is written goes along: a new conversation is begun to ask it there.
        self.leave_for(Conversation::new(None, model));
        vec![Effect::Command(Command::KeepDraft(of, String::new())), Effect::Command(Command::NewConversation)]
    }

    /// Goes to another conversation.
    pub(super) fn go_to(&mut self, id: ConversationId) -> Vec<Effect> {
        if !self.here.pending.is_empty() {
            self.warn("the last message is still on its way");
            return Vec::new();
        }
        if self.here.id == Some(id) {
            return Vec::new();
        }
        let mut effects = self.leave_draft();
        self.leave_for(Conversation::new(Some(id), None));
        effects.push(Effect::Command(Command::Follow(id)));
        effects
    }

    /// Another conversation is on the screen from now on.
    fn leave_for(&mut self, other: Conversation) {
        self.here = other;
        self.follow_question();
        self.transcript.clear();
        self.focus_composer();
        self.stale = true;
    }

    /// What came back from the editor.
    fn take_edited(&mut self, text: &str) {
        match self.question.as_mut().filter(|question| question.step == Step::Input) {
            Some(question) if self.focus == Focus::Question => {
                question.problem = None;
                question.input.replace(text);
            }
            _ => {
                self.composer.replace(text.trim_end_matches(['\n', '\r']));
                self.focus_composer();
            }
        }
    }
}
