//! What a package is lent to be looked into: variables with values that open nothing and lead nowhere, in the form that their names or the
//! package ask for, and the arguments of its MCP server. No call ever has one of them.

use super::{
    protocol::{Argument, Description, Place},
    secret_names::looks_secret,
    server_starts::Way,
};
use omega_core::executor::{ToolError, ToolErrorCode};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Variables that a package gets to be looked into; some want one after the other.
const MOST: usize = 16;
/// Given where a package wants a key to be looked into; it opens nothing.
const STAND_IN: &str = "omega-describes-only";
/// What stands for variables whose names say what they hold, by a word of the name or its end, the first that fits.
const BY_NAME: [(&str, Lent); 23] = [
    ("MONGO*_URI", text("mongodb://nowhere.invalid/none")),
    ("MONGO*_URL", text("mongodb://nowhere.invalid/none")),
    ("MONGO*_STRING", text("mongodb://nowhere.invalid/none")),
    ("REDIS*_URL", text("redis://nowhere.invalid")),
    ("MYSQL*_URL", text("mysql://nowhere.invalid/none")),
    ("*DATABASE_URL", text("postgresql://nowhere.invalid/none")),
    ("*DATABASE_URI", text("postgresql://nowhere.invalid/none")),
    ("POSTGRES*_URL", text("postgresql://nowhere.invalid/none")),
    ("*_CONNECTION_STRING", text("postgresql://nowhere.invalid/none")),
    ("*_DSN", text("postgresql://nowhere.invalid/none")),
    ("*URL", text("https://nowhere.invalid")),
    ("*URI", text("https://nowhere.invalid")),
    ("*ENDPOINT", text("https://nowhere.invalid")),
    ("*HOST", text("nowhere.invalid")),
    ("*DOMAIN", text("nowhere.invalid")),
    ("*EMAIL", text("nobody@nowhere.invalid")),
    ("*PORT", text("443")),
    ("*REGION", text("us-east-1")),
    ("*_JSON", text("{}")),
    ("*_FILE", Lent::Place(Place::File)),
    ("*_PATH", Lent::Place(Place::File)),
    ("*_CREDENTIALS", Lent::Place(Place::File)),
    ("*_DIR", Lent::Place(Place::Folder)),
];

/// What a variable is lent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lent {
    /// A value that opens nothing.
    Text(Cow<'static, str>),
    Place(Place),
}

#[derive(Default, Clone)]
pub struct Given {
    env: BTreeMap<String, Lent>,
    /// Those of them with which it lists more tools, and without which it works.
    optional: BTreeSet<String>,
    /// What keys have to begin with.
    form: Option<String>,
    /// Arguments of its MCP server.
    pub arguments: Vec<Argument>,
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

    /// Variables with a value that opens nothing.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let texts = self.env.iter().filter_map(|(name, lent)| match lent {
            Lent::Text(text) => Some((name.clone(), text.clone().into_owned())),
            Lent::Place(_) => None,
        });
        texts.collect()
    }

    /// Variables that stand for a place which the process makes for itself.
    pub fn places(&self) -> BTreeMap<String, Place> {
        let places = self.env.iter().filter_map(|(name, lent)| match lent {
            Lent::Place(place) => Some((name.clone(), *place)),
            Lent::Text(_) => None,
        });
        places.collect()
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

const fn text(text: &'static str) -> Lent {
    Lent::Text(Cow::Borrowed(text))
}

/// What stands for a variable.
fn value_of(name: &str, form: &str) -> Lent {
    if looks_secret(name) && !form.is_empty() {
        return Lent::Text(format!("{form}{STAND_IN}").into());
    }
    let fits = |pattern: &str| match pattern.split_once('*') {
        Some((begin, end)) => name.starts_with(begin) && name.ends_with(end),
        None => name == pattern,
    };
    BY_NAME.iter().find(|(pattern, _)| fits(pattern)).map_or(text(STAND_IN), |(_, lent)| lent.clone())
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
            ("ACME_API_KEY", text(STAND_IN)),
            ("ACME_API_URL", text("https://nowhere.invalid")),
            ("MONGODB_URI", text("mongodb://nowhere.invalid/none")),
            ("MDB_MONGO_CONNECTION_STRING", text("postgresql://nowhere.invalid/none")),
            ("DATABASE_URL", text("postgresql://nowhere.invalid/none")),
            ("SMTP_PORT", text("443")),
            ("JIRA_HOST", text("nowhere.invalid")),
            ("GOOGLE_CREDENTIALS_FILE", Lent::Place(Place::File)),
            ("GOOGLE_OAUTH_CREDENTIALS", Lent::Place(Place::File)),
            ("ACME_STATE_DIR", Lent::Place(Place::Folder)),
            ("ACME_WORKSPACE", text(STAND_IN)),
        ] {
            assert_eq!(value_of(name, ""), value, "{name}");
        }
        assert_eq!(value_of("ACME_API_KEY", "ak_"), Lent::Text(format!("ak_{STAND_IN}").into()));
        assert_eq!(value_of("ACME_URL", "ak_"), text("https://nowhere.invalid"));
    }

    #[test]
    fn what_a_failure_names_is_lent_once_and_a_form_once() {
        let mut given = Given::default();
        assert!(given.takes(&missing(json!({"missing": ["A_KEY", "A_KEY_FILE"]}))));
        assert!(!given.takes(&missing(json!({"missing": ["A_KEY"]}))));
        assert!(given.takes(&missing(json!({"missing": [], "form": "ak_"}))));
        assert!(!given.takes(&missing(json!({"missing": [], "form": "other_"}))));
        assert_eq!(given.texts(), BTreeMap::from([("A_KEY".to_owned(), format!("ak_{STAND_IN}"))]));
        let many: Vec<_> = (0..50).map(|n| format!("N{n}_KEY")).collect();
        assert!(!given.takes(&missing(json!({ "missing": many }))), "too much");
        assert!(!given.takes(&ToolError::new(ToolErrorCode::ToolError, "B_KEY")));
    }
}
