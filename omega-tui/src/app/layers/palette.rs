//! Everything that can be done here, found by typing: commands, keys, settings, conversations.

use super::{
    Forget, Handled, Kind, Picker,
    picker::{Choice, Source},
    previews::Previews,
    recent,
};
use crate::{
    app::{App, COMMANDS, Effect, slash},
    fuzzy,
    keymap::Action,
    messages::{Command, Update, UsedBefore},
};
use omega_core::{id::ConversationId, setting::FIELDS};
use ratatui::text::Line;

/// Conversations that are shown at a time.
const CONVERSATIONS: usize = 8;

#[derive(Debug, Clone)]
enum Does {
    Command(&'static str),
    Action(Action),
    Settings,
    Conversation(ConversationId, String),
    Tools,
}

#[derive(Debug, Default)]
pub struct Palette {
    recent: Vec<UsedBefore>,
    shown: Vec<Does>,
    previews: Previews,
}

impl Palette {
    pub fn open(app: &mut App) -> Vec<Effect> {
        let mut effects = Picker::open(Self::default(), "", app);
        effects.push(Effect::Command(Command::ListRecent));
        effects
    }
}

impl Source for Palette {
    fn title(&self) -> &'static str {
        "palette"
    }

    fn words(&self) -> &'static str {
        "what do you want to do?"
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        let command = |it: &slash::SlashCommand| {
            let name = Choice {
                name: it.help.to_owned(),
                value: format!("/{}", it.name),
                section: "commands",
                ..Choice::default()
            };
            (Does::Command(it.name), name)
        };
        let commands = fuzzy::best(typed, COMMANDS, |it| format!("{} {}", it.name, it.help)).into_iter().map(command);
        let key = |(action, value, help): (Action, String, &'static str)| {
            (Does::Action(action), Choice { name: help.to_owned(), value, section: "keys", ..Choice::default() })
        };
        let keys = fuzzy::best(typed, app.keys.everywhere(), |(.., help)| (*help).to_owned()).into_iter().map(key);
        let field = |it: &omega_core::setting::Field| {
            let choice = Choice {
                name: it.name.to_owned(),
                about: it.about.to_owned(),
                section: "settings",
                ..Choice::default()
            };
            (Does::Settings, choice)
        };
        let fields = fuzzy::best(typed, FIELDS, |it| format!("{} {}", it.name, it.about)).into_iter().map(field);
        let used = fuzzy::best(typed, &self.recent, |it| it.title.clone()).into_iter().take(CONVERSATIONS);
        let used = used.map(|it| {
            (
                Does::Conversation(it.id, it.title.clone()),
                Choice { section: "conversations", ..recent::choice(it, app) },
            )
        });
        let tools = (!typed.trim().is_empty()).then(|| {
            let name = format!("find tools for “{}”", typed.trim());
            (Does::Tools, Choice { name, value: String::from("/tools"), section: "registry", ..Choice::default() })
        });
        let (shown, choices) = commands.chain(used).chain(tools).chain(fields).chain(keys).unzip();
        self.shown = shown;
        choices
    }

    fn learn(&mut self, news: &Update) -> bool {
        if let Update::Recent(list) = news {
            self.recent.clone_from(list);
            return true;
        }
        self.previews.learn(news)
    }

    fn has_previews(&self) -> bool {
        true
    }

    fn look(&mut self, at: usize) -> Vec<Effect> {
        match self.shown.get(at) {
            Some(Does::Conversation(id, _)) => self.previews.look(*id),
            _ => Vec::new(),
        }
    }

    fn preview(&self, at: usize, app: &App, max: usize) -> Option<Vec<Line<'static>>> {
        match self.shown.get(at) {
            Some(Does::Conversation(id, _)) => Some(self.previews.lines(*id, app, max)),
            _ => None,
        }
    }

    fn is_removable(&self, at: usize) -> bool {
        matches!(self.shown.get(at), Some(Does::Conversation(..)))
    }

    fn remove(&mut self, at: usize, app: &mut App) -> Handled {
        if let Some(Does::Conversation(id, title)) = self.shown.get(at) {
            Forget::ask(*id, title, app);
        }
        Handled::Consumed(Vec::new())
    }

    fn take(&mut self, at: usize, typed: &str, app: &mut App) -> Handled {
        Handled::Closed(match self.shown.get(at).cloned() {
            Some(Does::Command(name)) => app.command_by_name(name),
            Some(Does::Action(action)) => app.act_here(action),
            Some(Does::Settings) => app.open_rows(Kind::Settings),
            Some(Does::Conversation(id, _)) => app.go_to(id),
            Some(Does::Tools) => super::ToolPicker::open(app, typed.trim()),
            None => Vec::new(),
        })
    }
}
