//! Connections for which there is no place: the first request on one is answered with 503, at once, and the connection ends.
//!
//! That takes a descriptor for a moment. So few are told at a time, each for a second at most, and the rest are closed without a
//! word: who opens thousands of connections gains nothing by it.

use crate::http::reply::ApiError;
use omega_core::api::ErrorCode;
use std::{
    io,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

/// Connections that are told at the same time.
const AT_ONCE: usize = 64;
/// How long each of them may take to ask and to hear.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to come again, in seconds.
const AGAIN: u64 = 5;

static ANSWER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let why = "too many connections are open; use the ones that you have, or come back in a moment";
    let body = serde_json::to_string(&ApiError::new(ErrorCode::Overloaded, why).into_body()).unwrap_or_default();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\nRetry-After: {AGAIN}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
});

/// Tells those for whom there is no place.
#[derive(Debug)]
pub(super) struct TurnedAway(Arc<Semaphore>);

impl Default for TurnedAway {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl TurnedAway {
    /// Says so on this connection and ends it, beside whatever else is done.
    pub fn tell(&self, socket: TcpStream) {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else { return };
        tokio::spawn(async move {
            // Nobody is there to hear of a client that has gone.
            let _ = timeout(PATIENCE, answer(socket)).await;
            drop(place);
        });
    }
}

/// An answer before the request would be none to it, and one whose request nobody reads is lost with the connection.
async fn answer(mut socket: TcpStream) -> io::Result<()> {
    let mut asked = [0; 4096];
    if socket.read(&mut asked).await? == 0 {
        return Ok(());
    }
    socket.write_all(&ANSWER).await?;
    socket.shutdown().await?;
    while socket.read(&mut asked).await? > 0 {}
    Ok(())
}
