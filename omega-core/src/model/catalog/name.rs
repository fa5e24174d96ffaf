//! Names of models, and what to say to a wrong one.

use super::{DEFAULT, OFFLINE, OMEGA, PROVIDERS, provider};
use crate::model::ModelError;
use std::{fmt, str::FromStr};

/// `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelName {
    /// The prefix (`openai`).
    pub provider: String,
    /// The provider's own name of the model.
    pub model: String,
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl FromStr for ModelName {
    type Err = ModelError;

    /// # Errors
    /// [`ModelError::Config`] when the provider is unknown or the model is missing, with what was probably meant.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let text = text.trim();
        let known = |name: &str| name == OMEGA || provider(name).is_some();
        match text.split_once('/') {
            Some((OMEGA, model)) if model != "offline" => {
                Err(ModelError::Config(format!("there is no model {OMEGA}/{model}; did you mean {OFFLINE}?")))
            }
            Some((provider, model)) if known(provider) && !model.is_empty() => {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            Some((name, _)) if known(name) => {
                Err(ModelError::Config(format!("{name} which model? Write {name}/MODEL; `omega models` lists some")))
            }
            Some((name, _)) => Err(ModelError::Config(unknown_provider(name))),
            None if known(text) => {
                Err(ModelError::Config(format!("{text} which model? Write {text}/MODEL; `omega models` lists some")))
            }
            None => Err(ModelError::Config(format!(
                "`{text}` lacks its provider: write provider/model, for example {DEFAULT}; `omega models` lists what there is"
            ))),
        }
    }
}

pub(super) fn unknown_provider(name: &str) -> String {
    let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).chain([OMEGA]).collect();
    let nearest = names
        .iter()
        .map(|known| (strsim::levenshtein(&name.to_lowercase(), known), *known))
        .min()
        .filter(|(edits, known)| *edits <= known.len() / 2)
        .map(|(_, known)| format!(" Did you mean {known}?"))
        .unwrap_or_default();
    format!(
        "there is no provider `{name}`.{nearest} There are: {}. Other OpenAI-compatible servers are compat/MODEL, with COMPAT_BASE_URL",
        names.join(", ")
    )
}
