//! Commands that begin with a slash. The same table makes what is understood, completed and shown in the help.

use super::{
    App, Effect,
    layers::{Copying, Find, Help, Kind, ModelPicker, Palette, RecentConversations, RunEvents, ToolPicker, Viewer},
};
use crate::messages::{Command, Wish};
use omega_core::client::ExportFormat;

/// A command.
#[derive(Debug, Clone, Copy)]
pub struct SlashCommand {
    pub name: &'static str,
    /// What may follow it; it works without, too.
    pub argument: &'static str,
    pub help: &'static str,
}

const fn row(name: &'static str, argument: &'static str, help: &'static str) -> SlashCommand {
    SlashCommand { name, argument, help }
}

pub const COMMANDS: &[SlashCommand] = &[
    row("help", "", "show the keys and commands"),
    row("new", "", "begin another conversation"),
    row("recent", "", "go to a conversation that you used before"),
    row("fork", "", "go on in a copy; with an answer selected, from there"),
    row("forget", "", "take the conversation off this machine's list, after a question"),
    row("rename", "TITLE", "give the conversation a title"),
    row("model", "NAME", "choose which model answers"),
    row("tools", "WORDS", "find a tool: read about it, pin it, run it without a model"),
    row("calls", "", "all calls of the conversation: read, run again, cancel"),
    row("copy", "", "copy the answer, a code block, an output"),
    row("feedback", "", "say whether the answer was good, and what you think of it"),
    row("find", "WORDS", "search in the conversation"),
    row("when", "DAY", "go to a day, or to how long ago: 2026-11-22, 3h"),
    row("safe", "", "turn Safe Mode on or off here: each call waits for approval"),
    row("settings", "", "look at your settings and change them"),
    row("keys", "", "credentials of tools and models: store, replace, delete"),
    row("pins", "", "pinned tools"),
    row("plan", "", "the plan that the run follows, and how far it is"),
    row("share", "", "the link, who may open it, and what guests may do"),
    row("participants", "", "who takes part"),
    row("status", "", "how the server, its registry and its executor are"),
    row("debug", "", "the events of the run as they are stored, from its first one on"),
    row("export", "FORMAT", "write the conversation to a file, as markdown or json"),
    row("palette", "", "find a command, a key, a conversation, a tool, a setting"),
    row("cancel", "", "stop the run"),
    row("quit", "", "leave; a run goes on without you"),
];

/// A command as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub struct Typed {
    name: String,
    argument: String,
}

/// Reads a command: one line, a slash, a word. `/usr/bin` and the like are messages.
pub fn parse(text: &str) -> Option<Typed> {
    let rest = text.trim().strip_prefix('/')?;
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    (is_word && !rest.contains('\n')).then(|| Typed { name: name.to_owned(), argument: argument.trim().to_owned() })
}

/// The commands that begin as typed; none once there is an argument.
pub fn matching(text: &str) -> impl Iterator<Item = &'static SlashCommand> {
    let typed = text.strip_prefix('/').filter(|typed| !typed.contains(char::is_whitespace));
    COMMANDS.iter().filter(move |command| typed.is_some_and(|typed| command.name.starts_with(typed)))
}

impl App {
    /// Does a command as if it had been typed.
    pub(super) fn command_by_name(&mut self, name: &str) -> Vec<Effect> {
        self.command(Typed { name: name.to_owned(), argument: String::new() }, "")
    }

    /// `text` is the line in which it was typed; it comes back where it can't be done.
    pub(super) fn command(&mut self, typed: Typed, text: &str) -> Vec<Effect> {
        let argument = typed.argument;
        match typed.name.as_str() {
            "help" => self.layers.push(Help::default()),
            "new" => return self.start_over(),
            "recent" => return RecentConversations::open(self),
            "fork" => return self.fork(),
            "forget" => self.ask_to_forget_this(),
            "rename" => return self.rename(&argument, text),
            "model" if argument.is_empty() => return ModelPicker::open(self),
            "model" => return self.choose_model(argument),
            "tools" => return ToolPicker::open(self, &argument),
            "calls" => return self.open_calls(),
            "copy" => Copying::open(self),
            "feedback" => return self.open_feedback(),
            "find" => Find::open(self, &argument),
            "when" => return self.show_time(&argument, text),
            "safe" => return self.switch_safe_mode(),
            "debug" | "events" => return RunEvents::open(self),
            "status" => return Viewer::open_status(self),
            "palette" => return Palette::open(self),
            "cancel" => {
                let effects = self.stop_run();
                if effects.is_empty() {
                    self.say("nothing runs");
                }
                return effects;
            }
            "settings" => return self.open_rows(Kind::Settings),
            "keys" | "credentials" => return self.open_rows(Kind::Keys),
            "pins" => return self.open_rows(Kind::Pins),
            "participants" | "people" => return self.open_rows(Kind::People),
            "share" if self.here.id.is_none() => self.warn("there is nothing to share yet"),
            "share" => return self.open_rows(Kind::Share),
            "plan" => return self.open_rows(Kind::Plan),
            "export" => return self.export(&argument, text),
            "quit" | "exit" => return self.quit(),
            other => {
                let names: Vec<String> = COMMANDS.iter().map(|command| format!("/{}", command.name)).collect();
                self.warn(format!("there is no /{other}; there are {}", names.join(" ")));
                self.composer.give_back(text);
            }
        }
        Vec::new()
    }

    /// Answers come from this model from now on.
    pub(super) fn choose_model(&mut self, name: String) -> Vec<Effect> {
        self.say(format!("answers come from {name} from now on"));
        self.here.chosen_model = Some(name.clone());
        vec![Effect::Command(Command::SetModel(name))]
    }

    fn rename(&mut self, title: &str, typed: &str) -> Vec<Effect> {
        if title.is_empty() || self.here.id.is_none() {
            self.warn(match self.here.id {
                Some(_) => "say the title behind it: /rename Determinants",
                None => "there is no conversation yet",
            });
            self.composer.give_back(typed);
            return Vec::new();
        }
        vec![Effect::Command(Command::Do(None, Wish::Title(title.to_owned())))]
    }

    /// `/export`, `/export json`, `/export markdown notes.md`.
    fn export(&mut self, argument: &str, typed: &str) -> Vec<Effect> {
        let (format, file) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
        let format = match format {
            "" | "markdown" | "md" => ExportFormat::Markdown,
            "json" => ExportFormat::Json,
            other => {
                self.warn(format!("there is no format `{other}`; there are markdown and json"));
                self.composer.give_back(typed);
                return Vec::new();
            }
        };
        if self.here.id.is_none() {
            self.warn("there is nothing to export yet");
            return Vec::new();
        }
        let file = Some(file.trim()).filter(|file| !file.is_empty()).map(str::to_owned);
        vec![Effect::Command(Command::Export { format, file })]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_command() {
        assert_eq!(parse("/usr/bin is a folder"), None);
        assert_eq!(parse("/help me\nplease"), None);
        assert_eq!(parse(" /model  a/b "), Some(Typed { name: "model".into(), argument: "a/b".into() }));
    }
}
