//! The limits as flags of a command that serves.

use super::{Limits, Policies, Set};
use crate::http::request::network::Network;

/// How much clients may ask for.
#[derive(Debug, Clone, clap::Args)]
pub struct Flags {
    /// How many requests of a class a client may make, `writes=600/60s`; several by commas or by giving it again. Classes:
    /// reads, writes, runs, search, execute (not limited unless set here), sign-in (wrong keys of an address) and guesses
    /// (conversations that a user asks for and that are not there). Each server counts for itself
    #[arg(long, env = "OMEGA_RATE_LIMITS", value_name = "CLASS=N/TIME", value_delimiter = ',')]
    rate_limit: Vec<Set>,
    /// Address or network of a proxy whose X-Forwarded-For, -Host, -Proto and -Prefix say who the client is and what it asked
    /// for; several by commas or by giving it again
    #[arg(long, env = "OMEGA_TRUSTED_PROXIES", value_name = "IP[/BITS]", value_delimiter = ',')]
    trusted_proxy: Vec<Network>,
    /// Connections that one address may have at a time, a quarter of the files that may be open at most
    #[arg(long, env = "OMEGA_MAX_CONNECTIONS", value_name = "N", default_value_t = Limits::default().connections)]
    max_connections: usize,
}

impl Flags {
    /// The limits that they set.
    pub fn limits(&self) -> Limits {
        Limits {
            policies: Policies::from(&self.rate_limit[..]),
            trusted_proxies: self.trusted_proxy.clone(),
            connections: self.max_connections,
            ..Limits::default()
        }
    }
}
