//! Which models this server can ask, and who pays: a user's own keys go before the server's; else an engine on this machine,
//! or the offline planner.

use crate::runs::Models;
use omega_core::{
    api::{self, Payer},
    model::{
        Model, ModelError, Usage,
        catalog::{self, ModelName, PROVIDERS, ProviderEnv, ProviderInfo},
        choice::{self, Choice},
        http::Transport,
        price::Prices,
        probe,
    },
};
use secrecy::SecretString;
use std::{path::Path, sync::Arc};

/// A user's own keys of providers, by the names of their variables.
pub type ProviderKeys = Vec<(String, SecretString)>;

/// What models cost, with an operator's own table in front.
///
/// # Errors
/// Why the file is no such table.
pub fn prices(file: Option<&Path>) -> Result<Prices, String> {
    let Some(file) = file else { return Ok(Prices::default()) };
    let unfit = |error: String| format!("the prices in {} can't be used: {error}", file.display());
    let table = std::fs::read_to_string(file).map_err(|error| unfit(error.to_string()))?;
    Prices::default().with(&table).map_err(unfit)
}

/// The models, by name.
#[derive(Debug)]
pub struct Catalog {
    env: ProviderEnv,
    configured: Option<String>,
    prices: Prices,
    transport: Transport,
}

impl Catalog {
    /// A catalogue over an environment; `configured` is what the operator chose as the default.
    #[must_use]
    pub fn new(env: ProviderEnv, configured: Option<String>, prices: Prices, transport: Transport) -> Self {
        Self { env, configured, prices, transport }
    }

    /// What answers a user with these keys when nobody chose, and why that one: what the operator configured, else what the
    /// user's own keys open, else what the server's do.
    pub async fn default_model(&self, own: &ProviderKeys) -> Choice {
        let env = self.env.with_keys(own.clone());
        let configured = self.configured.as_deref().filter(|name| check(name, &env).is_ok());
        match own_model(own).filter(|_| configured.is_none()) {
            Some(choice) => choice,
            None => probe::choose_default(&self.transport, &env, self.configured.as_deref()).await,
        }
    }

    /// Checks that a name means a model that can be asked with these keys, and says who pays.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what to do.
    pub fn payer(&self, name: &str, own: &ProviderKeys) -> Result<Option<Payer>, ModelError> {
        let model = name.parse::<ModelName>()?;
        catalog::resolve(&model, &self.env.with_keys(own.clone()))?;
        Ok(catalog::provider(&model.provider).and_then(|provider| self.pays(provider, own)))
    }

    fn pays(&self, provider: &ProviderInfo, own: &ProviderKeys) -> Option<Payer> {
        let variable = provider.key_var?;
        if own.iter().any(|(name, _)| name == variable) {
            return Some(Payer::Owner);
        }
        self.env.key(provider).map(|_| Payer::Server)
    }

    /// The providers, who pays them and what they cost, and why some can't be used.
    pub async fn list(&self, own: &ProviderKeys) -> api::Models {
        let env = self.env.with_keys(own.clone());
        let engines = probe::local_engines(&self.transport, &env).await;
        let mut models = choice::models(&env, self.configured.as_deref(), &engines);
        let default = self.default_model(own).await;
        (models.default, models.default_reason) = (default.model.to_string(), default.reason);
        for listed in &mut models.providers {
            listed.paid_by = catalog::provider(&listed.name).and_then(|provider| self.pays(provider, own));
            for model in &listed.models {
                let name = format!("{}/{model}", listed.name);
                models.prices.extend(self.prices.of(&name).map(|price| (name, *price)));
            }
        }
        models
    }
}

fn check(name: &str, env: &ProviderEnv) -> Result<(), ModelError> {
    catalog::resolve(&name.parse::<ModelName>()?, env).map(drop)
}

/// The first model of the first provider that a user has a key of.
fn own_model(own: &ProviderKeys) -> Option<Choice> {
    PROVIDERS.iter().find_map(|provider| {
        let (variable, model) = (provider.key_var?, provider.models.first()?);
        own.iter().any(|(name, _)| name == variable).then(|| Choice {
            model: ModelName { provider: provider.name.to_owned(), model: (*model).to_owned() },
            reason: format!("your own {variable} is stored"),
        })
    })
}

impl Models for Catalog {
    fn resolve(&self, name: &str, own: &ProviderKeys) -> Result<Arc<dyn Model>, ModelError> {
        self.transport.model(&name.parse::<ModelName>()?, &self.env.with_keys(own.clone()))
    }

    fn key_of(&self, name: &str) -> Option<&'static str> {
        catalog::provider(name.split('/').next()?)?.key_var
    }

    fn priced(&self, name: &str, usage: Usage) -> Usage {
        self.prices.priced(name, usage)
    }
}
