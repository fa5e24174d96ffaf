//! The table itself: what each key does, in which context, and what the hints and the help say of it.

use super::{Action, Context, key::Key};
use crossterm::event::{KeyCode, KeyModifiers};

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    pub context: Context,
    pub action: Action,
    /// The keys; the first one is shown as hint.
    pub keys: &'static [Key],
    pub hint: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
}

pub(super) const fn key(code: KeyCode) -> Key {
    Key { code, modifiers: KeyModifiers::NONE }
}

pub(super) const fn char(c: char) -> Key {
    key(KeyCode::Char(c))
}

pub(super) const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
}

const fn alt(c: char) -> Key {
    Key { code: KeyCode::Char(c), modifiers: KeyModifiers::ALT }
}

pub(super) const fn with(modifiers: KeyModifiers, code: KeyCode) -> Key {
    Key { code, modifiers }
}

const fn bind(
    context: Context,
    action: Action,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { context, action, keys, hint, help }
}

const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;
pub(super) const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Context::Composer, Action::Send, &[key(KeyCode::Enter)], "send", "Send the message; while a run works it waits its turn"),
    bind(Context::Composer, Action::NewLine, &[ctrl('j'), with(ALT, KeyCode::Enter), with(SHIFT, KeyCode::Enter)], "new line", "Begin a new line"),
    bind(Context::Composer, Action::Complete, &[key(KeyCode::Tab)], "choose", "Complete a command or a tool; unfold a paste; otherwise move into the transcript"),
    bind(Context::Composer, Action::Help, &[char('?')], "keys", "Show the keys (when nothing is written)"),
    bind(Context::Composer, Action::Up, &[key(KeyCode::Up)], "history", "A line up, then earlier messages"),
    bind(Context::Composer, Action::Down, &[key(KeyCode::Down), ctrl('n')], "history", "A line down, then later messages"),
    bind(Context::Composer, Action::Left, &[key(KeyCode::Left), ctrl('b')], "left", "A character left"),
    bind(Context::Composer, Action::Right, &[key(KeyCode::Right), ctrl('f')], "right", "A character right"),
    bind(Context::Composer, Action::WordLeft, &[with(CONTROL, KeyCode::Left), with(ALT, KeyCode::Left), alt('b')], "word left", "A word left"),
    bind(Context::Composer, Action::WordRight, &[with(CONTROL, KeyCode::Right), with(ALT, KeyCode::Right), alt('f')], "word right", "A word right"),
    bind(Context::Composer, Action::LineStart, &[key(KeyCode::Home), ctrl('a')], "start", "To the start of the line"),
    bind(Context::Composer, Action::LineEnd, &[key(KeyCode::End), ctrl('e')], "end", "To the end of the line"),
    bind(Context::Composer, Action::DeleteBack, &[key(KeyCode::Backspace), ctrl('h'), with(SHIFT, KeyCode::Backspace)], "delete", "Delete the character before the caret"),
    bind(Context::Composer, Action::DeleteForward, &[key(KeyCode::Delete)], "delete", "Delete the character after the caret"),
    bind(Context::Composer, Action::DeleteWord, &[ctrl('w'), with(ALT, KeyCode::Backspace), with(CONTROL, KeyCode::Backspace)], "delete word", "Delete the word before the caret"),
    bind(Context::Composer, Action::DeleteToStart, &[ctrl('u')], "delete line", "Delete to the start of the line"),
    bind(Context::Composer, Action::DeleteToEnd, &[ctrl('k')], "delete rest", "Delete to the end of the line"),
    bind(Context::Composer, Action::Yank, &[alt('y')], "put back", "Put back what was deleted last"),
    bind(Context::Composer, Action::Undo, &[ctrl('_'), ctrl('7'), ctrl('/')], "undo", "Undo the last edit"),
    bind(Context::Composer, Action::Redo, &[alt('_'), alt('/')], "redo", "Do again what was undone"),
    bind(Context::Composer, Action::Edit, &[ctrl('g')], "editor", "Write on in your editor ($VISUAL or $EDITOR)"),
    bind(Context::Composer, Action::Past, &[ctrl('r')], "past", "Search in what you wrote before, in any conversation"),

    // No letters: who types in the transcript goes on writing, and loses none.
    bind(Context::Transcript, Action::Open, &[key(KeyCode::Enter)], "open", "Open what is selected; again for all of it; again to close"),
    bind(Context::Transcript, Action::SelectPrevious, &[key(KeyCode::Up)], "previous", "Select the one above"),
    bind(Context::Transcript, Action::SelectNext, &[key(KeyCode::Down), key(KeyCode::Tab)], "next", "Select the one below"),
    bind(Context::Transcript, Action::Copy, &[ctrl('y'), with(CONTROL, KeyCode::Insert)], "copy", "Copy what is selected: a message as it was written, a call's output"),
    bind(Context::Transcript, Action::Resend, &[ctrl('e'), alt('e')], "write anew", "Write the selected message anew"),
    bind(Context::Transcript, Action::Fork, &[alt('f')], "fork", "Go on from here in a copy: after the selected answer, or with the selected message written anew"),
    bind(Context::Transcript, Action::CancelCall, &[alt('x'), key(KeyCode::Delete)], "cancel", "Stop the selected call; its run goes on"),
    bind(Context::Transcript, Action::Good, &[alt('g')], "good", "Say that the selected answer is good; /feedback says more"),
    bind(Context::Transcript, Action::Bad, &[alt('b')], "bad", "Say that the selected answer is bad"),
    bind(Context::Transcript, Action::ToTop, &[key(KeyCode::Home)], "beginning", "To the beginning of the conversation"),
    bind(Context::Transcript, Action::ToEnd, &[key(KeyCode::End)], "latest", "To the latest, and follow it"),
    bind(Context::Transcript, Action::ToComposer, &[key(KeyCode::Esc)], "write", "Back to writing"),

    bind(Context::Global, Action::Stop, &[key(KeyCode::Esc)], "stop", "Take back the last waiting message; then stop the run"),
    bind(Context::Global, Action::Palette, &[ctrl('p')], "palette", "Find a command, a key, a conversation, a tool, a setting"),
    bind(Context::Global, Action::Recent, &[alt('r')], "conversations", "Go to another conversation"),
    bind(Context::Global, Action::SafeMode, &[key(KeyCode::BackTab)], "safe mode", "Turn Safe Mode on or off here: each call waits for approval"),
    bind(Context::Global, Action::Search, &[ctrl('s')], "search", "Search in the conversation"),
    bind(Context::Global, Action::PreviousMessage, &[with(ALT, KeyCode::Up)], "message up", "To the message before"),
    bind(Context::Global, Action::NextMessage, &[with(ALT, KeyCode::Down)], "message down", "To the message after"),
    bind(Context::Global, Action::CopyWhat, &[alt('c')], "copy", "Copy the answer, a code block, an output"),
    bind(Context::Global, Action::SidePanel, &[key(KeyCode::F(3))], "panel", "Hide or show the side panel"),
    bind(Context::Global, Action::View, &[alt('v')], "view", "Read the last output (or what is selected) over the whole screen"),
    bind(Context::Global, Action::Suspend, &[ctrl('z')], "suspend", "Back to the shell; `fg` comes back"),
    bind(Context::Global, Action::TryNow, &[alt('t')], "try now", "Try again at once: a connection that is lost, or a model that did not answer"),
    bind(Context::Global, Action::Answer, &[ctrl('y')], "answer", "Answer what the run waits for"),
    bind(Context::Global, Action::TakeBack, &[ctrl('t')], "take it back", "Take back the standing approval, for ten seconds after it was given"),
    bind(Context::Global, Action::OpenLatest, &[ctrl('o')], "open tool", "Open the last tool call (or the selected one); again for raw JSON"),
    bind(Context::Global, Action::OpenAll, &[ctrl('x')], "open all", "Open or close all tool calls"),
    bind(Context::Global, Action::PageUp, &[key(KeyCode::PageUp)], "page up", "A page up"),
    bind(Context::Global, Action::PageDown, &[key(KeyCode::PageDown)], "page down", "A page down"),
    bind(Context::Global, Action::LineUp, &[with(SHIFT, KeyCode::Up), with(CONTROL, KeyCode::Up)], "scroll", "A line up"),
    bind(Context::Global, Action::LineDown, &[with(SHIFT, KeyCode::Down), with(CONTROL, KeyCode::Down)], "scroll", "A line down"),
    bind(Context::Global, Action::ToTop, &[with(CONTROL, KeyCode::Home)], "top", "To the beginning"),
    bind(Context::Global, Action::ToEnd, &[with(CONTROL, KeyCode::End)], "latest", "To the latest, and follow it"),
    bind(Context::Global, Action::Help, &[key(KeyCode::F(1))], "keys", "Show the keys"),
    bind(Context::Global, Action::FreeMouse, &[key(KeyCode::F(2))], "mouse", "Give the mouse back to the terminal to select text, or take it again"),
    bind(Context::Global, Action::Redraw, &[ctrl('l')], "redraw", "Draw everything again"),
    bind(Context::Global, Action::Interrupt, &[ctrl('c')], "stop", "Clear what is written; else stop the run; else quit"),
    bind(Context::Global, Action::Quit, &[ctrl('d'), ctrl('q')], "quit", "Quit; a run goes on without you"),

    bind(Context::Picker, Action::Choose, &[key(KeyCode::Enter)], "take", "Take what is selected"),
    bind(Context::Picker, Action::SelectPrevious, &[key(KeyCode::Up), ctrl('p'), ctrl('k')], "previous", "Select the one above"),
    bind(Context::Picker, Action::SelectNext, &[key(KeyCode::Down), ctrl('n'), ctrl('j')], "next", "Select the one below"),
    bind(Context::Picker, Action::PageUp, &[key(KeyCode::PageUp)], "page up", "A page up"),
    bind(Context::Picker, Action::PageDown, &[key(KeyCode::PageDown)], "page down", "A page down"),
    bind(Context::Picker, Action::Another, &[key(KeyCode::Tab)], "more", "Do the other thing with it, where there is one"),
    bind(Context::Picker, Action::Remove, &[key(KeyCode::Delete), ctrl('d')], "remove", "Take a conversation off the list, after a question"),
    bind(Context::Picker, Action::DeleteBack, &[key(KeyCode::Backspace), ctrl('h')], "delete", "Delete the last character"),
    bind(Context::Picker, Action::DeleteWord, &[ctrl('w'), with(ALT, KeyCode::Backspace)], "delete word", "Delete the last word"),
    bind(Context::Picker, Action::DeleteToStart, &[ctrl('u')], "clear", "Delete what is typed"),
    bind(Context::Picker, Action::Close, &[key(KeyCode::Esc), ctrl('c'), ctrl('g')], "close", "Close"),

    bind(Context::Viewer, Action::SelectPrevious, &[key(KeyCode::Up), char('k')], "up", "A line up"),
    bind(Context::Viewer, Action::SelectNext, &[key(KeyCode::Down), char('j')], "down", "A line down"),
    bind(Context::Viewer, Action::PageUp, &[key(KeyCode::PageUp), ctrl('b')], "page up", "A page up"),
    bind(Context::Viewer, Action::PageDown, &[key(KeyCode::PageDown), char(' '), ctrl('f')], "page down", "A page down"),
    bind(Context::Viewer, Action::ToTop, &[char('g'), key(KeyCode::Home)], "beginning", "To the beginning"),
    bind(Context::Viewer, Action::ToEnd, &[char('G'), key(KeyCode::End)], "end", "To the end"),
    bind(Context::Viewer, Action::Left, &[key(KeyCode::Left), char('h')], "left", "To the left, in lines that are wider than the screen"),
    bind(Context::Viewer, Action::Right, &[key(KeyCode::Right), char('l')], "right", "To the right"),
    bind(Context::Viewer, Action::Open, &[key(KeyCode::Enter)], "fold", "Fold or unfold the selected value"),
    bind(Context::Viewer, Action::FoldAll, &[char('z')], "fold all", "Fold or unfold everything"),
    bind(Context::Viewer, Action::Search, &[char('/')], "search", "Search in it"),
    bind(Context::Viewer, Action::NextFound, &[char('n')], "next", "The next place that was found"),
    bind(Context::Viewer, Action::PreviousFound, &[char('N')], "previous", "The place before that was found"),
    bind(Context::Viewer, Action::Filter, &[char('|'), char('f')], "filter", "Show a part of it by its path: .rows[0].name, .rows[].name"),
    bind(Context::Viewer, Action::Copy, &[char('y')], "copy", "Copy the selected value"),
    bind(Context::Viewer, Action::CopyPlace, &[char('p')], "copy path", "Copy the path of the selected value"),
    bind(Context::Viewer, Action::CopyWhat, &[char('Y')], "copy all", "Copy all of it"),
    bind(Context::Viewer, Action::Raw, &[char('t')], "other view", "Look at it in another way: tree, table, text, raw"),
    bind(Context::Viewer, Action::Save, &[char('s')], "save", "Write it into a file"),
    bind(Context::Viewer, Action::RunAgain, &[char('r')], "run again", "Call the tool again with an input that you edit"),
    bind(Context::Viewer, Action::Compare, &[char('=')], "compare", "What is another than in the call of the tool before: the input, and what came"),
    bind(Context::Viewer, Action::CancelCall, &[char('x')], "cancel", "Stop the call; its run goes on"),
    bind(Context::Viewer, Action::Help, &[char('?'), key(KeyCode::F(1))], "keys", "Show the keys"),
    bind(Context::Viewer, Action::Close, &[key(KeyCode::Esc), char('q'), ctrl('c')], "close", "Close"),

    bind(Context::Form, Action::Submit, &[key(KeyCode::Enter)], "run", "Run the tool with what is filled in"),
    bind(Context::Form, Action::SelectNext, &[key(KeyCode::Tab)], "next field", "To the next field"),
    bind(Context::Form, Action::SelectPrevious, &[key(KeyCode::BackTab)], "field before", "To the field before"),
    bind(Context::Form, Action::Close, &[key(KeyCode::Esc), ctrl('c')], "close", "Close"),

    bind(Context::Help, Action::LineUp, &[key(KeyCode::Up), char('k')], "up", "A line up"),
    bind(Context::Help, Action::LineDown, &[key(KeyCode::Down), char('j')], "down", "A line down"),
    bind(Context::Help, Action::PageUp, &[key(KeyCode::PageUp)], "page up", "A page up"),
    bind(Context::Help, Action::PageDown, &[key(KeyCode::PageDown), char(' ')], "page down", "A page down"),
    bind(Context::Help, Action::Close, &[key(KeyCode::Esc), key(KeyCode::Enter), char('q'), char('?'), key(KeyCode::F(1)), ctrl('c')], "close", "Close"),

    bind(Context::Question, Action::Confirm, &[key(KeyCode::Enter), char('y'), ctrl('c'), ctrl('d')], "quit", "Yes"),
    bind(Context::Question, Action::Close, &[key(KeyCode::Esc), char('n')], "stay", "No"),

    bind(Context::Approval, Action::AllowOnce, &[char('y')], "once", "Allow this call"),
    bind(Context::Approval, Action::AllowHere, &[char('c')], "here", "Allow this tool in this conversation, after a question"),
    bind(Context::Approval, Action::AllowAlways, &[char('a')], "always", "Allow this tool in all your conversations, after a question"),
    bind(Context::Approval, Action::AllowAlike, &[char('s')], "all of this tool", "Allow all calls of this tool that wait now, after a question"),
    bind(Context::Approval, Action::AllowAll, &[char('w')], "all that wait", "Allow all calls that wait now, after a question"),
    bind(Context::Approval, Action::EditInput, &[char('e')], "edit", "Change the input, then allow that"),
    bind(Context::Approval, Action::Deny, &[char('n')], "no", "Refuse it, with a reason for the model if you like"),
    bind(Context::Approval, Action::LineUp, &[key(KeyCode::Up), char('k')], "up", "A line of the input up"),
    bind(Context::Approval, Action::LineDown, &[key(KeyCode::Down), char('j')], "down", "A line of the input down"),
    bind(Context::Approval, Action::ToComposer, &[key(KeyCode::Esc)], "write", "Back to writing; it waits"),

    bind(Context::Line, Action::Submit, &[key(KeyCode::Enter)], "next", "Take it; an empty value means going on without"),
    bind(Context::Line, Action::Back, &[key(KeyCode::Esc)], "back", "A step back, at last to writing; it waits"),
    bind(Context::Line, Action::DeleteBack, &[key(KeyCode::Backspace), ctrl('h')], "delete", "Delete the last character"),
    bind(Context::Line, Action::DeleteToStart, &[ctrl('u')], "clear", "Delete all of it"),
    bind(Context::Line, Action::Edit, &[ctrl('g')], "editor", "Write on in your editor, where it is a text"),

    bind(Context::Keep, Action::KeepOnce, &[char('o'), key(KeyCode::Enter)], "once", "For this run alone"),
    bind(Context::Keep, Action::KeepForTool, &[char('t')], "this tool", "Save for the tools that asked"),
    bind(Context::Keep, Action::KeepForAll, &[char('a')], "all tools", "Save for all tools"),
    bind(Context::Keep, Action::Back, &[key(KeyCode::Esc)], "back", "Back to the value"),

    bind(Context::Without, Action::GoWithout, &[char('y')], "go on", "Go on without; the call fails and the model is told"),
    bind(Context::Without, Action::Others, &[char('t')], "another tool", "Look at other tools that could do it"),
    bind(Context::Without, Action::Back, &[char('n'), key(KeyCode::Esc)], "back", "Back to the value"),

    bind(Context::Plans, Action::Choose, &[key(KeyCode::Enter)], "run it", "Run the selected plan"),
    bind(Context::Plans, Action::SelectPrevious, &[key(KeyCode::Up), char('k')], "previous", "Select the one above"),
    bind(Context::Plans, Action::SelectNext, &[key(KeyCode::Down), char('j')], "next", "Select the one below"),
    bind(Context::Plans, Action::Another, &[char('a')], "another", "Ask for other plans, with a note if you like"),
    bind(Context::Plans, Action::ToComposer, &[key(KeyCode::Esc)], "write", "Back to writing; it waits"),

    bind(Context::Alternatives, Action::Choose, &[key(KeyCode::Enter)], "use it", "Call the selected tool instead"),
    bind(Context::Alternatives, Action::SelectPrevious, &[key(KeyCode::Up), char('k')], "previous", "Select the one above"),
    bind(Context::Alternatives, Action::SelectNext, &[key(KeyCode::Down), char('j')], "next", "Select the one below"),
    bind(Context::Alternatives, Action::NoneOfThem, &[char('n')], "none", "None of them: the model goes on by itself"),
    bind(Context::Alternatives, Action::Back, &[key(KeyCode::Esc)], "back", "A step back, at last to writing; it waits"),

    bind(Context::Watching, Action::LineUp, &[key(KeyCode::Up), char('k')], "up", "A line up"),
    bind(Context::Watching, Action::LineDown, &[key(KeyCode::Down), char('j')], "down", "A line down"),
    bind(Context::Watching, Action::ToComposer, &[key(KeyCode::Esc)], "write", "Back to writing; it waits"),

    bind(Context::List, Action::Open, &[key(KeyCode::Enter), char(' ')], "change", "Change or choose what is selected"),
    bind(Context::List, Action::Remove, &[char('d'), key(KeyCode::Delete)], "remove", "Delete or revoke what is selected, after a question"),
    bind(Context::List, Action::Copy, &[char('y')], "copy", "Copy the value of what is selected: a link, a prompt"),
    bind(Context::List, Action::SelectPrevious, &[key(KeyCode::Up), char('k')], "previous", "Select the one above"),
    bind(Context::List, Action::SelectNext, &[key(KeyCode::Down), char('j')], "next", "Select the one below"),
    bind(Context::List, Action::Close, &[key(KeyCode::Esc), char('q'), ctrl('c')], "close", "Close"),

    bind(Context::Sure, Action::Confirm, &[char('y')], "yes", "Do it"),
    bind(Context::Sure, Action::Back, &[char('n'), key(KeyCode::Esc), ctrl('c')], "no", "Leave it as it is"),
];
