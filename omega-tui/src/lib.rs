//! Omega's terminal UI.
//!
//! One loop owns the state ([`app`]) and draws it ([`screen`]); the network is a task behind two channels ([`port`]), so
//! that no key ever waits for it. The conversation is the fold that every client shares ([`omega_core::view`]).

mod app;
mod blob;
mod clean;
mod composer;
mod keys;
mod markdown;
mod network;
mod numbers;
mod pacer;
mod port;
mod run;
mod screen;
#[cfg(test)]
mod stage;
mod terminal;
mod theme;
mod transcript;
mod wrap;

pub use network::{FindAgain, Found, RememberIn};
pub use run::{Options, Outcome, run};
pub use theme::ThemeChoice;
