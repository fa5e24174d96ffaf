//! SIGINT and SIGTERM as values. Listening begins when this is made; before, they end the process as usual.

use crate::exit::Code;
use std::io;

/// The signals that end a command.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// The next signal, as the exit code that it means. Safe to use in `select!`.
    pub async fn next(&mut self) -> Code {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => Code::Interrupted,
                _ = self.terminate.recv() => Code::Terminated,
            }
        }
        #[cfg(not(unix))]
        {
            // An error means that nothing will ever come.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Code::Interrupted
        }
    }
}
