//! `omega registry sync` and `status`: the registry that a server mirrors, how old that is and what it left out.

use crate::{
    connect::Context,
    exit::{Code, Failure},
};
use clap::Args;
use omega_core::{
    api::{MirrorState, MirrorStatus, RegistryStatus, Timestamp},
    counted::counted,
    sanitize::one_line,
};
use std::time::Duration;

/// Between two looks at how far it has got.
const LOOK: Duration = Duration::from_millis(300);

/// Read the registry that the server mirrors now, and wait until that is done
///
/// A server does so by itself, every quarter of an hour, and goes on with a reading that was interrupted. For administrators.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry sync")]
pub struct Sync {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Show how many tools the registry has, how old its mirror is, and what that left out
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega registry status")]
pub struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Sync {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.connect().await?.client;
        let before = client.sync_registry().await?.mirror.and_then(|mirror| mirror.tried_at);
        let (registry, mirror) = loop {
            tokio::time::sleep(LOOK).await;
            let registry = client.status().await?.registry;
            let Some(mirror) = registry.mirror.clone() else {
                return Err(Failure::new(Code::Failed, "the server mirrors no registry any more"));
            };
            if mirror.state != MirrorState::Reading && mirror.tried_at != before {
                break (registry, mirror);
            }
            context.ui.live(&[], ("●", &one_line(&mirror.words(Timestamp::now()), 200)));
        };
        context.ui.clear_live();
        let failure = mirror.trouble.as_ref().map(|_| {
            let words = one_line(&mirror.words(Timestamp::now()), 300);
            Failure::new(Code::Failed, words).hint("what is here stays, and the server tries again by itself")
        });
        match (self.json, failure) {
            (true, failure) => {
                context.ui.json(&registry)?;
                failure.map_or(Ok(()), |failure| Err(failure.said()))
            }
            (false, Some(failure)) => Err(failure),
            (false, None) => {
                let MirrorStatus { changed, removed, .. } = mirror;
                context.ui.line(format!("new or changed: {} · gone: {removed}", counted(changed, "tool")))?;
                told(context, &registry)
            }
        }
    }
}

impl Status {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let registry = context.connect().await?.client.status().await?.registry;
        if self.json { context.ui.json(&registry) } else { told(context, &registry) }
    }
}

fn told(context: &Context, registry: &RegistryStatus) -> Result<(), Failure> {
    let detail = registry.detail.as_ref().map(|text| format!(" · {}", one_line(text, 200))).unwrap_or_default();
    let RegistryStatus { status, tools, packages, .. } = registry;
    context.ui.line(format!("{status} · {} of {}{detail}", counted(*tools, "tool"), counted(*packages, "package")))?;
    let Some(mirror) = &registry.mirror else {
        return context.ui.line("mirror  none: the server was started with TPMJS_API_URL=off");
    };
    context.ui.line(format!("mirror  {}", one_line(&mirror.words(Timestamp::now()), 300)))?;
    for some in &mirror.left_out {
        let examples = one_line(&some.examples.join(" · "), 300);
        context.ui.line(format!("        {} left out, {}: {examples}", some.rows, one_line(&some.reason, 100)))?;
    }
    Ok(())
}
