//! A document's members, read where they lie: lists stay text until each of their items is wanted.

use super::ImportError;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

/// A document, of which only what is no list has been read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'d> {
    pub format: Option<Value>,
    pub id: Option<Value>,
    pub title: Option<Value>,
    pub model: Option<Value>,
    pub safe_mode: Option<Value>,
    pub created_at: Option<Value>,
    #[serde(borrow)]
    pub messages: Option<&'d RawValue>,
    #[serde(borrow)]
    pub tool_runs: Option<&'d RawValue>,
    #[serde(borrow)]
    pub events: Option<&'d RawValue>,
}

/// What is read of a message beside its events.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub id: Option<String>,
}

/// What is read of a tool run beside its events.
#[derive(Debug, Deserialize)]
pub(super) struct ToolRun {
    pub id: Option<String>,
    pub output: Option<Value>,
}

impl<'d> Document<'d> {
    /// Finds the members of a document.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn of(text: &'d [u8]) -> Result<Self, ImportError> {
        let wrong = |reason: String| ImportError { place: "document".into(), reason };
        // A list would be read as the members in their order.
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(wrong("it must be the JSON object that `omega export --format json` writes".into()));
        }
        serde_json::from_slice(text).map_err(|error| wrong(format!("it is no JSON: {error}; export it again")))
    }
}

/// The items of a list, each still text. Nothing when there is no such list.
///
/// # Errors
/// When it is something else.
pub(super) fn items<'d>(list: Option<&'d RawValue>, name: &str) -> Result<Option<Vec<&'d RawValue>>, ImportError> {
    let Some(list) = list else { return Ok(None) };
    serde_json::from_str(list.get())
        .map(Some)
        .map_err(|_| ImportError { place: name.to_owned(), reason: "it must be a list".into() })
}

/// Reads one item.
///
/// # Errors
/// When it is none.
pub(super) fn item<T: DeserializeOwned>(text: &RawValue, list: &str, index: usize) -> Result<T, ImportError> {
    serde_json::from_str(text.get())
        .map_err(|error| ImportError { place: format!("{list}.{index}"), reason: error.to_string() })
}
