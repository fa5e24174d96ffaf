//! The registry: which tools there are, how they are found, and what is known of them.
//!
//! Rows live in the database ([`ToolRows`]); every node keeps its own search index of them in memory. Rows come from
//! four sources: the starter catalogue, packages that somebody added, a mirror of another registry, and bulk imports.

pub mod catalogue;
mod described;
pub mod indexing;
pub mod mirror;
pub mod rows;
pub mod search;
mod service;
mod stored;

pub use service::{AddError, RegistryService};
pub use stored::{Outcomes, RowsError, Source, StoredTool, ToolRows};

#[cfg(test)]
mod checked;
#[cfg(test)]
mod tests;
