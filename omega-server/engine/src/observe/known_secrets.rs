//! The secrets that this process has had in its hands, so that its log leaves them out (`security.md` T12).
//!
//! Whatever passes the vault, and every key of the configuration, is noted here. It is a bounded memory: of values that have
//! not been used for long, none is in a log line that is written now.

use omega_core::redact::{Redactor, SHORTEST};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{
    collections::VecDeque,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

/// Values that are remembered.
const MOST: usize = 256;
/// New values that are looked for by themselves: to look for all at once is prepared again only when there are so many.
const FEW: usize = 16;

static KNOWN: LazyLock<Mutex<KnownSecrets>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct KnownSecrets {
    /// The oldest first.
    values: VecDeque<Value>,
    /// How many of them `settled` looks for.
    before: usize,
    settled: Redactor,
    recent: Redactor,
}

struct Value {
    digest: [u8; 32],
    name: String,
    value: SecretString,
}

fn known() -> MutexGuard<'static, KnownSecrets> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a value, under the name that the log shows in its place.
pub fn note(name: &str, value: &SecretString) {
    if value.expose_secret().len() >= SHORTEST {
        known().add(name, value);
    }
}

/// A text without the values that are remembered, and without what looks like a secret.
pub fn clean(text: &str) -> String {
    let (settled, recent) = {
        let known = known();
        (known.settled.clone(), known.recent.clone())
    };
    settled.redact(&recent.redact(text)).into_owned()
}

impl KnownSecrets {
    fn add(&mut self, name: &str, value: &SecretString) {
        let digest = Sha256::digest(value.expose_secret().as_bytes()).into();
        if self.values.iter().any(|known| known.digest == digest) {
            return;
        }
        self.values.push_back(Value { digest, name: name.to_owned(), value: value.clone() });
        if self.values.len() - self.before > FEW {
            let excess = self.values.len().saturating_sub(MOST);
            self.values.drain(..excess);
            self.before = self.values.len();
            self.settled = self.redactor(0);
            self.recent = Redactor::default();
        } else {
            self.recent = self.redactor(self.before);
        }
    }

    fn redactor(&self, from: usize) -> Redactor {
        Redactor::new(self.values.range(from..).map(|known| (known.name.as_str(), &known.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_values_are_left_out_and_the_memory_has_a_bound() {
        let mut known = KnownSecrets::default();
        let value = |n: usize| format!("value-number-{n:06}");
        for n in 0..3 * MOST {
            known.add("K", &SecretString::from(value(n)));
            known.add("K", &SecretString::from(value(n)));
            for m in n.saturating_sub(MOST / 2)..=n {
                let text = known.settled.redact(&known.recent.redact(&value(m))).into_owned();
                assert_eq!(text, "«redacted:K»", "{m} of {n}");
                if m > 40 && n > 40 {
                    break;
                }
            }
        }
        assert!(known.values.len() <= MOST + FEW);
    }
}
