//! Where the server is. The user's own one may come back on another port after a crash; then everybody here moves with it.

use omega_core::client::{Client, ClientError};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

/// A client of the server, found or started again; `None` when it has to come back by itself.
pub type Reconnecting = Pin<Box<dyn Future<Output = Option<Client>> + Send>>;

/// Finds the server again after it was lost.
#[derive(Clone)]
pub struct FindAgain(Arc<dyn Fn() -> Reconnecting + Send + Sync>);

impl FindAgain {
    /// By a function that looks for it each time.
    pub fn new(find: impl Fn() -> Reconnecting + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }
}

impl fmt::Debug for FindAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindAgain")
    }
}

/// The server that is talked to.
pub struct Server {
    client: Mutex<Client>,
    find: Option<FindAgain>,
    finding: tokio::sync::Mutex<()>,
}

impl Server {
    pub fn new(client: Client, find: Option<FindAgain>) -> Self {
        Self { client: Mutex::new(client), find, finding: tokio::sync::Mutex::new(()) }
    }

    /// The client to use now.
    pub fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another client to try after `lost` failed in this way; `None` when there is no point. Looks once for all who ask.
    pub async fn find_again(&self, lost: &Client, error: &ClientError) -> Option<Client> {
        let (Some(FindAgain(find)), ClientError::Unreachable { .. }) = (&self.find, error) else { return None };
        let _alone = self.finding.lock().await;
        let current = self.client();
        if current.base_url() != lost.base_url() {
            return Some(current);
        }
        let found = find().await?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = found.clone();
        Some(found)
    }
}
