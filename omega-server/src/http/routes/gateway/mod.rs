//! Doors for clients that know nothing of Omega: those of OpenAI's API, and those of MCP.
//!
//! The promises: both go through what the native routes go through (a conversation, [`Engine::accept_with`], `execute_once`), so
//! that access, limits, approvals, records and recovery hold as there; what a client asks for is done or refused by name, and
//! never left out in silence; a run that waits for a person says for what, and where to answer.
//!
//! [`Engine::accept_with`]: omega_engine::engine::Engine::accept_with

mod follow;
pub mod mcp;
pub mod openai;
mod sending;
mod waiting;
