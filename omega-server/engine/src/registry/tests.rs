//! The registry over a real database, and a sandbox that knows one package.

use super::*;
use crate::store::Store;
use async_trait::async_trait;
use omega_core::{
    api::registry::{AddPackage, ToolRow},
    executor::{Described, DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    id::{ToolId, UserId},
    registry::{Calling, Health, Query, Registry, RegistryError, Tool, Viewer},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A sandbox that describes `@acme/tools` and counts how often.
#[derive(Default)]
pub(super) struct Sandbox(AtomicUsize);

#[async_trait]
impl Executor for Sandbox {
    async fn execute(&self, _: Execution) -> Executed {
        let result = Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, "describes only"));
        Executed {
            result,
            version: None,
            duration_ms: 0,
            truncated: false,
            logs: Vec::new(),
            notice: None,
            executor: None,
        }
    }

    async fn describe(&self, package: &str, _: &str, _: &str) -> Result<DescribedPackage, ToolError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        if package.starts_with("hangs") {
            std::future::pending::<()>().await;
        }
        if package != "@acme/tools" {
            return Err(ToolError::new(ToolErrorCode::PackageNotFound, format!("npm has no package {package}")));
        }
        let tool = |name: &str, property: &str| Described {
            name: name.to_owned(),
            shape: String::from("tool"),
            description: format!("Does {name}"),
            input_schema: Some(json!({"type": "object", "properties": {property: {"type": "string"}}})),
            env: Vec::new(),
            destructive: false,
            needs_approval: None,
            integrity: None,
        };
        Ok(DescribedPackage {
            package: package.to_owned(),
            version: String::from("2.1.0"),
            integrity: None,
            description: String::from("Tools of Acme"),
            category: Some(String::from("web")),
            keywords: vec![String::from("acme")],
            tools: vec![tool("anvilTool", "weight"), tool("rocket", "target")],
            functions: vec![String::from("paint")],
            signatures: BTreeMap::new(),
            ways: Vec::new(),
            offered: Vec::new(),
            lacks: Vec::new(),
        })
    }

    async fn health(&self) -> ExecutorHealth {
        ExecutorHealth::new("ok", "describes only")
    }
}

pub(super) struct Fixture {
    pub rows: Arc<Store>,
    pub sandbox: Arc<Sandbox>,
    pub registry: Arc<RegistryService>,
    _folder: tempfile::TempDir,
}

pub(super) async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("omega.db").display())).await.unwrap();
    let (rows, sandbox) = (Arc::new(store), Arc::new(Sandbox::default()));
    let registry = RegistryService::open(rows.clone(), sandbox.clone()).await.unwrap();
    Fixture { rows, sandbox, registry, _folder: folder }
}

fn id(text: &str) -> ToolId {
    text.parse().unwrap()
}

pub(super) async fn found(registry: &RegistryService, text: &str) -> Vec<String> {
    let query = Query { text: text.to_owned(), category: None, limit: 5 };
    registry.search(Viewer::Anybody, query).await.unwrap().into_iter().map(|hit| hit.tool.tool_id.to_string()).collect()
}

#[tokio::test]
async fn a_fresh_registry_finds_the_starter_tools_by_what_people_ask() {
    let Fixture { registry, _folder, .. } = fixture().await;
    for (request, expected) in [
        ("what is the determinant of this matrix", "mathjs::evaluate"),
        ("evaluate sqrt(16) + 2^3", "mathjs::evaluate"),
        ("parse this csv", "papaparse::parse"),
        ("please compare these two texts and show me a diff", "diff::"),
        ("convert yaml to json", "js-yaml::load"),
        ("json to yaml", "js-yaml::dump"),
        ("turn my markdown into html", "marked::parse"),
        ("5.4 inch to cm", "mathjs::evaluate"),
        ("is 1.2.3 compatible with ^1.0", "semver::satisfies"),
        ("is this a valid email address?", "validator::isEmail"),
        ("make a qr code for https://example.com", "qrcode::"),
        ("fix this broken json", "jsonrepair::jsonrepair"),
        ("format this sql query", "sql-formatter::format"),
        ("how many days between two dates", "date-fns::difference"),
        ("explain this cron expression", "cronstrue::toString"),
        ("standard deviation of 3 5 7", "simple-statistics::"),
        ("generate a strong password", "generate-password::generate"),
        ("does version 1.2.3 satisfy ^1.0.0", "semver::satisfies"),
        ("html to markdown", "node-html-markdown::NodeHtmlMarkdown.translate"),
        ("sha256 hash of hello", "hash-wasm::sha256"),
        ("weather in London", "@agentic/weather::"),
        ("derivative of x^3", "algebrite::run"),
    ] {
        let hits = found(&registry, request).await;
        assert!(hits.first().is_some_and(|hit| hit.starts_with(expected)), "{request}: {hits:?}");
    }
}

#[tokio::test]
async fn a_tools_id_finds_that_tool_first() {
    let Fixture { registry, _folder, .. } = fixture().await;
    for id in ["semver::inc", "cronstrue::toString", "ms::default", "ini::parse", "polished::mix"] {
        let query = Query { text: format!(" {id}"), category: None, limit: 1 };
        let hits = registry.search(Viewer::Anybody, query).await.unwrap();
        assert_eq!(hits.iter().map(|hit| hit.tool.tool_id.as_str()).collect::<Vec<_>>(), [id]);
    }
    assert!(!found(&registry, "semver::none").await.contains(&"semver::none".to_owned()));
}

#[tokio::test]
async fn opening_again_changes_nothing_and_keeps_what_was_added() {
    let Fixture { rows, sandbox, registry, _folder } = fixture().await;
    let before = registry.status();
    assert!(before.tools > 150 && before.packages > 60 && before.status == "ok");
    let request = AddPackage { package: String::from("@acme/tools"), ..AddPackage::default() };
    registry.add(None, request).await.unwrap();
    let again = RegistryService::open(rows, sandbox).await.unwrap();
    assert_eq!(again.status().tools, before.tools + 2);
    assert_eq!(found(&again, "acme anvil").await[0], "@acme/tools::anvilTool");
}

#[tokio::test]
async fn an_unknown_id_is_answered_with_the_nearest_ones() {
    let Fixture { registry, _folder, .. } = fixture().await;
    for (asked, expected) in [("math::evaluate", "mathjs::evaluate"), ("papaparse::prase", "papaparse::parse")] {
        match registry.tool(Viewer::Anybody, &id(asked)).await {
            Err(RegistryError::NotFound { nearest, .. }) => assert_eq!(nearest[0].as_str(), expected),
            other => panic!("{asked}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_missing_schema_is_described_once_and_kept() {
    let Fixture { sandbox, registry, _folder, .. } = fixture().await;
    let row =
        r#"{"toolId":"@acme/tools::anvil","name":"anvil","package":"@acme/tools","description":"Drops an anvil"}"#;
    registry.import(row.as_bytes()).await.unwrap();
    for _ in 0..2 {
        let tool = registry.tool(Viewer::Anybody, &id("@acme/tools::anvil")).await.unwrap();
        assert_eq!(tool.input_schema.unwrap()["properties"]["weight"]["type"], "string");
        assert_eq!((tool.version.as_str(), tool.description.as_str()), ("2.1.0", "Drops an anvil"));
    }
    assert_eq!(sandbox.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_tool_that_cannot_be_described_comes_without_a_schema() {
    let Fixture { registry, _folder, .. } = fixture().await;
    registry.import(&br#"{"toolId":"gone::x"}"#[..]).await.unwrap();
    assert_eq!(registry.tool(Viewer::Anybody, &id("gone::x")).await.unwrap().input_schema, None);
}

#[tokio::test]
async fn packages_that_hang_hold_no_other_and_one_that_fails_is_not_asked_again_at_once() {
    let Fixture { sandbox, registry, _folder, .. } = fixture().await;
    let hanging: Vec<String> = (0..6).map(|n| format!("hangs{n}::t")).collect();
    let rows: Vec<String> = hanging
        .iter()
        .map(String::as_str)
        .chain(["@acme/tools::anvil", "gone::x"])
        .map(|id| json!({"toolId": id}).to_string())
        .collect();
    registry.import(rows.join("\n").as_bytes()).await.unwrap();
    let waiting: Vec<_> = hanging
        .iter()
        .map(|tool| {
            let (registry, tool) = (Arc::clone(&registry), id(tool));
            tokio::spawn(async move { registry.tool(Viewer::Anybody, &tool).await })
        })
        .collect();
    while sandbox.0.load(Ordering::SeqCst) < hanging.len() {
        tokio::task::yield_now().await;
    }
    assert!(registry.tool(Viewer::Anybody, &id("@acme/tools::anvil")).await.unwrap().input_schema.is_some());
    for _ in 0..3 {
        assert_eq!(registry.tool(Viewer::Anybody, &id("gone::x")).await.unwrap().input_schema, None);
    }
    assert_eq!(sandbox.0.load(Ordering::SeqCst), hanging.len() + 2);
    for waiting in waiting {
        assert!(!waiting.is_finished());
        waiting.abort();
    }
}

#[tokio::test]
async fn a_package_is_added_whole_or_by_one_function() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let request = |function: Option<&str>| AddPackage {
        package: String::from("@acme/tools"),
        function: function.map(String::from),
        params: vec![String::from("color")],
        description: Some(String::from("Paints a wall")),
        ..AddPackage::default()
    };
    let added = registry.add(None, request(None)).await.unwrap();
    assert_eq!((added.tools.len(), added.version.as_str()), (2, "2.1.0"));
    let painted = registry.add(None, request(Some("paint"))).await.unwrap();
    assert_eq!(painted.tools[0].calling, Calling::Function { params: vec![String::from("color")] });
    assert_eq!(found(&registry, "paint a wall").await[0], "@acme/tools::paint");
    let refused = registry.add(None, request(Some("pain"))).await.unwrap_err().to_string();
    assert!(refused.contains("it has: paint"), "{refused}");
}

#[tokio::test]
async fn an_import_takes_both_shapes_and_tells_the_lines_it_refuses() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let before = registry.status().tools;
    let rich =
        serde_json::to_string(&ToolRow::new(&registry.tool(Viewer::Anybody, &id("ms::default")).await.unwrap(), None))
            .unwrap();
    let lines = format!(
        "{}\n\n{{\"toolId\":\"flat::one\",\"name\":\"one\",\"package\":\"flat\"}}\nnot json\n{{\"name\":\"x\"}}\n",
        rich.replace("\"ms::default\"", "\"ms2::default\"")
    );
    let imported = registry.import(lines.as_bytes()).await.unwrap();
    assert_eq!((imported.imported, imported.total), (2, before + 2));
    assert_eq!(imported.refused.len(), 2);
    assert!(imported.refused[0].starts_with("line 4: ") && imported.refused[1].contains("names no tool"));
}

#[tokio::test]
async fn a_tool_that_always_fails_sinks_and_one_success_raises_it() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let tool = registry.tool(Viewer::Anybody, &id("fastest-levenshtein::distance")).await.unwrap();
    let tool_id = tool.tool_id.clone();
    for _ in 0..3 {
        registry.record_outcome(Viewer::Anybody, &tool, false).await;
    }
    assert_eq!(registry.tool(Viewer::Anybody, &tool_id).await.unwrap().health, Health::Broken);
    assert_ne!(found(&registry, "levenshtein distance").await[0], tool_id.as_str());
    registry.record_outcome(Viewer::Anybody, &tool, true).await;
    assert_eq!(registry.tool(Viewer::Anybody, &tool_id).await.unwrap().health, Health::Healthy);
    assert_eq!(found(&registry, "levenshtein distance").await[0], tool_id.as_str());
    let gone = Tool { tool_id: id("no::such"), ..tool };
    registry.record_outcome(Viewer::Anybody, &gone, true).await;
}

#[tokio::test]
async fn a_large_registry_opens_at_once_and_is_whole_soon_after() {
    let Fixture { rows, sandbox, registry, _folder } = fixture().await;
    let lines: Vec<String> =
        (0..11_000).map(|n| format!("{{\"toolId\":\"many{n}::run\",\"description\":\"Number {n}\"}}")).collect();
    assert_eq!(registry.import(lines.join("\n").as_bytes()).await.unwrap().imported, 11_000);
    let total = registry.status().tools;
    let again = RegistryService::open(rows, sandbox).await.unwrap();
    assert_eq!(found(&again, "levenshtein distance").await[0], "fastest-levenshtein::distance");
    while again.status().detail.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(again.status().tools, total);
    assert_eq!(found(&again, "number 10999").await[0], "many10999::run");
}

#[tokio::test]
async fn a_listing_pages_through_everything() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let (first, more) = registry.list(Viewer::Anybody, None, 0, 100).await.unwrap();
    let (rest, last) = registry.list(Viewer::Anybody, None, 100, 1_000).await.unwrap();
    assert!(more && !last);
    assert_eq!(u64::try_from(first.len() + rest.len()).unwrap(), registry.status().tools);
    let (web, _) = registry.list(Viewer::Anybody, Some("web"), 0, 1_000).await.unwrap();
    assert!(!web.is_empty() && web.iter().all(|tool| tool.category == "web"));
}

#[tokio::test]
async fn two_nodes_and_a_restart_agree_on_what_everybody_and_each_user_has() {
    let Fixture { rows, sandbox, registry, _folder } = fixture().await;
    let (mine, theirs) = (user(&rows, "mine").await, user(&rows, "theirs").await);
    let node = RegistryService::open(rows.clone(), sandbox.clone()).await.unwrap();
    let finds = async |registry: &RegistryService, viewer: Viewer, text: &str| {
        let query = Query { text: text.to_owned(), category: None, limit: 3 };
        let hits = registry.search(viewer, query).await.unwrap();
        hits.first().map(|hit| (hit.tool.tool_id.to_string(), hit.tool.own))
    };
    let request = |function: &str, words: &str| AddPackage {
        package: String::from("@acme/tools"),
        function: Some(function.to_owned()),
        description: Some(words.to_owned()),
        ..AddPackage::default()
    };
    // What one node writes the other one finds with its next search.
    registry.add(None, request("paint", "Paints a zebra")).await.unwrap();
    assert_eq!(finds(&node, Viewer::Anybody, "zebra").await, Some((String::from("@acme/tools::paint"), false)));
    registry.add(Some(mine), request("paint", "Paints a walrus")).await.unwrap();
    for _ in 0..2 {
        for registry in [&registry, &node] {
            let own = Some((String::from("@acme/tools::paint"), true));
            assert_eq!(finds(registry, Viewer::User(mine), "walrus").await, own);
            assert_eq!(finds(registry, Viewer::User(mine), "zebra").await, None);
            for other in [Viewer::User(theirs), Viewer::Anybody] {
                assert_eq!(finds(registry, other, "walrus").await, None);
                assert!(!registry.tool(other, &id("@acme/tools::paint")).await.unwrap().own);
            }
        }
        // The other way round, over rows that were read before.
        node.add(None, request("paint", "Paints a zebra anew")).await.unwrap();
    }
    let again = RegistryService::open(rows, sandbox).await.unwrap();
    assert_eq!(again.status().tools, registry.status().tools);
    assert!(finds(&again, Viewer::User(mine), "walrus").await.is_some_and(|(_, own)| own));
    assert_eq!(node.remove(Some(mine), "@acme/tools").await.unwrap(), 1);
    for registry in [&registry, &node, &again] {
        assert_eq!(finds(registry, Viewer::User(mine), "walrus").await, None);
        assert!(finds(registry, Viewer::User(mine), "zebra").await.is_some_and(|(_, own)| !own));
    }
}

async fn user(rows: &Store, name: &str) -> UserId {
    rows.create_user(name, None, format!("tpmjs_sk_{name:_<40}")).await.unwrap().user.id
}

#[tokio::test]
async fn rows_of_every_source_keep_to_the_limits() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let deep = (0..40).fold(json!({}), |inner, _| json!({ "properties": { "x": inner } }));
    let large = json!({ "type": "object", "description": "S".repeat(1 << 20) });
    let row = |id: &str, schema: &Value| {
        json!({ "toolId": id, "name": "n", "version": "1.0.0", "description": "walrus ".repeat(100_000), "inputSchema": schema,
            "env": [{ "name": "A".repeat(500) }, { "name": "OK_KEY", "description": "d".repeat(9_000) }] })
    };
    let lines: Vec<String> =
        [row("deep::x", &deep), row("large::x", &large), row("a::b\u{202e}c", &json!({})), row("a::b\nc", &json!({}))]
            .iter()
            .map(Value::to_string)
            .collect();
    let imported = registry.import(lines.join("\n").as_bytes()).await.unwrap();
    assert_eq!((imported.imported, imported.refused.len()), (2, 2), "{imported:?}");
    assert!(imported.notices.iter().any(|notice| notice.starts_with("deep::x: the schema's nesting")), "{imported:?}");
    for tool in ["deep::x", "large::x"] {
        let tool = registry.tool(Viewer::Anybody, &id(tool)).await.unwrap();
        assert_eq!(tool.input_schema, Some(json!({ "type": "object" })), "{}", tool.tool_id);
        assert_eq!(tool.env.iter().map(|var| var.name.as_str()).collect::<Vec<_>>(), ["OK_KEY"]);
        assert!(json!(tool).to_string().len() < 16 << 10, "{}", tool.tool_id);
    }
}

#[tokio::test]
async fn what_fails_for_one_user_sinks_for_that_user_alone() {
    let Fixture { rows, registry, _folder, .. } = fixture().await;
    let (mine, theirs) = (user(&rows, "mine").await, user(&rows, "theirs").await);
    let tool = registry.tool(Viewer::Anybody, &id("fastest-levenshtein::distance")).await.unwrap();
    let health = async |viewer| registry.known(viewer, &tool.tool_id).await.unwrap().health;
    for _ in 0..5 {
        registry.record_outcome(Viewer::User(mine), &tool, false).await;
    }
    assert_eq!(health(Viewer::User(mine)).await, Health::Broken);
    assert_ne!(health(Viewer::User(theirs)).await, Health::Broken);
    assert_eq!(found(&registry, "levenshtein distance").await[0], tool.tool_id.as_str());
    registry.record_outcome(Viewer::User(theirs), &tool, false).await;
    assert_eq!(health(Viewer::Anybody).await, Health::Broken, "it fails for several");
}

#[tokio::test]
async fn what_is_offered_in_place_of_a_package_does_the_same_or_is_not_offered() {
    let Fixture { registry, _folder, .. } = fixture().await;
    let refused = |details| ToolError::new(ToolErrorCode::PermissionDenied, "it loads native code").with(details);
    for (package, about, details, expected) in [
        ("mathjs-native", "", json!({}), Some("mathjs::evaluate")),
        (
            "@acme/fast",
            "",
            json!({"description": "Levenshtein distance of two strings"}),
            Some("fastest-levenshtein::distance"),
        ),
        ("@acme/fast", "closest word by Levenshtein distance", json!({}), Some("fastest-levenshtein::distance")),
        ("warehouse-mcp-server", "", json!({}), None),
        ("node-client", "", json!({}), None),
    ] {
        let error = with_nearest(&*registry, Viewer::Anybody, package, about, refused(details)).await;
        let nearest: Vec<String> = error
            .details
            .iter()
            .flat_map(|it| it["nearest"].as_array().cloned().unwrap_or_default())
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        match expected {
            Some(id) => {
                assert!(nearest.iter().any(|near| near == id) && error.message.contains(id), "{package}: {error:?}")
            }
            None => assert!(nearest.is_empty() && error.message == "it loads native code", "{package}: {error:?}"),
        }
    }
    let other = ToolError::new(ToolErrorCode::PackageNotFound, "npm has no package mathjs-native");
    assert_eq!(with_nearest(&*registry, Viewer::Anybody, "mathjs-native", "", other.clone()).await, other);
}
