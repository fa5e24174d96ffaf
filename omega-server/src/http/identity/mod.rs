//! Others whom the server asks about people: a platform that knows keys which it did not make, and where their pictures are.

pub mod avatars;
pub mod verifier;
