//! Tools: finding them, running one, and what the registry holds.

use super::{
    Client, ClientError,
    transport::{Page, path_segment, retry_after},
};
use crate::{
    api::{
        AddPackage, AddScope, AddedPackage, ExecuteAnswer, ExecuteRequest, Imported, RegistryStatus, SearchAnswer,
        ToolRow,
    },
    id::ToolId,
};
use reqwest::Method;

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
        let request = self.patient_post("/api/registry/execute").json(body);
        let response = request.send().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
        let body = response.text().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        // Refusals before the tool ran have the API's error body, which lacks `executionTimeMs`.
        serde_json::from_str(&body).map_err(|_| ClientError::of_response(status, retry_after, &body))
    }

    /// Adds a package's tools, or one of its functions as a tool.
    pub async fn add_package(&self, body: &AddPackage) -> Result<AddedPackage, ClientError> {
        self.data(self.patient_post("/api/omega/registry/packages").json(body)).await
    }

    /// Takes out what was added of a package; as for adding, everybody's for administrators and one's own for others.
    pub async fn remove_package(&self, package: &str, scope: Option<AddScope>) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &format!("/api/omega/registry/packages/{}", path_segment(package)));
        self.done(request.query(&scope.map(|scope| ("scope", scope)).into_iter().collect::<Vec<_>>())).await
    }

    /// Has the registry that is mirrored read now; how it was when it was asked for.
    pub async fn sync_registry(&self) -> Result<RegistryStatus, ClientError> {
        self.data(self.post("/api/omega/registry/sync")).await
    }

    /// Imports rows, one JSON object a line.
    pub async fn import_tools(&self, lines: Vec<u8>) -> Result<Imported, ClientError> {
        let request = self.patient_post("/api/omega/registry/import").header("content-type", "application/x-ndjson");
        self.data(request.body(lines)).await
    }
}
