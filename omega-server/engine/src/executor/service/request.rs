//! What callers send, checked field by field so that a refusal says which one is wrong.

use super::{MAX_BODY, MAX_TIMEOUT, Refusal};
use axum::{body::Bytes, extract::rejection::BytesRejection};
use omega_core::{
    id::{ToolId, ToolRunId},
    registry::Calling,
};
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};

/// A call. Holds secrets: no `Debug`.
pub struct ExecuteRequest {
    pub id: ToolRunId,
    pub owner: String,
    pub tool: ToolId,
    pub version: String,
    pub calling: Calling,
    pub params: Value,
    pub env: BTreeMap<String, SecretString>,
    /// Whether a person allowed it. Callers that do not know of that call in a person's name.
    pub approved: bool,
    pub timeout: Duration,
}

/// A package, or one of its tools.
pub struct PackageRequest {
    pub package: String,
    pub version: String,
    /// Only where one tool is asked for.
    pub name: String,
    /// Who it is for; owners take turns.
    pub owner: String,
}

type Body = Result<Bytes, BytesRejection>;

/// The fields of a JSON object.
pub fn fields(body: Body) -> Result<Map<String, Value>, Refusal> {
    let bytes = body.map_err(|_| Refusal::too_large(MAX_BODY))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::invalid("the body must be a JSON object")),
        Err(error) => Err(Refusal::invalid(format!("the body is no JSON: {error}"))),
    }
}

impl ExecuteRequest {
    /// Of `POST /execute-tool`. An `importUrl` is ignored: the package comes from the registry, in the version asked for.
    pub fn parse(mut fields: Map<String, Value>, key: Option<&str>) -> Result<Self, Refusal> {
        let asked = PackageRequest::parse(&fields, true)?;
        let params = match fields.remove("params") {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(params @ Value::Object(_)) => params,
            Some(_) => return Err(Refusal::invalid("`params` must be an object")),
        };
        let calling = match fields.remove("calling") {
            None | Some(Value::Null) => Calling::Tool,
            Some(calling) => serde_json::from_value(calling)
                .map_err(|error| Refusal::invalid(format!("`calling` is none: {error}")))?,
        };
        let timeout = match &fields.get("timeoutMs") {
            None | Some(Value::Null) => MAX_TIMEOUT,
            Some(millis) => millis
                .as_u64()
                .map(Duration::from_millis)
                .ok_or_else(|| Refusal::invalid("`timeoutMs` must be a whole number of milliseconds"))?,
        };
        Ok(Self {
            id: key.and_then(|key| key.parse().ok()).unwrap_or_else(ToolRunId::new),
            owner: asked.owner,
            tool: ToolId::new(&asked.package, &asked.name),
            version: asked.version,
            calling,
            params,
            approved: fields.get("approved") != Some(&Value::Bool(false)),
            env: env(fields.remove("env"))?,
            timeout: timeout.min(MAX_TIMEOUT),
        })
    }
}

impl PackageRequest {
    /// Of the other requests; with `named`, of one tool.
    pub fn parse(fields: &Map<String, Value>, named: bool) -> Result<Self, Refusal> {
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(Refusal::invalid(format!("`{name}` must be a string"))),
        };
        let needed = |name: &str| match text(name)? {
            text if text.is_empty() => Err(Refusal::invalid(format!("`{name}` is missing"))),
            text => Ok(text),
        };
        Ok(Self {
            package: needed("packageName")?,
            name: if named { needed("name")? } else { String::new() },
            owner: fields.get("owner").and_then(Value::as_str).unwrap_or_default().to_owned(),
            version: match text("version")? {
                version if version.is_empty() => "latest".to_owned(),
                version => version,
            },
        })
    }
}

fn env(env: Option<Value>) -> Result<BTreeMap<String, SecretString>, Refusal> {
    let fields = match env {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(Refusal::invalid("`env` must be an object of strings")),
    };
    let variable = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok((name, SecretString::from(value))),
        _ => Err(Refusal::invalid(format!("`env.{name}` must be a string"))),
    };
    fields.into_iter().map(variable).collect()
}
