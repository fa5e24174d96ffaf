//! The one table of keys. Bindings, the hints of the status line and the help all come from it.
//!
//! A key is looked up in the contexts from the innermost outwards; within one context a key means one thing, which a test
//! holds. A person's file may give actions other keys ([`own`]).

mod key;
mod own;
mod table;
#[cfg(test)]
mod tests;

pub use own::KeyFaults;

use crossterm::event::KeyEvent;
use key::Key;
use std::borrow::Cow;
use table::{BINDINGS, Binding};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Send,
    NewLine,
    DeleteBack,
    DeleteForward,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Up,
    Down,
    Complete,
    Help,
    SelectNext,
    SelectPrevious,
    Open,
    ToComposer,
    OpenLatest,
    OpenAll,
    PageUp,
    PageDown,
    LineUp,
    LineDown,
    ToTop,
    ToEnd,
    Stop,
    FreeMouse,
    Redraw,
    Interrupt,
    Quit,
    Close,
    Confirm,
    Answer,
    AllowOnce,
    AllowHere,
    AllowAlways,
    Deny,
    Submit,
    Back,
    KeepOnce,
    KeepForTool,
    KeepForAll,
    GoWithout,
    Choose,
    Another,
    EditInput,
    Remove,
    NoneOfThem,
    Others,
    TakeBack,
    Undo,
    Redo,
    Yank,
    Edit,
    Suspend,
    Copy,
    CopyWhat,
    Search,
    NextFound,
    PreviousFound,
    PreviousMessage,
    NextMessage,
    View,
    CancelCall,
    Resend,
    Fork,
    Palette,
    Past,
    Recent,
    SafeMode,
    SidePanel,
    AllowAlike,
    AllowAll,
    FoldAll,
    Filter,
    Save,
    CopyPlace,
    RunAgain,
    Compare,
    Raw,
    TryNow,
    Good,
    Bad,
}

impl Action {
    /// Its name in a person's file: `delete-back`.
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }
}

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    Composer,
    /// Moving among what can be opened.
    Transcript,
    /// Everywhere that is not an overlay.
    Global,
    Help,
    Question,
    Approval,
    /// Typing a value, a reason or a note.
    Line,
    /// Saying where values are kept.
    Keep,
    /// Going on without values.
    Without,
    Plans,
    Alternatives,
    /// Seeing what somebody else is asked.
    Watching,
    /// Choosing from a list that typing narrows.
    Picker,
    /// Reading an output over the whole screen.
    Viewer,
    /// Filling in what a tool takes.
    Form,
    /// Choosing among rows of an overlay.
    List,
    /// Being asked whether that is meant.
    Sure,
}

impl Context {
    /// Those that the help shows, in its order.
    pub const SHOWN: &'static [Self] = &[
        Self::Global,
        Self::Composer,
        Self::Transcript,
        Self::Picker,
        Self::Viewer,
        Self::Form,
        Self::Approval,
        Self::Line,
        Self::Keep,
        Self::Without,
        Self::Plans,
        Self::Alternatives,
        Self::Watching,
        Self::List,
        Self::Sure,
    ];

    /// The heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Composer => "writing",
            Self::Transcript => "transcript",
            Self::Global => "everywhere",
            Self::Help => "help",
            Self::Question => "question",
            Self::Approval => "a call waits for approval",
            Self::Line => "typing an answer",
            Self::Keep => "keeping a value",
            Self::Without => "going on without a value",
            Self::Plans => "choosing a plan",
            Self::Alternatives => "choosing another tool",
            Self::Watching => "somebody else is asked",
            Self::Picker => "palette and pickers",
            Self::Viewer => "reading an output",
            Self::Form => "running a tool by hand",
            Self::List => "settings, keys, pins, people, sharing",
            Self::Sure => "sure?",
        }
    }

    /// Its name in a person's file.
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }

    /// Whether letters are for writing here.
    fn is_for_writing(self) -> bool {
        match self {
            Self::Composer | Self::Transcript | Self::Global | Self::Picker | Self::Form | Self::Line => true,
            Self::Help
            | Self::Question
            | Self::Approval
            | Self::Keep
            | Self::Without
            | Self::Plans
            | Self::Alternatives
            | Self::Watching
            | Self::Viewer
            | Self::List
            | Self::Sure => false,
        }
    }
}

/// `DeleteBack` as `delete-back`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// A row of the table with the keys that it has now.
#[derive(Debug, Clone)]
struct Row {
    binding: &'static Binding,
    keys: Cow<'static, [Key]>,
}

/// The table with the keys that a person wants.
#[derive(Debug, Clone)]
pub struct Keymap(Vec<Row>);

impl Default for Keymap {
    fn default() -> Self {
        Self(BINDINGS.iter().map(|binding| Row { binding, keys: Cow::Borrowed(binding.keys) }).collect())
    }
}

impl Keymap {
    fn rows_of(&self, context: Context) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(move |row| row.binding.context == context)
    }

    /// What a key does in the first of these contexts that knows it.
    pub fn lookup(&self, contexts: &[Context], event: KeyEvent) -> Option<Action> {
        let key = Key::from(event);
        let here = |context: &Context| self.rows_of(*context).find(|row| row.keys.contains(&key));
        contexts.iter().find_map(here).map(|row| row.binding.action)
    }

    /// The key and the word to show for an action.
    pub fn hint(&self, contexts: &[Context], action: Action) -> Option<(String, &'static str)> {
        contexts.iter().find_map(|context| {
            let row = self.rows_of(*context).find(|row| row.binding.action == action)?;
            Some((row.keys.first()?.to_string(), row.binding.hint))
        })
    }

    /// The key of an action, to be named in a sentence.
    pub fn key(&self, context: Context, action: Action) -> String {
        self.hint(&[context], action).map(|(key, _)| key).unwrap_or_default()
    }

    /// What can be done in a context: the keys, and a sentence.
    pub fn help(&self, context: Context) -> impl Iterator<Item = (String, &'static str)> {
        let keys = |row: &Row| row.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.rows_of(context).map(move |row| (keys(row), row.binding.help))
    }

    /// What can be done everywhere: the action, its key, and a sentence.
    pub fn everywhere(&self) -> impl Iterator<Item = (Action, String, &'static str)> {
        let key = |row: &Row| row.keys.first().map(ToString::to_string).unwrap_or_default();
        self.rows_of(Context::Global).map(move |row| (row.binding.action, key(row), row.binding.help))
    }
}

/// Whether one of these contexts has keys for an action.
pub fn knows(contexts: &[Context], action: Action) -> bool {
    BINDINGS.iter().any(|it| it.action == action && contexts.contains(&it.context))
}
