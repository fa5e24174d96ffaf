//! Executors that can be killed: each has a runtime of its own, which ends with all its calls and sockets at once.

use super::world::address;
use crate::harness::executor::{Call, Tools};
use std::time::Duration;
use tokio::{
    runtime::{Builder, Runtime},
    task::spawn_blocking,
};

/// All that runs in one ends within this time.
const GONE: Duration = Duration::from_secs(10);

/// An executor at an address that outlives it.
pub struct Executor {
    address: String,
    running: Option<(Tools, Runtime)>,
    /// Calls that earlier ones got.
    calls: Vec<Call>,
}

impl Executor {
    pub async fn start() -> Self {
        let mut executor = Self { address: address(), running: None, calls: Vec::new() };
        executor.restart().await;
        executor
    }

    /// The one that runs now.
    pub fn tools(&self) -> &Tools {
        &self.running.as_ref().expect("it runs").0
    }

    /// What runs in it stops where it is, and nobody is told; then it is there again, and knows of nothing.
    pub async fn kill(&mut self) {
        if let Some((tools, runtime)) = self.running.take() {
            // Its address is free when all of it is gone.
            let gone = spawn_blocking(move || runtime.shutdown_timeout(GONE));
            gone.await.unwrap();
            self.calls.extend(tools.calls());
        }
        self.restart().await;
    }

    /// All calls that it ever got.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().chain(self.tools().calls()).collect()
    }

    async fn restart(&mut self) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = self.address.clone();
        let tools = runtime.spawn(async move { Tools::start_at(&address).await }).await.unwrap();
        self.running = Some((tools, runtime));
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if let Some((_, runtime)) = self.running.take() {
            runtime.shutdown_background();
        }
    }
}
