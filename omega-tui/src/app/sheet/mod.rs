//! What is looked at and changed over the conversation: settings, credentials, pins, people, sharing, the plan.
//!
//! All of them are rows. A row may be changed (at once, or by typing a value) and removed (after a question). What is
//! typed is kept as a secret, and everything that the server knows is shown as the server told it last.

mod keys;
mod people;
mod pins;
mod plan;
mod settings;
mod share;

pub use plan::sign as step_sign;

use super::{App, Effect, Overlay, question::Field};
use crate::{
    keys::{Action, Context},
    port::{Command, Secrets, Shown, Topic, Wish},
};
use omega_core::{id::ToolId, setting};
use secrecy::SecretString;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Settings of the user.
    Settings,
    /// Credentials and grants.
    Keys,
    /// Pinned tools.
    Pins,
    /// Who takes part.
    People,
    /// The link, and what guests may do.
    Share,
    /// The plan that the last run follows.
    Plan,
}

impl Kind {
    /// The overlay's heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Keys => "credentials",
            Self::Pins => "pinned tools",
            Self::People => "participants",
            Self::Share => "share",
            Self::Plan => "plan",
        }
    }

    /// What is asked of the server for it.
    fn topic(self) -> Option<Topic> {
        match self {
            Self::Settings => Some(Topic::Settings),
            Self::Keys => Some(Topic::Keys),
            Self::Pins => Some(Topic::Pins),
            Self::People | Self::Share | Self::Plan => None,
        }
    }
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// What it has.
    pub value: String,
    /// A sentence about it, shown when it is selected.
    pub about: String,
    /// What Enter does.
    pub change: Option<Act>,
    /// What is asked before it is removed, and the wish.
    pub remove: Option<(String, Wish)>,
}

/// What a key does with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// At once.
    Do(Wish),
    /// After a line is typed.
    Type(Typing),
}

/// What a line that is typed is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typing {
    /// A setting's value.
    Setting(&'static str),
    /// A tool to pin.
    Pin,
    /// The name of a new credential.
    KeyName,
    /// A credential's value.
    KeyValue(String, Option<ToolId>),
}

impl Typing {
    /// What stands before the line.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Setting(name) => format!("{name}: "),
            Self::Pin => String::from("tool (package::export): "),
            Self::KeyName => String::from("name: "),
            Self::KeyValue(name, _) => format!("{}: ", crate::clean::one_line(name)),
        }
    }

    /// Whether what is typed is not shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::KeyValue(..))
    }

    /// The wish of what was typed, or what is typed next.
    fn take(&self, text: &str) -> Result<Act, String> {
        if text.is_empty() {
            return Err(String::from("there is nothing to take yet"));
        }
        match self {
            Self::Setting(name) => {
                let unfit = |error: setting::Unfit| error.0;
                setting::named(name).map_err(unfit)?.check(text).map_err(unfit)?;
                Ok(Act::Do(Wish::Set { name, value: text.to_owned() }))
            }
            Self::Pin => {
                let tool = text.parse().map_err(|_| format!("`{text}` is no tool: it is written package::export"))?;
                Ok(Act::Do(Wish::Pin(tool)))
            }
            Self::KeyName => Ok(Act::Type(Self::KeyValue(text.to_owned(), None))),
            Self::KeyValue(name, tool) => {
                let value = Secrets([(name.clone(), SecretString::from(text.to_owned()))].into());
                Ok(Act::Do(Wish::PutKey { tool: tool.clone(), value }))
            }
        }
    }
}

/// The overlay.
#[derive(Debug)]
pub struct Sheet {
    /// Which.
    pub kind: Kind,
    /// What the server said; nothing until it did.
    shown: Option<Shown>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// The row that is looked at.
    pub selected: usize,
    /// The line that is being typed, and what for.
    pub line: Option<(Typing, Field)>,
    /// What is to be confirmed.
    pub sure: Option<(String, Wish)>,
    /// A change is on its way.
    pub busy: bool,
    /// Why the last one was not made.
    pub problem: Option<String>,
}

impl Sheet {
    fn new(kind: Kind) -> Self {
        let busy = kind.topic().is_some();
        let (rows, selected) = (Vec::new(), 0);
        Self { kind, shown: None, rows, selected, line: None, sure: None, busy, problem: None }
    }

    /// Where its keys are looked up.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        match (&self.sure, &self.line) {
            (Some(_), _) => &[Context::Sure],
            (None, Some(_)) => &[Context::Line],
            (None, None) => &[Context::Sheet],
        }
    }

    fn row(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    fn go(&mut self, act: Act) -> Option<Wish> {
        self.problem = None;
        match act {
            Act::Do(wish) => {
                self.line = None;
                Some(wish)
            }
            Act::Type(typing) => {
                let mut field = Field::default();
                if let (Typing::Setting(_), Some(row)) = (&typing, self.row()) {
                    field.push(row.value.lines().next().unwrap_or_default());
                }
                self.line = Some((typing, field));
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
            Action::Submit => {
                let (typing, field) = self.line.as_ref()?;
                match typing.take(field.text().trim()) {
                    Ok(act) => return self.go(act),
                    Err(problem) => self.problem = Some(problem),
                }
            }
            Action::DeleteBack => self.line.as_mut().map_or((), |(_, field)| field.delete_back()),
            Action::DeleteToStart => self.line.as_mut().map_or((), |(_, field)| field.clear()),
            _ => {}
        }
        None
    }
}

impl App {
    /// Opens an overlay of rows, and asks for what it shows.
    pub(super) fn open_sheet(&mut self, kind: Kind) -> Vec<Effect> {
        self.sheet = Some(Sheet::new(kind));
        self.overlays.push(Overlay::Sheet);
        self.list_rows();
        kind.topic().map(|topic| Effect::Command(Command::Look(topic))).into_iter().collect()
    }

    pub(super) fn close_sheet(&mut self) {
        self.sheet = None;
    }

    /// Puts typed or pasted text into the line of the overlay; false when there is none.
    pub(super) fn type_into_sheet(&mut self, text: &str) -> bool {
        match self.sheet.as_mut().and_then(|sheet| sheet.line.as_mut()) {
            Some((_, field)) => {
                field.push(text);
                true
            }
            None => false,
        }
    }

    pub(super) fn act_on_sheet(&mut self, action: Action) -> Vec<Effect> {
        let Some(sheet) = &mut self.sheet else { return Vec::new() };
        let wish = sheet.act(action);
        let Some(wish) = wish else { return Vec::new() };
        sheet.busy = true;
        vec![Effect::Command(Command::Do(sheet.kind.topic(), wish))]
    }

    /// A change was made of which the stream tells.
    pub(super) fn sheet_made(&mut self) {
        if let Some(sheet) = &mut self.sheet {
            sheet.busy = false;
            sheet.problem = None;
        }
    }

    /// News for the overlay, if it is still that one.
    pub(super) fn show_in_sheet(&mut self, topic: Topic, shown: Shown) {
        if let Some(sheet) = self.sheet.as_mut().filter(|sheet| sheet.kind.topic() == Some(topic)) {
            sheet.shown = Some(shown);
            sheet.busy = false;
            sheet.problem = None;
            self.list_rows();
        }
    }

    pub(super) fn sheet_failed(&mut self, error: String) {
        match &mut self.sheet {
            Some(sheet) => {
                sheet.busy = false;
                sheet.problem = Some(error);
            }
            None => self.warn(error),
        }
    }

    /// Lists the rows anew, from what is known now.
    pub(super) fn list_rows(&mut self) {
        let Some(kind) = self.sheet.as_ref().map(|sheet| sheet.kind) else { return };
        let shown = self.sheet.as_ref().and_then(|sheet| sheet.shown.as_ref());
        let rows = match (kind, shown) {
            (Kind::Settings, Some(Shown::Settings(settings, approvals))) => settings::rows(settings, approvals),
            (Kind::Pins, Some(Shown::Pins(pins))) => pins::rows(pins),
            (Kind::Keys, Some(Shown::Keys(stored, grants))) => keys::rows(stored, grants),
            (Kind::People, _) => people::rows(&self.view, self.me.as_ref(), self.is_owner),
            (Kind::Share, _) => share::rows(&self.view, self.is_owner, &self.base_url),
            (Kind::Plan, _) => plan::rows(&self.view),
            _ => Vec::new(),
        };
        if let Some(sheet) = &mut self.sheet {
            sheet.selected = sheet.selected.min(rows.len().saturating_sub(1));
            sheet.rows = rows;
        }
    }
}
