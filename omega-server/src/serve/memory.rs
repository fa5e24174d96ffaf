//! When a server gives memory back that it does not use: soon after the last of its work, and now and then while it works.

use crate::http::state::App;
use omega_core::api::Timestamp;
use omega_engine::process::memory;
use std::time::Duration;

/// How often to look whether there was work.
const LOOK: Duration = Duration::from_secs(5);
/// Looks between which a server that is always at work gives back at most once.
const AT_WORK: u32 = 12;

/// Gives memory back for as long as the server runs.
pub(super) async fn keep_small(app: App) {
    // What the start took.
    let mut pace = Pace { has_worked: true, looks: 0 };
    let mut last = Timestamp(0);
    loop {
        tokio::time::sleep(LOOK).await;
        let request = app.last_request();
        let works = app.engine.is_at_work() || app.is_answering() || request != last;
        last = request;
        if pace.is_time(works) {
            // It holds up whoever allocates meanwhile, and no thread that answers.
            let _ = tokio::task::spawn_blocking(memory::give_back).await;
        }
    }
}

struct Pace {
    /// Since memory was given back.
    has_worked: bool,
    looks: u32,
}

impl Pace {
    fn is_time(&mut self, works: bool) -> bool {
        self.has_worked |= works;
        self.looks += 1;
        let is_time = self.has_worked && (!works || self.looks >= AT_WORK);
        if is_time {
            *self = Self { has_worked: false, looks: 0 };
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_after_work_and_once_a_minute_while_it_lasts() {
        let mut pace = Pace { has_worked: true, looks: 0 };
        let mut times = |works: &[bool]| works.iter().map(|works| pace.is_time(*works)).collect::<Vec<_>>();
        assert_eq!(times(&[false, false, false]), [true, false, false], "once after the start");
        assert_eq!(times(&[true, true, false, false]), [false, false, true, false]);
        let busy = times(&[true; 24]);
        let given: Vec<usize> = busy.iter().zip(1..).filter(|(given, _)| **given).map(|(_, look)| look).collect();
        assert_eq!(given, [11, 23], "the first look after two quiet ones counts them");
    }
}
