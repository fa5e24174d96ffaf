//! When to draw: on request only, any number of requests in one frame, and never more often than is seen.
//!
//! What a person does is seen in the next frame of the screen. Text that comes by itself is read and not watched: a third as
//! many frames cost a third as much, for as long as it comes.

use std::time::{Duration, Instant};

/// The shortest time between two frames: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// The same while nobody presses a key: 20 a second.
const CALM: Duration = Duration::from_millis(50);

/// Collects requests to draw.
#[derive(Debug, Default)]
pub struct Pacer {
    /// The shortest time after the last frame, of all requests.
    wanted: Option<Duration>,
    last: Option<Instant>,
}

impl Pacer {
    /// Something was done here.
    pub fn request(&mut self) {
        self.wanted = Some(FRAME);
    }

    /// Something came, or time passed.
    pub fn request_calmly(&mut self) {
        self.wanted.get_or_insert(CALM);
    }

    /// When the next frame is due; `None` when nothing changed.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let wait = self.wanted?;
        Some(self.last.map_or(now, |last| now.max(last + wait)))
    }

    pub fn drawn(&mut self, now: Instant) {
        self.wanted = None;
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

    fn frames(request: fn(&mut Pacer)) -> u32 {
        let start = Instant::now();
        let mut pacer = Pacer::default();
        let mut frames = 0;
        for ms in 0..1000 {
            let now = start + Duration::from_millis(ms);
            request(&mut pacer);
            if pacer.due(now) == Some(now) {
                pacer.drawn(now);
                frames += 1;
            }
        }
        frames
    }

    #[test]
    fn a_burst_of_requests_is_one_frame() {
        let (keys, news) = (frames(Pacer::request), frames(Pacer::request_calmly));
        assert!((55..=60).contains(&keys), "{keys}");
        assert!((19..=20).contains(&news), "{news}");
    }

    #[test]
    fn a_key_waits_for_no_news() {
        let now = Instant::now();
        let mut pacer = Pacer::default();
        pacer.drawn(now);
        pacer.request_calmly();
        assert_eq!(pacer.due(now), Some(now + CALM));
        pacer.request();
        pacer.request_calmly();
        assert_eq!(pacer.due(now), Some(now + FRAME));
        // After a while without frames both are drawn at once.
        assert_eq!(pacer.due(now + CALM), Some(now + CALM));
    }
}
