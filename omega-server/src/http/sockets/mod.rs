//! The sockets of clients. One that takes nothing for too long is closed: a client that never reads costs a socket's
//! buffer, not a connection for ever. An event stream's client comes back with its cursor. One that does not come to the end
//! of a request's head is closed too, and one that opens too many is told so.

mod connection_slots;
mod turned_away;

use crate::http::{
    limits::{Client, Limits},
    request::{
        network,
        peer::{Activity, Peer},
    },
};
use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use connection_slots::{Admitted, ConnectionSlots};
use omega_engine::process::harden;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::{Instant, Sleep, sleep},
};
use turned_away::TurnedAway;

/// How often it is said that there are too many connections, or that none can be accepted.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How long to wait when a connection can't be accepted for want of something.
const WANT: Duration = Duration::from_millis(50);

/// A listener for such sockets.
pub struct Sockets {
    listener: TcpListener,
    stalled: Duration,
    limits: Limits,
    places: Arc<ConnectionSlots>,
    turned_away: TurnedAway,
    told: Option<Instant>,
}

impl Sockets {
    /// Sockets of this listener.
    pub fn new(listener: TcpListener, stalled: Duration, limits: &Limits) -> Self {
        let places = Arc::new(ConnectionSlots::new(limits.connections, harden::descriptors()));
        Self { listener, stalled, limits: limits.clone(), places, turned_away: TurnedAway::default(), told: None }
    }

    /// Counts a connection, unless its address or all of them have too many.
    fn admit(&mut self, address: SocketAddr) -> Option<Admitted> {
        let ip = address.ip().to_canonical();
        let is_proxy = network::any(&self.limits.trusted_proxies, ip);
        let admitted = ConnectionSlots::admit(&self.places, Client::at(Some(ip)), is_proxy);
        if admitted.is_none() && self.may_tell() {
            tracing::warn!(event = "connections.limited", %ip, limit = self.places.each, all = self.places.all);
        }
        admitted
    }

    fn may_tell(&mut self) -> bool {
        let may = self.told.is_none_or(|told| told.elapsed() > TELL_EVERY);
        if may {
            self.told = Some(Instant::now());
        }
        may
    }

    /// Why a connection could not be accepted. One that its client gave up tells nothing; of what else there is too little
    /// (descriptors, memory) the silent give some back.
    async fn not_accepted(&mut self, error: io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        ) {
            return;
        }
        if self.may_tell() {
            tracing::error!(event = "connections.not_accepted", %error);
        }
        self.places.free_one();
        sleep(WANT).await;
    }
}

impl Connected<IncomingStream<'_, Sockets>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Sockets>) -> Self {
        Self::new(*stream.remote_addr(), stream.io().activity())
    }
}

impl Listener for Sockets {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            let (socket, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.not_accepted(error).await;
                    continue;
                }
            };
            let Some(admitted) = self.admit(address) else {
                self.turned_away.tell(socket);
                continue;
            };
            // Frames are small and must not wait for each other. Without it they only come later.
            let _ = socket.set_nodelay(true);
            let socket = Socket {
                socket,
                patience: self.stalled,
                full: None,
                head: self.limits.head,
                idle: self.limits.idle,
                seen: 0,
                heading: false,
                waiting: None,
                admitted,
            };
            return (socket, address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A socket whose writes fail when nothing could be written for some time, and whose reads fail when a request's head takes
/// too long (slowloris) or the next one does not come.
pub struct Socket {
    socket: TcpStream,
    patience: Duration,
    /// Runs since the socket is full.
    full: Option<Pin<Box<Sleep>>>,
    head: Duration,
    idle: Duration,
    /// Requests of which we know.
    seen: u64,
    /// Something of the next head has come.
    heading: bool,
    /// Runs while a head is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
    admitted: Admitted,
}

impl Socket {
    /// What goes on on it.
    pub fn activity(&self) -> Arc<Activity> {
        Arc::clone(self.admitted.activity())
    }

    fn watch_head(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<()>>, got: bool) -> Poll<io::Result<()>> {
        let activity = self.admitted.activity();
        let (begun, works) = (activity.begun(), activity.is_working());
        if begun != self.seen || works {
            (self.seen, self.heading, self.waiting) = (begun, false, None);
        }
        if works {
            return poll;
        }
        if poll.is_ready() {
            if got && !self.heading {
                (self.heading, self.waiting) = (true, Some(Box::pin(sleep(self.head))));
            }
            return poll;
        }
        let time = if begun == 0 { self.head } else { self.idle };
        let timer = self.waiting.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(timer.as_mut().poll(context));
        timer.as_mut().reset(Instant::now());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request does not come")))
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.full = None;
            return poll;
        }
        let patience = self.patience;
        let timer = self.full.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(timer.as_mut().poll(context));
        // Asked again, it fails again.
        timer.as_mut().reset(Instant::now());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.admitted.has_ended(context) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "another one takes its place")));
        }
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.socket).poll_read(context, buffer);
        let got = buffer.filled().len() > before;
        self.watch_head(context, poll, got)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.watch(context, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.socket).poll_write_vectored(context, buffers);
        self.watch(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_client_that_never_reads_is_hung_up_on_and_a_slow_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = Sockets::new(listener, Duration::from_millis(200), &Limits::default());
        let (client, (mut server, _)) = tokio::join!(TcpStream::connect(address), sockets.accept());
        let mut client = client.unwrap();
        let data = vec![b'x'; 64 << 20];
        let slow = tokio::spawn(async move {
            let mut buffer = vec![0; 8 << 20];
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_millis(60)).await;
                client.read_exact(&mut buffer).await.unwrap();
            }
            client
        });
        server.write_all(&data).await.unwrap();
        let _never_reads = slow.await.unwrap();
        let error = server.write_all(&data).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
