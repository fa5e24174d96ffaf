//! What a guest gets to see of the owner's credentials: that something is missing, and never what is there (T1).

use crate::harness::{Omega, execute, executor::id, frames::Frames, message, people::Person, within};
use omega_core::{
    api::{Approval, CreateConversation, Decide, Decision, GuestCredentials, PutCredential, Remember, RequiredAction},
    event::{Envelope, Event},
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script},
};
use reqwest::Method;
use serde_json::json;

const VALUE: &str = "owners-value-0123456789";

fn asked(frames: &[Envelope]) -> Vec<Approval> {
    let of = |frame: &Envelope| match &frame.event {
        Event::RunRequiresAction { action: RequiredAction::Approval { approvals, .. } } => Some(approvals.clone()),
        _ => None,
    };
    frames.iter().filter_map(of).flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_sees_neither_names_nor_existence_of_the_owners_credentials() {
    let search = Reply::call(SEARCH, json!({ "query": "acme account key" }));
    let keyed = Reply::call(EXECUTE, execute(&id("acmeEcho"), json!({})));
    let script = Script::new().turn(search).turn(keyed).turn(Reply::text("Done."));
    let omega = Omega::start(script).await;
    let guest = Person::new(&omega, "guest", None).await;
    let put = PutCredential {
        value: VALUE.into(),
        tool_id: Some(id("acmeEcho").parse().unwrap()),
        scope: None,
        kept_in: None,
    };
    omega.client.put_credential("ACME_API_KEY", &put).await.unwrap();
    let body = CreateConversation {
        title: Some("shared".into()),
        model: Some("openai/test".into()),
        safe_mode: None,
        guest_credentials: Some(GuestCredentials::Approve),
    };
    let conversation = omega.client.create_conversation(&body).await.unwrap().id;
    let run = guest.client.send_message(conversation, &message("go"), "a key").await.unwrap().run_id;

    let path = format!("/api/omega/conversations/{conversation}/events?after=0");
    let mut guests = Frames::of(guest.request(Method::GET, &path).send().await.unwrap());
    let mut owners = omega.events(conversation, "?after=0").await;
    let waits = |frame: &Envelope| matches!(frame.event, Event::RunRequiresAction { .. });
    let (seen, known) = (
        within("the guest's question", guests.until(waits)).await,
        within("the owner's question", owners.until(waits)).await,
    );
    let (seen_asks, known_asks) = (asked(&seen), asked(&known));
    assert_eq!(known_asks[0].credentials, ["ACME_API_KEY"], "the owner decides about this");
    assert!(seen_asks[0].credentials.is_empty());
    assert_eq!(omega.tools.count("acmeEcho"), 0, "nothing runs before the owner's approval");
    let yes = Decide {
        decision: Decision::Approve,
        remember: Remember::Once,
        reason: None,
        args_digest: Some(seen_asks[0].args_digest.clone()),
        input: None,
    };
    let refused = guest.client.decide(seen_asks[0].id, &yes).await.unwrap_err().to_string();
    assert!(refused.contains("only the owner"), "{refused}");
    omega.client.decide(known_asks[0].id, &yes).await.unwrap();

    let ends = |frame: &Envelope| frame.event.is_terminal();
    let (seen, known) =
        (within("the guest's end", guests.until(ends)).await, within("the owner's end", owners.until(ends)).await);
    assert_eq!(omega.tools.count("acmeEcho"), 1);
    let used = |frames: &[Envelope]| -> Vec<Vec<String>> {
        let of = |frame: &Envelope| match &frame.event {
            Event::ToolStarted { credentials_used, tool_name, .. } if tool_name != SEARCH => {
                Some(credentials_used.clone())
            }
            _ => None,
        };
        frames.iter().filter_map(of).collect()
    };
    assert_eq!(used(&known), [vec!["ACME_API_KEY".to_owned()]]);
    assert_eq!(used(&seen), [Vec::<String>::new()]);

    // Wherever a guest looks: the value is nowhere, and the name only where the registry itself says it to everybody.
    let text = async |path: String| guest.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
    let base = format!("/api/omega/conversations/{conversation}");
    let detail = guest.client.conversation(conversation).await.unwrap();
    let mut looked: Vec<String> = Vec::new();
    for path in [
        base.clone(),
        format!("{base}/tool-runs"),
        format!("{base}/export"),
        format!("{base}/export?format=markdown"),
        format!("/api/omega/runs/{run}"),
    ] {
        looked.push(text(path).await);
    }
    for tool_run in &detail.tool_runs {
        looked.push(text(format!("/api/omega/tool-runs/{}", tool_run.id)).await);
        looked.push(text(format!("/api/omega/tool-runs/{}/output", tool_run.id)).await);
    }
    looked.push(serde_json::to_string(&seen).unwrap());
    for text in &looked {
        assert!(!text.contains(VALUE));
        assert!(!text.contains("missingEnvVars"), "which keys are missing says which are there: {text}");
        assert!(!text.contains("redacted:ACME"), "{text}");
        for line in text.split("requiredEnvVars").skip(1) {
            // What the registry publishes of a tool.
            assert!(line.starts_with(r#"":["#) || line.starts_with(r#"\":["#) || line.starts_with("\": ["), "{line}");
        }
        let published = text.matches("ACME_API_KEY").count();
        let in_lists = text.matches("requiredEnvVars").count();
        assert!(published <= in_lists, "{published} names, {in_lists} lists: {text}");
    }
    // The owner is shown what the guest is not.
    let owners_text =
        omega.request(Method::GET, &format!("{base}/tool-runs")).send().await.unwrap().text().await.unwrap();
    assert!(owners_text.contains("missingEnvVars") && owners_text.contains("«redacted:ACME_API_KEY»"), "{owners_text}");
    assert!(looked[1].contains("«redacted:************»"), "{}", looked[1]);
}
