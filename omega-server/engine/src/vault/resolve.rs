//! Which variables a tool gets: those that it declares, and of them only what it may have (C7, `security.md` T2).
//!
//! The order for each declared name: what came with the run (the request, or "use once"); else the owner's credential for
//! this very tool; else the owner's credential for all tools, if this tool's publisher was granted it. Both hold for the
//! edition of the tool that they were given for and what follows it within its major version; every other one asks first.
//! Values stay sealed: what is decided here is opened after the intent is recorded.

use super::{Vault, VaultError};
use crate::{
    domain::{
        grant::{Grant, publisher},
        sealed::{CredentialPlace, Scope, SealedCredential},
        variables,
    },
    observe::metrics::CREDENTIAL_USES,
};
use omega_core::{
    edition::{Change, Edition},
    registry::{EnvVar, Tool},
};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// What a tool would get, and what stands in the way.
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    /// Still sealed, by name.
    pub env: BTreeMap<String, SealedCredential>,
    /// Required variables that nobody has.
    pub missing: Vec<EnvVar>,
    /// Credentials of the owner that the tool declares and was not granted, or not in this edition: the first use asks.
    pub ungranted: Vec<String>,
    /// Why those that it was granted in another edition are among them.
    pub changed: Vec<String>,
}

impl Resolution {
    /// The names of what the tool would get.
    pub fn names(&self) -> Vec<String> {
        self.env.keys().cloned().collect()
    }

    /// The owner's stored credentials among it.
    pub fn stored(&self) -> impl Iterator<Item = &CredentialPlace> {
        self.env.values().map(|kept| &kept.place).filter(|place| place.scope != Scope::Run)
    }
}

/// Decides for one tool. `run` is what came with the run; `stored` and `grants` are the conversation's owner's.
pub fn resolve(tool: &Tool, run: &[SealedCredential], stored: &[SealedCredential], grants: &[Grant]) -> Resolution {
    let (mut resolution, edition) = (Resolution::default(), Edition::of(tool));
    for var in &tool.env {
        if variables::check(&var.name).is_err() || resolution.env.contains_key(&var.name) {
            continue;
        }
        let named = |kept: &&SealedCredential| kept.place.name == var.name;
        let for_tool =
            |kept: &&SealedCredential| kept.place.scope == Scope::Tool && kept.place.of == tool.tool_id.as_str();
        let given = run.iter().find(named);
        let of_tool = stored.iter().filter(named).find(for_tool);
        let global = stored.iter().filter(named).find(|kept| kept.place.scope == Scope::Global);
        let (kept, allowed) = match (given, of_tool, global) {
            (Some(kept), _, _) => (kept, Ok(())),
            (None, Some(kept), _) if is_for_all(tool, &var.name, grants) => (kept, Ok(())),
            (None, Some(kept), _) => (kept, kept.given.covers(&edition).map_err(|change| (&kept.given, Some(change)))),
            (None, None, Some(kept)) => (kept, granted(tool, &edition, &var.name, grants)),
            (None, None, None) if is_needed(var) => {
                resolution.missing.push(var.clone());
                continue;
            }
            (None, None, None) => continue,
        };
        match allowed {
            Ok(()) => drop(resolution.env.insert(var.name.clone(), kept.clone())),
            Err((was, change)) => {
                resolution.ungranted.push(var.name.clone());
                let change = change.filter(|_| !was.version.is_empty());
                resolution.changed.extend(change.map(|change| told(&var.name, was, change)));
            }
        }
    }
    resolution
}

/// Whether a grant covers a tool; if none does, the one that was nearest to it.
fn granted<'g>(
    tool: &Tool,
    edition: &Edition,
    name: &str,
    grants: &'g [Grant],
) -> Result<(), (&'g Edition, Option<Change>)> {
    const NOTHING: &Edition = &Edition { version: String::new(), integrity: None, own: false };
    let mut nearest = (NOTHING, None);
    for grant in grants.iter().filter(|grant| grant.name == name && grant.publisher == publisher(&tool.tool_id)) {
        let Some(given) = &grant.edition else { return Ok(()) };
        match covers(grant, given, tool, edition) {
            Ok(()) => return Ok(()),
            Err(change) => nearest = (given, Some(change)),
        }
    }
    Err(nearest)
}

/// A grant holds for the publisher's tools. Those of another package have versions of their own, so its major version alone
/// says something of them; and what a user added for themselves is nobody's but its own package's.
fn covers(grant: &Grant, given: &Edition, tool: &Tool, edition: &Edition) -> Result<(), Change> {
    if grant.tool.package() == tool.tool_id.package() {
        return given.covers(edition);
    }
    match (given.major(), edition.major()) {
        _ if given.own || edition.own => Err(Change::Owner),
        (Some(most), Some(own)) if own <= most => Ok(()),
        (Some(_), Some(_)) => Err(Change::Major),
        _ => Err(Change::Unknown),
    }
}

/// Whether the owner's settings let every tool have what is stored.
fn is_for_all(tool: &Tool, name: &str, grants: &[Grant]) -> bool {
    grants.iter().any(|grant| grant.name == name && grant.tool == tool.tool_id && grant.edition.is_none())
}

fn told(name: &str, was: &Edition, change: Change) -> String {
    format!("{name} was given for version {}: {change}", was.version)
}

/// `required` unless said otherwise, and a default satisfies it (`tpmjs.md` 7.1).
pub fn is_needed(var: &EnvVar) -> bool {
    var.required && var.default.as_ref().is_none_or(String::is_empty)
}

impl Vault {
    /// Opens what was resolved. The use has to be recorded before.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn reveal(
        &self,
        env: &BTreeMap<String, SealedCredential>,
    ) -> Result<BTreeMap<String, SecretString>, VaultError> {
        let mut revealed = BTreeMap::new();
        for (name, kept) in env {
            let value = self.value(kept).await;
            CREDENTIAL_USES.count([if value.is_ok() { "ok" } else { "failed" }]);
            revealed.insert(name.clone(), value?);
        }
        Ok(revealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sealed::Sealed;
    use omega_core::{
        api::Timestamp,
        id::{RunId, ToolId, UserId},
        registry::{Calling, Health},
    };

    fn tool(id: &str, version: &str, env: &[(&str, bool)]) -> Tool {
        let var = |(name, required): &(&str, bool)| EnvVar {
            name: (*name).into(),
            description: String::new(),
            required: *required,
            default: None,
        };
        Tool {
            tool_id: id.parse().unwrap(),
            name: "x".into(),
            description: String::new(),
            version: version.into(),
            category: "other".into(),
            keywords: Vec::new(),
            input_schema: None,
            env: env.iter().map(var).collect(),
            calling: Calling::Tool,
            health: Health::Unknown,
            downloads: None,
            official: false,
            needs_approval: None,
            destructive: false,
            integrity: None,
            own: false,
        }
    }

    fn kept(scope: Scope, of: &str, name: &str) -> SealedCredential {
        SealedCredential {
            account: None,
            place: CredentialPlace { user: UserId(uuid::Uuid::nil()), scope, of: of.into(), name: name.into() },
            sealed: Sealed { dek_id: format!("{}/{of}/{name}", scope.as_str()), nonce: vec![], ciphertext: vec![] },
            hint: None,
            given: edition("1.0.0"),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            last_used_at: None,
        }
    }

    fn edition(version: &str) -> Edition {
        Edition { version: version.into(), ..Edition::default() }
    }

    fn grant(name: &str, of: &str, version: Option<&str>) -> Grant {
        let tool: ToolId = of.parse().unwrap();
        let (publisher, edition) = (publisher(&tool).to_owned(), version.map(edition));
        Grant { name: name.into(), publisher, tool, edition, source: "request".into(), granted_at: Timestamp(0) }
    }

    fn from(resolution: &Resolution, name: &str) -> Scope {
        resolution.env[name].place.scope
    }

    #[test]
    fn only_what_is_declared_is_given_whatever_there_is() {
        let run = RunId::new().to_string();
        let have = [kept(Scope::Run, &run, "A"), kept(Scope::Run, &run, "B")];
        let stored = [kept(Scope::Tool, "p::x", "C"), kept(Scope::Global, "", "D")];
        let grants = [grant("D", "p::x", None)];
        let resolution = resolve(&tool("p::x", "1.0.0", &[("B", true)]), &have, &stored, &grants);
        assert_eq!(resolution.names(), ["B"]);
        let resolution = resolve(&tool("p::x", "1.0.0", &[]), &have, &stored, &grants);
        assert!(resolution.env.is_empty() && resolution.missing.is_empty() && resolution.ungranted.is_empty());
    }

    #[test]
    fn the_request_comes_before_the_tools_own_credential_and_that_before_the_one_for_all() {
        let tool = tool("p::x", "1.0.0", &[("K", true)]);
        let run = [kept(Scope::Run, "r", "K")];
        let stored = [kept(Scope::Global, "", "K"), kept(Scope::Tool, "p::x", "K"), kept(Scope::Tool, "p::y", "K")];
        let grants = [grant("K", "p::x", None)];
        assert_eq!(from(&resolve(&tool, &run, &stored, &grants), "K"), Scope::Run);
        assert_eq!(from(&resolve(&tool, &[], &stored, &grants), "K"), Scope::Tool);
        assert_eq!(from(&resolve(&tool, &[], &stored[..1], &grants), "K"), Scope::Global);
        // Another tool's credential is nobody else's.
        let resolution = resolve(&tool, &[], &stored[2..], &grants);
        assert_eq!(resolution.missing[0].name, "K");
        assert!(resolution.env.is_empty());
    }

    #[test]
    fn a_key_that_is_stored_for_models_is_given_to_no_tool() {
        let stored = [kept(Scope::Model, "", "OPENAI_API_KEY")];
        let grants = [grant("OPENAI_API_KEY", "p::x", None)];
        let resolution = resolve(&tool("p::x", "1.0.0", &[("OPENAI_API_KEY", true)]), &[], &stored, &grants);
        assert!(resolution.env.is_empty() && resolution.ungranted.is_empty());
        assert_eq!(resolution.missing[0].name, "OPENAI_API_KEY", "it is asked for, as if there were none");
    }

    #[test]
    fn the_first_use_of_a_credential_for_all_tools_by_a_new_publisher_is_asked_for() {
        let stored = [kept(Scope::Global, "", "K")];
        let granted = |id: &str, version: &str, grants: &[Grant]| {
            let resolution = resolve(&tool(id, version, &[("K", true)]), &[], &stored, grants);
            assert!(resolution.missing.is_empty(), "there is one, so it is not missing");
            assert_eq!(resolution.env.is_empty(), resolution.ungranted == ["K"]);
            !resolution.env.is_empty()
        };
        assert!(!granted("p::x", "1.0.0", &[]));
        assert!(!granted("p::x", "1.0.0", &[grant("OTHER", "p::x", None)]));
        assert!(granted("p::x", "1.0.0", &[grant("K", "p::x", None)]));
        assert!(granted("p::y", "1.0.0", &[grant("K", "p::x", None)]), "the same package");
        assert!(!granted("q::x", "1.0.0", &[grant("K", "p::x", None)]), "another publisher");
        assert!(granted("@p/a::x", "1.0.0", &[grant("K", "@p/b::x", None)]), "the same scope");
        assert!(!granted("@p/a::x", "1.0.0", &[grant("K", "p::x", None)]), "a scope is not a package of that name");
        let given = |id: &str, version: &str| [grant("K", id, Some(version))];
        assert!(!granted("p::x", "2.0.0", &given("p::x", "1.2.0")), "a later major version asks again");
        assert!(granted("p::x", "1.9.0", &given("p::x", "1.2.0")));
        assert!(granted("p::y", "1.9.0", &given("p::x", "1.2.0")));
        assert!(!granted("p::x", "1.1.9", &given("p::x", "1.2.0")), "an older version asks again");
        assert!(!granted("p::x", "0.9.0", &given("p::x", "1.2.0")));
        assert!(!granted("p::x", "latest", &given("p::x", "1.2.0")));
        assert!(granted("@p/a::x", "0.3.0", &given("@p/b::x", "1.2.0")), "another package of the scope");
        assert!(!granted("@p/a::x", "2.0.0", &given("@p/b::x", "1.2.0")));
        let moved = Grant { publisher: "somebody".into(), ..grant("K", "p::x", None) };
        assert!(!granted("p::x", "1.0.0", &[moved]), "the publisher changed");
    }

    #[test]
    fn a_tools_own_credential_is_for_the_edition_that_it_was_given_for() {
        let stored = |given: Edition| [SealedCredential { given, ..kept(Scope::Tool, "p::x", "K") }];
        let tool = |version: &str, integrity: Option<&str>, own: bool| Tool {
            integrity: integrity.map(Into::into),
            own,
            ..tool("p::x", version, &[("K", true)])
        };
        let given = Edition { version: "1.5.0".into(), integrity: Some("a".into()), own: false };
        for (now, asks) in [
            (tool("1.5.0", Some("a"), false), None),
            (tool("1.6.0", Some("b"), false), None),
            (tool("1.0.0", None, false), Some("an older version")),
            (tool("2.0.0", None, false), Some("another major version")),
            (tool("1.5.0", Some("b"), false), Some("other contents")),
            (tool("1.5.0", Some("a"), true), Some("another row of the registry")),
        ] {
            let resolution = resolve(&now, &[], &stored(given.clone()), &[]);
            assert_eq!(resolution.env.is_empty(), asks.is_some(), "{now:?}");
            assert_eq!(resolution.ungranted.is_empty(), asks.is_none());
            assert!(resolution.changed.iter().all(|said| said.contains(asks.unwrap())), "{:?}", resolution.changed);
            assert_eq!(resolution.changed.len(), resolution.ungranted.len());
            // Where the owner said that nothing is to be asked, nothing is.
            assert!(!resolve(&now, &[], &stored(given.clone()), &[grant("K", "p::x", None)]).env.is_empty());
        }
        let unknown = resolve(&tool("1.0.0", None, false), &[], &stored(Edition::default()), &[]);
        assert!(unknown.env.is_empty() && unknown.changed.is_empty(), "one of before editions were noted asks once");
    }

    #[test]
    fn optional_variables_are_never_missing_and_reserved_ones_never_given() {
        let mut wants =
            tool("p::x", "1.0.0", &[("OPTIONAL", false), ("LD_PRELOAD", true), ("NEEDED", true), ("SET", true)]);
        wants.env[3].default = Some("on".into());
        let run = [kept(Scope::Run, "r", "LD_PRELOAD")];
        let resolution = resolve(&wants, &run, &[kept(Scope::Global, "", "LD_PRELOAD")], &[]);
        let missing: Vec<_> = resolution.missing.iter().map(|var| var.name.as_str()).collect();
        assert_eq!(missing, ["NEEDED"]);
        assert!(resolution.env.is_empty() && resolution.ungranted.is_empty());
        // An optional one that is stored is asked for, not taken.
        let resolution = resolve(&wants, &[], &[kept(Scope::Global, "", "OPTIONAL")], &[]);
        assert_eq!(resolution.ungranted, ["OPTIONAL"]);
    }

    #[test]
    fn an_edition_has_a_major_version_where_it_has_one_at_all() {
        for (version, is) in
            [("1.2.3", Some(1)), ("0.1.0-beta.1", Some(0)), ("12", Some(12)), ("latest", None), ("", None)]
        {
            assert_eq!(edition(version).major(), is, "{version}");
        }
    }
}
