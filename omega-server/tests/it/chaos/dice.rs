//! Chance that can be had again: everything random comes from one printed seed.

use std::time::{Duration, SystemTime};

/// A small generator (splitmix64); good enough to choose moments.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// From `OMEGA_CHAOS_SEED`, else from the clock. Says the seed, for the next time.
    pub fn new(what: &str) -> Self {
        let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
        let seed = std::env::var("OMEGA_CHAOS_SEED").ok().map_or_else(now, |seed| seed.parse().expect("a number"));
        eprintln!("{what}: OMEGA_CHAOS_SEED={seed}");
        Self(seed)
    }

    /// Another generator, for something that happens beside.
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A time below `millis`.
    pub fn millis(&mut self, millis: u64) -> Duration {
        Duration::from_micros(self.below(millis * 1000))
    }
}

/// A number from the environment, for runs that are longer than CI has time for.
pub fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}: no number")))
}
