//! What a tool's process may touch, as arguments of Deno: its own image, its own scratch folder, and public hosts.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// IPv4 ranges that are nobody's public host: the registry of special purposes (RFC 6890 and its successors), multicast, and where
/// clouds answer about themselves. Deno checks the address that a name resolved to, also on redirects and of IPv4 written as IPv6,
/// so names that point inside are refused too.
pub const REFUSED: [&str; 18] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    // Carriers' own; Alibaba's metadata (100.100.100.200) is among it.
    "100.64.0.0/10",
    "127.0.0.0/8",
    // Link-local: the metadata of most clouds (169.254.169.254, 169.254.170.2).
    "169.254.0.0/16",
    "172.16.0.0/12",
    // Protocols' own; Oracle's metadata (192.0.0.192) is among it.
    "192.0.0.0/24",
    // Documentation, here and below.
    "192.0.2.0/24",
    // Relays to 6to4, now nobody's.
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    // Reserved, with the broadcast address.
    "240.0.0.0/4",
    // Azure's wire server, in the middle of public addresses.
    "168.63.129.16",
    // AS112: answers for private names.
    "192.31.196.0/24",
    "192.175.48.0/24",
];
/// IPv6 addresses of the same kinds. Deno takes no IPv6 ranges: those need the jail, in which there is no IPv6.
const REFUSED_V6: [&str; 6] = ["::1", "::", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe"];
/// `node:https` needs more of `sys` than Deno's flags can name, so all is allowed but what tells about the machine.
const HIDDEN_SYS: &str = "networkInterfaces,loadavg,osUptime,setPriority,userInfo,username";

/// Hosts that a call may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Net {
    /// None: to describe a package.
    None,
    Public,
    /// These alone (`host:port`), private ones included: an operator's choice, the tests', and the npm registry for its installer.
    Only(Vec<String>),
}

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A stranger's code runs in it.
    Call,
    /// Deno itself unpacks a stranger's packages in it, and links their files from one of its folders into another.
    Install,
}

/// What one process may touch.
#[derive(Debug, Clone)]
pub struct Profile {
    pub work: Work,
    pub read: Vec<PathBuf>,
    /// The folder to write; it can be read too.
    pub scratch: PathBuf,
    pub net: Net,
    /// Deno's own caches of the package, where this process may fill them; otherwise it only reads them, and nothing that one
    /// call leaves there can be found by the next.
    pub caches: Option<PathBuf>,
    /// Megabytes of JavaScript heap.
    pub heap_mb: u32,
}

/// The addresses of this machine now: of all interfaces, public ones too. What answers there is not for tools, whatever the port,
/// and it changes while a server runs, so it is asked for with every process.
///
/// # Errors
/// When the system does not tell.
pub fn own_addresses() -> io::Result<BTreeSet<IpAddr>> {
    Ok(if_addrs::get_if_addrs()?.into_iter().map(|interface| interface.ip()).collect())
}

/// The arguments of `deno` that run `script` under the profile on a machine with addresses of its `own`.
pub fn deno_args(profile: &Profile, script: &Path, own: &BTreeSet<IpAddr>) -> Vec<OsString> {
    let read = profile.read.iter().chain([&profile.scratch]);
    let mut args: Vec<OsString> =
        ["run", "--no-prompt", "--quiet", "--no-lock", "--cached-only", "--no-remote", "--node-modules-dir=manual"]
            .map(Into::into)
            .into();
    args.push(flag("--allow-read=", read.map(PathBuf::as_path)));
    args.push(flag("--allow-write=", [profile.scratch.as_path()].into_iter()));
    args.extend(["--allow-env", "--allow-sys"].map(OsString::from));
    args.push(format!("--deny-sys={HIDDEN_SYS}").into());
    match &profile.net {
        Net::None => {}
        Net::Public => args.extend(["--allow-net".into(), format!("--deny-net={}", refused(own)).into()]),
        Net::Only(hosts) => args.push(format!("--allow-net={}", hosts.join(",")).into()),
    }
    args.push(format!("--v8-flags=--max-old-space-size={}", profile.heap_mb).into());
    args.push(script.into());
    args
}

/// Everything that public hosts are not, as Deno takes it.
fn refused(own: &BTreeSet<IpAddr>) -> String {
    let known =
        REFUSED.iter().map(|&range| range.to_owned()).chain(REFUSED_V6.iter().map(|address| format!("[{address}]")));
    let own = own.iter().map(|address| match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    });
    known.chain(own).collect::<Vec<_>>().join(",")
}

/// Deno splits the list at commas and reads a doubled one as part of a path.
fn flag<'a>(name: &str, paths: impl Iterator<Item = &'a Path>) -> OsString {
    let paths: Vec<_> = paths.map(|path| path.to_string_lossy().replace(',', ",,")).collect();
    format!("{name}{}", paths.join(",")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn args(net: Net) -> Vec<String> {
        let read = vec!["/c/image".into(), "/c/runner".into()];
        let profile = Profile { work: Work::Call, read, scratch: "/c/a,b".into(), net, caches: None, heap_mb: 256 };
        let own = BTreeSet::from([
            "93.184.215.14".parse().unwrap(),
            "2001:db8::7".parse().unwrap(),
            "::ffff:93.184.215.15".parse().unwrap(),
        ]);
        deno_args(&profile, Path::new("/c/runner/main.mjs"), &own)
            .into_iter()
            .map(|arg| arg.into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_call_reads_its_image_and_writes_its_scratch_folder_alone() {
        let args = args(Net::Public);
        assert!(args.contains(&"--allow-read=/c/image,/c/runner,/c/a,,b".into()), "{args:?}");
        assert!(args.contains(&"--allow-write=/c/a,,b".into()), "{args:?}");
        for never in
            ["--allow-run", "--allow-ffi", "--allow-all", "-A", "--allow-import", "--allow-read", "--allow-write"]
        {
            assert!(!args.iter().any(|arg| arg == never), "{never}");
        }
    }

    /// Whether an IPv4 address is within what is refused, by the arguments alone.
    fn is_refused(args: &[String], address: &str) -> bool {
        let wanted = u32::from(address.parse::<Ipv4Addr>().unwrap());
        let list = args.iter().find_map(|arg| arg.strip_prefix("--deny-net=")).unwrap();
        list.split(',').filter(|one| !one.starts_with('[')).any(|one| {
            let (network, length) = one.split_once('/').unwrap_or((one, "32"));
            let shift = 32 - length.parse::<u32>().unwrap();
            u32::from(network.parse::<Ipv4Addr>().unwrap()).checked_shr(shift) == wanted.checked_shr(shift)
        })
    }

    #[test]
    fn public_hosts_never_come_without_what_is_not_public() {
        let public = args(Net::Public);
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.0.255",
            "192.0.2.7",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "192.31.196.1",
            "192.175.48.1",
            // This machine's own.
            "93.184.215.14",
            "93.184.215.15",
        ] {
            assert!(is_refused(&public, address), "{address}");
        }
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.0.3.1",
            "192.167.255.255",
            "192.169.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "203.0.112.1",
            "203.0.114.1",
            "223.255.255.255",
            "93.184.215.13",
            "93.184.215.16",
        ] {
            assert!(!is_refused(&public, address), "{address}");
        }
        let list = public.iter().find(|arg| arg.starts_with("--deny-net=")).unwrap();
        for address in ["[::1]", "[::]", "[fd00:ec2::254]", "[fd20:ce::254]", "[2001:db8::7]"] {
            assert!(list.split(['=', ',']).any(|one| one == address), "{address}: {list}");
        }
        assert!(public.contains(&"--allow-net".into()));
    }

    #[test]
    fn who_reaches_named_hosts_or_none_reaches_no_others() {
        assert!(!args(Net::None).iter().any(|arg| arg.contains("-net")));
        assert!(args(Net::Only(vec!["127.0.0.1:9".into()])).contains(&"--allow-net=127.0.0.1:9".into()));
    }

    #[test]
    fn the_machine_knows_its_own_addresses() {
        assert!(own_addresses().unwrap().iter().any(IpAddr::is_loopback));
    }
}
