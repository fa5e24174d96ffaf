//! Searching in the conversation: a line at the bottom; what is found is selected and set off while it is open.

use super::{Handled, Layer};
use crate::{
    app::{App, Effect, Focus},
    clean::one_line,
    keymap::{Action, Context},
    numbers::grouped,
    sheet,
    wrap::{fit, width},
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::Span,
    widgets::Clear,
};

#[derive(Debug)]
pub struct Find {
    typed: String,
    is_found: bool,
    /// What is not here yet is being loaded, as long as it is not found.
    is_loading: bool,
}

impl Find {
    pub fn open(app: &mut App, typed: &str) {
        let mut find = Self { typed: typed.to_owned(), is_found: true, is_loading: false };
        find.look(app, false, true);
        app.layers.push(find);
    }

    /// Selects the nearest place before what is selected, or behind it.
    fn look(&mut self, app: &mut App, forward: bool, from_here: bool) {
        app.refresh();
        self.is_found = app.transcript.find(&self.typed, &app.here.view, &app.here.pending, forward, from_here);
        app.focus = if app.transcript.selected().is_some() { Focus::Transcript } else { Focus::Composer };
    }

    fn close(app: &mut App) -> Handled {
        app.here.loads_all = false;
        app.transcript.found_no_more();
        Handled::Closed(Vec::new())
    }
}

impl Layer for Find {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn handle(&mut self, action: Action, app: &mut App) -> Handled {
        match action {
            Action::Choose if !self.is_found && !app.here.gaps.is_empty() => {
                self.is_loading = true;
                return Handled::Consumed(app.load_all());
            }
            Action::SelectPrevious | Action::Choose => self.look(app, false, false),
            Action::SelectNext => self.look(app, true, false),
            Action::DeleteBack => {
                self.typed.pop();
                self.look(app, false, true);
            }
            Action::DeleteWord | Action::DeleteToStart => {
                self.typed.clear();
                self.look(app, false, true);
            }
            Action::Close | Action::Another => return Self::close(app),
            _ => return Handled::Ignored,
        }
        Handled::Consumed(Vec::new())
    }

    fn type_in(&mut self, text: &str, app: &mut App) -> Handled {
        self.typed.extend(text.chars().filter(|c| !c.is_control()));
        self.look(app, false, true);
        Handled::Consumed(Vec::new())
    }

    fn is_written(&self) -> bool {
        true
    }

    fn came_more(&mut self, app: &mut App) -> Vec<Effect> {
        if self.is_loading {
            self.look(app, false, true);
            self.is_loading = !self.is_found && app.here.loads_all;
            app.here.loads_all = self.is_loading;
        }
        Vec::new()
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let theme = &app.theme;
        let line = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        frame.render_widget(Clear, line);
        frame.buffer_mut().set_style(line, theme.text);
        let max = usize::from(area.width);
        let typed = one_line(&self.typed);
        let label = " find: ";
        let caret = width(label) + width(&typed);
        let mut spans = vec![Span::styled(label, theme.accent), Span::styled(typed, theme.text), Span::raw("   ")];
        if self.is_found {
            spans.extend(sheet::hints(
                theme,
                &app.keys,
                self.contexts(),
                &[Action::SelectPrevious, Action::SelectNext, Action::Close],
            ));
        } else if self.is_loading {
            let words = format!("searching, {} messages are left", grouped(app.here.older));
            spans.push(Span::styled(words, theme.running));
        } else {
            spans.push(Span::styled("✗ not there", theme.error));
        }
        if app.here.older > 0 && !self.is_found && !self.is_loading {
            let key = app.keys.key(Context::Picker, Action::Choose);
            let words = format!(" · {key} searches the {} earlier messages", grouped(app.here.older));
            spans.push(Span::styled(words, theme.dim));
        }
        frame.render_widget(fit(spans, max), line);
        let x = area.x + u16::try_from(caret).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), line.y));
    }
}
