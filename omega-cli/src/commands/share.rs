//! `omega share`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{ConversationDetail, GuestCredentials, Participant, UpdateConversation, UpdateParticipant, Visibility},
    id::{ConversationId, UserId},
    sanitize::one_line,
};

/// Show a conversation's link and who takes part, and change who may open it
///
/// Whoever is signed in to the server and has the link can read and write. Only the owner changes anything: who may open it,
/// and what guests may do.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega share --visibility private
  omega share --block Grace")]
pub struct Share {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Who may open it: whoever has the link, or only you
    #[arg(long, value_name = "WHO")]
    visibility: Option<Who>,
    /// Replace the link; whoever came by the one before is out
    #[arg(long)]
    rotate: bool,
    /// What guests' messages may do with your credentials
    #[arg(long, value_name = "WHAT")]
    guest_credentials: Option<Policy>,
    /// Block a guest, by user id or name, whatever link they have
    #[arg(long, value_name = "USER")]
    block: Option<String>,
    /// Let a guest in again
    #[arg(long, value_name = "USER", conflicts_with = "block")]
    unblock: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Who {
    Link,
    Private,
}

/// What guests' messages may do with the owner's credentials.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    /// Each call waits for your approval
    Approve,
    /// Calls use them
    Allow,
    /// No call gets any
    Deny,
}

impl Share {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let before = connection.client.conversation(id).await?;
        // A name that nobody has changes nothing of the rest either.
        let block = self.block.as_deref().map(|name| guest(&before, name)).transpose()?;
        let unblock = self.unblock.as_deref().map(|name| guest(&before, name)).transpose()?;
        let body = UpdateConversation {
            visibility: self.visibility.map(|who| match who {
                Who::Link => Visibility::Link,
                Who::Private => Visibility::Private,
            }),
            guest_credentials: self.guest_credentials.map(|policy| match policy {
                Policy::Approve => GuestCredentials::Approve,
                Policy::Allow => GuestCredentials::Allow,
                Policy::Deny => GuestCredentials::Deny,
            }),
            ..UpdateConversation::default()
        };
        if body != UpdateConversation::default() {
            connection.client.update_conversation(id, &body).await?;
        }
        for (user, blocked) in block.map(|user| (user, true)).into_iter().chain(unblock.map(|user| (user, false))) {
            connection.client.update_participant(id, user, &UpdateParticipant { blocked }).await?;
        }
        if self.rotate {
            connection.client.rotate_link(id).await?;
        }
        let now = connection.client.conversation(id).await?;
        let url = connection.client.absolute(&now.conversation.url);
        if self.json {
            return context.ui.json(&document(id, &url, &now));
        }
        context.ui.line(url)?;
        let conversation = &now.conversation;
        context.ui.line(format!("visibility         {}", conversation.visibility.as_str()))?;
        context.ui.line(format!("guest credentials  {}", conversation.guest_credentials.as_str()))?;
        context.ui.rows(&now.participants.iter().map(cells).collect::<Vec<_>>())
    }
}

fn document(id: ConversationId, url: &str, detail: &ConversationDetail) -> serde_json::Value {
    serde_json::json!({
        "conversationId": id, "url": url, "visibility": detail.conversation.visibility,
        "guestCredentials": detail.conversation.guest_credentials, "isOwner": detail.is_owner,
        "participants": detail.participants,
    })
}

fn cells(person: &Participant) -> [String; 4] {
    let blocked = if person.blocked { "blocked" } else { "" };
    let (role, name) = (format!("{:<17}", person.role), one_line(&person.display_name, 64));
    [role, name, person.user_id.to_string(), blocked.to_owned()]
}

/// A participant by id, or by a name that only one has.
fn guest(detail: &ConversationDetail, name: &str) -> Result<UserId, Failure> {
    let named = |person: &&Participant| person.user_id.to_string() == name || person.display_name == name;
    let found: Vec<&Participant> = detail.participants.iter().filter(named).collect();
    match found[..] {
        [person] => Ok(person.user_id),
        [] => Err(Failure::usage(format!("nobody here is called `{}`", one_line(name, 64)))
            .hint("`omega share` lists who takes part")),
        _ => Err(Failure::usage(format!("several are called `{}`", one_line(name, 64))).hint("name one by the id")),
    }
}
