//! What is looked at and changed over the conversation: settings, credentials, pins, people, sharing, the plan.
//!
//! All of them are rows. A row may be changed (at once, or by typing a value) and removed (after a question). A secret
//! that is typed is kept as one, and everything that the server knows is shown as the server told it last.

mod credentials;
mod draw;
mod feedback;
mod people;
mod pins;
mod plan;
mod settings;
mod share;
mod typing;

pub use plan::sign as step_sign;
use typing::{TypedLine, Typing};

use super::{Handled, Layer};
use crate::{
    app::{App, Effect},
    keymap::{Action, Context},
    messages::{Command, Shown, Topic, Update, Wish},
};
use omega_core::id::RunId;
use ratatui::{Frame, layout::Rect};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Settings,
    Keys,
    Pins,
    People,
    /// The link, and what guests may do.
    Share,
    /// The plan that the last run follows.
    Plan,
    /// What one thinks of a run's answer.
    Feedback(RunId),
}

impl Kind {
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Keys => "credentials",
            Self::Pins => "pinned tools",
            Self::People => "participants",
            Self::Share => "share",
            Self::Plan => "plan",
            Self::Feedback(_) => "what do you think of the answer?",
        }
    }

    /// What is asked of the server for it.
    fn topic(self) -> Option<Topic> {
        match self {
            Self::Settings => Some(Topic::Settings),
            Self::Keys => Some(Topic::Keys),
            Self::Pins => Some(Topic::Pins),
            Self::People | Self::Share | Self::Plan | Self::Feedback(_) => None,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub value: String,
    /// A sentence about it, shown when it is selected.
    pub about: String,
    pub change: Option<Act>,
    /// What is asked before it is removed, and the wish.
    pub remove: Option<(String, Wish)>,
}

/// What a key does with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Do(Wish),
    /// After a line is typed.
    Type(Typing),
}

#[derive(Debug)]
pub struct RowSheet {
    kind: Kind,
    /// What the server said; nothing until it did.
    shown: Option<Shown>,
    rows: Vec<Row>,
    /// The row that is looked at.
    selected: usize,
    line: Option<(Typing, TypedLine)>,
    /// What is to be confirmed.
    sure: Option<(String, Wish)>,
    /// A change is on its way.
    busy: bool,
    /// Why the last one was not made.
    problem: Option<String>,
}

impl RowSheet {
    fn new(kind: Kind) -> Self {
        let busy = kind.topic().is_some();
        let (rows, selected) = (Vec::new(), 0);
        Self { kind, shown: None, rows, selected, line: None, sure: None, busy, problem: None }
    }

    fn row(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    fn go(&mut self, act: Act) -> Option<Wish> {
        self.problem = None;
        match act {
            // What was typed stays until the server has it.
            Act::Do(wish) => Some(wish),
            Act::Type(typing) => {
                let line = typing.line();
                self.line = Some((typing, line));
                None
            }
        }
    }

    /// Does what a key does; gives the change that is wished for.
    fn act(&mut self, action: Action) -> Option<Wish> {
        match action {
            Action::SelectPrevious => self.selected = self.selected.saturating_sub(1),
            Action::SelectNext => self.selected = (self.selected + 1).min(self.rows.len().saturating_sub(1)),
            Action::Open if !self.busy => {
                let change = self.row().and_then(|row| row.change.clone())?;
                return self.go(change);
            }
            Action::Remove if !self.busy => self.sure = self.row().and_then(|row| row.remove.clone()),
            Action::Confirm => return self.sure.take().map(|(_, wish)| wish),
            Action::Back => {
                self.line = None;
                self.sure = None;
            }
            Action::Submit if !self.busy => return self.submit(),
            _ if self.busy => {}
            action => {
                if let Some((typing, line)) = &mut self.line {
                    line.edit(action, typing.is_text());
                    self.problem = None;
                }
            }
        }
        None
    }
}

impl RowSheet {
    /// Takes what was typed. A value that was left as it was is no change.
    fn submit(&mut self) -> Option<Wish> {
        let (typing, line) = self.line.as_ref()?;
        if matches!((typing, line), (Typing::Setting { .. }, TypedLine::Seen { text, before }) if text.text() == before)
        {
            self.line = None;
            self.problem = None;
            return None;
        }
        match typing.take(line.text()) {
            Ok(act) => self.go(act),
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    /// The change was made: what was typed for it is of no more use.
    fn made(&mut self) {
        self.busy = false;
        self.problem = None;
        self.line = None;
    }
}

impl Layer for RowSheet {
    fn contexts(&self) -> &'static [Context] {
        match (&self.sure, &self.line) {
            (Some(_), _) => &[Context::Sure],
            (None, Some((_, TypedLine::Unseen(_)))) => &[Context::Line],
            (None, Some((_, TypedLine::Seen { .. }))) => &[Context::Line, Context::Composer],
            (None, None) => &[Context::List],
        }
    }

    fn handle(&mut self, action: Action, _app: &mut App) -> Handled {
        if action == Action::Close {
            return Handled::Closed(Vec::new());
        }
        if let (Action::Edit, Some((typing, TypedLine::Seen { text, .. }))) = (action, &self.line)
            && typing.is_text()
        {
            return Handled::Consumed(vec![Effect::Edit { text: text.text().to_owned(), ending: "md" }]);
        }
        if let (Action::Copy, Some(row)) = (action, self.row()) {
            let (text, what) = (row.value.clone(), row.name.clone());
            return Handled::Consumed(vec![Effect::Copy { text, what }]);
        }
        let wish = self.act(action);
        let command = wish.map(|wish| {
            self.busy = true;
            Effect::Command(Command::Do(self.kind.topic(), wish))
        });
        Handled::Consumed(command.into_iter().collect())
    }

    fn type_in(&mut self, text: &str, _app: &mut App) -> Handled {
        match &mut self.line {
            Some((typing, line)) if !self.busy => {
                line.type_in(text, typing.is_text());
                self.problem = None;
                Handled::Consumed(Vec::new())
            }
            Some(_) => Handled::Consumed(Vec::new()),
            None => Handled::Ignored,
        }
    }

    fn is_written(&self) -> bool {
        self.line.is_some()
    }

    fn topic(&self) -> Option<Topic> {
        self.kind.topic()
    }

    fn learn(&mut self, news: &Update, app: &App) -> Option<Vec<Effect>> {
        match news {
            Update::Shown(topic, shown) if self.kind.topic() == Some(*topic) => {
                self.shown = Some(shown.clone());
                self.made();
                self.refresh(app);
            }
            // Changed elsewhere: what is being typed here is not done with it.
            Update::Seen(topic, shown) if self.kind.topic() == Some(*topic) => {
                self.shown = Some(shown.clone());
                self.refresh(app);
            }
            // A change of which the stream tells.
            Update::Made if self.busy => self.made(),
            Update::NotDone(error) => {
                self.busy = false;
                self.problem = Some(error.clone());
            }
            Update::Edited(edited) => match &mut self.line {
                Some((_, TypedLine::Seen { text, .. })) => text.replace(edited),
                _ => return None,
            },
            _ => return None,
        }
        Some(Vec::new())
    }

    fn refresh(&mut self, app: &App) {
        let rows = match (self.kind, &self.shown) {
            (Kind::Settings, Some(Shown::Settings(settings, approvals))) => settings::rows(settings, approvals),
            (Kind::Pins, Some(Shown::Pins(pins))) => pins::rows(pins),
            (Kind::Keys, Some(Shown::Keys(stored, grants))) => credentials::rows(stored, grants),
            (Kind::People, _) => {
                people::rows(&app.here.view, app.known.me.as_ref(), app.here.is_owner, app.here.older == 0)
            }
            (Kind::Share, _) => share::rows(&app.here.view, app.here.is_owner, &app.known.base_url),
            (Kind::Plan, _) => plan::rows(&app.here.view),
            (Kind::Feedback(run), _) => feedback::rows(&app.here.view, run, app.known.me.as_ref()),
            (Kind::Settings | Kind::Pins | Kind::Keys, _) => Vec::new(),
        };
        // Whatever comes before it or goes: the row that is looked at is the one that a key is for.
        let same = |row: &Row, other: &Row| row.name == other.name && row.remove == other.remove;
        let is_same = |row: &Row| self.row().is_some_and(|now| same(row, now));
        let moved = rows.iter().position(is_same);
        let by_name = || rows.iter().position(|row| self.row().is_some_and(|now| now.name == row.name));
        self.selected = moved.or_else(by_name).unwrap_or(self.selected).min(rows.len().saturating_sub(1));
        self.rows = rows;
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        draw::draw(self, app, area, frame);
    }
}

impl App {
    /// Opens an overlay of rows, and asks for what it shows.
    pub(in crate::app) fn open_rows(&mut self, kind: Kind) -> Vec<Effect> {
        let mut sheet = RowSheet::new(kind);
        sheet.refresh(self);
        self.layers.push(sheet);
        kind.topic().map(|topic| Effect::Command(Command::Look(topic))).into_iter().collect()
    }
}
