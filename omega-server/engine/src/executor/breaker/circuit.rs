//! One circuit breaker as a value: what it knows, and what each outcome makes of it. No clock, no database.
//!
//! It opens after [`Policy::failures`] failures that are at least half of the calls since the first of them, within
//! [`Policy::window`]. Open, it lets nobody through until its delay is over; then one call tries (`half_open`). When that
//! works the breaker is closed, else it is open for twice as long.
//!
//! A breaker of everybody takes no single user's word for it: of failures that a caller can provoke, some have to be of
//! different users before it opens, and so have the tries before it stays open ([`Blame`]).

use std::time::Duration;

/// When a breaker opens, and for how long (`runs.md` 9).
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Failures that open it.
    pub failures: i64,
    /// They must be within this time of the first one.
    pub window: Duration,
    /// How long it is open at first.
    pub first_delay: Duration,
    /// The longest; each failed try doubles it up to this.
    pub longest_delay: Duration,
    /// How old what this node knows of the others' breakers may be.
    pub refresh: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(60),
            first_delay: Duration::from_secs(30),
            longest_delay: Duration::from_secs(600),
            refresh: Duration::from_secs(2),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CircuitState {
    #[default]
    Closed,
    Open,
    /// One call tries whether it works again.
    HalfOpen,
}

impl CircuitState {
    /// The state as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }

    /// The state of a stored word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "half_open" => Self::HalfOpen,
            _ => Self::Closed,
        }
    }
}

/// Who may have caused a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame<'a> {
    /// No caller: what was called does not work for anybody.
    Nobody,
    /// This user, by what was given to the call.
    User(&'a str),
}

/// What is known of one breaker; times are milliseconds since 1970. The default is a closed one that has seen nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circuit {
    pub state: CircuitState,
    /// Failures in the window.
    pub failures: i64,
    /// Successes in the window.
    pub successes: i64,
    /// When the window's first failure was.
    pub window_started_at: i64,
    pub opened_at: Option<i64>,
    /// Open: when one may try. Half open: when another one may, because nothing was heard of the first.
    pub next_probe_at: Option<i64>,
    /// How long it is open this time.
    pub delay_ms: i64,
    pub probe_owner: Option<String>,
    /// The code of the last failure.
    pub reason: String,
    /// Whose calls failed, while those are one user's.
    pub failed_for: Option<String>,
    /// Whether those of different users did, or what no caller can provoke.
    pub is_shared: bool,
}

/// Whether a call may go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Pass,
    /// It may if it is the one that tries.
    Probe,
    /// It may not before this time.
    Refused(i64),
}

impl Circuit {
    /// Whether a call may go through at `now`.
    pub fn admission(&self, now: i64) -> Admission {
        let until = self.next_probe_at.unwrap_or(now);
        match self.state {
            CircuitState::Closed => Admission::Pass,
            CircuitState::Open | CircuitState::HalfOpen if now >= until => Admission::Probe,
            CircuitState::Open | CircuitState::HalfOpen => Admission::Refused(until),
        }
    }

    /// Whether failures are being counted.
    pub fn is_counting(&self, policy: &Policy, now: i64) -> bool {
        self.failures > 0 && now - self.window_started_at <= millis(policy.window)
    }

    /// One more failure of an ordinary call, and successes that were seen since the last one.
    #[must_use]
    pub fn failed(self, policy: &Policy, now: i64, successes: i64, reason: &str, blame: Blame<'_>) -> Self {
        // Calls that began before it opened end after it; they tell nothing new.
        if self.state != CircuitState::Closed {
            return self;
        }
        let counted = if self.is_counting(policy, now) {
            Self { failures: self.failures + 1, successes: self.successes + successes, ..self }
        } else {
            Self { failures: 1, window_started_at: now, ..Self::default() }
        };
        let counted = Self { reason: reason.to_owned(), ..counted }.blamed(blame);
        let is_bad = counted.failures >= policy.failures && counted.failures >= counted.successes;
        if is_bad && counted.is_shared { counted.opened(now, millis(policy.first_delay)) } else { counted }
    }

    /// Makes `owner` the one that tries, for `lease`, if somebody may now.
    #[must_use]
    pub fn probed_by(self, owner: &str, now: i64, lease: Duration) -> Self {
        if self.admission(now) != Admission::Probe {
            return self;
        }
        let until = now + millis(lease);
        Self { state: CircuitState::HalfOpen, probe_owner: Some(owner.to_owned()), next_probe_at: Some(until), ..self }
    }

    /// The try of `owner` worked.
    #[must_use]
    pub fn probe_worked(self, owner: &str) -> Self {
        if self.is_probe_of(owner) { Self::default() } else { self }
    }

    /// The try of `owner` failed. While only one user's tries did, the next user may try at once.
    #[must_use]
    pub fn probe_failed(self, policy: &Policy, owner: &str, now: i64, reason: &str, blame: Blame<'_>) -> Self {
        if !self.is_probe_of(owner) {
            return self;
        }
        let blamed = self.blamed(blame);
        if !blamed.is_shared {
            return blamed.probe_released(owner, now);
        }
        blamed.left_alone(policy, now, reason)
    }

    /// Open, for twice as long as the last time.
    #[must_use]
    pub fn left_alone(self, policy: &Policy, now: i64, reason: &str) -> Self {
        let delay = (2 * self.delay_ms).clamp(millis(policy.first_delay), millis(policy.longest_delay));
        Self { failures: self.failures + 1, reason: reason.to_owned(), ..self }.opened(now, delay)
    }

    /// The try of `owner` told nothing (it was cancelled, its input was wrong): another one may try at once.
    #[must_use]
    pub fn probe_released(self, owner: &str, now: i64) -> Self {
        if !self.is_probe_of(owner) {
            return self;
        }
        Self { state: CircuitState::Open, probe_owner: None, next_probe_at: Some(now), ..self }
    }

    /// Whether `owner` is the one that tries.
    pub fn is_probe_of(&self, owner: &str) -> bool {
        self.state == CircuitState::HalfOpen && self.probe_owner.as_deref() == Some(owner)
    }

    fn blamed(self, blame: Blame<'_>) -> Self {
        match blame {
            Blame::Nobody => Self { is_shared: true, ..self },
            Blame::User(user) => match &self.failed_for {
                Some(other) if other != user => Self { is_shared: true, ..self },
                Some(_) => self,
                None => Self { failed_for: Some(user.to_owned()), ..self },
            },
        }
    }

    /// Whoever was blamed for this opening is not for the next one.
    fn opened(self, now: i64, delay_ms: i64) -> Self {
        Self {
            state: CircuitState::Open,
            opened_at: Some(now),
            next_probe_at: Some(now + delay_ms),
            delay_ms,
            probe_owner: None,
            failed_for: None,
            is_shared: false,
            ..self
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        failures: 5,
        window: Duration::from_secs(60),
        first_delay: Duration::from_secs(30),
        longest_delay: Duration::from_secs(600),
        refresh: Duration::ZERO,
    };
    const LEASE: Duration = Duration::from_secs(10);

    fn after(failures: &[(i64, i64)]) -> Circuit {
        failures.iter().fold(Circuit::default(), |circuit, (at, successes)| {
            circuit.failed(&POLICY, at * 1000, *successes, "TIMEOUT", Blame::Nobody)
        })
    }

    #[test]
    fn it_opens_when_most_calls_of_a_minute_fail() {
        let cases: [(&[(i64, i64)], CircuitState); 6] = [
            (&[(0, 0), (1, 0), (2, 0), (3, 0)], CircuitState::Closed),
            (&[(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)], CircuitState::Open),
            (&[(0, 0), (1, 1), (2, 1), (3, 1), (4, 2)], CircuitState::Open),
            (&[(0, 0), (1, 2), (2, 2), (3, 2), (4, 2)], CircuitState::Closed),
            (&[(0, 0), (20, 0), (40, 0), (59, 0), (61, 0)], CircuitState::Closed),
            (&[(0, 9), (61, 0), (62, 0), (63, 0), (64, 0), (65, 0)], CircuitState::Open),
        ];
        for (failures, state) in cases {
            assert_eq!(after(failures).state, state, "{failures:?}");
        }
    }

    #[test]
    fn an_open_one_refuses_until_one_may_try_and_waits_twice_as_long_when_that_fails() {
        let mut circuit = after(&[(0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]);
        let mut now = 0;
        let mut delays = Vec::new();
        for _ in 0..7 {
            let Admission::Refused(until) = circuit.admission(now) else { panic!("{circuit:?}") };
            assert_eq!(circuit.admission(until - 1), Admission::Refused(until));
            assert_eq!(circuit.admission(until), Admission::Probe);
            delays.push((until - now) / 1000);
            now = until;
            circuit = circuit.probed_by("a", now, LEASE);
            assert!(circuit.is_probe_of("a"));
            // Nobody else tries meanwhile, and nobody else's outcome counts.
            let others = circuit.clone().probed_by("b", now + 1, LEASE).probe_worked("b");
            assert_eq!(others.failed(&POLICY, now, 0, "X", Blame::Nobody), circuit);
            circuit = circuit.probe_failed(&POLICY, "a", now, "TIMEOUT", Blame::Nobody);
        }
        assert_eq!(delays, [30, 60, 120, 240, 480, 600, 600]);
        circuit = circuit.probed_by("c", now + 600_000, LEASE).probe_worked("c");
        assert_eq!(circuit, Circuit::default());
    }

    #[test]
    fn a_try_that_tells_nothing_or_is_lost_makes_place_for_the_next() {
        let open = after(&[(0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]);
        let trying = open.probed_by("a", 30_000, LEASE);
        assert_eq!(trying.clone().probe_released("a", 31_000).admission(31_000), Admission::Probe);
        assert_eq!(trying.admission(39_999), Admission::Refused(40_000));
        let taken = trying.probed_by("b", 40_000, LEASE);
        assert!(taken.is_probe_of("b"));
        assert_eq!(taken.clone().probe_worked("a"), taken, "the first one came too late");
    }

    #[test]
    fn failures_that_callers_can_provoke_count_when_they_are_of_different_ones() {
        use Blame::{Nobody, User};
        let cases: [(&[Blame<'_>], CircuitState); 7] = [
            (&[User("m"); 50], CircuitState::Closed),
            (&[User("m"), User("m"), User("m"), User("m"), User("o")], CircuitState::Open),
            (&[User("o"), User("m"), User("m"), User("m"), User("m")], CircuitState::Open),
            (&[User("m"), User("m"), User("m"), User("o")], CircuitState::Closed),
            (&[Nobody; 5], CircuitState::Open),
            (&[User("m"), User("m"), User("m"), User("m"), Nobody], CircuitState::Open),
            (&[Nobody, User("m"), User("m"), User("m"), User("m")], CircuitState::Open),
        ];
        for (blames, state) in cases {
            let failed = |circuit: Circuit, blame: &Blame<'_>| circuit.failed(&POLICY, 1000, 0, "TIMEOUT", *blame);
            assert_eq!(blames.iter().fold(Circuit::default(), failed).state, state, "{blames:?}");
        }
        // In another minute nobody is blamed for what was in this one.
        let one = Circuit::default().failed(&POLICY, 0, 0, "X", User("o"));
        let later = (0..9).fold(one, |circuit, _| circuit.failed(&POLICY, 61_000, 0, "X", User("m")));
        assert_eq!(later.state, CircuitState::Closed);
    }

    #[test]
    fn one_user_keeps_no_breaker_open_by_failing_tries() {
        let mut circuit = after(&[(0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]);
        for _ in 0..5 {
            circuit = circuit.probed_by("a", 30_000, LEASE).probe_failed(&POLICY, "a", 30_000, "X", Blame::User("m"));
            assert_eq!(circuit.admission(30_000), Admission::Probe, "the next one tries at once");
        }
        let closed = circuit.clone().probed_by("b", 30_000, LEASE).probe_worked("b");
        assert_eq!(closed, Circuit::default());
        let failed = circuit.probed_by("b", 30_000, LEASE).probe_failed(&POLICY, "b", 30_000, "X", Blame::User("o"));
        assert_eq!(failed.admission(30_000), Admission::Refused(90_000), "two users' tries failed");
    }
}
