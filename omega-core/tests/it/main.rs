//! What the parts of `omega-core` do together.

mod provider_cases;
