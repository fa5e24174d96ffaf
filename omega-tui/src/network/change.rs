//! What overlays show, the changes that they make, and the export.

use crate::messages::{Shown, Topic, Wish};
use omega_core::{
    api::{PutCredential, Settings, UpdateConversation, UpdateParticipant},
    client::{Client, ClientError, ExportFormat},
    id::ConversationId,
    setting,
};
use secrecy::ExposeSecret;
use std::io::Write;

/// What the server has of it now.
pub async fn look(client: &Client, topic: Topic) -> Result<Shown, ClientError> {
    Ok(match topic {
        Topic::Settings => {
            let (settings, approvals) = (client.settings().await?.settings, client.stored_approvals().await?);
            Shown::Settings(Box::new(settings), approvals)
        }
        Topic::Pins => Shown::Pins(client.settings().await?.settings.pins),
        Topic::Keys => Shown::Keys(client.credentials().await?, client.grants().await?),
    })
}

/// Makes a change; why not, in words.
pub async fn make(client: &Client, conversation: Option<ConversationId>, wish: Wish) -> Result<(), String> {
    let sent = |error: ClientError| error.to_string();
    let here = || conversation.ok_or_else(|| String::from("there is no conversation yet"));
    let update =
        async |body: UpdateConversation| client.update_conversation(here()?, &body).await.map(drop).map_err(sent);
    match wish {
        Wish::Set { name, value } => {
            let field = setting::named(name).map_err(|unfit| unfit.0)?;
            change(client, |settings| field.set(settings, value.as_deref()).map_err(|unfit| Problem(unfit.0))).await
        }
        Wish::Pin(tool) => {
            // A pin that no tool answers to would be of no use, silently.
            client.tool(&tool).await.map_err(sent)?;
            change(client, |settings| {
                if !settings.pins.contains(&tool) {
                    settings.pins.push(tool.clone());
                }
                Ok(())
            })
            .await
        }
        Wish::Unpin(tool) => {
            change(client, |settings| {
                settings.pins.retain(|pin| *pin != tool);
                Ok(())
            })
            .await
        }
        Wish::PutKey { tool, value } => {
            for (name, value) in &value.0 {
                let body = PutCredential {
                    value: value.expose_secret().to_owned(),
                    tool_id: tool.clone(),
                    scope: None,
                    kept_in: None,
                };
                client.put_credential(name, &body).await.map_err(sent)?;
            }
            Ok(())
        }
        Wish::DeleteKey { name, tool, scope } => {
            client.delete_credential(&name, tool.as_ref(), Some(scope)).await.map(drop).map_err(sent)
        }
        Wish::Visibility(visibility) => {
            update(UpdateConversation { visibility: Some(visibility), ..UpdateConversation::default() }).await
        }
        Wish::GuestCredentials(policy) => {
            update(UpdateConversation { guest_credentials: Some(policy), ..UpdateConversation::default() }).await
        }
        Wish::Title(title) => update(UpdateConversation { title: Some(title), ..UpdateConversation::default() }).await,
        Wish::SafeMode(on) => update(UpdateConversation { safe_mode: Some(on), ..UpdateConversation::default() }).await,
        Wish::Rotate => client.rotate_link(here()?).await.map(drop).map_err(sent),
        Wish::Block(user, blocked) => {
            let body = UpdateParticipant { blocked };
            client.update_participant(here()?, user, &body).await.map(drop).map_err(sent)
        }
        Wish::Feedback(run, said) => client.give_feedback(run, &said).await.map(drop).map_err(sent),
        Wish::NoFeedback(run) => client.remove_feedback(run).await.map_err(sent),
        Wish::RevokeApproval(id) => client.revoke_approval(id).await.map_err(sent),
        Wish::RevokeGrant { name, tool } => client.revoke_grant(&name, &tool).await.map_err(sent),
    }
}

struct Problem(String);

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        Self(match error.is_conflict() {
            true => String::from("the settings were changed elsewhere at the same time; try again"),
            false => error.to_string(),
        })
    }
}

async fn change(client: &Client, make: impl FnMut(&mut Settings) -> Result<(), Problem>) -> Result<(), String> {
    client.change_settings(make).await.map(drop).map_err(|problem| problem.0)
}

/// Writes the conversation into a file that was not there before, and gives its name.
pub async fn export(
    client: &Client,
    id: ConversationId,
    format: ExportFormat,
    file: Option<String>,
) -> Result<String, String> {
    let ending = if format == ExportFormat::Json { "json" } else { "md" };
    let name = file.unwrap_or_else(|| format!("omega-{id}.{ending}"));
    let text = client.export(id, format).await.map_err(|error| error.to_string())?;
    let made = std::fs::File::create_new(&name).and_then(|mut file| file.write_all(text.as_bytes()));
    match made {
        Ok(()) => Ok(name),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(format!("{name} is there already; name another file behind the format"))
        }
        Err(error) => Err(format!("{name} can't be written: {error}")),
    }
}
