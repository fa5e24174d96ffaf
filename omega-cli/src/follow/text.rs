//! The answer on stdout.
//!
//! Nothing can be taken back from a pipe or a file: there the answer comes when it is known to be the answer, so that what was
//! printed equals the stored one byte for byte. On a terminal every text of the run comes as Markdown while it is written:
//! blocks that are whole once and for all, the open one in the lines that are drawn anew. Where a terminal can't do that
//! (`TERM=dumb`), text comes as it is. When the model has to be asked again, a notice says which text is void. Foreign text is
//! made safe unless `--raw`.

use super::Sink;
use crate::{exit::Failure, ui::Ui};
use omega_core::{
    api::{Message, MessageStatus},
    id::MessageId,
    sanitize::{Sanitizer, sanitize_terminal},
};
use omega_tui::Printer;

/// How it is shown, and what of it was.
pub struct Text {
    ui: Ui,
    raw: bool,
    form: Form,
    /// The message that is shown now.
    current: Option<MessageId>,
    /// What was shown of it, as it came.
    shown: String,
    /// Whether that is all of it.
    whole: bool,
}

enum Form {
    /// Nothing before the end.
    Held,
    Rendered(Box<Rendered>),
    Plain(Plain),
}

#[derive(Default)]
struct Rendered {
    printer: Printer,
    open: Vec<String>,
    /// Whether blocks of this message stand on the screen for good.
    printed: bool,
    /// Whether anything does.
    begun: bool,
}

#[derive(Default)]
struct Plain {
    sanitizer: Sanitizer,
    /// Comes before the next text: a blank line when there are earlier texts.
    separator: &'static str,
    open_line: bool,
}

impl Text {
    /// Nothing so far. What is `held` waits for [`Text::print`] wherever it goes.
    pub fn new(ui: &Ui, raw: bool, held: bool) -> Self {
        let form = match (held || !ui.terminals().stdout, ui.has_live()) {
            (true, _) => Form::Held,
            (false, true) => {
                Form::Rendered(Box::new(Rendered { printer: Printer::new(ui.has_colour()), ..<_>::default() }))
            }
            (false, false) => {
                Form::Plain(Plain { separator: if ui.is_linear() { "Omega: " } else { "" }, ..<_>::default() })
            }
        };
        Self { ui: ui.clone(), raw, form, current: None, shown: String::new(), whole: true }
    }

    /// Whether nothing is shown before the end.
    pub fn is_held(&self) -> bool {
        matches!(self.form, Form::Held)
    }

    /// Shows what is new of a message; says so if what was shown of it turned out to be void.
    pub fn show(&mut self, message: &Message) -> Result<(), Failure> {
        if self.is_held() {
            return Ok(());
        }
        if self.current != Some(message.id) {
            self.end()?;
            self.current = Some(message.id);
            if let (Form::Plain(plain), false) = (&mut self.form, self.shown.is_empty()) {
                plain.separator = if self.ui.is_linear() { "\n\nOmega: " } else { "\n\n" };
            }
            self.shown.clear();
            self.whole = false;
        }
        if !message.content.starts_with(&self.shown) {
            self.begin_anew()?;
        }
        let new = &message.content[self.shown.len()..];
        if new.is_empty() {
            return Ok(());
        }
        self.shown.push_str(new);
        match &mut self.form {
            Form::Held => Ok(()),
            Form::Rendered(rendered) => {
                let printed = rendered.printer.push(&self.shown);
                rendered.print(&self.ui, &printed.finished)?;
                // What is drawn stands apart from what is printed as it will when it is.
                let gap = (rendered.begun && !printed.open.is_empty()).then(String::new);
                rendered.open = gap.into_iter().chain(printed.open).collect();
                // The last piece may not be drawn any more.
                if message.status == MessageStatus::Complete { self.end() } else { Ok(()) }
            }
            Form::Plain(plain) => plain.print(&self.ui, new),
        }
    }

    /// The lines of the block that is not whole yet.
    pub fn open_lines(&self) -> &[String] {
        match &self.form {
            Form::Rendered(rendered) => &rendered.open,
            Form::Held | Form::Plain(_) => &[],
        }
    }

    /// What is shown is all of its message.
    pub fn end(&mut self) -> Result<(), Failure> {
        let Form::Rendered(rendered) = &mut self.form else { return Ok(()) };
        if std::mem::replace(&mut self.whole, true) {
            return Ok(());
        }
        let rest = rendered.printer.end(&self.shown);
        rendered.open.clear();
        rendered.print(&self.ui, &rest)?;
        rendered.printed = false;
        Ok(())
    }

    /// Prints the answer, where nothing of it was shown.
    pub fn print(&self, answer: &str, sink: &Sink<'_>) -> Result<(), Failure> {
        match (&self.form, self.raw) {
            (Form::Held, true) => sink.text(answer),
            (Form::Held, false) => sink.text(&sanitize_terminal(answer)),
            (Form::Rendered(_) | Form::Plain(_), _) => self.ui.end_line(),
        }
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        self.shown.clear();
        let is_seen = match &mut self.form {
            Form::Held => false,
            Form::Rendered(rendered) => {
                rendered.printer.reset();
                rendered.open.clear();
                std::mem::take(&mut rendered.printed)
            }
            Form::Plain(plain) => {
                if std::mem::take(&mut plain.open_line) {
                    self.ui.out("\n")?;
                }
                true
            }
        };
        if is_seen {
            self.ui.warn("The model's answer broke off; what was printed of this step is void.");
        }
        Ok(())
    }
}

impl Rendered {
    fn print(&mut self, ui: &Ui, blocks: &[Vec<String>]) -> Result<(), Failure> {
        for block in blocks.iter().filter(|block| !block.is_empty()) {
            let before = if std::mem::replace(&mut self.begun, true) { "\n" } else { "" };
            ui.out(&format!("{before}{}\n", block.join("\n")))?;
            self.printed = true;
        }
        Ok(())
    }
}

impl Plain {
    fn print(&mut self, ui: &Ui, text: &str) -> Result<(), Failure> {
        let text = format!("{}{}", std::mem::take(&mut self.separator), self.sanitizer.push(text));
        if let Some(last) = text.chars().last() {
            self.open_line = last != '\n';
            ui.out(&text)?;
        }
        Ok(())
    }
}
