//! A list that typing narrows: the palette, models, tools, conversations, what was written before, what can be copied.
//!
//! What is listed and what becomes of it is a [`Source`]; how it is typed, moved in, scrolled and drawn is here, once.

use super::{Handled, Layer};
use crate::{
    app::{App, Effect},
    clean::one_line,
    keymap::{Action, Context},
    messages::Update,
    sheet::{self, below},
    theme::Theme,
    wrap::{fit, width, wrap},
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};
use std::fmt;

/// Cells of the text at most, and rows of the list.
const WIDEST: u16 = 96;
const TALLEST: usize = 20;
/// Cells of the list beside a preview, of what is between them, of a preview at least, and of all of it at most.
const LIST: usize = 58;
const BETWEEN: usize = 3;
const PREVIEW: usize = 30;
const WITH_PREVIEW: usize = 150;

/// Something to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub name: String,
    /// At the right.
    pub value: String,
    /// A sentence about it, shown when it is selected.
    pub about: String,
    /// The heading that it stands below; the same ones stand together.
    pub section: &'static str,
    /// It can't be chosen now.
    pub is_off: bool,
}

/// What a picker lists.
pub trait Source: fmt::Debug {
    fn title(&self) -> &'static str;

    /// What stands in the line while nothing is typed.
    fn words(&self) -> &'static str;

    /// What fits, the best first.
    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice>;

    /// What is asked of the network for what was typed.
    fn ask(&mut self, _typed: &str) -> Vec<Effect> {
        Vec::new()
    }

    fn learn(&mut self, _news: &Update) -> bool {
        false
    }

    /// Whether more is on its way.
    fn is_asking(&self) -> bool {
        false
    }

    /// Whether what it lists changes with the conversation.
    fn follows(&self) -> bool {
        false
    }

    /// A choice is looked at: what is asked of the network for its preview.
    fn look(&mut self, _at: usize) -> Vec<Effect> {
        Vec::new()
    }

    /// Whether there are choices of which something can be seen before they are taken.
    fn has_previews(&self) -> bool {
        false
    }

    /// What there is to see of a choice before it is taken.
    fn preview(&self, _at: usize, _app: &App, _max: usize) -> Option<Vec<Line<'static>>> {
        None
    }

    /// Takes the choice at a place of the last list.
    fn take(&mut self, at: usize, typed: &str, app: &mut App) -> Handled;

    /// Does the other thing with it.
    fn other(&mut self, _at: usize, _app: &mut App) -> Handled {
        Handled::Ignored
    }

    /// Asks whether it is to be taken away.
    fn remove(&mut self, _at: usize, _app: &mut App) -> Handled {
        Handled::Ignored
    }

    /// Whether it can be taken away.
    fn is_removable(&self, _at: usize) -> bool {
        false
    }

    /// What the other thing is, in a word.
    fn other_word(&self) -> Option<&'static str> {
        None
    }
}

#[derive(Debug)]
pub struct Picker<S> {
    source: S,
    typed: String,
    choices: Vec<Choice>,
    selected: usize,
    page: usize,
}

impl<S: Source + 'static> Picker<S> {
    /// Puts a picker over everything, with this typed already.
    pub fn open(source: S, typed: &str, app: &mut App) -> Vec<Effect> {
        let mut picker = Self { source, typed: typed.to_owned(), choices: Vec::new(), selected: 0, page: 1 };
        picker.choices = picker.source.list(typed, app);
        let mut effects = picker.source.ask(typed);
        effects.extend(picker.source.look(0));
        app.layers.push(picker);
        effects
    }

    fn narrow(&mut self, app: &App) -> Handled {
        self.choices = self.source.list(&self.typed, app);
        self.selected = 0;
        let mut effects = self.source.ask(&self.typed);
        effects.extend(self.source.look(0));
        Handled::Consumed(effects)
    }

    fn go(&mut self, by: isize) -> Handled {
        let last = self.choices.len().saturating_sub(1);
        self.selected = match self.selected.checked_add_signed(by) {
            // One step beyond an end leads to the other one; a page stops there.
            None if by == -1 => last,
            None => 0,
            Some(at) if at > last && by == 1 => 0,
            Some(at) => at.min(last),
        };
        Handled::Consumed(self.source.look(self.selected))
    }
}

impl<S: Source + 'static> Layer for Picker<S> {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn handle(&mut self, action: Action, app: &mut App) -> Handled {
        let page = isize::try_from(self.page).unwrap_or(1);
        match action {
            Action::SelectPrevious => self.go(-1),
            Action::SelectNext => self.go(1),
            Action::PageUp => self.go(-page),
            Action::PageDown => self.go(page),
            Action::DeleteBack => {
                self.typed.pop();
                self.narrow(app)
            }
            Action::DeleteWord => {
                let kept = self.typed.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.typed.truncate(kept);
                self.narrow(app)
            }
            Action::DeleteToStart => {
                self.typed.clear();
                self.narrow(app)
            }
            Action::Choose => match self.choices.get(self.selected) {
                Some(choice) if !choice.is_off => self.source.take(self.selected, &self.typed, app),
                _ => Handled::Consumed(Vec::new()),
            },
            Action::Another if !self.choices.is_empty() => self.source.other(self.selected, app),
            Action::Remove if self.source.is_removable(self.selected) => self.source.remove(self.selected, app),
            Action::Close => Handled::Closed(Vec::new()),
            _ => Handled::Ignored,
        }
    }

    fn type_in(&mut self, text: &str, app: &mut App) -> Handled {
        self.typed.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()));
        self.narrow(app)
    }

    fn is_written(&self) -> bool {
        true
    }

    fn learn(&mut self, news: &Update, app: &App) -> Option<Vec<Effect>> {
        if !self.source.learn(news) {
            return None;
        }
        self.choices = self.source.list(&self.typed, app);
        self.selected = self.selected.min(self.choices.len().saturating_sub(1));
        Some(self.source.look(self.selected))
    }

    fn refresh(&mut self, app: &App) {
        if !self.source.follows() {
            return;
        }
        self.choices = self.source.list(&self.typed, app);
        self.selected = self.selected.min(self.choices.len().saturating_sub(1));
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let theme = &app.theme;
        let all = usize::from(area.width.saturating_sub(6));
        let max = all.min(WIDEST.into());
        // Beside the list where there is room for both, else not at all: the list is what is chosen from. The frame is the same
        // whatever is selected.
        let room = all.min(WITH_PREVIEW).saturating_sub(LIST + BETWEEN);
        let has_room = room >= PREVIEW && self.source.has_previews();
        let preview = if has_room { self.source.preview(self.selected, app, room) } else { None };
        let all = if has_room { LIST + BETWEEN + room } else { max };
        let max = if preview.is_some() { LIST } else { all };
        let (lines, top, bottom) = self.lines(theme, max);
        let room = usize::from(area.height.saturating_sub(4)).min(TALLEST + 2);
        let least = if has_room { room.max(6) } else { 6 };
        let height = u16::try_from((lines.len() + 2).clamp(least, room.max(6))).unwrap_or(6);
        let size = (u16::try_from(all).unwrap_or(WIDEST), height);
        let mut inner = sheet::open(theme, self.source.title(), size, area, frame);
        if let Some(preview) = preview {
            let beside = u16::try_from(LIST + BETWEEN).unwrap_or(inner.width).min(inner.width);
            let bar = Rect { x: inner.x + beside.saturating_sub(2), width: 1, ..inner };
            sheet::stack(bar.rows().map(|_| Line::styled("│", theme.strong_border)), bar, frame);
            // Of what is longer the end is shown.
            let skipped = preview.len().saturating_sub(inner.height.into());
            sheet::stack(
                preview.into_iter().skip(skipped),
                Rect { x: inner.x + beside, width: inner.width - beside, ..inner },
                frame,
            );
            inner.width = u16::try_from(LIST).unwrap_or(inner.width).min(inner.width);
        }
        let typed = one_line(&self.typed);
        let mut line = vec![Span::styled("› ", theme.accent)];
        line.push(match typed.is_empty() {
            true => Span::styled(self.source.words(), theme.dim),
            false => Span::styled(typed.clone(), theme.text),
        });
        frame.render_widget(fit(line, max), Rect { height: 1, ..inner });
        let caret = inner.x + 2 + u16::try_from(width(&typed)).unwrap_or(0);
        frame.set_cursor_position(Position::new(caret.min(inner.right().saturating_sub(1)), inner.y));
        let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
        self.page = usize::from(list.height.max(1));
        let scroll = bottom.saturating_sub(self.page).min(top);
        sheet::stack(lines.into_iter().skip(scroll), list, frame);
        let mut foot = sheet::hints(theme, &app.keys, self.contexts(), &[Action::Choose]);
        if let Some(word) = self.source.other_word() {
            foot.extend([Span::styled(" · tab ", theme.secondary), Span::styled(word, theme.dim)]);
        }
        let removes = self.source.is_removable(self.selected).then_some(Action::Remove);
        for action in removes.into_iter().chain([Action::Close]) {
            foot.push(Span::styled(" · ", theme.dim));
            foot.extend(sheet::hints(theme, &app.keys, self.contexts(), &[action]));
        }
        foot.push(Span::styled(
            format!(" · {} of {}", (self.selected + 1).min(self.choices.len()), self.choices.len()),
            theme.dim,
        ));
        let last = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
        frame.render_widget(fit(foot, max), last);
    }
}

impl<S: Source> Picker<S> {
    /// The list, and where its selected choice begins and ends.
    fn lines(&self, theme: &Theme, max: usize) -> (Vec<Line<'static>>, usize, usize) {
        let (mut lines, mut top, mut bottom) = (Vec::new(), 0, 0);
        let mut section = "";
        for (at, choice) in self.choices.iter().enumerate() {
            if choice.section != section {
                section = choice.section;
                lines.push(Line::styled(section, theme.accent));
            }
            let is_selected = at == self.selected;
            if is_selected {
                top = lines.len();
            }
            lines.push(row(choice, theme, is_selected, max));
            if is_selected {
                if !choice.about.is_empty() {
                    lines.extend(below(&one_line(&choice.about), theme.secondary, 4, max).into_iter().take(4));
                }
                bottom = lines.len();
            }
        }
        if self.choices.is_empty() {
            let words = if self.source.is_asking() { "asking the server..." } else { "nothing fits" };
            lines.extend(wrap(&[Span::styled(words, theme.dim)], max));
        }
        (lines, top, bottom)
    }
}

fn row(choice: &Choice, theme: &Theme, is_selected: bool, max: usize) -> Line<'static> {
    let on = |style: ratatui::style::Style| if is_selected { style.patch(theme.selected) } else { style };
    let style = if choice.is_off { theme.dim } else { theme.text };
    let value = fit(vec![Span::styled(one_line(&choice.value), on(theme.dim))], max / 2);
    let room = max.saturating_sub(value.width() + 1);
    let sign = if is_selected { "› " } else { "  " };
    let name = vec![Span::styled(sign, on(theme.accent)), Span::styled(one_line(&choice.name), on(style))];
    let mut line = fit(name, room);
    let pad = max.saturating_sub(line.width() + value.width());
    line.spans.push(Span::styled(" ".repeat(pad), on(theme.text)));
    line.spans.extend(value.spans);
    line
}
