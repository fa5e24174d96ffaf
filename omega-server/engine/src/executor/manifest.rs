//! What a package says of itself, read without running it: its `package.json` and TPMJS's field in it, in its newer and older forms.

use super::{contents::within, spec::is_package_name};
use crate::process::offload;
use omega_core::{budget::MANIFEST, executor::ToolError, registry::EnvVar};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Characters of its description that go along with a failure.
const SAID: usize = 200;

/// The parts of a `package.json` that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub description: String,
    pub keywords: Vec<String>,
    /// `tpmjs.category`.
    pub category: Option<String>,
    /// Names in `tpmjs.tools`.
    pub tools: Vec<String>,
    /// `tpmjs.env`: of all its tools.
    pub env: Vec<EnvVar>,
    /// `tpmjs.tools[].env`: of one.
    pub tool_env: BTreeMap<String, Vec<EnvVar>>,
    /// The script of its program, where that is an MCP server.
    pub bin: Option<String>,
    /// Subpaths of `exports` that are modules, those that speak of tools first.
    pub subpaths: Vec<String>,
    /// All that it may need, by name, with what is wanted of it. The names are npm's, whatever the package says; what is wanted
    /// is the package's own words.
    pub dependencies: BTreeMap<String, String>,
}

impl Manifest {
    /// The same as [`Self::read`], where it does no harm.
    pub async fn of(package: PathBuf) -> Self {
        let size = std::fs::metadata(package.join("package.json")).map_or(0, |meta| meta.len());
        offload::run(usize::try_from(size).unwrap_or(usize::MAX), move || Self::read(&package)).await
    }

    /// A failure of the package with what the package says it is for: whoever looks for another one has only that to go by.
    pub fn described(&self, error: ToolError) -> ToolError {
        let mut details = error.details.clone().unwrap_or_else(|| json!({}));
        match details.as_object_mut() {
            Some(fields) if !self.description.is_empty() => {
                let words: String = self.description.chars().take(SAID).collect();
                fields.insert(String::from("description"), json!(words));
                error.with(details)
            }
            _ => error,
        }
    }

    /// Of an installed package; empty where there is none that can be read, or it is too large. Blocks.
    pub fn read(package: &Path) -> Self {
        Self::value(package).map(|value| Self::parse(&value)).unwrap_or_default()
    }

    /// The whole of it, as it is written. Blocks.
    pub fn value(package: &Path) -> Option<Value> {
        let file = File::open(within(package, "package.json")?).ok()?;
        let mut text = Vec::new();
        // A byte more than is taken tells that it is too much.
        file.take(u64::try_from(MANIFEST.most).ok()?.saturating_add(1)).read_to_end(&mut text).ok()?;
        MANIFEST.check(text.len()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn parse(manifest: &Value) -> Self {
        let tpmjs = &manifest["tpmjs"];
        let mut dependencies = BTreeMap::new();
        // The package's own dependencies win over what it takes from others.
        for kind in ["peerDependencies", "optionalDependencies", "dependencies"] {
            for (name, range) in manifest[kind].as_object().into_iter().flatten() {
                if is_package_name(name) {
                    dependencies.insert(name.clone(), range.as_str().unwrap_or("*").to_owned());
                }
            }
        }
        Self {
            description: text(&manifest["description"]),
            keywords: list(&manifest["keywords"]).iter().map(text).filter(|keyword| !keyword.is_empty()).collect(),
            category: tpmjs["category"].as_str().map(str::to_owned),
            tool_env: list(&tpmjs["tools"])
                .iter()
                .filter_map(|tool| {
                    let env = tool["env"].as_array()?;
                    Some((tool_name(tool)?, env.iter().filter_map(env_var).collect()))
                })
                .collect(),
            tools: list(&tpmjs["tools"]).iter().filter_map(tool_name).collect(),
            bin: server(manifest),
            subpaths: subpaths(&manifest["exports"]),
            env: list(&tpmjs["env"]).iter().filter_map(env_var).collect(),
            dependencies,
        }
    }

    /// The variables that are declared for a tool: its own, and those of the whole package.
    pub fn env_of(&self, tool: &str) -> Vec<EnvVar> {
        let own = self.tool_env.get(tool).into_iter().flatten();
        let mut all: Vec<EnvVar> = own.cloned().collect();
        let others = self.env.iter().filter(|var| !all.iter().any(|known| known.name == var.name)).cloned();
        all.extend(others.collect::<Vec<_>>());
        all
    }

    /// Declared variables that a call of a tool needs and was not given.
    pub fn missing(&self, tool: &str, given: impl Fn(&str) -> bool) -> Vec<String> {
        let needed = self.env_of(tool).into_iter().filter(|var| var.required && var.default.is_none());
        needed.map(|var| var.name).filter(|name| !given(name)).collect()
    }
}

/// The program of a package that speaks of MCP: what it depends on, what it is called or its keywords say so.
fn server(manifest: &Value) -> Option<String> {
    let speaks = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "mcp");
    let named = manifest["name"].as_str().is_some_and(|name| speaks(name) || name.contains("modelcontextprotocol"));
    let tagged = list(&manifest["keywords"]).iter().filter_map(Value::as_str).any(|word| speaks(&word.to_lowercase()));
    let words = manifest["description"].as_str().unwrap_or_default().to_lowercase();
    let described = speaks(&words) || words.contains("model context protocol");
    // Whoever bundles its code needs nothing of others when it is installed.
    let needs =
        ["dependencies", "peerDependencies", "devDependencies"].iter().filter_map(|kind| manifest[*kind].as_object());
    let needs = needs.flat_map(|needs| needs.keys()).any(|name| name.contains("modelcontextprotocol") || speaks(name));
    let bin = match &manifest["bin"] {
        Value::String(path) => Some(path.as_str()),
        Value::Object(paths) => paths
            .iter()
            .find(|(name, _)| speaks(name))
            .or_else(|| paths.iter().next())
            .and_then(|(_, path)| path.as_str()),
        _ => None,
    };
    let path = bin.filter(|_| named || tagged || described || needs)?;
    let path = path.trim_start_matches("./");
    let is_within = path.len() <= 200
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && path.split('/').all(|part| !part.is_empty() && part != "..");
    is_within.then(|| path.to_owned())
}

/// Subpaths that are looked into.
const MOST_SUBPATHS: usize = 60;
/// What subpaths of tools are called, the likeliest first: those for the AI SDK before those for other frameworks.
const OF_TOOLS: [&str; 6] = ["ai-sdk", "vercel", "tool", "ai", "agent", "langchain"];

/// Keys such as `./ai-sdk` whose target is a script (https://nodejs.org/api/packages.html#subpath-exports); no patterns.
fn subpaths(exports: &Value) -> Vec<String> {
    let keys = exports.as_object().into_iter().flatten();
    let mut found: Vec<String> = keys
        .filter(|(_, target)| is_script(target))
        .filter_map(|(key, _)| key.strip_prefix("./"))
        .filter(|path| path.len() <= 100 && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./@".contains(&b)))
        .filter(|path| !path.is_empty() && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.')))
        .map(str::to_owned)
        .collect();
    let rank = |path: &str| OF_TOOLS.iter().position(|word| path.contains(word)).unwrap_or(OF_TOOLS.len());
    found.sort_by_key(|path| rank(path));
    found.truncate(MOST_SUBPATHS);
    found
}

/// Whether a target of `exports` leads to a script, in whichever condition.
fn is_script(target: &Value) -> bool {
    match target {
        Value::String(path) => [".js", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end)),
        Value::Object(conditions) => conditions.iter().any(|(name, target)| name != "types" && is_script(target)),
        Value::Array(targets) => targets.iter().any(is_script),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn tool_name(tool: &Value) -> Option<String> {
    let name = tool.as_str().or_else(|| tool["name"].as_str()).or_else(|| tool["exportName"].as_str());
    name.map(str::to_owned)
}

/// `{name, description, required = true, default}`; older packages give the name alone.
fn env_var(var: &Value) -> Option<EnvVar> {
    if let Some(name) = var.as_str() {
        return Some(EnvVar { name: name.to_owned(), description: String::new(), required: true, default: None });
    }
    let name = var["name"].as_str()?.to_owned();
    let default = match &var["default"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let required = var["required"].as_bool().unwrap_or(true);
    Some(EnvVar { name, description: text(&var["description"]), required, default })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_the_tpmjs_field_are_read() {
        let manifest = Manifest::parse(&json!({
            "description": "d", "keywords": ["tpmjs", 3],
            "tpmjs": {
                "category": "web",
                "tools": [{"name": "a"}, {"exportName": "b"}, "c", {}],
                "env": [{"name": "KEY"}, {"name": "URL", "required": false}, {"name": "MODE", "default": "fast"}, "TOKEN", {"x": 1}],
            },
        }));
        assert_eq!(manifest.tools, ["a", "b", "c"]);
        assert_eq!(manifest.keywords, ["tpmjs"]);
        assert_eq!(manifest.category.as_deref(), Some("web"));
        assert_eq!(manifest.missing("a", |_| false), ["KEY", "TOKEN"]);
        assert_eq!(manifest.missing("a", |name| name == "KEY"), ["TOKEN"]);
    }

    #[test]
    fn the_program_of_a_package_that_speaks_of_mcp_is_its_server() {
        let bin = |manifest: Value| Manifest::parse(&manifest).bin;
        let sdk = json!({"@modelcontextprotocol/sdk": "^1"});
        assert_eq!(
            bin(json!({"bin": {"x": "./dist/index.js"}, "dependencies": sdk})).as_deref(),
            Some("dist/index.js")
        );
        let two = json!({"cli": "cli.js", "my-mcp": "server.mjs"});
        assert_eq!(bin(json!({"bin": two, "keywords": ["mcp"]})).as_deref(), Some("server.mjs"));
        assert_eq!(bin(json!({"name": "@a/thing-mcp", "bin": "run.js"})).as_deref(), Some("run.js"));
        for more in [
            json!({"description": "A Model Context Protocol server", "bin": "run.js"}),
            json!({"description": "Rooms by MCP.", "bin": "run.js"}),
            json!({"name": "bundled", "bin": "run.js", "devDependencies": sdk}),
        ] {
            assert_eq!(bin(more.clone()).as_deref(), Some("run.js"), "{more}");
        }
        for none in [
            json!({"name": "mcpherson", "bin": "run.js"}),
            json!({"name": "a-mcp"}),
            json!({"name": "a-mcp", "bin": "../../etc/x"}),
            json!({"name": "a-mcp", "bin": "/etc/x"}),
            json!({"name": "a-mcp", "bin": 5}),
        ] {
            assert_eq!(bin(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn subpaths_of_scripts_are_found_those_of_tools_first() {
        let manifest = Manifest::parse(&json!({"exports": {
            ".": "./index.js", "./langchain": "./l.js", "./package.json": "./package.json", "./*": "./x/*.js",
            "./deep/vercel-ai": {"types": "./a.d.ts", "node": {"import": "./a.mjs"}}, "./types": {"types": "./t.d.js"},
            "./ai-sdk": ["./no.css", "./a.cjs"], "./../up": "./u.js", "./none": null, "./core": "./c.js"}}));
        assert_eq!(manifest.subpaths, ["ai-sdk", "deep/vercel-ai", "langchain", "core"]);
        assert!(Manifest::parse(&json!({"exports": "./index.js"})).subpaths.is_empty());
    }

    #[test]
    fn a_variable_that_is_declared_for_a_tool_is_no_other_tools() {
        let manifest = Manifest::parse(&json!({"tpmjs": {
            "tools": [{"name": "a", "env": [{"name": "A_KEY"}]}, {"name": "b"}], "env": [{"name": "ALL_KEY"}]}}));
        assert_eq!(manifest.missing("a", |_| false), ["A_KEY", "ALL_KEY"]);
        assert_eq!(manifest.missing("b", |_| false), ["ALL_KEY"]);
    }

    #[test]
    fn a_manifest_of_wrong_types_is_an_empty_one() {
        let manifest = Manifest::parse(&json!({"description": 1, "keywords": "a", "tpmjs": "x", "dependencies": []}));
        assert_eq!(manifest, Manifest::default());
    }

    #[test]
    fn dependencies_have_names_of_npm_or_are_none() {
        let manifest = Manifest::parse(&json!({
            "dependencies": {"a": "^1", "../../../../etc": "*", "/etc": "*", "@s/n": "npm:x@1", "a\0b": "1", "": "1", "..": "1"},
            "peerDependencies": {"a": "^2", "b": 3, "x/../../y": "1"}, "optionalDependencies": {"healme": "file:/"},
        }));
        let names: Vec<_> = manifest.dependencies.iter().map(|(name, range)| format!("{name} {range}")).collect();
        assert_eq!(names, ["@s/n npm:x@1", "a ^1", "b *", "healme file:/"]);
    }

    #[test]
    fn a_manifest_that_is_too_large_or_elsewhere_is_an_empty_one() {
        let package = tempfile::tempdir().unwrap();
        let file = package.path().join("package.json");
        let described = |padding: usize| json!({"description": "d", "padding": "x".repeat(padding)}).to_string();
        std::fs::write(&file, described(1000)).unwrap();
        assert_eq!(Manifest::read(package.path()).description, "d");
        std::fs::write(&file, described(MANIFEST.most)).unwrap();
        assert_eq!(Manifest::read(package.path()), Manifest::default());
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("x.json"), described(1)).unwrap();
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(other.path().join("x.json"), &file).unwrap();
        assert_eq!(Manifest::read(package.path()), Manifest::default());
    }
}
