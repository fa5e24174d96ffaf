//! Which models this server can ask: the providers whose keys it has, an engine on this machine, or the offline planner.

use crate::runs::Models;
use omega_core::{
    api,
    model::{
        Model, ModelError,
        catalog::{self, ModelName, ProviderEnv, Resolved},
        http::HttpModel,
        offline::OfflinePlanner,
    },
};
use std::sync::Arc;

/// The models, by name.
#[derive(Debug)]
pub struct Catalog {
    env: ProviderEnv,
    configured: Option<String>,
    http: reqwest::Client,
}

impl Catalog {
    /// A catalogue over an environment; `configured` is what the operator chose as the default.
    #[must_use]
    pub fn new(env: ProviderEnv, configured: Option<String>, http: reqwest::Client) -> Self {
        Self { env, configured, http }
    }

    /// What answers when nobody chose, and why that one.
    pub async fn default_model(&self) -> (String, String) {
        let choice = catalog::choose_default(&self.env, self.configured.as_deref()).await;
        (choice.model, choice.reason)
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
        let (default, default_reason) = self.default_model().await;
        api::Models { default, default_reason, ..catalog::models(&self.env) }
    }
}

impl Models for Catalog {
    fn resolve(&self, name: &str) -> Result<Arc<dyn Model>, ModelError> {
        Ok(match catalog::resolve(&name.parse::<ModelName>()?, &self.env)? {
            Resolved::Offline => Arc::new(OfflinePlanner::new()),
            Resolved::Remote(endpoint) => Arc::new(HttpModel::new(self.http.clone(), endpoint)),
        })
    }
}
