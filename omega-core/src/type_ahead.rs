//! Keys that were typed before a question was seen are no answer to it.
//!
//! The promise: a key counts as an answer only once the question had the keyboard, on the screen, for [`QUIET_MILLIS`]
//! without any key; and no question takes the keyboard by itself within [`WRITING_MILLIS`] of a key. What a person typed for
//! something else therefore never answers, however fast the question came. The clock is passed in; when it is put back, a
//! question hears later and never earlier.

use crate::api::Timestamp;

/// So long a question must stand there without a key. Browsers wait as long before they take a click on a dialog.
pub const QUIET_MILLIS: i64 = 500;
/// Who pressed a key so recently is writing.
pub const WRITING_MILLIS: i64 = 1_000;

/// Whether keys are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Hearing {
    /// Nobody saw the question yet.
    #[default]
    Unseen,
    /// It is there, and no key came since then.
    Quiet(Timestamp),
    /// The quiet is over: every key counts.
    Open,
}

/// What is known of the keys before a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeAhead {
    last_key: Option<Timestamp>,
    hearing: Hearing,
}

impl TypeAhead {
    /// Another question, or another step of one: nothing that was typed so far is meant for it.
    pub fn asked(&mut self) {
        self.hearing = Hearing::Unseen;
    }

    /// The question is on the screen and has the keyboard.
    pub fn seen(&mut self, now: Timestamp) {
        if self.hearing == Hearing::Unseen {
            self.hearing = Hearing::Quiet(now);
        }
    }

    /// Notes a key (or a paste), and says whether it counts as an answer.
    pub fn key(&mut self, now: Timestamp) -> bool {
        self.last_key = Some(now);
        if self.hears(now) {
            self.hearing = Hearing::Open;
        } else if self.hearing != Hearing::Unseen {
            self.hearing = Hearing::Quiet(now);
        }
        self.hearing == Hearing::Open
    }

    /// Whether a key would count now.
    pub fn hears(&self, now: Timestamp) -> bool {
        self.hears_in(now) == Some(0)
    }

    /// Milliseconds until a key counts, if none comes before; `None` while the question was not seen.
    pub fn hears_in(&self, now: Timestamp) -> Option<u64> {
        match self.hearing {
            Hearing::Unseen => None,
            Hearing::Quiet(since) => Some(u64::try_from(since.0 + QUIET_MILLIS - now.0).unwrap_or(0)),
            Hearing::Open => Some(0),
        }
    }

    /// Milliseconds until a question may take the keyboard by itself, if no key comes before.
    pub fn may_take_in(&self, now: Timestamp) -> u64 {
        let quiet = self.last_key.map_or(WRITING_MILLIS, |last| (now.0 - last.0).abs());
        u64::try_from(WRITING_MILLIS - quiet).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens, and when.
    #[derive(Debug, Clone, Copy)]
    enum At {
        Asked,
        Seen(i64),
        /// A key, and whether it counts.
        Key(i64, bool),
    }
    use At::{Asked, Key, Seen};

    #[test]
    fn only_a_key_after_quiet_answers() {
        let table: &[(&str, &[At])] = &[
            ("at once", &[Asked, Seen(0), Key(0, false)]),
            ("too soon", &[Asked, Seen(0), Key(499, false)]),
            ("after the quiet", &[Asked, Seen(0), Key(500, true)]),
            ("once it hears, each key counts", &[Asked, Seen(0), Key(700, true), Key(701, true), Key(702, true)]),
            ("a key begins the quiet anew", &[Asked, Seen(0), Key(400, false), Key(899, false), Key(1399, true)]),
            ("a word", &[Asked, Seen(0), Key(90, false), Key(180, false), Key(270, false), Key(640, false)]),
            ("before it was seen", &[Asked, Key(10_000, false), Key(20_000, false), Seen(20_000), Key(20_500, true)]),
            (
                "the next question",
                &[Asked, Seen(0), Key(600, true), Asked, Seen(610), Key(700, false), Key(1200, true)],
            ),
            ("drawn again is not seen again", &[Asked, Seen(0), Seen(400), Key(500, true)]),
            ("a clock put back", &[Asked, Seen(9_000), Key(100, false), Key(599, false), Key(1_099, true)]),
        ];
        for (case, happens) in table {
            let mut keys = TypeAhead::default();
            for at in *happens {
                match *at {
                    Asked => keys.asked(),
                    Seen(now) => keys.seen(Timestamp(now)),
                    Key(now, counts) => assert_eq!(keys.key(Timestamp(now)), counts, "{case}: {at:?}"),
                }
            }
        }
    }

    #[test]
    fn nothing_takes_the_keyboard_from_somebody_who_writes() {
        let mut keys = TypeAhead::default();
        assert_eq!(keys.may_take_in(Timestamp(0)), 0, "nobody wrote yet");
        keys.key(Timestamp(5_000));
        for (now, left) in [(5_000, 1_000), (5_400, 600), (5_999, 1), (6_000, 0), (9_000, 0), (1_000, 0)] {
            assert_eq!(keys.may_take_in(Timestamp(now)), left, "at {now}");
        }
    }

    proptest! {
        /// Whoever types on, from before the question and with no pause as long as the quiet, never answers it.
        #[test]
        fn whoever_goes_on_typing_answers_nothing(
            gaps in proptest::collection::vec(0_i64..QUIET_MILLIS, 1..200), asked in 0_usize..200, shown in 0_i64..QUIET_MILLIS,
        ) {
            let (mut keys, mut now) = (TypeAhead::default(), 1_000);
            for (at, gap) in gaps.iter().enumerate() {
                if at == asked % gaps.len() {
                    keys.asked();
                    keys.seen(Timestamp(now + shown.min(*gap)));
                }
                now += gap;
                prop_assert!(!keys.key(Timestamp(now)));
            }
        }
    }
}
