//! The user: who they are, their settings, credentials, approvals, prompt and API keys.

use super::{
    Client, ClientError,
    transport::{Enveloped, path_segment},
};
use crate::{
    api::{
        ApiKey, CreateKey, CreatedKey, CredentialScope, CustomPrompt, PromptSettings, PutCredential, Remains, Settings,
        SignInLink, StoredApproval, StoredCredential, StoredGrant, StoredPrompt, UpdateProfile, Whoami,
    },
    id::{ApprovalRuleId, KeyId, ToolId},
};
use reqwest::{Method, StatusCode};

/// Settings and the version that `PUT` wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedSettings {
    /// The settings.
    pub settings: Settings,
    /// The `ETag`.
    pub version: String,
}

impl Client {
    /// Who the key belongs to.
    pub async fn whoami(&self) -> Result<Whoami, ClientError> {
        self.data(self.get("/api/omega/session")).await
    }

    /// Changes how others see the user.
    pub async fn update_profile(&self, body: &UpdateProfile) -> Result<Whoami, ClientError> {
        self.data(self.request(Method::PUT, "/api/omega/profile").json(body)).await
    }

    /// A link that signs a browser in as the user, once, within five minutes.
    pub async fn sign_in_link(&self) -> Result<SignInLink, ClientError> {
        self.data(self.request(Method::POST, "/api/omega/session/link")).await
    }

    /// The user's settings.
    pub async fn settings(&self) -> Result<VersionedSettings, ClientError> {
        let response = self.send(self.get("/api/omega/settings")).await?;
        let version = response.headers().get("etag").and_then(|v| v.to_str().ok()).unwrap_or("*").to_owned();
        Ok(VersionedSettings { settings: self.read::<Enveloped<Settings>>(response).await?.data, version })
    }

    /// Replaces the settings, if nobody changed them meanwhile.
    pub async fn put_settings(&self, new: &VersionedSettings) -> Result<Settings, ClientError> {
        let request = self.request(Method::PUT, "/api/omega/settings");
        self.data(request.header("if-match", &new.version).json(&new.settings)).await
    }

    /// Changes the settings; once more when somebody else changed them meanwhile, to what they left.
    ///
    /// # Errors
    /// What `make` says, before anything is sent, or what the server says.
    pub async fn change_settings<E: From<ClientError>>(
        &self,
        mut make: impl FnMut(&mut Settings) -> Result<(), E>,
    ) -> Result<Settings, E> {
        let mut again = true;
        loop {
            let mut new = self.settings().await?;
            make(&mut new.settings)?;
            match self.put_settings(&new).await {
                Err(error) if error.is_conflict() && again => again = false,
                done => return Ok(done?),
            }
        }
    }

    /// The user's stored credentials, without their values.
    pub async fn credentials(&self) -> Result<Vec<StoredCredential>, ClientError> {
        self.data(self.get("/api/omega/settings/credentials")).await
    }

    /// Stores a credential, or replaces it.
    pub async fn put_credential(&self, name: &str, body: &PutCredential) -> Result<StoredCredential, ClientError> {
        let path = format!("/api/omega/settings/credentials/{}", path_segment(name));
        self.data(self.request(Method::PUT, &path).json(body)).await
    }

    /// Deletes a credential: a tool's own, the one for all tools, or a model provider's key. Without a scope, the one that is
    /// stored under the name without a scope. Says what is left of it in a keyring that does not answer.
    pub async fn delete_credential(
        &self,
        name: &str,
        tool: Option<&ToolId>,
        scope: Option<CredentialScope>,
    ) -> Result<Option<String>, ClientError> {
        let path = format!("/api/omega/settings/credentials/{}", path_segment(name));
        let request = self.request(Method::DELETE, &path).query(&tool.map(|tool| [("toolId", tool.as_str())]));
        let response = self.send(request.query(&scope.map(|scope| [("scope", scope)]))).await?;
        match response.status() {
            StatusCode::ACCEPTED => Ok(Some(self.read::<Enveloped<Remains>>(response).await?.data.remains)),
            _ => Ok(None),
        }
    }

    /// Which tools may have the user's credentials for all tools.
    pub async fn grants(&self) -> Result<Vec<StoredGrant>, ClientError> {
        self.data(self.get("/api/omega/settings/grants")).await
    }

    /// Takes a grant back.
    pub async fn revoke_grant(&self, name: &str, tool: &ToolId) -> Result<(), ClientError> {
        let path = format!("/api/omega/settings/grants/{}", path_segment(name));
        self.done(self.request(Method::DELETE, &path).query(&[("toolId", tool.as_str())])).await
    }

    /// Standing approvals.
    pub async fn stored_approvals(&self) -> Result<Vec<StoredApproval>, ClientError> {
        self.data(self.get("/api/omega/settings/approvals")).await
    }

    /// Takes one back: its tool is asked about again.
    pub async fn revoke_approval(&self, id: ApprovalRuleId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &format!("/api/omega/settings/approvals/{id}"))).await
    }

    /// The user's own system prompt, and what new runs get of it, with the settings' version.
    pub async fn prompt(&self) -> Result<(PromptSettings, String), ClientError> {
        let response = self.send(self.get("/api/omega/settings/prompt")).await?;
        let version = response.headers().get("etag").and_then(|v| v.to_str().ok()).unwrap_or("*").to_owned();
        Ok((self.read::<Enveloped<PromptSettings>>(response).await?.data, version))
    }

    /// Replaces the user's own system prompt, if nobody changed the settings since `version`.
    pub async fn put_prompt(&self, prompt: &CustomPrompt, version: &str) -> Result<PromptSettings, ClientError> {
        let request = self.request(Method::PUT, "/api/omega/settings/prompt");
        self.data(request.header("if-match", version).json(prompt)).await
    }

    /// A prompt that runs had.
    pub async fn stored_prompt(&self, version: &str) -> Result<StoredPrompt, ClientError> {
        self.data(self.get(&format!("/api/omega/prompts/{}", path_segment(version)))).await
    }

    /// The user's API keys.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, ClientError> {
        self.data(self.get("/api/omega/keys")).await
    }

    /// Makes an API key; the only time that it is shown.
    pub async fn create_api_key(&self, name: &str) -> Result<CreatedKey, ClientError> {
        self.data(self.post("/api/omega/keys").json(&CreateKey { name: name.to_owned() })).await
    }

    /// Revokes an API key.
    pub async fn revoke_api_key(&self, id: KeyId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &format!("/api/omega/keys/{id}"))).await
    }
}
