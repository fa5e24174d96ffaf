//! Ids are newtypes, so that a run's id can't be passed where a conversation's is wanted.
//!
//! A conversation's id is its capability (whoever has the URL may take part), so it is a UUIDv4 from the operating
//! system's generator and never a time-ordered one (`security.md` T10). The other ids never open anything by
//! themselves and are time-ordered (v7), which keeps the database's indexes compact.

use crate::{
    budget::TOOL_ID,
    sanitize::{is_invisible, one_line},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $new:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new, random id.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "a default id would hide that it is random")]
            pub fn new() -> Self {
                Self(Uuid::$new())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A conversation; also the secret part of its URL.
    ConversationId, new_v4
);
id!(
    /// One message of a conversation.
    MessageId, now_v7
);
id!(
    /// The agent's work for one user message.
    RunId, now_v7
);
id!(
    /// One execution of one tool call; also its idempotency key towards an executor.
    ToolRunId, now_v7
);
id!(
    /// A user of this server.
    UserId, now_v7
);
id!(
    /// A set of plans proposed together.
    PlanSetId, now_v7
);
id!(
    /// One plan.
    PlanId, now_v7
);
id!(
    /// A call that waits for a person's approval.
    ApprovalId, now_v7
);
id!(
    /// What one call lacks.
    CredentialRequestId, now_v7
);
id!(
    /// A standing approval.
    ApprovalRuleId, now_v7
);
id!(
    /// An API key's record (never the key itself).
    KeyId, now_v7
);

/// A tool's name in the registry: `package::export`, split at the **last** `::`.
///
/// The package may hold `@` and `/`, the export may be a dotted path (`createBashTool.bash`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct ToolId(String);

impl ToolId {
    /// Joins a package and an export.
    #[must_use]
    pub fn new(package: &str, export: &str) -> Self {
        Self(format!("{package}::{export}"))
    }

    /// The npm package.
    #[must_use]
    pub fn package(&self) -> &str {
        self.0.rsplit_once("::").map_or(self.0.as_str(), |(package, _)| package)
    }

    /// The export, or a dotted path to it.
    #[must_use]
    pub fn export(&self) -> &str {
        self.0.rsplit_once("::").map_or("default", |(_, export)| export)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ToolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no tool id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a tool id: write it as package::export, for example mathjs::evaluate")]
pub struct BadToolId(pub String);

impl FromStr for ToolId {
    type Err = BadToolId;
    fn from_str(text: &str) -> Result<Self, BadToolId> {
        // The replacement character stands where one was taken out: no package has such a name.
        let hides = |c: char| c.is_control() || is_invisible(c) || c == char::REPLACEMENT_CHARACTER;
        match TOOL_ID.fit(text).ok().and_then(|text| text.text().rsplit_once("::")) {
            Some((package, export))
                // Names in other registries may hold blanks; packages never do.
                if !package.is_empty()
                    && !package.contains(char::is_whitespace)
                    && !export.trim().is_empty()
                    && export.trim() == export
                    && !text.contains(hides) =>
            {
                Ok(Self(text.to_owned()))
            }
            // What is no id may be anything, and is told.
            _ => Err(BadToolId(one_line(text, 100))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_id_splits_at_its_last_separator() {
        let id: ToolId = "@scope/a::b::make.run".parse().unwrap();
        assert_eq!((id.package(), id.export()), ("@scope/a::b", "make.run"));
        assert!("mathjs".parse::<ToolId>().is_err());
        assert!("::x".parse::<ToolId>().is_err());
        assert!("a b::x".parse::<ToolId>().is_err());
        for bad in ["a::x\n", "a\0b::x", "a::x\0", "a::\u{202e}yap", "a\u{200b}::x", &format!("a::{}", "x".repeat(600))]
        {
            let told = bad.parse::<ToolId>().unwrap_err().to_string();
            assert!(told.len() < 300 && !told.contains(char::is_control), "{told}");
        }
        assert_eq!("@scope/a::Best Quote".parse::<ToolId>().unwrap().export(), "Best Quote");
    }
}
