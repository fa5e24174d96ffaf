//! What is set can be changed in another terminal, on the page and by the command line. It is looked at again when somebody
//! comes back to this one, and as long as an overlay shows it.

use super::{App, Effect, Input};
use crate::messages::Command;
use crossterm::event::Event;

/// Who does nothing here for so long may have done something elsewhere.
const AWAY_MILLIS: u64 = 3_000;

impl App {
    /// Looks again when somebody comes back.
    pub(super) fn look_again(&mut self, input: &Input) -> Vec<Effect> {
        let was_away = self.now.millis_since(self.came_at) >= AWAY_MILLIS;
        let comes = match input {
            Input::Terminal(Event::FocusGained) => true,
            Input::Terminal(Event::Key(_) | Event::Mouse(_) | Event::Paste(_)) => was_away,
            Input::Terminal(Event::FocusLost | Event::Resize(..)) | Input::Network(_) | Input::Tick => {
                return Vec::new();
            }
        };
        self.came_at = self.now;
        let again = comes.then_some(Effect::Command(Command::LookAgain(self.shows)));
        again.into_iter().collect()
    }

    /// Begins and ends looking at what an overlay shows.
    pub(super) fn look_at_overlay(&mut self) -> Vec<Effect> {
        let shows = self.layers.top().and_then(|layer| layer.topic());
        if shows == self.shows {
            return Vec::new();
        }
        self.shows = shows;
        vec![Effect::Command(Command::LookAgain(shows))]
    }
}
