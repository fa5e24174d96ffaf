//! `omega status`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{
    api::{OpenBreaker, Timestamp},
    counted::counted,
    executor::{ExecutorHealth, ExecutorMember},
    sanitize::one_line,
};
use serde_json::json;
use std::time::Duration;

/// Show the state of the server, its registry and its executor
///
/// It does not start the local server.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega status --json")]
pub struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = match context.config.get("server") {
            Some(url) => context.connect_to(url).await?,
            None if context.starter()?.find().await.is_none() => {
                return if self.json {
                    context.ui.json(&json!({ "server": "local", "running": false }))
                } else {
                    context.ui.line("Your local server does not run; the next command that needs it starts it.")
                };
            }
            None => context.connect().await?,
        };
        let status = connection.client.status().await?;
        let url = connection.client.base_url();
        if self.json {
            let kind = connection.place.name();
            return context.ui.json(&json!({ "server": kind, "running": true, "url": url, "status": status }));
        }
        let up = humantime_text(status.uptime_seconds);
        let rows = [
            ("server", format!("{} · {url} · version {} · up {up}", status.status, status.version)),
            ("database", status.database),
            ("runs", format!("{} active", status.active_runs)),
            (
                "registry",
                format!(
                    "{} · {} of {}{}",
                    status.registry.status,
                    counted(status.registry.tools, "tool"),
                    counted(status.registry.packages, "package"),
                    status.registry.detail.map(|text| format!(" · {text}")).unwrap_or_default()
                ),
            ),
            ("executor", format!("{} · {}", status.executor.status, &status.executor.detail)),
        ];
        let mirror = status.registry.mirror.map(|mirror| ("mirror", mirror.words(Timestamp::now())));
        for (name, value) in rows
            .into_iter()
            .chain(mirror)
            .chain(members(&status.executor))
            .chain(status.breakers.iter().map(left_alone))
        {
            context.ui.line(format!("{name:<9} {}", one_line(&value, 300)))?;
        }
        Ok(())
    }
}

/// Each executor, where there are several.
fn members(executor: &ExecutorHealth) -> Vec<(&'static str, String)> {
    let several = executor.members.len() > 1;
    let row = |member: &ExecutorMember| {
        let breaker =
            if member.breaker == "closed" { String::new() } else { format!(" · breaker {}", member.breaker) };
        format!("{} {} · {} in flight{breaker} · {}", member.name, member.status, member.in_flight, member.detail)
    };
    executor.members.iter().filter(|_| several).map(|member| ("", row(member))).collect()
}

/// What is not called because it kept failing.
fn left_alone(breaker: &OpenBreaker) -> (&'static str, String) {
    let OpenBreaker { kind, subject, until, reason, .. } = breaker;
    ("breaker", format!("{kind} {subject} failed too often ({reason}); left alone until {until}"))
}

fn humantime_text(seconds: u64) -> String {
    let up = Duration::from_secs(seconds).as_secs();
    match (up / 86400, up / 3600, up / 60) {
        (0, 0, 0) => format!("{up} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}
