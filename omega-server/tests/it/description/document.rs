//! The document itself.

use super::{DOCUMENT, faults, operations, payload, reader, repository};
use serde_json::Value;
use std::{collections::BTreeSet, fs, process::Command};

/// `docs/openapi.json`, which clients are generated from. After a change of the API, `OMEGA_WRITE_OPENAPI=1` writes it anew
/// (`just regenerate`), and `npm run types` the page's types.
#[test]
fn the_description_is_committed_whole() {
    let path = repository().join("docs/openapi.json");
    let whole = serde_json::to_string_pretty(&sorted(&DOCUMENT)).unwrap() + "\n";
    if std::env::var_os("OMEGA_WRITE_OPENAPI").is_some() {
        fs::write(&path, whole).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap();
    let differ = whole.lines().zip(committed.lines()).enumerate().find(|(_, (made, kept))| made != kept);
    assert!(whole == committed, "docs/openapi.json is not what is served: run `just regenerate`; first at {differ:?}");
}

/// The same with its members in order, whatever features of serde_json a build has.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> =
                members.iter().map(|(name, member)| (name, sorted(member))).collect();
            serde_json::to_value(members).unwrap()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_and_every_reference_leads_somewhere() {
    let ids: Vec<String> = operations().map(|(id, _)| id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    let is_plain = |id: &String| id.starts_with(|first: char| first.is_ascii_lowercase()) && !id.contains('_');
    assert!(ids.iter().all(is_plain), "{ids:?}");
    let mut references = Vec::new();
    gather(&DOCUMENT, &mut |value| {
        references.extend(value["$ref"].as_str().map(str::to_owned));
        let mapping = value["discriminator"]["mapping"].as_object();
        references.extend(
            mapping
                .into_iter()
                .flat_map(|mapping| mapping.values())
                .filter_map(|path| path.as_str().map(str::to_owned)),
        );
    });
    assert!(references.len() > 500);
    for path in references {
        assert!(DOCUMENT.pointer(path.trim_start_matches('#')).is_some(), "{path} leads nowhere");
    }
    for (id, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string(), "{id} {status} says what it means");
        }
    }
}

fn gather(value: &Value, take: &mut impl FnMut(&Value)) {
    take(value);
    match value {
        Value::Object(members) => members.values().for_each(|member| gather(member, take)),
        Value::Array(items) => items.iter().for_each(|item| gather(item, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_path_describes_what_stands_in_it() {
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let within: BTreeSet<&str> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let named: BTreeSet<&str> = parameters
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(named, within, "{path}");
        }
    }
}

#[test]
fn the_examples_are_what_the_schemas_say() {
    let mut seen = 0;
    for (id, operation) in operations() {
        let bodies = operation["responses"].as_object().unwrap().values().chain([&operation["requestBody"]]);
        for (kind, content) in bodies.filter_map(|body| body["content"].as_object()).flatten() {
            let Some(example) = content.get("example") else { continue };
            assert_eq!(faults(&reader(&content["schema"]), example), [""; 0], "{id} {kind}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn every_event_of_a_stream_is_described_by_its_kind() {
    for id in ["streamEvents", "sendMessage"] {
        let (_, operation) = operations().find(|(known, _)| known == id).unwrap();
        let schema = &operation["responses"]["200"]["content"]["text/event-stream"]["schema"];
        assert_eq!(payload(schema)["$ref"], "#/components/schemas/Envelope");
    }
    let kinds = DOCUMENT["components"]["schemas"]["Envelope"]["discriminator"]["mapping"].as_object().unwrap();
    assert!(kinds.len() >= 36 && kinds.contains_key("run.step.tool.completed"), "{kinds:?}");
}

/// By openapi-spec-validator, where it is installed; `.ci/run` installs it, and sets `OMEGA_REQUIRE_OPENAPI_VALIDATOR`.
#[test]
fn the_description_is_valid_openapi() {
    let ours = repository().join("target/clients/bin/openapi-spec-validator");
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let known = std::env::split_paths(&on_path).map(|folder| folder.join("openapi-spec-validator"));
    let Some(program) = [ours].into_iter().chain(known).find(|file| file.is_file()) else {
        let why = "openapi-spec-validator is not installed; `.ci/run` installs it into target/clients";
        assert!(std::env::var_os("OMEGA_REQUIRE_OPENAPI_VALIDATOR").is_none(), "{why}");
        return crate::harness::skip(why);
    };
    let folder = crate::harness::folder();
    let path = folder.path().join("openapi.json");
    fs::write(&path, DOCUMENT.to_string()).unwrap();
    let output = Command::new(program).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
