//! The answer on stdout, token by token, so that what was printed equals the stored answer byte for byte.
//!
//! The rule of [`omega_core::view::join_answer`], applied while it grows: the texts of the steps, joined by a blank line.
//! Text that came can't be taken back from a pipe: when the model is asked again, a notice goes to stderr and the step's
//! text begins anew on a line of its own. Foreign text is made safe for a terminal unless `--raw`.

use crate::{exit::Failure, ui::Ui};
use omega_core::{api::Message, id::MessageId, sanitize::Sanitizer};

/// What is printed so far.
pub struct Text {
    ui: Ui,
    sanitizer: Option<Sanitizer>,
    /// The message that is printed now.
    current: Option<MessageId>,
    /// What is printed of it.
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
        Self { ui, sanitizer, current: None, printed: String::new(), separator: "", open_line: false }
    }

    /// Prints what is new of a message; says so if what was printed of it turned out to be void.
    pub fn show(&mut self, message: &Message) -> Result<(), Failure> {
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
        self.ui.warn("The model is asked again; what was printed of this step is void.");
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
