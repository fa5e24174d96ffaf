//! Ways to a provider and to a server, through the real binary: addresses, certificates, and keys that a provider repeats.

use crate::home::{Home, signal};
use omega_core::testing::{Raw, RawAnswer, Reply, Script, StandIn, TlsFront};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    sync::{Arc, Mutex},
};

const KEY: &str = "sk-canary-0a1B2c3D4e5F6g7H8i9J0kLm";

fn answer() -> RawAnswer {
    RawAnswer::stream([
        "data: {\"choices\":[{\"delta\":{\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_url_is_asked_as_it_was_written() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let provider = Raw::start(move |request| {
        if request.method == "POST" {
            let keys: Vec<_> =
                ["authorization", "api-key"].into_iter().filter(|name| request.headers.contains_key(*name)).collect();
            seen.lock().unwrap().push(format!("{} {}", request.target, keys.join("+")));
        }
        answer()
    })
    .await;
    let url = provider.url().to_owned();
    tokio::task::spawn_blocking(move || {
        let ways = [
            (
                "/openai/deployments/gpt4?api-version=2024-06-01",
                "/openai/deployments/gpt4/chat/completions?api-version=2024-06-01 authorization+api-key",
            ),
            ("/serving-endpoints/chat/completions", "/serving-endpoints/chat/completions authorization"),
            ("/inference", "/inference/chat/completions authorization"),
            ("//", "/v1/chat/completions authorization"),
        ];
        for (path, want) in ways {
            let home = Home::new().env("OPENAI_BASE_URL", &format!("{url}{path}")).env("OPENAI_API_KEY", KEY);
            assert_eq!(home.omega(&["ask", "-q", "--model", "openai/m", "hi"]).expect(0).stdout, "ok");
            assert!(asked.lock().unwrap().iter().any(|asked| asked == want), "{path}: {:?}", asked.lock().unwrap());
        }
        // A title may be asked for when the next one is at work already.
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|asked| ways.iter().any(|(_, want)| asked == want)), "{asked:?}");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_s_own_certificates_are_trusted_for_providers_and_servers() {
    let provider = StandIn::start(Script::new().turn(Reply::text("Over TLS."))).await;
    let front = TlsFront::start(provider.url()).await;
    let shared = Home::new().provider(provider.url());
    let mut server = shared.command(&["serve", "--port", "0", "--json"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let server_front = TlsFront::start(line["url"].as_str().unwrap()).await;
    let key = line["apiKey"].as_str().unwrap().to_owned();
    tokio::task::spawn_blocking(move || {
        let trusting = |home: Home, variable: &str, front: &TlsFront| {
            let file = home.file("ca/own.pem", front.authority());
            let value = if variable == "SSL_CERT_DIR" { file.parent().unwrap() } else { file.as_path() };
            let value = value.to_str().unwrap().to_owned();
            home.env(variable, &value)
        };
        let variables = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"];
        let base = format!("{}/v1", front.url());
        for variable in variables {
            let home = trusting(Home::new().provider(&base), variable, &front);
            assert_eq!(home.omega(&["ask", "-q", "hi"]).expect(0).stdout, "Over TLS.");
        }
        let done = Home::new().provider(&base).omega(&["ask", "hi"]).expect(1);
        assert!(
            done.stderr.contains("NODE_EXTRA_CA_CERTS") && done.stderr.contains("UnknownIssuer"),
            "{}",
            done.stderr
        );

        let at = || Home::new().env("OMEGA_SERVER", server_front.url()).env("OMEGA_API_KEY", &key);
        for variable in variables {
            let home = trusting(at(), variable, &server_front);
            assert_eq!(home.omega(&["ask", "-q", "hi"]).expect(0).stdout, "Over TLS.");
        }
        let done = at().omega(&["whoami"]).expect(6);
        assert!(done.stderr.contains("SSL_CERT_FILE"), "{}", done.stderr);
    })
    .await
    .unwrap();
    signal("KILL", server.id().into());
    server.wait().unwrap();
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_provider_repeats_is_shown_and_kept_nowhere() {
    let (half, rest) = KEY.split_at(14);
    let refusals: Vec<(&str, RawAnswer)> = vec![
        (
            "body",
            RawAnswer::json(
                401,
                &json!({"error": {"message": format!("Incorrect API key provided: {KEY}."), "code": KEY}}),
            ),
        ),
        (
            "header",
            RawAnswer {
                headers: vec![("location".into(), format!("https://x.example/?key={KEY}"))],
                ..RawAnswer::json(302, &json!({}))
            },
        ),
        ("page", RawAnswer { status: 502, ..RawAnswer::stream([format!("<html><title>no {KEY}</title>")]) }),
        ("document", RawAnswer::json(200, &json!({"error": format!("bad {KEY}")}))),
        ("frame", RawAnswer::stream([format!("data: {{\"error\":{{\"message\":\"no {KEY}\",\"code\":400}}}}\n\n")])),
        ("bare", RawAnswer::stream([format!(": x\n\n{{\"error\":{{\"message\":\"no {KEY}\"}}}}\n")])),
        ("stray", RawAnswer::stream([format!(": x\n\nupstream said no to {KEY}\n")])),
        (
            "two frames",
            RawAnswer::stream([
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"your key {half}\"}}}}]}}\n\n"),
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{rest} is bad\"}}}}]}}\n\n"),
                format!("data: {{\"error\":{{\"message\":\"{half}{rest}\",\"code\":400}}}}\n\n"),
            ]),
        ),
        (
            "an answer",
            RawAnswer::stream([
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"your key {half}\"}}}}]}}\n\n"),
                format!(
                    "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{rest} is good\"}},\"finish_reason\":\"stop\"}}]}}\n\n"
                ),
            ]),
        ),
        ("a cut piece", RawAnswer { breaks: true, ..RawAnswer::json(401, &json!({"error": {"message": KEY}})) }),
    ];
    for (what, refusal) in refusals {
        let provider = Raw::start(move |_| refusal.clone()).await;
        let url = provider.url().to_owned();
        tokio::task::spawn_blocking(move || {
            let home = Home::new().provider(&url).env("OPENAI_API_KEY", KEY).env("OMEGA_LOG", "debug");
            let clean = |face: &str, text: &[u8]| {
                let text = String::from_utf8_lossy(text);
                assert!(!text.contains(KEY) && !text.contains(rest), "{what}, {face}: {text}");
            };
            for arguments in [
                &["ask", "hi"][..],
                &["ask", "--json", "hi"],
                &["ask", "--stream-json", "hi"],
                &["show"],
                &["show", "--json"],
                &["export"],
                &["export", "--format", "json"],
                &["models"],
            ] {
                let done = home.omega(arguments);
                clean(&arguments.join(" "), done.stdout.as_bytes());
                clean(&arguments.join(" "), done.stderr.as_bytes());
                if arguments == ["ask", "hi"] && what != "an answer" {
                    assert!(done.code == 1 && done.stdout.is_empty(), "{what}: {}", done.stderr);
                }
            }
            let kept = files(home.path());
            assert!(kept.iter().any(|(name, _)| name.ends_with("omega.db")), "{kept:?}");
            for (name, bytes) in kept {
                clean(&name, &bytes);
            }
        })
        .await
        .unwrap();
    }
}
