//! What both endpoints ask for, once it is read.

use super::{
    super::sending::{Begun, Place, Sending, begin},
    LIMIT,
    content::Said,
    error::refused,
    fields::Fields,
};
use crate::http::{
    auth::access,
    idempotency::{fingerprint, key_of},
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::http::HeaderMap;
use omega_core::{api::ErrorCode, budget};
use omega_engine::{
    domain::caller::Caller,
    store::{IdempotencyKey, access::Access},
};
use serde_json::{Map, Value};

/// The name under which the model is the conversation's, the caller's or the server's.
pub const DEFAULT_MODEL: &str = "omega";

/// The body of a request.
pub type Request = crate::http::extract::Body<Map<String, Value>, LIMIT>;

/// The key of a request, if it has one.
pub fn idempotency(
    headers: &HeaderMap,
    caller: &Caller,
    route: &str,
    body: &Map<String, Value>,
) -> ApiResult<Option<IdempotencyKey>> {
    let Some(key) = key_of(headers)? else { return Ok(None) };
    Ok(Some(IdempotencyKey {
        principal: caller.user.to_string(),
        key: key.to_owned(),
        route: format!("POST {route}"),
        fingerprint: fingerprint(&serde_json::to_vec(body).unwrap_or_default()),
    }))
}

/// The model of a request: `provider/model`, or nothing for [`DEFAULT_MODEL`].
pub async fn model(app: &App, caller: &Caller, fields: &mut Fields, is_needed: bool) -> ApiResult<Option<String>> {
    let name = fields.text("model")?;
    let name = if is_needed { Some(fields.needed("model", name)?) } else { name };
    let Some(name) = name.filter(|name| name != DEFAULT_MODEL) else { return Ok(None) };
    known_model(app, caller, &name).await?;
    Ok(Some(name))
}

/// Whether there is a model of this name for the caller.
///
/// # Errors
/// `model_not_found`, with what there is.
pub async fn known_model(app: &App, caller: &Caller, name: &str) -> ApiResult<()> {
    app.engine.payer(caller.user, name).await.map(drop).map_err(|error| {
        let words = format!("{error}. `{DEFAULT_MODEL}` is this server's own choice; GET /v1/models lists the others.");
        ApiError::new(ErrorCode::NotFound, words).with("param", "model").with("openai", "model_not_found")
    })
}

/// The JSON Schema of a format of answers (`response_format`, or `text.format`), if it wants one.
pub fn schema(format: Option<Fields>, has_own_member: bool) -> ApiResult<Option<Value>> {
    let Some(mut format) = format else { return Ok(None) };
    let kind = format.text("type")?;
    let kind = format.needed("type", kind)?;
    let place = format.place("type");
    let schema = match kind.as_str() {
        "text" => None,
        "json_schema" => {
            let mut holder = if has_own_member {
                let holder = format.object("json_schema")?;
                let holder = format.needed("json_schema", holder)?;
                format.end()?;
                holder
            } else {
                format
            };
            let schema = holder.take("schema");
            let schema = holder.needed("schema", schema)?;
            if !schema.is_object() {
                return Err(super::fields::wrong_type(&holder.place("schema"), "an object", &schema));
            }
            let name = holder.text("name")?;
            holder.needed("name", name)?;
            // A schema's own name, what it says of itself, and how strict the provider may be: the provider's to say here.
            holder.hints(&["description", "strict"]);
            holder.end()?;
            return Ok(Some(schema));
        }
        "json_object" => {
            let words = format!("Unsupported value: '{place}' is 'json_object'; say which object with 'json_schema'.");
            return Err(refused(&place, "unsupported_value", words));
        }
        _ => {
            let words = format!("Invalid value for '{place}'. Supported values are: 'text' and 'json_schema'.");
            return Err(refused(&place, "invalid_value", words));
        }
    };
    format.end()?;
    Ok(schema)
}

/// The conversation of this id, for the caller.
pub async fn conversation(app: &App, caller: &Caller, id: &str) -> ApiResult<Access> {
    access::opened(app, caller, id).await
}

/// Where the messages of a request go: all of them into a new conversation, or the last one into one that has the others.
pub fn place(known: Option<Access>, said: &mut Said, list: &str) -> ApiResult<Place> {
    let earlier = std::mem::take(&mut said.earlier);
    match known {
        None => Ok(Place::New(earlier)),
        Some(access) if earlier.is_empty() => Ok(Place::Known(access)),
        Some(_) => {
            let words = format!(
                "Invalid '{list}': the conversation has what was said before, and would have it twice. Send the new message alone, \
                 or all of them without naming a conversation."
            );
            Err(refused(list, "invalid_value", words))
        }
    }
}

/// What is to be begun.
pub struct Asked {
    pub said: Said,
    pub model: Option<String>,
    pub schema: Option<Value>,
    pub known: Option<Access>,
    pub key: Option<IdempotencyKey>,
}

impl Asked {
    /// Begins the run; `list` is where the messages stand.
    pub async fn begin(self, app: &App, caller: &Caller, list: &str) -> ApiResult<Begun> {
        let Self { mut said, model, schema, known, key } = self;
        let place = place(known, &mut said, list)?;
        let Some(message) = said.message else {
            let words = format!("Invalid '{list}': the last message has to be the user's; it is what is answered.");
            return Err(refused(list, "invalid_value", words));
        };
        if message.len() > budget::MESSAGE.most {
            let words = format!(
                "Invalid '{list}': the message has {} bytes; at most {} are read.",
                message.len(),
                budget::MESSAGE.most
            );
            return Err(refused(list, "string_above_max_length", words));
        }
        let instructions = Some(said.instructions.join("\n\n")).filter(|text| !text.trim().is_empty());
        if instructions.as_ref().is_some_and(|text| text.len() > budget::MESSAGE.most) {
            let words = format!("Instructions have more than {} bytes.", budget::MESSAGE.most);
            return Err(refused("instructions", "string_above_max_length", words));
        }
        begin(app, caller, Sending { place, message, instructions, model, answer_schema: schema, key }).await
    }
}
