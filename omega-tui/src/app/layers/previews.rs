//! How conversations end that are looked at in a list, before one is gone to.

use crate::{
    app::{App, Effect},
    clean::{clean, one_line},
    markdown::Document,
    messages::{Command, Update},
    wrap::wrap,
};
use omega_core::{
    api::{Message, Role},
    id::ConversationId,
};
use ratatui::{
    style::Modifier,
    text::{Line, Span},
};
use std::collections::HashMap;

/// Characters and lines of one message at most: the end of a conversation is more than its last word.
const CHARACTERS: usize = 1_500;
const LINES: usize = 12;

/// What is known of them.
#[derive(Debug, Default)]
pub struct Previews {
    known: HashMap<ConversationId, Result<Vec<Message>, String>>,
    asked: Option<ConversationId>,
}

impl Previews {
    /// A conversation is looked at.
    pub fn look(&mut self, id: ConversationId) -> Vec<Effect> {
        if self.known.contains_key(&id) || self.asked == Some(id) {
            return Vec::new();
        }
        self.asked = Some(id);
        vec![Effect::Command(Command::Preview(id))]
    }

    pub fn learn(&mut self, news: &Update) -> bool {
        let Update::Preview(id, preview) = news else { return false };
        self.known.insert(*id, preview.clone());
        true
    }

    /// Its last messages, as many words of each as tell which conversation it is.
    pub fn lines(&self, id: ConversationId, app: &App, max: usize) -> Vec<Line<'static>> {
        let theme = &app.theme;
        let messages = match self.known.get(&id) {
            None => return vec![Line::styled("asking the server...", theme.dim)],
            Some(Err(problem)) => return wrap(&[Span::styled(clean(problem).into_owned(), theme.error)], max),
            Some(Ok(messages)) => messages,
        };
        let said: Vec<&Message> = messages.iter().filter(|message| !message.content.trim().is_empty()).collect();
        if said.is_empty() {
            return vec![Line::styled("nothing was said in it", theme.dim)];
        }
        let mut lines = Vec::new();
        let me = app.known.me.as_ref().map(|me| me.user_id);
        for message in said {
            let another = message.author.as_ref().filter(|author| Some(author.user_id) != me);
            let (name, style) = match (message.role, another) {
                (Role::Assistant, _) => ("omega", theme.accent),
                (Role::User, Some(author)) => (author.display_name.as_str(), theme.secondary),
                (Role::User, None) => ("you", theme.secondary),
            };
            lines.push(Line::styled(one_line(name), style.add_modifier(Modifier::BOLD)));
            let text: String = message.content.trim().chars().take(CHARACTERS).collect();
            // As it looks when one is there: answers are Markdown, what a person writes is not.
            let mut wrapped = match message.role {
                Role::Assistant => Document::default().layout(&text, max, theme),
                Role::User => wrap(&[Span::styled(clean(&text).into_owned(), theme.text)], max),
            };
            if wrapped.len() > LINES {
                wrapped.truncate(LINES - 1);
                wrapped.push(Line::styled("…", theme.dim));
            }
            lines.extend(wrapped);
            lines.push(Line::default());
        }
        lines
    }
}
