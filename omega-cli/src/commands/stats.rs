//! `omega stats`

use crate::{
    connect::Context,
    exit::Failure,
    ui::{Tone, Ui, columns},
};
use clap::Args;
use omega_core::{
    api::{CallStats, ModelStats, Stats as Figures, StatsBucket, StatsScope, Timestamp},
    export::seconds,
    model::price::dollars,
    sanitize::one_line,
};
use std::time::Duration;

/// What stands for the smallest and the largest part of a series.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Show how often, how well and at what cost the server worked
///
/// Of the whole server for its administrators, of your own conversations otherwise. The small plots go from the beginning of the
/// time to its end; imported conversations are not counted.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega stats
  omega stats --since 30days
  omega stats --since 24h --json")]
pub struct Stats {
    /// How far to look back (`24h`, `7days`, `1year`)
    #[arg(long, value_name = "TIME", default_value = "7days", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let millis = i64::try_from(self.since.as_millis()).unwrap_or(i64::MAX);
        if millis == 0 {
            return Err(Failure::usage("--since 0 is no time to look back").hint("omega stats --since 7days"));
        }
        let since = Timestamp(Timestamp::now().0.saturating_sub(millis).max(0));
        let stats = context.connect().await?.client.stats(since).await?;
        if self.json {
            return context.ui.json(&stats);
        }
        show(&context.ui, &stats)
    }
}

fn show(ui: &Ui, stats: &Figures) -> Result<(), Failure> {
    let whose = match stats.scope {
        StatsScope::Server => "the whole server",
        StatsScope::Own => "your own conversations",
    };
    let part = humantime::format_duration(Duration::from_millis(stats.bucket_ms)).to_string();
    let part = if part == "1day" { String::from("a day") } else { part };
    let (since, until) = (minute(stats.since), minute(stats.until));
    ui.note(ui.tone(Tone::Dim, &format!("{whose}, from {since} to {until} (UTC); a bar is {part}")));
    ui.rows(&summary(stats))?;
    table(ui, "tools", &stats.tools.most_called.iter().map(call).collect::<Vec<_>>())?;
    table(ui, "executors", &stats.executors.iter().map(call).collect::<Vec<_>>())?;
    table(ui, "models", &stats.usage.models.iter().map(model).collect::<Vec<_>>())
}

/// `2026-11-30 14:05`
fn minute(time: Timestamp) -> String {
    time.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Name, figure, plot, and what it means.
fn summary(stats: &Figures) -> Vec<[String; 4]> {
    let plot = |of: fn(&StatsBucket) -> u64| sparkline(stats.series.iter().map(of));
    let (conversations, runs, tools) = (&stats.conversations, &stats.runs, &stats.tools.all);
    let usage = &stats.usage.all;
    let mut about = vec![format!("{:.1} a week", conversations.per_week)];
    about.extend(conversations.with_tool_share.map(|share| format!("{} called a tool", percent(share))));
    let first = conversations.median_first_tool_ms.map(seconds);
    let ended = [
        runs.completion_rate.map(|rate| format!("{} answered", percent(rate))),
        some(runs.failed).map(|n| format!("{n} failed")),
        some(runs.cancelled).map(|n| format!("{n} cancelled")),
        some(runs.abandoned).map(|n| format!("{n} left waiting over a day")),
        some(runs.open).map(|n| format!("{n} at work or waiting")),
    ];
    let called = [
        tools.success_rate.map(|rate| format!("{} worked", percent(rate))),
        conversations.tool_calls_each.map(|each| format!("{each:.1} for each conversation with one")),
        tools.mean_ms.map(|ms| format!("{} on average", seconds(ms))),
    ];
    let taken = [
        dollars(usage),
        Some(format!("{} in, {} out", count(usage.input_tokens), count(usage.output_tokens))),
        some(usage.unpriced_tokens).map(|n| format!("{} of unknown price", count(n))),
    ];
    let said = &stats.feedback;
    let felt = said.felt_real_share.map(|share| format!("{} felt like a real agent", percent(share)));
    let rated = said.good + said.bad;
    let row = |name: &str, figure: String, plot: String, about: Vec<String>| {
        [name.to_owned(), figure, plot, about.join(" · ")]
    };
    let mut rows = vec![
        row("conversations", count(conversations.created), plot(|part| part.conversations), about),
        row("runs", count(runs.total), plot(|part| part.runs), ended.into_iter().flatten().collect()),
        row("tool calls", count(tools.calls), plot(|part| part.tool_calls), called.into_iter().flatten().collect()),
        row("tokens", count(stats.series.iter().map(|part| part.tokens).sum()), plot(|part| part.tokens), {
            taken.into_iter().flatten().collect()
        }),
    ];
    if let Some(first) = first {
        rows.push(row("first tool call", first, String::new(), vec!["after the first message (median)".into()]));
    }
    if rated > 0 {
        let good = vec![format!("{} good, {} bad", said.good, said.bad)];
        rows.push(row("feedback", count(rated), String::new(), good.into_iter().chain(felt).collect()));
    }
    rows
}

fn some(n: u64) -> Option<u64> {
    (n > 0).then_some(n)
}

fn table<const N: usize>(ui: &Ui, name: &str, rows: &[[String; N]]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    // For a script the rows say themselves what they are of.
    match ui.terminals().stdout {
        true => {
            ui.line(format!("\n{name}"))?;
            columns::aligned(rows).iter().try_for_each(|line| ui.line(format!("  {line}")))
        }
        false => rows.iter().try_for_each(|row| ui.line(format!("{name}  {}", columns::plain(row)))),
    }
}

fn call(stats: &CallStats) -> [String; 5] {
    let worked = stats.success_rate.map(|rate| format!("{} worked", percent(rate))).unwrap_or_default();
    let failed = some(stats.failed).map(|n| format!("{n} failed")).unwrap_or_default();
    let mean = stats.mean_ms.map(seconds).unwrap_or_default();
    [one_line(&stats.name, 60), several(stats.calls, "call"), worked, failed, mean]
}

fn model(stats: &ModelStats) -> [String; 5] {
    let usage = &stats.usage;
    [
        one_line(&stats.model, 60),
        several(stats.answers, "answer"),
        format!("{} in", count(usage.input_tokens)),
        format!("{} out", count(usage.output_tokens)),
        dollars(usage).unwrap_or_default(),
    ]
}

/// A bar for each figure, the largest one full; a blank for none.
fn sparkline(figures: impl Iterator<Item = u64>) -> String {
    let figures: Vec<u64> = figures.collect();
    let most = figures.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let steps = BARS.len() as u128;
    let bar = |figure: u64| match figure {
        0 => ' ',
        // Whatever is there is seen.
        figure => usize::try_from((u128::from(figure) * steps).div_ceil(u128::from(most)) - 1)
            .ok()
            .and_then(|at| BARS.get(at).copied())
            .unwrap_or(BARS[0]),
    };
    format!("│{}│", figures.into_iter().map(bar).collect::<String>())
}

/// `1 call`, `12.3 k calls`
fn several(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{} {what}s", count(n)) }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A figure in three digits and its unit, from ten thousand on.
fn count(n: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let of = |unit: u64| n as f64 / unit as f64;
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{:.1} k", of(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} M", of(1_000_000)),
        _ => format!("{:.1} G", of(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_shows_whatever_is_there_and_is_full_at_the_most() {
        for (figures, plot) in [
            (&[][..], ""),
            (&[0, 0], ""),
            (&[1], "│█│"),
            (&[0, 1, 8], "│ ▁█│"),
            (&[1, 1_000_000], "│▁█│"),
            (&[1, 2, 3, 4, 5, 6, 7, 8], "│▁▂▃▄▅▆▇█│"),
            (&[u64::MAX, u64::MAX / 2], "│█▄│"),
        ] {
            assert_eq!(sparkline(figures.iter().copied()), plot, "{figures:?}");
        }
    }

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        for (n, words) in
            [(0, "0"), (9_999, "9999"), (12_345, "12.3 k"), (1_500_000, "1.5 M"), (u64::MAX, "18446744073.7 G")]
        {
            assert_eq!(count(n), words);
        }
    }
}
