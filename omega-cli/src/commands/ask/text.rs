//! The answer on stdout, so that what was printed equals the stored answer byte for byte.
//!
//! The rule of [`omega_core::view::join_answer`], applied while it grows: the texts of the steps, joined by a blank line.
//! On a terminal it comes token by token; when the model has to be asked again, a notice on stderr says that the step's text is
//! void, and it begins anew on a line of its own. Nothing can be taken back from a pipe or a file: there, a step's text comes
//! when the step is whole and stored. Foreign text is made safe for a terminal unless `--raw`.

use crate::{exit::Failure, ui::Ui};
use omega_core::{
    api::{Message, MessageStatus},
    id::MessageId,
    sanitize::Sanitizer,
};

/// What is printed so far.
pub struct Text {
    ui: Ui,
    /// Whether text is shown before its step is whole.
    streams: bool,
    sanitizer: Option<Sanitizer>,
    /// The message that is printed now.
    current: Option<MessageId>,
    printed: String,
    /// Comes before the next text: a blank line when there are earlier texts.
    separator: &'static str,
    /// What was printed last does not end a line.
    open_line: bool,
}

impl Text {
    /// An empty answer.
    pub fn new(ui: Ui, raw: bool) -> Self {
        let sanitizer = (!raw).then(Sanitizer::default);
        let streams = ui.terminals().stdout;
        Self { ui, streams, sanitizer, current: None, printed: String::new(), separator: "", open_line: false }
    }

    /// Prints what is new of a message; says so if what was printed of it turned out to be void.
    pub fn show(&mut self, message: &Message) -> Result<(), Failure> {
        if !self.streams && message.status != MessageStatus::Complete {
            return Ok(());
        }
        if self.current != Some(message.id) {
            self.current = Some(message.id);
            if !self.printed.is_empty() {
                self.printed.clear();
                self.separator = "\n\n";
            }
        }
        if !message.content.starts_with(&self.printed) {
            self.begin_anew()?;
        }
        let new = &message.content[self.printed.len()..];
        if new.is_empty() {
            return Ok(());
        }
        let separator = std::mem::take(&mut self.separator);
        self.printed.push_str(new);
        self.print(separator)?;
        self.print(new)
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        self.printed.clear();
        if self.open_line {
            self.open_line = false;
            self.ui.out("\n")?;
        }
        self.ui.warn("The model's answer broke off; what was printed of this step is void.");
        Ok(())
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        let text = match &mut self.sanitizer {
            Some(sanitizer) => sanitizer.push(text),
            None => text.to_owned(),
        };
        if let Some(last) = text.chars().last() {
            self.open_line = last != '\n';
            self.ui.out(&text)?;
        }
        Ok(())
    }
}
