//! An event stream, frame by frame, as the bytes come.

use omega_core::event::Envelope;

/// A reader. Dropping it hangs up.
pub struct Frames {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

impl Frames {
    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200, "an event stream was refused");
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { response, buffer: Vec::new() }
    }

    /// The next frame; `None` at the end of the stream. Safe to drop while it waits.
    pub async fn next(&mut self) -> Option<Envelope> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|end| end == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(envelope) = read(std::str::from_utf8(&block).unwrap()) {
                    return Some(envelope);
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            // The network cuts where it likes, inside characters too.
            self.buffer.extend_from_slice(&chunk);
        }
    }

    /// All frames up to one, that one included; the rest of the stream when it never comes.
    pub async fn until(&mut self, last: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
        let mut frames = Vec::new();
        while let Some(envelope) = self.next().await {
            let done = last(&envelope);
            frames.push(envelope);
            if done {
                break;
            }
        }
        frames
    }
}

/// One block; its `id` and `event` lines must say what the envelope says.
fn read(block: &str) -> Option<Envelope> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let envelope: Envelope = serde_json::from_str(field("data")?).unwrap();
    assert_eq!(field("event"), Some(envelope.event.kind()));
    assert_eq!(field("id"), envelope.seq.map(|seq| seq.to_string()).as_deref());
    Some(envelope)
}
