//! What the text was before, to go back to, and what was deleted in one go, to put back.
//!
//! Letters that are typed one after the other are one step; so are words that are deleted one after the other.

/// The text and the caret.
pub type State = (String, usize);

/// Steps that are kept.
const STEPS: usize = 200;
/// Bytes of them all.
const BYTES: usize = 4 << 20;

/// What an edit is, as far as it may be one step with the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edit {
    /// A letter, which goes on with the letters before it.
    Letter,
    /// Whatever is a step of its own.
    #[default]
    Whole,
    /// Deleting a word or a line, which joins what was deleted before it.
    Kill,
}

#[derive(Debug, Default)]
pub struct Undo {
    past: Vec<State>,
    future: Vec<State>,
    last: Option<Edit>,
    killed: String,
}

impl Undo {
    /// Notes what the text was before an edit.
    pub fn note(&mut self, edit: Edit, before: (&str, usize)) {
        self.future.clear();
        if !(edit == Edit::Letter && self.last == Some(Edit::Letter)) {
            self.past.push((before.0.to_owned(), before.1));
        }
        let mut bytes: usize = self.past.iter().map(|(text, _)| text.len()).sum();
        while self.past.len() > STEPS || (bytes > BYTES && self.past.len() > 1) {
            bytes -= self.past.remove(0).0.len();
        }
        if edit == Edit::Kill && self.last != Some(Edit::Kill) {
            self.killed.clear();
        }
        self.last = Some(edit);
    }

    /// The caret was moved: the next letter begins a step.
    pub fn pause(&mut self) {
        self.last = None;
    }

    /// Keeps a deleted piece beside those that were deleted just before.
    pub fn kill(&mut self, piece: &str, is_before_caret: bool) {
        self.killed = match is_before_caret {
            true => format!("{piece}{}", self.killed),
            false => format!("{}{piece}", self.killed),
        };
    }

    /// What was deleted last in one go.
    pub fn killed(&self) -> &str {
        &self.killed
    }

    /// The text before the last step.
    pub fn back(&mut self, now: State) -> Option<State> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.last = None;
        Some(before)
    }

    /// The text after the step that was gone back.
    pub fn again(&mut self, now: State) -> Option<State> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.last = None;
        Some(after)
    }

    /// Another text begins. What was deleted can still be put back.
    pub fn forget(&mut self) {
        (self.past, self.future, self.last) = (Vec::new(), Vec::new(), None);
    }
}
