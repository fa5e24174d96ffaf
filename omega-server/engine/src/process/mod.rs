//! The process that all of it runs in: its clock, what it asks of the operating system for itself, its memory and its threads for large work,
//! when it is told to end, and the places where a test makes it fail.

pub mod clock;
pub mod failpoint;
pub mod harden;
pub mod memory;
pub mod offload;
pub mod shutdown;
