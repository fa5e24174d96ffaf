//! What looks at a call before it runs, and asks when it may do harm. Pure functions with tables of cases.
//!
//! - [`exfil`]: would a credential be taken to an address that nobody wrote? (`security.md` T4)
//! - [`destructive`]: does the tool say, or its input show, that it deletes or spends something?

pub mod addresses;
pub mod destructive;
pub mod exfil;
mod layers;
