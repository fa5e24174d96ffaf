//! Why a package can't be added, in words that say what to do next.

use super::row_limits::Unfit;
use omega_core::{
    budget::OverLimit,
    executor::{ToolError, ToolErrorCode},
    registry::RegistryError,
};

/// Why a package could not be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It can't be installed or imported.
    #[error(transparent)]
    Sandbox(#[from] ToolError),
    /// It has no such function.
    #[error("{package} exports no function `{function}`; it has: {}", available.join(", "))]
    NoSuchFunction {
        package: String,
        /// What was asked for.
        function: String,
        available: Vec<String>,
    },
    /// It can't be a row.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The user has no room for it.
    #[error("{0}; take a package out with `omega registry remove PACKAGE` first")]
    NoRoom(OverLimit),
    /// Everybody has a later version.
    #[error(
        "everybody has {package} {from}, and {to} is older: add it for yourself alone (--for-me), or set it back for everybody \
         with --allow-older"
    )]
    Older {
        package: String,
        /// The version that everybody has.
        from: String,
        /// The one that was to be added.
        to: String,
    },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl AddError {
    /// The same for a model, as the failure of its call.
    pub(super) fn told(self) -> ToolError {
        let code = match self {
            Self::Sandbox(error) => return error,
            Self::Registry(_) => ToolErrorCode::RegistryUnavailable,
            Self::NoSuchFunction { .. } => ToolErrorCode::ToolNotFound,
            Self::Unfit(_) | Self::NoRoom(_) | Self::Older { .. } => ToolErrorCode::InvalidInput,
        };
        ToolError::new(code, self.to_string())
    }
}
