//! OTLP's JSON: the protobuf messages of `opentelemetry/proto`, with ids in hex and 64-bit numbers as strings.

use super::config::OtlpConfig;
use crate::observe::{
    names::{SCHEMA, attribute},
    span::Ended,
};
use omega_core::api::Timestamp;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who sends.
pub struct Resource(Value);

impl Resource {
    pub fn new(config: &OtlpConfig, instance: &str) -> Self {
        let own = [
            (attribute::SERVICE, config.service.as_str()),
            (attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
            (attribute::SERVICE_INSTANCE, instance),
        ];
        let given = config.resource.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let attributes: Vec<Value> =
            own.into_iter().chain(given).map(|(name, text)| pair(name, &json!(text))).collect();
        Self(json!({ "attributes": attributes }))
    }

    /// A request with spans.
    pub fn spans(&self, spans: Vec<Value>) -> Value {
        let of = json!({ "scope": scope(), "spans": spans, "schemaUrl": SCHEMA });
        json!({ "resourceSpans": [{ "resource": self.0, "scopeSpans": [of], "schemaUrl": SCHEMA }] })
    }

    /// A request with records.
    pub fn lines(&self, records: Vec<Value>) -> Value {
        let of = json!({ "scope": scope(), "logRecords": records });
        json!({ "resourceLogs": [{ "resource": self.0, "scopeLogs": [of] }] })
    }
}

fn scope() -> Value {
    json!({ "name": "omega", "version": env!("CARGO_PKG_VERSION") })
}

/// A span.
pub fn span(span: &Ended) -> Value {
    let attributes: Vec<Value> = span.attributes.iter().map(|(name, value)| pair(name, value)).collect();
    let mut encoded = json!({
        "traceId": span.context.trace_id(),
        "spanId": span.context.span_id(),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanos(span.began),
        "endTimeUnixNano": nanos(span.ended),
        "attributes": attributes,
        // 1 for sampled: what is not is never recorded.
        "flags": 1,
    });
    if let Some(parent) = &span.parent {
        encoded["parentSpanId"] = json!(parent.span_id());
    }
    if let Some(link) = &span.link {
        encoded["links"] = json!([{ "traceId": link.trace_id(), "spanId": link.span_id() }]);
    }
    if let Some(error) = &span.error {
        encoded["status"] = json!({ "code": 2, "message": error });
    }
    encoded
}

/// A record, of its line.
pub fn line(line: &str) -> Option<Value> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str::<Value>(line) else { return None };
    let mut take = |name: &str| fields.shift_remove(name);
    let (ts, level, words) = (take("ts"), take("level"), take("msg"));
    let (event, trace, span) = (take("event"), take("trace_id"), take("span_id"));
    let level = level.as_ref().and_then(Value::as_str).unwrap_or("INFO").to_owned();
    let severity = match level.as_str() {
        "TRACE" => 1,
        "DEBUG" => 5,
        "WARN" => 13,
        "ERROR" => 17,
        _ => 9,
    };
    let at = ts.and_then(|ts| serde_json::from_value::<Timestamp>(ts).ok()).unwrap_or_else(Timestamp::now);
    let at = format!("{}", u128::from(at.0.unsigned_abs()) * 1_000_000);
    let mut record = Map::new();
    record.insert("timeUnixNano".into(), json!(at));
    record.insert("observedTimeUnixNano".into(), json!(at));
    record.insert("severityNumber".into(), json!(severity));
    record.insert("severityText".into(), json!(level));
    let body = words.or_else(|| event.clone()).unwrap_or_default();
    record.insert("body".into(), any(&body));
    let mut attributes: Vec<Value> = event.iter().map(|event| pair("event.name", event)).collect();
    attributes.extend(fields.iter().map(|(name, value)| pair(name, value)));
    record.insert("attributes".into(), Value::Array(attributes));
    if let (Some(trace), Some(span)) = (trace, span) {
        record.insert("traceId".into(), trace);
        record.insert("spanId".into(), span);
    }
    Some(Value::Object(record))
}

fn nanos(at: SystemTime) -> String {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string()
}

fn pair(name: &str, value: &Value) -> Value {
    json!({ "key": name, "value": any(value) })
}

fn any(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(is) => json!({ "boolValue": is }),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!({ "intValue": whole.to_string() }),
            None => json!({ "doubleValue": number }),
        },
        Value::Array(values) => json!({ "arrayValue": { "values": values.iter().map(any).collect::<Vec<_>>() } }),
        other => json!({ "stringValue": other.to_string() }),
    }
}
