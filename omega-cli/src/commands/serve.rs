//! `omega serve`

use crate::{connect::Context, exit::Failure};
use clap::Args;

/// Runs the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Listen on this port; any free one when 0
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Be the user's own server: loopback only, one per user, ends when idle
    #[arg(long)]
    local: bool,
    /// Print one line of JSON once ready: {url, apiKey?, pid}
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub async fn run(&self, _context: &Context) -> Result<(), Failure> {
        Err(Failure::usage("the server is not built in yet"))
    }
}
