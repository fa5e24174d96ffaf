//! What a tool's process may touch, as arguments of Deno: its own image, its own scratch folder, and public hosts.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Private, local and reserved ranges. Deno checks the address that a name resolved to, also on redirects, so names that
/// point inside are refused too. It takes no IPv6 ranges: those need the operating system's help.
const PRIVATE: &str = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,100.64.0.0/10,0.0.0.0/8,198.18.0.0/15,\
                       224.0.0.0/4,240.0.0.0/4,[::1],[::]";
/// `node:https` needs more of `sys` than Deno's flags can name, so all is allowed but what tells about the machine.
const HIDDEN_SYS: &str = "networkInterfaces,loadavg,osUptime,setPriority,userInfo,username";
/// Megabytes of JavaScript heap.
const HEAP_MB: u32 = 256;

/// Hosts that a call may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Net {
    /// None: to describe a package.
    None,
    /// Any public one.
    Public,
    /// These alone (`host:port`), private ones included: an operator's choice, and the tests'.
    Only(Vec<String>),
}

/// What one process may touch.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Folders to read.
    pub read: Vec<PathBuf>,
    /// The folder to write; it can be read too.
    pub scratch: PathBuf,
    /// Hosts.
    pub net: Net,
    /// Deno's own caches of the package, where this process may fill them; otherwise it only reads them, and nothing that one
    /// call leaves there can be found by the next.
    pub caches: Option<PathBuf>,
}

/// The arguments of `deno` that run `script` under the profile.
pub fn deno_args(profile: &Profile, script: &Path) -> Vec<OsString> {
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
        Net::Public => args.extend(["--allow-net".into(), format!("--deny-net={PRIVATE}").into()]),
        Net::Only(hosts) => args.push(format!("--allow-net={}", hosts.join(",")).into()),
    }
    args.push(format!("--v8-flags=--max-old-space-size={HEAP_MB}").into());
    args.push(script.into());
    args
}

/// Deno splits the list at commas and reads a doubled one as part of a path.
fn flag<'a>(name: &str, paths: impl Iterator<Item = &'a Path>) -> OsString {
    let paths: Vec<_> = paths.map(|path| path.to_string_lossy().replace(',', ",,")).collect();
    format!("{name}{}", paths.join(",")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(net: Net) -> Vec<String> {
        let read = vec!["/c/image".into(), "/c/runner".into()];
        let profile = Profile { read, scratch: "/c/a,b".into(), net, caches: None };
        deno_args(&profile, Path::new("/c/runner/main.mjs")).into_iter().map(|arg| arg.into_string().unwrap()).collect()
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

    #[test]
    fn public_hosts_never_come_without_the_list_of_private_ones() {
        assert!(args(Net::Public).contains(&format!("--deny-net={PRIVATE}")));
        assert!(!args(Net::None).iter().any(|arg| arg.contains("-net")));
        assert!(args(Net::Only(vec!["127.0.0.1:9".into()])).contains(&"--allow-net=127.0.0.1:9".into()));
    }
}
