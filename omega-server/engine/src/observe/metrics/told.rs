//! What a transaction tells the metrics, once it is committed: what its events say, and how its calls ended.

use super::{
    EVENTS_APPENDED, PAUSE_DURATION, PAUSES, RUN_RECOVERIES, RUNS, TOOL_RUN_DURATION, TOOL_RUNS, TOOL_UNKNOWN_OUTCOMES,
};
use omega_core::event::Event;

/// A call that ended.
#[derive(Debug, Clone)]
pub struct CallTold {
    /// The tool's name if it is our own.
    pub tool: Option<String>,
    pub outcome: &'static str,
    /// Where it ran.
    pub executor: Option<String>,
    pub duration_ms: u64,
}

/// See the module.
#[derive(Debug, Clone)]
pub enum Told {
    /// An event, by its kind, and the kind of the pause that it begins.
    Event(&'static str, Option<&'static str>),
    Call(CallTold),
    /// A person answered a run that waited so long.
    Answered(&'static str, f64),
}

impl Told {
    /// What an event tells.
    pub fn by(event: &Event) -> Self {
        let pause = match event {
            Event::RunRequiresAction { action } => Some(action.kind()),
            _ => None,
        };
        Self::Event(event.kind(), pause)
    }

    /// Counts it. Never before the commit: what was rolled back did not happen.
    pub fn count(self) {
        match self {
            Self::Event(kind, pause) => {
                EVENTS_APPENDED.count([kind]);
                match kind {
                    "run.completed" => RUNS.count(["completed"]),
                    "run.failed" => RUNS.count(["failed"]),
                    "run.cancelled" => RUNS.count(["cancelled"]),
                    "run.recovered" => RUN_RECOVERIES.count([]),
                    "run.step.tool.unknown" => TOOL_UNKNOWN_OUTCOMES.count([]),
                    _ => {}
                }
                pause.into_iter().for_each(|kind| PAUSES.count([kind]));
            }
            Self::Call(CallTold { tool, outcome, executor, duration_ms }) => {
                TOOL_RUNS.count([tool.as_deref().unwrap_or("other"), outcome]);
                if let Some(executor) = executor {
                    #[allow(clippy::cast_precision_loss, reason = "milliseconds of a call")]
                    TOOL_RUN_DURATION.observe([&executor], duration_ms as f64 / 1000.0);
                }
            }
            Self::Answered(kind, seconds) => PAUSE_DURATION.observe([kind], seconds),
        }
    }
}
