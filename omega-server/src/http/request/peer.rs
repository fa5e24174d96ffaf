//! The other end of a connection, and what goes on on it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    activity: Arc<Activity>,
}

impl Peer {
    pub fn new(address: SocketAddr, activity: Arc<Activity>) -> Self {
        Self { address, activity }
    }

    /// Notes that a request is at work on the connection, until what this gives is dropped.
    pub fn work(&self) -> Work {
        Activity::begin(&self.activity)
    }
}

/// What goes on on a connection, told by the requests that come through it.
#[derive(Debug, Default)]
pub struct Activity {
    working: AtomicUsize,
    begun: AtomicU64,
}

impl Activity {
    pub fn begin(activity: &Arc<Self>) -> Work {
        activity.begun.fetch_add(1, Ordering::SeqCst);
        activity.working.fetch_add(1, Ordering::SeqCst);
        Work(Arc::clone(activity))
    }

    /// How many have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    pub fn is_working(&self) -> bool {
        self.working.load(Ordering::SeqCst) > 0
    }
}

/// A request at work, until its answer is sent.
#[derive(Debug)]
pub struct Work(Arc<Activity>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::SeqCst);
    }
}
