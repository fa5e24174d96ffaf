//! The caller's stored credentials and grants (C6), and the change of the server's master key. Values come in and never
//! go out.

use super::tool_ids;
use crate::http::{
    extract::{Body, Params, Segment},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{CredentialScope, ErrorCode, PutCredential, Remains, RotateVault, Rotated, StoredCredential, StoredGrant},
    edition::Edition,
    id::ToolId,
    model::catalog::is_provider_key,
    registry::Viewer,
};
use omega_engine::{
    domain::{
        caller::Caller,
        sealed::{CredentialPlace, Scope},
        variables,
    },
    store::StoreError,
    vault::VaultError,
};
use secrecy::SecretString;
use serde::Deserialize;

const MAX_VALUE: usize = 32 * 1024;

/// For which tool.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfTool {
    /// The tool's own; the one for all tools when missing.
    #[serde(default)]
    pub tool_id: Option<ToolId>,
}

/// Which of the credentials with a name.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfScope {
    /// The tool's own.
    #[serde(default)]
    pub tool_id: Option<ToolId>,
    /// Who may use it; as when it is stored when missing.
    #[serde(default)]
    pub scope: Option<CredentialScope>,
}

/// The caller's stored credentials: names and last characters.
#[utoipa::path(get, operation_id = "listCredentials",
    path = "/api/omega/settings/credentials", tag = "settings",
    responses((status = 200, body = [StoredCredential])))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Reply<Vec<StoredCredential>>> {
    let kept = app.store.credentials_of(caller.user).await?;
    Ok(Reply::ok(kept.into_iter().map(|kept| kept.into_api()).collect::<Result<_, StoreError>>()?))
}

/// Stores a credential, or replaces it. A model provider's key is for models, unless it is said that it is for tools: no tool
/// gets it, and the caller's runs are paid with it in place of the server's. One for a tool is for the tool's version that the caller has now, and what follows it
/// within its major version; every other one asks before it gets it.
#[utoipa::path(put, operation_id = "putCredential",
    path = "/api/omega/settings/credentials/{name}", tag = "settings", params(("name" = String, Path)),
    request_body = PutCredential, responses((status = 200, body = StoredCredential)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    Segment(name): Segment,
    Body(body): Body<PutCredential>,
) -> ApiResult<Reply<StoredCredential>> {
    variables::check(&name).map_err(|bad| ApiError::invalid("name", &format!("`{name}` {bad}")))?;
    if body.value.is_empty() || body.value.len() > MAX_VALUE {
        return Err(ApiError::invalid("value", "must have 1 to 32,768 bytes"));
    }
    let scope = body.scope.unwrap_or_else(|| usual(&name, body.tool_id.as_ref()));
    let place = place(&caller, scope, body.tool_id.as_ref(), name)?;
    let value = SecretString::from(body.value);
    let given = match &body.tool_id {
        // For the row that the caller has now: another one in its place asks first.
        Some(tool) => app.registry.known(Viewer::User(caller.user), tool).await.map(|tool| Edition::of(&tool)),
        None => Ok(Edition::default()),
    };
    let given = given.unwrap_or_default();
    let because = app.engine.vault().keep(&place, &value, &given, body.kept_in).await.map_err(unkept)?;
    let kept = app.store.credential(place.user, place.scope, &place.of, &place.name).await?;
    Ok(Reply::ok(StoredCredential { because, ..kept.ok_or(StoreError::NotFound)?.into_api()? }))
}

/// Deletes a credential; one for all tools takes its grants along. 202 when the keyring of the user's machine does not give up its
/// value just now: it pays for nothing any more, and is taken out there as soon as that is possible.
#[utoipa::path(delete, operation_id = "deleteCredential",
    path = "/api/omega/settings/credentials/{name}", tag = "settings",
    params(("name" = String, Path), OfScope), responses((status = 204), (status = 202, body = Remains)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Segment(name): Segment,
    Params(of): Params<OfScope>,
) -> ApiResult<Response> {
    let scope = of.scope.unwrap_or_else(|| usual(&name, of.tool_id.as_ref()));
    let place = place(&caller, scope, of.tool_id.as_ref(), name)?;
    Ok(match app.engine.vault().forget(&place).await.map_err(unkept)? {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(remains) => Reply::accepted(Remains { remains }).into_response(),
    })
}

/// Which tools may have the caller's credentials for all tools.
#[utoipa::path(get, operation_id = "listGrants",
    path = "/api/omega/settings/grants", tag = "settings",
    responses((status = 200, body = [StoredGrant])))]
pub async fn grants(State(app): State<App>, caller: Caller) -> ApiResult<Reply<Vec<StoredGrant>>> {
    let grants = app.store.grants(caller.user).await?.into_iter().map(|grant| StoredGrant {
        name: grant.name,
        tool_id: grant.tool,
        publisher: grant.publisher,
        max_major: grant.edition.as_ref().and_then(Edition::major),
        version: grant.edition.map(|edition| edition.version),
        source: grant.source,
        granted_at: grant.granted_at,
    });
    Ok(Reply::ok(grants.collect()))
}

/// Takes a grant back: the tool's next use of the credential asks again.
#[utoipa::path(delete, operation_id = "revokeGrant",
    path = "/api/omega/settings/grants/{name}", tag = "settings",
    params(("name" = String, Path), OfTool), responses((status = 204)))]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Segment(name): Segment,
    Params(of): Params<OfTool>,
) -> ApiResult<StatusCode> {
    let tool = of.tool_id.ok_or_else(|| ApiError::invalid("toolId", "say which tool's grant"))?;
    app.store.revoke_grant(caller.user, &name, &tool).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the master key while everything goes on; `deep` seals every stored value anew, too.
#[utoipa::path(post, operation_id = "rotateVault",
    path = "/api/omega/vault/rotate", tag = "operations", request_body = RotateVault,
    responses((status = 200, body = Rotated)))]
pub async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<RotateVault>,
) -> ApiResult<Reply<Rotated>> {
    if !app.store.is_admin(caller.user).await? {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "only an administrator of this server may change its master key",
        ));
    }
    match app.engine.vault().rotate(body.deep).await {
        Ok(rotated) => Ok(Reply::ok(rotated)),
        // What it says is for the administrator.
        Err(VaultError::Master(error)) => Err(ApiError::new(ErrorCode::InvalidInput, error.to_string())),
        Err(error) => Err(StoreError::from(error).into()),
    }
}

/// A keyring's refusal is for whoever stores something in it.
fn unkept(error: VaultError) -> ApiError {
    match error {
        VaultError::Keyring(why) => ApiError::new(ErrorCode::UpstreamUnavailable, why),
        other => StoreError::from(other).into(),
    }
}

/// For whom a credential is when nobody says.
fn usual(name: &str, tool: Option<&ToolId>) -> CredentialScope {
    match tool {
        Some(_) => CredentialScope::Tool,
        None if is_provider_key(name) => CredentialScope::Model,
        None => CredentialScope::Global,
    }
}

fn place(caller: &Caller, scope: CredentialScope, tool: Option<&ToolId>, name: String) -> ApiResult<CredentialPlace> {
    tool_ids("toolId", tool.cloned().as_slice())?;
    let (scope, of) = match (scope, tool) {
        (CredentialScope::Tool, Some(tool)) => (Scope::Tool, tool.to_string()),
        (CredentialScope::Global, None) => (Scope::Global, String::new()),
        (CredentialScope::Model, None) if is_provider_key(&name) => (Scope::Model, String::new()),
        (CredentialScope::Model, None) => {
            return Err(ApiError::invalid(
                "scope",
                &format!("`{name}` is no model provider's key; `omega models` names them"),
            ));
        }
        (CredentialScope::Tool, None) => return Err(ApiError::invalid("toolId", "say for which tool")),
        (CredentialScope::Global | CredentialScope::Model, Some(_)) => {
            return Err(ApiError::invalid("scope", "is `tool` where there is a toolId"));
        }
    };
    Ok(CredentialPlace { user: caller.user, scope, of, name })
}
