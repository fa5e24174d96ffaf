//! What all rooms speak of: types and rules without a database, a socket or a file.

pub mod request;
