//! When the process is told to end: SIGTERM or SIGINT.
//!
//! Listened for from before the process says that it is there, so that whoever hears of it can end it in order at once.

use std::io;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end the process, once each time that they come.
#[derive(Debug)]
pub struct Shutdown {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

impl Shutdown {
    /// Listens from now on; until then, and after a failure, a signal ends the process where it is.
    ///
    /// # Errors
    /// When the system has no room for the handlers.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Resolves at the next of them.
    #[cfg(unix)]
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Resolves at the next Ctrl-C.
    #[cfg(not(unix))]
    pub async fn requested(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
