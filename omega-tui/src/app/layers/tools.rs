//! Tools of the registry, as they are typed: what each does, how it fares, and which of its variables are there. Enter writes
//! it into the message, which has it at hand then; tab runs it without a model.

use super::{
    Form, Handled, Picker,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    messages::{Command, Update},
};
use omega_core::api::ToolRow;

#[derive(Debug, Default)]
pub struct ToolPicker {
    rows: Vec<ToolRow>,
    asked_for: Option<String>,
    came_for: Option<String>,
}

impl ToolPicker {
    pub fn open(app: &mut App, typed: &str) -> Vec<Effect> {
        Picker::open(Self::default(), typed, app)
    }
}

/// How the calls of a tool ended here, and whether it can be had.
fn health(row: &ToolRow) -> String {
    if let Some(breaker) = &row.breaker {
        return format!("left alone: {}", breaker.reason);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is 0 to 1")]
    match row.success_rate {
        Some(rate) => format!("{} % of {}", (rate * 100.0).round() as u32, row.execution_count),
        None if row.import_health == "BROKEN" => String::from("broken"),
        None => String::new(),
    }
}

/// The variables that it needs, and which of them are there.
fn keys(row: &ToolRow, stored: &[String]) -> String {
    let needed = row.package.env.iter().filter(|it| it.required && it.default.is_none());
    let mark =
        |name: &str| if stored.iter().any(|it| it == name) { format!("✓ {name}") } else { format!("needs {name}") };
    needed.map(|it| mark(&it.name)).collect::<Vec<_>>().join(", ")
}

/// What there is to know before it is called.
pub fn facts(row: &ToolRow, stored: &[String]) -> String {
    [keys(row, stored), health(row)].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// As a row.
fn choice(row: &ToolRow, app: &App) -> Choice {
    let facts = [facts(row, &app.known.stored_keys), row.package.npm_version.clone()];
    let value = facts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ");
    Choice { name: row.tool_id.clone(), value, about: row.description.clone(), ..Choice::default() }
}

impl Source for ToolPicker {
    fn title(&self) -> &'static str {
        "tools"
    }

    fn words(&self) -> &'static str {
        "what should it do?"
    }

    fn list(&mut self, _typed: &str, app: &App) -> Vec<Choice> {
        self.rows.iter().map(|row| choice(row, app)).collect()
    }

    fn ask(&mut self, typed: &str) -> Vec<Effect> {
        let typed = typed.trim().to_owned();
        if typed.is_empty() || self.asked_for.as_ref() == Some(&typed) {
            return Vec::new();
        }
        self.asked_for = Some(typed.clone());
        vec![Effect::Command(Command::FindTools(typed))]
    }

    fn learn(&mut self, news: &Update) -> bool {
        match news {
            Update::Tools(query, rows) if self.asked_for.as_ref() == Some(query) => {
                self.rows.clone_from(rows);
                self.came_for = Some(query.clone());
                true
            }
            _ => false,
        }
    }

    fn is_asking(&self) -> bool {
        self.asked_for != self.came_for
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        if let Some(row) = self.rows.get(at) {
            app.composer.insert(&format!("@{} ", row.tool_id));
            app.focus_composer();
        }
        Handled::Closed(Vec::new())
    }

    fn other(&mut self, at: usize, app: &mut App) -> Handled {
        match self.rows.get(at) {
            Some(row) => Handled::Closed(Form::open(app, row)),
            None => Handled::Ignored,
        }
    }

    fn other_word(&self) -> Option<&'static str> {
        Some("run it yourself")
    }
}
