//! What a breaker is of: a thing that is called, for everybody or for one user alone.

use omega_core::id::ToolId;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BreakerKey {
    /// `tool:ID@VERSION`, and with `#USER` behind it that user's own.
    text: String,
    /// How long the text is without its user.
    of: usize,
}

impl BreakerKey {
    fn of(kind: &str, subject: impl fmt::Display) -> Self {
        let text = format!("{kind}:{subject}");
        Self { of: text.len(), text }
    }

    pub fn tool(tool: &ToolId, version: &str) -> Self {
        Self::of("tool", format_args!("{tool}@{version}"))
    }

    pub fn executor(name: &str) -> Self {
        Self::of("executor", name)
    }

    /// A provider of models.
    pub fn provider(name: &str) -> Self {
        Self::of("provider", name)
    }

    /// The same for one user alone; nobody's calls are everybody's.
    #[must_use]
    pub fn for_user(self, user: &str) -> Self {
        if user.is_empty() { self } else { Self { text: format!("{}#{user}", &self.text[..self.of]), of: self.of } }
    }

    pub(super) fn for_all(&self) -> Self {
        Self { text: self.text[..self.of].to_owned(), of: self.of }
    }

    /// Whose it is; `None` when it is everybody's.
    pub fn user(&self) -> Option<&str> {
        self.text.get(self.of + 1..)
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is of, without its kind.
    pub fn subject(&self) -> &str {
        let of = &self.text[..self.of];
        of.split_once(':').map_or(of, |(_, subject)| subject)
    }
}

impl fmt::Display for BreakerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subject())
    }
}
