//! A disk that fills up (G13): requests are told so, nothing breaks, and all goes on once there is space.

use super::{
    check::check,
    talk::{Kind, Talk, insist, script},
    world::World,
};
use crate::harness::{folder, message, refusals::answer, skip};
use omega_core::api::CreateConversation;
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{
    io::Write,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// A small disk in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Only root may mount one.
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "omega-test"]).arg(&at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at)),
            Ok(output) => {
                skip(&format!("no small disk can be mounted here: {}", String::from_utf8_lossy(&output.stderr).trim()));
                None
            }
            Err(error) => {
                skip(&format!("no `mount`: {error}"));
                None
            }
        }
    }

    /// Takes all the space that is left.
    fn fill(&self) -> usize {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).unwrap();
        let mut written = 0;
        for size in [65_536, 4_096, 1] {
            let piece = vec![7; size];
            while ballast.write_all(&piece).is_ok() {
                written += size;
            }
        }
        written
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Status, code and `Retry-After` of a request that writes.
async fn write(world: &World, http: &reqwest::Client, kind: usize, conversation: &str) -> (u16, String, Option<u64>) {
    let base = format!("{}/api/omega/conversations", world.client.base_url());
    let request = match kind % 3 {
        0 => http.post(&base).json(&json!({})),
        1 => http
            .post(format!("{base}/{conversation}/messages"))
            .header("prefer", "respond-async")
            .json(&message("work")),
        _ => http.patch(format!("{base}/{conversation}")).json(&json!({ "title": "another" })),
    };
    let request = request.bearer_auth(world.key().expose_secret());
    let response = request.try_clone().unwrap().send().await.unwrap();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.unwrap();
    (status, body["details"]["code"].as_str().unwrap_or_default().to_owned(), retry_after)
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_heals_without_a_restart() {
    let home = folder();
    let Some(disk) = Disk::mount(home.path().join("disk"), "24m") else { return };
    let database = format!("sqlite:{}", disk.0.join("omega.db").display());
    let world = World::new(database, home, None, script()).await;
    let server = world.start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    // For the writes of the test itself: its runs are nobody's talk.
    let body = CreateConversation {
        title: Some("a test".into()),
        model: Some("openai/test".into()),
        ..CreateConversation::default()
    };
    let own = insist(|| world.client.create_conversation(&body)).await.id.to_string();

    let mut talks = Vec::new();
    let (mut refused, mut interrupted) = (0, 0);
    for round in 0..3 {
        talks.extend((0..6).map(|n| Talk::begin(&world, Kind::ALL[n % 3])));
        let busy = |talks: &[Talk]| {
            talks.iter().filter(|talk| !talk.is_done() && talk.has_seen(|e| e.kind() == "run.started")).count()
        };
        while busy(&talks) < 3 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        let ballast = disk.fill();
        assert!(ballast > 0, "the disk was full before");
        interrupted += busy(&talks);
        // What still finds room in the write-ahead log may succeed; then nothing does.
        let (mut consecutive, mut tries) = (0, 0);
        while consecutive < 30 {
            let (status, code, retry_after) = write(&world, &http, tries, &own).await;
            tries += 1;
            if status == 503 {
                assert_eq!((code.as_str(), retry_after.is_some_and(|seconds| seconds > 0)), ("STORAGE_FULL", true));
                consecutive += 1;
            } else {
                assert!((200..300).contains(&status), "round {round}: {status} {code}");
                consecutive = 0;
            }
            assert!(tries < 500, "the disk is not full");
        }
        refused += consecutive;
        // Reading goes on.
        let url = format!("{}/api/omega/conversations/{own}", world.client.base_url());
        let (status, body) = answer(http.get(url).bearer_auth(world.key().expose_secret())).await;
        assert_eq!(
            (status, body["data"]["conversation"]["title"].is_string() || body["data"]["title"].is_string()),
            (200, true),
            "{body}"
        );

        disk.free();
        let healed = Instant::now();
        loop {
            let (status, code, _) = write(&world, &http, 0, &own).await;
            if status == 201 {
                break;
            }
            assert_eq!((status, code.as_str()), (503, "STORAGE_FULL"));
            assert!(healed.elapsed() < Duration::from_secs(2), "not healed 2 s after there was space");
        }
    }
    for talk in &talks {
        let done = tokio::time::timeout(Duration::from_secs(60), talk.done()).await;
        assert!(done.is_ok(), "a run did not survive: {:?}\n{}", talk.witness(), world.said());
    }
    // The test's own runs end too, so that every call is told of.
    let path = disk.0.join("omega.db");
    let mut connection = SqliteConnectOptions::new().filename(&path).read_only(true).connect().await.unwrap();
    let settled = Instant::now();
    loop {
        let (open,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM runs WHERE status IN ('queued', 'running')")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if open == 0 {
            break;
        }
        assert!(settled.elapsed() < Duration::from_secs(60), "{open} runs never ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let others: Vec<(String,)> = sqlx::query_as("SELECT id FROM tool_runs WHERE conversation_id = $1")
        .bind(&own)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    world.tools.forget_those(|call| others.iter().any(|(id,)| *id == call.key));
    let work = check(&world, &talks).await;
    let (whole,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(whole, "ok");
    connection.close().await.unwrap();
    server.kill().await;
    eprintln!("{refused} writes refused, {interrupted} runs at work when the disk was full, {work:?}");
    assert!(interrupted >= 6 && work.recoveries >= 3, "{interrupted} runs met the full disk: {work:?}");
}
