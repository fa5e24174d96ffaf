//! When to draw: on request only, any number of requests in one frame, and never more often than the screen can show.

use std::time::{Duration, Instant};

/// The shortest time between two frames: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// Collects requests to draw.
#[derive(Debug, Default)]
pub struct Pacer {
    wanted: bool,
    last: Option<Instant>,
}

impl Pacer {
    pub fn request(&mut self) {
        self.wanted = true;
    }

    /// When the next frame is due; `None` when nothing changed.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.wanted.then(|| self.last.map_or(now, |last| now.max(last + FRAME)))
    }

    pub fn drawn(&mut self, now: Instant) {
        self.wanted = false;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changed_means_nothing_is_drawn() {
        let now = Instant::now();
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(now), None);
        pacer.request();
        assert_eq!(pacer.due(now), Some(now));
        pacer.drawn(now);
        assert_eq!(pacer.due(now), None);
    }

    #[test]
    fn a_burst_of_requests_is_one_frame() {
        let start = Instant::now();
        let mut pacer = Pacer::default();
        let mut frames = 0;
        for ms in 0..1000 {
            let now = start + Duration::from_millis(ms);
            pacer.request();
            if pacer.due(now) == Some(now) {
                pacer.drawn(now);
                frames += 1;
            }
        }
        assert!((55..=60).contains(&frames), "{frames}");
    }
}
