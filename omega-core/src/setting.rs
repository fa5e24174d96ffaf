//! The settings by the names that people type, over the document that the API has; the command line and the terminal UI
//! show and change them by this one table. What a value may be stands here, and the server checks it again.

use crate::{api::Settings, id::ToolId};
use serde_json::{Value, json};

/// What may stand in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `on` or `off`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `provider/model`.
    Model,
    /// Models, or all of a provider (`openai/*`), or all (`*`), separated by spaces or commas.
    Models,
    /// Tools, separated by spaces or commas.
    Tools,
    Text,
}

#[derive(Debug)]
pub struct Field {
    /// As it is typed.
    pub name: &'static str,
    /// Where it stands in the API's document.
    pub pointer: &'static str,
    /// What may stand in it.
    pub kind: Kind,
    /// What holds when it was never set.
    pub default: &'static str,
    pub about: &'static str,
}

/// All settings, in the order in which they are shown.
pub const FIELDS: &[Field] = &[
    Field {
        name: "model",
        pointer: "/model",
        kind: Kind::Model,
        default: "the server's choice",
        about: "the model of new conversations, provider/model",
    },
    Field {
        name: "safe-mode",
        pointer: "/safeMode",
        kind: Kind::Switch,
        default: "off",
        about: "each tool call waits for approval",
    },
    Field {
        name: "pins",
        pointer: "/pins",
        kind: Kind::Tools,
        default: "none",
        about: "pinned tools: always in the tool set, and preferred",
    },
    Field {
        name: "plan",
        pointer: "/plan",
        kind: Kind::Choice(&["auto", "always", "never"]),
        default: "auto",
        about: "plans before anything runs: for complex tasks, always, or never",
    },
    Field {
        name: "alternatives",
        pointer: "/alternatives",
        kind: Kind::Choice(&["ask", "auto"]),
        default: "ask",
        about: "when a tool fails and others could do it: ask which one, or go on by itself",
    },
    Field {
        name: "credential-first-use",
        pointer: "/credentialFirstUse",
        kind: Kind::Choice(&["ask", "allow"]),
        default: "ask",
        about: "a tool of a new publisher first wants a stored credential: ask, or give it",
    },
    Field {
        name: "guest-credentials",
        pointer: "/guestCredentials",
        kind: Kind::Choice(&["approve", "allow", "deny"]),
        default: "approve",
        about: "what guests' messages may do with your credentials, in new conversations",
    },
    Field {
        name: "guest-models",
        pointer: "/guestModels",
        kind: Kind::Models,
        default: "the conversation's own",
        about: "models that guests may choose besides the conversation's own: provider/model, provider/*, or *",
    },
    Field {
        name: "exfil-guard",
        pointer: "/exfilGuard",
        kind: Kind::Switch,
        default: "off",
        about: "a call that takes a credential to an address that nobody wrote waits for approval",
    },
    Field {
        name: "confirm-destructive",
        pointer: "/confirmDestructive",
        kind: Kind::Switch,
        default: "off",
        about: "a tool that says that it deletes or spends something waits for approval",
    },
    Field {
        name: "prompt",
        pointer: "/prompt/text",
        kind: Kind::Text,
        default: "none",
        about: "your own words in the system prompt; put no secret there",
    },
    Field {
        name: "prompt-mode",
        pointer: "/prompt/mode",
        kind: Kind::Choice(&["extend", "override"]),
        default: "extend",
        about: "your prompt comes after the default one, or in its place",
    },
];

/// A value that a setting can't have, or a setting that there is not, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

/// The setting of this name.
///
/// # Errors
/// [`Unfit`] with the names that there are.
pub fn named(name: &str) -> Result<&'static Field, Unfit> {
    FIELDS.iter().find(|field| field.name == name).ok_or_else(|| {
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        Unfit(format!("there is no setting `{name}`; there are {}", names.join(", ")))
    })
}

impl Field {
    /// Its value in words; its default where it has none.
    pub fn show(&self, settings: &Settings) -> String {
        self.value(settings).unwrap_or_else(|| self.default.to_owned())
    }

    /// Its value as it can be typed; nothing where it was never set. This is what an editor begins with: the words of
    /// [`Field::show`] are for the eye, and must never be stored.
    pub fn value(&self, settings: &Settings) -> Option<String> {
        let document = serde_json::to_value(settings).unwrap_or_default();
        let value = match document.pointer(self.pointer)? {
            Value::Null => return None,
            Value::Bool(on) => String::from(if *on { "on" } else { "off" }),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (!value.is_empty()).then_some(value)
    }

    /// Whether a typed value can be one of it; none always can.
    ///
    /// # Errors
    /// [`Unfit`] with what it may be.
    pub fn check(&self, typed: Option<&str>) -> Result<(), Unfit> {
        typed.map_or(Ok(()), |typed| self.read(typed).map(drop))
    }

    /// Puts a typed value in; none takes it back to what holds without it.
    ///
    /// # Errors
    /// [`Unfit`] with what it may be; then nothing was changed.
    pub fn set(&self, settings: &mut Settings, typed: Option<&str>) -> Result<(), Unfit> {
        let value = typed.map_or(Ok(Value::Null), |typed| self.read(typed))?;
        let typed = typed.unwrap_or_default();
        let unfit = |error: serde_json::Error| Unfit(format!("{} can't be `{typed}`: {error}", self.name));
        let mut document = serde_json::to_value(&*settings).map_err(unfit)?;
        if self.pointer == "/prompt/mode" && !value.is_null() && settings.prompt.is_none() {
            return Err(Unfit(String::from("there is no prompt of yours yet; set prompt first")));
        }
        put(&mut document, self.pointer, value);
        *settings = serde_json::from_value(document).map_err(unfit)?;
        Ok(())
    }

    /// What follows this value where there are few to choose from: the next one, in a circle.
    pub fn next(&self, now: &str) -> Option<&'static str> {
        let words: &[&'static str] = match self.kind {
            Kind::Switch => &["off", "on"],
            Kind::Choice(words) => words,
            Kind::Model | Kind::Models | Kind::Tools | Kind::Text => return None,
        };
        let at = words.iter().position(|word| *word == now).map_or(0, |at| at + 1);
        words.get(at % words.len().max(1)).copied()
    }

    fn read(&self, typed: &str) -> Result<Value, Unfit> {
        let wrong = |may: String| Err(Unfit(format!("{} is {may}, not `{typed}`", self.name)));
        match self.kind {
            Kind::Switch => match typed {
                "on" | "true" | "yes" => Ok(json!(true)),
                "off" | "false" | "no" => Ok(json!(false)),
                _ => wrong(String::from("on or off")),
            },
            Kind::Choice(words) if words.contains(&typed) => Ok(json!(typed)),
            Kind::Choice(words) => wrong(words.join(" or ")),
            Kind::Model if typed.contains('/') => Ok(json!(typed)),
            Kind::Model => wrong(String::from("provider/model (`omega models` lists them)")),
            Kind::Models => {
                let models: Vec<&str> = names(typed).collect();
                match models.iter().all(|model| *model == "*" || model.contains('/')) {
                    true => Ok(json!(models)),
                    false => wrong(String::from("models as provider/model, provider/*, or *, separated by spaces")),
                }
            }
            // A text without a word is none.
            Kind::Text if typed.trim().is_empty() => Ok(Value::Null),
            Kind::Text => Ok(json!(typed)),
            Kind::Tools => {
                let tools: Result<Vec<ToolId>, _> = names(typed).map(str::parse).collect();
                match tools {
                    Ok(tools) => Ok(json!(tools)),
                    Err(_) => wrong(String::from("tools as package::export, separated by spaces")),
                }
            }
        }
    }
}

/// The names of a list; `none` is an empty one.
fn names(typed: &str) -> impl Iterator<Item = &str> {
    typed.split([' ', ',']).filter(|name| !name.is_empty() && *name != "none")
}

/// Puts a value where the pointer leads, one or two levels down. A null leaves the place empty; without its text a prompt
/// is none.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let path = pointer.trim_start_matches('/');
    let (parent, key) = path.split_once('/').map_or((None, path), |(parent, key)| (Some(parent), key));
    let Some(top) = document.as_object_mut() else { return };
    match (parent, value) {
        (None, Value::Null) => drop(top.remove(key)),
        (None, value) => drop(top.insert(key.to_owned(), value)),
        (Some(parent), Value::Null) if key == "text" => drop(top.remove(parent)),
        (Some(parent), value) => {
            let inner = match value.is_null() {
                true => top.get_mut(parent),
                false => Some(top.entry(parent).or_insert_with(|| json!({}))),
            };
            if let Some(inner) = inner {
                put(inner, key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read_back_as_it_was_typed() {
        let mut settings = Settings::default();
        for field in FIELDS {
            assert_eq!(field.show(&settings), field.default, "{}", field.name);
            if matches!(field.kind, Kind::Model | Kind::Models | Kind::Tools | Kind::Text) {
                assert_eq!(field.value(&settings), None, "words are no value: {}", field.name);
            }
            let typed = match field.kind {
                Kind::Switch if field.default == "on" => "off",
                Kind::Switch => "on",
                Kind::Choice(words) => words.iter().find(|word| **word != field.default).unwrap(),
                Kind::Model => "openai/gpt-4.1-mini",
                Kind::Models => "anthropic/* openai/gpt-5-mini",
                Kind::Tools => "mathjs::evaluate qrcode::toString",
                Kind::Text => "be brief",
            };
            field.set(&mut settings, Some(typed)).unwrap();
            assert_eq!(field.show(&settings), typed, "{}", field.name);
            assert_eq!(field.value(&settings).as_deref(), Some(typed), "{}", field.name);
        }
        for field in FIELDS {
            field.set(&mut settings, None).unwrap();
            assert_eq!(field.show(&settings), field.default, "{}", field.name);
        }
        assert_eq!(settings, Settings::default());
    }

    /// `none`, `off` or `default` may be what somebody wants to say to the model.
    #[test]
    fn no_word_of_a_text_means_something_else() {
        let prompt = named("prompt").unwrap();
        for text in ["none", "default", "off", " two\n lines ", "the server's choice"] {
            let mut settings = Settings::default();
            prompt.set(&mut settings, Some(text)).unwrap();
            assert_eq!(prompt.value(&settings).as_deref(), Some(text));
        }
        let mut settings = Settings::default();
        prompt.set(&mut settings, Some("be brief")).unwrap();
        prompt.set(&mut settings, Some(" \n")).unwrap();
        assert_eq!(settings, Settings::default(), "a text without a word is none");
    }

    #[test]
    fn what_has_few_values_goes_through_them_in_a_circle() {
        for field in FIELDS {
            let mut now = field.default.to_owned();
            let mut seen = Vec::new();
            while let Some(next) = field.next(&now).filter(|next| !seen.contains(next)) {
                seen.push(next);
                now = next.to_owned();
            }
            let all = match field.kind {
                Kind::Switch => 2,
                Kind::Choice(words) => words.len(),
                _ => 0,
            };
            assert_eq!(seen.len(), all, "{}", field.name);
        }
    }

    #[test]
    fn a_mode_without_a_prompt_is_refused_in_words() {
        let mut settings = Settings::default();
        let mode = named("prompt-mode").unwrap();
        assert!(mode.set(&mut settings, Some("override")).unwrap_err().0.contains("set prompt first"));
        named("prompt").unwrap().set(&mut settings, Some("be brief\nbe kind")).unwrap();
        mode.set(&mut settings, Some("override")).unwrap();
        assert_eq!(named("prompt").unwrap().show(&settings), "be brief\nbe kind");
    }

    #[test]
    fn a_value_that_can_not_be_changes_nothing() {
        for field in FIELDS.iter().filter(|field| field.kind != Kind::Text) {
            let mut settings = Settings::default();
            assert!(field.set(&mut settings, Some("nonsense")).unwrap_err().0.contains(field.name), "{}", field.name);
            assert_eq!(settings, Settings::default());
        }
        assert!(named("nope").unwrap_err().0.contains("safe-mode"));
    }
}
