//! A user's own machine: where things are kept, what was configured and where, the keys, the server in the background,
//! which conversations were used last, and what is written.
//!
//! Everything is decided from an [`Env`] that is passed in, so that tests never change the process.

pub mod api_keys;
pub mod config;
pub mod config_file;
pub mod dirs;
pub mod recent;
pub mod server;
pub mod server_lock;
pub mod writing;

mod drafts;
mod env;
mod private_file;

pub use dirs::Dirs;
pub use env::Env;
