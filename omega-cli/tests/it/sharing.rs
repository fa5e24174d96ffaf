//! Two people on one server: what the owner shares and decides, and what a guest is offered.

use crate::home::{Home, signal};
use omega_core::testing::{Reply, Script, StandIn};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Child,
};

/// A shared server, its owner (who administers it) and a guest.
struct Company {
    _server: Home,
    child: Child,
    owner: Home,
    guest: Home,
}

impl Company {
    fn start(server: Home) -> Self {
        let mut child = server.command(&["serve", "--port", "0", "--json"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let url = line["url"].as_str().unwrap().to_owned();
        let at = |key: &str| Home::new().env("OMEGA_SERVER", &url).env("OMEGA_API_KEY", key);
        let owner = at(line["apiKey"].as_str().unwrap());
        let key = owner.omega(&["users", "create", "Grace"]).expect(0).stdout;
        let guest = at(key.trim());
        Self { _server: server, child, owner, guest }
    }

    fn link(&self) -> String {
        self.owner.omega(&["share", "--json"]).expect(0).json()["url"].as_str().unwrap().to_owned()
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        signal("KILL", self.child.id().into());
        self.child.wait().unwrap();
    }
}

async fn with(script: Script, test: impl FnOnce(Company) + Send + 'static) {
    let provider = StandIn::start(script).await;
    let server = Home::new().provider(provider.url());
    tokio::task::spawn_blocking(move || test(Company::start(server))).await.unwrap();
}

fn calls(tool: &str, params: Value) -> Reply {
    Reply::call("registryExecuteTool", json!({ "toolId": tool, "params": params }))
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_and_blocked_by_the_administrator() {
    with(Script::new(), |company| {
        let Company { owner, guest, .. } = &company;
        let users = owner.omega(&["users", "list"]).expect(0).stdout;
        assert!(users.contains("administrator") && users.contains("Grace  user"), "{users}");
        guest.omega(&["users", "list"]).expect(1);
        guest.omega(&["users", "create", "Eve"]).expect(1);
        let shown =
            guest.omega(&["profile", "--name", "Grace Hopper", "--email", "grace@example.org"]).expect(0).stdout;
        assert_eq!(shown, "Grace Hopper  picture: by e-mail\n");
        assert_eq!(guest.omega(&["profile", "--email", ""]).expect(0).stdout, "Grace Hopper  picture: initials\n");
        let id = guest.omega(&["whoami", "--json"]).expect(0).json()["userId"].as_str().unwrap().to_owned();
        owner.omega(&["users", "disable", "nonsense"]).expect(2);
        owner.omega(&["users", "disable", &id]).expect(0);
        guest.omega(&["whoami"]).expect(3);
        assert!(owner.omega(&["users", "list"]).expect(0).stdout.contains("blocked"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_says_who_may_open_a_conversation() {
    with(Script::new().turn(Reply::text("Hello.")), |company| {
        let Company { owner, guest, .. } = &company;
        owner.omega(&["ask", "hi"]).expect(0);
        let link = company.link();
        assert!(guest.omega(&["show", &link]).expect(0).stdout.contains("Hello."));
        let shown = owner.omega(&["share"]).expect(0).stdout;
        assert!(shown.contains("visibility         link") && shown.contains("Grace"), "{shown}");
        guest.omega(&["share", &link, "--visibility", "private"]).expect(1);

        owner.omega(&["share", "--block", "Nobody"]).expect(2);
        owner.omega(&["share", "--block", "Grace"]).expect(0);
        assert!(guest.omega(&["show", &link]).expect(1).stderr.contains("shut you out"));
        owner.omega(&["share", "--unblock", "Grace"]).expect(0);
        guest.omega(&["show", &link]).expect(0);

        owner.omega(&["share", "--visibility", "private", "--guest-credentials", "deny"]).expect(0);
        guest.omega(&["show", &link]).expect(2);
        let document = owner.omega(&["share", "--json"]).expect(0).json();
        assert_eq!((&document["visibility"], &document["guestCredentials"]), (&json!("private"), &json!("deny")));
        owner.omega(&["share", "--visibility", "link", "--rotate"]).expect(0);
        assert_ne!(company.link(), link);
        assert!(guest.omega(&["show", &link]).expect(1).stderr.contains("replaced"));
        guest.omega(&["show", &company.link()]).expect(0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_that_the_owner_is_asked() {
    let search = calls("@exalabs/ai-sdk::webSearch", json!({ "query": "rust" }));
    let script = Script::new().turn(search).turn(Reply::text("Without, then."));
    with(script, |company| {
        let Company { owner, guest, .. } = &company;
        owner.omega(&["ask", "hi"]).expect(4);
        owner.omega(&["provide", "--decline"]).expect(4);
        let link = company.link();
        let done = guest.omega(&["ask", "--conversation", &link, "search"]).expect(4);
        assert!(done.stderr.contains("the run waits for variables of the conversation's owner"), "{}", done.stderr);
        assert!(!done.stderr.contains("omega provide"), "{}", done.stderr);
        guest.omega(&["provide", &link, "--decline"]).expect(4);
        owner.omega(&["provide", "--decline"]).expect(4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_yes_is_for_one_call() {
    let sum = calls("mathjs::evaluate", json!({ "expression": "1+1" }));
    let script = Script::new().turn(sum).turn(Reply::text("Two."));
    with(script, |company| {
        let Company { owner, guest, .. } = &company;
        owner.omega(&["ask", "--safe", "hi"]).expect(5);
        owner.omega(&["approve", "--deny"]).expect(0);
        let link = company.link();
        let done = guest.omega(&["ask", "--conversation", &link, "count"]).expect(5);
        assert!(done.stderr.contains("--for once"), "{}", done.stderr);
        let lasting = guest.omega(&["approve", &link, "--for", "always"]).expect(2);
        assert!(lasting.stderr.contains("only the owner can give a standing approval"), "{}", lasting.stderr);
        guest.omega(&["approve", &link, "--for", "once"]).expect(0);
        assert_eq!(owner.omega(&["approvals", "list"]).expect(0).stdout, "");
    })
    .await;
}
