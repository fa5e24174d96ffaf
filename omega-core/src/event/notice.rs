//! Codes of [`Event::Notice`](super::Event::Notice) that clients go by.

/// The offline planner computed the answer.
pub const OFFLINE: &str = "OFFLINE_PLANNER";
/// The offline planner did not do what was asked: there is no answer.
pub const OFFLINE_REFUSED: &str = "OFFLINE_PLANNER_REFUSED";
