//! What every part of Omega shares, and nothing that only one of them needs.
//!
//! The crate knows no web framework, no database and no terminal. Without features it is pure: API types, the event
//! enum and its fold, the agent as a state machine, and the decoders of the providers' streams. The features add the
//! HTTP transport (`http`), the typed client (`client`), a user's own machine (`local`), OpenAPI schemas (`openapi`)
//! and the stand-in provider that tests talk to (`testing`).

pub mod agent;
pub mod api;
pub mod budget;
pub mod counted;
pub mod edition;
pub mod event;
pub mod exact;
pub mod executor;
pub mod export;
pub mod fork;
pub mod id;
pub mod import;
pub mod model;
pub mod progress;
pub mod redact;
pub mod registry;
pub mod sanitize;
pub mod schema;
pub mod setting;
pub mod texts;
pub mod trace;
pub mod type_ahead;
pub mod view;
pub mod viewer_role;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "http")]
pub mod deadline;
#[cfg(feature = "local")]
pub mod local;
#[cfg(feature = "http")]
pub mod net;
#[cfg(feature = "testing")]
pub mod testing;
