//! `omega chat --inline`: the same conversation line by line, in the terminal's own scrollback.
//!
//! For screen readers and for terminals that can't place text. What was said is never drawn again, who speaks is said in words,
//! nothing is a picture: no frames, no spinner, and what a run asks is answered by words and numbers. It is `omega ask` again and
//! again, with one conversation.

use crate::{
    connect::{Connection, Context},
    exit::{Code, Failure},
    follow::{
        Begun, Follow, Signals,
        pause::{Keyboard, SavedTerminal},
    },
};
use omega_core::{
    api::{CreateConversation, Message, Role, SendMessage, UpdateConversation, earlier_versions},
    id::ConversationId,
    sanitize::{one_line, sanitize_terminal},
    view::View,
};
use std::{collections::VecDeque, time::Instant};

const HELP: &str = "Write a line and press Enter. A backslash at its end goes on with the next line.
/new begins another conversation, /model NAME chooses who answers, /safe on and /safe off turn Safe Mode on and off,
/quit or Ctrl-D leaves. Ctrl-C stops a run, and leaves where none runs.
Other commands say the rest: omega recent, omega tools, omega keys, omega settings.";
/// Bytes of a line, without its end, that a terminal hands on at most; the rest of a longer one is gone.
const LINE: usize = 4095;
/// Messages of a conversation that are said when it is gone on with.
const SAID_AGAIN: usize = 4;

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Nothing,
    Message(&'a str),
    Help,
    New,
    Quit,
    Model(&'a str),
    Safe(bool),
    /// A command that there is not.
    Unknown(&'a str),
}

impl<'a> Line<'a> {
    /// A slash and a word are a command; `/usr/bin` and the like are messages.
    fn of(line: &'a str) -> Self {
        let line = line.trim();
        let Some(command) = line.strip_prefix('/').filter(|_| !line.contains('\n')) else {
            return if line.is_empty() { Self::Nothing } else { Self::Message(line) };
        };
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match (name, argument.trim()) {
            ("help", _) => Self::Help,
            ("new", "") => Self::New,
            ("quit" | "exit", "") => Self::Quit,
            ("model", model) if !model.is_empty() => Self::Model(model),
            ("safe", "on") => Self::Safe(true),
            ("safe", "off") => Self::Safe(false),
            (name, _) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()) => Self::Unknown(name),
            _ => Self::Message(line),
        }
    }
}

/// A conversation line by line.
pub struct Talk<'a> {
    context: &'a Context,
    connection: &'a Connection,
    conversation: Option<ConversationId>,
    model: Option<String>,
    safe_mode: Option<bool>,
    follow: Follow,
    signals: Signals,
    /// Lines behind what was pasted that are none of its message.
    ahead: VecDeque<String>,
}

impl<'a> Talk<'a> {
    pub fn new(
        context: &'a Context,
        connection: &'a Connection,
        conversation: Option<ConversationId>,
    ) -> Result<Self, Failure> {
        let model = context.config.get("model").map(str::to_owned);
        let (follow, signals) = (Follow::default(), Signals::listen()?);
        let ahead = VecDeque::new();
        Ok(Self { context, connection, conversation, model, safe_mode: None, follow, signals, ahead })
    }

    /// Until the person leaves.
    pub async fn run(mut self) -> Result<(), Failure> {
        let ui = &self.context.ui;
        ui.note("Omega, line by line. /help says what there is.");
        if let Some(id) = self.conversation {
            self.say_again(id).await?;
        }
        loop {
            let text = match self.line().await {
                Ok(Some(text)) => text,
                Ok(None) => break,
                Err(failure) => {
                    // What the terminal shows of the key stands on the line that was being written.
                    ui.note("");
                    self.come_back()?;
                    return Err(failure);
                }
            };
            match Line::of(&text) {
                Line::Nothing => {}
                Line::Help => ui.note(HELP),
                Line::Quit => break,
                Line::New => {
                    self.conversation = None;
                    ui.note("The next message begins another conversation.");
                }
                Line::Model(model) => {
                    self.model = Some(model.to_owned());
                    ui.note(format!("Answers come from {} from now on.", one_line(model, 120)));
                }
                Line::Safe(on) => self.safe(on).await?,
                Line::Unknown(name) => {
                    let what = match name {
                        "new" | "model" | "safe" | "quit" | "exit" => format!("/{name} is not written like that"),
                        _ => format!("there is no /{name}"),
                    };
                    ui.warn(format!("{what}; there are /help, /new, /model NAME, /safe on, /safe off, /quit"));
                }
                Line::Message(message) => self.ask(message).await?,
            }
        }
        self.come_back()
    }

    fn come_back(&self) -> Result<(), Failure> {
        match self.conversation {
            Some(id) => self.context.ui.line(format!("come back with: omega chat --inline --conversation {id}")),
            None => Ok(()),
        }
    }

    /// What the person writes next; nothing at the end of the input. A signal leaves.
    async fn line(&mut self) -> Result<Option<String>, Failure> {
        let terminal = SavedTerminal::now();
        let mut text = String::new();
        loop {
            if let Some(line) = self.ahead.pop_front().filter(|_| text.is_empty()) {
                return Ok(Some(line));
            }
            let prompt = if text.is_empty() { "You: " } else { "... " };
            let keyboard = Keyboard(&self.context.ui);
            let was_there = keyboard.has_line();
            let line = tokio::select! {
                line = keyboard.line(prompt) => line?,
                code = self.signals.next() => {
                    terminal.restore();
                    return Err(Failure::silent(code));
                }
            };
            let Some(line) = line else { return Ok(Some(text).filter(|text| !text.is_empty())) };
            if let Some(begun) = line.strip_suffix('\\') {
                text.push_str(&format!("{begun}\n"));
                continue;
            }
            // What was written while a run worked are messages of their own.
            let behind = if was_there { Vec::new() } else { keyboard.lines_behind().await? };
            if [&line].into_iter().chain(&behind).any(|line| line.len() >= LINE) {
                self.context.ui.warn(format!(
                    "the terminal cuts a line at {LINE} bytes, so that this one was not sent; end lines with a backslash, use the \
                    full screen, or pipe it: omega ask < FILE"
                ));
                text.clear();
                continue;
            }
            text.push_str(&line);
            for line in behind {
                let is_text = matches!(Line::of(&line), Line::Message(_) | Line::Nothing);
                match self.ahead.is_empty() && is_text {
                    true => text.push_str(&format!("\n{line}")),
                    false => self.ahead.push_back(line),
                }
            }
            return Ok(Some(text));
        }
    }

    /// Sends a message and follows its run to the end. What went wrong with it is said, and ends nothing but the run.
    async fn ask(&mut self, message: &str) -> Result<(), Failure> {
        let done = self.answered(message).await;
        match done {
            Err(failure) if failure.exit_code() == Code::Terminated as u8 => Err(failure),
            Err(failure) => {
                self.context.ui.error(&failure);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn answered(&mut self, message: &str) -> Result<(), Failure> {
        let client = &self.connection.client;
        let id = match self.conversation {
            Some(id) => id,
            None => {
                let body = CreateConversation {
                    model: self.model.clone(),
                    safe_mode: self.safe_mode,
                    ..CreateConversation::default()
                };
                let id = client.create_conversation(&body).await?.id;
                self.context.remember(&self.connection.place, id, &one_line(message, 80));
                self.conversation = Some(id);
                id
            }
        };
        let body = SendMessage { message: message.to_owned(), model: self.model.clone(), ..SendMessage::default() };
        let accepted = client.send_message(id, &body, &uuid::Uuid::new_v4().to_string()).await?;
        let mut deadline = Instant::now() + Follow::patience(self.context)?;
        let view = View::begun(None, accepted.seq.saturating_sub(1));
        let begun = Begun { conversation: id, run: accepted.run_id, view, answered: Vec::new() };
        let mut following = self.follow.begin(self.context, self.connection, begun, false);
        let ended = following.until_the_end(&mut self.signals, &mut deadline).await?;
        following.finish(ended, None).await
    }

    async fn safe(&mut self, on: bool) -> Result<(), Failure> {
        self.safe_mode = Some(on);
        if let Some(id) = self.conversation {
            let body = UpdateConversation { safe_mode: Some(on), ..UpdateConversation::default() };
            self.connection.client.update_conversation(id, &body).await?;
        }
        self.context.ui.note(match on {
            true => "Safe Mode is on here: each call waits for approval.",
            false => "Safe Mode is off here: calls run by themselves.",
        });
        Ok(())
    }

    /// How the conversation stands that is gone on with; a run that works or waits is followed.
    async fn say_again(&mut self, id: ConversationId) -> Result<(), Failure> {
        let detail = self.connection.client.conversation(id).await?;
        let earlier = earlier_versions(&detail.messages);
        let said: Vec<&Message> = detail.messages.iter().filter(|it| !it.content.trim().is_empty()).collect();
        for message in &said[said.len().saturating_sub(SAID_AGAIN)..] {
            let name = match (message.role, &message.author) {
                (Role::Assistant, _) => String::from("Omega"),
                (Role::User, Some(author)) if !detail.is_owner => one_line(&author.display_name, 80),
                (Role::User, _) => String::from("You"),
            };
            let version = if earlier.contains(&message.id) { " (earlier version)" } else { "" };
            self.context.ui.line(format!("{name}{version}: {}", sanitize_terminal(message.content.trim())))?;
        }
        if View::of(detail).active_run().is_some() {
            let followed = self.follow.attach(self.context, self.connection, id, Vec::new()).await;
            followed.unwrap_or_else(|failure| self.context.ui.error(&failure));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_and_a_word_are_a_command_and_everything_else_is_said() {
        let cases = [
            ("", Line::Nothing),
            ("  ", Line::Nothing),
            ("hello", Line::Message("hello")),
            ("/usr/bin is a folder", Line::Message("/usr/bin is a folder")),
            ("/help me\nplease", Line::Message("/help me\nplease")),
            ("/quit", Line::Quit),
            ("/quit now", Line::Unknown("quit")),
            ("/model a/b", Line::Model("a/b")),
            ("/model", Line::Unknown("model")),
            ("/safe on", Line::Safe(true)),
            ("/nope", Line::Unknown("nope")),
        ];
        for (line, meant) in cases {
            assert_eq!(Line::of(line), meant, "{line:?}");
        }
    }
}
