//! `omega recent`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{
    client::Client,
    id::ConversationId,
    local::{api_keys::LOCAL, recent},
};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long the titles may take that a running server knows better.
const PATIENCE: Duration = Duration::from_millis(500);

/// List the conversations that you used last, newest first
///
/// The list is kept on this machine only. While your own server runs, it says which titles they have by now.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega recent --limit 5")]
pub struct Recent {
    /// At most this many
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Recent {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let recent = recent::Recent::new(&context.dirs);
        self.learn_titles(context, &recent).await;
        let mut list = recent.list();
        list.truncate(self.limit);
        if self.json {
            return context.ui.json(&list);
        }
        let cells = |entry: recent::Entry| {
            let server = if entry.server == LOCAL { String::new() } else { entry.server };
            let day = entry.updated_at.to_string();
            [entry.id.to_string(), day.get(..16).unwrap_or(&day).to_owned(), entry.title, server]
        };
        context.ui.rows(&list.into_iter().map(cells).collect::<Vec<_>>())
    }
    /// The titles that conversations have got since. The list is as good as it was where nobody says.
    async fn learn_titles(&self, context: &Context, recent: &recent::Recent) {
        let Ok(starter) = context.starter() else { return };
        if starter.find().await.is_none() {
            return;
        }
        let Ok(connection) = context.connect().await else { return };
        let known = recent.of(LOCAL).into_iter().take(self.limit);
        let mut asked: JoinSet<_> = known.map(|entry| title(connection.client.clone(), entry.id)).collect();
        let mut titles = Vec::new();
        let all = async {
            while let Some(answer) = asked.join_next().await {
                titles.extend(answer.ok().flatten());
            }
        };
        // What came by then is taken.
        let _ = tokio::time::timeout(PATIENCE, all).await;
        if let Err(error) = recent.retitle(LOCAL, &titles) {
            context.ui.warn(format!("the list of recent conversations can't be written: {error}"));
        }
    }
}

async fn title(client: Client, id: ConversationId) -> Option<(ConversationId, String)> {
    let detail = client.conversation_before(id, 1, 1).await.ok()?;
    Some((id, detail.conversation.title?))
}
