//! What a client may ask for, how long it may take, and what hostile bytes come to (X4, T16, G9): never a 5xx, never more
//! than one refusal a second in the database, never somebody else's quota.

use crate::harness::{
    Omega, folder, message,
    refusals::{answer, code, refused},
    users::another_user,
    within,
};
use omega_core::{
    api::AuditEntry,
    testing::{Fault, Reply, Script},
};
use omega_engine::process::clock::Clock;
use omega_server::{
    Limits, ServeConfig,
    http::limits::{Class, Policies, Policy},
};
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn per_minute(quota: u64) -> Policy {
    Policy { quota, window: Duration::from_secs(60) }
}

async fn limited(limits: Limits, script: Script) -> (Omega, Clock) {
    let (folder, clock) = (folder(), Clock::default());
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let of_server = clock.clone();
    let omega = Omega::start_as(database, folder, script, |config| ServeConfig { limits, clock: of_server, ..config });
    (omega.await, clock)
}

/// Status and the two headers.
async fn told(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    (response.status().as_u16(), text("ratelimit-policy"), text("ratelimit"))
}

/// What the audit log has of an action, once it is written.
async fn recorded(omega: &Omega, action: &str) -> Vec<AuditEntry> {
    within("the record", async {
        loop {
            let rows = omega.client.audit(&[("action", action.into())]).await.unwrap().rows;
            if !rows.is_empty() {
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

fn counted(rows: &[AuditEntry]) -> u64 {
    rows.iter().map(|row| row.detail["count"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn every_answer_says_what_is_left_and_one_too_many_is_told_when_to_come_back() {
    let policies = Policies::default().with(Class::Writes, per_minute(3)).with(Class::Runs, per_minute(1));
    let (omega, clock) =
        limited(Limits { policies, ..Limits::default() }, Script::new().turn(Reply::text("Hi."))).await;
    let guest = another_user(&omega).await;
    // Whose key it is is known from its first request on; the import of the harness was one write of the owner.
    guest.client.whoami().await.unwrap();
    let make = |key: &str| {
        let request = omega.http.post(format!("{}/api/omega/conversations", omega.url));
        request.bearer_auth(key).json(&json!({ "title": "a test" }))
    };
    let policy = "\"writes\";q=3;w=60".to_owned();
    assert_eq!(told(make(&guest.key)).await, (201, policy.clone(), "\"writes\";r=2;t=20".into()));
    assert_eq!(told(make(&guest.key)).await.0, 201);
    assert_eq!(told(make(&guest.key)).await.2, "\"writes\";r=0;t=60");
    let refusal = make(&guest.key).send().await.unwrap();
    let wait: u64 = refusal.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(told(make(&guest.key)).await.1, policy);
    assert_eq!(refused(make(&guest.key)).await, code(429, "RATE_LIMITED"));
    // Reading goes on, others go on, and after the time that was told so does this one.
    let reading = told(omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth(&guest.key)).await;
    assert_eq!((reading.0, reading.1.as_str()), (200, "\"reads\";q=1000000;w=60"));
    let conversation = omega.conversation("openai/test").await;
    clock.advance(Duration::from_secs(wait));
    assert_eq!(told(make(&guest.key)).await.0, 201);
    // Messages have their own.
    let send = |text: &str| {
        let path = format!("/api/omega/conversations/{conversation}/messages");
        omega.request(Method::POST, &path).header("prefer", "respond-async").json(&message(text))
    };
    assert_eq!(answer(send("hello")).await.0, 202);
    assert_eq!(refused(send("hello again")).await, code(429, "RATE_LIMITED"));
    // Pages without any key have the headers, too.
    for path in ["/livez", "/omega", "/nothing"] {
        assert!(told(omega.http.get(format!("{}{path}", omega.url))).await.1.starts_with("\"reads\""), "{path}");
    }

    let rows = recorded(&omega, "rate.limited").await;
    let of_guest: Vec<AuditEntry> = rows.iter().filter(|row| row.actor == Some(guest.user)).cloned().collect();
    assert_eq!(counted(&of_guest), 3, "{of_guest:?}");
    assert_eq!(of_guest[0].detail["policy"], "writes");
    assert_eq!(of_guest[0].object_id.as_deref(), Some("POST /api/omega/conversations"));
}

#[tokio::test]
async fn wrong_keys_are_counted_by_address_and_a_right_one_goes_on() {
    let (omega, clock) = limited(Limits::default(), Script::new()).await;
    let url = format!("{}/api/omega/session", omega.url);
    let wrong = |n: usize| omega.http.get(&url).bearer_auth(format!("tpmjs_sk_{n:043}"));
    let quota = usize::try_from(Policies::default().of(Class::SignIn).quota).unwrap();
    for n in 0..quota {
        assert_eq!(refused(wrong(n)).await, code(401, "UNAUTHENTICATED"), "{n}");
    }
    for n in 0..40 {
        let response = wrong(quota + n).send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
    // Not even a right key signs a browser in now; a key that got in before goes on.
    let sign_in = || omega.http.post(&url).json(&json!({ "apiKey": omega.key }));
    assert_eq!(refused(sign_in()).await, code(429, "RATE_LIMITED"));
    assert_eq!(answer(omega.request(Method::GET, "/api/omega/session")).await.0, 200);
    clock.advance(Duration::from_secs(60));
    assert_eq!(answer(sign_in()).await.0, 200);
    assert_eq!(recorded(&omega, "session.begun").await.len(), 1);

    let failed = recorded(&omega, "auth.failed").await;
    assert_eq!(counted(&failed), quota as u64);
    assert!(failed.len() <= 5, "many refusals are few rows: {}", failed.len());
    assert_eq!((failed[0].ip.as_deref(), failed[0].actor), (Some("127.0.0.1"), None));
    assert!(!serde_json::to_string(&failed).unwrap().contains("tpmjs_sk"));
}

#[tokio::test]
async fn guesses_of_conversations_are_counted_by_user() {
    let policies = Policies::default().with(Class::Guesses, per_minute(5));
    let (omega, _) = limited(Limits { policies, ..Limits::default() }, Script::new()).await;
    let guest = another_user(&omega).await;
    let own = omega.conversation("openai/test").await;
    let guess =
        |key: &str, id: String| omega.http.get(format!("{}/api/omega/conversations/{id}", omega.url)).bearer_auth(key);
    guest.client.whoami().await.unwrap();
    for _ in 0..5 {
        let unknown = uuid::Uuid::new_v4().to_string();
        assert_eq!(refused(guess(&guest.key, unknown)).await, code(404, "NOT_FOUND"));
    }
    let unknown = uuid::Uuid::new_v4().to_string();
    assert_eq!(refused(guess(&guest.key, unknown)).await, code(429, "RATE_LIMITED"));
    assert_eq!(answer(guess(&omega.key, own.to_string())).await.0, 200);
    let denied = recorded(&omega, "access.denied").await;
    assert_eq!((denied[0].actor, counted(&denied)), (Some(guest.user), 5));
}

fn address(omega: &Omega) -> SocketAddr {
    omega.url.trim_start_matches("http://").parse().unwrap()
}

/// What comes back for these bytes until the server hangs up, or has said nothing more for some time.
async fn raw(omega: &Omega, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address(omega)).await.unwrap();
    // The server may hang up in the middle.
    let _ = socket.write_all(bytes).await;
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(700), socket.read(&mut piece)).await
        && read > 0
    {
        heard.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn hostile_bytes_get_a_refusal_or_silence_and_never_a_fault_of_the_server() {
    let (omega, _) = limited(crate::harness::unlimited(), Script::new()).await;
    let auth = format!("Host: x\r\nAuthorization: Bearer {}\r\n", omega.key);
    let post = |rest: &str| format!("POST /api/omega/conversations HTTP/1.1\r\n{auth}{rest}").into_bytes();
    let json = "Content-Type: application/json\r\n";
    let mut invalid = post(&format!("{json}Content-Length: 14\r\n\r\n"));
    invalid.extend(b"{\"title\":\"\xff\xfe\"}");
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &["400", ""]),
        ("NUL in the path", format!("GET /api/omega/\0 HTTP/1.1\r\n{auth}\r\n").into_bytes(), &["400"]),
        ("NUL in a header", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n".to_vec(), &["400"]),
        ("a bare CR in a header", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\rX-B: b\r\n\r\n".to_vec(), &["400"]),
        ("a header without a colon", b"GET /livez HTTP/1.1\r\nHost x\r\n\r\n".to_vec(), &["400"]),
        (
            "invalid UTF-8 in the path",
            b"GET /api/omega/conversations/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            &["401", "404"],
        ),
        (
            "invalid UTF-8 in a key",
            b"GET /api/omega/session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n".to_vec(),
            &["401"],
        ),
        ("invalid UTF-8 in JSON", invalid, &["400"]),
        (
            "a chunk of no size",
            post(&format!("{json}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")),
            &["400"],
        ),
        (
            "a chunk that is too long",
            post(&format!("{json}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n")),
            &["400"],
        ),
        (
            "both lengths",
            post(&format!("{json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
            &["400", "201"],
        ),
        ("two lengths", post(&format!("{json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")), &["400"]),
        ("a negative length", post(&format!("{json}Content-Length: -1\r\n\r\n{{}}")), &["400"]),
        ("a length beyond all", post(&format!("{json}Content-Length: 99999999999999999999\r\n\r\n{{}}")), &["400"]),
        ("a larger length than is taken", post(&format!("{json}Content-Length: 99999999\r\n\r\n{{}}")), &["413"]),
        ("an unknown encoding", post(&format!("{json}Transfer-Encoding: gzip\r\n\r\n{{}}")), &["400", "501"]),
        (
            "a huge header",
            format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(1 << 20)).into_bytes(),
            &["431"],
        ),
        (
            "many headers",
            format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: a\r\n".repeat(5_000)).into_bytes(),
            &["431"],
        ),
        (
            "a huge URI",
            format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20)).into_bytes(),
            &["414", "431"],
        ),
        ("another version", b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n".to_vec(), &["400", "505"]),
        ("TRACE", format!("TRACE /api/omega/conversations HTTP/1.1\r\n{auth}\r\n").into_bytes(), &["405"]),
        ("TRACE of nothing", format!("TRACE /nothing HTTP/1.1\r\n{auth}\r\n").into_bytes(), &["405"]),
        ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n".to_vec(), &["405", "400"]),
        ("no host", b"GET /livez HTTP/1.1\r\n\r\n".to_vec(), &["400"]),
        ("no host in HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n".to_vec(), &["400"]),
        ("two hosts", b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n".to_vec(), &["400"]),
        ("a host that is none", b"GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n".to_vec(), &["400"]),
        ("an empty host", b"GET /livez HTTP/1.1\r\nHost:\r\n\r\n".to_vec(), &["400"]),
        ("NUL in a query", b"GET /api/tools/search?q=a%00 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &["422"]),
        ("a method of one's own", format!("FROBNICATE /livez HTTP/1.1\r\n{auth}\r\n").into_bytes(), &["405"]),
        ("a wrong method", format!("PUT /livez HTTP/1.1\r\n{auth}Content-Length: 0\r\n\r\n").into_bytes(), &["405"]),
    ];
    for (what, bytes, statuses) in cases {
        let heard = raw(&omega, &bytes).await;
        let status = heard.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{what}: {heard:.300}");
        assert!(!heard.contains("panicked") && !heard.contains("stack backtrace"), "{what}: {heard}");
        if status == "405" {
            assert!(heard.to_lowercase().contains("\r\nallow: "), "{what}: {heard}");
        }
    }
    assert_eq!(answer(omega.request(Method::GET, "/api/omega/session")).await.0, 200, "it answers on");
}

#[tokio::test]
async fn json_that_is_too_deep_or_too_large_is_refused_before_it_is_read() {
    let omega = Omega::start(Script::new()).await;
    let post = |path: &str, body: String| {
        omega.request(Method::POST, path).header("content-type", "application/json").body(body)
    };
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (path, wrap) in [
        ("/api/omega/conversations", "{\"title\":$}"),
        ("/api/registry/execute", "{\"toolId\":\"acme-tools::acmeWeather\",\"params\":{\"city\":$}}"),
    ] {
        for levels in [65, 1_000, 400_000] {
            let request = post(path, wrap.replace('$', &deep(levels)));
            assert_eq!(refused(request).await, code(400, "BAD_REQUEST"), "{path} {levels}");
        }
        // A million levels are two megabytes; a key makes the body read before the route does.
        let million = || post(path, wrap.replace('$', &deep(1_000_000)));
        assert_eq!(refused(million()).await, code(413, "PAYLOAD_TOO_LARGE"), "{path}");
        let kept = refused(million().header("idempotency-key", uuid::Uuid::new_v4().to_string())).await;
        assert_eq!(kept, code(413, "PAYLOAD_TOO_LARGE"), "{path}");
        assert_eq!(refused(post(path, deep(500_000))).await, code(400, "BAD_REQUEST"));
        assert_eq!(refused(post(path, "[".repeat(1_000_000))).await, code(400, "BAD_REQUEST"));
    }
    let shallow = "/api/registry/execute";
    let body = format!("{{\"toolId\":\"acme-tools::acmeWeather\",\"params\":{{\"city\":{}}}}}", deep(60));
    let read = post(shallow, body).send().await.unwrap();
    assert_eq!(read.status(), 422);
    assert!(read.text().await.unwrap().contains("expected a string"), "60 levels are read, and are no city");
    // A list is no object, even if its items would fit the members.
    let list = post("/api/omega/conversations", "[null, null]".into());
    assert_eq!(refused(list).await, code(422, "INVALID_INPUT"));
    let large = json!({ "title": "x".repeat(2 << 20) }).to_string();
    assert_eq!(refused(post("/api/omega/conversations", large)).await, code(413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn a_client_that_trickles_is_hung_up_on_and_one_that_waits_for_an_answer_is_not() {
    let short = Duration::from_millis(400);
    let limits = Limits { head: short, body: short, idle: 3 * short, ..crate::harness::unlimited() };
    let slow = Reply::text("At last.").fault(Fault::Hold { after: 1 }, 1);
    let (omega, _) = limited(limits, Script::new().turn(slow)).await;
    // A head, byte by byte.
    let mut socket = TcpStream::connect(address(&omega)).await.unwrap();
    let trickle = async {
        for byte in b"GET /livez HTTP/1.1\r\nHost: a-host-that-takes-its-time.test\r\n".iter().cycle() {
            if socket.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut heard = [0; 512];
            if let Ok(0) = socket.try_read(&mut heard) {
                break;
            }
        }
    };
    within("the end of a slow head", trickle).await;
    // A body, byte by byte; and connections that say nothing at all.
    let head = format!(
        "POST /api/omega/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 5000\r\n\r\n",
        omega.key
    );
    let mut socket = TcpStream::connect(address(&omega)).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let trickle = async {
        loop {
            let _ = socket.write_all(b" ").await;
            let mut piece = [0; 2048];
            match tokio::time::timeout(Duration::from_millis(50), socket.read(&mut piece)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(read)) => heard.extend_from_slice(&piece[..read]),
                Err(_) => {}
            }
        }
    };
    within("the end of a slow body", trickle).await;
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.starts_with("HTTP/1.1 400") && heard.contains("too slowly"), "{heard}");
    let mut silent = TcpStream::connect(address(&omega)).await.unwrap();
    let end = within("the end of silence", silent.read(&mut [0; 16])).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    // An answer that takes longer than all of that.
    let conversation = omega.conversation("openai/test").await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let waiting = answer(omega.request(Method::POST, &path).json(&message("take your time")));
    let release = async {
        tokio::time::sleep(4 * short).await;
        omega.provider.release();
    };
    let ((status, body), ()) = within("the answer", async { tokio::join!(waiting, release) }).await;
    assert_eq!((status, &body["data"]["answer"]), (200, &json!("At last.")), "{body}");
    let mut events = omega.events(conversation, "?after=0").await;
    let quiet = tokio::time::timeout(5 * short, events.next()).await;
    assert!(!matches!(quiet, Ok(None)), "a stream without news is not cut off");
    // The next request on a connection that was used comes in time, or on a new one.
    tokio::time::sleep(2 * short).await;
    assert_eq!(answer(omega.request(Method::GET, "/api/omega/session")).await.0, 200);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_gets_its_place_back() {
    let limits = Limits { connections: 5, ..crate::harness::unlimited() };
    let (omega, _) = limited(limits, Script::new()).await;
    let ask = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    // The test's own clients hold some.
    let mut open = Vec::new();
    let refused = loop {
        let mut socket = TcpStream::connect(address(&omega)).await.unwrap();
        let _ = socket.write_all(ask).await;
        let mut heard = [0; 2048];
        let read = within("an answer", socket.read(&mut heard)).await.unwrap();
        let heard = String::from_utf8_lossy(&heard[..read]);
        if heard.starts_with("HTTP/1.1 503 ") {
            let (head, body) = heard.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("\r\nRetry-After: 5") && head.contains("\r\nConnection: close"), "{head}");
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["details"]["code"], "OVERLOADED", "{body}");
            assert_eq!(socket.read(&mut [0; 64]).await.unwrap(), 0, "it is closed");
            break open.len();
        }
        assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
        open.push(socket);
        assert!(open.len() <= 5, "nobody was refused");
    };
    assert!((1..=5).contains(&refused), "{refused}");
    open.pop();
    within("a free place", async {
        loop {
            let mut socket = TcpStream::connect(address(&omega)).await.unwrap();
            let _ = socket.write_all(ask).await;
            let mut heard = [0; 64];
            if matches!(socket.read(&mut heard).await, Ok(read) if heard[..read].starts_with(b"HTTP/1.1 200 ")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn silent_connections_of_a_stranger_make_no_server_deaf() {
    use crate::harness::{
        executor::{Tools, id, rows},
        process::{Process, command},
        titled,
    };
    use omega_core::testing::StandIn;

    let folder = folder();
    let provider = StandIn::start(titled(Script::new().turn(Reply::text("Hi.")))).await;
    let tools = Tools::start().await;
    let served = command(folder.path(), &provider, &tools);
    // As a system gives it to programs: a small limit, which may be raised to a larger one.
    let mut limited = tokio::process::Command::new("sh");
    limited.args(["-c", "ulimit -H -n 400; ulimit -S -n 64; exec \"$0\" \"$@\""]).arg(served.as_std().get_program());
    limited.args(served.as_std().get_args());
    for (name, value) in served.as_std().get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let server = Process::start(
        {
            limited.kill_on_drop(true);
            limited
        },
        None,
    )
    .await;
    server.client.import_tools(rows()).await.unwrap();
    let at: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let mut silent = Vec::new();
    for _ in 0..1_000 {
        silent.push(TcpStream::connect(at).await.unwrap());
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let alive = http.get(format!("{}/livez", server.url)).send();
    assert_eq!(within("an answer", alive).await.unwrap().status(), 200);
    // Its files, its database and its tools have what they need, too.
    let body = json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } });
    let request = http.post(format!("{}/api/registry/execute", server.url)).bearer_auth(server.key.as_ref().unwrap());
    let ran = within("a call", request.json(&body).send()).await.unwrap();
    assert_eq!(ran.status(), 200);
    drop(silent);
}
