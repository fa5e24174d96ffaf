//! What all requests have in common: success is unwrapped from TPMJS's envelope, failures are [`ClientError`]s.

use super::{Client, ClientError, PATIENT, QUICK};
use crate::{api::Pagination, model::wire::wait_of};
use reqwest::{Method, RequestBuilder, Response, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::{Duration, SystemTime};

/// A page of rows, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more, and where.
    pub pagination: Option<Pagination>,
}

/// The envelope, with only what a client reads.
#[derive(Deserialize)]
pub(super) struct Enveloped<T> {
    pub data: T,
    #[serde(default)]
    pub pagination: Option<Pagination>,
}

impl Client {
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        accepting_json(self.http.request(method, format!("{}{path}", self.base)).timeout(QUICK))
    }

    /// One that waits for a tool, a package or a model.
    pub(super) fn patient_request(&self, method: Method, path: &str) -> RequestBuilder {
        let http = self.patient.http(&self.http);
        accepting_json(http.request(method, format!("{}{path}", self.base)).timeout(PATIENT))
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST with a key of its own, so that a proxy's repetition changes nothing.
    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        once(self.request(Method::POST, path))
    }

    pub(super) fn patient_post(&self, path: &str) -> RequestBuilder {
        once(self.patient_request(Method::POST, path))
    }

    pub(super) async fn data<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        Ok(self.read::<Enveloped<T>>(response).await?.data)
    }

    pub(super) async fn page<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Page<T>, ClientError> {
        let response = self.send(request).await?;
        let answer = self.read::<Enveloped<Vec<T>>>(response).await?;
        Ok(Page { rows: answer.data, pagination: answer.pagination })
    }

    pub(super) async fn done(&self, request: RequestBuilder) -> Result<(), ClientError> {
        self.send(request).await.map(drop)
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let bytes = response.bytes().await.map_err(|e| ClientError::of_transport(self.base_url(), &e))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| ClientError::Protocol { url: self.base.clone(), cause: e.to_string() })
    }
}

fn accepting_json(request: RequestBuilder) -> RequestBuilder {
    request.header("accept", "application/json")
}

fn once(request: RequestBuilder) -> RequestBuilder {
    request.header("idempotency-key", uuid::Uuid::new_v4().to_string())
}

/// The error of a response that is no success.
pub(super) async fn refusal(response: Response) -> ClientError {
    let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
    ClientError::of_response(status, retry_after, &response.text().await.unwrap_or_default())
}

/// `Retry-After` in seconds; its date form is for caches, no API sends it.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let asked = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    wait_of(asked, SystemTime::now())
}

/// A tool id holds `/`, `@` and `::`; in a path it is one segment.
pub(super) fn path_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'@' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_id_is_one_segment_of_a_path() {
        assert_eq!(path_segment("@scope/a::b.c"), "@scope%2Fa::b.c");
        assert_eq!(path_segment("ä?x#"), "%C3%A4%3Fx%23");
    }
}
