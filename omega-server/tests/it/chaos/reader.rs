//! A reader that is nothing but a cursor: it asks again with the last number it has, for ever, and reads bytes as they come.

use omega_core::{event::Envelope, id::ConversationId};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// A raw event stream that is taken up again after every end.
pub struct Reader {
    base: String,
    key: SecretString,
    http: reqwest::Client,
    open: Option<reqwest::Response>,
    buffer: Vec<u8>,
    cursor: u64,
    /// Connections that were answered.
    pub connections: usize,
}

impl Reader {
    pub fn new(base: &str, key: SecretString) -> Self {
        // A connection of its own each time, as a browser without HTTP/2 has.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { base: base.to_owned(), key, http, open: None, buffer: Vec::new(), cursor: 0, connections: 0 }
    }

    /// The next frame, through any number of ends. Not the frames that say that a server leaves. Safe to drop.
    pub async fn next(&mut self, conversation: ConversationId) -> Envelope {
        loop {
            if let Some(envelope) = self.buffered() {
                self.cursor = envelope.seq.unwrap_or(self.cursor);
                if envelope.event.kind() != "draining" {
                    return envelope;
                }
                continue;
            }
            let Some(response) = &mut self.open else {
                self.connect(conversation).await;
                continue;
            };
            match response.chunk().await {
                Ok(Some(bytes)) => self.buffer.extend_from_slice(&bytes),
                // The rest of a cut frame is worth nothing: its event comes again.
                Ok(None) | Err(_) => self.hang_up(),
            }
        }
    }

    /// Ends the connection; the next frame opens another.
    pub fn hang_up(&mut self) {
        self.open = None;
        self.buffer.clear();
    }

    async fn connect(&mut self, conversation: ConversationId) {
        let url = format!("{}/api/omega/conversations/{conversation}/events", self.base);
        let request = self.http.get(url).bearer_auth(self.key.expose_secret());
        let request = request.query(&[("after", 0)]).header("last-event-id", self.cursor);
        match request.send().await {
            Ok(response) if response.status() == 200 => {
                self.connections += 1;
                self.open = Some(response);
            }
            Ok(response) => {
                let status = response.status().as_u16();
                assert!(matches!(status, 503 | 429), "a reader was answered {status}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
        }
    }

    fn buffered(&mut self) -> Option<Envelope> {
        loop {
            let end = self.buffer.windows(2).position(|two| two == b"\n\n")?;
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let block = std::str::from_utf8(&block).expect("frames are whole characters");
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let Some(data) = field("data") else { continue };
            let envelope: Envelope = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
            assert_eq!(field("id"), envelope.seq.map(|seq| seq.to_string()).as_deref());
            return Some(envelope);
        }
    }
}
