//! The protocol's side of `/mcp`: what there is, and which handler answers.

use super::{Visit, ask, execute, outcome, resources, search, tools};
use axum::http::request::Parts;
use omega_engine::domain::request;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
        ServerConfig, Tool,
    },
    service::RequestContext,
};

const INSTRUCTIONS: &str = "Omega is an agent with the whole TPMJS tool registry at hand. `ask` gives it a task in words; `search` \
    finds tools of the registry, and `execute` runs one of them. What waits for a person (credentials, an approval) is said with the \
    link where to answer. A conversation is the resource omega://conversations/{id}.";

/// One visit's handler; all it needs comes with the request.
#[derive(Clone, Copy)]
pub struct Door;

/// The visit that a request belongs to.
fn visit(context: &RequestContext<RoleServer>) -> Result<Visit, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let visit = parts.and_then(|parts| parts.extensions.get::<Visit>()).cloned();
    visit.ok_or_else(|| ErrorData::internal_error("the request came by no door of this server", None))
}

/// Does something as part of the request that it came with.
async fn as_part_of<T>(visit: Visit, work: impl Future<Output = T>) -> T {
    match visit.context {
        Some(context) => request::within(context, work).await,
        None => work.await,
    }
}

impl ServerHandler for Door {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let named = Implementation::new("omega", env!("CARGO_PKG_VERSION")).with_title("Omega");
        ServerConfig::new(capabilities).with_server_info(named).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let visit = visit(&context)?;
        let given = call.arguments.unwrap_or_default();
        let work = async {
            let called = match call.name.as_ref() {
                tools::ASK => ask::call(&visit, given, &context).await,
                tools::SEARCH => search::call(&visit, given).await,
                tools::EXECUTE => execute::call(&visit, given).await,
                other => {
                    let words =
                        format!("there is no tool `{}`; there are ask, search and execute", outcome::said(other));
                    return Err(ErrorData::invalid_params(words, None));
                }
            };
            Ok(called.unwrap_or_else(outcome::refused))
        };
        as_part_of(visit.clone(), Box::pin(work)).await.map(CallToolResponse::Complete)
    }

    /// Whoever asked is told their conversation's id, and keeps it: the server lists none.
    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(Vec::new()))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(vec![resources::template()]))
    }

    async fn read_resource(
        &self,
        wanted: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let visit = visit(&context)?;
        as_part_of(visit.clone(), resources::read(&visit, &wanted.uri)).await
    }
}
