//! Messages as OpenAI's clients send them: instructions, what was said before, and the message that is to be answered.

use super::{
    super::sending::Earlier,
    error::refused,
    fields::{Fields, wrong_type},
};
use crate::http::reply::ApiResult;
use omega_core::budget;
use serde_json::Value;

/// Messages that one request may have.
const MOST: usize = 2_000;

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    pub instructions: Vec<String>,
    pub earlier: Vec<Earlier>,
    /// The last message; missing where the last word is not the user's.
    pub message: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    System,
    User,
    Assistant,
}

/// Reads a list of messages that stands at `place`. Neighbours of one role are one message.
pub fn read(list: Value, place: &str) -> ApiResult<Said> {
    let Value::Array(list) = list else { return Err(wrong_type(place, "an array", &list)) };
    if list.is_empty() {
        let words = format!("Invalid '{place}': empty array. Expected an array with minimum length 1.");
        return Err(refused(place, "empty_array", words));
    }
    if list.len() > MOST {
        let words = format!("Invalid '{place}': {} messages; at most {MOST} are read.", list.len());
        return Err(refused(place, "array_above_max_length", words));
    }
    let mut said = Said::default();
    for (index, item) in list.into_iter().enumerate() {
        let at = format!("{place}[{index}]");
        let (speaker, text) = message(item, &at)?;
        match speaker {
            Speaker::System => said.instructions.push(text),
            Speaker::User => match &mut said.message {
                Some(before) => join(before, &text),
                None => said.message = Some(text),
            },
            Speaker::Assistant => {
                let before = said.earlier.last_mut().and_then(|exchange| exchange.assistant.as_mut());
                match (said.message.take(), before) {
                    (Some(user), _) => said.earlier.push(Earlier { user, assistant: Some(text) }),
                    (None, Some(before)) => join(before, &text),
                    (None, None) => {
                        let words = format!(
                            "Invalid '{at}': the first message besides instructions has to be the user's. Put a greeting of \
                             the assistant's into a system message."
                        );
                        return Err(refused(&at, "invalid_value", words));
                    }
                }
            }
        }
    }
    Ok(said)
}

fn join(before: &mut String, text: &str) {
    before.push_str("\n\n");
    before.push_str(text);
}

fn message(item: Value, at: &str) -> ApiResult<(Speaker, String)> {
    let mut fields = Fields::within(item, at)?;
    if let Some(kind) = fields.text("type")?.filter(|kind| kind != "message") {
        let place = fields.place("type");
        let words = format!(
            "Unsupported value: '{place}' is '{}'; only messages are read. The agent calls this server's own tools by itself, and \
             keeps what came of them in its conversation: go on in it by its id.",
            said_back(&kind)
        );
        return Err(refused(&place, "unsupported_value", words));
    }
    let role = fields.text("role")?;
    let role = fields.needed("role", role)?;
    let speaker = match role.as_str() {
        "system" | "developer" => Speaker::System,
        "user" => Speaker::User,
        "assistant" => Speaker::Assistant,
        "tool" | "function" => {
            let words = "Results of a client's tools are not read: the agent calls this server's own tools by itself.";
            return Err(refused(&fields.place("role"), "unsupported_value", words));
        }
        other => {
            let place = fields.place("role");
            let words = format!(
                "Invalid value: '{}' for '{place}'. Supported values are: 'system', 'developer', 'user' and 'assistant'.",
                said_back(other)
            );
            return Err(refused(&place, "invalid_value", words));
        }
    };
    for name in ["tool_calls", "function_call", "audio"] {
        let place = fields.place(name);
        match fields.take(name) {
            None => {}
            Some(Value::Array(none)) if none.is_empty() => {}
            Some(_) => {
                let words = format!("Unsupported parameter: '{place}': only the text of messages is read.");
                return Err(refused(&place, "unsupported_parameter", words));
            }
        }
    }
    if let Some(name) = fields.text("name")? {
        let place = fields.place("name");
        let words = format!(
            "Unsupported parameter: '{place}': everything that is sent with a key is its owner's. Write '{}' into the content.",
            said_back(&name)
        );
        return Err(refused(&place, "unsupported_parameter", words));
    }
    // What an answer of ours has, when it comes back.
    fields.hints(&["id", "status", "phase", "annotations"]);
    let refusal = fields.text("refusal")?;
    let place = fields.place("content");
    let text = match (fields.take("content"), refusal) {
        (Some(Value::String(text)), None) => text,
        (Some(Value::Array(parts)), None) => parts_of(parts, &place)?,
        (None, Some(refusal)) => refusal,
        (Some(Value::String(text)), Some(refusal)) => format!("{text}\n\n{refusal}"),
        (Some(Value::Array(parts)), Some(refusal)) => format!("{}\n\n{refusal}", parts_of(parts, &place)?),
        (Some(other), _) => return Err(wrong_type(&place, "a string or an array", &other)),
        (None, None) => {
            return Err(refused(
                &place,
                "missing_required_parameter",
                format!("Missing required parameter: '{place}'."),
            ));
        }
    };
    fields.end()?;
    if text.trim().is_empty() {
        return Err(refused(&place, "invalid_value", format!("Invalid '{place}': it has no text.")));
    }
    if text.len() > budget::MESSAGE.most {
        let words =
            format!("Invalid '{place}': it has {} bytes; at most {} are read.", text.len(), budget::MESSAGE.most);
        return Err(refused(&place, "string_above_max_length", words));
    }
    if text.contains('\0') {
        return Err(refused(&place, "invalid_value", format!("Invalid '{place}': it has the character U+0000.")));
    }
    Ok((speaker, text))
}

/// The text of a message's parts.
fn parts_of(parts: Vec<Value>, place: &str) -> ApiResult<String> {
    let mut whole = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        let mut fields = Fields::within(part, &format!("{place}[{index}]"))?;
        let kind = fields.text("type")?;
        let kind = fields.needed("type", kind)?;
        let name = match kind.as_str() {
            "text" | "input_text" | "output_text" => "text",
            "refusal" => "refusal",
            other => {
                let at = fields.place("type");
                let words = format!(
                    "Unsupported value: '{at}' is '{}'; the agent reads text. Give it the address of a picture or file in the \
                     text: its tools may read it.",
                    said_back(other)
                );
                return Err(refused(&at, "unsupported_value", words));
            }
        };
        let text = fields.text(name)?;
        let text = fields.needed(name, text)?;
        fields.hints(&["annotations", "logprobs"]);
        fields.end()?;
        if !whole.is_empty() {
            whole.push('\n');
        }
        whole.push_str(&text);
    }
    Ok(whole)
}

/// A client's word as it can be said back.
fn said_back(word: &str) -> String {
    omega_core::sanitize::one_line(word, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn earlier(user: &str, assistant: &str) -> Earlier {
        Earlier { user: user.into(), assistant: Some(assistant.into()) }
    }

    #[test]
    fn everything_that_was_said_counts_in_its_place() {
        let parts = json!([{ "type": "text", "text": "b" }, { "type": "input_text", "text": "c" }]);
        let said = read(
            json!([
                { "role": "system", "content": "s1" },
                { "role": "user", "content": "a" },
                { "role": "user", "content": parts },
                { "role": "assistant", "content": "1" },
                { "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                  "content": [{ "type": "output_text", "text": "2", "annotations": [], "logprobs": [] }] },
                { "role": "user", "content": "d" },
                { "role": "developer", "content": "s2" },
                { "role": "assistant", "content": null, "refusal": "no", "tool_calls": [] },
                { "role": "user", "content": "e" },
            ]),
            "messages",
        )
        .unwrap();
        assert_eq!(said.instructions, ["s1", "s2"]);
        assert_eq!(said.earlier, [earlier("a\n\nb\nc", "1\n\n2"), earlier("d", "no")]);
        assert_eq!(said.message.as_deref(), Some("e"));
    }
}
