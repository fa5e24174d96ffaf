//! The mirror against a registry on loopback that misbehaves in every way that one can: it is busy, fails, cuts its answers, is slow
//! without end, answers with something else, moves its rows between two pages, lists rows twice, half or not at all, in the field names of
//! two years.

use super::*;
use crate::{registry::ToolRows, store::Store};
use axum::{
    extract::{Query, State as With},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{StreamExt, stream};
use omega_core::{
    api::{MirrorState, MirrorStatus},
    executor::{DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    id::ToolId,
    registry::{Registry, Viewer},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

struct NoSandbox;

#[async_trait::async_trait]
impl Executor for NoSandbox {
    async fn execute(&self, _: Execution) -> Executed {
        let result = Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, "there is none"));
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
    async fn describe(&self, _: &str, _: &str, _: &str) -> Result<DescribedPackage, ToolError> {
        Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, "there is none"))
    }
    async fn health(&self) -> ExecutorHealth {
        ExecutorHealth::new("ok", "there is none")
    }
}

/// Another registry.
#[derive(Clone)]
struct Other {
    listed: Arc<Mutex<Listed>>,
    url: String,
}

struct Listed {
    rows: Vec<Value>,
    /// Whether it does whatever it likes.
    misbehaves: bool,
    /// What it answers instead of anything else.
    instead: Option<(u16, &'static str)>,
    /// Rows that it gives at once, at most; it refuses to be asked for more.
    largest: usize,
    /// Where each page that it was asked for began.
    asked: Vec<usize>,
    /// How long it takes over its answer.
    pause: Duration,
    /// The state of its dice.
    dice: u64,
}

#[derive(Deserialize)]
struct Asked {
    limit: usize,
    offset: usize,
}

impl Listed {
    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % sides
    }

    fn answer(&mut self, Asked { limit, offset }: &Asked) -> Response {
        self.asked.push(*offset);
        if let Some((status, body)) = self.instead {
            return (StatusCode::from_u16(status).unwrap(), body).into_response();
        }
        if *limit > self.largest {
            return (StatusCode::BAD_REQUEST, r#"{"success":false,"error":{"code":"VALIDATION_ERROR"}}"#)
                .into_response();
        }
        if self.misbehaves {
            for _ in 0..5 {
                let (from, to) = (self.roll(self.rows.len()), self.roll(self.rows.len()));
                let row = self.rows.remove(from);
                self.rows.insert(to, row);
            }
            match self.roll(24) {
                0 => return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "busy").into_response(),
                1 => return (StatusCode::INTERNAL_SERVER_ERROR, "no").into_response(),
                2 => return (StatusCode::OK, "<html>soon</html>").into_response(),
                3 => return (StatusCode::OK, r#"{"success":true,"data":[{"id":"#).into_response(),
                4 => return axum::Json(json!({"data": [], "pagination": {"hasMore": true}})).into_response(),
                5 => self.pause = 1_000 * PACE.patience,
                6 => return endless(r#"{"success":true,"data":["#),
                7 => self.pause = PACE.patience / 4,
                _ => {}
            }
        }
        let rows: Vec<&Value> = self.rows.iter().skip(*offset).take(*limit).collect();
        let more = offset + rows.len() < self.rows.len();
        axum::Json(json!({"success": true, "data": rows, "pagination": {"hasMore": more}})).into_response()
    }
}

/// An answer that begins so, and never comes to an end.
fn endless(begins: &'static str) -> Response {
    let never = stream::pending::<Result<&'static str, std::io::Error>>();
    axum::body::Body::from_stream(stream::once(async move { Ok(begins) }).chain(never)).into_response()
}

impl Other {
    async fn start(rows: Vec<Value>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let listed = Listed {
            rows,
            misbehaves: false,
            instead: None,
            largest: 1_000,
            asked: Vec::new(),
            pause: Duration::ZERO,
            dice: 7,
        };
        let other = Self { listed: Arc::new(Mutex::new(listed)), url };
        let page = get(|With(other): With<Other>, Query(asked): Query<Asked>| async move {
            let answer = other.now().answer(&asked);
            let pause = std::mem::take(&mut other.now().pause);
            tokio::time::sleep(pause).await;
            answer
        });
        let routes = axum::Router::new().route("/api/tools", page).with_state(other.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        other
    }

    fn now(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap()
    }
}

/// The rows of a registry: in the field names of two years, and every hundredth one no tool that could be taken.
fn rows(many: usize) -> Vec<Value> {
    let of = |n: usize| {
        let package = json!({"npmPackageName": format!("@many/p{}", n / 3), "npmVersion": "1.0.0", "category": "data", "env": null});
        match n % 400 {
            100 => json!({"id": format!("clx{n}"), "description": "names nothing"}),
            200 => json!({"name": format!("t{n}"), "isActive": false, "package": package}),
            300 => {
                json!({"name": format!("t{n}"), "package": {"npmPackageName": format!("@many/p{}", n / 3), "npmVersion": "9".repeat(5_000)}})
            }
            _ if n.is_multiple_of(2) => {
                json!({"name": format!("t{n}"), "description": format!("Counts {n}"), "qualityScore": "0.85", "package": package})
            }
            _ => {
                json!({"exportName": format!("t{n}"), "description": format!("Counts {n}"), "qualityScore": 0.85, "package": package, "late": {}})
            }
        }
    };
    (0..many).map(of).collect()
}

const PACE: Pace = Pace {
    first: Duration::ZERO,
    every: Duration::from_secs(3_600),
    page: Duration::from_millis(1),
    patience: Duration::from_millis(120),
    again: Duration::from_millis(1),
    longest: (Duration::from_millis(20), Duration::from_millis(20)),
};

/// A server's registry and its mirror.
struct Here {
    registry: Arc<RegistryService>,
    mirroring: tokio::task::JoinHandle<()>,
}

impl Here {
    async fn start(store: &Store, other: &Other) -> Self {
        let registry = RegistryService::open(Arc::new(store.clone()), Arc::new(NoSandbox)).await.unwrap();
        let address = Address::read(Some(&other.url)).unwrap().unwrap();
        let mirror = Mirror::new(Arc::clone(&registry), address, PACE).unwrap();
        Self { registry, mirroring: tokio::spawn(mirror.keep()) }
    }

    async fn until(&self, what: impl Fn(&MirrorStatus) -> bool) -> MirrorStatus {
        let seen = async {
            loop {
                let status = self.registry.status().mirror.unwrap();
                if what(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(600), seen).await.expect("it comes to that")
    }

    /// Has it read once more.
    async fn again(&self) -> MirrorStatus {
        let before = self.registry.status().mirror.unwrap().tried_at;
        self.registry.mirror.want();
        self.until(|status| status.tried_at != before && status.state != MirrorState::Reading).await
    }

    async fn knows(&self, id: &str) -> bool {
        self.registry.known(Viewer::Anybody, &id.parse().unwrap()).await.is_ok()
    }
}

async fn store() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(&format!("sqlite:{}", folder.path().join("omega.db").display())).await.unwrap(), folder)
}

async fn mirrored(store: &Store) -> Vec<ToolId> {
    store.mirrored(None, u32::MAX).await.unwrap()
}

async fn revision(store: &Store) -> i64 {
    store.standing(Viewer::Anybody).await.unwrap().revision
}

/// Mirrors a registry that does its worst, on a server that is ended in the middle again and again.
async fn survives(many: usize) {
    let (store, _folder) = store().await;
    let other = Other::start(rows(many)).await;
    other.now().misbehaves = true;
    for part in 1..=4 {
        let here = Here::start(&store, &other).await;
        let read = u64::try_from(many * part / 6).unwrap();
        here.until(|status| status.read.is_some_and(|so_far| so_far >= read)).await;
        here.mirroring.abort();
        let _ = here.mirroring.await;
        other.now().asked.clear();
    }
    let here = Here::start(&store, &other).await;
    let status = here.until(|status| status.completed_at.is_some()).await;
    assert!(other.now().asked[0] > 0, "it goes on where it was");
    let bad = many / 400;
    assert_eq!(status.tools, u64::try_from(many - 3 * bad).unwrap(), "{status:?}");
    let left_out: Vec<_> = status.left_out.iter().map(|some| (some.reason.as_str(), some.rows)).collect();
    for reason in ["they name no tool", "they are said to be not active", "they could not be called as they stand"] {
        assert!(left_out.contains(&(reason, u64::try_from(bad).unwrap())), "{reason}: {left_out:?}");
    }
    assert_eq!(mirrored(&store).await.len(), many - 3 * bad, "all of them, and each once");
    let (before, read_at) = (revision(&store).await, status.completed_at);
    here.registry.mirror.want();
    let status = here.until(|status| status.completed_at != read_at && status.state == MirrorState::Current).await;
    assert_eq!((status.trouble, status.changed, revision(&store).await), (None, 0, before), "nothing is written twice");
    assert_eq!(here.registry.status().status, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_of_a_registry_that_does_its_worst_ends_complete_and_without_doubles_however_often_it_is_killed() {
    survives(6_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a hundred thousand rows"]
async fn a_hundred_thousand_rows_are_mirrored_from_a_registry_that_does_its_worst() {
    survives(100_000).await;
}

#[tokio::test]
async fn what_is_listed_no_more_goes_and_the_starter_catalogue_comes_back() {
    let (store, _folder) = store().await;
    let mut listed = rows(90);
    listed.push(json!({"name": "default", "description": "Another ms", "package": {"npmPackageName": "ms", "npmVersion": "99.0.0"}}));
    let other = Other::start(listed).await;
    let here = Here::start(&store, &other).await;
    here.until(|status| status.completed_at.is_some()).await;
    let ms: ToolId = "ms::default".parse().unwrap();
    assert_eq!(here.registry.known(Viewer::Anybody, &ms).await.unwrap().version, "99.0.0");
    let before = here.registry.status();
    other.now().rows.truncate(80);
    let status = here.again().await;
    assert_eq!((status.removed, status.tools), (11, 80), "{status:?}");
    assert!(here.knows("@many/p0::t0").await && !here.knows("@many/p28::t85").await);
    assert_ne!(here.registry.known(Viewer::Anybody, &ms).await.unwrap().version, "99.0.0");
    let after = here.registry.status();
    assert_eq!((before.tools - after.tools, before.packages - after.packages), (10, 3));
}

#[tokio::test]
async fn a_listing_that_lacks_most_of_what_it_had_is_believed_the_second_time_and_an_empty_one_never() {
    let (store, _folder) = store().await;
    let other = Other::start(rows(90)).await;
    let here = Here::start(&store, &other).await;
    here.until(|status| status.completed_at.is_some()).await;
    let all = std::mem::take(&mut other.now().rows);
    for _ in 0..3 {
        assert_eq!(here.again().await.removed, 0);
    }
    other.now().rows = all[..10].to_vec();
    let status = here.again().await;
    assert!(status.removed == 0 && status.notice.unwrap().contains("80 tools are not listed any more"));
    other.now().rows = all.clone();
    assert_eq!(here.again().await.notice, None);
    other.now().rows = all[..10].to_vec();
    assert_eq!((here.again().await.removed, here.again().await.removed), (0, 80));
    assert_eq!(mirrored(&store).await.len(), 10);
}

#[tokio::test]
async fn a_registry_that_is_gone_leaves_what_was_mirrored_and_says_so_in_one_place() {
    let (store, _folder) = store().await;
    let other = Other::start(rows(9)).await;
    let here = Here::start(&store, &other).await;
    here.until(|status| status.completed_at.is_some()).await;
    for (status, body, said) in [
        (404, "gone", "it answers 404"),
        (503, "down", "it answers 503"),
        (200, "<html>", "no listing of tools"),
        (200, r#"{"data": 7}"#, "no list"),
    ] {
        other.now().instead = Some((status, body));
        let mirror = here.again().await;
        assert!(mirror.trouble.as_deref().unwrap_or_default().contains(said), "{mirror:?}");
        assert!(mirror.next_at.is_some() && mirror.completed_at.is_some() && mirror.state == MirrorState::Waiting);
        // What there is works.
        assert_eq!((here.registry.status().status.as_str(), here.registry.status().detail), ("ok", None));
        assert!(here.knows("@many/p0::t0").await && here.knows("ms::default").await);
    }
    other.now().instead = None;
    here.until(|status| status.state == MirrorState::Current && status.trouble.is_none()).await;
}

#[tokio::test]
async fn a_registry_of_before_2026_is_read_in_pages_that_it_allows() {
    let (store, _folder) = store().await;
    let other = Other::start(rows(333)).await;
    other.now().largest = 50;
    let here = Here::start(&store, &other).await;
    assert_eq!(here.until(|status| status.completed_at.is_some()).await.tools, 330);
}

#[tokio::test]
async fn an_older_version_than_is_here_is_left_out_and_told() {
    let (store, _folder) = store().await;
    let row = |version: &str| vec![json!({ "toolId": "far::x", "version": version })];
    let other = Other::start(row("2.0.0")).await;
    let here = Here::start(&store, &other).await;
    here.until(|status| status.completed_at.is_some()).await;
    for (version, left_out) in [("1.9.9", 1), ("2.0.1", 0)] {
        other.now().rows = row(version);
        let status = here.again().await;
        assert_eq!(status.rows_left_out(), left_out, "{status:?}");
    }
    let id = "far::x".parse().unwrap();
    assert_eq!(here.registry.tool(Viewer::Anybody, &id).await.unwrap().version, "2.0.1");
}

#[tokio::test]
async fn of_two_servers_one_reads_and_both_know() {
    let (store, _folder) = store().await;
    let other = Other::start(rows(9)).await;
    let (one, two) = tokio::join!(Here::start(&store, &other), Here::start(&store, &other));
    for here in [&one, &two] {
        assert_eq!(here.until(|status| status.completed_at.is_some()).await.tools, 9);
    }
    assert!(two.knows("@many/p0::t0").await);
}
