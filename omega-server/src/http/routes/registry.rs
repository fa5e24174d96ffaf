//! The registry, as TPMJS serves it, and adding to it.

use super::{text, variables, why_not};
use crate::http::{
    auth::{Admin, Looking},
    extract::{Body, Params, Segment},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use omega_core::{
    api::{
        AddPackage, AddScope, AddedPackage, ErrorCode, ExecuteAnswer, ExecuteRequest, Imported, Pagination,
        RegistryStatus, SearchAnswer, ToolRow,
    },
    budget::{QUERY, ROWS, Size},
    executor::ToolErrorCode,
    id::{ToolId, UserId},
    registry::{Hit, Query as ToolQuery, Registry, Viewer},
};
use omega_engine::{
    domain::caller::Caller,
    engine::Called,
    executor::{
        breaker::{BreakerKey, shown_to},
        snapshot,
    },
    registry::{AddError, Outcomes},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What npm allows a package's name.
const MAX_PACKAGE: usize = 214;

/// A search.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// The words.
    #[serde(default, alias = "query")]
    pub q: String,
    /// Only this category.
    #[serde(default)]
    pub category: Option<String>,
    /// 1 to 100.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Ranked tools, best first. Needs no key, as at TPMJS: its own clients send none. With one, the caller's own tools are among
/// them.
#[utoipa::path(get, operation_id = "searchTools",
    path = "/api/tools/search", tag = "registry", params(Search), responses((status = 200, body = SearchAnswer)),
    security(()))]
pub async fn search(
    State(app): State<App>,
    Looking(viewer): Looking,
    Params(query): Params<Search>,
) -> ApiResult<Json<SearchAnswer>> {
    QUERY.fit(&query.q).map_err(|over| ApiError::invalid("q", &over.to_string()))?;
    let limit = query.limit.unwrap_or(10).clamp(1, 100);
    let asked = ToolQuery { text: query.q.clone(), category: query.category.clone(), limit };
    let hits = app.registry.search(viewer, asked).await?;
    let row = |hit: &Hit| ToolRow::new(&hit.tool, Some(hit.score)).with_outcomes(hit.runs, hit.failures);
    let rows = bounded(hits.iter().map(row));
    Ok(Json(SearchAnswer::new(&query.q, query.category.as_deref(), limit, rows)))
}

/// The rows that one answer has room for: the first of them always.
fn bounded(rows: impl Iterator<Item = ToolRow>) -> Vec<ToolRow> {
    let mut bytes = 0;
    let fits = |row: &ToolRow| {
        let is_first = bytes == 0;
        bytes += Size::of(&json!(row)).bytes;
        is_first || ROWS.check(bytes).is_ok()
    };
    rows.take_while(fits).collect()
}

/// A list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct List {
    /// Only this category.
    #[serde(default)]
    pub category: Option<String>,
    /// 1 to 1,000.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Rows to skip.
    #[serde(default)]
    pub offset: usize,
}

/// All tools, by pages. Needs no key, so that other registries can mirror this one; with one, the caller's own come first. A page
/// may have fewer rows than asked for: `pagination.nextCursor` is the next `offset`.
#[utoipa::path(get, operation_id = "listTools",
    path = "/api/tools", tag = "registry", params(List), responses((status = 200, body = [ToolRow])),
    security(()))]
pub async fn list(
    State(app): State<App>,
    Looking(viewer): Looking,
    Params(query): Params<List>,
) -> ApiResult<Reply<Vec<ToolRow>>> {
    let limit = query.limit.unwrap_or(20);
    if !(1..=1000).contains(&limit) {
        return Err(ApiError::invalid("limit", "must be between 1 and 1000"));
    }
    let (tools, has_more) = app.registry.list(viewer, query.category.as_deref(), query.offset, limit).await?;
    let rows = bounded(tools.iter().map(|tool| ToolRow::new(tool, None)));
    let has_more = has_more || rows.len() < tools.len();
    let next_cursor = has_more.then(|| query.offset.saturating_add(rows.len()).to_string());
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    Ok(Reply::page(rows, Pagination { limit, has_more, next_cursor }))
}

/// One tool, as the caller has it.
#[utoipa::path(get, operation_id = "getTool",
    path = "/api/tools/{tool_id}", tag = "registry", params(("tool_id" = String, Path)),
    responses((status = 200, body = ToolRow)))]
pub async fn get(State(app): State<App>, caller: Caller, Segment(tool_id): Segment) -> ApiResult<Reply<ToolRow>> {
    let id: ToolId = tool_id.parse().map_err(|error| ApiError::new(ErrorCode::InvalidInput, format!("{error}")))?;
    let viewer = Viewer::User(caller.user);
    let tool = app.registry.tool(viewer, &id).await?;
    let Outcomes { runs, failures } =
        app.registry.outcomes(viewer, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default();
    let key = BreakerKey::tool(&id, &tool.version);
    let open = shown_to(&caller.user.to_string(), &app.store.open_breakers().await?);
    let breaker = open.into_iter().find(|open| open.kind == "tool" && open.subject == key.subject());
    Ok(Reply::ok(ToolRow { breaker, ..ToolRow::new(&tool, None).with_outcomes(runs, failures) }))
}

/// Runs one tool once, as the caller has it, outside of any conversation.
#[utoipa::path(post, operation_id = "executeTool",
    path = "/api/registry/execute", tag = "registry", request_body = ExecuteRequest,
    responses((status = 200, body = ExecuteAnswer), (status = 404, body = ExecuteAnswer), (status = 422, body = ExecuteAnswer)))]
pub async fn execute(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ExecuteRequest>,
) -> ApiResult<(StatusCode, HeaderMap, Json<ExecuteAnswer>)> {
    let id: ToolId =
        body.tool_id.parse().map_err(|error| ApiError::new(ErrorCode::InvalidInput, format!("{error}")))?;
    let input = if body.params.is_null() { json!({}) } else { body.params };
    if !input.is_object() {
        return Err(ApiError::invalid("params", "must be a JSON object"));
    }
    let called = app.engine.execute_once(caller.user, id.clone(), input, variables(&body.env)?).await?;
    Ok(executed(&id, called))
}

/// A call's outcome in TPMJS's shape, and the status that says whose fault a failure is.
fn executed(id: &ToolId, called: Called) -> (StatusCode, HeaderMap, Json<ExecuteAnswer>) {
    let meta = json!({ "package": id.package(), "version": called.version, "authenticated": true });
    let answer = ExecuteAnswer {
        success: called.result.is_ok(),
        tool_id: id.to_string(),
        execution_time_ms: called.duration_ms,
        meta,
        result: called.result.as_ref().ok().cloned(),
        error: called.result.as_ref().err().map(|error| error.message.clone()),
        code: called.result.as_ref().err().map(|error| error.code.as_str().to_owned()),
        details: called.result.as_ref().err().and_then(|error| error.details.clone()),
    };
    let status = match called.result.as_ref().map_err(|error| error.code) {
        Ok(_) => StatusCode::OK,
        Err(ToolErrorCode::ToolNotFound | ToolErrorCode::PackageNotFound) => StatusCode::NOT_FOUND,
        Err(ToolErrorCode::MissingEnvVars) => StatusCode::BAD_REQUEST,
        Err(ToolErrorCode::Overloaded) => StatusCode::TOO_MANY_REQUESTS,
        Err(ToolErrorCode::RuntimeUnavailable | ToolErrorCode::RegistryUnavailable | ToolErrorCode::BreakerOpen) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(ToolErrorCode::ExecutorUnreachable | ToolErrorCode::Unknown) => StatusCode::BAD_GATEWAY,
        Err(ToolErrorCode::Timeout) => StatusCode::GATEWAY_TIMEOUT,
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut headers = HeaderMap::new();
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let seconds = answer.details.as_ref().and_then(|details| details["retryAfterSeconds"].as_u64()).unwrap_or(1);
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    (status, headers, Json(answer))
}

/// Adds the tools of a package or of an MCP server by its address, or the likeliest functions of one that holds no tools, or one
/// function of a package: for everybody when an administrator does, else for the caller alone. What is one's own stands in place of
/// what everybody has, in one's own searches and conversations only. What everybody has is set back to an older version with
/// `allowOlder` alone.
#[utoipa::path(post, operation_id = "addPackage",
    path = "/api/omega/registry/packages", tag = "registry", request_body = AddPackage,
    responses((status = 201, body = AddedPackage)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<AddPackage>,
) -> ApiResult<Reply<AddedPackage>> {
    text("package", &body.package, MAX_PACKAGE)?;
    variables(&body.env)?;
    let owner = owner(&caller, body.scope)?;
    let package = body.package.clone();
    let is_own = body.version.as_deref().is_some_and(snapshot::is_snapshot);
    app.registry.add(owner, body).await.map(Reply::created).map_err(|error| match error {
        AddError::Registry(error) => error.into(),
        AddError::Sandbox(error) => {
            let refused = ApiError::new(whose(error.code), why_not::words(&package, is_own, &error))
                .with("tool", serde_json::to_value(&error).unwrap_or(Value::Null));
            match error.details.as_ref().and_then(|details| details["retryAfterSeconds"].as_u64()) {
                Some(seconds) => refused.after(seconds),
                None => refused,
            }
        }
        other => ApiError::new(ErrorCode::InvalidInput, other.to_string()),
    })
}

/// Whose rows are meant: the caller's own, or everybody's, which are the administrators'.
fn owner(caller: &Caller, scope: Option<AddScope>) -> ApiResult<Option<UserId>> {
    match scope {
        Some(AddScope::Everybody) if !caller.is_admin => Err(ApiError::new(
            ErrorCode::Forbidden,
            "only an administrator of this server can change what everybody has; leave `scope` out to change what you have",
        )),
        Some(AddScope::Everybody) => Ok(None),
        Some(AddScope::Me) => Ok(Some(caller.user)),
        None => Ok((!caller.is_admin).then_some(caller.user)),
    }
}

/// For whom.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct For {
    /// As for adding. An administrator who says none takes out what is theirs alone where everybody has nothing.
    #[serde(default)]
    pub scope: Option<AddScope>,
}

/// Takes out what was added or imported of a package: then what everybody has counts again, or the starter catalogue after the next start.
#[utoipa::path(delete, operation_id = "removePackage",
    path = "/api/omega/registry/packages/{package}", tag = "registry", params(("package" = String, Path), For),
    responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Segment(package): Segment,
    Params(of): Params<For>,
) -> ApiResult<StatusCode> {
    text("package", &package, MAX_PACKAGE)?;
    let mut removed = app.registry.remove(owner(&caller, of.scope)?, &package).await?;
    if removed == 0 && of.scope.is_none() && caller.is_admin {
        removed = app.registry.remove(Some(caller.user), &package).await?;
    }
    match removed {
        0 => Err(ApiError::new(ErrorCode::NotFound, format!("nothing of {package} was added here"))),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Has the registry that this one mirrors read now; it goes on in the background, and the status says how far it has got.
#[utoipa::path(post, operation_id = "syncRegistry",
    path = "/api/omega/registry/sync", tag = "registry", responses((status = 202, body = RegistryStatus)))]
pub async fn sync(State(app): State<App>, _admin: Admin) -> ApiResult<Reply<RegistryStatus>> {
    let status = app.registry.status();
    if status.mirror.is_none() {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "this server mirrors no registry: it was started with TPMJS_API_URL=off; start it again without that, or with an address",
        ));
    }
    app.registry.mirror.want();
    Ok(Reply::accepted(status))
}

/// Whose fault it is that a package could not be added: the caller's, the package's, or of what runs it.
fn whose(code: ToolErrorCode) -> ErrorCode {
    match code {
        ToolErrorCode::ToolNotFound | ToolErrorCode::PackageNotFound => ErrorCode::NotFound,
        ToolErrorCode::ExecutorUnreachable | ToolErrorCode::Unknown => ErrorCode::UpstreamFailed,
        ToolErrorCode::Timeout => ErrorCode::UpstreamTimeout,
        ToolErrorCode::Overloaded
        | ToolErrorCode::RuntimeUnavailable
        | ToolErrorCode::RegistryUnavailable
        | ToolErrorCode::BreakerOpen => ErrorCode::UpstreamUnavailable,
        _ => ErrorCode::InvalidInput,
    }
}

/// Imports rows, one JSON object a line. By administrators: a row says what a tool is for everybody.
#[utoipa::path(post, operation_id = "importTools",
    path = "/api/omega/registry/import", tag = "registry", request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Imported)))]
pub async fn import(State(app): State<App>, _admin: Admin, body: Bytes) -> ApiResult<Reply<Imported>> {
    Ok(Reply::ok(app.registry.import(std::io::Cursor::new(body)).await?))
}
