//! What people are told of breakers.

use super::Circuit;
use omega_core::api::{OpenBreaker, Timestamp};

/// What a user is told of the breakers that are not closed: everybody's, and the user's own.
pub fn shown_to(user: &str, open: &[(String, Circuit)]) -> Vec<OpenBreaker> {
    let mut told: Vec<OpenBreaker> = Vec::new();
    for (key, circuit) in open {
        let (key, whose) = match key.rsplit_once('#').filter(|(_, whose)| uuid::Uuid::parse_str(whose).is_ok()) {
            Some((key, whose)) => (key, Some(whose)),
            None => (key.as_str(), None),
        };
        let breaker = shown(key, circuit);
        let is_known = told.iter().any(|known| (&known.kind, &known.subject) == (&breaker.kind, &breaker.subject));
        if whose.is_none_or(|whose| whose == user) && !is_known {
            told.push(breaker);
        }
    }
    told
}

fn shown(key: &str, circuit: &Circuit) -> OpenBreaker {
    let (kind, subject) = key.split_once(':').unwrap_or(("", key));
    OpenBreaker {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        state: circuit.state.as_str().to_owned(),
        failures: u64::try_from(circuit.failures).unwrap_or(0),
        opened_at: Timestamp(circuit.opened_at.unwrap_or_default()),
        until: Timestamp(circuit.next_probe_at.unwrap_or_default()),
        reason: circuit.reason.clone(),
    }
}
