//! What lies over the conversation: a stack, and the topmost sees every key first.
//!
//! A new overlay is one new file here: what it holds, which keys it has ([`Layer::contexts`], of the one table), what they
//! do ([`Layer::handle`]), and how it looks ([`Layer::draw`]). Whoever opens it pushes it: a command (`app/slash.rs`), a key
//! (`keymap.rs` and `app/input.rs`), or another overlay.

mod calls;
mod copying;
mod events;
mod find;
mod forget;
mod form;
mod help;
mod leave;
mod models;
mod palette;
mod past;
mod picker;
mod previews;
mod recent;
mod rows;
mod tools;
mod viewer;

pub use copying::Copying;
pub use events::RunEvents;
pub use find::Find;
use forget::Forget;
pub use form::Form;
pub use help::Help;
pub use leave::Leave;
pub use models::ModelPicker;
pub use palette::Palette;
pub use past::Past;
use picker::Picker;
pub use recent::RecentConversations;
pub use rows::{Kind, step_sign};
pub use tools::{ToolPicker, facts as tool_facts};
pub use viewer::{Again, Called, Viewer};

use super::{App, Effect};
use crate::{
    keymap::{Action, Context},
    messages::{Topic, Update},
    picture::Placed,
};
use ratatui::{Frame, layout::Rect};
use std::fmt;

/// What became of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Handled {
    /// It did something here.
    Consumed(Vec<Effect>),
    /// The layer goes away.
    Closed(Vec<Effect>),
    /// It means nothing here.
    Ignored,
}

/// Something that lies over the conversation.
pub trait Layer: fmt::Debug {
    /// Where its keys are looked up, the innermost first.
    fn contexts(&self) -> &'static [Context];

    /// Does what a key does. It is off the stack meanwhile: what it opens lies above it.
    fn handle(&mut self, action: Action, app: &mut App) -> Handled;

    /// Takes typed or pasted text.
    fn type_in(&mut self, _text: &str, _app: &mut App) -> Handled {
        Handled::Ignored
    }

    /// Whether a `?` is text here and no wish for help.
    fn is_written(&self) -> bool {
        false
    }

    /// What it shows that can be changed elsewhere.
    fn topic(&self) -> Option<Topic> {
        None
    }

    /// Takes news; gives what is to be done when they were for it alone.
    fn learn(&mut self, _news: &Update, _app: &App) -> Option<Vec<Effect>> {
        None
    }

    /// Something in the conversation may be another than before.
    fn refresh(&mut self, _app: &App) {}

    /// The picture that it has on the screen, as last drawn.
    fn picture(&self) -> Option<&Placed> {
        None
    }

    /// An earlier part of the conversation came.
    fn came_more(&mut self, _app: &mut App) -> Vec<Effect> {
        Vec::new()
    }

    /// Puts it over what is drawn already.
    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>);
}

/// The stack.
#[derive(Debug, Default)]
pub struct Layers(Vec<Box<dyn Layer>>);

impl Layers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, layer: impl Layer + 'static) {
        self.0.push(Box::new(layer));
    }

    pub fn top(&self) -> Option<&dyn Layer> {
        self.0.last().map(Box::as_ref)
    }

    /// Draws the topmost.
    pub fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        if let Some(top) = self.0.last_mut() {
            top.draw(app, area, frame);
        }
    }
}

impl App {
    /// Lets the topmost layer do something, and puts it back in its place unless it went away.
    pub(super) fn on_top(&mut self, doing: impl FnOnce(&mut dyn Layer, &mut Self) -> Handled) -> Option<Vec<Effect>> {
        let mut top = self.layers.0.pop()?;
        let place = self.layers.0.len();
        match doing(top.as_mut(), self) {
            Handled::Consumed(effects) => {
                self.layers.0.insert(place.min(self.layers.0.len()), top);
                Some(effects)
            }
            Handled::Closed(effects) => Some(effects),
            Handled::Ignored => {
                self.layers.0.insert(place.min(self.layers.0.len()), top);
                None
            }
        }
    }

    /// Offers news to the layers, the topmost first; nothing when none of them took them.
    pub(super) fn tell_layers(&mut self, news: &Update) -> Option<Vec<Effect>> {
        let mut layers = std::mem::take(&mut self.layers);
        let taken = layers.0.iter_mut().rev().find_map(|layer| layer.learn(news, self));
        self.layers = layers;
        taken
    }

    /// Lets the layers show what the conversation is now.
    pub(super) fn refresh_layers(&mut self) {
        let mut layers = std::mem::take(&mut self.layers);
        layers.0.iter_mut().for_each(|layer| layer.refresh(self));
        self.layers = layers;
    }
}
