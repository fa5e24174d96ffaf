//! Take a conversation off this machine's list? It stays on the server, but nobody else knows the way back to it.

use super::{Handled, Layer};
use crate::{
    app::{App, Effect},
    clean::one_line,
    keymap::{Action, Context},
    messages::Command,
    sheet,
    wrap::wrap,
};
use omega_core::id::ConversationId;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// Cells of the words at most.
const WIDEST: u16 = 60;

#[derive(Debug)]
pub struct Forget {
    id: ConversationId,
    title: String,
}

impl Forget {
    pub fn ask(id: ConversationId, title: &str, app: &mut App) {
        app.layers.push(Self { id, title: one_line(title) });
    }
}

impl Layer for Forget {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Sure]
    }

    fn handle(&mut self, action: Action, app: &mut App) -> Handled {
        match action {
            Action::Confirm => Handled::Closed(app.forget(self.id)),
            Action::Back => Handled::Closed(Vec::new()),
            _ => Handled::Ignored,
        }
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let theme = &app.theme;
        let width = area.width.saturating_sub(6).min(WIDEST);
        let title = if self.title.trim().is_empty() { "It" } else { self.title.as_str() };
        let words = [
            Span::styled(title.to_owned(), theme.text),
            Span::styled(" stays on the server; this machine forgets its id, ", theme.secondary),
            Span::styled(self.id.to_string(), theme.text),
        ];
        let lines = wrap(&words, width.into());
        let hints = Line::from(sheet::hints(theme, &app.keys, self.contexts(), &[Action::Confirm, Action::Back]));
        let height = u16::try_from(lines.len() + 1).unwrap_or(area.height);
        let inner = sheet::open(theme, "off the list?", (width, height), area, frame);
        // Whatever its title is, the keys that answer are there.
        let room = Rect { height: inner.height.saturating_sub(1), ..inner };
        sheet::stack(lines, room, frame);
        sheet::stack([hints], Rect { y: room.bottom(), height: inner.height - room.height, ..inner }, frame);
    }
}

impl App {
    /// Asks about the conversation that is on the screen.
    pub(in crate::app) fn ask_to_forget_this(&mut self) {
        match self.here.id {
            Some(id) => {
                let title = self.title().unwrap_or_default();
                Forget::ask(id, &title, self);
            }
            None => self.warn("there is no conversation yet"),
        }
    }

    /// Takes a conversation off the list. One that is on the screen is left first: it would be written down again.
    fn forget(&mut self, id: ConversationId) -> Vec<Effect> {
        let mut effects = if self.here.id == Some(id) { self.start_over() } else { Vec::new() };
        if self.here.id != Some(id) {
            effects.push(Effect::Command(Command::Forget(id)));
            self.say(format!("off the list; omega chat --conversation {id} still opens it"));
        }
        effects
    }
}
