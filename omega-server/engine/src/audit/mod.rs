//! The audit log (`security.md` T17): who did what, recorded in the transaction that does it.
//!
//! The promises: no credential is opened, and no tool starts, whose use is not recorded; what is recorded holds names and
//! numbers, never values; whoever changes, removes, moves or cuts off rows is found out by `omega audit verify`, except
//! that a whole tail can be made anew by somebody who may write to the database. Against that the heads of the chains go
//! to the server's log every minute: a noted head can be checked later.
//!
//! How: rows are links of hash chains. A chain is a shard: a transaction takes one that is free as the last thing before it
//! commits, so nobody who holds a shard waits for anything, and commits of several connections don't wait for each other.
//! What is recorded is a [`Fact`](crate::domain::audit_fact::Fact), how links hang together stands in [`crate::domain::hash_chain`], and
//! the store records and verifies them; what watches over them is here.

pub mod heads;
pub mod refusals;
