//! What a chat of the AI SDK sends: all that it shows, of which the last message is what is asked.

use super::UiMessage;
use crate::http::reply::{ApiError, ApiResult};
use omega_core::{
    api::{Decide, Decision, Message, Remember, Role, SendMessage},
    id::{ApprovalId, RunId},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A request of `DefaultChatTransport`. Members that are not here are not read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UiMessageRequest {
    /// What the chat shows. Only its last message is read: a person's is sent, the assistant's brings answers to approvals.
    pub messages: Vec<UiMessage>,
    /// `submit-message` or `regenerate-message`, which sends the last message of a person again, as a newer version of it.
    #[serde(default)]
    pub trigger: Trigger,
    /// The message that is meant, where it is not the last: what is edited, or the answer that is wanted anew.
    #[serde(default)]
    pub message_id: Option<String>,
    /// What `SendMessage` has besides its `message`: `model`, `plan`, `pins`, `env` and so on.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub omega: Option<Map<String, Value>>,
    /// Of no client: the server's settings say it.
    #[serde(default)]
    #[schema(ignore)]
    system: Value,
    /// Of no client: the server has its own.
    #[serde(default)]
    #[schema(ignore)]
    tools: Value,
}

/// What a chat wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    #[default]
    SubmitMessage,
    RegenerateMessage,
}

/// What a request comes to.
#[derive(Debug, PartialEq)]
pub enum Asked {
    Message { message: Box<SendMessage>, earlier: Option<Earlier> },
    Continue(Continued),
}

/// The message that is edited or asked again, as far as a chat can name it: it has ids of its own for what was sent from it.
#[derive(Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The message's id, or that of its answer.
    ids: Vec<String>,
    /// Asked again, and so known by its words, too.
    is_same: bool,
}

impl Earlier {
    /// The newest version of the message that is meant, among some of a conversation, oldest first.
    #[must_use]
    pub fn among<'m>(&self, messages: &'m [Message], text: &str) -> Option<&'m Message> {
        let named = |message: &&Message| {
            let run = message.run_id.map(|run| run.to_string());
            self.ids.iter().any(|id| *id == message.id.to_string() || Some(id) == run.as_ref())
        };
        let mut asked = messages.iter().filter(|message| message.role == Role::User).rev();
        let same = |message: &&Message| self.is_same && message.content == text;
        let mut meant = asked.clone().find(named).or_else(|| asked.find(same))?;
        while let Some(newer) = messages.iter().find(|it| it.replaces == Some(meant.id) && it.seq > meant.seq) {
            meant = newer;
        }
        Some(meant)
    }
}

/// A run is to go on, and the client wants the rest of its message.
#[derive(Debug, PartialEq)]
pub struct Continued {
    pub run: RunId,
    /// The event up to which the client has the message, as it was told.
    pub has: Option<u64>,
    /// What a person answered.
    pub decisions: Vec<(ApprovalId, Decide)>,
}

impl UiMessageRequest {
    /// What is asked.
    ///
    /// # Errors
    /// `INVALID_INPUT` with what can't be taken.
    pub fn asked(self) -> ApiResult<Asked> {
        let wrong = |field: &str, words: &str| Err(ApiError::invalid(field, words));
        if self.system.as_str().is_some_and(|text| !text.trim().is_empty()) {
            return wrong("system", "a chat can't set the system prompt; PUT /api/omega/settings/prompt does");
        }
        if self.tools.as_object().is_some_and(|it| !it.is_empty())
            || self.tools.as_array().is_some_and(|it| !it.is_empty())
        {
            return wrong("tools", "a chat can't bring tools of its own; the server's registry has the tools");
        }
        let meant = match (self.trigger, &self.message_id) {
            (Trigger::SubmitMessage, Some(id)) => self.messages.into_iter().rfind(|message| message.id == *id),
            _ => self.messages.into_iter().next_back(),
        };
        let Some(message) = meant else {
            return match self.message_id {
                Some(_) => wrong("messageId", "none of `messages` has this id"),
                None => wrong("messages", "there is none; send at least the one that is to be answered"),
            };
        };
        match (message.role.as_str(), self.trigger) {
            ("user", trigger) => {
                let is_same = trigger == Trigger::RegenerateMessage;
                let ids = self.message_id.into_iter().chain(is_same.then(|| message.id.clone())).collect();
                let earlier = Some(Earlier { ids, is_same }).filter(|earlier| is_same || !earlier.ids.is_empty());
                sent(message, self.omega.unwrap_or_default()).map(|message| Asked::Message { message, earlier })
            }
            ("assistant", Trigger::SubmitMessage) => continued(&message),
            ("assistant", Trigger::RegenerateMessage) => {
                wrong("messages", "the last one must be the person's who is to be answered anew")
            }
            (other, _) => {
                wrong("messages", &format!("the last one is of `{other}`; only a person's is answered (`user`)"))
            }
        }
    }
}

fn sent(message: UiMessage, mut wishes: Map<String, Value>) -> ApiResult<Box<SendMessage>> {
    let mut texts = Vec::new();
    for part in &message.parts {
        match (part.get("type").and_then(Value::as_str), part.get("text")) {
            (Some("text"), Some(Value::String(text))) => texts.push(text.as_str()),
            (Some("file"), _) => {
                return Err(ApiError::invalid(
                    "messages",
                    "attachments are not taken; put the text of the file into `omega.data`, or leave it out",
                ));
            }
            (kind, _) => {
                let kind = kind.unwrap_or("without a type");
                return Err(ApiError::invalid(
                    "messages",
                    &format!("a part `{kind}` is not taken from a person; send text"),
                ));
            }
        }
    }
    if wishes.insert("message".into(), texts.join("\n").into()).is_some() {
        return Err(ApiError::invalid("omega", "has no `message`; the last of `messages` is it"));
    }
    let message = serde_json::from_value(wishes.into()).map_err(|error| ApiError::unreadable(&error.to_string()))?;
    Ok(Box::new(message))
}

fn continued(message: &UiMessage) -> ApiResult<Asked> {
    let run = message.id.parse().map_err(|_| {
        ApiError::invalid(
            "messages",
            "the last one is an answer that this server did not give; send a person's message",
        )
    })?;
    let answers =
        message.parts.iter().filter(|part| part.get("state").is_some_and(|state| state == "approval-responded"));
    let decisions = answers.filter_map(|part| {
        let approval = part.get("approval")?;
        let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let decision = if approval["approved"].as_bool()? { Decision::Approve } else { Decision::Deny };
        let decide = Decide {
            decision,
            remember: Remember::Once,
            reason: text(&approval["reason"]),
            // What the person was shown is what they decided about.
            args_digest: text(&approval["descriptor"]["argsDigest"]),
            input: None,
        };
        Some((approval["id"].as_str()?.parse().ok()?, decide))
    });
    let has = message.metadata.as_ref().and_then(|metadata| metadata["omega"]["seq"].as_u64());
    Ok(Asked::Continue(Continued { run, has, decisions: decisions.collect() }))
}
