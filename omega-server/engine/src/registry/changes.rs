//! What the audit log is told of changes of the registry: who, which packages, from which version to which, and which fields.
//!
//! Values never stand in it: what a tool says of itself is a stranger's text. Many packages at once are counted.

use super::Source;
use crate::domain::audit_fact::{AuditAction, Fact};
use omega_core::{
    edition::is_older,
    id::{ToolId, UserId},
    registry::Tool,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Packages that are named; more of them are counted.
const NAMED: usize = 20;
/// What changes all the time and means nothing for what runs, or is said in other words.
const QUIET: [&str; 4] = ["health", "downloads", "own", "toolId"];

/// The source of what the sandbox found in a package whose row lacked it.
pub(super) const DESCRIBED: &str = "described";

/// A row that is about to be written.
pub(super) struct Change<'a> {
    /// The row that is there.
    pub was: Option<&'a Tool>,
    /// The one that takes its place.
    pub is: &'a Tool,
}

/// What many changes come to.
#[derive(Default)]
struct Sum {
    from: BTreeSet<String>,
    to: BTreeSet<String>,
    fields: BTreeSet<String>,
    added: usize,
    changed: usize,
    older: usize,
}

impl Sum {
    fn add(&mut self, change: &Change<'_>) {
        match change.was {
            Some(was) => {
                let fields = fields(was, change.is);
                if fields.is_empty() {
                    return;
                }
                self.changed += 1;
                self.older += usize::from(is_older(&change.is.version, &was.version));
                self.from.insert(was.version.clone());
                self.fields.extend(fields);
            }
            None => self.added += 1,
        }
        self.to.insert(change.is.version.clone());
    }

    fn take(&mut self, other: Self) {
        self.from.extend(other.from);
        self.to.extend(other.to);
        self.fields.extend(other.fields);
        self.added += other.added;
        self.changed += other.changed;
        self.older += other.older;
    }

    fn is_nothing(&self) -> bool {
        self.added + self.changed == 0
    }

    fn told(&self, fact: Fact) -> Fact {
        let fact = fact.with("added", self.added).with("changed", self.changed);
        let fields = self.fields.iter().map(String::as_str).collect::<Vec<_>>();
        let fact = if self.changed > 0 { fact.with("fields", fields) } else { fact };
        if self.older > 0 { fact.with("older", self.older) } else { fact }
    }
}

pub(super) fn facts(owner: Option<UserId>, source: &str, changes: &[Change<'_>]) -> Vec<Fact> {
    let mut packages: BTreeMap<&str, Sum> = BTreeMap::new();
    for change in changes {
        packages.entry(change.is.tool_id.package()).or_default().add(change);
    }
    packages.retain(|_, sum| !sum.is_nothing());
    if packages.len() <= NAMED {
        let fact = |(package, sum): (&&str, &Sum)| {
            let fact = changed(owner, source).on(package).with("to", versions(&sum.to));
            sum.told(if sum.from.is_empty() { fact } else { fact.with("from", versions(&sum.from)) })
        };
        return packages.iter().map(fact).collect();
    }
    let (mut all, count) = (Sum::default(), packages.len());
    packages.into_values().for_each(|sum| all.take(sum));
    vec![all.told(changed(owner, source).with("packages", count))]
}

/// That what somebody added of a package is about to be taken out.
pub(super) fn removed(owner: Option<UserId>, package: &str) -> Fact {
    changed(owner, Source::Added.as_str()).on(package).with("removed", true)
}

/// That rows of a mirror are about to be taken out.
pub(super) fn gone(ids: &[ToolId]) -> Fact {
    let packages: BTreeSet<&str> = ids.iter().map(ToolId::package).collect();
    let fact = changed(None, Source::Mirror.as_str()).with("removed", ids.len());
    match packages.first().filter(|_| packages.len() == 1) {
        Some(package) => fact.on(package),
        None => fact.with("packages", packages.len()),
    }
}

fn changed(owner: Option<UserId>, source: &str) -> Fact {
    let scope = if owner.is_some() { "me" } else { "everybody" };
    Fact::new(AuditAction::RegistryChanged, "package").with("source", source).with("scope", scope)
}

/// Mostly one: the tools of a package are of one version.
fn versions(versions: &BTreeSet<String>) -> String {
    let some: Vec<&str> = versions.iter().map(String::as_str).take(3).collect();
    some.join(", ")
}

/// The fields in which a row differs from the one before, as they are called in it.
fn fields(was: &Tool, is: &Tool) -> BTreeSet<String> {
    let of = |tool: &Tool| match serde_json::to_value(tool) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (was, is) = (of(was), of(is));
    let names = was.keys().chain(is.keys()).filter(|name| !QUIET.contains(&name.as_str()));
    names.filter(|name| was.get(*name) != is.get(*name)).cloned().collect()
}
