//! Events as lines of JSON, for `--stream-json`.

use super::{ending::Ended, watch::Watch};
use crate::exit::{Code, Failure};
use omega_core::{
    api::{RunError, Timestamp},
    event::{Envelope, Event, VERSION},
};

impl Watch<'_> {
    pub(super) fn print_event(&mut self, envelope: &Envelope) -> Result<(), Failure> {
        if matches!(envelope.event, Event::Snapshot { .. } | Event::Resync { .. } | Event::Draining {} | Event::Unknown)
        {
            return Ok(());
        }
        self.terminal_printed = envelope.event.is_terminal();
        let line = serde_json::to_string(envelope).map_err(std::io::Error::from)?;
        self.context.ui.line(line)
    }

    /// The last line is a terminal event, or the question that the run waits with, come what may. One that the server did not send has no number.
    pub(super) fn close_events(&mut self, end: &Ended) -> Result<(), Failure> {
        if self.terminal_printed || matches!(end, Ended::Paused) {
            return Ok(());
        }
        let (code, error) = match end {
            Ended::Stopped(Code::Limit) => ("TIMEOUT", String::from("no answer in time")),
            Ended::Stopped(_) => ("INTERRUPTED", String::from("interrupted before the server said how the run ended")),
            Ended::Lost(error) => ("STREAM_LOST", error.to_string()),
            Ended::Finished | Ended::Paused => {
                ("STREAM_LOST", String::from("the last events were missed; the server has them"))
            }
        };
        let error = RunError { code: code.to_owned(), error, retryable: false };
        self.print_event(&Envelope {
            v: VERSION,
            seq: None,
            conversation_id: self.conversation,
            run_id: Some(self.run_id),
            at: Timestamp::now(),
            event: Event::RunFailed { error },
        })
    }
}
