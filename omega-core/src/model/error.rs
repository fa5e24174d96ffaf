//! What can go wrong with a model, told apart by what the caller can do about it.

use std::time::Duration;

/// A failed model call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The provider answered with an error status.
    #[error("{provider} answered {status}: {message}")]
    Http {
        provider: String,
        status: u16,
        /// The provider's own message, at most a few hundred characters.
        message: String,
        /// The provider's code or type of the error, where it has one (`insufficient_quota`).
        code: Option<String>,
        /// `Retry-After`, where the provider sent one.
        retry_after: Option<Duration>,
    },
    /// An error event inside a stream that had begun well.
    #[error("{provider} failed in the middle of its answer: {message}")]
    Stream {
        provider: String,
        /// The provider's own message.
        message: String,
        /// True for overload and server faults.
        retryable: bool,
    },
    /// The body ended before the answer was whole.
    #[error("{provider} closed the connection before its answer was complete")]
    Truncated { provider: String },
    /// What came is not the provider's format.
    #[error("{provider} sent something that is not its own format: {message}")]
    Protocol { provider: String, message: String },
    /// No connection, or one that broke before the first byte.
    #[error("could not reach {provider}: {message}")]
    Connect {
        /// Whom it should have reached.
        provider: String,
        message: String,
    },
    /// One of the three timers ran out: first byte, silence, total.
    #[error("{provider} took too long ({what})")]
    Timeout { provider: String, what: &'static str },
    /// The request could not be made: no address, unknown model.
    #[error("{0}")]
    Config(String),
    /// The provider wants a key and there is none.
    #[error("{0}")]
    MissingKey(String),
}

impl ModelError {
    /// Whether asking again may help. `insufficient_quota` comes as 429 and does not get better by itself.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Http { status, code, .. } => {
                matches!(status, 408 | 409 | 429 | 500 | 502 | 503 | 504 | 529)
                    && code.as_deref() != Some("insufficient_quota")
            }
            Self::Stream { retryable, .. } => *retryable,
            Self::Truncated { .. } | Self::Connect { .. } | Self::Timeout { .. } => true,
            Self::Protocol { .. } | Self::Config(_) | Self::MissingKey(_) => false,
        }
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A stable code for `run.failed`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Http { status: 401 | 403, .. } => "PROVIDER_AUTH",
            Self::Http { status: 404, .. } => "MODEL_NOT_FOUND",
            Self::Http { status: 429, .. } => "PROVIDER_RATE_LIMITED",
            Self::Http { status: 400..=499, .. } => "PROVIDER_REJECTED",
            Self::Http { .. } | Self::Stream { .. } => "PROVIDER_ERROR",
            Self::Truncated { .. } => "PROVIDER_STREAM_CUT",
            Self::Protocol { .. } => "PROVIDER_PROTOCOL",
            Self::Connect { .. } => "PROVIDER_UNREACHABLE",
            Self::Timeout { .. } => "PROVIDER_TIMEOUT",
            Self::Config(_) => "MODEL_CONFIG",
            Self::MissingKey(_) => "PROVIDER_KEY_MISSING",
        }
    }
}
