//! Leave although something would be lost?

use super::{Handled, Layer};
use crate::{
    app::{App, Effect},
    keymap::{Action, Context},
    sheet,
};
use ratatui::{Frame, layout::Rect, text::Line};

#[derive(Debug)]
pub struct Leave;

impl Layer for Leave {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Question]
    }

    fn handle(&mut self, action: Action, _app: &mut App) -> Handled {
        match action {
            Action::Confirm => Handled::Closed(vec![Effect::Quit]),
            Action::Close => Handled::Closed(Vec::new()),
            _ => Handled::Ignored,
        }
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let inner = sheet::open(&app.theme, "quit", (44, 2), area, frame);
        let hints = sheet::hints(&app.theme, &app.keys, self.contexts(), &[Action::Confirm, Action::Close]);
        let words = Line::styled("What you wrote is not sent yet. Leave?", app.theme.text);
        sheet::stack([words, Line::from(hints)], inner, frame);
    }
}
