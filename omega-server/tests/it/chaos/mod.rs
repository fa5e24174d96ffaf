//! Servers that are killed, cut off, filled up, put back in time and told to end, in the middle of everybody's work.
//! What may never happen stands in one place, [`check`]; the tests differ in what they do to the server.

mod check;
mod clock;
pub mod dice;
mod disk;
mod drain;
mod executors;
mod fleet;
mod intake;
mod kills;
mod points;
mod proxy;
mod reader;
mod readers;
mod soak;
mod talk;
mod world;
