//! The conversation as the Vercel AI SDK speaks of it (UI message stream v1), so that `useChat`, and what is built on it, works
//! with a plain transport.
//!
//! The promises: our events become its parts by one pure fold ([`Fold`]), and its parts a message by one pure reader
//! ([`Draft`]), which reads as the SDK's own does. So what streams, what is stored and what is resumed at any point are the same
//! message. One run is one message of the assistant, with the run's id. Of what a client sends, its last message is read and
//! nothing else: answers of tools, of the model or of a system that it says it has are never taken for true.

mod draft;
mod fold;
mod part;
mod request;
mod stored;

pub use draft::{Draft, UiMessage};
pub use fold::Fold;
pub use part::{Dialect, Part};
pub use request::{Asked, Continued, Earlier, UiMessageRequest};
pub use stored::Stored;

#[cfg(test)]
mod tests;
