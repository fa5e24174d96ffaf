//! A tool as it is stored: JSON of what is not as it mostly is.
//!
//! A registry of a million rows says little of most of them; what every row would say again (its id, an unknown health, no
//! keywords) is left out when it is written and put back when it is read. Rows that say all of it are read too.

use super::{Result, rows::json};
use omega_core::{
    id::ToolId,
    registry::{Calling, EnvVar, Health, NeedsApproval, Tool},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

const VERSION: &str = "latest";
const CATEGORY: &str = "other";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text<'t> {
    /// The export when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'t, str>>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    description: Cow<'t, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'t, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<Cow<'t, str>>,
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    keywords: Cow<'t, [String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input_schema: Option<Cow<'t, Value>>,
    #[serde(default, skip_serializing_if = "<[EnvVar]>::is_empty")]
    env: Cow<'t, [EnvVar]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calling: Option<Cow<'t, Calling>>,
    #[serde(default, skip_serializing_if = "is_default")]
    health: Health,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    downloads: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    official: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    destructive: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needs_approval: Option<NeedsApproval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    integrity: Option<Cow<'t, str>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is stored of a tool, beside its id.
pub(super) fn written(tool: &Tool) -> Result<String> {
    // Every field is named here, so that a new one can't be forgotten. Whose row it is, its table says.
    let Tool {
        tool_id,
        name,
        description,
        version,
        category,
        keywords,
        input_schema,
        env,
        calling,
        health,
        downloads,
        official,
        destructive,
        needs_approval,
        integrity,
        own: _,
    } = tool;
    let other = |text: &'_ str, usual: &str| text != usual;
    json(&Text {
        name: other(name, tool_id.export()).then_some(Cow::Borrowed(name.as_str())),
        description: Cow::Borrowed(description),
        version: other(version, VERSION).then_some(Cow::Borrowed(version.as_str())),
        category: other(category, CATEGORY).then_some(Cow::Borrowed(category.as_str())),
        keywords: Cow::Borrowed(keywords),
        input_schema: input_schema.as_ref().map(Cow::Borrowed),
        env: Cow::Borrowed(env),
        calling: (*calling != Calling::default()).then_some(Cow::Borrowed(calling)),
        health: *health,
        downloads: *downloads,
        official: *official,
        destructive: *destructive,
        needs_approval: *needs_approval,
        integrity: integrity.as_deref().map(Cow::Borrowed),
    })
}

/// The tool of that id that was stored as a text.
pub(super) fn read(tool_id: ToolId, text: &str, own: bool) -> Result<Tool> {
    let text: Text<'_> = serde_json::from_str(text)?;
    Ok(Tool {
        name: text.name.map_or_else(|| tool_id.export().to_owned(), Cow::into_owned),
        description: text.description.into_owned(),
        version: text.version.map_or_else(|| VERSION.to_owned(), Cow::into_owned),
        category: text.category.map_or_else(|| CATEGORY.to_owned(), Cow::into_owned),
        keywords: text.keywords.into_owned(),
        input_schema: text.input_schema.map(Cow::into_owned),
        env: text.env.into_owned(),
        calling: text.calling.map(Cow::into_owned).unwrap_or_default(),
        health: text.health,
        downloads: text.downloads,
        official: text.official,
        destructive: text.destructive,
        needs_approval: text.needs_approval,
        integrity: text.integrity.map(Cow::into_owned),
        own,
        tool_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::catalogue;
    use serde_json::json;

    fn plain() -> Tool {
        let tool_id: ToolId = "pkg::go".parse().unwrap();
        read(tool_id, "{}", false).unwrap()
    }

    /// One tool for each field that is other than usual, and all of the catalogue.
    fn tools() -> Vec<Tool> {
        let mut tools = catalogue::starter().unwrap();
        tools.extend([
            plain(),
            Tool { name: "other".into(), ..plain() },
            Tool { name: String::new(), category: String::new(), version: String::new(), ..plain() },
            Tool { version: "1.0.0".into(), integrity: Some("sha512-x".into()), ..plain() },
            Tool { keywords: vec!["k".into()], downloads: Some(0), ..plain() },
            Tool { input_schema: Some(json!({"type": "object"})), ..plain() },
            Tool { calling: Calling::Function { params: vec![] }, health: Health::Broken, ..plain() },
            Tool { official: true, destructive: true, needs_approval: Some(NeedsApproval::Always), ..plain() },
        ]);
        tools
    }

    #[test]
    fn every_tool_survives_being_stored_in_the_short_form_and_in_the_long_one() {
        for tool in tools() {
            let read = |text: &str| read(tool.tool_id.clone(), text, tool.own).unwrap();
            assert_eq!(read(&written(&tool).unwrap()), tool);
            assert_eq!(read(&serde_json::to_string(&tool).unwrap()), tool, "as it was stored before");
        }
    }

    #[test]
    fn what_is_as_mostly_takes_no_room() {
        assert_eq!(written(&plain()).unwrap(), "{}");
        assert_eq!(
            written(&Tool { description: "Does it.".into(), ..plain() }).unwrap(),
            r#"{"description":"Does it."}"#
        );
    }
}
