//! What a package is lent to be looked into: variables with values that open nothing and lead nowhere, in the form that their names or the
//! package ask for, and the arguments of its MCP server. No call ever has one of them.

use super::{protocol::Description, secret_names::looks_secret, server_starts::Way};
use omega_core::executor::{ToolError, ToolErrorCode};
use std::collections::{BTreeMap, BTreeSet};

/// Variables that a package gets to be looked into; some want one after the other.
const MOST: usize = 16;
/// Given where a package wants a key to be looked into; it opens nothing.
const STAND_IN: &str = "omega-describes-only";
/// Stands for a file with as good as nothing in it, which the process makes for itself (`runner/mcp.mjs`).
const EMPTY_FILE: &str = "{empty}";
/// What stands for variables whose names say what they hold, by a word of the name or its end, the first that fits.
const BY_NAME: [(&str, &str); 23] = [
    ("MONGO*_URI", "mongodb://nowhere.invalid/none"),
    ("MONGO*_URL", "mongodb://nowhere.invalid/none"),
    ("MONGO*_STRING", "mongodb://nowhere.invalid/none"),
    ("REDIS*_URL", "redis://nowhere.invalid"),
    ("MYSQL*_URL", "mysql://nowhere.invalid/none"),
    ("*DATABASE_URL", "postgresql://nowhere.invalid/none"),
    ("*DATABASE_URI", "postgresql://nowhere.invalid/none"),
    ("POSTGRES*_URL", "postgresql://nowhere.invalid/none"),
    ("*_CONNECTION_STRING", "postgresql://nowhere.invalid/none"),
    ("*_DSN", "postgresql://nowhere.invalid/none"),
    ("*URL", "https://nowhere.invalid"),
    ("*URI", "https://nowhere.invalid"),
    ("*ENDPOINT", "https://nowhere.invalid"),
    ("*HOST", "nowhere.invalid"),
    ("*DOMAIN", "nowhere.invalid"),
    ("*EMAIL", "nobody@nowhere.invalid"),
    ("*PORT", "443"),
    ("*REGION", "us-east-1"),
    ("*_JSON", "{}"),
    ("*_FILE", EMPTY_FILE),
    ("*_PATH", EMPTY_FILE),
    ("*_CREDENTIALS", EMPTY_FILE),
    ("*_DIR", super::server_starts::FOLDER),
];

#[derive(Default, Clone)]
pub struct Given {
    /// Variables with values that open nothing.
    pub env: BTreeMap<String, String>,
    /// Those of them with which it lists more tools, and without which it works.
    optional: BTreeSet<String>,
    /// What keys have to begin with.
    form: Option<String>,
    /// Arguments of its MCP server.
    pub arguments: Vec<String>,
    /// Whether its MCP server is not let go where it gives up.
    pub insists: bool,
}

impl Given {
    /// Takes up what a failure says that is missing; whether there is anything new in it, and not too much.
    pub fn takes(&mut self, error: &ToolError) -> bool {
        if error.code != ToolErrorCode::MissingEnvVars {
            return false;
        }
        let detail = |name: &str| error.details.as_ref().map(|details| &details[name]);
        if let Some(form) = detail("form").and_then(|form| form.as_str()).filter(|_| self.form.is_none()) {
            self.form = Some(form.to_owned());
            for (name, value) in &mut self.env {
                *value = value_of(name, form);
            }
            return true;
        }
        let named = detail("missing").and_then(|names| names.as_array()).into_iter().flatten();
        let mut more: Vec<String> = named.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        more.retain(|name| !self.env.contains_key(name));
        // Where a file is one of several ways, another one is taken.
        let is_place = |name: &String| ["_FILE", "_PATH", "_DIR"].iter().any(|end| name.ends_with(end));
        if !more.iter().all(is_place) {
            more.retain(|name| !is_place(name));
        }
        if more.is_empty() || self.env.len() + more.len() > MOST {
            return false;
        }
        if detail("optional").is_some_and(|optional| optional == true) {
            self.optional.extend(more.iter().cloned());
        }
        self.lend(more);
        true
    }

    /// Takes up a way to start its MCP server.
    pub fn starts(&mut self, way: Way) {
        let room = MOST.saturating_sub(self.env.len());
        let new: Vec<_> = way.variables.into_iter().filter(|name| !self.env.contains_key(name)).take(room).collect();
        self.lend(new);
        self.arguments = way.arguments;
    }

    /// The last of all ways: as it is started plainly, whatever it misses, with keys of the form that its scripts ask for.
    pub fn insist(&mut self, form: Option<String>) {
        (self.insists, self.arguments) = (true, Vec::new());
        self.form = self.form.take().or(form);
        let names: Vec<String> = self.env.keys().cloned().collect();
        self.lend(names);
    }

    fn lend(&mut self, names: impl IntoIterator<Item = String>) {
        let form = self.form.clone().unwrap_or_default();
        self.env.extend(names.into_iter().map(|name| (name.clone(), value_of(&name, &form))));
    }

    /// A description with what was needed for it.
    pub fn noted(self, found: Description) -> Description {
        let needed = self.env.into_keys().filter(|name| !self.optional.contains(name)).collect();
        Description { needed_at_import: needed, arguments: self.arguments, ..found }
    }
}

/// What stands for a variable.
fn value_of(name: &str, form: &str) -> String {
    if looks_secret(name) && !form.is_empty() {
        return format!("{form}{STAND_IN}");
    }
    let fits = |pattern: &str| match pattern.split_once('*') {
        Some((begin, end)) => name.starts_with(begin) && name.ends_with(end),
        None => name == pattern,
    };
    BY_NAME.iter().find(|(pattern, _)| fits(pattern)).map_or(STAND_IN, |(_, value)| value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn missing(details: Value) -> ToolError {
        ToolError::new(ToolErrorCode::MissingEnvVars, "it wants something").with(details)
    }

    #[test]
    fn a_variable_holds_what_its_name_says_and_opens_nothing() {
        for (name, value) in [
            ("ACME_API_KEY", STAND_IN),
            ("ACME_API_URL", "https://nowhere.invalid"),
            ("MONGODB_URI", "mongodb://nowhere.invalid/none"),
            ("MDB_MONGO_CONNECTION_STRING", "postgresql://nowhere.invalid/none"),
            ("DATABASE_URL", "postgresql://nowhere.invalid/none"),
            ("SMTP_PORT", "443"),
            ("JIRA_HOST", "nowhere.invalid"),
            ("GOOGLE_CREDENTIALS_FILE", EMPTY_FILE),
            ("GOOGLE_OAUTH_CREDENTIALS", EMPTY_FILE),
            ("ACME_WORKSPACE", STAND_IN),
        ] {
            assert_eq!(value_of(name, ""), value, "{name}");
        }
        assert_eq!(value_of("ACME_API_KEY", "ak_"), format!("ak_{STAND_IN}"));
        assert_eq!(value_of("ACME_URL", "ak_"), "https://nowhere.invalid");
    }

    #[test]
    fn what_a_failure_names_is_lent_once_and_a_form_once() {
        let mut given = Given::default();
        assert!(given.takes(&missing(json!({"missing": ["A_KEY", "A_KEY_FILE"]}))));
        assert!(!given.takes(&missing(json!({"missing": ["A_KEY"]}))));
        assert!(given.takes(&missing(json!({"missing": [], "form": "ak_"}))));
        assert!(!given.takes(&missing(json!({"missing": [], "form": "other_"}))));
        assert_eq!(given.env, BTreeMap::from([("A_KEY".to_owned(), format!("ak_{STAND_IN}"))]));
        let many: Vec<_> = (0..50).map(|n| format!("N{n}_KEY")).collect();
        assert!(!given.takes(&missing(json!({ "missing": many }))), "too much");
        assert!(!given.takes(&ToolError::new(ToolErrorCode::ToolError, "B_KEY")));
    }
}
