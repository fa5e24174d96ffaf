//! A stand-in for model providers, for tests: it speaks the four real wire formats on a real socket. [`Service`] stands in
//! for what keyed tools call.
//!
//! What it says is a [`Script`]; what it was asked is recorded in one shape for all formats ([`Seen`]). As the
//! strictest of real providers would, it refuses what [`judge`] refuses: histories in which calls and results are not paired or
//! roles don't take turns, names, and schemas. Products reach it through `OPENAI_BASE_URL` and
//! its kin:
//!
//! ```no_run
//! # use omega_core::testing::{Reply, Script, StandIn};
//! # async fn test() {
//! let provider = StandIn::start(
//!     Script::new()
//!         .turn(Reply::call("registrySearchTool", serde_json::json!({ "query": "weather" })))
//!         .turn(Reply::text("It rains.")),
//! )
//! .await;
//! // OPENAI_BASE_URL=provider.url(), any OPENAI_API_KEY
//! # }
//! ```

mod events;
pub mod hostile;
mod http1;
pub mod judge;
pub mod layers;
mod raw;
mod reply_wire;
mod request;
mod script;
mod service;
mod stand_in;
mod tls;

pub use events::events_saying;
pub use raw::{Raw, RawAnswer, RawRequest};
pub use request::{Outcome, Seen, SeenCall, SeenResult};
pub use script::{Fault, Reply, Script};
pub use service::{POWERLESS_KEY, SERVICE_KEY, Service, ServiceRequest};
pub use stand_in::StandIn;
pub use tls::TlsFront;
