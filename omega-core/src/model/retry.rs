//! When a failed model call is tried again: a pure policy; the run engine does the waiting.
//!
//! Three retries, spread over 0.5 to 16 seconds with full jitter, never sooner than the provider asks; an empty answer is asked for
//! once more. A provider that
//! asks for more than [`LONGEST_WAIT`] is not waited for: a person should know rather than watch a run that stands still.

use super::ModelError;
use std::time::Duration;

/// Retries after the first try.
pub const MAX_RETRIES: u32 = 3;

/// The longest `Retry-After` that is waited for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

const SHORTEST: f64 = 0.5;
/// What the ceiling grows by with each retry: 1, 4 and 16 seconds.
const GROWTH: f64 = 4.0;

/// How long to wait before the next try, or `None` when there is none.
///
/// `retries` counts the retries that were made; `jitter` is a random number from 0 to 1. A call that has shown text
/// already may only be retried together with `message.reset`: that is the caller's affair.
pub fn next_delay(retries: u32, error: &ModelError, jitter: f64) -> Option<Duration> {
    if retries >= MAX_RETRIES || !error.is_retryable() {
        return None;
    }
    let ceiling = GROWTH.powi(i32::try_from(retries).unwrap_or(i32::MAX));
    let backoff = Duration::from_secs_f64(SHORTEST + jitter.clamp(0.0, 1.0) * (ceiling - SHORTEST));
    match error.retry_after() {
        Some(asked) if asked > LONGEST_WAIT => None,
        Some(asked) => Some(asked.max(backoff)),
        None => Some(backoff),
    }
}

/// How long to wait before a model is asked again that gave an empty answer: it mostly does not twice.
pub fn delay_after_empty(retries: u32) -> Option<Duration> {
    (retries == 0).then_some(Duration::from_secs_f64(SHORTEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, code: Option<&str>, retry_after: Option<u64>) -> ModelError {
        ModelError::Http {
            provider: "openai".into(),
            status,
            message: String::new(),
            code: code.map(Into::into),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn the_table_of_waits() {
        let provider = || String::from("openai");
        let cut = ModelError::Truncated { provider: provider() };
        let connect = ModelError::Connect { provider: provider(), message: String::new() };
        let overloaded = ModelError::Stream { provider: provider(), message: String::new(), retryable: true };
        let refused = ModelError::Stream { provider: provider(), message: String::new(), retryable: false };
        let garbage = ModelError::Protocol { provider: provider(), message: String::new() };
        for (retries, error, jitter, want) in [
            (0, http(500, None, None), 0.0, Some(0.5)),
            (0, http(529, None, None), 1.0, Some(1.0)),
            (1, http(502, None, None), 1.0, Some(4.0)),
            (2, http(503, None, None), 1.0, Some(16.0)),
            (2, http(503, None, None), 7.0, Some(16.0)),
            (3, http(503, None, None), 0.0, None),
            (0, http(429, None, Some(7)), 0.5, Some(7.0)),
            (2, http(429, None, Some(1)), 1.0, Some(16.0)),
            (0, http(429, None, Some(3600)), 0.5, None),
            (0, http(429, Some("rate_limit_exceeded"), None), 0.0, Some(0.5)),
            (0, http(429, Some("insufficient_quota"), Some(1)), 0.0, None),
            (0, http(401, None, None), 0.0, None),
            (0, http(404, None, None), 0.0, None),
            (0, cut, 0.0, Some(0.5)),
            (0, connect, 0.0, Some(0.5)),
            (0, overloaded, 0.0, Some(0.5)),
            (0, refused, 0.0, None),
            (0, garbage, 0.0, None),
        ] {
            assert_eq!(next_delay(retries, &error, jitter).map(|d| d.as_secs_f64()), want, "{retries} {error:?}");
        }
    }
}
