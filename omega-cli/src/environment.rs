//! Variables that a command hands to tools: by name from the environment, so that no secret stands on the command line.

mod dotenv;

use crate::exit::{Code, Failure};
use clap::Args;
use omega_core::{local::Env, sanitize::one_line};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// Variables for the tools of this call.
#[derive(Debug, Clone, Default, Args)]
pub struct Environment {
    /// Hand this variable of the environment to tools that declare it (NAME=VALUE sets one; other users of this machine
    /// may see a value on the command line)
    #[arg(long = "env", value_name = "NAME")]
    names: Vec<String>,
    /// Hand the variables of this dotenv file (lines of NAME=VALUE) to tools that declare them
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

impl Environment {
    /// The variables. What the command line names wins over the file.
    pub fn read(&self, env: &Env) -> Result<BTreeMap<String, String>, Failure> {
        let mut variables = BTreeMap::new();
        if let Some(path) = &self.env_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{} can't be read: {error}", path.display())))?;
            // The line itself is not shown: it may be a secret.
            let entries = dotenv::entries(&text).map_err(|wrong| {
                let place = format!("{}:{}", path.display(), wrong.line);
                Failure::usage(format!("{place}: {}", wrong.why)).hint("a line is NAME=VALUE, with quotes where needed")
            })?;
            variables.extend(entries);
        }
        for given in &self.names {
            let (name, value) = match given.split_once('=') {
                Some((name, value)) => (name, value),
                None => match env.get(given) {
                    Some(value) => (given.as_str(), value),
                    None => {
                        let message = format!("{given} is not set in the environment");
                        return Err(Failure::new(Code::MissingCredentials, message)
                            .hint(format!("export {given}=..., or use --env-file")));
                    }
                },
            };
            variables.insert(name.to_owned(), value.to_owned());
        }
        match variables.keys().find(|name| !is_name(name)) {
            Some(name) => Err(Failure::usage(format!("`{}` is not the name of a variable", one_line(name, 100)))),
            None => Ok(variables),
        }
    }
}

/// What to do about variables that a tool lacks, by the details of its error: names, or `{name, description}`.
pub fn how_to_give(details: &Value) -> Option<String> {
    let list = ["missing", "missingVars"].into_iter().find_map(|member| details[member].as_array())?;
    let names = list.iter().filter_map(|item| item.as_str().or_else(|| item["name"].as_str()));
    let names: Vec<&str> = names.filter(|name| is_name(name)).collect();
    if names.is_empty() {
        return None;
    }
    let flags: Vec<String> = names.iter().map(|name| format!("--env {name}")).collect();
    Some(format!("export {}, and pass {}", names.join(" and "), flags.join(" ")))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_the_environment_by_name_and_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".env");
        std::fs::write(&file, "# comment\nexport A=\"one two\"\nB=file\nC=\n").unwrap();
        let given = Environment { names: vec!["B".into(), "D=x=y".into()], env_file: Some(file) };
        let read = given.read(&Env::of([("B", "environment")])).unwrap();
        let expected = [("A", "one two"), ("B", "environment"), ("C", ""), ("D", "x=y")];
        assert_eq!(read, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn what_a_tool_lacks_is_answered_with_the_flag() {
        let cases = [
            (serde_json::json!({"missing": ["A_KEY"]}), Some("export A_KEY, and pass --env A_KEY")),
            (
                serde_json::json!({"missingVars": [{"name": "A"}, {"name": "B"}]}),
                Some("export A and B, and pass --env A --env B"),
            ),
            (serde_json::json!({"missing": ["\u{1b}[2J"]}), None),
            (serde_json::json!({}), None),
        ];
        for (details, said) in cases {
            assert_eq!(how_to_give(&details).as_deref(), said, "{details}");
        }
    }

    #[test]
    fn a_variable_that_is_not_there_is_a_missing_credential() {
        let given = Environment { names: vec!["NOT_THERE".into()], env_file: None };
        assert_eq!(given.read(&Env::default()).unwrap_err().exit_code(), 4);
        let given = Environment { names: vec!["not a name=1".into()], env_file: None };
        assert_eq!(given.read(&Env::default()).unwrap_err().exit_code(), 2);
    }
}
