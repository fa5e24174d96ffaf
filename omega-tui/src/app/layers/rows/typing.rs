//! What is typed into an overlay: what for, the editor of it, and the change that comes of it.
//!
//! An editor begins with the real value, and with nothing where there is none; words that the rows show are never in it.
//! Blank means without a value.

use super::Act;
use crate::{
    app::{input::edit, question::Field},
    composer::Composer,
    keymap::Action,
    messages::{Secrets, Wish},
};
use omega_core::{
    api::GiveFeedback,
    id::{RunId, ToolId},
    setting,
};
use secrecy::SecretString;

/// What a line that is typed is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typing {
    Setting {
        name: &'static str,
        /// Its value now; nothing where it was never set.
        now: Option<String>,
    },
    Pin,
    /// The name of a new credential.
    KeyName,
    KeyValue(String, Option<ToolId>),
    /// What else is said of an answer.
    Comment(RunId, GiveFeedback),
}

impl Typing {
    /// What stands before the line.
    pub fn label(&self) -> String {
        match self {
            Self::Setting { name, .. } => format!("{name}: "),
            Self::Pin => String::from("tool (package::export): "),
            Self::KeyName => String::from("name: "),
            Self::Comment(..) => String::from("comment: "),
            Self::KeyValue(name, _) => format!("{}: ", crate::clean::one_line(name)),
        }
    }

    /// What holds where nothing is typed.
    pub fn without(&self) -> Option<&'static str> {
        match self {
            Self::Setting { name, .. } => setting::named(name).ok().map(|field| field.default),
            Self::Pin | Self::KeyName | Self::KeyValue(..) | Self::Comment(..) => None,
        }
    }

    /// Whether it may have several lines, and the blanks around it count.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Setting { name, .. } => setting::named(name).is_ok_and(|it| it.kind == setting::Kind::Text),
            Self::Comment(..) => true,
            Self::Pin | Self::KeyName | Self::KeyValue(..) => false,
        }
    }

    /// The line to type it in, with what it is now.
    pub(super) fn line(&self) -> TypedLine {
        let mut text = Composer::default();
        match self {
            Self::KeyValue(..) => return TypedLine::Unseen(Field::default()),
            Self::Setting { now, .. } => text.set(now.as_deref().unwrap_or_default()),
            Self::Comment(_, given) => text.set(given.comment.as_deref().unwrap_or_default()),
            Self::Pin | Self::KeyName => {}
        }
        let before = text.text().to_owned();
        TypedLine::Seen { text: Box::new(text), before }
    }

    /// The wish of what was typed, or what is typed next.
    pub(super) fn take(&self, text: &str) -> Result<Act, String> {
        let text = if self.is_text() { text } else { text.trim() };
        match self {
            Self::Setting { name, .. } => {
                let value = Some(text).filter(|text| !text.trim().is_empty());
                let unfit = |error: setting::Unfit| error.0;
                setting::named(name).map_err(unfit)?.check(value).map_err(unfit)?;
                Ok(Act::Do(Wish::Set { name, value: value.map(str::to_owned) }))
            }
            Self::Comment(run, given) => {
                let comment = Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
                Ok(Act::Do(Wish::Feedback(*run, GiveFeedback { comment, ..given.clone() })))
            }
            _ if text.is_empty() => Err(String::from("there is nothing to take yet")),
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

#[derive(Debug)]
pub enum TypedLine {
    /// A secret: not shown, and typed at its end.
    Unseen(Field),
    Seen {
        text: Box<Composer>,
        /// What it began with. Left as it was, it changes nothing.
        before: String,
    },
}

impl TypedLine {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Unseen(field) => field.text(),
            Self::Seen { text, .. } => text.text(),
        }
    }

    pub(super) fn type_in(&mut self, typed: &str, is_text: bool) {
        match self {
            Self::Unseen(field) => field.push(typed),
            Self::Seen { text, .. } if is_text => text.insert(typed),
            Self::Seen { text, .. } => text.insert(&typed.replace(['\n', '\r'], " ")),
        }
    }

    pub(super) fn edit(&mut self, action: Action, is_text: bool) {
        match (self, action) {
            (Self::Unseen(field), Action::DeleteBack) => field.delete_back(),
            (Self::Unseen(field), Action::DeleteToStart) => field.clear(),
            (Self::Unseen(_), _) => {}
            (Self::Seen { .. }, Action::NewLine) if !is_text => {}
            (Self::Seen { text, .. }, action) => drop(edit(text, action)),
        }
    }
}
