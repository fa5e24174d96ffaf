//! A bad network on loopback: connections that are cut at any byte, that stall, that give one byte at a time, or are late.

use super::dice::Dice;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::{JoinHandle, JoinSet},
};

/// What happens to one connection on the way from the server.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    None,
    /// Ends after so many bytes.
    Cut(usize),
    /// Gives nothing for a while after so many bytes.
    Stall(usize, Duration),
    /// Gives the first so many bytes one at a time.
    Drip(usize),
    /// Each piece is late.
    Late(Duration),
}

/// How much of it happened.
#[derive(Debug, Default)]
pub struct Counts {
    pub connections: AtomicUsize,
    pub cuts: AtomicUsize,
    pub stalls: AtomicUsize,
    pub drips: AtomicUsize,
}

struct Shared {
    target: String,
    dice: Mutex<Dice>,
    calm: AtomicBool,
    counts: Counts,
}

/// The proxy, until it is dropped.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    /// Begins to pass connections on to `target` (`http://HOST:PORT`).
    pub async fn start(target: &str, dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = target.trim_start_matches("http://").to_owned();
        let (dice, calm, counts) = (Mutex::new(dice), AtomicBool::new(false), Counts::default());
        let shared = Arc::new(Shared { target, dice, calm, counts });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { url, shared, server }
    }

    /// From now on new connections have no trouble.
    pub fn calm(&self) {
        self.shared.calm.store(true, Ordering::SeqCst);
    }

    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Connections end with the proxy.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.counts.connections.fetch_add(1, Ordering::Relaxed);
        let target: SocketAddr = shared.target.parse().unwrap();
        let (shared, trouble) = (Arc::clone(&shared), choose(&shared));
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else { return };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            // Whichever direction ends first takes the other along: a cut is a cut.
            tokio::select! {
                () = pass(from_client, to_server) => {}
                () = trouble_on(from_server, to_client, trouble, &shared.counts) => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

fn choose(shared: &Shared) -> Trouble {
    let mut dice = shared.dice.lock().unwrap();
    if shared.calm.load(Ordering::SeqCst) {
        return Trouble::None;
    }
    let bytes = usize::try_from(dice.below(8_000)).unwrap();
    match dice.below(10) {
        0..6 => Trouble::Cut(bytes),
        6 => Trouble::Stall(bytes, dice.millis(1_000)),
        7 => Trouble::Drip(bytes / 8),
        8 => Trouble::Late(dice.millis(30)),
        _ => Trouble::None,
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn trouble_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, trouble: Trouble, counts: &Counts) {
    let mut buffer = vec![0; 4096];
    let mut passed = 0;
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let bytes = &buffer[..read];
        let sent = match trouble {
            Trouble::None => to.write_all(bytes).await,
            Trouble::Cut(after) if passed + read > after => {
                let _ = to.write_all(&bytes[..after.saturating_sub(passed)]).await;
                counts.cuts.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Trouble::Stall(after, time) if passed <= after && passed + read > after => {
                let (before, rest) = bytes.split_at(after - passed);
                let _ = to.write_all(before).await;
                counts.stalls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(time).await;
                to.write_all(rest).await
            }
            Trouble::Drip(first) if passed < first => {
                counts.drips.fetch_add(1, Ordering::Relaxed);
                drip(&mut to, bytes).await
            }
            Trouble::Late(time) => {
                tokio::time::sleep(time).await;
                to.write_all(bytes).await
            }
            Trouble::Cut(_) | Trouble::Stall(..) | Trouble::Drip(_) => to.write_all(bytes).await,
        };
        if sent.is_err() {
            return;
        }
        passed += read;
    }
}

async fn drip(to: &mut OwnedWriteHalf, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        to.write_all(std::slice::from_ref(byte)).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
