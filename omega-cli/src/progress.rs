//! What the user's own server is getting for a command that waits: the runtime, a package. The server says it in its log,
//! which is this user's own file; the command repeats it on stderr as it comes.

use crate::ui::{Tone, Ui};
use omega_core::sanitize::one_line;
use serde_json::Value;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    time::Duration,
};
use tokio::task::JoinHandle;

const STEP: Duration = Duration::from_millis(250);

/// Repeats until it is dropped.
pub struct Progress(JoinHandle<()>);

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Progress {
    /// Repeats what is said from now on.
    pub fn watch(ui: Ui, log: PathBuf) -> Self {
        let mut read = std::fs::metadata(&log).map_or(0, |meta| meta.len());
        Self(tokio::spawn(async move {
            let mut pending = String::new();
            loop {
                tokio::time::sleep(STEP).await;
                // A log that was begun anew is shorter than what was read; nothing of it is worth an error.
                let Ok(new) = read_from(&log, read) else { continue };
                read += new.len() as u64;
                pending.push_str(&String::from_utf8_lossy(&new));
                while let Some(end) = pending.find('\n') {
                    let line: String = pending.drain(..=end).collect();
                    if let Some(message) = message(&line) {
                        ui.note(ui.tone(Tone::Dim, &one_line(&message, 200)));
                    }
                }
            }
        }))
    }
}

fn read_from(log: &PathBuf, at: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(at))?;
    let mut new = Vec::new();
    file.read_to_end(&mut new)?;
    Ok(new)
}

/// The words of a line that tells of progress.
fn message(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    if line["event"] != "executor.progress" {
        return None;
    }
    line["msg"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_progress_is_repeated() {
        let line = r#"{"level":"INFO","msg":"installing mathjs@15.2.0","event":"executor.progress"}"#;
        assert_eq!(message(line).as_deref(), Some("installing mathjs@15.2.0"));
        for other in [r#"{"level":"WARN","msg":"x"}"#, "thread panicked", ""] {
            assert_eq!(message(other), None);
        }
    }
}
