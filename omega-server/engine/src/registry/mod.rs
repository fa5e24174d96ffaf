//! The registry: which tools there are, how they are found, and what is known of them.
//!
//! Rows live in the database ([`ToolRows`]); every node keeps its own search index of them in memory. Rows come from
//! four sources: the starter catalogue, packages that somebody added, a mirror of another registry, and bulk imports.
//!
//! What all users see is the administrators'. A package that another user adds is that user's own: in their searches and
//! their conversations it stands in place of everybody's row of the same id, and in nobody else's.

mod add_error;
pub mod catalogue;
mod changes;
mod describe_queue;
mod extensible;
mod index_file;
pub mod indexing;
mod intake;
mod live_index;
mod mirror;
pub mod model_files;
mod nearest;
mod package_tools;
mod packages;
pub mod rerank;
pub mod row_limits;
pub mod rows;
mod service;
mod stored;
mod user_tools;
mod ways;

pub use add_error::AddError;
pub use extensible::ExtensibleRegistry;
pub use index_file::{INDEX_FILES_LAST, IndexFile, IndexFileRows};
pub use intake::{IntakeResult, Older};
pub use mirror::{Address, Mirror, MirrorRows, Pace, SeenRows};
pub use nearest::with_nearest;
pub use rerank::VectorRows;
pub use service::RegistryService;
pub use stored::{Failing, Outcomes, RowsCursor, RowsError, Source, StoredTool, ToolRows};

use service::BATCH;

#[cfg(test)]
mod catalogue_check;
#[cfg(test)]
mod tests;
