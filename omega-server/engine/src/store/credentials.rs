//! Secrets as the database has them: sealed. What seals and opens them is the vault.

use super::{
    LogTx, Result, Store, StoreError, exec, read_all, read_opt,
    rows::{EditionRow, id, word},
    sql, tx_opt,
};
use crate::domain::boxed;
use crate::domain::{
    audit_fact::{AuditAction, Fact},
    grant::Grant,
    row::row,
    sealed::{CredentialPlace, Scope, Sealed, SealedCredential},
};
use omega_core::{
    api::{self, CredentialScope, StoredCredential, Timestamp, ToolRun},
    edition::Edition,
    id::{ConversationId, RunId, ToolId, UserId},
};

/// What the audit log says of a credential, by the place that it has.
fn of_credential(action: AuditAction, place: &CredentialPlace) -> Fact {
    let fact = Fact::new(action, "credential").on(&place.name).with("scope", place.scope.as_str());
    match place.scope {
        Scope::Tool => fact.with("toolId", place.of.as_str()),
        Scope::Global | Scope::Run | Scope::Model => fact,
    }
}

fn kept(version: Option<(i64,)>, place: &CredentialPlace) -> Fact {
    let replaced = version.is_some_and(|(version,)| version > 1);
    of_credential(if replaced { AuditAction::CredentialReplaced } else { AuditAction::CredentialStored }, place)
}

/// One upsert for both kinds of transaction.
macro_rules! put_credential {
    ($tx:expr, $key:expr, $place:expr, $sealed:expr, $hint:expr, $now:expr, $given:expr, $account:expr) => {
        tx_opt!(
            $tx,
            (i64,),
            sql::PUT_CREDENTIAL,
            $key,
            $place.user.to_string(),
            $place.scope.as_str(),
            &$place.of,
            &$place.name,
            &$sealed.dek_id,
            &$sealed.nonce,
            &$sealed.ciphertext,
            $hint,
            $now,
            &$given.version,
            $given.integrity.as_deref(),
            $given.own,
            $account,
        )
    };
}

row! {
    struct KeptRow {
        user_id: String,
        scope: String,
        place_of: String,
        key_name: String,
        dek_id: String,
        nonce: Vec<u8>,
        ciphertext: Vec<u8>,
        hint: Option<String>,
        created_at: i64,
        updated_at: i64,
        last_used_at: Option<i64>,
    }
    // What came with a run was given for no tool.
    or_default {
        given_version: String,
        given_integrity: Option<String>,
        given_own: bool,
        keyring_account: Option<String>,
    }
}

impl KeptRow {
    fn read(self) -> Result<SealedCredential> {
        Ok(SealedCredential {
            place: place(&self.user_id, &self.scope, self.place_of, self.key_name)?,
            sealed: Sealed { dek_id: self.dek_id, nonce: self.nonce, ciphertext: self.ciphertext },
            hint: self.hint,
            given: Edition { version: self.given_version, integrity: self.given_integrity, own: self.given_own },
            account: self.keyring_account,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            last_used_at: self.last_used_at.map(Timestamp),
        })
    }
}

row! {
    struct GrantRow {
        key_name: String,
        tool_id: String,
        publisher: String,
        source: String,
        granted_at: i64,
    }
    flatten {
        edition: EditionRow,
    }
}

impl GrantRow {
    fn read(self) -> Result<Grant> {
        Ok(Grant {
            name: self.key_name,
            tool: id(&self.tool_id)?,
            publisher: self.publisher,
            edition: Some(self.edition.into()),
            source: self.source,
            granted_at: Timestamp(self.granted_at),
        })
    }
}

pub(super) fn place(user: &str, scope: &str, of: String, name: String) -> Result<CredentialPlace> {
    let scope = match scope {
        "global" => Scope::Global,
        "tool" => Scope::Tool,
        "run" => Scope::Run,
        "model" => Scope::Model,
        other => return Err(StoreError::Corrupt(format!("`{other}` is no scope"))),
    };
    Ok(CredentialPlace { user: id(user)?, scope, of, name })
}

impl SealedCredential {
    /// What may be shown of a stored credential: never the value.
    ///
    /// # Errors
    /// When the row does not read back.
    pub fn into_api(self) -> Result<StoredCredential> {
        Ok(StoredCredential {
            scope: word::<CredentialScope>(self.place.scope.as_str())?,
            tool_id: match self.place.scope {
                Scope::Tool => Some(id::<ToolId>(&self.place.of)?),
                Scope::Global | Scope::Run | Scope::Model => None,
            },
            name: self.place.name,
            version: Some(self.given.version).filter(|version| !version.is_empty()),
            last4: self.hint,
            kept_in: self.account.map_or(api::KeptIn::Vault, |_| api::KeptIn::Keyring),
            because: None,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_used_at: self.last_used_at,
        })
    }
}

impl Store {
    pub async fn run_env(&self, run: RunId) -> Result<Vec<SealedCredential>> {
        let rows: Vec<KeptRow> = read_all!(&self.db, KeptRow, sql::RUN_ENV, run.to_string())?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// What is kept for a conversation: its owner's credentials, and the variables of its runs.
    pub async fn secrets_of_conversation(&self, conversation: ConversationId) -> Result<Vec<SealedCredential>> {
        let rows: Vec<KeptRow> = read_all!(&self.db, KeptRow, sql::SECRETS_OF_CONVERSATION, conversation.to_string())?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// A user's stored credentials, by name.
    #[boxed]
    pub async fn credentials_of(&self, user: UserId) -> Result<Vec<SealedCredential>> {
        let rows: Vec<KeptRow> = read_all!(&self.db, KeptRow, sql::CREDENTIALS_OF, user.to_string())?;
        rows.into_iter().map(KeptRow::read).collect()
    }

    /// A user's own keys of model providers, by name.
    pub async fn provider_keys_of(&self, user: UserId) -> Result<Vec<SealedCredential>> {
        let kept = self.credentials_of(user).await?;
        Ok(kept.into_iter().filter(|kept| kept.place.scope == Scope::Model).collect())
    }

    /// One stored credential.
    pub async fn credential(
        &self,
        user: UserId,
        scope: Scope,
        tool: &str,
        name: &str,
    ) -> Result<Option<SealedCredential>> {
        let row = read_opt!(&self.db, KeptRow, sql::CREDENTIAL, user.to_string(), scope.as_str(), tool, name)?;
        row.map(KeptRow::read).transpose()
    }

    /// Keeps a credential, or replaces it; one for a tool is given for this edition of it.
    pub async fn put_credential(
        &self,
        place: &CredentialPlace,
        sealed: &Sealed,
        hint: Option<&str>,
        given: &Edition,
    ) -> Result<()> {
        self.put(place, (sealed, None), hint, given).await
    }

    /// The same for one whose value is in the keyring: `sealed` is its account there, which is a leftover no more.
    pub(crate) async fn put_reference(
        &self,
        place: &CredentialPlace,
        (sealed, account): (&Sealed, &str),
        hint: Option<&str>,
    ) -> Result<()> {
        self.put(place, (sealed, Some(account)), hint, &Edition::default()).await
    }

    async fn put(
        &self,
        place: &CredentialPlace,
        (sealed, account): (&Sealed, Option<&str>),
        hint: Option<&str>,
        given: &Edition,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let (key, now) = (uuid::Uuid::now_v7().to_string(), Timestamp::now().0);
        // What it replaces in the keyring is to go.
        let (user, scope) = (place.user.to_string(), place.scope.as_str());
        exec!(&mut tx, sql::LEAVE_IN_KEYRING, user, scope, &place.of, &place.name, now)?;
        let version: Option<(i64,)> = put_credential!(&mut tx, key, place, sealed, hint, now, given, account)?;
        if let Some(account) = account {
            exec!(&mut tx, sql::DELETE_LEFTOVER, account)?;
        }
        self.commit_with(tx, &[kept(version, place)]).await?;
        self.secrets.changed();
        Ok(())
    }

    /// Deletes a credential. A global one takes its grants along: one of the same name that comes later is another one.
    pub async fn delete_credential(&self, user: UserId, scope: Scope, tool: &str, name: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let user = user.to_string();
        exec!(&mut tx, sql::LEAVE_IN_KEYRING, &user, scope.as_str(), tool, name, Timestamp::now().0)?;
        if exec!(&mut tx, sql::DELETE_CREDENTIAL, &user, scope.as_str(), tool, name)? == 0 {
            return Err(StoreError::NotFound);
        }
        let grants = match scope {
            Scope::Global => exec!(&mut tx, sql::DELETE_GRANTS_OF_KEY, &user, name)?,
            Scope::Tool | Scope::Run | Scope::Model => 0,
        };
        let fact = Fact::new(AuditAction::CredentialDeleted, "credential").on(name).with("scope", scope.as_str());
        self.commit_with(tx, &[fact.with("toolId", tool).with("grantsRevoked", grants)]).await?;
        self.secrets.changed();
        Ok(())
    }

    /// Notes an account of the keyring that no credential names.
    pub(crate) async fn note_leftover(&self, account: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::INSERT_LEFTOVER, account, Timestamp::now().0)?;
        tx.commit().await
    }

    /// The keyring has this account no more.
    pub(crate) async fn forget_leftover(&self, account: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::DELETE_LEFTOVER, account)?;
        tx.commit().await
    }

    /// Accounts of the keyring that no credential names.
    pub(crate) async fn leftovers(&self) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = read_all!(&self.db, (String,), sql::LEFTOVERS)?;
        Ok(rows.into_iter().map(|(account,)| account).collect())
    }

    /// The user's grants, by name.
    pub async fn grants(&self, user: UserId) -> Result<Vec<Grant>> {
        let rows: Vec<GrantRow> = read_all!(&self.db, GrantRow, sql::GRANTS, user.to_string())?;
        rows.into_iter().map(GrantRow::read).collect()
    }

    /// Takes a grant back.
    pub async fn revoke_grant(&self, user: UserId, name: &str, tool: &ToolId) -> Result<()> {
        let mut tx = self.begin().await?;
        if exec!(&mut tx, sql::DELETE_GRANT, user.to_string(), name, tool.as_str())? == 0 {
            return Err(StoreError::NotFound);
        }
        let fact = Fact::new(AuditAction::GrantRevoked, "credential").on(name).with("toolId", tool.as_str());
        self.commit_with(tx, &[fact]).await
    }

    /// Whether a user administers this server.
    pub async fn is_admin(&self, user: UserId) -> Result<bool> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), sql::USER_ROLE, user.to_string())?;
        Ok(row.is_some_and(|(role,)| role == "admin"))
    }
}

impl LogTx {
    /// Keeps a variable of a run until the run ends. The seal's place is [`CredentialPlace::of_run`].
    pub async fn put_run_env(&mut self, run: RunId, user: UserId, name: &str, sealed: &Sealed) -> Result<()> {
        self.changes_secrets = true;
        exec!(
            &mut self.tx,
            sql::PUT_RUN_ENV,
            run.to_string(),
            name,
            user.to_string(),
            &sealed.dek_id,
            &sealed.nonce,
            &sealed.ciphertext,
        )?;
        Ok(())
    }

    /// Keeps a credential, or replaces it, in the transaction of the conversation that asked for it.
    pub async fn put_credential(
        &mut self,
        place: &CredentialPlace,
        sealed: &Sealed,
        hint: Option<&str>,
        given: &Edition,
    ) -> Result<()> {
        self.changes_secrets = true;
        let (key, now) = (uuid::Uuid::now_v7().to_string(), self.now().0);
        let version: Option<(i64,)> =
            put_credential!(&mut self.tx, key, place, sealed, hint, now, given, None::<&str>)?;
        self.record(None, kept(version, place).by(place.user));
        Ok(())
    }

    /// Records that a tool is about to get a credential. It may not be opened before this is committed.
    pub async fn use_credential(&mut self, place: &CredentialPlace, tool_run: &ToolRun) -> Result<()> {
        if place.scope != Scope::Run {
            let (user, now) = (place.user.to_string(), self.now().0);
            exec!(&mut self.tx, sql::TOUCH_CREDENTIAL, user, place.scope.as_str(), &place.of, &place.name, now)?;
        }
        let fact = of_credential(AuditAction::CredentialUsed, place).with("owner", place.user.to_string());
        let fact = fact.with("toolId", tool_run.tool_id.as_str()).with("toolRunId", tool_run.id.to_string());
        self.record(Some(tool_run.run_id), fact);
        Ok(())
    }

    /// Records that a run asks its model with a user's own key.
    pub async fn use_provider_key(&mut self, run: RunId, user: UserId, name: &str) -> Result<()> {
        let (scope, now) = (Scope::Model, self.now().0);
        exec!(&mut self.tx, sql::TOUCH_CREDENTIAL, user.to_string(), scope.as_str(), "", name, now)?;
        let place = CredentialPlace { user, scope, of: String::new(), name: name.to_owned() };
        self.record(Some(run), of_credential(AuditAction::CredentialUsed, &place).with("owner", user.to_string()));
        Ok(())
    }

    /// Lets this edition of a tool have the user's credential of that name: its own one where there is one, else the one for
    /// all tools.
    pub async fn give(&mut self, user: UserId, grant: &Grant) -> Result<()> {
        let (name, tool, given) = (&grant.name, grant.tool.as_str(), grant.edition.clone().unwrap_or_default());
        let integrity = given.integrity.as_deref();
        let of_tool = exec!(
            &mut self.tx,
            sql::GIVE_CREDENTIAL,
            user.to_string(),
            tool,
            name,
            &given.version,
            integrity,
            given.own
        )?;
        if of_tool == 0 {
            return self.put_grant(user, grant).await;
        }
        let fact = Fact::new(AuditAction::GrantGiven, "credential").on(name).with("toolId", tool).with("scope", "tool");
        self.record(None, fact.with("version", given.version.as_str()).with("source", grant.source.as_str()));
        Ok(())
    }

    /// Lets a tool have a global credential.
    pub async fn put_grant(&mut self, user: UserId, grant: &Grant) -> Result<()> {
        let given = grant.edition.clone().unwrap_or_default();
        exec!(
            &mut self.tx,
            sql::PUT_GRANT,
            user.to_string(),
            &grant.name,
            grant.tool.as_str(),
            &grant.publisher,
            &given.version,
            given.integrity.as_deref(),
            given.own,
            &grant.source,
            grant.granted_at.0,
        )?;
        let fact = Fact::new(AuditAction::GrantGiven, "credential").on(&grant.name).with("toolId", grant.tool.as_str());
        let fact = fact.with("publisher", grant.publisher.as_str()).with("version", given.version.as_str());
        self.record(None, fact.with("source", grant.source.as_str()));
        Ok(())
    }

    /// Forgets the variables of a run that ends.
    pub(super) async fn delete_run_env(&mut self, run: RunId) -> Result<()> {
        self.changes_secrets |= exec!(&mut self.tx, sql::DELETE_RUN_ENV, run.to_string())? > 0;
        Ok(())
    }
}
