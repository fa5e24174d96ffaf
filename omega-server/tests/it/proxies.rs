//! Behind a proxy: the recipes of `deploy/proxy`, run by real nginx and Caddy before a real server, and who is believed.

use crate::harness::{Omega, folder, frames::Frames, message, skip, within};
use omega_core::{
    api::CreateConversation,
    event::Event,
    testing::{Fault, Reply, Script},
};
use omega_server::ServeConfig;
use rcgen::{CertificateParams, KeyPair};
use reqwest::{Client, Response, header};
use serde_json::{Value, json};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const HOST: &str = "omega.example.com";
/// As many as a proxy that keeps to its own limits would refuse.
const UPLOAD: usize = 2 << 20;

fn recipe(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxy").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn program(name: &str) -> Option<PathBuf> {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|it| it.exists())
}

/// A server that is told where the world finds it.
async fn behind(script: Script, url: &str) -> Omega {
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let public_url = Some(url.parse().unwrap());
    Omega::start_as(database, folder, script, |config| ServeConfig {
        public_url,
        limits: omega_server::Limits { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..config.limits },
        ..config
    })
    .await
}

/// A proxy at work; it ends with this.
struct Proxy {
    _child: Child,
    _folder: TempDir,
}

impl Proxy {
    fn start(recipe_name: &str, to: &str, port: u16) -> Option<Self> {
        let is_nginx = recipe_name.starts_with("nginx");
        let name = if is_nginx { "nginx" } else { "caddy" };
        let Some(program) = program(name) else {
            skip(&format!("{name} is not installed (`apt-get install nginx-light caddy`)"));
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(at("cert.pem"), certificate.pem()).unwrap();
        fs::write(at("key.pem"), key.serialize_pem()).unwrap();
        let to = to.trim_start_matches("http://");
        let mut text = recipe(recipe_name).replace("127.0.0.1:8634", to);
        let mut command = Command::new(program);
        if is_nginx {
            text = text
                .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
                .replace("/etc/letsencrypt/live/omega.example.com/fullchain.pem", &at("cert.pem"))
                .replace("/etc/letsencrypt/live/omega.example.com/privkey.pem", &at("key.pem"));
            let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .iter()
                .map(|what| format!("{what}_temp_path {};\n", at(what)))
                .collect();
            // Workers of the user who runs this, who alone may read the certificate.
            let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
            let frame = format!(
                "daemon off;\nmaster_process off;\n{user}\npid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n",
                at("pid")
            );
            fs::write(at("nginx.conf"), frame).unwrap();
            command.args(["-p", &folder.path().display().to_string(), "-c", &at("nginx.conf")]);
        } else {
            let site =
                format!("https://{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {} {}\n", at("cert.pem"), at("key.pem"));
            let options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
            text = format!("{options}{}", text.replace(&format!("{HOST} {{\n"), &site));
            fs::write(at("Caddyfile"), text).unwrap();
            command.args(["run", "--adapter", "caddyfile", "--config", &at("Caddyfile")]).env("HOME", folder.path());
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
        Some(Self { _child: child.unwrap(), _folder: folder })
    }
}

/// Who asks from another address of this machine than the proxy does.
fn browser(port: u16) -> Client {
    let proxy = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Client::builder()
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .resolve(HOST, proxy)
        .local_address(Some(Ipv4Addr::new(127, 0, 0, 2).into()))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn ready(client: &Client, base: &str) {
    let asks = async {
        loop {
            if client.get(format!("{base}/livez")).send().await.is_ok_and(|response| response.status() == 200) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    within(&format!("the proxy before {base}"), asks).await;
}

fn cookie(response: &Response) -> String {
    response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recipes_for_proxies_stream_upload_and_sign_in_as_the_server_itself_does() {
    for name in ["nginx.conf", "nginx-path.conf", "Caddyfile", "Caddyfile.path"] {
        let path = if name.contains("path") { "/tools" } else { "" };
        let port = free_port();
        let (origin, base) = (format!("https://{HOST}:{port}"), format!("https://{HOST}:{port}{path}"));
        let script = Script::new().turn(Reply::text("one two three four five six").fault(Fault::Hold { after: 3 }, 1));
        let omega = behind(script.turn(Reply::text("and seven")), &base).await;
        let Some(_proxy) = Proxy::start(name, &omega.url, port) else { continue };
        let client = browser(port);
        ready(&client, &base).await;
        let session = signed_in(&omega, &client, name, &origin, &base).await;
        led_to_the_page(&client, name, &base, path).await;
        streams(&omega, &client, &session, name, &origin, &base).await;
        // Whom the server saw is the client, not the proxy.
        let seen = omega.client.audit(&[]).await.unwrap().rows;
        assert!(seen.iter().any(|entry| entry.ip.as_deref() == Some("127.0.0.2")), "{name}");
    }
}

/// A browser that says `Origin` alone, as one without `Sec-Fetch-Site` does.
async fn signed_in(omega: &Omega, client: &Client, name: &str, origin: &str, base: &str) -> String {
    let sign_in = |from: &str| {
        let body = json!({ "apiKey": omega.key });
        client.post(format!("{base}/api/omega/session")).header(header::ORIGIN, from).json(&body).send()
    };
    assert_eq!(sign_in("https://evil.test").await.unwrap().status(), 403, "{name}");
    let response = sign_in(origin).await.unwrap();
    assert_eq!(response.status(), 200, "{name}: {}", response.text().await.unwrap());
    assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "{name}");
    let cookie = cookie(&response);
    let port = origin.rsplit_once(':').unwrap().1;
    assert!(
        cookie.starts_with(&format!("__Host-omega_session_{port}")) && cookie.ends_with("; Secure"),
        "{name}: {cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

async fn led_to_the_page(client: &Client, name: &str, base: &str, path: &str) {
    let front = client.get(format!("{base}/")).send().await.unwrap();
    let to = front.headers()[header::LOCATION].to_str().unwrap();
    assert_eq!(front.url().join(to).unwrap().path(), format!("{path}/omega"), "{name}");
    if !path.is_empty() {
        let bare = client.get(base).send().await.unwrap();
        let to = bare.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(bare.url().join(to).unwrap().path(), format!("{path}/"), "{name}");
    }
    let shell = client.get(format!("{base}/omega/c/x")).send().await.unwrap();
    let at = shell.url().clone();
    let shell = shell.text().await.unwrap();
    let script = at.join(shell.split('"').find(|word| word.contains("assets/app-")).unwrap()).unwrap();
    let script = client.get(script).header(header::ACCEPT_ENCODING, "gzip, br").send().await.unwrap();
    assert_eq!(
        (script.status().as_u16(), script.headers()[header::CONTENT_ENCODING].to_str().unwrap()),
        (200, "br"),
        "{name}"
    );
}

async fn streams(omega: &Omega, client: &Client, session: &str, name: &str, origin: &str, base: &str) {
    let post = |path: &str, body: Value| {
        let request =
            client.post(format!("{base}{path}")).header(header::COOKIE, session).header(header::ORIGIN, origin);
        request.json(&body)
    };
    let new = CreateConversation { title: Some("a test".into()), model: Some("openai/test".into()), ..<_>::default() };
    let made = post("/api/omega/conversations", serde_json::to_value(new).unwrap()).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let messages = format!("/api/omega/conversations/{}/messages", made["data"]["id"].as_str().unwrap());
    let body = serde_json::to_value(message("count")).unwrap();
    let stream =
        post(&messages, body).header(header::ACCEPT, "text/event-stream").header(header::ACCEPT_ENCODING, "gzip, br");
    let stream = stream.send().await.unwrap();
    assert!(!stream.headers().contains_key(header::CONTENT_ENCODING), "{name}: events are never packed");
    let mut frames = Frames::of(stream);
    // The provider says nothing more until it is let: what comes now came through the proxy as it was said.
    let first = frames.until(|envelope| matches!(envelope.event, Event::MessageDelta { .. }));
    assert!(!within(name, first).await.is_empty(), "{name}");
    omega.provider.release();
    let rest = within(name, frames.until(|envelope| envelope.event.is_terminal())).await;
    assert!(matches!(rest.last().unwrap().event, Event::RunCompleted { .. }), "{name}");

    let mut large = serde_json::to_value(message("look at this")).unwrap();
    large["data"] = json!("x,y\n".repeat(UPLOAD / 4));
    let accepted = post(&messages, large).header("prefer", "respond-async").send().await.unwrap();
    assert_eq!(accepted.status(), 202, "{name}");
    let run = accepted.url().join(accepted.headers()[header::LOCATION].to_str().unwrap()).unwrap();
    let run = client.get(run).header(header::COOKIE, session).send().await.unwrap();
    assert_eq!(run.status(), 200, "{name}: the run is where the answer says");
}

#[tokio::test]
async fn who_is_no_trusted_proxy_changes_nothing_by_what_it_says() {
    let said = [("x-forwarded-proto", "https"), ("x-forwarded-host", "omega.test"), ("x-forwarded-for", "203.0.113.7")];
    for (trusted, is_believed) in
        [(&[][..], false), (&["10.0.0.0/8"], false), (&["127.0.0.1"], true), (&["127.0.0.0/8", "::1"], true)]
    {
        let folder = folder();
        let database = format!("sqlite:{}", folder.path().join("omega.db").display());
        let proxies = trusted.iter().map(|text: &&str| text.parse().unwrap()).collect();
        let omega = Omega::start_as(database, folder, Script::new(), |config| ServeConfig {
            limits: omega_server::Limits { trusted_proxies: proxies, ..config.limits },
            ..config
        })
        .await;
        let sign_in = async |origin: &str| {
            let mut request =
                omega.http.post(format!("{}/api/omega/session", omega.url)).header(header::ORIGIN, origin);
            for (name, value) in said {
                request = request.header(name, value);
            }
            request.json(&json!({ "apiKey": omega.key })).send().await.unwrap()
        };
        let own = omega.url.as_str();
        let (right, wrong) = if is_believed { ("https://omega.test", own) } else { (own, "https://omega.test") };
        let response = sign_in(right).await;
        assert_eq!(response.status(), 200, "{trusted:?}");
        assert_eq!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), is_believed, "{trusted:?}");
        let cookie = cookie(&response);
        assert_eq!(cookie.starts_with("__Host-omega_session="), is_believed, "{trusted:?}: {cookie}");
        assert_eq!(cookie.ends_with("; Secure"), is_believed, "{trusted:?}: {cookie}");
        let refused = sign_in(wrong).await;
        assert_eq!(refused.status(), 403, "{trusted:?}");
        assert!(refused.text().await.unwrap().contains("--public-url"), "{trusted:?}");
        let seen = omega.client.audit(&[]).await.unwrap().rows;
        assert_eq!(seen.iter().any(|entry| entry.ip.as_deref() == Some("203.0.113.7")), is_believed, "{trusted:?}");
    }
}
