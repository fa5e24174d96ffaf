//! Stored credentials, by name and last characters, and which tools may use those that are stored for all.

use super::{Act, Row, Typing};
use crate::messages::Wish;
use omega_core::api::{CredentialScope, KeptIn, StoredCredential, StoredGrant};

/// A row for each credential and grant, and one to store another.
pub fn rows(stored: &[StoredCredential], grants: &[StoredGrant]) -> Vec<Row> {
    let another = Row {
        name: String::from("+ store another"),
        about: String::from("for all tools, each one asks before its first use; a model provider's key is for models"),
        change: Some(Act::Type(Typing::KeyName)),
        ..Row::default()
    };
    stored.iter().map(credential).chain(grants.iter().map(grant)).chain([another]).collect()
}

fn credential(stored: &StoredCredential) -> Row {
    let whose = match (stored.scope, &stored.tool_id) {
        (CredentialScope::Model, _) => "models",
        (_, Some(tool)) => tool.as_str(),
        (_, None) => "all tools",
    };
    let place = match stored.kept_in {
        KeptIn::Keyring => ", in your keyring",
        KeptIn::Vault => "",
    };
    let last4 = stored.last4.as_deref().map_or_else(String::new, |last4| format!("…{last4}  "));
    let used = stored.last_used_at.map_or_else(|| String::from("never used"), |at| format!("last used {at}"));
    let typing = Typing::KeyValue(stored.name.clone(), stored.tool_id.clone());
    let wish = Wish::DeleteKey { name: stored.name.clone(), tool: stored.tool_id.clone(), scope: stored.scope };
    Row {
        name: stored.name.clone(),
        value: format!("{last4}{whose}{place}"),
        about: format!("{used}; enter replaces it"),
        change: Some(Act::Type(typing)),
        remove: Some((format!("delete {} of {whose}?", stored.name), wish)),
    }
}

fn grant(grant: &StoredGrant) -> Row {
    let versions = grant.max_major.map_or_else(String::new, |major| format!(" up to version {major}"));
    let wish = Wish::RevokeGrant { name: grant.name.clone(), tool: grant.tool_id.clone() };
    Row {
        name: format!("  may use {}", grant.name),
        value: format!("{}{versions}", grant.tool_id),
        about: format!("published by {}; allowed {}", grant.publisher, grant.granted_at),
        change: None,
        remove: Some((format!("let {} ask before it uses {} again?", grant.tool_id, grant.name), wish)),
    }
}
