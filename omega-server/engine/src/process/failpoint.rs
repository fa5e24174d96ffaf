//! Named places where a test makes the server die, fail or wait (`promises.md` G2).
//!
//! Only a build with the feature `failpoints` has them: `OMEGA_FAILPOINT=step.start.within:2` makes the process kill
//! itself at the second time that it comes there. Without the feature [`at`] and [`during`] compile to nothing, and a
//! process that finds the variable set refuses to start, so that no test believes in a failure that never came.
//!
//! The names stand in one table, below. A transaction has three of them: `before` it has written anything, `within` it
//! when everything is written and nothing committed, and `after` it, when it is committed and nobody was told.

use std::fmt::Write;

/// The variable that arms them.
pub const VARIABLE: &str = "OMEGA_FAILPOINT";

macro_rules! points {
    (transactions { $($(#[$doc:meta])* $tx:ident = $name:literal,)* } effects { $($(#[$effect_doc:meta])* $effect:ident = $effect_name:literal,)* }) => {
        /// A transaction of a run's life.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Transaction { $($(#[$doc])* $tx,)* }

        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            Before(Transaction),
            /// In a transaction that has written everything.
            Within(Transaction),
            /// After the commit; nobody was told.
            After(Transaction),
            $($(#[$effect_doc])* $effect,)*
        }

        /// All of them, by name.
        pub const ALL: &[(&str, Point)] = &[
            $((concat!($name, ".before"), Point::Before(Transaction::$tx)),
              (concat!($name, ".within"), Point::Within(Transaction::$tx)),
              (concat!($name, ".after"), Point::After(Transaction::$tx)),)*
            $(($effect_name, Point::$effect),)*
        ];
    };
}

points! {
    transactions {
        /// A message is stored and its run queued.
        Send = "send",
        /// A worker takes a run.
        Claim = "claim",
        /// A run begins or goes on.
        Begin = "begin",
        /// A model call is about to be made.
        StepStart = "step.start",
        /// A model call failed.
        StepFail = "step.fail",
        /// A model's answer and the calls that it asks for.
        StepFinish = "step.finish",
        /// A tool is about to be called.
        ToolIntent = "tool.intent",
        /// What a call came to.
        ToolOutcome = "tool.outcome",
        /// The last call of a step is done.
        StepComplete = "step.complete",
        /// A run waits for a person from here on.
        Pause = "pause",
        /// A person's answer to a run that waits.
        Answer = "answer",
        RunEnd = "run.end",
        /// Somebody wants a run to end.
        CancelRequest = "cancel.request",
        /// A run whose worker is gone is taken back.
        Recovery = "recovery",
        /// A worker gives its run up.
        Release = "release",
        /// A title, or another change of a conversation.
        Update = "update",
        /// Text that streams is written for the readers of other nodes (PostgreSQL only).
        ChunkFlush = "chunks.flush",
        /// The leases of a node are prolonged.
        Heartbeat = "heartbeat",
    }
    effects {
        ModelAsk = "model.ask",
        /// The model's answer begins.
        ModelAnswers = "model.answers",
        /// A piece of text has been shown.
        ModelText = "model.text",
        /// The executor is about to be called.
        ToolCall = "tool.call",
        /// The executor works on a call.
        ToolWorks = "tool.works",
        /// The executor has answered.
        ToolAnswered = "tool.answered",
        /// A key is about to be put into the keyring; the database knows under which account.
        KeyringNoted = "keyring.noted",
        /// The keyring has it, and no credential names it.
        KeyringWritten = "keyring.written",
        /// A credential names it; what it replaces is in the keyring still.
        KeyringNamed = "keyring.named",
    }
}

impl Point {
    /// Whether a store's error can be given here.
    #[must_use]
    pub fn can_fail(self) -> bool {
        matches!(self, Self::Before(_) | Self::Within(_) | Self::After(_))
    }
}

/// What a place gives that was armed with an error: a write fails there as on a full disk.
#[derive(Debug, thiserror::Error)]
#[error("failpoint {0}")]
pub struct Struck(pub &'static str);

/// A place at an effect, where no error can be given.
pub async fn effect(point: Point) {
    // `arm_from_env` takes no `error` for these.
    let _ = at(point).await;
}

/// The names, one a line, and whether this build has them.
pub fn list() -> String {
    let mut text = String::new();
    for (name, point) in ALL {
        let actions = if point.can_fail() { "abort, panic, error, sleep=MS" } else { "abort, panic, sleep=MS" };
        // Writing to a String can't fail.
        let _ = writeln!(text, "{name:24}{actions}");
    }
    if !cfg!(feature = "failpoints") {
        text.push_str("This build has none of them; build it with --features omega-server/failpoints.\n");
    }
    text
}

#[cfg(feature = "failpoints")]
pub use armed::{arm_from_env, at, during};
#[cfg(not(feature = "failpoints"))]
pub use nothing::{arm_from_env, at, during};

#[cfg(not(feature = "failpoints"))]
mod nothing {
    use super::{Point, Struck, VARIABLE};

    /// Refuses to go on when points are asked for.
    ///
    /// # Errors
    /// With what to do.
    pub fn arm_from_env() -> Result<(), String> {
        match std::env::var_os(VARIABLE) {
            Some(_) => Err(format!(
                "{VARIABLE} is set, but this build has no failpoints; unset it, or build with \
                 --features omega-server/failpoints"
            )),
            None => Ok(()),
        }
    }

    /// Nothing.
    #[inline]
    pub async fn at(_: Point) -> Result<(), Struck> {
        Ok(())
    }

    /// Nothing but the work.
    #[inline]
    pub async fn during<T>(_: Point, work: impl Future<Output = T>) -> T {
        work.await
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use super::{ALL, Point, Struck, VARIABLE};
    use std::{
        sync::{
            OnceLock,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    /// How far into an effect [`during`] strikes.
    const INTO: Duration = Duration::from_millis(30);

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Action {
        Abort,
        /// With the words of `OMEGA_FAILPOINT_WORDS`: what a panic quotes must not be in the log.
        Panic,
        Error,
        Sleep(Duration),
    }

    #[derive(Debug)]
    struct Armed {
        point: Point,
        name: &'static str,
        action: Action,
        /// Visits until it strikes, once.
        left: AtomicU32,
    }

    static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();

    /// Arms what `OMEGA_FAILPOINT` says: `name:nth[:abort|panic|error|sleep=MS]`, several with commas between them.
    ///
    /// # Errors
    /// What is wrong with it, and what is known.
    pub fn arm_from_env() -> Result<(), String> {
        let Ok(text) = std::env::var(VARIABLE) else { return Ok(()) };
        let armed = text.split(',').map(|one| read(one.trim())).collect::<Result<Vec<_>, _>>()?;
        // A second server in the same process shares the points of the first.
        let _ = ARMED.set(armed);
        Ok(())
    }

    fn read(text: &str) -> Result<Armed, String> {
        let mut fields = text.split(':');
        let name = fields.next().unwrap_or_default();
        let Some((name, point)) = ALL.iter().copied().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
            return Err(format!("{VARIABLE}: no point is called `{name}`; there are {}", known.join(", ")));
        };
        let nth = fields.next().unwrap_or("1");
        let left = nth.parse::<u32>().ok().filter(|nth| *nth > 0);
        let left = left.ok_or(format!("{VARIABLE}: `{nth}` in `{text}` is no count; write {name}:1"))?;
        let action = match fields.next().unwrap_or("abort") {
            "abort" => Action::Abort,
            "panic" => Action::Panic,
            "error" if point.can_fail() => Action::Error,
            "error" => return Err(format!("{VARIABLE}: {name} can't give an error; use abort or sleep=MS")),
            other => {
                let millis = other.strip_prefix("sleep=").and_then(|millis| millis.parse().ok());
                let millis = millis.ok_or(format!("{VARIABLE}: `{other}` is none of abort, panic, error, sleep=MS"))?;
                Action::Sleep(Duration::from_millis(millis))
            }
        };
        Ok(Armed { point, name, action, left: AtomicU32::new(left) })
    }

    fn armed(point: Point) -> impl Iterator<Item = &'static Armed> {
        ARMED.get().into_iter().flatten().filter(move |armed| armed.point == point)
    }

    /// A named place: strikes when it is armed and this is the visit that was asked for.
    ///
    /// # Errors
    /// When that was asked for.
    pub async fn at(point: Point) -> Result<(), Struck> {
        for armed in armed(point) {
            let before = armed.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if before != Ok(1) {
                continue;
            }
            tracing::warn!(event = "failpoint.reached", name = armed.name, action = ?armed.action);
            match armed.action {
                Action::Abort => die(),
                Action::Panic => panic!("failpoint {}: {}", armed.name, words()),
                Action::Error => return Err(Struck(armed.name)),
                Action::Sleep(time) => tokio::time::sleep(time).await,
            }
        }
        Ok(())
    }

    /// A place in the middle of an effect that takes its time.
    pub async fn during<T>(point: Point, work: impl Future<Output = T>) -> T {
        if armed(point).next().is_none() {
            return work.await;
        }
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => done,
            () = tokio::time::sleep(INTO) => {
                super::effect(point).await;
                work.await
            }
        }
    }

    fn words() -> String {
        std::env::var("OMEGA_FAILPOINT_WORDS").unwrap_or_default()
    }

    /// SIGKILL to itself: no destructor, no handler, no other thread's last word.
    fn die() -> ! {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_armed_is_read_and_what_is_wrong_is_said_with_what_is_right() {
            let armed = read("claim.after:3:sleep=20").unwrap();
            assert_eq!(
                (armed.name, armed.left.into_inner(), armed.action),
                ("claim.after", 3, Action::Sleep(Duration::from_millis(20)))
            );
            assert_eq!(read("tool.works").unwrap().action, Action::Abort);
            for (text, says) in [
                ("nowhere:1", "there are send.before"),
                ("claim.after:0", "claim.after:1"),
                ("claim.after:x", "claim.after:1"),
                ("claim.after:1:burn", "sleep=MS"),
                ("tool.call:1:error", "can't give an error"),
            ] {
                let error = read(text).unwrap_err();
                assert!(error.contains(says), "{error}");
            }
        }

        #[test]
        fn no_two_points_have_one_name() {
            let names: std::collections::BTreeSet<_> = ALL.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), ALL.len());
        }
    }
}
