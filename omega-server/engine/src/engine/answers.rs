//! What people answer to a paused run: variables, a decision about a call, a plan. Each answer is one transaction; then a worker takes
//! the run up from the rows, as it would after a restart.

use super::Engine;
use crate::{
    domain::{
        grant::{Grant, publisher},
        sealed::{CredentialPlace, Scope},
    },
    store::{
        Provided, Result, StoreError, StoredPlan,
        access::{Access, Owned, Within},
    },
    vault::hint,
};
use omega_core::{
    api::{CredentialRequest, Decide, RequiredAction, Run, Save, SelectAlternative, Timestamp},
    edition::Edition,
    id::{ApprovalId, PlanId, UserId},
};
use secrecy::SecretString;
use std::collections::BTreeMap;

impl Engine {
    /// Gives a paused run the variables that it lacks (none to go on without them), and lets it go on.
    ///
    /// # Errors
    /// [`StoreError::NotAwaited`], [`StoreError::Unfit`] with what is missing or too much.
    pub async fn provide(&self, access: &Owned, env: &BTreeMap<String, SecretString>, save: Save) -> Result<Run> {
        let (store, vault, by) = (&self.inner.store, &self.inner.vault, access.owner());
        let run = store.paused_run(access.conversation()).await?.ok_or(StoreError::NotAwaited)?;
        let Some(RequiredAction::Credentials { requests, .. }) = &run.requires_action else {
            return Err(StoreError::NotAwaited);
        };
        let mut provided = Provided {
            run: run.id,
            names: env.keys().map(String::as_str).collect(),
            run_env: Vec::new(),
            credentials: Vec::new(),
            grants: Vec::new(),
            save,
        };
        for (name, value) in env {
            let sealed = vault.seal(&CredentialPlace::of_run(by, run.id, name), value).await?;
            provided.run_env.push((name, sealed));
            for (place, edition) in places(by, save, name, requests) {
                let sealed = vault.seal(&place, value).await?;
                provided.credentials.push((place, sealed, hint(value), edition));
            }
            if save == Save::Global {
                provided.grants.extend(grants(name, requests));
            }
        }
        let committed = store.provide(access, provided).await?;
        self.committed(committed);
        self.inner.wake.notify_one();
        store.run_unchecked(run.id).await
    }

    /// Records a decision about a call; with the last one, its run goes on.
    ///
    /// # Errors
    /// As [`crate::store::Store::decide`].
    pub async fn decide(&self, approval: &Within<ApprovalId>, decide: &Decide) -> Result<Run> {
        let (run, committed) = self.inner.store.decide(approval, decide).await?;
        self.committed(committed);
        self.inner.wake.notify_one();
        Ok(approval.access().show(self.inner.store.run_unchecked(run).await?))
    }

    /// Selects a plan, or (with a note) asks for other ones; the run that waits for it goes on.
    ///
    /// # Errors
    /// As [`crate::store::Store::select_plan`].
    pub async fn select_plan(&self, access: &Access, plan: PlanId, another: Option<&str>) -> Result<StoredPlan> {
        let (stored, committed) = self.inner.store.select_plan(access, plan, another).await?;
        self.committed(committed);
        self.inner.wake.notify_one();
        Ok(stored)
    }

    /// Chooses a tool in place of a call's, or none; with the last choice, its run goes on.
    ///
    /// # Errors
    /// As [`crate::store::Store::select_alternative`].
    pub async fn select_alternative(&self, access: &Access, select: &SelectAlternative) -> Result<Run> {
        let (run, committed) = self.inner.store.select_alternative(access, select).await?;
        self.committed(committed);
        self.inner.wake.notify_one();
        Ok(access.show(self.inner.store.run_unchecked(run).await?))
    }
}

/// Where a value is kept beyond its run, and for which edition of its tool: the one that the question showed, whatever the
/// registry has by now.
fn places(user: UserId, save: Save, name: &str, requests: &[CredentialRequest]) -> Vec<(CredentialPlace, Edition)> {
    let place = |scope, of: &str| CredentialPlace { user, scope, of: of.to_owned(), name: name.to_owned() };
    match save {
        Save::Once => Vec::new(),
        Save::Global => vec![(place(Scope::Global, ""), Edition::default())],
        Save::Tool => lacking(name, requests)
            .map(|asking| (place(Scope::Tool, asking.tool_id.as_str()), asking.edition.clone()))
            .collect(),
    }
}

/// The tools that asked may have what is kept for all; every other one asks at its first use.
fn grants<'a>(name: &'a str, requests: &'a [CredentialRequest]) -> impl Iterator<Item = Grant> + 'a {
    lacking(name, requests).map(move |request| Grant {
        name: name.to_owned(),
        tool: request.tool_id.clone(),
        publisher: publisher(&request.tool_id).to_owned(),
        edition: Some(request.edition.clone()),
        source: "request".into(),
        granted_at: Timestamp::now(),
    })
}

fn lacking<'a>(name: &'a str, requests: &'a [CredentialRequest]) -> impl Iterator<Item = &'a CredentialRequest> {
    requests.iter().filter(move |request| request.missing_keys.iter().any(|var| var.name == name))
}
