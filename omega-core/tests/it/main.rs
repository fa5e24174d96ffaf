//! What the parts of `omega-core` do together.

mod http_model;
mod provider_cases;
