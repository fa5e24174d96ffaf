//! Conversations as resources: Markdown, as the export gives it.

use super::{super::super::export, Visit, outcome};
use crate::http::{auth::access, reply::ApiError};
use omega_core::id::ConversationId;
use rmcp::{
    ErrorData,
    model::{ReadResourceResponse, ReadResourceResult, ResourceContents, ResourceTemplate},
};
use serde_json::json;

const BEFORE: &str = "omega://conversations/";

/// The address of a conversation.
pub fn uri(conversation: ConversationId) -> String {
    format!("{BEFORE}{conversation}")
}

pub fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{BEFORE}{{id}}"), "conversation")
        .with_title("A conversation with Omega")
        .with_description(
            "Messages, tool calls and what came of them. The id is in the answer of `ask`; the server lists none.",
        )
        .with_mime_type("text/markdown")
}

pub async fn read(visit: &Visit, address: &str) -> Result<ReadResourceResponse, ErrorData> {
    let Visit { app, caller, .. } = visit;
    let unknown = || {
        let words =
            format!("`{}` is no conversation that you can open; it looks like {BEFORE}ID", outcome::said(address));
        ErrorData::resource_not_found(words, Some(json!({ "uri": outcome::said(address) })))
    };
    let id = address.strip_prefix(BEFORE).ok_or_else(unknown)?;
    app.gate.may_guess(caller.user).map_err(failed)?;
    let Ok(access) = access::opened(app, caller, id).await else {
        app.gate.guessed_wrong(caller.user);
        return Err(unknown());
    };
    let document = export::markdown(app, &access).await.map_err(failed)?;
    let contents = ResourceContents::text(document, address).with_mime_type("text/markdown");
    Ok(ReadResourceResponse::Complete(ReadResourceResult::new(vec![contents])))
}

fn failed(error: ApiError) -> ErrorData {
    let refusal = error.into_body();
    let data = json!({ "code": refusal.details.code, "requestId": refusal.request_id });
    ErrorData::internal_error(refusal.error, Some(data))
}
