//! What is tried, and how it has to end.

use super::{Defence, Finding, PACKAGE, VERSION, Victims};
use crate::executor::{LocalExecutor, permissions::own_addresses};
use omega_core::{
    executor::{Executed, Execution, Executor, ToolErrorCode},
    id::{ToolId, ToolRunId},
    registry::Calling,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;

/// More than the tools wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);
const SYSTEM: [&str; 6] = ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/"];
/// Where clouds and routers answer about themselves, and ranges that are nobody's public host.
const METADATA: [&str; 22] = [
    "169.254.169.254:80",
    "169.254.170.2:80",
    "168.63.129.16:80",
    "168.63.129.16:32526",
    "192.0.0.192:80",
    "100.100.100.200:80",
    "[fd00:ec2::254]:80",
    "[fd20:ce::254]:80",
    "[::ffff:169.254.169.254]:80",
    "[::ffff:a9fe:a9fe]:80",
    "10.0.0.1:443",
    "172.16.0.1:443",
    "192.168.0.1:80",
    "100.64.0.1:443",
    "192.0.2.1:80",
    "198.51.100.1:443",
    "203.0.113.1:443",
    "198.18.0.1:80",
    "192.88.99.1:80",
    "224.0.0.1:80",
    "240.0.0.1:80",
    "255.255.255.255:80",
];
/// A public host, for which there must be a permission; it is not connected to.
const PUBLIC: &str = "1.1.1.1:443";

pub struct Probes {
    pub executor: LocalExecutor,
    pub victims: Victims,
    /// Whether the kernel holds files too.
    pub landlocked: bool,
    /// Whether there is a jail, which sets limits that Deno has none for.
    pub confined: bool,
}

impl Probes {
    /// One after the other, so that each is alone on the machine.
    pub async fn all(&self) -> Vec<Finding> {
        let first = self.call("fine", json!({}), PATIENCE).await;
        if first.result != Ok(json!("fine")) {
            let message =
                format!("a tool that does nothing does not run, so nothing can be tried: {}", ended_as(&first));
            return vec![finding("sandbox", Defence::Broken, message)];
        }
        let mut found = self.files().await;
        found.extend(self.network().await);
        found.push(self.refused("processes", "processes", json!({}), "start or reach another program").await);
        found.push(self.refused("environment", "environment", json!({}), "see a variable of the server").await);
        found.push(self.descriptors().await);
        found.extend(self.limits().await);
        found.push(self.forging().await);
        let last = self.call("fine", json!({}), PATIENCE).await;
        found.push(match last.result == Ok(json!("fine")) {
            true => finding("afterwards", Defence::Holds, "the sandbox is well after all of it".to_owned()),
            false => finding(
                "afterwards",
                Defence::Broken,
                format!("the sandbox does not work any more: {}", ended_as(&last)),
            ),
        });
        found
    }

    async fn files(&self) -> Vec<Finding> {
        let Victims { secret, other, private } = &self.victims;
        let outside: Vec<&Path> = SYSTEM
            .iter()
            .map(Path::new)
            .chain([secret.as_path()])
            .chain(private.iter().map(PathBuf::as_path))
            .collect();
        let other = [other.as_path()];
        vec![
            self.refused("files", "read", json!({ "paths": outside }), "read another file").await,
            self.refused("metadata", "look", json!({ "paths": outside }), "learn of another file").await,
            self.refused("changes", "change", json!({ "paths": [secret] }), "change another file").await,
            // By now a process may wait that was started ahead, for this package or for any.
            self.refused("packages", "readPackage", json!({ "paths": other }), "read another package").await,
            self.imports(&other).await,
        ]
    }

    /// Deno asks for no permission to import from a folder `node_modules`, whosever it is, so this is landlock's alone.
    async fn imports(&self, other: &[&Path]) -> Finding {
        let tried = self.refused("imports", "importPackage", json!({ "paths": other }), "import another package").await;
        match tried.verdict {
            Defence::Broken if !self.landlocked => {
                let message = "without landlock a tool can import the code of any `node_modules` of this user, private packages too";
                finding("imports", Defence::Absent, message.to_owned())
            }
            _ => tried,
        }
    }

    async fn network(&self) -> Vec<Finding> {
        let mut found = vec![self.loopback().await];
        found.push(
            self.refused(
                "clouds",
                "hosts",
                json!({ "hosts": METADATA }),
                "reach a cloud's metadata or a reserved address",
            )
            .await,
        );
        found.push(match own_addresses() {
            Ok(own) => {
                let hosts: Vec<String> = own
                    .iter()
                    .flat_map(|address| {
                        [22, 80, 443, 8080].map(|port| match address {
                            IpAddr::V4(address) => format!("{address}:{port}"),
                            IpAddr::V6(address) => format!("[{address}]:{port}"),
                        })
                    })
                    .collect();
                self.refused("own address", "hosts", json!({ "hosts": hosts }), "reach an address of this machine")
                    .await
            }
            Err(error) => finding("own address", Defence::Broken, format!("the system does not tell them: {error}")),
        });
        let public = self.call("hosts", json!({ "hosts": [PUBLIC] }), PATIENCE).await;
        found.push(match &public.result {
            Ok(output) if output["reached"] == json!([PUBLIC]) => {
                finding("public hosts", Defence::Holds, "tools may reach them, as they should".to_owned())
            }
            _ => finding("public hosts", Defence::Broken, format!("tools may not reach them: {}", ended_as(&public))),
        });
        found
    }

    /// Nothing may arrive at a listener of our own, whatever the tool says.
    async fn loopback(&self) -> Finding {
        let listener = match TcpListener::bind("127.0.0.1:0").await {
            Ok(listener) => listener,
            Err(error) => return finding("loopback", Defence::Broken, format!("it could not be tried: {error}")),
        };
        let port = listener.local_addr().map_or(0, |address| address.port());
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&arrived);
        let listening = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let tried = self.refused("loopback", "loopback", json!({ "port": port }), "reach this machine").await;
        listening.abort();
        match arrived.load(Ordering::SeqCst) {
            0 => tried,
            count => finding("loopback", Defence::Broken, format!("{count} connections arrived on this machine")),
        }
    }

    async fn descriptors(&self) -> Finding {
        let called = self.call("descriptors", json!({}), PATIENCE).await;
        let count = called.result.as_ref().ok().and_then(|output| output["count"].as_u64());
        match (count, self.confined) {
            (Some(count @ ..256), _) => {
                finding("descriptors", Defence::Holds, format!("a call opens {count} files, and no more"))
            }
            (Some(count), true) => finding("descriptors", Defence::Broken, format!("a call opened {count} files")),
            (Some(_), false) => finding(
                "descriptors",
                Defence::Absent,
                "without a jail a call opens as many files as the server may".to_owned(),
            ),
            (None, _) => {
                finding("descriptors", Defence::Broken, format!("it could not be tried: {}", ended_as(&called)))
            }
        }
    }

    async fn limits(&self) -> Vec<Finding> {
        use ToolErrorCode::{DiskLimit, OutOfMemory, OutputTooLarge, Timeout};
        let mut found = Vec::new();
        for (name, tool, code, what) in [
            ("depth", "deep", DiskLimit, "makes folders 300 deep"),
            ("entries", "many", DiskLimit, "makes 30,000 files"),
            ("disk", "large", DiskLimit, "writes 640 MiB"),
            ("memory", "memory", OutOfMemory, "takes 1 GiB of memory"),
            ("stderr", "noise", OutputTooLarge, "writes 64 MiB to stderr"),
            ("stdout", "flood", OutputTooLarge, "writes to stdout for ever"),
            ("time", "endless", Timeout, "loops for ever"),
        ] {
            let patience = if code == Timeout { Duration::from_secs(2) } else { PATIENCE };
            let called = self.call(tool, json!({}), patience).await;
            found.push(match &called.result {
                Err(error) if error.code == code => {
                    finding(name, Defence::Holds, format!("a call that {what} is ended"))
                }
                _ => finding(
                    name,
                    Defence::Broken,
                    format!("a call that {what} was not ended for it: {}", ended_as(&called)),
                ),
            });
        }
        found
    }

    async fn forging(&self) -> Finding {
        let called = self.call("forge", json!({}), PATIENCE).await;
        match &called.result {
            Ok(output) if output == "real" => {
                finding("frames", Defence::Holds, "a result that a tool writes itself does not count".to_owned())
            }
            _ => finding(
                "frames",
                Defence::Broken,
                format!("a tool gave a result in the server's name: {}", ended_as(&called)),
            ),
        }
    }

    /// The tool tells what it reached, which has to be nothing.
    async fn refused(&self, name: &'static str, tool: &str, input: Value, what: &str) -> Finding {
        let called = self.call(tool, input, PATIENCE).await;
        let tried = called.result.as_ref().ok().and_then(|output| output["tried"].as_u64()).unwrap_or_default();
        let reached = called.result.as_ref().ok().and_then(|output| output["reached"].as_array());
        match reached {
            Some(reached) if reached.is_empty() && tried > 0 => {
                finding(name, Defence::Holds, format!("{tried} ways to {what} are refused"))
            }
            Some(reached) => {
                let names: Vec<&str> = reached.iter().filter_map(Value::as_str).collect();
                finding(
                    name,
                    Defence::Broken,
                    format!("{} of {tried} ways to {what} work: {}", names.len(), names.join(", ")),
                )
            }
            None => finding(name, Defence::Broken, format!("it could not be tried: {}", ended_as(&called))),
        }
    }

    async fn call(&self, tool: &str, input: Value, timeout: Duration) -> Executed {
        let execution = Execution {
            id: ToolRunId::new(),
            owner: String::new(),
            user: String::new(),
            integrity: None,
            tool: ToolId::new(PACKAGE, tool),
            version: VERSION.to_owned(),
            calling: Calling::Tool,
            input,
            env: BTreeMap::new(),
            approved: true,
            timeout,
            cancel: Box::pin(std::future::pending()),
            on_partial: Arc::new(|_| {}),
            session: None,
        };
        self.executor.execute(execution).await
    }
}

fn finding(name: &'static str, verdict: Defence, message: String) -> Finding {
    Finding { name, verdict, message }
}

fn ended_as(called: &Executed) -> String {
    match &called.result {
        Ok(output) => format!("it gave {output}"),
        Err(error) => error.to_string(),
    }
}
