//! The access matrix: every endpoint of the API's description, for the owner, a guest with a session, a guest with a key, a
//! stranger (signed in, without the link) and nobody, under each guest policy. A new endpoint has no row, and fails here
//! until somebody has said who may use it.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    people::{Person, routes, sign_in},
    within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{CreateConversation, GuestCredentials, RequiredAction},
    event::Event,
    id::{ApprovalId, ConversationId, RunId, ToolRunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use reqwest::{Method, RequestBuilder, header};
use serde_json::json;
use std::collections::BTreeMap;

/// Which thing stands for `{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The shared conversation of which the guests are.
    Talk,
    /// A run of the owner's.
    Run,
    ToolRun,
    Approval,
    /// Something that nobody has.
    Nothing,
}

/// What an endpoint answers the owner, a guest and a stranger. Nobody gets 401, but where everybody gets in.
struct Row {
    of: Of,
    body: &'static str,
    owner: u16,
    guest: u16,
    stranger: u16,
    is_open: bool,
}

const fn row(of: Of, body: &'static str, owner: u16, guest: u16, stranger: u16) -> Row {
    Row { of, body, owner, guest, stranger, is_open: false }
}

/// The caller's own things: the same for everybody who is signed in.
const fn own(body: &'static str, status: u16) -> Row {
    row(Of::Nothing, body, status, status, status)
}

/// For administrators; the owner is one.
const fn admin(body: &'static str, status: u16) -> Row {
    row(Of::Nothing, body, status, 403, 403)
}

const fn open(body: &'static str, status: u16) -> Row {
    Row { is_open: true, ..own(body, status) }
}

/// By route. A stranger knows the conversation's id, which was its first link: it was replaced.
fn table() -> BTreeMap<&'static str, Row> {
    use Of::{Approval, Nothing, Run, Talk, ToolRun};
    let plan = "/api/omega/conversations/{id}/plans/{planId}/select";
    [
        ("POST /api/omega/conversations", own("{}", 201)),
        ("GET /api/omega/conversations/{id}", row(Talk, "", 200, 200, 410)),
        ("PATCH /api/omega/conversations/{id}", row(Talk, r#"{"title":"new"}"#, 200, 403, 410)),
        ("POST /api/omega/conversations/{id}/messages", row(Talk, r#"{"message":"hi"}"#, 202, 202, 410)),
        ("GET /api/omega/conversations/{id}/messages", row(Talk, "", 200, 200, 410)),
        // Whether something is written just then is not for a table: it is tested in `embedding`.
        ("GET /api/omega/conversations/{id}/messages/{chat}/stream", row(Nothing, "", 404, 404, 404)),
        ("GET /api/omega/conversations/{id}/events", row(Talk, "", 200, 200, 410)),
        ("GET /api/omega/conversations/{id}/tool-runs", row(Talk, "", 200, 200, 410)),
        ("GET /api/omega/conversations/{id}/export", row(Talk, "", 200, 200, 410)),
        ("POST /api/omega/conversations/{id}/fork", row(Talk, "{}", 201, 201, 410)),
        ("POST /api/omega/conversations/{id}/plan", row(Talk, r#"{"message":"","count":1}"#, 422, 422, 410)),
        (leak("POST", plan), row(Talk, "{}", 404, 404, 410)),
        ("POST /api/omega/conversations/{id}/alternatives", row(Talk, r#"{"none":true}"#, 409, 409, 410)),
        ("POST /api/omega/conversations/{id}/credentials", row(Talk, r#"{"decline":true}"#, 409, 403, 410)),
        ("POST /api/omega/conversations/{id}/cancel", row(Talk, "", 200, 200, 410)),
        // Whom it is about is unknown; that only the owner may ask is what counts.
        ("PUT /api/omega/conversations/{id}/participants/{userId}", row(Talk, r#"{"blocked":true}"#, 404, 403, 410)),
        // The owner's own try would let the guests out: it is tested in `sharing`.
        ("POST /api/omega/conversations/{id}/link", row(Nothing, "", 404, 404, 404)),
        ("POST /api/omega/conversations/import", own("{}", 422)),
        ("GET /api/omega/runs/{id}", row(Run, "", 200, 200, 404)),
        ("PUT /api/omega/runs/{id}/feedback", row(Run, r#"{"rating":"good"}"#, 200, 200, 404)),
        ("DELETE /api/omega/runs/{id}/feedback", row(Run, "", 204, 204, 404)),
        ("GET /api/omega/conversations/{id}/feedback", row(Talk, "", 200, 200, 410)),
        ("POST /api/omega/runs/{id}/cancel", row(Run, "", 200, 403, 404)),
        ("POST /api/omega/runs/{id}/retry", row(Run, "", 200, 403, 404)),
        ("GET /api/omega/tool-runs/{id}", row(ToolRun, "", 200, 200, 404)),
        ("GET /api/omega/tool-runs/{id}/output", row(ToolRun, "", 200, 200, 404)),
        ("POST /api/omega/tool-runs/{id}/cancel", row(ToolRun, "", 200, 403, 404)),
        ("POST /api/omega/approvals/{id}", row(Approval, r#"{"decision":"deny"}"#, 200, 403, 404)),
        ("GET /api/omega/settings", own("", 200)),
        ("PUT /api/omega/settings", own("{}", 428)),
        ("GET /api/omega/settings/prompt", own("", 200)),
        ("PUT /api/omega/settings/prompt", own(r#"{"mode":"extend","text":""}"#, 428)),
        ("GET /api/omega/prompts/{version}", own("", 404)),
        ("GET /api/omega/settings/credentials", own("", 200)),
        ("PUT /api/omega/settings/credentials/{name}", own(r#"{"value":"a-value-0123"}"#, 200)),
        ("DELETE /api/omega/settings/credentials/{name}", own("", 204)),
        ("GET /api/omega/settings/grants", own("", 200)),
        ("DELETE /api/omega/settings/grants/{name}", own("", 422)),
        ("GET /api/omega/settings/approvals", own("", 200)),
        ("DELETE /api/omega/settings/approvals/{id}", own("", 404)),
        ("GET /api/omega/keys", own("", 200)),
        ("POST /api/omega/keys", own(r#"{"name":"k"}"#, 201)),
        ("DELETE /api/omega/keys/{id}", own("", 404)),
        ("GET /api/omega/session", own("", 200)),
        ("POST /api/omega/session", open("{}", 422)),
        ("POST /api/omega/session/link", own("", 201)),
        ("DELETE /api/omega/session", open("", 204)),
        ("GET /api/omega/users", admin("", 200)),
        ("POST /api/omega/users", admin(r#"{"name":"x"}"#, 201)),
        ("DELETE /api/omega/users/{id}", admin("", 404)),
        ("PUT /api/omega/profile", own("{}", 200)),
        ("GET /api/omega/avatars/{hash}", own("", 404)),
        ("GET /api/omega/models", own("", 200)),
        ("GET /api/omega/status", open("", 200)),
        ("GET /api/omega/stats", own("", 200)),
        ("GET /api/omega/audit", own("", 200)),
        ("GET /api/omega/audit/verify", admin("", 200)),
        ("POST /api/omega/vault/rotate", admin("{}", 422)),
        ("GET /api/tools", open("", 200)),
        ("GET /api/tools/search", open("", 200)),
        ("GET /api/tools/{tool_id}", own("", 404)),
        ("POST /api/registry/execute", own(r#"{"toolId":"no::tool","params":{}}"#, 404)),
        ("POST /api/omega/registry/packages", own(r#"{"nothing":"of it"}"#, 422)),
        ("DELETE /api/omega/registry/packages/{package}", own("", 404)),
        ("POST /api/omega/registry/import", admin("", 200)),
        // This server mirrors none.
        ("POST /api/omega/registry/sync", admin("", 404)),
    ]
    .into()
}

/// One route's name from its parts; a test's table lives as long as the test.
fn leak(method: &str, path: &str) -> &'static str {
    Box::leak(format!("{method} {path}").into_boxed_str())
}

/// What there is in a world of one policy.
struct World {
    talk: ConversationId,
    run: RunId,
    tool_run: ToolRunId,
    approval: ApprovalId,
}

impl World {
    fn id(&self, of: Of) -> String {
        match of {
            Of::Talk => self.talk.to_string(),
            Of::Run => self.run.to_string(),
            Of::ToolRun => self.tool_run.to_string(),
            Of::Approval => self.approval.to_string(),
            Of::Nothing => uuid::Uuid::new_v4().to_string(),
        }
    }
}

/// A conversation of the owner's whose first link was replaced, and into which the guests came by the new one.
async fn shared(omega: &Omega, guests: &[&Person], policy: GuestCredentials, safe_mode: bool) -> ConversationId {
    let body = CreateConversation {
        title: Some("shared".into()),
        model: Some(MODELS[0].into()),
        safe_mode: Some(safe_mode),
        guest_credentials: Some(policy),
    };
    let made = omega.client.create_conversation(&body).await.unwrap();
    let rotated = omega.client.rotate_link(made.id).await.unwrap();
    let link: ConversationId = rotated.url.rsplit('/').next().unwrap().parse().unwrap();
    for guest in guests {
        assert_eq!(guest.client.conversation(link).await.unwrap().conversation.id, made.id);
    }
    made.id
}

async fn world(omega: &Omega, guests: &[&Person], policy: GuestCredentials) -> World {
    let talk = shared(omega, guests, policy, false).await;
    let told = omega.ask_in(talk, "weather").await;
    let detail = omega.client.conversation(talk).await.unwrap();
    let run = told.log.0[0].run_id.unwrap();
    let tool_run = detail.tool_runs[0].id;
    // Elsewhere a call of the owner's waits for approval.
    let asking = shared(omega, guests, policy, true).await;
    omega.send(asking, "weather").await;
    let mut frames = Box::pin(omega.client.follow(asking, Some(0)));
    let approval = loop {
        let frame = within("the question", frames.next()).await.unwrap().unwrap();
        if let Event::RunRequiresAction { action: RequiredAction::Approval { approvals, .. } } = frame.event {
            break approvals[0].id;
        }
    };
    World { talk, run, tool_run, approval }
}

fn request(omega: &Omega, method: &Method, path: &str, row: &Row) -> RequestBuilder {
    let request = omega.http.request(method.clone(), format!("{}{path}", omega.url)).header("prefer", "respond-async");
    match row.body {
        _ if path.ends_with("/registry/import") => request.header("content-type", "application/x-ndjson").body(""),
        "" => request,
        body => request.header("content-type", "application/json").body(body),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_lets_in_whom_it_should_under_every_guest_policy() {
    let call = || Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let script = Script::new()
        .when(|seen| seen.users.last().is_some_and(|user| user == "weather"), [call(), Reply::text("21.")])
        .when(|_| true, [Reply::text("Hello.")]);
    let omega = Omega::start(script).await;
    let (by_session, by_key, stranger) = (
        Person::new(&omega, "by session", None).await,
        Person::new(&omega, "by key", None).await,
        Person::new(&omega, "stranger", None).await,
    );
    let (table, routes) = (table(), routes(&omega).await);
    assert!(routes.len() > 40, "{}", routes.len());
    let mut wrong = Vec::new();
    for policy in [GuestCredentials::Approve, GuestCredentials::Allow, GuestCredentials::Deny] {
        let world = world(&omega, &[&by_session, &by_key], policy).await;
        for (method, route) in &routes {
            let name = format!("{method} {route}");
            let row = table
                .get(name.as_str())
                .unwrap_or_else(|| panic!("{name} is new: say in the table of this test what each role gets there"));
            let path = route
                .replace("{id}", &world.id(row.of))
                .replace("{planId}", &uuid::Uuid::now_v7().to_string())
                .replace("{userId}", &uuid::Uuid::now_v7().to_string())
                .replace("{name}", "SOME_NAME")
                .replace("{version}", "none")
                .replace("{hash}", &"0".repeat(64))
                .replace("{chat}", "any")
                .replace("{tool_id}", "no::tool");
            let asked = || request(&omega, method, &path, row);
            let nobody = if row.is_open { row.stranger } else { 401 };
            let cookie = sign_in(&omega, &by_session.key).await;
            // The owner last: what they do may change something.
            for (role, request, expected) in [
                ("nobody", asked(), nobody),
                ("stranger", asked().bearer_auth(&stranger.key), row.stranger),
                ("guest by key", asked().bearer_auth(&by_key.key), row.guest),
                ("guest by session", asked().header(header::COOKIE, cookie), row.guest),
                ("owner", asked().bearer_auth(&omega.key), row.owner),
            ] {
                let status = request.send().await.unwrap().status().as_u16();
                if status != expected {
                    wrong.push(format!("{name} for {role} under {policy:?}: {status} instead of {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
