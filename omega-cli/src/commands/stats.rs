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
use std::time::{Duration, SystemTime};

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
  omega stats --since 2026-11-01 --until 2026-12-01
  omega stats --since 24h --json")]
pub struct Stats {
    /// From when on: how far back (`24h`, `7days`, `1year`), a day or a time (`2026-11-01`, `2026-11-01T12:00:00Z`, UTC)
    #[arg(long, value_name = "TIME", default_value = "7days", value_parser = When::read)]
    since: When,
    /// Until when, written likewise [default: now]
    #[arg(long, value_name = "TIME", value_parser = When::read)]
    until: Option<When>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let now = Timestamp::now();
        let (since, until) = (self.since.before(now), self.until.map(|until| until.before(now)));
        if since >= until.unwrap_or(now) {
            let what = format!("there is no time from {since} to {}", until.unwrap_or(now));
            return Err(Failure::usage(what).hint("omega stats --since 7days"));
        }
        let client = context.connect().await?.client;
        let stats = match until {
            Some(until) => client.stats_between(since, until).await?,
            None => client.stats(since).await?,
        };
        if self.json {
            return context.ui.json(&stats);
        }
        show(&context.ui, &stats)
    }
}

/// A time as a command line says it.
#[derive(Debug, Clone, Copy)]
enum When {
    Ago(Duration),
    At(Timestamp),
}

impl When {
    fn read(text: &str) -> Result<Self, String> {
        if let Ok(ago) = humantime::parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        let day = format!("{text}T00:00:00Z");
        let time = humantime::parse_rfc3339_weak(text).or_else(|_| humantime::parse_rfc3339_weak(&day));
        let time = time.map_err(|_| {
            format!(
                "`{text}` is neither how long ago (`7days`) nor a day or a time (`2026-11-01`, `2026-11-01T12:00:00Z`)"
            )
        })?;
        let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self::At(Timestamp(millis(since_1970))))
    }

    fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => Timestamp(now.0.saturating_sub(millis(ago)).max(0)),
            Self::At(time) => time,
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
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
    fn a_time_is_how_long_ago_or_a_day_or_a_moment() {
        let now = Timestamp(1_800_000_000_000);
        for (text, millis) in [
            ("1h", 1_799_996_400_000),
            ("0s", now.0),
            ("100000days", 0),
            ("2026-11-01", 1_793_491_200_000),
            ("2026-11-01T12:00:00Z", 1_793_534_400_000),
            ("2026-11-01 12:00:00", 1_793_534_400_000),
        ] {
            assert_eq!(When::read(text).unwrap().before(now).0, millis, "{text}");
        }
        for wrong in ["", "yesterday", "7", "2026-13-01", "2026-11"] {
            assert!(When::read(wrong).unwrap_err().contains("7days"), "{wrong}");
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
