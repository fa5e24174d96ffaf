//! Which models this server can ask: the providers whose keys it has, an engine on this machine, or the offline planner.

use crate::runs::Models;
use omega_core::{
    api,
    model::{
        Model, ModelError,
        catalog::{self, ModelName, ProviderEnv},
        choice::{self, Choice},
        http::Transport,
        probe,
    },
};
use std::sync::Arc;

/// The models, by name.
#[derive(Debug)]
pub struct Catalog {
    env: ProviderEnv,
    configured: Option<String>,
    transport: Transport,
}

impl Catalog {
    /// A catalogue over an environment; `configured` is what the operator chose as the default.
    #[must_use]
    pub fn new(env: ProviderEnv, configured: Option<String>, transport: Transport) -> Self {
        Self { env, configured, transport }
    }

    /// What answers when nobody chose, and why that one.
    pub async fn default_model(&self) -> Choice {
        probe::choose_default(&self.transport, &self.env, self.configured.as_deref()).await
    }

    /// Checks that a name means a model that can be asked.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what to do.
    pub fn check(&self, name: &str) -> Result<(), ModelError> {
        catalog::resolve(&name.parse::<ModelName>()?, &self.env).map(drop)
    }

    /// The providers, and why some can't be used.
    pub async fn list(&self) -> api::Models {
        let engines = probe::local_engines(&self.transport, &self.env).await;
        choice::models(&self.env, self.configured.as_deref(), &engines)
    }
}

impl Models for Catalog {
    fn resolve(&self, name: &str) -> Result<Arc<dyn Model>, ModelError> {
        self.transport.model(&name.parse::<ModelName>()?, &self.env)
    }
}
