//! What was written before, in any conversation: sent, or cleared.

use super::{
    Handled, Picker,
    picker::{Choice, Source},
};
use crate::{app::App, fuzzy};

#[derive(Debug, Default)]
pub struct Past {
    shown: Vec<String>,
}

impl Past {
    pub fn open(app: &mut App) {
        Picker::open(Self::default(), "", app);
    }
}

impl Source for Past {
    fn title(&self) -> &'static str {
        "written before"
    }

    fn words(&self) -> &'static str {
        "what did you write?"
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        let mut newest: Vec<String> = Vec::new();
        for text in app.composer.history().iter().rev() {
            if !newest.contains(text) {
                newest.push(text.clone());
            }
        }
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
            // What stood there is one undo away.
            app.composer.replace(text);
            app.focus_composer();
        }
        Handled::Closed(Vec::new())
    }
}
