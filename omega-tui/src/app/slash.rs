//! Commands that begin with a slash. The same table makes what is understood, completed and shown in the help.

use super::{App, Effect, Overlay, list_overlay::Kind};
use crate::messages::Command;
use omega_core::client::ExportFormat;

/// A command, its argument, and what it does.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("help", "", "show the keys and commands"),
    ("new", "", "begin another conversation"),
    ("model", "NAME", "answer with another model; without a name, list them"),
    ("settings", "", "look at your settings and change them"),
    ("keys", "", "the credentials that tools may use: store, replace, delete"),
    ("pins", "", "pinned tools"),
    ("plan", "", "the plan that the run follows, and how far it is"),
    ("share", "", "the link, who may open it, and what guests may do"),
    ("participants", "", "who takes part"),
    ("export", "FORMAT", "write the conversation to a file, as markdown or json"),
    ("cancel", "", "stop the run"),
    ("quit", "", "leave; a run goes on without you"),
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
pub fn matching(text: &str) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    let typed = text.strip_prefix('/').filter(|typed| !typed.contains(char::is_whitespace));
    COMMANDS.iter().filter(move |(name, ..)| typed.is_some_and(|typed| name.starts_with(typed)))
}

/// The text with the command completed, when only one fits.
pub fn complete(text: &str) -> Option<String> {
    let mut fitting = matching(text);
    let (name, argument, _) = fitting.next()?;
    fitting.next().is_none().then(|| if argument.is_empty() { format!("/{name}") } else { format!("/{name} ") })
}

impl App {
    pub(super) fn command(&mut self, typed: Typed) -> Vec<Effect> {
        let argument = typed.argument;
        let text = self.composer.take();
        match typed.name.as_str() {
            "help" => self.overlays.push(Overlay::Help { scroll: 0 }),
            "new" => return self.start_over(),
            "model" if argument.is_empty() => return vec![Effect::Command(Command::ListModels)],
            "model" => {
                self.chosen_model = Some(argument.clone());
                self.say(format!("answers come from {argument} from now on"));
                return vec![Effect::Command(Command::SetModel(argument))];
            }
            "cancel" => {
                let effects = self.stop_run();
                if effects.is_empty() {
                    self.say("nothing runs");
                }
                return effects;
            }
            "settings" => return self.open_list(Kind::Settings),
            "keys" | "credentials" => return self.open_list(Kind::Keys),
            "pins" => return self.open_list(Kind::Pins),
            "participants" | "people" => return self.open_list(Kind::People),
            "share" if self.conversation.is_none() => self.warn("there is nothing to share yet"),
            "share" => return self.open_list(Kind::Share),
            "plan" => return self.open_list(Kind::Plan),
            "export" => return self.export(&argument, &text),
            "quit" | "exit" => return self.quit(),
            other => {
                let names: Vec<String> = COMMANDS.iter().map(|(name, ..)| format!("/{name}")).collect();
                self.warn(format!("there is no /{other}; there are {}", names.join(" ")));
                self.composer.set(&text);
            }
        }
        Vec::new()
    }

    /// `/export`, `/export json`, `/export markdown notes.md`.
    fn export(&mut self, argument: &str, typed: &str) -> Vec<Effect> {
        let (format, file) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
        let format = match format {
            "" | "markdown" | "md" => ExportFormat::Markdown,
            "json" => ExportFormat::Json,
            other => {
                self.warn(format!("there is no format `{other}`; there are markdown and json"));
                self.composer.set(typed);
                return Vec::new();
            }
        };
        if self.conversation.is_none() {
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

    #[test]
    fn a_command_is_completed_when_only_one_fits() {
        assert_eq!(complete("/m").as_deref(), Some("/model "));
        assert_eq!(complete("/q").as_deref(), Some("/quit"));
        assert_eq!(complete("/"), None);
        assert_eq!(complete("hello"), None);
    }
}
