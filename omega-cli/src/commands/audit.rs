//! `omega audit`

use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::Subcommand;
use omega_core::{
    api::{AuditChain, AuditEntry, Timestamp},
    counted::counted,
    sanitize::one_line,
};
use std::time::Duration;

/// Rows of a page, at most.
const PAGE: usize = 200;

/// Read what was done on the server, and verify that the record is whole
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega audit list --since 7days")]
pub enum Audit {
    /// List what was done, newest first: everything for administrators, your own actions otherwise
    #[command(after_long_help = "Example:
  omega audit list --action key --since 7days")]
    List {
        /// Only this action (`key.made`), or this group of them (`key`)
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// Only what was done in this time (`1h`, `7days`)
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        since: Option<Duration>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Verify the record's hash chains; exit code 1 and the first wrong row when something was changed, removed or added
    ///
    /// The server writes where its chains end to its log every minute (`audit.head`). Give such a line back with --head to
    /// find out whether everything up to it is still as it was, even if somebody made the whole record anew.
    #[command(after_long_help = "Example:
  omega audit verify")]
    Verify {
        /// The end of a chain that was noted earlier, CHAIN:N:HASH; may be given again
        #[arg(long, value_name = "HEAD")]
        head: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List { action, since, limit, json } => list(context, action.as_deref(), *since, *limit, *json).await,
            Self::Verify { head, json } => verify(context, head, *json).await,
        }
    }
}

async fn list(
    context: &Context,
    action: Option<&str>,
    since: Option<Duration>,
    limit: usize,
    json: bool,
) -> Result<(), Failure> {
    let client = context.connect().await?.client;
    let mut query: Vec<(&str, String)> = action.map(|action| ("action", action.to_owned())).into_iter().collect();
    if let Some(since) = since {
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        query.push(("since", Timestamp(Timestamp::now().0.saturating_sub(millis).max(0)).to_string()));
    }
    let mut entries: Vec<AuditEntry> = Vec::new();
    while entries.len() < limit {
        let mut query = query.clone();
        query.push(("limit", (limit - entries.len()).min(PAGE).to_string()));
        query.extend(entries.last().map(|last| ("before", last.id.clone())));
        let page = client.audit(&query).await?;
        entries.extend(page.rows);
        if !page.pagination.is_some_and(|page| page.has_more) {
            break;
        }
    }
    if json {
        return context.ui.json(&entries);
    }
    context.ui.rows(&entries.iter().map(cells).collect::<Vec<_>>())
}

fn cells(entry: &AuditEntry) -> [String; 7] {
    let who = entry.actor.map_or_else(|| entry.actor_kind.clone(), |user| format!("{} {user}", entry.actor_kind));
    let object = entry.object_id.as_deref().map(|id| one_line(id, 60)).unwrap_or_default();
    let outcome = if entry.outcome == "ok" { String::new() } else { entry.outcome.clone() };
    let detail = serde_json::to_string(&entry.detail).unwrap_or_default();
    let detail = if entry.detail.is_empty() { String::new() } else { one_line(&detail, 200) };
    let link = format!("{}:{}", entry.chain, entry.n);
    [entry.at.to_string(), link, entry.action.clone(), outcome, object, one_line(&who, 60), detail]
}

async fn verify(context: &Context, heads: &[String], json: bool) -> Result<(), Failure> {
    let report = context.connect().await?.client.verify_audit(heads).await?;
    let broken: Vec<&str> =
        report.chains.iter().filter_map(|chain| Some(chain.broken.as_ref()?.message.as_str())).collect();
    if json {
        context.ui.json(&report)?;
    } else {
        let cells = |chain: &AuditChain| {
            let state = chain.broken.as_ref().map_or("whole", |_| "BROKEN");
            [format!("{}:{}:{}", chain.chain, chain.n, chain.hash), state.to_owned()]
        };
        context.ui.rows(&report.chains.iter().map(cells).collect::<Vec<_>>())?;
        context.ui.note(format!("Checked {}.", counted(report.checked, "row")));
    }
    if report.ok {
        return Ok(());
    }
    let failure = Failure::new(Code::Failed, format!("the audit log is not whole: {}", broken.join("; ")));
    Err(failure.hint(
        "keep a copy of the database and of the server's log as they are now; the log's `audit.head` lines say how far \
         the record can be trusted",
    ))
}
