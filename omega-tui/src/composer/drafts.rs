//! What becomes of a text that makes room for another: it is sent, cleared, put aside or left for an earlier message, and is
//! found in the history whichever it was.

use super::{Composer, typeable, undo::Edit};

impl Composer {
    /// Takes the text out, with its pastes, and remembers it.
    pub fn take(&mut self) -> String {
        let text = self.whole();
        self.leave_draft();
        // What was deleted can be put back into the next message.
        self.undo.forget();
        let (history, undo) = (std::mem::take(&mut self.history), std::mem::take(&mut self.undo));
        let left = std::mem::take(&mut self.left);
        *self = Self { width: self.width, history, left, undo, ..Self::default() };
        self.history.push(text.clone());
        text
    }

    /// Empties it. The text is in the history, and undoing brings it back.
    pub fn clear(&mut self) -> String {
        let text = self.whole();
        self.leave_draft();
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        self.put_all("");
        self.history.push(text.clone());
        text
    }

    /// Begins with a text that has nothing to do with what stands here, which goes into the history.
    pub fn put_aside_for(&mut self, text: &str) {
        let before = self.whole();
        self.replace(text);
        self.leave_draft();
        self.leave(before);
    }

    /// The drafts that were left for an earlier message which was then changed, sent or cleared. They are in the history.
    pub fn left_drafts(&mut self) -> Vec<String> {
        if self.history.is_edited(&self.text) {
            self.leave_draft();
        }
        std::mem::take(&mut self.left)
    }

    fn leave_draft(&mut self) {
        if let Some(draft) = self.history.take_draft()
            && draft != self.text
        {
            self.leave(self.folded.whole(&draft));
        }
    }

    fn leave(&mut self, draft: String) {
        if !draft.trim().is_empty() && !self.history.entries().contains(&draft) {
            self.history.push(draft.clone());
            self.left.push(draft);
        }
    }

    /// The messages that were sent, oldest first.
    pub fn history(&self) -> &[String] {
        self.history.entries()
    }

    /// Puts a text back that could not be used, or that was kept, before what has been written since.
    pub fn give_back(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = self.folded.take_up(text, typeable);
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        if self.text.trim().is_empty() {
            (self.caret, self.goal) = (text.len(), None);
            self.text = text;
        } else {
            let caret = self.caret;
            let back = format!("{text}\n");
            self.text.insert_str(0, &back);
            self.caret = caret + back.len();
        }
    }

    /// Puts messages of other conversations before those of the history.
    pub fn recall(&mut self, earlier: Vec<String>) {
        self.history.begin_with(earlier);
    }

    /// Adds a message of an earlier time to the history.
    pub fn remember(&mut self, text: String) {
        self.leave_draft();
        self.history.push(text);
    }
}
