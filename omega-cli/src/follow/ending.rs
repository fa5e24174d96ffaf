//! How a command ends that followed a run.

use super::watch::Watch;
use crate::{
    environment::how_to_give,
    exit::{Code, Failure},
    ui::Tone,
};
use omega_core::{
    api::{FinishReason, RunStatus, ToolRun},
    client::ClientError,
    counted::counted,
    executor::ToolErrorCode,
    export::seconds,
    model::{offline, price::bill},
    sanitize::one_line,
};
use std::time::Duration;

/// Where following came to its end.
#[derive(Debug)]
pub enum Ended {
    /// The run is terminal.
    Finished,
    /// The run waits for a person.
    Paused,
    /// A signal or the deadline came first.
    Stopped(Code),
    /// The stream is gone for good.
    Lost(ClientError),
}

impl Watch<'_> {
    /// Why the command is no success, if it is none.
    pub fn failure(&self, ended: &Ended) -> Option<Failure> {
        let run = self.run();
        Some(match (ended, run.map(|run| (run.status, &run.error))) {
            (Ended::Finished, Some((RunStatus::Completed, _))) => {
                let spent = self.spent().map(|words| Failure::new(Code::Limit, words));
                let reason = run.and_then(|run| run.finish_reason);
                let refused = reason == Some(FinishReason::Refusal) && self.is_offline();
                return spent
                    .or_else(|| refused.then(|| Failure::new(Code::Incomplete, offline::REFUSAL)))
                    .or_else(|| lacking(&self.tool_runs()))
                    .or_else(|| short(reason));
            }
            (Ended::Finished, Some((_, Some(error)))) => Failure::of_run(error),
            (Ended::Finished, _) => Failure::new(Code::Failed, "the run was cancelled"),
            (Ended::Paused, _) => match self.waiting() {
                Some(waiting) => waiting.failure(),
                None => Failure::new(Code::NeedsDecision, "the run waits for a person"),
            },
            (Ended::Stopped(Code::Limit), _) => {
                Failure::new(Code::Limit, "no answer in time; the run was cancelled").hint("--timeout gives it longer")
            }
            (Ended::Stopped(code), _) => Failure::new(*code, "interrupted; the run was cancelled"),
            (Ended::Lost(error), _) => Failure::from(error.clone()),
        })
    }

    /// The way back, for a person.
    pub fn say_goodbye(&self, took: Duration) {
        let Some(run) = self.run() else { return };
        if let Some(computed) = &self.computed {
            self.context.ui.note(self.context.ui.tone(Tone::Dim, &one_line(computed, 400)));
        }
        let (calls, tokens) = (self.tool_runs().len(), run.usage.input_tokens + run.usage.output_tokens);
        let took = seconds(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let id = run.conversation_id;
        let ui = &self.context.ui;
        let cost = bill(&run.usage, run.paid_by).map(|sum| format!(" · {sum}")).unwrap_or_default();
        ui.note(ui.tone(
            Tone::Dim,
            &format!("{took} · {} · {}{cost} · omega show {id}", counted(calls, "tool call"), counted(tokens, "token")),
        ));
    }
}

/// An answer that only says which variables a tool lacks is no success for a script: the run's last call failed for them,
/// and nothing came after it.
fn lacking(tool_runs: &[ToolRun]) -> Option<Failure> {
    let error = tool_runs.last()?.error.as_ref().filter(|error| error.code == ToolErrorCode::MissingEnvVars)?;
    let failure = Failure::new(Code::MissingCredentials, one_line(&error.message, 300));
    Some(match error.details.as_ref().and_then(how_to_give) {
        Some(how) => failure.hint(how),
        None => failure,
    })
}

/// An answer that was cut or refused is no success, though it is printed as far as it came.
fn short(reason: Option<FinishReason>) -> Option<Failure> {
    reason.and_then(FinishReason::shortfall).map(|why| Failure::new(Code::Incomplete, why))
}
