//! `ask`: a message to the agent, with its progress, to where the run ends or waits.

use super::{
    super::{
        follow::{Ending, Following, Piece, no_answer},
        sending::{Begun, Place, Sending, begin},
        waiting,
    },
    Visit, outcome,
};
use crate::http::{
    auth::access,
    idempotency::fingerprint,
    limits::Class,
    reply::{ApiError, ApiResult},
};
use omega_core::{budget, model::catalog::ModelName};
use omega_engine::store::IdempotencyKey;
use rmcp::{
    RoleServer,
    model::{CallToolResult, JsonObject, ProgressNotificationParam},
    service::RequestContext,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// As long as a native client's wait.
const WAIT: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    message: String,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// The key of a call.
pub fn key(visit: &Visit, tool: &str, key: Option<&str>, given: &JsonObject) -> ApiResult<Option<IdempotencyKey>> {
    let Some(key) = key else { return Ok(None) };
    if key.is_empty() || key.len() > 255 {
        return Err(ApiError::invalid("idempotencyKey", "has 1 to 255 characters"));
    }
    Ok(Some(IdempotencyKey {
        principal: visit.caller.user.to_string(),
        key: key.to_owned(),
        route: format!("MCP {tool}"),
        fingerprint: fingerprint(&serde_json::to_vec(given).unwrap_or_default()),
    }))
}

pub async fn call(visit: &Visit, given: JsonObject, context: &RequestContext<RoleServer>) -> ApiResult<CallToolResult> {
    let Visit { app, caller, .. } = visit;
    let ask: Ask = outcome::arguments(given.clone())?;
    super::super::super::text("message", &ask.message, budget::MESSAGE.most)?;
    if ask.message.contains('\0') {
        return Err(ApiError::invalid("message", "has the character U+0000, which no text here can have"));
    }
    if let Some(model) = &ask.model {
        model.parse::<ModelName>()?;
    }
    app.gate.charge(caller.user, Class::Runs)?;
    let place = match &ask.conversation {
        None => Place::New(Vec::new()),
        Some(id) => {
            app.gate.may_guess(caller.user)?;
            let opened = access::opened(app, caller, id).await;
            Place::Known(opened.inspect_err(|_| app.gate.guessed_wrong(caller.user))?)
        }
    };
    let key = key(visit, super::tools::ASK, ask.idempotency_key.as_deref(), &given)?;
    let (message, model) = (ask.message, ask.model);
    let sending = Sending { place, message, instructions: None, model, answer_schema: None, key };
    let begun = begin(app, caller, sending).await?;
    let told = Told::of(visit, &begun);
    let following = Following::of(app, begun, false);
    match tokio::time::timeout(WAIT, followed(following, context)).await {
        Ok(ending) => Ok(told.result(ending?)),
        Err(_) => Ok(told.result(Ending::Elsewhere)),
    }
}

/// Follows a run to its end, and says what it does to whoever wants to know.
async fn followed(mut following: Following, context: &RequestContext<RoleServer>) -> ApiResult<Ending> {
    let token = context.meta.get_progress_token();
    let mut steps = 0.0;
    loop {
        let doing = match following.next().await? {
            Piece::Ended(ending) => return Ok(ending),
            Piece::Doing(words) => words,
            Piece::Silence => String::from("it works"),
            Piece::Text(..) | Piece::Void | Piece::Whole => continue,
        };
        if let Some(token) = &token {
            steps += 1.0;
            let progress = ProgressNotificationParam::new(token.clone(), steps).with_message(doing);
            // Whoever hung up gets no more; the run goes on.
            let _ = context.peer.notify_progress(progress).await;
        }
    }
}

/// What is known of a run from its beginning.
struct Told {
    data: Value,
    link: String,
}

impl Told {
    fn of(visit: &Visit, begun: &Begun) -> Self {
        let link = waiting::link(&visit.headers, &begun.page);
        let conversation = begun.state.conversation_id;
        let data = json!({
            "conversation": conversation, "url": link, "run": begun.state.id, "model": begun.state.model,
            "resource": super::resources::uri(conversation),
        });
        Self { data, link }
    }

    fn result(self, ending: Ending) -> CallToolResult {
        let Self { mut data, link } = self;
        let (status, text, is_error) = match ending {
            Ending::Answered { answer, usage, finish } => {
                data["usage"] = json!(usage);
                data["answer"] = json!(answer);
                data["finishReason"] = json!(finish);
                let short = finish.and_then(|finish| finish.shortfall()).map(|why| format!("\n\n({why})"));
                ("completed", format!("{answer}{}", short.unwrap_or_default()), false)
            }
            Ending::Waits { action, .. } => {
                let words = waiting::words(&action, &link);
                data["requiresAction"] = json!(action);
                ("paused", words, false)
            }
            other => {
                let status = match other {
                    Ending::Failed(_) => "failed",
                    Ending::Cancelled(_) => "cancelled",
                    _ => "running",
                };
                let refusal = no_answer(&other, &link).into_body();
                (status, refusal.error, status != "running")
            }
        };
        data["status"] = json!(status);
        outcome::told(text, data, is_error)
    }
}
