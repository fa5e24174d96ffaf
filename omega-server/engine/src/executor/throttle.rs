//! How often partial outputs are passed on. Each replaces the one before, so of those that come too fast the newest is kept:
//! a tool that yields a million times costs its readers 64 a second.

use serde_json::Value;
use std::time::{Duration, Instant};

const GAP: Duration = Duration::from_micros(1_000_000 / 64);

/// Lets partial outputs through at a bounded rate.
#[derive(Default)]
pub struct Throttle {
    passed: Option<Instant>,
    held: Option<Value>,
}

impl Throttle {
    /// A new one: it comes back when it may pass now, else it is held in place of an older one.
    pub fn offer(&mut self, value: Value, now: Instant) -> Option<Value> {
        self.held = Some(value);
        self.due(now)
    }

    /// The held one, once it may pass.
    pub fn due(&mut self, now: Instant) -> Option<Value> {
        if self.passed.is_some_and(|passed| now.duration_since(passed) < GAP) {
            return None;
        }
        let value = self.held.take()?;
        self.passed = Some(now);
        Some(value)
    }

    /// The held one, whenever: nothing comes after it.
    pub fn last(self) -> Option<Value> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_many_at_once_the_first_and_the_newest_pass() {
        let start = Instant::now();
        let mut pace = Throttle::default();
        assert_eq!(pace.offer(json!(1), start), Some(json!(1)));
        for n in 2..1000 {
            assert_eq!(pace.offer(json!(n), start + GAP / 2), None);
        }
        assert_eq!(pace.due(start + GAP), Some(json!(999)));
        assert_eq!(pace.due(start + GAP * 2), None, "it passed already");
        assert_eq!(pace.offer(json!(1000), start + GAP * 2), Some(json!(1000)));
        assert_eq!(pace.last(), None);
    }
}
