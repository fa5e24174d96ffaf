//! One method a route (`api.md`). Success is unwrapped from TPMJS's envelope; failures are [`ClientError`]s.

use super::{Client, ClientError, PATIENT};
use crate::{
    api::{
        Accepted, AddPackage, AddScope, AddedPackage, ApiKey, AuditEntry, AuditReport, Conversation,
        ConversationDetail, CreateConversation, CreateKey, CreateUser, CreatedKey, CreatedUser, CredentialScope,
        CustomPrompt, Decide, ExecuteAnswer, ExecuteRequest, Imported, Message, Models, OutputPage, Pagination,
        Participant, PlanAnswer, PlanRequest, PromptSettings, ProvideCredentials, PutCredential, Remains, RotateVault,
        Rotated, Run, SearchAnswer, SelectAlternative, SelectPlan, Selected, SendMessage, Settings, SignInLink, Status,
        StoredApproval, StoredCredential, StoredGrant, StoredPrompt, ToolRow, ToolRun, UpdateConversation,
        UpdateParticipant, UpdateProfile, User, Whoami,
    },
    id::{ApprovalId, ApprovalRuleId, ConversationId, KeyId, PlanId, RunId, ToolId, ToolRunId, UserId},
    model::wire::wait_of,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::{Duration, SystemTime};

/// What follows `/api/omega/conversations`.
fn conversation(id: ConversationId, rest: &str) -> String {
    format!("/api/omega/conversations/{id}{rest}")
}

/// A page of rows, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more, and where.
    pub pagination: Option<Pagination>,
}

/// Which rows of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// At most this many (1 to 200; the server's default otherwise).
    pub limit: Option<u32>,
    /// Only rows before this sequence number.
    pub before: Option<u64>,
    /// Only rows after this sequence number.
    pub after: Option<u64>,
}

impl PageQuery {
    fn pairs(self) -> Vec<(&'static str, u64)> {
        let limit = self.limit.map(|n| ("limit", u64::from(n)));
        [limit, self.before.map(|n| ("before", n)), self.after.map(|n| ("after", n))].into_iter().flatten().collect()
    }
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Lossless.
    Json,
    /// To read.
    Markdown,
}

/// Settings and the version that `PUT` wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedSettings {
    /// The settings.
    pub settings: Settings,
    /// The `ETag`.
    pub version: String,
}

/// The envelope, with only what a client reads.
#[derive(Deserialize)]
struct Answer<T> {
    data: T,
    #[serde(default)]
    pagination: Option<Pagination>,
}

// Conversations, messages and runs.
impl Client {
    /// Makes a conversation.
    pub async fn create_conversation(&self, body: &CreateConversation) -> Result<Conversation, ClientError> {
        self.data(self.post("/api/omega/conversations").json(body)).await
    }

    /// The newest part of a conversation, and the cursor that continues it.
    pub async fn conversation(&self, id: ConversationId) -> Result<ConversationDetail, ClientError> {
        self.data(self.get(&conversation(id, ""))).await
    }

    /// The part of a conversation before event `before`: at most `limit` messages, with their tool runs and runs.
    pub async fn conversation_before(
        &self,
        id: ConversationId,
        before: u64,
        limit: u32,
    ) -> Result<ConversationDetail, ClientError> {
        let query = [("before", before), ("limit", u64::from(limit))];
        self.data(self.get(&conversation(id, "")).query(&query)).await
    }

    /// Whether a conversation is there, for the user. A server that does not say so is an error, and no `false`.
    pub async fn has_conversation(&self, id: ConversationId) -> Result<bool, ClientError> {
        match self.conversation_before(id, 1, 1).await {
            Ok(_) => Ok(true),
            Err(ClientError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Changes title or model.
    pub async fn update_conversation(
        &self,
        id: ConversationId,
        body: &UpdateConversation,
    ) -> Result<Conversation, ClientError> {
        self.data(self.request(Method::PATCH, &conversation(id, "")).json(body)).await
    }

    /// Replaces the conversation's link. The one before opens nothing any more, and the guests who joined by it are out.
    pub async fn rotate_link(&self, id: ConversationId) -> Result<Conversation, ClientError> {
        self.data(self.post(&conversation(id, "/link"))).await
    }

    /// Shuts a guest out of a conversation, or lets them in again.
    pub async fn update_participant(
        &self,
        id: ConversationId,
        user: UserId,
        body: &UpdateParticipant,
    ) -> Result<Participant, ClientError> {
        let path = conversation(id, &format!("/participants/{user}"));
        self.data(self.request(Method::PUT, &path).json(body)).await
    }

    /// Sends a message and returns as soon as it is stored; follow the events after `seq - 1` for the rest. Sending again
    /// with the same `key` returns the first receipt.
    pub async fn send_message(
        &self,
        id: ConversationId,
        body: &SendMessage,
        key: &str,
    ) -> Result<Accepted, ClientError> {
        let request = self.request(Method::POST, &conversation(id, "/messages"));
        self.data(request.header("idempotency-key", key).header("prefer", "respond-async").json(body)).await
    }

    /// A page of messages.
    pub async fn messages(&self, id: ConversationId, query: PageQuery) -> Result<Page<Message>, ClientError> {
        self.page(self.get(&conversation(id, "/messages")).query(&query.pairs())).await
    }

    /// A page of tool runs; large outputs are left out.
    pub async fn tool_runs(&self, id: ConversationId, query: PageQuery) -> Result<Page<ToolRun>, ClientError> {
        self.page(self.get(&conversation(id, "/tool-runs")).query(&query.pairs())).await
    }

    /// One tool run.
    pub async fn tool_run(&self, id: ToolRunId) -> Result<ToolRun, ClientError> {
        self.data(self.get(&format!("/api/omega/tool-runs/{id}"))).await
    }

    /// A piece of a tool run's output, as JSON text.
    pub async fn tool_output(&self, id: ToolRunId, offset: u64, limit: u32) -> Result<OutputPage, ClientError> {
        let query = [("offset", offset), ("limit", u64::from(limit))];
        self.data(self.get(&format!("/api/omega/tool-runs/{id}/output")).query(&query)).await
    }

    /// Proposes plans; executes nothing.
    pub async fn plan(&self, id: ConversationId, body: &PlanRequest) -> Result<PlanAnswer, ClientError> {
        // PRD 13 has its shape without the envelope.
        let response = self.send(self.post(&conversation(id, "/plan")).timeout(PATIENT).json(body)).await?;
        self.read(response).await
    }

    /// Gives a paused run the variables that it lacks, or lets it go on without them.
    pub async fn provide_credentials(&self, id: ConversationId, body: &ProvideCredentials) -> Result<Run, ClientError> {
        self.data(self.post(&conversation(id, "/credentials")).json(body)).await
    }

    /// Allows or refuses a call that waits for it.
    pub async fn decide(&self, id: ApprovalId, body: &Decide) -> Result<Run, ClientError> {
        self.data(self.post(&format!("/api/omega/approvals/{id}")).json(body)).await
    }

    /// Selects a plan, or asks for other ones.
    pub async fn select_plan(
        &self,
        id: ConversationId,
        plan: PlanId,
        body: &SelectPlan,
    ) -> Result<Selected, ClientError> {
        self.data(self.post(&conversation(id, &format!("/plans/{plan}/select"))).json(body)).await
    }

    /// Chooses a tool in place of one that can't do it, or none; the run that waits for it goes on.
    pub async fn select_alternative(&self, id: ConversationId, body: &SelectAlternative) -> Result<Run, ClientError> {
        self.data(self.post(&conversation(id, "/alternatives")).json(body)).await
    }

    /// One run.
    pub async fn run(&self, id: RunId) -> Result<Run, ClientError> {
        self.data(self.get(&format!("/api/omega/runs/{id}"))).await
    }

    /// Reads a document of `export` as a new conversation of the caller.
    pub async fn import_conversation(&self, document: Vec<u8>) -> Result<Conversation, ClientError> {
        let request = self.post("/api/omega/conversations/import").header("content-type", "application/json");
        self.data(request.timeout(PATIENT).body(document)).await
    }

    /// The whole conversation as a document.
    pub async fn export(&self, id: ConversationId, format: ExportFormat) -> Result<String, ClientError> {
        let format = match format {
            ExportFormat::Json => "json",
            ExportFormat::Markdown => "markdown",
        };
        let response = self.send(self.get(&conversation(id, "/export")).query(&[("format", format)])).await?;
        response.text().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))
    }

    /// Cancels whatever works or waits in a conversation. Repeating it is fine.
    pub async fn cancel_conversation(&self, id: ConversationId) -> Result<(), ClientError> {
        self.done(self.post(&conversation(id, "/cancel"))).await
    }

    /// Cancels a run. Repeating it is fine.
    pub async fn cancel_run(&self, id: RunId) -> Result<(), ClientError> {
        self.done(self.post(&format!("/api/omega/runs/{id}/cancel"))).await
    }

    /// Cancels one tool run; its run goes on.
    pub async fn cancel_tool_run(&self, id: ToolRunId) -> Result<(), ClientError> {
        self.done(self.post(&format!("/api/omega/tool-runs/{id}/cancel"))).await
    }
}

// The server and its user.
impl Client {
    /// Providers and models.
    pub async fn models(&self) -> Result<Models, ClientError> {
        self.data(self.get("/api/omega/models")).await
    }

    /// The status banner.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.data(self.get("/api/omega/status")).await
    }

    /// Whether a server's process answers there.
    pub async fn is_alive(&self) -> Result<(), ClientError> {
        self.done(self.get("/livez").timeout(Duration::from_secs(2))).await
    }

    /// Asks a user's own server to end. Refused while a run works, and by a shared server.
    pub async fn stop_server(&self) -> Result<(), ClientError> {
        self.done(self.post("/api/omega/stop")).await
    }

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

    /// The users of the server, for its administrators.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        self.data(self.get("/api/omega/users")).await
    }

    /// Makes a user, with a first API key; the only time that it is shown.
    pub async fn create_user(&self, body: &CreateUser) -> Result<CreatedUser, ClientError> {
        self.data(self.request(Method::POST, "/api/omega/users").json(body)).await
    }

    /// Shuts a user out: keys and sessions end.
    pub async fn disable_user(&self, id: UserId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &format!("/api/omega/users/{id}"))).await
    }

    /// The user's settings.
    pub async fn settings(&self) -> Result<VersionedSettings, ClientError> {
        let response = self.send(self.get("/api/omega/settings")).await?;
        let version = response.headers().get("etag").and_then(|v| v.to_str().ok()).unwrap_or("*").to_owned();
        Ok(VersionedSettings { settings: self.read::<Answer<Settings>>(response).await?.data, version })
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
            StatusCode::ACCEPTED => Ok(Some(self.read::<Answer<Remains>>(response).await?.data.remains)),
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

    /// Yeses that last.
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
        Ok((self.read::<Answer<PromptSettings>>(response).await?.data, version))
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

    /// Changes the server's master key.
    pub async fn rotate_vault(&self, deep: bool) -> Result<Rotated, ClientError> {
        self.data(self.post("/api/omega/vault/rotate").timeout(PATIENT).json(&RotateVault { deep })).await
    }

    /// What happened, newest first. `query` has `action`, `since`, `until`, `limit` and `before`.
    pub async fn audit(&self, query: &[(&str, String)]) -> Result<Page<AuditEntry>, ClientError> {
        self.page(self.get("/api/omega/audit").query(query)).await
    }

    /// Verifies the audit log; `heads` are ones that were noted earlier (`CHAIN:N:HASH`).
    pub async fn verify_audit(&self, heads: &[String]) -> Result<AuditReport, ClientError> {
        let query: Vec<_> = (!heads.is_empty()).then(|| ("heads", heads.join(","))).into_iter().collect();
        self.data(self.get("/api/omega/audit/verify").timeout(PATIENT).query(&query)).await
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

// The registry.
impl Client {
    /// Ranked tools, best first.
    pub async fn search_tools(
        &self,
        query: &str,
        category: Option<&str>,
        limit: usize,
    ) -> Result<SearchAnswer, ClientError> {
        let mut pairs = vec![("q", query.to_owned()), ("limit", limit.to_string())];
        pairs.extend(category.map(|category| ("category", category.to_owned())));
        let response = self.send(self.get("/api/tools/search").query(&pairs)).await?;
        self.read(response).await
    }

    /// Tools one after the other, the caller's own first.
    pub async fn list_tools(&self, offset: usize, limit: usize) -> Result<Page<ToolRow>, ClientError> {
        let pairs = [("offset", offset.to_string()), ("limit", limit.to_string())];
        self.page(self.get("/api/tools").query(&pairs)).await
    }

    /// One tool of the registry.
    pub async fn tool(&self, id: &ToolId) -> Result<ToolRow, ClientError> {
        self.data(self.get(&format!("/api/tools/{}", path_segment(id.as_str())))).await
    }

    /// Runs one tool once. A tool that failed is an answer with `success: false`, whatever its HTTP status.
    pub async fn execute_tool(&self, body: &ExecuteRequest) -> Result<ExecuteAnswer, ClientError> {
        let request = self.post("/api/registry/execute").timeout(PATIENT).json(body);
        let response = request.send().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
        let body = response.text().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        // Refusals before the tool ran have the API's error body, which lacks `executionTimeMs`.
        serde_json::from_str(&body).map_err(|_| ClientError::of_response(status, retry_after, &body))
    }

    /// Adds a package's tools, or one of its functions as a tool.
    pub async fn add_package(&self, body: &AddPackage) -> Result<AddedPackage, ClientError> {
        self.data(self.post("/api/omega/registry/packages").timeout(PATIENT).json(body)).await
    }

    /// Takes out what was added of a package; as for adding, everybody's for administrators and one's own for others.
    pub async fn remove_package(&self, package: &str, scope: Option<AddScope>) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &format!("/api/omega/registry/packages/{}", path_segment(package)));
        self.done(request.query(&scope.map(|scope| ("scope", scope)).into_iter().collect::<Vec<_>>())).await
    }

    /// Imports rows, one JSON object a line.
    pub async fn import_tools(&self, lines: Vec<u8>) -> Result<Imported, ClientError> {
        let request = self.post("/api/omega/registry/import").header("content-type", "application/x-ndjson");
        self.data(request.timeout(PATIENT).body(lines)).await
    }
}

// Transport.
impl Client {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.requests.request(method, format!("{}{path}", self.base)).header("accept", "application/json")
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST with a key of its own, so that a proxy's repetition changes nothing.
    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path).header("idempotency-key", uuid::Uuid::new_v4().to_string())
    }

    async fn data<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        Ok(self.read::<Answer<T>>(response).await?.data)
    }

    async fn page<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Page<T>, ClientError> {
        let response = self.send(request).await?;
        let answer = self.read::<Answer<Vec<T>>>(response).await?;
        Ok(Page { rows: answer.data, pagination: answer.pagination })
    }

    async fn done(&self, request: RequestBuilder) -> Result<(), ClientError> {
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let bytes = response.bytes().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| ClientError::Protocol { url: self.base.clone(), cause: e.to_string() })
    }
}

/// The error of a response that is no success.
pub(super) async fn refusal(response: Response) -> ClientError {
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    ClientError::of_response(status, retry_after, &response.text().await.unwrap_or_default())
}

/// `Retry-After` in seconds; its date form is for caches, no API sends it.
fn retry_after(response: &Response) -> Option<Duration> {
    let asked = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    wait_of(asked, SystemTime::now())
}

/// A tool id holds `/`, `@` and `::`; in a path it is one segment.
fn path_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'@' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_id_is_one_segment_of_a_path() {
        assert_eq!(path_segment("@scope/a::b.c"), "@scope%2Fa::b.c");
        assert_eq!(path_segment("ä?x#"), "%C3%A4%3Fx%23");
    }
}
