//! A conversation as a document (M7).

use crate::{
    access::Access,
    answer::{ApiError, ApiResult},
    audit::{Action, Fact},
    extract::Params,
    state::App,
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use omega_core::{export, id::ConversationId};
use serde::Deserialize;

/// Which document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Format {
    /// `json` or `markdown`.
    #[serde(default)]
    pub format: Option<String>,
}

/// The whole conversation, as JSON or Markdown.
#[utoipa::path(get, path = "/api/omega/conversations/{id}/export", tag = "conversations",
    params(("id" = ConversationId, Path), Format), responses((status = 200, body = String)))]
pub async fn get(State(app): State<App>, access: Access, Params(query): Params<Format>) -> ApiResult<Response> {
    let detail = app.engine.detail(&access, None, u32::MAX, usize::MAX).await?;
    // No copy leaves without its record.
    let fact = Fact::new(Action::ConversationExported, "conversation").of(access.conversation(), None);
    app.store.audit(&[fact.with("format", query.format.as_deref().unwrap_or("json"))]).await?;
    let (kind, extension, document) = match query.format.as_deref() {
        None | Some("json") => {
            let document = export::json(&detail).map_err(ApiError::internal)?;
            ("application/json", "json", document)
        }
        Some("markdown" | "md") => ("text/markdown; charset=utf-8", "md", export::markdown(&detail)),
        Some(other) => {
            return Err(ApiError::invalid("format", &format!("`{other}` is neither json nor markdown")));
        }
    };
    let disposition = format!("attachment; filename=\"omega-{}.{extension}\"", access.conversation());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], document)
        .into_response())
}
