//! The conversations that were used last on this machine: the server lists none.

use super::{
    Forget, Handled, Picker,
    picker::{Choice, Source},
    previews::Previews,
};
use crate::{
    app::{App, Effect},
    fuzzy,
    messages::{Command, Update, UsedBefore},
};
use omega_core::id::ConversationId;
use ratatui::text::Line;

#[derive(Debug, Default)]
pub struct RecentConversations {
    /// Nothing until the list was read.
    all: Option<Vec<UsedBefore>>,
    shown: Vec<(ConversationId, String)>,
    previews: Previews,
}

impl RecentConversations {
    pub fn open(app: &mut App) -> Vec<Effect> {
        let mut effects = Picker::open(Self::default(), "", app);
        effects.push(Effect::Command(Command::ListRecent));
        effects
    }
}

/// As a row.
pub fn choice(used: &UsedBefore, app: &App) -> Choice {
    let day = used.updated_at.to_string().replace('T', " ");
    let here = if app.here.id == Some(used.id) { "here · " } else { "" };
    let name = if used.title.trim().is_empty() { String::from("(no title)") } else { used.title.clone() };
    Choice {
        name,
        value: format!("{here}{}", day.get(..16).unwrap_or(&day)),
        about: used.id.to_string(),
        ..Choice::default()
    }
}

impl Source for RecentConversations {
    fn title(&self) -> &'static str {
        "conversations"
    }

    fn words(&self) -> &'static str {
        "which one?"
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        let all = self.all.clone().unwrap_or_default();
        let fitting = fuzzy::best(typed, all, |used| format!("{} {}", used.title, used.id));
        self.shown = fitting.iter().map(|used| (used.id, used.title.clone())).collect();
        fitting.iter().map(|used| choice(used, app)).collect()
    }

    fn learn(&mut self, news: &Update) -> bool {
        if let Update::Recent(list) = news {
            self.all = Some(list.clone());
            return true;
        }
        self.previews.learn(news)
    }

    fn has_previews(&self) -> bool {
        true
    }

    fn look(&mut self, at: usize) -> Vec<Effect> {
        self.shown.get(at).map(|(id, _)| self.previews.look(*id)).unwrap_or_default()
    }

    fn preview(&self, at: usize, app: &App, max: usize) -> Option<Vec<Line<'static>>> {
        Some(self.previews.lines(self.shown.get(at)?.0, app, max))
    }

    fn is_asking(&self) -> bool {
        self.all.is_none()
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        Handled::Closed(self.shown.get(at).map(|(id, _)| app.go_to(*id)).unwrap_or_default())
    }

    fn is_removable(&self, at: usize) -> bool {
        self.shown.get(at).is_some()
    }

    fn remove(&mut self, at: usize, app: &mut App) -> Handled {
        if let Some((id, title)) = self.shown.get(at) {
            Forget::ask(*id, title, app);
        }
        Handled::Consumed(Vec::new())
    }
}
