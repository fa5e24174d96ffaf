//! The agent: a pure state machine. It does no I/O and reads no clock; the run engine does the effects.

pub mod meta;
