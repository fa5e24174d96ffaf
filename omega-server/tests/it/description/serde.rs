//! What serde writes of a type is what its schema says: the least that the schema asks for comes back as it is (nothing is
//! always sent that is not required, and nothing is `null` that need not be there), and so does everything that it knows.

use super::{faults, instance, instance::Fill, operations, payload, reader};
use omega_core::{api, event::Envelope};
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads a value as a type, and writes it.
type Again = fn(Value) -> serde_json::Result<Value>;

macro_rules! answers {
    ($($name:ident: $type:ty,)*) => {
        const ANSWERS: &[(&str, Again)] = &[
            $((stringify!($name), |value| serde_json::to_value(serde_json::from_value::<$type>(value)?)),)*
        ];
    };
}

answers! {
    Accepted: api::Accepted,
    AddedPackage: api::AddedPackage,
    ApiKey: api::ApiKey,
    AuditEntry: api::AuditEntry,
    AuditReport: api::AuditReport,
    Conversation: api::Conversation,
    ConversationDetail: api::ConversationDetail,
    CreatedKey: api::CreatedKey,
    CreatedUser: api::CreatedUser,
    Envelope: Envelope,
    ErrorBody: api::ErrorBody,
    ExecuteAnswer: api::ExecuteAnswer,
    Feedback: api::Feedback,
    Finished: api::Finished,
    Imported: api::Imported,
    Message: api::Message,
    Models: api::Models,
    OutputPage: api::OutputPage,
    Participant: api::Participant,
    PlanAnswer: api::PlanAnswer,
    PromptSettings: api::PromptSettings,
    RegistryStatus: api::RegistryStatus,
    Remains: api::Remains,
    Rotated: api::Rotated,
    Run: api::Run,
    SearchAnswer: api::SearchAnswer,
    Selected: api::Selected,
    Settings: api::Settings,
    SignInLink: api::SignInLink,
    Stats: api::Stats,
    StatusAnswer: api::StatusAnswer,
    StoredApproval: api::StoredApproval,
    StoredCredential: api::StoredCredential,
    StoredGrant: api::StoredGrant,
    StoredPrompt: api::StoredPrompt,
    ToolRow: api::ToolRow,
    ToolRun: api::ToolRun,
    UiMessage: omega_server::http::ai_sdk::UiMessage,
    User: api::User,
    Whoami: api::Whoami,
}

/// Every schema that an answer is of, in its envelope or not.
fn answered() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, operation) in operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            for content in response["content"].as_object().into_iter().flat_map(|kinds| kinds.values()) {
                let schema = payload(&content["schema"]);
                let either = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
                let paths = either.iter().filter_map(|schema| schema["$ref"].as_str());
                names.extend(paths.filter_map(|path| path.rsplit('/').next()).map(str::to_owned));
            }
        }
    }
    names
}

#[test]
fn what_serde_writes_is_what_the_schemas_say() {
    let known: BTreeSet<String> = ANSWERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known, answered(), "each answer of the API stands in the list above");
    let mut wrong = BTreeSet::new();
    for (name, again) in ANSWERS {
        let schema = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
        let reader = reader(&schema);
        let variants = if *name == "Envelope" { 39 } else { 7 };
        for (full, variant) in (0..6).flat_map(|full| (0..variants).map(move |variant| (full, variant))) {
            let value = instance::of(&schema, Fill { full, variant });
            match again(value.clone()) {
                Ok(written) => {
                    wrong.extend(faults(&reader, &written).into_iter().map(|fault| format!("{name}: {fault}")));
                    more(&value, &written, name, &mut wrong);
                }
                Err(error) => drop(wrong.insert(format!("{name}: can't be read: {error}; {value}"))),
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_field_that_is_always_sent_and_one_that_is_never_null_are_found() {
    let schema = serde_json::json!({ "$ref": "#/components/schemas/Message" });
    let least = instance::of(&schema, Fill { full: 0, variant: 0 });
    let found = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut given = least.clone();
        change(given.as_object_mut().unwrap());
        let written = serde_json::to_value(serde_json::from_value::<api::Message>(given.clone()).unwrap()).unwrap();
        let mut wrong: BTreeSet<String> = faults(&reader(&schema), &given).into_iter().collect();
        more(&given, &written, "Message", &mut wrong);
        wrong.into_iter().collect::<String>()
    };
    assert_eq!(found(&|_| ()), "");
    assert!(found(&|given| drop(given.remove("runId"))).contains("Message.runId is always sent"));
    assert!(found(&|given| drop(given.insert("step".into(), Value::Null))).contains("/step: null is not"));
    assert!(found(&|given| drop(given.insert("surprise".into(), Value::Null))).contains("surprise"));
}

/// What is written and was not there. What was there and is not written is a default; the schema says whether it may be missing.
fn more(given: &Value, written: &Value, at: &str, wrong: &mut BTreeSet<String>) {
    match (given, written) {
        (Value::Object(given), Value::Object(written)) => {
            for (name, written) in written {
                let at = format!("{at}.{name}");
                match given.get(name) {
                    Some(given) => more(given, written, &at, wrong),
                    None => drop(wrong.insert(format!("{at} is always sent, and is not required"))),
                }
            }
        }
        (Value::Array(given), Value::Array(written)) if given.len() == written.len() => {
            given.iter().zip(written).for_each(|(given, written)| more(given, written, at, wrong));
        }
        (given, written) if given == written => {}
        (given, written) => drop(wrong.insert(format!("{at}: {given} is written as {written}"))),
    }
}
