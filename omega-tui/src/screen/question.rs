//! What a paused run asks, above the composer: a rule that says what it is, the whole of it to scroll through, and one line
//! to answer in.

use super::{alternatives, approval};
use crate::{
    app::{App, Focus, Grant, Question, Step},
    clean::one_line,
    keymap::Action,
    sheet,
    theme::Theme,
    wrap::{fit, width, wrap},
};
use omega_core::{
    api::{Approval, CredentialRequest, MissingVar, Plan, RequiredAction},
    sanitize::visible_json,
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};

/// Whoever else has the conversation open sees the same question.
const WAITS: &str = "the owner is asked; it waits for them";
/// While keys are no answer yet (see [`omega_core::type_ahead`]).
const NOT_YET: &str = "a moment: keys that were typed before you saw this do nothing";
/// A character of a value that is not shown.
const MASK: &str = "•";

/// Below so many rows what is asked comes before the conversation and before the words of its keys: nobody may answer what
/// they could not read.
const LOW: u16 = 16;

/// Rows that it takes: what it says, but not more than half of the screen, and the composer always has its place.
/// `taken` are the rows of everything else but the conversation.
pub fn height(app: &App, main: Rect, taken: u16) -> u16 {
    let Some(question) = &app.question else { return 0 };
    let body = body(app, question, usize::from(main.width.saturating_sub(3))).0.len();
    let left = main.height.saturating_sub(taken);
    let room = if main.height < LOW { left } else { left.saturating_sub(1).min(main.height / 2) };
    let focused = app.focus == Focus::Question;
    let width = usize::from(main.width.saturating_sub(2));
    let foot = foot(app, question, focused, width, main.height < LOW).0.len();
    u16::try_from(body + 1 + foot).unwrap_or(u16::MAX).min(room)
}

/// Draws it, and puts the cursor into its line.
pub fn draw(app: &mut App, area: Rect, frame: &mut Frame<'_>) {
    let Some(question) = &app.question else { return };
    let theme = &app.theme;
    let focused = app.focus == Focus::Question && app.layers.is_empty();
    let (lines, top) = body(app, question, usize::from(area.width.saturating_sub(3)));
    let step = question.step;
    let is_low = frame.area().height < LOW;
    let (feet, caret) = foot(app, question, focused, usize::from(area.width - 2), is_low);
    let taken = u16::try_from(feet.len()).unwrap_or(1).min(area.height.saturating_sub(1));
    let inner =
        Rect { y: area.y + 1, height: area.height.saturating_sub(1 + taken), x: area.x + 1, width: area.width - 2 };
    let shown = usize::from(inner.height);
    // A plan that is selected is in sight; everything else is scrolled by hand.
    let last = lines.len().saturating_sub(shown);
    let scroll = match question.step {
        Step::Plan | Step::Other => top,
        Step::Input => (top + 1).saturating_sub(shown),
        _ => question.scroll,
    };
    let scroll = scroll.min(last);
    let more =
        if last > 0 { format!(" {}-{} of {} ↑↓", scroll + 1, scroll + shown, lines.len()) } else { String::new() };
    let style = if focused { theme.accent } else { theme.strong_border };
    let heading = format!("─ ‖ {}{more} ", heading(question));
    let dashes = "─".repeat(usize::from(area.width).saturating_sub(width(&heading)));
    frame.render_widget(
        fit(vec![Span::styled(heading, theme.warn), Span::styled(dashes, style)], area.width.into()),
        area,
    );
    for (line, row) in lines.into_iter().skip(scroll).zip(inner.rows()) {
        frame.render_widget(line, row);
    }
    let foot = Rect { y: inner.bottom(), height: taken, ..inner };
    sheet::stack(feet, foot, frame);
    if let (Some(caret), true) = (caret, focused) {
        let x = foot.x + u16::try_from(caret).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(foot.right().saturating_sub(1)), foot.y));
    }
    if let Some(question) = &mut app.question {
        question.scroll = scroll;
        if step == Step::Input {
            let rows = question.input.rows();
            let (row, column) = question.input.caret_at(&rows);
            let y = inner.y + u16::try_from(row.saturating_sub(scroll)).unwrap_or(0);
            let x = inner.x + u16::try_from(column).unwrap_or(0);
            if focused && y < inner.bottom() {
                frame.set_cursor_position(Position::new(x.min(inner.right().saturating_sub(1)), y));
            }
        }
    }
}

fn heading(question: &Question) -> String {
    match (&question.action, question.step) {
        (RequiredAction::Approval { .. }, Step::Wait) => String::from("a call needs approval"),
        (RequiredAction::Approval { .. }, Step::Sure(grant)) => match grant {
            Grant::Here => String::from("always allow it in this conversation?"),
            Grant::Always => String::from("always allow it, in all your conversations?"),
            Grant::Alike => format!("allow all {} calls of it that wait?", question.released(grant).len() + 1),
            Grant::All => format!("allow all {} calls that wait?", question.released(grant).len() + 1),
        },
        (RequiredAction::Approval { approvals, .. }, _) if approvals.len() > 1 => {
            format!("allow this call? {} wait", approvals.len())
        }
        (RequiredAction::Approval { .. }, _) => String::from("allow this call?"),
        (RequiredAction::Credentials { missing_vars, .. }, Step::Value(at)) if missing_vars.len() > 1 => {
            format!("a tool needs a value, {} of {}", at + 1, missing_vars.len())
        }
        (_, Step::Other) => String::from("which tool instead?"),
        (RequiredAction::Credentials { .. }, _) => String::from("a tool needs a value"),
        (RequiredAction::Plan { .. }, _) => String::from("which plan?"),
        (RequiredAction::Alternatives { .. }, _) => String::from("which tool instead?"),
    }
}

/// All of it, and the line that is to be in sight.
fn body(app: &App, question: &Question, max: usize) -> (Vec<Line<'static>>, usize) {
    let theme = &app.theme;
    let offers =
        || question.alternatives().map(|it| alternatives::lines(theme, it, question.selected, max)).unwrap_or_default();
    match (&question.action, question.step) {
        (_, Step::Other) => offers(),
        (_, Step::Input) => {
            let rows = question.input.rows();
            let (caret, _) = question.input.caret_at(&rows);
            (rows.iter().map(|row| Line::styled(question.input.shown(row), theme.text)).collect(), caret)
        }
        (RequiredAction::Approval { .. }, Step::Sure(grant)) => {
            let mut lines = question.approval().map(|it| approval::lines(app, it, max)).unwrap_or_default();
            lines.extend(question.released(grant).into_iter().map(|it| released(theme, it, max)));
            (lines, 0)
        }
        (RequiredAction::Approval { .. }, _) => {
            (question.approval().map(|it| approval::lines(app, it, max)).unwrap_or_default(), 0)
        }
        (RequiredAction::Credentials { requests, missing_vars, .. }, step) => {
            // A value is asked for by the tools that lack it, and by no other.
            let asked = match step {
                Step::Value(at) => missing_vars.get(at).map(|var| &var.name),
                _ => None,
            };
            let lacks = |request: &&CredentialRequest| {
                asked.is_none_or(|name| request.missing_keys.iter().any(|var| var.name == *name))
            };
            let tools: Vec<&str> = requests.iter().filter(lacks).map(|request| request.tool_id.as_str()).collect();
            let mut lines = wrap(&[Span::styled(one_line(&tools.join(", ")), theme.accent)], max);
            let vars: &[MissingVar] = match step {
                Step::Value(at) => missing_vars.get(at..=at).unwrap_or_default(),
                _ => missing_vars,
            };
            for var in vars {
                lines.extend(variable(theme, var, max));
            }
            (lines, 0)
        }
        (RequiredAction::Plan { plans, .. }, _) => {
            let (mut lines, mut top) = (Vec::new(), 0);
            for (at, it) in plans.iter().enumerate() {
                if at == question.selected {
                    top = lines.len();
                }
                lines.extend(plan(theme, it, at, at == question.selected, max));
            }
            (lines, top)
        }
        (RequiredAction::Alternatives { .. }, _) => offers(),
    }
}

/// Another call that goes on with the one that is looked at, in a line.
fn released(theme: &Theme, approval: &Approval, max: usize) -> Line<'static> {
    let name = format!("+ {} ", one_line(approval.tool_id.as_str()));
    let input = one_line(&visible_json(&approval.input));
    fit(vec![Span::styled(name, theme.accent), Span::styled(input, theme.text)], max)
}

fn variable(theme: &Theme, var: &MissingVar, max: usize) -> Vec<Line<'static>> {
    let mut spans = vec![Span::styled(one_line(&var.name), theme.text)];
    if !var.description.trim().is_empty() {
        spans.push(Span::styled(format!(" · {}", one_line(&var.description)), theme.secondary));
    }
    if var.rejected {
        spans.push(Span::styled(" · the value was rejected", theme.error));
    }
    wrap(&spans, max)
}

fn plan(theme: &Theme, plan: &Plan, at: usize, selected: bool, max: usize) -> Vec<Line<'static>> {
    let (sign, style) = if selected { ("›", theme.accent) } else { (" ", theme.secondary) };
    let heading = format!("{sign} {} · {:.0} % · {}", at + 1, plan.confidence * 100.0, one_line(&plan.reasoning));
    if !selected {
        return vec![fit(vec![Span::styled(heading, style)], max)];
    }
    let mut lines = wrap(&[Span::styled(heading, style)], max);
    for step in &plan.steps {
        let tool = format!("   {}. {} ", step.step_number, one_line(&step.tool_name));
        let mut spans = vec![Span::styled(tool, theme.text), Span::styled(one_line(&step.purpose), theme.secondary)];
        if !step.expected_output.trim().is_empty() {
            spans.push(Span::styled(format!(" → {}", one_line(&step.expected_output)), theme.dim));
        }
        if !step.missing_env.is_empty() {
            spans.push(Span::styled(format!(" needs {}", one_line(&step.missing_env.join(", "))), theme.warn));
        }
        lines.extend(wrap(&spans, max));
    }
    if !plan.missing_vars.is_empty() {
        let names: Vec<&str> = plan.missing_vars.iter().map(|var| var.name.as_str()).collect();
        let words = format!("   asked for before step 1: {}", one_line(&names.join(", ")));
        lines.extend(wrap(&[Span::styled(words, theme.warn)], max));
    }
    if !plan.pins.is_empty() {
        let pins: Vec<&str> = plan.pins.iter().map(|tool| tool.as_str()).collect();
        lines.extend(wrap(&[Span::styled(format!("   pinned: {}", one_line(&pins.join(", "))), theme.dim)], max));
    }
    lines
}

/// The lines to answer in: all keys that do so, or one line with a caret.
fn foot(
    app: &App,
    question: &Question,
    focused: bool,
    max: usize,
    is_low: bool,
) -> (Vec<Line<'static>>, Option<usize>) {
    let (line, caret) = match keys(question).filter(|_| focused && !question.sent && app.hears()) {
        Some(actions) if is_low => (sheet::hints_packed(&app.theme, &app.keys, app.contexts(), &actions, max), None),
        Some(actions) => return (sheet::hint_lines(&app.theme, &app.keys, app.contexts(), &actions, max), None),
        None => foot_line(app, question, focused, max),
    };
    (vec![line], caret)
}

/// The keys that answer, in a step that has nothing but them.
fn keys(question: &Question) -> Option<Vec<Action>> {
    Some(match question.step {
        Step::Decide => {
            let lasts = question.approval().is_some_and(|it| question.role.may_remember(it));
            let mut actions = vec![Action::AllowOnce];
            actions.extend(lasts.then_some([Action::AllowHere, Action::AllowAlways]).into_iter().flatten());
            actions.push(Action::Deny);
            actions.extend(question.editable().map(|_| Action::EditInput));
            let (alike, all) = (question.released(Grant::Alike).len(), question.released(Grant::All).len());
            actions.extend((alike > 0).then_some(Action::AllowAlike));
            actions.extend((all > alike).then_some(Action::AllowAll));
            actions
        }
        Step::Keep => vec![Action::KeepOnce, Action::KeepForTool, Action::KeepForAll],
        Step::Plan => vec![Action::Choose, Action::Another, Action::SelectNext],
        Step::Other => vec![Action::Choose, Action::NoneOfThem, Action::SelectNext, Action::Back],
        _ => return None,
    })
}

/// The line to answer in, and where its caret is.
fn foot_line(app: &App, question: &Question, focused: bool, max: usize) -> (Line<'static>, Option<usize>) {
    let theme = &app.theme;
    let hints = |actions: &[Action]| sheet::hints(theme, &app.keys, app.contexts(), actions);
    if question.sent {
        return (Line::styled("sending the answer...", theme.dim), None);
    }
    if !focused {
        return (Line::from(hints(&[Action::Answer])), None);
    }
    if !app.hears() {
        return (fit(vec![Span::styled(NOT_YET, theme.dim)], max), None);
    }
    let (label, masked) = match question.step {
        Step::Sure(_) => {
            let tool = question.approval().map(|it| one_line(it.tool_id.as_str())).unwrap_or_default();
            let words = match question.step {
                Step::Sure(Grant::Alike | Grant::All) => String::from("each of them runs, this once: "),
                _ => format!("{tool} is not asked about again: "),
            };
            let mut spans = vec![Span::styled(words, theme.warn)];
            spans.extend(hints(&[Action::Confirm, Action::Back]));
            return (fit(spans, max), None);
        }
        Step::Without => {
            let mut spans = vec![Span::styled("the call will fail: ", theme.warn)];
            let others = question.alternatives().map(|_| Action::Others);
            let actions: Vec<Action> =
                [Some(Action::GoWithout), others, Some(Action::Back)].into_iter().flatten().collect();
            spans.extend(hints(&actions));
            return (fit(spans, max), None);
        }
        Step::Wait => return (Line::styled(WAITS, theme.warn), None),
        Step::Input => {
            let mut spans = vec![Span::styled("the input: ", theme.accent)];
            match &question.problem {
                Some(problem) => spans.push(Span::styled(one_line(problem), theme.error)),
                None => spans.extend(hints(&[Action::Submit, Action::NewLine, Action::Back])),
            }
            return (fit(spans, max), None);
        }
        Step::Value(_) => ("value: ", true),
        Step::Reason => ("why not? ", false),
        Step::Another => ("what else? ", false),
        Step::Decide | Step::Keep | Step::Plan | Step::Other => return (Line::default(), None),
    };
    let text = question.field().map(|field| field.text()).unwrap_or_default();
    let text = if masked { MASK.repeat(text.chars().count()) } else { one_line(text) };
    // The end of a long line is what is being typed.
    let room = max.saturating_sub(width(label) + 1);
    let mut tail = text.as_str();
    while width(tail) > room {
        tail = tail.char_indices().nth(1).map_or("", |(at, _)| &tail[at..]);
    }
    let caret = width(label) + width(tail);
    let mut spans = vec![Span::styled(label, theme.accent), Span::styled(tail.to_owned(), theme.text)];
    if tail.is_empty() {
        let words = match masked {
            true if question.alternatives().is_some() => " enter alone: another tool, or go on without",
            true => " enter alone: go on without",
            false => " enter alone: no words",
        };
        spans.push(Span::styled(words, theme.dim));
    }
    (fit(spans, max), Some(caret))
}
