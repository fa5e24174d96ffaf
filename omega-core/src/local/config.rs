//! Settings of a user's client, from five layers: flag, environment, profile, user file, default. The first that has a
//! value wins, and every value knows where it came from.
//!
//! The file is TOML: settings at the top, profiles as `[profiles.NAME]`. A setting that nobody knows is an error with the
//! nearest name, because a typing error that is ignored is worse.

use super::Env;
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};
use toml_edit::{DocumentMut, Item, TableLike};

/// A setting that exists.
#[derive(Debug)]
pub struct ConfigKey {
    /// Its name in the file.
    pub name: &'static str,
    pub variable: &'static str,
    pub about: &'static str,
    /// What it is when nobody says.
    pub default: Option<&'static str>,
    check: fn(&str) -> Result<(), String>,
}

pub const KEYS: &[ConfigKey] = &[
    ConfigKey {
        name: "server",
        variable: "OMEGA_SERVER",
        about: "address of a shared server; the user's own local server when missing",
        default: None,
        check: |value| match value.starts_with("http://") || value.starts_with("https://") {
            true => Ok(()),
            false => Err(String::from("it must begin with http:// or https://")),
        },
    },
    ConfigKey {
        name: "model",
        variable: "OMEGA_MODEL",
        about: "provider/model; the server's choice when missing",
        default: None,
        check: |value| match value.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => Ok(()),
            _ => Err(String::from("write it as provider/model, for example openai/gpt-4.1-mini")),
        },
    },
    ConfigKey {
        name: "master-key",
        variable: "OMEGA_MASTER_KEY_IN",
        about: "where your own server keeps the key of stored credentials: file, or keyring",
        default: Some("file"),
        check: |value| match value {
            "file" | "keyring" => Ok(()),
            _ => Err(String::from("it is `file` or `keyring`")),
        },
    },
    ConfigKey {
        name: "provider-keys",
        variable: "OMEGA_PROVIDER_KEYS_IN",
        about: "where your own server keeps your keys of model providers: keyring, or vault; the keyring where there is one when \
                missing",
        default: None,
        check: |value| match value {
            "keyring" | "vault" => Ok(()),
            _ => Err(String::from("it is `keyring` or `vault`")),
        },
    },
    ConfigKey {
        name: "timeout",
        variable: "OMEGA_TIMEOUT",
        about: "how long `omega ask` waits for the whole answer",
        default: Some("15m"),
        check: |value| humantime::parse_duration(value).map(drop).map_err(|e| format!("{e}; write it as 30s or 5m")),
    },
    ConfigKey {
        name: "motion",
        variable: "OMEGA_MOTION",
        about: "whether things on the terminal's screen move by themselves: full, reduced, or auto, which goes by NO_MOTION, \
                ACCESSIBLE and the desktop's setting",
        default: Some("auto"),
        check: |value| match value {
            "auto" | "full" | "reduced" => Ok(()),
            _ => Err(String::from("it is `auto`, `full` or `reduced`")),
        },
    },
];

/// The names of the profiles in a configuration file; none where it can't be read.
pub fn profiles(file: &Path) -> Vec<String> {
    let document = fs::read_to_string(file).ok().and_then(|text| text.parse::<DocumentMut>().ok());
    let names = document.as_ref().and_then(|it| it.get("profiles")).and_then(Item::as_table_like);
    names.map(|all| all.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Variable(&'static str),
    /// This profile of the file.
    Profile(String),
    /// The top of the file.
    File(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("command line"),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting, its value and where that came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    /// Its value; missing when nobody said and there is no default.
    pub value: Option<String>,
    pub origin: Origin,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{} can't be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    /// The file is no TOML, or not of this shape.
    #[error("{} can't be used: {cause}", path.display())]
    Malformed { path: PathBuf, cause: String },
    /// A value that the setting can't have.
    #[error("{name} can't be `{value}` ({origin}): {cause}")]
    BadValue { name: &'static str, value: String, origin: Origin, cause: String },
    /// A profile that the file does not have.
    #[error("there is no profile `{name}` in {}; it has {}", path.display(), list(known))]
    NoProfile { name: String, path: PathBuf, known: Vec<String> },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { String::from("none") } else { names.join(", ") }
}

/// The settings of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    settings: Vec<Setting>,
}

impl Config {
    /// Puts the layers together. `flags` has what the command line said, by setting; `profile` is what it said of one.
    ///
    /// # Errors
    /// See [`ConfigError`]. A missing file is no error.
    pub fn load(
        file: &Path,
        env: &Env,
        flags: &BTreeMap<&'static str, String>,
        profile: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(ConfigError::Unreadable { path: file.to_owned(), cause }),
        };
        let malformed = |cause: String| ConfigError::Malformed { path: file.to_owned(), cause };
        let document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| malformed(e.to_string()))?;
        let top = values(document.as_table(), &["profile", "profiles"]).map_err(malformed)?;
        let chosen = profile.map(str::to_owned).or_else(|| env.get("OMEGA_PROFILE").map(str::to_owned));
        let chosen = chosen.or_else(|| document.get("profile").and_then(Item::as_str).map(str::to_owned));
        let mut in_profile = BTreeMap::new();
        if let Some(name) = &chosen {
            let profiles = document.get("profiles").and_then(Item::as_table_like);
            let Some(table) = profiles.and_then(|all| all.get(name)).and_then(Item::as_table_like) else {
                let known = profiles.map(|all| all.iter().map(|(name, _)| name.to_owned()).collect());
                let known = known.unwrap_or_default();
                return Err(ConfigError::NoProfile { name: name.clone(), path: file.to_owned(), known });
            };
            in_profile = values(table, &[]).map_err(|cause| malformed(format!("in profile {name}: {cause}")))?;
        }
        let settings = KEYS.iter().map(|key| {
            let layers = [
                flags.get(key.name).map(|value| (value.clone(), Origin::Flag)),
                env.get(key.variable).map(|value| (value.to_owned(), Origin::Variable(key.variable))),
                in_profile.get(key.name).map(|v| (v.clone(), Origin::Profile(chosen.clone().unwrap_or_default()))),
                top.get(key.name).map(|value| (value.clone(), Origin::File(file.to_owned()))),
            ];
            let Some((value, origin)) = layers.into_iter().flatten().next() else {
                return Ok(Setting { name: key.name, value: key.default.map(str::to_owned), origin: Origin::Default });
            };
            match (key.check)(&value) {
                Ok(()) => Ok(Setting { name: key.name, value: Some(value), origin }),
                Err(cause) => Err(ConfigError::BadValue { name: key.name, value, origin, cause }),
            }
        });
        Ok(Self { settings: settings.collect::<Result<_, _>>()? })
    }

    /// All settings, in the order of [`KEYS`].
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|setting| setting.name == name)?.value.as_deref()
    }
}

/// The known settings of a table.
fn values(table: &dyn TableLike, besides: &[&str]) -> Result<BTreeMap<&'static str, String>, String> {
    let mut values = BTreeMap::new();
    for (name, item) in table.iter().filter(|(name, _)| !besides.contains(name)) {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            return Err(format!("there is no setting `{name}`; there are {}", names.join(", ")));
        };
        let Some(value) = item.as_str() else { return Err(format!("`{name}` must be a text in quotes")) };
        values.insert(key.name, value.to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, env: &Env, flags: &[(&'static str, &str)], profile: Option<&str>) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        fs::write(&file, text).unwrap();
        let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Config::load(&file, env, &flags, profile)
            .map_err(|e| e.to_string().replace(&file.display().to_string(), "FILE"))
    }

    #[test]
    fn the_nearest_layer_wins_and_says_so() {
        let text = "model = 'a/file'\n[profiles.work]\nmodel = 'a/profile'\n";
        let none = Env::default();
        let variable = Env::of([("OMEGA_MODEL", "a/env"), ("OMEGA_SERVER", "")]);
        let origin = |config: &Config| config.settings()[1].origin.to_string();
        let flag = load(text, &variable, &[("model", "a/flag")], Some("work")).unwrap();
        assert_eq!((flag.get("model"), origin(&flag).as_str()), (Some("a/flag"), "command line"));
        let env = load(text, &variable, &[], Some("work")).unwrap();
        assert_eq!((env.get("model"), origin(&env).as_str()), (Some("a/env"), "environment OMEGA_MODEL"));
        let profile = load(text, &none, &[], Some("work")).unwrap();
        assert_eq!((profile.get("model"), origin(&profile).as_str()), (Some("a/profile"), "profile work"));
        assert_eq!(load(text, &none, &[], None).unwrap().get("model"), Some("a/file"));
        let default = load("", &none, &[], None).unwrap();
        assert_eq!((default.get("model"), default.get("timeout")), (None, Some("15m")));
        assert_eq!(env.get("server"), None, "an empty variable counts as missing");
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let none = Env::default();
        let cases = [
            (
                load("modle = 'x/y'", &none, &[], None),
                "there is no setting `modle`; there are server, model, master-key, provider-keys, timeout",
            ),
            (load("model = 3", &none, &[], None), "`model` must be a text in quotes"),
            (load("model = 'gpt'", &none, &[], None), "model can't be `gpt` (file FILE): write it as provider/model"),
            (load("", &none, &[("timeout", "soon")], None), "timeout can't be `soon` (command line)"),
            (load("", &none, &[("server", "x:1")], None), "it must begin with http:// or https://"),
            (load("[profiles.a]", &none, &[], Some("b")), "there is no profile `b` in FILE; it has a"),
            (load("model = ", &none, &[], None), "FILE can't be used"),
        ];
        for (result, expected) in cases {
            let error = result.unwrap_err();
            assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        }
    }
}
