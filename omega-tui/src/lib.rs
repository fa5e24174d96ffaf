//! Omega's terminal UI.
//!
//! One loop owns the state ([`app`]) and draws it ([`screen`]); the network is a task behind two channels ([`messages`]), so
//! that no key ever waits for it. The conversation is the fold that every client shares ([`omega_core::view`]).

mod app;
mod blob;
mod clean;
mod clipboard;
mod composer;
mod destinations;
mod editor;
mod escape;
mod fuzzy;
mod highlight;
mod keymap;
mod late_answer;
mod links;
mod markdown;
mod messages;
mod motion;
mod network;
mod numbers;
mod output;
mod pacer;
mod picture;
mod print;
mod probe;
mod run;
mod screen;
mod sheet;
mod speed;
mod terminal;
#[cfg(test)]
mod test_harness;
mod theme;
mod transcript;
mod wrap;

pub use keymap::{KeyFaults, Keymap};
pub use motion::MotionChoice;
pub use network::{Connecting, FindAgain, Keeping, NoServer, Notebook, Reconnecting, RememberIn};
pub use print::{Printer, screen_size};
pub use run::{Error, Options, Outcome, run};
pub use theme::ThemeChoice;
