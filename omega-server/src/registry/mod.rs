//! The registry: which tools there are, how they are found, and what is known of them.
//!
//! Rows live in the database ([`ToolRows`]); every node keeps its own search index of them in memory. Rows come from
//! four sources: the starter catalogue, packages that somebody added, a mirror of another registry, and bulk imports.
//!
//! What all users see is the administrators'. A package that another user adds is that user's own: in their searches and
//! their conversations it stands in place of everybody's row of the same id, and in nobody else's.

pub mod bounded;
pub mod catalogue;
mod changes;
mod described;
mod describing;
pub mod indexing;
pub mod mirror;
mod own;
pub mod rows;
pub mod search;
mod service;
mod stored;
mod taking;

pub use service::{AddError, RegistryService};
pub use stored::{Failing, Outcomes, RowsError, Source, Standing, StoredTool, ToolRows};
pub use taking::{Older, Taken};

#[cfg(test)]
mod checked;
#[cfg(test)]
mod tests;
