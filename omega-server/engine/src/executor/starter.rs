//! The thread that starts processes. A process of ours that is tied to its parent (`PR_SET_PDEATHSIG`) is tied to the *thread* that
//! started it, and threads of the async runtime come and go; this one ends with the server.

use std::{
    io,
    sync::{OnceLock, mpsc},
    thread,
};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

struct Order {
    command: Command,
    runtime: Handle,
    started: oneshot::Sender<io::Result<Child>>,
}

/// Starts a process on that thread. With `kill_on_drop`, one that nobody waits for any more is killed.
pub async fn start(command: Command) -> io::Result<Child> {
    let (started, child) = oneshot::channel();
    let gone = |_| io::Error::other("the thread that starts processes is gone");
    starter()?.send(Order { command, runtime: Handle::current(), started }).map_err(|order| gone(order.0.started))?;
    child.await.map_err(|_| io::Error::other("the thread that starts processes is gone"))?
}

fn starter() -> io::Result<&'static mpsc::Sender<Order>> {
    static STARTER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    if let Some(starter) = STARTER.get() {
        return Ok(starter);
    }
    let (orders, taken) = mpsc::channel::<Order>();
    thread::Builder::new().name("starter".into()).spawn(move || {
        for Order { mut command, runtime, started } in taken {
            let _within = runtime.enter();
            // Where nobody waits any more, the child is dropped and with it killed.
            let _ = started.send(command.spawn());
        }
    })?;
    // Of two that came first, one is used and the other ends.
    Ok(STARTER.get_or_init(|| orders))
}
