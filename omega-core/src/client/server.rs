//! The server: its models and status, its users, its vault and its audit log.

use super::{Client, ClientError, transport::Page};
use crate::{
    api::{
        AuditEntry, AuditReport, CreateUser, CreatedUser, Models, RotateVault, Rotated, Stats, Status, StatusAnswer,
        Timestamp, User,
    },
    id::UserId,
};
use reqwest::Method;
use std::time::Duration;

impl Client {
    /// Providers and models.
    pub async fn models(&self) -> Result<Models, ClientError> {
        self.data(self.get("/api/omega/models")).await
    }

    /// The status banner.
    ///
    /// # Errors
    /// [`ClientError::Unauthenticated`] with the one word that a server says to whoever has no key.
    pub async fn status(&self) -> Result<Status, ClientError> {
        match self.data(self.get("/api/omega/status")).await? {
            StatusAnswer::Whole(status) => Ok(*status),
            StatusAnswer::Word(word) => {
                Err(ClientError::Unauthenticated(format!("the server is {}; sign in to see more of it", word.status)))
            }
        }
    }

    /// How often, how well and at what cost the server worked since then.
    pub async fn stats(&self, since: Timestamp) -> Result<Stats, ClientError> {
        self.data(self.get("/api/omega/stats").query(&[("since", since.to_string())])).await
    }

    /// The same until another time.
    pub async fn stats_between(&self, since: Timestamp, until: Timestamp) -> Result<Stats, ClientError> {
        let time = [("since", since.to_string()), ("until", until.to_string())];
        self.data(self.get("/api/omega/stats").query(&time)).await
    }

    /// Whether a server's process answers there.
    pub async fn is_alive(&self) -> Result<(), ClientError> {
        self.done(self.get("/livez").timeout(Duration::from_secs(2))).await
    }

    /// Asks a user's own server to end. Refused while a run works, and by a shared server.
    pub async fn stop_server(&self) -> Result<(), ClientError> {
        self.done(self.post("/api/omega/stop")).await
    }

    /// The users of the server, for its administrators.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        self.data(self.get("/api/omega/users")).await
    }

    /// Makes a user, with a first API key; the only time that it is shown.
    pub async fn create_user(&self, body: &CreateUser) -> Result<CreatedUser, ClientError> {
        self.data(self.request(Method::POST, "/api/omega/users").json(body)).await
    }

    /// Blocks a user: keys and sessions end.
    pub async fn disable_user(&self, id: UserId) -> Result<(), ClientError> {
        self.done(self.request(Method::DELETE, &format!("/api/omega/users/{id}"))).await
    }

    /// Changes the server's master key.
    pub async fn rotate_vault(&self, deep: bool) -> Result<Rotated, ClientError> {
        self.data(self.patient_post("/api/omega/vault/rotate").json(&RotateVault { deep })).await
    }

    /// What happened, newest first. `query` has `action`, `since`, `until`, `limit` and `before`.
    pub async fn audit(&self, query: &[(&str, String)]) -> Result<Page<AuditEntry>, ClientError> {
        self.page(self.get("/api/omega/audit").query(query)).await
    }

    /// Verifies the audit log; `heads` are ones that were noted earlier (`CHAIN:N:HASH`).
    pub async fn verify_audit(&self, heads: &[String]) -> Result<AuditReport, ClientError> {
        let query: Vec<_> = (!heads.is_empty()).then(|| ("heads", heads.join(","))).into_iter().collect();
        self.data(self.patient_request(Method::GET, "/api/omega/audit/verify").query(&query)).await
    }
}
