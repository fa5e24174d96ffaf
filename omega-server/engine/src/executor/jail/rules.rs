//! What a jailed process may do, as it is told to the process that becomes it.

use crate::executor::{
    limits::{HEAP_MB, LARGE_RESERVED, RESERVED},
    permissions::{Net, Profile, Work},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Ports of the public web, and the one of name servers whose answer is too long for a datagram.
const PUBLIC_PORTS: [u16; 3] = [443, 80, 53];

/// Everything that differs between calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub work: Work,
    /// Bytes of memory that is its own, used or not.
    pub reserved: u64,
    /// What to become; with its loader the only program that can be run.
    pub program: PathBuf,
    /// Folders and files to read, beside the system's libraries, certificates and name service.
    pub read: Vec<PathBuf>,
    /// Folders to write and read.
    pub write: Vec<PathBuf>,
    pub reach: Reach,
    /// The process whose end is this one's end too.
    pub parent: u32,
}

/// Sockets that can be had. Only Deno looks at IPv4 addresses; private IPv6 ones it can't be told to refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// None at all.
    Nothing,
    /// IPv4, TCP to these ports.
    Public(Vec<u16>),
    /// IPv4 and IPv6, TCP to these ports; none named is all of them.
    Hosts(Vec<u16>),
}

impl Rules {
    /// For Deno at `deno` under a profile, started by this process.
    pub fn new(deno: &Path, profile: &Profile) -> Self {
        Self {
            work: profile.work,
            reserved: if profile.heap_mb > HEAP_MB { LARGE_RESERVED } else { RESERVED },
            program: deno.to_owned(),
            read: profile.read.clone(),
            write: [&profile.scratch].into_iter().chain(&profile.caches).cloned().collect(),
            reach: match &profile.net {
                Net::None => Reach::Nothing,
                Net::Public => Reach::Public(PUBLIC_PORTS.into()),
                Net::Only(hosts) => Reach::Hosts(ports(hosts)),
            },
            parent: std::process::id(),
        }
    }
}

/// The ports of `host:port`s and of name service; empty when a host comes without a port, which means all.
fn ports(hosts: &[String]) -> Vec<u16> {
    let named: Option<Vec<u16>> = hosts.iter().map(|host| host.rsplit_once(':')?.1.parse().ok()).collect();
    named.map_or_else(Vec::new, |mut ports| {
        ports.push(53);
        ports
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(net: Net, caches: Option<PathBuf>) -> Rules {
        let (read, scratch) = (vec!["/c/image".into()], "/c/scratch".into());
        let profile = Profile { work: Work::Call, read, scratch, net, caches, heap_mb: HEAP_MB };
        Rules::new(Path::new("/bin/deno"), &profile)
    }

    #[test]
    fn caches_are_written_only_where_the_profile_says_so() {
        assert_eq!(rules(Net::Public, None).write, [Path::new("/c/scratch")]);
        let caches = Some(PathBuf::from("/c/image/.deno_dir"));
        assert_eq!(rules(Net::None, caches).write, [Path::new("/c/scratch"), Path::new("/c/image/.deno_dir")]);
    }

    #[test]
    fn hosts_of_the_operator_bring_their_ports() {
        let reach = |hosts: &[&str]| rules(Net::Only(hosts.iter().map(|&host| host.into()).collect()), None).reach;
        assert_eq!(reach(&["127.0.0.1:8080", "[::1]:9"]), Reach::Hosts(vec![8080, 9, 53]));
        assert_eq!(reach(&["127.0.0.1:8080", "internal.test"]), Reach::Hosts(vec![]));
        assert_eq!(rules(Net::None, None).reach, Reach::Nothing);
    }

    #[test]
    fn rules_arrive_as_they_were_sent() {
        for net in [Net::None, Net::Public, Net::Only(vec!["a:1".into()])] {
            let rules = rules(net, None);
            assert_eq!(serde_json::from_str::<Rules>(&serde_json::to_string(&rules).unwrap()).unwrap(), rules);
        }
    }
}
