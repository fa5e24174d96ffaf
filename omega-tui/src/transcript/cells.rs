//! How each piece looks: a pure function of the view, how far it is open, and the width.

use super::{Gap, Item, Level, LoadedOutput, PieceKey, SAMPLES, UnsentMessage, tool};
use crate::{
    clean::{clean, one_line},
    keymap::{Action, Context, Keymap},
    markdown::{Document, Rope},
    numbers::{grouped, left, seconds},
    speed::Speed,
    theme::Theme,
    wrap::{fit, width, wrap},
};
use omega_core::{
    api::{FinishReason, MessageStatus, Part, Run, RunStatus, Timestamp},
    id::UserId,
    model::price::bill,
    view::View,
};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Text of turns stands this far in.
pub const INDENT: &str = "  ";

/// Everything that a piece may show.
pub struct Scene<'a> {
    pub view: &'a View,
    pub pending: &'a [UnsentMessage],
    pub theme: &'a Theme,
    pub now: Timestamp,
    pub keys: &'a Keymap,
    pub speed: &'a Speed,
    pub spinner: &'static str,
    /// Whether the active run was asked to stop.
    pub stopping: bool,
    /// How many older messages are not here.
    pub older: u64,
    /// Where they are missing.
    pub gaps: &'a [Gap],
    /// Whether some of them are on their way.
    pub is_loading: bool,
    /// Who the person here is.
    pub me: Option<UserId>,
    /// The model that answers next, and why that one.
    pub answering: Option<(&'a str, &'a str)>,
    /// Why the server can't be reached.
    pub trouble: Option<&'a str>,
}

/// How a piece is to be shown.
pub struct Look<'a> {
    pub level: Level,
    pub selected: bool,
    pub width: usize,
    /// The beginning of a large output that was loaded.
    pub output: Option<&'a LoadedOutput>,
}

/// Changes whenever the piece looks different; `None` while it moves.
pub fn fingerprint(item: &Item, scene: &Scene<'_>, look: &Look<'_>) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    (look.level, look.selected, look.output.map(|output| output.text.len())).hash(&mut hash);
    match item.key {
        PieceKey::Pending(_) | PieceKey::Working(_) | PieceKey::Loading | PieceKey::Gap(_) => return None,
        PieceKey::Tool(_) => {
            let tool = scene.view.tool_runs.get(item.at)?;
            if !tool.status.is_terminal() {
                return None;
            }
            (tool.status, tool.duration_ms).hash(&mut hash);
        }
        PieceKey::Reasoning(_, part) => {
            if grows(scene, item.at, part) {
                return None;
            }
            part_text(scene, item.at, part).hash(&mut hash);
        }
        PieceKey::Text(_, part) => (part_text(scene, item.at, part), grows(scene, item.at, part)).hash(&mut hash),
        PieceKey::Earlier(_) => scene.view.messages.get(item.at)?.content.len().hash(&mut hash),
        PieceKey::User(_) => {
            let message = scene.view.messages.get(item.at)?;
            scene.me.hash(&mut hash);
            (message.content.len(), state_of(scene.view, message.run_id)).hash(&mut hash);
        }
        PieceKey::End(_) => {
            let run = scene.view.runs.get(item.at)?;
            let own = run.feedback.iter().find(|it| Some(it.author.user_id) == scene.me);
            (run.status, run.finish_reason, own.map(|own| own.rating)).hash(&mut hash);
        }
        PieceKey::Welcome => scene.answering.hash(&mut hash),
        PieceKey::Sample(_) | PieceKey::Label(_) => {}
    }
    Some(hash.finish() | 1)
}

/// A part of an answer.
pub fn text(scene: &Scene<'_>, at: usize, part: usize, document: &mut Document, look: &Look<'_>) -> Rope {
    let room = look.width.saturating_sub(width(INDENT)).max(1);
    let text = part_text(scene, at, part);
    let lines = document.dressed(text, room, scene.theme, grows(scene, at, part), indented);
    match look.selected {
        true => lines.iter().cloned().map(|line| with_bar(line, scene.theme)).collect::<Vec<_>>().into(),
        false => lines,
    }
}

pub fn lines(item: &Item, scene: &Scene<'_>, look: &Look<'_>) -> Vec<Line<'static>> {
    let theme = scene.theme;
    match item.key {
        PieceKey::Welcome => welcome(scene, look.width),
        PieceKey::Sample(at) => vec![sample(SAMPLES.get(at).copied().unwrap_or_default(), theme, look)],
        PieceKey::Loading => match scene.trouble {
            None => vec![moving(scene, "loading the conversation", look.width)],
            Some(cause) => {
                let words = format!("✗ the conversation can't be shown: {}", clean(cause));
                let mut lines = wrap(&[Span::styled(words, theme.error)], look.width);
                lines.extend(wrap(&[Span::styled("/new begins another one", theme.secondary)], look.width));
                lines
            }
        },
        PieceKey::Gap(_) if scene.is_loading => vec![moving(scene, "loading messages", look.width)],
        PieceKey::Gap(_) => vec![fit(vec![Span::styled(missing(scene, item.at), theme.dim)], look.width)],
        PieceKey::Earlier(_) => vec![earlier(scene, item.at, look)],
        PieceKey::User(_) => scene.view.messages.get(item.at).map_or_else(Vec::new, |message| {
            let is_me = message.author.as_ref().is_none_or(|author| Some(author.user_id) == scene.me);
            let name = message.author.as_ref().map_or("you", |author| author.display_name.as_str());
            let name = if is_me { "you" } else { name };
            let style = message.author.as_ref().filter(|_| !is_me).map_or(theme.text, |it| theme.of_person(it.user_id));
            said((name, style), &message.content, state_of(scene.view, message.run_id), theme, look)
        }),
        PieceKey::Pending(_) => scene
            .pending
            .get(item.at)
            .map_or_else(Vec::new, |message| said(("you", theme.text), &message.text, Some("sending"), theme, look)),
        PieceKey::Label(_) => vec![Line::styled("omega", theme.accent.add_modifier(Modifier::BOLD))],
        PieceKey::Reasoning(_, part) => reasoning(scene, item, part, look),
        PieceKey::Tool(_) => {
            scene.view.tool_runs.get(item.at).map_or_else(Vec::new, |run| tool::lines(run, scene, look))
        }
        PieceKey::Working(_) => vec![working(scene, item.at, look.width)],
        PieceKey::End(_) => scene.view.runs.get(item.at).map_or_else(Vec::new, |run| end(run, scene, look.width)),
        // Laid out by `text`, which keeps its finished blocks.
        PieceKey::Text(..) => Vec::new(),
    }
}

/// What stands where messages are missing.
fn missing(scene: &Scene<'_>, at: usize) -> String {
    let is_beginning = scene.gaps.get(at).is_some_and(|gap| gap.after == 0);
    // Of several gaps nobody knows how many are in which.
    let count = if scene.gaps.len() == 1 { grouped(scene.older) } else { String::from("more") };
    match is_beginning {
        true => format!("{INDENT}↑ {count} earlier messages: scroll up to load them"),
        false => format!("{INDENT}⋯ {count} messages between: scroll on to load them"),
    }
}

/// Whether more of this part is to come.
fn grows(scene: &Scene<'_>, at: usize, part: usize) -> bool {
    let message = scene.view.messages.get(at);
    message.is_some_and(|it| it.status == MessageStatus::Streaming && it.parts.len() == part + 1)
}

fn part_text<'a>(scene: &Scene<'a>, at: usize, part: usize) -> &'a str {
    match scene.view.messages.get(at).and_then(|message| message.parts.get(part)) {
        Some(Part::Text { text } | Part::Reasoning { text }) => text,
        _ => "",
    }
}

fn state_of(view: &View, run: Option<omega_core::id::RunId>) -> Option<&'static str> {
    let status = view.runs.iter().find(|r| Some(r.id) == run)?.status;
    (status == RunStatus::Queued).then_some("waiting")
}

/// A participant's message: name and state on a dotted rule, the text below.
fn said(
    (author, style): (&str, Style),
    text: &str,
    state: Option<&str>,
    theme: &Theme,
    look: &Look<'_>,
) -> Vec<Line<'static>> {
    let max = look.width;
    let author = format!("{} ", one_line(author));
    let state = state.map(|state| format!(" {state}")).unwrap_or_default();
    let dots = max.saturating_sub(width(&author) + width(&state));
    let head = vec![
        Span::styled(author, style.add_modifier(Modifier::BOLD)),
        Span::styled("┄".repeat(dots), theme.strong_border),
        Span::styled(state, theme.warn),
    ];
    let mut lines = vec![fit(head, max)];
    let text = Span::styled(clean(text.trim_end()).into_owned(), theme.text);
    let text = wrap(&[text], max.saturating_sub(width(INDENT)));
    lines.extend(if look.selected { barred(text, theme) } else { indented(text) });
    lines
}

/// The line that an earlier version of a message is folded to.
fn earlier(scene: &Scene<'_>, at: usize, look: &Look<'_>) -> Line<'static> {
    let (theme, sign) = (scene.theme, if look.level > 0 { "▾" } else { "▸" });
    let style = if look.selected { theme.secondary.patch(theme.selected) } else { theme.dim };
    let words = scene.view.messages.get(at).map(|message| one_line(&message.content)).unwrap_or_default();
    fit(vec![Span::styled(format!("{INDENT}{sign} earlier version · {words}"), style)], look.width)
}

/// Folded it says how long, and while it grows the newest words of it.
fn reasoning(scene: &Scene<'_>, item: &Item, part: usize, look: &Look<'_>) -> Vec<Line<'static>> {
    let (theme, text) = (scene.theme, part_text(scene, item.at, part));
    let words = text.split_whitespace().count();
    let sign = if look.level > 0 { "▾" } else { "▸" };
    let style = if look.selected { theme.secondary.patch(theme.selected) } else { theme.dim };
    let message = scene.view.messages.get(item.at);
    let grows = grows(scene, item.at, part);
    let head = match message.filter(|_| grows) {
        Some(message) => format!("{INDENT}{sign} thinking · {}", seconds(scene.now.millis_since(message.created_at))),
        // What came at once took no time to think of.
        None => match scene.view.messages.get(item.at).and_then(|it| scene.speed.thought_millis(it.id)) {
            Some(took) if took >= 100 => format!("{INDENT}{sign} thought for {} · {words} words", seconds(took)),
            _ => format!("{INDENT}{sign} reasoning · {words} words"),
        },
    };
    let newest = text.lines().rev().find(|line| !line.trim().is_empty()).filter(|_| grows && look.level == 0);
    let mut spans = vec![Span::styled(head.clone(), style)];
    if let Some(newest) = newest {
        // The end of the line is what is new.
        let newest = one_line(newest);
        let room = look.width.saturating_sub(width(&head) + 4);
        let mut tail = newest.as_str();
        while width(tail) > room {
            tail = tail.split_once(' ').map_or("", |(_, rest)| rest);
        }
        spans.push(Span::styled(format!(" · {tail}"), theme.dim.add_modifier(Modifier::ITALIC)));
    }
    let mut lines = vec![fit(spans, look.width)];
    if look.level > 0 {
        let style = theme.dim.add_modifier(Modifier::ITALIC);
        let body = wrap(&[Span::styled(clean(text.trim()).into_owned(), style)], look.width.saturating_sub(4));
        lines.extend(indented(indented(body)));
    }
    lines
}

fn working(scene: &Scene<'_>, at: usize, max: usize) -> Line<'static> {
    let run = scene.view.runs.get(at);
    let is_paused = run.is_some_and(|run| run.status == RunStatus::Paused);
    let again;
    let words = match &scene.view.status {
        _ if scene.stopping => "stopping",
        _ if is_paused => {
            let sign = Span::styled(format!("{INDENT}‖ "), scene.theme.warn);
            return fit(vec![sign, Span::styled("waiting for an answer", scene.theme.secondary)], max);
        }
        Some(status) => {
            // The end of a long reason is what may be cut, and not when it goes on.
            let left = scene.view.again_at.and_then(|at| left(at, scene.now));
            again = left.map_or_else(|| status.clone(), |left| format!("asking again in {left} · {status}"));
            &again
        }
        None => "working",
    };
    moving(scene, words, max)
}

fn moving(scene: &Scene<'_>, words: &str, max: usize) -> Line<'static> {
    let spinner = Span::styled(format!("{INDENT}{} ", scene.spinner), scene.theme.running);
    fit(vec![spinner, Span::styled(one_line(words), scene.theme.secondary)], max)
}

/// How a run ended: what it took, or why it did not answer.
fn end(run: &Run, scene: &Scene<'_>, max: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let room = max.saturating_sub(width(INDENT));
    match (run.status, &run.error) {
        (RunStatus::Failed, error) => {
            let (code, words, again) = error.as_ref().map_or(("", "the run failed", false), |error| {
                (error.code.as_str(), error.error.as_str(), error.retryable)
            });
            let selects = scene.keys.key(Context::Global, Action::PreviousMessage);
            let writes = scene.keys.key(Context::Transcript, Action::Resend);
            let hint = format!(". Sending it again may help: {selects} selects it, {writes} writes it anew.");
            let again = if again { hint.as_str() } else { "" };
            let spans = [
                Span::styled(format!("✗ {} ", one_line(code)), theme.error.add_modifier(Modifier::BOLD)),
                Span::styled(format!("{}{again}", clean(words.trim_end_matches('.'))), theme.error),
            ];
            indented(wrap(&spans, room))
        }
        (RunStatus::Cancelled, _) => indented(vec![Line::styled("■ stopped", theme.warn)]),
        _ => {
            let took = run.started_at.zip(run.finished_at).map(|(from, to)| seconds(to.millis_since(from)));
            let tools = match run.tool_calls {
                0 => None,
                1 => Some(String::from("1 tool call")),
                n => Some(format!("{n} tool calls")),
            };
            let tokens = run.usage.input_tokens + run.usage.output_tokens;
            let tokens = (tokens > 0).then(|| format!("{} tokens", grouped(tokens)));
            let own = run.feedback.iter().find(|it| Some(it.author.user_id) == scene.me);
            let said = own.map(|own| format!("you said {}", own.rating.as_str()));
            let facts: Vec<String> =
                [took, tools, tokens, bill(&run.usage, run.paid_by), said].into_iter().flatten().collect();
            let mut lines = vec![fit(vec![Span::styled(facts.join(" · "), theme.dim)], room)];
            if let Some(why) = run.finish_reason.and_then(FinishReason::shortfall) {
                lines.splice(0..0, wrap(&[Span::styled(format!("! {why}"), theme.warn)], room));
            }
            indented(lines)
        }
    }
}

fn welcome(scene: &Scene<'_>, max: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let words = "Ask for something. Omega looks for a tool in the TPMJS registry, runs it in a sandbox and answers with \
                 what came out.";
    let mut lines = vec![Line::default()];
    lines.extend(wrap(&[Span::styled(words, theme.text)], max));
    lines.push(Line::default());
    let key = |action| scene.keys.key(Context::Global, action);
    let keys = [
        (String::from("@"), "names a tool"),
        (key(Action::Palette), "finds everything"),
        (key(Action::Recent), "goes back to a conversation"),
    ];
    let mut spans = Vec::new();
    for (key, word) in keys {
        if !spans.is_empty() {
            spans.push(Span::styled(" · ", theme.dim));
        }
        spans.push(Span::styled(format!("{key} "), theme.accent));
        spans.push(Span::styled(word, theme.secondary));
    }
    lines.extend(wrap(&spans, max));
    if let Some((model, reason)) = scene.answering {
        let words = format!("{} answers: {}. /model chooses another one.", one_line(model), one_line(reason));
        lines.extend(wrap(&[Span::styled(words, theme.dim)], max));
    }
    lines.push(Line::default());
    let head = "try one: tab chooses, enter takes ";
    let dots = "┄".repeat(max.saturating_sub(width(head)));
    lines.push(fit(vec![Span::styled(head, theme.secondary), Span::styled(dots, theme.strong_border)], max));
    lines
}

fn sample(text: &str, theme: &Theme, look: &Look<'_>) -> Line<'static> {
    let overlay = if look.selected { theme.selected } else { Style::new() };
    let spans =
        vec![Span::styled("› ", theme.accent.patch(overlay)), Span::styled(one_line(text), theme.text.patch(overlay))];
    fit(spans, look.width)
}

/// The lines of a selected piece: a bar in the place of the step.
fn barred(lines: Vec<Line<'static>>, theme: &Theme) -> Vec<Line<'static>> {
    indented(lines).into_iter().map(|line| with_bar(line, theme)).collect()
}

fn with_bar(mut line: Line<'static>, theme: &Theme) -> Line<'static> {
    if let Some(first) = line.spans.first_mut() {
        *first = Span::styled("▌ ", theme.accent);
    }
    line
}

/// Every line a step further in.
pub fn indented(lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    lines
        .into_iter()
        .map(|line| {
            let style = line.style;
            let mut spans = vec![Span::raw(INDENT)];
            spans.extend(line.spans.into_iter().map(|span| Span::styled(span.content, style.patch(span.style))));
            Line::from(spans)
        })
        .collect()
}
