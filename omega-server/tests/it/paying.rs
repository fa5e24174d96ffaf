//! Who pays for models, and what it comes to.

use crate::{
    harness::{Omega, execute, executor::id, folder, message, titled, users::another_user, within},
    store::engines,
};
use omega_core::{
    api::{
        CreateConversation, CredentialScope, Decide, Decision, Payer, PutCredential, Remember, RequiredAction,
        RunStatus, SendMessage, UpdateConversation, Visibility,
    },
    client::ClientError,
    id::ConversationId,
    model::price::Prices,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};

const OWN: &str = "sk-own-0123456789abcdef";
const MODEL: &str = "openai/gpt-4.1-mini";

async fn give(omega: &Omega, name: &str) {
    let body = PutCredential { value: OWN.into(), tool_id: None, scope: None, kept_in: None };
    let stored = omega.client.put_credential(name, &body).await.unwrap();
    assert_eq!(stored.scope, CredentialScope::Model);
}

fn payer_of(models: &omega_core::api::Models, provider: &str) -> Option<Payer> {
    models.providers.iter().find(|known| known.name == provider).unwrap().paid_by
}

#[tokio::test]
async fn a_users_own_key_pays_in_place_of_the_servers_and_only_for_them() {
    let omega = Omega::start(titled(Script::new().turn(Reply::text("Hi.")).turn(Reply::text("Hi.")))).await;
    let keys = || omega.provider.requests().iter().map(|seen| seen.key.clone()).collect::<Vec<_>>();
    give(&omega, "OPENAI_API_KEY").await;
    let told = omega.ask(MODEL, "hello").await;
    let run = omega.client.run(told.log.0[0].run_id.unwrap()).await.unwrap();
    assert_eq!((run.status, run.paid_by), (RunStatus::Completed, Some(Payer::Owner)));
    assert!(keys().iter().all(|key| key == OWN), "{:?}", keys());
    let models = omega.client.models().await.unwrap();
    assert_eq!(payer_of(&models, "openai"), Some(Payer::Owner));
    assert_eq!(payer_of(&models, "anthropic"), Some(Payer::Server));
    assert_eq!((payer_of(&models, "mistral"), payer_of(&models, "ollama")), (None, None));
    assert!(models.prices.contains_key(MODEL));
    let stored = omega.client.credentials().await.unwrap();
    assert!(stored[0].last_used_at.is_some());

    // Somebody else's run is the server's to pay.
    let other = another_user(&omega).await;
    let new = CreateConversation { model: Some(MODEL.into()), ..<_>::default() };
    let conversation = other.client.create_conversation(&new).await.unwrap().id;
    let before = keys().len();
    let sent = other.client.send_message(conversation, &message("hello"), "k").await.unwrap();
    within("the answer", omega.provider.wait_for_requests(before + 1)).await;
    assert_eq!(keys()[before], "test");
    assert_eq!(other.client.run(sent.run_id).await.unwrap().paid_by, Some(Payer::Server));
}

#[tokio::test]
async fn a_key_that_opens_a_provider_makes_it_the_default_and_one_for_tools_pays_nothing() {
    let omega = Omega::start(Script::new()).await;
    let for_tools =
        PutCredential { value: OWN.into(), tool_id: None, scope: Some(CredentialScope::Global), kept_in: None };
    let stored = omega.client.put_credential("MISTRAL_API_KEY", &for_tools).await.unwrap();
    assert_eq!(stored.scope, CredentialScope::Global);
    let models = omega.client.models().await.unwrap();
    assert_eq!((models.default.as_str(), payer_of(&models, "mistral")), (MODEL, None));
    give(&omega, "MISTRAL_API_KEY").await;
    let models = omega.client.models().await.unwrap();
    assert_eq!(models.default, "mistral/mistral-medium-latest");
    assert!(models.default_reason.contains("MISTRAL_API_KEY"), "{}", models.default_reason);
    assert_eq!(omega.client.credentials().await.unwrap().len(), 2, "one for models, one for tools");

    // Removed, it opens nothing; the one for tools stays.
    omega.client.delete_credential("MISTRAL_API_KEY", None, None).await.unwrap();
    let left = omega.client.credentials().await.unwrap();
    assert_eq!(left.iter().map(|kept| kept.scope).collect::<Vec<_>>(), [CredentialScope::Global]);
    let wrong = PutCredential { value: OWN.into(), tool_id: None, scope: Some(CredentialScope::Model), kept_in: None };
    let refused = omega.client.put_credential("GITHUB_TOKEN", &wrong).await.unwrap_err();
    assert!(refused.to_string().contains("no model provider's key"), "{refused}");
}

#[tokio::test]
async fn who_pays_is_settled_with_the_message_and_a_bill_never_goes_to_somebody_else() {
    let call = Reply::call(EXECUTE, execute(&id("acmeWeather"), serde_json::json!({ "city": "Rome" })));
    let omega = Omega::start(Script::new().turn(call).turn(Reply::text("Done."))).await;
    give(&omega, "OPENAI_API_KEY").await;
    let conversation = CreateConversation { model: Some(MODEL.into()), safe_mode: Some(true), ..<_>::default() };
    let conversation = omega.client.create_conversation(&conversation).await.unwrap().id;
    let run = omega.send(conversation, "go").await.run_id;
    let mut events = omega.events(conversation, "?after=0").await;
    within(
        "the question",
        events.until(|told| matches!(told.event, omega_core::event::Event::RunRequiresAction { .. })),
    )
    .await;
    let asked = omega.provider.requests().len();
    omega.client.delete_credential("OPENAI_API_KEY", None, None).await.unwrap();
    let Some(RequiredAction::Approval { approvals, .. }) = omega.client.run(run).await.unwrap().requires_action else {
        panic!("no approval")
    };
    let yes =
        Decide { decision: Decision::Approve, remember: Remember::Once, reason: None, args_digest: None, input: None };
    omega.client.decide(approvals[0].id, &yes).await.unwrap();
    within("the end", events.until(|told| told.event.is_terminal())).await;
    let run = omega.client.run(run).await.unwrap();
    let error = run.error.unwrap();
    assert_eq!((run.status, error.code.as_str()), (RunStatus::Failed, "PROVIDER_KEY_MISSING"), "{}", error.error);
    assert!(error.error.contains(MODEL) && error.error.contains("omega keys set"), "{}", error.error);
    assert_eq!(omega.provider.requests().len(), asked, "nothing more was asked for, at nobody's cost");
}

#[tokio::test]
async fn guests_have_the_conversations_model_and_what_the_owner_allows_besides() {
    let script = (0..3).fold(Script::new(), |script, _| script.turn(Reply::text("Hi.")));
    let omega = Omega::start(titled(script)).await;
    let conversation = omega.conversation(MODEL).await;
    let open = UpdateConversation { visibility: Some(Visibility::Link), ..<_>::default() };
    omega.client.update_conversation(conversation, &open).await.unwrap();
    let guest = another_user(&omega).await;
    let ask = async |model: Option<&str>, key: &str| {
        let body = SendMessage { model: model.map(str::to_owned), ..message("hello") };
        guest.client.send_message(conversation, &body, key).await
    };
    let refused = |answer: Result<_, ClientError>| answer.map(drop).unwrap_err().to_string();
    let mut stored = omega.client.settings().await.unwrap();
    let said = refused(ask(Some("anthropic/claude-opus-4-5"), "1").await);
    assert!(said.contains("has not allowed") && said.contains(MODEL), "{said}");
    assert!(refused(ask(Some("openai/gpt-5"), "2").await).contains("has not allowed"));
    for (key, model) in [("3", None), ("4", Some(MODEL))] {
        ask(model, key).await.unwrap();
    }
    stored.settings.guest_models = vec!["anthropic/*".into(), "openai/gpt-5-mini".into()];
    omega.client.put_settings(&stored).await.unwrap();
    ask(Some("anthropic/claude-haiku-4-5"), "5").await.unwrap();
    ask(Some("openai/gpt-5-mini"), "6").await.unwrap();
    let said = refused(ask(Some("openai/gpt-5"), "7").await);
    assert!(said.contains("anthropic/*, openai/gpt-5-mini"), "{said}");
    // What is no model's name is refused before it is kept.
    let mut stored = omega.client.settings().await.unwrap();
    for wrong in ["gpt-5", "nobody/*", "openai/"] {
        stored.settings.guest_models = vec![wrong.into()];
        let said = omega.client.put_settings(&stored).await.map(drop).unwrap_err().to_string();
        assert!(said.contains("guestModels"), "{said}");
    }
}

#[tokio::test]
async fn tokens_cost_what_the_table_says_and_the_sum_is_the_same_everywhere() {
    let (_folder, urls, _postgres) = engines().await;
    for database in urls {
        let search = Reply::call("registrySearchTool", serde_json::json!({ "query": "echo" })).usage(1_000, 100);
        let script = Script::new().turn(search).turn(Reply::text("Done.").usage(2_000, 200));
        let script = titled(script.turn(Reply::text("Well.").usage(10, 1)));
        let prices = Prices::default().with(r#"{"models": {"openai/house": {"input": 1, "output": 10}}}"#).unwrap();
        let omega =
            Omega::start_as(database, folder(), script, |config| omega_server::ServeConfig { prices, ..config }).await;
        let told = omega.ask("openai/house", "echo").await;
        let run = omega.client.run(told.log.0[0].run_id.unwrap()).await.unwrap();
        assert_eq!((run.usage.input_tokens, run.usage.output_tokens), (3_000, 300));
        assert_eq!((run.usage.cost_micros, run.usage.unpriced_tokens), (3_000 + 3_000, 0));
        let conversation: ConversationId = run.conversation_id;
        // A model of which nobody knows the price: its tokens are counted apart.
        let body = SendMessage { model: Some("openai/nobody-knows".into()), ..message("and?") };
        let sent = omega.client.send_message(conversation, &body, "k").await.unwrap();
        omega.told(conversation, sent.run_id).await;
        let detail = omega.client.conversation(conversation).await.unwrap();
        assert_eq!(
            (detail.usage.cost_micros, detail.usage.unpriced_tokens),
            (6_000, 3_300),
            "the tokens of both answers"
        );
        assert!(omega_core::export::markdown(&detail, &[]).contains("$0.0060 and what has no known price"));
    }
}
