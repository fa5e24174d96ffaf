//! Whose key pays for a run's model: the conversation owner's own, or the server's. It is said when the message is sent and
//! never changes: a key that is gone meanwhile ends the run, and the bill goes to nobody else.

use super::{Engine, models::ProviderKeys};
use crate::{
    domain::boxed,
    store::{Lease, Result, StoreError},
    vault::VaultError,
};
use omega_core::{
    api::Payer,
    id::UserId,
    model::{Model, ModelError},
};
use std::sync::Arc;

impl Engine {
    /// A user's own keys of model providers. One that can't be opened is as good as none; one that a keyring does not give
    /// just now is still theirs, and nobody else pays in its place.
    #[boxed]
    pub async fn provider_keys(&self, user: UserId) -> Result<ProviderKeys> {
        let mut keys = ProviderKeys::default();
        for kept in self.inner.store.provider_keys_of(user).await? {
            match self.inner.vault.value(&kept).await {
                Ok(value) => keys.read.push((kept.place.name, value)),
                Err(VaultError::Keyring(why)) => keys.unread.push((kept.place.name, why)),
                Err(error) => {
                    tracing::warn!(event = "vault.unreadable", name = kept.place.name, %error);
                }
            }
        }
        Ok(keys)
    }

    /// The model of a run, with the key that it is paid with; the use of an owner's key is recorded.
    pub(super) async fn paid_model(
        &self,
        lease: &Lease,
        owner: UserId,
        (model, payer): (&str, Option<Payer>),
    ) -> Result<std::result::Result<Arc<dyn Model>, ModelError>> {
        if payer != Some(Payer::Owner) {
            return Ok(self.inner.models.resolve(model, &ProviderKeys::default()));
        }
        let keys = self.provider_keys(owner).await?;
        let Some(variable) = self.inner.models.own_key(model, &keys) else {
            // A key that is there and can't be read has a better reason.
            if let (false, Err(error @ ModelError::MissingKey(_))) =
                (keys.unread.is_empty(), self.inner.models.resolve(model, &keys))
            {
                return Ok(Err(error));
            }
            return Ok(Err(ModelError::MissingKey(format!(
                "the conversation's owner pays for {model} with a key of their own, and it is stored no more; store it again \
                 (`omega keys set NAME`), or send the message again to have it paid otherwise"
            ))));
        };
        let mut log = self.inner.store.run_log(lease).await?;
        log.use_provider_key(lease.run, owner, &variable).await?;
        self.committed(log.commit().await?);
        Ok(self.inner.models.resolve(model, &keys))
    }

    /// The model of a plan that is made outside of any run.
    pub async fn model_for(&self, owner: UserId, model: &str) -> std::result::Result<Arc<dyn Model>, ModelError> {
        let unread = |error: StoreError| ModelError::Config(format!("the keys of models need the database: {error}"));
        let keys = self.provider_keys(owner).await.map_err(unread)?;
        self.inner.models.resolve(model, &keys)
    }
}
