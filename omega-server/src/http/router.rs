//! The whole API on one screen.

use super::{
    ai_sdk::{UiMessage, UiMessageRequest},
    auth::query,
    compress,
    cors::{self, Origin},
    extract::{self, BODY_LIMIT},
    idempotency, limits, openapi,
    page::{self, Document},
    reply::ApiError,
    request::{
        front::{self, Front},
        host, log_line,
    },
    routes::{
        answers, api_keys, approvals, audit, avatars, conversations, events, export, feedback, fork, gateway, import,
        messages, metrics, operations, plans, prompts, registry, runs, session, settings, sharing, stats, tool_runs,
        ui_messages, users, vault,
    },
    state::App,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use omega_core::{
    api::{ErrorBody, ErrorCode, Meta, Pagination},
    budget,
};
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const IMPORT_LIMIT: usize = budget::IMPORT_OF_ADMIN.most;

#[derive(OpenApi)]
#[openapi(
    info(title = "Omega", description = "One agent with the whole TPMJS tool registry at hand. Clients of OpenAI's API find `/v1/chat/completions`, \
        `/v1/responses` and `/v1/models` here, as OpenAI describes them, and MCP clients `/mcp`; `docs/EMBEDDING.md` says what of them is done."),
    components(schemas(ErrorBody, ErrorCode, Meta, Pagination, UiMessage, UiMessageRequest)),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(conversations::create))
        .routes(routes!(conversations::get, conversations::update))
        .routes(routes!(sharing::rotate))
        .routes(routes!(sharing::block))
        .routes(routes!(events::stream))
        .routes(routes!(tool_runs::list))
        .routes(routes!(plans::create))
        .routes(routes!(plans::select))
        .routes(routes!(plans::alternative))
        .routes(routes!(answers::provide))
        .routes(routes!(answers::decide))
        .routes(routes!(export::get))
        .routes(routes!(fork::fork))
        .routes(routes!(runs::cancel_all))
        .routes(routes!(runs::get))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::retry))
        .routes(routes!(feedback::put, feedback::delete))
        .routes(routes!(feedback::list))
        .routes(routes!(tool_runs::get))
        .routes(routes!(tool_runs::output))
        .routes(routes!(tool_runs::cancel))
        .routes(routes!(settings::get, settings::put))
        .routes(routes!(prompts::get, prompts::put))
        .routes(routes!(prompts::stored))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::revoke))
        .routes(routes!(vault::list))
        .routes(routes!(vault::put, vault::delete))
        .routes(routes!(vault::grants))
        .routes(routes!(vault::revoke))
        .routes(routes!(vault::rotate))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(session::get, session::create, session::delete))
        .routes(routes!(session::link))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::disable))
        .routes(routes!(users::profile))
        .routes(routes!(avatars::get))
        .routes(routes!(operations::models))
        .routes(routes!(operations::status))
        .routes(routes!(stats::get))
        .routes(routes!(registry::list))
        .routes(routes!(registry::search))
        .routes(routes!(registry::get))
        .routes(routes!(registry::execute))
        .routes(routes!(registry::add))
        .routes(routes!(registry::remove))
        .routes(routes!(registry::sync))
}

/// What may have data along with it.
fn messages() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(ui_messages::resume))
        .layer(DefaultBodyLimit::max(messages::MESSAGE_LIMIT))
}

fn imports() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(registry::import))
        .routes(routes!(import::import))
        .layer(DefaultBodyLimit::max(IMPORT_LIMIT))
}

/// All routes; `front` says what stands before them, and pages of `origins` may use the API.
pub fn router(app: App, front: Arc<Front>, origins: Vec<Origin>) -> Router {
    let api = api().layer(DefaultBodyLimit::max(BODY_LIMIT)).merge(messages()).merge(imports());
    let (api, _) = api.split_for_parts();
    api.route("/api/omega/openapi.json", get(description))
        .route("/api/omega/stop", post(operations::stop))
        .route("/livez", get(operations::livez))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(metrics::get))
        .merge(docs())
        .merge(page::router())
        .merge(gateway::openai::router())
        .merge(gateway::mcp::router())
        .fallback(nothing)
        .method_not_allowed_fallback(|| async { ApiError::wrong_method() })
        .layer(middleware::from_fn_with_state(app.clone(), answered))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::layer))
        .layer(middleware::from_fn(gateway::openai::errors))
        .layer(middleware::from_fn(query::layer))
        .layer(middleware::from_fn(extract::no_nul))
        .layer(middleware::from_fn(host::layer))
        .layer(middleware::from_fn(compress::layer))
        .layer(middleware::from_fn_with_state(Arc::clone(&app.gate), limits::layer))
        // Again, for what was refused on the way.
        .layer(middleware::from_fn(gateway::openai::errors))
        .layer(middleware::from_fn_with_state(Arc::from(origins), cors::layer))
        .layer(middleware::from_fn(with_headers))
        .layer(middleware::from_fn_with_state(Arc::clone(&front), front::layer))
        .layer(middleware::from_fn_with_state(front, log_line::layer))
        .with_state(app)
}

/// Where there is nothing: a page for whoever reads pages, but not below the doors of programs.
async fn nothing(method: Method, uri: Uri, request: HeaderMap) -> Response {
    let is_programs = cors::DOORS.iter().any(|door| uri.path().starts_with(door));
    let page = if is_programs { None } else { page::nothing_at(&method, uri, request).await };
    page.unwrap_or_else(|| ApiError::no_route().into_response())
}

/// The listener of the metrics' own: they, and nothing else.
pub fn metrics(app: App) -> Router {
    let router = Router::new().route("/metrics", get(metrics::open));
    router.fallback(|| async { ApiError::no_route() }).with_state(app)
}

/// The description of the API.
pub fn openapi() -> Value {
    let (_, description) = api().merge(messages()).merge(imports()).split_for_parts();
    openapi::whole(&description)
}

/// The same as it is sent: it does not change while the server lives, and anybody may ask for it.
static DESCRIPTION: LazyLock<Document> = LazyLock::new(|| Document::new(openapi().to_string().into_bytes()));

async fn description(request: HeaderMap) -> Response {
    DESCRIPTION.answer(&request, "application/json")
}

/// A request is known of while it is worked on, and nobody is told of what a power cut could still take back. Probes and the
/// page's files tell nothing of it.
async fn answered(State(app): State<App>, request: Request, next: Next) -> Response {
    let tells = cors::DOORS.iter().any(|door| request.uri().path().starts_with(door));
    let _answering = app.answering();
    let response = next.run(request).await;
    if !tells {
        return response;
    }
    match app.store.kept().await {
        Ok(()) => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Headers that every answer has; the page sets stricter ones itself.
async fn with_headers(request: Request, next: Next) -> Response {
    let is_tls = front::is_tls(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(HeaderName::from_static("omega-api")).or_insert(HeaderValue::from_static("1"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(OPENER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// The same for people.
static DOCS: LazyLock<Document> = LazyLock::new(|| Document::new(openapi::page::html(&openapi()).into_bytes()));
static DOCS_STYLE: LazyLock<Document> =
    LazyLock::new(|| Document::new((page::faces() + openapi::page::STYLE).into_bytes()));

fn docs<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let html = async |request: HeaderMap| DOCS.answer(&request, "text/html; charset=utf-8");
    let style = async |request: HeaderMap| DOCS_STYLE.answer(&request, "text/css; charset=utf-8");
    Router::new()
        .route("/api/omega/docs", get(html))
        .route("/api/omega/docs.css", get(style))
        .layer(middleware::map_response(page::secure))
}
