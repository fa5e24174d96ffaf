//! Which models this server can ask, and who pays: a user's own keys go before the server's; else an engine on this machine,
//! or the offline planner.

use super::measured_model::measured;
use omega_core::{
    api::{self, Payer, Usage},
    model::{
        Model, ModelError,
        catalog::{self, ModelName, ProviderEnv},
        choice::{self, Choice},
        http::Transport,
        model_list::Lists,
        price::Prices,
        probe,
    },
};
use secrecy::SecretString;
use std::{path::Path, sync::Arc};

/// A user's own keys of providers, by the names of their variables.
#[derive(Clone, Default)]
pub struct ProviderKeys {
    /// Those that can be used.
    pub read: Vec<(String, SecretString)>,
    /// Those that are in a keyring which does not give them, and why.
    pub unread: Vec<(String, String)>,
}

impl ProviderKeys {
    fn before(&self, env: &ProviderEnv) -> ProviderEnv {
        env.with_keys(self.read.iter().cloned()).without_unread(self.unread.iter().cloned())
    }
}

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

/// Which model a name means.
pub trait Models: std::marker::Send + Sync {
    /// The model behind `provider/model`, with a user's own keys before the server's.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what to do: unknown provider, no key.
    fn resolve(&self, name: &str, own: &ProviderKeys) -> Result<Arc<dyn Model>, ModelError>;

    /// Checks that a name means a model that can be asked with these keys, and says who pays.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what to do.
    fn payer(&self, name: &str, own: &ProviderKeys) -> Result<Option<Payer>, ModelError>;

    /// The name of the user's own key that a model is paid with, if it is one of these.
    fn own_key(&self, name: &str, own: &ProviderKeys) -> Option<String>;

    /// The tokens of one answer, with what they cost.
    fn priced(&self, name: &str, usage: Usage) -> Usage;
}

/// The models, by name.
#[derive(Debug)]
pub struct Catalog {
    env: ProviderEnv,
    configured: Option<String>,
    prices: Prices,
    transport: Transport,
    lists: Lists,
}

impl Catalog {
    /// A catalogue over an environment; `configured` is what the operator chose as the default.
    pub fn new(env: ProviderEnv, configured: Option<String>, prices: Prices, transport: Transport) -> Self {
        Self { env, configured, prices, transport, lists: Lists::default() }
    }

    /// What answers a user with these keys when nobody chose, and why that one.
    pub async fn default_model(&self, own: &ProviderKeys) -> Choice {
        let env = own.before(&self.env);
        probe::choose_default(&self.transport, &env, self.configured.as_deref()).await
    }

    /// The providers, what they list, who pays them and what they cost, and why some can't be used.
    pub async fn list(&self, own: &ProviderKeys) -> api::Models {
        let env = own.before(&self.env);
        let engines = probe::local_engines(&self.transport, &env);
        let (engines, lists) = tokio::join!(engines, self.lists.of(&self.transport, &env));
        let mut models = choice::models(&env, self.configured.as_deref(), &engines, &lists);
        for provider in &models.providers {
            for model in &provider.models {
                let name = format!("{}/{model}", provider.name);
                models.prices.extend(self.prices.of(&name).map(|price| (name, *price)));
            }
        }
        models
    }
}

impl Models for Catalog {
    fn resolve(&self, name: &str, own: &ProviderKeys) -> Result<Arc<dyn Model>, ModelError> {
        let model = self.transport.model(&name.parse::<ModelName>()?, &own.before(&self.env))?;
        Ok(measured(model, name))
    }

    fn payer(&self, name: &str, own: &ProviderKeys) -> Result<Option<Payer>, ModelError> {
        let (model, env) = (name.parse::<ModelName>()?, own.before(&self.env));
        catalog::resolve(&model, &env)?;
        Ok(catalog::provider(&model.provider).and_then(|provider| env.payer(provider)))
    }

    fn own_key(&self, name: &str, own: &ProviderKeys) -> Option<String> {
        let env = own.before(&self.env);
        env.own_key(catalog::provider(name.split('/').next()?)?).map(str::to_owned)
    }

    fn priced(&self, name: &str, usage: Usage) -> Usage {
        self.prices.priced(name, usage)
    }
}
