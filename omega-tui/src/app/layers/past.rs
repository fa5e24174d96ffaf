//! What was written before, in any conversation: sent, or cleared.

use super::{
    Handled, Picker,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    fuzzy,
    messages::{Command, Update},
};
use std::collections::HashSet;

#[derive(Debug, Default)]
pub struct Past {
    shown: Vec<String>,
    /// What is kept on this machine, by any terminal, oldest first.
    elsewhere: Vec<String>,
    has_asked: bool,
}

impl Past {
    /// With what other terminals sent meanwhile, once that was read.
    pub fn open(app: &mut App) -> Vec<Effect> {
        Picker::open(Self::default(), "", app)
    }
}

impl Source for Past {
    fn title(&self) -> &'static str {
        "written before"
    }

    fn words(&self) -> &'static str {
        "what did you write?"
    }

    fn ask(&mut self, _typed: &str) -> Vec<Effect> {
        match std::mem::replace(&mut self.has_asked, true) {
            false => vec![Effect::Command(Command::ListPast)],
            true => Vec::new(),
        }
    }

    fn learn(&mut self, news: &Update) -> bool {
        let Update::Past(messages) = news else { return false };
        self.elsewhere.clone_from(messages);
        true
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        let mut seen = HashSet::new();
        // What is kept has the order in which all terminals wrote; what is only here was not kept, or is of others.
        let kept: HashSet<&String> = self.elsewhere.iter().collect();
        let here = app.composer.history().iter().filter(|text| !kept.contains(text));
        let all: Vec<&String> = here.chain(&self.elsewhere).collect();
        let newest: Vec<String> = all.into_iter().rev().filter(|text| seen.insert(*text)).cloned().collect();
        self.shown = fuzzy::best(typed, newest, Clone::clone);
        let choice = |text: &String| {
            let lines = text.lines().count();
            let value = if lines > 1 { format!("{lines} lines") } else { String::new() };
            Choice { name: text.clone(), value, about: text.chars().take(400).collect(), ..Choice::default() }
        };
        self.shown.iter().map(choice).collect()
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        if let Some(text) = self.shown.get(at) {
            app.composer.put_aside_for(text);
            app.focus_composer();
        }
        Handled::Closed(Vec::new())
    }
}
