//! Request and response types of the REST API, one file a resource; no logic. Fields are camelCase on the wire.

#![warn(missing_docs)]

pub mod action;
pub mod alternative;
pub mod api_key;
pub mod audit;
pub mod conversation;
pub mod credential;
pub mod envelope;
pub mod error;
pub mod feedback;
pub mod finish_reason;
pub mod message;
pub mod mirror;
pub mod models;
mod package_facts;
pub mod plan;
pub mod prompt;
pub mod registry;
pub mod run;
pub mod run_answer;
pub mod settings;
pub mod stats;
pub mod status;
pub mod time;
pub mod tool_run;
pub mod usage;
pub mod user;

pub use action::*;
pub use alternative::*;
pub use api_key::*;
pub use audit::*;
pub use conversation::*;
pub use credential::*;
pub use envelope::*;
pub use error::*;
pub use feedback::*;
pub use finish_reason::*;
pub use message::*;
pub use mirror::*;
pub use models::*;
pub use package_facts::PackageFacts;
pub use plan::*;
pub use prompt::*;
pub use registry::*;
pub use run::*;
pub use run_answer::*;
pub use settings::*;
pub use stats::*;
pub use status::*;
pub use time::Timestamp;
pub use tool_run::*;
pub use usage::*;
pub use user::*;
