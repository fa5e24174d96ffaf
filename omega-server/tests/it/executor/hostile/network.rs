//! Addresses, in a network of the test's own: nothing here leaves the machine, and what is refused would otherwise be reached.

use super::*;
use axum::{Router, http::StatusCode, http::header::LOCATION, routing::get};
use std::{
    collections::BTreeSet,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const INSIDE: &str = "OMEGA_TEST_OWN_NETWORK";
const PUBLIC: &str = "93.184.215.14";
/// Of this machine, and public: what else listens there is not for tools.
const OWN: &str = "93.184.216.34";
const PRIVATE: [&str; 18] = [
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.9.9",
    "192.168.7.7",
    "169.254.169.254",
    "100.64.1.1",
    "198.18.0.1",
    "0.0.0.0",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "192.0.2.7",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "240.0.0.1",
    OWN,
];
const PRIVATE_V6: [&str; 7] =
    ["fd00::5", "fec0::5", "::1", "fd00:ec2::254", "2002:7f00:1::1", "64:ff9b::7f00:1", "2a00:1450::5"];

const REACH: &str = r#"
import http from "node:http"; import net from "node:net";
const limit = (attempt) => Promise.race([attempt, new Promise((_, reject) => setTimeout(() => reject(new Error("nothing came")), 8000))]);
const ways = {
    fetch: (url) => fetch(url).then((answer) => answer.text()),
    node: (url) => new Promise((resolve, reject) => http.get(url, (answer) => { answer.resume(); answer.statusCode < 300 ? resolve() : reject(new Error(`${answer.statusCode}`)); }).on("error", reject)),
    socket: (url) => { const { hostname, port } = new URL(url); return new Promise((resolve, reject) => net.connect(Number(port) || 80, hostname.replace(/[[\]]/g, "")).on("connect", resolve).on("error", reject)); },
    deno: (url) => { const { hostname, port } = new URL(url); return Deno.connect({ hostname: hostname.replace(/[[\]]/g, ""), port: Number(port) || 80 }); },
};
export const reach = { description: "", inputSchema: {}, execute: async ({ urls }) => {
    const reached = [];
    for (const url of urls) for (const [way, go] of Object.entries(ways)) { try { await limit(go(url)); reached.push(`${way} ${url}`); } catch { /* refused */ } }
    return reached;
} };
export const one = { description: "", inputSchema: {}, execute: ({ url }) => fetch(url).then((answer) => answer.text()) };
"#;

/// In the new network: names and name servers of its own, and every address is this machine.
const SETUP: &str = r#"
set -e
mount --bind "$OMEGA_TEST_OWN_NETWORK/hosts" /etc/hosts
mount --bind "$OMEGA_TEST_OWN_NETWORK/resolv.conf" /etc/resolv.conf
ip link set lo up
for address in 10.1.2.3 172.16.9.9 192.168.7.7 169.254.169.254 100.64.1.1 100.100.100.200 198.18.0.1 168.63.129.16 192.0.0.192 \
    192.0.2.7 198.51.100.7 203.0.113.9 192.88.99.1 240.0.0.1 93.184.216.34; do ip address add $address/32 dev lo; done
# Answered here and of no interface: somebody else's, for all that a tool can see.
ip route add local 93.184.215.14/32 dev lo
for address in fd00::5 fec0::5 fd00:ec2::254 2002:7f00:1::1 64:ff9b::7f00:1 2a00:1450::5; do ip -6 address add $address/128 dev lo nodad 2>/dev/null || true; done
exec "$0" "$@"
"#;

#[tokio::test]
async fn of_all_addresses_a_tool_reaches_public_ones_alone() {
    if std::env::var_os(INSIDE).is_some() {
        return inside().await;
    }
    // Deno is provided here, where there is a network to get it from.
    let Some(_provided) = Sandbox::start().await else { return };
    let own: &[&str] = if rustix_is_root() { &["-n", "-m"] } else { &["-r", "-n", "-m"] };
    if !Command::new("unshare").args(own).arg("true").output().is_ok_and(|output| output.status.success()) {
        // No installation can change that.
        return eprintln!("skipped: this machine gives nobody a network of its own");
    }
    if Command::new("ip").arg("-V").output().is_err() {
        return skipped("there is no `ip` (package iproute2)");
    }
    let folder = tempfile::tempdir().unwrap();
    let hosts = format!("127.0.0.1 localhost\n10.1.2.3 inside.test\n{PUBLIC} public.test\nfd00::5 sixth.test\n");
    fs::write(folder.path().join("hosts"), hosts).unwrap();
    fs::write(folder.path().join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    let output = Command::new("unshare")
        .args(own)
        .args(["sh", "-c", SETUP])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "executor::hostile::network::of_all_addresses_a_tool_reaches_public_ones_alone",
            "--nocapture",
        ])
        .env(INSIDE, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn rustix_is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

async fn inside() {
    let web = Router::new()
        .route("/", get(async || "here"))
        .route("/away", get(async || (StatusCode::FOUND, [(LOCATION, "http://10.1.2.3/")])))
        .route("/own", get(async || (StatusCode::FOUND, [(LOCATION, format!("http://{OWN}/"))])))
        .route("/home", get(async || (StatusCode::FOUND, [(LOCATION, "http://inside.test/")])));
    for address in ["0.0.0.0:80", "0.0.0.0:8080", "[::]:80"] {
        // Where IPv4 is taken on all addresses, those of IPv6 alone are left.
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(_) => v6_only(80),
        };
        let web = web.clone();
        tokio::spawn(async move { axum::serve(listener, web).await.unwrap() });
    }
    let rebinding = UdpSocket::bind("127.0.0.1:53").await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    tokio::spawn(rebind(rebinding, asked.clone()));
    // All of it can be reached: a refusal is the sandbox's.
    for address in PRIVATE.iter().chain([&PUBLIC]) {
        TcpStream::connect((*address, 80)).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }
    let mut v6 = Vec::new();
    for address in PRIVATE_V6 {
        if TcpStream::connect((address, 80)).await.is_ok() {
            v6.push(format!("http://[{address}]/"));
        }
    }
    let private: Vec<_> = PRIVATE.iter().map(|address| format!("http://{address}/")).collect();
    let names = ["inside.test", "localhost"].map(|name| format!("http://{name}/"));
    let redirects = ["away", "home", "own"].map(|path| format!("http://{PUBLIC}/{path}"));
    let mapped = ["10.1.2.3", OWN].map(|address| format!("http://[::ffff:{address}]/"));
    let fourth: Vec<_> = private.into_iter().chain(names).chain(mapped).collect();
    let sixth: BTreeSet<_> = v6.iter().cloned().chain(["http://sixth.test/".to_owned()]).collect();

    let Some([sandbox, bare]) = both().await else { panic!("Deno was here a moment ago") };
    for sandbox in [&sandbox, &bare] {
        sandbox.registry.publish("reach", "1.0.0", json!({}), REACH);
        assert_eq!(reached(sandbox, &fourth).await, BTreeSet::new());
        // The answer that redirects is public, and can be had; where it points can't.
        for url in &redirects {
            let error = sandbox.run("reach::one", json!({ "url": url })).await.result.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::NetworkBlocked, "{url}: {error}");
        }
        let all = ["fetch", "node", "socket", "deno"].map(|way| format!("{way} http://public.test/"));
        assert_eq!(reached(sandbox, &["http://public.test/".to_owned()]).await, BTreeSet::from(all));
        // A name that means a public address in one moment and a private one in the next.
        let before = asked.load(Ordering::Relaxed);
        for attempt in 0..6 {
            match sandbox.run("reach::one", json!({ "url": "http://rebound.test/" })).await.result {
                Ok(output) => assert_eq!(output, json!("here"), "the public address"),
                Err(error) => assert_eq!(error.code, ToolErrorCode::NetworkBlocked, "{attempt}: {error}"),
            }
        }
        assert!(asked.load(Ordering::Relaxed) >= before + 6, "the name server was not asked");
    }
    // Addresses that Deno can be told one by one it refuses by itself.
    let one_by_one: Vec<_> = v6.iter().filter(|url| !url.contains("fec0")).cloned().collect();
    assert_eq!(reached(&bare, &one_by_one).await, BTreeSet::new());
    if sandbox.executor.health().await.detail.ends_with(", seccomp") {
        let sixth: Vec<_> = sixth.into_iter().collect();
        assert_eq!(reached(&sandbox, &sixth).await, BTreeSet::new());
        // Ports are landlock's.
        let other_port = (!kernel::is_without_landlock()).then(|| format!("http://{PUBLIC}:8080/"));
        for url in [v6.first().map_or("http://sixth.test/", |url| url)].into_iter().chain(other_port.as_deref()) {
            let error = sandbox.run("reach::one", json!({ "url": url })).await.result.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::NetworkBlocked, "{url}: {error}");
        }
    }
}

async fn reached(sandbox: &Sandbox, urls: &[String]) -> BTreeSet<String> {
    let output = sandbox.run("reach::reach", json!({ "urls": urls })).await.result.unwrap();
    serde_json::from_value(output).unwrap()
}

fn v6_only(port: u16) -> TcpListener {
    let socket = tokio::net::TcpSocket::new_v6().unwrap();
    socket.bind(std::net::SocketAddr::new("fd00::5".parse().unwrap(), port)).unwrap();
    socket.listen(16).unwrap()
}

/// A name server that answers every question for an address with a public one first and a private one next.
async fn rebind(socket: UdpSocket, asked: Arc<AtomicUsize>) {
    let mut question = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut question).await {
        let question = &question[..length];
        // The name ends with a zero; its type follows.
        let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
        let for_v4 = question[end - 4..end - 2] == [0, 1];
        let mut answer = question[..end].to_vec();
        answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(for_v4), 0, 0, 0, 0]);
        if for_v4 {
            let inside = asked.fetch_add(1, Ordering::Relaxed) % 2 == 1;
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            answer.extend(if inside { [10, 1, 2, 3] } else { [93, 184, 215, 14] });
        }
        socket.send_to(&answer, from).await.unwrap();
    }
}
