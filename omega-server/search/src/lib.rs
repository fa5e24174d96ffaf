//! The search of tools, as arithmetic: it knows words, weights and vectors, and nothing of stores, servers or HTTP.
//!
//! It is a crate of its own because it is computed a thousand times a second over a million tools: alone it is compiled for
//! speed, in tests too, and everything around it for size.

pub mod encoder;
pub mod fusion;
pub mod index;
pub mod meaning;
