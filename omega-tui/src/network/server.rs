//! Where the server is. At first it may have to be started; the user's own one may come back on another port after a crash,
//! and then everybody here moves with it.

use crate::messages::Update;
use omega_core::client::{Client, ClientError};
use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};
use tokio::sync::{Mutex, mpsc, watch};

/// Why there is no server, as the caller knows it.
pub type NoServer = Box<dyn Error + Send + Sync>;

/// A client of the server as soon as that is there, or why it is not coming.
pub struct Connecting(Pin<Box<dyn Future<Output = Result<Client, NoServer>> + Send>>);

impl Connecting {
    pub fn new(connecting: impl Future<Output = Result<Client, NoServer>> + Send + 'static) -> Self {
        Self(Box::pin(connecting))
    }
}

impl From<Client> for Connecting {
    fn from(client: Client) -> Self {
        Self::new(std::future::ready(Ok(client)))
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connecting")
    }
}

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
    client: watch::Sender<Option<Client>>,
    find: Option<FindAgain>,
    finding: Mutex<()>,
    updates: mpsc::Sender<Update>,
}

impl Server {
    pub fn new(find: Option<FindAgain>, updates: mpsc::Sender<Update>) -> Self {
        Self { client: watch::Sender::new(None), find, finding: Mutex::new(()), updates }
    }

    /// Waits for the server; until then all who ask for the client wait.
    pub async fn connect(&self, Connecting(connecting): Connecting) -> Result<(), NoServer> {
        self.use_from_now_on(connecting.await?).await;
        Ok(())
    }

    async fn use_from_now_on(&self, client: Client) {
        let url = client.base_url().to_owned();
        self.client.send_replace(Some(client));
        let _ = self.updates.send(Update::Server(url)).await;
    }

    /// The client to use now.
    pub async fn client(&self) -> Client {
        let mut client = self.client.subscribe();
        loop {
            if let Some(client) = client.borrow_and_update().clone() {
                return client;
            }
            // The sender lives as long as this.
            let _ = client.changed().await;
        }
    }

    /// Another client to try after `lost` failed in this way; `None` when there is no point. Looks once for all who ask.
    pub async fn find_again(&self, lost: &Client, error: &ClientError) -> Option<Client> {
        let (Some(FindAgain(find)), ClientError::Unreachable { .. }) = (&self.find, error) else { return None };
        let _alone = self.finding.lock().await;
        let current = self.client().await;
        if current.base_url() != lost.base_url() {
            return Some(current);
        }
        let found = find().await?;
        self.use_from_now_on(found.clone()).await;
        Some(found)
    }
}
