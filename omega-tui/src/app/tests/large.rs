//! What large things cost, as figures: `cargo nextest run --release -p omega-tui --run-ignored only --no-capture large`.
//!
//! They are of this process alone, without a terminal and a server, so that they can be held against each other on a machine
//! that others use as well. Times are of the processor that this thread had.

use crate::{messages::Update, test_harness::TestHarness};
use omega_core::{
    api::{Message, MessageStatus, OutputPage, Part, Role, Timestamp},
    event::Event,
    id::MessageId,
};
use serde_json::json;
use std::time::{Duration, Instant};

fn message(seq: u64) -> Message {
    let role = if seq % 2 == 1 { Role::User } else { Role::Assistant };
    let content = format!("Message {seq} with **bold** words, `code` and a list:\n\n- one\n- two\n");
    Message {
        id: MessageId::new(),
        seq,
        run_id: None,
        step: None,
        role,
        status: MessageStatus::Complete,
        parts: vec![Part::Text { text: content.clone() }],
        content,
        author: None,
        finish_reason: None,
        replaces: None,
        created_at: Timestamp(seq.cast_signed()),
    }
}

/// How long a step takes, many times over: the middle one, and the one that one in a hundred is slower than.
fn measured(times: usize, mut step: impl FnMut(usize)) -> (Duration, Duration) {
    let mut all: Vec<Duration> = (0..times)
        .map(|at| {
            let began = Instant::now();
            step(at);
            began.elapsed()
        })
        .collect();
    all.sort();
    (all[times / 2], all[times * 99 / 100])
}

#[test]
#[ignore = "prints figures"]
fn large_things_in_figures() {
    let mut stage = TestHarness::new(200, 60);
    let mut detail = stage.detail();
    detail.messages = (1..=100_000).map(message).collect();
    (detail.last_seq, detail.message_count) = (100_000, 100_000);
    let conversation = Box::new(detail);
    let began = Instant::now();
    stage.news(Update::Opened(stage.conversation));
    stage.frame(Event::Snapshot { conversation });
    println!("100,000 messages: {:?} to the first frame", began.elapsed());
    let (p50, p99) = measured(500, |at| {
        stage.keys(if at % 10 == 9 { "<pgup>" } else { "x" });
    });
    println!("100,000 messages: a key and its frame p50 {p50:?}, p99 {p99:?}");

    let mut stage = TestHarness::new(200, 60);
    stage.open().asked("go");
    let call = stage.calls("a::b", json!({}));
    stage.gives_away(call, 100 << 20).keys("<alt+v>");
    let content = format!("\"{}", "a line of many words\\n".repeat(11_000));
    let next_offset = Some(content.len() as u64);
    let page = OutputPage { tool_run_id: call, offset: 0, content, total_bytes: 100 << 20, next_offset };
    let began = Instant::now();
    stage.news(Update::Output(call, Box::new(page)));
    println!("an output of 100 MB: its first page in {:?}", began.elapsed());
    let (p50, p99) = measured(500, |_| {
        stage.keys("j");
    });
    println!("an output of 100 MB: a key and its frame p50 {p50:?}, p99 {p99:?}");

    let mut stage = TestHarness::new(200, 60);
    stage.open().asked("go");
    let words = ["word ", "**bold** ", "`code` ", "and\n\n", "- item ", "more text "];
    let began = Instant::now();
    for at in 0..3_000 {
        if at % 500 == 400 {
            stage.says("\n\n```rust\nfn main() { let x = 1; }\n```\n\n");
        }
        stage.says(words[at % words.len()]);
    }
    // A frame for each, where the program draws twenty for a hundred.
    let each = began.elapsed() / 3_000;
    println!(
        "3,000 tokens: {each:?} for each with a frame, at 20 frames a second {:.1} % of a core",
        each.as_secs_f64() * 2_000.0
    );
}
