//! Answers to what a paused run asks, and standing approvals that are taken back.

use crate::messages::{Lasting, PauseAnswer};
use omega_core::{
    api::{Decide, ProvideCredentials, Remember},
    client::{Client, ClientError},
    id::{ApprovalRuleId, ConversationId},
};
use secrecy::ExposeSecret;

/// Gives an answer to a paused run; what comes of it comes by the stream.
pub async fn answer_run(client: &Client, id: ConversationId, answer: PauseAnswer) -> Result<(), ClientError> {
    match answer {
        PauseAnswer::Decide { approval, digest, decision, remember, reason, input, also, tool: _ } => {
            let body = Decide { decision, remember, reason, args_digest: Some(digest), input };
            client.decide(approval, &body).await?;
            for (approval, digest) in also {
                let body =
                    Decide { decision, remember: Remember::Once, reason: None, args_digest: Some(digest), input: None };
                match client.decide(approval, &body).await {
                    // Somebody else decided about it, or a standing approval did.
                    Ok(_) | Err(ClientError::NotFound(_) | ClientError::Refused { status: 409, .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
        PauseAnswer::Provide { env, save } => {
            let env = env.0.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
            client.provide_credentials(id, &ProvideCredentials { env, save, decline: false }).await.map(drop)
        }
        PauseAnswer::Decline => {
            let body = ProvideCredentials { decline: true, ..ProvideCredentials::default() };
            client.provide_credentials(id, &body).await.map(drop)
        }
        PauseAnswer::Plan(plan, body) => client.select_plan(id, plan, &body).await.map(drop),
        PauseAnswer::Alternative(body) => client.select_alternative(id, &body).await.map(drop),
    }
}

/// What a standing approval is stored as. What can't be learned can still be taken back in the settings.
pub async fn lasting(client: &Client, id: ConversationId, answer: &PauseAnswer) -> Option<Lasting> {
    let PauseAnswer::Decide { tool, remember, .. } = answer else { return None };
    let place = match remember {
        Remember::Once | Remember::Plan => return None,
        Remember::Conversation => Some(id),
        Remember::Always => None,
    };
    let stored = client.stored_approvals().await.ok()?;
    let newest = stored.iter().filter(|rule| rule.tool_id == *tool && rule.conversation_id == place);
    let rules = vec![newest.max_by_key(|rule| rule.created_at)?.id];
    Some(Lasting { tool: tool.clone(), remember: *remember, rules })
}

pub async fn take_back(client: &Client, rules: &[ApprovalRuleId]) -> Result<(), ClientError> {
    for rule in rules {
        match client.revoke_approval(*rule).await {
            // Somebody took it back already.
            Ok(()) | Err(ClientError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Nothing when somebody else was first: their answer comes by the stream.
pub fn words_of(error: &ClientError) -> Option<String> {
    (!matches!(error, ClientError::Refused { status: 409, .. })).then(|| format!("not answered: {error}"))
}
